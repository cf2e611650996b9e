#include "http/url.h"
#include "suites.h"

#include <string.h>

static const struct {
	const char *text;
	int result;
	bool secure;
	const char *host;
	unsigned port;
	const char *path;
} urls[] = {
	{"http://localhost", 0, false, "localhost", 80, ""},
	{"http://localhost/", 0, false, "localhost", 80, "/"},
	{"http://h:8080/a?b#c", 0, false, "h", 8080, "/a?b#c"},
	{"http://h?x", 0, false, "h", 80, "?x"},
	{"http://[::1]:81/x", 0, false, "::1", 81, "/x"},
	{"http://[::1]", 0, false, "::1", 80, ""},
	{"https://h/", 0, true, "h", 443, "/"},
	{"https://[fe80::1%eth0]:8443", 0, true, "fe80::1%eth0", 8443, ""},
	{"HTTPS://H:1/", 0, true, "H", 1, "/"},
	{"http://h/@", 0, false, "h", 80, "/@"},
	{"ftp://h/", -1, false, NULL, 0, NULL},
	{"HTTP", -1, false, NULL, 0, NULL},
	{"http://", -1, false, NULL, 0, NULL},
	{"http://:80/", -1, false, NULL, 0, NULL},
	{"http://h:0/", -1, false, NULL, 0, NULL},
	{"http://h:65536/", -1, false, NULL, 0, NULL},
	{"http://u@h/", -1, false, NULL, 0, NULL},
	{"http://u:p@h/", -1, false, NULL, 0, NULL},
	{"http://h/a b", -1, false, NULL, 0, NULL},
	{"http://h/\r\nX: y", -1, false, NULL, 0, NULL},
	{"http://h/\xC3\xA9", -1, false, NULL, 0, NULL},
	{"http://::1/", -1, false, NULL, 0, NULL},
	{"http://a<b>/", -1, false, NULL, 0, NULL},
	{"http://[::1]x/", -1, false, NULL, 0, NULL},
	{"http://a%62_c/", 0, false, "a%62_c", 80, "/"},
	{"", -1, false, NULL, 0, NULL},
};

START_TEST(urls_parse)
{
	struct url url = {0};
	struct error err = {0};
	int result = url_parse(urls[_i].text, &url, &err);

	ck_assert_msg(result == urls[_i].result, "%s gives %d", urls[_i].text, result);
	if (result != 0) {
		ck_assert_ptr_nonnull(err.want);
		return;
	}
	ck_assert_int_eq(url.secure, urls[_i].secure);
	ck_assert_str_eq(url.host, urls[_i].host);
	ck_assert_uint_eq(url.port, urls[_i].port);
	ck_assert_str_eq(url.path, urls[_i].path);
}
END_TEST

/* Host names of 255 bytes fit, longer ones are refused. */
START_TEST(long_hosts)
{
	char text[512] = "http://";
	struct url url;
	struct error err = {0};

	memset(text + 7, 'h', 255);
	ck_assert_int_eq(url_parse(text, &url, &err), 0);
	ck_assert_uint_eq(strlen(url.host), 255);
	memset(text + 7, 'h', 300);
	ck_assert_int_eq(url_parse(text, &url, &err), -1);
}
END_TEST

static const struct {
	const char *url;
	const char *origin;
	const char *target;
} parts[] = {
	{"http://h", "http://h", "/"},
	{"http://h:80/a?b#c", "http://h", "/a?b"},
	{"http://h:443/", "http://h:443", "/"},
	{"https://h:443?x", "https://h", "/?x"},
	{"https://[::1]:8443/x#", "https://[::1]:8443", "/x"},
	{"http://[fe80::1%eth0]/", "http://[fe80::1]", "/"},
};

START_TEST(parts_are_written)
{
	char storage[128] = "";
	struct strbuf text = STRBUF_OVER(storage);
	struct url url;
	struct error err = {0};

	ck_assert_int_eq(url_parse(parts[_i].url, &url, &err), 0);
	url_write_origin(&url, &text);
	ck_assert_str_eq(storage, parts[_i].origin);
	memset(storage, 0, sizeof(storage));
	text.len = 0;
	url_write_target(&url, &text);
	ck_assert_str_eq(storage, parts[_i].target);
}
END_TEST

/* RFC 3986, section 5.4, with http://a/b/c/d;p?q as base, and what servers send. */
static const struct {
	const char *base; /* NULL for the RFC's */
	const char *reference;
	const char *target;
} references[] = {
	{NULL, "g", "http://a/b/c/g"},
	{NULL, "./g", "http://a/b/c/g"},
	{NULL, "g/", "http://a/b/c/g/"},
	{NULL, "/g", "http://a/g"},
	{NULL, "//g", "http://g"},
	{NULL, "?y", "http://a/b/c/d;p?y"},
	{NULL, "g?y", "http://a/b/c/g?y"},
	{NULL, "#s", "http://a/b/c/d;p?q"},
	{NULL, "g#s", "http://a/b/c/g"},
	{NULL, "g?y#s", "http://a/b/c/g?y"},
	{NULL, ";x", "http://a/b/c/;x"},
	{NULL, "", "http://a/b/c/d;p?q"},
	{NULL, ".", "http://a/b/c/"},
	{NULL, "./", "http://a/b/c/"},
	{NULL, "..", "http://a/b/"},
	{NULL, "../", "http://a/b/"},
	{NULL, "../g", "http://a/b/g"},
	{NULL, "../..", "http://a/"},
	{NULL, "../../g", "http://a/g"},
	{NULL, "../../../g", "http://a/g"},
	{NULL, "/./g", "http://a/g"},
	{NULL, "/../g", "http://a/g"},
	{NULL, "g.", "http://a/b/c/g."},
	{NULL, "..g", "http://a/b/c/..g"},
	{NULL, "./../g", "http://a/b/g"},
	{NULL, "g/./h", "http://a/b/c/g/h"},
	{NULL, "g/../h", "http://a/b/c/h"},
	{NULL, "g;x=1/../y", "http://a/b/c/y"},
	{NULL, "g?y/../x", "http://a/b/c/g?y/../x"},
	{NULL, "https://b:8443/x", "https://b:8443/x"},
	{NULL, "mailto:x", "mailto:x"},
	{NULL, "1a:b", "http://a/b/c/1a:b"},
	{"https://h:8443", "x", "https://h:8443/x"},
	{"https://h:8443", "//i/x", "https://i/x"},
	{"https://h?q", "x", "https://h/x"},
	{"http://[::1]:81/a#b", "?c", "http://[::1]:81/a?c"},
};

START_TEST(references_resolve)
{
	const char *base = references[_i].base != NULL ? references[_i].base : "http://a/b/c/d;p?q";
	const char *reference = references[_i].reference;
	char storage[128] = "";
	struct strbuf text = STRBUF_OVER(storage);
	struct url url;
	struct error err = {0};

	ck_assert_int_eq(url_parse(base, &url, &err), 0);
	url_resolve(&url, reference, strlen(reference), &text);
	storage[text.len] = '\0'; /* ".." has taken back what was there */
	ck_assert_str_eq(storage, references[_i].target);
	ck_assert(!text.truncated);
}
END_TEST

START_TEST(truncation_is_remembered)
{
	static char reference[5000];
	char storage[64];
	struct strbuf small = STRBUF_OVER(storage);
	static char much[8192];
	struct strbuf large = STRBUF_OVER(much);
	struct url url;
	struct error err = {0};

	memset(reference, 'x', sizeof(reference));
	ck_assert_int_eq(url_parse("http://h/", &url, &err), 0);
	url_resolve(&url, reference, 100, &small);
	ck_assert(small.truncated);
	url_resolve(&url, reference, sizeof(reference), &large);
	ck_assert(large.truncated);
}
END_TEST

Suite *url_suite(void)
{
	Suite *suite = suite_create("url");
	TCase *tcase = tcase_create("url");

	tcase_add_loop_test(tcase, urls_parse, 0, sizeof(urls) / sizeof(urls[0]));
	tcase_add_test(tcase, long_hosts);
	tcase_add_loop_test(tcase, parts_are_written, 0, sizeof(parts) / sizeof(parts[0]));
	tcase_add_loop_test(
		tcase, references_resolve, 0, sizeof(references) / sizeof(references[0]));
	tcase_add_test(tcase, truncation_is_remembered);
	suite_add_tcase(suite, tcase);
	return suite;
}
