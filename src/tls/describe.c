/* describe.c - what a session has negotiated, for /whoami. */
#include "tls/session.h"

#include <string.h>

/* IANA's names (TLS Cipher Suites registry); mbedTLS has names of its own. */
static const char *cipher_name(int id)
{
	static const struct {
		int id;
		const char *name;
	} names[] = {
		{MBEDTLS_TLS1_3_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256"},
		{MBEDTLS_TLS1_3_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384"},
		{MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256"},
		{MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		{MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
		{MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
		{MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
		{MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
			"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].id == id)
			return names[i].name;
	}
	return NULL;
}

void tls_session_describe(const void *opaque, struct tls_description *description)
{
	const struct tls_session *session = opaque;
	const mbedtls_x509_crt *peer = mbedtls_ssl_get_peer_cert(&session->ssl);

	*description = (struct tls_description){
		.version = mbedtls_ssl_get_version(&session->ssl),
		.cipher = cipher_name(mbedtls_ssl_get_ciphersuite_id_from_ssl(&session->ssl)),
		.server_name = session->server_name,
		.alpn = mbedtls_ssl_get_alpn_protocol(&session->ssl),
	};
	/* A client certificate is present only if it was requested, and then it is verified. */
	if (peer != NULL && mbedtls_x509_dn_gets(description->subject, sizeof(description->subject),
				    &peer->subject) < 0)
		memcpy(description->subject, "(too long)", 11);
}
