/* octet.h - classes of octets that the grammars of requests are made of. Pure. */
#ifndef HELLO_OCTET_H
#define HELLO_OCTET_H

#include <stdbool.h>
#include <string.h>

/* ALPHA / DIGIT (RFC 5234, appendix B.1) */
static inline bool octet_is_alphanumeric(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Is c in set? NUL never is: strchr(3) would find the set's own end. */
static inline bool octet_is_among(unsigned char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

#endif
