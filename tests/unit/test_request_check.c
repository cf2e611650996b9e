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
	{"GET", NEW, {"Host", "a"}, REQUEST_VALID},
	{"GET", NEW, {"hOST", "a:80"}, REQUEST_VALID},
	{"GET", NEW, {"Host", ""}, REQUEST_VALID},
	{"GET", NEW, {"Host", "[::1]:80"}, REQUEST_VALID},
	{"GET", NEW, {"Host", "[fe80::1%25eth0]"}, REQUEST_VALID},
	{"GET", NEW, {"Host", "a:"}, REQUEST_VALID},
	{"M-SEARCH", NEW, {"Host", "a", "X", "tab\there \xFF"}, REQUEST_VALID},
	{"POST", NEW, {"Host", "a", "Content-Length", "1"}, REQUEST_VALID},
	{"POST", NEW, {"Host", "a", "Transfer-Encoding", "chunked"}, REQUEST_VALID},
	{"GET", OLD, {NULL}, REQUEST_VALID},
	{"GET", OLD, {"Host", "a"}, REQUEST_VALID},
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
	{"POST", NEW, {"Host", "a", "Expect", "100-Continue"}, REQUEST_VALID},
	{"POST", NEW, {"Host", "a", "Expect", ""}, REQUEST_VALID},
	{"POST", NEW, {"Host", "a", "Expect", "200-ok"}, REQUEST_EXPECTATION_FAILED},
	{"POST", NEW, {"Host", "a", "Expect", "x", "Expect", "100-continue"},
		REQUEST_EXPECTATION_FAILED},
	{"POST", NEW, {"Host", "a b", "Expect", "x"}, REQUEST_MALFORMED},
	{"POST", OLD, {"Expect", "x"}, REQUEST_VALID},
};

START_TEST(headers_are_checked)
{
	const struct header_case *c = &cases[_i];
	struct request_check check = {0};

	for (size_t i = 0; i < 8 && c->fields[i] != NULL; i += 2)
		request_check_field(&check, c->fields[i], strlen(c->fields[i]), c->fields[i + 1],
			strlen(c->fields[i + 1]));
	ck_assert_int_eq(request_check_result(&check, c->method, c->protocol), c->verdict);
}
END_TEST

START_TEST(a_nul_is_a_control_character)
{
	struct request_check check = {.hosts = 1};

	request_check_field(&check, "X", 1, "a\0b", 3);
	ck_assert_int_eq(request_check_result(&check, "GET", NEW), REQUEST_MALFORMED);
}
END_TEST

static const struct {
	const char *method;
	unsigned status;
	const char *if_match, *if_none_match;
	enum precondition_verdict verdict;
} conditions[] = {
	{"GET", 200, NULL, NULL, PRECONDITION_TRUE},
	{"GET", 200, "*", NULL, PRECONDITION_TRUE},
	{"GET", 200, "\"a\"", NULL, PRECONDITION_FAILED},
	{"PUT", 200, "\"a\", \"b\"", NULL, PRECONDITION_FAILED},
	{"GET", 200, "", NULL, PRECONDITION_FAILED},
	{"GET", 200, NULL, "\"a\"", PRECONDITION_TRUE},
	{"GET", 200, NULL, "*", PRECONDITION_NOT_MODIFIED},
	{"HEAD", 200, NULL, "*", PRECONDITION_NOT_MODIFIED},
	{"POST", 200, NULL, "*", PRECONDITION_FAILED},
	{"GET", 200, "*", "*", PRECONDITION_NOT_MODIFIED},
	{"GET", 200, "\"a\"", "*", PRECONDITION_FAILED},
	{"GET", 301, "\"a\"", "*", PRECONDITION_TRUE},
	{"GET", 503, NULL, "*", PRECONDITION_TRUE},
	{"OPTIONS", 200, "\"a\"", "*", PRECONDITION_TRUE},
	{"TRACE", 200, "\"a\"", "*", PRECONDITION_TRUE},
};

START_TEST(preconditions_are_evaluated)
{
	ck_assert_int_eq(request_check_preconditions(conditions[_i].method, conditions[_i].status,
				 conditions[_i].if_match, conditions[_i].if_none_match),
		conditions[_i].verdict);
}
END_TEST

Suite *request_check_suite(void)
{
	Suite *suite = suite_create("request_check");
	TCase *tcase = tcase_create("request_check");

	tcase_add_loop_test(tcase, headers_are_checked, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, a_nul_is_a_control_character);
	tcase_add_loop_test(
		tcase, preconditions_are_evaluated, 0, sizeof(conditions) / sizeof(conditions[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
