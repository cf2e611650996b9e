#include "http/precondition.h"
#include "suites.h"

#include <stddef.h>

static const struct {
	const char *method;
	unsigned status;
	const char *if_match, *if_none_match;
	enum precondition_verdict verdict;
} cases[] = {
	{"GET", 200, NULL, NULL, PRECONDITION_HOLDS},
	{"GET", 200, "*", NULL, PRECONDITION_HOLDS},
	{"GET", 200, "\"a\"", NULL, PRECONDITION_FAILED},
	{"PUT", 200, "\"a\", \"b\"", NULL, PRECONDITION_FAILED},
	{"GET", 200, "", NULL, PRECONDITION_FAILED},
	{"GET", 200, NULL, "\"a\"", PRECONDITION_HOLDS},
	{"GET", 200, NULL, "*", PRECONDITION_NOT_MODIFIED},
	{"HEAD", 200, NULL, "*", PRECONDITION_NOT_MODIFIED},
	{"POST", 200, NULL, "*", PRECONDITION_FAILED},
	{"GET", 200, "*", "*", PRECONDITION_NOT_MODIFIED},
	{"GET", 200, "\"a\"", "*", PRECONDITION_FAILED},
	{"GET", 301, "\"a\"", "*", PRECONDITION_HOLDS},
	{"GET", 503, NULL, "*", PRECONDITION_HOLDS},
	{"OPTIONS", 200, "\"a\"", "*", PRECONDITION_HOLDS},
	{"TRACE", 200, "\"a\"", "*", PRECONDITION_HOLDS},
};

START_TEST(conditions_are_checked)
{
	ck_assert_int_eq(precondition_check(cases[_i].method, cases[_i].status, cases[_i].if_match,
				 cases[_i].if_none_match),
		cases[_i].verdict);
}
END_TEST

Suite *condition_suite(void)
{
	Suite *suite = suite_create("condition");
	TCase *tcase = tcase_create("condition");

	tcase_add_loop_test(tcase, conditions_are_checked, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
