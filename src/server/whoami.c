#include "server/whoami.h"
#include "base/json.h"
#include "tls/tls.h"

#include <string.h>

static void add_member(struct strbuf *out, const char *start, const char *value, size_t len)
{
	strbuf_add_string(out, start);
	strbuf_add_string(out, "\"");
	json_add_escaped(out, value, len);
	strbuf_add_string(out, "\"");
}

/* NULL and "" mean that there is none. */
static void add_optional(struct strbuf *out, const char *start, const char *value)
{
	if (value != NULL && *value != '\0') {
		add_member(out, start, value, strlen(value));
	} else {
		strbuf_add_string(out, start);
		strbuf_add_string(out, "null");
	}
}

static void add_tls(struct strbuf *out, const struct tls_description *tls)
{
	strbuf_add_string(out, ",\"tls\":");
	if (tls == NULL) {
		strbuf_add_string(out, "null");
		return;
	}
	add_optional(out, "{\"version\":", tls->version);
	add_optional(out, ",\"cipher\":", tls->cipher);
	add_optional(out, ",\"server_name\":", tls->server_name);
	add_optional(out, ",\"alpn\":", tls->alpn);
	add_optional(out, ",\"client_subject\":", tls->subject);
	strbuf_add_string(out, "}");
}

void whoami_begin(const struct whoami *who, struct strbuf *out)
{
	add_member(out, "{\"hostname\":", who->hostname, strlen(who->hostname));
	add_member(out, ",\"remote\":", who->remote, strlen(who->remote));
	add_member(out, ",\"method\":", who->method, strlen(who->method));
	add_member(out, ",\"target\":", who->target, who->target_len);
	add_member(out, ",\"protocol\":", who->protocol, strlen(who->protocol));
	add_tls(out, who->tls);
	strbuf_add_string(out, ",\"headers\":[");
}

void whoami_add_header(struct strbuf *out, const char *name, const char *value, size_t value_len)
{
	if (out->len > 0 && out->data[out->len - 1] == '}')
		strbuf_add_string(out, ",");
	add_member(out, "{\"name\":", name, strlen(name));
	add_member(out, ",\"value\":", value, value_len);
	strbuf_add_string(out, "}");
}

void whoami_end(struct strbuf *out)
{
	strbuf_add_string(out, "]}\n");
}
