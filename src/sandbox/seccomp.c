#include "sandbox/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Which configuration needs a system call. */
enum need {
	ALWAYS = 0, /* plain HTTP */
	TLS = 1,    /* needs.tls */
	REREAD = 2, /* needs.reread */
};

enum test {
	NO_TEST,
	IS_ONE_OF,   /* values: the first, and the others up to the first 0 */
	HAS_NONE_OF, /* the bits of values[0] */
};

/*
 * A condition for one argument. Only its lower 32 bits are tested: the kernel takes these
 * arguments as int, except prot, and of prot it ignores the upper half.
 */
struct condition {
	uint8_t test; /* enum test */
	uint8_t arg;  /* 0 to 5 */
	uint32_t values[3];
};

struct rule {
	const struct condition *conditions; /* all must hold; ended by NO_TEST; NULL for none */
	uint16_t nr;			    /* number of the system call */
	uint8_t needs;			    /* enum need, any of them */
	uint8_t errnum;			    /* 0: allowed; else the call fails with this errno */
};

#define ALLOW(name, who)                                                                           \
	{                                                                                          \
		.nr = SYS_##name, .needs = (who)                                                   \
	}
#define ALLOW_IF(name, who, ...)                                                                   \
	{                                                                                          \
		.nr = SYS_##name, .needs = (who), .conditions = (const struct condition[])         \
		{                                                                                  \
			__VA_ARGS__,                                                               \
			{                                                                          \
				.test = NO_TEST                                                    \
			}                                                                          \
		}                                                                                  \
	}
#define FAIL(name, who, errno)                                                                     \
	{                                                                                          \
		.nr = SYS_##name, .needs = (who), .errnum = (errno)                                \
	}
#define ARG_IS(index, ...)                                                                         \
	{                                                                                          \
		.test = IS_ONE_OF, .arg = (index), .values = { __VA_ARGS__ }                       \
	}
#define ARG_LACKS(index, bits)                                                                     \
	{                                                                                          \
		.test = HAS_NONE_OF, .arg = (index), .values = {(uint32_t)(bits) }                 \
	}

/* Certificates are opened read-only. */
#define ALL_BUT_READ_ONLY (~(uint32_t)(O_CLOEXEC | O_LARGEFILE | O_NONBLOCK))

/*
 * All allowed system calls, found with strace(1) over the black-box tests. Any other kills the
 * process; an errno would let an attacker try again. Left out on purpose: rt_sigreturn (there
 * is no signal handler, and sigreturn-oriented programming needs it), clone (no thread or
 * process is created after the start), socket and connect.
 */
static const struct rule rules[] = {
	/* Requests and responses. */
	ALLOW(epoll_pwait, ALWAYS), /* event loops wait for events */
	ALLOW(epoll_ctl, ALWAYS),   /* add a connection to an event loop, or remove it */
	ALLOW(accept4, ALWAYS),	    /* accept connections */
	ALLOW(recvfrom, ALWAYS),    /* receive requests */
	ALLOW(sendto, ALWAYS),	    /* send a response from one buffer */
	ALLOW(sendmsg, ALWAYS),	    /* send header and body of a response together */
	ALLOW(shutdown, ALWAYS),    /* end connections: timeout, refusal, drain */
	ALLOW(close, ALWAYS),	    /* close connections, listeners and event loops */
	ALLOW_IF(setsockopt, ALWAYS, ARG_IS(1, IPPROTO_TCP),
		ARG_IS(2, TCP_NODELAY, TCP_CORK)), /* send a response without delay */
	ALLOW_IF(setsockopt, ALWAYS, ARG_IS(1, SOL_SOCKET),
		ARG_IS(2, SO_LINGER)), /* discard what a timed-out client did not read */
	ALLOW_IF(getsockopt, ALWAYS, ARG_IS(1, IPPROTO_TCP),
		ARG_IS(2, TCP_INFO)), /* has the client acknowledged the response? */
	ALLOW_IF(fcntl, ALWAYS,
		ARG_IS(1, F_GETFL, F_GETFD, F_SETFD)), /* the drain takes over connections */

#ifdef SYS_poll
	ALLOW(poll, ALWAYS), /* can the log be written; are connections waiting */
#else
	ALLOW(ppoll, ALWAYS), /* can the log be written; are connections waiting */
#endif

	/* Threads, time and memory, as musl uses them. */
	ALLOW(read, ALWAYS),		/* the eventfd that wakes an event loop */
	ALLOW(write, ALWAYS),		/* the log, and the same eventfd */
	ALLOW(writev, ALWAYS),		/* stdio prints a failed assertion */
	ALLOW(futex, ALWAYS),		/* mutexes; joining threads */
	ALLOW(clock_gettime, ALWAYS),	/* where the vDSO has no clock */
	ALLOW(restart_syscall, ALWAYS), /* made by the kernel itself after SIGSTOP or a freezer */
	ALLOW(rt_sigprocmask, ALWAYS),	/* musl blocks signals while a thread ends */
	ALLOW(exit, ALWAYS),		/* a thread ends */
	ALLOW(exit_group, ALWAYS),	/* the process ends */
	ALLOW_IF(tkill, ALWAYS, ARG_IS(1, SIGABRT)),	     /* abort() ends with status 134 */
	ALLOW(brk, ALWAYS),				     /* malloc's metadata */
	ALLOW_IF(mmap, ALWAYS, ARG_LACKS(2, PROT_EXEC)),     /* malloc; not executable */
	ALLOW_IF(mprotect, ALWAYS, ARG_LACKS(2, PROT_EXEC)), /* malloc's metadata; not executable */
	ALLOW(munmap, ALWAYS),				     /* free(), and a thread's stack */
	ALLOW(mremap, ALWAYS),				     /* realloc() of large blocks */
	ALLOW_IF(madvise, ALWAYS,
		ARG_IS(2, MADV_FREE, MADV_DONTNEED)), /* free() returns pages to the kernel */

	/* The main thread, which is PID 1 in a container. */
	ALLOW(rt_sigtimedwait, ALWAYS), /* wait for signals and for the next check of timeouts */
	ALLOW(wait4, ALWAYS),		/* reap orphaned processes */

	/* Not fatal: a build of libmicrohttpd that names its threads still works. */
	FAIL(prctl, ALWAYS, EPERM), /* fails with EPERM; does not kill */

	/* HTTPS. */
	ALLOW(getrandom, TLS), /* keys and nonces */

/* Certificates and keys are read again on SIGHUP. */
#ifdef SYS_open
	ALLOW_IF(open, REREAD, ARG_LACKS(1, ALL_BUT_READ_ONLY)), /* read-only */
#endif
	ALLOW_IF(openat, REREAD, ARG_LACKS(2, ALL_BUT_READ_ONLY)), /* read-only */

	ALLOW(fstat, REREAD), /* size and kind of the opened file */
	ALLOW(uname, TLS),    /* host name for a self-signed certificate */
};

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

/* Classic BPF instructions (linux/filter.h). */
#define LOAD_WORD   (BPF_LD | BPF_W | BPF_ABS) /* of struct seccomp_data */
#define JUMP_EQUAL  (BPF_JMP | BPF_JEQ | BPF_K)
#define JUMP_ABOVE  (BPF_JMP | BPF_JGT | BPF_K)
#define JUMP_IF_ANY (BPF_JMP | BPF_JSET | BPF_K)
#define RETURN	    (BPF_RET | BPF_K)

#define RULES (sizeof(rules) / sizeof(rules[0]))
/*
 * One comparison skips so many rules. When a filter is installed, the kernel runs it once for each number that a
 * system call can have (Linux 5.11): with all rules in a row that took a quarter of the time of the sandbox.
 */
#define GROUP ((size_t)7)

/* The program is written front to back. */
struct writer {
	struct sock_filter *next;
};

/* Jump distances are filled in later. */
static struct sock_filter *add(struct writer *writer, uint16_t code, uint32_t k)
{
	*writer->next = (struct sock_filter)BPF_STMT(code, k);
	return writer->next++;
}

static void add_load_nr(struct writer *writer)
{
	add(writer, LOAD_WORD, offsetof(struct seccomp_data, nr));
}

/* Returns: the jump to take when the condition does not hold; its distance is still open. */
static struct sock_filter *add_condition(struct writer *writer, const struct condition *condition)
{
	struct sock_filter *jump = NULL;
	uint8_t count = 1;

	/* Both processors are little-endian: the lower half comes first. */
	add(writer, LOAD_WORD,
		(uint32_t)(offsetof(struct seccomp_data, args) + 8 * (size_t)condition->arg));
	if (condition->test == HAS_NONE_OF)
		return add(writer, JUMP_IF_ANY, condition->values[0]);
	while (count < 3 && condition->values[count] != 0)
		count++;
	for (uint8_t i = 0; i < count; i++) {
		jump = add(writer, JUMP_EQUAL, condition->values[i]);
		jump->jt = (uint8_t)(count - 1 - i);
	}
	return jump;
}

/* After a rule that does not match, the system call's number is loaded for the next rule. */
static void add_rule(struct writer *writer, const struct rule *rule)
{
	struct sock_filter *nr = add(writer, JUMP_EQUAL, rule->nr);
	const struct condition *condition = rule->conditions;
	struct sock_filter *failed[2];
	size_t count = 0;

	for (; condition != NULL && condition->test != NO_TEST; condition++)
		failed[count++] = add_condition(writer, condition);
	add(writer, RETURN,
		rule->errnum == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (uint32_t)rule->errnum);
	for (size_t i = 0; i < count; i++) {
		uint8_t distance = (uint8_t)(writer->next - failed[i] - 1);

		if (failed[i]->code == JUMP_IF_ANY)
			failed[i]->jt = distance;
		else
			failed[i]->jf = distance;
	}
	if (count > 0)
		add_load_nr(writer);
	nr->jf = (uint8_t)(writer->next - nr - 1);
}

/* Rules of the same number keep their order. Returns: how many rules there are for these needs. */
static size_t sort_rules(const struct sandbox_needs *needs, const struct rule *sorted[RULES])
{
	const unsigned wanted = (needs->tls ? TLS : 0u) | (needs->reread != NULL ? REREAD : 0u);
	size_t count = 0;
	size_t at;

	for (size_t i = 0; i < RULES; i++) {
		if (rules[i].needs != ALWAYS && (rules[i].needs & wanted) == 0)
			continue;
		for (at = count++; at > 0 && sorted[at - 1]->nr > rules[i].nr; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &rules[i];
	}
	return count;
}

/* The rules from `first` to before `end`, which numbers above theirs skip. */
static void add_group(
	struct writer *writer, const struct rule *const *first, const struct rule *const *end)
{
	struct sock_filter *skip = add(writer, JUMP_ABOVE, end[-1]->nr);

	for (; first < end; first++)
		add_rule(writer, *first);
	add(writer, RETURN, SECCOMP_RET_KILL_PROCESS);
	skip->jt = (uint8_t)(writer->next - skip - 1);
}

uint16_t seccomp_write_filter(const struct sandbox_needs *needs, struct sock_filter *filter)
{
#ifdef NATIVE_ARCH
	struct writer writer = {filter};
	const struct rule *sorted[RULES];
	const size_t count = sort_rules(needs, sorted);
	size_t end;

	/*
	 * Other entries have other numbers: int 0x80 has an architecture of its own. x32 sets
	 * bit 30 of the number, so that no rule matches.
	 */
	add(&writer, LOAD_WORD, offsetof(struct seccomp_data, arch));
	add(&writer, JUMP_EQUAL, NATIVE_ARCH)->jt = 1;
	add(&writer, RETURN, SECCOMP_RET_KILL_PROCESS);
	add_load_nr(&writer);
	for (size_t i = 0; i < count; i = end) {
		end = i + GROUP < count ? i + GROUP : count;
		while (end < count && sorted[end]->nr == sorted[end - 1]->nr)
			end++;
		add_group(&writer, sorted + i, sorted + end);
	}
	add(&writer, RETURN, SECCOMP_RET_KILL_PROCESS);
	return (uint16_t)(writer.next - filter);
#else
	(void)needs;
	(void)filter;
	return 0;
#endif
}
