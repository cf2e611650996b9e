/*
 * conns.h - the open connections of one listener: their peers, their phases, the deadlines that
 * libmicrohttpd does not have, and the eviction of slow ones when the table is full.
 *
 * libmicrohttpd's own timeout counts inactivity alone: a client that sends a header byte by byte
 * keeps its connection for ever. Here a periodic sweep looks at all connections and shuts down those
 * past their deadline; the event loop then closes them.
 *
 * When the table is full and a client waits in the backlog, a connection that has been in one phase
 * for CONNS_GRACE_MS is evicted, so that slow clients can't lock out the others: the oldest that
 * waits for a header or a request, else the oldest with a request in flight. A faster connection is
 * never evicted; while all are faster, new clients wait in the backlog.
 */
#ifndef HELLO_SERVER_CONNS_H
#define HELLO_SERVER_CONNS_H

#include "http/address.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Values of a request's header, NULL where there is none. Borrowed from the event loop. */
struct conn_fields {
	const char *content_length;
	const char *transfer_encoding;
	const char *if_match;
	const char *if_none_match;
	const char *user_agent;
	const char *forwarded_for; /* X-Forwarded-For */
};

/*
 * The request in flight. There is one at a time: responses to pipelined requests are sent in their
 * order (RFC 9112, section 9.3.2).
 */
struct conn_request {
	const char *method;	 /* borrowed from the event loop; set once the header is seen */
	const char *target;	 /* borrowed from the event loop */
	size_t target_len;	 /* bytes */
	int64_t started_us;	 /* its first byte, of clock_monotonic_us() */
	uint64_t received_bytes; /* of the body */
	uint64_t sent_bytes;	 /* of the response's body */
	unsigned status;	 /* 0 until a response is queued */
	bool header_seen;
	struct conn_fields fields; /* set once the header is seen */
};

/*
 * Phases of a connection. Advanced by its event loop; ended only by a sweep or an eviction. Up to
 * CONN_HEADER it waits for a header.
 */
enum conn_phase {
	CONN_HANDSHAKING, /* TLS: no byte of the handshake was seen yet */
	CONN_WAITING,	  /* for the first byte of a request */
	CONN_HEADER,	  /* from the first byte of a handshake or request to the end of that */
	CONN_READING,	  /* the body */
	CONN_RESPONDING,  /* until the kernel has the last byte of the response */
	CONN_ENDED,	  /* shut down by this module; not yet closed by libmicrohttpd */
};

/* A connection that has been in one phase for this long may be evicted. */
#define CONNS_GRACE_MS 1000

struct conn {
	struct conns *table;
	struct conn *next, *prev;
	int fd;		       /* borrowed from libmicrohttpd */
	bool plain;	       /* no TLS: bytes written to fd reach the client unchanged */
	unsigned char key[16]; /* the peer's address, IPv4 as IPv4-mapped */
	char remote[ADDRESS_TEXT_MAX];

	/*
	 * The phase in the three lowest bits, and above them its start: microseconds of the monotonic
	 * clock, so that no two waits are equal. One word, so that a compare-and-swap ends exactly
	 * the phase that was found overdue.
	 */
	_Atomic uint64_t state;
	_Atomic bool sent_408; /* ended with 408 */
	_Atomic bool served;   /* it has had a request, or the start of one */
	/* The longest pause between a response and the next request; an old one counts less and less. */
	_Atomic int64_t gap_us;

	bool shut; /* shutdown(2) in both directions: the event loop closes it; under the lock */

	/* Used by the event loop alone. */
	int64_t begun_us; /* the first byte of the request, of clock_monotonic_us() */
	struct conn_request request;
};

struct conns {
	_Atomic int listener; /* borrowed; -1: closed */
	pthread_mutex_t lock;
	struct conn *first; /* the newest */
	struct conn *last;  /* the oldest */
	size_t count;
	size_t shut_count;   /* of these, those that are shut */
	size_t limit;	     /* the table is full at this count */
	unsigned max_per_ip; /* 0: no limit */
};

/*
 * How long a drain keeps a connection that waits for a request. A client that has sent one lately may
 * have sent the next: it keeps its connection for CONNS_DRAIN_ACTIVE_MS, or for CONNS_DRAIN_GAPS times
 * its longest recent pause, and the response to that request says "Connection: close". One pause of a
 * busy client, for its scheduler or its garbage collector, is easily longer than those before it. Any
 * other connection closes after CONNS_DRAIN_IDLE_MS, in which a request on its way still arrives.
 */
#define CONNS_DRAIN_IDLE_MS   50
#define CONNS_DRAIN_ACTIVE_MS 2000
#define CONNS_DRAIN_GAPS      4
/* A request so long before the drain makes a connection an active one. */
#define CONNS_DRAIN_RECENT_MS 5000

/* What a sweep enforces, in milliseconds. */
struct conns_deadlines {
	int64_t read_header_ms;
	int64_t read_ms;
	int64_t write_ms;
	int64_t idle_ms;	/* not in a drain */
	int64_t drain_start_us; /* of clock_monotonic_us(); 0: no drain */
};

/*
 * Prepares an empty table. Before any thread uses it.
 * listener: the listening socket, borrowed; -1 for none
 * max_per_ip: connections of one address; 0 for no limit
 * The table is full at 1 connection until conns_set_limit().
 */
void conns_init(struct conns *conns, int listener, unsigned max_per_ip);

/* Sets the size of the table. limit: connections that the event loops accept, at least 1. Before the first connection. */
void conns_set_limit(struct conns *conns, size_t limit);

/* Notes that the listener is closed: no client waits in its backlog. Threads: any. */
void conns_forget_listener(struct conns *conns);

/* Frees what conns_init() took. No connection may be left. */
void conns_destroy(struct conns *conns);

/*
 * Adds a connection. One over the limit of its address is refused: it is counted, shut down, and in no
 * table. shutdown(2) leaves what it has sent in the receive queue, from which the event loop still reads
 * requests; without a struct conn none of them is served, logged or counted.
 * fd: borrowed until conns_remove()
 * peer: its address, IPv4 or IPv6; borrowed for the call
 * plain: false where bytes written to fd would corrupt a TLS stream
 * Returns: the connection, owned by conns; NULL when it is refused, or memory is short: fd is shut down.
 * Threads: any.
 */
struct conn *conns_add(struct conns *conns, int fd, const struct sockaddr *peer, bool plain);

/* Removes a connection and frees it, before its descriptor is closed. Threads: any. */
void conns_remove(struct conns *conns, struct conn *conn);

/*
 * Enters a phase; its deadline counts from now_us.
 * now_us: of clock_monotonic_us()
 * Returns: false when the connection was ended meanwhile: nothing more may be sent.
 * Threads: the connection's event loop.
 */
bool conn_enter(struct conn *conn, enum conn_phase phase, int64_t now_us);

/*
 * The TLS handshake is done: the wait for a request begins.
 * more: bytes after the handshake's last ones have been received: a header has begun
 * Threads: the connection's event loop.
 */
void conn_handshake_done(struct conn *conn, bool more);

/*
 * The TLS session has failed and half closed the connection: a later sweep shuts it, unless its
 * client closes before.
 * Threads: the connection's event loop.
 */
void conn_linger(struct conn *conn);

/*
 * The first bytes of a request have been received: notes the pause before it, and its header's deadline
 * begins. A call that is repeated before the header is complete does not move the deadline.
 * Threads: the connection's event loop.
 */
void conn_request_begun(struct conn *conn);

/* Returns: whether it was ended with 408. Threads: any. */
bool conn_sent_408(const struct conn *conn);

/* Returns: whether as many are open as the event loops accept. Threads: any. */
bool conns_are_full(struct conns *conns);

/*
 * If the table is full and a client waits in the backlog, ends one connection: one that was sent 408
 * and lingers, or else the one that is to be evicted (above), or none. Threads: any.
 */
void conns_evict(struct conns *conns);

/*
 * Ends the connections that are past a deadline. A request that has begun gets 408 (RFC 9110, section
 * 15.5.9) where that is possible, a response that the client does not read is dropped by a reset, an
 * idle connection is closed.
 * Returns: the number still open.
 * Threads: any.
 */
size_t conns_sweep(struct conns *conns, const struct conns_deadlines *deadlines);

#endif
