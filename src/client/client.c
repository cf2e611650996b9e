#include "client/client.h"

#include "base/resolve.h"
#include "base/strbuf.h"
#include "tls/tls.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char *host_name(const struct url *url)
{
	return url->host[0] != '\0' ? url->host : "localhost";
}

/* Sets the time limit of each wait: EAGAIN after it, in connect(2) EINPROGRESS (socket(7)). */
static int set_timeout(int fd, int64_t timeout_ms)
{
	const struct timeval limit = {.tv_sec = (time_t)(timeout_ms / 1000),
		.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0)
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* Returns: errnum, with the errors of set_timeout() as the one that says so. */
static int timeout_errno(int errnum)
{
	return errnum == EAGAIN || errnum == EINPROGRESS ? ETIMEDOUT : errnum;
}

/* Returns: a connected socket; -1 with *err filled. */
static int connect_socket(const struct url *url, int64_t timeout_ms, struct error *err)
{
	struct resolve_result found;
	const char *unknown = resolve_host(url->host, url->port, &found);
	int fd = -1;
	int failure = 0;

	if (unknown != NULL)
		return error_set(err, 0, "connect", url->host, unknown, NULL);
	for (size_t i = 0; i < found.count && fd < 0; i++) {
		const struct resolve_address *to = &found.addresses[i];

		fd = socket(to->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && set_timeout(fd, timeout_ms) == 0 &&
			connect(fd, &to->address.any, to->len) == 0)
			break;
		failure = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	if (fd < 0)
		error_set(err, timeout_errno(failure), "connect", host_name(url), NULL, NULL);
	return fd;
}

static int send_request(
	const struct client *client, const struct url *url, const char *agent, struct error *err)
{
	char storage[ADDRESS_HOST_SIZE + 4096];
	struct strbuf request = STRBUF_OVER(storage);
	size_t done = 0;

	strbuf_add_string(&request, "GET ");
	url_write_target(url, &request);
	strbuf_add_string(&request, " HTTP/1.1\r\nHost: ");
	url_write_host(url, &request);
	strbuf_add_string(&request, "\r\nUser-Agent: ");
	strbuf_add_string(&request, agent);
	strbuf_add_string(&request, "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
	if (request.truncated)
		return error_set(err, 0, "URL", NULL, "too long", "want at most 4000 bytes");
	if (client->tls != NULL)
		return tls_client_write(client->tls, request.data, request.len, err);
	/* Not file_write_all(): write(2) to a closed connection raises SIGPIPE. */
	while (done < request.len) {
		ssize_t sent =
			send(client->fd, request.data + done, request.len - done, MSG_NOSIGNAL);

		if (sent < 0)
			return error_set(
				err, timeout_errno(errno), "send", host_name(url), NULL, NULL);
		done += (size_t)sent;
	}
	return 0;
}

/* Appends to client->bytes. Returns: bytes received; 0 at the end of the connection; -1 with *err filled. */
static ssize_t receive(struct client *client, struct error *err)
{
	char *to = client->bytes + client->len;
	size_t room = sizeof(client->bytes) - client->len;
	ssize_t got;

	if (client->tls != NULL) {
		got = tls_client_read(client->tls, to, room, err);
	} else {
		got = recv(client->fd, to, room, 0);
		if (got < 0)
			error_set(err, timeout_errno(errno), "response", NULL, "can't read", NULL);
	}
	if (got > 0)
		client->len += (size_t)got;
	return got;
}

/* Receives one header, and maybe a part of the body. Returns: 0, or -1 with *err filled. */
static int read_header(struct client *client, struct error *err)
{
	for (;;) {
		ptrdiff_t header_len =
			response_read_header(client->bytes, client->len, &client->response, err);
		ssize_t got;

		if (header_len != 0) {
			client->header_len = header_len > 0 ? (size_t)header_len : 0;
			client->at = client->header_len;
			return header_len > 0 ? 0 : -1;
		}
		if (client->len >= CLIENT_HEADER_MAX)
			return error_set(
				err, 0, "response", NULL, "header too long", "want at most 32 KiB");
		got = receive(client, err);
		if (got < 0)
			return -1;
		if (got == 0)
			return error_set(err, 0, "response", NULL, "connection closed early", NULL);
	}
}

/* Sends the request and receives the response's header. Returns: 0, or -1 with *err filled. */
static int exchange(struct client *client, const struct url *url,
	const struct client_settings *settings, struct error *err)
{
	if (url->secure) {
		client->tls = tls_client_open(client->fd, host_name(url), settings->ca, err);
		if (client->tls == NULL)
			return -1;
	}
	if (send_request(client, url, settings->agent, err) != 0)
		return -1;
	while (read_header(client, err) == 0) {
		/* 101 would switch to another protocol, which the request did not offer. */
		if (client->response.status >= 200 || client->response.status == 101)
			return 0;
		client->len -= client->header_len;
		memmove(client->bytes, client->bytes + client->header_len, client->len);
	}
	return -1;
}

int client_open(struct client *client, const struct url *url,
	const struct client_settings *settings, struct error *err)
{
	client->tls = NULL;
	client->len = 0;
	client->fd = connect_socket(url, settings->idle_timeout_ms, err);
	if (client->fd < 0)
		return -1;
	if (exchange(client, url, settings, err) == 0)
		return 0;
	client_close(client);
	return -1;
}

ssize_t client_read_body(struct client *client, const char **body, struct error *err)
{
	for (;;) {
		size_t body_len;
		ssize_t got;
		ptrdiff_t taken = response_read_body(&client->response, client->bytes + client->at,
			client->len - client->at, body, &body_len, err);

		if (taken < 0)
			return -1;
		client->at += (size_t)taken;
		if (body_len > 0)
			return (ssize_t)body_len;
		if (client->response.done)
			return 0;
		if (client->at < client->len)
			continue;
		client->at = client->len = client->header_len;
		got = receive(client, err);
		if (got < 0)
			return -1;
		if (got == 0)
			return response_end(&client->response, err);
	}
}

void client_close(struct client *client)
{
	tls_client_close(client->tls);
	close(client->fd);
}
