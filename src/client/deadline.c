#include "client/deadline.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* For the signal handlers. */
static const char *timeout_line;
static const char *volatile temporary; /* the file to remove; NULL for none */

static void remove_temporary(void)
{
	if (temporary != NULL)
		unlink(temporary);
}

static void on_timeout(int number)
{
	ssize_t ignored; /* there is nowhere left to report an error */

	(void)number;
	remove_temporary();
	ignored = write(STDERR_FILENO, timeout_line, strlen(timeout_line));
	(void)ignored;
	_exit(1);
}

static void on_termination(int number)
{
	remove_temporary();
	signal(number, SIG_DFL);
	raise(number);
}

void deadline_set(int64_t timeout_ms, const char *line)
{
	const struct itimerval timer = {
		.it_value = {.tv_sec = (time_t)(timeout_ms / 1000),
			.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000}};

	timeout_line = line;
	signal(SIGALRM, on_timeout);
	setitimer(ITIMER_REAL, &timer, NULL);
}

int deadline_create(char *template)
{
	static const int terminations[] = {SIGHUP, SIGINT, SIGTERM};
	sigset_t all;
	sigset_t before;
	int fd;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	fd = mkostemp(template, O_CLOEXEC);
	temporary = fd >= 0 ? template : NULL;
	for (size_t i = 0; i < sizeof(terminations) / sizeof(terminations[0]); i++) {
		/* An ignored signal stays ignored, for nohup(1). */
		if (signal(terminations[i], on_termination) == SIG_IGN)
			signal(terminations[i], SIG_IGN);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

void deadline_keep(void)
{
	temporary = NULL;
}
