/*
 * http/: parsing and writing HTTP; pure: no I/O, no allocation.
 *
 * request_check.h - checks of a request before a handler runs: its header, which refuses what two
 * recipients could understand differently (the cause of request smuggling), and its preconditions.
 * Stricter than libmicrohttpd's own checks, and independent of them.
 */
#ifndef HELLO_HTTP_REQUEST_CHECK_H
#define HELLO_HTTP_REQUEST_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* What the fields so far have shown. Zeroed before the first field. */
struct request_check {
	unsigned hosts;
	unsigned content_lengths;
	unsigned transfer_encodings;
	bool malformed;
	bool unknown_expectation;
};

enum request_verdict {
	REQUEST_VALID,
	REQUEST_MALFORMED,	    /* 400, then the connection is closed */
	REQUEST_EXPECTATION_FAILED, /* 417 (RFC 9110, section 10.1.1), then it is closed */
};

/*
 * Checks one field of the header.
 * name:  name_len bytes; a token (RFC 9110, section 5.1)
 * value: value_len bytes without surrounding white space; no control character but the tab
 *        (RFC 9110, section 5.5)
 */
void request_check_field(struct request_check *check, const char *name, size_t name_len,
	const char *value, size_t value_len);

/*
 * Checks the header as a whole, after all of its fields.
 * method:   must be a token (RFC 9110, section 9.1)
 * protocol: "HTTP/1.1" demands exactly one Host (RFC 9112, section 3.2); "HTTP/1.0" allows one, but
 *           no Transfer-Encoding (RFC 9112, section 6.1), and its expectations are ignored
 *           (RFC 9110, section 10.1.1)
 */
enum request_verdict request_check_result(
	const struct request_check *check, const char *method, const char *protocol);

enum precondition_verdict {
	PRECONDITION_TRUE,	   /* respond as to a request without preconditions */
	PRECONDITION_NOT_MODIFIED, /* 304 */
	PRECONDITION_FAILED,	   /* 412 */
};

/*
 * Evaluates preconditions (RFC 9110, section 13) for a representation that exists, but has neither
 * an entity tag nor a date of modification. So no entity tag matches, "*" matches, and conditions of
 * dates and If-Range are ignored (sections 13.1.3 to 13.1.5).
 * status: of the response without preconditions; they count for 2xx alone (section 13.2.1)
 * if_match, if_none_match: the fields' values, trimmed; NULL for none
 */
enum precondition_verdict request_check_preconditions(
	const char *method, unsigned status, const char *if_match, const char *if_none_match);

#endif
