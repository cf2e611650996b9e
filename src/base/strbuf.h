/* text.h - puts text together in storage of a fixed size. Pure: no I/O, no allocation. */
#ifndef HELLO_BASE_STRBUF_H
#define HELLO_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caller owns the storage. What doesn't fit is left out and remembered in cut. */
struct strbuf {
	char *data; /* borrowed, not NUL-terminated */
	size_t size;
	size_t len; /* bytes used, at most size */
	bool truncated;
};

/* A struct strbuf over an array. */
#define STRBUF_OVER(array) ((struct strbuf){.data = (array), .size = sizeof(array)})

/* Appends len bytes; all of them or, when they don't fit, as many as do. */
void strbuf_add(struct strbuf *text, const char *bytes, size_t len);

/* Appends a NUL-terminated string. */
void strbuf_add_string(struct strbuf *text, const char *string);

/* Appends a number in decimal; with at least `digits` digits, zeros in front (0 to 20). */
void strbuf_add_unsigned(struct strbuf *text, uint64_t number, unsigned digits);

/* Appends len bytes, or none when they do not all fit: for escapes, which must not be split. */
void strbuf_add_unit(struct strbuf *text, const char *bytes, size_t len);

/*
 * Appends bytes for a line of a log: printable ASCII as it is, anything else and
 * the backslash as \xHH. No byte can end the line or drive a terminal.
 */
void strbuf_add_printable(struct strbuf *text, const char *bytes, size_t len);

#endif
