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

void request_check_field(struct request_check *check, const char *name, size_t name_len,
	const char *value, size_t value_len)
{
	if (!chars_are_token(name, name_len) || !is_field_value(value, value_len))
		check->malformed = true;
	if (chars_are_name(name, name_len, "Host")) {
		check->hosts++;
		if (!uri_is_host(value, value_len))
			check->malformed = true;
	} else if (chars_are_name(name, name_len, "Content-Length")) {
		check->content_lengths++;
	} else if (chars_are_name(name, name_len, "Transfer-Encoding")) {
		check->transfer_encodings++;
	} else if (chars_are_name(name, name_len, "Expect")) {
		if (value_len > 0 && !chars_are_name(value, value_len, "100-continue"))
			check->unknown_expectation = true;
	}
}

enum request_verdict request_check_result(
	const struct request_check *check, const char *method, const char *protocol)
{
	bool old = strcmp(protocol, "HTTP/1.0") == 0;

	if (check->malformed || !chars_are_token(method, strlen(method)))
		return REQUEST_MALFORMED;
	if (check->hosts > 1 || (check->hosts == 0 && !old))
		return REQUEST_MALFORMED;
	if (old && check->transfer_encodings > 0)
		return REQUEST_MALFORMED;
	if (check->content_lengths + check->transfer_encodings > 1)
		return REQUEST_MALFORMED;
	return check->unknown_expectation && !old ? REQUEST_EXPECTATION_FAILED : REQUEST_VALID;
}

static bool is_one_of(const char *string, const char *const *set, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(string, set[i]) == 0)
			return true;
	}
	return false;
}

enum precondition_verdict request_check_preconditions(
	const char *method, unsigned status, const char *if_match, const char *if_none_match)
{
	/* These select no representation (section 13.2.1). */
	static const char *const without[] = {"CONNECT", "OPTIONS", "TRACE"};
	static const char *const reading[] = {"GET", "HEAD"};

	if (status / 100 != 2 || is_one_of(method, without, 3))
		return PRECONDITION_TRUE;
	if (if_match != NULL && strcmp(if_match, "*") != 0)
		return PRECONDITION_FAILED;
	if (if_none_match != NULL && strcmp(if_none_match, "*") == 0)
		return is_one_of(method, reading, 2) ? PRECONDITION_NOT_MODIFIED
						     : PRECONDITION_FAILED;
	return PRECONDITION_TRUE;
}
