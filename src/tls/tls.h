/*
 * tls.h - TLS for the rest of hello. Two builds have it: the full one, on mbedTLS, and the
 * minimal one, tls_none.c, where all of it refuses. Only src/tls/ includes <mbedtls/...>.
 */
#ifndef HELLO_TLS_TLS_H
#define HELLO_TLS_TLS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Returns: whether this build has TLS. */
bool tls_available(void);

/* Returns: mbedTLS's version, static; NULL in a build without TLS. */
const char *tls_library_version(void);

/* ---- the server's side: a certificate, its key, and what is asked of clients */

struct tls_server;

/* Where certificate and key come from. All borrowed for as long as the server lives. */
struct tls_files {
	const char *cert; /* PEM: the certificate, then its intermediates; "" with self_signed */
	const char *key;  /* PEM, not encrypted */
	const char *client_ca; /* PEM bundle that signs clients' certificates; "": ask for none */
	bool self_signed;      /* make a P-256 certificate in memory instead */
};

/* Bytes of a notice. */
#define TLS_NOTICE_SIZE 160

/*
 * Loads certificate and key.
 * notice: gets a line worth logging (expired, not yet valid, a fingerprint to pin), or ""
 * Returns: the server, owned by the caller; NULL with *err filled.
 */
struct tls_server *tls_server_create(
	const struct tls_files *files, char notice[TLS_NOTICE_SIZE], struct error *err);

/*
 * Loads them again, for the connections to come; those that are open keep what they have.
 * Returns: 0; -1 with *err filled, and all stays as it was.
 * Threads: one at a time, beside any number of sessions.
 */
int tls_server_reload(struct tls_server *server, char notice[TLS_NOTICE_SIZE], struct error *err);

/* Frees it. Sessions that live on keep what they need. NULL is fine. */
void tls_server_free(struct tls_server *server);

/* ---- a connection: libmicrohttpd's TLS session, as it hands it out */

/*
 * Gives a new session what it needs for its handshake: the certificate of this moment.
 * secured: called with arg once the handshake is done; NULL for none. more tells whether
 *          bytes of what follows it have come already
 * Returns: 0, or -1 when memory is short; the session then refuses its handshake.
 */
int tls_session_start(
	void *session, struct tls_server *server, void (*secured)(void *arg, bool more), void *arg);

/* What a client and this server agreed on. NULL where there is nothing to say. */
struct tls_description {
	const char *version;	 /* such as "TLSv1.3"; static */
	const char *cipher;	 /* IANA's name of the cipher suite; static */
	const char *server_name; /* SNI (RFC 6066, section 3), borrowed from the session */
	const char *alpn;	 /* RFC 7301; static */
	char subject[256];	 /* of the verified client certificate, RFC 4514 in manner; or "" */
};

void tls_session_describe(const void *session, struct tls_description *description);

/* ---- a client's side */

struct tls_client;

/*
 * Does a handshake on a connected socket that waits (no O_NONBLOCK), and verifies who is there:
 * a chain to one of ca's authorities, and the name (RFC 9110, section 4.3.4).
 * fd:   borrowed
 * host: a name or an address
 * ca:   PEM file; NULL takes any certificate, which is for asking oneself
 * err:  borrows host and ca
 * Returns: the client, owned by the caller; NULL with *err filled.
 */
struct tls_client *tls_client_open(int fd, const char *host, const char *ca, struct error *err);

/* Sends all of it. Returns: 0, or -1 with *err filled. */
int tls_client_write(struct tls_client *client, const char *bytes, size_t len, struct error *err);

/*
 * Returns: bytes that came, at most len; 0 when the peer has said goodbye (close_notify);
 * -1 with *err filled, also where the connection ends without that: it may have been cut.
 */
ssize_t tls_client_read(struct tls_client *client, char *to, size_t len, struct error *err);

/* Says goodbye and frees it. NULL is fine. */
void tls_client_close(struct tls_client *client);

#endif
