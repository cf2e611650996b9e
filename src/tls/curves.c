/*
 * curves.c - scalar multiplication on P-256 and Curve25519 by s2n-bignum, instead of
 * mbedTLS's own (deps/patches/mbedtls/10-verified-curves.patch calls it).
 *
 * s2n-bignum's functions are proven in HOL Light to compute what they should on every input
 * and run in constant time. This file only converts numbers.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include <mbedtls/ecp.h>
#include <mbedtls/platform_util.h>
#include <stdint.h>
#include <string.h>

int mbedtls_ecp_mul_verified(const mbedtls_ecp_group *grp, mbedtls_ecp_point *R,
	const mbedtls_mpi *m, const mbedtls_ecp_point *P);

#if defined(__x86_64__) || defined(__aarch64__)

#define LIMBS	   4 /* 64 bits each, least significant first */
#define LIMB_BYTES (LIMBS * sizeof(uint64_t))

/* As declared in s2n-bignum.h; an affine point is x, then y. */
extern void p256_scalarmul_alt(
	uint64_t res[2 * LIMBS], const uint64_t scalar[LIMBS], const uint64_t point[2 * LIMBS]);
extern void curve25519_x25519_alt(
	uint64_t res[LIMBS], const uint64_t scalar[LIMBS], const uint64_t point[LIMBS]);

static int export_number(const mbedtls_mpi *number, uint64_t limbs[LIMBS])
{
	return mbedtls_mpi_write_binary_le(number, (unsigned char *)limbs, LIMB_BYTES);
}

static int import_number(mbedtls_mpi *number, const uint64_t limbs[LIMBS])
{
	return mbedtls_mpi_read_binary_le(number, (const unsigned char *)limbs, LIMB_BYTES);
}

static int multiply_p256(
	mbedtls_ecp_point *R, const uint64_t scalar[LIMBS], const mbedtls_ecp_point *P)
{
	static const uint64_t infinity[2 * LIMBS];
	uint64_t point[2 * LIMBS];
	uint64_t result[2 * LIMBS];
	int ret = export_number(&P->X, point);

	if (ret == 0)
		ret = export_number(&P->Y, point + LIMBS);
	if (ret != 0)
		return ret;
	p256_scalarmul_alt(result, scalar, point);
	/* The order is prime: a multiple by 1 to n-1 of a point is never the point at infinity. */
	if (memcmp(result, infinity, sizeof(result)) == 0)
		ret = MBEDTLS_ERR_ECP_INVALID_KEY;
	if (ret == 0)
		ret = import_number(&R->X, result);
	if (ret == 0)
		ret = import_number(&R->Y, result + LIMBS);
	mbedtls_platform_zeroize(result, sizeof(result));
	return ret;
}

/* RFC 7748, section 5: the u coordinate alone. */
static int multiply_25519(
	mbedtls_ecp_point *R, const uint64_t scalar[LIMBS], const mbedtls_ecp_point *P)
{
	uint64_t point[LIMBS];
	uint64_t result[LIMBS];
	int ret = export_number(&P->X, point);

	if (ret != 0)
		return ret;
	curve25519_x25519_alt(result, scalar, point);
	ret = import_number(&R->X, result);
	mbedtls_mpi_free(&R->Y);
	mbedtls_platform_zeroize(result, sizeof(result));
	return ret;
}

int mbedtls_ecp_mul_verified(const mbedtls_ecp_group *grp, mbedtls_ecp_point *R,
	const mbedtls_mpi *m, const mbedtls_ecp_point *P)
{
	uint64_t scalar[LIMBS];
	int ret;

	if (grp->id != MBEDTLS_ECP_DP_SECP256R1 && grp->id != MBEDTLS_ECP_DP_CURVE25519)
		return MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;
	ret = export_number(m, scalar);
	if (ret == 0 && grp->id == MBEDTLS_ECP_DP_SECP256R1)
		ret = multiply_p256(R, scalar, P);
	else if (ret == 0)
		ret = multiply_25519(R, scalar, P);
	if (ret == 0)
		ret = mbedtls_mpi_lset(&R->Z, 1);
	mbedtls_platform_zeroize(scalar, sizeof(scalar));
	return ret;
}

#else

int mbedtls_ecp_mul_verified(const mbedtls_ecp_group *grp, mbedtls_ecp_point *R,
	const mbedtls_mpi *m, const mbedtls_ecp_point *P)
{
	(void)grp;
	(void)R;
	(void)m;
	(void)P;
	return MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;
}

#endif
