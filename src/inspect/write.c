#include "base/json.h"
#include "inspect/inspect.h"

#include <string.h>

enum kind {
	KIND_SECTION, /* a heading of the text alone */
	KIND_COUNT,   /* a number; in the text with its word behind it */
	KIND_TREE,    /* a number out of the tree, which may not have been read whole */
	KIND_SIZE,    /* the same, bytes */
	KIND_FLAG,
	KIND_WORD,
	KIND_NAME,    /* the word of a number that may have none: then null */
	KIND_LIMIT,   /* a number, or null where there is no limit */
	KIND_LIMITED, /* whether there is one */
	KIND_LIST,    /* paths */
	KIND_NOTED,   /* paths, each with its note */
};

struct field {
	enum kind kind;
	const char *key;   /* in the JSON; NULL for the text alone */
	const char *label; /* in the text; NULL for the JSON alone; KIND_NOTED: the note's key */
	size_t offset;	   /* of a struct inspect_value or inspect_list in the report */
};

#define AT(name) offsetof(struct inspect_report, name)

/* In the order of both outputs. */
static const struct field fields[] = {
	{KIND_SECTION, NULL, "root file system, without /proc, /sys and /dev", 0},
	{KIND_FLAG, "complete", "read completely", AT(complete)},
	{KIND_SIZE, "size_bytes", "size", AT(size_bytes)},
	{KIND_TREE, "files", "files", AT(files)},
	{KIND_TREE, "directories", "directories", AT(directories)},
	{KIND_TREE, "symlinks", "symbolic links", AT(symlinks)},
	{KIND_TREE, "other_files", "devices, sockets, FIFOs", AT(other_files)},
	{KIND_TREE, "other_mounts", "other mounts, left out", AT(other_mounts)},
	{KIND_TREE, "executables", "executables", AT(executables)},
	{KIND_TREE, "setuid_files", "setuid files", AT(setuid_files)},
	{KIND_TREE, "setgid_files", "setgid files", AT(setgid_files)},
	{KIND_NOTED, "privileged_files", "mode", AT(privileged)},
	{KIND_TREE, "world_writable_dirs", "world-writable dirs", AT(world_writable_dirs)},
	{KIND_TREE, "world_writable_sticky_dirs", "  sticky ones of them",
		AT(world_writable_sticky_dirs)},
	{KIND_LIST, "world_writable_dirs_without_sticky", NULL, AT(world_writable)},
	{KIND_FLAG, "read_only_root", "mounted read-only", AT(read_only_root)},

	{KIND_SECTION, NULL, "image", 0},
	{KIND_FLAG, "has_shell", "shell", AT(has_shell)},
	{KIND_LIST, "shells", NULL, AT(shells)},
	{KIND_WORD, "package_database", "package database", AT(package_database)},
	{KIND_COUNT, "os_packages", "packages", AT(os_packages)},
	{KIND_WORD, "libc", "libc", AT(libc)},
	{KIND_WORD, "ca_bundle", "CA bundle", AT(ca_bundle)},
	{KIND_COUNT, "ca_certificates", "CA certificates", AT(ca_certificates)},
	{KIND_FLAG, "zoneinfo", "time zones", AT(zoneinfo)},
	{KIND_FLAG, "localtime", "local time zone", AT(localtime)},
	{KIND_FLAG, "resolv_conf", "resolv.conf", AT(resolv_conf)},
	{KIND_COUNT, "nameservers", "name servers", AT(nameservers)},
	{KIND_FLAG, "tmp", "/tmp", AT(tmp)},
	{KIND_FLAG, "tmp_writable", "/tmp writable", AT(tmp_writable)},

	{KIND_SECTION, NULL, "process", 0},
	{KIND_COUNT, "uid", "user id", AT(uid)},
	{KIND_FLAG, "uid_has_name", "user id has a name", AT(uid_has_name)},
	{KIND_NAME, "user_name", NULL, AT(uid)},
	{KIND_COUNT, "gid", "group id", AT(gid)},
	{KIND_FLAG, "gid_has_name", "group id has a name", AT(gid_has_name)},
	{KIND_NAME, "group_name", NULL, AT(gid)},
	{KIND_COUNT, "cap_effective_bits", "capabilities, effective", AT(cap_effective)},
	{KIND_WORD, "cap_effective_hex", NULL, AT(cap_effective)},
	{KIND_COUNT, "cap_permitted_bits", "capabilities, permitted", AT(cap_permitted)},
	{KIND_WORD, "cap_permitted_hex", NULL, AT(cap_permitted)},
	{KIND_COUNT, "cap_bounding_bits", "capabilities, bounding", AT(cap_bounding)},
	{KIND_WORD, "cap_bounding_hex", NULL, AT(cap_bounding)},
	{KIND_WORD, "seccomp", "seccomp", AT(seccomp)},
	{KIND_FLAG, "no_new_privs", "no new privileges", AT(no_new_privs)},

	{KIND_SECTION, NULL, "kernel", 0},
	{KIND_WORD, "kernel", "release", AT(kernel)},
	{KIND_WORD, "machine", "machine", AT(machine)},
	{KIND_COUNT, "cgroup_version", "cgroup version", AT(cgroup_version)},
	{KIND_LIMITED, "memory_limited", NULL, AT(memory_limit_bytes)},
	{KIND_LIMIT, "memory_limit_bytes", "memory limit, bytes", AT(memory_limit_bytes)},
	{KIND_LIMITED, "cpu_limited", NULL, AT(cpu_limit_millis)},
	{KIND_LIMIT, "cpu_limit_millis", "CPU limit, 1/1000 CPU", AT(cpu_limit_millis)},
	{KIND_LIMITED, "pids_limited", NULL, AT(pids_limit)},
	{KIND_LIMIT, "pids_limit", "process limit", AT(pids_limit)},

	{KIND_NOTED, "unreadable", "reason", AT(unreadable)},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* The column where values start. */
#define VALUE_COLUMN 28

static const struct inspect_value *value_of(
	const struct inspect_report *report, const struct field *field)
{
	return (const void *)((const char *)report + field->offset);
}

static const struct inspect_list *list_of(
	const struct inspect_report *report, const struct field *field)
{
	return (const void *)((const char *)report + field->offset);
}

static bool has_value(const struct field *field)
{
	return field->kind != KIND_SECTION && field->kind != KIND_LIST && field->kind != KIND_NOTED;
}

/* What a value is unknown for. A collector that forgot to say so is still honest. */
static const char *reason_of(const struct inspect_value *value)
{
	return value->reason != NULL ? value->reason : "not looked for";
}

static bool is_unlimited(const struct inspect_value *value)
{
	return value->word[0] != '\0';
}

static const char *yes_or_no(bool yes)
{
	return yes ? "yes" : "no";
}

/* Appends bytes in the unit that people read, one digit behind the point. */
static void add_size(struct strbuf *out, uint64_t bytes)
{
	static const char *const units[] = {" kB", " MB", " GB", " TB", " PB", " EB"};
	uint64_t unit = 1000;
	size_t i = 0;

	if (bytes >= 1000) {
		while (bytes / unit >= 1000 && i + 1 < sizeof(units) / sizeof(units[0])) {
			unit *= 1000;
			i++;
		}
		strbuf_add_unsigned(out, bytes / unit, 1);
		strbuf_add_string(out, ".");
		strbuf_add_unsigned(out, bytes % unit / (unit / 10), 1);
		strbuf_add_string(out, units[i]);
		strbuf_add_string(out, ", ");
	}
	strbuf_add_unsigned(out, bytes, 1);
	strbuf_add_string(out, " bytes");
}

static void add_spaces(struct strbuf *out, size_t count)
{
	for (; count > 0; count--)
		strbuf_add_string(out, " ");
}

/* Appends a known value for people. */
static void add_text_value(struct strbuf *out, const struct inspect_report *report,
	const struct field *field, const struct inspect_value *value)
{
	if ((field->kind == KIND_TREE || field->kind == KIND_SIZE) &&
		!(report->complete.known && report->complete.number == 1))
		strbuf_add_string(out, "at least ");
	if (field->kind == KIND_FLAG) {
		strbuf_add_string(out, yes_or_no(value->number != 0));
	} else if (field->kind == KIND_SIZE) {
		add_size(out, value->number);
	} else if (field->kind == KIND_WORD || (field->kind == KIND_LIMIT && is_unlimited(value))) {
		strbuf_add_printable(out, value->word, strlen(value->word));
	} else {
		strbuf_add_unsigned(out, value->number, 1);
		if (value->word[0] != '\0') {
			strbuf_add_string(out, " (");
			strbuf_add_printable(out, value->word, strlen(value->word));
			strbuf_add_string(out, ")");
		}
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
		if (value->subject != NULL) {
			strbuf_add_string(out, value->subject);
			strbuf_add_string(out, ": ");
		}
		strbuf_add_string(out, reason_of(value));
	}
	strbuf_add_string(out, "\n");
}

/* Appends the paths of a list, a line each, and how many more there are. */
static void add_text_list(struct strbuf *out, const struct inspect_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		add_spaces(out, VALUE_COLUMN);
		strbuf_add_printable(out, list->bytes + list->items[i].at, list->items[i].len);
		if (list->items[i].note != NULL) {
			strbuf_add_string(out, ": ");
			strbuf_add_string(out, list->items[i].note);
		}
		strbuf_add_string(out, "\n");
	}
	if (list->total > list->count) {
		add_spaces(out, VALUE_COLUMN);
		strbuf_add_string(out, "and ");
		strbuf_add_unsigned(out, list->total - list->count, 1);
		strbuf_add_string(out, " more\n");
	}
}

void inspect_write_text(const struct inspect_report *report, struct strbuf *out)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *field = &fields[i];

		if (field->kind == KIND_SECTION) {
			strbuf_add_string(out, i > 0 ? "\n" : "");
			strbuf_add_string(out, field->label);
			strbuf_add_string(out, "\n");
		} else if (field->kind == KIND_LIST || field->kind == KIND_NOTED) {
			if (field->offset == AT(unreadable) && report->unreadable.total > 0)
				strbuf_add_string(out, "\nunreadable\n");
			add_text_list(out, list_of(report, field));
		} else if (field->label != NULL) {
			add_text_line(out, report, field);
		}
	}
}

static void add_string(struct strbuf *out, const char *bytes, size_t len)
{
	strbuf_add_string(out, "\"");
	json_add_escaped(out, bytes, len);
	strbuf_add_string(out, "\"");
}

static void add_key(struct strbuf *out, const char *key)
{
	bool first = out->len == 0 || out->data[out->len - 1] == '{';

	strbuf_add_string(out, first ? "\"" : ",\"");
	strbuf_add_string(out, key);
	strbuf_add_string(out, "\":");
}

static void add_json_bool(struct strbuf *out, bool yes)
{
	strbuf_add_string(out, yes ? "true" : "false");
}

static void add_json_value(
	struct strbuf *out, const struct field *field, const struct inspect_value *value)
{
	bool empty = (field->kind == KIND_NAME && value->word[0] == '\0') ||
		     (field->kind == KIND_LIMIT && is_unlimited(value));

	if (!value->known || empty)
		strbuf_add_string(out, "null");
	else if (field->kind == KIND_FLAG)
		add_json_bool(out, value->number != 0);
	else if (field->kind == KIND_LIMITED)
		add_json_bool(out, !is_unlimited(value));
	else if (field->kind == KIND_WORD || field->kind == KIND_NAME)
		add_string(out, value->word, strlen(value->word));
	else
		strbuf_add_unsigned(out, value->number, 1);
}

/* Appends a list as an array: of strings, or with notes of objects. */
static void add_json_list(
	struct strbuf *out, const struct field *field, const struct inspect_list *list)
{
	bool noted = field->kind == KIND_NOTED;

	strbuf_add_string(out, "[");
	for (size_t i = 0; i < list->count; i++) {
		const char *note = list->items[i].note;

		strbuf_add_string(out, i > 0 ? "," : "");
		strbuf_add_string(out, noted ? "{\"path\":" : "");
		add_string(out, list->bytes + list->items[i].at, list->items[i].len);
		if (noted) {
			add_key(out, field->label);
			add_string(out, note != NULL ? note : "", note != NULL ? strlen(note) : 0);
			strbuf_add_string(out, "}");
		}
	}
	strbuf_add_string(out, "]");
}

static void add_json_reason(struct strbuf *out, const char *key, const struct inspect_value *value)
{
	const char *reason = reason_of(value);

	add_key(out, key);
	strbuf_add_string(out, "\"");
	if (value->subject != NULL) {
		json_add_escaped(out, value->subject, strlen(value->subject));
		strbuf_add_string(out, ": ");
	}
	json_add_escaped(out, reason, strlen(reason));
	strbuf_add_string(out, "\"");
}

void inspect_write_json(const struct inspect_report *report, struct strbuf *out)
{
	strbuf_add_string(out, "{");
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *field = &fields[i];

		if (field->key == NULL)
			continue;
		add_key(out, field->key);
		if (has_value(field))
			add_json_value(out, field, value_of(report, field));
		/* No shell found and not all places searched: an empty list would say "none". */
		else if (field->offset == AT(shells) && !report->has_shell.known)
			strbuf_add_string(out, "null");
		else
			add_json_list(out, field, list_of(report, field));
	}
	add_key(out, "unreadable_total");
	strbuf_add_unsigned(out, report->unreadable.total, 1);
	add_key(out, "not_measured");
	strbuf_add_string(out, "{");
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *field = &fields[i];

		if (has_value(field) && !value_of(report, field)->known)
			add_json_reason(out, field->key, value_of(report, field));
	}
	strbuf_add_string(out, "}}\n");
}
