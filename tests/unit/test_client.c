#include "client.h"
#include "healthcheck.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	int result;
	const char *host;
	unsigned port;
	const char *path;
} urls[] = {
	{"http://localhost", 0, "localhost", 80, ""},
	{"http://localhost/", 0, "localhost", 80, "/"},
	{"http://h:8080/a?b#c", 0, "h", 8080, "/a?b#c"},
	{"http://h?x", 0, "h", 80, "?x"},
	{"http://[::1]:81/x", 0, "::1", 81, "/x"},
	{"http://[::1]", 0, "::1", 80, ""},
	{"https://h/", -1, NULL, 0, NULL},
	{"HTTP", -1, NULL, 0, NULL},
	{"http://", -1, NULL, 0, NULL},
	{"http://:80/", -1, NULL, 0, NULL},
	{"http://h:0/", -1, NULL, 0, NULL},
	{"http://h:65536/", -1, NULL, 0, NULL},
	{"http://u@h/", -1, NULL, 0, NULL},
	{"http://h/a b", -1, NULL, 0, NULL},
	{"http://h/\r\nX: y", -1, NULL, 0, NULL},
	{"", -1, NULL, 0, NULL},
};

START_TEST(urls_parse)
{
	struct client_url url = {0};
	struct error err = {0};
	int result = client_parse_url(urls[_i].text, &url, &err);

	ck_assert_msg(result == urls[_i].result, "%s gives %d", urls[_i].text, result);
	if (result != 0) {
		ck_assert_ptr_nonnull(err.want);
		return;
	}
	ck_assert_str_eq(url.host, urls[_i].host);
	ck_assert_uint_eq(url.port, urls[_i].port);
	ck_assert_str_eq(url.path, urls[_i].path);
}
END_TEST

static const struct {
	const char *octets;
	int status;
} answers[] = {
	{"HTTP/1.1 200 OK\r\n", 200},
	{"HTTP/1.0 503 \r\n", 503},
	{"HTTP/1.1 299", 299},
	{"", 0},
	{"HTTP/1.1 20", 0},
	{"HTT", 0},
	{"HTTX", -1},
	{"SSH-2.0-x\r\n", -1},
	{"HTTP/2.0 200", -1},
	{"HTTP/1.1 2x0", -1},
	{"HTTP/1.1 099", -1},
	{"HTTP/1.1 600", -1},
	{"HTTP/1.1-200", -1},
};

START_TEST(statuses_parse)
{
	size_t len = strlen(answers[_i].octets);
	char *octets = malloc(len + 1); /* one octet behind the end would be seen by ASan */

	memcpy(octets + 1, answers[_i].octets, len);
	ck_assert_int_eq(client_parse_status(octets + 1, len), answers[_i].status);
	free(octets);
}
END_TEST

static const char *lookup(const char *name)
{
	return getenv(name);
}

static const struct {
	const char *env;
	const char *value;
	int result;
	const char *host;
	unsigned port;
} own[] = {
	{"HELLO_LOG", "off", 0, "", 1234},
	{"PORT", "8080", 0, "", 8080},
	{"HELLO_ADDR", "0.0.0.0:9", 0, "", 9},
	{"HELLO_ADDR", "[::]:9", 0, "", 9},
	{"HELLO_ADDR", "127.0.0.2:9", 0, "127.0.0.2", 9},
	{"HELLO_ADDR", ":0", -1, NULL, 0},
	{"HELLO_ADDR", "bad", -1, NULL, 0},
};

START_TEST(the_own_service_is_asked)
{
	struct healthcheck check;
	struct error err = {0};

	setenv(own[_i].env, own[_i].value, 1);
	ck_assert_int_eq(healthcheck_parse(0, NULL, lookup, &check, &err), own[_i].result);
	if (own[_i].result != 0)
		return;
	ck_assert_str_eq(check.url.host, own[_i].host);
	ck_assert_uint_eq(check.url.port, own[_i].port);
	ck_assert_str_eq(check.url.path, "/healthz");
	ck_assert_int_eq(check.timeout_ms, 3000);
}
END_TEST

/* Found by tests/fuzz/client.c: it failed without a word. */
START_TEST(a_service_without_http_is_not_asked)
{
	struct healthcheck check;
	struct error err = {0};

	setenv("HELLO_ADDR", "", 1);
	setenv("HELLO_TLS_ADDR", ":443", 1);
	setenv("HELLO_TLS_SELF_SIGNED", "true", 1);
	ck_assert_int_eq(healthcheck_parse(0, NULL, lookup, &check, &err), -1);
	ck_assert_ptr_nonnull(err.what);
}
END_TEST

Suite *client_suite(void)
{
	Suite *suite = suite_create("client");
	TCase *tcase = tcase_create("client");

	tcase_add_loop_test(tcase, urls_parse, 0, sizeof(urls) / sizeof(urls[0]));
	tcase_add_loop_test(tcase, statuses_parse, 0, sizeof(answers) / sizeof(answers[0]));
	tcase_add_loop_test(tcase, the_own_service_is_asked, 0, sizeof(own) / sizeof(own[0]));
	tcase_add_test(tcase, a_service_without_http_is_not_asked);
	suite_add_tcase(suite, tcase);
	return suite;
}
