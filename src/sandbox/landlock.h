/* landlock.h - Landlock: limits files, TCP ports, signals and sockets for this process. */
#ifndef HELLO_SANDBOX_LANDLOCK_H
#define HELLO_SANDBOX_LANDLOCK_H

#include "base/strbuf.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * struct landlock_ruleset_attr of ABI 6. The struct in <linux/landlock.h> is as short as the
 * header is old: 8 bytes in Debian 12.
 */
struct landlock_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;	     /* ABI 6 */
};

/*
 * landlock_create_ruleset(2) without its flags; a parameter, so that tests bring their kernel.
 * Returns: a file descriptor, or -1 with errno set.
 */
typedef int landlock_create(const struct landlock_attr *attr, size_t attr_bytes);

/*
 * Creates a ruleset with all rights of a Landlock version, less those that the kernel refuses.
 * abi:     landlock_create_ruleset(2) with LANDLOCK_CREATE_RULESET_VERSION, 1 or more
 * refused: the refused rights are added, as bits
 * Returns: a file descriptor, or -1 with errno set; then *refused has no meaning.
 */
int landlock_make_ruleset(long abi, landlock_create *create, unsigned *refused);

/* Appends the names of rights, such as "TRUNCATE, SCOPE_SIGNAL". rights: from *refused */
void landlock_add_names(unsigned rights, struct strbuf *out);

/*
 * Denies all rights to this thread and the threads that it creates later; only reading stays
 * allowed, and only in the directories of needs->reread. Where such a directory is the root, only
 * the file is allowed.
 * refused: rights that the kernel announces but refuses, as bits; written on success only
 * in_root: whether a directory of needs->reread is the root; written on success only
 * Returns: 0, or -1 with errno set: the kernel has no Landlock (ENOSYS, EOPNOTSUPP), or a
 *          container engine's filter denies it (EPERM).
 */
int landlock_restrict(const struct sandbox_needs *needs, unsigned *refused, bool *in_root);

#endif
