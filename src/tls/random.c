/*
 * random.c - the source of mbedTLS's random bytes: getrandom(2), which blocks until the
 * kernel's pool is initialised and does not fail after that.
 */
#include <errno.h>
#include <psa/crypto.h>
#include <sys/random.h>

psa_status_t mbedtls_psa_external_get_random(
	mbedtls_psa_external_random_context_t *context, uint8_t *output, size_t size, size_t *len)
{
	size_t done = 0;

	(void)context;
	while (done < size) {
		ssize_t got = getrandom(output + done, size - done, 0);

		if (got < 0 && errno != EINTR)
			return PSA_ERROR_INSUFFICIENT_ENTROPY;
		if (got > 0)
			done += (size_t)got;
	}
	*len = size;
	return PSA_SUCCESS;
}
