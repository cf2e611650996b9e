#include "server/routes.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

struct route_case {
	const char *method;
	const char *target;
	unsigned status;
	const char *content_type;
	const char *body; /* NULL: another module writes it */
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

static struct route_answer answer_to(
	const char *method, const char *target, char *path, bool draining)
{
	const struct route_request req = {.method = method,
		.target = target,
		.target_len = strlen(target),
		.path = path,
		.text = "howdy\n",
		.text_len = 6,
		.draining = draining};

	return route_request(&req);
}

START_TEST(requests_are_answered)
{
	const struct route_case *c = &cases[_i];
	char path[128];
	char location[512] = "";
	struct route_answer answer = answer_to(c->method, c->target, path, false);

	ck_assert_uint_eq(answer.status, c->status);
	ck_assert_pstr_eq(answer.content_type, c->content_type);
	if (answer.body == ROUTE_BODY_REDIRECT) {
		ck_assert_uint_le(route_location_size(&answer), sizeof(location));
		route_write_location(&answer, location);
	}
	if (c->body == NULL)
		return;
	if (answer.body == ROUTE_BODY_READY) {
		ck_assert_uint_eq(answer.text_len, strlen(c->body));
		ck_assert_mem_eq(answer.text, c->body, answer.text_len);
	} else {
		size_t size = route_body_size(&answer, location);
		char *storage = malloc(size); /* as tight as promised, under ASan's eyes */
		struct strbuf body = {.data = storage, .size = size};

		route_write_body(&answer, location, &body);
		ck_assert(!body.truncated);
		ck_assert_uint_eq(body.len, strlen(c->body));
		ck_assert_mem_eq(body.data, c->body, body.len);
		ck_assert(answer.reflects);
		free(storage);
	}
}
END_TEST

START_TEST(readiness_ends_with_the_drain)
{
	char path[128];

	ck_assert_uint_eq(answer_to("GET", "/readyz", path, true).status, 503);
	ck_assert_uint_eq(answer_to("GET", "/healthz", path, true).status, 200);
}
END_TEST

Suite *routes_suite(void)
{
	Suite *suite = suite_create("routes");
	TCase *tcase = tcase_create("routes");

	tcase_add_loop_test(tcase, requests_are_answered, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, readiness_ends_with_the_drain);
	suite_add_tcase(suite, tcase);
	return suite;
}
