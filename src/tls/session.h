/* session.h - one TLS connection of the server, shared by gnutls_shim.c and describe.c. */
#ifndef HELLO_TLS_SESSION_H
#define HELLO_TLS_SESSION_H

#include "tls/credentials.h"

#include <mbedtls/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes that one recv(2) may read ahead. mbedTLS asks for the five bytes of a record's header
 * first; with this a typical request takes one recv(2).
 */
#define SESSION_AHEAD 1024

struct tls_session {
	mbedtls_ssl_context ssl;
	struct tls_credentials *credentials; /* NULL until tls_session_start() */
	void *pointer;			     /* libmicrohttpd's, borrowed */
	struct tls_session_events events;
	int fd; /* borrowed */

	bool handshake_over;	/* mbedTLS is done; the last flight may be unsent */
	bool is_established;	/* and the last flight is sent */
	bool failed;		/* after a fatal error nothing more is sent */
	bool drains;		/* and what the peer still sends is discarded */
	bool peer_closed;	/* the end of the stream was read */
	bool sent_alert;	/* mbedTLS's last record was one */
	bool sent_close_notify; /* RFC 8446, section 6.1 */
	bool waits_to_send;	/* direction of the last GNUTLS_E_AGAIN */
	int failure;		/* the error of GnuTLS, once failed */
	size_t drained;		/* bytes */
	int first_byte;		/* of the connection; -1: none yet */
	size_t retry_len;	/* bytes of the blocked send; 0: no send is blocked */

	/* Our handshake messages, buffered so that a flight is one send(2). */
	unsigned char *flight; /* owned */
	size_t flight_len, flight_sent, flight_size;

	/* Bytes of mbedTLS's record buffers that were written to, from their start; see buffers.h. */
	size_t in_used, out_used;

	size_t ahead_at, ahead_len;
	unsigned char ahead[SESSION_AHEAD];

	char *server_name; /* owned; NULL without SNI */
};

/* mbedTLS's callback for SNI (RFC 6066, section 3): stores the name. Returns: 0: any is accepted. */
int session_set_server_name(
	void *unused, mbedtls_ssl_context *ssl, const unsigned char *name, size_t len);

#endif
