/* log.h - one write(2) a line on standard error; no byte of a client can forge a line. */
#ifndef HELLO_SERVER_LOG_H
#define HELLO_SERVER_LOG_H

#include "config/options.h"

#include <stddef.h>
#include <stdint.h>

/* A finished request. All pointers are borrowed for the call. */
struct log_request {
	const char *remote; /* address:port */
	const char *method;
	const char *target;	/* as received */
	size_t target_len;	/* bytes */
	const char *user_agent; /* NULL if there was none */
	const char
		*forwarded_for; /* X-Forwarded-For; NULL when there was none or it is not trusted */
	unsigned status;	/* HTTP status code sent */
	uint64_t body_bytes;	/* bytes of the response's body */
	int64_t duration_us;
};

/*
 * Looks at what standard error is: only a file, which never makes its writer wait, can do
 * without a system call that asks whether there is room. Before any other thread runs.
 */
void log_init(void);

/*
 * Logs a request in the article's shape: two lines, its address and the number of calls so far.
 * Errors:  a failed write is ignored, and a reader that stands still is waited for once, a
 *          second long: neither it, nor a dead one, nor a full disk must stop the service.
 * Threads: safe from any thread; both lines go out in one write(2).
 */
void log_request_text(const char *remote, uint64_t calls);

/*
 * Logs a request as one JSON object of at most 4096 bytes, so that a pipe takes it
 * whole (pipe(7), PIPE_BUF). Long values end in "...".
 * Errors and threads: as log_request_text().
 */
void log_request_json(const struct log_request *req);

/*
 * Logs an event of the service itself, in every format but JSON as a text line.
 * Threads: safe from any thread.
 */
void log_event(enum log_format format, const char *message);

/* Returns: how many writes were given up, or failed. Threads: safe from any thread. */
uint64_t log_lost_lines(void);

#endif
