#include "http/uri.h"

#include "base/hex.h"
#include "http/chars.h"

#include <string.h>

size_t uri_scheme_length(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == ':')
			return i;
		if (!char_is_letter(text[i]) &&
			(i == 0 || (!char_is_digit(text[i]) && !char_is_one_of(text[i], "+-."))))
			return 0;
	}
	return 0;
}

int uri_decode_byte(const char *text, size_t len)
{
	int high = len > 1 && text[0] == '%' ? hex_value(text[1]) : -1;
	int low = len > 2 ? hex_value(text[2]) : -1;

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Returns: whether this is nothing, or ':' and digits, maybe none (RFC 3986, section 3.2.3). */
static bool is_port(const char *text, size_t len)
{
	if (len > 0 && text[0] != ':')
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!char_is_digit(text[i]))
			return false;
	}
	return true;
}

static bool are_chars(const char *text, size_t len, const char *others)
{
	for (size_t i = 0; i < len; i++) {
		if (!char_is_alphanumeric(text[i]) && !char_is_one_of(text[i], others))
			return false;
	}
	return true;
}

size_t uri_host_length(const char *text, size_t len)
{
	bool brackets = len > 0 && text[0] == '[';
	const char *end = len > 0 ? memchr(text, brackets ? ']' : ':', len) : NULL;

	if (end == NULL)
		return brackets ? 0 : len;
	return (size_t)(end - text) + brackets;
}

bool uri_is_host(const char *text, size_t len)
{
	size_t host = uri_host_length(text, len);

	if (!is_port(text + host, len - host))
		return false;
	if (host > 0 && text[0] == '[')
		return host > 2 && are_chars(text + 1, host - 2, ":.-_~%");
	for (size_t i = 0; i < host; i++) {
		if (text[i] == '%' && uri_decode_byte(text + i, host - i) < 0)
			return false;
	}
	return are_chars(text, host, "-._~%!$&'()*+,;=");
}

size_t uri_remove_dots(char *path, size_t len, enum uri_dots rule)
{
	bool go = rule == URI_DOTS_GO;
	bool slash_at_end = len > 0 && path[len - 1] == '/';
	size_t out = 0;
	size_t end;

	for (size_t at = 0; at < len; at = end) {
		const char *next = memchr(path + at + 1, '/', len - at - 1);
		size_t segment; /* its bytes, without the slash in front */
		bool up;

		end = next != NULL ? (size_t)(next - path) : len;
		segment = end - at - 1;
		up = segment == 2 && path[at + 1] == '.' && path[at + 2] == '.';
		if (up || (segment == 1 && path[at + 1] == '.')) {
			while (up && out > 0 && path[--out] != '/')
				;
			if (!go && end == len)
				path[out++] = '/';
		} else if (!go || segment > 0) {
			memmove(path + out, path + at, segment + 1);
			out += segment + 1;
		}
	}
	if (go && len > 0 && (out == 0 || slash_at_end))
		path[out++] = '/';
	return out;
}
