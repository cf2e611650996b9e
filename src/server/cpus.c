#include "server/cpus.h"

#include "base/strbuf.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads a small file whole. Returns: 0 with a NUL-terminated buffer, or -1. */
static int read_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	while (len < size - 1 && (got = read(fd, buffer + len, size - 1 - len)) > 0)
		len += (size_t)got;
	close(fd);
	buffer[len] = '\0';
	return got < 0 ? -1 : 0;
}

/* Returns: 0 with the file DIR/NAME read, or -1. */
static int read_in(const struct strbuf *dir, const char *name, char *buffer, size_t size)
{
	char storage[PATH_MAX];
	struct strbuf path = STRBUF_OVER(storage);

	strbuf_add(&path, dir->data, dir->len);
	strbuf_add_string(&path, "/");
	strbuf_add(&path, name, strlen(name) + 1);
	return path.truncated ? -1 : read_file(storage, buffer, size);
}

/* Returns: quota / period rounded up, from 1; 0 for no quota. */
static unsigned whole_cpus(long long quota_us, long long period_us)
{
	if (quota_us <= 0 || period_us <= 0)
		return 0;
	return (unsigned)((quota_us - 1) / period_us + 1);
}

/* Returns: as cpus_quota(), of one directory. */
static unsigned quota_in(const struct strbuf *dir)
{
	char buffer[64];
	char *end;
	long long quota_us;

	if (read_in(dir, "cpu.max", buffer, sizeof(buffer)) == 0) {
		quota_us = strtoll(buffer, &end, 10); /* "max 100000" reads as 0 */
		return whole_cpus(quota_us, strtoll(end, NULL, 10));
	}
	if (read_in(dir, "cpu.cfs_quota_us", buffer, sizeof(buffer)) != 0)
		return 0;
	quota_us = strtoll(buffer, NULL, 10); /* -1: none */
	if (read_in(dir, "cpu.cfs_period_us", buffer, sizeof(buffer)) != 0)
		return 0;
	return whole_cpus(quota_us, strtoll(buffer, NULL, 10));
}

/*
 * The lowest quota from MOUNT/CONTROLLER/PATH up to MOUNT/CONTROLLER. In a container the
 * path may be the host's and not exist here; then only the upper end is found, which is
 * the container's own.
 */
static unsigned lowest_quota(const char *mount, const char *controller, const char *path)
{
	char storage[PATH_MAX];
	struct strbuf dir = STRBUF_OVER(storage);
	unsigned lowest = 0;
	size_t top;

	strbuf_add_string(&dir, mount);
	strbuf_add_string(&dir, controller);
	top = dir.len;
	strbuf_add_string(&dir, path);
	for (;;) {
		unsigned quota = quota_in(&dir);

		if (quota > 0 && (lowest == 0 || quota < lowest))
			lowest = quota;
		if (dir.len <= top)
			return lowest;
		while (dir.len > top && dir.data[--dir.len] != '/')
			;
	}
}

/* Is word one of the comma-separated names? */
static int is_among(const char *names, const char *word)
{
	size_t len = strlen(word);

	for (;;) {
		if (strncmp(names, word, len) == 0 && (names[len] == ',' || names[len] == '\0'))
			return 1;
		names = strchr(names, ',');
		if (names == NULL)
			return 0;
		names++;
	}
}

unsigned cpus_quota(const char *proc_cgroup, const char *mount)
{
	char buffer[4096];
	char *next;
	unsigned lowest = 0;

	if (read_file(proc_cgroup, buffer, sizeof(buffer)) != 0)
		return 0;
	/* Lines of "hierarchy:controllers:path"; version 2 has the hierarchy 0 and no controllers. */
	for (char *line = buffer; line != NULL && *line != '\0'; line = next) {
		char *controllers = strchr(line, ':');
		char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		unsigned quota = 0;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (path == NULL || (next != NULL && path > next))
			continue;
		controllers++;
		*path++ = '\0';
		if (*controllers == '\0')
			quota = lowest_quota(mount, "", path);
		else if (is_among(controllers, "cpu"))
			quota = lowest_quota(mount, "/cpu", path);
		if (quota > 0 && (lowest == 0 || quota < lowest))
			lowest = quota;
	}
	return lowest;
}

unsigned cpus_usable(void)
{
	unsigned quota = cpus_quota("/proc/self/cgroup", "/sys/fs/cgroup");
	unsigned count = 1;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = (unsigned)CPU_COUNT(&set);
	if (count < 1)
		count = 1;
	return quota > 0 && quota < count ? quota : count;
}
