/* metrics.h - what the service counts, and its Prometheus text. */
#ifndef HELLO_SERVER_METRICS_H
#define HELLO_SERVER_METRICS_H

#include "base/strbuf.h"

#include <stdint.h>

/* Bytes that metrics_write() may need. */
#define METRICS_TEXT_SIZE 8192

/* Tells the moment the process started, for the gauge of it. Call once, before any thread. */
void metrics_init(void);

/* Counts a call of the article's counter. Returns: its number, from 1. Threads: any. */
uint64_t metrics_count_call(void);

/* A request's header has come in. Threads: any. */
void metrics_request_started(void);

/*
 * A request has ended, answered or broken off.
 * status: of the answer; 0 when none was sent
 * duration_us: from the request line to the last byte handed to the kernel
 * Threads: any, also another one than started it.
 */
void metrics_request_ended(
	unsigned status, uint64_t received_bytes, uint64_t sent_bytes, int64_t duration_us);

/* A connection was accepted, closed, or refused for its address having too many. Threads: any. */
void metrics_connection_opened(void);
void metrics_connection_closed(void);
void metrics_connection_refused(void);

/* A connection missed a deadline, or gave way to a newcomer when the table was full. */
void metrics_connection_timed_out(void);
void metrics_connection_evicted(void);

/*
 * Appends all metrics in the Prometheus text format 0.0.4. version and libc go
 * into hello_build_info, libmicrohttpd too.
 * lost_log_lines: as log_lost_lines() counts them
 */
void metrics_write(struct strbuf *out, uint64_t lost_log_lines, const char *version,
	const char *libc, const char *libmicrohttpd);

#endif
