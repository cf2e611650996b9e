/* download.h - a file that appears once it is whole. */
#ifndef HELLO_CLIENT_DOWNLOAD_H
#define HELLO_CLIENT_DOWNLOAD_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct download {
	int fd;
	const char *path;	  /* borrowed; NULL is standard output */
	bool in_place;		  /* standard output, or what can't be replaced, such as a device */
	char temporary[PATH_MAX]; /* beside path until it is whole */
};

/*
 * Opens standard output, or a file beside path that will take its place.
 * path: borrowed until the end; NULL or "-" for standard output
 * Returns: 0, or -1 with *err filled.
 */
int download_open(struct download *download, const char *path, struct error *err);

/* Writes all of it. Returns: 0, or -1 with *err filled. */
int download_write(struct download *download, const char *bytes, size_t len, struct error *err);

/*
 * Closes it.
 * whole: put it in path's place; else remove it, and what was at path stays
 * Returns: 0, or -1 with *err filled; err may be NULL with whole false.
 */
int download_close(struct download *download, bool whole, struct error *err);

#endif
