#include "http/request_check.h"

#include "http/chars.h"
#include "http/uri.h"

#include <string.h>

static bool is_field_value(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

void request_check_field(struct request_check *screen, const char *name, size_t name_len,
	const char *value, size_t value_len)
{
	if (!chars_are_token(name, name_len) || !is_field_value(value, value_len))
		screen->malformed = true;
	if (chars_are_name(name, name_len, "Host")) {
		screen->hosts++;
		if (!uri_is_host(value, value_len))
			screen->malformed = true;
	} else if (chars_are_name(name, name_len, "Content-Length")) {
		screen->content_lengths++;
	} else if (chars_are_name(name, name_len, "Transfer-Encoding")) {
		screen->transfer_encodings++;
	} else if (chars_are_name(name, name_len, "Expect")) {
		if (value_len > 0 && !chars_are_name(value, value_len, "100-continue"))
			screen->unknown_expectation = true;
	}
}

enum request_verdict request_check_result(
	const struct request_check *screen, const char *method, const char *protocol)
{
	bool old = strcmp(protocol, "HTTP/1.0") == 0;

	if (screen->malformed || !chars_are_token(method, strlen(method)))
		return REQUEST_MALFORMED;
	if (screen->hosts > 1 || (screen->hosts == 0 && !old))
		return REQUEST_MALFORMED;
	if (old && screen->transfer_encodings > 0)
		return REQUEST_MALFORMED;
	if (screen->content_lengths + screen->transfer_encodings > 1)
		return REQUEST_MALFORMED;
	return screen->unknown_expectation && !old ? REQUEST_UNKNOWN_EXPECTATION : REQUEST_ACCEPTED;
}
