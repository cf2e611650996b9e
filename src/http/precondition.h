/*
 * condition.h - preconditions of a request (RFC 9110, section 13), for representations that are
 * there, but have neither an entity tag nor a date of modification. Pure.
 */
#ifndef HELLO_HTTP_PRECONDITION_H
#define HELLO_HTTP_PRECONDITION_H

enum precondition_verdict {
	PRECONDITION_HOLDS,	   /* answer as if there was no condition */
	PRECONDITION_NOT_MODIFIED, /* 304 */
	PRECONDITION_FAILED,	   /* 412 */
};

/*
 * Checks what a request makes its answer depend on. Without entity tags no tag matches, and
 * "*" matches; conditions of dates are ignored without a date (sections 13.1.3, 13.1.4),
 * and If-Range without ranges.
 * status: of the answer without conditions; they count for 2xx alone (section 13.2.1)
 * if_match, if_none_match: the fields' values, trimmed; NULL where there is none
 */
enum precondition_verdict precondition_check(
	const char *method, unsigned status, const char *if_match, const char *if_none_match);

#endif
