#include "inspect/value.h"

#include <string.h>

void inspect_set_number(struct inspect_value *value, uint64_t number)
{
	value->known = true;
	value->subject = NULL;
	value->reason = NULL;
	value->number = number;
}

void inspect_set_word(struct inspect_value *value, const char *word)
{
	size_t len = strlen(word);

	value->known = true;
	value->subject = NULL;
	value->reason = NULL;
	if (len < sizeof(value->word))
		memcpy(value->word, word, len + 1);
}

void inspect_set_unknown(struct inspect_value *value, const char *subject, const char *reason)
{
	*value = (struct inspect_value){.subject = subject, .reason = reason};
}

void inspect_list_add(struct inspect_list *list, const char *path, size_t len, const char *reason)
{
	size_t start = list->used;

	if (len == 0) {
		path = "/";
		len = 1;
	}
	list->total++;
	if (list->count == INSPECT_LIST_ITEMS || len >= sizeof(list->bytes) - start)
		return;
	memcpy(list->bytes + start, path, len);
	list->bytes[start + len] = '\0';
	list->used = start + len + 1;
	list->items[list->count].reason = reason;
	list->items[list->count].start = start;
	list->items[list->count].len = len;
	list->count++;
}
