#include "config/flags.h"
#include "suites.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *text;
	int result;
	int64_t ns;
} durations[] = {
	{"0", 0, 0},
	{"0s", 0, 0},
	{"1s", 0, 1000000000},
	{"1.5s", 0, 1500000000},
	{"300ms", 0, 300000000},
	{"2m", 0, INT64_C(120000000000)},
	{"1h30m", 0, INT64_C(5400000000000)},
	{".5s", 0, 500000000},
	{"1.s", 0, 1000000000},
	{"1us", 0, 1000},
	{"1ns", 0, 1},
	{"1001us", 0, 1001000},
	{"5\xC2\xB5s", 0, 5000},
	{"0.0000000001s", 0, 0},
	{"1m0.5s", 0, INT64_C(60500000000)},
	{"2562047h", 0, INT64_C(9223369200000000000)},
	{"", -1, 0},
	{"5", -1, 0},
	{"s", -1, 0},
	{".s", -1, 0},
	{"-1s", -1, 0},
	{"+1s", -1, 0},
	{"1 s", -1, 0},
	{"1d", -1, 0},
	{"1S", -1, 0},
	{"1s ", -1, 0},
	{"1..5s", -1, 0},
	{"2562048h", -1, 0},
	{"99999999999999999999s", -1, 0},
	{"9223372036s1s", -1, 0},
};

START_TEST(durations_parse)
{
	int64_t ns = -7;
	int result = flags_parse_duration(durations[_i].text, &ns);

	ck_assert_msg(result == durations[_i].result, "%s gives %d", durations[_i].text, result);
	ck_assert_int_eq(ns, result == 0 ? durations[_i].ns : -7);
}
END_TEST

static const struct {
	const char *text;
	int result;
	uint64_t bytes;
} sizes[] = {
	{"0", 0, 0},
	{"512", 0, 512},
	{"512B", 0, 512},
	{"64KiB", 0, 65536},
	{"1MiB", 0, 1048576},
	{"2GiB", 0, UINT64_C(2147483648)},
	{"", -1, 0},
	{"KiB", -1, 0},
	{"1KB", -1, 0},
	{"1kib", -1, 0},
	{"1.5KiB", -1, 0},
	{"-1", -1, 0},
	{"1 KiB", -1, 0},
	{"1KiBx", -1, 0},
	{"9223372036854775808", -1, 0},
	{"8796093022208MiB", -1, 0},
};

START_TEST(sizes_parse)
{
	uint64_t bytes = 7;
	int result = flags_parse_size(sizes[_i].text, &bytes);

	ck_assert_msg(result == sizes[_i].result, "%s gives %d", sizes[_i].text, result);
	ck_assert_uint_eq(bytes, result == 0 ? sizes[_i].bytes : 7);
}
END_TEST

struct fields {
	const char *text;
	bool on;
	unsigned count;
	unsigned choice;
};

static const char *const colours[] = {"red", "green", NULL};

static const struct flag table[] = {
	{"-text", "T_TEXT", FLAG_TEXT, offsetof(struct fields, text), "t", "T", "a text",
		"want a text"},
	{"-on", "T_ON", FLAG_BOOL, offsetof(struct fields, on), "false", NULL, "a switch",
		"want true or false"},
	{"-count", "T_COUNT", FLAG_COUNT, offsetof(struct fields, count), "5", "N", "a count",
		"want 1 to 9", .min = 1, .max = 9},
	{"-colour", "T_COLOUR", FLAG_CHOICE, offsetof(struct fields, choice), "green", "C",
		"a colour", "want red or green", .choices = colours},
};

enum {
	FLAGS = sizeof(table) / sizeof(table[0])
};

static const char *no_env(const char *name)
{
	(void)name;
	return NULL;
}

static const char *some_env(const char *name)
{
	if (strcmp(name, "T_COUNT") == 0)
		return "7";
	if (strcmp(name, "T_TEXT") == 0)
		return "";
	return strcmp(name, "T_COLOUR") == 0 ? "" : NULL; /* empty: not set */
}

static const char *bad_env(const char *name)
{
	return strcmp(name, "T_COUNT") == 0 ? "10" : NULL;
}

struct line_case {
	const char *argv[6];
	int result;
	int used;
	struct fields fields;
	const char *subject, *value;
};

static const struct line_case lines[] = {
	{{NULL}, 0, 0, {"t", false, 5, 1}, NULL, NULL},
	{{"-text", "x"}, 0, 2, {"x", false, 5, 1}, NULL, NULL},
	{{"--text=x=y"}, 0, 1, {"x=y", false, 5, 1}, NULL, NULL},
	{{"-text="}, 0, 1, {"", false, 5, 1}, NULL, NULL},
	{{"-text", "-on"}, 0, 2, {"-on", false, 5, 1}, NULL, NULL},
	{{"-on", "rest"}, 0, 1, {"t", true, 5, 1}, NULL, NULL},
	{{"-on=false", "-count", "9"}, 0, 3, {"t", false, 9, 1}, NULL, NULL},
	{{"-count=1", "-count=2"}, 0, 2, {"t", false, 2, 1}, NULL, NULL},
	{{"--", "-on"}, 0, 1, {"t", false, 5, 1}, NULL, NULL},
	{{"-", "-on"}, 0, 0, {"t", false, 5, 1}, NULL, NULL},
	{{"-colour", "red"}, 0, 2, {"t", false, 5, 0}, NULL, NULL},
	{{"-h"}, 1, 0, {"t", false, 5, 1}, NULL, NULL},
	{{"-on", "--help"}, 1, 0, {"t", true, 5, 1}, NULL, NULL},
	{{"-bogus"}, -1, 0, {"t", false, 5, 1}, NULL, "-bogus"},
	{{"---on"}, -1, 0, {"t", false, 5, 1}, NULL, "---on"},
	{{"-count", "0"}, -1, 0, {"t", false, 5, 1}, "-count", "0"},
	{{"-count", "x"}, -1, 0, {"t", false, 5, 1}, "-count", "x"},
	{{"-count", "99999999999999999999"}, -1, 0, {"t", false, 5, 1}, "-count",
		"99999999999999999999"},
	{{"-on=2"}, -1, 0, {"t", false, 5, 1}, "-on", "2"},
	{{"-colour", "blue"}, -1, 0, {"t", false, 5, 1}, "-colour", "blue"},
	{{"-count"}, -1, 0, {"t", false, 5, 1}, NULL, "-count"},
};

START_TEST(lines_parse)
{
	const struct line_case *c = &lines[_i];
	struct fields got = {0};
	struct error err = {0};
	int argc = 0;
	int used = 0;
	int result;

	while (c->argv[argc] != NULL)
		argc++;
	result = flags_parse(table, FLAGS, argc, (char *const *)c->argv, no_env, &got, &used, &err);
	ck_assert_int_eq(result, c->result);
	ck_assert_int_eq(used, c->used);
	ck_assert_pstr_eq(err.subject, c->subject);
	ck_assert_pstr_eq(err.value, c->value);
	ck_assert_str_eq(got.text, c->fields.text);
	ck_assert_int_eq(got.on, c->fields.on);
	ck_assert_uint_eq(got.count, c->fields.count);
	ck_assert_uint_eq(got.choice, c->fields.choice);
}
END_TEST

START_TEST(the_environment_comes_second)
{
	char *const argv[] = {(char *)"-count", (char *)"3"};
	struct fields got;
	struct error err = {0};
	int used;

	ck_assert_int_eq(flags_parse(table, FLAGS, 0, NULL, some_env, &got, &used, &err), 0);
	ck_assert_uint_eq(got.count, 7);
	ck_assert_str_eq(got.text, "");
	ck_assert_uint_eq(got.choice, 1);
	ck_assert_int_eq(flags_parse(table, FLAGS, 2, argv, some_env, &got, &used, &err), 0);
	ck_assert_uint_eq(got.count, 3);
	ck_assert_int_eq(flags_parse(table, FLAGS, 0, NULL, bad_env, &got, &used, &err), -1);
	ck_assert_str_eq(err.subject, "T_COUNT");
	ck_assert_str_eq(err.value, "10");
	ck_assert_str_eq(err.want, "want 1 to 9");
}
END_TEST

Suite *flags_suite(void)
{
	Suite *suite = suite_create("flags");
	TCase *tcase = tcase_create("flags");

	tcase_add_loop_test(tcase, durations_parse, 0, sizeof(durations) / sizeof(durations[0]));
	tcase_add_loop_test(tcase, sizes_parse, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(tcase, lines_parse, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tcase, the_environment_comes_second);
	suite_add_tcase(suite, tcase);
	return suite;
}
