/*
 * config/: argv and environment to structs; pure: no I/O, no allocation.
 *
 * options.h - the settings of `hello serve`.
 */
#ifndef HELLO_CONFIG_OPTIONS_H
#define HELLO_CONFIG_OPTIONS_H

#include "base/error.h"
#include "base/strbuf.h"
#include "config/flags.h"

#include <stdbool.h>
#include <stdint.h>

enum sandbox_mode {
	SANDBOX_AUTO,	 /* what the kernel provides; log what is missing */
	SANDBOX_REQUIRE, /* all layers, or exit */
	SANDBOX_OFF,
};

/* The log lines of requests. */
enum log_format {
	LOG_TEXT, /* as Go's log package */
	LOG_JSON, /* one object a line */
	LOG_OFF,  /* none */
};

struct options {
	const char *addr;	   /* host:port; "" for no HTTP */
	const char *tls_addr;	   /* host:port; "" for no HTTPS */
	const char *tls_cert;	   /* PEM file; "" with tls_self_signed */
	const char *tls_key;	   /* PEM file; "" with tls_self_signed */
	const char *tls_client_ca; /* PEM file; "": clients need no certificate */
	bool tls_self_signed;
	const char *text; /* the body of /, without its newline */
	unsigned log;	  /* enum log_format */
	unsigned threads; /* event-loop threads of a listener; 0 means one for each usable CPU */
	unsigned max_conns;
	unsigned max_conns_per_ip;	/* 0 means no limit */
	int64_t read_header_timeout_ms; /* from a request's first byte to the end of its header */
	int64_t read_timeout_ms;	/* from the end of the header to the end of the body */
	int64_t write_timeout_ms;	/* from the end of the body to the response's last byte */
	int64_t idle_timeout_ms;	/* from a response to the next request */
	uint64_t max_body_bytes;
	int64_t drain_delay_ms;	     /* from SIGTERM to the close of the listeners */
	int64_t shutdown_timeout_ms; /* from then on, for requests in flight */
	unsigned sandbox;	     /* enum sandbox_mode */
	bool trust_proxy;	     /* log X-Forwarded-For */
	char port_addr[8];	     /* ":65535"; what addr points to when PORT sets it */
};

/*
 * Fills *options from the defaults, the environment and argv (without "hello" and "serve").
 * PORT is taken as -addr :PORT when neither -addr nor HELLO_ADDR is given.
 * Strings stay borrowed from argv and the environment.
 * Returns: 0; 1 when help is asked for; -1 with *err filled.
 */
int options_parse(int argc, char *const *argv, flag_lookup *lookup, struct options *options,
	struct error *err);

/* Appends the flags of `hello serve` for the usage text. */
void options_write_usage(struct strbuf *out);

#endif
