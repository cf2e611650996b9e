/*
 * refuse_scope.c - runs a program for which landlock_create_ruleset(2) fails with EINVAL when
 * it is asked for chosen scopes, while the ABI version stays: what Red Hat's 5.14 kernels do,
 * which announce ABI 6 without LANDLOCK_SCOPE_SIGNAL.
 *
 * usage: refuse_scope SCOPES PROGRAM [ARGUMENT ...]
 *        SCOPES: bits of struct landlock_ruleset_attr.scoped, in decimal
 * Exit status: the program's; 126 when the filter can't be installed, 127 when exec fails.
 *
 * BPF can't read the struct behind a pointer: a supervisor reads it (seccomp_unotify(2)).
 * The supervisor is the child, so that the program has the process id that the caller knows.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SCOPED_OFFSET 16 /* in struct landlock_ruleset_attr */

/* Returns: whether the call asks for one of the scopes. */
static int asks_for(const struct seccomp_notif *call, uint64_t scopes)
{
	uint64_t scoped = 0;
	struct iovec to = {&scoped, sizeof(scoped)};
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the other process */
	struct iovec from = {(void *)(uintptr_t)(call->data.args[0] + SCOPED_OFFSET), to.iov_len};

	if (call->data.args[0] == 0 || call->data.args[1] < SCOPED_OFFSET + sizeof(scoped))
		return 0;
	return process_vm_readv((pid_t)call->pid, &to, 1, &from, 1, 0) > 0 &&
	       (scoped & scopes) != 0;
}

/* Decides calls until it is killed. */
static void supervise(int listener, uint64_t scopes)
{
	struct pollfd ready = {.fd = listener, .events = POLLIN};

	while (poll(&ready, 1, -1) > 0 && (ready.revents & POLLIN) != 0) {
		struct seccomp_notif call = {0};
		struct seccomp_notif_resp decision = {0};

		if (ioctl(listener, (int)SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
			continue;
		decision.id = call.id;
		if (asks_for(&call, scopes))
			decision.error = -EINVAL;
		else
			decision.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, (int)SECCOMP_IOCTL_NOTIF_SEND, &decision);
	}
}

int main(int argc, char **argv)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
	int listener;

	if (argc < 3) {
		fputs("usage: refuse_scope SCOPES PROGRAM [ARGUMENT ...]\n", stderr);
		return 126;
	}
	if (geteuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	listener = (int)syscall(
		SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0) {
		perror("refuse_scope: seccomp");
		return 126;
	}
	/* Where Yama restricts ptrace(2), the supervisor may read this process all the same. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	switch (fork()) {
	case -1:
		perror("refuse_scope: fork");
		return 126;
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		/* The caller waits for the end of these streams. */
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			close(fd);
		supervise(listener, strtoull(argv[1], NULL, 10));
		_exit(0);
	}
	execv(argv[2], argv + 2);
	perror("refuse_scope: execv");
	return 127;
}
