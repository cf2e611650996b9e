/* format.h - formatted printing for mbedTLS. */
#ifndef HELLO_TLS_FORMAT_H
#define HELLO_TLS_FORMAT_H

#include <stddef.h>

/*
 * Writes text as snprintf(3) does, and a NUL. Knows %s, %c and %u.
 * size: bytes of out
 * Returns: the length without the NUL; size or more when it does not fit; -1 for another directive.
 */
int mbedtls_format(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
