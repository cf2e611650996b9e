/*
 * tls.h - TLS for the rest of hello. Two builds have it: the full one, on mbedTLS, and the
 * minimal one, absent.c, where all of it refuses. Only src/tls/ includes <mbedtls/...>.
 */
#ifndef HELLO_TLS_H
#define HELLO_TLS_H

#include <stdbool.h>

/* Returns: whether this build has TLS. */
bool tls_available(void);

/* Returns: mbedTLS's version, static; NULL in a build without TLS. */
const char *tls_library_version(void);

#endif
