#include "server/routes.h"

#include "http/mux.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * A new route is one line here and one function in handlers.c. "/NAME" matches that path, "/NAME/"
 * that path and all below it; the longest match wins.
 */
static const struct {
	const char *pattern;
	handler *handler;
} routes[] = {
	{"/", handler_text},
	{HANDLER_MAGAZINE_PREFIX, handler_magazine},
	{"/healthz", handler_healthz},
	{"/readyz", handler_readyz},
	{"/metrics", handler_metrics},
	{"/version", handler_version},
#ifndef HELLO_MINIMAL
	{"/whoami", handler_whoami},
#endif
};

int routes_handle(struct handler_request *request, char *path, struct handler_response *response)
{
	const char *patterns[COUNT(routes)];
	struct mux_result found = {0};
	handler *chosen = handler_bad_request;

	for (size_t i = 0; i < COUNT(routes); i++)
		patterns[i] = routes[i].pattern;
	switch (mux_resolve(request->method, request->target, request->target_len, patterns,
		COUNT(routes), path, &found)) {
	case MUX_MATCH:
		chosen = routes[found.pattern].handler;
		break;
	case MUX_REDIRECT:
		chosen = handler_redirect;
		break;
	case MUX_OPTIONS:
		chosen = handler_options;
		break;
	case MUX_NO_PATH:
		chosen = handler_no_path;
		break;
	case MUX_BAD_REQUEST:
		break;
	}
	request->path = found.path;
	request->path_len = found.path_len;
	request->query = found.query;
	request->query_len = found.query_len;
	return chosen(request, response);
}
