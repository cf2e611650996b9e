/*
 * refuse.c - runs a program for which chosen system calls fail, as they do on kernels and in
 * container engines without Landlock or seccomp.
 *
 * usage: refuse NUMBER[:ARG:VALUE]=ERRNO ... -- PROGRAM [ARGUMENT ...]
 *        all in decimal; with ARG (0 to 5) and VALUE only calls with this argument fail
 * Exit status: the program's; 126 when the filter can't be installed, 127 when exec fails.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD_WORD   (BPF_LD | BPF_W | BPF_ABS)
#define JUMP_EQUAL  (BPF_JMP | BPF_JEQ | BPF_K)
#define RETURN	    (BPF_RET | BPF_K)
#define REFUSED_MAX 16

int main(int argc, char **argv)
{
	struct sock_filter filter[5 * REFUSED_MAX + 2];
	struct sock_fprog program = {.filter = filter};
	int at = 1;

	for (; at < argc && at <= REFUSED_MAX && strcmp(argv[at], "--") != 0; at++) {
		struct sock_filter *next = &filter[program.len];
		unsigned number, arg, value, errnum;

		*next++ =
			(struct sock_filter)BPF_STMT(LOAD_WORD, offsetof(struct seccomp_data, nr));
		if (sscanf(argv[at], "%u:%u:%u=%u", &number, &arg, &value, &errnum) == 4 &&
			arg < 6) {
			*next++ = (struct sock_filter)BPF_JUMP(JUMP_EQUAL, number, 0, 3);
			*next++ = (struct sock_filter)BPF_STMT(
				LOAD_WORD, (uint32_t)offsetof(struct seccomp_data, args) + 8 * arg);
			number = value;
		} else if (sscanf(argv[at], "%u=%u", &number, &errnum) != 2) {
			break;
		}
		*next++ = (struct sock_filter)BPF_JUMP(JUMP_EQUAL, number, 0, 1);
		*next++ = (struct sock_filter)BPF_STMT(RETURN, SECCOMP_RET_ERRNO | errnum);
		program.len = (uint16_t)(next - filter);
	}
	if (at + 1 >= argc || strcmp(argv[at], "--") != 0) {
		fputs("usage: refuse NUMBER[:ARG:VALUE]=ERRNO ... -- PROGRAM [ARGUMENT ...]\n",
			stderr);
		return 126;
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(RETURN, SECCOMP_RET_ALLOW);
	/* Root can install a filter without it: then the program sets it, or not. */
	if (geteuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
		perror("refuse: seccomp");
		return 126;
	}
	execv(argv[at + 1], argv + at + 1);
	perror("refuse: execv");
	return 127;
}
