#include "server/routes.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

struct route_case {
	const char *method;
	const char *target;
	unsigned status;
	const char *content_type;
	const char *body; /* NULL: not compared here */
};

#define PLAIN "text/plain; charset=utf-8"
#define HTML  "text/html; charset=utf-8"

static const struct route_case cases[] = {
	{"GET", "/", 200, PLAIN, "howdy\n"},
	{"DELETE", "/any/thing", 200, PLAIN, "howdy\n"},
	{"GET", "/magazine/vogue", 200, PLAIN, "vogue has 130 pages.\n"},
	{"GET", "/magazine/natgeo", 200, PLAIN, "natgeo has 78 pages.\n"},
	{"GET", "/magazine/newyorker", 200, PLAIN, "newyorker has 132 pages.\n"},
	{"GET", "/magazine/vogue/", 200, PLAIN, "vogue/ has 0 pages.\n"},
	{"GET", "/magazine/VOGUE", 200, PLAIN, "VOGUE has 0 pages.\n"},
	{"GET", "/magazine/%76ogue?x=1", 200, PLAIN, "vogue has 130 pages.\n"},
	{"GET", "/magazine/<b>", 200, PLAIN, "<b> has 0 pages.\n"},
	{"GET", "/magazine/", 200, PLAIN, "No magazine provided.\n"},
	{"GET", "/magazine", 301, HTML, "<a href=\"/magazine/\">Moved Permanently</a>.\n\n"},
	{"GET", "//%3Cb%3E'?\"&<>", 301, HTML,
		"<a href=\"/%3Cb%3E%27?&#34;&amp;&lt;&gt;\">Moved Permanently</a>.\n\n"},
	{"HEAD", "/magazine", 301, HTML, "<a href=\"/magazine/\">Moved Permanently</a>.\n\n"},
	{"POST", "/magazine", 301, NULL, NULL},
	{"GET", "/healthz", 200, PLAIN, "ok\n"},
	{"GET", "/readyz", 200, PLAIN, "ready\n"},
	{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", NULL},
	{"GET", "/version", 200, "application/json", NULL},
	{"GET", "/whoami", 200, "application/json", NULL},
	{"GET", "/inspect", 200, PLAIN, "howdy\n"},
	{"OPTIONS", "*", 200, NULL, ""},
	{"GET", "*", 400, NULL, ""},
	{"GET", "/%", 400, PLAIN, "400 Bad Request"},
};

static struct handler_response respond(
	const char *method, const char *target, char *path, bool draining)
{
	static const struct site site = {.text = "howdy\n", .text_len = 6, .hostname = "host"};
	struct handler_request request = {.site = &site,
		.draining = draining,
		.method = method,
		.protocol = "HTTP/1.1",
		.remote = "192.0.2.1:80",
		.target = target,
		.target_len = strlen(target)};
	struct handler_response response = {0};

	ck_assert_int_eq(routes_handle(&request, path, &response), 0);
	return response;
}

static void discard(struct handler_response *response)
{
	free(response->allocated);
	free(response->location);
}

START_TEST(requests_get_their_response)
{
	const struct route_case *c = &cases[_i];
	char path[128];
	struct handler_response response = respond(c->method, c->target, path, false);

	ck_assert_uint_eq(response.status, c->status);
	ck_assert_pstr_eq(response.content_type, c->content_type);
	ck_assert_int_eq(response.location != NULL, c->status == 301);
	if (c->body != NULL) {
		ck_assert_uint_eq(response.body_len, strlen(c->body));
		ck_assert_mem_eq(
			response.body != NULL ? response.body : "", c->body, response.body_len);
	}
	/* Only what the client chose is allocated: it must never be taken for HTML. */
	if (response.location != NULL || strstr(c->target, "magazine/%") != NULL)
		ck_assert(response.reflects);
	ck_assert_int_eq(response.close, c->status == 400);
	discard(&response);
}
END_TEST

/* One prepared response serves `/` only where the text is what the handler chose. */
START_TEST(the_text_is_marked_by_its_handler)
{
	char path[128];
	struct handler_response response = respond("GET", "/any/thing", path, false);

	ck_assert(response.is_text);
	ck_assert_ptr_null(response.allocated);
	response = respond("GET", "/healthz", path, false);
	ck_assert(!response.is_text);
	response = respond("GET", "/magazine/", path, false);
	ck_assert(!response.is_text);
}
END_TEST

START_TEST(whoami_without_a_header)
{
	static const char expected[] =
		"{\"hostname\":\"host\",\"remote\":\"192.0.2.1:80\",\"method\":\"GET\","
		"\"target\":\"/whoami\",\"protocol\":\"HTTP/1.1\",\"tls\":null,\"headers\":[]}\n";
	char path[128];
	struct handler_response response = respond("GET", "/whoami", path, false);

	ck_assert_uint_eq(response.body_len, strlen(expected));
	ck_assert_mem_eq(response.body, expected, response.body_len);
	ck_assert(response.reflects);
	discard(&response);
}
END_TEST

START_TEST(readiness_ends_with_the_drain)
{
	char path[128];

	ck_assert_uint_eq(respond("GET", "/readyz", path, true).status, 503);
	ck_assert_uint_eq(respond("GET", "/healthz", path, true).status, 200);
}
END_TEST

Suite *routes_suite(void)
{
	Suite *suite = suite_create("routes");
	TCase *tcase = tcase_create("routes");

	tcase_add_loop_test(
		tcase, requests_get_their_response, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, the_text_is_marked_by_its_handler);
	tcase_add_test(tcase, whoami_without_a_header);
	tcase_add_test(tcase, readiness_ends_with_the_drain);
	suite_add_tcase(suite, tcase);
	return suite;
}
