/* metrics.h - the counters of the service, and their Prometheus text. */
#ifndef HELLO_SERVER_METRICS_H
#define HELLO_SERVER_METRICS_H

#include "base/strbuf.h"

#include <stdint.h>

/* Bytes that metrics_write() may need. */
#define METRICS_TEXT_SIZE 8192

/* Notes the start time of the process. Call once, before any thread. */
void metrics_init(void);

/* Counts a call of the article's counter. Returns: its number, from 1. Threads: any. */
uint64_t metrics_count_call(void);

/* A request's header was received. Threads: any. */
void metrics_request_started(void);

/*
 * A request has ended, with a response or without.
 * status: of the response; 0 when none was sent
 * duration_us: from the first byte of the request to the last byte handed to the kernel
 * Threads: any; not necessarily the one that called metrics_request_started().
 */
void metrics_request_ended(
	unsigned status, uint64_t received_bytes, uint64_t sent_bytes, int64_t duration_us);

/* A connection was accepted, closed, or refused: too many from its address. Threads: any. */
void metrics_connection_opened(void);
void metrics_connection_closed(void);
void metrics_connection_refused(void);

/* A connection was closed after a timeout, or evicted when the table was full. Threads: any. */
void metrics_connection_timed_out(void);
void metrics_connection_evicted(void);

/*
 * Appends all metrics in the Prometheus text format 0.0.4.
 * lost_log_lines: of log_lost_lines()
 * version, libc, libmicrohttpd: versions, the labels of hello_build_info
 */
void metrics_write(struct strbuf *out, uint64_t lost_log_lines, const char *version,
	const char *libc, const char *libmicrohttpd);

#endif
