/* value.h - fills the parts of a report. Pure. */
#ifndef HELLO_INSPECT_VALUE_H
#define HELLO_INSPECT_VALUE_H

#include "inspect/inspect.h"

/* Makes the value a number; its word stays. */
void inspect_set_number(struct inspect_value *value, uint64_t number);

/*
 * Gives the value a word, NUL-terminated. A word that doesn't fit is left out: a truncated
 * name would be another user's.
 */
void inspect_set_word(struct inspect_value *value, const char *word);

/* Makes the value unknown. subject, reason: static; subject may be NULL. */
void inspect_set_unknown(struct inspect_value *value, const char *subject, const char *reason);

/*
 * Counts a path, and keeps it if there is room.
 * path: len bytes; an empty one is the root, "/"
 * reason: static
 */
void inspect_list_add(struct inspect_list *list, const char *path, size_t len, const char *reason);

#endif
