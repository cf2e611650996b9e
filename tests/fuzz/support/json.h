/*
 * json.h - a strict reader of JSON (RFC 8259), to judge what the service writes. It shares
 * nothing with src/: what wrote a text must not be what finds it right.
 */
#ifndef FUZZ_JSON_H
#define FUZZ_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Is text one value and nothing else, in UTF-8, with no raw control byte (DEL counts)? */
bool json_is_valid(const char *text, size_t len);

/*
 * Finds a member of the object that text is, not of objects inside it.
 * value: gets the decoded bytes of a string, or the text of another scalar; size bytes of storage
 * Returns: its bytes; -1 if there is no such member or it is longer.
 */
long json_member(const char *text, size_t len, const char *name, char *value, size_t size);

/*
 * What a JSON text can carry of any bytes: UTF-8 as it is, each other byte as U+FFFD.
 * out: storage of 3 * len bytes. Returns: bytes written.
 */
size_t json_representable(const char *bytes, size_t len, char *out);

#endif
