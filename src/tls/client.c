/* client.c - TLS as a client: the handshake, and the verification of the server. */
#include "tls/pem_file.h"
#include "tls/policy.h"
#include "tls/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <sys/socket.h>

struct tls_client {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	mbedtls_x509_crt authorities;
	const char *host; /* borrowed */
	int fd;		  /* borrowed */
	int errnum;	  /* of the call that failed */
};

static int keep_errno(struct tls_client *client, int code)
{
	client->errnum = errno == EAGAIN ? ETIMEDOUT : errno;
	return code;
}

/* mbedTLS's callbacks. Return: bytes, 0 at the end, or mbedTLS's error. */
static int send_bytes(void *arg, const unsigned char *bytes, size_t len)
{
	struct tls_client *client = arg;
	ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL);

	return sent >= 0 ? (int)sent : keep_errno(client, MBEDTLS_ERR_NET_SEND_FAILED);
}

static int receive_bytes(void *arg, unsigned char *to, size_t len)
{
	struct tls_client *client = arg;
	ssize_t got = recv(client->fd, to, len, 0);

	return got >= 0 ? (int)got : keep_errno(client, MBEDTLS_ERR_NET_RECV_FAILED);
}

/* Why a certificate is refused; of several reasons the most severe. */
static int set_verify_error(const struct tls_client *client, uint32_t flags, struct error *err)
{
	const char *what = "not acceptable";
	const char *want = "want RSA of 2048 bits or more, P-256 or P-384, and SHA-256 or better";

	if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
		what = "signed by an unknown authority";
		want = "want its authority in -ca FILE";
	} else if (flags & MBEDTLS_X509_BADCERT_EXPIRED) {
		what = "expired";
		want = NULL;
	} else if (flags & MBEDTLS_X509_BADCERT_FUTURE) {
		what = "not valid yet";
		want = "check the clock";
	} else if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
		what = "issued for another name";
		want = "want a URL with its name";
	} else if (flags & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE)) {
		what = "not issued for a server";
		want = NULL;
	}
	return error_set(err, 0, "certificate of", client->host, what, want);
}

static int set_tls_error(const struct tls_client *client, int result, struct error *err)
{
	const char *what = "the handshake failed";

	switch (result) {
	case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
		return set_verify_error(client, mbedtls_ssl_get_verify_result(&client->ssl), err);
	case MBEDTLS_ERR_NET_SEND_FAILED:
	case MBEDTLS_ERR_NET_RECV_FAILED:
		return error_set(err, client->errnum, "TLS", client->host, NULL, NULL);
	case MBEDTLS_ERR_SSL_CONN_EOF:
		what = "connection closed early";
		break;
	case MBEDTLS_ERR_SSL_INVALID_RECORD:
	case MBEDTLS_ERR_SSL_UNEXPECTED_RECORD:
		what = "the peer does not speak TLS";
		break;
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		what = "the server sent a fatal alert";
		break;
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
		what = "the server supports neither TLS 1.2 nor 1.3";
		break;
	case MBEDTLS_ERR_SSL_ALLOC_FAILED:
		return error_set(err, ENOMEM, "TLS", client->host, NULL, NULL);
	case MBEDTLS_ERR_SSL_INVALID_MAC:
		what = "a record failed its integrity check";
		break;
	default:
		break;
	}
	return error_set(err, 0, "TLS", client->host, what, NULL);
}

static bool is_address(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* Certificates that mbedTLS can't parse (P-521, for example) are skipped. */
static int load_authorities(struct tls_client *client, const char *ca, struct error *err)
{
	struct pem_file file;
	bool none;

	if (pem_file_read(ca, "-ca", &file, err) != 0)
		return -1;
	mbedtls_x509_crt_parse(&client->authorities, file.text, file.len);
	pem_file_free(&file);
	none = client->authorities.raw.p == NULL;
	return none ? error_set(err, 0, "-ca", ca, "no certificate can be read in it",
			      "want PEM with the authorities to trust")
		    : 0;
}

/* Returns: 0, or mbedTLS's error. */
static int prepare(struct tls_client *client, bool verify)
{
	/* An address is no server name (RFC 6066, section 3): it is verified after the handshake. */
	const char *name = is_address(client->host) ? NULL : client->host;
	int result = policy_apply(&client->config, MBEDTLS_SSL_IS_CLIENT);

	if (result != 0)
		return result;
	mbedtls_ssl_conf_authmode(
		&client->config, verify ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_ca_chain(&client->config, &client->authorities, NULL);
	result = mbedtls_ssl_setup(&client->ssl, &client->config);
	if (result == 0)
		result = mbedtls_ssl_set_hostname(&client->ssl, name);
	mbedtls_ssl_set_bio(&client->ssl, client, send_bytes, receive_bytes, NULL);
	return result;
}

static int verify_address(struct tls_client *client, struct error *err)
{
	uint32_t flags = 0;
	/* mbedtls_x509_crt_verify() lacks const, but only reads the chain. */
	mbedtls_x509_crt *peer = (mbedtls_x509_crt *)mbedtls_ssl_get_peer_cert(&client->ssl);
	int result = mbedtls_x509_crt_verify(
		peer, &client->authorities, NULL, client->host, &flags, NULL, NULL);

	return result == 0 ? 0 : set_verify_error(client, flags, err);
}

struct tls_client *tls_client_open(int fd, const char *host, const char *ca, struct error *err)
{
	struct tls_client *client = calloc(1, sizeof(*client));
	int result;

	if (client == NULL || psa_crypto_init() != PSA_SUCCESS) {
		free(client);
		error_set(err, ENOMEM, "TLS", NULL, NULL, NULL);
		return NULL;
	}
	client->fd = fd;
	client->host = host;
	mbedtls_ssl_init(&client->ssl);
	mbedtls_ssl_config_init(&client->config);
	mbedtls_x509_crt_init(&client->authorities);
	if (ca != NULL && load_authorities(client, ca, err) != 0) {
		tls_client_close(client);
		return NULL;
	}
	result = prepare(client, ca != NULL);
	if (result == 0)
		result = mbedtls_ssl_handshake(&client->ssl);
	if (result != 0)
		set_tls_error(client, result, err);
	else if (ca != NULL && is_address(host))
		result = verify_address(client, err);
	if (result == 0)
		return client;
	tls_client_close(client);
	return NULL;
}

int tls_client_write(struct tls_client *client, const char *bytes, size_t len, struct error *err)
{
	size_t done = 0;

	while (done < len) {
		int sent = mbedtls_ssl_write(
			&client->ssl, (const unsigned char *)bytes + done, len - done);

		if (sent < 0)
			return set_tls_error(client, sent, err);
		done += (size_t)sent;
	}
	return 0;
}

ssize_t tls_client_read(struct tls_client *client, char *to, size_t len, struct error *err)
{
	int got = mbedtls_ssl_read(&client->ssl, (unsigned char *)to, len);

	if (got > 0)
		return got;
	if (got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	return set_tls_error(client, got == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : got, err);
}

void tls_client_close(struct tls_client *client)
{
	if (client == NULL)
		return;
	if (mbedtls_ssl_is_handshake_over(&client->ssl))
		mbedtls_ssl_close_notify(&client->ssl);
	mbedtls_ssl_free(&client->ssl);
	mbedtls_ssl_config_free(&client->config);
	mbedtls_x509_crt_free(&client->authorities);
	free(client);
}
