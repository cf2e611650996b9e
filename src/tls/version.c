/* version.c - the version of mbedTLS that hello is built with. */
#include "tls/tls.h"

#include <mbedtls/build_info.h>

const char *tls_library_version(void)
{
	return MBEDTLS_VERSION_STRING;
}
