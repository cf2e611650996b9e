#include "base/cgroup.h"

#include "base/file.h"
#include "base/strbuf.h"

#include <errno.h>
#include <string.h>

#define MEMBERSHIP "/proc/self/cgroup"
#define MOUNT	   "/sys/fs/cgroup"

/* The names of a controller and its files. */
struct controller {
	const char *name;     /* version 1: in /proc/self/cgroup */
	const char *mount;    /* version 1: where its hierarchy is mounted */
	const char *limit_v1; /* the file with the limit */
	const char *period;   /* version 1: the file with the CPU quota's period, or NULL */
	const char *limit_v2;
};

static const struct controller memory = {
	"memory", MOUNT "/memory", "memory.limit_in_bytes", NULL, "memory.max"};
static const struct controller cpu = {
	"cpu", MOUNT "/cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.max"};

/* The cgroup of this process that has the controller. */
struct cgroup {
	const char *mount; /* of the hierarchy */
	const char *path;  /* below mount, starts with '/' */
	const char *limit; /* the file with the limit */
	const char *period;
	bool is_quota; /* the limit is a time in each period */
};

/* Version 1 writes "no limit" as LONG_MAX in whole pages. No machine has as much. */
#define UNLIMITED_FROM (UINT64_C(1) << 62)

static struct cgroup_limit unknown(const char *subject, const char *reason)
{
	return (struct cgroup_limit){.subject = subject, .reason = reason};
}

/* A missing file means no limit at this level; another error leaves it unknown. */
static bool is_missing(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP;
}

/* Returns: whether name is one of the comma-separated names. */
static bool is_among(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (;;) {
		if (strncmp(names, name, len) == 0 && (names[len] == ',' || names[len] == '\0'))
			return true;
		names = strchr(names, ',');
		if (names == NULL)
			return false;
		names++;
	}
}

/*
 * Finds the cgroup in the lines "HIERARCHY:CONTROLLERS:PATH" of /proc/self/cgroup.
 * text: overwritten; cgroup's path points into it
 * Returns: NULL, or the reason why there is none. A path of NULL means that no hierarchy has the
 * controller.
 */
static const char *find_cgroup(
	char *text, const struct controller *controller, struct cgroup *cgroup)
{
	const char *path_v1 = NULL;
	const char *path_v2 = NULL;
	bool has_v1 = false;

	for (char *line = text, *next; *line != '\0'; line = next) {
		char *names;
		char *path;

		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		names = line + strspn(line, "0123456789");
		if (names == line || *names != ':')
			continue;
		*names++ = '\0';
		path = strchr(names, ':');
		if (path == NULL || path[1] != '/')
			continue;
		*path++ = '\0';
		if (*names == '\0' && strcmp(line, "0") == 0) {
			path_v2 = path;
		} else if (strncmp(names, "name=", 5) != 0) {
			/* A named hierarchy, such as name=systemd, has no controller. */
			has_v1 = true;
			if (is_among(names, controller->name))
				path_v1 = path;
		}
	}
	if (!has_v1 && path_v2 == NULL)
		return "names no cgroup";
	if (path_v1 != NULL)
		*cgroup = (struct cgroup){controller->mount, path_v1, controller->limit_v1,
			controller->period, controller->period != NULL};
	else /* Beside version 1, version 2 has the remaining controllers. */
		*cgroup = (struct cgroup){has_v1 ? MOUNT "/unified" : MOUNT, path_v2,
			controller->limit_v2, NULL, controller->period != NULL};
	return NULL;
}

/*
 * Opens and reads MOUNT/CGROUP/FILE.
 * cgroup_len: how much of the path of the cgroup is taken
 * Returns: 0 with a NUL-terminated buffer; -1 with errno set.
 */
static int read_in(int root, const struct cgroup *cgroup, size_t cgroup_len, const char *file,
	char *buffer, size_t size)
{
	char storage[4096];
	struct strbuf path = STRBUF_OVER(storage);

	strbuf_add_string(&path, cgroup->mount + 1);
	strbuf_add(&path, cgroup->path, cgroup_len);
	strbuf_add_string(&path, "/");
	strbuf_add(&path, file, strlen(file) + 1);
	if (path.truncated) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return file_read_at(root, storage, buffer, size);
}

/* Takes a decimal number. Returns: true with *text behind it, or false when none fits. */
static bool take_number(const char **text, uint64_t *number)
{
	const char *at = *text;
	uint64_t value = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		unsigned digit = (unsigned)(*at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (at == *text)
		return false;
	*text = at;
	*number = value;
	return true;
}

/*
 * Parses "LIMIT" or "LIMIT PERIOD". LIMIT is a number, "max", or "-1" in version 1.
 * value: UINT64_MAX for no limit
 * period: 0 when there is none
 * Returns: whether the text has this form.
 */
static bool parse_limit(const char *text, uint64_t *value, uint64_t *period)
{
	*period = 0;
	if (strncmp(text, "max", 3) == 0 || strncmp(text, "-1", 2) == 0) {
		text += text[0] == 'm' ? 3 : 2;
		*value = UINT64_MAX;
	} else if (!take_number(&text, value)) {
		return false;
	}
	if (*text == ' ') {
		text++;
		if (!take_number(&text, period))
			return false;
	}
	return text[strspn(text, " \n")] == '\0';
}

/*
 * Reads the limit of one level of the hierarchy.
 * value: lowered to the limit, if there is a lower one
 * Returns: 1 when the level has the file, 0 when not; -1 with *reason set.
 */
static int read_level(int root, const struct cgroup *cgroup, size_t cgroup_len, uint64_t *value,
	const char **reason)
{
	char buffer[64];
	uint64_t limit;
	uint64_t period;
	uint64_t ignored;

	if (read_in(root, cgroup, cgroup_len, cgroup->limit, buffer, sizeof(buffer)) != 0)
		goto failed;
	*reason = "unexpected content";
	if (!parse_limit(buffer, &limit, &period))
		return -1;
	if (limit >= UNLIMITED_FROM)
		return 1;
	if (cgroup->is_quota) {
		if (cgroup->period != NULL) {
			if (read_in(root, cgroup, cgroup_len, cgroup->period, buffer,
				    sizeof(buffer)) != 0)
				goto failed;
			if (!parse_limit(buffer, &period, &ignored))
				return -1;
		}
		if (limit == 0 || period == 0 || limit > UINT64_MAX / 1000)
			return -1;
		limit = (limit * 1000 - 1) / period + 1;
	}
	if (limit < *value)
		*value = limit;
	return 1;

failed:
	if (is_missing(errno))
		return 0;
	*reason = strerror(errno);
	return -1;
}

/* Returns: whether a component of the path begins with "..". */
static bool leads_up(const char *path)
{
	while ((path = strchr(path, '/')) != NULL) {
		if (strncmp(path, "/..", 3) == 0)
			return true;
		path++;
	}
	return false;
}

/*
 * Reads all levels from the cgroup up to the mount. Where the container has its own cgroup
 * mounted, the host's path leads nowhere, and the last level is the one that exists.
 */
static struct cgroup_limit lowest_limit(int root, const struct cgroup *cgroup)
{
	/* The kernel writes "/.." for a cgroup that lies outside of this namespace. */
	size_t len = leads_up(cgroup->path) ? 0 : strlen(cgroup->path);
	uint64_t lowest = UINT64_MAX;
	bool found = false;
	char none[1];

	for (;;) {
		const char *reason;
		int has;

		while (len > 0 && cgroup->path[len - 1] == '/')
			len--;
		has = read_level(root, cgroup, len, &lowest, &reason);
		if (has < 0)
			return unknown(cgroup->mount, reason);
		found = found || has > 0;
		if (len == 0)
			break;
		while (len > 0 && cgroup->path[len - 1] != '/')
			len--;
	}
	/* The topmost cgroup has no file with a limit; a directory without cgroups has none at all. */
	if (!found && read_in(root, cgroup, 0, "cgroup.procs", none, sizeof(none)) != 0)
		return unknown(cgroup->mount,
			is_missing(errno) ? "no cgroup is mounted" : strerror(errno));
	if (lowest == UINT64_MAX)
		return (struct cgroup_limit){.known = true};
	return (struct cgroup_limit){.known = true, .limited = true, .value = lowest};
}

static struct cgroup_limit read_limit(int root, const struct controller *controller)
{
	char text[8192];
	struct cgroup cgroup;
	const char *reason;

	if (file_read_at(root, &MEMBERSHIP[1], text, sizeof(text)) != 0)
		return unknown(MEMBERSHIP, is_missing(errno) ? "missing" : strerror(errno));
	/* The rest of a truncated path would be another cgroup's. */
	if (strlen(text) == sizeof(text) - 1)
		return unknown(MEMBERSHIP, "too long");
	reason = find_cgroup(text, controller, &cgroup);
	if (reason != NULL)
		return unknown(MEMBERSHIP, reason);
	/* A controller that is disabled sets no limit. */
	if (cgroup.path == NULL)
		return (struct cgroup_limit){.known = true};
	return lowest_limit(root, &cgroup);
}

struct cgroup_limit cgroup_memory_limit(int root)
{
	return read_limit(root, &memory);
}

struct cgroup_limit cgroup_cpu_limit(int root)
{
	return read_limit(root, &cpu);
}
