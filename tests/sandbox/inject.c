/*
 * inject.c - makes a thread of another process execute one chosen system call, as an attacker
 * with control of the process would. x86-64 and arm64; ptrace(2).
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
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define RED_ZONE 128 /* bytes below the stack pointer that a function may use, x86-64 ABI */
#define ROOM	 256 /* bytes for one argument */

#if defined(__x86_64__)
#define SYSCALL_INSTRUCTION 0x050f /* 0f 05, little-endian */
#define SYSCALL_MASK	    0xffff
#define SYSCALL_BYTES	    2
#define PROGRAM_COUNTER	    rip
#define STACK_POINTER	    rsp
#define RESULT		    rax
#elif defined(__aarch64__)
#define SYSCALL_INSTRUCTION 0xd4000001 /* svc #0 */
#define SYSCALL_MASK	    0xffffffff
#define SYSCALL_BYTES	    4
#define PROGRAM_COUNTER	    pc
#define STACK_POINTER	    sp
#define RESULT		    regs[0]
#endif

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

static int is_syscall(pid_t tid, uint64_t address)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the other process */
	long word = ptrace(PTRACE_PEEKTEXT, tid, (void *)(uintptr_t)address, NULL);

	return (word & SYSCALL_MASK) == SYSCALL_INSTRUCTION;
}

/*
 * Whether the thread's own call was interrupted: a call that has ended has a result that nothing
 * may replace. Then the program counter is moved to the instruction of that call.
 */
static int rewind_call(pid_t tid, struct user_regs_struct *regs)
{
#if defined(__x86_64__)
	/* The kernel's own codes to restart a call; it does that only when the thread goes on. */
	enum {
		ERESTARTSYS = 512,
		ERESTART_RESTARTBLOCK = 516
	};
	int64_t result = (int64_t)regs->RESULT;

	if (result != -EINTR && (result > -ERESTARTSYS || result < -ERESTART_RESTARTBLOCK))
		return 0;
	regs->orig_rax = (uint64_t)-1; /* else the kernel restarts the interrupted call */
#else
	/* A call that is to be restarted is about to be made again, with its arguments. */
	if (is_syscall(tid, regs->PROGRAM_COUNTER))
		return 1;
	if ((int64_t)regs->RESULT != -EINTR)
		return 0;
#endif
	regs->PROGRAM_COUNTER -= SYSCALL_BYTES;
	return is_syscall(tid, regs->PROGRAM_COUNTER);
}

static void set_number(struct user_regs_struct *regs, uint64_t number)
{
#if defined(__x86_64__)
	regs->rax = number;
#else
	regs->regs[8] = number;
#endif
}

static void set_argument(struct user_regs_struct *regs, int index, uint64_t value)
{
#if defined(__x86_64__)
	uint64_t *const args[] = {
		&regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8, &regs->r9};

	*args[index] = value;
#else
	regs->regs[index] = value;
#endif
}

static int transfer_registers(int request, pid_t tid, struct user_regs_struct *regs)
{
	struct iovec vector = {regs, sizeof(*regs)};

	/* NOLINTNEXTLINE(performance-no-int-to-ptr): ptrace(2) takes the kind of registers as a pointer */
	return ptrace(request, tid, (void *)(uintptr_t)NT_PRSTATUS, &vector) == 0;
}

int main(int argc, char **argv)
{
	struct user_regs_struct before;
	struct user_regs_struct regs;
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
	if (!transfer_registers(PTRACE_GETREGSET, tid, &before))
		return fail("registers");
	regs = before;
	if (!rewind_call(tid, &regs)) {
		errno = EAGAIN;
		return fail("not in a system call");
	}
	set_number(&regs, strtoull(argv[2], NULL, 0));
	for (int i = 3; i < argc; i++) {
		uint64_t room =
			(before.STACK_POINTER - RED_ZONE - (uint64_t)(i - 2) * ROOM) & ~UINT64_C(7);

		if (argv[i][0] != '@' && argv[i][0] != '%')
			room = strtoull(argv[i], NULL, 0);
		else if (!write_bytes(tid, room, argv[i]))
			return fail("memory");
		set_argument(&regs, i - 3, room);
	}
	if (!transfer_registers(PTRACE_SETREGSET, tid, &regs) ||
		ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL) != 0)
		return fail("registers");
	if (wait_for(tid, &status) != 0)
		return 0;
	if (!transfer_registers(PTRACE_GETREGSET, tid, &regs))
		return fail("registers");
#if defined(__x86_64__)
	/* As after a signal: the program itself repeats the interrupted call. */
	before.rax = (uint64_t)-EINTR;
	before.orig_rax = (uint64_t)-1;
#endif
	if (!transfer_registers(PTRACE_SETREGSET, tid, &before) ||
		ptrace(PTRACE_DETACH, tid, NULL, NULL) != 0)
		return fail("ptrace");
	printf("returned %lld\n", (long long)regs.RESULT);
	return 0;
}
