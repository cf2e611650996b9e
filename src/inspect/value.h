/* inspect_value.h - fills the parts of a report. Pure. */
#ifndef HELLO_INSPECT_VALUE_H
#define HELLO_INSPECT_VALUE_H

#include "inspect/inspect.h"

/* Makes the value a number; a word it had stays. */
void inspect_set_number(struct inspect_value *value, uint64_t number);

/*
 * Gives the value a word, NUL-terminated. One that doesn't fit whole is left out: half a
 * path would be another path.
 */
void inspect_set_word(struct inspect_value *value, const char *word);

/* Makes the value unknown. subject, reason: static; subject may be NULL. */
void inspect_set_unknown(struct inspect_value *value, const char *subject, const char *reason);

/*
 * Counts a path, and keeps it when there is room.
 * path: len bytes; an empty one is the root, "/"
 * note: static, or NULL
 */
void inspect_list_add(struct inspect_list *list, const char *path, size_t len, const char *note);

#endif
