/* sandbox_files.h - Landlock: which files this process may still open. */
#ifndef HELLO_SANDBOX_LANDLOCK_H
#define HELLO_SANDBOX_LANDLOCK_H

#include "sandbox/sandbox.h"
#include "sandbox/sandbox_abi.h"

/*
 * Chooses what a kernel can be asked to refuse.
 * abi: landlock_create_ruleset(LANDLOCK_CREATE_RULESET_VERSION), 1 or more
 * Returns: all that this version has; what it doesn't know is 0.
 */
struct landlock_handled landlock_handled_by_abi(long abi);

/*
 * Refuses all of it to this thread and those it will make, but for reading what needs names.
 * Returns: 0, or -1 with errno set: the kernel has no Landlock (ENOSYS, EOPNOTSUPP), or
 *          something outside refuses it (EPERM).
 */
int landlock_restrict(const struct sandbox_needs *needs);

#endif
