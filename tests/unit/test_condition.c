#include "condition.h"
#include "suites.h"

#include <stddef.h>

static const struct {
	const char *method;
	unsigned status;
	const char *if_match, *if_none_match;
	enum condition_verdict verdict;
} cases[] = {
	{"GET", 200, NULL, NULL, CONDITION_HOLDS},
	{"GET", 200, "*", NULL, CONDITION_HOLDS},
	{"GET", 200, "\"a\"", NULL, CONDITION_FAILED},
	{"PUT", 200, "\"a\", \"b\"", NULL, CONDITION_FAILED},
	{"GET", 200, "", NULL, CONDITION_FAILED},
	{"GET", 200, NULL, "\"a\"", CONDITION_HOLDS},
	{"GET", 200, NULL, "*", CONDITION_NOT_MODIFIED},
	{"HEAD", 200, NULL, "*", CONDITION_NOT_MODIFIED},
	{"POST", 200, NULL, "*", CONDITION_FAILED},
	{"GET", 200, "*", "*", CONDITION_NOT_MODIFIED},
	{"GET", 200, "\"a\"", "*", CONDITION_FAILED},
	{"GET", 301, "\"a\"", "*", CONDITION_HOLDS},
	{"GET", 503, NULL, "*", CONDITION_HOLDS},
	{"OPTIONS", 200, "\"a\"", "*", CONDITION_HOLDS},
	{"TRACE", 200, "\"a\"", "*", CONDITION_HOLDS},
};

START_TEST(conditions_are_checked)
{
	ck_assert_int_eq(condition_check(cases[_i].method, cases[_i].status, cases[_i].if_match,
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
