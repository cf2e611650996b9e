#include "server/reply.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

static int add_header(struct MHD_Response *made, const char *name, const char *value)
{
	return MHD_add_response_header(made, name, value) == MHD_YES ? 0 : -1;
}

/* Returns: 0, or -1 when memory is short. */
static int add_headers(struct MHD_Response *made, const struct handler_response *response)
{
	if (response->location != NULL &&
		add_header(made, MHD_HTTP_HEADER_LOCATION, response->location) != 0)
		return -1;
	if (response->content_type != NULL &&
		add_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type) != 0)
		return -1;
	if (response->reflects && add_header(made, "X-Content-Type-Options", "nosniff") != 0)
		return -1;
	return response->close ? add_header(made, MHD_HTTP_HEADER_CONNECTION, "close") : 0;
}

/*
 * Makes libmicrohttpd's response of a handler's; the allocated body passes to it.
 * Returns: the response, owned by the caller; NULL when memory is short.
 */
static struct MHD_Response *make(struct handler_response *response)
{
	struct MHD_Response *made;

	if (response->allocated != NULL)
		made = MHD_create_response_from_buffer(
			response->body_len, response->allocated, MHD_RESPMEM_MUST_FREE);
	else
		made = MHD_create_response_from_buffer_static(
			response->body_len, response->body != NULL ? response->body : "");
	if (made == NULL)
		return NULL;
	response->allocated = NULL;
	if (add_headers(made, response) == 0)
		return made;
	MHD_destroy_response(made);
	return NULL;
}

struct MHD_Response *reply_prepare_text(const struct site *site)
{
	const struct handler_request request = {.site = site};
	struct handler_response response;

	handler_text(&request, &response);
	return make(&response);
}

/* Queues it, unless a deadline has ended the connection meanwhile. Returns: as reply_send(). */
static enum MHD_Result queue(struct MHD_Connection *connection, struct conn *conn,
	const char *method, const struct handler_response *response, struct MHD_Response *made)
{
	if (!conn_enter(conn, CONN_RESPONDING, clock_monotonic_us()))
		return MHD_NO;
	conn->request.status = response->status;
	if (strcmp(method, MHD_HTTP_METHOD_HEAD) != 0 && response->status != MHD_HTTP_NOT_MODIFIED)
		conn->request.sent_bytes = response->body_len;
	return MHD_queue_response(connection, response->status, made);
}

enum MHD_Result reply_send(struct MHD_Connection *connection, struct conn *conn, const char *method,
	struct MHD_Response *text_response, struct handler_response *response)
{
	bool shared = response->is_text && !response->close;
	struct MHD_Response *made = shared ? text_response : make(response);
	enum MHD_Result result = MHD_NO;

	if (made != NULL)
		result = queue(connection, conn, method, response, made);
	if (made != NULL && !shared)
		MHD_destroy_response(made);
	free(response->allocated);
	free(response->location);
	return result;
}
