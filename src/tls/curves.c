/*
 * curves.c - scalar multiplication on P-256 and Curve25519 by s2n-bignum, instead of
 * mbedTLS's own (deps/patches/mbedtls/10-verified-curves.patch calls it).
 *
 * s2n-bignum's functions are proven in HOL Light to compute what they should on every input that
 * they are defined for, and run in constant time. It has scalar multiplications with an affine result,
 * each with an inversion of its own in it; they are twice as large. Here the result is a fraction,
 * and one inversion serves both curves. This file converts numbers, and divides.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include <mbedtls/ecp.h>
#include <mbedtls/platform_util.h>
#include <stdint.h>
#include <string.h>

int mbedtls_ecp_mul_verified(const mbedtls_ecp_group *grp, mbedtls_ecp_point *R,
	const mbedtls_mpi *m, const mbedtls_ecp_point *P);

#if defined(__x86_64__) || defined(__aarch64__)

#define LIMBS	   ((size_t)4) /* 64 bits each, least significant first */
#define LIMB_BYTES (LIMBS * sizeof(uint64_t))

/* As declared in s2n-bignum.h. */
extern void p256_montjscalarmul_alt(
	uint64_t res[3 * LIMBS], const uint64_t scalar[LIMBS], const uint64_t point[3 * LIMBS]);
extern void bignum_montmul_p256_alt(
	uint64_t z[LIMBS], const uint64_t x[LIMBS], const uint64_t y[LIMBS]);
extern void curve25519_pxscalarmul_alt(
	uint64_t res[2 * LIMBS], const uint64_t scalar[LIMBS], const uint64_t point[LIMBS]);
extern void bignum_mul_p25519_alt(
	uint64_t z[LIMBS], const uint64_t x[LIMBS], const uint64_t y[LIMBS]);
extern void bignum_modinv(
	uint64_t k, uint64_t *z, const uint64_t *a, const uint64_t *b, uint64_t *t);

static int export_number(const mbedtls_mpi *number, uint64_t limbs[LIMBS])
{
	return mbedtls_mpi_write_binary_le(number, (unsigned char *)limbs, LIMB_BYTES);
}

static int import_number(mbedtls_mpi *number, const uint64_t limbs[LIMBS])
{
	return mbedtls_mpi_read_binary_le(number, (const unsigned char *)limbs, LIMB_BYTES);
}

/* inverse = 1 / x modulo an odd prime that does not divide x */
static void invert(uint64_t inverse[LIMBS], const uint64_t x[LIMBS], const uint64_t prime[LIMBS])
{
	uint64_t scratch[3 * LIMBS];

	bignum_modinv(LIMBS, inverse, x, prime, scratch);
	mbedtls_platform_zeroize(scratch, sizeof(scratch));
}

/*
 * Converts from Jacobian coordinates, X, Y and Z: x = X / Z^2, y = Y / Z^3. With r = 2^256, they are in
 * Montgomery form: X is stored as X r mod p. And bignum_montmul_p256_alt(a, b) is a b / r mod p.
 * r2: r^2 mod p
 * from: not at infinity, where Z = 0
 */
static void to_affine_p256(uint64_t x[LIMBS], uint64_t y[LIMBS], const uint64_t r2[LIMBS],
	const uint64_t from[3 * LIMBS])
{
	static const uint64_t prime[LIMBS] = {
		UINT64_MAX, UINT32_MAX, 0, UINT64_C(0xFFFFFFFF00000001)};
	struct {
		uint64_t of_stored[LIMBS]; /* 1 / (Z r) */
		uint64_t plain[LIMBS];	   /* 1 / Z */
		uint64_t montgomery[LIMBS];
		uint64_t square[LIMBS]; /* 1 / Z^2 */
		uint64_t cube[LIMBS];
	} inverse;

	invert(inverse.of_stored, from + 2 * LIMBS, prime);
	bignum_montmul_p256_alt(inverse.plain, inverse.of_stored, r2);
	bignum_montmul_p256_alt(inverse.montgomery, inverse.plain, r2);
	bignum_montmul_p256_alt(inverse.square, inverse.montgomery, inverse.plain);
	bignum_montmul_p256_alt(inverse.cube, inverse.montgomery, inverse.square);
	bignum_montmul_p256_alt(x, from, inverse.square);
	bignum_montmul_p256_alt(y, from + LIMBS, inverse.cube);
	mbedtls_platform_zeroize(&inverse, sizeof(inverse));
}

static int multiply_p256(
	mbedtls_ecp_point *R, const uint64_t scalar[LIMBS], const mbedtls_ecp_point *P)
{
	static const uint64_t r2[LIMBS] = {3, UINT64_C(0xFFFFFFFBFFFFFFFF),
		UINT64_C(0xFFFFFFFFFFFFFFFE), UINT64_C(0x00000004FFFFFFFD)};
	/* Z = 1, which is r. */
	uint64_t point[3 * LIMBS] = {[2 * LIMBS] = 1,
		UINT64_C(0xFFFFFFFF00000000),
		UINT64_MAX,
		UINT64_C(0x00000000FFFFFFFE)};
	static const uint64_t infinity[LIMBS];
	uint64_t product[3 * LIMBS];
	uint64_t x[LIMBS];
	uint64_t y[LIMBS];
	int ret = export_number(&P->X, x);

	if (ret == 0)
		ret = export_number(&P->Y, y);
	if (ret != 0)
		return ret;
	bignum_montmul_p256_alt(point, x, r2);
	bignum_montmul_p256_alt(point + LIMBS, y, r2);
	p256_montjscalarmul_alt(product, scalar, point);
	/* The order is prime: a multiple by 1 to n-1 of a point is never the point at infinity. */
	if (memcmp(product + 2 * LIMBS, infinity, sizeof(infinity)) == 0)
		return MBEDTLS_ERR_ECP_INVALID_KEY;
	to_affine_p256(x, y, r2, product);
	ret = import_number(&R->X, x);
	if (ret == 0)
		ret = import_number(&R->Y, y);
	mbedtls_platform_zeroize(product, sizeof(product));
	mbedtls_platform_zeroize(x, sizeof(x));
	mbedtls_platform_zeroize(y, sizeof(y));
	return ret;
}

/* The u coordinate alone. */
static int multiply_25519(mbedtls_ecp_point *R, uint64_t scalar[LIMBS], const mbedtls_ecp_point *P)
{
	static const uint64_t prime[LIMBS] = {
		UINT64_MAX - 18, UINT64_MAX, UINT64_MAX, UINT64_MAX >> 1};
	static const uint64_t one[LIMBS] = {1};
	uint64_t product[2 * LIMBS]; /* X and Z: u = X / Z */
	uint64_t point[LIMBS];
	uint64_t inverse[LIMBS];
	uint64_t result[LIMBS];
	int ret = export_number(&P->X, point);

	if (ret != 0)
		return ret;
	/* RFC 7748, section 5: what a decoder does to both. */
	scalar[0] &= ~UINT64_C(7);
	scalar[3] = (scalar[3] & UINT64_MAX >> 1) | UINT64_C(1) << 62;
	point[3] &= UINT64_MAX >> 1;
	curve25519_pxscalarmul_alt(product, scalar, point);
	invert(inverse, product + LIMBS, prime);
	/* Z = 0 has no inverse. mbedTLS has refused points of low order, and no other leads there. */
	bignum_mul_p25519_alt(result, product + LIMBS, inverse);
	if (memcmp(result, one, sizeof(one)) != 0)
		return MBEDTLS_ERR_ECP_INVALID_KEY;
	bignum_mul_p25519_alt(result, product, inverse);
	ret = import_number(&R->X, result);
	mbedtls_mpi_free(&R->Y);
	mbedtls_platform_zeroize(product, sizeof(product));
	mbedtls_platform_zeroize(inverse, sizeof(inverse));
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
