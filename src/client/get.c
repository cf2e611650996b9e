#include "client/get.h"

#include "client/client.h"
#include "client/deadline.h"
#include "client/download.h"
#include "http/url.h"

#include <stddef.h>
#include <string.h>

#define REDIRECTS_MAX 5
#define HOUR_MS	      INT64_C(3600000)

#define FIELD(name) .offset = offsetof(struct get, name)

static const struct flag flags[] = {
	{"-L", NULL, FLAG_BOOL, FIELD(follow), "false", NULL,
		"follow redirects, at most 5; never from https to http", "want true or false"},
	{"-i", NULL, FLAG_BOOL, FIELD(headers), "false", NULL,
		"write the response's header before its body", "want true or false"},
	{"-o", NULL, FLAG_TEXT, FIELD(output), "", "FILE",
		"write to a file, which is replaced when the body is complete", "want a file"},
	{"-ca", "SSL_CERT_FILE", FLAG_TEXT, FIELD(ca), "/etc/ssl/certs/ca-certificates.crt", "FILE",
		"trust the authorities of this PEM bundle", "want a file"},
	{"-idle-timeout", NULL, FLAG_DURATION, FIELD(idle_timeout_ms), "30s", "DURATION",
		"time limit of each wait for the server; 0 means no limit",
		"want a duration such as 300ms, 1.5s or 2m, from 0 to 1h", .max = HOUR_MS},
	{"-timeout", NULL, FLAG_DURATION, FIELD(timeout_ms), "0s", "DURATION",
		"time limit of the whole command; 0 means no limit",
		"want a duration such as 300ms, 1.5s or 2m, from 0 to 24h", .max = 24 * HOUR_MS},
};

static const size_t flag_count = sizeof(flags) / sizeof(flags[0]);

int get_parse(int argc, char *const *argv, flag_lookup *lookup, struct get *get, struct error *err)
{
	struct url url;
	int used = 0;
	int result = flags_parse(flags, flag_count, argc, argv, lookup, get, &used, err);

	if (result != 0)
		return result;
	if (used == argc)
		return error_set(err, 0, "get", NULL, "no URL", "want hello get [flags] URL");
	if (used + 1 < argc)
		return error_set(err, 0, NULL, argv[used + 1], "unexpected argument",
			"want one URL, after the flags");
	if (*get->ca == '\0') /* the variable is set, but empty */
		get->ca = flags[3].initial;
	get->url = argv[used];
	return url_parse(get->url, &url, err);
}

void get_write_usage(struct strbuf *out)
{
	flags_write_usage(flags, flag_count, out);
}

/* Returns: whether the response is a redirect (RFC 9110, section 15.4). */
static bool is_redirect(const struct response *response)
{
	unsigned status = response->status;

	return response->location != NULL &&
	       (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

/* The current URL. */
struct location {
	char text[8192]; /* common servers' limit of a request line */
	struct url url;
};

/* Moves *location to the response's Location. Returns: 0, or -1 with *err filled. */
static int follow_redirect(
	struct location *location, const struct response *response, struct error *err)
{
	static char storage[sizeof(location->text)];
	struct strbuf next = STRBUF_OVER(storage);
	bool secure = location->url.secure;

	next.size--;
	url_resolve(&location->url, response->location, response->location_len, &next);
	if (next.truncated)
		return error_set(err, 0, "redirect", NULL, "URL too long", NULL);
	memcpy(location->text, storage, next.len);
	location->text[next.len] = '\0';
	if (url_parse(location->text, &location->url, err) != 0)
		return -1;
	if (secure && !location->url.secure)
		return error_set(err, 0, "redirect", location->text, "from https to http",
			"request that URL directly to allow it");
	return 0;
}

/* Opens the first response that is no redirect to follow. Returns: 0, or -1 with *err filled. */
static int open_response(
	const struct get *get, struct location *location, struct client *client, struct error *err)
{
	const struct client_settings settings = {.agent = "hello/" HELLO_VERSION,
		.ca = get->ca,
		.idle_timeout_ms = get->idle_timeout_ms};

	for (unsigned redirects = 0;; redirects++) {
		int result;

		if (client_open(client, &location->url, &settings, err) != 0)
			return -1;
		if (!get->follow || !is_redirect(&client->response))
			return 0;
		result = redirects < REDIRECTS_MAX
				 ? follow_redirect(location, &client->response, err)
				 : error_set(err, 0, "redirect", location->text,
					   "too many redirects", "at most 5 are followed");
		client_close(client);
		if (result != 0)
			return -1;
	}
}

/* Writes header and body as the flags say. Returns: 0, or -1 with *err filled. */
static int copy(
	const struct get *get, struct client *client, struct download *to, struct error *err)
{
	const char *piece;
	ssize_t len = 0;

	if (get->headers && download_write(to, client->bytes, client->header_len, err) != 0)
		return -1;
	while ((len = client_read_body(client, &piece, err)) > 0) {
		if (download_write(to, piece, (size_t)len, err) != 0)
			return -1;
	}
	return len == 0 ? 0 : -1;
}

/* Returns: 0 for 2xx, or -1 with *err filled. */
static int check_status(const struct get *get, const struct response *response, struct error *err)
{
	static char status[128];
	struct strbuf text = STRBUF_OVER(status);

	if (response->status >= 200 && response->status <= 299)
		return 0;
	text.size--;
	strbuf_add(&text, response->status_text, response->status_len);
	status[text.len] = '\0';
	return error_set(err, 0, "response", status, "not 2xx",
		is_redirect(response) && !get->follow ? "-L follows redirects" : NULL);
}

int get_run(const struct get *get, struct error *err)
{
	static struct client client;
	static struct download to;
	static struct location location;
	struct strbuf text = STRBUF_OVER(location.text);
	int status;
	int result;

	text.size--;
	strbuf_add_string(&text, get->url);
	if (text.truncated)
		return error_set(err, 0, "URL", NULL, "too long", "want at most 8191 bytes");
	if (url_parse(location.text, &location.url, err) != 0)
		return -1;
	if (get->timeout_ms > 0)
		deadline_set(get->timeout_ms, "hello: get: timed out\n");
	if (open_response(get, &location, &client, err) != 0)
		return -1;
	status = check_status(get, &client.response, err);
	if (status != 0 && *get->output != '\0') {
		client_close(&client);
		return -1;
	}
	result = download_open(&to, *get->output != '\0' ? get->output : NULL, err);
	if (result == 0) {
		result = copy(get, &client, &to, err);
		if (download_close(&to, result == 0, result == 0 ? err : NULL) != 0)
			result = -1;
	}
	client_close(&client);
	return result != 0 ? -1 : status;
}
