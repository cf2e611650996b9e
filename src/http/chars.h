/* chars.h - the character classes and names that the grammars of HTTP are made of. */
#ifndef HELLO_HTTP_CHARS_H
#define HELLO_HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* DIGIT (RFC 5234, appendix B.1) */
static inline bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ALPHA (RFC 5234, appendix B.1) */
static inline bool char_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool char_is_alphanumeric(char c)
{
	return char_is_letter(c) || char_is_digit(c);
}

/* Is c in set? NUL never is: strchr(3) would find the set's own end. */
static inline bool char_is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Returns: whether the bytes are a token = 1*tchar (RFC 9110, section 5.6.2). */
bool chars_are_token(const char *bytes, size_t len);

/*
 * Returns: whether the bytes are this name, in any case, as a field's name is compared
 * (RFC 9110, section 5.1).
 * name: NUL-terminated
 */
bool chars_are_name(const char *bytes, size_t len, const char *name);

#endif
