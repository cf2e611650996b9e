#include "server/whoami.h"
#include "suites.h"

#include <string.h>

START_TEST(the_object_is_complete)
{
	static const struct whoami who = {.hostname = "h",
		.remote = "192.0.2.1:5",
		.method = "GET",
		.target = "/whoami?\"",
		.target_len = 9,
		.protocol = "HTTP/1.1"};
	static const char expect[] =
		"{\"hostname\":\"h\",\"remote\":\"192.0.2.1:5\",\"method\":\"GET\","
		"\"target\":\"/whoami?\\\"\",\"protocol\":\"HTTP/1.1\",\"tls\":null,\"headers\":["
		"{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"A\",\"value\":\"\\ufffd\"}]}\n";
	char storage[512];
	struct strbuf text = STRBUF_OVER(storage);

	whoami_begin(&who, &text);
	whoami_add_header(&text, "A", "1", 1);
	whoami_add_header(&text, "A", "\xFF", 1);
	whoami_end(&text);
	ck_assert_uint_eq(text.len, strlen(expect));
	ck_assert_mem_eq(text.data, expect, text.len);
}
END_TEST

Suite *whoami_suite(void)
{
	Suite *suite = suite_create("whoami");
	TCase *tcase = tcase_create("whoami");

	tcase_add_test(tcase, the_object_is_complete);
	suite_add_tcase(suite, tcase);
	return suite;
}
