/* response.h - parses responses (RFC 9112). */
#ifndef HELLO_HTTP_RESPONSE_H
#define HELLO_HTTP_RESPONSE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What ends a body (RFC 9112, section 6.3). */
enum response_framing {
	RESPONSE_LENGTH,
	RESPONSE_CHUNKED,
	RESPONSE_UNTIL_CLOSE,
};

struct response {
	unsigned status;	 /* 100 to 599 */
	const char *status_text; /* borrowed from the header: code and reason */
	size_t status_len;
	const char *location; /* borrowed from the header; NULL for none */
	size_t location_len;
	enum response_framing framing;
	bool done;	 /* the body has ended */
	uint64_t left;	 /* bytes of the body, or of the chunk */
	unsigned state;	 /* of the chunked coding */
	size_t line_len; /* bytes of the current line around the chunks */
};

/*
 * Parses the header, from the status line to the empty line. Lines may end in LF alone (section
 * 2.2); folded lines are unfolded in place (section 5.2), so bytes is not const.
 * Returns: the header's length in bytes; 0 when it is not complete; -1 with *err filled.
 */
ptrdiff_t response_read_header(
	char *bytes, size_t len, struct response *response, struct error *err);

/*
 * Parses what follows the header, up to the end of one piece of the body.
 * body: gets the piece, borrowed from bytes; body_len may be 0
 * Returns: how many bytes were parsed, at most len; -1 with *err filled.
 */
ptrdiff_t response_read_body(struct response *response, const char *bytes, size_t len,
	const char **body, size_t *body_len, struct error *err);

/*
 * Handles the end of the connection; over TLS, a close_notify alert.
 * Returns: 0 if the body is complete, or ends with the connection; -1 with *err filled.
 */
int response_end(const struct response *response, struct error *err);

#endif
