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

/* What musl doesn't bring is written down in sandbox_abi.h; here the kernel's headers are. */
_Static_assert(sizeof(struct bpf_instruction) == sizeof(struct sock_filter), "");
_Static_assert(offsetof(struct bpf_instruction, if_true) == offsetof(struct sock_filter, jt), "");
_Static_assert(offsetof(struct bpf_instruction, if_false) == offsetof(struct sock_filter, jf), "");
_Static_assert(offsetof(struct bpf_instruction, operand) == offsetof(struct sock_filter, k), "");
_Static_assert(
	offsetof(struct bpf_program, instructions) == offsetof(struct sock_fprog, filter), "");
_Static_assert(sizeof(struct call_data) == sizeof(struct seccomp_data), "");
_Static_assert(offsetof(struct call_data, architecture) == offsetof(struct seccomp_data, arch), "");
_Static_assert(offsetof(struct call_data, args) == offsetof(struct seccomp_data, args), "");
_Static_assert(BPF_LOAD == (BPF_LD | BPF_W | BPF_ABS), "");
_Static_assert(BPF_IF_EQUAL == (BPF_JMP | BPF_JEQ | BPF_K), "");
_Static_assert(BPF_IF_AT_LEAST == (BPF_JMP | BPF_JGE | BPF_K), "");
_Static_assert(BPF_IF_ANY_BIT == (BPF_JMP | BPF_JSET | BPF_K), "");
_Static_assert(BPF_RETURN_VALUE == (BPF_RET | BPF_K), "");
_Static_assert(CALL_FILTER_SET == SECCOMP_SET_MODE_FILTER, "");
_Static_assert(CALL_FILTER_ALL_THREADS == SECCOMP_FILTER_FLAG_TSYNC, "");
_Static_assert(CALL_FILTER_SPECULATE == SECCOMP_FILTER_FLAG_SPEC_ALLOW, "");
_Static_assert(CALL_KILLS == SECCOMP_RET_KILL_PROCESS, "");
_Static_assert(CALL_FAILS == SECCOMP_RET_ERRNO, "");
_Static_assert(CALL_PASSES == SECCOMP_RET_ALLOW, "");
_Static_assert(ARCHITECTURE_X86_64 == AUDIT_ARCH_X86_64, "");
_Static_assert(ARCHITECTURE_AARCH64 == AUDIT_ARCH_AARCH64, "");
_Static_assert(sizeof(struct landlock_beneath) == sizeof(struct landlock_path_beneath_attr), "");
_Static_assert(offsetof(struct landlock_beneath, directory) ==
		       offsetof(struct landlock_path_beneath_attr, parent_fd),
	"");
_Static_assert(LANDLOCK_ASK_VERSION == LANDLOCK_CREATE_RULESET_VERSION, "");
_Static_assert(LANDLOCK_BENEATH == LANDLOCK_RULE_PATH_BENEATH, "");
_Static_assert(LANDLOCK_READ_FILE == LANDLOCK_ACCESS_FS_READ_FILE, "");
_Static_assert(LANDLOCK_READ_DIR == LANDLOCK_ACCESS_FS_READ_DIR, "");
_Static_assert(LANDLOCK_FILES_ABI_1 == 2 * LANDLOCK_ACCESS_FS_MAKE_SYM - 1, "");
_Static_assert(LANDLOCK_REFER == LANDLOCK_ACCESS_FS_REFER, "");
/* The headers of Debian 12 end with ABI 2; the rest is compared where it is known. */
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
_Static_assert(LANDLOCK_TRUNCATE == LANDLOCK_ACCESS_FS_TRUNCATE, "");
#endif
#ifdef LANDLOCK_ACCESS_NET_BIND_TCP
_Static_assert(LANDLOCK_BIND_TCP == LANDLOCK_ACCESS_NET_BIND_TCP, "");
_Static_assert(LANDLOCK_CONNECT_TCP == LANDLOCK_ACCESS_NET_CONNECT_TCP, "");
#endif
#ifdef LANDLOCK_ACCESS_FS_IOCTL_DEV
_Static_assert(LANDLOCK_IOCTL_DEV == LANDLOCK_ACCESS_FS_IOCTL_DEV, "");
#endif
#ifdef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
_Static_assert(sizeof(struct landlock_handled) == sizeof(struct landlock_ruleset_attr), "");
_Static_assert(LANDLOCK_SCOPE_SOCKET == LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, "");
#endif

#ifdef __x86_64__
#define HERE  AUDIT_ARCH_X86_64
#define OTHER AUDIT_ARCH_I386
#else
#define HERE  AUDIT_ARCH_AARCH64
#define OTHER AUDIT_ARCH_ARM
#endif

/* Runs a program as the kernel does (bpf(4), Linux' seccomp_filter.rst). */
static uint32_t run(
	const struct bpf_instruction *program, unsigned len, const struct call_data *call)
{
	uint32_t word = 0;

	for (unsigned at = 0; at < len; at++) {
		const struct bpf_instruction *now = &program[at];
		bool holds;

		switch (now->code) {
		case BPF_LOAD:
			ck_assert_uint_le(now->operand, sizeof(*call) - sizeof(word));
			ck_assert_uint_eq(now->operand % 4, 0);
			memcpy(&word, (const char *)call + now->operand, sizeof(word));
			continue;
		case BPF_IF_EQUAL:
			holds = word == now->operand;
			break;
		case BPF_IF_AT_LEAST:
			holds = word >= now->operand;
			break;
		case BPF_IF_ANY_BIT:
			holds = (word & now->operand) != 0;
			break;
		default:
			ck_assert_uint_eq(now->code, BPF_RETURN_VALUE);
			return now->operand;
		}
		at += holds ? now->if_true : now->if_false;
	}
	ck_abort_msg("the program has no end");
}

static uint32_t decide(const struct sandbox_needs *needs, const struct call_data *call)
{
	struct bpf_instruction program[SECCOMP_FILTER_MAX];
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
	int number;
	uint64_t args[6];
	uint32_t want;
} cases[] = {
	{&plain, SYS_accept4, {3}, CALL_PASSES},
	{&plain, SYS_exit_group, {0}, CALL_PASSES},
	{&plain, SYS_execve, {0}, CALL_KILLS},
	{&plain, SYS_socket, {2, 1}, CALL_KILLS},
	{&plain, SYS_connect, {3}, CALL_KILLS},
	{&plain, SYS_clone, {0}, CALL_KILLS},
	{&plain, SYS_rt_sigreturn, {0}, CALL_KILLS},
	{&plain, SYS_ptrace, {0}, CALL_KILLS},
	{&plain, SYS_prctl, {15}, CALL_FAILS | EPERM},
	{&plain, SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE}, CALL_PASSES},
	{&plain, SYS_mmap, {0, 4096, PROT_EXEC}, CALL_KILLS},
	{&plain, SYS_mmap, {PROT_EXEC, PROT_EXEC, PROT_READ, PROT_EXEC, 0, 0}, CALL_PASSES},
	{&plain, SYS_mprotect, {0, 4096, PROT_READ | PROT_WRITE}, CALL_PASSES},
	{&plain, SYS_mprotect, {0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC}, CALL_KILLS},
	/* The kernel doesn't look at the upper half of a flag, so neither may hide there. */
	{&plain, SYS_mmap, {0, 4096, UINT64_C(0xffffffff00000004)}, CALL_KILLS},
	{&plain, SYS_madvise, {0, 4096, MADV_FREE}, CALL_PASSES},
	{&plain, SYS_madvise, {0, 4096, MADV_DONTNEED}, CALL_PASSES},
	{&plain, SYS_madvise, {0, 4096, MADV_HWPOISON}, CALL_KILLS},
	{&plain, SYS_madvise, {0, 4096, 0}, CALL_KILLS},
	{&plain, SYS_setsockopt, {3, IPPROTO_TCP, TCP_NODELAY}, CALL_PASSES},
	{&plain, SYS_setsockopt, {3, IPPROTO_TCP, TCP_CORK}, CALL_PASSES},
	{&plain, SYS_setsockopt, {3, IPPROTO_TCP, TCP_ULP}, CALL_KILLS},
	{&plain, SYS_setsockopt, {3, SOL_SOCKET, TCP_NODELAY}, CALL_KILLS},
	{&plain, SYS_setsockopt, {3, SOL_SOCKET, SO_LINGER}, CALL_PASSES},
	{&plain, SYS_setsockopt, {3, SOL_SOCKET, SO_ATTACH_FILTER}, CALL_KILLS},
	{&plain, SYS_getsockopt, {3, IPPROTO_TCP, TCP_INFO}, CALL_PASSES},
	{&plain, SYS_getsockopt, {3, IPPROTO_TCP, TCP_NODELAY}, CALL_KILLS},
	{&plain, SYS_fcntl, {3, F_GETFD}, CALL_PASSES},
	{&plain, SYS_fcntl, {3, F_SETFD, FD_CLOEXEC}, CALL_PASSES},
	{&plain, SYS_fcntl, {3, F_GETFL}, CALL_PASSES},
	{&plain, SYS_fcntl, {3, F_SETFL}, CALL_KILLS},
	{&plain, SYS_fcntl, {3, F_DUPFD}, CALL_KILLS},
	{&plain, SYS_tkill, {1, SIGABRT}, CALL_PASSES},
	{&plain, SYS_tkill, {1, SIGKILL}, CALL_KILLS},
	{&plain, SYS_openat, {0, 0, O_RDONLY}, CALL_KILLS},
	{&plain, SYS_fstat, {0}, CALL_KILLS},
	{&plain, SYS_getrandom, {0}, CALL_KILLS},
	{&plain, SYS_uname, {0}, CALL_KILLS},
	{&https, SYS_uname, {0}, CALL_PASSES},
	{&https, SYS_getrandom, {0}, CALL_PASSES},
	{&https, SYS_openat, {0, 0, O_RDONLY}, CALL_KILLS},
	{&reread, SYS_openat, {0, 0, O_RDONLY}, CALL_PASSES},
	{&reread, SYS_openat, {0, 0, O_RDONLY | O_CLOEXEC}, CALL_PASSES},
	{&reread, SYS_openat, {0, 0, WRITES}, CALL_KILLS},
	{&reread, SYS_openat, {0, 0, O_RDWR}, CALL_KILLS},
	{&reread, SYS_openat, {0, 0, O_DIRECTORY}, CALL_KILLS},
	{&reread, SYS_openat, {0, 0, O_PATH}, CALL_KILLS},
	{&reread, SYS_openat2, {0}, CALL_KILLS},
	{&reread, SYS_fstat, {0}, CALL_PASSES},
	{&reread, SYS_getdents64, {0}, CALL_KILLS},
	{&all, SYS_openat, {0, 0, O_RDONLY | O_CLOEXEC}, CALL_PASSES},
	{&all, SYS_openat, {0, 0, WRITES}, CALL_KILLS},
	{&all, SYS_uname, {0}, CALL_PASSES},
	{&all, SYS_execve, {0}, CALL_KILLS},
#ifdef SYS_open
	{&plain, SYS_open, {0, O_RDONLY}, CALL_KILLS},
	{&reread, SYS_open, {0, O_RDONLY | O_CLOEXEC}, CALL_PASSES},
	{&reread, SYS_open, {0, WRITES}, CALL_KILLS},
#endif
};

START_TEST(a_call_is_decided)
{
	struct call_data call = {.number = cases[_i].number, .architecture = HERE};

	memcpy(call.args, cases[_i].args, sizeof(call.args));
	ck_assert_msg(decide(cases[_i].needs, &call) == cases[_i].want,
		"case %d: call %d with 0x%llx, 0x%llx is 0x%x", _i, call.number,
		(unsigned long long)call.args[1], (unsigned long long)call.args[2],
		decide(cases[_i].needs, &call));
	/* The same number through another entry of the kernel. */
	call.architecture = OTHER;
	ck_assert_uint_eq(decide(cases[_i].needs, &call), CALL_KILLS);
	call.architecture = HERE;
	call.number |= (int32_t)X32_BIT;
	ck_assert_uint_eq(decide(cases[_i].needs, &call), CALL_KILLS);
}
END_TEST

/* What is not a call, or not yet one. */
START_TEST(unknown_numbers_kill)
{
	static const int32_t numbers[] = {-1, 1023, 65535, 65536 + SYS_read, INT32_MAX, INT32_MIN};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct call_data call = {.number = numbers[i], .architecture = HERE};

		ck_assert_uint_eq(decide(&all, &call), CALL_KILLS);
	}
}
END_TEST

/* Each version of Landlock adds to the one before; a bit it doesn't know would be refused. */
START_TEST(landlock_is_asked_for_what_it_has)
{
	static const struct {
		long abi;
		struct landlock_handled want;
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
		struct landlock_handled handled = landlock_handled_by_abi(versions[i].abi);

		ck_assert_msg(memcmp(&handled, &versions[i].want, sizeof(handled)) == 0, "ABI %ld",
			versions[i].abi);
	}
}
END_TEST

START_TEST(what_is_missing_is_named)
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

	tcase_add_loop_test(tcase, a_call_is_decided, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, unknown_numbers_kill);
	tcase_add_test(tcase, landlock_is_asked_for_what_it_has);
	tcase_add_test(tcase, what_is_missing_is_named);
	suite_add_tcase(suite, tcase);
	return suite;
}
