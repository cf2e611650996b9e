/* client.c - the client against an answer of any octets, a URL of any and a command line of any. */
#include "client.h"

#include "captured.h"
#include "expect.h"
#include "healthcheck.h"
#include "input.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The client's sockets are one end of a pair here, and the other end has sent its answer
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

static const char *answer;
static size_t answer_len;

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	(void)fd;
	(void)address;
	(void)len;
	if (answer_len > 0)
		EXPECT(send(peer, answer, answer_len, MSG_NOSIGNAL) == (ssize_t)answer_len,
			"%zu octets of answer", answer_len);
	shutdown(peer, SHUT_WR);
	return 0;
}

/* Its code is known from some octet on, and no further octet changes it. */
static int expect_steady_status(const char *octets, size_t len)
{
	int last = 0;

	for (size_t i = 0; i <= len && i <= 64; i++) {
		int status = client_parse_status(octets, i);

		EXPECT(status == -1 || status == 0 || (status >= 100 && status <= 599), "%d",
			status);
		EXPECT(last == 0 || status == last, "%d after %d", status, last);
		last = status;
	}
	return last;
}

static void check_answer(struct input *in)
{
	struct client_url url = {.host = "127.0.0.1", .port = 1, .path = "/"};
	unsigned status = 0;
	struct error err = {0};
	char request[8192];
	ssize_t asked;
	char *octets = input_rest(in, &answer_len);
	int want;

	answer = octets;
	want = expect_steady_status(answer, answer_len);
	if (client_get_status(&url, &status, &err) == 0)
		EXPECT((int)status == want, "%u, not %d", status, want);
	else
		EXPECT(want <= 0 && err.what != NULL, "no status, not %d", want);
	asked = recv(peer, request, sizeof(request), 0);
	EXPECT(asked > 0 && memcmp(request, "GET / HTTP/1.1\r\n", 16) == 0 &&
			memcmp(request + asked - 4, "\r\n\r\n", 4) == 0,
		"the request is %.*s", (int)asked, request);
	close(peer);
	peer = -1;
	free(octets);
}

static void check_url(struct input *in)
{
	char *text = input_string(in);
	struct client_url url;
	struct error err = {0};

	memset(&url, 0xA5, sizeof(url));
	if (client_parse_url(text, &url, &err) == 0) {
		EXPECT(url.host[0] != '\0' && strlen(url.host) < sizeof(url.host), "host");
		EXPECT(url.port >= 1 && url.port <= 65535, "%u", url.port);
		EXPECT(url.path >= text && url.path <= text + strlen(text), "path");
		EXPECT(strchr("/?#", *url.path) != NULL, "path %s", url.path);
		for (const char *c = text; *c != '\0'; c++)
			EXPECT((unsigned char)*c > ' ' && *c != 0x7F, "0x%02x in a URL", *c);
	} else {
		EXPECT(err.what != NULL, "no reason");
	}
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
		EXPECT(check.url.port >= 1 && check.url.port <= 65535, "%u", check.url.port);
		EXPECT(strlen(check.url.host) < sizeof(check.url.host), "host");
	}
	for (int i = 0; i < count; i++)
		free(words[i]);
	for (size_t i = 0; i < VARIABLES; i++)
		free(variables[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	switch (input_octet(&in) % 3) {
	case 0:
		check_answer(&in);
		break;
	case 1:
		check_url(&in);
		break;
	default:
		check_command_line(&in);
	}
	return 0;
}
