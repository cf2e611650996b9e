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
	return are_chars(text, host, "-._~%!$&'()*+,;=");
}

static bool is_go_userinfo(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && uri_decode_byte(text + i, len - i) < 0)
			return false;
	}
	return are_chars(text, len, "-._~:!$&'()*+,;=%@");
}

/* RFC 3986's characters of a host, the brackets of IPv6, and <, > and ". */
static bool is_go_host_char(char c)
{
	return char_is_alphanumeric(c) || char_is_one_of(c, "!$&'()*+,;=:[]<>\"-_.~");
}

/*
 * Is this part of a host well-formed? A host encodes bytes beyond ASCII only, and '%';
 * the zone of an IPv6 address (RFC 6874) only what a host may have as it is, and ' '.
 */
static bool is_go_host_part(const char *text, size_t len, bool zone)
{
	for (size_t i = 0; i < len; i++) {
		int byte;

		if (text[i] != '%' && (unsigned char)text[i] < 0x80 && !is_go_host_char(text[i]))
			return false;
		if (text[i] != '%')
			continue;
		byte = uri_decode_byte(text + i, len - i);
		if (byte < 0)
			return false;
		if (byte != '%' && !zone && byte < 0x80)
			return false;
		if (byte != '%' && zone && byte != ' ' && !is_go_host_char((char)byte))
			return false;
		i += 2;
	}
	return true;
}

static bool is_go_host(const char *host, size_t len)
{
	const char *end = host + len;
	const char *port;
	const char *zone;

	if (len == 0 || host[0] != '[') {
		port = memrchr(host, ':', len);
		return (port == NULL || is_port(port, (size_t)(end - port))) &&
		       is_go_host_part(host, len, false);
	}
	port = memrchr(host, ']', len);
	if (port == NULL || !is_port(port + 1, (size_t)(end - port - 1)))
		return false;
	zone = memmem(host, (size_t)(port - host), "%25", 3);
	if (zone == NULL)
		zone = port;
	return is_go_host_part(host, (size_t)(zone - host), false) &&
	       is_go_host_part(zone, (size_t)(port - zone), true) &&
	       is_go_host_part(port, (size_t)(end - port), false);
}

bool uri_is_go_authority(const char *text, size_t len)
{
	const char *at = memrchr(text, '@', len);
	size_t userinfo = at != NULL ? (size_t)(at - text) : 0;
	size_t host = at != NULL ? userinfo + 1 : 0;

	return is_go_userinfo(text, userinfo) && is_go_host(text + host, len - host);
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
