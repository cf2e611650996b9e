#include "server/routes.h"
#include "http/mux.h"

#include <string.h>

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define TEXT_HTML  "text/html; charset=utf-8"
#define JSON	   "application/json"
/* https://prometheus.io/docs/instrumenting/exposition_formats/ */
#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"

enum pattern {
	PATTERN_ROOT,
	PATTERN_MAGAZINE,
	PATTERN_HEALTHZ,
	PATTERN_READYZ,
	PATTERN_METRICS,
	PATTERN_VERSION,
	PATTERN_WHOAMI,
	PATTERN_COUNT,
};

static const char *const patterns[PATTERN_COUNT] = {
	[PATTERN_ROOT] = "/",
	[PATTERN_MAGAZINE] = "/magazine/",
	[PATTERN_HEALTHZ] = "/healthz",
	[PATTERN_READYZ] = "/readyz",
	[PATTERN_METRICS] = "/metrics",
	[PATTERN_VERSION] = "/version",
	[PATTERN_WHOAMI] = "/whoami",
};

/* The article's magazines; any other name has 0 pages. */
static const struct {
	const char *name;
	unsigned pages;
} magazines[] = {{"vogue", 130}, {"natgeo", 78}, {"newyorker", 132}};

static const char pages_text[] = " pages.\n";

static struct route_answer ready(unsigned status, const char *text, size_t len)
{
	return (struct route_answer){.status = status,
		.body = ROUTE_BODY_READY,
		.content_type = TEXT_PLAIN,
		.text = text,
		.text_len = len};
}

static struct route_answer ready_string(unsigned status, const char *text)
{
	return ready(status, text, strlen(text));
}

static struct route_answer written(enum route_body body, const char *content_type)
{
	return (struct route_answer){.status = 200, .body = body, .content_type = content_type};
}

static struct route_answer redirect(const char *method, const struct mux_result *to)
{
	struct route_answer answer = {.status = 301,
		.body = ROUTE_BODY_REDIRECT,
		.reflects = true,
		.path = to->path,
		.path_len = to->path_len,
		.query = to->query,
		.query_len = to->query_len};

	/* net/http writes its note, and its type, for those who may show it to a person. */
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		answer.content_type = TEXT_HTML;
	return answer;
}

static struct route_answer magazine(const struct mux_result *found)
{
	const size_t prefix = strlen(patterns[PATTERN_MAGAZINE]);
	struct route_answer answer = written(ROUTE_BODY_MAGAZINE, TEXT_PLAIN);

	if (found->path_len == prefix)
		return ready_string(200, "No magazine provided.\n");
	answer.reflects = true;
	answer.path = found->path + prefix;
	answer.path_len = found->path_len - prefix;
	return answer;
}

struct route_answer route_request(const struct route_request *req)
{
	struct route_answer answer;
	struct mux_result found = {0};

	switch (mux_resolve(req->method, req->target, req->target_len, patterns, PATTERN_COUNT,
		req->path, &found)) {
	case MUX_REDIRECT:
		return redirect(req->method, &found);
	case MUX_OPTIONS:
		answer = ready(200, "", 0);
		answer.content_type = NULL;
		return answer;
	case MUX_NO_PATH:
		answer = ready(400, "", 0);
		answer.content_type = NULL;
		answer.close = true;
		return answer;
	case MUX_BAD_REQUEST:
		answer = ready_string(400, "400 Bad Request");
		answer.close = true;
		return answer;
	case MUX_MATCH:
		break;
	}
	switch (found.pattern) {
	case PATTERN_MAGAZINE:
		return magazine(&found);
	case PATTERN_HEALTHZ:
		return ready_string(200, "ok\n");
	case PATTERN_READYZ:
		return req->draining ? ready_string(503, "draining\n")
				     : ready_string(200, "ready\n");
	case PATTERN_METRICS:
		return written(ROUTE_BODY_METRICS, PROMETHEUS);
	case PATTERN_VERSION:
		return written(ROUTE_BODY_VERSION, JSON);
	case PATTERN_WHOAMI:
		answer = written(ROUTE_BODY_WHOAMI, JSON);
		answer.reflects = true;
		return answer;
	default:
		return ready(200, req->text, req->text_len);
	}
}

static struct mux_result redirect_target(const struct route_answer *answer)
{
	return (struct mux_result){.path = answer->path,
		.path_len = answer->path_len,
		.query = answer->query,
		.query_len = answer->query_len};
}

size_t route_location_size(const struct route_answer *answer)
{
	const struct mux_result to = redirect_target(answer);

	return mux_location_length(&to) + 1;
}

void route_write_location(const struct route_answer *answer, char *out)
{
	const struct mux_result to = redirect_target(answer);

	out[mux_location(&to, out)] = '\0';
}

size_t route_body_size(const struct route_answer *answer, const char *location)
{
	if (answer->body == ROUTE_BODY_MAGAZINE)
		return answer->path_len + strlen(" has 4294967295") + strlen(pages_text);
	if (answer->body == ROUTE_BODY_REDIRECT)
		return strlen("<a href=\"\">Moved Permanently</a>.\n\n") + 5 * strlen(location);
	return 0;
}

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

static unsigned pages_of(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(magazines) / sizeof(magazines[0]); i++) {
		if (strlen(magazines[i].name) == len && memcmp(magazines[i].name, name, len) == 0)
			return magazines[i].pages;
	}
	return 0;
}

void route_write_body(const struct route_answer *answer, const char *location, struct strbuf *out)
{
	if (answer->body == ROUTE_BODY_MAGAZINE) {
		strbuf_add(out, answer->path, answer->path_len);
		strbuf_add_string(out, " has ");
		strbuf_add_unsigned(out, pages_of(answer->path, answer->path_len), 1);
		strbuf_add_string(out, pages_text);
	} else if (answer->body == ROUTE_BODY_REDIRECT) {
		strbuf_add_string(out, "<a href=\"");
		add_html(out, location);
		strbuf_add_string(out, "\">Moved Permanently</a>.\n\n");
	}
}
