#include "base/json.h"
#include "inspect/inspect.h"

#include <string.h>

enum kind {
	KIND_SECTION, /* a heading of the text */
	KIND_COUNT,   /* a number out of the tree, a lower bound when the tree is not complete */
	KIND_NUMBER,  /* a number; in the text with its word */
	KIND_FLAG,
	KIND_WORD,    /* an empty word is null */
	KIND_LIMIT,   /* a number, or null where there is no limit */
	KIND_LIMITED, /* whether there is a limit */
};

struct field {
	enum kind kind;
	const char *key;   /* in the JSON; NULL for a section */
	const char *label; /* in the text; NULL for the JSON alone */
	size_t offset;	   /* of a struct inspect_value in the report */
};

#define AT(name) offsetof(struct inspect_report, name)

/* In the order of both outputs. */
static const struct field fields[] = {
	{KIND_SECTION, NULL, "root file system, without /proc, /sys and /dev", 0},
	{KIND_FLAG, "complete", "all directories readable", AT(complete)},
	{KIND_COUNT, "files", "files", AT(files)},
	{KIND_COUNT, "executables", "executables", AT(executables)},
	{KIND_COUNT, "setuid_files", "setuid files", AT(setuid_files)},
	{KIND_FLAG, "read_only_root", "mounted read-only", AT(read_only_root)},

	{KIND_SECTION, NULL, "image", 0},
	{KIND_FLAG, "has_shell", "shell", AT(has_shell)},
	{KIND_NUMBER, "os_packages", "packages", AT(os_packages)},

	{KIND_SECTION, NULL, "process", 0},
	{KIND_NUMBER, "uid", "user id", AT(uid)},
	{KIND_WORD, "user_name", NULL, AT(user_name)},
	{KIND_WORD, "cap_effective_hex", "effective capabilities", AT(cap_effective)},
	{KIND_WORD, "seccomp", "seccomp", AT(seccomp)},
	{KIND_FLAG, "no_new_privs", "no new privileges", AT(no_new_privs)},

	{KIND_SECTION, NULL, "cgroup", 0},
	{KIND_LIMITED, "memory_limited", NULL, AT(memory_limit_bytes)},
	{KIND_LIMIT, "memory_limit_bytes", "memory limit, bytes", AT(memory_limit_bytes)},
	{KIND_LIMITED, "cpu_limited", NULL, AT(cpu_limit_millis)},
	{KIND_LIMIT, "cpu_limit_millis", "CPU limit, 1/1000 CPU", AT(cpu_limit_millis)},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* The column where values start. */
#define VALUE_COLUMN 28

static const struct inspect_value *value_of(
	const struct inspect_report *report, const struct field *field)
{
	return (const void *)((const char *)report + field->offset);
}

/* Appends why a value is unknown. Both texts are static and hold nothing to escape. */
static void add_reason(struct strbuf *out, const struct inspect_value *value)
{
	const char *reason = value->reason != NULL ? value->reason : "not collected";

	if (value->subject != NULL) {
		strbuf_add_string(out, value->subject);
		strbuf_add_string(out, ": ");
	}
	strbuf_add_string(out, reason);
}

static bool is_unlimited(const struct inspect_value *value)
{
	return value->word[0] != '\0';
}

static void add_spaces(struct strbuf *out, size_t count)
{
	for (; count > 0; count--)
		strbuf_add_string(out, " ");
}

static void add_word(struct strbuf *out, const struct inspect_value *value)
{
	strbuf_add_printable(out, value->word, strlen(value->word));
}

/* Appends a known value to the text. */
static void add_text_value(struct strbuf *out, const struct inspect_report *report,
	const struct field *field, const struct inspect_value *value)
{
	if (field->kind == KIND_FLAG) {
		strbuf_add_string(out, value->number != 0 ? "yes" : "no");
		return;
	}
	if (field->kind == KIND_WORD || (field->kind == KIND_LIMIT && is_unlimited(value))) {
		add_word(out, value);
		return;
	}
	if (field->kind == KIND_COUNT && !(report->complete.known && report->complete.number != 0))
		strbuf_add_string(out, "at least ");
	strbuf_add_unsigned(out, value->number, 1);
	if (value->word[0] != '\0') {
		strbuf_add_string(out, " (");
		add_word(out, value);
		strbuf_add_string(out, ")");
	}
}

static void add_text_line(
	struct strbuf *out, const struct inspect_report *report, const struct field *field)
{
	const struct inspect_value *value = value_of(report, field);
	size_t start = out->len;

	strbuf_add_string(out, "  ");
	strbuf_add_string(out, field->label);
	add_spaces(out, VALUE_COLUMN - (out->len - start));
	if (value->known) {
		add_text_value(out, report, field, value);
	} else {
		strbuf_add_string(out, "unknown: ");
		add_reason(out, value);
	}
	strbuf_add_string(out, "\n");
}

/* Appends a line for each path, and how many paths are missing in the list. */
static void add_text_list(struct strbuf *out, const struct inspect_list *list)
{
	if (list->total > 0)
		strbuf_add_string(out, "\nunreadable\n");
	for (size_t i = 0; i < list->count; i++) {
		strbuf_add_string(out, "  ");
		strbuf_add_printable(out, list->bytes + list->items[i].start, list->items[i].len);
		strbuf_add_string(out, ": ");
		strbuf_add_string(out, list->items[i].reason);
		strbuf_add_string(out, "\n");
	}
	if (list->total > list->count) {
		strbuf_add_string(out, "  and ");
		strbuf_add_unsigned(out, list->total - list->count, 1);
		strbuf_add_string(out, " more\n");
	}
}

void inspect_write_text(const struct inspect_report *report, struct strbuf *out)
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (fields[i].kind == KIND_SECTION) {
			strbuf_add_string(out, i > 0 ? "\n" : "");
			strbuf_add_string(out, fields[i].label);
			strbuf_add_string(out, "\n");
		} else if (fields[i].label != NULL) {
			add_text_line(out, report, &fields[i]);
		}
	}
	add_text_list(out, &report->unreadable);
}

static void add_json_value(
	struct strbuf *out, const struct field *field, const struct inspect_value *value)
{
	bool is_empty = (field->kind == KIND_WORD && value->word[0] == '\0') ||
			(field->kind == KIND_LIMIT && is_unlimited(value));

	if (!value->known || is_empty)
		strbuf_add_string(out, "null");
	else if (field->kind == KIND_FLAG)
		strbuf_add_string(out, value->number != 0 ? "true" : "false");
	else if (field->kind == KIND_LIMITED)
		strbuf_add_string(out, is_unlimited(value) ? "false" : "true");
	else if (field->kind == KIND_WORD)
		json_add_string(out, value->word, strlen(value->word));
	else
		strbuf_add_unsigned(out, value->number, 1);
}

static void add_json_list(struct strbuf *out, const struct inspect_list *list)
{
	strbuf_add_string(out, "[");
	for (size_t i = 0; i < list->count; i++) {
		const char *reason = list->items[i].reason;

		strbuf_add_string(out, i > 0 ? ",{" : "{");
		json_add_key(out, "path");
		json_add_string(out, list->bytes + list->items[i].start, list->items[i].len);
		json_add_key(out, "reason");
		json_add_string(out, reason, strlen(reason));
		strbuf_add_string(out, "}");
	}
	strbuf_add_string(out, "]");
}

void inspect_write_json(const struct inspect_report *report, struct strbuf *out)
{
	strbuf_add_string(out, "{");
	for (size_t i = 0; i < FIELDS; i++) {
		if (fields[i].kind == KIND_SECTION)
			continue;
		json_add_key(out, fields[i].key);
		add_json_value(out, &fields[i], value_of(report, &fields[i]));
	}
	json_add_key(out, "unreadable");
	add_json_list(out, &report->unreadable);
	json_add_key(out, "unreadable_total");
	strbuf_add_unsigned(out, report->unreadable.total, 1);
	json_add_key(out, "not_measured");
	strbuf_add_string(out, "{");
	for (size_t i = 0; i < FIELDS; i++) {
		const struct inspect_value *value = value_of(report, &fields[i]);

		if (fields[i].kind == KIND_SECTION || value->known)
			continue;
		json_add_key(out, fields[i].key);
		strbuf_add_string(out, "\"");
		add_reason(out, value);
		strbuf_add_string(out, "\"");
	}
	strbuf_add_string(out, "}}\n");
}
