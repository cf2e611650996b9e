/* response.h - reads what a server answers (RFC 9112). Pure: bytes in, no I/O, no allocation. */
#ifndef HELLO_HTTP_RESPONSE_H
#define HELLO_HTTP_RESPONSE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the end of a body is known (RFC 9112, section 6.3). */
enum response_framing {
	RESPONSE_LENGTH,
	RESPONSE_CHUNKED,
	RESPONSE_UNTIL_CLOSE,
};

struct response {
	unsigned status;	 /* 100 to 599 */
	const char *status_text; /* borrowed from the header: code and reason, status_len bytes */
	size_t status_len;
	const char *location; /* borrowed likewise; NULL where there is none */
	size_t location_len;
	enum response_framing framing;
	bool done;	 /* the body has ended */
	uint64_t left;	 /* bytes of the body, or of the chunk */
	unsigned state;	 /* where in the chunked coding */
	size_t line_len; /* bytes of a chunk's size line, or of a trailer's */
};

/*
 * Reads the header: all from the status line to the empty one. Lines may end in LF alone (section
 * 2.2); folded ones are made straight in place (section 5.2), which is why bytes are not const.
 * Returns: its bytes; 0 when more are needed; -1 with *err filled.
 */
ptrdiff_t response_read_header(
	char *bytes, size_t len, struct response *response, struct error *err);

/*
 * Takes from what follows the header, up to the end of one piece of the body.
 * body: gets the piece, borrowed from bytes; body_len may be 0
 * Returns: how many bytes were taken, at most len; -1 with *err filled.
 */
ptrdiff_t response_read_body(struct response *response, const char *bytes, size_t len,
	const char **body, size_t *body_len, struct error *err);

/*
 * Says that nothing more will come; over TLS, that the server has said so.
 * Returns: 0 where the body may end so; -1 with *err filled.
 */
int response_end(const struct response *response, struct error *err);

#endif
