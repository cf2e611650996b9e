/*
 * flags.h - command lines in the manner of Go's flag package, with the environment
 * behind them. Pure: no I/O, no allocation.
 */
#ifndef HELLO_CONFIG_FLAGS_H
#define HELLO_CONFIG_FLAGS_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stddef.h>

/* What a flag's text is turned into, and the type of the field that takes it. */
enum flag_kind {
	FLAG_TEXT,     /* const char *: borrowed from argv, environment or initial */
	FLAG_ADDRESS,  /* const char *: checked to be host:port, :port or empty */
	FLAG_BOOL,     /* bool */
	FLAG_COUNT,    /* unsigned: min to max */
	FLAG_DURATION, /* int64_t: milliseconds, min to max, rounded up */
	FLAG_SIZE,     /* uint64_t: bytes, min to max */
	FLAG_CHOICE,   /* unsigned: index into choices */
};

struct flag {
	const char *name; /* with its dash */
	const char *env;  /* the environment variable of the same meaning; NULL for none */
	enum flag_kind kind;
	size_t offset;	     /* of the field in the structure to fill */
	const char *initial; /* the default, in the flag's own syntax */
	const char *metavar; /* for the usage text; NULL for FLAG_BOOL */
	const char *help;
	const char *want;	    /* static: what would be right, for an error */
	int64_t min, max;	    /* for FLAG_COUNT, FLAG_DURATION (ms), FLAG_SIZE (bytes) */
	const char *const *choices; /* FLAG_CHOICE: ends with NULL */
};

/* Looks a variable up, as getenv(3); a parameter so that tests need no environment. */
typedef const char *flag_lookup(const char *name);

/*
 * Fills the fields of *into from the defaults, then the environment, then argv:
 * `-name value`, `-name=value`, `--name`; a FLAG_BOOL alone means true. `--` or the
 * first word without a dash ends the flags. An empty variable counts as not set,
 * but for a FLAG_TEXT and a FLAG_ADDRESS.
 *
 * argv:  argc words, the first one already a flag or an argument; borrowed
 * used:  gets the number of words taken
 * Returns: 0; 1 when -h, -help or --help was met; -1 with *err filled.
 */
int flags_parse(const struct flag *flags, size_t count, int argc, char *const *argv,
	flag_lookup *lookup, void *into, int *used, struct error *err);

/* Appends the table of flags, one paragraph each: name, default, variable, meaning. */
void flags_write_usage(const struct flag *flags, size_t count, struct strbuf *out);

/*
 * Parses a duration as Go's time.ParseDuration does ("1.5s", "300ms", "2m", "1h30m",
 * "0"), without a sign. Units: ns, us, ms, s, m, h.
 * ns: gets nanoseconds
 * Returns: 0, or -1 if it isn't one or does not fit.
 */
int flags_parse_duration(const char *text, int64_t *ns);

/*
 * Parses a size: digits and a unit of B, KiB, MiB or GiB, or digits alone for bytes.
 * Returns: 0, or -1 if it isn't one or does not fit.
 */
int flags_parse_size(const char *text, uint64_t *bytes);

#endif
