#include "conns.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The number of TCP_INFO in <netinet/tcp.h>, tcp(7). */
#ifndef TCP_INFO
#define TCP_INFO 11
#endif

int64_t conns_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t conns_now_ms(void)
{
	return conns_now_us() / 1000;
}

void conns_init(struct conns *conns, unsigned max_per_ip)
{
	*conns = (struct conns){.max_per_ip = max_per_ip};
	pthread_mutex_init(&conns->lock, NULL);
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
		if (!at->refused && memcmp(at->key, key, sizeof(at->key)) == 0)
			same++;
	}
	return same >= conns->max_per_ip;
}

struct conn *conns_add(struct conns *conns, int fd, const struct sockaddr *peer)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	struct text remote;

	if (conn == NULL) {
		shutdown(fd, SHUT_RDWR);
		return NULL;
	}
	conn->fd = fd;
	remote = TEXT_OVER(conn->remote);
	remote.size--; /* calloc() left the NUL */
	address_write(peer, &remote);
	key_of(peer, conn->key);
	atomic_init(&conn->waiting_ms, conns_now_ms());

	pthread_mutex_lock(&conns->lock);
	conn->refused = is_one_too_many(conns, conn->key);
	conn->next = conns->first;
	if (conns->first != NULL)
		conns->first->prev = conn;
	conns->first = conn;
	conns->count++;
	pthread_mutex_unlock(&conns->lock);

	if (conn->refused)
		shutdown(fd, SHUT_RDWR);
	return conn;
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
	conns->count--;
	pthread_mutex_unlock(&conns->lock);
	free(conn->request.target_copy);
	free(conn);
}

void conn_set_busy(struct conn *conn)
{
	atomic_store_explicit(&conn->busy, true, memory_order_relaxed);
}

void conn_set_waiting(struct conn *conn)
{
	atomic_store_explicit(&conn->waiting_ms, conns_now_ms(), memory_order_relaxed);
	atomic_fetch_add_explicit(&conn->answered, 1, memory_order_relaxed);
	atomic_store_explicit(&conn->busy, false, memory_order_release);
}

/*
 * Octets that the kernel has received on a connection so far. struct tcp_info only grows
 * at its end, and tcpi_bytes_received lies at 128 (Linux 4.1, include/uapi/linux/tcp.h);
 * the C libraries' copies of the structure stop at different members.
 * Returns: 0 where the kernel doesn't tell.
 */
static uint64_t received_octets(int fd)
{
	unsigned char info[256] = {0};
	socklen_t len = sizeof(info);
	uint64_t octets = 0;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) == 0 && len >= 136)
		memcpy(&octets, info + 128, sizeof(octets));
	return octets;
}

static bool is_overdue(struct conn *conn, int64_t now_ms, const struct conns_deadlines *deadlines)
{
	int64_t waiting_ms;
	uint64_t received;
	uint32_t answered;

	if (atomic_load_explicit(&conn->busy, memory_order_acquire))
		return false;
	waiting_ms = atomic_load_explicit(&conn->waiting_ms, memory_order_relaxed);
	received = received_octets(conn->fd);
	answered = atomic_load_explicit(&conn->answered, memory_order_relaxed);
	if (answered != conn->seen_answered) {
		conn->seen_answered = answered;
		conn->header_ms = 0;
	} else if (received != conn->seen_received && conn->header_ms == 0) {
		conn->header_ms = now_ms;
	}
	conn->seen_received = received;
	if (conn->header_ms != 0)
		return now_ms - conn->header_ms >= deadlines->read_header_ms;
	return now_ms - waiting_ms >= deadlines->idle_ms;
}

size_t conns_sweep(struct conns *conns, const struct conns_deadlines *deadlines)
{
	int64_t now_ms = conns_now_ms();
	size_t count;

	/* While the lock is held no descriptor in the list is closed, nor its number used again. */
	pthread_mutex_lock(&conns->lock);
	for (struct conn *at = conns->first; at != NULL; at = at->next) {
		if (is_overdue(at, now_ms, deadlines))
			shutdown(at->fd, SHUT_RDWR);
	}
	count = conns->count;
	pthread_mutex_unlock(&conns->lock);
	return count;
}
