/* url.h - http and https URLs (RFC 9110, section 4.2; RFC 3986). Resolves no name. */
#ifndef HELLO_HTTP_URL_H
#define HELLO_HTTP_URL_H

#include "base/error.h"
#include "base/strbuf.h"
#include "http/address.h"

#include <stdbool.h>
#include <stddef.h>

struct url {
	bool secure;		      /* https */
	char host[ADDRESS_HOST_SIZE]; /* IPv6 without brackets; "" for the loopback */
	unsigned port;		      /* 1 to 65535 */
	const char *path; /* borrowed from the text; starts with '/', '?' or '#', or is empty */
};

/*
 * Parses a URL. User names and passwords are refused: they would end up in logs.
 * text: borrowed by url->path
 * Returns: 0, or -1 with *err filled.
 */
int url_parse(const char *text, struct url *url, struct error *err);

/* Appends scheme, host and port, such as https://[::1]:8443; without the scheme's default port. */
void url_write_origin(const struct url *url, struct strbuf *out);

/* Appends host and port as the value of a Host field (RFC 9110, section 7.2). */
void url_write_host(const struct url *url, struct strbuf *out);

/* Appends path and query as a request target in origin form (RFC 9112, section 3.2.1). */
void url_write_target(const struct url *url, struct strbuf *out);

/*
 * Appends the absolute URL of a reference relative to base, without a fragment (RFC 3986, section
 * 5.2). It may be invalid: url_parse() checks it.
 * reference: len bytes, such as the value of a Location field
 */
void url_resolve(const struct url *base, const char *reference, size_t len, struct strbuf *out);

#endif
