/*
 * gnutls_shim.c - the functions of GnuTLS that libmicrohttpd calls (gnutls/gnutls.h), implemented
 * with mbedTLS. All functions of a session are called by the one thread that owns its connection.
 */
#include "tls/alerts.h"
#include "tls/buffers.h"
#include "tls/session.h"
#include "tls/transport.h"

#include <gnutls/gnutls.h>
#include <mbedtls/net_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes that a failed session discards at most. */
#define DRAIN_MAX ((size_t)256 * 1024)

/* ---- results */

/* Returns: the error of GnuTLS for a fatal one of mbedTLS. */
static int convert_error(int error)
{
	switch (error) {
	case MBEDTLS_ERR_NET_SEND_FAILED:
		return GNUTLS_E_PUSH_ERROR;
	case MBEDTLS_ERR_NET_RECV_FAILED:
		return GNUTLS_E_PULL_ERROR;
	case MBEDTLS_ERR_NET_CONN_RESET:
	case MBEDTLS_ERR_SSL_CONN_EOF:
		return GNUTLS_E_PREMATURE_TERMINATION;
	case MBEDTLS_ERR_SSL_ALLOC_FAILED:
		return GNUTLS_E_MEMORY_ERROR;
	case MBEDTLS_ERR_SSL_INVALID_MAC:
	case MBEDTLS_ERR_SSL_INVALID_RECORD:
		return GNUTLS_E_DECRYPTION_FAILED;
	case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE:
		return GNUTLS_E_UNEXPECTED_PACKET;
	default:
		return GNUTLS_E_INVALID_SESSION;
	}
}

/* ---- the end of a failed session */

/*
 * Discards what the peer still sends: bytes that are unread at close(2) would make the kernel send a
 * reset, which may overtake the alert (RFC 9112, section 9.6). It ends with the peer's end, after
 * DRAIN_MAX bytes, or when the caller of tls_session_start() shuts the socket down.
 */
static int drain(struct tls_session *session)
{
	int got;

	while ((got = transport_discard(session)) > 0) {
		session->drained += (size_t)got;
		if (session->drained > DRAIN_MAX)
			return session->failure;
	}
	session->waits_to_send = false;
	return got == MBEDTLS_ERR_SSL_WANT_READ ? GNUTLS_E_AGAIN : session->failure;
}

/*
 * Responds to a client that sends plain HTTP to this port: its first byte is a letter, which begins
 * no TLS record (RFC 8446, section 5.1). Later letters are part of a handshake.
 * Returns: whether the client does.
 */
static bool respond_plain_http(const struct tls_session *session)
{
	static const char response[] = "HTTP/1.1 400 Bad Request\r\n"
				       "Content-Type: text/plain; charset=utf-8\r\n"
				       "Content-Length: 42\r\n"
				       "Connection: close\r\n"
				       "\r\n"
				       "400 Bad Request: this port speaks HTTPS.\r\n";

	if (session->first_byte < 'A' || session->first_byte > 'Z')
		return false;
	send(session->fd, response, sizeof(response) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	return true;
}

/* Sends the alert for an error unless mbedTLS has. Returns: whether the peer should get one. */
static bool send_alert(struct tls_session *session, int error)
{
	int alert = alert_of(&session->ssl, error);

	if (alert >= 0 && !session->sent_alert)
		mbedtls_ssl_send_alert_message(
			&session->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, (unsigned char)alert);
	return alert >= 0 && transport_send_flight(session) == 0;
}

/* Ends a session because of mbedTLS's error. Returns: what its functions return from now on. */
static int fail(struct tls_session *session, int error)
{
	session->failed = true;
	session->failure = convert_error(error);
	session->ahead_len = 0;
	if (!respond_plain_http(session) && !send_alert(session, error))
		return session->failure;
	session->drains = true;
	shutdown(session->fd, SHUT_WR);
	if (session->events.failed != NULL)
		session->events.failed(session->events.arg);
	return drain(session);
}

static int convert_or_fail(struct tls_session *session, int error)
{
	if (error == MBEDTLS_ERR_SSL_WANT_READ || error == MBEDTLS_ERR_SSL_WANT_WRITE) {
		session->waits_to_send = error == MBEDTLS_ERR_SSL_WANT_WRITE;
		return GNUTLS_E_AGAIN;
	}
	return fail(session, error);
}

/* ---- a session */

int gnutls_init(gnutls_session_t *session, unsigned int flags)
{
	(void)flags;
	*session = calloc(1, sizeof(**session));
	if (*session == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	mbedtls_ssl_init(&(*session)->ssl);
	(*session)->fd = (*session)->first_byte = -1;
	return GNUTLS_E_SUCCESS;
}

int session_set_server_name(
	void *unused, mbedtls_ssl_context *ssl, const unsigned char *name, size_t len)
{
	struct tls_session *session = mbedtls_ssl_get_user_data_p(ssl);

	(void)unused;
	free(session->server_name);
	session->server_name = strndup((const char *)name, len);
	return 0; /* any name is accepted */
}

int tls_session_start(
	void *opaque, struct tls_server *server, const struct tls_session_events *events)
{
	struct tls_session *session = opaque;
	struct tls_credentials *credentials = credentials_acquire_current(server);

	if (mbedtls_ssl_setup(&session->ssl, &credentials->config) != 0) {
		credentials_release(credentials);
		return -1;
	}
	session->credentials = credentials;
	session->events = *events;
	mbedtls_ssl_set_user_data_p(&session->ssl, session);
	mbedtls_ssl_set_bio(&session->ssl, session, transport_send, transport_receive, NULL);
	return 0;
}

/* Returns: whether received bytes are waiting, read ahead or in the socket. */
static bool has_more(const struct tls_session *session)
{
	unsigned char byte;

	return session->ahead_len > 0 || recv(session->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

int gnutls_handshake(gnutls_session_t session)
{
	int result;

	if (session->drains)
		return drain(session);
	if (session->credentials == NULL || session->failed)
		return GNUTLS_E_INTERNAL_ERROR;
	if (!session->handshake_over) {
		session->sent_alert = false;
		result = mbedtls_ssl_handshake(&session->ssl);
		if (result == MBEDTLS_ERR_SSL_WANT_READ) {
			int sent = transport_send_flight(session);

			if (sent != 0)
				result = sent;
		}
		if (result != 0)
			return convert_or_fail(session, result);
		session->handshake_over = true;
	}
	result = transport_send_flight(session);
	if (result != 0)
		return convert_or_fail(session, result);
	session->is_established = true;
	if (session->events.established != NULL)
		session->events.established(session->events.arg, has_more(session));
	return GNUTLS_E_SUCCESS;
}

int gnutls_record_get_direction(gnutls_session_t session)
{
	return session->waits_to_send;
}

/*
 * Gives an idle session its buffers again.
 * Returns: 0; an error of GnuTLS where there is no memory. Without buffers there is no alert, either.
 */
static int wake(struct tls_session *session)
{
	if (buffers_attach(session) == 0)
		return 0;
	session->failed = true;
	session->failure = GNUTLS_E_MEMORY_ERROR;
	return session->failure;
}

static ssize_t receive(struct tls_session *session, void *data, size_t size)
{
	int result;

	session->sent_alert = false;
	/* An empty record is no end; mbedTLS bounds their number. */
	do {
		result = mbedtls_ssl_read(&session->ssl, data, size);
	} while (result == 0 && !session->peer_closed && size > 0);
	if (result >= 0)
		return result;
	/*
	 * An end without close_notify is 0, above: a request has its length in itself, so a
	 * truncated one is detected anyway.
	 */
	if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	return convert_or_fail(session, result);
}

ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t size)
{
	ssize_t result;

	if (session->drains)
		return drain(session);
	if (!session->is_established || session->failed)
		return GNUTLS_E_INVALID_SESSION;
	if (wake(session) != 0)
		return session->failure;
	result = receive(session, data, size);
	buffers_detach(session);
	return result;
}

ssize_t gnutls_record_send(gnutls_session_t session, const void *data, size_t size)
{
	int result;

	if (!session->is_established || session->failed)
		return GNUTLS_E_INVALID_SESSION;
	if (wake(session) != 0)
		return session->failure;
	/* mbedTLS needs the same length again: the record is encrypted already. */
	if (session->retry_len != 0 && size > session->retry_len)
		size = session->retry_len;
	result = mbedtls_ssl_write(&session->ssl, data, size);
	session->retry_len = result == MBEDTLS_ERR_SSL_WANT_WRITE ? size : 0;
	if (result < 0)
		return convert_or_fail(session, result);
	buffers_detach(session);
	return result;
}

size_t gnutls_record_check_pending(gnutls_session_t session)
{
	return mbedtls_ssl_get_bytes_avail(&session->ssl) + session->ahead_len;
}

int gnutls_bye(gnutls_session_t session, gnutls_close_request_t how)
{
	int result;

	(void)how;
	if (!session->is_established || session->failed)
		return GNUTLS_E_INVALID_SESSION;
	if (session->sent_close_notify)
		return GNUTLS_E_SUCCESS;
	if (wake(session) != 0)
		return session->failure;
	result = mbedtls_ssl_close_notify(&session->ssl);
	if (result == MBEDTLS_ERR_SSL_WANT_WRITE) {
		session->waits_to_send = true;
		return GNUTLS_E_AGAIN;
	}
	/* No event here: gnutls_deinit() comes when the owner may be gone. */
	if (result != 0) {
		session->failed = true;
		session->failure = convert_error(result);
		return session->failure;
	}
	session->sent_close_notify = true;
	return GNUTLS_E_SUCCESS;
}

void gnutls_deinit(gnutls_session_t session)
{
	if (session == NULL)
		return;
	/* In TURBO mode libmicrohttpd does not call gnutls_bye(). A blocked send is not retried. */
	if (session->is_established && !session->failed && session->retry_len == 0)
		gnutls_bye(session, GNUTLS_SHUT_WR);
	buffers_detach(session);
	mbedtls_ssl_free(&session->ssl);
	credentials_release(session->credentials);
	free(session->flight);
	free(session->server_name);
	free(session);
}

void gnutls_session_set_ptr(gnutls_session_t session, void *pointer)
{
	session->pointer = pointer;
}

void *gnutls_session_get_ptr(gnutls_session_t session)
{
	return session->pointer;
}

void gnutls_transport_set_int(gnutls_session_t session, int fd)
{
	session->fd = fd;
}

/* ---- settings that struct tls_credentials holds for all sessions: nothing to do */

int gnutls_global_init(void)
{
	return GNUTLS_E_SUCCESS;
}

void gnutls_global_deinit(void)
{
}

int gnutls_priority_init(gnutls_priority_t *priority, const char *text, const char **where)
{
	(void)text;
	(void)where;
	*priority = NULL;
	return GNUTLS_E_SUCCESS;
}

void gnutls_priority_deinit(gnutls_priority_t priority)
{
	(void)priority;
}

int gnutls_priority_set(gnutls_session_t session, gnutls_priority_t priority)
{
	(void)session;
	(void)priority;
	return GNUTLS_E_SUCCESS;
}

int gnutls_certificate_allocate_credentials(gnutls_certificate_credentials_t *credentials)
{
	*credentials = NULL;
	return GNUTLS_E_SUCCESS;
}

void gnutls_certificate_free_credentials(gnutls_certificate_credentials_t credentials)
{
	(void)credentials;
}

int gnutls_certificate_set_x509_key_mem(gnutls_certificate_credentials_t credentials,
	const gnutls_datum_t *cert, const gnutls_datum_t *key, gnutls_x509_crt_fmt_t format)
{
	(void)credentials;
	(void)cert;
	(void)key;
	(void)format;
	return GNUTLS_E_SUCCESS;
}

int gnutls_credentials_set(
	gnutls_session_t session, gnutls_credentials_type_t type, void *credentials)
{
	(void)session;
	(void)type;
	(void)credentials;
	return GNUTLS_E_SUCCESS;
}

int gnutls_alpn_set_protocols(gnutls_session_t session, const gnutls_datum_t *protocols,
	unsigned int count, unsigned int flags)
{
	(void)session;
	(void)protocols;
	(void)count;
	(void)flags;
	return GNUTLS_E_SUCCESS;
}
