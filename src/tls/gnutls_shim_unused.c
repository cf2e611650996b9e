/*
 * gnutls_shim_unused.c - functions of GnuTLS that libmicrohttpd links to but hello does not use:
 * Diffie-Hellman parameters, pre-shared keys, encrypted keys, certificates by callback. Each fails
 * or does nothing, so that a new use is noticed.
 */
#include <gnutls/gnutls.h>
#include <stddef.h>

int gnutls_certificate_set_x509_key_mem2(gnutls_certificate_credentials_t credentials,
	const gnutls_datum_t *cert, const gnutls_datum_t *key, gnutls_x509_crt_fmt_t format,
	const char *password, unsigned int flags)
{
	(void)credentials;
	(void)cert;
	(void)key;
	(void)format;
	(void)password;
	(void)flags;
	return GNUTLS_E_UNIMPLEMENTED_FEATURE;
}

int gnutls_certificate_set_x509_trust_mem(gnutls_certificate_credentials_t credentials,
	const gnutls_datum_t *ca, gnutls_x509_crt_fmt_t format)
{
	(void)credentials;
	(void)ca;
	(void)format;
	return GNUTLS_E_UNIMPLEMENTED_FEATURE;
}

void gnutls_certificate_set_retrieve_function2(gnutls_certificate_credentials_t credentials,
	gnutls_certificate_retrieve_function2 *function)
{
	(void)credentials;
	(void)function;
}

void gnutls_certificate_set_dh_params(
	gnutls_certificate_credentials_t credentials, gnutls_dh_params_t params)
{
	(void)credentials;
	(void)params;
}

void gnutls_certificate_server_set_request(
	gnutls_session_t session, gnutls_certificate_request_t request)
{
	(void)session;
	(void)request;
}

void gnutls_dh_params_deinit(gnutls_dh_params_t params)
{
	(void)params;
}

int gnutls_psk_allocate_server_credentials(gnutls_psk_server_credentials_t *credentials)
{
	*credentials = NULL;
	return GNUTLS_E_UNIMPLEMENTED_FEATURE;
}

void gnutls_psk_free_server_credentials(gnutls_psk_server_credentials_t credentials)
{
	(void)credentials;
}

void gnutls_psk_set_server_credentials_function(gnutls_psk_server_credentials_t credentials,
	gnutls_psk_server_credentials_function *function)
{
	(void)credentials;
	(void)function;
}

gnutls_cipher_algorithm_t gnutls_cipher_get(gnutls_session_t session)
{
	(void)session;
	return GNUTLS_CIPHER_UNKNOWN;
}

gnutls_protocol_t gnutls_protocol_get_version(gnutls_session_t session)
{
	(void)session;
	return GNUTLS_VERSION_UNKNOWN;
}

void *gnutls_malloc(size_t size)
{
	(void)size;
	return NULL;
}
