/* healthcheck.h - `hello healthcheck`: is this container's own service healthy? */
#ifndef HELLO_CLIENT_HEALTHCHECK_H
#define HELLO_CLIENT_HEALTHCHECK_H

#include "base/error.h"
#include "config/flags.h"
#include "http/url.h"

#include <stdbool.h>
#include <stdint.h>

struct healthcheck {
	int64_t timeout_ms; /* 1 to 3600000 */
	const char *ca;	    /* PEM file of the authorities to trust; not for the own service */
	struct url url;
	bool own; /* no URL was given: the service of this environment, unverified */
};

/*
 * Fills *check from `[-timeout DURATION] [-ca FILE] [URL]`; without a URL it is /healthz of the
 * service that the same environment would start, over HTTP if it listens for that.
 * Returns: 0; 1 when help is asked for; -1 with *err filled.
 */
int healthcheck_parse(int argc, char *const *argv, flag_lookup *lookup, struct healthcheck *check,
	struct error *err);

/* Appends the flags for the usage text. */
void healthcheck_write_usage(struct strbuf *out);

/*
 * Sends one request. After timeout_ms the process prints a line to standard error and exits with
 * status 1 (deadline.h).
 * Returns: 0 for a 2xx response, or -1 with *err filled.
 */
int healthcheck_run(const struct healthcheck *check, struct error *err);

#endif
