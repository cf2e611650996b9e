/* buffers.h - the record buffers of a session, which an idle one does not have. */
#ifndef HELLO_TLS_BUFFERS_H
#define HELLO_TLS_BUFFERS_H

#include "tls/session.h"

/*
 * Gives an idle session buffers again: those that this thread keeps, or new ones. Due before mbedTLS
 * reads or writes.
 * Returns: 0, or MBEDTLS_ERR_SSL_ALLOC_FAILED.
 */
int buffers_attach(struct tls_session *session);

/*
 * Takes the buffers of a session that has no part of a record in them, and wipes what they hold of
 * its records. The thread keeps one pair for the next session; others are freed.
 */
void buffers_detach(struct tls_session *session);

#endif
