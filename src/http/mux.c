#include "http/mux.h"

#include "base/hex.h"
#include "http/chars.h"
#include "http/uri.h"

#include <stdbool.h>
#include <string.h>

/* Returns: bytes written to out, or -1 for a '%' without two hexadecimal digits. */
static long decode(const char *in, size_t len, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		int byte = (unsigned char)in[i];

		if (byte == '%') {
			byte = uri_decode_byte(in + i, len - i);
			if (byte < 0)
				return -1;
			i += 2;
		}
		out[used++] = (char)byte;
	}
	return (long)used;
}

/*
 * Finds the path in a target without its query.
 * Returns: its start, or end for no path; NULL if this is not a request target.
 */
static const char *find_path(const char *target, const char *end)
{
	const char *authority;
	const char *path;
	size_t scheme;

	if (target < end && *target == '/')
		return target;
	scheme = uri_scheme_length(target, (size_t)(end - target));
	if (!chars_are_name(target, scheme, "http") && !chars_are_name(target, scheme, "https"))
		return NULL;
	if ((size_t)(end - target) < scheme + 3 || memcmp(target + scheme, "://", 3) != 0)
		return NULL;
	authority = target + scheme + 3;
	path = memchr(authority, '/', (size_t)(end - authority));
	if (path == NULL)
		path = end;
	if (uri_host_length(authority, (size_t)(path - authority)) == 0 ||
		!uri_is_host(authority, (size_t)(path - authority)))
		return NULL;
	return path;
}

static bool pattern_matches(const char *pattern, size_t pattern_len, const char *path, size_t len)
{
	if (pattern[pattern_len - 1] == '/')
		return len >= pattern_len && memcmp(pattern, path, pattern_len) == 0;
	return len == pattern_len && memcmp(pattern, path, len) == 0;
}

/* Returns: index of the longest pattern that matches; "/" always does. */
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

/* Returns: whether the path is no pattern, but becomes one with a slash at its end. */
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
	/*
	 * A URI consists of some of the printable ASCII characters (RFC 3986, section 2). The others of
	 * them are taken as they are, like net/http does: browsers leave some unencoded.
	 */
	for (const char *c = target; c < end; c++) {
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7F)
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

	if (decoded == 0) /* as in "http://host" */
		path[0] = '/';
	len = decoded > 0 ? uri_remove_dots(path, (size_t)decoded, URI_DOTS_GO) : 1;
	/* Each removal makes the path shorter, so the same length means the same path. */
	changed = len != (size_t)decoded;
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

/* net/url leaves these unencoded in a path; RFC 3986 allows a few more. */
static bool is_path_character(char c)
{
	return char_is_alphanumeric(c) || char_is_one_of(c, "-_.~$&+,/:;=@");
}

size_t mux_location_length(const struct mux_result *result)
{
	size_t len = result->path_len + result->query_len + (result->query_len > 0 ? 1 : 0);

	for (size_t i = 0; i < result->path_len; i++)
		len += is_path_character(result->path[i]) ? 0 : 2;
	return len;
}

size_t mux_location(const struct mux_result *result, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < result->path_len; i++) {
		unsigned char c = (unsigned char)result->path[i];

		if (is_path_character(result->path[i])) {
			out[used++] = result->path[i];
			continue;
		}
		out[used++] = '%';
		out[used++] = HEX_UPPER[c >> 4];
		out[used++] = HEX_UPPER[c & 15];
	}
	if (result->query_len > 0) {
		out[used++] = '?';
		memcpy(out + used, result->query, result->query_len);
		used += result->query_len;
	}
	return used;
}
