#include "server/handlers.h"

#include "base/strbuf.h"
#include "http/mux.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/version.h"
#include "server/whoami.h"
#include "tls/tls.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define TEXT_HTML  "text/html; charset=utf-8"
#define JSON	   "application/json"
/* https://prometheus.io/docs/instrumenting/exposition_formats/ */
#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"

struct handler_response handler_plain(unsigned status, const char *text)
{
	return (struct handler_response){.status = status,
		.content_type = TEXT_PLAIN,
		.body = text,
		.body_len = strlen(text)};
}

int handler_text(const struct handler_request *request, struct handler_response *response)
{
	*response = (struct handler_response){.status = 200,
		.content_type = TEXT_PLAIN,
		.body = request->site->text,
		.body_len = request->site->text_len,
		.is_text = true};
	return 0;
}

/*
 * Allocates a body and makes a response of it.
 * body: covers size bytes; body_done() sets the length
 * Returns: 0, or -1 when memory is short.
 */
static int body_begin(struct handler_response *response, const char *content_type, size_t size,
	struct strbuf *body)
{
	*response = (struct handler_response){.status = 200, .content_type = content_type};
	response->allocated = malloc(size);
	*body = (struct strbuf){.data = response->allocated, .size = size};
	return response->allocated != NULL ? 0 : -1;
}

static int body_done(struct handler_response *response, const struct strbuf *body)
{
	response->body = body->data;
	response->body_len = body->len;
	return 0;
}

/* ---- the article's service ---- */

/* Any other name has 0 pages. */
static const struct {
	const char *name;
	unsigned pages;
} magazines[] = {{"vogue", 130}, {"natgeo", 78}, {"newyorker", 132}};

static unsigned pages_of(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(magazines) / sizeof(magazines[0]); i++) {
		if (strlen(magazines[i].name) == len && memcmp(magazines[i].name, name, len) == 0)
			return magazines[i].pages;
	}
	return 0;
}

int handler_magazine(const struct handler_request *request, struct handler_response *response)
{
	static const char longest[] = " has 4294967295 pages.\n";
	const size_t prefix_len = strlen(HANDLER_MAGAZINE_PREFIX);
	const char *name = request->path + prefix_len;
	size_t name_len = request->path_len - prefix_len;
	struct strbuf body;

	if (name_len == 0) {
		*response = handler_plain(200, "No magazine provided.\n");
		return 0;
	}
	if (body_begin(response, TEXT_PLAIN, name_len + sizeof(longest), &body) != 0)
		return -1;
	response->reflects = true;
	strbuf_add(&body, name, name_len);
	strbuf_add_string(&body, " has ");
	strbuf_add_unsigned(&body, pages_of(name, name_len), 1);
	strbuf_add_string(&body, " pages.\n");
	return body_done(response, &body);
}

/* ---- routes for operators ---- */

int handler_healthz(const struct handler_request *request, struct handler_response *response)
{
	(void)request;
	*response = handler_plain(200, "ok\n");
	return 0;
}

int handler_readyz(const struct handler_request *request, struct handler_response *response)
{
	*response = request->draining ? handler_plain(503, "draining\n")
				      : handler_plain(200, "ready\n");
	return 0;
}

int handler_metrics(const struct handler_request *request, struct handler_response *response)
{
	struct strbuf body;

	(void)request;
	if (body_begin(response, PROMETHEUS, METRICS_TEXT_SIZE, &body) != 0)
		return -1;
	metrics_write(&body, log_lost_lines(), version_hello(), version_libc(), MHD_get_version());
	return body_done(response, &body);
}

int handler_version(const struct handler_request *request, struct handler_response *response)
{
	struct strbuf body;

	(void)request;
	if (body_begin(response, JSON, VERSION_TEXT_SIZE, &body) != 0)
		return -1;
	version_write_json(MHD_get_version(), &body);
	return body_done(response, &body);
}

/* ---- /whoami ---- */

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

static enum MHD_Result write_header(void *cls, enum MHD_ValueKind kind, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	(void)kind;
	(void)key_len;
	whoami_add_header(cls, key, value != NULL ? value : "", value_len);
	return MHD_YES;
}

/* Returns: libmicrohttpd's TLS session; NULL for plain HTTP. */
static const void *tls_session_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		connection != NULL
			? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)
			: NULL;

	return info != NULL ? info->tls_session : NULL;
}

/* Returns: how many bytes of a description the client chose. */
static size_t description_bytes(const struct tls_description *tls)
{
	return (tls->server_name != NULL ? strlen(tls->server_name) : 0) + strlen(tls->subject);
}

int handler_whoami(const struct handler_request *request, struct handler_response *response)
{
	const void *session = tls_session_of(request->connection);
	struct tls_description tls = {0};
	const struct whoami who = {.hostname = request->site->hostname,
		.tls = session != NULL ? &tls : NULL,
		.remote = request->remote,
		.method = request->method,
		.target = request->target,
		.target_len = request->target_len,
		.protocol = request->protocol};
	struct header_count count = {0, 0};
	struct strbuf body;

	if (session != NULL)
		tls_session_describe(session, &tls);
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, count_header, &count);
	count.bytes += description_bytes(&tls) + who.target_len + strlen(who.method) +
		       strlen(who.protocol) + strlen(who.hostname) + strlen(who.remote);
	if (body_begin(response, JSON, WHOAMI_SIZE(count.bytes, count.headers), &body) != 0)
		return -1;
	response->reflects = true;
	whoami_begin(&who, &body);
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, write_header, &body);
	whoami_end(&body);
	return body_done(response, &body);
}

/* ---- net/http's path rules ---- */

/* Escapes for an HTML attribute in double quotes (HTML, section 13.1.2.3). */
static void add_html(struct strbuf *out, const char *string)
{
	for (; *string != '\0'; string++) {
		switch (*string) {
		case '&':
			strbuf_add_string(out, "&amp;");
			break;
		case '<':
			strbuf_add_string(out, "&lt;");
			break;
		case '>':
			strbuf_add_string(out, "&gt;");
			break;
		case '"':
			strbuf_add_string(out, "&#34;");
			break;
		case '\'':
			strbuf_add_string(out, "&#39;");
			break;
		default:
			strbuf_add(out, string, 1);
		}
	}
}

int handler_redirect(const struct handler_request *request, struct handler_response *response)
{
	const struct mux_result to = {.path = request->path,
		.path_len = request->path_len,
		.query = request->query,
		.query_len = request->query_len};
	static const char start[] = "<a href=\"";
	static const char end[] = "\">Moved Permanently</a>.\n\n";
	size_t location_len = mux_location_length(&to);
	char *location = malloc(location_len + 1);
	struct strbuf body;

	if (location == NULL)
		return -1;
	location[mux_location(&to, location)] = '\0';
	*response = (struct handler_response){.status = 301};
	/* net/http writes its note, and its type, only where a browser may show it. */
	if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0) {
		/* The longest escape has five bytes. */
		size_t size = strlen(start) + 5 * location_len + strlen(end);

		if (body_begin(response, TEXT_HTML, size, &body) != 0) {
			free(location);
			return -1;
		}
		response->status = 301;
		strbuf_add_string(&body, start);
		add_html(&body, location);
		strbuf_add_string(&body, end);
		body_done(response, &body);
	}
	response->location = location;
	response->reflects = true;
	return 0;
}

int handler_options(const struct handler_request *request, struct handler_response *response)
{
	(void)request;
	*response = (struct handler_response){.status = 200};
	return 0;
}

int handler_no_path(const struct handler_request *request, struct handler_response *response)
{
	(void)request;
	*response = (struct handler_response){.status = 400, .close = true};
	return 0;
}

int handler_bad_request(const struct handler_request *request, struct handler_response *response)
{
	(void)request;
	*response = handler_plain(400, "400 Bad Request");
	response->close = true;
	return 0;
}
