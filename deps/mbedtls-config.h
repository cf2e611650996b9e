/*
 * mbedtls-config.h - all that mbedTLS is built with; deps/mbedtls.sh puts it in the place of
 * the stock configuration. What is not named here is off, above all: DTLS, renegotiation,
 * compression, early data, CBC suites, static RSA, PSK without a fresh key exchange, SHA-1.
 */

/* ---- the machine */
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE /* certificates expire */
/* One event loop for each CPU shares keys and tickets: without locks RSA signatures go bad. */
#define MBEDTLS_THREADING_C
#define MBEDTLS_THREADING_PTHREAD
/* getrandom(2), asked each time: a generator of our own would be state to seed, fork and wipe. */
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
/* src/tls/format.c prints what mbedTLS prints: the C library's formatted printing would be 8 kB. */
#include <stddef.h>
int mbedtls_format(char *out, size_t size, const char *format, ...);
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO mbedtls_format

/* ---- primitives */
#define MBEDTLS_AES_C
#define MBEDTLS_AESNI_C /* x86-64, found at run time */
#define MBEDTLS_AESCE_C /* arm64, likewise */
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES /* for processors without AES instructions alone */
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT /* GCM encrypts counters alone */
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA512_SMALLER
#define MBEDTLS_HKDF_C
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_MPI_WINDOW_SIZE 4 /* tables of 16 numbers, which src/tls/bignum.c can search */
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
/* The tables would serve P-384 alone: 8 kB of the binary for a curve that few clients prefer. */
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_PSA_CRYPTO_C /* TLS 1.3 is written on it */
/* A key slot for each handshake under way: the fixed table of 32 would refuse the 33rd. */
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC

/* ---- certificates */
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_OID_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT

/* ---- TLS */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED /* resumption */
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE /* /whoami names the client */
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TICKET_C
/*
 * No MAX_FRAGMENT_LENGTH: a server with it takes records no longer than the shorter of these two,
 * once buffers shrink (VARIABLE_BUFFER_LENGTH), and ends TLS 1.2 on a full one.
 */
#define MBEDTLS_SSL_IN_CONTENT_LEN  16384 /* a peer may fill a record (RFC 8446, section 5.1) */
#define MBEDTLS_SSL_OUT_CONTENT_LEN 8192  /* bounds the certificate chain, which goes out whole */
