/*
 * alerts.c - which alert an error of mbedTLS stands for. mbedTLS 3.6 sends alerts for a part of its
 * errors only, and one of its codes stands for several faults of a record, so the record in its
 * buffer decides.
 */
#include "tls/alerts.h"

#include <mbedtls/ecp.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/oid.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes that encryption adds at most to a full record: type and tag (RFC 8446, section 5.2). */
#define SEAL_BYTES 17

/* Bytes of a record's content, as its header says. */
static size_t record_len(const unsigned char *header)
{
	return (size_t)header[3] << 8 | header[4];
}

/* A header that mbedTLS refuses. */
static int alert_of_header(const mbedtls_ssl_context *ssl, const unsigned char *header)
{
	if (header[0] < MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC ||
		header[0] > MBEDTLS_SSL_MSG_APPLICATION_DATA)
		return MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE;
	if (record_len(header) > 0)
		return MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION;
	/* An empty record has no room for a tag. */
	return ssl->MBEDTLS_PRIVATE(transform_in) != NULL &&
			       header[0] == MBEDTLS_SSL_MSG_APPLICATION_DATA
		       ? MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC
		       : MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE;
}

/* MBEDTLS_ERR_SSL_INVALID_RECORD */
static int alert_of_record(const mbedtls_ssl_context *ssl)
{
	const unsigned char *header = ssl->MBEDTLS_PRIVATE(in_hdr);

	/* Of a record whose header is refused only that has been read. */
	if (ssl->MBEDTLS_PRIVATE(in_left) > 0)
		return alert_of_header(ssl, header);
	if (record_len(header) >= MBEDTLS_SSL_IN_CONTENT_LEN + SEAL_BYTES)
		return MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW;
	/* An alert or change_cipher_spec of a wrong length; what is empty is unexpected. */
	if (ssl->MBEDTLS_PRIVATE(in_msglen) > 0 &&
		(ssl->MBEDTLS_PRIVATE(in_msgtype) == MBEDTLS_SSL_MSG_ALERT ||
			mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_2))
		return MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR;
	return MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE;
}

/* MBEDTLS_ERR_SSL_INVALID_MAC: mbedTLS's code for the fourth empty record in a row, too. */
static int alert_of_mac(const mbedtls_ssl_context *ssl)
{
	bool is_13 = mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_3;

	/* Under keys TLS 1.3 has no other type on the outside (RFC 8446, section 5.2). */
	if ((is_13 && ssl->MBEDTLS_PRIVATE(in_hdr)[0] != MBEDTLS_SSL_MSG_APPLICATION_DATA) ||
		ssl->MBEDTLS_PRIVATE(nb_zero) > 3)
		return MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE;
	return MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC;
}

int alert_of(const mbedtls_ssl_context *ssl, int error)
{
	switch (error) {
	case MBEDTLS_ERR_NET_SEND_FAILED:
	case MBEDTLS_ERR_NET_RECV_FAILED:
	case MBEDTLS_ERR_NET_CONN_RESET:
	case MBEDTLS_ERR_SSL_CONN_EOF:
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		return -1;
	case MBEDTLS_ERR_SSL_INVALID_RECORD:
		return alert_of_record(ssl);
	case MBEDTLS_ERR_SSL_INVALID_MAC:
		return alert_of_mac(ssl);
	case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE:
	case MBEDTLS_ERR_SSL_UNEXPECTED_RECORD:
		return MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE;
	case MBEDTLS_ERR_SSL_BAD_INPUT_DATA: /* a record that does not fit */
		return record_len(ssl->MBEDTLS_PRIVATE(in_hdr)) > MBEDTLS_SSL_IN_CONTENT_LEN
			       ? MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW
			       : MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER;
	case MBEDTLS_ERR_SSL_DECODE_ERROR:
		return MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR;
	case MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER:
		return MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER;
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
		return MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION;
	case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
	case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE: /* RFC 5246, section 7.4.6 */
		return MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE;
	case MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION:
		return MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_EXT;
	case MBEDTLS_ERR_SSL_BAD_CERTIFICATE:
		return MBEDTLS_SSL_ALERT_MSG_BAD_CERT;
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG + MBEDTLS_ERR_OID_NOT_FOUND:
		return MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT;
	case MBEDTLS_ERR_ECP_VERIFY_FAILED: /* a client's signature */
	case MBEDTLS_ERR_RSA_VERIFY_FAILED:
	case MBEDTLS_ERR_RSA_INVALID_PADDING:
		return MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR;
	default:
		return MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR;
	}
}
