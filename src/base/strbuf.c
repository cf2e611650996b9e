#include "base/strbuf.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

void strbuf_add(struct strbuf *text, const char *bytes, size_t len)
{
	size_t room = text->size - text->len;

	if (len > room) {
		len = room;
		text->truncated = true;
	}
	if (len > 0)
		memcpy(text->data + text->len, bytes, len);
	text->len += len;
}

void strbuf_add_string(struct strbuf *text, const char *string)
{
	strbuf_add(text, string, strlen(string));
}

void strbuf_add_unsigned(struct strbuf *text, uint64_t number, unsigned digits)
{
	char buffer[20]; /* UINT64_MAX has 20 digits */
	size_t at = sizeof(buffer);

	do {
		buffer[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (at > 0 && sizeof(buffer) - at < digits)
		buffer[--at] = '0';
	strbuf_add(text, buffer + at, sizeof(buffer) - at);
}

/*
 * Returns: the length (1 to 4) of the well-formed UTF-8 sequence at the start of
 * bytes, or 0 if there is none. Overlong forms and surrogates are refused by the
 * bounds on the second byte (RFC 3629, section 4).
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

/* Appends a whole escape or nothing, so that cut text is never half an escape. */
static void add_whole(struct strbuf *text, const char *bytes, size_t len)
{
	if (len > text->size - text->len)
		text->truncated = true;
	else
		strbuf_add(text, bytes, len);
}

void strbuf_add_json(struct strbuf *text, const char *bytes, size_t len)
{
	const unsigned char *at = (const unsigned char *)bytes;

	while (len > 0 && !text->truncated) {
		size_t used = utf8_length(at, len);

		if (used == 0) {
			add_whole(text, "\\ufffd", 6);
			used = 1;
		} else if (*at == '"' || *at == '\\') {
			add_whole(text, (const char[]){'\\', (char)*at}, 2);
		} else if (*at < 0x20 || *at == 0x7F) {
			/* DEL is legal in JSON and still drives terminals. */
			add_whole(text,
				(const char[]){'\\', 'u', '0', '0', hex_digits[*at >> 4],
					hex_digits[*at & 15]},
				6);
		} else {
			add_whole(text, (const char *)at, used);
		}
		at += used;
		len -= used;
	}
}

void strbuf_add_printable(struct strbuf *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && !text->truncated; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte >= 0x20 && byte < 0x7F && byte != '\\')
			strbuf_add(text, bytes + i, 1);
		else
			add_whole(text,
				(const char[]){
					'\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15]},
				4);
	}
}
