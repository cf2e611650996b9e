/* client.h - a small HTTP client, for `hello healthcheck`. */
#ifndef HELLO_CLIENT_H
#define HELLO_CLIENT_H

#include "address.h"
#include "error.h"

#include <stddef.h>

struct client_url {
	char host[ADDRESS_HOST_SIZE]; /* IPv6 without brackets; "" means this machine */
	unsigned port;		      /* 1 to 65535 */
	const char *path; /* borrowed from the URL; starts with '/' or '?', or is empty */
};

/*
 * Takes an http URL apart (RFC 9110, section 4.2.1). Pure.
 * text: borrowed by url->path
 * Returns: 0, or -1 with *err filled.
 */
int client_parse_url(const char *text, struct client_url *url, struct error *err);

/*
 * Reads a status line's code (RFC 9112, section 4). Pure.
 * Returns: 100 to 599; 0 when more octets are needed; -1 when it is no HTTP/1 answer.
 */
int client_parse_status(const char *octets, size_t len);

/*
 * Asks for a URL and reads the status of the answer; its body is not read. May wait for
 * ever: the caller sets the time limit.
 * Returns: 0 with *status set, or -1 with *err filled.
 */
int client_get_status(const struct client_url *url, unsigned *status, struct error *err);

#endif
