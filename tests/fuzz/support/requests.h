/*
 * requests.h - a strict second reader of HTTP/1.1 requests (RFC 9112), to compare the server's
 * view of a stream with. Two readers that see different requests in the same bytes are what
 * request smuggling is made of. It shares nothing with src/ or libmicrohttpd.
 */
#ifndef FUZZ_REQUESTS_H
#define FUZZ_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One request of a stream. Pointers are borrowed from the stream. */
struct seen_request {
	const char *method;
	size_t method_len;
	const char *target;
	size_t target_len;
	size_t head_len; /* bytes of request line and fields */
	size_t fields;
	uint64_t body_bytes; /* decoded */
	bool old;	     /* HTTP/1.0 */
	bool trailers;	     /* fields behind the body */
	bool plain_host;     /* Host has small letters alone */
	bool expects;	     /* has an Expect */
	bool last;	     /* the connection ends after its response */
	bool whole;	     /* its body is all there */
};

/*
 * Reads as many requests as there are, up to the first that is not one.
 *
 * Where RFC 9112 leaves a choice, it reads as libmicrohttpd does at client discipline level 1: one empty line before a request line, any HTTP/1.x, no bare CR or LF, no folding,
 * white space between a chunk's size and its ';', and behind that any byte but CR and LF.
 * max: requests that seen has room for; what was read of one that is none stands behind the last
 * Returns: the number of requests whose header is complete and right; all but the last are whole.
 */
size_t requests_read(const char *stream, size_t len, struct seen_request *seen, size_t max);

#endif
