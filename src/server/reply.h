/* reply.h - sends a handler's response through libmicrohttpd. */
#ifndef HELLO_SERVER_REPLY_H
#define HELLO_SERVER_REPLY_H

#include "server/conns.h"
#include "server/handlers.h"

#include <microhttpd.h>

/*
 * Prepares the response to `/`, which all threads share.
 * Returns: the response, for MHD_destroy_response(); it borrows site. NULL when memory is short.
 */
struct MHD_Response *reply_prepare_text(const struct site *site);

/*
 * Queues a response.
 * method: of the request; HEAD gets no body
 * text_response: as prepared
 * response: freed here, whatever is returned
 * Returns: MHD_NO, which closes the connection, when memory is short or a deadline has ended it.
 */
enum MHD_Result reply_send(struct MHD_Connection *connection, struct conn *conn, const char *method,
	struct MHD_Response *text_response, struct handler_response *response);

#endif
