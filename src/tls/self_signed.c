#include "tls/self_signed.h"

#include "base/strbuf.h"

#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/sha256.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOUR_S	((time_t)3600)
#define VALID_S (HOUR_S * 24 * 90)
/* The template has 350 bytes. The host's name comes in three times, the signature has up to 72. */
#define DER_SIZE 1024

/* What is the same in each certificate, encoded (X.690). */
/* ecdsa-with-SHA256 (RFC 5758, section 3.2) */
static const unsigned char signature_algorithm[] = {
	0x30, 10, 0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
/* An uncompressed point on P-256 follows (RFC 5480, section 2). */
static const unsigned char public_key[] = {0x30, 89, 0x30, 19, 0x06, 7, 0x2A, 0x86, 0x48, 0xCE,
	0x3D, 0x02, 0x01, 0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 66, 0};
static const unsigned char common_name[] = {0x06, 3, 0x55, 0x04, 0x03};
static const unsigned char version_3[] = {0xA0, 3, 0x02, 1, 2};
/* Not an authority. */
static const unsigned char basic_constraints[] = {
	0x30, 9, 0x06, 3, 0x55, 0x1D, 0x13, 0x04, 2, 0x30, 0};
static const unsigned char subject_alternative_name[] = {0x06, 3, 0x55, 0x1D, 0x11};
/* As iPAddress, tag 7, and dNSName, tag 2 (RFC 5280, section 4.2.1.6). */
static const unsigned char local_names[] = {0x82, 9, 'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't',
	0x87, 4, 127, 0, 0, 1, 0x87, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

/* An encoding that is written from its end to its start: a length comes before what it counts. */
struct der {
	unsigned char bytes[DER_SIZE];
	unsigned char *at; /* its first byte so far; one past the last at first */
};

static void put(struct der *der, const void *bytes, size_t len)
{
	der->at -= len;
	memcpy(der->at, bytes, len);
}

/* The tag and the length of all from der->at to end. */
static void put_header(struct der *der, unsigned char tag, const unsigned char *end)
{
	size_t len = (size_t)(end - der->at);
	unsigned char header[] = {tag, 0x82, (unsigned char)(len >> 8), (unsigned char)len};

	if (len >= 0x100) {
		put(der, header, 4);
		return;
	}
	if (len >= 0x80)
		put(der, (unsigned char[]){tag, 0x81, (unsigned char)len}, 3);
	else
		put(der, (unsigned char[]){tag, (unsigned char)len}, 2);
}

/* Years from 2050 on have four digits, those before have two (RFC 5280, section 4.1.2.5). */
static void put_time(struct der *der, time_t when)
{
	unsigned char *end = der->at;
	char digits[16];
	struct strbuf text = STRBUF_OVER(digits);
	struct tm parts;
	unsigned year;

	gmtime_r(&when, &parts);
	year = (unsigned)parts.tm_year + 1900;
	strbuf_add_unsigned(&text, year < 2050 ? year % 100 : year, 2);
	strbuf_add_unsigned(&text, (unsigned)parts.tm_mon + 1, 2);
	strbuf_add_unsigned(&text, (unsigned)parts.tm_mday, 2);
	strbuf_add_unsigned(&text, (unsigned)parts.tm_hour, 2);
	strbuf_add_unsigned(&text, (unsigned)parts.tm_min, 2);
	strbuf_add_unsigned(&text, (unsigned)parts.tm_sec, 2);
	strbuf_add(&text, "Z", 1);
	put(der, text.data, text.len);
	put_header(der, year < 2050 ? MBEDTLS_ASN1_UTC_TIME : MBEDTLS_ASN1_GENERALIZED_TIME, end);
}

#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)

/* The issuer, or the subject: a name of one part. */
static void put_name(struct der *der, const char *name)
{
	unsigned char *end = der->at;

	put(der, name, strlen(name));
	put_header(der, MBEDTLS_ASN1_UTF8_STRING, end);
	put(der, common_name, sizeof(common_name));
	put_header(der, SEQUENCE, end);
	put_header(der, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SET, end);
	put_header(der, SEQUENCE, end);
}

static void put_extensions(struct der *der, const char *hostname)
{
	unsigned char *end = der->at;

	if (hostname[0] != '\0') {
		put(der, hostname, strlen(hostname));
		put_header(der, MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2, end);
	}
	put(der, local_names, sizeof(local_names));
	put_header(der, SEQUENCE, end);
	put_header(der, MBEDTLS_ASN1_OCTET_STRING, end);
	put(der, subject_alternative_name, sizeof(subject_alternative_name));
	put_header(der, SEQUENCE, end);
	put(der, basic_constraints, sizeof(basic_constraints));
	put_header(der, SEQUENCE, end);
	put_header(der, MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | 3, end);
}

/* What is signed (RFC 5280, section 4.1). Returns: 0, or mbedTLS's error. */
static int write_content(struct der *der, mbedtls_pk_context *key)
{
	unsigned char *end = der->bytes + sizeof(der->bytes);
	unsigned char *validity;
	unsigned char point[65];
	unsigned char serial[16];
	char hostname[HOST_NAME_MAX + 1] = "";
	const char *name = "hello";
	time_t now = time(NULL);
	size_t len;
	int result = mbedtls_ecp_write_public_key(
		mbedtls_pk_ec(*key), MBEDTLS_ECP_PF_UNCOMPRESSED, &len, point, sizeof(point));

	if (result == 0)
		result = mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, serial, sizeof(serial));
	if (result != 0)
		return result;
	/* A common name has at most 64 bytes (RFC 5280, appendix A.1), as has a host's name. */
	if (gethostname(hostname, sizeof(hostname)) == 0 && hostname[0] != '\0')
		name = hostname;
	put_extensions(der, hostname);
	put(der, point, sizeof(point));
	put(der, public_key, sizeof(public_key));
	put_name(der, name);
	validity = der->at;
	put_time(der, now + VALID_S);
	put_time(der, now - HOUR_S);
	put_header(der, SEQUENCE, validity);
	put_name(der, name);
	put(der, signature_algorithm, sizeof(signature_algorithm));
	/* Positive, all 16 bytes in use (RFC 5280, section 4.1.2.2). */
	serial[0] = (serial[0] & 0x3F) | 0x40;
	put(der, serial, sizeof(serial));
	put(der, (unsigned char[]){MBEDTLS_ASN1_INTEGER, sizeof(serial)}, 2);
	put(der, version_3, sizeof(version_3));
	put_header(der, SEQUENCE, end);
	return 0;
}

/* The certificate is from der->at on. Returns: 0, or mbedTLS's error. */
static int write_certificate(struct der *der, mbedtls_pk_context *key)
{
	unsigned char *end = der->bytes + sizeof(der->bytes);
	unsigned char signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	unsigned char sum[32];
	struct der content = {.at = content.bytes + sizeof(content.bytes)};
	size_t content_len;
	size_t len;
	int result = write_content(&content, key);

	if (result != 0)
		return result;
	content_len = (size_t)(content.bytes + sizeof(content.bytes) - content.at);
	result = mbedtls_sha256(content.at, content_len, sum, 0);
	if (result == 0)
		result = mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, sum, sizeof(sum), signature,
			sizeof(signature), &len, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	if (result != 0)
		return result;
	put(der, signature, len);
	put(der, "", 1); /* no unused bits */
	put_header(der, MBEDTLS_ASN1_BIT_STRING, end);
	put(der, signature_algorithm, sizeof(signature_algorithm));
	put(der, content.at, content_len);
	put_header(der, SEQUENCE, end);
	return 0;
}

static void write_fingerprint(const mbedtls_x509_crt *chain, char notice[TLS_NOTICE_SIZE])
{
	static const char digits[] = "0123456789ABCDEF";
	/* The last byte stays 0. */
	struct strbuf text = {.data = notice, .size = TLS_NOTICE_SIZE - 1};
	unsigned char sum[32];

	strbuf_add_string(&text, "Self-signed certificate, SHA-256 ");
	if (mbedtls_sha256(chain->raw.p, chain->raw.len, sum, 0) == 0) {
		for (size_t i = 0; i < sizeof(sum); i++) {
			const char part[] = {':', digits[sum[i] >> 4], digits[sum[i] & 15]};

			strbuf_add(&text, i == 0 ? part + 1 : part, i == 0 ? 2 : 3);
		}
	}
	notice[text.len] = '\0';
}

int self_signed_make(mbedtls_x509_crt *chain, mbedtls_pk_context *key, char notice[TLS_NOTICE_SIZE],
	struct error *err)
{
	struct der der = {.at = der.bytes + sizeof(der.bytes)};
	int result = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	if (result == 0)
		result = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
			mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	if (result == 0)
		result = write_certificate(&der, key);
	if (result == 0)
		result = mbedtls_x509_crt_parse_der(
			chain, der.at, (size_t)(der.bytes + sizeof(der.bytes) - der.at));
	if (result != 0)
		return error_set(err, 0, "-tls-self-signed", NULL,
			"the certificate can't be generated", NULL);
	write_fingerprint(chain, notice);
	return 0;
}
