/*
 * screen.h - refuses requests that two readers could understand differently, before anything
 * acts on them: what request smuggling is made of; and those that expect what nobody here
 * does. Stricter than libmicrohttpd's own checks, and independent of them. Pure.
 */
#ifndef HELLO_HTTP_REQUEST_CHECK_H
#define HELLO_HTTP_REQUEST_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed before the first field. */
struct request_check {
	unsigned hosts;
	unsigned content_lengths;
	unsigned transfer_encodings;
	bool malformed;
	bool unknown_expectation;
};

enum request_verdict {
	REQUEST_ACCEPTED,	     /* the request may be answered */
	REQUEST_MALFORMED,	     /* 400, and the connection's end */
	REQUEST_UNKNOWN_EXPECTATION, /* 417 (RFC 9110, section 10.1.1), and the connection's end */
};

/*
 * Looks at one header field.
 * name:  name_len bytes; a token (RFC 9110, section 5.1)
 * value: value_len bytes without surrounding white space; no control character but the tab
 *        (RFC 9110, section 5.5)
 */
void request_check_field(struct request_check *screen, const char *name, size_t name_len,
	const char *value, size_t value_len);

/*
 * Judges the whole header, once all fields were looked at.
 * method:   must be a token (RFC 9110, section 9.1)
 * protocol: "HTTP/1.1" demands exactly one Host (RFC 9112, section 3.2), "HTTP/1.0" none or
 *           one, and no Transfer-Encoding (RFC 9112, section 6.1); its
 *           expectations mean nothing (RFC 9110, section 10.1.1)
 */
enum request_verdict request_check_result(
	const struct request_check *screen, const char *method, const char *protocol);

#endif
