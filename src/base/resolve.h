/*
 * resolve.h - the addresses of a host. resolve.c asks the C library, and with it /etc/hosts and DNS;
 * the minimal build has resolve_numeric.c instead, which knows numeric addresses and localhost.
 */
#ifndef HELLO_BASE_RESOLVE_H
#define HELLO_BASE_RESOLVE_H

#include <netinet/in.h>
#include <sys/socket.h>

/* musl finds no more. */
#define RESOLVE_MAX 48

struct resolve_address {
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} address;
	socklen_t len; /* bytes of address */
};

struct resolve_result {
	struct resolve_address addresses[RESOLVE_MAX]; /* in the order to try them in */
	size_t count;				       /* at least 1 */
};

/*
 * Resolves a host.
 * host: a name, or a numeric address without brackets; "" for the loopback addresses
 * port: 0 to 65535, of each address
 * Returns: NULL with *result filled; a static text that says why there is no address.
 * Threads: any.
 */
const char *resolve_host(const char *host, unsigned port, struct resolve_result *result);

#endif
