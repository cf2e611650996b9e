/*
 * inspect_parse.h - what single lines of system files say. Pure.
 *
 * Each parser is fed the lines of one file in their order, without their newlines, and
 * keeps what it found in a state that starts as all zeros unless told otherwise.
 */
#ifndef HELLO_INSPECT_PARSE_H
#define HELLO_INSPECT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* line: len bytes, any but a newline; not NUL-terminated */
typedef void inspect_line(void *state, const char *line, size_t len);

/* Counts packages in /var/lib/dpkg/status (deb822(5)). state: uint64_t */
inspect_line inspect_parse_dpkg_status;

/*
 * Counts packages in a file of /var/lib/dpkg/status.d, where images that are put together
 * without dpkg keep one stanza a package, without its status. state: uint64_t
 */
inspect_line inspect_parse_dpkg_stanza;

/* Counts packages in apk's installed database (apk-package(5), field P). state: uint64_t */
inspect_line inspect_parse_apk;

/* Counts certificates in a PEM file (RFC 7468, section 5). state: uint64_t */
inspect_line inspect_parse_pem;

/* Counts name servers in resolv.conf(5). state: uint64_t */
inspect_line inspect_parse_resolv_conf;

struct inspect_account {
	uint64_t id;   /* to be set before: whose name is wanted */
	bool found;    /* the first one wins, as with getpwuid(3) */
	char name[65]; /* NUL-terminated; empty when it is longer */
};

/* Looks for an id in passwd(5) or group(5). state: struct inspect_account */
inspect_line inspect_parse_account;

struct inspect_field {
	bool known;
	uint64_t value;
};

struct inspect_status {
	struct inspect_field cap_effective;
	struct inspect_field cap_permitted;
	struct inspect_field cap_bounding;
	struct inspect_field seccomp;
	struct inspect_field no_new_privs;
};

/* Reads /proc/pid/status, proc(5). state: struct inspect_status */
inspect_line inspect_parse_status;

struct inspect_cgroup_path {
	bool known;
	bool truncated; /* longer than there is room */
	char path[512]; /* NUL-terminated, starts with '/' */
};

struct inspect_cgroups {
	struct inspect_cgroup_path unified; /* version 2 */
	struct inspect_cgroup_path memory;  /* version 1's, each of them */
	struct inspect_cgroup_path cpu;
	struct inspect_cgroup_path pids;
	bool version_1; /* a hierarchy of it has a controller, not just a name */
};

/* Reads /proc/pid/cgroup, cgroups(7). state: struct inspect_cgroups */
inspect_line inspect_parse_cgroups;

struct inspect_limit {
	bool known;
	bool none;	 /* "max", or -1 in version 1 */
	uint64_t value;	 /* the first number */
	uint64_t second; /* cpu.max: the period; 0 if there is none */
};

/* Reads a cgroup's limit such as memory.max or cpu.max. state: struct inspect_limit */
inspect_line inspect_parse_limit;

#endif
