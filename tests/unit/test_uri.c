#include "http/uri.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

/* Returns: a copy of exactly its size, so that ASan reports one byte too many. */
static char *copy(const char *text, size_t len)
{
	char *own = malloc(len > 0 ? len : 1);

	memcpy(own, text, len);
	return own;
}

static const struct {
	const char *text;
	bool valid;
} hosts[] = {
	{"", true},
	{"a", true},
	{"a:80", true},
	{"a:", true},
	{":80", true},
	{"%41", true},
	{"%c3%A9:80", true},
	{"[::1]:80", true},
	{"[%41]", true},
	{"[fe80::1%25eth0]", true},
	{"[fe80::1%25a%20b]", true},
	{"a b", false},
	{"a|b", false},
	{"a:8o", false},
	{"a:80:80", false},
	{"a<b>\"", false},
	{"u:p@a", false},
	{"%4", false},
	{"%4g", false},
	{"%", false},
	{"\xC3\xA9", false},
	{"[]", false},
	{"[a]b]", false},
	{"[::1", false},
	{"[::1]x", false},
};

START_TEST(hosts_are_checked)
{
	size_t len = strlen(hosts[_i].text);
	char *own = copy(hosts[_i].text, len);

	ck_assert_msg(uri_is_host(own, len) == hosts[_i].valid, "%s", hosts[_i].text);
	free(own);
}
END_TEST

static const struct {
	const char *path, *rfc, *go;
} paths[] = {
	{"", "", ""},
	{"/", "/", "/"},
	{"/a", "/a", "/a"},
	{"/a/", "/a/", "/a/"},
	{"/a/b/../c", "/a/c", "/a/c"},
	{"/a/./b", "/a/b", "/a/b"},
	{"/../a", "/a", "/a"},
	{"/..", "/", "/"},
	{"/a/../..", "/", "/"},
	{"/a/../", "/", "/"},
	{"/a/...", "/a/...", "/a/..."},
	{"/.a/..b", "/.a/..b", "/.a/..b"},
	/* Here the rules differ. */
	{"/a/.", "/a/", "/a"},
	{"/a/b/..", "/a/", "/a"},
	{"//", "//", "/"},
	{"//a//b", "//a//b", "/a/b"},
	{"/a//../b", "/a/b", "/b"},
};

static void expect_path(const char *path, enum uri_dots rule, const char *expected)
{
	size_t len = strlen(path);
	char *own = copy(path, len);
	size_t got = uri_remove_dots(own, len, rule);

	ck_assert_msg(got == strlen(expected) && memcmp(own, expected, got) == 0,
		"%s becomes %.*s, not %s", path, (int)got, own, expected);
	free(own);
}

START_TEST(dots_are_removed)
{
	expect_path(paths[_i].path, URI_DOTS_RFC, paths[_i].rfc);
	expect_path(paths[_i].path, URI_DOTS_GO, paths[_i].go);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
} schemes[] = {
	{"http://h", 4},
	{"a+1-.:", 5},
	{"x:", 1},
	{"", 0},
	{":", 0},
	{"http", 0},
	{"1a:b", 0},
	{"+a:b", 0},
	{"a/b:c", 0},
	{"\xC3\xA9:", 0},
};

START_TEST(schemes_end_at_a_colon)
{
	size_t len = strlen(schemes[_i].text);
	char *own = copy(schemes[_i].text, len);

	ck_assert_uint_eq(uri_scheme_length(own, len), schemes[_i].len);
	free(own);
}
END_TEST

START_TEST(bytes_are_decoded)
{
	ck_assert_int_eq(uri_decode_byte("%aF", 3), 0xAF);
	ck_assert_int_eq(uri_decode_byte("%00x", 4), 0);
	ck_assert_int_eq(uri_decode_byte("%a", 2), -1);
	ck_assert_int_eq(uri_decode_byte("%", 1), -1);
	ck_assert_int_eq(uri_decode_byte("", 0), -1);
	ck_assert_int_eq(uri_decode_byte("%g0", 3), -1);
	ck_assert_int_eq(uri_decode_byte("%0g", 3), -1);
	ck_assert_int_eq(uri_decode_byte("abc", 3), -1);
}
END_TEST

Suite *uri_suite(void)
{
	Suite *suite = suite_create("uri");
	TCase *tcase = tcase_create("uri");

	tcase_add_loop_test(tcase, hosts_are_checked, 0, sizeof(hosts) / sizeof(hosts[0]));
	tcase_add_loop_test(tcase, dots_are_removed, 0, sizeof(paths) / sizeof(paths[0]));
	tcase_add_loop_test(tcase, schemes_end_at_a_colon, 0, sizeof(schemes) / sizeof(schemes[0]));
	tcase_add_test(tcase, bytes_are_decoded);
	suite_add_tcase(suite, tcase);
	return suite;
}
