/*
 * tls.h - TLS for the other folders.
 *
 * tls/: the only folder that includes <mbedtls/...>, <psa/...> and <gnutls/...>.
 *
 * The full build implements this interface with mbedTLS. The minimal build has tls_none.c instead,
 * where each function fails.
 */
#ifndef HELLO_TLS_TLS_H
#define HELLO_TLS_TLS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* In the minimal build false, and so what only TLS needs is not linked. */
#ifdef HELLO_MINIMAL
#define TLS_BUILT_IN false
#else
#define TLS_BUILT_IN true
#endif

/* Returns: mbedTLS's version, static; NULL in a build without TLS. */
const char *tls_library_version(void);

/* ---- server: a certificate, its key, and the certificate authorities of clients */

struct tls_server;

/* Where certificate and key come from. The strings are borrowed until tls_server_free(). */
struct tls_files {
	const char *cert; /* PEM: the certificate, then its intermediates; "" with self_signed */
	const char *key;  /* PEM, not encrypted */
	const char *
		client_ca; /* PEM bundle of authorities for client certificates; "": request none */
	bool self_signed;  /* generate a P-256 certificate in memory instead */
};

/* Bytes of a notice, with its NUL. */
#define TLS_NOTICE_SIZE 160

/*
 * Loads certificate and key.
 * notice: set to a line to log (expired, not yet valid, a fingerprint to pin), or to ""
 * Returns: the server, owned by the caller; NULL with *err filled.
 */
struct tls_server *tls_server_create(
	const struct tls_files *files, char notice[TLS_NOTICE_SIZE], struct error *err);

/*
 * Loads certificate and key again, for new connections. Open connections keep theirs.
 * Returns: 0; -1 with *err filled, and the old certificate and key stay in use.
 * Threads: one caller at a time; sessions may run in other threads.
 */
int tls_server_reload(struct tls_server *server, char notice[TLS_NOTICE_SIZE], struct error *err);

/* Frees the server. Sessions keep references to what they need. NULL is allowed. */
void tls_server_free(struct tls_server *server);

/* ---- connection: libmicrohttpd's TLS session (MHD_CONNECTION_INFO_GNUTLS_SESSION) */

/* What the owner of a connection is told; each may be NULL. Threads: the connection's. */
struct tls_session_events {
	/* The handshake is complete. more: bytes that follow it have been received already. */
	void (*established)(void *arg, bool more);
	/*
	 * An alert was sent and the socket half closed. The session waits for the peer's end, and
	 * seems to wait for data meanwhile: the owner shuts the socket down after a while.
	 */
	void (*failed)(void *arg);
	void *arg;
};

/*
 * Prepares a new session for its handshake, with the current certificate.
 * events: copied
 * Returns: 0, or -1 when memory is short; the handshake then fails.
 * Threads: the one that owns the connection.
 */
int tls_session_start(
	void *session, struct tls_server *server, const struct tls_session_events *events);

/* What a client and this server negotiated. NULL where it does not apply. */
struct tls_description {
	const char *version;	 /* such as "TLSv1.3"; static */
	const char *cipher;	 /* IANA's name of the cipher suite; static */
	const char *server_name; /* SNI (RFC 6066, section 3), borrowed from the session */
	const char *alpn;	 /* RFC 7301; static */
	char subject[256]; /* of the verified client certificate, similar to RFC 4514; or "" */
};

/* Fills *description, which borrows from the session. */
void tls_session_describe(const void *session, struct tls_description *description);

/* ---- client */

struct tls_client;

/*
 * Performs a handshake on a connected, blocking socket. Verifies the server's certificate: a chain
 * to one of the authorities in ca, and the name (RFC 9110, section 4.3.4).
 * fd:   borrowed
 * host: a name or an address; borrowed until tls_client_close()
 * ca:   PEM file; NULL accepts any certificate: for a health check over the loopback
 * err:  borrows host and ca
 * Returns: the client, owned by the caller; NULL with *err filled.
 */
struct tls_client *tls_client_open(int fd, const char *host, const char *ca, struct error *err);

/* Sends all len bytes. Returns: 0, or -1 with *err filled. */
int tls_client_write(struct tls_client *client, const char *bytes, size_t len, struct error *err);

/*
 * Receives up to len bytes.
 * Returns: bytes received; 0 after the peer's close_notify; -1 with *err filled, also if the
 * connection ends without close_notify: the data may be truncated (RFC 8446, section 6.1).
 */
ssize_t tls_client_read(struct tls_client *client, char *to, size_t len, struct error *err);

/* Sends close_notify and frees the client. NULL is allowed. */
void tls_client_close(struct tls_client *client);

#endif
