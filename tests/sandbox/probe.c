/*
 * probe.c - enters the service's sandbox and then makes system calls that it reads from its
 * standard input. It shows what the sandbox allows, without the service.
 *
 * usage: probe [-files] [-syscalls] [-tls] [-reread FILE] ...
 *        -files and -syscalls choose the stages; -tls and -reread are the service's needs
 * Prints "ready", or the missing layers. Each line "NUMBER [ARGUMENT ...]" is a system call;
 * an argument is a number or @TEXT. For each it prints "VALUE" or "-ERRNO". "i386 NUMBER" is a
 * system call without arguments by the entry for 32-bit programs, on x86-64 only. Ends at the end
 * of its input.
 */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REREAD_MAX 4
#define LINE_SIZE  1024

/* Reads a line without its newline. Returns: 0 at the end of input. */
static int read_line(char *line)
{
	size_t len = 0;

	while (len < LINE_SIZE - 1 && read(STDIN_FILENO, line + len, 1) == 1) {
		if (line[len] == '\n') {
			line[len] = '\0';
			return 1;
		}
		len++;
	}
	return 0;
}

static void print_line(const char *text)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "%s\n", text);

	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		_exit(1);
}

/* int $0x80 in a 64-bit program takes the numbers of i386. */
static long call_as_i386(const char *number)
{
	long result = -ENOSYS;

#ifdef __x86_64__
	result = strtol(number, NULL, 0);
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
#else
	(void)number;
#endif
	return result;
}

int main(int argc, char **argv)
{
	const char *reread[REREAD_MAX + 1] = {NULL};
	struct sandbox_needs needs = {0};
	struct sandbox sandbox = {0};
	int files = 0;
	int syscalls = 0;
	int paths = 0;
	char line[LINE_SIZE];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-files") == 0) {
			files = 1;
		} else if (strcmp(argv[i], "-syscalls") == 0) {
			syscalls = 1;
		} else if (strcmp(argv[i], "-tls") == 0) {
			needs.tls = true;
		} else if (strcmp(argv[i], "-reread") == 0 && i + 1 < argc && paths < REREAD_MAX) {
			reread[paths++] = argv[++i];
			needs.reread = reread;
		} else {
			fprintf(stderr, "probe: unknown argument %s\n", argv[i]);
			return 2;
		}
	}
	if (files)
		sandbox_restrict_files(&needs, &sandbox);
	if (syscalls)
		sandbox_restrict_syscalls(&needs, &sandbox);
	print_line(sandbox_missing(&sandbox) != NULL ? sandbox_missing(&sandbox) : "ready");
	while (read_line(line)) {
		long args[7] = {0};
		char *at = line;
		long result;

		if (strncmp(line, "i386 ", 5) == 0) {
			snprintf(line, sizeof(line), "%ld", call_as_i386(line + 5));
			print_line(line);
			continue;
		}
		for (int i = 0; i < 7 && *at != '\0'; i++) {
			char *end = strchr(at, ' ');

			if (end != NULL)
				*end = '\0';
			/* NOLINTNEXTLINE(performance-no-int-to-ptr): system calls take addresses as numbers */
			args[i] = *at == '@' ? (long)(at + 1) : strtol(at, NULL, 0);
			at = end != NULL ? end + 1 : at + strlen(at);
		}
		result = syscall(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
		snprintf(line, sizeof(line), "%ld", result == -1 ? -(long)errno : result);
		print_line(line);
	}
	return 0;
}
