#include "base/strbuf.h"
#include "escape.h"
#include "suites.h"

#include <string.h>

static const struct escape printable[] = {
	CASE("plain ~", "plain ~"),
	CASE("a\nb\\c\x1b[31m", "a\\x0ab\\x5cc\\x1b[31m"),
	CASE("\xC3\xA9", "\\xc3\\xa9"),
};

START_TEST(printable_is_escaped)
{
	char storage[128];
	struct strbuf text = STRBUF_OVER(storage);

	strbuf_add_printable(&text, printable[_i].in, printable[_i].len);
	ck_assert_uint_eq(text.len, strlen(printable[_i].out));
	ck_assert_mem_eq(text.data, printable[_i].out, text.len);
}
END_TEST

START_TEST(numbers)
{
	char storage[64];
	struct strbuf text = STRBUF_OVER(storage);

	strbuf_add_unsigned(&text, 0, 1);
	strbuf_add_string(&text, " ");
	strbuf_add_unsigned(&text, 7, 3);
	strbuf_add_string(&text, " ");
	strbuf_add_unsigned(&text, UINT64_MAX, 0);
	ck_assert_uint_eq(text.len, strlen("0 007 18446744073709551615"));
	ck_assert_mem_eq(text.data, "0 007 18446744073709551615", text.len);
}
END_TEST

/* What does not fit is left out: bytes one by one, a unit as a whole. */
START_TEST(truncation_is_remembered)
{
	char storage[4];
	struct strbuf text = STRBUF_OVER(storage);

	strbuf_add_string(&text, "abc");
	ck_assert(!text.truncated);
	strbuf_add_unit(&text, "de", 2);
	ck_assert(text.truncated);
	ck_assert_uint_eq(text.len, 3);
	text.truncated = false;
	strbuf_add_string(&text, "de");
	ck_assert(text.truncated);
	ck_assert_uint_eq(text.len, 4);
	ck_assert_mem_eq(text.data, "abcd", 4);
}
END_TEST

Suite *strbuf_suite(void)
{
	Suite *suite = suite_create("strbuf");
	TCase *tcase = tcase_create("strbuf");

	tcase_add_loop_test(
		tcase, printable_is_escaped, 0, sizeof(printable) / sizeof(printable[0]));
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, truncation_is_remembered);
	suite_add_tcase(suite, tcase);
	return suite;
}
