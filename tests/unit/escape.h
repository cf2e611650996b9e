/* escape.h - cases of bytes and their escaped text, which the tests of strbuf and json share. */
#ifndef HELLO_UNIT_ESCAPE_H
#define HELLO_UNIT_ESCAPE_H

#include <stddef.h>

struct escape {
	const char *in;
	size_t len;
	const char *out;
};

#define CASE(in, out)                                                                              \
	{                                                                                          \
		in, sizeof(in) - 1, out                                                            \
	}

#endif
