/*
 * tls.c - the TLS front, as libmicrohttpd drives it, against a client whose octets are any, or an
 * honest client's with some changed on their way. Whatever comes: what the server takes for
 * application data is what the client meant to send, in its order.
 */
#include "tls/tls.h"

#include "expect.h"
#include "input.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EDITS = 8,
	/* Turns in which nothing moves before all is said. */
	IDLE_TURNS = 3,
	TURNS = 20000,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Linked with --wrap=getrandom: an input always takes the same way. */
ssize_t __wrap_getrandom(void *buffer, size_t len, unsigned flags);

static uint64_t random_state;

ssize_t __wrap_getrandom(void *buffer, size_t len, unsigned flags)
{
	uint8_t *out = buffer;

	(void)flags;
	for (size_t i = 0; i < len; i++) {
		random_state = random_state * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(random_state >> 56);
	}
	return (ssize_t)len;
}

static struct tls_server *server;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct tls_files files = {
		.cert = "", .key = "", .client_ca = "", .self_signed = true};
	char notice[TLS_NOTICE_SIZE];
	struct error err = {0};

	(void)argc;
	(void)argv;
	server = tls_server_create(&files, notice, &err);
	EXPECT(server != NULL, "%s", err.what);
	return 0;
}

/* ---- the server's side: what libmicrohttpd does, one call after the other */

struct front {
	gnutls_session_t session;
	int fd;
	bool agreed, ended;
	int secured;
	size_t len;
	char taken[65536]; /* application data */
};

static void count_secured(void *arg, bool more)
{
	(void)more;
	((struct front *)arg)->secured++;
}

static void front_open(struct front *front, int fd)
{
	front->fd = fd;
	front->agreed = front->ended = false;
	front->secured = 0;
	front->len = 0;
	EXPECT(gnutls_init(&front->session, GNUTLS_SERVER | GNUTLS_NONBLOCK) == GNUTLS_E_SUCCESS,
		"no session");
	gnutls_transport_set_int(front->session, fd);
	EXPECT(tls_session_start(front->session, server, count_secured, front) == 0, "no start");
}

/* Takes a turn. Returns: whether something has changed. */
static bool front_turn(struct front *front)
{
	ssize_t got;

	if (front->ended)
		return false;
	if (!front->agreed) {
		int result = gnutls_handshake(front->session);

		if (result == GNUTLS_E_AGAIN)
			return false;
		front->agreed = result == GNUTLS_E_SUCCESS;
		front->ended = !front->agreed;
		EXPECT(front->secured == front->agreed, "%d calls", front->secured);
		if (front->ended)
			EXPECT(gnutls_handshake(front->session) < 0, "a second life");
		return true;
	}
	got = gnutls_record_recv(
		front->session, front->taken + front->len, sizeof(front->taken) - front->len);
	if (got == GNUTLS_E_AGAIN)
		return false;
	if (got <= 0) {
		front->ended = true;
		EXPECT(gnutls_record_recv(front->session, front->taken, 1) <= 0,
			"data after the end");
		return true;
	}
	front->len += (size_t)got;
	EXPECT(front->len < sizeof(front->taken), "%zu octets", front->len);
	got = gnutls_record_send(front->session, "pong", 4);
	EXPECT(got == 4 || got < 0, "%zd sent", got);
	return true;
}

static void front_close(struct front *front)
{
	gnutls_bye(front->session, GNUTLS_SHUT_WR);
	gnutls_deinit(front->session);
}

/* ---- a client that sends any octets */

static struct front front;

static void send_any(struct input *in)
{
	unsigned piece = 1 + input_octet(in) * 8u;
	int pair[2];
	int idle = 0;

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0, "no pair");
	front_open(&front, pair[0]);
	for (int turn = 0; idle < IDLE_TURNS; turn++) {
		char sink[4096];
		size_t len = in->left < piece ? in->left : piece;
		bool moved = false;

		EXPECT(turn < TURNS, "a spin");
		if (len > 0 && send(pair[1], in->at, len, MSG_NOSIGNAL) == (ssize_t)len) {
			in->at += len;
			in->left -= len;
			moved = true;
		} else if (in->left == 0) {
			shutdown(pair[1], SHUT_WR);
		}
		moved |= recv(pair[1], sink, sizeof(sink), 0) > 0;
		moved |= front_turn(&front);
		idle = moved ? 0 : idle + 1;
	}
	EXPECT(!front.agreed, "a handshake with octets that answer nothing");
	front_close(&front);
	close(pair[0]);
	close(pair[1]);
}

/* ---- a client that is honest, and a way that is not */

struct edit {
	unsigned at;  /* octet of what the client sends */
	uint8_t kind; /* changed, left out, or put before it */
	uint8_t value;
};

struct way {
	struct edit edits[EDITS];
	size_t count, at;
	bool edited;
	unsigned piece;
	int from_client, to_server; /* ends of the pairs */
};

/* Carries octets both ways. Returns: whether there were some. */
static bool way_turn(struct way *way)
{
	uint8_t in[2048];
	uint8_t out[4096];
	size_t len = 0;
	ssize_t got =
		recv(way->from_client, in, way->piece < sizeof(in) ? way->piece : sizeof(in), 0);
	bool moved = got > 0;

	for (ssize_t i = 0; i < got; i++, way->at++) {
		bool drop = false;
		uint8_t octet = in[i];

		for (size_t e = 0; e < way->count; e++) {
			const struct edit *edit = &way->edits[e];

			if (edit->at != way->at)
				continue;
			way->edited |= edit->kind % 3 != 0 || edit->value != 0;
			if (edit->kind % 3 == 0)
				octet ^= edit->value;
			else if (edit->kind % 3 == 1)
				drop = true;
			else
				out[len++] = edit->value;
		}
		if (!drop)
			out[len++] = octet;
	}
	if (len > 0)
		EXPECT(send(way->to_server, out, len, MSG_NOSIGNAL) == (ssize_t)len ||
				errno == EPIPE,
			"%zu octets", len);
	got = recv(way->to_server, in, sizeof(in), 0);
	if (got > 0)
		EXPECT(send(way->from_client, in, (size_t)got, MSG_NOSIGNAL) == got, "%zd octets",
			got);
	return moved || got > 0;
}

static int client_send(void *arg, const unsigned char *octets, size_t len)
{
	ssize_t sent = send(*(int *)arg, octets, len, MSG_NOSIGNAL);

	return sent >= 0 ? (int)sent : MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int client_receive(void *arg, unsigned char *to, size_t len)
{
	ssize_t got = recv(*(int *)arg, to, len, 0);

	return got >= 0 ? (int)got : MBEDTLS_ERR_SSL_WANT_READ;
}

static void send_changed(struct input *in, mbedtls_ssl_protocol_version highest)
{
	static const char said[] = "GET / HTTP/1.1\r\nHost: fuzz\r\n\r\n";
	struct way way = {.piece = 1 + input_octet(in) * 8u};
	mbedtls_ssl_config config;
	mbedtls_ssl_context client;
	int ours[2], theirs[2];
	size_t wrote = 0;
	int state = MBEDTLS_ERR_SSL_WANT_READ;
	int idle = 0;

	while (way.count < EDITS && in->left >= 4) {
		struct edit *edit = &way.edits[way.count++];

		edit->at = input_octet(in);
		edit->at = edit->at << 8 | input_octet(in);
		edit->kind = input_octet(in);
		edit->value = input_octet(in);
	}
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ours) == 0 &&
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, theirs) == 0,
		"no pair");
	way.from_client = theirs[1];
	way.to_server = ours[1];
	front_open(&front, ours[0]);
	mbedtls_ssl_config_init(&config);
	mbedtls_ssl_init(&client);
	EXPECT(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT,
		       MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) == 0,
		"no configuration");
	mbedtls_ssl_conf_rng(&config, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_max_tls_version(&config, highest);
	EXPECT(mbedtls_ssl_setup(&client, &config) == 0 &&
			mbedtls_ssl_set_hostname(&client, "fuzz") == 0,
		"no client");
	mbedtls_ssl_set_bio(&client, &theirs[0], client_send, client_receive, NULL);

	for (int turn = 0; idle < IDLE_TURNS; turn++) {
		bool moved = false;

		EXPECT(turn < TURNS, "a spin");
		if (state == MBEDTLS_ERR_SSL_WANT_READ)
			state = mbedtls_ssl_handshake(&client);
		if (state == 0 && wrote < strlen(said)) {
			int sent = mbedtls_ssl_write(
				&client, (const unsigned char *)said + wrote, strlen(said) - wrote);

			if (sent > 0)
				wrote += (size_t)sent;
			moved = sent > 0;
			if (wrote == strlen(said))
				mbedtls_ssl_close_notify(&client);
		}
		moved |= way_turn(&way);
		moved |= front_turn(&front);
		idle = moved ? 0 : idle + 1;
	}
	EXPECT(front.len <= wrote && memcmp(front.taken, said, front.len) == 0,
		"%zu octets that nobody sent", front.len);
	if (!way.edited)
		EXPECT(front.agreed && front.ended && front.len == strlen(said), "%d %zu", state,
			front.len);
	front_close(&front);
	mbedtls_ssl_free(&client);
	mbedtls_ssl_config_free(&config);
	for (int i = 0; i < 2; i++) {
		close(ours[i]);
		close(theirs[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t kind = input_octet(&in);

	random_state = 1;
	if (kind % 3 == 0)
		send_any(&in);
	else
		send_changed(&in,
			kind % 3 == 1 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
	return 0;
}
