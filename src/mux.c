#include "mux.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

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

/* Returns: length of the scheme before "://" (RFC 3986, section 3.1), or 0. */
static size_t scheme_length(const char *target, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = target[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';

		if (letter || (other && i > 0))
			continue;
		if (i > 0 && len - i >= 3 && memcmp(target + i, "://", 3) == 0)
			return i;
		return 0;
	}
	return 0;
}

/* Returns: octets written to out, or -1 for a '%' without two hexadecimal digits. */
static long decode(const char *in, size_t len, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)in[i];

		if (c == '%') {
			int high = i + 1 < len ? hex_value((unsigned char)in[i + 1]) : -1;
			int low = i + 2 < len ? hex_value((unsigned char)in[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -1;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		}
		out[used++] = (char)c;
	}
	return (long)used;
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

	if (target_len == 1 && target[0] == '*')
		return strcmp(method, "OPTIONS") == 0 ? MUX_OPTIONS : MUX_BAD_REQUEST;
	if (strcmp(method, "CONNECT") == 0)
		return MUX_BAD_REQUEST;
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
	if (target == end || target[0] != '/') {
		size_t scheme = scheme_length(target, (size_t)(end - target));

		if (scheme == 0)
			return MUX_BAD_REQUEST;
		/* Absolute form: the authority is not ours to judge, the path starts behind it. */
		target += scheme + 3;
		while (target < end && *target != '/')
			target++;
	}
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
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-_.~$&+,/:;=@", c) != NULL);
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
