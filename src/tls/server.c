/* server.c - the current credentials for new sessions, and their replacement by a reload. */
#include "tls/credentials.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct tls_server {
	struct tls_files files;
	pthread_mutex_t lock;
	struct tls_credentials *current; /* under the lock */
};

struct tls_server *tls_server_create(
	const struct tls_files *files, char notice[TLS_NOTICE_SIZE], struct error *err)
{
	struct tls_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		error_set(err, ENOMEM, "TLS", NULL, NULL, NULL);
		return NULL;
	}
	server->files = *files;
	server->current = credentials_load(files, notice, err);
	if (server->current == NULL) {
		free(server);
		return NULL;
	}
	pthread_mutex_init(&server->lock, NULL);
	return server;
}

int tls_server_reload(struct tls_server *server, char notice[TLS_NOTICE_SIZE], struct error *err)
{
	struct tls_credentials *fresh = credentials_load(&server->files, notice, err);
	struct tls_credentials *old;

	if (fresh == NULL)
		return -1;
	pthread_mutex_lock(&server->lock);
	old = server->current;
	server->current = fresh;
	pthread_mutex_unlock(&server->lock);
	credentials_release(old);
	return 0;
}

struct tls_credentials *credentials_acquire_current(struct tls_server *server)
{
	struct tls_credentials *credentials;

	pthread_mutex_lock(&server->lock);
	credentials = server->current;
	atomic_fetch_add(&credentials->references, 1);
	pthread_mutex_unlock(&server->lock);
	return credentials;
}

void tls_server_free(struct tls_server *server)
{
	if (server == NULL)
		return;
	credentials_release(server->current);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
