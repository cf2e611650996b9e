#include "server/conns.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "server/metrics.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The number of TCP_INFO in <netinet/tcp.h>, tcp(7). */
#ifndef TCP_INFO
#define TCP_INFO 11
#endif

/* How long the client has to read its 408 before the connection is shut. */
#define LINGER_MS 500

void conns_init(struct conns *conns, int listener, unsigned max_per_ip)
{
	*conns = (struct conns){.limit = 1, .max_per_ip = max_per_ip};
	atomic_init(&conns->listener, listener);
	pthread_mutex_init(&conns->lock, NULL);
}

void conns_set_limit(struct conns *conns, size_t limit)
{
	conns->limit = limit;
}

void conns_forget_listener(struct conns *conns)
{
	atomic_store(&conns->listener, -1);
}

void conns_destroy(struct conns *conns)
{
	pthread_mutex_destroy(&conns->lock);
}

static void key_of(const struct sockaddr *peer, unsigned char *key)
{
	static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};

	memset(key, 0, 16);
	if (peer->sa_family == AF_INET6) {
		memcpy(key, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 16);
	} else if (peer->sa_family == AF_INET) {
		memcpy(key, mapped, sizeof(mapped));
		memcpy(key + 12, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
	}
}

/* Only when a limit is set; then the list is short enough to walk. */
static bool is_one_too_many(const struct conns *conns, const unsigned char *key)
{
	unsigned same = 0;

	if (conns->max_per_ip == 0)
		return false;
	for (const struct conn *at = conns->first; at != NULL; at = at->next) {
		if (memcmp(at->key, key, sizeof(at->key)) == 0)
			same++;
	}
	return same >= conns->max_per_ip;
}

static uint64_t state_of(enum conn_phase phase, int64_t since_us)
{
	return (uint64_t)since_us << 3 | phase;
}

static enum conn_phase phase_of(uint64_t state)
{
	return (enum conn_phase)(state & 7);
}

static int64_t since_of(uint64_t state)
{
	return (int64_t)(state >> 3);
}

/* What the kernel knows of a connection. All 0 where it does not say. */
struct traffic {
	uint64_t received; /* bytes so far */
	bool unsent;	   /* the peer has not taken all that was written */
};

/*
 * struct tcp_info only grows at its end (include/uapi/linux/tcp.h): tcpi_unacked lies at 24,
 * tcpi_bytes_received at 128 (Linux 4.1), tcpi_notsent_bytes at 144 (Linux 4.6); the C
 * libraries' copies of the structure stop at different members.
 */
static struct traffic traffic_of(int fd)
{
	unsigned char info[256] = {0};
	socklen_t len = sizeof(info);
	struct traffic traffic = {0};
	uint32_t unacked;
	uint32_t notsent;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) == 0) {
		memcpy(&unacked, info + 24, sizeof(unacked));
		memcpy(&traffic.received, info + 128, sizeof(traffic.received));
		memcpy(&notsent, info + 144, sizeof(notsent));
		traffic.unsent = unacked > 0 || notsent > 0;
	}
	return traffic;
}

/* Marks a connection as ended. Returns: false when it is no longer in that state. */
static bool end(struct conn *conn, uint64_t state)
{
	return atomic_compare_exchange_strong(
		&conn->state, &state, state_of(CONN_ENDED, clock_monotonic_us()));
}

/* Makes the event loop see a hang-up and close it. Under the lock. */
static void shut(struct conns *conns, struct conn *conn)
{
	if (conn->shut)
		return;
	conn->shut = true;
	conns->shut_count++;
	shutdown(conn->fd, SHUT_RDWR);
}

/*
 * As shut(), and drops a response that the client has not taken: the kernel would keep sending it
 * for minutes after close(2) (tcp(7), tcp_orphan_retries).
 */
static void reset(struct conns *conns, struct conn *conn)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (traffic_of(conn->fd).unsent)
		setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shut(conns, conn);
}

/* Under the lock. */
static void evict_one(struct conns *conns)
{
	int64_t now_us = clock_monotonic_us();
	struct conn *in_flight = NULL;
	uint64_t in_flight_state = 0;

	for (struct conn *at = conns->last; at != NULL; at = at->prev) {
		uint64_t state = atomic_load(&at->state);

		if (at->shut)
			continue;
		if (phase_of(state) == CONN_ENDED) {
			shut(conns, at);
			return;
		}
		if (now_us - since_of(state) < CONNS_GRACE_MS * INT64_C(1000))
			continue;
		if (phase_of(state) <= CONN_HEADER && end(at, state)) {
			reset(conns, at);
			metrics_connection_evicted();
			return;
		}
		if (in_flight == NULL && phase_of(state) > CONN_HEADER) {
			in_flight = at;
			in_flight_state = state;
		}
	}
	if (in_flight != NULL && end(in_flight, in_flight_state)) {
		reset(conns, in_flight);
		metrics_connection_evicted();
	}
}

bool conns_are_full(struct conns *conns)
{
	bool full;

	pthread_mutex_lock(&conns->lock);
	full = conns->count - conns->shut_count >= conns->limit;
	pthread_mutex_unlock(&conns->lock);
	return full;
}

/* A listening socket is readable while its backlog holds a client (tcp(7)). */
static bool has_backlog(struct conns *conns)
{
	struct pollfd backlog = {.fd = atomic_load(&conns->listener), .events = POLLIN};

	return backlog.fd >= 0 && poll(&backlog, 1, 0) > 0;
}

void conns_evict(struct conns *conns)
{
	if (!conns_are_full(conns) || !has_backlog(conns))
		return;
	pthread_mutex_lock(&conns->lock);
	evict_one(conns);
	pthread_mutex_unlock(&conns->lock);
}

struct conn *conns_add(struct conns *conns, int fd, const struct sockaddr *peer, bool plain)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	struct strbuf remote;
	bool refused;

	if (conn == NULL) {
		shutdown(fd, SHUT_RDWR);
		return NULL;
	}
	conn->table = conns;
	conn->fd = fd;
	conn->plain = plain;
	remote = STRBUF_OVER(conn->remote);
	remote.size--; /* calloc() left the NUL */
	address_write(peer, &remote);
	key_of(peer, conn->key);
	atomic_init(&conn->state,
		state_of(plain ? CONN_WAITING : CONN_HANDSHAKING, clock_monotonic_us()));

	pthread_mutex_lock(&conns->lock);
	refused = is_one_too_many(conns, conn->key);
	if (!refused) {
		conn->next = conns->first;
		if (conns->first != NULL)
			conns->first->prev = conn;
		else
			conns->last = conn;
		conns->first = conn;
		conns->count++;
	}
	pthread_mutex_unlock(&conns->lock);
	if (!refused)
		return conn;
	metrics_connection_refused();
	shutdown(fd, SHUT_RDWR);
	free(conn);
	return NULL;
}

void conns_remove(struct conns *conns, struct conn *conn)
{
	pthread_mutex_lock(&conns->lock);
	if (conn->prev != NULL)
		conn->prev->next = conn->next;
	else
		conns->first = conn->next;
	if (conn->next != NULL)
		conn->next->prev = conn->prev;
	else
		conns->last = conn->prev;
	conns->count--;
	conns->shut_count -= conn->shut;
	pthread_mutex_unlock(&conns->lock);
	free(conn);
}

bool conn_enter(struct conn *conn, enum conn_phase phase, int64_t now_us)
{
	uint64_t old = atomic_load(&conn->state);
	uint64_t new = state_of(phase, now_us);

	do {
		if (phase_of(old) == CONN_ENDED)
			return false;
	} while (!atomic_compare_exchange_weak(&conn->state, &old, new));
	return true;
}

void conn_handshake_done(struct conn *conn, bool more)
{
	conn_enter(conn, more ? CONN_HEADER : CONN_WAITING, clock_monotonic_us());
}

void conn_linger(struct conn *conn)
{
	end(conn, atomic_load(&conn->state));
}

void conn_request_begun(struct conn *conn)
{
	uint64_t state = atomic_load(&conn->state);
	int64_t now_us = clock_monotonic_us();
	int64_t longest = atomic_load_explicit(&conn->gap_us, memory_order_relaxed);
	int64_t gap = now_us - since_of(state);

	conn->begun_us = now_us;
	if (phase_of(state) == CONN_WAITING)
		conn_enter(conn, CONN_HEADER, now_us);
	/* Before the first request there is no pause to measure. */
	if (!atomic_load_explicit(&conn->served, memory_order_relaxed))
		gap = 0;
	longest -= longest / 16;
	atomic_store_explicit(&conn->gap_us, gap > longest ? gap : longest, memory_order_relaxed);
	atomic_store_explicit(&conn->served, true, memory_order_relaxed);
}

bool conn_sent_408(const struct conn *conn)
{
	return atomic_load(&conn->sent_408);
}

/*
 * Responds to a request that came too slowly. No response to it has begun, and the kernel has the one
 * before, so this can't corrupt anything. Closing at once would reset the connection, and the client
 * might never see the response (RFC 9112, section 9.6): so it is half closed here, and shut by a
 * later sweep.
 */
static void send_408(struct conns *conns, struct conn *conn)
{
	static const char response[] = "HTTP/1.1 408 Request Timeout\r\n"
				       "Connection: close\r\n"
				       "Content-Type: text/plain; charset=utf-8\r\n"
				       "Content-Length: 20\r\n\r\n"
				       "408 Request Timeout\n";

	if (!conn->plain || send(conn->fd, response, sizeof(response) - 1,
				    MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(response) - 1) {
		shut(conns, conn);
		return;
	}
	atomic_store(&conn->sent_408, true);
	shutdown(conn->fd, SHUT_WR);
}

static bool end_overdue(struct conn *conn, uint64_t state)
{
	if (!end(conn, state))
		return false;
	metrics_connection_timed_out();
	return true;
}

/* Returns: how long a connection that waits since since_us may be idle. */
static int64_t idle_limit(
	const struct conn *conn, int64_t since_us, const struct conns_deadlines *deadlines)
{
	int64_t gap_ms;

	if (deadlines->drain_start_us == 0)
		return deadlines->idle_ms;
	if (!atomic_load_explicit(&conn->served, memory_order_relaxed) ||
		deadlines->drain_start_us - since_us > CONNS_DRAIN_RECENT_MS * INT64_C(1000))
		return CONNS_DRAIN_IDLE_MS;
	gap_ms = CONNS_DRAIN_GAPS *
		 (atomic_load_explicit(&conn->gap_us, memory_order_relaxed) / 1000);
	return gap_ms > CONNS_DRAIN_ACTIVE_MS ? gap_ms : CONNS_DRAIN_ACTIVE_MS;
}

/* Returns: whether bytes have been received that the event loop has not read yet. */
static bool has_unread(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* A connection that waits for the first byte of a request or a handshake. Under the lock. */
static void sweep_waiting(struct conns *conns, struct conn *conn, uint64_t state, int64_t age_ms,
	const struct conns_deadlines *deadlines)
{
	int64_t idle_ms = idle_limit(conn, since_of(state), deadlines);

	if (age_ms < idle_ms && age_ms < deadlines->write_ms)
		return;
	if (traffic_of(conn->fd).unsent) {
		/* The client has not yet taken its last response. */
		if (age_ms >= deadlines->write_ms && end_overdue(conn, state))
			reset(conns, conn);
	} else if (age_ms >= idle_ms && !has_unread(conn->fd) && end_overdue(conn, state)) {
		/* The event loop may be late: this process may have been stopped for long. */
		shut(conns, conn);
	}
}

/* Looks at one connection; ends it when it is past a deadline. Under the lock. */
static void sweep(struct conns *conns, struct conn *conn, int64_t now_us,
	const struct conns_deadlines *deadlines)
{
	uint64_t state = atomic_load(&conn->state);
	int64_t age_ms = (now_us - since_of(state)) / 1000;

	switch (phase_of(state)) {
	case CONN_HANDSHAKING:
		/* The event loop reports a handshake's end, and only the kernel knows of its start. */
		if (traffic_of(conn->fd).received > 0)
			atomic_compare_exchange_strong(
				&conn->state, &state, state_of(CONN_HEADER, now_us));
		else
			sweep_waiting(conns, conn, state, age_ms, deadlines);
		break;
	case CONN_WAITING:
		sweep_waiting(conns, conn, state, age_ms, deadlines);
		break;
	case CONN_HEADER:
		if (age_ms >= deadlines->read_header_ms && end_overdue(conn, state))
			send_408(conns, conn);
		break;
	case CONN_READING:
		if (age_ms >= deadlines->read_ms && end_overdue(conn, state))
			send_408(conns, conn);
		break;
	case CONN_RESPONDING:
		if (age_ms >= deadlines->write_ms && end_overdue(conn, state))
			reset(conns, conn);
		break;
	case CONN_ENDED:
		if (age_ms >= LINGER_MS)
			shut(conns, conn);
		break;
	}
}

size_t conns_sweep(struct conns *conns, const struct conns_deadlines *deadlines)
{
	int64_t now_us = clock_monotonic_us();
	size_t count;

	/* While the lock is held, no descriptor in the list is closed, nor its number reused. */
	pthread_mutex_lock(&conns->lock);
	for (struct conn *at = conns->first; at != NULL; at = at->next)
		sweep(conns, at, now_us, deadlines);
	count = conns->count;
	pthread_mutex_unlock(&conns->lock);
	return count;
}
