#include "http/chars.h"

#include <strings.h>

bool chars_are_token(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!char_is_alphanumeric(bytes[i]) && !char_is_one_of(bytes[i], "!#$%&'*+-.^_`|~"))
			return false;
	}
	return len > 0;
}

bool chars_are_name(const char *bytes, size_t len, const char *name)
{
	return len == strlen(name) && strncasecmp(bytes, name, len) == 0;
}
