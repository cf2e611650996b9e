#include "http/mux.h"

#include "http/chars.h"

#include <stdbool.h>
#include <string.h>

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Returns: length of the scheme before a ':' (RFC 3986, section 3.1), or 0. */
static size_t scheme_length(const char *target, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)target[i];
		bool digit = c >= '0' && c <= '9';

		if (c == ':')
			return i;
		if (!char_is_alphanumeric(c) && !char_is_one_of(c, "+-."))
			return 0;
		if (i == 0 && (digit || char_is_one_of(c, "+-.")))
			return 0;
	}
	return 0;
}

/* Returns: the byte that the "%XX" at the start of in means, or -1. */
static int decode_escape(const char *in, size_t len)
{
	int high = len > 1 ? hex_value((unsigned char)in[1]) : -1;
	int low = len > 2 ? hex_value((unsigned char)in[2]) : -1;

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Returns: bytes written to out, or -1 for a '%' without two hexadecimal digits. */
static long decode(const char *in, size_t len, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)in[i];

		if (c == '%') {
			int byte = decode_escape(in + i, len - i);

			if (byte < 0)
				return -1;
			c = (unsigned char)byte;
			i += 2;
		}
		out[used++] = (char)c;
	}
	return (long)used;
}

static bool is_userinfo(const char *in, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)in[i];

		if (c == '%' && decode_escape(in + i, len - i) < 0)
			return false;
		if (!char_is_alphanumeric(c) && !char_is_one_of(c, "-._:~!$&'()*+,;=%@"))
			return false;
	}
	return true;
}

/* net/url lets these stand in a host: RFC 3986's, the brackets of IPv6, and <, > and ". */
static bool is_host_character(unsigned char c)
{
	return char_is_alphanumeric(c) || char_is_one_of(c, "!$&'()*+,;=:[]<>\"-_.~");
}

/*
 * Is this part of a host well-formed? A host escapes bytes beyond ASCII only, and '%';
 * the zone of an IPv6 address (RFC 6874) only what a host may have as it is, and ' '.
 */
static bool is_host_part(const char *in, size_t len, bool zone)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)in[i];
		int byte;

		if (c != '%' && c < 0x80 && !is_host_character(c))
			return false;
		if (c != '%')
			continue;
		byte = decode_escape(in + i, len - i);
		if (byte < 0)
			return false;
		if (byte != '%' && !zone && byte < 0x80)
			return false;
		if (byte != '%' && zone && byte != ' ' && !is_host_character((unsigned char)byte))
			return false;
		i += 2;
	}
	return true;
}

/* Is this nothing, or ':' and digits? There may be none (RFC 3986, section 3.2.3). */
static bool is_port(const char *in, size_t len)
{
	if (len > 0 && in[0] != ':')
		return false;
	for (size_t i = 1; i < len; i++) {
		if (in[i] < '0' || in[i] > '9')
			return false;
	}
	return true;
}

static bool is_host(const char *host, size_t len)
{
	const char *end = host + len;
	const char *port;
	const char *zone;

	if (len == 0 || host[0] != '[') {
		port = memrchr(host, ':', len);
		return (port == NULL || is_port(port, (size_t)(end - port))) &&
		       is_host_part(host, len, false);
	}
	port = memrchr(host, ']', len);
	if (port == NULL || !is_port(port + 1, (size_t)(end - port - 1)))
		return false;
	zone = memmem(host, (size_t)(port - host), "%25", 3);
	if (zone == NULL)
		zone = port;
	return is_host_part(host, (size_t)(zone - host), false) &&
	       is_host_part(zone, (size_t)(port - zone), true) &&
	       is_host_part(port, (size_t)(end - port), false);
}

static bool is_authority(const char *authority, size_t len)
{
	const char *at = memrchr(authority, '@', len);
	size_t userinfo = at != NULL ? (size_t)(at - authority) : 0;
	size_t host = at != NULL ? userinfo + 1 : 0;

	return is_userinfo(authority, userinfo) && is_host(authority + host, len - host);
}

/*
 * Finds the path in a target that ends before its query.
 * Returns: its start, which is end when there is none, or NULL: not a request target.
 */
static const char *find_path(const char *target, const char *end)
{
	const char *authority;
	size_t scheme;

	if (target < end && *target == '/')
		return target;
	scheme = scheme_length(target, (size_t)(end - target));
	if (scheme == 0)
		return NULL;
	target += scheme + 1;
	/* "mailto:x" is a URI without a path: net/http takes it for the root. */
	if (target == end || *target != '/')
		return end;
	if (end - target < 2 || target[1] != '/')
		return target;
	authority = target + 2;
	target = memchr(authority, '/', (size_t)(end - authority));
	if (target == NULL)
		target = end;
	return is_authority(authority, (size_t)(target - authority)) ? target : NULL;
}

/*
 * Cleans a path in place: empty and "." segments go, ".." takes the segment before
 * with it, a trailing slash stays. The path grows by at most the slash in front.
 * Returns: the new length. *changed tells whether it differs from before.
 */
static size_t clean(char *path, size_t len, bool *changed)
{
	size_t in = 0;
	size_t out = 0;
	bool slash_at_end;

	*changed = false;
	if (len == 0 || path[0] != '/') {
		memmove(path + 1, path, len);
		path[0] = '/';
		len++;
		*changed = true;
	}
	slash_at_end = path[len - 1] == '/';
	while (in < len) {
		size_t start;
		size_t segment;

		while (in < len && path[in] == '/')
			in++;
		start = in;
		while (in < len && path[in] != '/')
			in++;
		segment = in - start;
		if (segment == 0 || (segment == 1 && path[start] == '.'))
			continue;
		if (segment == 2 && path[start] == '.' && path[start + 1] == '.') {
			while (out > 0 && path[--out] != '/')
				;
			continue;
		}
		/* out < start: each kept segment was preceded by at least one slash. */
		path[out++] = '/';
		memmove(path + out, path + start, segment);
		out += segment;
	}
	if (out == 0 || slash_at_end)
		path[out++] = '/';
	if (out != len)
		*changed = true;
	return out;
}

static bool pattern_matches(const char *pattern, size_t pattern_len, const char *path, size_t len)
{
	if (pattern[pattern_len - 1] == '/')
		return len >= pattern_len && memcmp(pattern, path, pattern_len) == 0;
	return len == pattern_len && memcmp(pattern, path, len) == 0;
}

/* Returns: index of the longest pattern that matches; "/" matches always. */
static size_t match(const char *const *patterns, size_t count, const char *path, size_t len)
{
	size_t best = 0;
	size_t best_len = 0;

	for (size_t i = 0; i < count; i++) {
		size_t pattern_len = strlen(patterns[i]);

		if (pattern_len > best_len &&
			pattern_matches(patterns[i], pattern_len, path, len)) {
			best = i;
			best_len = pattern_len;
		}
	}
	return best;
}

/* Is path no pattern itself, while path and a slash is one? */
static bool lacks_slash(const char *const *patterns, size_t count, const char *path, size_t len)
{
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		size_t pattern_len = strlen(patterns[i]);

		if (pattern_len == len && memcmp(patterns[i], path, len) == 0)
			return false;
		if (pattern_len == len + 1 && patterns[i][len] == '/' &&
			memcmp(patterns[i], path, len) == 0)
			found = true;
	}
	return found;
}

enum mux_verdict mux_resolve(const char *method, const char *target, size_t target_len,
	const char *const *patterns, size_t pattern_count, char *path, struct mux_result *result)
{
	const char *end = target + target_len;
	const char *question;
	const char *query = NULL;
	size_t query_len = 0;
	size_t len;
	long decoded;
	bool changed;

	if (strcmp(method, "CONNECT") == 0)
		return MUX_BAD_REQUEST;
	if (target_len == 1 && target[0] == '*')
		return strcmp(method, "OPTIONS") == 0 ? MUX_OPTIONS : MUX_NO_PATH;
	for (const char *c = target; c < end; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			return MUX_BAD_REQUEST;
	}

	question = memchr(target, '?', target_len);
	if (question != NULL) {
		query = question + 1;
		query_len = (size_t)(end - query);
		end = question;
	}
	target = find_path(target, end);
	if (target == NULL)
		return MUX_BAD_REQUEST;
	decoded = decode(target, (size_t)(end - target), path);
	if (decoded < 0)
		return MUX_BAD_REQUEST;

	len = clean(path, (size_t)decoded, &changed);
	if (lacks_slash(patterns, pattern_count, path, len)) {
		path[len++] = '/';
		changed = true;
	}
	*result = (struct mux_result){
		.path = path,
		.path_len = len,
		.query = query_len > 0 ? query : NULL,
		.query_len = query_len,
	};
	if (changed)
		return MUX_REDIRECT;
	result->pattern = match(patterns, pattern_count, path, len);
	return MUX_MATCH;
}

static size_t percent_encode(unsigned char c, const char *digits, char *out)
{
	out[0] = '%';
	out[1] = digits[c >> 4];
	out[2] = digits[c & 15];
	return 3;
}

/* net/url leaves these as they are in a path; RFC 3986 would allow a few more. */
static bool is_path_character(unsigned char c)
{
	return char_is_alphanumeric(c) || char_is_one_of(c, "-_.~$&+,/:;=@");
}

size_t mux_location_length(const struct mux_result *result)
{
	size_t len = result->path_len + result->query_len + (result->query_len > 0 ? 1 : 0);

	for (size_t i = 0; i < result->path_len; i++)
		len += is_path_character((unsigned char)result->path[i]) ? 0 : 2;
	for (size_t i = 0; i < result->query_len; i++)
		len += (unsigned char)result->query[i] < 0x80 ? 0 : 2;
	return len;
}

size_t mux_location(const struct mux_result *result, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < result->path_len; i++) {
		unsigned char c = (unsigned char)result->path[i];

		if (is_path_character(c))
			out[used++] = (char)c;
		else
			used += percent_encode(c, "0123456789ABCDEF", out + used);
	}
	if (result->query_len > 0)
		out[used++] = '?';
	for (size_t i = 0; i < result->query_len; i++) {
		unsigned char c = (unsigned char)result->query[i];

		if (c < 0x80)
			out[used++] = (char)c;
		else
			used += percent_encode(c, "0123456789abcdef", out + used);
	}
	return used;
}
