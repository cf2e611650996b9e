#include "server/lifecycle.h"

#include "base/clock.h"
#include "server/log.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often a drain checks whether it is done. */
#define DRAIN_TICK_MS 10

/* How often deadlines are checked while the table is full: a waiting client waits no longer. */
#define FULL_TICK_MS 50

/* The signals that are blocked in all threads and waited for in one. */
static void fill_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGCHLD);
}

int lifecycle_prepare(struct error *err)
{
	sigset_t signals;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return error_set(err, errno, "SIGPIPE", NULL, "can't be ignored", NULL);
	/* A log file at its size limit (setrlimit(2), RLIMIT_FSIZE) must not end the service. */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return error_set(err, errno, "SIGXFSZ", NULL, "can't be ignored", NULL);
	fill_signals(&signals);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return error_set(err, errno, "signals", NULL, "can't be blocked", NULL);
	return 0;
}

int lifecycle_forbid_dumps(struct error *err)
{
	/* Not RLIMIT_CORE: it does not limit a dump into a pipe (core(5)). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_set(err, errno, "core dumps", NULL, "can't be turned off", NULL);
	return 0;
}

static void reload(struct server *server, const struct options *options)
{
	char notice[TLS_NOTICE_SIZE];
	struct error err = {0};

	if (server_reload(server, notice, &err) != 0) {
		error_print(STDERR_FILENO, &err);
		log_event(options->log, "The certificate is unchanged.");
		return;
	}
	if (*options->tls_addr != '\0')
		log_event(options->log, "Certificate and key reloaded.");
	if (notice[0] != '\0')
		log_event(options->log, notice);
}

/* Waits up to timeout_ms for a signal. Returns: true when SIGTERM or SIGINT came. */
static bool wait_for_stop(struct server *server, const struct options *options, int64_t timeout_ms)
{
	const struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
		.tv_nsec = (long)(timeout_ms % 1000) * 1000000};
	sigset_t signals;

	fill_signals(&signals);
	switch (sigtimedwait(&signals, NULL, &timeout)) {
	case SIGTERM:
	case SIGINT:
		return true;
	case SIGHUP:
		reload(server, options);
		return false;
	case SIGCHLD:
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		return false;
	default: /* the time is over, or a debugger interrupted the call */
		return false;
	}
}

/* Returns: how often to sweep so that deadlines are kept within about an eighth. */
static int64_t sweep_interval(const struct options *options)
{
	const int64_t deadlines[] = {options->read_header_timeout_ms, options->read_timeout_ms,
		options->write_timeout_ms, options->idle_timeout_ms};
	int64_t interval_ms = 500;

	for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
		if (deadlines[i] / 8 < interval_ms)
			interval_ms = deadlines[i] / 8;
	}
	return interval_ms < 10 ? 10 : interval_ms;
}

/* Serves for duration_ms, for ever if that is negative. Returns: true when SIGTERM or SIGINT came. */
static bool serve(struct server *server, const struct options *options, int64_t duration_ms)
{
	int64_t interval_ms = sweep_interval(options);
	int64_t end_ms = clock_monotonic_ms() + duration_ms;

	for (;;) {
		int64_t left_ms = duration_ms < 0 ? interval_ms : end_ms - clock_monotonic_ms();
		int64_t wait_ms = server_is_full(server) && interval_ms > FULL_TICK_MS
					  ? FULL_TICK_MS
					  : interval_ms;

		if (left_ms <= 0)
			return false;
		if (wait_for_stop(server, options, left_ms < wait_ms ? left_ms : wait_ms))
			return true;
		server_sweep(server);
	}
}

static void drain(struct server *server, const struct options *options)
{
	int64_t start_us;
	int64_t end_ms;

	server_set_draining(server);
	if (options->drain_delay_ms > 0 && serve(server, options, options->drain_delay_ms))
		return;
	start_us = clock_monotonic_us();
	server_close_listeners(server);
	end_ms = clock_monotonic_ms() + options->shutdown_timeout_ms;
	while (server_sweep_draining(server, start_us) > 0 && clock_monotonic_ms() < end_ms) {
		if (wait_for_stop(server, options, DRAIN_TICK_MS))
			return;
	}
}

void lifecycle_run(struct server *server, const struct options *options)
{
	serve(server, options, -1);
	log_event(options->log, "Stopping: no new connections, requests in flight are served.");
	drain(server, options);
}
