#include "sandbox/sandbox.h"
#include "sandbox/landlock.h"
#include "sandbox/sandbox_abi.h"
#include "sandbox/seccomp.h"

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum part {
	PRIVILEGES = 1,
	FILES = 2,
	CALLS = 4,
};

static void miss(struct sandbox *sandbox, enum part part, int errnum)
{
	if (sandbox->missing == 0)
		sandbox->errnum = errnum;
	sandbox->missing |= (unsigned)part;
}

/*
 * Returns: whether the kernel knows the operation: a program at no address is EFAULT there,
 * and EINVAL, ENOSYS or EPERM elsewhere (seccomp(2), ERRORS).
 */
static bool has_call_filter(void)
{
	return syscall(SYS_seccomp, CALL_FILTER_SET, CALL_FILTER_ALL_THREADS, NULL) == 0 ||
	       errno == EFAULT;
}

void sandbox_restrict_files(const struct sandbox_needs *needs, struct sandbox *sandbox)
{
	/* Both others refuse without it, unless the caller is root. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		miss(sandbox, PRIVILEGES, errno);
	if (landlock_restrict(needs) != 0)
		miss(sandbox, FILES, errno);
	if (!has_call_filter())
		miss(sandbox, CALLS, errno);
}

void sandbox_restrict_syscalls(const struct sandbox_needs *needs, struct sandbox *sandbox)
{
	struct bpf_instruction instructions[SECCOMP_FILTER_MAX];
	const struct bpf_program program = {
		.len = seccomp_write_filter(needs, instructions), .instructions = instructions};
	/*
	 * Speculation stays as it was: kernels before 5.16 slow a filtered process down against
	 * foreign code inside of it, and none runs here. Kernels before 4.17, and gVisor, don't
	 * know the flag.
	 */
	static const uint32_t flags[] = {
		CALL_FILTER_ALL_THREADS | CALL_FILTER_SPECULATE, CALL_FILTER_ALL_THREADS};
	long result = -1;

	errno = ENOSYS; /* no table for this processor */
	for (size_t i = 0; program.len > 0 && result != 0 && i < 2; i++)
		result = syscall(SYS_seccomp, CALL_FILTER_SET, flags[i], &program);
	/* A positive result is a thread that has a filter of its own. */
	if (result != 0)
		miss(sandbox, CALLS, result < 0 ? errno : EBUSY);
}

const char *sandbox_missing(const struct sandbox *sandbox)
{
	static const char *const texts[] = {
		NULL,
		"no_new_privs is missing",
		"Landlock is missing",
		"no_new_privs and Landlock are missing",
		"seccomp is missing",
		"no_new_privs and seccomp are missing",
		"Landlock and seccomp are missing",
		"no_new_privs, Landlock and seccomp are missing",
	};

	return texts[sandbox->missing & (PRIVILEGES | FILES | CALLS)];
}

int sandbox_check(const struct sandbox *sandbox, struct error *err)
{
	if (sandbox->missing == 0)
		return 0;
	return error_set(err, sandbox->errnum, "-sandbox", "require", sandbox_missing(sandbox),
		"this kernel or container refuses it; -sandbox auto serves without");
}
