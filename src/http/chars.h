/* byte.h - classes of bytes that the grammars of requests are made of. Pure. */
#ifndef HELLO_HTTP_CHARS_H
#define HELLO_HTTP_CHARS_H

#include <stdbool.h>
#include <string.h>

/* ALPHA / DIGIT (RFC 5234, appendix B.1) */
static inline bool char_is_alphanumeric(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Is c in set? NUL never is: strchr(3) would find the set's own end. */
static inline bool char_is_one_of(unsigned char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

#endif
