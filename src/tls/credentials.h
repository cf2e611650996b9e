/*
 * credentials.h - the server's certificate chain, its key and the configuration that depends on
 * them. Immutable: a reload makes a new one, and each session keeps a reference to its own.
 */
#ifndef HELLO_TLS_CREDENTIALS_H
#define HELLO_TLS_CREDENTIALS_H

#include "tls/tls.h"

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>

struct tls_credentials {
	_Atomic unsigned references;
	mbedtls_ssl_config config;
	mbedtls_x509_crt chain;
	mbedtls_pk_context key;
	mbedtls_x509_crt client_ca;
	/* Here, not in struct tls_server: a reload invalidates tickets, since client_ca may change. */
	mbedtls_ssl_ticket_context tickets;
};

/* Returns: credentials with one reference, the caller's; NULL with *err filled. */
struct tls_credentials *credentials_load(
	const struct tls_files *files, char notice[TLS_NOTICE_SIZE], struct error *err);

/* Returns: the credentials for new sessions, with a reference for the caller. Threads: any. */
struct tls_credentials *credentials_acquire_current(struct tls_server *server);

/* Drops a reference; the last one wipes the key and frees. NULL is allowed. Threads: any. */
void credentials_release(struct tls_credentials *credentials);

#endif
