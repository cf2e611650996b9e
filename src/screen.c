#include "screen.h"

#include "octet.h"

#include <string.h>
#include <strings.h>

/* token = 1*tchar (RFC 9110, section 5.6.2) */
static bool is_token(const char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)octets[i];

		if (!octet_is_alphanumeric(c) && !octet_is_among(c, "!#$%&'*+-.^_`|~"))
			return false;
	}
	return len > 0;
}

static bool is_field_value(const char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)octets[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

/*
 * Host = uri-host [ ":" port ] (RFC 9110, section 7.2; RFC 3986, section 3.2.2). It may be
 * empty. Between brackets only the characters are checked: no route depends on the address.
 */
static bool is_host(const char *octets, size_t len)
{
	size_t i = 0;

	if (len > 0 && octets[0] == '[') {
		for (i = 1; i < len && octets[i] != ']'; i++) {
			if (!octet_is_alphanumeric((unsigned char)octets[i]) &&
				!octet_is_among((unsigned char)octets[i], ":.-_~%"))
				return false;
		}
		if (i == len || i == 1)
			return false;
		i++;
	} else {
		while (i < len && octets[i] != ':') {
			if (!octet_is_alphanumeric((unsigned char)octets[i]) &&
				!octet_is_among((unsigned char)octets[i], "-._~%!$&'()*+,;="))
				return false;
			i++;
		}
	}
	if (i == len)
		return true;
	if (octets[i] != ':')
		return false;
	while (++i < len) {
		if (octets[i] < '0' || octets[i] > '9')
			return false;
	}
	return true;
}

static bool is_name(const char *name, size_t len, const char *expect)
{
	return len == strlen(expect) && strncasecmp(name, expect, len) == 0;
}

void screen_field(struct screen *screen, const char *name, size_t name_len, const char *value,
	size_t value_len)
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

enum screen_verdict screen_judge(
	const struct screen *screen, const char *method, const char *protocol)
{
	bool old = strcmp(protocol, "HTTP/1.0") == 0;

	if (screen->malformed || !is_token(method, strlen(method)))
		return SCREEN_MALFORMED;
	if (screen->hosts > 1 || (screen->hosts == 0 && !old))
		return SCREEN_MALFORMED;
	if (old && screen->transfer_encodings > 0)
		return SCREEN_MALFORMED;
	if (screen->content_lengths + screen->transfer_encodings > 1)
		return SCREEN_MALFORMED;
	return screen->unknown_expectation && !old ? SCREEN_UNKNOWN_EXPECTATION : SCREEN_PASSED;
}
