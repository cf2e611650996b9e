/*
 * deadline.h - a time limit for a whole command, and removal of its temporary file when a signal
 * ends it. By signals, because name resolution has no time limit of its own.
 */
#ifndef HELLO_CLIENT_DEADLINE_H
#define HELLO_CLIENT_DEADLINE_H

#include <stdint.h>

/*
 * After timeout_ms (1 and up) the process writes the line to standard error and exits with status 1.
 * Once in a process.
 * line: static, with its newline
 */
void deadline_set(int64_t timeout_ms, const char *line);

/*
 * Creates a temporary file (mkostemp(3)), which is removed when the deadline, SIGHUP, SIGINT or
 * SIGTERM ends the process.
 * template: ends in XXXXXX, which is overwritten; borrowed until deadline_keep()
 * Returns: its descriptor, the caller's to close, or -1 with errno set.
 */
int deadline_create(char *template);

/* Stops the removal of the temporary file by signals: it is renamed or removed. */
void deadline_keep(void);

#endif
