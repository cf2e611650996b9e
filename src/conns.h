/*
 * conns.h - the open connections: who they are, what they wait for, and the
 * deadlines that libmicrohttpd does not have.
 *
 * libmicrohttpd's own timeout counts inactivity alone, so a client that sends a header
 * octet by octet would hold its connection for ever. Here one sweep after another looks
 * at all connections and shuts down the overdue ones; the event loop then closes them.
 */
#ifndef HELLO_CONNS_H
#define HELLO_CONNS_H

#include "address.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One request at a time: HTTP/1.1 answers pipelined ones in turn (RFC 9112, section 9.3.2). */
struct conn_request {
	const char *method; /* borrowed from the event loop; set once the header is seen */
	const char *target; /* borrowed from the event loop, or owned in target_copy */
	char *target_copy;  /* owned; NULL unless the target has a query */
	size_t target_len;
	int64_t started_us; /* monotonic clock */
	uint64_t received_bytes;
	uint64_t sent_bytes;
	unsigned status; /* 0 until an answer is queued */
	bool header_seen;
};

struct conn {
	struct conn *next, *prev;
	int fd; /* borrowed from libmicrohttpd */
	bool refused;
	unsigned char key[16]; /* the peer's address, IPv4 as IPv4-mapped */
	char remote[ADDRESS_TEXT_MAX];

	_Atomic bool busy;	    /* from the end of a header to the end of the answer */
	_Atomic int64_t waiting_ms; /* since when not busy; monotonic clock */
	_Atomic uint32_t answered;  /* requests so far: two waits may begin in one millisecond */

	/* The sweep's own. */
	uint32_t seen_answered; /* answered at the last sweep */
	uint64_t seen_received; /* octets that the kernel had received then */
	int64_t header_ms;	/* when a header was seen to have begun; 0: not yet */

	/* The event loop's own. */
	struct conn_request request;
};

struct conns {
	pthread_mutex_t lock;
	struct conn *first;
	size_t count;
	unsigned max_per_ip; /* 0: no limit */
};

/* What a sweep enforces. */
struct conns_deadlines {
	int64_t read_header_ms;
	int64_t idle_ms;
};

/* Monotonic clock. */
int64_t conns_now_us(void);
int64_t conns_now_ms(void);

void conns_init(struct conns *conns, unsigned max_per_ip);

/*
 * Adds a connection. One too many for its address is shut down, and marked refused.
 * Returns: the connection, owned by conns; NULL when memory is short: shut down, too.
 * Threads: any.
 */
struct conn *conns_add(struct conns *conns, int fd, const struct sockaddr *peer);

/* Takes a connection out and frees it. Must come before its descriptor is closed. Threads: any. */
void conns_remove(struct conns *conns, struct conn *conn);

/* A request's header is complete; the connection has no deadline here until conn_set_waiting(). */
void conn_set_busy(struct conn *conn);

/* An answer is out; the connection waits for the next request. */
void conn_set_waiting(struct conn *conn);

/* Shuts down the connections that are overdue. Returns: the number still open. */
size_t conns_sweep(struct conns *conns, const struct conns_deadlines *deadlines);

#endif
