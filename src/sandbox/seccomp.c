#include "sandbox/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Who needs a call. */
enum need {
	ALWAYS = 0, /* plain HTTP */
	TLS = 1,    /* needs.tls */
	REREAD = 2, /* needs.reread */
};

enum test {
	NO_TEST,
	IS_ONE_OF, /* of values, up to the first 0 behind the first value */
	LACKS,	   /* each bit of values[0] */
};

/*
 * What an argument must be. Its lower 32 bits are looked at: the kernel takes these arguments
 * as int, but for prot, of which it ignores the upper half.
 */
struct condition {
	uint8_t test; /* enum test */
	uint8_t arg;  /* 0 to 5 */
	uint32_t values[3];
};

struct rule {
	const struct condition *conditions; /* all of them, ended by NO_TEST; NULL for none */
	uint16_t number;
	uint8_t needs;	/* enum need, any of them */
	uint8_t errnum; /* 0: the call passes; else it fails with this */
};

#define PASS(call, who)                                                                            \
	{                                                                                          \
		.number = SYS_##call, .needs = (who)                                               \
	}
#define FAIL(call, who, errno)                                                                     \
	{                                                                                          \
		.number = SYS_##call, .needs = (who), .errnum = (errno)                            \
	}
#define PASS_IF(call, who, ...)                                                                    \
	{                                                                                          \
		.number = SYS_##call, .needs = (who), .conditions = (const struct condition[])     \
		{                                                                                  \
			__VA_ARGS__,                                                               \
			{                                                                          \
				.test = NO_TEST                                                    \
			}                                                                          \
		}                                                                                  \
	}
#define ARG_IS(index, ...)                                                                         \
	{                                                                                          \
		.test = IS_ONE_OF, .arg = (index), .values = { __VA_ARGS__ }                       \
	}
#define ARG_LACKS(index, bits)                                                                     \
	{                                                                                          \
		.test = LACKS, .arg = (index), .values = {(uint32_t)(bits) }                       \
	}

/* A certificate is opened for reading and in no other way. */
#define ALL_BUT_PLAIN_READING (~(uint32_t)(O_CLOEXEC | O_LARGEFILE | O_NONBLOCK))

/*
 * All that may be called, seen with strace(1) over the black-box tests. What is missing here
 * kills, also where a libc would live with an error: nothing of it is called by a service in
 * good health. Not here on purpose: rt_sigreturn (there is no handler, and forged frames need
 * it), clone (no thread and no process is made after the start), socket and connect.
 */
static const struct rule rules[] = {
	/* Requests and answers. */
	PASS(epoll_pwait, ALWAYS), /* the event loops wait */
	PASS(epoll_ctl, ALWAYS),   /* a connection joins or leaves a loop */
	PASS(accept4, ALWAYS),	   /* new connections */
	PASS(recvfrom, ALWAYS),	   /* requests */
	PASS(sendto, ALWAYS),	   /* answers in one piece */
	PASS(sendmsg, ALWAYS),	   /* header and body of an answer at once */
	PASS(shutdown, ALWAYS),	   /* deadlines, refusals and the drain end connections */
	PASS(close, ALWAYS),	   /* connections, listeners, loops */
	PASS_IF(setsockopt, ALWAYS, ARG_IS(1, IPPROTO_TCP),
		ARG_IS(2, TCP_NODELAY, TCP_CORK)), /* when an answer leaves */
	PASS_IF(setsockopt, ALWAYS, ARG_IS(1, SOL_SOCKET),
		ARG_IS(2, SO_LINGER)), /* what a deaf client never took is dropped */
	PASS_IF(getsockopt, ALWAYS, ARG_IS(1, IPPROTO_TCP),
		ARG_IS(2, TCP_INFO)), /* has it been taken? */
	PASS_IF(fcntl, ALWAYS,
		ARG_IS(1, F_GETFL, F_GETFD, F_SETFD)), /* connections that a drain takes over */

#ifdef SYS_poll
	PASS(poll, ALWAYS), /* the log's reader, and the backlog */
#else
	PASS(ppoll, ALWAYS), /* the log's reader, and the backlog */
#endif

	/* Threads, time and memory, as musl makes them. */
	PASS(read, ALWAYS),	       /* the eventfd that wakes a loop */
	PASS(write, ALWAYS),	       /* the log, and the same eventfd */
	PASS(writev, ALWAYS),	       /* stdio: the text of a failed assertion */
	PASS(futex, ALWAYS),	       /* locks; waiting for a thread's end */
	PASS(clock_gettime, ALWAYS),   /* where the vDSO can't tell the time */
	PASS(restart_syscall, ALWAYS), /* the kernel's own, after SIGSTOP or a freezer */
	PASS(rt_sigprocmask, ALWAYS),  /* around a thread's end */
	PASS(exit, ALWAYS),	       /* a thread's end */
	PASS(exit_group, ALWAYS),      /* the end */
	PASS_IF(tkill, ALWAYS, ARG_IS(1, SIGABRT)),	    /* abort() shows as such, status 134 */
	PASS(brk, ALWAYS),				    /* malloc's records */
	PASS_IF(mmap, ALWAYS, ARG_LACKS(2, PROT_EXEC)),	    /* malloc; never code */
	PASS_IF(mprotect, ALWAYS, ARG_LACKS(2, PROT_EXEC)), /* malloc's records; never code */
	PASS(munmap, ALWAYS),				    /* free, and a thread's stack */
	PASS(mremap, ALWAYS),				    /* realloc of large blocks */
	PASS_IF(madvise, ALWAYS, ARG_IS(2, MADV_FREE, MADV_DONTNEED)), /* free gives pages back */

	/* The main thread, which is PID 1 in a container. */
	PASS(rt_sigtimedwait, ALWAYS), /* signals, and the tick of the deadlines */
	PASS(wait4, ALWAYS),	       /* orphans that end are reaped */

	/* A thread's name is no reason to die, should a build of libmicrohttpd give them. */
	FAIL(prctl, ALWAYS, EPERM), /* refused without a death */

	/* HTTPS. */
	PASS(getrandom, TLS), /* keys and nonces */

/* Certificates and keys, read again on SIGHUP. */
#ifdef SYS_open
	PASS_IF(open, REREAD, ARG_LACKS(1, ALL_BUT_PLAIN_READING)), /* for reading alone */
#endif
	PASS_IF(openat, REREAD, ARG_LACKS(2, ALL_BUT_PLAIN_READING)), /* for reading alone */

	PASS(fstat, REREAD), /* what was opened */
	PASS(uname, TLS),    /* the name in a self-signed certificate */
};

#if defined(__x86_64__)
#define ARCHITECTURE ARCHITECTURE_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE ARCHITECTURE_AARCH64
#endif

/* The program as it is written, front to back. */
struct writer {
	struct bpf_instruction *at;
};

static struct bpf_instruction *add(struct writer *writer, uint16_t code, uint32_t operand)
{
	*writer->at = (struct bpf_instruction){.code = code, .operand = operand};
	return writer->at++;
}

static void load_number(struct writer *writer)
{
	add(writer, BPF_LOAD, offsetof(struct call_data, number));
}

/* Skips on where an argument is not as it must be. Returns: the jump whose distance is open. */
static struct bpf_instruction *add_condition(
	struct writer *writer, const struct condition *condition)
{
	struct bpf_instruction *jump = NULL;
	uint8_t count = 1;

	/* Little-endian, as both processors are here: the lower half comes first. */
	add(writer, BPF_LOAD,
		(uint32_t)(offsetof(struct call_data, args) + 8 * (size_t)condition->arg));
	if (condition->test == LACKS)
		return add(writer, BPF_IF_ANY_BIT, condition->values[0]);
	while (count < 3 && condition->values[count] != 0)
		count++;
	for (uint8_t i = 0; i < count; i++) {
		jump = add(writer, BPF_IF_EQUAL, condition->values[i]);
		jump->if_true = (uint8_t)(count - 1 - i);
	}
	return jump;
}

/* A rule that does not match leaves the call's number for the next one. */
static void add_rule(struct writer *writer, const struct rule *rule)
{
	struct bpf_instruction *number = add(writer, BPF_IF_EQUAL, rule->number);
	const struct condition *condition = rule->conditions;
	struct bpf_instruction *failed[2];
	size_t count = 0;

	for (; condition != NULL && condition->test != NO_TEST; condition++)
		failed[count++] = add_condition(writer, condition);
	add(writer, BPF_RETURN_VALUE,
		rule->errnum == 0 ? CALL_PASSES : CALL_FAILS | (uint32_t)rule->errnum);
	for (size_t i = 0; i < count; i++) {
		uint8_t distance = (uint8_t)(writer->at - failed[i] - 1);

		if (failed[i]->code == BPF_IF_ANY_BIT)
			failed[i]->if_true = distance;
		else
			failed[i]->if_false = distance;
	}
	if (count > 0)
		load_number(writer);
	number->if_false = (uint8_t)(writer->at - number - 1);
}

uint16_t seccomp_write_filter(
	const struct sandbox_needs *needs, struct bpf_instruction *instructions)
{
#ifdef ARCHITECTURE
	struct writer writer = {instructions};
	const unsigned wanted = (needs->tls ? TLS : 0u) | (needs->reread != NULL ? REREAD : 0u);

	/* The same number is another call through another entry: int 0x80, and x32. */
	add(&writer, BPF_LOAD, offsetof(struct call_data, architecture));
	add(&writer, BPF_IF_EQUAL, ARCHITECTURE)->if_true = 1;
	add(&writer, BPF_RETURN_VALUE, CALL_KILLS);
	load_number(&writer);
	add(&writer, BPF_IF_AT_LEAST, X32_BIT)->if_false = 1;
	add(&writer, BPF_RETURN_VALUE, CALL_KILLS);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].needs == ALWAYS || (rules[i].needs & wanted) != 0)
			add_rule(&writer, &rules[i]);
	}
	add(&writer, BPF_RETURN_VALUE, CALL_KILLS);
	return (uint16_t)(writer.at - instructions);
#else
	(void)needs;
	(void)instructions;
	return 0;
#endif
}
