/* healthcheck.h - `hello healthcheck`: does this container's own service live? */
#ifndef HELLO_HEALTHCHECK_H
#define HELLO_HEALTHCHECK_H

#include "client.h"
#include "error.h"
#include "flags.h"

struct healthcheck {
	int64_t timeout_ms;
	struct client_url url;
};

/*
 * Fills *check from `[-timeout DURATION] [URL]`; without a URL it
 * is /healthz of the service that the same environment would start.
 * Returns: 0; 1 when help is asked for; -1 with *err filled.
 */
int healthcheck_parse(int argc, char *const *argv, flag_lookup *lookup, struct healthcheck *check,
	struct error *err);

/* Appends the flags for the usage text. */
void healthcheck_write_usage(struct text *out);

/*
 * Asks once. When timeout_ms is over, the process says so in a line and ends with
 * status 1, wherever it waits: name resolution has no time limit of its own.
 * Returns: 0 for an answer of 200 to 299, or -1 with *err filled.
 */
int healthcheck_run(const struct healthcheck *check, struct error *err);

#endif
