/*
 * request.h - the way of a connection and of its requests: libmicrohttpd's callbacks, the checks of a
 * request, and the call of its handler.
 */
#ifndef HELLO_SERVER_REQUEST_H
#define HELLO_SERVER_REQUEST_H

#include "server/conns.h"
#include "server/handlers.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What libmicrohttpd may use for one connection: request line, header fields and the response's
 * header. More gets 431 or 414. Times -max-conns it bounds the memory of all.
 */
#define REQUEST_MEMORY 8192

/* What the requests of all endpoints share. Pointers are borrowed from the server. */
struct service {
	const struct options *options;
	struct site site;
	struct MHD_Response *text_response; /* to `/`; prepared once for all threads */
	struct tls_server *tls;		    /* NULL without HTTPS */
	_Atomic bool draining;		    /* /readyz fails */
	_Atomic bool closing;		    /* each response ends its connection */
	_Atomic size_t aborted;		    /* requests that the stop aborted */
};

/* One listener's side of the callbacks. */
struct endpoint {
	struct service *service;
	struct conns conns;
};

/* libmicrohttpd's callbacks (microhttpd.h); cls is a struct endpoint. Threads: its event loops. */

/* A connection was accepted or closed, or a request begins. socket_context: the struct conn, NULL for none. */
void request_on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code);

/*
 * A request line was read.
 * target: as received, NUL-terminated; borrowed until the request has ended
 * Returns: the request's context, the struct conn of its connection; NULL if there is none.
 */
void *request_on_target(void *cls, const char *target, struct MHD_Connection *connection);

/*
 * Keeps libmicrohttpd from decoding targets: http/mux.c does it by net/http's rules.
 * Returns: the length of string in bytes, which is unchanged.
 */
size_t request_on_unescape(void *cls, struct MHD_Connection *connection, char *string);

/*
 * The header was read; a piece of the body was read; all of the request was read.
 * upload, upload_bytes: the piece; set to 0 once it is consumed. 0 in the first and the last call
 * Returns: MHD_YES to go on; MHD_NO closes the connection.
 */
enum MHD_Result request_on_part(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **request_context);

/* A request has ended: it has its response, was aborted, or was refused by libmicrohttpd itself. */
void request_on_completed(void *cls, struct MHD_Connection *connection, void **request_context,
	enum MHD_RequestTerminationCode code);

#endif
