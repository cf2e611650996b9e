#include "tls/pem_file.h"

#include <errno.h>
#include <fcntl.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_BYTES ((off_t)1024 * 1024)

/* Returns: 0, or -1 with errno set; errno is 0 if the file ended early. */
static int read_all(int fd, unsigned char *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = read(fd, to + done, len - done);

		if (got == 0)
			errno = 0;
		if (got == 0 || (got < 0 && errno != EINTR))
			return -1;
		if (got > 0)
			done += (size_t)got;
	}
	return 0;
}

int pem_file_read(const char *path, const char *subject, struct pem_file *file, struct error *err)
{
	struct stat info;
	int result = -1;
	/* O_NONBLOCK: a FIFO must not block the start forever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*file = (struct pem_file){0};
	if (fd < 0)
		return error_set(err, errno, subject, path, "can't be read", NULL);
	if (fstat(fd, &info) != 0) {
		error_set(err, errno, subject, path, "can't be read", NULL);
	} else if (!S_ISREG(info.st_mode) || info.st_size > SIZE_MAX_BYTES) {
		error_set(err, 0, subject, path, "not a regular file of at most 1 MiB",
			"want a PEM file");
	} else {
		file->len = (size_t)info.st_size + 1;
		file->text = calloc(1, file->len);
		if (file->text == NULL || read_all(fd, file->text, file->len - 1) != 0)
			error_set(err, errno, subject, path, "can't be read", NULL);
		else
			result = 0;
	}
	close(fd);
	if (result != 0)
		pem_file_free(file);
	return result;
}

void pem_file_free(struct pem_file *file)
{
	if (file->text != NULL)
		mbedtls_platform_zeroize(file->text, file->len);
	free(file->text);
	*file = (struct pem_file){0};
}
