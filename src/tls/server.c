/* server.c - which identity new sessions get, and its exchange for another. */
#include "identity.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct tls_server {
	struct tls_files files;
	pthread_mutex_t lock;
	struct tls_identity *current; /* under the lock */
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
	server->current = identity_load(files, notice, err);
	if (server->current == NULL) {
		free(server);
		return NULL;
	}
	pthread_mutex_init(&server->lock, NULL);
	return server;
}

int tls_server_reload(struct tls_server *server, char notice[TLS_NOTICE_SIZE], struct error *err)
{
	struct tls_identity *fresh = identity_load(&server->files, notice, err);
	struct tls_identity *old;

	if (fresh == NULL)
		return -1;
	pthread_mutex_lock(&server->lock);
	old = server->current;
	server->current = fresh;
	pthread_mutex_unlock(&server->lock);
	identity_release(old);
	return 0;
}

struct tls_identity *identity_hold_current(struct tls_server *server)
{
	struct tls_identity *identity;

	pthread_mutex_lock(&server->lock);
	identity = server->current;
	atomic_fetch_add(&identity->holders, 1);
	pthread_mutex_unlock(&server->lock);
	return identity;
}

void tls_server_free(struct tls_server *server)
{
	if (server == NULL)
		return;
	identity_release(server->current);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
