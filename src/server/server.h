/*
 * server.h - HTTP and HTTPS on listening sockets: libmicrohttpd's event loops, their limits, start and
 * stop.
 *
 * server/: the only folder that includes <microhttpd.h>. Its parts depend one way: lifecycle and
 * server (start, stop, limits) -> request (callbacks and checks) -> reply, routes -> handlers.
 */
#ifndef HELLO_SERVER_SERVER_H
#define HELLO_SERVER_SERVER_H

#include "base/error.h"
#include "config/options.h"
#include "tls/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * Returns: the server, to be freed by server_stop(); NULL with *err filled, listeners closed and tls
 *          freed.
 * Threads: the caller must have blocked the signals that it waits for.
 */
struct server *server_start(const struct options *options, unsigned threads,
	const int listeners[SERVER_ENDPOINTS], struct tls_server *tls, struct error *err);

/*
 * Loads certificate and key again, for new connections.
 * Returns: 0, also when there are none; -1 with *err filled, and the old ones stay in use.
 * Threads: the one that called server_start().
 */
int server_reload(struct server *server, char notice[TLS_NOTICE_SIZE], struct error *err);

/* Makes /readyz fail from here on. Threads: any. */
void server_set_draining(struct server *server);

/*
 * Stops listening. Connections that the kernel has accepted are still served, new ones are refused,
 * and each response from here on closes its connection.
 * Threads: the one that called server_start().
 */
void server_close_listeners(struct server *server);

/*
 * Ends connections past their deadlines, and evicts a slow one when the table is full and a client
 * waits.
 * Returns: the number of connections still open.
 * Threads: the one that called server_start().
 */
size_t server_sweep(struct server *server);

/*
 * After server_close_listeners(): also closes idle connections, by the rule of CONNS_DRAIN_IDLE_MS.
 * drain_start_us: of clock_monotonic_us()
 * Returns: the number of connections still open.
 * Threads: the one that called server_start().
 */
size_t server_sweep_draining(struct server *server, int64_t drain_start_us);

/* Returns: whether the connection table of an endpoint is full. Threads: any. */
bool server_is_full(struct server *server);

/*
 * Ends all connections and threads, and frees the server.
 * Returns: the number of requests that were aborted.
 * Threads: the one that called server_start().
 */
size_t server_stop(struct server *server);

/* Returns: the version of libmicrohttpd linked in, static. */
const char *server_library_version(void);

#endif
