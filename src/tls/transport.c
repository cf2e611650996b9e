/*
 * transport.c - the socket of a session. Sockets are non-blocking and libmicrohttpd's epoll is
 * edge-triggered: a session reads until recv(2) returns EAGAIN.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "tls/transport.h"

#include <errno.h>
#include <mbedtls/net_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A flight has about 2 KiB with a typical chain, and 10 KiB with the longest. */
#define FLIGHT_MAX ((size_t)64 * 1024)

int transport_send_flight(struct tls_session *session)
{
	while (session->flight_sent < session->flight_len) {
		ssize_t sent = send(session->fd, session->flight + session->flight_sent,
			session->flight_len - session->flight_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			session->flight_sent += (size_t)sent;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return MBEDTLS_ERR_SSL_WANT_WRITE;
		} else if (errno != EINTR) {
			return MBEDTLS_ERR_NET_SEND_FAILED;
		}
	}
	free(session->flight);
	session->flight = NULL;
	session->flight_len = session->flight_sent = session->flight_size = 0;
	return 0;
}

static int add_to_flight(struct tls_session *session, const unsigned char *bytes, size_t len)
{
	size_t need = session->flight_len + len;

	if (need > FLIGHT_MAX)
		return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	if (need > session->flight_size) {
		size_t size = need < 4096 ? 4096 : need * 2;
		unsigned char *grown = realloc(session->flight, size);

		if (grown == NULL)
			return MBEDTLS_ERR_SSL_ALLOC_FAILED;
		session->flight = grown;
		session->flight_size = size;
	}
	memcpy(session->flight + session->flight_len, bytes, len);
	session->flight_len = need;
	return (int)len;
}

/* used: gets how far the bytes reach into the buffer, if that is further than before */
static void note_used(
	size_t *used, const unsigned char *buffer, const unsigned char *bytes, size_t len)
{
	size_t end = (size_t)(bytes - buffer) + len;

	if (end > *used)
		*used = end;
}

int transport_send(void *context, const unsigned char *bytes, size_t len)
{
	struct tls_session *session = context;
	ssize_t sent;

	note_used(&session->out_used, session->ssl.out_buf, bytes, len);
	/* One in plain text, or one that TLS 1.3 has sealed: two bytes, the type and a tag. */
	session->sent_alert =
		bytes[0] == MBEDTLS_SSL_MSG_ALERT ||
		(bytes[0] == MBEDTLS_SSL_MSG_APPLICATION_DATA && len == 5 + 2 + 1 + 16);
	if (!session->handshake_over)
		return add_to_flight(session, bytes, len);
	do {
		sent = send(session->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return (int)sent;
	return errno == EAGAIN || errno == EWOULDBLOCK ? MBEDTLS_ERR_SSL_WANT_WRITE
						       : MBEDTLS_ERR_NET_SEND_FAILED;
}

/* Returns: bytes; 0 when the peer has closed; or mbedTLS's error. */
static int receive(int fd, unsigned char *buffer, size_t size)
{
	ssize_t got;

	do {
		got = recv(fd, buffer, size, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got >= 0)
		return (int)got;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return MBEDTLS_ERR_SSL_WANT_READ;
	return errno == ECONNRESET ? MBEDTLS_ERR_NET_CONN_RESET : MBEDTLS_ERR_NET_RECV_FAILED;
}

int transport_receive(void *context, unsigned char *buffer, size_t size)
{
	struct tls_session *session = context;

	note_used(&session->in_used, session->ssl.in_buf, buffer, size);
	if (session->ahead_len == 0) {
		int got;

		if (size >= sizeof(session->ahead)) {
			got = receive(session->fd, buffer, size);
			session->peer_closed |= got == 0;
			return got;
		}
		got = receive(session->fd, session->ahead, sizeof(session->ahead));
		session->peer_closed |= got == 0;
		if (got <= 0)
			return got;
		if (session->first_byte < 0)
			session->first_byte = session->ahead[0];
		session->ahead_at = 0;
		session->ahead_len = (size_t)got;
	}
	if (size > session->ahead_len)
		size = session->ahead_len;
	memcpy(buffer, session->ahead + session->ahead_at, size);
	session->ahead_at += size;
	session->ahead_len -= size;
	return (int)size;
}

int transport_discard(struct tls_session *session)
{
	session->ahead_len = 0;
	return receive(session->fd, session->ahead, sizeof(session->ahead));
}
