#include "inspect/tree.h"
#include "inspect/value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Directories seen and not yet read: their names, some 15,000 of them. Only the siblings
 * along one path wait at a time, so even large trees stay far below.
 */
#define PENDING_SIZE ((size_t)256 * 1024)

/* Files with several names, to count their bytes once; a power of two. */
#define LINK_SLOTS    ((size_t)16384)
#define LINK_MAX_USED (LINK_SLOTS / 4 * 3)

struct link {
	dev_t dev;
	ino_t ino; /* 0: a free slot */
};

struct counts {
	uint64_t files;
	uint64_t directories;
	uint64_t symlinks;
	uint64_t others;
	uint64_t mounts;
	uint64_t bytes;
	uint64_t executables;
	uint64_t setuid_files;
	uint64_t setgid_files;
	uint64_t world_writable_dirs;
	uint64_t sticky_dirs;
	uint64_t missed; /* parts that could not be read */
};

struct walk {
	struct inspect_report *report;
	int root;
	dev_t dev; /* of the root: the file system that is counted */
	uint64_t entries;
	struct counts counts;
	/* The directory being read, "" for the root; behind it, for a while, an entry's name. */
	char path[PATH_MAX + NAME_MAX + 2];
	size_t path_len;
	/* A stack. On it lie, from the top: parent's path_len, name_len, name. */
	char pending[PENDING_SIZE];
	size_t pending_len;
	size_t links_used;
	bool links_full;
	struct link links[LINK_SLOTS];
};

static void miss(struct walk *walk, size_t path_len, const char *reason)
{
	walk->counts.missed++;
	inspect_list_add(&walk->report->unreadable, walk->path, path_len, reason);
}

/* Puts "/name" behind the current path. Returns: the length of both. */
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

	/* Its path is relative when opened: one byte less, and a NUL. */
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
 * Makes the top of the stack the current path. The last one pushed is read first, so its
 * parent's path still stands at the front of the current one.
 * Returns: false when there is none left.
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

/* Returns: whether this is the first name of a file with several. */
static bool is_first_link(struct walk *walk, const struct stat *st)
{
	uint64_t hash = ((uint64_t)st->st_ino ^ ((uint64_t)st->st_dev << 40)) *
			UINT64_C(0x9E3779B97F4A7C15); /* 2^64 over the golden ratio */
	size_t slot = (size_t)(hash >> 32) % LINK_SLOTS;

	while (walk->links[slot].ino != 0) {
		if (walk->links[slot].ino == st->st_ino && walk->links[slot].dev == st->st_dev)
			return false;
		slot = (slot + 1) % LINK_SLOTS;
	}
	if (walk->links_used == LINK_MAX_USED) {
		walk->links_full = true;
		return true;
	}
	walk->links_used++;
	walk->links[slot] = (struct link){st->st_dev, st->st_ino};
	return true;
}

/*
 * Tells a file that is mounted over, as resolv.conf is in containers, from one that lies in
 * a lower layer of an overlay and has that layer's st_dev (Linux, overlayfs.rst, "Inode
 * properties"). Returns: true also when the kernel can't tell (before 5.6).
 */
static bool is_mount(int dir, const char *name)
{
#ifdef SYS_openat2
	/* struct open_how and RESOLVE_NO_XDEV, openat2(2): their header isn't musl's. */
	const uint64_t how[3] = {O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, 0x01};
	long fd = syscall(SYS_openat2, dir, name, how, sizeof(how));

	if (fd >= 0) {
		close((int)fd);
		return false;
	}
#else
	(void)dir;
	(void)name;
#endif
	return true;
}

static void count_directory(struct walk *walk, const struct stat *st, size_t path_len)
{
	walk->counts.directories++;
	if ((st->st_mode & S_IWOTH) == 0)
		return;
	walk->counts.world_writable_dirs++;
	if ((st->st_mode & S_ISVTX) != 0)
		walk->counts.sticky_dirs++;
	else
		inspect_list_add(&walk->report->world_writable, walk->path, path_len, NULL);
}

static void count_file(struct walk *walk, const struct stat *st, size_t path_len)
{
	bool setuid_file = (st->st_mode & S_ISUID) != 0;
	bool setgid_file = (st->st_mode & S_ISGID) != 0;

	walk->counts.files++;
	if (st->st_nlink < 2 || is_first_link(walk, st))
		walk->counts.bytes += (uint64_t)st->st_size;
	if ((st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0)
		walk->counts.executables++;
	if (setuid_file)
		walk->counts.setuid_files++;
	if (setgid_file)
		walk->counts.setgid_files++;
	if (setuid_file || setgid_file)
		inspect_list_add(&walk->report->privileged, walk->path, path_len,
			!setgid_file   ? "setuid"
			: !setuid_file ? "setgid"
				       : "setuid and setgid");
}

static void see_entry(struct walk *walk, int dir, const char *name)
{
	size_t name_len = strlen(name);
	size_t path_len = append_name(walk, name, name_len);
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
		/* What was removed meanwhile isn't there. */
		if (errno != ENOENT)
			miss(walk, path_len, strerror(errno));
	} else if (st.st_dev != walk->dev && (S_ISDIR(st.st_mode) || is_mount(dir, name))) {
		walk->counts.mounts++;
	} else if (S_ISDIR(st.st_mode)) {
		count_directory(walk, &st, path_len);
		push(walk, name, name_len, path_len);
	} else if (S_ISREG(st.st_mode)) {
		count_file(walk, &st, path_len);
	} else if (S_ISLNK(st.st_mode)) {
		walk->counts.symlinks++;
	} else {
		walk->counts.others++;
	}
}

static bool is_left_out(const struct walk *walk, const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	return walk->path_len == 0 &&
	       (strcmp(name, "proc") == 0 || strcmp(name, "sys") == 0 || strcmp(name, "dev") == 0);
}

/* Reads the current directory. Returns: NULL, or why it could not be read to its end. */
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
		if (!is_left_out(walk, entry->d_name))
			see_entry(walk, fd, entry->d_name);
	}
	closedir(dir);
	return reason;
}

/* Says of each number that it is unknown, when the root itself can't be read. */
static void set_counts_unknown(struct inspect_report *report, const char *reason)
{
	struct inspect_value *const values[] = {&report->files, &report->directories,
		&report->symlinks, &report->other_files, &report->other_mounts, &report->size_bytes,
		&report->executables, &report->setuid_files, &report->setgid_files,
		&report->world_writable_dirs, &report->world_writable_sticky_dirs};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		inspect_set_unknown(values[i], "/", reason);
}

static void set_counts(struct inspect_report *report, const struct walk *walk)
{
	const struct counts *counts = &walk->counts;

	inspect_set_number(&report->files, counts->files);
	inspect_set_number(&report->directories, counts->directories);
	inspect_set_number(&report->symlinks, counts->symlinks);
	inspect_set_number(&report->other_files, counts->others);
	inspect_set_number(&report->other_mounts, counts->mounts);
	inspect_set_number(&report->size_bytes, counts->bytes);
	inspect_set_number(&report->executables, counts->executables);
	inspect_set_number(&report->setuid_files, counts->setuid_files);
	inspect_set_number(&report->setgid_files, counts->setgid_files);
	inspect_set_number(&report->world_writable_dirs, counts->world_writable_dirs);
	inspect_set_number(&report->world_writable_sticky_dirs, counts->sticky_dirs);
	if (walk->links_full)
		inspect_set_unknown(&report->size_bytes, NULL,
			"more files with several names than can be told apart");
}

int inspect_tree(const struct inspect_place *place)
{
	/* Fresh pages of zeros: what isn't touched costs nothing. */
	struct walk *walk = calloc(1, sizeof(*walk));
	const char *reason;
	struct stat st;

	if (walk == NULL)
		return -1;
	walk->report = place->report;
	walk->root = place->root;
	if (fstat(place->root, &st) != 0) {
		reason = strerror(errno);
	} else {
		walk->dev = st.st_dev;
		count_directory(walk, &st, 0);
		reason = read_directory(walk);
	}
	if (reason != NULL)
		miss(walk, 0, reason);
	if (reason != NULL && walk->entries == 0) {
		set_counts_unknown(place->report, reason);
	} else {
		while (pop(walk)) {
			reason = read_directory(walk);
			if (reason != NULL)
				miss(walk, walk->path_len, reason);
		}
		set_counts(place->report, walk);
	}
	inspect_set_number(&place->report->complete, walk->counts.missed == 0);
	free(walk);
	return 0;
}
