/* reply.h - sends a handler's response through libmicrohttpd. */
#ifndef HELLO_SERVER_REPLY_H
#define HELLO_SERVER_REPLY_H

#include "server/conns.h"
#include "server/handlers.h"

#include <microhttpd.h>

/*
 * Prepares the response to `/`, which all threads share.
 * Returns: the response, owned by the caller, for MHD_destroy_response(); it borrows site. NULL when
 *     memory is short.
 * Threads: any.
 */
struct MHD_Response *reply_prepare_text(const struct site *site);

/*
 * Queues a response.
 * connection, conn: libmicrohttpd's and this project's record of the same connection; borrowed
 * method: of the request; HEAD gets no body
 * text_response: of reply_prepare_text(); borrowed
 * response: freed here, whatever is returned
 * Returns: MHD_YES; MHD_NO, which closes the connection, when memory is short or a deadline has ended
 *     it.
 * Threads: the connection's event loop.
 */
enum MHD_Result reply_send(struct MHD_Connection *connection, struct conn *conn, const char *method,
	struct MHD_Response *text_response, struct handler_response *response);

#endif
