/* get.h - `hello get`: fetches a URL in an image without curl and shell. */
#ifndef HELLO_CLIENT_GET_H
#define HELLO_CLIENT_GET_H

#include "base/error.h"
#include "base/strbuf.h"
#include "config/flags.h"

#include <stdbool.h>
#include <stdint.h>

struct get {
	const char *url;
	const char *ca;		 /* PEM file of the authorities to trust */
	const char *output;	 /* file; "" for standard output */
	bool follow;		 /* follow redirects */
	bool headers;		 /* write the header before the body */
	int64_t timeout_ms;	 /* of the whole command; 0 means no limit */
	int64_t idle_timeout_ms; /* of each wait for the server; 0 means no limit */
};

/*
 * Fills *get from `[flags] URL`.
 * Returns: 0; 1 when help is asked for; -1 with *err filled.
 */
int get_parse(int argc, char *const *argv, flag_lookup *lookup, struct get *get, struct error *err);

/* Appends the flags for the usage text. */
void get_write_usage(struct strbuf *out);

/*
 * Fetches the URL and streams the body to standard output or the file. A response that is not 2xx is
 * a failure; its body is written to standard output, but never to a file.
 * Returns: 0, or -1 with *err filled.
 */
int get_run(const struct get *get, struct error *err);

#endif
