/* abstract.h - libmicrohttpd includes it; all that it needs is in gnutls.h. */
#include <gnutls/gnutls.h>
