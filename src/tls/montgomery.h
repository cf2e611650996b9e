/* montgomery.h - Montgomery multiplication from outside mbedTLS. */
#ifndef HELLO_TLS_MONTGOMERY_H
#define HELLO_TLS_MONTGOMERY_H

#include <mbedtls/bignum.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Multiplies A and B, both smaller than N, and divides by R modulo N, with R = 2^(64 AN_limbs).
 * T: 2 * AN_limbs + 1 limbs. From T[AN_limbs] on, AN_limbs + 1 of them become the result, plus N or not.
 * B_limbs: limbs of B; A and N have AN_limbs
 * mm: -1 / N modulo 2^64
 * Returns: whether it has done that; no for sizes and processors that it has no code for.
 */
bool mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *T, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm);

#endif
