#include "client.h"

#include "text.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define URL_WANT "want http://HOST[:PORT][/PATH]"

int client_parse_url(const char *text, struct client_url *url, struct error *err)
{
	static const char scheme[] = "http://";
	char authority[ADDRESS_HOST_SIZE + 16];
	const char *start = text + strlen(scheme);
	size_t len;

	if (strncmp(text, scheme, strlen(scheme)) != 0)
		return error_set(err, 0, "URL", text, "not an http URL", URL_WANT);
	len = strcspn(start, "/?#");
	if (len == 0 || len > ADDRESS_HOST_SIZE || memchr(start, '@', len) != NULL)
		return error_set(err, 0, "URL", text, "not a host", URL_WANT);
	for (const char *c = start; *c != '\0'; c++) {
		/* A space or a line break would end the request line early. */
		if (*c <= ' ' || *c == 0x7F)
			return error_set(err, 0, "URL", text, "has a space or a control character",
				URL_WANT);
	}
	memcpy(authority, start, len);
	authority[len] = '\0';
	if (address_split(authority, url->host, &url->port) != 0) {
		memcpy(authority + len, ":80", sizeof(":80"));
		if (address_split(authority, url->host, &url->port) != 0)
			return error_set(err, 0, "URL", text, "not a host and port", URL_WANT);
	}
	if (url->port == 0 || url->host[0] == '\0')
		return error_set(err, 0, "URL", text, "not a host and port", URL_WANT);
	url->path = start + len;
	return 0;
}

int client_parse_status(const char *octets, size_t len)
{
	static const char start[] = "HTTP/1.";
	int status = 0;

	for (size_t i = 0; i < len && i < strlen(start); i++) {
		if (octets[i] != start[i])
			return -1;
	}
	if (len < sizeof("HTTP/1.1 200") - 1)
		return 0;
	if (octets[7] < '0' || octets[7] > '9' || octets[8] != ' ')
		return -1;
	for (size_t i = 9; i < 12; i++) {
		if (octets[i] < '0' || octets[i] > '9')
			return -1;
		status = status * 10 + (octets[i] - '0');
	}
	return status >= 100 && status <= 599 ? status : -1;
}

/* Returns: a connected socket; -1 with *err filled. */
static int dial(const char *host, unsigned port, struct error *err)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char storage[8] = "";
	struct text service = TEXT_OVER(storage);
	int fd = -1;
	int failure;

	service.size--;
	text_add_unsigned(&service, port, 1);
	/* No host: the loopback, in both families (getaddrinfo(3)). */
	failure = getaddrinfo(host[0] != '\0' ? host : NULL, storage, &hints, &found);
	if (failure != 0)
		return error_set(err, 0, "connect", host, gai_strerror(failure), NULL);
	failure = 0;
	for (struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0)
			break;
		failure = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	if (fd < 0)
		error_set(
			err, failure, "connect", host[0] != '\0' ? host : "localhost", NULL, NULL);
	return fd;
}

static int send_request(int fd, const struct client_url *url, struct error *err)
{
	char storage[ADDRESS_HOST_SIZE + 4096];
	struct text request = TEXT_OVER(storage);
	size_t path_len = strcspn(url->path, "#");
	const char *host = url->host[0] != '\0' ? url->host : "localhost";
	const char *bracket = strchr(host, ':') != NULL ? "[" : "";
	size_t done = 0;

	text_add_string(&request, url->path[0] == '/' ? "GET " : "GET /");
	text_add(&request, url->path, path_len);
	text_add_string(&request, " HTTP/1.1\r\nHost: ");
	text_add_string(&request, bracket);
	text_add_string(&request, host);
	text_add_string(&request, *bracket != '\0' ? "]:" : ":");
	text_add_unsigned(&request, url->port, 1);
	text_add_string(&request, "\r\nUser-Agent: hello-healthcheck\r\nConnection: close\r\n\r\n");
	if (request.cut)
		return error_set(err, 0, "URL", NULL, "too long", "want at most 4000 octets");
	while (done < request.len) {
		ssize_t sent = send(fd, request.data + done, request.len - done, MSG_NOSIGNAL);

		if (sent < 0)
			return error_set(err, errno, "send", host, NULL, NULL);
		done += (size_t)sent;
	}
	return 0;
}

static int read_status(int fd, unsigned *status, struct error *err)
{
	char octets[64];
	size_t len = 0;
	int parsed = 0;

	while (parsed == 0 && len < sizeof(octets)) {
		ssize_t got = recv(fd, octets + len, sizeof(octets) - len, 0);

		if (got < 0)
			return error_set(err, errno, "answer", NULL, "can't be read", NULL);
		if (got == 0)
			return error_set(
				err, 0, "answer", NULL, "broken off before its status", NULL);
		len += (size_t)got;
		parsed = client_parse_status(octets, len);
	}
	if (parsed <= 0)
		return error_set(err, 0, "answer", NULL, "not HTTP", NULL);
	*status = (unsigned)parsed;
	return 0;
}

int client_get_status(const struct client_url *url, unsigned *status, struct error *err)
{
	int result = -1;
	int fd = dial(url->host, url->port, err);

	if (fd < 0)
		return -1;
	if (send_request(fd, url, err) == 0 && read_status(fd, status, err) == 0)
		result = 0;
	close(fd);
	return result;
}
