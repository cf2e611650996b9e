#include "server/metrics.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * Each thread counts in a slot of its own, on cache lines of its own, so counting causes no traffic
 * between CPUs; a scrape adds the slots up. More threads than slots share them: the counters are
 * atomic.
 */
#define SLOTS 64

/* Upper bounds of the latency histogram, microseconds. A request takes some 10 us. */
static const struct {
	int64_t us;
	const char *seconds;
} buckets[] = {{50, "0.00005"}, {100, "0.0001"}, {250, "0.00025"}, {500, "0.0005"}, {1000, "0.001"},
	{2500, "0.0025"}, {5000, "0.005"}, {10000, "0.01"}, {25000, "0.025"}, {100000, "0.1"},
	{500000, "0.5"}, {2500000, "2.5"}};

enum {
	BUCKETS = sizeof(buckets) / sizeof(buckets[0]),
	CLASSES = 6
};

static const char *const class_names[CLASSES] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

struct slot {
	_Alignas(64) _Atomic uint64_t started;
	_Atomic uint64_t ended[CLASSES];
	_Atomic uint64_t by_latency[BUCKETS + 1]; /* the last one: above all bounds */
	_Atomic uint64_t latency_us;
	_Atomic uint64_t received_bytes;
	_Atomic uint64_t sent_bytes;
	_Atomic uint64_t opened;
	_Atomic uint64_t closed;
	_Atomic uint64_t refused;
	_Atomic uint64_t timed_out;
	_Atomic uint64_t evicted;
};

static struct slot slots[SLOTS];
static _Atomic unsigned slots_taken;
static _Atomic uint64_t calls;
static int64_t start_ms;

static struct slot *own_slot(void)
{
	static _Thread_local struct slot *own;

	if (own == NULL)
		own = &slots[atomic_fetch_add(&slots_taken, 1) % SLOTS];
	return own;
}

static void add(_Atomic uint64_t *counter, uint64_t number)
{
	atomic_fetch_add_explicit(counter, number, memory_order_relaxed);
}

void metrics_init(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	start_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t metrics_count_call(void)
{
	return atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;
}

void metrics_request_started(void)
{
	add(&own_slot()->started, 1);
}

void metrics_request_ended(
	unsigned status, uint64_t received_bytes, uint64_t sent_bytes, int64_t duration_us)
{
	struct slot *slot = own_slot();
	unsigned class = status / 100;
	size_t bucket = 0;

	while (bucket < BUCKETS && duration_us > buckets[bucket].us)
		bucket++;
	add(&slot->ended[class < CLASSES ? class : 0], 1);
	add(&slot->by_latency[bucket], 1);
	add(&slot->latency_us, (uint64_t)duration_us);
	add(&slot->received_bytes, received_bytes);
	add(&slot->sent_bytes, sent_bytes);
}

void metrics_connection_opened(void)
{
	add(&own_slot()->opened, 1);
}

void metrics_connection_closed(void)
{
	add(&own_slot()->closed, 1);
}

void metrics_connection_refused(void)
{
	add(&own_slot()->refused, 1);
}

void metrics_connection_timed_out(void)
{
	add(&own_slot()->timed_out, 1);
}

void metrics_connection_evicted(void)
{
	add(&own_slot()->evicted, 1);
}

/* Returns: the sum over all slots of the counter at this offset of struct slot. */
static uint64_t sum(size_t offset)
{
	uint64_t total = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		const void *at = (const char *)&slots[i] + offset;

		total += atomic_load_explicit((const _Atomic uint64_t *)at, memory_order_relaxed);
	}
	return total;
}

#define SUM(field) sum(offsetof(struct slot, field))

static void add_head(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_add_string(out, "# HELP ");
	strbuf_add_string(out, name);
	strbuf_add_string(out, " ");
	strbuf_add_string(out, help);
	strbuf_add_string(out, "\n# TYPE ");
	strbuf_add_string(out, name);
	strbuf_add_string(out, " ");
	strbuf_add_string(out, type);
	strbuf_add_string(out, "\n");
}

static void add_sample(struct strbuf *out, const char *name, const char *labels, uint64_t value)
{
	strbuf_add_string(out, name);
	strbuf_add_string(out, labels);
	strbuf_add_string(out, " ");
	strbuf_add_unsigned(out, value, 1);
	strbuf_add_string(out, "\n");
}

static void add_metric(
	struct strbuf *out, const char *name, const char *type, const char *help, uint64_t value)
{
	add_head(out, name, type, help);
	add_sample(out, name, "", value);
}

/* Appends a number of millionths or thousandths as a decimal fraction. */
static void add_fraction(struct strbuf *out, uint64_t number, uint64_t unit, unsigned digits)
{
	strbuf_add_unsigned(out, number / unit, 1);
	strbuf_add_string(out, ".");
	strbuf_add_unsigned(out, number % unit, digits);
	strbuf_add_string(out, "\n");
}

/* Returns: the number of requests that have ended. */
static uint64_t write_requests(struct strbuf *out)
{
	uint64_t ended = 0;

	add_head(out, "hello_http_requests_total", "counter",
		"Requests that ended, by class of the status code; none: aborted without a "
		"response.");
	for (size_t i = 0; i < CLASSES; i++) {
		uint64_t count = sum(offsetof(struct slot, ended) + i * sizeof(_Atomic uint64_t));

		ended += count;
		strbuf_add_string(out, "hello_http_requests_total{code=\"");
		strbuf_add_string(out, class_names[i]);
		strbuf_add_string(out, "\"} ");
		strbuf_add_unsigned(out, count, 1);
		strbuf_add_string(out, "\n");
	}
	return ended;
}

static void write_latency(struct strbuf *out)
{
	static const char name[] = "hello_http_request_duration_seconds";
	uint64_t count = 0;

	add_head(out, name, "histogram",
		"From the request's first byte until the kernel has the last byte of the "
		"response.");
	for (size_t i = 0; i <= BUCKETS; i++) {
		count += sum(offsetof(struct slot, by_latency) + i * sizeof(_Atomic uint64_t));
		strbuf_add_string(out, name);
		strbuf_add_string(out, "_bucket{le=\"");
		strbuf_add_string(out, i < BUCKETS ? buckets[i].seconds : "+Inf");
		strbuf_add_string(out, "\"} ");
		strbuf_add_unsigned(out, count, 1);
		strbuf_add_string(out, "\n");
	}
	strbuf_add_string(out, name);
	strbuf_add_string(out, "_sum ");
	add_fraction(out, SUM(latency_us), 1000000, 6);
	strbuf_add_string(out, name);
	add_sample(out, "_count", "", count);
}

static void write_label(struct strbuf *out, const char *name, const char *value, bool last)
{
	strbuf_add_string(out, name);
	strbuf_add_string(out, "=\"");
	strbuf_add_string(out, value);
	strbuf_add_string(out, last ? "\"" : "\",");
}

void metrics_write(struct strbuf *out, uint64_t lost_log_lines, const char *version,
	const char *libc, const char *libmicrohttpd)
{
	uint64_t ended;
	uint64_t started;
	uint64_t closed;
	uint64_t opened;

	/* The later event of each pair is read first, so that no difference is negative. */
	ended = write_requests(out);
	started = SUM(started);
	closed = SUM(closed);
	opened = SUM(opened);
	add_metric(out, "hello_http_requests_in_flight", "gauge",
		"Requests whose header was received and whose response is not sent.",
		started > ended ? started - ended : 0);
	write_latency(out);
	add_metric(out, "hello_http_request_body_bytes_total", "counter",
		"Bytes of request bodies received and discarded.", SUM(received_bytes));
	add_metric(out, "hello_http_response_body_bytes_total", "counter",
		"Bytes of response bodies.", SUM(sent_bytes));
	add_metric(out, "hello_connections_open", "gauge", "Connections open now.",
		opened > closed ? opened - closed : 0);
	add_metric(out, "hello_connections_accepted_total", "counter",
		"Connections accepted, including refused ones.", opened);
	add_metric(out, "hello_connections_refused_total", "counter",
		"Connections closed at once: too many from one address.", SUM(refused));
	add_metric(out, "hello_connections_timed_out_total", "counter",
		"Connections closed after a timeout.", SUM(timed_out));
	add_metric(out, "hello_connections_evicted_total", "counter",
		"Slow connections closed because the connection table was full and a client "
		"waited.",
		SUM(evicted));
	add_metric(out, "hello_log_lines_lost_total", "counter",
		"Log lines dropped: a write failed, or the reader of the log was too slow.",
		lost_log_lines);
	add_head(out, "process_start_time_seconds", "gauge",
		"Start time of the process since unix epoch in seconds.");
	strbuf_add_string(out, "process_start_time_seconds ");
	add_fraction(out, (uint64_t)start_ms, 1000, 3);
	add_head(out, "hello_build_info", "gauge",
		"Always 1; the labels are the versions of this build.");
	strbuf_add_string(out, "hello_build_info{");
	write_label(out, "version", version, false);
	write_label(out, "libc", libc, false);
	write_label(out, "libmicrohttpd", libmicrohttpd, true);
	strbuf_add_string(out, "} 1\n");
}
