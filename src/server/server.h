/*
 * server.h - HTTP and HTTPS on listening sockets: libmicrohttpd's event loops, and the way of
 * a request through routes, metrics and log.
 */
#ifndef HELLO_SERVER_SERVER_H
#define HELLO_SERVER_SERVER_H

#include "base/error.h"
#include "config/options.h"
#include "tls/tls.h"

#include <stdbool.h>
#include <stddef.h>

struct server;

/* What it may listen on, each with event loops and a limit of connections of its own. */
enum server_endpoint {
	SERVER_HTTP,
	SERVER_HTTPS,
	SERVER_ENDPOINTS,
};

/*
 * Starts serving.
 * options: borrowed until server_stop()
 * threads: event-loop threads of each endpoint, 1 to 256
 * listeners: listening sockets, -1 for none; ownership passes to the server
 * tls: for SERVER_HTTPS, NULL without; ownership passes to the server
 * Returns: the server, owned by the caller; NULL with *err filled, listeners and tls gone.
 * Threads: signals that the caller waits for must be blocked before.
 */
struct server *server_start(const struct options *options, unsigned threads,
	const int listeners[SERVER_ENDPOINTS], struct tls_server *tls, struct error *err);

/*
 * Loads certificate and key again, for connections to come.
 * Returns: 0, also when there are none; -1 with *err filled, and all is as before.
 */
int server_reload(struct server *server, char notice[TLS_NOTICE_SIZE], struct error *err);

/* From here on /readyz fails. Threads: any. */
void server_set_draining(struct server *server);

/*
 * Stops listening: what the kernel has accepted already is still served, new ones are
 * refused, and each answer from here on ends its connection.
 */
void server_close_listeners(struct server *server);

/*
 * Ends connections past their deadlines, and makes a slow one give way when all places
 * are taken and a client waits for one. Returns: the number still open.
 */
size_t server_sweep(struct server *server);

/*
 * After server_close_listeners(): shuts down connections that have been quiet between
 * requests for quiet_ms. Returns: the number still open.
 */
size_t server_sweep_quiet(struct server *server, int quiet_ms);

/* Returns: whether all places are taken. Threads: any. */
bool server_is_full(struct server *server);

/*
 * Ends all connections and threads, and frees the server.
 * Returns: the number of requests that were cut off.
 */
size_t server_stop(struct server *server);

/* Returns: the version of libmicrohttpd linked in, static. */
const char *server_library_version(void);

#endif
