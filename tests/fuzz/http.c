/*
 * http.c - the server's own callbacks and libmicrohttpd on a socket pair, in one thread: what
 * comes in is any bytes in any pieces, and what goes out must be right HTTP responses to the
 * requests that a second, strict reader finds in them, in their order, with nothing behind a
 * refusal.
 */
#include <microhttpd.h>

/*
 * The event loop runs when the harness says so and in its thread, so that an input always
 * takes the same way. All other flags and options are the server's.
 */
#define MHD_USE_EPOLL_INTERNAL_THREAD MHD_USE_EPOLL
#include "server/server.c"

#include "captured.h"
#include "expect.h"
#include "input.h"
#include "json.h"
#include "requests.h"
#include "server/metrics.h"

#include <netinet/in.h>
#include <strings.h>

enum {
	REQUESTS = 512,
	OUTPUT = 4 << 20,
	/* Turns of the event loop without a byte in or out. */
	IDLE_TURNS = 100
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct options options;
static struct server *server;

/* What one input asks for, beside its bytes. */
struct plan {
	bool small_body; /* -max-body 16 */
	bool closing;	 /* the server is being stopped */
	bool half_close; /* the client says that it is done before it has read the responses */
	bool metrics;	 /* look at the counters, too */
	uint8_t pieces; /* 0: all at once; else pieces of up to that many bytes, some 16 times that */
};

struct client {
	int fd;
	bool ended; /* the server has closed */
	size_t len;
	char output[OUTPUT];
};

static struct client client;

static const char *lookup_nothing(const char *name)
{
	(void)name;
	return NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int listeners[SERVER_ENDPOINTS] = {-1, -1};
	struct error err = {0};
	char *none[] = {NULL};

	(void)argc;
	(void)argv;
	EXPECT(options_parse(0, none, lookup_nothing, &options, &err) == 0, "%s", err.what);
	options.max_conns = 4;
	metrics_init();
	/* Never connected to: a daemon without a listener stops differently. */
	listeners[SERVER_HTTP] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	EXPECT(bind(listeners[SERVER_HTTP], (struct sockaddr *)&loopback, sizeof(loopback)) == 0 &&
			listen(listeners[SERVER_HTTP], 1) == 0,
		"no listener");
	server = server_start(&options, 1, listeners, NULL, &err);
	EXPECT(server != NULL, "%s", err.what);
	return 0;
}

static struct MHD_Daemon *http_daemon(void)
{
	return server->listening[SERVER_HTTP].daemon;
}

/* Returns: whether a byte came or the connection's end. */
static bool receive(void)
{
	ssize_t got =
		recv(client.fd, client.output + client.len, OUTPUT - client.len, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (got <= 0) {
		bool news = !client.ended;

		client.ended = true;
		return news;
	}
	client.len += (size_t)got;
	EXPECT(client.len < OUTPUT, "too much of a response");
	return true;
}

/* Lets the event loop run until it has nothing to do. That it gets there is expected. */
static void run(void)
{
	unsigned idle = 0;
	uint64_t timeout = 1;

	do {
		EXPECT(MHD_run(http_daemon()) == MHD_YES, "the event loop");
		idle = receive() ? 0 : idle + 1;
		EXPECT(idle < IDLE_TURNS, "busy without anything to do");
		if (MHD_get_timeout64(http_daemon(), &timeout) != MHD_YES)
			timeout = 1;
	} while (idle < 2 || timeout == 0);
}

/* Returns: how many bytes the next piece has; the same input is always cut alike. */
static size_t next_piece(const struct plan *plan, uint32_t *state, size_t left)
{
	size_t len = left;

	if (plan->pieces > 0) {
		*state = *state * 1664525 + 1013904223;
		len = 1 + (*state >> 16) % plan->pieces;
		if ((*state >> 8) % 8 == 0)
			len *= 16;
	}
	return len < left ? len : left;
}

static void talk(const struct plan *plan, const char *bytes, size_t len)
{
	const struct sockaddr_in peer = {
		.sin_family = AF_INET, .sin_port = htons(4711), .sin_addr = {htonl(0xC0000201)}};
	uint32_t state = plan->pieces;
	int pair[2];

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0,
		"no socket pair");
	client.fd = pair[0];
	client.len = 0;
	client.ended = false;
	EXPECT(MHD_add_connection(http_daemon(), pair[1], (const struct sockaddr *)&peer,
		       sizeof(peer)) == MHD_YES,
		"not taken");
	run();
	while (len > 0 && !client.ended) {
		size_t piece = next_piece(plan, &state, len);
		ssize_t sent = send(client.fd, bytes, piece, MSG_NOSIGNAL);

		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		} else {
			EXPECT(errno == EPIPE || errno == ECONNRESET || errno == EAGAIN, "%s",
				strerror(errno));
		}
		run();
	}
	if (plan->half_close) {
		shutdown(client.fd, SHUT_WR);
		run();
	}
}

/* One response of the output. */
struct response {
	unsigned status;
	const char *body;
	size_t body_len;
	bool closes; /* says that the connection ends */
};

/* Returns: the value of the only field of that name in the header; NULL if there is none. */
static const char *field(const char *head, const char *end, const char *name, size_t *len)
{
	const char *found = NULL;

	for (const char *line = head; line < end;) {
		const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
		size_t name_len = strlen(name);

		if ((size_t)(stop - line) > name_len + 1 &&
			strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
			EXPECT(found == NULL, "two of %s", name);
			found = line + name_len + 1;
			while (*found == ' ')
				found++;
			*len = (size_t)(stop - found);
		}
		line = stop + 2;
	}
	return found;
}

/* Aborts unless the bytes are lines of "Name: value". */
static void expect_fields(const char *at, const char *end)
{
	while (at < end) {
		const char *stop = memmem(at, (size_t)(end - at), "\r\n", 2);
		const char *colon = memchr(at, ':', (size_t)(stop - at));

		EXPECT(colon != NULL && colon > at && colon[1] == ' ', "%.*s", (int)(stop - at),
			at);
		for (const char *c = at; c < stop; c++)
			EXPECT((unsigned char)*c >= ' ' && (unsigned char)*c < 0x7F, "0x%02x",
				(unsigned char)*c);
		for (const char *c = at; c < colon; c++)
			EXPECT(strchr(" ()<>@,;\\\"/[]?={}", *c) == NULL, "%.*s", (int)(stop - at),
				at);
		at = stop + 2;
	}
}

/*
 * Takes the next response from the output.
 * bodiless: it is for HEAD
 * Returns: the bytes behind it.
 */
static const char *take_response(const char *at, bool bodiless, struct response *response)
{
	const char *end = client.output + client.len;
	const char *head_end = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
	const char *head;
	const char *length;
	const char *connection;
	size_t value_len = 0;

	EXPECT(head_end != NULL, "half a response: %.*s", (int)(end - at), at);
	EXPECT(memcmp(at, "HTTP/1.", 7) == 0 && (at[7] == '0' || at[7] == '1') && at[8] == ' ' &&
			at[12] == ' ',
		"%.20s", at);
	response->status = (unsigned)strtoul(at + 9, NULL, 10);
	EXPECT(response->status >= 100 && response->status <= 599, "%u", response->status);
	head = (const char *)memmem(at, (size_t)(end - at), "\r\n", 2) + 2;
	head_end += 2;
	if (head < head_end)
		expect_fields(head, head_end);
	response->body = head_end + 2 < end ? head_end + 2 : end;
	response->body_len = 0;
	response->closes = false;
	if (response->status < 200)
		return response->body;
	EXPECT(field(head, head_end, "Date", &value_len) != NULL, "no Date");
	EXPECT(field(head, head_end, "Transfer-Encoding", &value_len) == NULL, "chunks");
	length = field(head, head_end, "Content-Length", &value_len);
	EXPECT(length != NULL && value_len > 0, "no Content-Length");
	connection = field(head, head_end, "Connection", &value_len);
	response->closes = connection != NULL && strncasecmp(connection, "close", 5) == 0;
	if (!bodiless)
		response->body_len = strtoull(length, NULL, 10);
	EXPECT(response->body_len <= (size_t)(end - response->body), "%zu bytes of body, %zu came",
		response->body_len, (size_t)(end - response->body));
	return response->body + response->body_len;
}

static bool is(const char *at, size_t len, const char *string)
{
	return len == strlen(string) && memcmp(at, string, len) == 0;
}

/* /whoami tells what the server took for the request: it must be what the reader sees. */
static void expect_reflected(const struct seen_request *seen, const struct response *response)
{
	char value[256];
	long len;

	EXPECT(json_is_valid(response->body, response->body_len), "%.*s", (int)response->body_len,
		response->body);
	len = json_member(response->body, response->body_len, "method", value, sizeof(value));
	EXPECT(len < 0 || ((size_t)len == seen->method_len &&
				  memcmp(value, seen->method, seen->method_len) == 0),
		"method %.*s, not %.*s", (int)len, value, (int)seen->method_len, seen->method);
}

/* Is this a request that no limit and no rule gives a reason to refuse? */
static bool is_plain(const struct seen_request *seen)
{
	if (!seen->whole || !seen->plain_host || seen->trailers || seen->old || seen->expects ||
		seen->head_len > 1024 || seen->fields > 8 ||
		seen->body_bytes > options.max_body_bytes || seen->method_len > 16 ||
		is(seen->method, seen->method_len, "CONNECT"))
		return false;
	for (size_t i = 0; i < seen->target_len; i++) {
		if (strchr("/abcdefghijklmnopqrstuvwxyz.", seen->target[i]) == NULL)
			return false;
	}
	return seen->target[0] == '/';
}

/* The responses and the requests, side by side. */
static void compare(const char *bytes, size_t len)
{
	static struct seen_request seen[REQUESTS + 1];
	size_t count = requests_read(bytes, len, seen, REQUESTS + 1);
	const char *at = client.output;
	const char *end = client.output + client.len;
	struct response response = {0};
	bool over = false; /* a response said so, or refused */
	size_t responses = 0;
	size_t interim = 0;

	while (at < end) {
		const struct seen_request *request = responses < count ? &seen[responses] : NULL;
		/* One that was refused halfway has its method, too. */
		bool head = responses <= count &&
			    is(seen[responses].method, seen[responses].method_len, "HEAD");

		EXPECT(!over, "a response behind the end: %.*s", (int)(end - at), at);
		at = take_response(at, head, &response);
		if (response.status == 100) {
			interim++;
			EXPECT(request != NULL && request->expects && interim == 1, "100");
			continue;
		}
		interim = 0;
		if (response.status < 400) {
			EXPECT(request != NULL, "response %zu, but %zu requests", responses + 1,
				count);
			EXPECT(request->whole, "response %zu to half a request", responses + 1);
			if (is(request->target, request->target_len, "/whoami") && !head)
				expect_reflected(request, &response);
			over = request->last;
			EXPECT(!over || response.closes, "the last response says nothing of it");
		} else {
			EXPECT(request == NULL || response.status == 503 || !is_plain(request),
				"%u for a plain request", response.status);
			EXPECT(response.status == 503 || response.closes, "refused, and goes on");
		}
		over |= response.closes;
		responses++;
	}
	EXPECT(responses <= count + 1, "%zu responses to %zu requests", responses, count);
	EXPECT(!over || client.ended, "still open behind its last response");
	if (count > REQUESTS || client.ended)
		return;
	for (size_t i = responses; i < count; i++)
		EXPECT(!is_plain(&seen[i]), "no response to request %zu of %zu", i + 1, count);
}

/* The connection is gone, and nothing of it is left. */
static void hang_up(bool metrics)
{
	static char storage[METRICS_TEXT_SIZE];
	struct strbuf text = STRBUF_OVER(storage);

	close(client.fd);
	for (unsigned turns = 0; server->listening[SERVER_HTTP].endpoint.conns.count > 0; turns++) {
		EXPECT(turns < IDLE_TURNS, "a closed connection stays");
		EXPECT(MHD_run(http_daemon()) == MHD_YES, "the event loop");
	}
	EXPECT(server->listening[SERVER_HTTP].endpoint.conns.first == NULL,
		"a connection is listed");
	if (!metrics)
		return;
	metrics_write(&text, 0, "v", "l", "m");
	EXPECT(!text.truncated, "the metrics were cut");
	EXPECT(memmem(text.data, text.len, "\nhello_http_requests_in_flight 0\n", 33) != NULL &&
			memmem(text.data, text.len, "\nhello_connections_open 0\n", 26) != NULL,
		"%.*s", (int)text.len, text.data);
}

static void check_log(unsigned format)
{
	size_t len;
	const char *log = captured_end(&len);

	captured_expect_lines(log, len);
	EXPECT(format != LOG_OFF || len == 0, "%.*s", (int)len, log);
	while (format == LOG_JSON && len > 0) {
		size_t line = (size_t)((const char *)memchr(log, '\n', len) - log) + 1;

		EXPECT(json_is_valid(log, line), "%.*s", (int)line, log);
		log += line;
		len -= line;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t choice = input_byte(&in);
	const struct plan plan = {.small_body = (choice & 1) != 0,
		.closing = (choice & 2) != 0,
		.half_close = (choice & 4) != 0,
		.metrics = (choice & 8) != 0,
		.pieces = input_byte(&in)};
	size_t len;
	char *bytes = input_rest(&in, &len);

	options.log = (choice >> 4) % 3;
	options.trust_proxy = (choice & 0x40) != 0;
	options.max_body_bytes = plan.small_body ? 16 : 1 << 20;
	atomic_store(&server->service.draining, plan.closing);
	atomic_store(&server->service.closing, plan.closing);
	captured_begin();
	talk(&plan, bytes, len);
	compare(bytes, len);
	hang_up(plan.metrics);
	check_log(options.log);
	free(bytes);
	return 0;
}
