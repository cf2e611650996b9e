/*
 * test_server.c - a start that fails: whichever allocation is refused, everything that was taken is
 * given back, and nothing that was not. The linker puts the __wrap_ functions here in the place of
 * the C library's (Makefile, UNIT_WRAPS).
 */
#include "server/listener.h"
#include "server/metrics.h"
#include "server/server.h"
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __real_pthread_mutex_destroy(pthread_mutex_t *mutex);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex);

/* Allocations until one is refused; 0: none is. */
static _Atomic unsigned refuse_at;
static bool counting;
static pthread_mutex_t *initialised[64];
static unsigned destroyed_uninitialised;

static bool is_refused(void)
{
	return refuse_at > 0 && --refuse_at == 0;
}

void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __real_calloc(count, size);
}

static pthread_mutex_t **slot_of(const pthread_mutex_t *mutex)
{
	for (size_t i = 0; i < sizeof(initialised) / sizeof(initialised[0]); i++) {
		if (initialised[i] == mutex)
			return &initialised[i];
	}
	return NULL;
}

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
	pthread_mutex_t **slot = counting ? slot_of(NULL) : NULL;

	if (slot != NULL)
		*slot = mutex;
	return __real_pthread_mutex_init(mutex, attributes);
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	pthread_mutex_t **slot = counting ? slot_of(mutex) : NULL;

	if (slot != NULL)
		*slot = NULL;
	else if (counting)
		destroyed_uninitialised++;
	return __real_pthread_mutex_destroy(mutex);
}

static const char *lookup_nothing(const char *name)
{
	(void)name;
	return NULL;
}

static unsigned count_initialised(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < sizeof(initialised) / sizeof(initialised[0]); i++)
		count += initialised[i] != NULL;
	return count;
}

/*
 * Starts with the nth allocation refused. Returns: whether the server started all the same.
 */
static bool start(unsigned nth)
{
	struct options options;
	struct error err = {0};
	int listeners[SERVER_ENDPOINTS] = {-1, -1};
	unsigned port;
	struct server *server;

	ck_assert_int_eq(options_parse(0, NULL, lookup_nothing, &options, &err), 0);
	ck_assert_int_eq(
		listener_open("127.0.0.1:0", "-addr", &listeners[SERVER_HTTP], &port, &err), 0);
	counting = true;
	refuse_at = nth;
	server = server_start(&options, 1, listeners, NULL, &err);
	refuse_at = 0;
	if (server != NULL)
		server_stop(server);
	counting = false;
	ck_assert_msg(destroyed_uninitialised == 0,
		"allocation %u refused: %u mutexes destroyed that were never initialised", nth,
		destroyed_uninitialised);
	ck_assert_msg(count_initialised() == 0, "allocation %u refused: %u mutexes left", nth,
		count_initialised());
	ck_assert_int_eq(fcntl(listeners[SERVER_HTTP], F_GETFD), -1);
	if (server == NULL)
		ck_assert_ptr_nonnull(err.subject);
	return server != NULL;
}

START_TEST(a_start_without_memory_leaves_nothing_behind)
{
	unsigned nth = 1;

	metrics_init();
	/* The first ones are ours; behind them are libmicrohttpd's, whose number may change. */
	while (!start(nth))
		nth++;
	ck_assert_uint_gt(nth, 4);
}
END_TEST

Suite *server_suite(void)
{
	Suite *suite = suite_create("server");
	TCase *tcase = tcase_create("server");

	tcase_add_test(tcase, a_start_without_memory_leaves_nothing_behind);
	suite_add_tcase(suite, tcase);
	return suite;
}
