#include "config/options.h"
#include "http/address.h"

#include <stddef.h>
#include <string.h>

#define ADDRESS_WANT  "want host:port, :port or [IPv6]:port with a port from 0 to 65535"
#define DURATION_WANT "want a duration such as 300ms, 1.5s or 2m"
#define HOUR_MS	      INT64_C(3600000)

/* In the order of enum log_format. */
static const char *const log_formats[] = {"text", "json", "off", NULL};

/* In the order of enum sandbox_mode. */
static const char *const sandbox_modes[] = {"auto", "require", "off", NULL};

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct flag flags[] = {
	{"-addr", "HELLO_ADDR", FLAG_ADDRESS, FIELD(addr), ":1234", "HOST:PORT",
		"address for HTTP; port 0 picks a free port; empty disables HTTP", ADDRESS_WANT},
	{"-tls-addr", "HELLO_TLS_ADDR", FLAG_ADDRESS, FIELD(tls_addr), "", "HOST:PORT",
		"address for HTTPS; empty disables HTTPS", ADDRESS_WANT},
	{"-tls-cert", "HELLO_TLS_CERT", FLAG_TEXT, FIELD(tls_cert), "", "FILE",
		"PEM certificate chain; reloaded on SIGHUP", "want a file"},
	{"-tls-key", "HELLO_TLS_KEY", FLAG_TEXT, FIELD(tls_key), "", "FILE",
		"PEM key of the certificate; reloaded on SIGHUP", "want a file"},
	{"-tls-self-signed", "HELLO_TLS_SELF_SIGNED", FLAG_BOOL, FIELD(tls_self_signed), "false",
		NULL, "create a self-signed P-256 certificate in memory", "want true or false"},
	{"-tls-client-ca", "HELLO_TLS_CLIENT_CA", FLAG_TEXT, FIELD(tls_client_ca), "", "FILE",
		"require client certificates signed by an authority of this PEM bundle",
		"want a file"},
	{"-text", "HELLO_TEXT", FLAG_TEXT, FIELD(text), "howdy", "TEXT", "response body of /",
		"want a text"},
	{"-log", "HELLO_LOG", FLAG_CHOICE, FIELD(log), "text", "FORMAT",
		"format of the request log: text, json or off", "want text, json or off",
		.choices = log_formats},
	{"-threads", "HELLO_THREADS", FLAG_COUNT, FIELD(threads), "0", "N",
		"event-loop threads of each listener; 0 means one for each usable CPU",
		"want a number from 0 to 256", .max = 256},
	{"-max-conns", "HELLO_MAX_CONNS", FLAG_COUNT, FIELD(max_conns), "1024", "N",
		"open connections of each listener; at the limit the slowest is evicted, or new "
		"ones wait",
		"want a number from 1 to 1000000", .min = 1, .max = 1000000},
	{"-max-conns-per-ip", "HELLO_MAX_CONNS_PER_IP", FLAG_COUNT, FIELD(max_conns_per_ip), "0",
		"N", "open connections of each client address; 0 means no limit",
		"want a number from 0 to 1000000", .max = 1000000},
	{"-read-header-timeout", "HELLO_READ_HEADER_TIMEOUT", FLAG_DURATION,
		FIELD(read_header_timeout_ms), "5s", "DURATION",
		"from the first byte of a request to the end of its header",
		DURATION_WANT ", from 1ms to 1h", .min = 1, .max = HOUR_MS},
	{"-read-timeout", "HELLO_READ_TIMEOUT", FLAG_DURATION, FIELD(read_timeout_ms), "60s",
		"DURATION", "from the end of the header to the end of the body",
		DURATION_WANT ", from 1ms to 1h", .min = 1, .max = HOUR_MS},
	{"-write-timeout", "HELLO_WRITE_TIMEOUT", FLAG_DURATION, FIELD(write_timeout_ms), "60s",
		"DURATION", "from the end of a request until the client has received the response",
		DURATION_WANT ", from 1ms to 1h", .min = 1, .max = HOUR_MS},
	{"-idle-timeout", "HELLO_IDLE_TIMEOUT", FLAG_DURATION, FIELD(idle_timeout_ms), "60s",
		"DURATION", "how long an idle connection is kept open",
		DURATION_WANT ", from 1ms to 1h", .min = 1, .max = HOUR_MS},
	{"-max-body", "HELLO_MAX_BODY", FLAG_SIZE, FIELD(max_body_bytes), "1MiB", "SIZE",
		"larger request bodies get 413",
		"want a size such as 512, 64KiB or 1MiB, up to 1024GiB", .max = INT64_C(1) << 40},
	{"-drain-delay", "HELLO_DRAIN_DELAY", FLAG_DURATION, FIELD(drain_delay_ms), "0s",
		"DURATION", "after SIGTERM: keep serving this long while /readyz returns 503",
		DURATION_WANT ", from 0 to 1h", .max = HOUR_MS},
	{"-shutdown-timeout", "HELLO_SHUTDOWN_TIMEOUT", FLAG_DURATION, FIELD(shutdown_timeout_ms),
		"10s", "DURATION", "then wait this long for requests in flight",
		DURATION_WANT ", from 0 to 1h", .max = HOUR_MS},
	{"-sandbox", "HELLO_SANDBOX", FLAG_CHOICE, FIELD(sandbox), "auto", "MODE",
		"give up files, privileges and system calls before serving: auto, require or off",
		"want auto, require or off", .choices = sandbox_modes},
	{"-trust-proxy", "HELLO_TRUST_PROXY", FLAG_BOOL, FIELD(trust_proxy), "false", NULL,
		"log X-Forwarded-For; only behind a proxy that sets it", "want true or false"},
};

static const size_t flag_count = sizeof(flags) / sizeof(flags[0]);

/* Takes PORT, which platforms set to digits alone. Returns: 0, or -1 with *err filled. */
static int take_port(const char *port, struct options *options, struct error *err)
{
	size_t len = strlen(port);

	if (len > 0 && len < sizeof(options->port_addr) - 1) {
		options->port_addr[0] = ':';
		memcpy(options->port_addr + 1, port, len + 1);
		if (strchr(port, ':') == NULL && address_check(options->port_addr) == 0) {
			options->addr = options->port_addr;
			return 0;
		}
	}
	return error_set(err, 0, "PORT", port, "invalid value", "want a port from 0 to 65535");
}

/* Checks which TLS flags are given together. Returns: 0, or -1 with *err filled. */
static int check_tls(const struct options *options, struct error *err)
{
	const bool cert = *options->tls_cert != '\0';
	const bool key = *options->tls_key != '\0';

	if (*options->tls_addr == '\0') {
		if (cert || key || options->tls_self_signed || *options->tls_client_ca != '\0')
			return error_set(err, 0, "-tls-addr", NULL,
				"missing, but other -tls flags are given", ADDRESS_WANT);
		return 0;
	}
	if (options->tls_self_signed && (cert || key))
		return error_set(err, 0, "-tls-self-signed", NULL,
			"given together with -tls-cert or -tls-key", "want one or the other");
	if (!options->tls_self_signed && !(cert && key))
		return error_set(err, 0, cert ? "-tls-key" : "-tls-cert", NULL,
			"missing for -tls-addr",
			"want -tls-cert and -tls-key, or -tls-self-signed");
	return 0;
}

int options_parse(int argc, char *const *argv, flag_lookup *lookup, struct options *options,
	struct error *err)
{
	const char *default_addr = flags[0].initial;
	const char *port = lookup("PORT");
	int used = 0;
	int result = flags_parse(flags, flag_count, argc, argv, lookup, options, &used, err);

	if (result != 0)
		return result;
	if (used < argc)
		return error_set(err, 0, NULL, argv[used], "unexpected argument",
			"hello serve -h prints the usage");
	/* The pointer of the table means that neither flag nor variable set an address. */
	if (options->addr == default_addr && port != NULL && *port != '\0' &&
		take_port(port, options, err) != 0)
		return -1;
	if (*options->addr == '\0' && *options->tls_addr == '\0')
		return error_set(err, 0, "-addr", "", "nothing to listen on",
			"want an address for -addr, -tls-addr or both");
	return check_tls(options, err);
}

void options_write_usage(struct strbuf *out)
{
	flags_write_usage(flags, flag_count, out);
}
