/*
 * refuse.c - runs a program where system calls fail that other kernels and container
 * engines refuse: what a host without Landlock or seccomp looks like from inside.
 *
 * usage: refuse NUMBER[:ARG:VALUE]=ERRNO ... -- PROGRAM [ARGUMENT ...]
 *        all in decimal; ARG (0 to 5) and VALUE refuse the calls alone that have this argument
 * Exit status: the program's; 126 when the filter can't be set, 127 when nothing runs.
 */
#include "sandbox/sandbox_abi.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSED_MAX 16

int main(int argc, char **argv)
{
	struct bpf_instruction instructions[5 * REFUSED_MAX + 2];
	struct bpf_program program = {.instructions = instructions};
	int at = 1;

	for (; at < argc && at <= REFUSED_MAX && strcmp(argv[at], "--") != 0; at++) {
		struct bpf_instruction *next = &instructions[program.len];
		unsigned number, arg, value, errnum;

		*next++ = (struct bpf_instruction){
			BPF_LOAD, 0, 0, offsetof(struct call_data, number)};
		if (sscanf(argv[at], "%u:%u:%u=%u", &number, &arg, &value, &errnum) == 4 &&
			arg < 6) {
			*next++ = (struct bpf_instruction){BPF_IF_EQUAL, 0, 3, number};
			*next++ = (struct bpf_instruction){BPF_LOAD, 0, 0,
				(uint32_t)offsetof(struct call_data, args) + 8 * arg};
			number = value;
		} else if (sscanf(argv[at], "%u=%u", &number, &errnum) != 2) {
			break;
		}
		*next++ = (struct bpf_instruction){BPF_IF_EQUAL, 0, 1, number};
		*next++ = (struct bpf_instruction){BPF_RETURN_VALUE, 0, 0, CALL_FAILS | errnum};
		program.len = (uint16_t)(next - instructions);
	}
	if (at + 1 >= argc || strcmp(argv[at], "--") != 0) {
		fputs("usage: refuse NUMBER[:ARG:VALUE]=ERRNO ... -- PROGRAM [ARGUMENT ...]\n",
			stderr);
		return 126;
	}
	instructions[program.len++] = (struct bpf_instruction){BPF_RETURN_VALUE, 0, 0, CALL_PASSES};
	/* Root may set a filter without it; then the program decides for itself. */
	if (geteuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, CALL_FILTER_SET, 0, &program) != 0) {
		perror("refuse: seccomp");
		return 126;
	}
	execv(argv[at + 1], argv + at + 1);
	perror("refuse: execv");
	return 127;
}
