#include "client/download.h"

#include "base/strbuf.h"
#include "client/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int tell(const struct download *download, struct error *err)
{
	return error_set(err, errno, download->path == NULL ? "standard output" : "-o",
		download->path, "can't be written", NULL);
}

/* As open(2) would have made it; only asking by changing tells the mask (umask(2)). */
static mode_t usual_mode(void)
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
		return 0;
	}
	download->path = path;
	download->in_place = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
	if (download->in_place) {
		download->fd = open(path, O_WRONLY | O_CLOEXEC);
		return download->fd >= 0 ? 0 : tell(download, err);
	}
	name.size--;
	strbuf_add_string(&name, path);
	strbuf_add_string(&name, ".XXXXXX");
	name.data[name.len] = '\0';
	if (name.truncated)
		return error_set(err, ENAMETOOLONG, "-o", path, NULL, NULL);
	download->fd = deadline_create(download->temporary);
	return download->fd >= 0 ? 0 : tell(download, err);
}

int download_write(struct download *download, const char *bytes, size_t len, struct error *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t wrote = write(download->fd, bytes + done, len - done);

		if (wrote < 0)
			return tell(download, err);
		done += (size_t)wrote;
	}
	return 0;
}

int download_close(struct download *download, bool whole, struct error *err)
{
	int result = 0;

	if (download->in_place) {
		if (download->path != NULL && close(download->fd) != 0 && whole)
			return tell(download, err);
		return 0;
	}
	if (whole && (fchmod(download->fd, usual_mode()) != 0 ||
			     rename(download->temporary, download->path) != 0)) {
		result = tell(download, err);
		whole = false;
	}
	if (close(download->fd) != 0 && whole)
		result = tell(download, err);
	if (!whole)
		unlink(download->temporary);
	deadline_keep();
	return result;
}
