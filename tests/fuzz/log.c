/* log.c - whatever a client sends, a line of the log is one line, and JSON stays JSON. */
#include "server/log.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "captured.h"
#include "expect.h"
#include "input.h"
#include "json.h"
#include "server/whoami.h"
#include "tls/tls.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The strings that a client chooses. */
struct strings {
	char *method, *user_agent, *forwarded_for, *target;
	size_t target_len;
};

/* A member's value must be what was given, or its start and "..." when it is long. */
static void expect_member(
	const char *line, size_t len, const char *name, const char *given, size_t given_len)
{
	char *want = malloc(3 * given_len + 1);
	size_t want_len = json_representable(given, given_len, want);
	static char value[4096];
	long value_len = json_member(line, len, name, value, sizeof(value));

	EXPECT(value_len >= 0, "no \"%s\" in %.*s", name, (int)len, line);
	if (value_len != (long)want_len || memcmp(value, want, want_len) != 0) {
		EXPECT(6 * given_len > 700 && value_len > 100, "\"%s\" was cut at %ld", name,
			value_len);
		EXPECT(memcmp(value + value_len - 3, "...", 3) == 0 &&
				memcmp(value, want, (size_t)value_len - 3) == 0,
			"\"%s\" is %.*s", name, (int)value_len, value);
	}
	free(want);
}

static void check_json_line(const struct strings *strings, bool agent, bool forwarded)
{
	const struct log_request request = {.remote = "192.0.2.1:65535",
		.method = strings->method,
		.target = strings->target,
		.target_len = strings->target_len,
		.user_agent = agent ? strings->user_agent : NULL,
		.forwarded_for = forwarded ? strings->forwarded_for : NULL,
		.status = 200,
		.body_bytes = UINT64_MAX,
		.duration_us = INT64_MAX};
	const char *line;
	size_t len;

	captured_begin();
	log_request_json(&request);
	line = captured_end(&len);
	EXPECT(len <= 4096, "%zu bytes", len);
	captured_expect_lines(line, len);
	EXPECT(memchr(line, '\n', len) == line + len - 1, "more than one line");
	EXPECT(json_is_valid(line, len), "%.*s", (int)len, line);
	expect_member(line, len, "method", strings->method, strlen(strings->method));
	expect_member(line, len, "path", strings->target, strings->target_len);
	if (agent)
		expect_member(
			line, len, "user_agent", strings->user_agent, strlen(strings->user_agent));
	if (forwarded)
		expect_member(line, len, "forwarded_for", strings->forwarded_for,
			strlen(strings->forwarded_for));
}

static void check_event(const char *message)
{
	const char *line;
	size_t len;

	captured_begin();
	log_event(LOG_JSON, message);
	line = captured_end(&len);
	captured_expect_lines(line, len);
	EXPECT(json_is_valid(line, len), "%.*s", (int)len, line);
	expect_member(line, len, "message", message, strlen(message));
}

static void check_error(const char *value)
{
	const struct error err = {
		.subject = "-addr", .value = value, .what = "bad", .want = "good"};
	const char *line;
	size_t len;

	captured_begin();
	error_print(STDERR_FILENO, &err);
	line = captured_end(&len);
	captured_expect_lines(line, len);
	EXPECT(memchr(line, '\n', len) == line + len - 1, "more than one line");
}

/* The response of /whoami: its storage is computed, so nothing may be truncated. */
static void check_whoami(const struct strings *strings, bool tls)
{
	const struct tls_description described = {.version = "TLSv1.3",
		.cipher = "TLS_AES_128_GCM_SHA256",
		.server_name = strings->forwarded_for};
	const struct whoami who = {.hostname = "host",
		.remote = "[2001:db8::1]:65535",
		.method = strings->method,
		.target = strings->target,
		.target_len = strings->target_len,
		.protocol = "HTTP/1.1",
		.tls = tls ? &described : NULL};
	const char *names[] = {"Host", "User-Agent", strings->method, ""};
	size_t client_bytes = strlen(who.hostname) + strlen(who.remote) + strlen(who.method) +
			      who.target_len + strlen(who.protocol) +
			      (tls ? strlen(described.server_name) : 0);
	struct strbuf out = {0};

	for (size_t i = 0; i < 4; i++)
		client_bytes += strlen(names[i]) + strlen(strings->user_agent);
	out.size = WHOAMI_SIZE(client_bytes, 4);
	out.data = malloc(out.size);
	whoami_begin(&who, &out);
	for (size_t i = 0; i < 4; i++)
		whoami_add_header(&out, names[i], strings->user_agent, strlen(strings->user_agent));
	whoami_end(&out);
	EXPECT(!out.truncated, "cut at %zu bytes", out.len);
	EXPECT(json_is_valid(out.data, out.len), "%.*s", (int)out.len, out.data);
	free(out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t choice = input_byte(&in);
	struct strings strings;

	strings.method = input_string(&in);
	strings.user_agent = input_string(&in);
	strings.forwarded_for = input_string(&in);
	strings.target = input_rest(&in, &strings.target_len);
	check_json_line(&strings, (choice & 1) != 0, (choice & 2) != 0);
	check_event(strings.user_agent);
	check_error(strings.forwarded_for);
	check_whoami(&strings, (choice & 4) != 0);
	free(strings.method);
	free(strings.user_agent);
	free(strings.forwarded_for);
	free(strings.target);
	return 0;
}
