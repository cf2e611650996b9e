/*
 * identity.h - who the server is: certificate chain, key and what follows from them. Never
 * changed once made: a reload makes a new one, and each session holds on to its own.
 */
#ifndef HELLO_TLS_CREDENTIALS_H
#define HELLO_TLS_CREDENTIALS_H

#include "tls/tls.h"

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <stdatomic.h>

struct tls_credentials {
	_Atomic unsigned references;
	mbedtls_ssl_config config;
	mbedtls_x509_crt chain;
	mbedtls_pk_context key;
	mbedtls_x509_crt client_ca;
	/* Here, not in the server: no ticket outlives what its client was asked to prove. */
	mbedtls_ssl_ticket_context tickets;
};

/* Returns: an identity with one holder, the caller; NULL with *err filled. */
struct tls_credentials *credentials_load(
	const struct tls_files *files, char notice[TLS_NOTICE_SIZE], struct error *err);

/* Returns: the one that new sessions are to have, held for the caller. Threads: any. */
struct tls_credentials *credentials_acquire_current(struct tls_server *server);

/* Gives a hold back; the last one frees it, key wiped. NULL is fine. Threads: any. */
void credentials_release(struct tls_credentials *credentials);

#endif
