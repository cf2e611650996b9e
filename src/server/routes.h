/* routes.h - the table of routes: which handler responds to which path. */
#ifndef HELLO_SERVER_ROUTES_H
#define HELLO_SERVER_ROUTES_H

#include "server/handlers.h"

/*
 * Finds the handler for a request's target by the path rules of net/http, and calls it.
 * request: path and query are set here
 * path: storage of MUX_PATH_SIZE(request->target_len) bytes; request->path then points into it
 * response: as for a handler
 * Returns: as a handler; a refusal such as 400 is a response.
 * Threads: any.
 */
int routes_handle(struct handler_request *request, char *path, struct handler_response *response);

#endif
