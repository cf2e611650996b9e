/*
 * deadline.h - an end for all that a command does, wherever it waits: name resolution, for
 * one, has no time limit of its own.
 */
#ifndef HELLO_CLIENT_DEADLINE_H
#define HELLO_CLIENT_DEADLINE_H

#include <stdint.h>

/*
 * From timeout_ms on (1 and up), the process writes the line to standard error and ends with
 * status 1. Once in a process.
 * line: static, with its newline
 */
void deadline_set(int64_t timeout_ms, const char *line);

/*
 * Makes a file of a name of its own (mkostemp(3)), which is removed when the deadline, SIGHUP,
 * SIGINT or SIGTERM ends the process.
 * template: ends in XXXXXX, which is overwritten; borrowed until deadline_keep()
 * Returns: its descriptor, the caller's to close, or -1 with errno set.
 */
int deadline_create(char *template);

/* From here on, nothing is removed any more. */
void deadline_keep(void);

#endif
