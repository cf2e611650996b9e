/* client.h - a small HTTP and HTTPS client, for `hello healthcheck` and `hello get`. */
#ifndef HELLO_CLIENT_CLIENT_H
#define HELLO_CLIENT_CLIENT_H

#include "base/error.h"
#include "http/response.h"
#include "http/url.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of an answer's header, at most. */
#define CLIENT_HEADER_MAX ((size_t)32 * 1024)

/* The header stays; behind it is room for a TLS record's worth of body. */
#define CLIENT_BUFFER_SIZE (CLIENT_HEADER_MAX + (size_t)16 * 1024)

struct client_settings {
	const char *agent;	 /* what to call ourselves in User-Agent */
	const char *ca;		 /* PEM file of the authorities to trust; NULL: do not verify */
	int64_t idle_timeout_ms; /* the longest wait for the peer; 0 means no limit */
};

/* One request and its answer. Large: wants static storage. */
struct client {
	int fd;
	struct tls_client *tls; /* owned; NULL over plain HTTP */
	struct response response;
	size_t header_len;
	size_t at, len; /* what has come of the body and is not taken yet */
	char bytes[CLIENT_BUFFER_SIZE];
};

/*
 * Connects, sends a GET and reads the answer's header; answers of class 1xx are passed over.
 * err: may borrow from client and url
 * Returns: 0, and client_close() is due; -1 with *err filled.
 */
int client_open(struct client *client, const struct url *url,
	const struct client_settings *settings, struct error *err);

/*
 * Reads a piece of the body, without its chunked coding.
 * body: gets the piece, borrowed until the next call
 * Returns: its bytes; 0 at the body's end; -1 with *err filled, also when it is broken off.
 */
ssize_t client_read_body(struct client *client, const char **body, struct error *err);

/* Closes it, in TLS with a goodbye. */
void client_close(struct client *client);

#endif
