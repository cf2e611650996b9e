/*
 * sandbox_abi.h - the kernel's own numbers for seccomp and Landlock. musl brings no
 * <linux/...> headers; tests/unit/test_sandbox.c compares these with the kernel's.
 */
#ifndef HELLO_SANDBOX_SANDBOX_ABI_H
#define HELLO_SANDBOX_SANDBOX_ABI_H

#include <stdint.h>

/* ---- linux/filter.h, linux/bpf_common.h: classic BPF ---- */

/* struct sock_filter */
struct bpf_instruction {
	uint16_t code;
	uint8_t if_true;  /* instructions to skip */
	uint8_t if_false; /* instructions to skip */
	uint32_t operand;
};

/* struct sock_fprog */
struct bpf_program {
	uint16_t len; /* instructions */
	const struct bpf_instruction *instructions;
};

#define BPF_LOAD	 0x20 /* BPF_LD | BPF_W | BPF_ABS: a word of struct call_data */
#define BPF_IF_EQUAL	 0x15 /* BPF_JMP | BPF_JEQ | BPF_K */
#define BPF_IF_AT_LEAST	 0x35 /* BPF_JMP | BPF_JGE | BPF_K */
#define BPF_IF_ANY_BIT	 0x45 /* BPF_JMP | BPF_JSET | BPF_K */
#define BPF_RETURN_VALUE 0x06 /* BPF_RET | BPF_K */

/* ---- linux/seccomp.h, linux/audit.h ---- */

/* struct seccomp_data: what the program looks at */
struct call_data {
	int32_t number;
	uint32_t architecture;
	uint64_t instruction_pointer;
	uint64_t args[6];
};

#define CALL_FILTER_SET		UINT32_C(1) /* SECCOMP_SET_MODE_FILTER */
#define CALL_FILTER_ALL_THREADS UINT32_C(1) /* SECCOMP_FILTER_FLAG_TSYNC */
#define CALL_FILTER_SPECULATE	UINT32_C(4) /* SECCOMP_FILTER_FLAG_SPEC_ALLOW */

#define CALL_KILLS  UINT32_C(0x80000000) /* SECCOMP_RET_KILL_PROCESS */
#define CALL_FAILS  UINT32_C(0x00050000) /* SECCOMP_RET_ERRNO; or-ed with the errno */
#define CALL_PASSES UINT32_C(0x7fff0000) /* SECCOMP_RET_ALLOW */

#define ARCHITECTURE_X86_64  UINT32_C(0xc000003e) /* AUDIT_ARCH_X86_64 */
#define ARCHITECTURE_AARCH64 UINT32_C(0xc00000b7) /* AUDIT_ARCH_AARCH64 */
#define X32_BIT		     UINT32_C(0x40000000) /* __X32_SYSCALL_BIT, asm/unistd.h */

/* ---- linux/landlock.h ---- */

/* struct landlock_ruleset_attr as of ABI 6; a kernel that knows less takes zeros for the rest */
struct landlock_handled {
	uint64_t files;
	uint64_t network; /* ABI 4 */
	uint64_t scopes;  /* ABI 6 */
};

/* struct landlock_path_beneath_attr */
struct landlock_beneath {
	uint64_t allowed;
	int32_t directory;
} __attribute__((packed));

#define LANDLOCK_ASK_VERSION  UINT32_C(1) /* LANDLOCK_CREATE_RULESET_VERSION */
#define LANDLOCK_BENEATH      1		  /* LANDLOCK_RULE_PATH_BENEATH */
#define LANDLOCK_READ_FILE    (UINT64_C(1) << 2)
#define LANDLOCK_READ_DIR     (UINT64_C(1) << 3)
#define LANDLOCK_FILES_ABI_1  ((UINT64_C(1) << 13) - 1)
#define LANDLOCK_REFER	      (UINT64_C(1) << 13) /* ABI 2 */
#define LANDLOCK_TRUNCATE     (UINT64_C(1) << 14) /* ABI 3 */
#define LANDLOCK_IOCTL_DEV    (UINT64_C(1) << 15) /* ABI 5 */
#define LANDLOCK_BIND_TCP     (UINT64_C(1) << 0)  /* ABI 4 */
#define LANDLOCK_CONNECT_TCP  (UINT64_C(1) << 1)  /* ABI 4 */
#define LANDLOCK_SCOPE_SOCKET (UINT64_C(1) << 0)  /* ABI 6: abstract UNIX sockets */
#define LANDLOCK_SCOPE_SIGNAL (UINT64_C(1) << 1)  /* ABI 6 */

#endif
