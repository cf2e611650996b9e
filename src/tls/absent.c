/* absent.c - the minimal build's answer to all of tls.h: there is no TLS here. */
#include "tls.h"

#include <stddef.h>

bool tls_available(void)
{
	return false;
}

const char *tls_library_version(void)
{
	return NULL;
}
