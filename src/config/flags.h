/*
 * flags.h - command lines in the manner of Go's flag package; environment variables replace the
 * defaults.
 */
#ifndef HELLO_CONFIG_FLAGS_H
#define HELLO_CONFIG_FLAGS_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stddef.h>

/* How a flag's text is parsed, and the type of its field. */
enum flag_kind {
	FLAG_TEXT,     /* const char *: borrowed from argv, environment or initial */
	FLAG_ADDRESS,  /* const char *: as address_split() takes it, or empty */
	FLAG_BOOL,     /* bool */
	FLAG_COUNT,    /* unsigned: min to max */
	FLAG_DURATION, /* int64_t: milliseconds, min to max; rounded up after that check */
	FLAG_SIZE,     /* uint64_t: bytes, min to max */
	FLAG_CHOICE,   /* unsigned: index into choices */
};

struct flag {
	const char *name; /* with its dash */
	const char *env;  /* its environment variable; NULL for none */
	enum flag_kind kind;
	size_t offset;	     /* of its field in the structure to fill */
	const char *initial; /* the default, in the flag's own syntax */
	const char *metavar; /* for the usage text; NULL for FLAG_BOOL */
	const char *help;
	const char *want;	    /* static: the valid values, for an error */
	int64_t min, max;	    /* for FLAG_COUNT, FLAG_DURATION (ms), FLAG_SIZE (bytes) */
	const char *const *choices; /* FLAG_CHOICE: ends with NULL */
};

/* getenv(3), or a test's replacement. */
typedef const char *flag_lookup(const char *name);

/*
 * Fills the fields of *into from the defaults, then the environment, then argv:
 * `-name value`, `-name=value`, `--name`; a FLAG_BOOL alone means true. `--` or the
 * first word without a dash ends the flags. An empty variable counts as unset, except for
 * FLAG_TEXT and FLAG_ADDRESS.
 *
 * argv:  argc words, without the program and the command; borrowed
 * used:  gets the number of words taken
 * into:  the structure of the flags' offsets
 * Returns: 0; 1 for -h, -help or --help; -1 with *err filled.
 */
int flags_parse(const struct flag *flags, size_t count, int argc, char *const *argv,
	flag_lookup *lookup, void *into, int *used, struct error *err);

/* Appends a paragraph for each flag: name, meaning, default, variable. */
void flags_write_usage(const struct flag *flags, size_t count, struct strbuf *out);

/*
 * Parses a duration as Go's time.ParseDuration does ("1.5s", "300ms", "2m", "1h30m",
 * "0"), without a sign. Units: ns, us, ms, s, m, h.
 * ns: gets nanoseconds
 * Returns: 0, or -1 if text is no duration or does not fit.
 */
int flags_parse_duration(const char *text, int64_t *ns);

/*
 * Parses a size: digits and a unit of B, KiB, MiB or GiB, or digits alone for bytes.
 * Returns: 0, or -1 if text is no size or does not fit.
 */
int flags_parse_size(const char *text, uint64_t *bytes);

#endif
