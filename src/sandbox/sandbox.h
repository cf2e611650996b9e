/*
 * sandbox/: gives up rights, one way.
 *
 * sandbox.h - new privileges (no_new_privs), files and TCP (Landlock), system calls (seccomp).
 * docs/sandbox.md has the reasons.
 */
#ifndef HELLO_SANDBOX_SANDBOX_H
#define HELLO_SANDBOX_SANDBOX_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stdbool.h>

/* What this configuration needs beyond plain HTTP. */
struct sandbox_needs {
	bool tls; /* handshakes need random numbers */
	/*
	 * Files that are read again while serving, ended by NULL; NULL for none; borrowed.
	 * Reading is allowed in the directories of these files: a renewed certificate is a
	 * new file. The root is an exception, which would allow every file: in it the files
	 * alone are allowed.
	 */
	const char *const *reread;
};

/* What the kernel does not provide. All zeros before the first stage. */
struct sandbox {
	unsigned missing;	   /* layers, as bits; 0: all three are in force */
	int errnum;		   /* errno of the first failure */
	unsigned landlock_refused; /* rights that Landlock announces but refuses, as bits */
	bool reread_in_root;	   /* in the root only the files of needs->reread can be read */
};

/*
 * First stage: no_new_privs, Landlock (landlock(7)), and a check that the kernel has seccomp
 * filters for the second stage. Afterwards only the files in needs->reread can be opened, and
 * no TCP port can be bound or connected to.
 * sandbox: missing layers and refused rights are added
 * Threads: restricts the caller and the threads that it creates later. Call it before the
 *          first thread is created.
 */
void sandbox_restrict_files(const struct sandbox_needs *needs, struct sandbox *sandbox);

/*
 * Second stage: the system call filter (seccomp(2)), for all threads at once. A system call
 * that is not in the table of seccomp.c kills the process with SIGSYS.
 * sandbox: a missing seccomp is added
 * Threads: all threads must exist already: the filter does not allow creating one.
 */
void sandbox_restrict_syscalls(const struct sandbox_needs *needs, struct sandbox *sandbox);

/* Returns: the missing layers, such as "Landlock is missing", static; NULL for none. */
const char *sandbox_missing(const struct sandbox *sandbox);

/* Appends the names of landlock_refused, such as "TRUNCATE, SCOPE_SIGNAL"; nothing for 0. */
void sandbox_add_refused(const struct sandbox *sandbox, struct strbuf *out);

/*
 * The condition of -sandbox require. Refused Landlock rights meet it: the kernel has Landlock,
 * and an older ABI, which lacks the same rights, meets it too.
 * Returns: 0 when no layer is missing, or -1 with *err filled.
 */
int sandbox_check(const struct sandbox *sandbox, struct error *err);

#endif
