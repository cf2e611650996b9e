/*
 * mux.c - the mux against a model of Go's ServeMux that is written another way: the path as a
 * list of segments, as Go's documentation describes it, and not cleaned in place.
 */
#include "http/mux.h"

#include "expect.h"
#include "input.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define SEGMENTS 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct piece {
	const char *at;
	size_t len;
};

static const char *const routes[] = {"/", "/magazine/", "/healthz", "/a/b/", "/a/b", "/c/", "/c/d"};
static const char *const few_routes[] = {"/", "/a/"};
static const char *const methods[] = {"GET", "OPTIONS", "CONNECT", "POST"};

static bool equals(struct piece piece, const char *string)
{
	return piece.len == strlen(string) && memcmp(piece.at, string, piece.len) == 0;
}

static bool starts(struct piece piece, const char *string)
{
	return piece.len >= strlen(string) && memcmp(piece.at, string, strlen(string)) == 0;
}

/* Cuts *piece before the first such byte. Returns: what is behind it; .at is NULL without one. */
static struct piece cut(struct piece *piece, char byte)
{
	const char *found = piece->len > 0 ? memchr(piece->at, byte, piece->len) : NULL;
	struct piece behind = {NULL, 0};

	if (found != NULL) {
		behind.at = found + 1;
		behind.len = piece->len - (size_t)(found - piece->at) - 1;
		piece->len = (size_t)(found - piece->at);
	}
	return behind;
}

enum form {
	FORM_BAD,
	FORM_GOOD,
	FORM_UNSURE, /* an authority with more than a plain host: RFC 3986 has rules for it */
};

/* Finds the path of a target without its query. */
static enum form find_path(struct piece target, struct piece *path)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char plain[] = "0123456789-.";
	struct piece scheme = target;
	struct piece rest;
	struct piece authority;

	*path = target;
	if (starts(target, "/"))
		return FORM_GOOD;
	rest = cut(&scheme, ':');
	if (rest.at == NULL || scheme.len < 4 || scheme.len > 5 ||
		strncasecmp(scheme.at, "https", scheme.len) != 0 || !starts(rest, "//"))
		return FORM_BAD;
	authority = (struct piece){rest.at + 2, rest.len - 2};
	rest = cut(&authority, '/');
	*path = rest.at != NULL ? (struct piece){rest.at - 1, rest.len + 1}
				: (struct piece){authority.at + authority.len, 0};
	if (authority.len == 0 || *authority.at == ':' ||
		memchr(authority.at, '@', authority.len) != NULL)
		return FORM_BAD;
	for (size_t i = 0; i < authority.len; i++) {
		if (memchr(letters, authority.at[i], sizeof(letters) - 1) == NULL &&
			memchr(plain, authority.at[i], sizeof(plain) - 1) == NULL)
			return FORM_UNSURE;
	}
	return FORM_GOOD;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

/* Returns: whether every '%' has its two digits; *decoded lies in out. */
static bool percent_decode(struct piece path, char *out, struct piece *decoded)
{
	*decoded = (struct piece){out, 0};
	while (path.len > 0) {
		size_t step = *path.at == '%' ? 3 : 1;

		if (step > path.len)
			return false;
		if (step == 3 && (digit(path.at[1]) < 0 || digit(path.at[2]) < 0))
			return false;
		out[decoded->len++] =
			step == 3 ? (char)(digit(path.at[1]) * 16 + digit(path.at[2])) : *path.at;
		path.at += step;
		path.len -= step;
	}
	return true;
}

/* path.Clean() and the slash that ServeMux keeps at the end; room for one byte more in out. */
static struct piece clean(struct piece path, char *out)
{
	static struct piece kept[SEGMENTS];
	struct piece made = {out, 0};
	size_t count = 0;
	bool directory = path.len == 0 || path.at[path.len - 1] == '/';

	while (path.at != NULL) {
		struct piece rest = cut(&path, '/');

		if (equals(path, ".."))
			count -= count > 0;
		else if (path.len > 0 && !equals(path, ".") && count < SEGMENTS)
			kept[count++] = path;
		path = rest;
	}
	for (size_t i = 0; i < count; i++) {
		out[made.len++] = '/';
		memcpy(out + made.len, kept[i].at, kept[i].len);
		made.len += kept[i].len;
	}
	if (directory || count == 0)
		out[made.len++] = '/';
	return made;
}

static bool is_route(struct piece path, const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (equals(path, patterns[i]))
			return true;
	}
	return false;
}

/* The longest route: cut the path from its end until what is left is one. */
static size_t best_route(struct piece path, const char *const *patterns, size_t count)
{
	struct piece left = path;

	for (;; left.len--) {
		if (left.len < path.len && left.len > 0 && left.at[left.len - 1] != '/')
			continue;
		for (size_t i = 0; i < count; i++) {
			if (equals(left, patterns[i]))
				return i;
		}
		EXPECT(left.len > 0, "no route");
	}
}

/* A redirect must lead to where no further redirect comes from. */
static void follow(const struct mux_result *result, const char *const *patterns, size_t count)
{
	size_t need = mux_location_length(result);
	char *location = malloc(need);
	char *again = malloc(MUX_PATH_SIZE(need));
	struct mux_result second = {0};
	const char *query;

	EXPECT(need <= MUX_LOCATION_SIZE(result->path_len, result->query_len), "%zu", need);
	EXPECT(mux_location(result, location) == need, "%zu", need);
	EXPECT(location[0] == '/' && (need == 1 || location[1] != '/'), "%.*s", (int)need,
		location);
	query = memchr(location, '?', need);
	for (size_t i = 0; i < need; i++) {
		unsigned char c = (unsigned char)location[i];

		EXPECT(c >= 0x20 && c < 0x7F, "0x%02x", c);
		EXPECT(c != ' ' || (query != NULL && location + i > query), "a space at %zu", i);
	}
	EXPECT(mux_resolve("GET", location, need, patterns, count, again, &second) == MUX_MATCH,
		"%.*s redirects again", (int)need, location);
	EXPECT(second.path_len == result->path_len &&
			memcmp(second.path, result->path, second.path_len) == 0,
		"%.*s is another path", (int)need, location);
	free(again);
	free(location);
}

static enum mux_verdict model(const char *method, struct piece target, const char *const *patterns,
	size_t count, char *storage, struct mux_result *want, bool *unsure)
{
	struct piece query;
	struct piece path;
	struct piece decoded;
	struct piece cleaned;
	enum form form;
	bool redirect;

	if (strcmp(method, "CONNECT") == 0)
		return MUX_BAD_REQUEST;
	if (equals(target, "*"))
		return strcmp(method, "OPTIONS") == 0 ? MUX_OPTIONS : MUX_NO_PATH;
	for (size_t i = 0; i < target.len; i++) {
		if ((unsigned char)target.at[i] <= 0x1F || (unsigned char)target.at[i] > 0x7E)
			return MUX_BAD_REQUEST;
	}
	query = cut(&target, '?');
	form = find_path(target, &path);
	if (form == FORM_BAD || !percent_decode(path, storage, &decoded))
		return MUX_BAD_REQUEST;
	*unsure = form == FORM_UNSURE;
	cleaned = clean(decoded, storage + decoded.len);
	redirect = cleaned.len != decoded.len || memcmp(cleaned.at, decoded.at, decoded.len) != 0;
	if (!is_route(cleaned, patterns, count)) {
		storage[decoded.len + cleaned.len] = '/';
		cleaned.len++;
		if (is_route(cleaned, patterns, count))
			redirect = true;
		else
			cleaned.len--;
	}
	*want = (struct mux_result){.path = cleaned.at,
		.path_len = cleaned.len,
		.query = query.len > 0 ? query.at : NULL,
		.query_len = query.len,
		.pattern = redirect ? 0 : best_route(cleaned, patterns, count)};
	return redirect ? MUX_REDIRECT : MUX_MATCH;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t choice = input_byte(&in);
	const char *method = methods[choice & 3];
	const char *const *patterns = choice & 4 ? few_routes : routes;
	size_t count = choice & 4 ? 2 : sizeof(routes) / sizeof(routes[0]);
	size_t len;
	char *target = input_rest(&in, &len);
	char *path = malloc(MUX_PATH_SIZE(len));
	char *storage = malloc(2 * len + 4);
	struct mux_result got = {0};
	struct mux_result want = {0};
	bool unsure = false;
	enum mux_verdict verdict = mux_resolve(method, target, len, patterns, count, path, &got);
	enum mux_verdict expected = model(
		method, (struct piece){target, len}, patterns, count, storage, &want, &unsure);

	EXPECT(verdict == expected || (unsure && verdict == MUX_BAD_REQUEST), "%d, not %d", verdict,
		expected);
	if (verdict == MUX_MATCH || verdict == MUX_REDIRECT) {
		EXPECT(got.path_len == want.path_len &&
				memcmp(got.path, want.path, got.path_len) == 0,
			"path %.*s, not %.*s", (int)got.path_len, got.path, (int)want.path_len,
			want.path);
		EXPECT(got.query == want.query && got.query_len == want.query_len, "query");
		EXPECT(verdict == MUX_REDIRECT || got.pattern == want.pattern, "%zu, not %zu",
			got.pattern, want.pattern);
	}
	if (verdict == MUX_REDIRECT)
		follow(&got, patterns, count);
	free(storage);
	free(path);
	free(target);
	return 0;
}
