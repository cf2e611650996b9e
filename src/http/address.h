/* address.h - addresses such as host:port, and socket addresses. Resolves no name. */
#ifndef HELLO_HTTP_ADDRESS_H
#define HELLO_HTTP_ADDRESS_H

#include "base/strbuf.h"

#include <stddef.h>
#include <sys/socket.h>

/* Bytes of the longest host name (RFC 1035, section 2.3.4) and a NUL. */
#define ADDRESS_HOST_SIZE 256

/* Bytes of "[", an IPv6 address with a scope, "]:65535". */
#define ADDRESS_TEXT_MAX 80

/*
 * Splits `host:port`, `:port` or `[IPv6]:port`.
 * host: storage of ADDRESS_HOST_SIZE bytes; gets "" for `:port`, IPv6 without brackets
 * port: gets 0 to 65535
 * Returns: 0, or -1 if the text is none of these.
 */
int address_split(const char *text, char *host, unsigned *port);

/* Returns: 0 if address_split() would split the text, else -1. */
int address_check(const char *text);

/*
 * Appends a peer's address as Go prints it: 192.0.2.1:80 or [2001:db8::1]:80. An IPv4 peer of a
 * dual stack socket (RFC 4291, section 2.5.5.2) is printed as IPv4.
 */
void address_write(const struct sockaddr *address, struct strbuf *out);

#endif
