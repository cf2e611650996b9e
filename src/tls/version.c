#include "tls/tls.h"

#include <mbedtls/build_info.h>
#include <stddef.h>

bool tls_available(void)
{
	return true;
}

const char *tls_library_version(void)
{
	return MBEDTLS_VERSION_STRING;
}
