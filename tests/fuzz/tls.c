/*
 * tls.c - the TLS front, as libmicrohttpd drives it, against a client whose bytes are any, or an
 * honest client's with some changed on their way. Whatever comes: what the server takes for
 * application data is what the client meant to send, in its order; and where clients must show a
 * certificate, only the one that has it is served, whatever ticket another brings.
 *
 * A third kind of client keeps the rules of a handshake, and seals any records after it: of any type
 * and content, fragments and KeyUpdates among them.
 */
#include "tls/tls.h"
#include "tls/self_signed.h"
#include "tls/session.h"

#include "expect.h"
#include "input.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EDITS = 8,
	/* Turns in which nothing moves before all is said. */
	IDLE_TURNS = 3,
	TURNS = 20000,
	/* The first byte from which a client seals records; below it, some of its bytes change. */
	SEALED = 192,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of mbedTLS, for its own files. */
int mbedtls_ssl_write_record(mbedtls_ssl_context *ssl, int force_flush);
int mbedtls_ssl_tls13_update_keys(mbedtls_ssl_context *ssl, int inbound);

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

/* The open server welcomes anybody, the strict one those who have the client's certificate. */
static struct tls_server *open_server;
static struct tls_server *strict_server;

static mbedtls_x509_crt client_chain;
static mbedtls_pk_context client_key;
static char client_subject[256];

/* ---- the server's side: what libmicrohttpd does, one call after the other */

struct front {
	gnutls_session_t session;
	int fd;
	bool handshake_over, ended;
	int established;
	size_t len;
	char taken[65536]; /* application data */
};

static void count_established(void *arg, bool more)
{
	(void)more;
	((struct front *)arg)->established++;
}

static void front_open(struct front *front, struct tls_server *server, int fd)
{
	front->fd = fd;
	front->handshake_over = front->ended = false;
	front->established = 0;
	front->len = 0;
	EXPECT(gnutls_init(&front->session, GNUTLS_SERVER | GNUTLS_NONBLOCK) == GNUTLS_E_SUCCESS,
		"no session");
	gnutls_transport_set_int(front->session, fd);
	EXPECT(tls_session_start(front->session, server,
		       &(struct tls_session_events){count_established, NULL, front}) == 0,
		"no start");
}

/* Takes a turn. Returns: whether something has changed. */
static bool front_turn(struct front *front)
{
	mbedtls_ssl_context *ssl;
	ssize_t got;

	if (front->ended)
		return false;
	if (!front->handshake_over) {
		int result = gnutls_handshake(front->session);

		if (result == GNUTLS_E_AGAIN)
			return false;
		front->handshake_over = result == GNUTLS_E_SUCCESS;
		front->ended = !front->handshake_over;
		EXPECT(front->established == front->handshake_over, "%d calls", front->established);
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
	EXPECT(front->len < sizeof(front->taken), "%zu bytes", front->len);
	/* As if the client had asked for new keys: an honest one does not. */
	ssl = &front->session->ssl;
	if (front->len % 2 == 1 && ssl->MBEDTLS_PRIVATE(key_update_due) == 0 &&
		mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_3)
		ssl->MBEDTLS_PRIVATE(key_update_due) = 1;
	got = gnutls_record_send(front->session, "pong", 4);
	EXPECT(got == 4 || got < 0, "%zd sent", got);
	return true;
}

static void front_close(struct front *front)
{
	gnutls_bye(front->session, GNUTLS_SHUT_WR);
	gnutls_deinit(front->session);
}

/* ---- a client that sends any bytes */

static struct front front;

static void send_any(struct input *in, struct tls_server *server)
{
	unsigned piece = 1 + input_byte(in) * 8u;
	int pair[2];
	int idle = 0;

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0, "no pair");
	front_open(&front, server, pair[0]);
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
	EXPECT(!front.handshake_over, "a handshake with bytes that answer nothing");
	front_close(&front);
	close(pair[0]);
	close(pair[1]);
}

/* ---- a client that is honest, and a way that is not */

struct edit {
	unsigned at;  /* byte of what the client sends */
	uint8_t kind; /* changed, left out, or put before it */
	uint8_t value;
};

struct way {
	struct edit edits[EDITS];
	size_t count, at;
	bool edited;
	unsigned piece;
	int from_client, to_server; /* ends of the pairs */
	size_t answered;	    /* bytes of the server's */
};

/* Carries bytes both ways. Returns: whether there were some. */
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
		uint8_t byte = in[i];

		for (size_t e = 0; e < way->count; e++) {
			const struct edit *edit = &way->edits[e];

			if (edit->at != way->at)
				continue;
			way->edited |= edit->kind % 3 != 0 || edit->value != 0;
			if (edit->kind % 3 == 0)
				byte ^= edit->value;
			else if (edit->kind % 3 == 1)
				drop = true;
			else
				out[len++] = edit->value;
		}
		if (!drop)
			out[len++] = byte;
	}
	if (len > 0)
		/* Whoever has ended reads no more. */
		EXPECT(send(way->to_server, out, len, MSG_NOSIGNAL) == (ssize_t)len ||
				errno == EPIPE || (errno == EAGAIN && front.ended),
			"%zu bytes", len);
	got = recv(way->to_server, in, sizeof(in), 0);
	if (got > 0) {
		way->answered += (size_t)got;
		EXPECT(send(way->from_client, in, (size_t)got, MSG_NOSIGNAL) == got, "%zd bytes",
			got);
	}
	return moved || got > 0;
}

static int client_send(void *arg, const unsigned char *bytes, size_t len)
{
	ssize_t sent = send(*(int *)arg, bytes, len, MSG_NOSIGNAL);

	return sent >= 0 ? (int)sent : MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int client_receive(void *arg, unsigned char *to, size_t len)
{
	ssize_t got = recv(*(int *)arg, to, len, 0);

	return got >= 0 ? (int)got : MBEDTLS_ERR_SSL_WANT_READ;
}

/* Who the client is, and to whom it comes. */
enum manner {
	ANONYMOUS, /* to the open server, with nothing */
	RETURNING, /* to the open server, with its ticket */
	KNOWN,	   /* to the strict server, with the certificate */
	INTRUDER,  /* to the strict server, with the open one's ticket alone */
	MANNERS,
};

struct client {
	mbedtls_ssl_config config;
	mbedtls_ssl_context ssl;
	int fd;
	int state; /* mbedTLS's, of the handshake */
	size_t wrote;
	/* Gets the session with its ticket; NULL for nothing. */
	mbedtls_ssl_session *keep;
	bool kept;
	struct input *records; /* what it sends in place of a request; NULL: a request */
	size_t meant_len;
	char meant[65536]; /* application data among its records */
};

static const char said[] = "GET / HTTP/1.1\r\nHost: fuzz\r\n\r\n";

/* Of the open server: for TLS 1.2, and for 1.3. */
static mbedtls_ssl_session tickets[2];

static mbedtls_ssl_session *ticket_of(mbedtls_ssl_protocol_version version)
{
	return &tickets[version == MBEDTLS_SSL_VERSION_TLS1_3];
}

static void client_open(
	struct client *client, mbedtls_ssl_protocol_version highest, enum manner manner, int fd)
{
	mbedtls_ssl_config *config = &client->config;

	client->fd = fd;
	client->state = MBEDTLS_ERR_SSL_WANT_READ;
	mbedtls_ssl_config_init(config);
	mbedtls_ssl_init(&client->ssl);
	EXPECT(mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT,
		       MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) == 0,
		"no configuration");
	mbedtls_ssl_conf_rng(config, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_max_tls_version(config, highest);
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
		config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
	if (manner == KNOWN)
		EXPECT(mbedtls_ssl_conf_own_cert(config, &client_chain, &client_key) == 0,
			"no certificate");
	EXPECT(mbedtls_ssl_setup(&client->ssl, config) == 0 &&
			mbedtls_ssl_set_hostname(&client->ssl, "fuzz") == 0,
		"no client");
	if (manner == RETURNING || manner == INTRUDER)
		EXPECT(mbedtls_ssl_set_session(&client->ssl, ticket_of(highest)) == 0, "no ticket");
	mbedtls_ssl_set_bio(&client->ssl, &client->fd, client_send, client_receive, NULL);
}

static void client_close(struct client *client)
{
	mbedtls_ssl_free(&client->ssl);
	mbedtls_ssl_config_free(&client->config);
}

/* Takes the keys that follow a KeyUpdate. */
static void follow_update(
	mbedtls_ssl_context *ssl, uint8_t type, const uint8_t *content, size_t len)
{
	static const uint8_t update[] = {24, 0, 0, 1};

	if (mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_3 &&
		type == MBEDTLS_SSL_MSG_HANDSHAKE && len == 5 &&
		memcmp(content, update, sizeof(update)) == 0)
		EXPECT(mbedtls_ssl_tls13_update_keys(ssl, 0) == 0, "no keys");
}

/* Seals the next record of its input. Returns: false when there is none. */
static bool seal_record(struct client *client)
{
	struct input *in = client->records;
	uint8_t type = input_byte(in);
	size_t len = input_byte(in);

	if (in->left == 0 || client->meant_len + len > sizeof(client->meant))
		return false;
	if (len > in->left)
		len = in->left;
	client->ssl.MBEDTLS_PRIVATE(out_msgtype) = type;
	client->ssl.MBEDTLS_PRIVATE(out_msglen) = len;
	memcpy(client->ssl.MBEDTLS_PRIVATE(out_msg), in->at, len);
	if (type == MBEDTLS_SSL_MSG_APPLICATION_DATA) {
		memcpy(client->meant + client->meant_len, in->at, len);
		client->meant_len += len;
	}
	if (mbedtls_ssl_write_record(&client->ssl, 1) != 0)
		return false;
	follow_update(&client->ssl, type, in->at, len);
	in->at += len;
	in->left -= len;
	return true;
}

/* Does the handshake, sends its request and close_notify, and reads. Returns: whether it wrote data. */
static bool client_turn(struct client *client)
{
	unsigned char received[64];
	int got, sent;

	if (client->state == MBEDTLS_ERR_SSL_WANT_READ)
		client->state = mbedtls_ssl_handshake(&client->ssl);
	if (client->state != 0)
		return false;
	got = mbedtls_ssl_read(&client->ssl, received, sizeof(received));
	if (client->keep != NULL && !client->kept &&
		(got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET ||
			mbedtls_ssl_get_version_number(&client->ssl) == MBEDTLS_SSL_VERSION_TLS1_2))
		client->kept = mbedtls_ssl_get_session(&client->ssl, client->keep) == 0;
	if (client->records != NULL)
		return seal_record(client);
	if (client->wrote == strlen(said))
		return false;
	sent = mbedtls_ssl_write(&client->ssl, (const unsigned char *)said + client->wrote,
		strlen(said) - client->wrote);
	if (sent > 0)
		client->wrote += (size_t)sent;
	if (client->wrote == strlen(said))
		mbedtls_ssl_close_notify(&client->ssl);
	return sent > 0;
}

static void expect_truth(
	const struct way *way, const struct client *client, enum manner manner, const char *subject)
{
	if (client->records != NULL) {
		EXPECT(front.len <= client->meant_len &&
				memcmp(front.taken, client->meant, front.len) == 0,
			"%zu bytes that nobody sent", front.len);
		return;
	}
	EXPECT(front.len <= client->wrote && memcmp(front.taken, said, front.len) == 0,
		"%zu bytes that nobody sent", front.len);
	if (manner == INTRUDER)
		EXPECT(!front.handshake_over, "somebody without a certificate");
	else if (!way->edited)
		EXPECT(front.handshake_over && front.ended && front.len == strlen(said), "%d %zu",
			client->state, front.len);
	if (front.handshake_over)
		EXPECT(strcmp(subject, manner == KNOWN ? client_subject : "") == 0, "%s", subject);
}

/* way: with its edits; the ends of its pairs are filled in here */
static void meet(struct way *way, mbedtls_ssl_protocol_version highest, enum manner manner,
	mbedtls_ssl_session *keep, struct input *records)
{
	static struct client client;
	struct tls_description description;
	int ours[2], theirs[2];
	int idle = 0;

	client = (struct client){.keep = keep, .records = records};
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ours) == 0 &&
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, theirs) == 0,
		"no pair");
	way->from_client = theirs[1];
	way->to_server = ours[1];
	front_open(&front, manner < KNOWN ? open_server : strict_server, ours[0]);
	client_open(&client, highest, manner, theirs[0]);
	for (int turn = 0; idle < IDLE_TURNS; turn++) {
		bool moved = client_turn(&client);

		EXPECT(turn < TURNS, "a spin");
		moved |= way_turn(way);
		moved |= front_turn(&front);
		idle = moved ? 0 : idle + 1;
	}
	tls_session_describe(front.session, &description);
	expect_truth(way, &client, manner, description.subject);
	EXPECT(keep == NULL || client.kept, "no ticket");
	front_close(&front);
	client_close(&client);
	for (int i = 0; i < 2; i++) {
		close(ours[i]);
		close(theirs[i]);
	}
}

static void send_changed(struct input *in, mbedtls_ssl_protocol_version highest, enum manner manner)
{
	struct way way = {.piece = 1 + input_byte(in) * 8u};

	while (way.count < EDITS && in->left >= 4) {
		struct edit *edit = &way.edits[way.count++];

		edit->at = input_byte(in);
		edit->at = edit->at << 8 | input_byte(in);
		edit->kind = input_byte(in);
		edit->value = input_byte(in);
	}
	meet(&way, highest, manner, NULL, NULL);
}

static void send_sealed(struct input *in, mbedtls_ssl_protocol_version highest)
{
	struct way way = {.piece = 2048};

	meet(&way, highest, ANONYMOUS, NULL, in);
}

/* ---- start */

/* Makes the client's certificate. Returns: a file with it, for the strict server. */
static const char *make_client(void)
{
	static char path[64];
	char notice[TLS_NOTICE_SIZE];
	struct error err = {0};
	int fd = memfd_create("client", MFD_CLOEXEC);

	mbedtls_x509_crt_init(&client_chain);
	mbedtls_pk_init(&client_key);
	EXPECT(self_signed_make(&client_chain, &client_key, notice, &err) == 0, "%s", err.what);
	EXPECT(mbedtls_x509_dn_gets(client_subject, sizeof(client_subject), &client_chain.subject) >
			0,
		"no subject");
	EXPECT(write(fd, client_chain.raw.p, client_chain.raw.len) == (ssize_t)client_chain.raw.len,
		"no file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static struct tls_server *make_server(const char *client_ca)
{
	struct tls_files files = {
		.cert = "", .key = "", .client_ca = client_ca, .self_signed = true};
	char notice[TLS_NOTICE_SIZE];
	struct error err = {0};
	struct tls_server *server = tls_server_create(&files, notice, &err);

	EXPECT(server != NULL, "%s", err.what);
	return server;
}

/* And sees that it saves the server its certificate and proof. */
static void get_ticket(mbedtls_ssl_protocol_version version)
{
	struct way first = {.piece = 2048};
	struct way again = first;

	mbedtls_ssl_session_init(ticket_of(version));
	meet(&first, version, ANONYMOUS, ticket_of(version), NULL);
	meet(&again, version, RETURNING, NULL, NULL);
	EXPECT(again.answered + 300 < first.answered, "%zu after %zu bytes: nothing is resumed",
		again.answered, first.answered);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	open_server = make_server("");
	strict_server = make_server(make_client());
	get_ticket(MBEDTLS_SSL_VERSION_TLS1_2);
	get_ticket(MBEDTLS_SSL_VERSION_TLS1_3);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t kind = input_byte(&in);
	enum manner manner = kind / 3 % MANNERS;
	mbedtls_ssl_protocol_version highest =
		kind % 3 == 1 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2;

	random_state = 1;
	if (kind % 3 == 0)
		send_any(&in, manner < KNOWN ? open_server : strict_server);
	else if (kind >= SEALED)
		send_sealed(&in, highest);
	else
		send_changed(&in, highest, manner);
	return 0;
}
