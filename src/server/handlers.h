/*
 * handlers.h - one function for each route: from a request to a response, both as values. A handler
 * sends nothing; reply.c does that.
 */
#ifndef HELLO_SERVER_HANDLERS_H
#define HELLO_SERVER_HANDLERS_H

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;

/* What is the same for all requests. Owned by the server, constant while it runs. */
struct site {
	const char *text; /* the body of `/`, with its newline */
	size_t text_len;  /* bytes */
	char hostname[256];
};

/* All pointers are borrowed for the call. */
struct handler_request {
	const struct site *site;
	bool draining; /* SIGTERM was received */
	const char *method;
	const char *protocol; /* such as "HTTP/1.1" */
	const char *remote;   /* the peer's address:port */
	const char *target;   /* as received */
	size_t target_len;    /* bytes */
	/* For its header and its TLS session; NULL in unit tests: no header, no TLS. */
	struct MHD_Connection *connection;
	/* Set by routes_handle(). */
	const char *path; /* cleaned and percent-decoded; may hold any byte */
	size_t path_len;
	const char *query; /* still encoded, without '?'; NULL if there is none */
	size_t query_len;
};

/* A response before it is sent. */
struct handler_response {
	unsigned status;	  /* HTTP status code */
	const char *content_type; /* static; NULL for none */
	const char *body;	  /* static, of the site, or in allocated */
	size_t body_len;	  /* bytes */
	char *allocated;	  /* owned, from malloc(3); NULL for none */
	char *location;		  /* owned, from malloc(3): of a redirect; NULL for none */
	bool reflects;		  /* the response has bytes that the client chose */
	bool close;		  /* the connection ends after it */
	bool is_text;		  /* the response to `/`, which one prepared response serves */
};

/*
 * Makes the response to one request.
 * response: all zeros before; what is allocated passes to the caller, also on failure
 * Returns: 0, or -1 when memory is short.
 * Threads: any.
 */
typedef int handler(const struct handler_request *request, struct handler_response *response);

/* Those in the table of routes.c. */
handler handler_text;	  /* `/` and whatever has no route */
handler handler_magazine; /* the article's service */
handler handler_healthz;  /* 200 while the process runs */
handler handler_readyz;	  /* 503 once it drains */
handler handler_metrics;  /* Prometheus's text format */
handler handler_version;  /* this build and its libraries */
handler handler_whoami;	  /* how the request arrived */

/* Those that the path rules of net/http choose. */
handler handler_redirect;    /* 301 to path and query */
handler handler_options;     /* OPTIONS *, 200 */
handler handler_no_path;     /* a target without a path, 400 without a body */
handler handler_bad_request; /* not a request target, 400 */

/* The prefix of handler_magazine's paths. */
#define HANDLER_MAGAZINE_PREFIX "/magazine/"

/*
 * Makes a response with a plain text.
 * status: HTTP status code
 * text: static, NUL-terminated; its newline is part of the body
 * Returns: the response, which owns nothing.
 * Threads: any.
 */
struct handler_response handler_plain(unsigned status, const char *text);

#endif
