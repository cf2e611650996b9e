#include "json.h"

#include <stdint.h>
#include <string.h>

struct reader {
	const unsigned char *at, *end;
};

/* Returns: bytes written; a surrogate is written like any number: the reader refuses it. */
static size_t encode_utf8(uint32_t point, unsigned char *out)
{
	if (point < 0x80) {
		out[0] = (unsigned char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (unsigned char)(0xC0 | point >> 6);
		out[1] = (unsigned char)(0x80 | (point & 0x3F));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (unsigned char)(0xE0 | point >> 12);
		out[1] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
		out[2] = (unsigned char)(0x80 | (point & 0x3F));
		return 3;
	}
	out[0] = (unsigned char)(0xF0 | point >> 18);
	out[1] = (unsigned char)(0x80 | (point >> 12 & 0x3F));
	out[2] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
	out[3] = (unsigned char)(0x80 | (point & 0x3F));
	return 4;
}

/*
 * Decodes by bits alone, then encodes again: only the one right form comes out as it went in.
 * Returns: bytes of the sequence at the start, 0 if it is none.
 */
static size_t sequence_length(const unsigned char *at, size_t len)
{
	static const struct {
		unsigned char mask, bits;
	} leads[] = {{0x80, 0x00}, {0xE0, 0xC0}, {0xF0, 0xE0}, {0xF8, 0xF0}};

	for (size_t more = 0; more < 4 && more < len; more++) {
		uint32_t point = at[0] & (unsigned char)~leads[more].mask;
		unsigned char again[4];

		if ((at[0] & leads[more].mask) != leads[more].bits)
			continue;
		for (size_t i = 1; i <= more; i++)
			point = point << 6 | (at[i] & 0x3F);
		if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
			return 0;
		return encode_utf8(point, again) == more + 1 && memcmp(again, at, more + 1) == 0
			       ? more + 1
			       : 0;
	}
	return 0;
}

size_t json_representable(const char *bytes, size_t len, char *out)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t used = 0;

	while (len > 0) {
		size_t step = sequence_length(at, len);

		memcpy(out + used, step > 0 ? (const char *)at : "\xEF\xBF\xBD",
			step > 0 ? step : 3);
		used += step > 0 ? step : 3;
		step = step > 0 ? step : 1;
		at += step;
		len -= step;
	}
	return used;
}

static void skip_space(struct reader *in)
{
	while (in->at < in->end && memchr(" \t\r\n", *in->at, 4) != NULL)
		in->at++;
}

static bool take(struct reader *in, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0)
		return false;
	in->at += len;
	return true;
}

/* Returns: 0 to 0xFFFF, or -1. */
static long take_hex4(struct reader *in)
{
	long value = 0;

	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *found =
			in->at < in->end && *in->at != '\0' ? strchr(digits, *in->at) : NULL;

		if (found == NULL)
			return -1;
		value = value << 4 | (found - digits) % 16;
		in->at++;
	}
	return value;
}

/* Behind "\u". Returns: bytes written to out, 0 if it is no character. */
static size_t take_unicode(struct reader *in, unsigned char *out)
{
	long high = take_hex4(in);
	long low;

	if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF))
		return 0;
	if (high < 0xD800 || high > 0xDBFF)
		return encode_utf8((uint32_t)high, out);
	if (!take(in, "\\u"))
		return 0;
	low = take_hex4(in);
	if (low < 0xDC00 || low > 0xDFFF)
		return 0;
	return encode_utf8(
		0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00), out);
}

/* Returns: bytes of one character of a string, decoded to out; 0 if it is none. */
static size_t take_character(struct reader *in, unsigned char *out)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *found;
	size_t used;

	if (*in->at < 0x20 || *in->at == 0x7F)
		return 0;
	if (*in->at != '\\') {
		used = sequence_length(in->at, (size_t)(in->end - in->at));
		memcpy(out, in->at, used);
		in->at += used;
		return used;
	}
	in->at++;
	if (in->at == in->end || *in->at == '\0')
		return 0;
	if (*in->at == 'u') {
		in->at++;
		return take_unicode(in, out);
	}
	found = strchr(escapes, *in->at);
	if (found == NULL)
		return 0;
	in->at++;
	out[0] = (unsigned char)meanings[found - escapes];
	return 1;
}

/* value may be NULL. *len: its bytes, or -1 when they are more than size. */
static bool take_string(struct reader *in, char *value, size_t size, long *len)
{
	size_t used = 0;
	bool fits = true;

	if (!take(in, "\""))
		return false;
	while (in->at < in->end && *in->at != '"') {
		unsigned char bytes[4];
		size_t count = take_character(in, bytes);

		if (count == 0)
			return false;
		if (value != NULL && count <= size - used)
			memcpy(value + used, bytes, count);
		else
			fits = false;
		used += fits ? count : 0;
	}
	*len = fits ? (long)used : -1;
	return take(in, "\"");
}

static bool take_digits(struct reader *in)
{
	const unsigned char *start = in->at;

	while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
		in->at++;
	return in->at > start;
}

static bool take_number(struct reader *in)
{
	take(in, "-");
	if (!take(in, "0") && !take_digits(in))
		return false;
	if (take(in, ".") && !take_digits(in))
		return false;
	if (take(in, "e") || take(in, "E")) {
		if (!take(in, "+"))
			take(in, "-");
		return take_digits(in);
	}
	return true;
}

static bool take_value(struct reader *in, int depth)
{
	bool object = false;
	long ignored;

	if (depth > 16 || in->at == in->end)
		return false;
	if (*in->at == '"')
		return take_string(in, NULL, 0, &ignored);
	if (take(in, "true") || take(in, "false") || take(in, "null"))
		return true;
	object = take(in, "{");
	if (!object && !take(in, "["))
		return take_number(in);
	skip_space(in);
	if (take(in, object ? "}" : "]"))
		return true;
	do {
		skip_space(in);
		if (object) {
			if (!take_string(in, NULL, 0, &ignored))
				return false;
			skip_space(in);
			if (!take(in, ":"))
				return false;
			skip_space(in);
		}
		if (!take_value(in, depth + 1))
			return false;
		skip_space(in);
	} while (take(in, ","));
	return take(in, object ? "}" : "]");
}

bool json_is_valid(const char *text, size_t len)
{
	struct reader in = {(const unsigned char *)text, (const unsigned char *)text + len};

	skip_space(&in);
	if (!take_value(&in, 0))
		return false;
	skip_space(&in);
	return in.at == in.end;
}

long json_member(const char *text, size_t len, const char *name, char *value, size_t size)
{
	struct reader in = {(const unsigned char *)text, (const unsigned char *)text + len};

	skip_space(&in);
	if (!take(&in, "{"))
		return -1;
	do {
		char key[64];
		long key_len;
		const unsigned char *start;
		long found;

		skip_space(&in);
		if (!take_string(&in, key, sizeof(key), &key_len))
			return -1;
		skip_space(&in);
		if (!take(&in, ":"))
			return -1;
		skip_space(&in);
		start = in.at;
		if (key_len != (long)strlen(name) || memcmp(key, name, strlen(name)) != 0) {
			if (!take_value(&in, 0))
				return -1;
		} else if (in.at < in.end && *in.at == '"') {
			return take_string(&in, value, size, &found) ? found : -1;
		} else {
			if (!take_value(&in, 0) || (size_t)(in.at - start) > size)
				return -1;
			memcpy(value, start, (size_t)(in.at - start));
			return in.at - start;
		}
		skip_space(&in);
	} while (take(&in, ","));
	return -1;
}
