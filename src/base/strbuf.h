/*
 * base/: the C library only.
 *
 * strbuf.h - appends text to storage of a fixed size. Pure: no I/O, no allocation. Threads: any, one
 * at a time for each strbuf.
 */
#ifndef HELLO_BASE_STRBUF_H
#define HELLO_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caller owns the storage. What does not fit is left out, and truncated becomes true. */
struct strbuf {
	char *data;  /* borrowed, not NUL-terminated */
	size_t size; /* bytes of data */
	size_t len;  /* bytes used, at most size */
	bool truncated;
};

/* A struct strbuf over an array. */
#define STRBUF_OVER(array) ((struct strbuf){.data = (array), .size = sizeof(array)})

/* Appends len bytes, or as many of them as fit. */
void strbuf_add(struct strbuf *text, const char *bytes, size_t len);

/* Appends a NUL-terminated string. */
void strbuf_add_string(struct strbuf *text, const char *string);

/* Appends a number in decimal, padded with zeros to at least `digits` digits (0 to 20). */
void strbuf_add_unsigned(struct strbuf *text, uint64_t number, unsigned digits);

/* Appends all len bytes or none: an escape must not be split. */
void strbuf_add_unit(struct strbuf *text, const char *bytes, size_t len);

/*
 * Appends bytes for a log line: printable ASCII unchanged, any other byte and the backslash as
 * \xHH. So no byte ends the line or controls a terminal.
 */
void strbuf_add_printable(struct strbuf *text, const char *bytes, size_t len);

#endif
