/*
 * inject.c - makes a thread of another process execute one chosen system call, as an attacker
 * with control of the process would. x86-64; ptrace(2).
 *
 * usage: inject TID NUMBER [ARGUMENT ...]
 *        an argument is a number, @TEXT for the address of that text, or %HEX for the
 *        address of these bytes
 * Prints "returned VALUE" when the thread survives; its state is then restored. Prints
 * "killed SIGNAL" when it does not.
 * Exit status: 0 when it prints one of these, otherwise 1.
 *
 * The thread must wait in a system call: its own syscall instruction is executed again, so
 * that no byte of the program is changed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_INSTRUCTION 0x050f /* 0f 05, little-endian */
#define RED_ZONE	    128 /* bytes below the stack pointer that a function may use, x86-64 ABI */
#define ROOM		    256 /* bytes for one argument */

static int fail(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Waits for the thread. Returns: 0 when it stopped; 1 when it ended, after printing how. */
static int wait_for(pid_t tid, int *status)
{
	if (waitpid(tid, status, __WALL) != tid)
		return fail("waitpid");
	if (WIFSTOPPED(*status))
		return 0;
	if (WIFSIGNALED(*status))
		printf("killed %d\n", WTERMSIG(*status));
	else
		printf("exited %d\n", WEXITSTATUS(*status));
	return 1;
}

/* Parses "@text" or "%hex". Returns: the number of bytes, 0 if it does not fit. */
static size_t parse_bytes(const char *argument, char *bytes)
{
	size_t len = strlen(argument + 1);

	if (argument[0] == '@') {
		if (len >= ROOM)
			return 0;
		memcpy(bytes, argument + 1, len + 1);
		return len + 1;
	}
	if (len / 2 > ROOM)
		return 0;
	for (size_t i = 0; i < len / 2; i++) {
		const char pair[3] = {argument[1 + 2 * i], argument[2 + 2 * i], '\0'};

		bytes[i] = (char)strtoul(pair, NULL, 16);
	}
	return len / 2;
}

/* Writes bytes into the thread's memory. Returns: 1 on success, otherwise 0. */
static int write_bytes(pid_t tid, uint64_t address, const char *argument)
{
	char words[ROOM] = {0};
	size_t len = parse_bytes(argument, words);

	for (size_t i = 0; i < len; i += sizeof(long)) {
		long word;

		memcpy(&word, words + i, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, tid, (void *)(uintptr_t)(address + i),
			    (void *)(uintptr_t)word) != 0)
			return 0;
	}
	return len > 0;
}

/* Whether a result says that the call did not end: EINTR, or one of the kernel's own codes to restart it. */
static int is_interrupted(int64_t result)
{
	enum {
		ERESTARTSYS = 512,
		ERESTART_RESTARTBLOCK = 516
	};

	return result == -EINTR || (result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK);
}

int main(int argc, char **argv)
{
	struct user_regs_struct before;
	struct user_regs_struct regs;
	uint64_t *const args[] = {&regs.rdi, &regs.rsi, &regs.rdx, &regs.r10, &regs.r8, &regs.r9};
	int status;
	pid_t tid;

	if (argc < 3 || argc > 9) {
		fputs("usage: inject TID NUMBER [ARGUMENT ...]\n", stderr);
		return 1;
	}
	tid = (pid_t)strtol(argv[1], NULL, 10);
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0 ||
		ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0)
		return fail("ptrace");
	if (wait_for(tid, &status) != 0)
		return 1;
	if (ptrace(PTRACE_GETREGS, tid, NULL, &before) != 0)
		return fail("registers");
	errno = 0;
	/* A call that has ended has a result that nothing may replace. */
	if (!is_interrupted((int64_t)before.rax) ||
		(ptrace(PTRACE_PEEKTEXT, tid, (void *)(uintptr_t)(before.rip - 2), NULL) &
			0xffff) != SYSCALL_INSTRUCTION) {
		errno = EAGAIN;
		return fail("not in a system call");
	}
	regs = before;
	regs.rip -= 2;
	regs.rax = strtoull(argv[2], NULL, 0);
	regs.orig_rax = (uint64_t)-1; /* else the kernel restarts the interrupted call */
	for (int i = 3; i < argc; i++) {
		uint64_t room = (before.rsp - RED_ZONE - (uint64_t)(i - 2) * ROOM) & ~UINT64_C(7);

		if (argv[i][0] != '@' && argv[i][0] != '%')
			room = strtoull(argv[i], NULL, 0);
		else if (!write_bytes(tid, room, argv[i]))
			return fail("memory");
		*args[i - 3] = room;
	}
	if (ptrace(PTRACE_SETREGS, tid, NULL, &regs) != 0 ||
		ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL) != 0)
		return fail("registers");
	if (wait_for(tid, &status) != 0)
		return 0;
	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) != 0)
		return fail("registers");
	/* As after a signal: the program itself repeats the interrupted call. */
	before.rax = (uint64_t)-EINTR;
	before.orig_rax = (uint64_t)-1;
	if (ptrace(PTRACE_SETREGS, tid, NULL, &before) != 0 ||
		ptrace(PTRACE_DETACH, tid, NULL, NULL) != 0)
		return fail("ptrace");
	printf("returned %lld\n", (long long)regs.rax);
	return 0;
}
