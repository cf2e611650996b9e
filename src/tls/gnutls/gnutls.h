/*
 * gnutls.h - as much of GnuTLS's interface as libmicrohttpd 1.0.10 asks for, by the names
 * and rules of the GnuTLS manual; gnutls_shim.c implements it with mbedTLS. libmicrohttpd is compiled
 * against this header and linked to that file.
 *
 * The values of constants are this shim's own: both sides are compiled from here.
 */
#ifndef HELLO_GNUTLS_H
#define HELLO_GNUTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Which libmicrohttpd's code is compiled: with 3.6.0 all that this shim has (ALPN, a
 * descriptor as transport), without what it lacks (early data, authentication after the
 * handshake, both from 3.6.3 on).
 */
#define GNUTLS_VERSION_MAJOR  3
#define GNUTLS_VERSION_NUMBER 0x030600

/* Ours: what one connection has. */
typedef struct tls_session *gnutls_session_t;

/* What GnuTLS keeps behind these, a struct tls_server holds for all connections. */
typedef struct gnutls_empty *gnutls_certificate_credentials_t;
typedef struct gnutls_empty *gnutls_priority_t;
typedef struct gnutls_empty *gnutls_dh_params_t;
typedef struct gnutls_empty *gnutls_psk_server_credentials_t;
typedef struct gnutls_empty *gnutls_privkey_t;
typedef struct gnutls_empty *gnutls_pcert_st;
typedef void *gnutls_transport_ptr_t;

typedef struct {
	unsigned char *data;
	unsigned int size;
} gnutls_datum_t;

typedef enum {
	GNUTLS_CIPHER_UNKNOWN
} gnutls_cipher_algorithm_t;
typedef enum {
	GNUTLS_VERSION_UNKNOWN
} gnutls_protocol_t;
typedef enum {
	GNUTLS_PK_UNKNOWN
} gnutls_pk_algorithm_t;
typedef enum {
	GNUTLS_X509_FMT_PEM
} gnutls_x509_crt_fmt_t;
typedef enum {
	GNUTLS_CERT_REQUEST
} gnutls_certificate_request_t;
typedef enum {
	GNUTLS_SHUT_RDWR,
	GNUTLS_SHUT_WR
} gnutls_close_request_t;
typedef enum {
	GNUTLS_CRD_CERTIFICATE = 1,
	GNUTLS_CRD_ANON,
	GNUTLS_CRD_SRP,
	GNUTLS_CRD_PSK,
	GNUTLS_CRD_IA
} gnutls_credentials_type_t;
typedef enum {
	GNUTLS_SERVER = 1,
	GNUTLS_NONBLOCK = 4,
	GNUTLS_NO_SIGNAL = 64
} gnutls_init_flags_t;

enum {
	GNUTLS_E_SUCCESS = 0,
	GNUTLS_E_AGAIN = -1,
	GNUTLS_E_INTERRUPTED = -2,
	GNUTLS_E_INTERNAL_ERROR = -3,
	GNUTLS_E_MEMORY_ERROR = -4,
	GNUTLS_E_PULL_ERROR = -5,
	GNUTLS_E_PUSH_ERROR = -6,
	GNUTLS_E_PREMATURE_TERMINATION = -7,
	GNUTLS_E_INVALID_SESSION = -8,
	GNUTLS_E_DECRYPTION_FAILED = -9,
	GNUTLS_E_UNEXPECTED_PACKET = -10,
	GNUTLS_E_UNIMPLEMENTED_FEATURE = -11,
	/* libmicrohttpd distinguishes these; this shim does not return them. */
	GNUTLS_E_DECOMPRESSION_FAILED = -32,
	GNUTLS_E_COMPRESSION_FAILED = -33,
	GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER = -34,
	GNUTLS_E_UNSUPPORTED_VERSION_PACKET = -35,
	GNUTLS_E_UNEXPECTED_PACKET_LENGTH = -36,
	GNUTLS_E_UNEXPECTED_HANDSHAKE_PACKET = -37,
	GNUTLS_E_EXPIRED = -38,
	GNUTLS_E_REHANDSHAKE = -39,
	GNUTLS_E_ENCRYPTION_FAILED = -40,
	GNUTLS_E_HASH_FAILED = -41,
	GNUTLS_E_CRYPTODEV_IOCTL_ERROR = -42,
	GNUTLS_E_CRYPTODEV_DEVICE_ERROR = -43
};

typedef int gnutls_certificate_retrieve_function2(gnutls_session_t, const gnutls_datum_t *, int,
	const gnutls_pk_algorithm_t *, int, gnutls_pcert_st **, unsigned int *, gnutls_privkey_t *);
typedef int gnutls_psk_server_credentials_function(
	gnutls_session_t, const char *, gnutls_datum_t *);

/* ---- process and daemon: nothing to do, since a struct tls_server has it all */
const char *gnutls_check_version(const char *want);
int gnutls_global_init(void);
void gnutls_global_deinit(void);
int gnutls_priority_init(gnutls_priority_t *priority, const char *text, const char **where);
void gnutls_priority_deinit(gnutls_priority_t priority);
int gnutls_certificate_allocate_credentials(gnutls_certificate_credentials_t *credentials);
void gnutls_certificate_free_credentials(gnutls_certificate_credentials_t credentials);
int gnutls_certificate_set_x509_key_mem(gnutls_certificate_credentials_t credentials,
	const gnutls_datum_t *cert, const gnutls_datum_t *key, gnutls_x509_crt_fmt_t format);

/* ---- asked for by code that this service never takes: each refuses */
int gnutls_certificate_set_x509_key_mem2(gnutls_certificate_credentials_t credentials,
	const gnutls_datum_t *cert, const gnutls_datum_t *key, gnutls_x509_crt_fmt_t format,
	const char *password, unsigned int flags);
int gnutls_certificate_set_x509_trust_mem(gnutls_certificate_credentials_t credentials,
	const gnutls_datum_t *ca, gnutls_x509_crt_fmt_t format);
void gnutls_certificate_set_retrieve_function2(gnutls_certificate_credentials_t credentials,
	gnutls_certificate_retrieve_function2 *function);
void gnutls_certificate_set_dh_params(
	gnutls_certificate_credentials_t credentials, gnutls_dh_params_t params);
void gnutls_certificate_server_set_request(
	gnutls_session_t session, gnutls_certificate_request_t request);
void gnutls_dh_params_deinit(gnutls_dh_params_t params);
int gnutls_psk_allocate_server_credentials(gnutls_psk_server_credentials_t *credentials);
void gnutls_psk_free_server_credentials(gnutls_psk_server_credentials_t credentials);
void gnutls_psk_set_server_credentials_function(gnutls_psk_server_credentials_t credentials,
	gnutls_psk_server_credentials_function *function);
gnutls_cipher_algorithm_t gnutls_cipher_get(gnutls_session_t session);
gnutls_protocol_t gnutls_protocol_get_version(gnutls_session_t session);
void *gnutls_malloc(size_t size);

/* ---- a session: all non-blocking, one thread at a time */

/* Returns: GNUTLS_E_SUCCESS with *session owned by the caller, or a negative error. */
int gnutls_init(gnutls_session_t *session, unsigned int flags);
/* Says close_notify where the session has not, and frees it. NULL is fine. */
void gnutls_deinit(gnutls_session_t session);
int gnutls_priority_set(gnutls_session_t session, gnutls_priority_t priority);
int gnutls_credentials_set(
	gnutls_session_t session, gnutls_credentials_type_t type, void *credentials);
int gnutls_alpn_set_protocols(gnutls_session_t session, const gnutls_datum_t *protocols,
	unsigned int count, unsigned int flags);
void gnutls_session_set_ptr(gnutls_session_t session, void *pointer); /* borrowed */
void *gnutls_session_get_ptr(gnutls_session_t session);
void gnutls_transport_set_int(gnutls_session_t session, int fd); /* borrowed */

/* Returns: GNUTLS_E_SUCCESS when it is done, GNUTLS_E_AGAIN, or a fatal error. */
int gnutls_handshake(gnutls_session_t session);
/* Returns: what the last GNUTLS_E_AGAIN waits for: 0 to receive, 1 to send. */
int gnutls_record_get_direction(gnutls_session_t session);
/* Returns: bytes received; 0 at the peer's end; GNUTLS_E_AGAIN; another error. */
ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t size);
/* Returns: bytes taken; GNUTLS_E_AGAIN: call again with the same; another error. */
ssize_t gnutls_record_send(gnutls_session_t session, const void *data, size_t size);
/* Returns: bytes that can be had without the socket's becoming readable. */
size_t gnutls_record_check_pending(gnutls_session_t session);
/* Sends close_notify (RFC 8446, section 6.1); never waits for the peer's. */
int gnutls_bye(gnutls_session_t session, gnutls_close_request_t how);

#endif
