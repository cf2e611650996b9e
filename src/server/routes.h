/* routes.h - decides what to answer, never how it is sent. Pure: no I/O, no allocation. */
#ifndef HELLO_SERVER_ROUTES_H
#define HELLO_SERVER_ROUTES_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* Where an answer's body comes from. */
enum route_body {
	ROUTE_BODY_READY,    /* .text as it stands */
	ROUTE_BODY_MAGAZINE, /* route_write_body() */
	ROUTE_BODY_REDIRECT, /* route_write_body(); .location is to be sent as a header */
	ROUTE_BODY_METRICS,  /* the other modules write these */
	ROUTE_BODY_VERSION,
	ROUTE_BODY_WHOAMI,
};

struct route_request {
	const char *method; /* borrowed, never NULL */
	const char *target; /* borrowed: the request target as received */
	size_t target_len;  /* bytes */
	char *path;	    /* storage of MUX_PATH_SIZE(target_len) bytes */
	const char *text;   /* borrowed: what `/` answers, with its newline */
	size_t text_len;    /* bytes */
	bool draining;	    /* SIGTERM has come */
};

struct route_answer {
	unsigned status; /* HTTP status code */
	enum route_body body;
	const char *content_type; /* static; NULL for none */
	bool close;		  /* the connection ends after this answer */
	bool reflects;		  /* the body has bytes that the client chose */
	const char *text;	  /* ROUTE_BODY_READY: borrowed from the request, or static */
	size_t text_len;	  /* bytes */
	const char *path;	  /* MAGAZINE: the name; REDIRECT: where to, percent-decoded */
	size_t path_len;	  /* bytes; path points into the request's storage */
	const char *query;	  /* REDIRECT: still encoded; NULL if none */
	size_t query_len;	  /* bytes */
};

/*
 * Decides the answer to one request.
 * Returns: the decision, by value; it points into the request's storage.
 * Errors:  none; 400 is an answer.
 * Threads: safe from any thread.
 */
struct route_answer route_request(const struct route_request *req);

/* Returns: bytes that a redirect's Location has, with its NUL. */
size_t route_location_size(const struct route_answer *answer);

/* Writes a redirect's Location, NUL-terminated, to storage of route_location_size() bytes. */
void route_write_location(const struct route_answer *answer, char *out);

/* Bytes that route_write_body() may need; location as there. */
size_t route_body_size(const struct route_answer *answer, const char *location);

/*
 * Writes the body of a ROUTE_BODY_MAGAZINE or ROUTE_BODY_REDIRECT.
 * location: what route_write_location() wrote; NULL for a magazine.
 */
void route_write_body(const struct route_answer *answer, const char *location, struct strbuf *out);

#endif
