#include "base/json.h"
#include "base/strbuf.h"
#include "escape.h"
#include "suites.h"

#include <string.h>

static const struct escape json[] = {
	CASE("", ""),
	CASE("plain", "plain"),
	CASE("a\"b\\c", "a\\\"b\\\\c"),
	CASE("\x00\x1f\x7f\n", "\\u0000\\u001f\\u007f\\u000a"),
	CASE("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
	CASE("\xC0\xAF", "\\ufffd\\ufffd"),			  /* overlong */
	CASE("\xE0\x80\x80", "\\ufffd\\ufffd\\ufffd"),		  /* overlong */
	CASE("\xED\xA0\x80", "\\ufffd\\ufffd\\ufffd"),		  /* surrogate */
	CASE("\xF4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"), /* beyond U+10FFFF */
	CASE("\xF0\x80\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"), /* overlong */
	CASE("\xE2\x82", "\\ufffd\\ufffd"),			  /* truncated */
	CASE("\xE2\x28\xA1", "\\ufffd(\\ufffd"),
	CASE("\xFFz", "\\ufffdz"),
};

START_TEST(json_is_escaped)
{
	char storage[128];
	struct strbuf text = STRBUF_OVER(storage);

	json_add_escaped(&text, json[_i].in, json[_i].len);
	ck_assert(!text.truncated);
	ck_assert_uint_eq(text.len, strlen(json[_i].out));
	ck_assert_mem_eq(text.data, json[_i].out, text.len);
}
END_TEST

/* For any size, the text is a prefix of the complete one, and no escape is split. */
START_TEST(truncation_is_remembered)
{
	static const char in[] = "a\n\xE2\x82\xAC!";
	static const char complete[] = "a\\u000a\xE2\x82\xAC!";
	static const size_t ends[] = {0, 1, 1, 1, 1, 1, 1, 7, 7, 7, 10, 11};
	char storage[16];

	for (size_t size = 0; size < sizeof(ends) / sizeof(ends[0]); size++) {
		struct strbuf text = {.data = storage, .size = size};

		json_add_escaped(&text, in, sizeof(in) - 1);
		ck_assert_uint_eq(text.len, ends[size]);
		ck_assert_mem_eq(text.data, complete, text.len);
		ck_assert_int_eq(text.truncated, size < 11);
	}
}
END_TEST

START_TEST(members_are_separated)
{
	char storage[64];
	struct strbuf text = STRBUF_OVER(storage);
	static const char expected[] = "{\"a\":\"x\\\\\",\"b\":{\"c\":1}}";

	strbuf_add_string(&text, "{");
	json_add_key(&text, "a");
	json_add_string(&text, "x\\", 2);
	json_add_key(&text, "b");
	strbuf_add_string(&text, "{");
	json_add_key(&text, "c");
	strbuf_add_string(&text, "1}}");
	ck_assert_uint_eq(text.len, strlen(expected));
	ck_assert_mem_eq(text.data, expected, text.len);
}
END_TEST

Suite *json_suite(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = tcase_create("json");

	tcase_add_loop_test(tcase, json_is_escaped, 0, sizeof(json) / sizeof(json[0]));
	tcase_add_test(tcase, truncation_is_remembered);
	tcase_add_test(tcase, members_are_separated);
	suite_add_tcase(suite, tcase);
	return suite;
}
