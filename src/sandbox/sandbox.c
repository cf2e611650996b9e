#include "sandbox/sandbox.h"
#include "sandbox/landlock.h"
#include "sandbox/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bits of sandbox.missing. */
enum layer {
	LAYER_NO_NEW_PRIVS = 1,
	LAYER_LANDLOCK = 2,
	LAYER_SECCOMP = 4,
};

static void add_missing(struct sandbox *sandbox, enum layer layer, int errnum)
{
	if (sandbox->missing == 0)
		sandbox->errnum = errnum;
	sandbox->missing |= (unsigned)layer;
}

/*
 * Returns: whether the kernel has seccomp filters: then a filter at address NULL is EFAULT,
 * otherwise EINVAL, ENOSYS or EPERM (seccomp(2), ERRORS).
 */
static bool kernel_has_seccomp_filters(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, NULL) ==
		       0 ||
	       errno == EFAULT;
}

void sandbox_restrict_files(const struct sandbox_needs *needs, struct sandbox *sandbox)
{
	/* First: without root, Landlock and seccomp require it. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		add_missing(sandbox, LAYER_NO_NEW_PRIVS, errno);
	if (landlock_restrict(needs, &sandbox->landlock_refused, &sandbox->reread_in_root) != 0)
		add_missing(sandbox, LAYER_LANDLOCK, errno);
	if (!kernel_has_seccomp_filters())
		add_missing(sandbox, LAYER_SECCOMP, errno);
}

void sandbox_restrict_syscalls(const struct sandbox_needs *needs, struct sandbox *sandbox)
{
	struct sock_filter filter[SECCOMP_FILTER_MAX];
	const struct sock_fprog program = {
		.len = seccomp_write_filter(needs, filter), .filter = filter};
	/*
	 * SPEC_ALLOW: before 5.16 the kernel disables speculative store bypass for a filtered
	 * process, which slows it down. That protects against untrusted code in the same
	 * process, and hello runs none. Kernels before 4.17 and gVisor refuse the flag.
	 */
	static const unsigned long flags[] = {
		SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		SECCOMP_FILTER_FLAG_TSYNC};
	long result = -1;

	errno = ENOSYS; /* if there is no filter for this processor */
	for (size_t i = 0; program.len > 0 && result != 0 && i < 2; i++)
		result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], &program);
	/* A positive result is the id of a thread with a different filter. */
	if (result != 0)
		add_missing(sandbox, LAYER_SECCOMP, result < 0 ? errno : EBUSY);
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

	return texts[sandbox->missing & (LAYER_NO_NEW_PRIVS | LAYER_LANDLOCK | LAYER_SECCOMP)];
}

void sandbox_add_refused(const struct sandbox *sandbox, struct strbuf *out)
{
	landlock_add_names(sandbox->landlock_refused, out);
}

int sandbox_check(const struct sandbox *sandbox, struct error *err)
{
	if (sandbox->missing == 0)
		return 0;
	return error_set(err, sandbox->errnum, "-sandbox", "require", sandbox_missing(sandbox),
		"the kernel or the container engine refuses it; -sandbox auto serves without it");
}
