/*
 * deadline.h - an end for all that a command does, wherever it waits: name resolution, for
 * one, has no time limit of its own.
 */
#ifndef HELLO_DEADLINE_H
#define HELLO_DEADLINE_H

#include <stdint.h>

/*
 * From timeout_ms on (1 and up), the process writes the line to standard error and ends with
 * status 1. Once in a process.
 * line: static, with its newline
 */
void deadline_set(int64_t timeout_ms, const char *line);

/*
 * Names a file that is removed when the deadline, SIGHUP, SIGINT or SIGTERM ends the process;
 * NULL for none any more.
 * path: borrowed until the next call
 */
void deadline_discard(const char *path);

#endif
