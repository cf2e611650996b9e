/* session.h - one TLS connection of the server, shared by face.c and describe.c. */
#ifndef HELLO_TLS_SESSION_H
#define HELLO_TLS_SESSION_H

#include "tls/credentials.h"

#include <mbedtls/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What recv(2) may bring beyond what mbedTLS asked for: it asks for a record's five bytes of
 * header first. A request of usual size arrives in one call.
 */
#define SESSION_AHEAD 1024

struct tls_session {
	mbedtls_ssl_context ssl;
	struct tls_credentials *credentials; /* NULL until tls_session_start() */
	void *pointer;			     /* libmicrohttpd's, borrowed */
	void (*secured)(void *arg, bool more);
	void *secured_arg;
	int fd; /* borrowed */

	bool agreed;	  /* the handshake is done on our side */
	bool secure;	  /* and all of it is sent */
	bool failed;	  /* after a fatal error nothing more is sent */
	bool notified;	  /* close_notify is out */
	bool sending;	  /* what the last GNUTLS_E_AGAIN waits for */
	size_t retry_len; /* bytes of the send that waits; 0: none does */

	/* Our messages of the handshake, gathered so that a flight is one send(2). */
	unsigned char *flight; /* owned */
	size_t flight_len, flight_sent, flight_size;

	size_t ahead_at, ahead_len;
	unsigned char ahead[SESSION_AHEAD];

	char *server_name; /* owned; NULL when the client named none */
};

/* mbedTLS's callback for SNI (RFC 6066, section 3): keeps the name. Returns: 0, any is welcome. */
int session_take_server_name(
	void *unused, mbedtls_ssl_context *ssl, const unsigned char *name, size_t len);

#endif
