/* bignum.h - arithmetic for mbedTLS from outside it. Numbers are limbs, the least significant first. */
#ifndef HELLO_TLS_BIGNUM_H
#define HELLO_TLS_BIGNUM_H

#include <mbedtls/bignum.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Sets X to A * B / R modulo N, with R = 2^(64 AN_limbs). A and B are smaller than N. X may lie over a factor.
 * B_limbs: limbs of B; X, A and N have AN_limbs
 * mm: -1 / N modulo 2^64
 * T: 2 * AN_limbs + 1 limbs for what is between
 * Returns: whether it has done that; no for sizes and processors that it has no code for.
 */
bool mbedtls_mpi_montmul_verified(mbedtls_mpi_uint *X, const mbedtls_mpi_uint *A,
	const mbedtls_mpi_uint *B, size_t B_limbs, const mbedtls_mpi_uint *N, size_t AN_limbs,
	mbedtls_mpi_uint mm, mbedtls_mpi_uint *T);

/*
 * Copies the number at `index`, from 0, of a table of `count` numbers of `limbs` limbs, and reads all of them,
 * so that neither time nor memory accesses tell which one.
 * Returns: whether it has done that; it has code for tables of 16.
 */
bool mbedtls_mpi_lookup_verified(mbedtls_mpi_uint *dest, const mbedtls_mpi_uint *table,
	size_t limbs, size_t count, size_t index);

/*
 * Sets I to 1 / A modulo N, which is odd and greater than 1. A is at most N; where both have a common divisor, I is
 * any number. I may lie over A.
 * A_limbs: limbs of A, at most N_limbs; I and N have N_limbs
 * T: 4 * N_limbs limbs for what is between
 * Returns: whether it has done that.
 */
bool mbedtls_mpi_modinv_verified(mbedtls_mpi_uint *I, const mbedtls_mpi_uint *A, size_t A_limbs,
	const mbedtls_mpi_uint *N, size_t N_limbs, mbedtls_mpi_uint *T);

#endif
