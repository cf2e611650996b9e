/* tls_none.c - tls.h in the minimal build, which has no TLS: each function fails. */
#include "tls/tls.h"

const char *tls_library_version(void)
{
	return NULL;
}

struct tls_server *tls_server_create(
	const struct tls_files *files, char notice[TLS_NOTICE_SIZE], struct error *err)
{
	(void)files;
	(void)notice;
	error_set(err, 0, "-tls-addr", NULL, "this build has no TLS",
		"the images other than scratch-minimal have it");
	return NULL;
}

int tls_server_reload(struct tls_server *server, char notice[TLS_NOTICE_SIZE], struct error *err)
{
	(void)server;
	(void)notice;
	(void)err;
	return -1;
}

void tls_server_free(struct tls_server *server)
{
	(void)server;
}

int tls_session_start(
	void *session, struct tls_server *server, const struct tls_session_events *events)
{
	(void)session;
	(void)server;
	(void)events;
	return -1;
}

void tls_session_describe(const void *session, struct tls_description *description)
{
	(void)session;
	*description = (struct tls_description){0};
}

struct tls_client *tls_client_open(int fd, const char *host, const char *ca, struct error *err)
{
	(void)fd;
	(void)host;
	(void)ca;
	error_set(err, 0, "https", NULL, "this build has no TLS",
		"the images other than scratch-minimal have it");
	return NULL;
}

int tls_client_write(struct tls_client *client, const char *bytes, size_t len, struct error *err)
{
	(void)client;
	(void)bytes;
	(void)len;
	(void)err;
	return -1;
}

ssize_t tls_client_read(struct tls_client *client, char *to, size_t len, struct error *err)
{
	(void)client;
	(void)to;
	(void)len;
	(void)err;
	return -1;
}

void tls_client_close(struct tls_client *client)
{
	(void)client;
}
