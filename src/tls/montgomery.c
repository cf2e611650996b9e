/*
 * montgomery.c - Montgomery multiplication of numbers of 1,024 bits by s2n-bignum, instead of mbedTLS's own
 * (deps/patches/mbedtls/62-verified-montgomery.patch calls it). A signature by RSA-2048 is some 2,500 of them.
 *
 * s2n-bignum's functions are proven in HOL Light, and run in constant time: a product or square of 16 words, and a
 * Montgomery reduction. mbedTLS does what is left: one conditional subtraction. Other sizes are mbedTLS's.
 */
#include "tls/montgomery.h"

#include <mbedtls/platform_util.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__aarch64__)

#define LIMBS ((size_t)16) /* 64 bits each, least significant first */

/* As declared in s2n-bignum.h. */
extern void bignum_kmul_16_32(uint64_t z[2 * LIMBS], const uint64_t x[LIMBS],
	const uint64_t y[LIMBS], uint64_t t[2 * LIMBS]);
extern void bignum_ksqr_16_32(
	uint64_t z[2 * LIMBS], const uint64_t x[LIMBS], uint64_t t[3 * LIMBS / 2]);
extern uint64_t bignum_emontredc_8n(uint64_t k, uint64_t *z, const uint64_t *m, uint64_t w);

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

bool mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *T, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm)
{
	uint64_t scratch[2 * LIMBS];

	if (AN_limbs != LIMBS || B_limbs != LIMBS || !processor_can())
		return false;
	if (A == B)
		bignum_ksqr_16_32(T, A, scratch);
	else
		bignum_kmul_16_32(T, A, B, scratch);
	T[2 * LIMBS] = bignum_emontredc_8n(LIMBS, T, N, mm);
	mbedtls_platform_zeroize(scratch, sizeof(scratch));
	return true;
}

#else

bool mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *T, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm)
{
	(void)T;
	(void)A;
	(void)B;
	(void)B_limbs;
	(void)N;
	(void)AN_limbs;
	(void)mm;
	return false;
}

#endif
