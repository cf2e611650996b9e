#include "http/mux.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

static const char *const patterns[] = {"/", "/magazine/", "/healthz", "/a/b/"};

enum {
	PATTERNS = sizeof(patterns) / sizeof(patterns[0])
};

struct target_case {
	const char *method;
	const char *target;
	enum mux_verdict verdict;
	const char *expect; /* the pattern, or the Location */
};

static const struct target_case cases[] = {
	{"GET", "/", MUX_MATCH, "/"},
	{"GET", "/x", MUX_MATCH, "/"},
	{"BREW", "/healthz", MUX_MATCH, "/healthz"},
	{"GET", "/healthz/", MUX_MATCH, "/"},
	{"GET", "/healthz?x", MUX_MATCH, "/healthz"},
	{"GET", "/magazine/", MUX_MATCH, "/magazine/"},
	{"GET", "/magazine/vogue", MUX_MATCH, "/magazine/"},
	{"GET", "/magazine/a/b", MUX_MATCH, "/magazine/"},
	{"GET", "/magazines", MUX_MATCH, "/"},
	{"GET", "/magazine", MUX_REDIRECT, "/magazine/"},
	{"GET", "/magazine?a=b&c", MUX_REDIRECT, "/magazine/?a=b&c"},
	{"GET", "/magazine?", MUX_REDIRECT, "/magazine/"},
	{"GET", "/a/b", MUX_REDIRECT, "/a/b/"},
	{"GET", "//", MUX_REDIRECT, "/"},
	{"GET", "//evil.example/x", MUX_REDIRECT, "/evil.example/x"},
	{"GET", "///a", MUX_REDIRECT, "/a"},
	{"GET", "/a//b", MUX_REDIRECT, "/a/b/"},
	{"GET", "/./", MUX_REDIRECT, "/"},
	{"GET", "/.", MUX_REDIRECT, "/"},
	{"GET", "/..", MUX_REDIRECT, "/"},
	{"GET", "/../..", MUX_REDIRECT, "/"},
	{"GET", "/a/..", MUX_REDIRECT, "/"},
	{"GET", "/a/../", MUX_REDIRECT, "/"},
	{"GET", "/a/../b/./c/", MUX_REDIRECT, "/b/c/"},
	{"GET", "/a/...", MUX_MATCH, "/"},
	{"GET", "/..a", MUX_MATCH, "/"},
	{"GET", "/magazine/../healthz", MUX_REDIRECT, "/healthz"},
	{"GET", "/magazine/.", MUX_REDIRECT, "/magazine/"},
	{"GET", "/%6dagazine/x", MUX_MATCH, "/magazine/"},
	{"GET", "/magazine%2Fx", MUX_MATCH, "/magazine/"},
	{"GET", "/a%2F%2Fb", MUX_REDIRECT, "/a/b/"},
	{"GET", "/%2e%2E/x", MUX_REDIRECT, "/x"},
	{"GET", "/x/../%20%22%3f%25%c3%a9", MUX_REDIRECT, "/%20%22%3F%25%C3%A9"},
	{"GET", "/x/../!'()*[]", MUX_REDIRECT, "/%21%27%28%29%2A%5B%5D"},
	{"GET", "/x/../-_.~$&+,/:;=@", MUX_REDIRECT, "/-_.~$&+,/:;=@"},
	{"GET", "/x//?q=%C3%a9%zz", MUX_REDIRECT, "/x/?q=%C3%a9%zz"},
	{"GET", "/x/%c0%ae%c0%ae/y", MUX_MATCH, "/"},
	{"GET", "/a%c0%afb", MUX_MATCH, "/"},
	{"GET", "/%00", MUX_MATCH, "/"},
	{"GET", "/%0d%0aX:/../y/..", MUX_REDIRECT, "/"},
	{"GET", "//%0d%0aSet-Cookie:x", MUX_REDIRECT, "/%0D%0ASet-Cookie:x"},
	{"GET", "http://host/magazine/x", MUX_MATCH, "/magazine/"},
	{"GET", "http://host:80/magazine", MUX_REDIRECT, "/magazine/"},
	{"GET", "http://host", MUX_REDIRECT, "/"},
	{"GET", "http://host?x", MUX_REDIRECT, "/?x"},
	{"GET", "HTTPS://host/healthz", MUX_MATCH, "/healthz"},
	{"GET", "http://h:/", MUX_MATCH, "/"},
	{"GET", "http://h!$&'()*+,;=-_.~/", MUX_MATCH, "/"},
	{"GET", "http://%41%c3%A9/", MUX_MATCH, "/"},
	{"GET", "http://[::1]:80/", MUX_MATCH, "/"},
	{"GET", "http://[fe80::1%25e%20n%41]:80/", MUX_MATCH, "/"},
	{"GET", "://host/", MUX_BAD_REQUEST, NULL},
	{"GET", "1http://host/", MUX_BAD_REQUEST, NULL},
	{"GET", "ftp://host/", MUX_BAD_REQUEST, NULL},
	{"GET", "httpx://host/", MUX_BAD_REQUEST, NULL},
	{"GET", "host:80", MUX_BAD_REQUEST, NULL},
	{"GET", "mailto:x", MUX_BAD_REQUEST, NULL},
	{"GET", "http:", MUX_BAD_REQUEST, NULL},
	{"GET", "http:/", MUX_BAD_REQUEST, NULL},
	{"GET", "http:/healthz", MUX_BAD_REQUEST, NULL},
	{"GET", "http://", MUX_BAD_REQUEST, NULL},
	{"GET", "http:///healthz", MUX_BAD_REQUEST, NULL},
	{"GET", "http://?x", MUX_BAD_REQUEST, NULL},
	{"GET", "http://:80/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://u@h/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://u:p@h/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://@h/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://h:8o/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://h:80:80/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://h|/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://%c/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://%", MUX_BAD_REQUEST, NULL},
	{"GET", "http://[::1/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://[::1]x/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://[::1]:x/", MUX_BAD_REQUEST, NULL},
	{"GET", "http://[]/", MUX_BAD_REQUEST, NULL},
	{"GET", "/\xC3\xA9", MUX_BAD_REQUEST, NULL},
	{"GET", "/?\xC3\xA9", MUX_BAD_REQUEST, NULL},
	{"GET", "/\x80", MUX_BAD_REQUEST, NULL},
	{"GET", "/\xFF", MUX_BAD_REQUEST, NULL},
	{"GET",
		"/a\xC0\xAF"
		"b",
		MUX_BAD_REQUEST, NULL},
	{"GET", "x", MUX_BAD_REQUEST, NULL},
	{"GET", "?x", MUX_BAD_REQUEST, NULL},
	{"GET", "", MUX_BAD_REQUEST, NULL},
	{"GET", "*", MUX_NO_PATH, NULL},
	{"GET", "*?", MUX_BAD_REQUEST, NULL},
	{"GET", "/%", MUX_BAD_REQUEST, NULL},
	{"GET", "/%4", MUX_BAD_REQUEST, NULL},
	{"GET", "/%4g", MUX_BAD_REQUEST, NULL},
	{"GET", "/a\tb", MUX_BAD_REQUEST, NULL},
	{"GET", "/a?b\x7f", MUX_BAD_REQUEST, NULL},
	{"OPTIONS", "*", MUX_OPTIONS, NULL},
	{"OPTIONS", "/", MUX_MATCH, "/"},
	{"CONNECT", "host:443", MUX_BAD_REQUEST, NULL},
	{"CONNECT", "/", MUX_BAD_REQUEST, NULL},
	{"CONNECT", "*", MUX_BAD_REQUEST, NULL},
};

/* The storage has exactly the promised size, so that ASan sees a byte too many. */
START_TEST(targets_resolve)
{
	const struct target_case *c = &cases[_i];
	size_t len = strlen(c->target);
	char *target = malloc(len + 1);
	char *path = malloc(MUX_PATH_SIZE(len));
	struct mux_result result = {0};
	enum mux_verdict verdict;

	memcpy(target, c->target, len);
	verdict = mux_resolve(c->method, target, len, patterns, PATTERNS, path, &result);
	ck_assert_msg(verdict == c->verdict, "%s %s: verdict %d, want %d", c->method, c->target,
		(int)verdict, (int)c->verdict);
	if (verdict == MUX_MATCH)
		ck_assert_str_eq(patterns[result.pattern], c->expect);
	if (verdict == MUX_REDIRECT) {
		size_t size = mux_location_length(&result);
		char *location = malloc(size);

		ck_assert_uint_le(size, MUX_LOCATION_SIZE(result.path_len, result.query_len));
		ck_assert_uint_eq(mux_location(&result, location), size);
		ck_assert_uint_eq(size, strlen(c->expect));
		ck_assert_mem_eq(location, c->expect, size);
		free(location);
	}
	free(path);
	free(target);
}
END_TEST

/* A redirect's target is clean itself and stays on this host: no client is sent in circles. */
START_TEST(redirects_end)
{
	static const char alphabet[] = "/.a%2";
	char target[9] = "/";
	char path[MUX_PATH_SIZE(sizeof(target))];
	char again[MUX_PATH_SIZE(64)];
	char location[64];
	struct mux_result result;
	struct mux_result second;
	unsigned redirects = 0;

	for (unsigned n = 0; n < 5 * 5 * 5 * 5 * 5 * 5; n++) {
		unsigned rest = n;
		size_t len;

		for (size_t i = 1; i <= 6; i++, rest /= 5)
			target[i] = alphabet[rest % 5];
		if (mux_resolve("GET", target, 7, patterns, PATTERNS, path, &result) !=
			MUX_REDIRECT)
			continue;
		redirects++;
		len = mux_location(&result, location);
		ck_assert_msg(location[0] == '/' && (len == 1 || location[1] != '/'),
			"%s goes to %.*s", target, (int)len, location);
		ck_assert_msg(mux_resolve("GET", location, len, patterns, PATTERNS, again,
				      &second) == MUX_MATCH,
			"%s goes to %.*s, which redirects again", target, (int)len, location);
	}
	ck_assert_uint_gt(redirects, 1000);
}
END_TEST

Suite *mux_suite(void)
{
	Suite *suite = suite_create("mux");
	TCase *tcase = tcase_create("mux");

	tcase_add_loop_test(tcase, targets_resolve, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, redirects_end);
	suite_add_tcase(suite, tcase);
	return suite;
}
