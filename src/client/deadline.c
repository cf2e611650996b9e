#include "client/deadline.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* Read by the signal handlers alone. */
static const char *late_line;
static const char *volatile discarded;

static void discard(void)
{
	if (discarded != NULL)
		unlink(discarded);
}

static void on_timeout(int number)
{
	ssize_t ignored; /* late all the same where nobody reads why */

	(void)number;
	discard();
	ignored = write(STDERR_FILENO, late_line, strlen(late_line));
	(void)ignored;
	_exit(1);
}

static void on_end(int number)
{
	discard();
	signal(number, SIG_DFL);
	raise(number);
}

void deadline_set(int64_t timeout_ms, const char *line)
{
	const struct itimerval timer = {
		.it_value = {.tv_sec = (time_t)(timeout_ms / 1000),
			.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000}};

	late_line = line;
	signal(SIGALRM, on_timeout);
	setitimer(ITIMER_REAL, &timer, NULL);
}

int deadline_create(char *template)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGTERM};
	sigset_t all;
	sigset_t before;
	int fd;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	fd = mkostemp(template, O_CLOEXEC);
	discarded = fd >= 0 ? template : NULL;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		/* What was ignored before, as nohup(1) has it, stays so. */
		if (signal(ends[i], on_end) == SIG_IGN)
			signal(ends[i], SIG_IGN);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

void deadline_keep(void)
{
	discarded = NULL;
}
