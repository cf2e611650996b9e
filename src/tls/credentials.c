#include "tls/credentials.h"

#include "base/strbuf.h"
#include "tls/pem_file.h"
#include "tls/policy.h"
#include "tls/self_signed.h"
#include "tls/session.h"

#include <errno.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Lifetime of a ticket, and of the key that encrypts tickets; the key decrypts for one period more.
 * A stolen key does not decrypt recorded TLS 1.3 traffic, which has the keys of a fresh exchange
 * (RFC 8446, section 2.2).
 */
#define TICKET_SECONDS 3600

/* Bytes of the certificate message beside the certificates. */
#define CHAIN_OVERHEAD 256

static int parse_certificates(
	const char *path, const char *subject, mbedtls_x509_crt *chain, struct error *err)
{
	struct pem_file file;
	int result;

	if (pem_file_read(path, subject, &file, err) != 0)
		return -1;
	result = mbedtls_x509_crt_parse(chain, file.text, file.len);
	pem_file_free(&file);
	if (result == 0)
		return 0;
	return error_set(err, 0, subject, path,
		result > 0 ? "a certificate in it can't be read"
			   : "no certificate can be read in it",
		"want PEM with RSA, P-256 or P-384 certificates");
}

static int parse_key(const char *path, mbedtls_pk_context *key, struct error *err)
{
	struct pem_file file;
	bool encrypted;
	int result;

	if (pem_file_read(path, "-tls-key", &file, err) != 0)
		return -1;
	/* Both forms: "ENCRYPTED PRIVATE KEY" and "Proc-Type: 4,ENCRYPTED". */
	encrypted = strstr((const char *)file.text, "ENCRYPTED") != NULL;
	result = encrypted ? -1
			   : mbedtls_pk_parse_key(key, file.text, file.len, NULL, 0,
				     mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	pem_file_free(&file);
	if (encrypted)
		return error_set(err, 0, "-tls-key", path, "the key is encrypted",
			"want it unencrypted: openssl pkey -in KEY -out PLAIN");
	if (result != 0)
		return error_set(err, 0, "-tls-key", path, "no private key can be read in it",
			"want PEM with an RSA, P-256 or P-384 key");
	if (mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA && mbedtls_pk_get_bitlen(key) < 2048)
		return error_set(err, 0, "-tls-key", path, "the RSA key is too short",
			"want 2048 bits or more");
	return 0;
}

/* mbedTLS sends the chain in one message, from the buffer of one record. */
static int check_length(const mbedtls_x509_crt *chain, const char *path, struct error *err)
{
	size_t bytes = CHAIN_OVERHEAD;

	for (; chain != NULL; chain = chain->next)
		bytes += chain->raw.len + 5;
	if (bytes <= MBEDTLS_SSL_OUT_CONTENT_LEN)
		return 0;
	return error_set(err, 0, "-tls-cert", path, "the chain is too long",
		"want at most 7900 bytes of DER; omit the root");
}

static void set_notice(char notice[TLS_NOTICE_SIZE], const char *line)
{
	struct strbuf text = {.data = notice, .size = TLS_NOTICE_SIZE - 1};

	strbuf_add_string(&text, line);
	notice[text.len] = '\0';
}

static int load_files(struct tls_credentials *credentials, const struct tls_files *files,
	char notice[TLS_NOTICE_SIZE], struct error *err)
{
	if (parse_certificates(files->cert, "-tls-cert", &credentials->chain, err) != 0 ||
		check_length(&credentials->chain, files->cert, err) != 0 ||
		parse_key(files->key, &credentials->key, err) != 0)
		return -1;
	if (mbedtls_pk_check_pair(&credentials->chain.pk, &credentials->key, mbedtls_psa_get_random,
		    MBEDTLS_PSA_RANDOM_STATE) != 0)
		return error_set(err, 0, "-tls-key", files->key,
			"not the key of the certificate in -tls-cert",
			"want the private key of its first certificate");
	if (mbedtls_x509_time_is_past(&credentials->chain.valid_to))
		set_notice(notice, "Warning: the certificate has expired.");
	else if (mbedtls_x509_time_is_future(&credentials->chain.valid_from))
		set_notice(notice, "Warning: the certificate is not valid yet.");
	return 0;
}

/* Returns: 0, or mbedTLS's error, which can only be a lack of memory. */
static int configure(struct tls_credentials *credentials, bool request_client_certs)
{
	mbedtls_ssl_config *config = &credentials->config;
	int result = policy_apply(config, MBEDTLS_SSL_IS_SERVER);

	if (result != 0)
		return result;
	mbedtls_ssl_conf_sni(config, session_set_server_name, NULL);
	mbedtls_ssl_conf_authmode(config,
		request_client_certs ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
	if (request_client_certs)
		mbedtls_ssl_conf_ca_chain(config, &credentials->client_ca, NULL);
	result = mbedtls_ssl_conf_own_cert(config, &credentials->chain, &credentials->key);
	/*
	 * No resumption with client certificates: mbedTLS's tickets of TLS 1.3 do not hold the
	 * certificate, and a resumed session could outlive its validity.
	 */
	if (result != 0 || request_client_certs)
		return result;
	result = mbedtls_ssl_ticket_setup(&credentials->tickets, mbedtls_psa_get_random,
		MBEDTLS_PSA_RANDOM_STATE, MBEDTLS_CIPHER_AES_256_GCM, TICKET_SECONDS);
	mbedtls_ssl_conf_session_tickets_cb(
		config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &credentials->tickets);
	return result;
}

struct tls_credentials *credentials_load(
	const struct tls_files *files, char notice[TLS_NOTICE_SIZE], struct error *err)
{
	struct tls_credentials *credentials = calloc(1, sizeof(*credentials));
	bool request_client_certs = *files->client_ca != '\0';
	int result;

	notice[0] = '\0';
	if (credentials == NULL || psa_crypto_init() != PSA_SUCCESS) {
		free(credentials);
		error_set(err, ENOMEM, "TLS", NULL, NULL, NULL);
		return NULL;
	}
	atomic_init(&credentials->references, 1);
	mbedtls_ssl_config_init(&credentials->config);
	mbedtls_x509_crt_init(&credentials->chain);
	mbedtls_pk_init(&credentials->key);
	mbedtls_x509_crt_init(&credentials->client_ca);
	mbedtls_ssl_ticket_init(&credentials->tickets);

	if (files->self_signed)
		result = self_signed_make(&credentials->chain, &credentials->key, notice, err);
	else
		result = load_files(credentials, files, notice, err);
	if (result == 0 && request_client_certs)
		result = parse_certificates(
			files->client_ca, "-tls-client-ca", &credentials->client_ca, err);
	if (result == 0 && configure(credentials, request_client_certs) != 0)
		result = error_set(err, ENOMEM, "TLS", NULL, NULL, NULL);
	if (result == 0)
		return credentials;
	credentials_release(credentials);
	return NULL;
}

void credentials_release(struct tls_credentials *credentials)
{
	if (credentials == NULL || atomic_fetch_sub(&credentials->references, 1) > 1)
		return;
	mbedtls_ssl_config_free(&credentials->config);
	mbedtls_ssl_ticket_free(&credentials->tickets);
	mbedtls_x509_crt_free(&credentials->client_ca);
	mbedtls_pk_free(&credentials->key);
	mbedtls_x509_crt_free(&credentials->chain);
	free(credentials);
}
