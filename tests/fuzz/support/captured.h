/*
 * captured.h - what the service writes to standard error, kept instead of printed.
 *
 * The harnesses are linked with --wrap=write: libFuzzer and the sanitizers report on the same
 * descriptor, so it can't be redirected.
 */
#ifndef FUZZ_CAPTURED_H
#define FUZZ_CAPTURED_H

#include <stddef.h>

/* From here on writes to standard error are kept. What was kept before is forgotten. */
void captured_begin(void);

/* Returns: what was written since captured_begin(), static; from here on it goes out again. */
const char *captured_end(size_t *len);

/* Aborts unless the bytes are whole lines, without a control byte beside their ends. */
void captured_expect_lines(const char *text, size_t len);

#endif
