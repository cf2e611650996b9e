#include "requests.h"

#include <string.h>
#include <strings.h>

struct cursor {
	const char *at, *end;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* tchar (RFC 9110, section 5.6.2) as a table of what is not: separators, controls, beyond ASCII. */
static bool is_token(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (at[i] <= ' ' || at[i] >= 0x7F || strchr("\"(),/:;<=>?@[\\]{}", at[i]) != NULL)
			return false;
	}
	return len > 0;
}

/* Returns: the line without its CRLF, cursor behind it; NULL if there is no whole one, or it has a NUL. */
static const char *take_line(struct cursor *in, size_t *len)
{
	const char *line = in->at;

	for (const char *c = line; c < in->end; c++) {
		if (*c == '\n' || *c == '\0')
			return NULL;
		if (*c != '\r')
			continue;
		if (c + 1 == in->end || c[1] != '\n')
			return NULL;
		*len = (size_t)(c - line);
		in->at = c + 2;
		return line;
	}
	return NULL;
}

static bool take_request_line(struct cursor *in, struct seen_request *seen)
{
	size_t len = 0;
	const char *start = in->at;
	const char *line = take_line(in, &len);
	const char *space;

	if (line != NULL && len == 0) {
		start = in->at;
		line = take_line(in, &len);
	}
	space = memchr(start, ' ', (size_t)(in->end - start));
	seen->method = start;
	seen->method_len = space != NULL ? (size_t)(space - start) : 0;
	if (line == NULL || space == NULL || seen->method_len >= len)
		return false;
	seen->target = space + 1;
	len -= seen->method_len + 1;
	space = memchr(seen->target, ' ', len);
	if (space == NULL || space == seen->target)
		return false;
	seen->target_len = (size_t)(space - seen->target);
	len -= seen->target_len + 1;
	if (len != 8 || memcmp(space + 1, "HTTP/1.", 7) != 0 || !is_digit(space[8]))
		return false;
	seen->old = space[8] == '0';
	return is_token(seen->method, seen->method_len);
}

/* What the fields of one header say together. */
struct framing {
	unsigned hosts, lengths, codings;
	uint64_t length;
	bool close, keep_alive;
};

static bool is_word(const char *at, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(at, word, len) == 0;
}

static bool take_length(const char *value, size_t len, uint64_t *length)
{
	*length = 0;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(value[i]) || *length > (UINT64_MAX - 9) / 10)
			return false;
		*length = *length * 10 + (uint64_t)(value[i] - '0');
	}
	return len > 0;
}

/* Is word in this list (RFC 9110, section 5.6.1)? */
static bool has_word(const char *value, size_t len, const char *word)
{
	const char *end = value + len;

	while (value < end) {
		const char *comma = memchr(value, ',', (size_t)(end - value));
		const char *stop = comma != NULL ? comma : end;
		const char *last = stop;

		while (value < last && (*value == ' ' || *value == '\t'))
			value++;
		while (last > value && (last[-1] == ' ' || last[-1] == '\t'))
			last--;
		if (is_word(value, (size_t)(last - value), word))
			return true;
		value = comma != NULL ? comma + 1 : end;
	}
	return false;
}

/* uri-host [":" port] by what it may consist of; which byte stands where is the screen's to say. */
static bool is_host(const char *value, size_t len, bool *plain)
{
	*plain = true;
	for (size_t i = 0; i < len; i++) {
		if (value[i] <= ' ' || value[i] >= 0x7F ||
			strchr("\"#/<>?@\\^`{|}", value[i]) != NULL)
			return false;
		*plain &= value[i] >= 'a' && value[i] <= 'z';
	}
	return true;
}

static bool note_field(const char *line, size_t len, struct seen_request *seen, struct framing *all)
{
	const char *colon = memchr(line, ':', len);
	const char *value = colon;
	size_t name_len;
	size_t value_len;

	if (colon == NULL || !is_token(line, (size_t)(colon - line)))
		return false;
	name_len = (size_t)(colon - line);
	value++;
	value_len = len - name_len - 1;
	while (value_len > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		value_len--;
	}
	while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
		value_len--;
	for (size_t i = 0; i < value_len; i++) {
		unsigned char c = (unsigned char)value[i];

		if ((c < ' ' && c != '\t') || c == 0x7F)
			return false;
	}
	seen->fields++;
	if (is_word(line, name_len, "Host")) {
		all->hosts++;
		return is_host(value, value_len, &seen->plain_host);
	}
	if (is_word(line, name_len, "Content-Length")) {
		all->lengths++;
		return take_length(value, value_len, &all->length);
	}
	if (is_word(line, name_len, "Transfer-Encoding")) {
		all->codings++;
		return is_word(value, value_len, "chunked");
	}
	if (is_word(line, name_len, "Connection")) {
		all->close |= has_word(value, value_len, "close");
		all->keep_alive |= has_word(value, value_len, "keep-alive");
	}
	if (is_word(line, name_len, "Expect"))
		seen->expects = true;
	return true;
}

static bool take_fields(struct cursor *in, struct seen_request *seen, struct framing *all)
{
	for (;;) {
		size_t len;
		const char *line = take_line(in, &len);

		if (line == NULL)
			return false;
		if (len == 0)
			break;
		if (!note_field(line, len, seen, all))
			return false;
	}
	if (all->hosts > 1 || (all->hosts == 0 && !seen->old))
		return false;
	return all->lengths + all->codings <= 1 && !(seen->old && all->codings > 0);
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t skip_blanks(const char *line, size_t len, size_t i)
{
	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	return i;
}

static size_t skip_token(const char *line, size_t len, size_t i)
{
	while (i < len && is_token(line + i, 1))
		i++;
	return i;
}

/* A quoted string that begins at i. Returns: the position behind it, 0 for none. */
static size_t skip_quoted(const char *line, size_t len, size_t i)
{
	bool escaped = false;

	for (i++; i < len; i++) {
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7F)
			return 0;
		if (!escaped && line[i] == '"')
			return i + 1;
		escaped = !escaped && line[i] == '\\';
	}
	return 0;
}

/* chunk-ext (RFC 9112, section 7.1.1), from i to the line's end. */
static bool is_extension(const char *line, size_t len, size_t i)
{
	while (i < len) {
		size_t name;
		size_t value;

		i = skip_blanks(line, len, i);
		if (i == len || line[i] != ';')
			return false;
		name = skip_blanks(line, len, i + 1);
		i = skip_token(line, len, name);
		if (i == name)
			return false;
		value = skip_blanks(line, len, i);
		if (value == len || line[value] != '=')
			continue;
		value = skip_blanks(line, len, value + 1);
		i = value < len && line[value] == '"' ? skip_quoted(line, len, value)
						      : skip_token(line, len, value);
		if (i <= value)
			return false;
	}
	return true;
}

/* chunked-body (RFC 9112, section 7.1). Returns: whether it is all there and right. */
static bool take_chunks(struct cursor *in, struct seen_request *seen)
{
	size_t len;
	const char *line;

	for (;;) {
		uint64_t size = 0;
		size_t i = 0;

		line = take_line(in, &len);
		if (line == NULL)
			return false;
		for (; i < len && hex(line[i]) >= 0; i++) {
			if (size > UINT64_MAX >> 4)
				return false;
			size = size << 4 | (uint64_t)hex(line[i]);
		}
		if (i == 0 || !is_extension(line, len, i))
			return false;
		if (size == 0)
			break;
		if (size > (uint64_t)(in->end - in->at)) {
			seen->body_bytes += (uint64_t)(in->end - in->at);
			return false;
		}
		seen->body_bytes += size;
		in->at += size;
		line = take_line(in, &len);
		if (line == NULL || len != 0)
			return false;
	}
	do {
		line = take_line(in, &len);
		if (line == NULL)
			return false;
		/* Trailers are dropped unseen: their names may be anything. */
		if (len > 0 && (line[0] == ' ' || line[0] == '\t' || line[0] == ':' ||
				       memchr(line, ':', len) == NULL))
			return false;
		seen->trailers |= len > 0;
	} while (len > 0);
	return true;
}

size_t requests_read(const char *stream, size_t len, struct seen_request *seen, size_t max)
{
	struct cursor in = {stream, stream + len};
	size_t count = 0;

	while (count < max) {
		struct seen_request *now = &seen[count];
		struct framing all = {0};
		const char *start = in.at;

		*now = (struct seen_request){0};
		if (!take_request_line(&in, now) || !take_fields(&in, now, &all))
			break;
		count++;
		now->head_len = (size_t)(in.at - start);
		now->last = all.close || (now->old && !all.keep_alive);
		if (all.codings > 0) {
			now->whole = take_chunks(&in, now);
		} else {
			now->whole = all.length <= (uint64_t)(in.end - in.at);
			now->body_bytes = now->whole ? all.length : (uint64_t)(in.end - in.at);
			in.at += now->body_bytes;
		}
		if (!now->whole || now->last)
			break;
	}
	return count;
}
