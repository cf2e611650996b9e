/* inspect_file.h - looks at single files below the inspected root. */
#ifndef HELLO_INSPECT_FILE_H
#define HELLO_INSPECT_FILE_H

#include "inspect/inspect.h"
#include "inspect/parse.h"

#include <sys/stat.h>

/* Where a collector looks, and where it puts what it finds. */
struct inspect_place {
	int root; /* a descriptor of the root directory */
	struct inspect_report *report;
};

enum inspect_presence {
	INSPECT_PRESENT,
	INSPECT_ABSENT,	 /* which is an answer */
	INSPECT_NO_IDEA, /* the way there is barred */
};

/*
 * Looks whether something is there, behind symbolic links.
 * path: absolute, below the root
 * st: filled when it is present
 * reason: gets a static text when there is no idea
 */
enum inspect_presence inspect_look(
	const struct inspect_place *place, const char *path, struct stat *st, const char **reason);

/*
 * Feeds the lines of a file to a parser; of a line over 4095 bytes the first 4095.
 * A file that can't be read is noted in the report's list of unreadable ones.
 * path: absolute, below the root
 * Returns: as inspect_look(); after INSPECT_NO_IDEA the state may hold part of the file.
 */
enum inspect_presence inspect_read_lines(const struct inspect_place *place, const char *path,
	inspect_line *parse, void *state, const char **reason);

#endif
