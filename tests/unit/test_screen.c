#include "screen.h"
#include "suites.h"

#include <string.h>

struct header_case {
	const char *method, *protocol;
	const char *fields[8]; /* name, value, name, value ... */
	bool passes;
};

#define NEW "HTTP/1.1"
#define OLD "HTTP/1.0"

static const struct header_case cases[] = {
	{"GET", NEW, {"Host", "a"}, true},
	{"GET", NEW, {"hOST", "a:80"}, true},
	{"GET", NEW, {"Host", ""}, true},
	{"GET", NEW, {"Host", "[::1]:80"}, true},
	{"GET", NEW, {"Host", "[fe80::1%25eth0]"}, true},
	{"GET", NEW, {"Host", "a:"}, true},
	{"M-SEARCH", NEW, {"Host", "a", "X", "tab\there \xFF"}, true},
	{"POST", NEW, {"Host", "a", "Content-Length", "1"}, true},
	{"POST", NEW, {"Host", "a", "Transfer-Encoding", "chunked"}, true},
	{"GET", OLD, {NULL}, true},
	{"GET", OLD, {"Host", "a"}, true},
	{"GET", NEW, {NULL}, false},
	{"GET", NEW, {"Host", "a", "Host", "a"}, false},
	{"GET", NEW, {"Host", "a", "HOST", "b"}, false},
	{"GET", OLD, {"Host", "a", "Host", "b"}, false},
	{"GET", NEW, {"Host", "a b"}, false},
	{"GET", NEW, {"Host", "a/b"}, false},
	{"GET", NEW, {"Host", "a@b"}, false},
	{"GET", NEW, {"Host", "a,b\""}, false},
	{"GET", NEW, {"Host", "a:80x"}, false},
	{"GET", NEW, {"Host", "a:80:80"}, false},
	{"GET", NEW, {"Host", "[::1"}, false},
	{"GET", NEW, {"Host", "[]"}, false},
	{"GET", NEW, {"Host", "[::1]x"}, false},
	{"GET", NEW, {"Host", "\xC3\xA9"}, false},
	{"G@T", NEW, {"Host", "a"}, false},
	{"", NEW, {"Host", "a"}, false},
	{"GET", NEW, {"Host", "a", "X Y", "1"}, false},
	{"GET", NEW, {"Host", "a", "", "1"}, false},
	{"GET", NEW, {"Host", "a", "X", "\x01"}, false},
	{"GET", NEW, {"Host", "a", "X", "\x7f"}, false},
	{"GET", NEW, {"Host", "a", "X", "a\rb"}, false},
	{"POST", NEW, {"Host", "a", "Content-Length", "1", "Content-Length", "1"}, false},
	{"POST", NEW, {"Host", "a", "Content-Length", "1", "Transfer-Encoding", "chunked"}, false},
	{"POST", NEW, {"Host", "a", "Transfer-Encoding", "a", "Transfer-Encoding", "b"}, false},
	{"POST", OLD, {"Transfer-Encoding", "chunked"}, false},
};

START_TEST(headers_are_judged)
{
	const struct header_case *c = &cases[_i];
	struct screen screen = {0};

	for (size_t i = 0; i < 8 && c->fields[i] != NULL; i += 2)
		screen_field(&screen, c->fields[i], strlen(c->fields[i]), c->fields[i + 1],
			strlen(c->fields[i + 1]));
	ck_assert_int_eq(screen_passes(&screen, c->method, c->protocol), c->passes);
}
END_TEST

START_TEST(a_nul_is_a_control_character)
{
	struct screen screen = {.hosts = 1};

	screen_field(&screen, "X", 1, "a\0b", 3);
	ck_assert(!screen_passes(&screen, "GET", NEW));
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
