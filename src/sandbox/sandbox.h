/*
 * sandbox.h - what this process gives up before it serves, for good: new privileges, files
 * and TCP (Landlock), system calls (seccomp). docs/sandbox.md tells why each thing is left.
 */
#ifndef HELLO_SANDBOX_SANDBOX_H
#define HELLO_SANDBOX_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>

enum sandbox_mode {
	SANDBOX_AUTO,	 /* what the kernel has; say what it lacks */
	SANDBOX_REQUIRE, /* all of it, or do not serve */
	SANDBOX_OFF,
};

/* What this configuration does beside plain HTTP. */
struct sandbox_needs {
	bool tls; /* handshakes take random numbers */
	/*
	 * Files read again while serving, ended by NULL; NULL for none; borrowed. Allowed is
	 * reading in the directories where they lie: a new certificate is a new file.
	 */
	const char *const *reread;
};

/* What the kernel did not give. To be set to zeros before the first stage. */
struct sandbox {
	unsigned missing; /* parts, as bits; 0: all of it holds */
	int errnum;	  /* errno of the first refusal */
};

/*
 * First stage: no_new_privs(2) and Landlock (landlock(7)), and a look whether the second
 * stage will find seccomp. From here on no file can be opened but what needs names, and no
 * TCP port bound or connected to.
 * sandbox: the parts that are missing are added
 * Threads: only the caller's and those made later are restricted: call it before the first.
 */
void sandbox_restrict_files(const struct sandbox_needs *needs, struct sandbox *sandbox);

/*
 * Second stage: the filter of system calls (seccomp(2)), for all threads at once. A call that
 * is not in the table of sandbox_calls.c ends the process with SIGSYS.
 * Threads: those that serve must run already: making one is not in the table.
 */
void sandbox_restrict_syscalls(const struct sandbox_needs *needs, struct sandbox *sandbox);

/* Returns: what is missing, such as "Landlock is missing", static; NULL when nothing is. */
const char *sandbox_missing(const struct sandbox *sandbox);

/* Returns: 0 when nothing is missing, or -1 with *err filled for -sandbox require. */
int sandbox_check(const struct sandbox *sandbox, struct error *err);

#endif
