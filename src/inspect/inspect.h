/*
 * inspect.h - what surrounds this process, measured from inside: the root file system, the
 * user, the kernel's restrictions. What could not be found out stays unknown, with its reason.
 */
#ifndef HELLO_INSPECT_INSPECT_H
#define HELLO_INSPECT_INSPECT_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for uname(2)'s longest field, and for all paths and names that stand in a value. */
#define INSPECT_WORD_SIZE 65

/* All zeros is an unknown value: what a collector forgets can't pass for a measured 0. */
struct inspect_value {
	bool known;
	uint64_t number;	      /* a count, bytes or an id; 0 and 1 for no and yes */
	char word[INSPECT_WORD_SIZE]; /* NUL-terminated; empty when there is none */
	const char *subject;	      /* static: the file that didn't tell; NULL if none */
	const char *reason;	      /* static: why it is unknown */
};

/* How many paths a list holds at most, and their bytes with a NUL each. */
#define INSPECT_LIST_ITEMS 16
#define INSPECT_LIST_BYTES 2048

/* Paths that were found. Those that didn't fit are counted all the same. */
struct inspect_list {
	uint64_t total;
	size_t count; /* items kept */
	struct {
		const char *note; /* static: what is the matter with it; NULL if nothing */
		size_t at;	  /* where in bytes it starts */
		size_t len;	  /* bytes */
	} items[INSPECT_LIST_ITEMS];
	char bytes[INSPECT_LIST_BYTES];
	size_t used;
};

struct inspect_report {
	/*
	 * The tree below the root, this file system only, without /proc, /sys and /dev. What
	 * lies in directories that can't be read is missing, and then complete is no. In a
	 * container the tree has a few entries that the engine made, such as /.dockerenv.
	 */
	struct inspect_value complete;
	struct inspect_value files; /* regular ones */
	struct inspect_value directories;
	struct inspect_value symlinks;
	struct inspect_value other_files; /* devices, sockets, FIFOs */
	struct inspect_value other_mounts;
	struct inspect_value size_bytes;  /* of regular files; a file with two names counts once */
	struct inspect_value executables; /* regular files with an x bit */
	struct inspect_value setuid_files;
	struct inspect_value setgid_files;
	struct inspect_value world_writable_dirs;
	struct inspect_value world_writable_sticky_dirs; /* those of them like /tmp */
	struct inspect_list privileged;			 /* setuid and setgid files */
	struct inspect_list world_writable;		 /* directories without the sticky bit */

	/* What the image brings along. */
	struct inspect_value has_shell;
	struct inspect_list shells;
	struct inspect_value package_database; /* word: dpkg, apk, rpm, pacman or none */
	struct inspect_value os_packages;
	struct inspect_value libc;	      /* word: musl, glibc, glibc+musl or none */
	struct inspect_value ca_bundle;	      /* word: the path or none */
	struct inspect_value ca_certificates; /* in that bundle */
	struct inspect_value zoneinfo;
	struct inspect_value localtime;
	struct inspect_value resolv_conf;
	struct inspect_value nameservers;
	struct inspect_value tmp;
	struct inspect_value tmp_writable; /* by this user */

	/* What the process is and may do. */
	struct inspect_value uid; /* word: the name, if it has one */
	struct inspect_value uid_has_name;
	struct inspect_value gid;
	struct inspect_value gid_has_name;
	struct inspect_value cap_effective; /* number of bits; word: the mask in hexadecimal */
	struct inspect_value cap_permitted;
	struct inspect_value cap_bounding;
	struct inspect_value seccomp; /* word: off, strict or filter */
	struct inspect_value no_new_privs;
	struct inspect_value read_only_root;

	/* The kernel and its limits; no limit is known, with the word "none". */
	struct inspect_value cgroup_version;
	struct inspect_value memory_limit_bytes;
	struct inspect_value cpu_limit_millis; /* 1000 is one CPU */
	struct inspect_value pids_limit;
	struct inspect_value kernel;  /* word: the release */
	struct inspect_value machine; /* word: such as x86_64 */

	struct inspect_list unreadable; /* parts left out, with the reason as note */
};

/*
 * Looks around. Takes some 520 KiB while it runs, however large the tree is, two
 * descriptors, and little stack.
 * root: the directory to take for the root, "/" for the real one. Absolute symbolic links
 *     below another one lead out of it; the ids, the kernel and the capabilities of /proc
 *     are this process's own in any case.
 * report: overwritten
 * Returns: 0; -1 with *err filled when root is no directory or memory is short.
 * Threads: any.
 */
int inspect_collect(const char *root, struct inspect_report *report, struct error *err);

/* Bytes that either writer may need at most. */
#define INSPECT_TEXT_SIZE (16384 + 4 * 6 * INSPECT_LIST_BYTES)

/* Appends the report as lines for people. Pure. */
void inspect_write_text(const struct inspect_report *report, struct strbuf *out);

/*
 * Appends the report as one JSON object and a newline. A key whose value is unknown is
 * null, and "not_measured" tells why. Pure.
 */
void inspect_write_json(const struct inspect_report *report, struct strbuf *out);

#endif
