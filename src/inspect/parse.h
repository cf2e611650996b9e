/*
 * parse.h - parsers for the lines of system files. Pure.
 *
 * Each parser is called for the lines of one file in order, without their newlines. Its
 * state starts as all zeros unless stated otherwise.
 */
#ifndef HELLO_INSPECT_PARSE_H
#define HELLO_INSPECT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* line: len bytes, any but a newline; not NUL-terminated */
typedef void inspect_line(void *state, const char *line, size_t len);

/* Counts installed packages in /var/lib/dpkg/status (deb822(5)). state: uint64_t */
inspect_line inspect_parse_dpkg_status;

/*
 * Counts packages in a file of /var/lib/dpkg/status.d: images that are built without dpkg
 * have one stanza for each package there, without a status. state: uint64_t
 */
inspect_line inspect_parse_dpkg_stanza;

/* Counts packages in apk's installed database (apk-package(5), field P). state: uint64_t */
inspect_line inspect_parse_apk;

struct inspect_account {
	uint64_t id;   /* the id to look for, set by the caller */
	bool found;    /* the first line with it counts, as for getpwuid(3) */
	char name[65]; /* NUL-terminated; empty when it is longer */
};

/* Looks for an id in passwd(5). state: struct inspect_account */
inspect_line inspect_parse_account;

struct inspect_field {
	bool known;
	uint64_t value;
};

struct inspect_status {
	struct inspect_field cap_effective;
	struct inspect_field seccomp;
	struct inspect_field no_new_privs;
};

/* Reads /proc/pid/status, proc(5). state: struct inspect_status */
inspect_line inspect_parse_status;

#endif
