/*
 * inspect/: what surrounds this process; a command only, never a route.
 *
 * inspect.h - the root file system, the user, the kernel's restrictions and limits, as seen from
 * inside. A value that can't be read is unknown, with its reason.
 */
#ifndef HELLO_INSPECT_INSPECT_H
#define HELLO_INSPECT_INSPECT_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSPECT_WORD_SIZE 65

/* All zeros is an unknown value: one that a collector forgets can't look like a measured 0. */
struct inspect_value {
	bool known;
	uint64_t number;	      /* a count, bytes or an id; 0 and 1 for no and yes */
	char word[INSPECT_WORD_SIZE]; /* NUL-terminated; empty when there is none */
	const char *subject;	      /* static: the file it is unknown for; NULL if none */
	const char *reason;	      /* static: why it is unknown */
};

/* How many paths a list holds at most, and their bytes with a NUL each. */
#define INSPECT_LIST_ITEMS 16
#define INSPECT_LIST_BYTES 2048

/* Paths with a reason each. Paths that don't fit are only counted. */
struct inspect_list {
	uint64_t total;
	size_t count; /* items kept */
	struct {
		const char *reason; /* static */
		size_t start;	    /* of the path in bytes */
		size_t len;	    /* of the path, without its NUL */
	} items[INSPECT_LIST_ITEMS];
	char bytes[INSPECT_LIST_BYTES];
	size_t used;
};

struct inspect_report {
	/*
	 * The tree below the root: this file system only, without /proc, /sys and /dev. The
	 * content of unreadable directories is not counted, and then complete is no. In a
	 * container the tree includes a few files of the engine's, such as /.dockerenv.
	 */
	struct inspect_value complete;
	struct inspect_value files;	  /* regular files */
	struct inspect_value executables; /* regular files with an x bit */
	struct inspect_value setuid_files;
	struct inspect_value read_only_root;

	/* The image's software. */
	struct inspect_value has_shell;
	struct inspect_value os_packages;

	/* The process and its rights. */
	struct inspect_value uid;	    /* word: the user's name, if any */
	struct inspect_value user_name;	    /* word; empty when the id has no name */
	struct inspect_value cap_effective; /* word: the mask in hexadecimal */
	struct inspect_value seccomp;	    /* word: off, strict or filter */
	struct inspect_value no_new_privs;

	/* Limits of the cgroup. No limit is known, with the word "none". */
	struct inspect_value memory_limit_bytes;
	struct inspect_value cpu_limit_millis; /* 1000 is one CPU */

	struct inspect_list unreadable; /* files and directories left out */
};

/*
 * Collects a report. Uses some 270 KiB of memory for any size of the tree, two descriptors and
 * little stack.
 * root: the directory to take for the root, "/" for the real one. Absolute symbolic links
 *     below another one lead out of it; ids are this process's own in any case.
 * report: overwritten
 * Returns: 0; -1 with *err filled when root is no directory or memory is short.
 * Threads: any.
 */
int inspect_collect(const char *root, struct inspect_report *report, struct error *err);

/* Bytes that either writer needs at most. */
#define INSPECT_TEXT_SIZE (8192 + 6 * INSPECT_LIST_BYTES)

/* Appends the report as lines of "label value". Pure. */
void inspect_write_text(const struct inspect_report *report, struct strbuf *out);

/*
 * Appends the report as one JSON object and a newline. A key whose value is unknown is
 * null, and "not_measured" has the reason. Pure.
 */
void inspect_write_json(const struct inspect_report *report, struct strbuf *out);

#endif
