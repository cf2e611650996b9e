#include "base/strbuf.h"

#include "base/hex.h"

#include <string.h>

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

void strbuf_add_unit(struct strbuf *text, const char *bytes, size_t len)
{
	if (len > text->size - text->len)
		text->truncated = true;
	else
		strbuf_add(text, bytes, len);
}

void strbuf_add_printable(struct strbuf *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && !text->truncated; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte >= 0x20 && byte < 0x7F && byte != '\\')
			strbuf_add(text, bytes + i, 1);
		else
			strbuf_add_unit(text,
				(const char[]){
					'\\', 'x', HEX_LOWER[byte >> 4], HEX_LOWER[byte & 15]},
				4);
	}
}
