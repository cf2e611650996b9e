/* get.h - `hello get`: fetches a URL, in an image that has neither curl nor a shell. */
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
	bool follow;		 /* redirects */
	bool headers;		 /* before the body */
	int64_t timeout_ms;	 /* for all of it; 0 means no limit */
	int64_t idle_timeout_ms; /* the longest wait for the server; 0 means no limit */
};

/*
 * Fills *get from `[flags] URL`.
 * Returns: 0; 1 when help is asked for; -1 with *err filled.
 */
int get_parse(int argc, char *const *argv, flag_lookup *lookup, struct get *get, struct error *err);

/* Appends the flags for the usage text. */
void get_write_usage(struct strbuf *out);

/*
 * Fetches it: the body, streamed, to where it shall go. An answer of another class than 2xx
 * goes to standard output too, but never into a file, and is a failure.
 * Returns: 0, or -1 with *err filled.
 */
int get_run(const struct get *get, struct error *err);

#endif
