/* download.h - atomic download: writes to a temporary file, then renames it. */
#ifndef HELLO_CLIENT_DOWNLOAD_H
#define HELLO_CLIENT_DOWNLOAD_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct download {
	int fd;
	const char *path; /* borrowed; NULL for standard output */
	bool in_place;	  /* standard output, or a file that rename(2) must not replace */
	char temporary
		[PATH_MAX]; /* the temporary file, in the directory of path; unless in_place */
};

/*
 * Opens standard output, a device, a FIFO, or a temporary file that will replace path.
 * path: borrowed until download_close(); NULL or "-" for standard output
 * Returns: 0, and download_close() is due; -1 with *err filled.
 */
int download_open(struct download *download, const char *path, struct error *err);

/* Writes all len bytes. Returns: 0, or -1 with *err filled. */
int download_write(struct download *download, const char *bytes, size_t len, struct error *err);

/*
 * Closes the file. It is not synchronised with the disk: that is the file's owner's choice.
 * complete: true renames the temporary file to path; false removes it, and path stays as it was
 * err:      may be NULL where complete is false
 * Returns: 0, or -1 with *err filled; then the temporary file is removed, and path stays as it was.
 */
int download_close(struct download *download, bool complete, struct error *err);

#endif
