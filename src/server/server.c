#include "server/server.h"

#include "base/strbuf.h"
#include "server/conns.h"
#include "server/reply.h"
#include "server/request.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors beside the connections': standard ones, listener, epoll and eventfd of each thread. */
#define OTHER_DESCRIPTORS(threads) (16 + 2 * (threads))

/* Event-loop threads keep small buffers; musl's default of 128 KiB is made explicit. */
#define THREAD_STACK (128 * 1024)

struct listening {
	struct MHD_Daemon *daemon; /* NULL: not in use */
	int listener;		   /* -1: none, or closed */
	struct endpoint endpoint;
};

struct server {
	struct service service; /* its tls is owned here */
	struct listening listening[SERVER_ENDPOINTS];
	char *text; /* owned: the site's */
};

/* ---- start ---- */

/*
 * endpoints: how many there are; they share the descriptors
 * Returns: the connections that each may have: -max-conns, or fewer if descriptors are short.
 */
static unsigned connection_limit(unsigned max_conns, unsigned threads, unsigned endpoints)
{
	struct rlimit files;
	rlim_t others = OTHER_DESCRIPTORS((rlim_t)threads * endpoints);
	rlim_t want = (rlim_t)max_conns * endpoints + others;

	/* Not getrlimit() and setrlimit(): musl's need 1.5 kB for kernels older than prlimit(2). */
	if (prlimit(0, RLIMIT_NOFILE, NULL, &files) != 0)
		return max_conns;
	if (files.rlim_cur < want) {
		files.rlim_cur = want < files.rlim_max ? want : files.rlim_max;
		if (prlimit(0, RLIMIT_NOFILE, &files, NULL) != 0)
			prlimit(0, RLIMIT_NOFILE, NULL, &files);
	}
	if (files.rlim_cur >= want)
		return max_conns;
	if (files.rlim_cur > others + (rlim_t)threads * endpoints)
		return (unsigned)(files.rlim_cur - others) / endpoints;
	return threads;
}

/*
 * limit: of connections, at least 1
 * Returns: 0, or -1 when libmicrohttpd refuses to start.
 */
static int start_daemon(struct listening *listening, bool tls, unsigned threads, unsigned limit)
{
	struct endpoint *endpoint = &listening->endpoint;
	/* ITC: without it a stop at the connection limit never ends. */
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_ITC;
	struct MHD_OptionItem more[] = {{MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
		/* It insists on a certificate; tls_session_start() sets the one in use. */
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (char[]){""}},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (char[]){""}}, {MHD_OPTION_END, 0, NULL}};

	if (threads > limit)
		threads = limit;
	more[0].value = (intptr_t)threads;
	if (tls)
		flags |= MHD_USE_TLS;
	else
		more[1].option = MHD_OPTION_END;
	listening->daemon = MHD_start_daemon(flags, 0, NULL, NULL, request_on_part, endpoint,
		MHD_OPTION_LISTEN_SOCKET, listening->listener, MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
		MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)REQUEST_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, request_on_connection,
		endpoint, MHD_OPTION_NOTIFY_COMPLETED, request_on_completed, endpoint,
		MHD_OPTION_URI_LOG_CALLBACK, request_on_target, endpoint,
		MHD_OPTION_UNESCAPE_CALLBACK, request_on_unescape, NULL,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_THREAD_STACK_SIZE,
		(size_t)THREAD_STACK, MHD_OPTION_ARRAY,
		/* A pool of one thread is refused: that is a daemon without a pool. */
		threads < 2 ? more + 1 : more, MHD_OPTION_END);
	return listening->daemon != NULL ? 0 : -1;
}

/* Returns: 0, or -1 when one of them does not start. */
static int start_daemons(struct server *server, unsigned threads)
{
	unsigned count = 0;
	unsigned limit;

	for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
		count += server->listening[i].listener >= 0;
	limit = connection_limit(server->service.options->max_conns, threads, count);
	/* All tables before the first thread. */
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
		conns_set_limit(&server->listening[i].endpoint.conns, limit);
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		if (server->listening[i].listener >= 0 &&
			start_daemon(&server->listening[i], i == SERVER_HTTPS, threads, limit) != 0)
			return -1;
	}
	return 0;
}

/* Returns: 0, or -1 when memory is short. */
static int make_site(struct server *server)
{
	struct site *site = &server->service.site;
	size_t len = strlen(server->service.options->text) + 1;
	struct strbuf text;

	gethostname(site->hostname, sizeof(site->hostname) - 1);
	server->text = malloc(len);
	if (server->text == NULL)
		return -1;
	text = (struct strbuf){.data = server->text, .size = len};
	strbuf_add_string(&text, server->service.options->text);
	strbuf_add_string(&text, "\n");
	site->text = server->text;
	site->text_len = len;
	server->service.text_response = reply_prepare_text(site);
	return server->service.text_response != NULL ? 0 : -1;
}

/*
 * Accepted sockets inherit this: the kernel resets a connection whose client has taken nothing of
 * what was written for this long, also after libmicrohttpd has closed it (tcp(7), TCP_USER_TIMEOUT).
 * A second later than -write-timeout, so that an open connection is ended, and counted, by a sweep.
 * A kernel that refuses keeps its own timeouts, some 15 minutes.
 */
static void limit_unread_responses(int listener, int64_t write_timeout_ms)
{
	const unsigned timeout_ms = (unsigned)write_timeout_ms + 1000;

	setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
}

/* Ends what start_daemons() began, and closes the listeners that are left. */
static void stop_daemons(struct server *server)
{
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		if (server->listening[i].daemon != NULL)
			MHD_stop_daemon(server->listening[i].daemon);
		if (server->listening[i].listener >= 0)
			close(server->listening[i].listener);
	}
}

static void server_free(struct server *server)
{
	if (server->service.text_response != NULL)
		MHD_destroy_response(server->service.text_response);
	free(server->text);
	tls_server_free(server->service.tls);
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
		conns_destroy(&server->listening[i].endpoint.conns);
	free(server);
}

struct server *server_start(const struct options *options, unsigned threads,
	const int listeners[SERVER_ENDPOINTS], struct tls_server *tls, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
			if (listeners[i] >= 0)
				close(listeners[i]);
		}
		tls_server_free(tls);
		error_set(err, ENOMEM, "server", NULL, NULL, NULL);
		return NULL;
	}
	server->service.options = options;
	server->service.tls = tls;
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		struct listening *listening = &server->listening[i];

		listening->listener = listeners[i];
		listening->endpoint.service = &server->service;
		conns_init(&listening->endpoint.conns, listeners[i], options->max_conns_per_ip);
		limit_unread_responses(listeners[i], options->write_timeout_ms);
	}
	if (make_site(server) == 0 && start_daemons(server, threads) == 0)
		return server;
	error_set(err, errno, "server", NULL, "the event loops can't start", NULL);
	stop_daemons(server);
	server_free(server);
	return NULL;
}

/* ---- while it serves ---- */

int server_reload(struct server *server, char notice[TLS_NOTICE_SIZE], struct error *err)
{
	struct tls_server *tls = server->service.tls;

	notice[0] = '\0';
	return tls != NULL ? tls_server_reload(tls, notice, err) : 0;
}

bool server_is_full(struct server *server)
{
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		if (server->listening[i].daemon != NULL &&
			conns_are_full(&server->listening[i].endpoint.conns))
			return true;
	}
	return false;
}

/* drain_start_us: 0 before the drain */
static size_t sweep(struct server *server, int64_t drain_start_us)
{
	const struct options *options = server->service.options;
	const struct conns_deadlines deadlines = {.read_header_ms = options->read_header_timeout_ms,
		.read_ms = options->read_timeout_ms,
		.write_ms = options->write_timeout_ms,
		.idle_ms = options->idle_timeout_ms,
		.drain_start_us = drain_start_us};
	size_t open = 0;

	for (size_t i = 0; i < SERVER_ENDPOINTS; i++) {
		struct conns *conns = &server->listening[i].endpoint.conns;

		if (server->listening[i].daemon == NULL)
			continue;
		conns_evict(conns);
		open += conns_sweep(conns, &deadlines);
	}
	return open;
}

size_t server_sweep(struct server *server)
{
	return sweep(server, 0);
}

/* ---- stop ---- */

void server_set_draining(struct server *server)
{
	atomic_store(&server->service.draining, true);
}

static void close_listener(struct listening *listening)
{
	struct sockaddr_storage peer;
	socklen_t len;

	if (listening->daemon == NULL ||
		MHD_quiesce_daemon(listening->daemon) == MHD_INVALID_SOCKET)
		return;
	/* The kernel has completed these connections: they are served, too. */
	for (;;) {
		int fd;

		len = sizeof(peer);
		fd = accept4(listening->listener, (struct sockaddr *)&peer, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
			continue;
		if (fd < 0)
			break;
		/* At the limit, or refused: closed there. */
		MHD_add_connection(listening->daemon, fd, (struct sockaddr *)&peer, len);
	}
	conns_forget_listener(&listening->endpoint.conns);
	close(listening->listener);
	listening->listener = -1;
}

void server_close_listeners(struct server *server)
{
	server_set_draining(server);
	atomic_store(&server->service.closing, true);
	for (size_t i = 0; i < SERVER_ENDPOINTS; i++)
		close_listener(&server->listening[i]);
}

size_t server_sweep_draining(struct server *server, int64_t drain_start_us)
{
	return sweep(server, drain_start_us);
}

size_t server_stop(struct server *server)
{
	size_t aborted;

	stop_daemons(server);
	aborted = atomic_load(&server->service.aborted);
	server_free(server);
	return aborted;
}

const char *server_library_version(void)
{
	return MHD_get_version();
}
