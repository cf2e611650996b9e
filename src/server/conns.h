/*
 * conns.h - the open connections: who they are, what they wait for, the deadlines that
 * libmicrohttpd does not have, and who gives way when there are too many.
 *
 * libmicrohttpd's own timeout counts inactivity alone, so a client that sends a header
 * byte by byte would hold its connection for ever. Here one sweep after another looks
 * at all connections and shuts down the overdue ones; the event loop then closes them.
 *
 * When the table is full and a client waits in the backlog, a connection that has got
 * nowhere for CONNS_GRACE_MS gives way, so that slow clients can't lock out the others:
 * the oldest that waits for a header or a request, else the oldest with one in flight.
 * A connection faster than that never gives way; while all are, newcomers wait.
 */
#ifndef HELLO_SERVER_CONNS_H
#define HELLO_SERVER_CONNS_H

#include "http/address.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One request at a time: HTTP/1.1 answers pipelined ones in turn (RFC 9112, section 9.3.2). */
struct conn_request {
	const char *method; /* borrowed from the event loop; set once the header is seen */
	const char *target; /* borrowed from the event loop */
	size_t target_len;
	int64_t started_us; /* monotonic clock */
	uint64_t received_bytes;
	uint64_t sent_bytes;
	unsigned status; /* 0 until an answer is queued */
	bool header_seen;
};

/* Where a connection is. Its event loop leads it on; only a sweep, or giving way, ends it. */
enum conn_phase {
	CONN_WAITING,	 /* for the end of a header, or for its first byte */
	CONN_READING,	 /* header complete: the body comes in */
	CONN_RESPONDING, /* until the last byte of the answer is the kernel's */
	CONN_ENDED,	 /* shut down here; libmicrohttpd has not closed it yet */
};

/* A connection that has been in one phase for so long may have to give way. */
#define CONNS_GRACE_MS 1000

struct conn {
	struct conns *table;
	struct conn *next, *prev;
	int fd; /* borrowed from libmicrohttpd */
	bool refused;
	bool plain;	       /* what is written to fd goes to the client as it is: no TLS */
	unsigned char key[16]; /* the peer's address, IPv4 as IPv4-mapped */
	char remote[ADDRESS_TEXT_MAX];

	/*
	 * The phase, in the two lowest bits, and above them since when: microseconds of the
	 * monotonic clock, so no two waits look alike. In one word, so that whoever ends a
	 * connection ends the very phase that it found overdue.
	 */
	_Atomic uint64_t state;
	_Atomic bool sent_408; /* ended with 408 */

	/* Under the lock. */
	bool shut;		/* both ways: it will be closed without fail */
	uint64_t seen_state;	/* state at the last sweep */
	uint64_t seen_received; /* bytes that the kernel had received then */
	int64_t header_us;	/* when a header was seen to have begun; 0: not yet */

	/* The event loop's own. */
	struct conn_request request;
};

struct conns {
	pthread_mutex_t lock;
	struct conn *first; /* the newest */
	struct conn *last;  /* the oldest */
	size_t count;
	size_t shut_count;   /* of these, those that are shut */
	size_t limit;	     /* count at which the table is full */
	unsigned max_per_ip; /* 0: no limit */
};

/* What a sweep enforces. */
struct conns_deadlines {
	int64_t read_header_ms;
	int64_t read_ms;
	int64_t write_ms;
	int64_t idle_ms;
};

/* limit: connections that the event loops accept, at least 1; max_per_ip: 0 for no limit */
void conns_init(struct conns *conns, size_t limit, unsigned max_per_ip);

/* What conns_init() took. No connection may be left. */
void conns_destroy(struct conns *conns);

/*
 * Adds a connection. One too many for its address is shut down, and marked refused.
 * plain: false when bytes written to fd would break into a TLS stream
 * Returns: the connection, owned by conns; NULL when memory is short: shut down, too.
 * Threads: any.
 */
struct conn *conns_add(struct conns *conns, int fd, const struct sockaddr *peer, bool plain);

/* Takes a connection out and frees it. Must come before its descriptor is closed. Threads: any. */
void conns_remove(struct conns *conns, struct conn *conn);

/*
 * Enters a phase, and its deadline begins.
 * Returns: false when the connection was ended meanwhile: nothing more may be sent.
 * Threads: the connection's event loop.
 */
bool conn_enter(struct conn *conn, enum conn_phase phase);

/*
 * A TLS handshake is over: the wait for a request begins.
 * more: bytes that came with the handshake's last ones are here: a header has begun
 * Threads: the connection's event loop.
 */
void conn_handshake_done(struct conn *conn, bool more);

/* Returns: whether it was ended with 408. Threads: any. */
bool conn_sent_408(const struct conn *conn);

/* Returns: whether as many are open as the event loops accept. Threads: any. */
bool conns_are_full(struct conns *conns);

/*
 * Makes one connection give way: one that was answered 408 and lingers, or else as told
 * above, or none. Threads: any.
 */
void conns_evict(struct conns *conns);

/*
 * Ends the connections that are overdue: a request that was begun is answered with 408
 * (RFC 9110, section 15.5.9) where that is possible, an answer that nobody reads is
 * dropped by a reset, a quiet connection is closed.
 * Returns: the number still open.
 */
size_t conns_sweep(struct conns *conns, const struct conns_deadlines *deadlines);

#endif
