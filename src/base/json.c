#include "base/json.h"

#include "base/hex.h"

#include <stdbool.h>

/*
 * Returns: the length (1 to 4) of the well-formed UTF-8 sequence at the start of
 * bytes, or 0 if there is none. The bounds of the second byte exclude overlong forms and surrogates
 * (RFC 3629, section 4).
 */
static size_t utf8_length(const unsigned char *bytes, size_t len)
{
	unsigned char lead = bytes[0];
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t need;

	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		need = 2;
	else if (lead >= 0xE0 && lead <= 0xEF)
		need = 3;
	else if (lead >= 0xF0 && lead <= 0xF4)
		need = 4;
	else
		return 0;
	if (need > len)
		return 0;
	if (lead == 0xE0)
		low = 0xA0;
	else if (lead == 0xED)
		high = 0x9F;
	else if (lead == 0xF0)
		low = 0x90;
	else if (lead == 0xF4)
		high = 0x8F;
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
	}
	return need;
}

void json_add_escaped(struct strbuf *out, const char *bytes, size_t len)
{
	const unsigned char *at = (const unsigned char *)bytes;

	while (len > 0 && !out->truncated) {
		size_t used = utf8_length(at, len);

		if (used == 0) {
			strbuf_add_unit(out, "\\ufffd", 6);
			used = 1;
		} else if (*at == '"' || *at == '\\') {
			strbuf_add_unit(out, (const char[]){'\\', (char)*at}, 2);
		} else if (*at < 0x20 || *at == 0x7F) {
			/* JSON allows DEL, but it controls terminals. */
			strbuf_add_unit(out,
				(const char[]){'\\', 'u', '0', '0', HEX_LOWER[*at >> 4],
					HEX_LOWER[*at & 15]},
				6);
		} else {
			strbuf_add_unit(out, (const char *)at, used);
		}
		at += used;
		len -= used;
	}
}

void json_add_string(struct strbuf *out, const char *bytes, size_t len)
{
	strbuf_add_string(out, "\"");
	json_add_escaped(out, bytes, len);
	strbuf_add_string(out, "\"");
}

void json_add_key(struct strbuf *out, const char *key)
{
	bool first = out->len == 0 || out->data[out->len - 1] == '{' ||
		     out->data[out->len - 1] == '[';

	strbuf_add_string(out, first ? "\"" : ",\"");
	strbuf_add_string(out, key);
	strbuf_add_string(out, "\":");
}
