#include "screen.h"
#include "suites.h"

#include <string.h>

struct header_case {
	const char *method, *protocol;
	const char *fields[8]; /* name, value, name, value ... */
	enum screen_verdict verdict;
};

#define NEW "HTTP/1.1"
#define OLD "HTTP/1.0"

static const struct header_case cases[] = {
	{"GET", NEW, {"Host", "a"}, SCREEN_PASSED},
	{"GET", NEW, {"hOST", "a:80"}, SCREEN_PASSED},
	{"GET", NEW, {"Host", ""}, SCREEN_PASSED},
	{"GET", NEW, {"Host", "[::1]:80"}, SCREEN_PASSED},
	{"GET", NEW, {"Host", "[fe80::1%25eth0]"}, SCREEN_PASSED},
	{"GET", NEW, {"Host", "a:"}, SCREEN_PASSED},
	{"M-SEARCH", NEW, {"Host", "a", "X", "tab\there \xFF"}, SCREEN_PASSED},
	{"POST", NEW, {"Host", "a", "Content-Length", "1"}, SCREEN_PASSED},
	{"POST", NEW, {"Host", "a", "Transfer-Encoding", "chunked"}, SCREEN_PASSED},
	{"GET", OLD, {NULL}, SCREEN_PASSED},
	{"GET", OLD, {"Host", "a"}, SCREEN_PASSED},
	{"GET", NEW, {NULL}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a", "Host", "a"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a", "HOST", "b"}, SCREEN_MALFORMED},
	{"GET", OLD, {"Host", "a", "Host", "b"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a b"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a/b"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a@b"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a,b\""}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a:80x"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a:80:80"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "[::1"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "[]"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "[::1]x"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "\xC3\xA9"}, SCREEN_MALFORMED},
	{"G@T", NEW, {"Host", "a"}, SCREEN_MALFORMED},
	{"", NEW, {"Host", "a"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a", "X Y", "1"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a", "", "1"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a", "X", "\x01"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a", "X", "\x7f"}, SCREEN_MALFORMED},
	{"GET", NEW, {"Host", "a", "X", "a\rb"}, SCREEN_MALFORMED},
	{"POST", NEW, {"Host", "a", "Content-Length", "1", "Content-Length", "1"},
		SCREEN_MALFORMED},
	{"POST", NEW, {"Host", "a", "Content-Length", "1", "Transfer-Encoding", "chunked"},
		SCREEN_MALFORMED},
	{"POST", NEW, {"Host", "a", "Transfer-Encoding", "a", "Transfer-Encoding", "b"},
		SCREEN_MALFORMED},
	{"POST", OLD, {"Transfer-Encoding", "chunked"}, SCREEN_MALFORMED},
	{"POST", NEW, {"Host", "a", "Expect", "100-Continue"}, SCREEN_PASSED},
	{"POST", NEW, {"Host", "a", "Expect", ""}, SCREEN_PASSED},
	{"POST", NEW, {"Host", "a", "Expect", "200-ok"}, SCREEN_UNKNOWN_EXPECTATION},
	{"POST", NEW, {"Host", "a", "Expect", "x", "Expect", "100-continue"},
		SCREEN_UNKNOWN_EXPECTATION},
	{"POST", NEW, {"Host", "a b", "Expect", "x"}, SCREEN_MALFORMED},
	{"POST", OLD, {"Expect", "x"}, SCREEN_PASSED},
};

START_TEST(headers_are_judged)
{
	const struct header_case *c = &cases[_i];
	struct screen screen = {0};

	for (size_t i = 0; i < 8 && c->fields[i] != NULL; i += 2)
		screen_field(&screen, c->fields[i], strlen(c->fields[i]), c->fields[i + 1],
			strlen(c->fields[i + 1]));
	ck_assert_int_eq(screen_judge(&screen, c->method, c->protocol), c->verdict);
}
END_TEST

START_TEST(a_nul_is_a_control_character)
{
	struct screen screen = {.hosts = 1};

	screen_field(&screen, "X", 1, "a\0b", 3);
	ck_assert_int_eq(screen_judge(&screen, "GET", NEW), SCREEN_MALFORMED);
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
