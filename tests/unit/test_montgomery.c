/*
 * Montgomery multiplication as mbedTLS gets it, compared with mbedTLS's own. CURVE_SCALARS: how many
 * random numbers are compared.
 */
#include "suites.h"

#include "tls/montgomery.h"

#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIMBS 16

/* As declared in mbedTLS's bignum_core.h, which is not installed. */
extern void mbedtls_mpi_core_montmul(mbedtls_mpi_uint *X, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm, mbedtls_mpi_uint *T);
extern mbedtls_mpi_uint mbedtls_mpi_core_montmul_init(const mbedtls_mpi_uint *N);

/* Whether mbedTLS multiplies by itself. */
static bool by_itself;
static unsigned verified;

bool __real_mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *T, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm);
bool __wrap_mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *T, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm);

bool __wrap_mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *T, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm)
{
	bool done = !by_itself &&
		    __real_mbedtls_mpi_montmul_verified(T, A, B, B_limbs, N, AN_limbs, mm);

	verified += done;
	return done;
}

struct numbers {
	mbedtls_mpi_uint a[LIMBS], b[LIMBS], modulus[LIMBS];
};

static void fill_random(void *bytes, size_t len)
{
	ck_assert_int_eq(mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, bytes, len), 0);
}

/* An odd modulus with its highest bit set, as a prime of RSA-2048 has, and numbers below it. */
static void make_random(struct numbers *n)
{
	fill_random(n, sizeof(*n));
	n->modulus[0] |= 1;
	n->modulus[LIMBS - 1] |= UINT64_C(1) << 63;
	n->a[LIMBS - 1] &= UINT64_MAX >> 1;
	n->b[LIMBS - 1] &= UINT64_MAX >> 1;
}

/* Multiplies both ways; the results are the same. Results may lie over a factor. */
static void compare(const struct numbers *n, const mbedtls_mpi_uint *b)
{
	mbedtls_mpi_uint mm = mbedtls_mpi_core_montmul_init(n->modulus);
	mbedtls_mpi_uint scratch[2 * LIMBS + 1];
	mbedtls_mpi_uint theirs[LIMBS];
	mbedtls_mpi_uint ours[LIMBS];

	memcpy(ours, n->a, sizeof(ours));
	memset(scratch, 0xA5, sizeof(scratch));
	mbedtls_mpi_core_montmul(ours, b == n->a ? ours : n->a, b == n->a ? ours : b, LIMBS,
		n->modulus, LIMBS, mm, scratch);
	by_itself = true;
	mbedtls_mpi_core_montmul(theirs, n->a, b, LIMBS, n->modulus, LIMBS, mm, scratch);
	by_itself = false;
	ck_assert_mem_eq(ours, theirs, sizeof(ours));
}

START_TEST(random_numbers_agree)
{
	const char *wanted = getenv("CURVE_SCALARS");
	long count = wanted != NULL ? strtol(wanted, NULL, 10) : 2000;
	struct numbers n;

	ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
	ck_assert_int_gt(count, 0);
	for (long i = 0; i < count; i++) {
		make_random(&n);
		compare(&n, n.b);
		compare(&n, n.a);
	}
}
END_TEST

/* Factors of 0, 1, N - 1 and a limb of ones, moduli of the fewest and the most ones. */
START_TEST(edges_agree)
{
	struct numbers n;
	mbedtls_mpi_uint edges[5][LIMBS] = {{0}, {1}};

	ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
	for (int kind = 0; kind < 3; kind++) {
		make_random(&n);
		if (kind < 2) {
			memset(n.modulus, kind == 0 ? 0 : 0xFF, sizeof(n.modulus));
			n.modulus[0] |= 1;
			n.modulus[LIMBS - 1] |= UINT64_C(1) << 63;
		}
		memcpy(edges[2], n.modulus, sizeof(n.modulus));
		edges[2][0]--;
		memset(edges[3], 0xFF, sizeof(edges[3]));
		edges[3][LIMBS - 1] = 0;
		memset(edges[4], 0, sizeof(edges[4]));
		edges[4][LIMBS - 1] = UINT64_MAX >> 1;
		for (int a = 0; a < 5; a++) {
			memcpy(n.a, edges[a], sizeof(n.a));
			compare(&n, n.a);
			for (int b = 0; b < 5; b++)
				compare(&n, edges[b]);
			compare(&n, n.b);
		}
	}
}
END_TEST

/* The code for this size is in use; other sizes are mbedTLS's. */
START_TEST(only_this_size_is_taken)
{
	mbedtls_mpi_uint numbers[3 * 2 * LIMBS];
	mbedtls_mpi_uint scratch[4 * LIMBS + 1];
	mbedtls_mpi_uint *n = numbers + 4 * LIMBS;
	static const size_t sizes[] = {1, 8, LIMBS - 1, LIMBS, LIMBS + 1, 2 * LIMBS};
	unsigned expect = 0;

	memset(numbers, 0, sizeof(numbers));
	n[0] = 3;
	verified = 0;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		mbedtls_mpi_core_montmul(numbers, numbers, numbers + 2 * LIMBS, sizes[i], n,
			sizes[i], mbedtls_mpi_core_montmul_init(n), scratch);
	}
#ifdef __x86_64__
	expect = __builtin_cpu_supports("adx") && __builtin_cpu_supports("bmi2");
#elif defined(__aarch64__)
	expect = 1;
#endif
	ck_assert_uint_eq(verified, expect);
}
END_TEST

Suite *montgomery_suite(void)
{
	Suite *suite = suite_create("montgomery");
	TCase *tcase = tcase_create("montgomery");

	tcase_set_timeout(tcase, 900); /* only ends a hang */
	tcase_add_test(tcase, random_numbers_agree);
	tcase_add_test(tcase, edges_agree);
	tcase_add_test(tcase, only_this_size_is_taken);
	suite_add_tcase(suite, tcase);
	return suite;
}
