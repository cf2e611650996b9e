/*
 * first-response.c - measures a server's time from exec to the first byte of its first response.
 *
 * usage: first-response PORT CPU COMMAND [ARGUMENT ...]
 *
 * Runs COMMAND on that CPU, sends requests to 127.0.0.1:PORT until it responds, and prints
 * microseconds. The clock starts in the child, just before execve(2), so that fork and affinity are
 * not measured. Stops COMMAND with SIGTERM and waits for it. Fails after 10 seconds. hyperfine can't
 * do this: it times a command to its end, and a shell's request takes longer than the server's start.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_US 10000000

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Returns: 0 when a byte of a response arrived, -1 if the server does not listen yet. */
static int try_request(uint16_t port)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval timeout = {.tv_sec = LIMIT_US / 1000000};
	char byte;
	int result = -1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
		recv(fd, &byte, 1, 0) == 1 && byte == 'H')
		result = 0;
	close(fd);
	return result;
}

int main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = 20000};
	int64_t *start; /* shared with the child */
	int64_t end = 0;
	int64_t limit = now_us() + LIMIT_US;
	uint16_t port;
	pid_t child;
	int status;

	if (argc < 4) {
		fputs("usage: first-response PORT CPU COMMAND [ARGUMENT ...]\n", stderr);
		return 2;
	}
	port = (uint16_t)strtol(argv[1], NULL, 10);
	prctl(PR_SET_TIMERSLACK, 1UL); /* exact pauses */
	start = mmap(
		NULL, sizeof(*start), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED || (child = fork()) < 0) {
		perror("first-response");
		return 1;
	}
	if (child == 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(strtoul(argv[2], NULL, 10), &set);
		if (sched_setaffinity(0, sizeof(set), &set) == 0) {
			*start = now_us();
			execv(argv[3], argv + 3);
		}
		perror(argv[3]);
		_exit(127);
	}
	while (end == 0 && now_us() < limit && waitpid(child, &status, WNOHANG) == 0) {
		if (try_request(port) == 0)
			end = now_us();
		else
			nanosleep(
				&pause, NULL); /* connecting without a pause would slow the start */
	}
	if (end == 0) {
		fprintf(stderr, "first-response: %s did not respond\n", argv[3]);
		kill(child, SIGKILL);
		return 1;
	}
	kill(child, SIGTERM);
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now_us() >= limit)
			kill(child, SIGKILL);
		nanosleep(&pause, NULL);
	}
	printf("%lld\n", (long long)(end - *start));
	return 0;
}
