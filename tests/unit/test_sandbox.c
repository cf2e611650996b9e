#include "sandbox/landlock.h"
#include "sandbox/seccomp.h"
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define X32_BIT 0x40000000 /* __X32_SYSCALL_BIT, which only x86 has */

#ifdef __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define OTHER_ARCH  AUDIT_ARCH_I386
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#define OTHER_ARCH  AUDIT_ARCH_ARM
#endif

/* Instructions of the last run. */
static unsigned steps;

/* Runs a filter as the kernel does (the kernel's documentation, seccomp_filter). */
static uint32_t run(
	const struct sock_filter *program, unsigned len, const struct seccomp_data *call)
{
	uint32_t word = 0;

	steps = 0;
	for (unsigned at = 0; at < len; at++) {
		const struct sock_filter *now = &program[at];
		bool holds;

		steps++;
		switch (now->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			ck_assert_uint_le(now->k, sizeof(*call) - sizeof(word));
			ck_assert_uint_eq(now->k % 4, 0);
			memcpy(&word, (const char *)call + now->k, sizeof(word));
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			holds = word == now->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			holds = word > now->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			holds = (word & now->k) != 0;
			break;
		default:
			ck_assert_uint_eq(now->code, BPF_RET | BPF_K);
			return now->k;
		}
		at += holds ? now->jt : now->jf;
	}
	ck_abort_msg("the program runs past its end");
}

static uint32_t decide(const struct sandbox_needs *needs, const struct seccomp_data *call)
{
	struct sock_filter program[SECCOMP_FILTER_MAX];
	uint16_t len = seccomp_write_filter(needs, program);

	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, SECCOMP_FILTER_MAX);
	return run(program, len, call);
}

static const char *const no_paths[] = {NULL};
static const struct sandbox_needs plain = {0};
static const struct sandbox_needs https = {.tls = true};
static const struct sandbox_needs reread = {.reread = no_paths};
static const struct sandbox_needs all = {.tls = true, .reread = no_paths};

#define WRITES (O_WRONLY | O_CREAT)

static const struct {
	const struct sandbox_needs *needs;
	int nr;
	uint64_t args[6];
	uint32_t want;
} cases[] = {
	{&plain, SYS_accept4, {3}, SECCOMP_RET_ALLOW},
	{&plain, SYS_exit_group, {0}, SECCOMP_RET_ALLOW},
	{&plain, SYS_execve, {0}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_socket, {2, 1}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_connect, {3}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_clone, {0}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_rt_sigreturn, {0}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_ptrace, {0}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_prctl, {15}, SECCOMP_RET_ERRNO | EPERM},
	{&plain, SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE}, SECCOMP_RET_ALLOW},
	{&plain, SYS_mmap, {0, 4096, PROT_EXEC}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_mmap, {PROT_EXEC, PROT_EXEC, PROT_READ, PROT_EXEC, 0, 0}, SECCOMP_RET_ALLOW},
	{&plain, SYS_mprotect, {0, 4096, PROT_READ | PROT_WRITE}, SECCOMP_RET_ALLOW},
	{&plain, SYS_mprotect, {0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC},
		SECCOMP_RET_KILL_PROCESS},
	/* The kernel ignores the upper half of prot, so the filter tests the lower half. */
	{&plain, SYS_mmap, {0, 4096, UINT64_C(0xffffffff00000004)}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_madvise, {0, 4096, MADV_FREE}, SECCOMP_RET_ALLOW},
	{&plain, SYS_madvise, {0, 4096, MADV_DONTNEED}, SECCOMP_RET_ALLOW},
	{&plain, SYS_madvise, {0, 4096, MADV_HWPOISON}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_madvise, {0, 4096, 0}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_setsockopt, {3, IPPROTO_TCP, TCP_NODELAY}, SECCOMP_RET_ALLOW},
	{&plain, SYS_setsockopt, {3, IPPROTO_TCP, TCP_CORK}, SECCOMP_RET_ALLOW},
	{&plain, SYS_setsockopt, {3, IPPROTO_TCP, TCP_ULP}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_setsockopt, {3, SOL_SOCKET, TCP_NODELAY}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_setsockopt, {3, SOL_SOCKET, SO_LINGER}, SECCOMP_RET_ALLOW},
	{&plain, SYS_setsockopt, {3, SOL_SOCKET, SO_ATTACH_FILTER}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_getsockopt, {3, IPPROTO_TCP, TCP_INFO}, SECCOMP_RET_ALLOW},
	{&plain, SYS_getsockopt, {3, IPPROTO_TCP, TCP_NODELAY}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_fcntl, {3, F_GETFD}, SECCOMP_RET_ALLOW},
	{&plain, SYS_fcntl, {3, F_SETFD, FD_CLOEXEC}, SECCOMP_RET_ALLOW},
	{&plain, SYS_fcntl, {3, F_GETFL}, SECCOMP_RET_ALLOW},
	{&plain, SYS_fcntl, {3, F_SETFL}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_fcntl, {3, F_DUPFD}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_tkill, {1, SIGABRT}, SECCOMP_RET_ALLOW},
	{&plain, SYS_tkill, {1, SIGKILL}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_openat, {0, 0, O_RDONLY}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_fstat, {0}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_getrandom, {0}, SECCOMP_RET_KILL_PROCESS},
	{&plain, SYS_uname, {0}, SECCOMP_RET_KILL_PROCESS},
	{&https, SYS_uname, {0}, SECCOMP_RET_ALLOW},
	{&https, SYS_getrandom, {0}, SECCOMP_RET_ALLOW},
	{&https, SYS_openat, {0, 0, O_RDONLY}, SECCOMP_RET_KILL_PROCESS},
	{&reread, SYS_openat, {0, 0, O_RDONLY}, SECCOMP_RET_ALLOW},
	{&reread, SYS_openat, {0, 0, O_RDONLY | O_CLOEXEC}, SECCOMP_RET_ALLOW},
	{&reread, SYS_openat, {0, 0, WRITES}, SECCOMP_RET_KILL_PROCESS},
	{&reread, SYS_openat, {0, 0, O_RDWR}, SECCOMP_RET_KILL_PROCESS},
	{&reread, SYS_openat, {0, 0, O_DIRECTORY}, SECCOMP_RET_KILL_PROCESS},
	{&reread, SYS_openat, {0, 0, O_PATH}, SECCOMP_RET_KILL_PROCESS},
	{&reread, SYS_openat2, {0}, SECCOMP_RET_KILL_PROCESS},
	{&reread, SYS_fstat, {0}, SECCOMP_RET_ALLOW},
	{&reread, SYS_getdents64, {0}, SECCOMP_RET_KILL_PROCESS},
	{&all, SYS_openat, {0, 0, O_RDONLY | O_CLOEXEC}, SECCOMP_RET_ALLOW},
	{&all, SYS_openat, {0, 0, WRITES}, SECCOMP_RET_KILL_PROCESS},
	{&all, SYS_uname, {0}, SECCOMP_RET_ALLOW},
	{&all, SYS_execve, {0}, SECCOMP_RET_KILL_PROCESS},
#ifdef SYS_open
	{&plain, SYS_open, {0, O_RDONLY}, SECCOMP_RET_KILL_PROCESS},
	{&reread, SYS_open, {0, O_RDONLY | O_CLOEXEC}, SECCOMP_RET_ALLOW},
	{&reread, SYS_open, {0, WRITES}, SECCOMP_RET_KILL_PROCESS},
#endif
};

START_TEST(each_system_call_gets_its_decision)
{
	struct seccomp_data call = {.nr = cases[_i].nr, .arch = NATIVE_ARCH};

	memcpy(call.args, cases[_i].args, sizeof(call.args));
	ck_assert_msg(decide(cases[_i].needs, &call) == cases[_i].want,
		"case %d: system call %d with 0x%llx, 0x%llx is 0x%x", _i, call.nr,
		(unsigned long long)call.args[1], (unsigned long long)call.args[2],
		decide(cases[_i].needs, &call));
	/* The same number through other entries of the kernel: 32 bits and x32. */
	call.arch = OTHER_ARCH;
	ck_assert_uint_eq(decide(cases[_i].needs, &call), SECCOMP_RET_KILL_PROCESS);
	call.arch = NATIVE_ARCH;
	call.nr |= X32_BIT;
	ck_assert_uint_eq(decide(cases[_i].needs, &call), SECCOMP_RET_KILL_PROCESS);
}
END_TEST

/*
 * The kernel runs a new filter once for each number, and a start waits for that. A row of all rules would take
 * more than 50 instructions for most numbers.
 */
START_TEST(no_number_takes_long)
{
	unsigned sum = 0;

	for (int nr = 0; nr < 512; nr++) {
		const struct seccomp_data call = {.nr = nr, .arch = NATIVE_ARCH};

		decide(&all, &call);
		ck_assert_uint_le(steps, 32);
		sum += steps;
	}
	ck_assert_uint_le(sum / 512, 16);
}
END_TEST

/* Numbers that no kernel has, or not yet. */
START_TEST(unknown_system_calls_kill)
{
	static const int32_t numbers[] = {-1, 1023, 65535, 65536 + SYS_read, INT32_MAX, INT32_MIN};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct seccomp_data call = {.nr = numbers[i], .arch = NATIVE_ARCH};

		ck_assert_uint_eq(decide(&all, &call), SECCOMP_RET_KILL_PROCESS);
	}
}
END_TEST

/* A kernel with Landlock that knows the bits of `known`, in a struct of known_bytes. */
static struct {
	struct landlock_attr known;
	size_t known_bytes;
	int errnum;		   /* of every call; 0: it depends on the attributes */
	struct landlock_attr last; /* of the last ruleset created */
	int calls;
} kernel;

/* As the kernel: an unknown member that is not 0 is E2BIG, an unknown bit EINVAL. */
static int create_in_kernel(const struct landlock_attr *attr, size_t attr_bytes)
{
	static const char zeros[sizeof(struct landlock_attr)];

	kernel.calls++;
	ck_assert_uint_eq(attr_bytes, sizeof(*attr));
	errno = kernel.errnum;
	if (errno == 0 && memcmp((const char *)attr + kernel.known_bytes, zeros,
				  attr_bytes - kernel.known_bytes) != 0)
		errno = E2BIG;
	else if (errno == 0 &&
		 ((attr->handled_access_fs & ~kernel.known.handled_access_fs) |
			 (attr->handled_access_net & ~kernel.known.handled_access_net) |
			 (attr->scoped & ~kernel.known.scoped)) != 0)
		errno = EINVAL;
	if (errno != 0)
		return -1;
	kernel.last = *attr;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static const struct landlock_attr everything = {0xffff, 3, 3};

/* Each ABI adds to the one before; a kernel refuses a bit that it does not know. */
START_TEST(landlock_handles_the_rights_of_the_abi)
{
	static const struct {
		long abi;
		struct landlock_attr want;
	} versions[] = {
		{1, {0x1fff, 0, 0}},
		{2, {0x3fff, 0, 0}},
		{3, {0x7fff, 0, 0}},
		{4, {0x7fff, 3, 0}},
		{5, {0xffff, 3, 0}},
		{6, {0xffff, 3, 3}},
		{99, {0xffff, 3, 3}},
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		unsigned refused = 0;
		int ruleset;

		memset(&kernel, 0, sizeof(kernel));
		kernel.known = everything;
		kernel.known_bytes = sizeof(kernel.known);
		ruleset = landlock_make_ruleset(versions[i].abi, create_in_kernel, &refused);
		ck_assert_int_ge(ruleset, 0);
		ck_assert_int_eq(close(ruleset), 0);
		ck_assert_int_eq(kernel.calls, 1);
		ck_assert_uint_eq(refused, 0);
		ck_assert_msg(memcmp(&kernel.last, &versions[i].want, sizeof(kernel.last)) == 0,
			"ABI %ld", versions[i].abi);
	}
}
END_TEST

/* Kernels that know less than their ABI version announces. */
static const struct {
	long abi;
	struct landlock_attr known;
	size_t known_bytes;
	const char *refused;
} short_kernels[] = {
	/* Red Hat's 5.14. */
	{6, {0xffff, 3, 1}, 24, "SCOPE_SIGNAL"},
	{6, {0xffff, 3, 0}, 24, "SCOPE_ABSTRACT_UNIX_SOCKET, SCOPE_SIGNAL"},
	/* A newer right is not lost with an older one. */
	{6, {0x7fff, 3, 3}, 24, "IOCTL_DEV"},
	{7, {0xbfff, 1, 3}, 24, "TRUNCATE, CONNECT_TCP"},
	/* The struct is shorter. */
	{6, {0xffff, 3, 0}, 16, "SCOPE_ABSTRACT_UNIX_SOCKET, SCOPE_SIGNAL"},
	{4, {0x7fff, 0, 0}, 8, "BIND_TCP, CONNECT_TCP"},
	{6, {0x1fff, 0, 0}, 8,
		"REFER, TRUNCATE, BIND_TCP, CONNECT_TCP, IOCTL_DEV, SCOPE_ABSTRACT_UNIX_SOCKET, "
		"SCOPE_SIGNAL"},
};

START_TEST(landlock_does_without_refused_rights)
{
	struct sandbox sandbox = {0};
	char storage[160];
	struct strbuf names = STRBUF_OVER(storage);
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int ruleset;

	close(lowest);
	memset(&kernel, 0, sizeof(kernel));
	kernel.known = short_kernels[_i].known;
	kernel.known_bytes = short_kernels[_i].known_bytes;
	ruleset = landlock_make_ruleset(
		short_kernels[_i].abi, create_in_kernel, &sandbox.landlock_refused);
	ck_assert_int_ge(ruleset, 0);
	ck_assert_int_eq(close(ruleset), 0);
	/* No earlier ruleset is left open: the lowest free descriptor is what it was. */
	ck_assert_int_eq(open("/dev/null", O_RDONLY | O_CLOEXEC), lowest);
	ck_assert_int_eq(close(lowest), 0);
	ck_assert_msg(
		memcmp(&kernel.last, &kernel.known, sizeof(kernel.last)) == 0, "kernel %d", _i);
	sandbox_add_refused(&sandbox, &names);
	ck_assert(!names.truncated);
	storage[names.len] = '\0';
	ck_assert_str_eq(storage, short_kernels[_i].refused);
	ck_assert_int_eq(sandbox_check(&sandbox, NULL), 0);
}
END_TEST

/* No Landlock at all, or none that restricts files, is an error. */
START_TEST(landlock_can_be_missing)
{
	static const int errnums[] = {ENOSYS, EOPNOTSUPP, EPERM, EMFILE, EINVAL, E2BIG};

	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++) {
		unsigned refused = 0;

		memset(&kernel, 0, sizeof(kernel));
		kernel.errnum = errnums[i];
		kernel.known_bytes = sizeof(kernel.known);
		ck_assert_int_eq(landlock_make_ruleset(6, create_in_kernel, &refused), -1);
		ck_assert_int_eq(errno, errnums[i]);
	}
	memset(&kernel, 0, sizeof(kernel));
	kernel.known = (struct landlock_attr){0x1000, 3, 3};
	kernel.known_bytes = sizeof(kernel.known);
	ck_assert_int_eq(landlock_make_ruleset(6, create_in_kernel, &(unsigned){0}), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(missing_layers_are_named)
{
	struct sandbox sandbox = {0};
	struct error err = {0};

	ck_assert_ptr_null(sandbox_missing(&sandbox));
	ck_assert_int_eq(sandbox_check(&sandbox, &err), 0);
	for (sandbox.missing = 1; sandbox.missing < 8; sandbox.missing++) {
		const char *text = sandbox_missing(&sandbox);

		ck_assert_int_eq(strstr(text, "no_new_privs") != NULL, sandbox.missing & 1);
		ck_assert_int_eq(strstr(text, "Landlock") != NULL, sandbox.missing >> 1 & 1);
		ck_assert_int_eq(strstr(text, "seccomp") != NULL, sandbox.missing >> 2 & 1);
		sandbox.errnum = ENOSYS;
		ck_assert_int_eq(sandbox_check(&sandbox, &err), -1);
		ck_assert_str_eq(err.what, text);
		ck_assert_int_eq(err.errnum, ENOSYS);
	}
}
END_TEST

Suite *sandbox_suite(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tcase = tcase_create("sandbox");

	tcase_add_loop_test(
		tcase, each_system_call_gets_its_decision, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, unknown_system_calls_kill);
	tcase_add_test(tcase, no_number_takes_long);
	tcase_add_test(tcase, landlock_handles_the_rights_of_the_abi);
	tcase_add_loop_test(tcase, landlock_does_without_refused_rights, 0,
		sizeof(short_kernels) / sizeof(short_kernels[0]));
	tcase_add_test(tcase, landlock_can_be_missing);
	tcase_add_test(tcase, missing_layers_are_named);
	suite_add_tcase(suite, tcase);
	return suite;
}
