/*
 * inject.c - makes a thread of another process do one system call of our choice, as an
 * attacker would who has taken it over. x86-64; ptrace(2).
 *
 * usage: inject TID NUMBER [ARGUMENT ...]
 *        an argument is a number, @TEXT for the address of that text, or %HEX for the
 *        address of these bytes
 * Prints "returned VALUE" when the thread lives on, as it was before, or "killed SIGNAL".
 * Exit status: 0 when it prints one of these, 1 when it could do neither.
 *
 * The thread must be inside of a system call that waits: its own syscall instruction is used
 * again, so that no byte of the program is changed.
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
#define RED_ZONE	    128	   /* bytes below the stack pointer that are in use, x86-64 ABI */
#define ROOM		    256	   /* bytes for one argument */

static int fail(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Waits for the thread. Returns: 0 while it is stopped; 1 when it is gone, and says of what. */
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

/* Takes "@text" or "%hex". Returns: how many bytes it has, 0 if it can't be taken. */
static size_t take_bytes(const char *argument, char *bytes)
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

/* Puts bytes into the thread's memory. Returns: whether that worked. */
static int put(pid_t tid, uint64_t address, const char *argument)
{
	char words[ROOM] = {0};
	size_t len = take_bytes(argument, words);

	for (size_t i = 0; i < len; i += sizeof(long)) {
		long word;

		memcpy(&word, words + i, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, tid, (void *)(uintptr_t)(address + i),
			    (void *)(uintptr_t)word) != 0)
			return 0;
	}
	return len > 0;
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
	if ((ptrace(PTRACE_PEEKTEXT, tid, (void *)(uintptr_t)(before.rip - 2), NULL) & 0xffff) !=
		SYSCALL_INSTRUCTION) {
		errno = EAGAIN;
		return fail("not inside of a system call");
	}
	regs = before;
	regs.rip -= 2;
	regs.rax = strtoull(argv[2], NULL, 0);
	regs.orig_rax = (uint64_t)-1; /* or the kernel restarts the call that waited */
	for (int i = 3; i < argc; i++) {
		uint64_t room = (before.rsp - RED_ZONE - (uint64_t)(i - 2) * ROOM) & ~UINT64_C(7);

		if (argv[i][0] != '@' && argv[i][0] != '%')
			room = strtoull(argv[i], NULL, 0);
		else if (!put(tid, room, argv[i]))
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
	/* As if a signal had come: the call that waited is made again by the program itself. */
	before.rax = (uint64_t)-EINTR;
	before.orig_rax = (uint64_t)-1;
	if (ptrace(PTRACE_SETREGS, tid, NULL, &before) != 0 ||
		ptrace(PTRACE_DETACH, tid, NULL, NULL) != 0)
		return fail("ptrace");
	printf("returned %lld\n", (long long)regs.rax);
	return 0;
}
