#include "http/request_check.h"

#include "http/chars.h"

#include <string.h>
#include <strings.h>

/* token = 1*tchar (RFC 9110, section 5.6.2) */
static bool is_token(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (!char_is_alphanumeric(c) && !char_is_one_of(c, "!#$%&'*+-.^_`|~"))
			return false;
	}
	return len > 0;
}

static bool is_field_value(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

/*
 * Host = uri-host [ ":" port ] (RFC 9110, section 7.2; RFC 3986, section 3.2.2). It may be
 * empty. Between brackets only the characters are checked: no route depends on the address.
 */
static bool is_host(const char *bytes, size_t len)
{
	size_t i = 0;

	if (len > 0 && bytes[0] == '[') {
		for (i = 1; i < len && bytes[i] != ']'; i++) {
			if (!char_is_alphanumeric((unsigned char)bytes[i]) &&
				!char_is_one_of((unsigned char)bytes[i], ":.-_~%"))
				return false;
		}
		if (i == len || i == 1)
			return false;
		i++;
	} else {
		while (i < len && bytes[i] != ':') {
			if (!char_is_alphanumeric((unsigned char)bytes[i]) &&
				!char_is_one_of((unsigned char)bytes[i], "-._~%!$&'()*+,;="))
				return false;
			i++;
		}
	}
	if (i == len)
		return true;
	if (bytes[i] != ':')
		return false;
	while (++i < len) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
	}
	return true;
}

static bool is_name(const char *name, size_t len, const char *expect)
{
	return len == strlen(expect) && strncasecmp(name, expect, len) == 0;
}

void request_check_field(struct request_check *screen, const char *name, size_t name_len,
	const char *value, size_t value_len)
{
	if (!is_token(name, name_len) || !is_field_value(value, value_len))
		screen->malformed = true;
	if (is_name(name, name_len, "Host")) {
		screen->hosts++;
		if (!is_host(value, value_len))
			screen->malformed = true;
	} else if (is_name(name, name_len, "Content-Length")) {
		screen->content_lengths++;
	} else if (is_name(name, name_len, "Transfer-Encoding")) {
		screen->transfer_encodings++;
	} else if (is_name(name, name_len, "Expect")) {
		if (value_len > 0 && !is_name(value, value_len, "100-continue"))
			screen->unknown_expectation = true;
	}
}

enum request_verdict request_check_result(
	const struct request_check *screen, const char *method, const char *protocol)
{
	bool old = strcmp(protocol, "HTTP/1.0") == 0;

	if (screen->malformed || !is_token(method, strlen(method)))
		return REQUEST_MALFORMED;
	if (screen->hosts > 1 || (screen->hosts == 0 && !old))
		return REQUEST_MALFORMED;
	if (old && screen->transfer_encodings > 0)
		return REQUEST_MALFORMED;
	if (screen->content_lengths + screen->transfer_encodings > 1)
		return REQUEST_MALFORMED;
	return screen->unknown_expectation && !old ? REQUEST_UNKNOWN_EXPECTATION : REQUEST_ACCEPTED;
}
