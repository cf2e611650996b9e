/* options.c - argv and environment become settings in their ranges, or an error in one line. */
#include "config/options.h"

#include "base/error.h"
#include "captured.h"
#include "expect.h"
#include "http/address.h"
#include "input.h"

#include <string.h>
#include <unistd.h>

#define HOUR_MS 3600000

enum {
	VARIABLES = 7,
	WORDS = 24
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the look-up sees: "NAME=value" each; a flag_lookup takes no context. */
static char *variables[VARIABLES];
static size_t variable_count;

static const char *lookup(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < variable_count; i++) {
		if (strncmp(variables[i], name, len) == 0 && variables[i][len] == '=')
			return variables[i] + len + 1;
	}
	return NULL;
}

static const char *lookup_nothing(const char *name)
{
	(void)name;
	return NULL;
}

static void expect_duration(int64_t ms, int64_t min)
{
	EXPECT(ms >= min && ms <= HOUR_MS, "%lld ms", (long long)ms);
}

static void expect_in_range(const struct options *options)
{
	EXPECT(*options->addr == '\0' || address_check(options->addr) == 0, "%s", options->addr);
	EXPECT(*options->tls_addr == '\0' || address_check(options->tls_addr) == 0, "%s",
		options->tls_addr);
	EXPECT(*options->addr != '\0' || *options->tls_addr != '\0', "nothing to listen on");
	EXPECT(options->log <= LOG_OFF, "%u", options->log);
	EXPECT(options->threads <= 256, "%u", options->threads);
	EXPECT(options->max_conns >= 1 && options->max_conns <= 1000000, "%u", options->max_conns);
	EXPECT(options->max_conns_per_ip <= 1000000, "%u", options->max_conns_per_ip);
	EXPECT(options->max_body_bytes <= UINT64_C(1) << 40, "%llu",
		(unsigned long long)options->max_body_bytes);
	expect_duration(options->read_header_timeout_ms, 1);
	expect_duration(options->idle_timeout_ms, 1);
	expect_duration(options->drain_delay_ms, 0);
	expect_duration(options->shutdown_timeout_ms, 0);
	EXPECT(strlen(options->text) + strlen(options->tls_cert) + strlen(options->tls_key) +
				strlen(options->tls_client_ca) <
			SIZE_MAX,
		"read to their ends");
}

/* One setting, written as a flag. */
static char *flag(const char *format, long long number)
{
	char *word = malloc(64);

	snprintf(word, 64, format, number);
	return word;
}

/* What was understood, said again as flags, must be understood the same. */
static void expect_same_again(const struct options *options)
{
	static const char *const logs[] = {"text", "json", "off"};
	char *numbers[] = {
		flag("-threads=%lld", options->threads),
		flag("--max-conns=%lld", options->max_conns),
		flag("-max-conns-per-ip=%lld", options->max_conns_per_ip),
		flag("-read-header-timeout=%lldms", options->read_header_timeout_ms),
		flag("-idle-timeout=%lldms", options->idle_timeout_ms),
		flag("-max-body=%lld", (long long)options->max_body_bytes),
		flag("-drain-delay=%lldms", options->drain_delay_ms),
		flag("-shutdown-timeout=%lldms", options->shutdown_timeout_ms),
		flag("-trust-proxy=%lld", options->trust_proxy),
		flag("-tls-self-signed=%lld", options->tls_self_signed),
	};
	enum {
		NUMBERS = sizeof(numbers) / sizeof(numbers[0])
	};
	char *argv[14 + NUMBERS] = {"-addr", (char *)options->addr, "-tls-addr",
		(char *)options->tls_addr, "-tls-cert", (char *)options->tls_cert, "-tls-key",
		(char *)options->tls_key, "-tls-client-ca", (char *)options->tls_client_ca, "-text",
		(char *)options->text, "-log", (char *)logs[options->log]};
	struct options again;
	struct error err = {0};

	memset(&again, 0xA5, sizeof(again));
	memcpy(argv + 14, numbers, sizeof(numbers));
	EXPECT(options_parse(14 + NUMBERS, argv, lookup_nothing, &again, &err) == 0, "%s: %s",
		err.subject, err.what);
	EXPECT(strcmp(again.addr, options->addr) == 0 &&
			strcmp(again.tls_addr, options->tls_addr) == 0 &&
			strcmp(again.text, options->text) == 0,
		"%s %s %s", again.addr, again.tls_addr, again.text);
	EXPECT(again.log == options->log && again.threads == options->threads &&
			again.max_conns == options->max_conns &&
			again.max_conns_per_ip == options->max_conns_per_ip &&
			again.trust_proxy == options->trust_proxy,
		"a number");
	EXPECT(again.read_header_timeout_ms == options->read_header_timeout_ms &&
			again.idle_timeout_ms == options->idle_timeout_ms &&
			again.drain_delay_ms == options->drain_delay_ms &&
			again.shutdown_timeout_ms == options->shutdown_timeout_ms &&
			again.max_body_bytes == options->max_body_bytes,
		"a duration or a size");
	for (size_t i = 0; i < NUMBERS; i++)
		free(numbers[i]);
}

static void expect_one_line(const struct error *err)
{
	const char *line;
	size_t len;

	EXPECT(err->what != NULL && (err->subject != NULL || err->value != NULL), "says nothing");
	captured_begin();
	error_print(STDERR_FILENO, err);
	line = captured_end(&len);
	captured_expect_lines(line, len);
	EXPECT(len > 0 && memchr(line, '\n', len) == line + len - 1, "%.*s", (int)len, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	size_t wanted = input_byte(&in) % (VARIABLES + 1);
	char *words[WORDS + 1] = {NULL};
	int count = 0;
	struct options options;
	struct error err = {0};
	int result;

	for (variable_count = 0; variable_count < wanted; variable_count++)
		variables[variable_count] = input_string(&in);
	while (in.left > 0 && count < WORDS)
		words[count++] = input_string(&in);
	memset(&options, 0xA5, sizeof(options)); /* no field may be left as it was */
	result = options_parse(count, words, lookup, &options, &err);
	EXPECT(result >= -1 && result <= 1, "%d", result);
	if (result == 0) {
		EXPECT(err.what == NULL && err.subject == NULL, "an error on success");
		expect_in_range(&options);
		expect_same_again(&options);
	} else if (result < 0) {
		expect_one_line(&err);
	}
	for (size_t i = 0; i < variable_count; i++)
		free(variables[i]);
	for (int i = 0; i < count; i++)
		free(words[i]);
	return 0;
}
