#include "whoami.h"

#include <string.h>

static void add_member(struct text *out, const char *start, const char *value, size_t len)
{
	text_add_string(out, start);
	text_add_string(out, "\"");
	text_add_json(out, value, len);
	text_add_string(out, "\"");
}

void whoami_begin(const struct whoami *who, struct text *out)
{
	add_member(out, "{\"hostname\":", who->hostname, strlen(who->hostname));
	add_member(out, ",\"remote\":", who->remote, strlen(who->remote));
	add_member(out, ",\"method\":", who->method, strlen(who->method));
	add_member(out, ",\"target\":", who->target, who->target_len);
	add_member(out, ",\"protocol\":", who->protocol, strlen(who->protocol));
	text_add_string(out, ",\"tls\":null,\"headers\":[");
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
