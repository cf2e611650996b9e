#include "config/options.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

/* Tests run in processes of their own, so the environment is theirs to change. */
static const char *lookup(const char *name)
{
	return getenv(name);
}

static int parse(struct options *options, struct error *err, const char *word)
{
	char *const argv[] = {(char *)word};

	return options_parse(word != NULL, argv, lookup, options, err);
}

START_TEST(defaults)
{
	struct options options;
	struct error err = {0};

	ck_assert_int_eq(parse(&options, &err, NULL), 0);
	ck_assert_str_eq(options.addr, ":1234");
	ck_assert_str_eq(options.text, "howdy");
	ck_assert_uint_eq(options.log, LOG_TEXT);
	ck_assert_uint_eq(options.threads, 0);
	ck_assert_uint_eq(options.max_conns, 1024);
	ck_assert_uint_eq(options.max_conns_per_ip, 0);
	ck_assert_int_eq(options.read_header_timeout_ms, 5000);
	ck_assert_int_eq(options.read_timeout_ms, 60000);
	ck_assert_int_eq(options.write_timeout_ms, 60000);
	ck_assert_int_eq(options.idle_timeout_ms, 60000);
	ck_assert_uint_eq(options.max_body_bytes, 1048576);
	ck_assert_int_eq(options.drain_delay_ms, 0);
	ck_assert_int_eq(options.shutdown_timeout_ms, 10000);
	ck_assert_uint_eq(options.sandbox, SANDBOX_AUTO);
	ck_assert(!options.trust_proxy);
}
END_TEST

START_TEST(port_is_the_last_resort)
{
	struct options options;
	struct error err = {0};

	setenv("PORT", "8080", 1);
	ck_assert_int_eq(parse(&options, &err, NULL), 0);
	ck_assert_str_eq(options.addr, ":8080");
	ck_assert_int_eq(parse(&options, &err, "-addr=:1234"), 0);
	ck_assert_str_eq(options.addr, ":1234");
	setenv("HELLO_ADDR", "localhost:9", 1);
	ck_assert_int_eq(parse(&options, &err, NULL), 0);
	ck_assert_str_eq(options.addr, "localhost:9");
	unsetenv("HELLO_ADDR");
	setenv("PORT", "", 1);
	ck_assert_int_eq(parse(&options, &err, NULL), 0);
	ck_assert_str_eq(options.addr, ":1234");
}
END_TEST

static const char *const bad_ports[] = {"65536", "http", "1:2", "-1", "12345678901"};

START_TEST(a_bad_port_is_refused)
{
	struct options options;
	struct error err = {0};

	setenv("PORT", bad_ports[_i], 1);
	ck_assert_int_eq(parse(&options, &err, NULL), -1);
	ck_assert_str_eq(err.subject, "PORT");
	ck_assert_str_eq(err.value, bad_ports[_i]);
	ck_assert_ptr_nonnull(err.want);
}
END_TEST

static const char *const bad_words[] = {"-addr=x", "-addr=", "-log=xml", "-threads=257",
	"-max-conns=0", "-max-conns=-1", "-max-conns-per-ip=x", "-read-header-timeout=0s",
	"-read-header-timeout=5", "-read-header-timeout=1ns", "-read-header-timeout=999.999us",
	"-read-header-timeout=1h1ns", "-read-timeout=0s", "-read-timeout=1ns", "-write-timeout=2h",
	"-write-timeout=1us", "-idle-timeout=2h", "-idle-timeout=999999ns", "-max-body=1MB",
	"-drain-delay=-1s", "-shutdown-timeout=x", "-sandbox=on", "-trust-proxy=", "-nope", "word",
	"-text"};

START_TEST(bad_words_are_refused)
{
	struct options options;
	struct error err = {0};

	ck_assert_int_eq(parse(&options, &err, bad_words[_i]), -1);
	ck_assert_msg(err.what != NULL && err.want != NULL, "%s: no reason given", bad_words[_i]);
}
END_TEST

/* Rounding must not bring a duration into its range. */
static const struct {
	const char *word;
	int64_t ms;
} header_timeouts[] = {
	{"-read-header-timeout=1ms", 1},
	{"-read-header-timeout=1000us", 1},
	{"-read-header-timeout=1.000001ms", 2},
	{"-read-header-timeout=59m59.9999999s", 3600000},
	{"-read-header-timeout=1h", 3600000},
};

START_TEST(durations_are_rounded_up)
{
	struct options options;
	struct error err = {0};

	ck_assert_int_eq(parse(&options, &err, header_timeouts[_i].word), 0);
	ck_assert_int_eq(options.read_header_timeout_ms, header_timeouts[_i].ms);
	ck_assert_int_eq(parse(&options, &err, "-drain-delay=1ns"), 0);
	ck_assert_int_eq(options.drain_delay_ms, 1);
}
END_TEST

Suite *options_suite(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_add_test(tcase, defaults);
	tcase_add_test(tcase, port_is_the_last_resort);
	tcase_add_loop_test(
		tcase, a_bad_port_is_refused, 0, sizeof(bad_ports) / sizeof(bad_ports[0]));
	tcase_add_loop_test(
		tcase, bad_words_are_refused, 0, sizeof(bad_words) / sizeof(bad_words[0]));
	tcase_add_loop_test(tcase, durations_are_rounded_up, 0,
		sizeof(header_timeouts) / sizeof(header_timeouts[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
