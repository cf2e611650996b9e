/*
 * client/: outgoing requests.
 *
 * client.h - a small HTTP and HTTPS client, for `hello healthcheck` and `hello get`.
 */
#ifndef HELLO_CLIENT_CLIENT_H
#define HELLO_CLIENT_CLIENT_H

#include "base/error.h"
#include "http/response.h"
#include "http/url.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Limit of a response's header, in bytes. */
#define CLIENT_HEADER_MAX ((size_t)32 * 1024)

/* The header stays in the buffer; after it a TLS record of the body fits. */
#define CLIENT_BUFFER_SIZE (CLIENT_HEADER_MAX + (size_t)16 * 1024)

struct client_settings {
	const char *agent;	 /* value of User-Agent */
	const char *ca;		 /* PEM file of the authorities to trust; NULL: unverified */
	int64_t idle_timeout_ms; /* limit of each wait for the server; 0 means no limit */
};

/* One request and its response. Large: give it static storage. */
struct client {
	int fd;
	struct tls_client *tls; /* owned; NULL over plain HTTP */
	struct response response;
	size_t header_len; /* bytes of the response's header at the start of bytes */
	size_t at;  /* where the part of the body starts that is received, but not read yet */
	size_t len; /* where it ends */
	char bytes[CLIENT_BUFFER_SIZE];
};

/*
 * Connects, sends a GET and receives the response's header; 1xx responses are skipped.
 * err: may borrow from client and url
 * Returns: 0, and client_close() is due; -1 with *err filled.
 */
int client_open(struct client *client, const struct url *url,
	const struct client_settings *settings, struct error *err);

/*
 * Reads a piece of the body, without its chunked coding.
 * body: gets the piece, borrowed until the next call
 * Returns: the piece's length in bytes; 0 at the end of the body; -1 with *err filled, also for a
 *          truncated body.
 */
ssize_t client_read_body(struct client *client, const char **body, struct error *err);

/* Closes the connection, over TLS with a close_notify alert. */
void client_close(struct client *client);

#endif
