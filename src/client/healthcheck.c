#include "client/healthcheck.h"

#include "client/client.h"
#include "client/deadline.h"
#include "config/options.h"
#include "http/address.h"

#include <stddef.h>
#include <string.h>

static const struct flag flags[] = {
	{"-timeout", "HELLO_TIMEOUT", FLAG_DURATION, offsetof(struct healthcheck, timeout_ms), "3s",
		"DURATION", "time limit of the whole check",
		"want a duration such as 300ms, 1.5s or 2m, from 1ms to 1h", .min = 1,
		.max = 3600000},
	{"-ca", "SSL_CERT_FILE", FLAG_TEXT, .offset = offsetof(struct healthcheck, ca),
		"/etc/ssl/certs/ca-certificates.crt", "FILE",
		"trust the authorities of this PEM bundle", "want a file"},
};

static const size_t flag_count = sizeof(flags) / sizeof(flags[0]);

/* Fills *url with /healthz of the service that this environment configures. */
static int own_url(flag_lookup *lookup, struct url *url, struct error *err)
{
	struct options options;
	const char *addr;

	if (options_parse(0, NULL, lookup, &options, err) != 0)
		return -1;
	url->secure = *options.addr == '\0';
	addr = url->secure ? options.tls_addr : options.addr;
	if (address_split(addr, url->host, &url->port) != 0 || url->port == 0)
		return error_set(err, 0, url->secure ? "-tls-addr" : "-addr", addr,
			"port 0 is not a fixed port",
			"want a URL: hello healthcheck http://localhost:PORT/healthz");
	/* The unspecified addresses are for listening only; connect to the loopback instead. */
	if (strcmp(url->host, "0.0.0.0") == 0 || strcmp(url->host, "::") == 0)
		url->host[0] = '\0';
	url->path = "/healthz";
	return 0;
}

int healthcheck_parse(int argc, char *const *argv, flag_lookup *lookup, struct healthcheck *check,
	struct error *err)
{
	int used = 0;
	int result = flags_parse(flags, flag_count, argc, argv, lookup, check, &used, err);

	if (result != 0)
		return result;
	if (*check->ca == '\0') /* the variable is set, but empty */
		check->ca = flags[1].initial;
	check->own = used == argc;
	if (check->own)
		return own_url(lookup, &check->url, err);
	if (used + 1 < argc)
		return error_set(err, 0, NULL, argv[used + 1], "unexpected argument",
			"want one URL at most");
	return url_parse(argv[used], &check->url, err);
}

void healthcheck_write_usage(struct strbuf *out)
{
	flags_write_usage(flags, flag_count, out);
}

int healthcheck_run(const struct healthcheck *check, struct error *err)
{
	static struct client client;
	/*
	 * The certificate of the own service is unverified: over the loopback it proves nothing, and it
	 * may be self-signed or issued to a public name. The kubelet's probes do not verify it, either.
	 */
	const struct client_settings settings = {
		.agent = "hello-healthcheck/" HELLO_VERSION, .ca = check->own ? NULL : check->ca};
	unsigned status;

	deadline_set(check->timeout_ms, "hello: healthcheck: timed out\n");
	if (client_open(&client, &check->url, &settings, err) != 0)
		return -1;
	status = client.response.status;
	client_close(&client);
	if (status < 200 || status > 299)
		return error_set(
			err, 0, "healthcheck", NULL, "the response's status is not 2xx", NULL);
	return 0;
}
