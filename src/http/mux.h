/*
 * mux.h - finds the route of a request target by the rules of Go's ServeMux (net/http before
 * Go 1.22).
 */
#ifndef HELLO_HTTP_MUX_H
#define HELLO_HTTP_MUX_H

#include <stddef.h>

/* How to respond to a request. */
enum mux_verdict {
	MUX_MATCH,	 /* serve .pattern */
	MUX_REDIRECT,	 /* 301 to .path and .query */
	MUX_OPTIONS,	 /* OPTIONS *: about the server, no route */
	MUX_NO_PATH,	 /* 400 without a body: '*' with another method */
	MUX_BAD_REQUEST, /* 400: not a request target, or invalid percent-encoding */
};

struct mux_result {
	size_t pattern;	   /* index into the patterns; only for MUX_MATCH */
	const char *path;  /* the caller's buffer: percent-decoded, may hold any byte, NUL too */
	size_t path_len;   /* bytes */
	const char *query; /* borrowed from target, still encoded, without '?'; NULL if empty */
	size_t query_len;  /* bytes */
};

/* Bytes that mux_resolve() needs for the path of a target of target_len bytes. */
#define MUX_PATH_SIZE(target_len) ((target_len) + 2)

/*
 * Resolves a request target (RFC 9112, section 3.2: origin form, absolute form or
 * asterisk form; CONNECT's authority form has no route and is a bad request). In the
 * absolute form the scheme must be http or https, and a well-formed host must follow, without user
 * information (RFC 9110, sections 4.2.1, 4.2.4 and 7.4); any host is served. Bytes beyond ASCII must be
 * percent-encoded (RFC 3986, section 2). What is encoded is bytes and no characters: no overlong UTF-8 is
 * a slash or a dot.
 *
 * method:   borrowed, NUL-terminated
 * target:   as received, target_len bytes, not NUL-terminated
 * patterns: "/NAME" matches that path, "/NAME/" that path and all below; the
 *           longest wins; "/" must be among them
 * path:     storage of MUX_PATH_SIZE(target_len) bytes, owned by the caller
 * result:   filled for MUX_MATCH and MUX_REDIRECT, otherwise untouched
 *
 * Threads: safe from any thread.
 */
enum mux_verdict mux_resolve(const char *method, const char *target, size_t target_len,
	const char *const *patterns, size_t pattern_count, char *path, struct mux_result *result);

/* Bytes that mux_location() may need at most, for storage of a fixed size. */
#define MUX_LOCATION_SIZE(path_len, query_len) (3 * (path_len) + (query_len) + 1)

/* Returns: bytes that mux_location() writes for this result. */
size_t mux_location_length(const struct mux_result *result);

/*
 * Writes the Location of a redirect: the path percent-encoded as by Go's net/url, and the query as
 * received. The path starts with exactly one '/', so it never names another host (RFC 3986, section 4.2).
 *
 * out: storage of mux_location_length() bytes
 * Returns: bytes written; no NUL is added.
 */
size_t mux_location(const struct mux_result *result, char *out);

#endif
