/*
 * bignum.c - arithmetic by s2n-bignum instead of mbedTLS's own, for signatures: Montgomery multiplication of numbers of
 * 1,024 bits and powers in a table for RSA-2048 (deps/patches/mbedtls/62-verified-products.patch calls it), and
 * inversion for ECDSA (64-verified-inversion.patch).
 *
 * s2n-bignum's functions are proven in HOL Light, and run in constant time. A multiplication is put together from
 * four: a product or square of 16 words, a Montgomery reduction, a comparison, and a subtraction that may be left
 * out. Other sizes are mbedTLS's.
 */
#include "tls/bignum.h"

#include <mbedtls/platform_util.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || defined(__aarch64__)

#define LIMBS ((size_t)16) /* 64 bits each, least significant first */

/* As declared in s2n-bignum.h. */
extern void bignum_kmul_16_32(uint64_t z[2 * LIMBS], const uint64_t x[LIMBS],
	const uint64_t y[LIMBS], uint64_t t[2 * LIMBS]);
extern void bignum_ksqr_16_32(
	uint64_t z[2 * LIMBS], const uint64_t x[LIMBS], uint64_t t[3 * LIMBS / 2]);
extern uint64_t bignum_emontredc_8n(uint64_t k, uint64_t *z, const uint64_t *m, uint64_t w);
extern uint64_t bignum_ge(uint64_t m, const uint64_t *x, uint64_t n, const uint64_t *y);
extern uint64_t bignum_optsub(
	uint64_t k, uint64_t *z, const uint64_t *x, uint64_t p, const uint64_t *y);
extern void bignum_mux16(uint64_t k, uint64_t *z, const uint64_t *xs, uint64_t i);
extern void bignum_modinv(
	uint64_t k, uint64_t *z, const uint64_t *a, const uint64_t *b, uint64_t *t);

#ifdef __x86_64__

#include <cpuid.h>
#include <stdatomic.h>

/*
 * The three functions need MULX (BMI2), ADCX and ADOX (ADX), which processors have since 2015. The result is kept:
 * a hypervisor takes microseconds for the instruction that tells.
 */
static bool processor_can(void)
{
	enum {
		UNKNOWN,
		NO,
		YES
	};
	static atomic_int known = UNKNOWN;
	unsigned eax;
	unsigned ebx;
	unsigned ecx;
	unsigned edx;

	if (atomic_load_explicit(&known, memory_order_relaxed) == UNKNOWN) {
		bool can = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
			   (ebx & bit_BMI2) != 0 && (ebx & bit_ADX) != 0;

		atomic_store_explicit(&known, can ? YES : NO, memory_order_relaxed);
	}
	return atomic_load_explicit(&known, memory_order_relaxed) == YES;
}

#else

static bool processor_can(void)
{
	return true;
}

#endif

bool mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *X, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm, mbedtls_mpi_uint *T)
{
	uint64_t scratch[2 * LIMBS];
	uint64_t too_large;

	if (AN_limbs != LIMBS || B_limbs != LIMBS || !processor_can())
		return false;
	if (A == B)
		bignum_ksqr_16_32(T, A, scratch);
	else
		bignum_kmul_16_32(T, A, B, scratch);
	/* The result is below 2 N: a carry and LIMBS words from T + LIMBS. */
	too_large = bignum_emontredc_8n(LIMBS, T, N, mm);
	too_large |= bignum_ge(LIMBS, T + LIMBS, LIMBS, N);
	bignum_optsub(LIMBS, X, T + LIMBS, too_large, N);
	mbedtls_platform_zeroize(scratch, sizeof(scratch));
	return true;
}

bool mbedtls_mpi_lookup_verified(mbedtls_mpi_uint *dest, const mbedtls_mpi_uint *table,
	size_t limbs, size_t count, size_t index)
{
	if (count != 16)
		return false;
	bignum_mux16(limbs, dest, table, index);
	return true;
}

bool mbedtls_mpi_modinv_verified(mbedtls_mpi_uint *I, const mbedtls_mpi_uint *A, size_t A_limbs,
	const mbedtls_mpi_uint *N, size_t N_limbs, mbedtls_mpi_uint *T)
{
	mbedtls_mpi_uint *a = T + 3 * N_limbs;

	memset(a, 0, N_limbs * sizeof(*a));
	memcpy(a, A, A_limbs * sizeof(*a));
	bignum_modinv(N_limbs, I, a, N, T);
	mbedtls_platform_zeroize(T, 4 * N_limbs * sizeof(*T));
	return true;
}

#else

bool mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *X, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm, mbedtls_mpi_uint *T)
{
	(void)X;
	(void)A;
	(void)B;
	(void)B_limbs;
	(void)N;
	(void)AN_limbs;
	(void)mm;
	(void)T;
	return false;
}

bool mbedtls_mpi_lookup_verified(mbedtls_mpi_uint *dest, const mbedtls_mpi_uint *table,
	size_t limbs, size_t count, size_t index)
{
	(void)dest;
	(void)table;
	(void)limbs;
	(void)count;
	(void)index;
	return false;
}

bool mbedtls_mpi_modinv_verified(mbedtls_mpi_uint *I, const mbedtls_mpi_uint *A, size_t A_limbs,
	const mbedtls_mpi_uint *N, size_t N_limbs, mbedtls_mpi_uint *T)
{
	(void)I;
	(void)A;
	(void)A_limbs;
	(void)N;
	(void)N_limbs;
	(void)T;
	return false;
}

#endif
