#include "http/response.h"

#include "base/hex.h"
#include "http/chars.h"

#include <string.h>

/* Limit of a line around the chunks. Extensions and trailers are ignored, so they need no more. */
#define LINE_MAX_BYTES 8192

/* States of the chunked coding (RFC 9112, section 7.1), in the order of a message. */
enum {
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_DATA,
	CHUNK_DATA_END,
	TRAILER,
};

/* Returns: -1 with *err filled. */
static int refuse(struct error *err, const char *what)
{
	return error_set(err, 0, "response", NULL, what, NULL);
}

/* Returns: 0, or -1 if the line is no status line (RFC 9112, section 4). */
static int read_status_line(const char *line, size_t len, struct response *response)
{
	static const char start[] = "HTTP/1.";

	/* "HTTP/1.1 200", then a space and a reason, which some servers omit. */
	if (len < 12 || memcmp(line, start, strlen(start)) != 0 || !char_is_digit(line[7]) ||
		line[8] != ' ' || (len > 12 && line[12] != ' '))
		return -1;
	response->status = 0;
	for (size_t i = 9; i < 12; i++) {
		if (!char_is_digit(line[i]))
			return -1;
		response->status = response->status * 10 + (unsigned)(line[i] - '0');
	}
	if (response->status < 100 || response->status > 599)
		return -1;
	response->status_text = line + 9;
	response->status_len = len - 9;
	return 0;
}

/*
 * again: a Content-Length came before, in *length
 * Returns: 0, or -1 if the value is no number or differs from *length (RFC 9112, section 6.3).
 */
static int read_length(const char *value, size_t len, bool again, uint64_t *length)
{
	uint64_t number = 0;

	if (len == 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!char_is_digit(value[i]) || number > (UINT64_MAX - 9) / 10)
			return -1;
		number = number * 10 + (uint64_t)(value[i] - '0');
	}
	if (again && number != *length)
		return -1;
	*length = number;
	return 0;
}

struct fields {
	bool has_length;
	bool has_coding;
	bool chunked; /* as the only coding */
};

/* Returns: 0, or -1 with *err filled. */
static int read_field(const char *line, size_t len, struct response *response,
	struct fields *fields, struct error *err)
{
	const char *colon = memchr(line, ':', len);
	const char *value;
	size_t name_len;
	size_t value_len;

	if (colon == NULL || colon == line)
		return refuse(err, "malformed header field");
	name_len = (size_t)(colon - line);
	value = colon + 1;
	value_len = len - name_len - 1;
	while (value_len > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		value_len--;
	}
	while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
		value_len--;
	if (chars_are_name(line, name_len, "Content-Length")) {
		if (read_length(value, value_len, fields->has_length, &response->left) != 0)
			return refuse(err, "invalid Content-Length");
		fields->has_length = true;
	} else if (chars_are_name(line, name_len, "Transfer-Encoding")) {
		fields->chunked =
			!fields->has_coding && chars_are_name(value, value_len, "chunked");
		fields->has_coding = true;
	} else if (chars_are_name(line, name_len, "Location")) {
		response->location = value;
		response->location_len = value_len;
	}
	return 0;
}

/* Returns: the length of the first line, without its end; *next is the next line, or the end. */
static size_t find_line(char *bytes, size_t len, char **next)
{
	const char *end = memchr(bytes, '\n', len);
	size_t line = end != NULL ? (size_t)(end - bytes) : len;

	*next = bytes + line + (end != NULL);
	return line - (end != NULL && line > 0 && bytes[line - 1] == '\r');
}

/* Replaces a line end before white space by spaces (RFC 9112, section 5.2). */
static void unfold(char *bytes, const char *end)
{
	for (char *at = bytes; at + 1 < end; at++) {
		if (*at == '\n' && (at[1] == ' ' || at[1] == '\t')) {
			*at = ' ';
			if (at > bytes && at[-1] == '\r')
				at[-1] = ' ';
		}
	}
}

/* Returns: the end of the header, after its empty line; NULL when it is not complete. */
static char *find_end(char *bytes, size_t len)
{
	char *end = bytes + len;
	char *at = bytes;

	while (at < end) {
		char *next;
		size_t line = find_line(at, (size_t)(end - at), &next);

		if (next[-1] != '\n')
			return NULL;
		if (line == 0 && at > bytes)
			return next;
		at = next;
	}
	return NULL;
}

/* Decides how the body ends (RFC 9112, section 6.3). Returns: 0, or -1 with *err filled. */
static int choose_framing(const struct fields *fields, struct response *response, struct error *err)
{
	if (response->status < 200 || response->status == 204 || response->status == 304) {
		response->framing = RESPONSE_LENGTH;
		response->left = 0;
	} else if (fields->has_coding) {
		if (!fields->chunked)
			return refuse(err, "unsupported Transfer-Encoding");
		response->framing = RESPONSE_CHUNKED;
		response->left = 0;
	} else {
		response->framing = fields->has_length ? RESPONSE_LENGTH : RESPONSE_UNTIL_CLOSE;
	}
	response->done = response->framing == RESPONSE_LENGTH && response->left == 0;
	return 0;
}

/* Returns: whether the bytes are the start of a status line, or may become one. */
static bool may_be_http(const char *bytes, size_t len)
{
	static const char start[] = "HTTP/1.";

	return memcmp(bytes, start, len < strlen(start) ? len : strlen(start)) == 0;
}

ptrdiff_t response_read_header(
	char *bytes, size_t len, struct response *response, struct error *err)
{
	struct fields fields = {0};
	char *end = find_end(bytes, len);
	char *at = bytes;
	char *next;
	size_t line;

	*response = (struct response){0};
	if (!may_be_http(bytes, len))
		return refuse(err, "not HTTP");
	if (end == NULL)
		return 0;
	if (memchr(bytes, '\0', (size_t)(end - bytes)) != NULL)
		return refuse(err, "NUL in the header");
	line = find_line(at, (size_t)(end - at), &next);
	if (read_status_line(at, line, response) != 0)
		return refuse(err, "not HTTP");
	unfold(next, end);
	for (at = next;; at = next) {
		line = find_line(at, (size_t)(end - at), &next);
		if (line == 0)
			break;
		if (read_field(at, line, response, &fields, err) != 0)
			return -1;
	}
	return choose_framing(&fields, response, err) == 0 ? end - bytes : -1;
}

/* Parses one byte around the chunks' data. Returns: 0, or -1 if it is not allowed there. */
static int parse_byte(struct response *response, char c)
{
	int digit = hex_value(c);

	if (++response->line_len > LINE_MAX_BYTES)
		return -1;
	switch (response->state) {
	case CHUNK_SIZE:
		if (digit >= 0) {
			if (response->left > UINT64_MAX >> 4)
				return -1;
			response->left = response->left << 4 | (uint64_t)digit;
			return 0;
		}
		if (response->line_len == 1)
			return -1;
		response->state = CHUNK_EXTENSION;
		if (c != '\n')
			return c == '\r' || c == ';' || c == ' ' || c == '\t' ? 0 : -1;
		/* fallthrough */
	case CHUNK_EXTENSION:
		if (c != '\n')
			return 0;
		response->state = response->left > 0 ? CHUNK_DATA : TRAILER;
		response->line_len = 0;
		return 0;
	case CHUNK_DATA_END:
		if (c == '\r' && response->line_len == 1)
			return 0;
		response->state = CHUNK_SIZE;
		response->line_len = 0;
		return c == '\n' ? 0 : -1;
	default: /* TRAILER: an empty line ends the body */
		if (c == '\r' && response->line_len == 1)
			response->line_len = 0;
		else if (c == '\n') {
			response->done = response->line_len == 1;
			response->line_len = 0;
		}
		return 0;
	}
}

/* Returns: how many of len bytes belong to the body, or to the chunk. */
static size_t count_data(struct response *response, size_t len)
{
	size_t taken = response->left < len ? (size_t)response->left : len;

	response->left -= taken;
	return taken;
}

ptrdiff_t response_read_body(struct response *response, const char *bytes, size_t len,
	const char **body, size_t *body_len, struct error *err)
{
	size_t at = 0;

	*body = bytes;
	*body_len = 0;
	if (response->done)
		return 0;
	if (response->framing == RESPONSE_UNTIL_CLOSE) {
		*body_len = len;
		return (ptrdiff_t)len;
	}
	if (response->framing == RESPONSE_LENGTH) {
		*body_len = count_data(response, len);
		response->done = response->left == 0;
		return (ptrdiff_t)*body_len;
	}
	while (at < len && !response->done) {
		if (response->state == CHUNK_DATA) {
			*body = bytes + at;
			*body_len = count_data(response, len - at);
			if (response->left == 0)
				response->state = CHUNK_DATA_END;
			return (ptrdiff_t)(at + *body_len);
		}
		if (parse_byte(response, bytes[at++]) != 0)
			return refuse(err, "invalid chunked coding");
	}
	return (ptrdiff_t)at;
}

int response_end(const struct response *response, struct error *err)
{
	if (response->done || response->framing == RESPONSE_UNTIL_CLOSE)
		return 0;
	return refuse(err, "connection closed early");
}
