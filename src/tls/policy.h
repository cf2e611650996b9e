/* policy.h - versions, cipher suites, groups and ALPN protocol, of server and client. */
#ifndef HELLO_TLS_POLICY_H
#define HELLO_TLS_POLICY_H

#include <mbedtls/ssl.h>

/*
 * Fills an initialised configuration.
 * endpoint: MBEDTLS_SSL_IS_SERVER or MBEDTLS_SSL_IS_CLIENT
 * Returns: 0, or mbedTLS's error, which can only be a lack of memory.
 */
int policy_apply(mbedtls_ssl_config *config, int endpoint);

#endif
