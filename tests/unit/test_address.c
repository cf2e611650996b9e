#include "http/address.h"
#include "suites.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	int result;
	const char *host;
	unsigned port;
} texts[] = {
	{":1234", 0, "", 1234},
	{"localhost:0", 0, "localhost", 0},
	{"1.2.3.4:65535", 0, "1.2.3.4", 65535},
	{"[::]:80", 0, "::", 80},
	{"[fe80::1%eth0]:80", 0, "fe80::1%eth0", 80},
	{"", -1, NULL, 0},
	{"1234", -1, NULL, 0},
	{":", -1, NULL, 0},
	{"host:", -1, NULL, 0},
	{":65536", -1, NULL, 0},
	{":99999999999", -1, NULL, 0},
	{":-1", -1, NULL, 0},
	{":http", -1, NULL, 0},
	{"::1:80", -1, NULL, 0},
	{"[::1]", -1, NULL, 0},
	{"[]:80", -1, NULL, 0},
	{"[::1:80", -1, NULL, 0},
};

START_TEST(texts_split)
{
	char host[ADDRESS_HOST_SIZE] = "untouched";
	unsigned port = 7;
	int result = address_split(texts[_i].text, host, &port);

	ck_assert_msg(result == texts[_i].result, "%s gives %d", texts[_i].text, result);
	ck_assert_int_eq(address_check(texts[_i].text), result);
	if (result == 0) {
		ck_assert_str_eq(host, texts[_i].host);
		ck_assert_uint_eq(port, texts[_i].port);
	}
}
END_TEST

START_TEST(long_hosts_are_refused)
{
	char text[ADDRESS_HOST_SIZE + 8];
	char host[ADDRESS_HOST_SIZE];
	unsigned port;

	memset(text, 'a', sizeof(text));
	memcpy(text + ADDRESS_HOST_SIZE - 1, ":1", 3);
	ck_assert_int_eq(address_split(text, host, &port), 0);
	text[ADDRESS_HOST_SIZE - 1] = 'a';
	memcpy(text + ADDRESS_HOST_SIZE, ":1", 3);
	ck_assert_int_eq(address_split(text, host, &port), -1);
}
END_TEST

static void check_written(const struct sockaddr *address, const char *expect)
{
	char storage[ADDRESS_TEXT_MAX];
	struct strbuf text = STRBUF_OVER(storage);

	address_write(address, &text);
	ck_assert_uint_eq(text.len, strlen(expect));
	ck_assert_mem_eq(text.data, expect, text.len);
}

START_TEST(peers_are_written_as_go_does)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};

	inet_pton(AF_INET, "192.0.2.1", &in4.sin_addr);
	check_written((struct sockaddr *)&in4, "192.0.2.1:80");
	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	check_written((struct sockaddr *)&in6, "[2001:db8::1]:65535");
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr);
	check_written((struct sockaddr *)&in6, "192.0.2.1:65535");
}
END_TEST

/* glibc's inet_ntop() differs for the first 96 bits 0 alone, where it writes an IPv4 address. */
START_TEST(ipv6_is_written_as_by_the_c_library)
{
	/* A bit for each group: whether it is 0. */
	for (unsigned zeros = 0; zeros < 256; zeros++) {
		for (unsigned value = 1; value <= 0x1234; value = value << 4 | (value + 1)) {
			struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(1)};
			char written[INET6_ADDRSTRLEN];
			char expect[ADDRESS_TEXT_MAX];

			for (size_t i = 0; i < 8; i++) {
				if ((zeros >> i & 1) == 0) {
					in6.sin6_addr.s6_addr[2 * i] = (unsigned char)(value >> 8);
					in6.sin6_addr.s6_addr[2 * i + 1] = (unsigned char)value;
				}
			}
			if ((zeros & 0x3F) == 0x3F)
				continue;
			inet_ntop(AF_INET6, &in6.sin6_addr, written, sizeof(written));
			snprintf(expect, sizeof(expect), "[%s]:1", written);
			check_written((struct sockaddr *)&in6, expect);
		}
	}
}
END_TEST

Suite *address_suite(void)
{
	Suite *suite = suite_create("address");
	TCase *tcase = tcase_create("address");

	tcase_add_loop_test(tcase, texts_split, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tcase, long_hosts_are_refused);
	tcase_add_test(tcase, peers_are_written_as_go_does);
	tcase_add_test(tcase, ipv6_is_written_as_by_the_c_library);
	suite_add_tcase(suite, tcase);
	return suite;
}
