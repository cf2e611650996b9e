#include "whoami.h"

#include <string.h>

static void add_member(struct text *out, const char *start, const char *value, size_t len)
{
	text_add_string(out, start);
	text_add_string(out, "\"");
	text_add_json(out, value, len);
	text_add_string(out, "\"");
}

/* NULL and "" mean that there is none. */
static void add_optional(struct text *out, const char *start, const char *value)
{
	if (value != NULL && *value != '\0') {
		add_member(out, start, value, strlen(value));
	} else {
		text_add_string(out, start);
		text_add_string(out, "null");
	}
}

static void add_tls(struct text *out, const struct tls_description *tls)
{
	text_add_string(out, ",\"tls\":");
	if (tls == NULL) {
		text_add_string(out, "null");
		return;
	}
	add_optional(out, "{\"version\":", tls->version);
	add_optional(out, ",\"cipher\":", tls->cipher);
	add_optional(out, ",\"server_name\":", tls->server_name);
	add_optional(out, ",\"alpn\":", tls->alpn);
	add_optional(out, ",\"client_subject\":", tls->subject);
	text_add_string(out, "}");
}

void whoami_begin(const struct whoami *who, struct text *out)
{
	add_member(out, "{\"hostname\":", who->hostname, strlen(who->hostname));
	add_member(out, ",\"remote\":", who->remote, strlen(who->remote));
	add_member(out, ",\"method\":", who->method, strlen(who->method));
	add_member(out, ",\"target\":", who->target, who->target_len);
	add_member(out, ",\"protocol\":", who->protocol, strlen(who->protocol));
	add_tls(out, who->tls);
	text_add_string(out, ",\"headers\":[");
}

void whoami_add_header(struct text *out, const char *name, const char *value, size_t value_len)
{
	if (out->len > 0 && out->data[out->len - 1] == '}')
		text_add_string(out, ",");
	add_member(out, "{\"name\":", name, strlen(name));
	add_member(out, ",\"value\":", value, value_len);
	text_add_string(out, "}");
}

void whoami_end(struct text *out)
{
	text_add_string(out, "]}\n");
}
