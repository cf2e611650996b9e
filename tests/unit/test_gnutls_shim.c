/*
 * The functions of GnuTLS that libmicrohttpd calls, implemented with mbedTLS: a client of mbedTLS
 * at the other end, and between them a pump that moves as many bytes as a test wants.
 */
#include "suites.h"
#include "tls/session.h"
#include "tls/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct tls_files self_signed = {
	.cert = "", .key = "", .client_ca = "", .self_signed = true};

/* server --[ours]-- pump --[theirs]-- client */
struct pair {
	struct tls_server *server;
	gnutls_session_t session;
	int ours[2], theirs[2]; /* [0] is the end that speaks TLS */
	mbedtls_ssl_config config;
	mbedtls_ssl_context client;
	int established, failed; /* calls */
};

static void count_established(void *arg, bool more)
{
	ck_assert(!more);
	((struct pair *)arg)->established++;
}

static void count_failed(void *arg)
{
	((struct pair *)arg)->failed++;
}

static int client_send(void *ctx, const unsigned char *bytes, size_t len)
{
	ssize_t sent = send(*(int *)ctx, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0)
		return (int)sent;
	return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : -1;
}

static int client_receive(void *ctx, unsigned char *buffer, size_t size)
{
	ssize_t got = recv(*(int *)ctx, buffer, size, MSG_DONTWAIT);

	if (got >= 0)
		return (int)got;
	return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : -1;
}

static const char *alpn[] = {"h2", "http/1.1", NULL};

static void pair_open(struct pair *p, mbedtls_ssl_protocol_version highest)
{
	char notice[TLS_NOTICE_SIZE];
	struct error err = {0};

	*p = (struct pair){0};
	p->server = tls_server_create(&self_signed, notice, &err);
	ck_assert_ptr_nonnull(p->server);
	ck_assert_ptr_nonnull(strstr(notice, "SHA-256"));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->ours), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->theirs), 0);
	ck_assert_int_eq(
		gnutls_init(&p->session, GNUTLS_SERVER | GNUTLS_NONBLOCK), GNUTLS_E_SUCCESS);
	gnutls_transport_set_int(p->session, p->ours[0]);
	gnutls_session_set_ptr(p->session, p);
	ck_assert_ptr_eq(gnutls_session_get_ptr(p->session), p);
	ck_assert_int_eq(tls_session_start(p->session, p->server,
				 &(struct tls_session_events){count_established, count_failed, p}),
		0);

	mbedtls_ssl_config_init(&p->config);
	mbedtls_ssl_init(&p->client);
	ck_assert_int_eq(mbedtls_ssl_config_defaults(&p->config, MBEDTLS_SSL_IS_CLIENT,
				 MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT),
		0);
	mbedtls_ssl_conf_rng(&p->config, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_authmode(&p->config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_max_tls_version(&p->config, highest);
	ck_assert_int_eq(mbedtls_ssl_conf_alpn_protocols(&p->config, alpn), 0);
	ck_assert_int_eq(mbedtls_ssl_setup(&p->client, &p->config), 0);
	ck_assert_int_eq(mbedtls_ssl_set_hostname(&p->client, "shim.test"), 0);
	mbedtls_ssl_set_bio(&p->client, &p->theirs[0], client_send, client_receive, NULL);
}

static void pair_close(struct pair *p)
{
	gnutls_deinit(p->session);
	tls_server_free(p->server);
	mbedtls_ssl_free(&p->client);
	mbedtls_ssl_config_free(&p->config);
	for (int i = 0; i < 2; i++) {
		close(p->ours[i]);
		close(p->theirs[i]);
	}
}

/* Moves up to `most` bytes each way. Returns: how many. */
static size_t pump(struct pair *p, size_t most)
{
	unsigned char buffer[65536];
	size_t moved = 0;
	const int ways[2][2] = {{p->ours[1], p->theirs[1]}, {p->theirs[1], p->ours[1]}};

	if (most > sizeof(buffer))
		most = sizeof(buffer);
	for (int i = 0; i < 2; i++) {
		ssize_t got = recv(ways[i][0], buffer, most, MSG_DONTWAIT);

		if (got <= 0)
			continue;
		ck_assert_int_eq(send(ways[i][1], buffer, (size_t)got, MSG_NOSIGNAL), got);
		moved += (size_t)got;
	}
	return moved;
}

/* Both ends take turns until both are through. */
static void shake_hands(struct pair *p, size_t step)
{
	int client = MBEDTLS_ERR_SSL_WANT_READ;
	int server = GNUTLS_E_AGAIN;

	for (int turn = 0; client != 0 || server != 0; turn++) {
		ck_assert_int_lt(turn, 100000);
		if (client != 0) {
			client = mbedtls_ssl_handshake(&p->client);
			ck_assert(client == 0 || client == MBEDTLS_ERR_SSL_WANT_READ);
		}
		if (server != 0) {
			server = gnutls_handshake(p->session);
			ck_assert(server == 0 || server == GNUTLS_E_AGAIN);
			if (server == GNUTLS_E_AGAIN)
				ck_assert_int_eq(gnutls_record_get_direction(p->session), 0);
		}
		pump(p, step);
	}
	ck_assert_int_eq(p->established, 1);
}

static const mbedtls_ssl_protocol_version versions[] = {
	MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3};
static const char *const version_names[] = {"TLSv1.2", "TLSv1.3"};

/* The client reads what the server sent, byte by byte delivered. */
static void client_expects(struct pair *p, const void *expect, size_t len, size_t step)
{
	unsigned char *got = malloc(len);
	size_t done = 0;

	for (int turn = 0; done < len; turn++) {
		int result = mbedtls_ssl_read(&p->client, got + done, len - done);

		ck_assert_int_lt(turn, 1000000);
		if (result > 0)
			done += (size_t)result;
		else
			ck_assert(result == MBEDTLS_ERR_SSL_WANT_READ ||
				  result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
		pump(p, step);
	}
	ck_assert_mem_eq(got, expect, len);
	free(got);
}

START_TEST(a_handshake_and_an_exchange)
{
	struct tls_description description;
	struct pair p;
	char data[16];

	pair_open(&p, versions[_i]);
	shake_hands(&p, 65536);
	tls_session_describe(p.session, &description);
	ck_assert_str_eq(description.version, version_names[_i]);
	ck_assert_ptr_nonnull(strstr(description.cipher, "_WITH_") != NULL || _i == 1
				      ? description.cipher
				      : NULL);
	ck_assert_int_eq(strncmp(description.cipher, "TLS_", 4), 0);
	ck_assert_str_eq(description.server_name, "shim.test");
	ck_assert_str_eq(description.alpn, "http/1.1");
	ck_assert_str_eq(description.subject, "");

	ck_assert_int_eq(gnutls_record_recv(p.session, data, sizeof(data)), GNUTLS_E_AGAIN);
	ck_assert_int_eq(gnutls_record_get_direction(p.session), 0);
	ck_assert_int_eq(mbedtls_ssl_write(&p.client, (const unsigned char *)"ping", 4), 4);
	pump(&p, 65536);
	ck_assert_int_eq(gnutls_record_recv(p.session, data, sizeof(data)), 4);
	ck_assert_mem_eq(data, "ping", 4);
	ck_assert_int_eq(gnutls_record_send(p.session, "pong", 4), 4);
	client_expects(&p, "pong", 4, 65536);
	pair_close(&p);
}
END_TEST

START_TEST(would_block_at_each_byte)
{
	struct pair p;
	char data[16];
	ssize_t got = GNUTLS_E_AGAIN;

	pair_open(&p, versions[_i]);
	shake_hands(&p, 1);
	ck_assert_int_eq(mbedtls_ssl_write(&p.client, (const unsigned char *)"ping", 4), 4);
	while (got == GNUTLS_E_AGAIN) {
		pump(&p, 1);
		got = gnutls_record_recv(p.session, data, sizeof(data));
	}
	ck_assert_int_eq(got, 4);
	ck_assert_int_eq(gnutls_record_send(p.session, "pong", 4), 4);
	client_expects(&p, "pong", 4, 1);
	pair_close(&p);
}
END_TEST

/* Fills the way from the server until it takes no more. Returns: how many bytes. */
static size_t stuff(struct pair *p)
{
	static const unsigned char junk[4096];
	size_t stuffed = 0;
	ssize_t sent;

	while ((sent = send(p->ours[0], junk, sizeof(junk), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		stuffed += (size_t)sent;
	return stuffed;
}

static void unstuff(struct pair *p, size_t bytes)
{
	unsigned char buffer[4096];

	while (bytes > 0) {
		ssize_t got = recv(p->ours[1], buffer,
			bytes < sizeof(buffer) ? bytes : sizeof(buffer), MSG_DONTWAIT);

		ck_assert_int_gt(got, 0);
		bytes -= (size_t)got;
	}
}

START_TEST(a_flight_waits_for_room)
{
	struct pair p;
	size_t stuffed;

	pair_open(&p, versions[_i]);
	stuffed = stuff(&p);
	ck_assert_int_eq(mbedtls_ssl_handshake(&p.client), MBEDTLS_ERR_SSL_WANT_READ);
	unsigned char hello[4096];
	ssize_t len = recv(p.theirs[1], hello, sizeof(hello), MSG_DONTWAIT);
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(send(p.ours[1], hello, (size_t)len, 0), len);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(gnutls_handshake(p.session), GNUTLS_E_AGAIN);
		ck_assert_int_eq(gnutls_record_get_direction(p.session), 1);
	}
	unstuff(&p, stuffed);
	shake_hands(&p, 65536);
	pair_close(&p);
}
END_TEST

/* new_keys: in TLS 1.3 only: as if the client asked for them again and again */
static void send_a_long_response(mbedtls_ssl_protocol_version highest, bool new_keys)
{
	enum {
		SIZE = 1000000
	};
	unsigned char *response = malloc(SIZE);
	unsigned char *got = malloc(SIZE);
	struct pair p;
	size_t sent = 0, received = 0;
	int blocked = 0;

	for (size_t i = 0; i < SIZE; i++)
		response[i] = (unsigned char)(i * 31 + i / 256);
	pair_open(&p, highest);
	shake_hands(&p, 65536);
	while (received < SIZE) {
		while (sent < SIZE) {
			if (new_keys && p.session->ssl.MBEDTLS_PRIVATE(key_update_due) == 0)
				p.session->ssl.MBEDTLS_PRIVATE(key_update_due) = sent / 8192 % 2;
			ssize_t result =
				gnutls_record_send(p.session, response + sent, SIZE - sent);

			if (result == GNUTLS_E_AGAIN) {
				blocked++;
				ck_assert_int_eq(gnutls_record_get_direction(p.session), 1);
				break;
			}
			ck_assert_int_gt(result, 0);
			sent += (size_t)result;
		}
		pump(&p, 1000);
		int result = mbedtls_ssl_read(&p.client, got + received, SIZE - received);

		if (result > 0)
			received += (size_t)result;
		else
			ck_assert(result == MBEDTLS_ERR_SSL_WANT_READ ||
				  result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
	}
	ck_assert_int_gt(blocked, 10);
	ck_assert_mem_eq(got, response, SIZE);
	pair_close(&p);
	free(got);
	free(response);
}

START_TEST(a_response_waits_for_room)
{
	send_a_long_response(versions[_i], false);
}
END_TEST

START_TEST(new_keys_wait_for_room)
{
	send_a_long_response(MBEDTLS_SSL_VERSION_TLS1_3, true);
}
END_TEST

START_TEST(what_was_read_ahead_is_pending)
{
	struct pair p;
	char data[3];

	pair_open(&p, versions[_i]);
	shake_hands(&p, 65536);
	ck_assert_uint_eq(gnutls_record_check_pending(p.session), 0);
	/* Two records arrive in one piece; the first is read in parts. */
	ck_assert_int_eq(mbedtls_ssl_write(&p.client, (const unsigned char *)"abcd", 4), 4);
	ck_assert_int_eq(mbedtls_ssl_write(&p.client, (const unsigned char *)"ef", 2), 2);
	pump(&p, 65536);
	ck_assert_int_eq(gnutls_record_recv(p.session, data, 3), 3);
	ck_assert_mem_eq(data, "abc", 3);
	ck_assert_uint_gt(gnutls_record_check_pending(p.session), 1);
	ck_assert_int_eq(gnutls_record_recv(p.session, data, 3), 1);
	ck_assert_uint_gt(gnutls_record_check_pending(p.session), 0);
	ck_assert_int_eq(gnutls_record_recv(p.session, data, 3), 2);
	ck_assert_mem_eq(data, "ef", 2);
	ck_assert_uint_eq(gnutls_record_check_pending(p.session), 0);
	ck_assert_int_eq(gnutls_record_recv(p.session, data, 3), GNUTLS_E_AGAIN);
	pair_close(&p);
}
END_TEST

/* What its next read returns, once the server's bytes are there. */
static void client_sees(struct pair *p, int expect)
{
	unsigned char data[8];
	int result;

	do {
		pump(p, 65536);
		result = mbedtls_ssl_read(&p->client, data, sizeof(data));
	} while (result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
	ck_assert_int_eq(result, expect);
}

START_TEST(close_notify_of_the_server)
{
	struct pair p;

	pair_open(&p, versions[_i]);
	shake_hands(&p, 65536);
	if (_i == 0) { /* by bye, twice; by deinit alone in the other run */
		ck_assert_int_eq(gnutls_bye(p.session, GNUTLS_SHUT_WR), GNUTLS_E_SUCCESS);
		ck_assert_int_eq(gnutls_bye(p.session, GNUTLS_SHUT_WR), GNUTLS_E_SUCCESS);
	}
	gnutls_deinit(p.session);
	p.session = NULL;
	client_sees(&p, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
	pair_close(&p);
}
END_TEST

START_TEST(close_notify_of_the_client)
{
	struct pair p;
	char data[8];

	pair_open(&p, versions[_i]);
	shake_hands(&p, 65536);
	ck_assert_int_eq(mbedtls_ssl_close_notify(&p.client), 0);
	pump(&p, 65536);
	ck_assert_int_eq(gnutls_record_recv(p.session, data, sizeof(data)), 0);
	/* The server may still respond (RFC 8446, section 6.1). */
	ck_assert_int_eq(gnutls_record_send(p.session, "late", 4), 4);
	pair_close(&p);
}
END_TEST

START_TEST(an_end_without_close_notify)
{
	struct pair p;
	char data[8];

	pair_open(&p, versions[_i]);
	shake_hands(&p, 65536);
	shutdown(p.ours[1], SHUT_WR);
	ck_assert_int_eq(gnutls_record_recv(p.session, data, sizeof(data)), 0);
	pair_close(&p);

	pair_open(&p, versions[_i]);
	ck_assert_int_eq(gnutls_handshake(p.session), GNUTLS_E_AGAIN);
	shutdown(p.ours[1], SHUT_WR);
	ck_assert_int_eq(gnutls_handshake(p.session), GNUTLS_E_PREMATURE_TERMINATION);
	/* It stays failed. */
	ck_assert_int_lt(gnutls_handshake(p.session), GNUTLS_E_INTERRUPTED);
	pair_close(&p);
}
END_TEST

START_TEST(an_altered_record)
{
	unsigned char record[64];
	struct pair p;
	char data[8];
	ssize_t len;

	pair_open(&p, versions[_i]);
	shake_hands(&p, 65536);
	ck_assert_int_eq(mbedtls_ssl_write(&p.client, (const unsigned char *)"ping", 4), 4);
	len = recv(p.theirs[1], record, sizeof(record), MSG_DONTWAIT);
	ck_assert_int_gt(len, 10);
	record[len - 1] ^= 1;
	ck_assert_int_eq(send(p.ours[1], record, (size_t)len, 0), len);
	/* What comes after it is discarded, until the client closes. */
	ck_assert_int_eq(gnutls_record_recv(p.session, data, sizeof(data)), GNUTLS_E_AGAIN);
	ck_assert_int_eq(p.failed, 1);
	ck_assert_int_eq(send(p.ours[1], record, (size_t)len, 0), len);
	ck_assert_int_eq(gnutls_record_recv(p.session, data, sizeof(data)), GNUTLS_E_AGAIN);
	ck_assert_int_eq(gnutls_record_get_direction(p.session), 0);
	ck_assert_int_eq(gnutls_record_send(p.session, "x", 1), GNUTLS_E_INVALID_SESSION);
	client_sees(&p, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
	shutdown(p.ours[1], SHUT_WR);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(gnutls_record_recv(p.session, data, sizeof(data)),
			GNUTLS_E_DECRYPTION_FAILED);
	ck_assert_int_eq(p.failed, 1);
	ck_assert_int_eq(gnutls_bye(p.session, GNUTLS_SHUT_WR), GNUTLS_E_INVALID_SESSION);
	pair_close(&p);
}
END_TEST

START_TEST(nothing_before_its_time)
{
	gnutls_session_t session;
	struct pair p;
	char data[8];

	ck_assert_int_eq(gnutls_init(&session, GNUTLS_SERVER), GNUTLS_E_SUCCESS);
	ck_assert_int_eq(gnutls_handshake(session), GNUTLS_E_INTERNAL_ERROR);
	gnutls_deinit(session);
	gnutls_deinit(NULL);

	pair_open(&p, MBEDTLS_SSL_VERSION_TLS1_3);
	ck_assert_int_eq(
		gnutls_record_recv(p.session, data, sizeof(data)), GNUTLS_E_INVALID_SESSION);
	ck_assert_int_eq(gnutls_record_send(p.session, "x", 1), GNUTLS_E_INVALID_SESSION);
	ck_assert_int_eq(gnutls_bye(p.session, GNUTLS_SHUT_WR), GNUTLS_E_INVALID_SESSION);
	pair_close(&p);
}
END_TEST

START_TEST(garbage_gets_an_alert_and_plain_http_a_response)
{
	static const unsigned char garbage[] = {22, 3, 1, 0, 4, 2, 0, 0, 0};
	static const char http[] = "GET / HTTP/1.1\r\n\r\n";
	unsigned char data[512] = {0};
	struct pair p;

	pair_open(&p, MBEDTLS_SSL_VERSION_TLS1_3);
	ck_assert_int_eq(send(p.ours[1], garbage, sizeof(garbage), 0), sizeof(garbage));
	ck_assert_int_eq(gnutls_handshake(p.session), GNUTLS_E_AGAIN); /* for the client's end */
	ck_assert_int_eq(recv(p.ours[1], data, sizeof(data), MSG_DONTWAIT), 7);
	ck_assert_uint_eq(data[0], 21); /* an alert (RFC 8446, section 5.1) */
	ck_assert_uint_eq(data[5], 2);	/* and a fatal one (section 6) */
	pair_close(&p);

	pair_open(&p, MBEDTLS_SSL_VERSION_TLS1_3);
	ck_assert_int_eq(send(p.ours[1], http, sizeof(http) - 1, 0), sizeof(http) - 1);
	ck_assert_int_eq(gnutls_handshake(p.session), GNUTLS_E_AGAIN);
	ck_assert_int_gt(recv(p.ours[1], data, sizeof(data) - 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq(strncmp((char *)data, "HTTP/1.1 400 ", 13), 0);
	ck_assert_int_eq(p.failed, 1);
	shutdown(p.ours[1], SHUT_WR);
	ck_assert_int_lt(gnutls_handshake(p.session), GNUTLS_E_INTERRUPTED);
	pair_close(&p);

	/* It discards so much, and no more. */
	pair_open(&p, MBEDTLS_SSL_VERSION_TLS1_3);
	ck_assert_int_eq(send(p.ours[1], garbage, sizeof(garbage), 0), sizeof(garbage));
	for (size_t sent = 0; sent <= 256 * 1024; sent += sizeof(data)) {
		ck_assert_int_eq(gnutls_handshake(p.session), GNUTLS_E_AGAIN);
		ck_assert_int_eq(send(p.ours[1], data, sizeof(data), 0), sizeof(data));
	}
	ck_assert_int_lt(gnutls_handshake(p.session), GNUTLS_E_INTERRUPTED);
	pair_close(&p);
}
END_TEST

START_TEST(a_reload_is_for_those_to_come)
{
	char first[TLS_NOTICE_SIZE], second[TLS_NOTICE_SIZE];
	struct tls_server *server;
	struct error err = {0};
	struct pair p;

	server = tls_server_create(&self_signed, first, &err);
	ck_assert_ptr_nonnull(server);
	ck_assert_int_eq(tls_server_reload(server, second, &err), 0);
	ck_assert_str_ne(first, second);
	tls_server_free(server);
	tls_server_free(NULL);

	/* A session outlives the reload, and the server. */
	pair_open(&p, versions[_i]);
	shake_hands(&p, 65536);
	ck_assert_int_eq(tls_server_reload(p.server, second, &err), 0);
	tls_server_free(p.server);
	p.server = NULL;
	ck_assert_int_eq(gnutls_record_send(p.session, "pong", 4), 4);
	client_expects(&p, "pong", 4, 65536);
	pair_close(&p);
}
END_TEST

START_TEST(errors_name_the_file)
{
	static const struct {
		struct tls_files files;
		const char *subject;
		const char *what;
	} cases[] = {
		{{.cert = "/nonexistent", .key = "/nonexistent", .client_ca = ""}, "-tls-cert",
			"can't be read"},
		{{.cert = "/", .key = "/", .client_ca = ""}, "-tls-cert",
			"not a regular file of at most 1 MiB"},
		{{.cert = "/etc/passwd", .key = "/", .client_ca = ""}, "-tls-cert",
			"no certificate can be read in it"},
		{{.cert = "", .key = "", .client_ca = "/etc/passwd", .self_signed = true},
			"-tls-client-ca", "no certificate can be read in it"},
	};
	char notice[TLS_NOTICE_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = {0};

		ck_assert_ptr_null(tls_server_create(&cases[i].files, notice, &err));
		ck_assert_str_eq(err.subject, cases[i].subject);
		ck_assert_str_eq(err.what, cases[i].what);
	}
}
END_TEST

/* What libmicrohttpd sets for all connections is held elsewhere; what has no use here refuses. */
START_TEST(settings_are_taken_and_unused_calls_refuse)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_psk_server_credentials_t psk;
	gnutls_priority_t priority;
	gnutls_dh_params_t dh = NULL;
	const char *where;

	ck_assert_int_eq(gnutls_global_init(), GNUTLS_E_SUCCESS);
	ck_assert_int_eq(gnutls_priority_init(&priority, "NORMAL", &where), GNUTLS_E_SUCCESS);
	ck_assert_int_eq(gnutls_priority_set(NULL, priority), GNUTLS_E_SUCCESS);
	ck_assert_int_eq(gnutls_certificate_allocate_credentials(&credentials), GNUTLS_E_SUCCESS);
	ck_assert_int_eq(
		gnutls_certificate_set_x509_key_mem(credentials, NULL, NULL, GNUTLS_X509_FMT_PEM),
		GNUTLS_E_SUCCESS);
	ck_assert_int_eq(gnutls_credentials_set(NULL, GNUTLS_CRD_CERTIFICATE, credentials),
		GNUTLS_E_SUCCESS);
	ck_assert_int_eq(gnutls_alpn_set_protocols(NULL, NULL, 0, 0), GNUTLS_E_SUCCESS);
	gnutls_certificate_free_credentials(credentials);
	gnutls_priority_deinit(priority);
	gnutls_global_deinit();

	ck_assert_int_lt(gnutls_certificate_set_x509_key_mem2(
				 credentials, NULL, NULL, GNUTLS_X509_FMT_PEM, "", 0),
		0);
	ck_assert_int_lt(
		gnutls_certificate_set_x509_trust_mem(credentials, NULL, GNUTLS_X509_FMT_PEM), 0);
	ck_assert_int_lt(gnutls_psk_allocate_server_credentials(&psk), 0);
	ck_assert_ptr_null(gnutls_malloc(1));
	ck_assert_int_eq(gnutls_cipher_get(NULL), GNUTLS_CIPHER_UNKNOWN);
	ck_assert_int_eq(gnutls_protocol_get_version(NULL), GNUTLS_VERSION_UNKNOWN);
	/* These have nothing to say. */
	gnutls_certificate_set_retrieve_function2(credentials, NULL);
	gnutls_certificate_set_dh_params(credentials, dh);
	gnutls_certificate_server_set_request(NULL, GNUTLS_CERT_REQUEST);
	gnutls_dh_params_deinit(dh);
	gnutls_psk_free_server_credentials(psk);
	gnutls_psk_set_server_credentials_function(psk, NULL);
}
END_TEST

Suite *gnutls_shim_suite(void)
{
	Suite *suite = suite_create("gnutls_shim");
	TCase *tcase = tcase_create("gnutls_shim");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_handshake_and_an_exchange, 0, 2);
	tcase_add_loop_test(tcase, would_block_at_each_byte, 0, 2);
	tcase_add_loop_test(tcase, a_flight_waits_for_room, 0, 2);
	tcase_add_loop_test(tcase, a_response_waits_for_room, 0, 2);
	tcase_add_test(tcase, new_keys_wait_for_room);
	tcase_add_loop_test(tcase, what_was_read_ahead_is_pending, 0, 2);
	tcase_add_loop_test(tcase, close_notify_of_the_server, 0, 2);
	tcase_add_loop_test(tcase, close_notify_of_the_client, 0, 2);
	tcase_add_loop_test(tcase, an_end_without_close_notify, 0, 2);
	tcase_add_loop_test(tcase, an_altered_record, 0, 2);
	tcase_add_test(tcase, nothing_before_its_time);
	tcase_add_test(tcase, garbage_gets_an_alert_and_plain_http_a_response);
	tcase_add_loop_test(tcase, a_reload_is_for_those_to_come, 0, 2);
	tcase_add_test(tcase, errors_name_the_file);
	tcase_add_test(tcase, settings_are_taken_and_unused_calls_refuse);
	suite_add_tcase(suite, tcase);
	return suite;
}
