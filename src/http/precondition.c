#include "http/precondition.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_one_of(const char *string, const char *const *set, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(string, set[i]) == 0)
			return true;
	}
	return false;
}

enum precondition_verdict precondition_check(
	const char *method, unsigned status, const char *if_match, const char *if_none_match)
{
	/* These select no representation, so conditions are ignored (section 13.2.1). */
	static const char *const without[] = {"CONNECT", "OPTIONS", "TRACE"};
	static const char *const reading[] = {"GET", "HEAD"};

	if (status / 100 != 2 || is_one_of(method, without, 3))
		return PRECONDITION_HOLDS;
	if (if_match != NULL && strcmp(if_match, "*") != 0)
		return PRECONDITION_FAILED;
	if (if_none_match != NULL && strcmp(if_none_match, "*") == 0)
		return is_one_of(method, reading, 2) ? PRECONDITION_NOT_MODIFIED
						     : PRECONDITION_FAILED;
	return PRECONDITION_HOLDS;
}
