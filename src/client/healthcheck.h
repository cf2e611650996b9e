/* healthcheck.h - `hello healthcheck`: does this container's own service live? */
#ifndef HELLO_CLIENT_HEALTHCHECK_H
#define HELLO_CLIENT_HEALTHCHECK_H

#include "base/error.h"
#include "config/flags.h"
#include "http/url.h"

#include <stdbool.h>
#include <stdint.h>

struct healthcheck {
	int64_t timeout_ms;
	const char *ca; /* PEM file of the authorities to trust, for a URL that was given */
	struct url url;
	bool own; /* nobody gave a URL: the certificate is taken as it is */
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
 * Asks once. When timeout_ms is over, the process says so in a line and ends with
 * status 1, wherever it waits: name resolution has no time limit of its own.
 * Returns: 0 for an answer of 200 to 299, or -1 with *err filled.
 */
int healthcheck_run(const struct healthcheck *check, struct error *err);

#endif
