#include "client/download.h"

#include "base/file.h"
#include "base/strbuf.h"
#include "client/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fills *err from errno. Returns: -1. */
static int fail(const struct download *download, struct error *err)
{
	return error_set(err, errno, download->path == NULL ? "standard output" : "-o",
		download->path, "can't write", NULL);
}

/* Returns: the mode that open(2) gives a new file. umask(2) reads the mask only by setting it. */
static mode_t default_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

int download_open(struct download *download, const char *path, struct error *err)
{
	struct stat info;
	struct strbuf name = STRBUF_OVER(download->temporary);

	if (path == NULL || strcmp(path, "-") == 0) {
		*download = (struct download){.fd = STDOUT_FILENO, .in_place = true};
		/* Also for an empty body, which is never written. */
		if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) != O_RDONLY)
			return 0;
		errno = EBADF;
		return fail(download, err);
	}
	download->path = path;
	download->in_place = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
	if (download->in_place) {
		download->fd = open(path, O_WRONLY | O_CLOEXEC);
		return download->fd >= 0 ? 0 : fail(download, err);
	}
	name.size--;
	strbuf_add_string(&name, path);
	strbuf_add_string(&name, ".XXXXXX");
	name.data[name.len] = '\0';
	if (name.truncated)
		return error_set(err, ENAMETOOLONG, "-o", path, NULL, NULL);
	download->fd = deadline_create(download->temporary);
	return download->fd >= 0 ? 0 : fail(download, err);
}

int download_write(struct download *download, const char *bytes, size_t len, struct error *err)
{
	return file_write_all(download->fd, bytes, len) == 0 ? 0 : fail(download, err);
}

int download_close(struct download *download, bool complete, struct error *err)
{
	int result = 0;

	if (download->in_place) {
		if (download->path != NULL && close(download->fd) != 0 && complete)
			return fail(download, err);
		return 0;
	}
	if (complete && fchmod(download->fd, default_mode()) != 0)
		result = fail(download, err);
	/* Before rename(2): an error of an earlier write may be reported as late as here. */
	if (close(download->fd) != 0 && complete && result == 0)
		result = fail(download, err);
	if (complete && result == 0 && rename(download->temporary, download->path) != 0)
		result = fail(download, err);
	if (!complete || result != 0)
		unlink(download->temporary);
	deadline_keep();
	return result;
}
