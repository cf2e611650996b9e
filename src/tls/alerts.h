/* alerts.h - the alert that a failed TLS connection ends with. */
#ifndef HELLO_TLS_ALERTS_H
#define HELLO_TLS_ALERTS_H

#include <mbedtls/ssl.h>

/*
 * Returns: the description of the fatal alert for an error of mbedTLS (RFC 8446, section 6.2; RFC
 * 5246, section 7.2.2); -1 where none is due: the peer has gone, or has ended the connection itself.
 */
int alert_of(const mbedtls_ssl_context *ssl, int error);

#endif
