/*
 * json.h - appends JSON (RFC 8259) to a strbuf; the result is valid for any input bytes.
 * What does not fit is left out, and the strbuf is marked as truncated. Threads: any.
 */
#ifndef HELLO_BASE_JSON_H
#define HELLO_BASE_JSON_H

#include "base/strbuf.h"

#include <stddef.h>

/*
 * Appends bytes as a JSON string without its quotes (RFC 8259, section 7). A byte that is not part
 * of well-formed UTF-8 (RFC 3629, section 4) becomes U+FFFD, a control character an escape. A
 * character that does not fit is not split.
 * len: of bytes
 */
void json_add_escaped(struct strbuf *out, const char *bytes, size_t len);

/* Appends bytes as a JSON string with its quotes. */
void json_add_string(struct strbuf *out, const char *bytes, size_t len);

/*
 * Appends `"key":`, after a comma unless it is the first member of its object.
 * key: NUL-terminated, needs no escaping
 */
void json_add_key(struct strbuf *out, const char *key);

#endif
