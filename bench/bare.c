/*
 * bare.c - the limit for hello: an epoll loop that sends hello's response of `/` for every
 * blank line. It does not parse or log, and has no timeouts and no TLS; a connection has no
 * memory but its descriptor. It is not a usable server.
 *
 * usage: bare PORT THREADS [close]     close: close each connection after its response
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_DATE "HTTP/1.1 200 OK\r\nDate: "
#define HEAD_REST "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n"

struct loop {
	int listener;
	bool close;
	char response[256];
	size_t response_len;
	time_t second; /* of the response's Date */
};

/* Keeps the response's Date (RFC 9110, section 6.6.1) current to the second. */
static void refresh_response(struct loop *loop)
{
	time_t now = time(NULL);
	char date[32];
	struct tm tm;
	int len;

	if (now == loop->second)
		return;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	len = snprintf(loop->response, sizeof(loop->response),
		HEAD_DATE "%s" HEAD_REST "%s\r\nhowdy\n", date,
		loop->close ? "Connection: close\r\n" : "");
	loop->response_len = (size_t)len;
	loop->second = now;
}

/* Returns: the number of bytes of a blank line matched so far. */
static unsigned match_blank_line(unsigned matched, char byte)
{
	if (byte == "\r\n\r\n"[matched])
		return matched + 1;
	return byte == '\r' ? 1 : 0;
}

static void accept_all(const struct loop *loop, int epoll)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	int fd;

	while ((fd = accept4(loop->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		event.data.u64 = (uint64_t)fd;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
			close(fd);
	}
}

/* Reads once and responds to each blank line. matched: kept from one read to the next. */
static void serve(struct loop *loop, int fd, unsigned char *matched)
{
	char buffer[4096];
	ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
	unsigned state = *matched;

	for (ssize_t i = 0; i < got; i++) {
		state = match_blank_line(state, buffer[i]);
		if (state < 4)
			continue;
		state = 0;
		if (send(fd, loop->response, loop->response_len, MSG_NOSIGNAL) < 0 || loop->close)
			got = 0;
	}
	*matched = (unsigned char)state;
	if (got == 0 || (got < 0 && errno != EAGAIN)) {
		*matched = 0;
		close(fd);
	}
}

static void *run(void *cls)
{
	struct loop loop = *(const struct loop *)cls;
	static _Thread_local unsigned char matched[65536]; /* by descriptor */
	struct epoll_event events[128];
	struct epoll_event listening = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.u64 = UINT64_MAX};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, loop.listener, &listening) != 0) {
		perror("bare: epoll");
		exit(1);
	}
	for (;;) {
		int count = epoll_wait(epoll, events, 128, -1);

		refresh_response(&loop);
		for (int i = 0; i < count; i++) {
			if (events[i].data.u64 == UINT64_MAX)
				accept_all(&loop, epoll);
			else if (events[i].data.u64 < sizeof(matched))
				serve(&loop, (int)events[i].data.u64, &matched[events[i].data.u64]);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct loop loop = {.close = argc == 4 && strcmp(argv[3], "close") == 0};
	long threads = argc >= 3 ? strtol(argv[2], NULL, 10) : 0;
	const int on = 1;
	pthread_t thread;

	if (threads < 1 || threads > 256 || (argc > 3 && !loop.close)) {
		fputs("usage: bare PORT THREADS [close]\n", stderr);
		return 2;
	}
	address.sin_port = htons((uint16_t)strtol(argv[1], NULL, 10));
	loop.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(loop.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* Inherited by accepted sockets: a response is sent at once. */
	setsockopt(loop.listener, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
	if (bind(loop.listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(loop.listener, 1024) != 0) {
		perror("bare: listen");
		return 1;
	}
	while (--threads > 0) {
		if (pthread_create(&thread, NULL, run, &loop) != 0) {
			perror("bare: thread");
			return 1;
		}
		pthread_detach(thread);
	}
	run(&loop);
	return 0;
}
