/*
 * buffers.c - the record buffers of idle sessions.
 *
 * mbedTLS has 25 kB of buffers for each session, of which an idle one uses nothing. Here each thread keeps
 * one pair, which serves all of its sessions in turn: an event loop reads and writes for one session at a
 * time. A session that waits for the rest of a record keeps its pair, and the next session gets a new one.
 *
 * Threads: as a session's functions.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "tls/buffers.h"

#include <mbedtls/platform_util.h>
#include <pthread.h>
#include <stdlib.h>

/* Of this thread; NULL in it for none. */
static _Thread_local struct mbedtls_ssl_buffers spare;

static pthread_key_t end_of_thread;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void buffers_free(void *opaque)
{
	struct mbedtls_ssl_buffers *buffers = opaque;

	free(buffers->in);
	free(buffers->out);
	*buffers = (struct mbedtls_ssl_buffers){NULL, NULL};
}

static void make_key(void)
{
	pthread_key_create(&end_of_thread, buffers_free);
}

int buffers_attach(struct tls_session *session)
{
	int result;

	if (session->ssl.in_buf != NULL)
		return 0;
	result = mbedtls_ssl_attach_buffers(&session->ssl, &spare);
	if (result == 0)
		spare = (struct mbedtls_ssl_buffers){NULL, NULL};
	return result;
}

void buffers_detach(struct tls_session *session)
{
	struct mbedtls_ssl_buffers buffers;

	if (!mbedtls_ssl_detach_buffers(&session->ssl, &buffers))
		return;
	mbedtls_platform_zeroize(buffers.in, session->in_used);
	mbedtls_platform_zeroize(buffers.out, session->out_used);
	session->in_used = session->out_used = 0;
	if (spare.in != NULL) {
		buffers_free(&buffers);
		return;
	}
	spare = buffers;
	/* Without a key, or its memory, the spare pair would outlive its thread. */
	if (pthread_once(&once, make_key) != 0 || pthread_setspecific(end_of_thread, &spare) != 0)
		buffers_free(&spare);
}
