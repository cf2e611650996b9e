/*
 * uri.h - the parts of a URI (RFC 3986) that several parsers share: scheme, percent-encoding,
 * host and dot segments.
 *
 * The grammar of a host is RFC 3986's, not net/url's: for a Host field and for a request target in
 * absolute form, where 400 is the response to another one, and for the client's URLs, whose host becomes
 * a Host field.
 */
#ifndef HELLO_HTTP_URI_H
#define HELLO_HTTP_URI_H

#include <stdbool.h>
#include <stddef.h>

/* Returns: bytes of the scheme before a ':' at the start (RFC 3986, section 3.1), or 0. */
size_t uri_scheme_length(const char *text, size_t len);

/* Returns: the byte that a "%XX" at the start means (RFC 3986, section 2.1), or -1. */
int uri_decode_byte(const char *text, size_t len);

/*
 * Returns: bytes of the host in "host" or "host:port": all before the first ':', or up to the first
 * ']' where it starts with '[' (RFC 3986, section 3.2.2); 0 also where the ']' is missing.
 */
size_t uri_host_length(const char *text, size_t len);

/*
 * Returns: whether this is uri-host [ ":" port ] (RFC 9110, section 7.2). The host may be empty, the
 * port, too. User information is none: it is an error (RFC 9110, section 4.2.4). Between brackets only the
 * characters are checked: no route depends on the address.
 */
bool uri_is_host(const char *text, size_t len);

/* How uri_remove_dots() treats what is neither "." nor "..". */
enum uri_dots {
	URI_DOTS_RFC, /* empty segments stay; a last "." or ".." leaves a slash (section 5.2.4) */
	URI_DOTS_GO,  /* as ServeMux cleans a path: empty segments go; it ends in a slash only
			 where it did before */
};

/*
 * Removes the dot segments of a path in place: "." goes, ".." takes the segment before with it.
 * path: starts with '/', or len is 0
 * Returns: the new length, at most len, and 0 only for len 0.
 */
size_t uri_remove_dots(char *path, size_t len, enum uri_dots rule);

#endif
