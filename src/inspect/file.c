#include "inspect/file.h"
#include "inspect/value.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* No package database is larger. The limit ends the reading of an endless file. */
#define FILE_BYTES_MAX ((size_t)64 * 1024 * 1024)

#define LINE_SIZE 4096

static enum inspect_presence presence_after(int errnum, const char **reason)
{
	/* A symbolic link to nothing, or to itself, is no file for any user. */
	if (errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP)
		return INSPECT_ABSENT;
	*reason = strerror(errnum);
	return INSPECT_UNKNOWN;
}

enum inspect_presence inspect_stat(
	const struct inspect_place *place, const char *path, struct stat *st, const char **reason)
{
	if (fstatat(place->root, path + 1, st, 0) == 0)
		return INSPECT_PRESENT;
	return presence_after(errno, reason);
}

/* Parses the lines of fd. Returns: NULL, or the reason why it ended early. */
static const char *parse_lines(int fd, inspect_line *parse, void *state)
{
	char line[LINE_SIZE];
	size_t len = 0;
	size_t total = 0;
	bool skipping = false; /* in the rest of a line that is too long */

	for (;;) {
		ssize_t got = read(fd, line + len, sizeof(line) - len);
		char *start = line;
		char *newline;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return strerror(errno);
		if (got == 0)
			break;
		total += (size_t)got;
		if (total > FILE_BYTES_MAX)
			return "larger than 64 MiB";
		len += (size_t)got;
		while ((newline = memchr(start, '\n', len)) != NULL) {
			size_t line_len = (size_t)(newline - start);

			if (!skipping)
				parse(state, start, line_len);
			skipping = false;
			start = newline + 1;
			len -= line_len + 1;
		}
		if (skipping)
			len = 0;
		memmove(line, start, len);
		if (len == sizeof(line)) {
			parse(state, line, len - 1);
			skipping = true;
			len = 0;
		}
	}
	if (len > 0 && !skipping)
		parse(state, line, len);
	return NULL;
}

enum inspect_presence inspect_read_lines(const struct inspect_place *place, const char *path,
	inspect_line *parse, void *state, const char **reason)
{
	enum inspect_presence presence = INSPECT_PRESENT;
	struct stat st;
	/* O_NONBLOCK: open(2) of a FIFO would wait for a writer. */
	int fd = openat(place->root, path + 1, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		presence = presence_after(errno, reason);
	} else {
		if (fstat(fd, &st) != 0)
			*reason = strerror(errno);
		else
			*reason = S_ISREG(st.st_mode) ? parse_lines(fd, parse, state)
						      : "not a regular file";
		close(fd);
		if (*reason != NULL)
			presence = INSPECT_UNKNOWN;
	}
	if (presence == INSPECT_UNKNOWN)
		inspect_list_add(&place->report->unreadable, path, strlen(path), *reason);
	return presence;
}
