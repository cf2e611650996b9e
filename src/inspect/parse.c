#include "inspect/parse.h"

#include <string.h>

/* Returns: whether the line starts with prefix; if so, *line and *len are what follows. */
static bool take_prefix(const char **line, size_t *len, const char *prefix)
{
	size_t prefix_len = strlen(prefix);

	if (*len < prefix_len || memcmp(*line, prefix, prefix_len) != 0)
		return false;
	*line += prefix_len;
	*len -= prefix_len;
	return true;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static void trim(const char **line, size_t *len)
{
	while (*len > 0 && is_blank(**line)) {
		(*line)++;
		(*len)--;
	}
	while (*len > 0 && is_blank((*line)[*len - 1]))
		(*len)--;
}

/* Returns: the value of the digit, or base when the byte is no digit. */
static unsigned digit_value(char byte, unsigned base)
{
	unsigned value = base;

	if (byte >= '0' && byte <= '9')
		value = (unsigned)(byte - '0');
	else if (byte >= 'a' && byte <= 'f')
		value = (unsigned)(byte - 'a') + 10;
	else if (byte >= 'A' && byte <= 'F')
		value = (unsigned)(byte - 'A') + 10;
	return value < base ? value : base;
}

/*
 * Takes a number from the start of the text.
 * base: 10 or 16
 * Returns: whether there is a number that fits.
 */
static bool take_number(const char **text, size_t *len, unsigned base, uint64_t *number)
{
	uint64_t value = 0;
	size_t used = 0;

	for (; used < *len; used++) {
		unsigned digit = digit_value((*text)[used], base);

		if (digit == base)
			break;
		if (value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (used == 0)
		return false;
	*text += used;
	*len -= used;
	*number = value;
	return true;
}

void inspect_parse_dpkg_status(void *state, const char *line, size_t len)
{
	static const char installed[] = " installed";
	const size_t installed_len = sizeof(installed) - 1;
	uint64_t *packages = state;

	if (!take_prefix(&line, &len, "Status:"))
		return;
	trim(&line, &len);
	/*
	 * The third word is the state: "install ok installed" and "hold ok installed" count,
	 * "deinstall ok config-files" and "install ok half-installed" do not.
	 */
	if (len > installed_len &&
		memcmp(line + len - installed_len, installed, installed_len) == 0)
		++*packages;
}

void inspect_parse_dpkg_stanza(void *state, const char *line, size_t len)
{
	uint64_t *packages = state;

	if (take_prefix(&line, &len, "Package:"))
		++*packages;
}

void inspect_parse_apk(void *state, const char *line, size_t len)
{
	uint64_t *packages = state;

	if (take_prefix(&line, &len, "P:"))
		++*packages;
}

void inspect_parse_account(void *state, const char *line, size_t len)
{
	struct inspect_account *account = state;
	const char *name = line;
	const char *end = memchr(line, ':', len);
	size_t name_len;
	uint64_t id;

	if (account->found || end == NULL || end == line)
		return;
	name_len = (size_t)(end - name);
	len -= name_len + 1;
	line = end + 1;
	end = memchr(line, ':', len); /* of the password */
	if (end == NULL)
		return;
	len -= (size_t)(end - line) + 1;
	line = end + 1;
	if (!take_number(&line, &len, 10, &id) || len == 0 || *line != ':' || id != account->id)
		return;
	account->found = true;
	/* A NUL would truncate the name to another one. */
	if (name_len < sizeof(account->name) && memchr(name, '\0', name_len) == NULL) {
		memcpy(account->name, name, name_len);
		account->name[name_len] = '\0';
	}
}

void inspect_parse_status(void *state, const char *line, size_t len)
{
	struct inspect_status *status = state;
	const struct {
		const char *key;
		unsigned base;
		struct inspect_field *field;
	} fields[] = {
		{"CapEff:", 16, &status->cap_effective},
		{"Seccomp:", 10, &status->seccomp},
		{"NoNewPrivs:", 10, &status->no_new_privs},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t number;

		if (!take_prefix(&line, &len, fields[i].key))
			continue;
		trim(&line, &len);
		if (take_number(&line, &len, fields[i].base, &number) && len == 0)
			*fields[i].field = (struct inspect_field){true, number};
		return;
	}
}
