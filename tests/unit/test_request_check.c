#include "http/request_check.h"
#include "suites.h"

#include <string.h>

struct header_case {
	const char *method, *protocol;
	const char *fields[8]; /* name, value, name, value ... */
	enum request_verdict verdict;
};

#define NEW "HTTP/1.1"
#define OLD "HTTP/1.0"

static const struct header_case cases[] = {
	{"GET", NEW, {"Host", "a"}, REQUEST_ACCEPTED},
	{"GET", NEW, {"hOST", "a:80"}, REQUEST_ACCEPTED},
	{"GET", NEW, {"Host", ""}, REQUEST_ACCEPTED},
	{"GET", NEW, {"Host", "[::1]:80"}, REQUEST_ACCEPTED},
	{"GET", NEW, {"Host", "[fe80::1%25eth0]"}, REQUEST_ACCEPTED},
	{"GET", NEW, {"Host", "a:"}, REQUEST_ACCEPTED},
	{"M-SEARCH", NEW, {"Host", "a", "X", "tab\there \xFF"}, REQUEST_ACCEPTED},
	{"POST", NEW, {"Host", "a", "Content-Length", "1"}, REQUEST_ACCEPTED},
	{"POST", NEW, {"Host", "a", "Transfer-Encoding", "chunked"}, REQUEST_ACCEPTED},
	{"GET", OLD, {NULL}, REQUEST_ACCEPTED},
	{"GET", OLD, {"Host", "a"}, REQUEST_ACCEPTED},
	{"GET", NEW, {NULL}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a", "Host", "a"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a", "HOST", "b"}, REQUEST_MALFORMED},
	{"GET", OLD, {"Host", "a", "Host", "b"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a b"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a/b"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a@b"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a,b\""}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a:80x"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a:80:80"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "[::1"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "[]"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "[::1]x"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "\xC3\xA9"}, REQUEST_MALFORMED},
	{"G@T", NEW, {"Host", "a"}, REQUEST_MALFORMED},
	{"", NEW, {"Host", "a"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a", "X Y", "1"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a", "", "1"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a", "X", "\x01"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a", "X", "\x7f"}, REQUEST_MALFORMED},
	{"GET", NEW, {"Host", "a", "X", "a\rb"}, REQUEST_MALFORMED},
	{"POST", NEW, {"Host", "a", "Content-Length", "1", "Content-Length", "1"},
		REQUEST_MALFORMED},
	{"POST", NEW, {"Host", "a", "Content-Length", "1", "Transfer-Encoding", "chunked"},
		REQUEST_MALFORMED},
	{"POST", NEW, {"Host", "a", "Transfer-Encoding", "a", "Transfer-Encoding", "b"},
		REQUEST_MALFORMED},
	{"POST", OLD, {"Transfer-Encoding", "chunked"}, REQUEST_MALFORMED},
	{"POST", NEW, {"Host", "a", "Expect", "100-Continue"}, REQUEST_ACCEPTED},
	{"POST", NEW, {"Host", "a", "Expect", ""}, REQUEST_ACCEPTED},
	{"POST", NEW, {"Host", "a", "Expect", "200-ok"}, REQUEST_UNKNOWN_EXPECTATION},
	{"POST", NEW, {"Host", "a", "Expect", "x", "Expect", "100-continue"},
		REQUEST_UNKNOWN_EXPECTATION},
	{"POST", NEW, {"Host", "a b", "Expect", "x"}, REQUEST_MALFORMED},
	{"POST", OLD, {"Expect", "x"}, REQUEST_ACCEPTED},
};

START_TEST(headers_are_judged)
{
	const struct header_case *c = &cases[_i];
	struct request_check screen = {0};

	for (size_t i = 0; i < 8 && c->fields[i] != NULL; i += 2)
		request_check_field(&screen, c->fields[i], strlen(c->fields[i]), c->fields[i + 1],
			strlen(c->fields[i + 1]));
	ck_assert_int_eq(request_check_result(&screen, c->method, c->protocol), c->verdict);
}
END_TEST

START_TEST(a_nul_is_a_control_character)
{
	struct request_check screen = {.hosts = 1};

	request_check_field(&screen, "X", 1, "a\0b", 3);
	ck_assert_int_eq(request_check_result(&screen, "GET", NEW), REQUEST_MALFORMED);
}
END_TEST

Suite *screen_suite(void)
{
	Suite *suite = suite_create("screen");
	TCase *tcase = tcase_create("screen");

	tcase_add_loop_test(tcase, headers_are_judged, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, a_nul_is_a_control_character);
	suite_add_tcase(suite, tcase);
	return suite;
}
