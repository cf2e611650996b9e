/* self_signed.h - a generated certificate, for trying out HTTPS. */
#ifndef HELLO_TLS_SELF_SIGNED_H
#define HELLO_TLS_SELF_SIGNED_H

#include "tls/tls.h"

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

/*
 * Generates a P-256 key and a certificate for this host's name, localhost and the loopback
 * addresses, valid for 90 days. Both stay in memory.
 * chain, key: initialised by the caller, who frees them also after a failure
 * notice: set to a line with the certificate's SHA-256 fingerprint, for clients to pin
 * Returns: 0, or -1 with *err filled.
 */
int self_signed_make(mbedtls_x509_crt *chain, mbedtls_pk_context *key, char notice[TLS_NOTICE_SIZE],
	struct error *err);

#endif
