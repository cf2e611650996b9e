/* file.h - reads single files below the inspected root. */
#ifndef HELLO_INSPECT_FILE_H
#define HELLO_INSPECT_FILE_H

#include "inspect/inspect.h"
#include "inspect/parse.h"

#include <sys/stat.h>

/* Where a collector reads, and the report that it fills. */
struct inspect_place {
	int root; /* a descriptor of the root directory */
	struct inspect_report *report;
};

enum inspect_presence {
	INSPECT_PRESENT,
	INSPECT_ABSENT,
	INSPECT_UNKNOWN, /* it can't be read, or a directory above it can't be searched */
};

/*
 * As stat(2): follows symbolic links.
 * path: absolute, below the root
 * st: filled when the file is present
 * reason: set to a static text when the presence is unknown
 */
enum inspect_presence inspect_stat(
	const struct inspect_place *place, const char *path, struct stat *st, const char **reason);

/*
 * Calls a parser for each line of a file; for a line over 4095 bytes with the first 4095.
 * An unreadable file is added to the report's list of these.
 * path: absolute, below the root
 * reason: NULL before; set to a static text when the result is unknown
 * Returns: whether the file was read; after INSPECT_UNKNOWN the state may hold part of the file.
 */
enum inspect_presence inspect_read_lines(const struct inspect_place *place, const char *path,
	inspect_line *parse, void *state, const char **reason);

#endif
