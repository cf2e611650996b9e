/*
 * Arithmetic of src/tls/bignum.c as mbedTLS gets it, compared with mbedTLS's own. CURVE_SCALARS: how many random
 * numbers are compared.
 */
#include "suites.h"

#include "tls/bignum.h"

#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
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
/* As declared in its bignum_internal.h. */
extern int mbedtls_mpi_gcd_modinv_odd(
	mbedtls_mpi *G, mbedtls_mpi *I, const mbedtls_mpi *A, const mbedtls_mpi *N);

/* Whether mbedTLS computes by itself. */
static bool by_itself;
static unsigned verified;
static unsigned of_2048_bits;
static unsigned inverted;

bool __real_mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *X, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm, mbedtls_mpi_uint *T);
bool __wrap_mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *X, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm, mbedtls_mpi_uint *T);

bool __wrap_mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *X, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm, mbedtls_mpi_uint *T)
{
	bool done = !by_itself &&
		    __real_mbedtls_mpi_montmul_verified(X, A, B, B_limbs, N, AN_limbs, mm, T);

	verified += done;
	of_2048_bits += AN_limbs == 2 * LIMBS;
	return done;
}

bool __real_mbedtls_mpi_modinv_verified(mbedtls_mpi_uint *I, const mbedtls_mpi_uint *A,
	size_t A_limbs, const mbedtls_mpi_uint *N, size_t N_limbs, mbedtls_mpi_uint *T);
bool __wrap_mbedtls_mpi_modinv_verified(mbedtls_mpi_uint *I, const mbedtls_mpi_uint *A,
	size_t A_limbs, const mbedtls_mpi_uint *N, size_t N_limbs, mbedtls_mpi_uint *T);

bool __wrap_mbedtls_mpi_modinv_verified(mbedtls_mpi_uint *I, const mbedtls_mpi_uint *A,
	size_t A_limbs, const mbedtls_mpi_uint *N, size_t N_limbs, mbedtls_mpi_uint *T)
{
	bool done = !by_itself && __real_mbedtls_mpi_modinv_verified(I, A, A_limbs, N, N_limbs, T);

	inverted += done;
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

/* A number of a table is found at each place; a table of another size is mbedTLS's. */
START_TEST(lookup_finds_each)
{
	mbedtls_mpi_uint table[16][LIMBS];
	mbedtls_mpi_uint found[LIMBS];
	bool expect = false;

#if defined(__x86_64__) || defined(__aarch64__)
	expect = true;
#endif
	ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
	fill_random(table, sizeof(table));
	for (size_t i = 0; i < 16; i++) {
		memcpy(found, table[i], sizeof(found));
		found[i] ^= 1;
		ck_assert_int_eq(
			mbedtls_mpi_lookup_verified(found, table[0], LIMBS, 16, i), expect);
		if (expect)
			ck_assert_mem_eq(found, table[i], sizeof(found));
	}
	ck_assert(!mbedtls_mpi_lookup_verified(found, table[0], LIMBS, 8, 0));
}
END_TEST

/* Inverts both ways, in place and not; the results are the same, and are the inverse. */
static void compare_inverse(const mbedtls_mpi *a, const mbedtls_mpi *modulus)
{
	mbedtls_mpi ours;
	mbedtls_mpi theirs;

	mbedtls_mpi_init(&ours);
	mbedtls_mpi_init(&theirs);
	ck_assert_int_eq(mbedtls_mpi_copy(&ours, a), 0);
	inverted = 0;
	ck_assert_int_eq(mbedtls_mpi_gcd_modinv_odd(NULL, &ours, &ours, modulus), 0);
#if defined(__x86_64__) || defined(__aarch64__)
	ck_assert_uint_eq(inverted, 1);
#endif
	by_itself = true;
	ck_assert_int_eq(mbedtls_mpi_gcd_modinv_odd(NULL, &theirs, a, modulus), 0);
	by_itself = false;
	ck_assert_int_eq(mbedtls_mpi_cmp_mpi(&ours, &theirs), 0);
	ck_assert_int_eq(mbedtls_mpi_mul_mpi(&ours, &ours, a), 0);
	ck_assert_int_eq(mbedtls_mpi_mod_mpi(&ours, &ours, modulus), 0);
	ck_assert_int_eq(mbedtls_mpi_cmp_int(&ours, 1), 0);
	mbedtls_mpi_free(&ours);
	mbedtls_mpi_free(&theirs);
}

/* Modulo the order of each curve, as ECDSA inverts: 1, 2, the largest, and random numbers. */
START_TEST(inverses_agree)
{
	static const mbedtls_ecp_group_id curves[] = {
		MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_SECP384R1};
	const char *wanted = getenv("CURVE_SCALARS");
	long count = wanted != NULL ? strtol(wanted, NULL, 10) : 500;
	mbedtls_ecp_group curve;
	mbedtls_mpi a;

	ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
	mbedtls_mpi_init(&a);
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		mbedtls_ecp_group_init(&curve);
		ck_assert_int_eq(mbedtls_ecp_group_load(&curve, curves[i]), 0);
		for (mbedtls_mpi_sint small = 1; small <= 2; small++) {
			ck_assert_int_eq(mbedtls_mpi_lset(&a, small), 0);
			compare_inverse(&a, &curve.N);
			ck_assert_int_eq(mbedtls_mpi_sub_int(&a, &curve.N, small), 0);
			compare_inverse(&a, &curve.N);
		}
		for (long n = 0; n < count; n++) {
			ck_assert_int_eq(mbedtls_mpi_random(&a, 1, &curve.N, mbedtls_psa_get_random,
						 MBEDTLS_PSA_RANDOM_STATE),
				0);
			compare_inverse(&a, &curve.N);
		}
		mbedtls_ecp_group_free(&curve);
	}
	mbedtls_mpi_free(&a);
}
END_TEST

/* Who asks for the greatest common divisor gets it: s2n-bignum's inversion has none. */
START_TEST(divisor_is_the_librarys)
{
	mbedtls_mpi a;
	mbedtls_mpi n;
	mbedtls_mpi divisor;
	mbedtls_mpi inverse;

	mbedtls_mpi_init(&a);
	mbedtls_mpi_init(&n);
	mbedtls_mpi_init(&divisor);
	mbedtls_mpi_init(&inverse);
	ck_assert_int_eq(mbedtls_mpi_lset(&a, 21), 0);
	ck_assert_int_eq(mbedtls_mpi_lset(&n, 35), 0);
	ck_assert_int_eq(mbedtls_mpi_gcd_modinv_odd(&divisor, &inverse, &a, &n), 0);
	ck_assert_int_eq(mbedtls_mpi_cmp_int(&divisor, 7), 0);
	mbedtls_mpi_free(&a);
	mbedtls_mpi_free(&n);
	mbedtls_mpi_free(&divisor);
	mbedtls_mpi_free(&inverse);
}
END_TEST

/*
 * A signature is right, and its check does not multiply more often than the public exponent needs. The primes of
 * this key are the largest below 2^1024 and a small one above 2^1023: it protects nothing.
 */
START_TEST(signature_is_checked_by_a_short_exponent)
{
	mbedtls_rsa_context rsa;
	mbedtls_mpi p;
	mbedtls_mpi q;
	mbedtls_mpi e;
	unsigned char message[256] = {0, 1, 2, 3};
	unsigned char signature[256];
	unsigned char back[256];

	ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
	mbedtls_mpi_init(&p);
	mbedtls_mpi_init(&q);
	mbedtls_mpi_init(&e);
	mbedtls_rsa_init(&rsa);
	ck_assert_int_eq(mbedtls_mpi_set_bit(&p, 1024, 1), 0);
	ck_assert_int_eq(mbedtls_mpi_sub_int(&p, &p, 105), 0);
	ck_assert_int_eq(mbedtls_mpi_set_bit(&q, 1023, 1), 0);
	ck_assert_int_eq(mbedtls_mpi_add_int(&q, &q, 1155), 0);
	ck_assert_int_eq(mbedtls_mpi_lset(&e, 65537), 0);
	ck_assert_int_eq(mbedtls_rsa_import(&rsa, NULL, &p, &q, NULL, &e), 0);
	ck_assert_int_eq(mbedtls_rsa_complete(&rsa), 0);
	/* The first one also makes the blinding values. */
	for (int i = 0; i < 2; i++) {
		of_2048_bits = 0;
		ck_assert_int_eq(mbedtls_rsa_private(&rsa, mbedtls_psa_get_random,
					 MBEDTLS_PSA_RANDOM_STATE, message, signature),
			0);
	}
	/* 17 squares, 17 products, and the ways into and out of Montgomery's form. */
	ck_assert_uint_ge(of_2048_bits, 34);
	ck_assert_uint_le(of_2048_bits, 44);
	ck_assert_int_eq(mbedtls_rsa_public(&rsa, signature, back), 0);
	ck_assert_mem_eq(back, message, sizeof(back));
	mbedtls_rsa_free(&rsa);
	mbedtls_mpi_free(&p);
	mbedtls_mpi_free(&q);
	mbedtls_mpi_free(&e);
}
END_TEST

Suite *bignum_suite(void)
{
	Suite *suite = suite_create("bignum");
	TCase *tcase = tcase_create("bignum");

	tcase_set_timeout(tcase, 900); /* only ends a hang */
	tcase_add_test(tcase, random_numbers_agree);
	tcase_add_test(tcase, edges_agree);
	tcase_add_test(tcase, only_this_size_is_taken);
	tcase_add_test(tcase, lookup_finds_each);
	tcase_add_test(tcase, inverses_agree);
	tcase_add_test(tcase, divisor_is_the_librarys);
	tcase_add_test(tcase, signature_is_checked_by_a_short_exponent);
	suite_add_tcase(suite, tcase);
	return suite;
}
