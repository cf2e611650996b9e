#include "server/server.h"

#include "base/clock.h"
#include "http/mux.h"
#include "http/request_check.h"
#include "server/conns.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/routes.h"
#include "server/version.h"
#include "server/whoami.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What libmicrohttpd may use for one connection: request line, header fields and the
 * answer's header. More gets 431 or 414. Times -max-conns it bounds the memory of all.
 */
#define CONNECTION_MEMORY 8192

/* Descriptors that are no connection: standard ones, listener, epoll and eventfd of each thread. */
#define OTHER_DESCRIPTORS(threads) (16 + 2 * (threads))

/* Event-loop threads keep small buffers; musl's default of 128 KiB is made explicit. */
#define THREAD_STACK (128 * 1024)

struct endpoint {
	struct server *server;
	struct MHD_Daemon *daemon; /* NULL: not in use */
	_Atomic int listener;	   /* -1: closed */
	struct conns conns;
};

struct server {
	const struct options *options; /* borrowed */
	struct endpoint endpoints[SERVER_ENDPOINTS];
	struct tls_server *tls; /* owned; NULL without SERVER_HTTPS */
	char *text;		/* owned: what `/` answers, with its newline */
	size_t text_len;
	struct MHD_Response *root; /* shared by all threads: the answer to `/` */
	_Atomic bool draining;
	_Atomic bool closing;	/* each answer ends its connection */
	_Atomic size_t aborted; /* requests that the stop aborted */
	char hostname[256];
};

static struct conn *conn_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* Returns: libmicrohttpd's TLS session of a connection; NULL for plain HTTP. */
static void *tls_session_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info != NULL ? info->tls_session : NULL;
}

/* A handshake is over: what the client sends from here on is a request. */
static void on_handshake_done(void *conn, bool more)
{
	conn_handshake_done(conn, more);
}

/*
 * If all places are taken and a client waits in the backlog, a slow connection gives way.
 * A listening socket is readable while its backlog holds one (tcp(7)).
 */
static void make_room(struct endpoint *endpoint)
{
	struct pollfd backlog = {.fd = atomic_load(&endpoint->listener), .events = POLLIN};

	if (endpoint->daemon != NULL && conns_are_full(&endpoint->conns) &&
		poll(&backlog, 1, 0) > 0)
		conns_evict(&endpoint->conns);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct endpoint *endpoint = cls;
	struct conn *conn = *socket_context;
	const struct sockaddr *peer;
	void *session;
	int fd;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (conn != NULL)
			conns_remove(&endpoint->conns, conn);
		metrics_connection_closed();
		return;
	}
	/* Both answers lie in the same union: the second call overwrites the first. */
	fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	metrics_connection_opened();
	session = tls_session_of(connection);
	conn = conns_add(&endpoint->conns, fd, peer, session == NULL);
	if (conn != NULL && conn->refused)
		metrics_connection_refused();
	*socket_context = conn;
	/* A session that was not started refuses its handshake, and the connection ends. */
	if (session != NULL && conn != NULL && !conn->refused)
		tls_session_start(session, endpoint->server->tls, on_handshake_done, conn);
	make_room(endpoint);
}

/* A request line has come in. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct conn *conn = conn_of(connection);

	(void)cls;
	if (conn == NULL)
		return NULL;
	conn->request = (struct conn_request){
		.target = target, .target_len = strlen(target), .started_us = clock_monotonic_us()};
	return conn;
}

/* Keeps libmicrohttpd from decoding: the mux does it by net/http's rules. */
static size_t on_unescape(void *cls, struct MHD_Connection *connection, char *string)
{
	(void)cls;
	(void)connection;
	return strlen(string);
}

static void log_json(const struct server *server, struct MHD_Connection *connection,
	const struct conn *conn, int64_t duration_us)
{
	const struct conn_request *request = &conn->request;
	struct log_request line = {.remote = conn->remote,
		.method = request->method != NULL ? request->method : "",
		.target = request->target != NULL ? request->target : "",
		.target_len = request->target_len,
		.status = request->status,
		.body_bytes = request->sent_bytes,
		.duration_us = duration_us};

	line.user_agent = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_USER_AGENT);
	if (server->options->trust_proxy)
		line.forwarded_for =
			MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Forwarded-For");
	log_request_json(&line);
}

/*
 * A request has ended: answered, broken off, or refused by libmicrohttpd itself, maybe before
 * any other callback knew of it. Its memory still stands here; it is reused after this call.
 */
static void on_completed(void *cls, struct MHD_Connection *connection, void **request_context,
	enum MHD_RequestTerminationCode code)
{
	struct server *server = cls;
	const union MHD_ConnectionInfo *queued =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
	unsigned status = queued != NULL ? queued->http_status : 0;
	struct conn *conn = conn_of(connection); /* a refused request line has no context */
	struct conn_request *request;
	int64_t duration_us = 0;

	*request_context = NULL;
	if (conn == NULL)
		return;
	request = &conn->request;
	if (status == 0 && conn_sent_408(conn))
		status = MHD_HTTP_REQUEST_TIMEOUT;
	if (!request->header_seen && status == 0)
		return;
	if (!request->header_seen)
		metrics_request_started();
	else if (code == MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN)
		atomic_fetch_add(&server->aborted, 1);
	if (request->status != status) {
		request->status = status;
		request->sent_bytes = 0; /* libmicrohttpd's refusals have no body */
	}
	if (request->started_us != 0)
		duration_us = clock_monotonic_us() - request->started_us;
	metrics_request_ended(
		request->status, request->received_bytes, request->sent_bytes, duration_us);
	if (server->options->log == LOG_JSON)
		log_json(server, connection, conn, duration_us);
	if (request->header_seen)
		conn_enter(conn, CONN_WAITING);
	*request = (struct conn_request){0};
}

/* One request on its way through this file. All borrowed. */
struct exchange {
	struct server *server;
	struct MHD_Connection *connection;
	struct conn *conn;
	const char *method;
	const char *version; /* such as "HTTP/1.1" */
};

struct header_count {
	size_t headers;
	size_t bytes;
};

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	struct header_count *count = cls;

	(void)kind;
	(void)key;
	(void)value;
	count->headers++;
	count->bytes += key_len + value_len;
	return MHD_YES;
}

/* Returns: how many bytes of a description the client chose. */
static size_t described_bytes(const struct tls_description *tls)
{
	return (tls->server_name != NULL ? strlen(tls->server_name) : 0) + strlen(tls->subject);
}

static enum MHD_Result write_header(void *cls, enum MHD_ValueKind kind, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	(void)kind;
	(void)key_len;
	whoami_add_header(cls, key, value != NULL ? value : "", value_len);
	return MHD_YES;
}

/* Returns: storage of size bytes that text then covers; owned by the caller; NULL: no memory. */
static char *text_allocate(struct strbuf *text, size_t size)
{
	*text = (struct strbuf){.data = malloc(size), .size = size};
	return text->data;
}

/* Returns: 0 with *out owning the JSON, or -1 when memory is short. */
static int write_whoami(const struct exchange *ex, struct strbuf *out)
{
	void *session = tls_session_of(ex->connection);
	struct tls_description tls = {0};
	const struct whoami who = {.hostname = ex->server->hostname,
		.tls = session != NULL ? &tls : NULL,
		.remote = ex->conn->remote,
		.method = ex->method,
		.target = ex->conn->request.target,
		.target_len = ex->conn->request.target_len,
		.protocol = ex->version};
	struct header_count count = {0, 0};

	if (session != NULL)
		tls_session_describe(session, &tls);
	count.bytes = described_bytes(&tls);
	MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, count_header, &count);
	count.bytes += who.target_len + strlen(who.method) + strlen(who.protocol) +
		       strlen(who.hostname) + strlen(who.remote);
	if (text_allocate(out, WHOAMI_SIZE(count.bytes, count.headers)) == NULL)
		return -1;
	whoami_begin(&who, out);
	MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, write_header, out);
	whoami_end(out);
	return 0;
}

/* Writes the body that an answer asks for. Returns: as write_whoami(). */
static int write_body(const struct exchange *ex, const struct route_answer *answer,
	const char *location, struct strbuf *out)
{
	size_t size = route_body_size(answer, location);

	if (answer->body == ROUTE_BODY_WHOAMI)
		return write_whoami(ex, out);
	if (answer->body == ROUTE_BODY_METRICS)
		size = METRICS_TEXT_SIZE;
	else if (answer->body == ROUTE_BODY_VERSION)
		size = VERSION_TEXT_SIZE;
	if (text_allocate(out, size) == NULL)
		return -1;
	if (answer->body == ROUTE_BODY_METRICS)
		metrics_write(
			out, log_lost_lines(), version_hello(), version_libc(), MHD_get_version());
	else if (answer->body == ROUTE_BODY_VERSION)
		version_write_json(MHD_get_version(), out);
	else
		route_write_body(answer, location, out);
	return 0;
}

/*
 * Makes a response of the answer's body, with a Location if there is one.
 * body_bytes: gets the body's length
 * Returns: the response, owned by the caller; NULL when memory is short.
 */
static struct MHD_Response *make_response(const struct exchange *ex,
	const struct route_answer *answer, const char *location, size_t *body_bytes)
{
	struct MHD_Response *response;
	struct strbuf body = {0};

	if (answer->body == ROUTE_BODY_READY) {
		*body_bytes = answer->text_len;
		response = MHD_create_response_from_buffer_static(answer->text_len, answer->text);
	} else if (answer->content_type == NULL) {
		*body_bytes = 0; /* a redirect that no person reads */
		response = MHD_create_response_from_buffer_static(0, "");
	} else {
		if (write_body(ex, answer, location, &body) != 0)
			return NULL;
		*body_bytes = body.len;
		response =
			MHD_create_response_from_buffer(body.len, body.data, MHD_RESPMEM_MUST_FREE);
		if (response == NULL)
			free(body.data);
	}
	if (response != NULL && location != NULL &&
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location) != MHD_YES) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

/* As make_response(), for a redirect. */
static struct MHD_Response *make_redirect(
	const struct exchange *ex, const struct route_answer *answer, size_t *body_bytes)
{
	struct MHD_Response *response;
	char *location = malloc(route_location_size(answer));

	if (location == NULL)
		return NULL;
	route_write_location(answer, location);
	response = make_response(ex, answer, location, body_bytes);
	free(location);
	return response;
}

static bool add_headers(
	struct MHD_Response *response, const struct route_answer *answer, bool closing)
{
	if (answer->content_type != NULL &&
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) != MHD_YES)
		return false;
	if (answer->reflects &&
		MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") != MHD_YES)
		return false;
	return !closing ||
	       MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
}

/* Sends an answer. Returns: MHD_NO, which closes the connection, when memory is short. */
static enum MHD_Result send_answer(const struct exchange *ex, const struct route_answer *answer)
{
	struct server *server = ex->server;
	bool closing = answer->close || atomic_load(&server->closing);
	bool shared = answer->body == ROUTE_BODY_READY && answer->text == server->text && !closing;
	size_t body_bytes = answer->text_len;
	struct MHD_Response *response = server->root;
	enum MHD_Result result = MHD_NO;

	if (!shared && answer->body == ROUTE_BODY_REDIRECT)
		response = make_redirect(ex, answer, &body_bytes);
	else if (!shared)
		response = make_response(ex, answer, NULL, &body_bytes);
	if (response == NULL)
		return MHD_NO;
	if (conn_enter(ex->conn, CONN_RESPONDING) &&
		(shared || add_headers(response, answer, closing))) {
		ex->conn->request.status = answer->status;
		if (strcmp(ex->method, MHD_HTTP_METHOD_HEAD) != 0 &&
			answer->status != MHD_HTTP_NOT_MODIFIED)
			ex->conn->request.sent_bytes = body_bytes;
		result = MHD_queue_response(ex->connection, answer->status, response);
	}
	if (!shared)
		MHD_destroy_response(response);
	return result;
}

static struct route_answer refuse(unsigned status, const char *text)
{
	return (struct route_answer){.status = status,
		.body = ROUTE_BODY_READY,
		.content_type = "text/plain; charset=utf-8",
		.close = true,
		.text = text,
		.text_len = strlen(text)};
}

/* Returns: whether the header announces a body over the limit (RFC 9110, section 8.6). */
static bool announces_too_much(struct MHD_Connection *connection, uint64_t max_body_bytes)
{
	const char *length = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	/* libmicrohttpd has checked that it is a number that fits. */
	return length != NULL && strtoull(length, NULL, 10) > max_body_bytes;
}

static enum MHD_Result screen_header(void *cls, enum MHD_ValueKind kind, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	(void)kind;
	request_check_field(cls, key, key_len, value != NULL ? value : "", value_len);
	return MHD_YES;
}

/*
 * Refuses what must not be answered, on the header alone: an answer now leaves the body
 * unread and ends the connection.
 * Returns: an answer with a status, or one with status 0 when there is nothing to refuse.
 */
static struct route_answer refuse_early(const struct exchange *ex)
{
	struct request_check screen = {0};

	MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, screen_header, &screen);
	switch (request_check_result(&screen, ex->method, ex->version)) {
	case REQUEST_MALFORMED:
		return refuse(MHD_HTTP_BAD_REQUEST, "400 Bad Request");
	case REQUEST_EXPECTATION_FAILED:
		return refuse(MHD_HTTP_EXPECTATION_FAILED, "417 Expectation Failed\n");
	case REQUEST_VALID:
		break;
	}
	if (announces_too_much(ex->connection, ex->server->options->max_body_bytes))
		return refuse(MHD_HTTP_CONTENT_TOO_LARGE, "413 Content Too Large\n");
	return (struct route_answer){.status = 0};
}

/* Turns an answer into 304 or 412 where the request's preconditions demand it. */
static void check_conditions(const struct exchange *ex, struct route_answer *answer)
{
	const char *if_match = MHD_lookup_connection_value(
		ex->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_MATCH);
	const char *if_none_match = MHD_lookup_connection_value(
		ex->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	const char *text = "412 Precondition Failed\n";

	switch (request_check_preconditions(ex->method, answer->status, if_match, if_none_match)) {
	case PRECONDITION_NOT_MODIFIED:
		answer->status = MHD_HTTP_NOT_MODIFIED; /* with the length that 200 would have */
		break;
	case PRECONDITION_FAILED:
		*answer = (struct route_answer){.status = MHD_HTTP_PRECONDITION_FAILED,
			.body = ROUTE_BODY_READY,
			.content_type = "text/plain; charset=utf-8",
			.text = text,
			.text_len = strlen(text)};
		break;
	case PRECONDITION_TRUE:
		break;
	}
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **request_context)
{
	struct server *server = cls;
	struct conn *conn = *request_context;
	const struct exchange ex = {server, connection, conn, method, version};
	char path[MUX_PATH_SIZE(CONNECTION_MEMORY)]; /* the answer points into it */
	struct route_answer answer;

	(void)url;
	(void)upload;
	if (conn == NULL)
		return MHD_NO; /* no memory for it */
	if (!conn->request.header_seen) {
		conn->request.header_seen = true;
		conn->request.method = method;
		metrics_request_started();
		if (!conn_enter(conn, CONN_READING))
			return MHD_NO;
		answer = refuse_early(&ex);
		return answer.status == 0 ? MHD_YES : send_answer(&ex, &answer);
	}
	if (*upload_bytes > 0) {
		conn->request.received_bytes += *upload_bytes;
		*upload_bytes = 0;
		/*
		 * libmicrohttpd takes no answer amid a body. A chunked one is heard out to twice
		 * the limit, so that its sender may learn why, and then cut off.
		 */
		return conn->request.received_bytes / 2 > server->options->max_body_bytes ? MHD_NO
											  : MHD_YES;
	}
	if (conn->request.received_bytes > server->options->max_body_bytes) {
		answer = refuse(MHD_HTTP_CONTENT_TOO_LARGE, "413 Content Too Large\n");
	} else {
		const struct route_request request = {.method = method,
			.target = conn->request.target,
			.target_len = conn->request.target_len,
			.path = path,
			.text = server->text,
			.text_len = server->text_len,
			.draining = atomic_load(&server->draining)};
		uint64_t calls = metrics_count_call();

		if (server->options->log == LOG_TEXT)
			log_request_text(conn->remote, calls);
		answer = route_request(&request);
		check_conditions(&ex, &answer);
	}
	return send_answer(&ex, &answer);
}

/*
 * endpoints: how many there are; they share the descriptors
 * Returns: how many connections one may have: what was asked for, or what descriptors allow.
 */
static unsigned connection_limit(unsigned max_conns, unsigned threads, unsigned endpoints)
{
	struct rlimit files;
	rlim_t others = OTHER_DESCRIPTORS((rlim_t)threads * endpoints);
	rlim_t want = (rlim_t)max_conns * endpoints + others;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return max_conns;
	if (files.rlim_cur < want) {
		files.rlim_cur = want < files.rlim_max ? want : files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			getrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur >= want)
		return max_conns;
	if (files.rlim_cur > others + (rlim_t)threads * endpoints)
		return (unsigned)(files.rlim_cur - others) / endpoints;
	return threads;
}

/*
 * limit: of connections
 * Returns: 0, or -1 when libmicrohttpd refuses to start.
 */
static int start_daemon(
	struct server *server, enum server_endpoint which, unsigned threads, unsigned limit)
{
	struct endpoint *endpoint = &server->endpoints[which];
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO;
	struct MHD_OptionItem more[] = {{MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
		/* It wants to have been given a pair; tls_session_start() sets the one in use. */
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (char[]){""}},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (char[]){""}}, {MHD_OPTION_END, 0, NULL}};

	if (threads > limit)
		threads = limit;
	more[0].value = (intptr_t)threads;
	if (which == SERVER_HTTPS)
		flags |= MHD_USE_TLS;
	else
		more[1].option = MHD_OPTION_END;
	/* ITC: without it a stop at the connection limit waits for ever. */
	endpoint->daemon = MHD_start_daemon(flags | MHD_USE_ITC, 0, NULL, NULL, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, endpoint->listener, MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
		MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection, endpoint,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_URI_LOG_CALLBACK,
		on_target, server, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_THREAD_STACK_SIZE,
		(size_t)THREAD_STACK, MHD_OPTION_ARRAY,
		/* a pool of one is refused: that is a daemon without a pool */
		threads < 2 ? more + 1 : more, MHD_OPTION_END);
	return endpoint->daemon != NULL ? 0 : -1;
}

/* Returns: 0, or -1 when one of them does not start. */
static int start_daemons(struct server *server, unsigned threads)
{
	unsigned count = 0;
	unsigned limit;

	for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
		count += server->endpoints[i].listener >= 0;
	limit = connection_limit(server->options->max_conns, threads, count);
	/* All tables before the first thread. */
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
		conns_init(&server->endpoints[i].conns, limit, server->options->max_conns_per_ip);
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		if (server->endpoints[i].listener >= 0 &&
			start_daemon(server, (enum server_endpoint)i, threads, limit) != 0)
			return -1;
	}
	return 0;
}

/* Ends what start_daemons() began, and closes what is left of the listeners. */
static void stop_daemons(struct server *server)
{
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		if (server->endpoints[i].daemon != NULL)
			MHD_stop_daemon(server->endpoints[i].daemon);
		if (server->endpoints[i].listener >= 0)
			close(server->endpoints[i].listener);
	}
}

static void server_free(struct server *server)
{
	if (server->root != NULL)
		MHD_destroy_response(server->root);
	free(server->text);
	tls_server_free(server->tls);
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
		conns_destroy(&server->endpoints[i].conns);
	free(server);
}

/* Returns: 0, or -1 when memory is short. */
static int make_root(struct server *server)
{
	struct strbuf text;
	const struct route_answer plain = {.content_type = "text/plain; charset=utf-8"};

	server->text_len = strlen(server->options->text) + 1;
	server->text = text_allocate(&text, server->text_len);
	if (server->text == NULL)
		return -1;
	strbuf_add_string(&text, server->options->text);
	strbuf_add_string(&text, "\n");
	server->root = MHD_create_response_from_buffer_static(server->text_len, server->text);
	return server->root != NULL && add_headers(server->root, &plain, false) ? 0 : -1;
}

/*
 * Accepted sockets inherit this: the kernel resets a connection whose client has taken
 * nothing of what was written for so long, also after libmicrohttpd has closed it (tcp(7),
 * TCP_USER_TIMEOUT). A kernel that refuses leaves its own timeouts, some 15 minutes.
 */
static void give_up_on_deaf_clients(int listener, int64_t timeout_ms)
{
	const unsigned timeout = (unsigned)timeout_ms;

	setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
}

struct server *server_start(const struct options *options, unsigned threads,
	const int listeners[SERVER_ENDPOINTS], struct tls_server *tls, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
			close(listeners[i]);
		tls_server_free(tls);
		error_set(err, ENOMEM, "server", NULL, NULL, NULL);
		return NULL;
	}
	server->options = options;
	server->tls = tls;
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		server->endpoints[i].server = server;
		server->endpoints[i].listener = listeners[i];
		give_up_on_deaf_clients(listeners[i], options->write_timeout_ms);
	}
	gethostname(server->hostname, sizeof(server->hostname) - 1);
	if (make_root(server) == 0 && start_daemons(server, threads) == 0)
		return server;
	error_set(err, errno, "server", NULL, "the event loops can't start", NULL);
	stop_daemons(server);
	server_free(server);
	return NULL;
}

int server_reload(struct server *server, char notice[TLS_NOTICE_SIZE], struct error *err)
{
	notice[0] = '\0';
	return server->tls != NULL ? tls_server_reload(server->tls, notice, err) : 0;
}

void server_set_draining(struct server *server)
{
	atomic_store(&server->draining, true);
}

static void close_listener(struct endpoint *endpoint)
{
	struct sockaddr_storage peer;
	socklen_t len;

	if (endpoint->daemon == NULL || MHD_quiesce_daemon(endpoint->daemon) == MHD_INVALID_SOCKET)
		return;
	/* The kernel has told these clients that they are connected: they are served, too. */
	for (;;) {
		int fd;

		len = sizeof(peer);
		fd = accept4(endpoint->listener, (struct sockaddr *)&peer, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
			continue;
		if (fd < 0)
			break;
		/* At the limit, or refused: closed there. */
		MHD_add_connection(endpoint->daemon, fd, (struct sockaddr *)&peer, len);
	}
	close(endpoint->listener);
	endpoint->listener = -1;
}

void server_close_listeners(struct server *server)
{
	server_set_draining(server);
	atomic_store(&server->closing, true);
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
		close_listener(&server->endpoints[i]);
}

static size_t sweep(struct server *server, int64_t idle_ms)
{
	const struct conns_deadlines deadlines = {
		.read_header_ms = server->options->read_header_timeout_ms,
		.read_ms = server->options->read_timeout_ms,
		.write_ms = server->options->write_timeout_ms,
		.idle_ms = idle_ms};

	size_t open = 0;

	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		make_room(&server->endpoints[i]);
		open += conns_sweep(&server->endpoints[i].conns, &deadlines);
	}
	return open;
}

size_t server_sweep(struct server *server)
{
	return sweep(server, server->options->idle_timeout_ms);
}

size_t server_sweep_quiet(struct server *server, int quiet_ms)
{
	return sweep(server, quiet_ms);
}

bool server_is_full(struct server *server)
{
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		if (server->endpoints[i].daemon != NULL &&
			conns_are_full(&server->endpoints[i].conns))
			return true;
	}
	return false;
}

size_t server_stop(struct server *server)
{
	size_t aborted;

	stop_daemons(server);
	aborted = atomic_load(&server->aborted);
	server_free(server);
	return aborted;
}

const char *server_library_version(void)
{
	return MHD_get_version();
}
