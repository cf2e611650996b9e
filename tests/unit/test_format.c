/* What mbedTLS prints by. */
#include "suites.h"

#include "tls/format.h"

#include <string.h>

START_TEST(it_writes_what_snprintf_writes)
{
	char text[32];

	ck_assert_int_eq(mbedtls_format(text, sizeof(text), "%s=%s", "CN", "hello"), 8);
	ck_assert_str_eq(text, "CN=hello");
	ck_assert_int_eq(mbedtls_format(text, sizeof(text), "%c.%u.%u", '2', 0U, 4294967295U), 14);
	ck_assert_str_eq(text, "2.0.4294967295");
	ck_assert_int_eq(mbedtls_format(text, sizeof(text), "%s", ""), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

/* As mbedTLS checks it: a length of the buffer's size or more. */
START_TEST(what_does_not_fit_is_told)
{
	char text[6] = "";
	char none = 'x';

	ck_assert_int_eq(mbedtls_format(text, sizeof(text), "%s", "hello"), 5);
	ck_assert_str_eq(text, "hello");
	ck_assert_int_ge(mbedtls_format(text, sizeof(text), "%s", "hello!"), (int)sizeof(text));
	ck_assert_str_eq(text, "hello");
	ck_assert_int_ge(mbedtls_format(text, 1, "%u", 7U), 1);
	ck_assert_str_eq(text, "");
	ck_assert_int_ge(mbedtls_format(&none, 0, "x"), 0);
	ck_assert_int_eq(none, 'x');
}
END_TEST

START_TEST(other_directives_are_an_error)
{
	char text[32];

	ck_assert_int_eq(mbedtls_format(text, sizeof(text), "a%dz", 1), -1);
	ck_assert_int_eq(mbedtls_format(text, sizeof(text), "%02X", 1U), -1);
	ck_assert_uint_lt(strlen(text), sizeof(text));
}
END_TEST

Suite *format_suite(void)
{
	Suite *suite = suite_create("format");
	TCase *tcase = tcase_create("format");

	tcase_add_test(tcase, it_writes_what_snprintf_writes);
	tcase_add_test(tcase, what_does_not_fit_is_told);
	tcase_add_test(tcase, other_directives_are_an_error);
	suite_add_tcase(suite, tcase);
	return suite;
}
