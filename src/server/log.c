#include "server/log.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/strbuf.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Longest JSON text of a value that a client chose: five of them fit into one line. */
#define VALUE_MAX 768

/*
 * All threads wait for a reader that is too slow, so the time is bounded for all lines together: a
 * twentieth of the time that passes, saved up to a tenth of a second. A bound for each line is no bound:
 * a reader that takes a little again and again would be waited for at every line.
 */
#define READER_WAIT_US	 100000
#define READER_WAIT_PART 20

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool regular; /* a regular file: a write never blocks (poll(2)) */
static _Atomic uint64_t lost;

/* Under the lock. */
static bool stalled;			   /* the reader made no room in the last wait */
static int64_t budget_us = READER_WAIT_US; /* left to wait */
static int64_t counted_us; /* of clock_monotonic_us(): the budget is counted up to here */

void log_init(void)
{
	struct stat info;

	regular = fstat(STDERR_FILENO, &info) == 0 && S_ISREG(info.st_mode);
#ifndef HELLO_MINIMAL
	tzset();
#endif
}

static bool is_writable(int64_t wait_us)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&out, 1, (int)(wait_us / 1000)) != 0;
}

/*
 * Waits for the reader, within the budget. A reader that has made no room in one wait is not waited for
 * again before it has. Under the lock.
 * Returns: whether it has made room.
 */
static bool wait_for_reader(void)
{
	int64_t now_us = clock_monotonic_us();
	int64_t earned_us = (now_us - counted_us) / READER_WAIT_PART;
	bool writable;

	/* What the division left over counts the next time. */
	counted_us += earned_us * READER_WAIT_PART;
	budget_us += earned_us;
	if (budget_us > READER_WAIT_US)
		budget_us = READER_WAIT_US;
	if (stalled || budget_us < 1000)
		return false;
	writable = is_writable(budget_us);
	budget_us -= clock_monotonic_us() - now_us;
	stalled = !writable;
	return writable;
}

/*
 * A pipe that polls as writable takes PIPE_BUF bytes at once (pipe(7)), if no other thread writes in
 * between: hence the lock. O_NONBLOCK is no alternative: it belongs to all processes that share the
 * descriptor.
 * is_event: of the service itself; these are few, so each is waited for, whatever the budget
 */
static void emit(const struct strbuf *line, bool is_event)
{
	bool writable;

	pthread_mutex_lock(&lock);
	writable = regular || is_writable(is_event ? READER_WAIT_US : 0);
	if (writable)
		stalled = false;
	else
		writable = wait_for_reader();
	/* One attempt: after a short write the rest would start a line of its own. */
	if (!writable || write(STDERR_FILENO, line->data, line->len) < 0)
		atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
	pthread_mutex_unlock(&lock);
}

uint64_t log_lost_lines(void)
{
	return atomic_load_explicit(&lost, memory_order_relaxed);
}

/* Splits a time into local time, and into UTC in the minimal build. Returns: NULL for a year too large. */
static struct tm *split_time(const time_t *when, struct tm *parts)
{
#ifdef HELLO_MINIMAL
	return gmtime_r(when, parts);
#else
	return localtime_r(when, parts);
#endif
}

/* Appends "2006/01/02 15:04:05 ", as Go's log package prints it. */
static void add_go_time(struct strbuf *line)
{
	/* A second has thousands of requests and localtime_r() takes a lock. */
	static _Thread_local char cached[20];
	static _Thread_local time_t cached_second;
	time_t now = time(NULL);

	if (now != cached_second || cached[0] == '\0') {
		struct strbuf stamp = STRBUF_OVER(cached);
		struct tm tm;

		if (split_time(&now, &tm) == NULL)
			return;
		strbuf_add_unsigned(&stamp, (unsigned)tm.tm_year + 1900u, 4);
		strbuf_add_string(&stamp, "/");
		strbuf_add_unsigned(&stamp, (unsigned)tm.tm_mon + 1u, 2);
		strbuf_add_string(&stamp, "/");
		strbuf_add_unsigned(&stamp, (unsigned)tm.tm_mday, 2);
		strbuf_add_string(&stamp, " ");
		strbuf_add_unsigned(&stamp, (unsigned)tm.tm_hour, 2);
		strbuf_add_string(&stamp, ":");
		strbuf_add_unsigned(&stamp, (unsigned)tm.tm_min, 2);
		strbuf_add_string(&stamp, ":");
		strbuf_add_unsigned(&stamp, (unsigned)tm.tm_sec, 2);
		strbuf_add_string(&stamp, " ");
		cached_second = now;
	}
	strbuf_add(line, cached, sizeof(cached));
}

/* Appends the time as RFC 3339 (section 5.6) with milliseconds, UTC. */
static void add_rfc3339_time(struct strbuf *line)
{
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm) == NULL)
		return;
	strbuf_add_unsigned(line, (unsigned)tm.tm_year + 1900u, 4);
	strbuf_add_string(line, "-");
	strbuf_add_unsigned(line, (unsigned)tm.tm_mon + 1u, 2);
	strbuf_add_string(line, "-");
	strbuf_add_unsigned(line, (unsigned)tm.tm_mday, 2);
	strbuf_add_string(line, "T");
	strbuf_add_unsigned(line, (unsigned)tm.tm_hour, 2);
	strbuf_add_string(line, ":");
	strbuf_add_unsigned(line, (unsigned)tm.tm_min, 2);
	strbuf_add_string(line, ":");
	strbuf_add_unsigned(line, (unsigned)tm.tm_sec, 2);
	strbuf_add_string(line, ".");
	strbuf_add_unsigned(line, (uint64_t)now.tv_nsec / 1000000, 3);
	strbuf_add_string(line, "Z");
}

void log_request_text(const char *remote, uint64_t calls)
{
	char storage[256];
	struct strbuf line = STRBUF_OVER(storage);

	add_go_time(&line);
	strbuf_add_string(&line, "request from ");
	strbuf_add_string(&line, remote);
	strbuf_add_string(&line, "\n");
	add_go_time(&line);
	strbuf_add_string(&line, "calls: ");
	strbuf_add_unsigned(&line, calls, 1);
	strbuf_add_string(&line, "\n");
	emit(&line, false);
}

static void add_name(struct strbuf *line, const char *name)
{
	strbuf_add_string(line, ",\"");
	strbuf_add_string(line, name);
	strbuf_add_string(line, "\":");
}

static void add_value(struct strbuf *line, const char *name, const char *value, size_t len)
{
	char storage[VALUE_MAX];
	struct strbuf escaped = STRBUF_OVER(storage);

	add_name(line, name);
	json_add_escaped(&escaped, value, len);
	strbuf_add_string(line, "\"");
	strbuf_add(line, escaped.data, escaped.len);
	strbuf_add_string(line, escaped.truncated ? "...\"" : "\"");
}

static void add_number(struct strbuf *line, const char *name, uint64_t number)
{
	add_name(line, name);
	strbuf_add_unsigned(line, number, 1);
}

void log_request_json(const struct log_request *req)
{
	char storage[PIPE_BUF];
	struct strbuf line = STRBUF_OVER(storage);

	_Static_assert(PIPE_BUF > 5 * (VALUE_MAX + 32), "a line of longest values must fit");
	strbuf_add_string(&line, "{\"time\":\"");
	add_rfc3339_time(&line);
	strbuf_add_string(&line, "\"");
	add_value(&line, "remote", req->remote, strlen(req->remote));
	if (req->forwarded_for != NULL)
		add_value(&line, "forwarded_for", req->forwarded_for, strlen(req->forwarded_for));
	add_value(&line, "method", req->method, strlen(req->method));
	add_value(&line, "path", req->target, req->target_len);
	add_number(&line, "status", req->status);
	add_number(&line, "bytes", req->body_bytes);
	add_number(&line, "duration_us", (uint64_t)req->duration_us);
	if (req->user_agent != NULL)
		add_value(&line, "user_agent", req->user_agent, strlen(req->user_agent));
	strbuf_add_string(&line, "}\n");
	emit(&line, false);
}

void log_event(enum log_format format, const char *message)
{
	char storage[1024];
	struct strbuf line = STRBUF_OVER(storage);

	if (format == LOG_JSON) {
		strbuf_add_string(&line, "{\"time\":\"");
		add_rfc3339_time(&line);
		strbuf_add_string(&line, "\"");
		add_value(&line, "message", message, strlen(message));
		strbuf_add_string(&line, "}\n");
	} else {
		add_go_time(&line);
		strbuf_add_string(&line, message);
		strbuf_add_string(&line, "\n");
	}
	emit(&line, true);
}
