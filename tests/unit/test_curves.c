/*
 * Scalar multiplication on P-256 and Curve25519, as mbedTLS gets it: published vectors, laws, and
 * comparison with mbedTLS's own. CURVE_SCALARS: how many random scalars are compared on each curve.
 */
#include "suites.h"

#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RNG mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE

struct curve {
	mbedtls_ecp_group group;
	mbedtls_ecp_point point, result;
	mbedtls_mpi scalar;
};

static void curve_init(struct curve *c, mbedtls_ecp_group_id id)
{
	ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
	mbedtls_ecp_group_init(&c->group);
	mbedtls_ecp_point_init(&c->point);
	mbedtls_ecp_point_init(&c->result);
	mbedtls_mpi_init(&c->scalar);
	ck_assert_int_eq(mbedtls_ecp_group_load(&c->group, id), 0);
}

static void curve_free(struct curve *c)
{
	mbedtls_mpi_free(&c->scalar);
	mbedtls_ecp_point_free(&c->result);
	mbedtls_ecp_point_free(&c->point);
	mbedtls_ecp_group_free(&c->group);
}

/* Whether mbedTLS multiplies by itself. */
static bool by_itself;

int __real_mbedtls_ecp_mul_verified(const mbedtls_ecp_group *grp, mbedtls_ecp_point *R,
	const mbedtls_mpi *m, const mbedtls_ecp_point *P);
int __wrap_mbedtls_ecp_mul_verified(const mbedtls_ecp_group *grp, mbedtls_ecp_point *R,
	const mbedtls_mpi *m, const mbedtls_ecp_point *P);

int __wrap_mbedtls_ecp_mul_verified(const mbedtls_ecp_group *grp, mbedtls_ecp_point *R,
	const mbedtls_mpi *m, const mbedtls_ecp_point *P)
{
	return by_itself ? MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE
			 : __real_mbedtls_ecp_mul_verified(grp, R, m, P);
}

static int multiply(struct curve *c)
{
	return mbedtls_ecp_mul(&c->group, &c->result, &c->scalar, &c->point, RNG);
}

static void unhex(const char *hex, unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2hhx", &bytes[i]), 1);
}

static void set_scalar(struct curve *c, const char *hex)
{
	unsigned char bytes[32];

	unhex(hex, bytes, sizeof(bytes));
	ck_assert_int_eq(mbedtls_mpi_read_binary(&c->scalar, bytes, sizeof(bytes)), 0);
}

/* x and y, 32 bytes each, most significant first; "" for y: not compared. */
static void set_point(struct curve *c, const char *x, const char *y)
{
	unsigned char bytes[65] = {4};

	unhex(x, bytes + 1, 32);
	unhex(y, bytes + 33, 32);
	ck_assert_int_eq(
		mbedtls_ecp_point_read_binary(&c->group, &c->point, bytes, sizeof(bytes)), 0);
}

static void expect_result(struct curve *c, const char *x, const char *y)
{
	unsigned char expect[65] = {4};
	unsigned char bytes[65];
	size_t len;

	ck_assert_int_eq(mbedtls_ecp_point_write_binary(&c->group, &c->result,
				 MBEDTLS_ECP_PF_UNCOMPRESSED, &len, bytes, sizeof(bytes)),
		0);
	ck_assert_uint_eq(len, 65);
	unhex(x, expect + 1, 32);
	if (*y != '\0')
		unhex(y, expect + 33, 32);
	ck_assert_mem_eq(bytes, expect, *y != '\0' ? 65 : 33);
}

START_TEST(p256_gives_the_public_key_of_rfc_6979)
{
	struct curve c;

	curve_init(&c, MBEDTLS_ECP_DP_SECP256R1);
	ck_assert_int_eq(mbedtls_ecp_copy(&c.point, &c.group.G), 0);
	/* Appendix A.2.5. */
	set_scalar(&c, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
	ck_assert_int_eq(multiply(&c), 0);
	expect_result(&c, "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
		"7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
	curve_free(&c);
}
END_TEST

START_TEST(p256_agrees_with_rfc_5903)
{
	struct curve c;

	curve_init(&c, MBEDTLS_ECP_DP_SECP256R1);
	/* Section 8.1: the initiator's key with the responder's point. */
	set_scalar(&c, "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433");
	set_point(&c, "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63",
		"56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB");
	ck_assert_int_eq(multiply(&c), 0);
	expect_result(&c, "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE", "");
	curve_free(&c);
}
END_TEST

START_TEST(p256_keeps_to_the_group_law)
{
	struct curve c;
	mbedtls_ecp_point sum;
	mbedtls_mpi one;

	curve_init(&c, MBEDTLS_ECP_DP_SECP256R1);
	mbedtls_ecp_point_init(&sum);
	mbedtls_mpi_init(&one);
	ck_assert_int_eq(mbedtls_mpi_lset(&one, 1), 0);
	ck_assert_int_eq(mbedtls_ecp_copy(&c.point, &c.group.G), 0);
	/* 1 G = G; (n-1) G = -G, so that adding G leaves nothing. */
	ck_assert_int_eq(mbedtls_mpi_copy(&c.scalar, &one), 0);
	ck_assert_int_eq(multiply(&c), 0);
	ck_assert_int_eq(mbedtls_ecp_point_cmp(&c.result, &c.group.G), 0);
	ck_assert_int_eq(mbedtls_mpi_sub_int(&c.scalar, &c.group.N, 1), 0);
	ck_assert_int_eq(multiply(&c), 0);
	ck_assert_int_eq(
		mbedtls_mpi_cmp_mpi(&c.result.MBEDTLS_PRIVATE(X), &c.group.G.MBEDTLS_PRIVATE(X)),
		0);
	ck_assert_int_ne(mbedtls_ecp_point_cmp(&c.result, &c.group.G), 0);
	/* a (b G) = b (a G), and k G + G = (k + 1) G by mbedTLS's own addition. */
	for (int i = 0; i < 50; i++) {
		mbedtls_mpi a, b;
		mbedtls_ecp_point first;

		mbedtls_mpi_init(&a);
		mbedtls_mpi_init(&b);
		mbedtls_ecp_point_init(&first);
		ck_assert_int_eq(mbedtls_ecp_gen_privkey(&c.group, &a, RNG), 0);
		ck_assert_int_eq(mbedtls_ecp_gen_privkey(&c.group, &b, RNG), 0);
		ck_assert_int_eq(mbedtls_ecp_mul(&c.group, &c.point, &b, &c.group.G, RNG), 0);
		ck_assert_int_eq(mbedtls_ecp_mul(&c.group, &first, &a, &c.point, RNG), 0);
		ck_assert_int_eq(mbedtls_ecp_mul(&c.group, &c.point, &a, &c.group.G, RNG), 0);
		ck_assert_int_eq(mbedtls_ecp_mul(&c.group, &c.result, &b, &c.point, RNG), 0);
		ck_assert_int_eq(mbedtls_ecp_point_cmp(&first, &c.result), 0);

		ck_assert_int_eq(
			mbedtls_ecp_muladd(&c.group, &sum, &a, &c.group.G, &one, &c.group.G), 0);
		ck_assert_int_eq(mbedtls_mpi_add_int(&a, &a, 1), 0);
		ck_assert_int_eq(mbedtls_ecp_mul(&c.group, &c.result, &a, &c.group.G, RNG), 0);
		ck_assert_int_eq(mbedtls_ecp_point_cmp(&sum, &c.result), 0);
		mbedtls_ecp_point_free(&first);
		mbedtls_mpi_free(&b);
		mbedtls_mpi_free(&a);
	}
	mbedtls_mpi_free(&one);
	mbedtls_ecp_point_free(&sum);
	curve_free(&c);
}
END_TEST

START_TEST(p256_refuses_what_is_not_of_the_group)
{
	struct curve c;

	curve_init(&c, MBEDTLS_ECP_DP_SECP256R1);
	ck_assert_int_eq(mbedtls_ecp_copy(&c.point, &c.group.G), 0);
	ck_assert_int_eq(mbedtls_mpi_lset(&c.scalar, 0), 0);
	ck_assert_int_eq(multiply(&c), MBEDTLS_ERR_ECP_INVALID_KEY);
	ck_assert_int_eq(mbedtls_mpi_copy(&c.scalar, &c.group.N), 0);
	ck_assert_int_eq(multiply(&c), MBEDTLS_ERR_ECP_INVALID_KEY);
	ck_assert_int_eq(mbedtls_mpi_lset(&c.scalar, 5), 0);
	ck_assert_int_eq(mbedtls_mpi_lset(&c.point.MBEDTLS_PRIVATE(X), 5), 0);
	ck_assert_int_eq(multiply(&c), MBEDTLS_ERR_ECP_INVALID_KEY);
	curve_free(&c);
}
END_TEST

/* RFC 7748, section 5: decodes scalar and u, multiplies, encodes u. */
static void x25519(struct curve *c, const unsigned char scalar[32], const unsigned char u[32],
	unsigned char out[32])
{
	mbedtls_ecp_keypair pair;
	size_t len;

	mbedtls_ecp_keypair_init(&pair);
	ck_assert_int_eq(mbedtls_ecp_read_key(MBEDTLS_ECP_DP_CURVE25519, &pair, scalar, 32), 0);
	ck_assert_int_eq(mbedtls_ecp_point_read_binary(&c->group, &c->point, u, 32), 0);
	ck_assert_int_eq(
		mbedtls_ecp_mul(&c->group, &c->result, &pair.MBEDTLS_PRIVATE(d), &c->point, RNG),
		0);
	ck_assert_int_eq(mbedtls_ecp_point_write_binary(
				 &c->group, &c->result, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, out, 32),
		0);
	ck_assert_uint_eq(len, 32);
	mbedtls_ecp_keypair_free(&pair);
}

static void expect_bytes(const unsigned char *bytes, const char *hex)
{
	unsigned char expect[32];

	unhex(hex, expect, sizeof(expect));
	ck_assert_mem_eq(bytes, expect, sizeof(expect));
}

START_TEST(x25519_gives_what_rfc_7748_says)
{
	struct curve c;
	unsigned char k[32], u[32], out[32];

	curve_init(&c, MBEDTLS_ECP_DP_CURVE25519);
	unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", k, 32);
	unhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", u, 32);
	x25519(&c, k, u, out);
	expect_bytes(out, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	/* The iterated vector. */
	unhex("0900000000000000000000000000000000000000000000000000000000000000", k, 32);
	memcpy(u, k, 32);
	for (int i = 0; i < 1000; i++) {
		x25519(&c, k, u, out);
		if (i == 0)
			expect_bytes(out,
				"422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
		memcpy(u, k, 32);
		memcpy(k, out, 32);
	}
	expect_bytes(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
	curve_free(&c);
}
END_TEST

START_TEST(x25519_refuses_points_of_low_order)
{
	struct curve c;

	curve_init(&c, MBEDTLS_ECP_DP_CURVE25519);
	ck_assert_int_eq(mbedtls_ecp_gen_privkey(&c.group, &c.scalar, RNG), 0);
	for (int u = 0; u < 2; u++) {
		ck_assert_int_eq(mbedtls_mpi_lset(&c.point.MBEDTLS_PRIVATE(X), u), 0);
		ck_assert_int_eq(mbedtls_mpi_lset(&c.point.MBEDTLS_PRIVATE(Z), 1), 0);
		ck_assert_int_eq(multiply(&c), MBEDTLS_ERR_ECP_INVALID_KEY);
	}
	curve_free(&c);
}
END_TEST

/* Multiplies both ways; the results are the same bytes. */
static void compare(struct curve *c)
{
	unsigned char ours[65];
	unsigned char theirs[65];
	size_t ours_len;
	size_t theirs_len;

	ck_assert_int_eq(multiply(c), 0);
	ck_assert_int_eq(mbedtls_ecp_point_write_binary(&c->group, &c->result,
				 MBEDTLS_ECP_PF_UNCOMPRESSED, &ours_len, ours, sizeof(ours)),
		0);
	by_itself = true;
	ck_assert_int_eq(multiply(c), 0);
	by_itself = false;
	ck_assert_int_eq(mbedtls_ecp_point_write_binary(&c->group, &c->result,
				 MBEDTLS_ECP_PF_UNCOMPRESSED, &theirs_len, theirs, sizeof(theirs)),
		0);
	ck_assert_uint_eq(ours_len, theirs_len);
	ck_assert_mem_eq(ours, theirs, ours_len);
}

/* The result of a multiplication becomes the point of the next. */
static void compare_random(struct curve *c)
{
	const char *wanted = getenv("CURVE_SCALARS");
	long scalars = wanted != NULL ? strtol(wanted, NULL, 10) : 200;

	ck_assert_int_gt(scalars, 0);
	for (long i = 0; i < scalars; i++) {
		ck_assert_int_eq(mbedtls_ecp_gen_privkey(&c->group, &c->scalar, RNG), 0);
		compare(c);
		ck_assert_int_eq(mbedtls_ecp_copy(&c->point, &c->result), 0);
	}
}

/* Scalars around 0, around the order, and around each power of 2 and of its windows of 4 bits. */
START_TEST(p256_agrees_with_mbedtls)
{
	struct curve c;

	curve_init(&c, MBEDTLS_ECP_DP_SECP256R1);
	ck_assert_int_eq(mbedtls_ecp_copy(&c.point, &c.group.G), 0);
	for (int i = 1; i <= 64; i++) {
		ck_assert_int_eq(mbedtls_mpi_lset(&c.scalar, i), 0);
		compare(&c);
		ck_assert_int_eq(mbedtls_mpi_sub_int(&c.scalar, &c.group.N, i), 0);
		compare(&c);
	}
	for (size_t bit = 1; bit < 256; bit++) {
		for (int add = -1; add <= 1; add++) {
			ck_assert_int_eq(mbedtls_mpi_lset(&c.scalar, 1), 0);
			ck_assert_int_eq(mbedtls_mpi_shift_l(&c.scalar, bit), 0);
			ck_assert_int_eq(mbedtls_mpi_add_int(&c.scalar, &c.scalar, add), 0);
			compare(&c);
		}
	}
	/* Each window of 4 bits is 7, 8 or 15: the edges of signed digits. */
	for (int digit = 7; digit <= 15; digit += digit == 7 ? 1 : 7) {
		ck_assert_int_eq(mbedtls_mpi_lset(&c.scalar, 0), 0);
		for (int i = 0; i < 63; i++) {
			ck_assert_int_eq(mbedtls_mpi_shift_l(&c.scalar, 4), 0);
			ck_assert_int_eq(mbedtls_mpi_add_int(&c.scalar, &c.scalar, digit), 0);
			compare(&c);
		}
	}
	compare_random(&c);
	curve_free(&c);
}
END_TEST

/* mbedTLS wants a decoded scalar: a multiple of 8 with its highest bit at 254. */
START_TEST(x25519_agrees_with_mbedtls)
{
	/* Numbers not below p = 2^255 - 19 are those minus p (RFC 7748, section 5). */
	static const struct {
		unsigned char lowest, others, highest;
	} edges[] = {{2, 0, 0}, {9, 0, 0}, {0xEB, 0xFF, 0x7F}, {0xEF, 0xFF, 0x7F},
		{0xF0, 0xFF, 0x7F}, {0xFF, 0xFF, 0x7F}, {0xFF, 0, 0}, {0, 0xFF, 0x3F},
		{3, 0, 0x40}};
	struct curve c;

	curve_init(&c, MBEDTLS_ECP_DP_CURVE25519);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		unsigned char u[32];

		memset(u, edges[i].others, sizeof(u));
		u[0] = edges[i].lowest;
		u[31] = edges[i].highest;
		ck_assert_int_eq(
			mbedtls_ecp_point_read_binary(&c.group, &c.point, u, sizeof(u)), 0);
		for (size_t bit = 3; bit < 254; bit++) {
			/* One more bit, all bits below, all bits from there on. */
			for (int kind = 0; kind < 3; kind++) {
				int failed = mbedtls_mpi_lset(&c.scalar, 0);

				if (i != 0 && bit % 50 != 3)
					continue;
				/* One assertion for all: Check sends each through a pipe, which takes longer. */
				for (size_t at = 3; at < 254; at++) {
					bool set = kind == 0   ? at == bit
						   : kind == 1 ? at <= bit
							       : at >= bit;

					failed |= mbedtls_mpi_set_bit(&c.scalar, at, set);
				}
				failed |= mbedtls_mpi_set_bit(&c.scalar, 254, 1);
				ck_assert_int_eq(failed, 0);
				compare(&c);
			}
		}
	}
	compare_random(&c);
	curve_free(&c);
}
END_TEST

Suite *curves_suite(void)
{
	Suite *suite = suite_create("curves");
	TCase *p256 = tcase_create("p256");
	TCase *x25519 = tcase_create("x25519");
	/* Only ends a hang; an emulated processor takes minutes. */
	double seconds = getenv("CURVE_SCALARS") != NULL ? 7200 : 900;

	tcase_set_timeout(p256, seconds);
	tcase_set_timeout(x25519, seconds);
	/* Lets two processes share the work: CK_INCLUDE_TAGS and CK_EXCLUDE_TAGS of Check. */
	tcase_set_tags(p256, "p256");
	tcase_add_test(p256, p256_gives_the_public_key_of_rfc_6979);
	tcase_add_test(p256, p256_agrees_with_rfc_5903);
	tcase_add_test(p256, p256_keeps_to_the_group_law);
	tcase_add_test(p256, p256_refuses_what_is_not_of_the_group);
	tcase_add_test(p256, p256_agrees_with_mbedtls);
	tcase_add_test(x25519, x25519_gives_what_rfc_7748_says);
	tcase_add_test(x25519, x25519_refuses_points_of_low_order);
	tcase_add_test(x25519, x25519_agrees_with_mbedtls);
	suite_add_tcase(suite, p256);
	suite_add_tcase(suite, x25519);
	return suite;
}
