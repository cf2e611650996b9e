/* client.c - the client with any response, any URL and any command line. */
#include "client/client.h"

#include "captured.h"
#include "client/get.h"
#include "client/healthcheck.h"
#include "expect.h"
#include "http/url.h"
#include "input.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The client's sockets are one end of a pair here, and the other end has sent its response
 * already. Linked with --wrap=socket and --wrap=connect; getaddrinfo(3) has its own.
 */
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);

static int peer = -1;

int __wrap_socket(int domain, int type, int protocol)
{
	int pair[2];

	if (domain != AF_INET && domain != AF_INET6)
		return __real_socket(domain, type, protocol);
	EXPECT(peer < 0, "a second connection");
	EXPECT(socketpair(AF_UNIX, type, 0, pair) == 0, "no socket pair");
	peer = pair[1];
	return pair[0];
}

static const char *response;
static size_t response_len;

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	(void)fd;
	(void)address;
	(void)len;
	if (response_len > 0)
		EXPECT(send(peer, response, response_len, MSG_NOSIGNAL) == (ssize_t)response_len,
			"%zu bytes of response", response_len);
	shutdown(peer, SHUT_WR);
	return 0;
}

static const struct client_settings settings = {.agent = "fuzz"};

/* The body is a part of the response, in its order, and no longer. */
static void check_response(struct input *in)
{
	static struct client client;
	struct url url = {.host = "127.0.0.1", .port = 80, .path = "/"};
	struct error err = {0};
	char request[8192];
	ssize_t asked;
	size_t total = 0;
	ssize_t got;
	const char *body;
	char *bytes = input_rest(in, &response_len);

	response = bytes;
	if (client_open(&client, &url, &settings, &err) == 0) {
		unsigned status = client.response.status;

		EXPECT(status == 101 || (status >= 200 && status <= 599), "%u", status);
		EXPECT(client.header_len >= 14 && client.header_len <= response_len, "%zu",
			client.header_len);
		while ((got = client_read_body(&client, &body, &err)) > 0) {
			total += (size_t)got;
			EXPECT(total + client.header_len <= response_len, "%zu of body", total);
			EXPECT(memmem(response, response_len, body, (size_t)got) != NULL,
				"a body from nowhere");
		}
		EXPECT(got == 0 || err.what != NULL, "no reason");
		client_close(&client);
	} else {
		EXPECT(err.what != NULL, "no reason");
	}
	asked = recv(peer, request, sizeof(request), 0);
	EXPECT(asked > 0 && memcmp(request, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 33) == 0 &&
			memcmp(request + asked - 4, "\r\n\r\n", 4) == 0,
		"the request is %.*s", (int)asked, request);
	close(peer);
	peer = -1;
	free(bytes);
}

static void check_parsed(const char *text, const struct url *url)
{
	EXPECT(url->host[0] != '\0' && strlen(url->host) < sizeof(url->host), "host");
	EXPECT(url->port >= 1 && url->port <= 65535, "%u", url->port);
	EXPECT(url->path >= text && url->path <= text + strlen(text), "path");
	EXPECT(url->path[0] == '\0' || strchr("/?#", url->path[0]) != NULL, "path %s", url->path);
	for (const char *c = text; *c != '\0'; c++)
		EXPECT((unsigned char)*c > ' ' && (unsigned char)*c < 0x7F, "0x%02x in a URL", *c);
}

/* A URL, then a reference from there: where it leads is a URL or refused, and stays so. */
static void check_url(struct input *in)
{
	char *text = input_string(in);
	char storage[8192];
	struct strbuf resolved = STRBUF_OVER(storage);
	struct url url;
	struct error err = {0};
	size_t len;
	char *reference = input_rest(in, &len);

	memset(&url, 0xA5, sizeof(url));
	if (url_parse(text, &url, &err) == 0) {
		check_parsed(text, &url);
		resolved.size--;
		url_resolve(&url, reference, len, &resolved);
		storage[resolved.len] = '\0';
		if (!resolved.truncated && url_parse(storage, &url, &err) == 0) {
			check_parsed(storage, &url);
			EXPECT(strchr(storage, '#') == NULL, "a fragment in %s", storage);
		}
	} else {
		EXPECT(err.what != NULL, "no reason");
	}
	free(reference);
	free(text);
}

enum {
	VARIABLES = 3,
	WORDS = 8
};

static char *variables[VARIABLES];

static const char *lookup(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < VARIABLES; i++) {
		if (strncmp(variables[i], name, len) == 0 && variables[i][len] == '=')
			return variables[i] + len + 1;
	}
	return NULL;
}

static void check_command_line(struct input *in)
{
	char *words[WORDS + 1] = {NULL};
	int count = 0;
	struct healthcheck check;
	struct error err = {0};
	struct get get;
	int result;

	for (size_t i = 0; i < VARIABLES; i++)
		variables[i] = input_string(in);
	while (in->left > 0 && count < WORDS)
		words[count++] = input_string(in);
	memset(&check, 0xA5, sizeof(check));
	result = healthcheck_parse(count, words, lookup, &check, &err);
	EXPECT(result >= 0 || err.what != NULL, "no reason");
	if (result == 0) {
		EXPECT(check.timeout_ms > 0, "%lld ms", (long long)check.timeout_ms);
		EXPECT(*check.ca != '\0', "no bundle");
		EXPECT(check.url.port >= 1 && check.url.port <= 65535, "%u", check.url.port);
		EXPECT(strlen(check.url.host) < sizeof(check.url.host), "host");
	}
	result = get_parse(count, words, lookup, &get, &err);
	EXPECT(result >= 0 || err.what != NULL, "no reason");
	EXPECT(result != 0 || (*get.ca != '\0' && get.timeout_ms >= 0), "nonsense");
	for (int i = 0; i < count; i++)
		free(words[i]);
	for (size_t i = 0; i < VARIABLES; i++)
		free(variables[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	switch (input_byte(&in) % 3) {
	case 0:
		check_response(&in);
		break;
	case 1:
		check_url(&in);
		break;
	default:
		check_command_line(&in);
	}
	return 0;
}
