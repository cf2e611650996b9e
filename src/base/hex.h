/* hex.h - hexadecimal digits. */
#ifndef HELLO_BASE_HEX_H
#define HELLO_BASE_HEX_H

/* The digits by their values. */
#define HEX_LOWER "0123456789abcdef"
#define HEX_UPPER "0123456789ABCDEF"

/* Returns: the value of a digit of either case, 0 to 15, or -1 if c is none. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#endif
