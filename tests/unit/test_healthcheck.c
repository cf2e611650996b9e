#include "client/get.h"
#include "client/healthcheck.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

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

START_TEST(the_own_service_is_checked)
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
START_TEST(a_service_without_http_is_checked_over_tls)
{
	struct healthcheck check;
	struct error err = {0};

	setenv("HELLO_ADDR", "", 1);
	setenv("HELLO_TLS_ADDR", ":443", 1);
	setenv("HELLO_TLS_SELF_SIGNED", "true", 1);
	ck_assert_int_eq(healthcheck_parse(0, NULL, lookup, &check, &err), 0);
	ck_assert(check.own && check.url.secure);
	ck_assert_uint_eq(check.url.port, 443);
	setenv("HELLO_TLS_ADDR", ":0", 1);
	ck_assert_int_eq(healthcheck_parse(0, NULL, lookup, &check, &err), -1);
	ck_assert_str_eq(err.subject, "-tls-addr");
}
END_TEST

START_TEST(a_url_that_was_given_is_verified)
{
	char *words[] = {"-ca", "bundle", "https://h/"};
	struct healthcheck check;
	struct error err = {0};

	ck_assert_int_eq(healthcheck_parse(3, words, lookup, &check, &err), 0);
	ck_assert(!check.own && check.url.secure);
	ck_assert_str_eq(check.ca, "bundle");
}
END_TEST

START_TEST(a_timeout_below_its_range_is_refused)
{
	char *words[] = {"-timeout", "1ns", "http://h/"};
	struct healthcheck check;
	struct error err = {0};

	ck_assert_int_eq(healthcheck_parse(3, words, lookup, &check, &err), -1);
	ck_assert_str_eq(err.subject, "-timeout");
	ck_assert_ptr_nonnull(strstr(err.want, "from 1ms to 1h"));
}
END_TEST

START_TEST(the_bundle_is_chosen)
{
	char *words[] = {"-ca", "flag", "http://h"};
	struct get get;
	struct error err = {0};

	ck_assert_int_eq(get_parse(1, words + 2, lookup, &get, &err), 0);
	ck_assert_str_eq(get.ca, "/etc/ssl/certs/ca-certificates.crt");
	setenv("SSL_CERT_FILE", "", 1);
	ck_assert_int_eq(get_parse(1, words + 2, lookup, &get, &err), 0);
	ck_assert_str_eq(get.ca, "/etc/ssl/certs/ca-certificates.crt");
	setenv("SSL_CERT_FILE", "variable", 1);
	ck_assert_int_eq(get_parse(1, words + 2, lookup, &get, &err), 0);
	ck_assert_str_eq(get.ca, "variable");
	ck_assert_int_eq(get_parse(3, words, lookup, &get, &err), 0);
	ck_assert_str_eq(get.ca, "flag");
	ck_assert_str_eq(get.url, "http://h");
}
END_TEST

Suite *healthcheck_suite(void)
{
	Suite *suite = suite_create("healthcheck");
	TCase *tcase = tcase_create("healthcheck");

	tcase_add_loop_test(tcase, the_own_service_is_checked, 0, sizeof(own) / sizeof(own[0]));
	tcase_add_test(tcase, a_service_without_http_is_checked_over_tls);
	tcase_add_test(tcase, a_url_that_was_given_is_verified);
	tcase_add_test(tcase, a_timeout_below_its_range_is_refused);
	tcase_add_test(tcase, the_bundle_is_chosen);
	suite_add_tcase(suite, tcase);
	return suite;
}
