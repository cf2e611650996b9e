/* describe.c - what a session has agreed on, for /whoami. */
#include "session.h"

#include <string.h>

void tls_session_describe(const void *opaque, struct tls_description *description)
{
	const struct tls_session *session = opaque;
	const mbedtls_x509_crt *peer = mbedtls_ssl_get_peer_cert(&session->ssl);

	*description = (struct tls_description){
		.version = mbedtls_ssl_get_version(&session->ssl),
		.cipher = mbedtls_ssl_get_ciphersuite(&session->ssl),
		.server_name = session->server_name,
		.alpn = mbedtls_ssl_get_alpn_protocol(&session->ssl),
	};
	/* There is one only where it was demanded, and then it was verified. */
	if (peer != NULL && mbedtls_x509_dn_gets(description->subject, sizeof(description->subject),
				    &peer->subject) < 0)
		memcpy(description->subject, "(too long)", 11);
}
