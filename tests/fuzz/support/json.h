/*
 * json.h - a strict reader of JSON (RFC 8259), to judge what the service writes. It shares
 * nothing with src/: what wrote a text must not be what finds it right.
 */
#ifndef FUZZ_JSON_H
#define FUZZ_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Is text one value and nothing else, in UTF-8, with no raw control octet (DEL counts)? */
bool json_is_valid(const char *text, size_t len);

/*
 * Finds a member of the object that text is, not of objects inside it.
 * value: gets the decoded octets of a string, or the text of another scalar; size octets of storage
 * Returns: its octets; -1 if there is no such member or it is longer.
 */
long json_member(const char *text, size_t len, const char *name, char *value, size_t size);

/*
 * What a JSON text can carry of any octets: UTF-8 as it is, each other octet as U+FFFD.
 * out: storage of 3 * len octets. Returns: octets written.
 */
size_t json_representable(const char *octets, size_t len, char *out);

#endif
