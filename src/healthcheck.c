#include "healthcheck.h"

#include "address.h"
#include "options.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const struct flag flags[] = {
	{"-timeout", "HELLO_TIMEOUT", FLAG_DURATION, offsetof(struct healthcheck, timeout_ms), "3s",
		"DURATION", "how long healthcheck may take",
		"want a duration such as 300ms, 1.5s or 2m, from 1ms to 1h", .min = 1,
		.max = 3600000},
};

static const size_t flag_count = sizeof(flags) / sizeof(flags[0]);

/* Where the service listens that this environment configures. */
static int own_url(flag_lookup *lookup, struct client_url *url, struct error *err)
{
	struct options options;

	if (options_parse(0, NULL, lookup, &options, err) != 0)
		return -1;
	if (address_split(options.addr, url->host, &url->port) != 0)
		return error_set(err, 0, "-addr", options.addr, "there is no HTTP to ask",
			"want a URL: hello healthcheck http://localhost:PORT/healthz");
	if (url->port == 0)
		return error_set(err, 0, "-addr", options.addr, "port 0 can't be asked",
			"want a URL: hello healthcheck http://localhost:PORT/healthz");
	/* The unspecified addresses are for listening; the loopback answers for them. */
	if (strcmp(url->host, "0.0.0.0") == 0 || strcmp(url->host, "::") == 0)
		url->host[0] = '\0';
	url->path = "/healthz";
	return 0;
}

int healthcheck_parse(int argc, char *const *argv, flag_lookup *lookup, struct healthcheck *check,
	struct error *err)
{
	int used = 0;
	int result = flags_parse(flags, flag_count, argc, argv, lookup, check, &used, err);

	if (result != 0)
		return result;
	if (used == argc)
		return own_url(lookup, &check->url, err);
	if (used + 1 < argc)
		return error_set(err, 0, NULL, argv[used + 1], "unexpected argument",
			"want one URL at most");
	return client_parse_url(argv[used], &check->url, err);
}

void healthcheck_write_usage(struct text *out)
{
	flags_write_usage(flags, flag_count, out);
}

static void on_timeout(int number)
{
	static const char line[] = "hello: healthcheck: no answer in time\n";
	ssize_t ignored; /* unhealthy all the same where nobody reads why */

	(void)number;
	ignored = write(STDERR_FILENO, line, sizeof(line) - 1);
	(void)ignored;
	_exit(1);
}

int healthcheck_run(const struct healthcheck *check, struct error *err)
{
	const struct itimerval timer = {
		.it_value = {.tv_sec = (time_t)(check->timeout_ms / 1000),
			.tv_usec = (suseconds_t)(check->timeout_ms % 1000) * 1000}};
	unsigned status;

	signal(SIGALRM, on_timeout);
	setitimer(ITIMER_REAL, &timer, NULL);
	if (client_get_status(&check->url, &status, err) != 0)
		return -1;
	if (status < 200 || status > 299)
		return error_set(
			err, 0, "healthcheck", NULL, "the answer was not of class 2xx", NULL);
	return 0;
}
