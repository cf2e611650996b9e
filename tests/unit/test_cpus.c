#include "server/cpus.h"
#include "suites.h"

static const struct {
	unsigned count;
	struct cgroup_limit limit;
	unsigned want;
} cases[] = {
	{4, {.known = false, .reason = "missing"}, 4},
	{4, {.known = true}, 4},
	{4, {.known = true, .limited = true, .value = 1}, 1},
	{4, {.known = true, .limited = true, .value = 1000}, 1},
	{4, {.known = true, .limited = true, .value = 1001}, 2},
	{4, {.known = true, .limited = true, .value = 3999}, 4},
	{4, {.known = true, .limited = true, .value = 8000}, 4},
	{4, {.known = true, .limited = true, .value = UINT64_MAX}, 4},
};

START_TEST(limits)
{
	ck_assert_uint_eq(cpus_within(cases[_i].count, &cases[_i].limit), cases[_i].want);
}
END_TEST

START_TEST(there_is_always_one)
{
	ck_assert_uint_ge(cpus_usable(), 1);
}
END_TEST

Suite *cpus_suite(void)
{
	Suite *suite = suite_create("cpus");
	TCase *tcase = tcase_create("cpus");

	tcase_add_loop_test(tcase, limits, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, there_is_always_one);
	suite_add_tcase(suite, tcase);
	return suite;
}
