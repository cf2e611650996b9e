/* listener.h - a listening TCP socket from a host:port text. */
#ifndef HELLO_SERVER_LISTENER_H
#define HELLO_SERVER_LISTENER_H

#include "base/error.h"

/*
 * Opens a non-blocking listening socket. `:port` is dual stack, and IPv4 alone where the
 * kernel has no IPv6 (ipv6(7), IPV6_V6ONLY).
 *
 * addr:    as address_split() takes it; a host name is resolved, its first usable address taken
 * subject: static; the flag that an error names
 * fd:      the socket; ownership passes to the caller
 * port:    gets the port, the one that the kernel chose for port 0
 * Returns: 0, or -1 with *err filled.
 */
int listener_open(
	const char *addr, const char *subject, int *fd, unsigned *port, struct error *err);

#endif
