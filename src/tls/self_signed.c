#include "tls/self_signed.h"

#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/sha256.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOUR_S	   ((time_t)3600)
#define VALID_S	   (HOUR_S * 24 * 90)
#define DER_SIZE   1024
#define STAMP_SIZE 16

/* In the form that mbedTLS takes: YYYYMMDDhhmmss, UTC. */
static void write_stamp(time_t when, char stamp[STAMP_SIZE])
{
	struct tm parts;

	gmtime_r(&when, &parts);
	strftime(stamp, STAMP_SIZE, "%Y%m%d%H%M%S", &parts);
}

/* bytes: borrowed and only read; mbedTLS's type lacks const. */
static mbedtls_x509_san_list name_of(int type, void *bytes, size_t len)
{
	mbedtls_x509_san_list name = {0};

	name.node.type = type;
	name.node.san.unstructured_name.p = bytes;
	name.node.san.unstructured_name.len = len;
	return name;
}

/* Returns: the length of the DER, which is at the end of der; or mbedTLS's error. */
static int write_certificate(mbedtls_pk_context *key, unsigned char der[DER_SIZE])
{
	unsigned char loopback4[4] = {127, 0, 0, 1};
	unsigned char loopback6[16] = {[15] = 1};
	char localhost[] = "localhost";
	char hostname[256] = "";
	char subject[64 + 4];
	char from[STAMP_SIZE];
	char to[STAMP_SIZE];
	unsigned char serial[16];
	mbedtls_x509_san_list names[] = {
		name_of(MBEDTLS_X509_SAN_DNS_NAME, localhost, sizeof(localhost) - 1),
		name_of(MBEDTLS_X509_SAN_IP_ADDRESS, loopback4, sizeof(loopback4)),
		name_of(MBEDTLS_X509_SAN_IP_ADDRESS, loopback6, sizeof(loopback6)),
		name_of(MBEDTLS_X509_SAN_DNS_NAME, hostname, 0),
	};
	mbedtls_x509write_cert writer;
	time_t now = time(NULL);
	int result;

	gethostname(hostname, sizeof(hostname) - 1);
	names[0].next = &names[1];
	names[1].next = &names[2];
	names[3].node.san.unstructured_name.len = strlen(hostname);
	if (hostname[0] != '\0')
		names[2].next = &names[3];
	/* A common name has at most 64 bytes (RFC 5280, appendix A.1). */
	snprintf(subject, sizeof(subject), "CN=%.64s", hostname[0] != '\0' ? hostname : "hello");
	write_stamp(now - HOUR_S, from);
	write_stamp(now + VALID_S, to);

	mbedtls_x509write_crt_init(&writer);
	mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&writer, key);
	mbedtls_x509write_crt_set_issuer_key(&writer, key);
	result = mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, serial, sizeof(serial));
	serial[0] = (serial[0] & 0x3F) |
		    0x40; /* positive, all 16 bytes in use (RFC 5280, section 4.1.2.2) */
	if (result == 0)
		result = mbedtls_x509write_crt_set_serial_raw(&writer, serial, sizeof(serial));
	if (result == 0)
		result = mbedtls_x509write_crt_set_subject_name(&writer, subject);
	if (result == 0)
		result = mbedtls_x509write_crt_set_issuer_name(&writer, subject);
	if (result == 0)
		result = mbedtls_x509write_crt_set_validity(&writer, from, to);
	if (result == 0)
		result = mbedtls_x509write_crt_set_basic_constraints(&writer, 0, -1);
	if (result == 0)
		result = mbedtls_x509write_crt_set_subject_alternative_name(&writer, names);
	if (result == 0)
		result = mbedtls_x509write_crt_der(
			&writer, der, DER_SIZE, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_x509write_crt_free(&writer);
	return result;
}

static void write_fingerprint(const mbedtls_x509_crt *chain, char notice[TLS_NOTICE_SIZE])
{
	unsigned char sum[32];
	int at = snprintf(notice, TLS_NOTICE_SIZE, "Self-signed certificate, SHA-256 ");

	if (mbedtls_sha256(chain->raw.p, chain->raw.len, sum, 0) != 0)
		return;
	for (size_t i = 0; i < sizeof(sum); i++)
		at += snprintf(notice + at, TLS_NOTICE_SIZE - (size_t)at, i == 0 ? "%02X" : ":%02X",
			sum[i]);
}

int self_signed_make(mbedtls_x509_crt *chain, mbedtls_pk_context *key, char notice[TLS_NOTICE_SIZE],
	struct error *err)
{
	unsigned char der[DER_SIZE];
	int result = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	if (result == 0)
		result = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
			mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	if (result == 0)
		result = write_certificate(key, der);
	if (result > 0)
		result = mbedtls_x509_crt_parse_der(
			chain, der + sizeof(der) - (size_t)result, (size_t)result);
	if (result != 0)
		return error_set(err, 0, "-tls-self-signed", NULL,
			"the certificate can't be generated", NULL);
	write_fingerprint(chain, notice);
	return 0;
}
