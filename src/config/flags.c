#include "config/flags.h"
#include "http/address.h"

#include <stdbool.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

/* Returns: 0, or -1 if text does not start with a number up to INT64_MAX; *end follows its digits. */
static int parse_digits(const char *text, const char **end, int64_t *number)
{
	int64_t value = 0;
	const char *at = text;

	while (*at >= '0' && *at <= '9') {
		int digit = *at++ - '0';

		if (value > (INT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*end = at;
	*number = value;
	return at == text ? -1 : 0;
}

struct unit {
	const char *name;
	int64_t factor;
};

/* units: a name comes before its prefixes. Returns: the unit that text starts with, or NULL. */
static const struct unit *find_unit(const struct unit *units, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(text, units[i].name, strlen(units[i].name)) == 0)
			return &units[i];
	}
	return NULL;
}

int flags_parse_duration(const char *text, int64_t *ns)
{
	static const struct unit units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xC2\xB5s", 1000}, /* U+00B5, as Go prints it */
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", 60000000000},
		{"h", 3600000000000},
	};
	int64_t total_ns = 0;

	if (strcmp(text, "0") == 0) {
		*ns = 0;
		return 0;
	}
	if (*text == '\0')
		return -1;
	while (*text != '\0') {
		const struct unit *unit;
		int64_t integer = 0;
		int64_t part_ns = 0;
		const char *fraction = NULL;
		const char *fraction_end = NULL;
		bool digits = *text >= '0' && *text <= '9';

		if (digits && parse_digits(text, &text, &integer) != 0)
			return -1;
		if (*text == '.') {
			fraction = ++text;
			while (*text >= '0' && *text <= '9')
				text++;
			fraction_end = text;
			digits = digits || fraction_end > fraction;
		}
		unit = find_unit(units, sizeof(units) / sizeof(units[0]), text);
		if (!digits || unit == NULL || integer > INT64_MAX / unit->factor)
			return -1;
		text += strlen(unit->name);
		if (fraction != NULL) {
			int64_t scale = unit->factor;

			for (; fraction < fraction_end && scale >= 10; fraction++) {
				scale /= 10;
				part_ns += (*fraction - '0') * scale;
			}
		}
		integer *= unit->factor;
		if (integer > INT64_MAX - part_ns || total_ns > INT64_MAX - integer - part_ns)
			return -1;
		total_ns += integer + part_ns;
	}
	*ns = total_ns;
	return 0;
}

int flags_parse_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{"B", 1},
		{"KiB", INT64_C(1) << 10},
		{"MiB", INT64_C(1) << 20},
		{"GiB", INT64_C(1) << 30},
	};
	const struct unit *unit = &units[0];
	int64_t number;

	if (parse_digits(text, &text, &number) != 0)
		return -1;
	if (*text != '\0') {
		unit = find_unit(units, sizeof(units) / sizeof(units[0]), text);
		if (unit == NULL || text[strlen(unit->name)] != '\0')
			return -1;
	}
	if (number > INT64_MAX / unit->factor)
		return -1;
	*bytes = (uint64_t)(number * unit->factor);
	return 0;
}

static int parse_bool(const char *text, bool *value)
{
	static const char *const words[] = {
		"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			*value = i < 6;
			return 0;
		}
	}
	return -1;
}

static int parse_choice(const char *const *choices, const char *text, unsigned *index)
{
	for (unsigned i = 0; choices[i] != NULL; i++) {
		if (strcmp(choices[i], text) == 0) {
			*index = i;
			return 0;
		}
	}
	return -1;
}

/* Stores text in the flag's field. Returns: 0, or -1 if it is invalid. */
static int store(const struct flag *flag, const char *text, void *into)
{
	void *field = (char *)into + flag->offset;
	int64_t number = 0;
	uint64_t bytes = 0;
	const char *end = "";

	switch (flag->kind) {
	case FLAG_ADDRESS:
		if (*text != '\0' && address_check(text) != 0)
			return -1;
		*(const char **)field = text;
		return 0;
	case FLAG_TEXT:
		*(const char **)field = text;
		return 0;
	case FLAG_BOOL:
		return parse_bool(text, field);
	case FLAG_CHOICE:
		return parse_choice(flag->choices, text, field);
	case FLAG_COUNT:
		if (parse_digits(text, &end, &number) != 0 || *end != '\0' || number < flag->min ||
			number > flag->max)
			return -1;
		*(unsigned *)field = (unsigned)number;
		return 0;
	case FLAG_DURATION:
		/* Compared before it is rounded, or 1ns would pass for the 1ms of min. */
		if (flags_parse_duration(text, &number) != 0 || number < flag->min * NS_PER_MS ||
			number > flag->max * NS_PER_MS)
			return -1;
		*(int64_t *)field = number / NS_PER_MS + (number % NS_PER_MS != 0);
		return 0;
	case FLAG_SIZE:
		if (flags_parse_size(text, &bytes) != 0 || bytes < (uint64_t)flag->min ||
			bytes > (uint64_t)flag->max)
			return -1;
		*(uint64_t *)field = bytes;
		return 0;
	}
	return -1;
}

static const struct flag *find(const struct flag *flags, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		const char *known = flags[i].name + 1; /* without its dash */

		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return &flags[i];
	}
	return NULL;
}

int flags_parse(const struct flag *flags, size_t count, int argc, char *const *argv,
	flag_lookup *lookup, void *into, int *used, struct error *err)
{
	int at = 0;

	for (size_t i = 0; i < count; i++) {
		const char *value = flags[i].env != NULL ? lookup(flags[i].env) : NULL;
		bool may_be_empty = flags[i].kind == FLAG_TEXT || flags[i].kind == FLAG_ADDRESS;

		store(&flags[i], flags[i].initial, into);
		if (value == NULL || (*value == '\0' && !may_be_empty))
			continue;
		if (store(&flags[i], value, into) != 0)
			return error_set(
				err, 0, flags[i].env, value, "invalid value", flags[i].want);
	}

	while (at < argc && argv[at][0] == '-' && argv[at][1] != '\0') {
		const char *word = argv[at++];
		const char *name = word + (word[1] == '-' ? 2 : 1);
		const char *equals = strchr(name, '=');
		size_t name_len = equals != NULL ? (size_t)(equals - name) : strlen(name);
		const struct flag *flag = find(flags, count, name, name_len);
		const char *value = equals != NULL ? equals + 1 : NULL;

		if (strcmp(word, "--") == 0)
			break;
		if (strcmp(name, "h") == 0 || strcmp(name, "help") == 0)
			return 1;
		if (flag == NULL)
			return error_set(
				err, 0, NULL, word, "unknown flag", "hello help lists them");
		if (value == NULL && flag->kind == FLAG_BOOL)
			value = "true";
		if (value == NULL) {
			if (at == argc)
				return error_set(err, 0, NULL, word, "needs a value", flag->want);
			value = argv[at++];
		}
		if (store(flag, value, into) != 0)
			return error_set(err, 0, flag->name, value, "invalid value", flag->want);
	}
	*used = at;
	return 0;
}

void flags_write_usage(const struct flag *flags, size_t count, struct strbuf *out)
{
	for (size_t i = 0; i < count; i++) {
		strbuf_add_string(out, "  ");
		strbuf_add_string(out, flags[i].name);
		if (flags[i].metavar != NULL) {
			strbuf_add_string(out, " ");
			strbuf_add_string(out, flags[i].metavar);
		}
		strbuf_add_string(out, "\n    \t");
		strbuf_add_string(out, flags[i].help);
		if (*flags[i].initial != '\0') {
			strbuf_add_string(out, " (default ");
			strbuf_add_string(out, flags[i].initial);
			strbuf_add_string(out, ")");
		}
		if (flags[i].env != NULL) {
			strbuf_add_string(out, " [$");
			strbuf_add_string(out, flags[i].env);
			strbuf_add_string(out, "]");
		}
		strbuf_add_string(out, "\n");
	}
}
