/* log.h - the log on standard error: one write(2) for each line, and no client can forge a line. */
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
 * Finds out whether standard error is a regular file: a write to one never blocks, so that poll(2)
 * can be left out. Reads the time zone's file, which the sandbox ends. Call once, before any
 * other thread runs.
 */
void log_init(void);

/*
 * Logs a request as the article's service does, in two lines: the peer's address and the number of
 * calls so far.
 * Errors:  a failed write is ignored, and a reader that is too slow is waited for only a twentieth of the
 *          time, and a tenth of a second at once; then lines are dropped and counted: neither a reader,
 *          nor a closed pipe, nor a full disk must slow or stop the service.
 * Threads: any; both lines go out in one write(2).
 */
void log_request_text(const char *remote, uint64_t calls);

/*
 * Logs a request as one JSON object of at most 4096 bytes, so that a pipe takes it in one piece
 * (pipe(7), PIPE_BUF). Long values are truncated and end in "...".
 * Errors and threads: as log_request_text().
 */
void log_request_json(const struct log_request *req);

/*
 * Logs an event of the service itself: as JSON in the format LOG_JSON, else as a text line.
 * Threads: any.
 */
void log_event(enum log_format format, const char *message);

/* Returns: the number of writes that failed or were not tried. Threads: any. */
uint64_t log_lost_lines(void);

#endif
