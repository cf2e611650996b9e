/* whoami.h - the JSON of /whoami: how the request arrived. Pure: no I/O, no allocation. */
#ifndef HELLO_SERVER_WHOAMI_H
#define HELLO_SERVER_WHOAMI_H

#include "base/strbuf.h"
#include "tls/tls.h"

#include <stddef.h>

/* All borrowed. */
struct whoami {
	const char *hostname; /* of this machine */
	const char *remote;   /* the peer's address:port */
	const char *method;
	const char *target;		   /* as received */
	size_t target_len;		   /* bytes */
	const char *protocol;		   /* such as "HTTP/1.1" */
	const struct tls_description *tls; /* NULL: plain HTTP */
};

/*
 * Bytes that the JSON may need.
 * client_bytes: all that the client sent; a byte takes at most six in JSON
 * headers: their number; the syntax around one takes less than 64 bytes
 */
#define WHOAMI_SIZE(client_bytes, headers) (1024 + 6 * (client_bytes) + 64 * (headers))

/* Appends the object up to the first header. */
void whoami_begin(const struct whoami *who, struct strbuf *out);

/* Appends a header field; fields keep their order and their repetitions. */
void whoami_add_header(struct strbuf *out, const char *name, const char *value, size_t value_len);

/* Appends the end. */
void whoami_end(struct strbuf *out);

#endif
