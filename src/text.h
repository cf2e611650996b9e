/* text.h - puts text together in storage of a fixed size. Pure: no I/O, no allocation. */
#ifndef HELLO_TEXT_H
#define HELLO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caller owns the storage. What doesn't fit is left out and remembered in cut. */
struct text {
	char *data; /* borrowed, not NUL-terminated */
	size_t size;
	size_t len; /* octets used, at most size */
	bool cut;
};

/* A struct text over an array. */
#define TEXT_OVER(array) ((struct text){.data = (array), .size = sizeof(array)})

/* Appends len octets; all of them or, when they don't fit, as many as do. */
void text_add(struct text *text, const char *octets, size_t len);

/* Appends a NUL-terminated string. */
void text_add_string(struct text *text, const char *string);

/* Appends a number in decimal; with at least `digits` digits, zeros in front (0 to 20). */
void text_add_unsigned(struct text *text, uint64_t number, unsigned digits);

/*
 * Appends octets as the inside of a JSON string (RFC 8259, section 7), without
 * the quotes. What is not UTF-8 (RFC 3629, section 4) becomes U+FFFD, octet by
 * octet, so the result is always valid JSON.
 */
void text_add_json(struct text *text, const char *octets, size_t len);

/*
 * Appends octets for a line of a log: printable ASCII as it is, anything else and
 * the backslash as \xHH. No octet can end the line or drive a terminal.
 */
void text_add_visible(struct text *text, const char *octets, size_t len);

#endif
