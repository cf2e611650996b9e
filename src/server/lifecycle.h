/* lifecycle.h - from the first signal to the last answer: what makes a good PID 1. */
#ifndef HELLO_SERVER_LIFECYCLE_H
#define HELLO_SERVER_LIFECYCLE_H

#include "base/error.h"
#include "config/options.h"
#include "server/server.h"

/*
 * Prepares the process, before any descriptor is opened or thread started: opens
 * /dev/null on standard descriptors that are closed, ignores SIGPIPE and SIGXFSZ, blocks
 * the signals that lifecycle_run() waits for.
 * Returns: 0, or -1 with *err filled.
 */
int lifecycle_prepare(struct error *err);

/*
 * Keeps the memory of this process, which is to hold a private key, out of core dumps and
 * from other processes of its user (PR_SET_DUMPABLE(2const)).
 * Returns: 0, or -1 with *err filled.
 */
int lifecycle_forbid_dumps(struct error *err);

/*
 * Waits for SIGTERM or SIGINT, sweeping deadlines and reloading certificates on SIGHUP
 * meanwhile, then drains the server and
 * frees it: -drain-delay, no more listening, idle connections closed, -shutdown-timeout
 * for the requests in flight. A second signal cuts that short.
 * As PID 1, or a child subreaper, it reaps the orphans that the kernel hands it.
 * Returns: 0 when all requests were answered, 1 when some were cut off.
 */
int lifecycle_run(struct server *server, const struct options *options);

#endif
