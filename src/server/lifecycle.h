/* lifecycle.h - what happens on a signal: drain on SIGTERM and SIGINT, reload on SIGHUP, and the duties of PID 1. */
#ifndef HELLO_SERVER_LIFECYCLE_H
#define HELLO_SERVER_LIFECYCLE_H

#include "base/error.h"
#include "config/options.h"
#include "server/server.h"

/*
 * Prepares the process, before any thread is started: ignores SIGPIPE and SIGXFSZ, blocks the
 * signals that lifecycle_run() waits for.
 * Returns: 0, or -1 with *err filled.
 */
int lifecycle_prepare(struct error *err);

/*
 * Keeps the memory of this process, which is to hold a private key, out of core dumps and away from
 * other processes of its user (PR_SET_DUMPABLE(2const)).
 * Returns: 0, or -1 with *err filled.
 */
int lifecycle_forbid_dumps(struct error *err);

/*
 * Serves until SIGTERM or SIGINT, then drains: /readyz fails for -drain-delay, the listeners close,
 * idle connections close, and requests in flight have -shutdown-timeout to end. A second SIGTERM or
 * SIGINT ends the drain at once. Meanwhile deadlines are enforced, SIGHUP reloads certificates, and
 * orphans that the kernel gives to PID 1 or a child subreaper are reaped.
 * The caller then calls server_stop(), which aborts what is left.
 */
void lifecycle_run(struct server *server, const struct options *options);

#endif
