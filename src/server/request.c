#include "server/request.h"

#include "base/clock.h"
#include "http/chars.h"
#include "http/mux.h"
#include "http/request_check.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/reply.h"
#include "server/routes.h"
#include "tls/tls.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct conn *conn_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* The handshake is done: what the client sends from here on is a request. */
static void on_handshake_done(void *conn, bool more)
{
	conn_handshake_done(conn, more);
}

static void on_tls_failed(void *conn)
{
	conn_linger(conn);
}

void request_on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct endpoint *endpoint = cls;
	struct conn *conn = *socket_context;
	const union MHD_ConnectionInfo *info;
	const struct sockaddr *peer;
	void *session;
	int fd;

	if (code == MHD_CONNECTION_NOTIFY_REQUEST) {
		if (conn != NULL)
			conn_request_begun(conn);
		return;
	}
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (conn != NULL)
			conns_remove(&endpoint->conns, conn);
		metrics_connection_closed();
		return;
	}
	/* Each call overwrites what the one before returned: they share a union. */
	fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	info = TLS_BUILT_IN
		       ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)
		       : NULL;
	session = info != NULL ? info->tls_session : NULL;
	metrics_connection_opened();
	conn = conns_add(&endpoint->conns, fd, peer, session == NULL);
	*socket_context = conn;
	/* A session that is not started refuses its handshake, and the connection ends. */
	if (session != NULL && conn != NULL)
		tls_session_start(session, endpoint->service->tls,
			&(struct tls_session_events){.established = on_handshake_done,
				.failed = on_tls_failed,
				.arg = conn});
	conns_evict(&endpoint->conns);
}

void *request_on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct conn *conn = conn_of(connection);

	(void)cls;
	if (conn == NULL)
		return NULL;
	conn->request = (struct conn_request){
		.target = target, .target_len = strlen(target), .started_us = conn->begun_us};
	return conn;
}

size_t request_on_unescape(void *cls, struct MHD_Connection *connection, char *string)
{
	(void)cls;
	(void)connection;
	return strlen(string);
}

/* ---- the header, read once ---- */

/* Where the fields of a header go. */
struct header_scan {
	struct request_check check;
	struct conn_fields *fields;
};

/* Returns: where the value of this field is kept; NULL for one that nothing here reads. */
static const char **kept_field(struct conn_fields *fields, const char *name, size_t len)
{
	const struct {
		const char *name;
		const char **value;
	} kept[] = {
		{MHD_HTTP_HEADER_CONTENT_LENGTH, &fields->content_length},
		{MHD_HTTP_HEADER_IF_MATCH, &fields->if_match},
		{MHD_HTTP_HEADER_IF_NONE_MATCH, &fields->if_none_match},
		{MHD_HTTP_HEADER_TRANSFER_ENCODING, &fields->transfer_encoding},
		{MHD_HTTP_HEADER_USER_AGENT, &fields->user_agent},
		{"X-Forwarded-For", &fields->forwarded_for},
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (strlen(kept[i].name) == len && strncasecmp(kept[i].name, name, len) == 0)
			return kept[i].value;
	}
	return NULL;
}

static enum MHD_Result scan_field(void *cls, enum MHD_ValueKind kind, const char *name,
	size_t name_len, const char *value, size_t value_len)
{
	struct header_scan *scan = cls;
	const char **kept = kept_field(scan->fields, name, name_len);

	(void)kind;
	if (value == NULL)
		value = "";
	request_check_field(&scan->check, name, name_len, value, value_len);
	/* The first one counts; where a second one is an error, the check says so. */
	if (kept != NULL && *kept == NULL)
		*kept = value;
	return MHD_YES;
}

/* Reads the header into the connection's request. */
static struct request_check scan_header(struct MHD_Connection *connection, struct conn *conn)
{
	struct header_scan scan = {.fields = &conn->request.fields};

	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, scan_field, &scan);
	return scan.check;
}

/* ---- the end of a request ---- */

static void log_json(const struct service *service, const struct conn *conn, int64_t duration_us)
{
	const struct conn_request *request = &conn->request;
	const struct log_request line = {.remote = conn->remote,
		.method = request->method != NULL ? request->method : "",
		.target = request->target != NULL ? request->target : "",
		.target_len = request->target_len,
		.user_agent = request->fields.user_agent,
		.forwarded_for =
			service->options->trust_proxy ? request->fields.forwarded_for : NULL,
		.status = request->status,
		.body_bytes = request->sent_bytes,
		.duration_us = duration_us};

	log_request_json(&line);
}

/*
 * No other callback may have known of a request that libmicrohttpd refused. The request's memory is
 * intact here; it is reused after this call.
 */
void request_on_completed(void *cls, struct MHD_Connection *connection, void **request_context,
	enum MHD_RequestTerminationCode code)
{
	struct service *service = ((struct endpoint *)cls)->service;
	const union MHD_ConnectionInfo *queued =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
	unsigned status = queued != NULL ? queued->http_status : 0;
	struct conn *conn = conn_of(connection); /* a refused request line has no context */
	struct conn_request *request;
	int64_t now_us;
	int64_t duration_us;

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
		atomic_fetch_add(&service->aborted, 1);
	if (request->status != status) {
		request->status = status;
		request->sent_bytes = 0; /* libmicrohttpd's refusals have no body */
	}
	now_us = clock_monotonic_us();
	duration_us = request->started_us != 0 ? now_us - request->started_us : 0;
	metrics_request_ended(
		request->status, request->received_bytes, request->sent_bytes, duration_us);
	if (service->options->log == LOG_JSON) {
		if (!request->header_seen)
			scan_header(connection, conn);
		log_json(service, conn, duration_us);
	}
	if (request->header_seen)
		conn_enter(conn, CONN_WAITING, now_us);
	*request = (struct conn_request){0};
}

/* ---- the request itself ---- */

/* One call of request_on_part(). All borrowed. */
struct exchange {
	struct service *service;
	struct MHD_Connection *connection;
	struct conn *conn;
	const char *method;
	const char *version; /* such as "HTTP/1.1" */
};

static enum MHD_Result respond(const struct exchange *ex, struct handler_response *response)
{
	response->close = response->close || atomic_load(&ex->service->closing);
	return reply_send(
		ex->connection, ex->conn, ex->method, ex->service->text_response, response);
}

/* Refuses a request and closes its connection. text: static */
static enum MHD_Result refuse(const struct exchange *ex, unsigned status, const char *text)
{
	struct handler_response response = handler_plain(status, text);

	response.close = true;
	return respond(ex, &response);
}

/* Returns: bytes of the body that the header announces (RFC 9110, section 8.6); 0 for none. */
static uint64_t announced_bytes(const struct conn_fields *fields)
{
	uint64_t bytes = 0;

	/* libmicrohttpd has checked that it is a number that fits. */
	for (const char *at = fields->content_length; at != NULL && char_is_digit(*at); at++)
		bytes = bytes * 10 + (uint64_t)(*at - '0');
	return bytes;
}

/*
 * The header is here. A refusal now leaves the body unread and ends the connection.
 * Returns: MHD_YES to go on, also after a refusal; MHD_NO closes the connection.
 */
static enum MHD_Result begin(const struct exchange *ex)
{
	const struct conn_request *request = &ex->conn->request;
	struct request_check check;
	uint64_t announced;
	bool complete; /* no body follows */

	ex->conn->request.header_seen = true;
	ex->conn->request.method = ex->method;
	metrics_request_started();
	check = scan_header(ex->connection, ex->conn);
	announced = announced_bytes(&request->fields);
	complete = announced == 0 && request->fields.transfer_encoding == NULL;
	/* Without a body the phase is over in the same turn of the event loop: no need to ask the time. */
	if (!conn_enter(
		    ex->conn, CONN_READING, complete ? request->started_us : clock_monotonic_us()))
		return MHD_NO;
	switch (request_check_result(&check, ex->method, ex->version)) {
	case REQUEST_MALFORMED:
		return refuse(ex, MHD_HTTP_BAD_REQUEST, "400 Bad Request");
	case REQUEST_EXPECTATION_FAILED:
		return refuse(ex, MHD_HTTP_EXPECTATION_FAILED, "417 Expectation Failed\n");
	case REQUEST_VALID:
		break;
	}
	if (announced > ex->service->options->max_body_bytes)
		return refuse(ex, MHD_HTTP_CONTENT_TOO_LARGE, "413 Content Too Large\n");
	return MHD_YES;
}

/* Makes a response 304 or 412 where the request's preconditions demand it. */
static void apply_preconditions(const struct exchange *ex, struct handler_response *response)
{
	const struct conn_fields *fields = &ex->conn->request.fields;

	switch (request_check_preconditions(
		ex->method, response->status, fields->if_match, fields->if_none_match)) {
	case PRECONDITION_NOT_MODIFIED:
		response->status = MHD_HTTP_NOT_MODIFIED; /* with the length that 200 would have */
		break;
	case PRECONDITION_FAILED:
		free(response->allocated);
		free(response->location);
		*response =
			handler_plain(MHD_HTTP_PRECONDITION_FAILED, "412 Precondition Failed\n");
		break;
	case PRECONDITION_TRUE:
		break;
	}
}

/* All of the request is here. */
static enum MHD_Result handle(const struct exchange *ex)
{
	struct service *service = ex->service;
	struct conn *conn = ex->conn;
	char path[MUX_PATH_SIZE(REQUEST_MEMORY)]; /* the response points into it */
	struct handler_request request = {.site = &service->site,
		.draining = atomic_load(&service->draining),
		.method = ex->method,
		.protocol = ex->version,
		.remote = conn->remote,
		.target = conn->request.target,
		.target_len = conn->request.target_len,
		.connection = ex->connection};
	struct handler_response response = {0};
	uint64_t calls = metrics_count_call();

	if (service->options->log == LOG_TEXT)
		log_request_text(conn->remote, calls);
	if (routes_handle(&request, path, &response) != 0) {
		free(response.allocated);
		free(response.location);
		return MHD_NO;
	}
	apply_preconditions(ex, &response);
	return respond(ex, &response);
}

enum MHD_Result request_on_part(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **request_context)
{
	struct service *service = ((struct endpoint *)cls)->service;
	struct conn *conn = *request_context;
	const struct exchange ex = {service, connection, conn, method, version};
	uint64_t max_body_bytes = service->options->max_body_bytes;

	(void)url;
	(void)upload;
	if (conn == NULL)
		return MHD_NO; /* it was refused, or there was no memory for it */
	if (!conn->request.header_seen)
		return begin(&ex);
	if (*upload_bytes > 0) {
		conn->request.received_bytes += *upload_bytes;
		*upload_bytes = 0;
		/*
		 * libmicrohttpd takes no response in the middle of a body. A chunked one is read up
		 * to twice the limit, so that the client gets its 413, and then aborted.
		 */
		return conn->request.received_bytes / 2 > max_body_bytes ? MHD_NO : MHD_YES;
	}
	if (conn->request.received_bytes > max_body_bytes)
		return refuse(&ex, MHD_HTTP_CONTENT_TOO_LARGE, "413 Content Too Large\n");
	return handle(&ex);
}
