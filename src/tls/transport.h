/* transport.h - the socket of a session, with its flights and what was read ahead. */
#ifndef HELLO_TLS_TRANSPORT_H
#define HELLO_TLS_TRANSPORT_H

#include "tls/session.h"

#include <stddef.h>

/*
 * mbedTLS's callbacks; context is the session. Until its handshake is over, what is sent is buffered.
 * Return: bytes; 0 when the peer has closed; or mbedTLS's error.
 */
int transport_send(void *context, const unsigned char *bytes, size_t len);
int transport_receive(void *context, unsigned char *buffer, size_t size);

/* Returns: 0 when all of the flight is sent, or mbedTLS's error. */
int transport_send_flight(struct tls_session *session);

/* Receives some bytes and drops them. Returns: as transport_receive(). */
int transport_discard(struct tls_session *session);

#endif
