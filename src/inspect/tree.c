#include "inspect/tree.h"

#include "inspect/value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Room for the names of directories that are found and not yet read, some 15,000. Only the
 * siblings along one path are in it, so that large trees need little of it.
 */
#define PENDING_SIZE ((size_t)256 * 1024)

struct walk {
	struct inspect_report *report;
	int root;
	dev_t dev; /* of the root: the file system that is counted */
	uint64_t entries;
	uint64_t files;
	uint64_t executables;
	uint64_t setuid_files;
	uint64_t missed; /* files and directories that could not be read */
	/* The directory being read, "" for the root; followed by the name of the current entry. */
	char path[PATH_MAX + NAME_MAX + 2];
	size_t path_len;
	/* A stack. An entry is, from its top down: path_len of the parent, name_len, name. */
	char pending[PENDING_SIZE];
	size_t pending_len;
};

static void miss(struct walk *walk, size_t path_len, const char *reason)
{
	walk->missed++;
	inspect_list_add(&walk->report->unreadable, walk->path, path_len, reason);
}

/* Appends "/name" to the current path, whose length stays. Returns: the length of both. */
static size_t append_name(struct walk *walk, const char *name, size_t name_len)
{
	walk->path[walk->path_len] = '/';
	memcpy(walk->path + walk->path_len + 1, name, name_len);
	walk->path[walk->path_len + 1 + name_len] = '\0';
	return walk->path_len + 1 + name_len;
}

static void push(struct walk *walk, const char *name, size_t name_len, size_t path_len)
{
	const size_t header[2] = {name_len, walk->path_len};
	char *top = walk->pending + walk->pending_len;

	/* openat(2) takes it without the first slash, but with a NUL. */
	if (path_len > PATH_MAX) {
		miss(walk, path_len, "path too long");
	} else if (name_len + sizeof(header) > PENDING_SIZE - walk->pending_len) {
		miss(walk, path_len, "too many directories to remember");
	} else {
		memcpy(top, name, name_len);
		memcpy(top + name_len, header, sizeof(header));
		walk->pending_len += name_len + sizeof(header);
	}
}

/*
 * Makes the directory at the top of the stack the current path. It is the last one pushed, so
 * the current path still starts with its parent's.
 * Returns: false when the stack is empty.
 */
static bool pop(struct walk *walk)
{
	size_t header[2];
	const char *name;

	if (walk->pending_len == 0)
		return false;
	walk->pending_len -= sizeof(header);
	memcpy(header, walk->pending + walk->pending_len, sizeof(header));
	walk->pending_len -= header[0];
	name = walk->pending + walk->pending_len;
	walk->path_len = header[1];
	walk->path_len = append_name(walk, name, header[0]);
	return true;
}

/*
 * Distinguishes a file that is mounted over, as resolv.conf is in containers, from one in a
 * lower layer of an overlay, which has that layer's st_dev (Linux, overlayfs.rst, "Inode
 * properties"). Returns: true also before Linux 5.6, which has no openat2(2).
 */
static bool is_mount(int dir, const char *name)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_XDEV};
	long fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

	if (fd < 0)
		return true;
	close((int)fd);
	return false;
}

static void count_file(struct walk *walk, mode_t mode)
{
	walk->files++;
	if ((mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0)
		walk->executables++;
	if ((mode & S_ISUID) != 0)
		walk->setuid_files++;
}

static void visit_entry(struct walk *walk, int dir, const char *name)
{
	size_t name_len = strlen(name);
	size_t path_len = append_name(walk, name, name_len);
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
		/* Removed since readdir(3). */
		if (errno != ENOENT)
			miss(walk, path_len, strerror(errno));
		return;
	}
	if (st.st_dev != walk->dev && (S_ISDIR(st.st_mode) || is_mount(dir, name)))
		return;
	if (S_ISDIR(st.st_mode))
		push(walk, name, name_len, path_len);
	else if (S_ISREG(st.st_mode))
		count_file(walk, st.st_mode);
}

static bool is_skipped(const struct walk *walk, const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	return walk->path_len == 0 &&
	       (strcmp(name, "proc") == 0 || strcmp(name, "sys") == 0 || strcmp(name, "dev") == 0);
}

/* Reads the current directory. Returns: NULL, or the reason why it was not read to its end. */
static const char *read_directory(struct walk *walk)
{
	const char *path = walk->path_len == 0 ? "." : walk->path + 1;
	const char *reason = NULL;
	const struct dirent *entry;
	DIR *dir;
	int fd;

	fd = openat(walk->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return strerror(errno);
	dir = fdopendir(fd);
	if (dir == NULL) {
		reason = strerror(errno);
		close(fd);
		return reason;
	}
	for (;;) {
		errno = 0;
		entry = readdir(dir); /* NOLINT(concurrency-mt-unsafe): a stream of its own */
		if (entry == NULL) {
			if (errno != 0 && errno != ENOENT)
				reason = strerror(errno);
			break;
		}
		walk->entries++;
		if (!is_skipped(walk, entry->d_name))
			visit_entry(walk, fd, entry->d_name);
	}
	closedir(dir);
	return reason;
}

int inspect_tree(const struct inspect_place *place)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	struct inspect_report *report = place->report;
	const char *reason;
	struct stat st;

	if (walk == NULL)
		return -1;
	walk->report = report;
	walk->root = place->root;
	if (fstat(place->root, &st) != 0) {
		reason = strerror(errno);
	} else {
		walk->dev = st.st_dev;
		reason = read_directory(walk);
	}
	if (reason != NULL)
		miss(walk, 0, reason);
	if (reason != NULL && walk->entries == 0) {
		inspect_set_unknown(&report->files, "/", reason);
		inspect_set_unknown(&report->executables, "/", reason);
		inspect_set_unknown(&report->setuid_files, "/", reason);
	} else {
		while (pop(walk)) {
			reason = read_directory(walk);
			if (reason != NULL)
				miss(walk, walk->path_len, reason);
		}
		inspect_set_number(&report->files, walk->files);
		inspect_set_number(&report->executables, walk->executables);
		inspect_set_number(&report->setuid_files, walk->setuid_files);
	}
	inspect_set_number(&report->complete, walk->missed == 0);
	free(walk);
	return 0;
}
