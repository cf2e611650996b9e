#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int file_open_standard(struct error *err)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* open(2) takes the lowest free number, which is fd. */
		if (open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return error_set(err, errno, "/dev/null", NULL,
				"can't replace a closed standard descriptor", NULL);
	}
	return 0;
}

int file_write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t written = write(fd, at, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		at += written;
		len -= (size_t)written;
	}
	return 0;
}

int file_read_at(int dir, const char *path, char *buffer, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = 0;
	ssize_t got = 1;
	int errnum;

	if (fd < 0)
		return -1;
	while (len < size - 1 && (got = read(fd, buffer + len, size - 1 - len)) > 0)
		len += (size_t)got;
	errnum = errno;
	close(fd);
	errno = errnum;
	buffer[len] = '\0';
	return got < 0 ? -1 : 0;
}
