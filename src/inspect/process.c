#include "inspect/process.h"
#include "inspect/value.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char not_there[] = "not there";
static const char cgroup_path[] = "/proc/self/cgroup";

static void set_account(const struct inspect_place *place, const char *path, uint64_t id,
	struct inspect_value *value, struct inspect_value *has_name)
{
	struct inspect_account account = {.id = id};
	const char *reason = NULL;

	inspect_set_number(value, id);
	/* Without the file no id has a name. */
	if (inspect_read_lines(place, path, inspect_parse_account, &account, &reason) ==
		INSPECT_NO_IDEA) {
		inspect_set_unknown(has_name, path, reason);
	} else {
		inspect_set_number(has_name, account.found);
		inspect_set_word(value, account.name);
	}
}

static unsigned count_bits(uint64_t mask)
{
	unsigned bits = 0;

	for (; mask != 0; mask &= mask - 1)
		bits++;
	return bits;
}

/* Writes all 16 digits, as /proc does. */
static void set_capabilities(struct inspect_value *value, uint64_t mask)
{
	char hex[17];

	for (unsigned i = 0; i < 16; i++)
		hex[i] = "0123456789abcdef"[mask >> (60 - 4 * i) & 15];
	hex[16] = '\0';
	inspect_set_number(value, count_bits(mask));
	inspect_set_word(value, hex);
}

static void set_status(const struct inspect_place *place)
{
	static const char path[] = "/proc/self/status";
	/* SECCOMP_MODE_DISABLED, _STRICT and _FILTER, linux/seccomp.h */
	static const char *const seccomp_modes[] = {"off", "strict", "filter"};
	struct inspect_report *report = place->report;
	struct inspect_status status = {0};
	const char *reason = NULL;
	const struct {
		const struct inspect_field *field;
		struct inspect_value *value;
	} pairs[] = {
		{&status.cap_effective, &report->cap_effective},
		{&status.cap_permitted, &report->cap_permitted},
		{&status.cap_bounding, &report->cap_bounding},
		{&status.seccomp, &report->seccomp},
		{&status.no_new_privs, &report->no_new_privs},
	};

	switch (inspect_read_lines(place, path, inspect_parse_status, &status, &reason)) {
	case INSPECT_ABSENT:
		reason = not_there;
		break;
	case INSPECT_PRESENT:
		reason = "the kernel doesn't tell";
		break;
	case INSPECT_NO_IDEA:
		break;
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (!pairs[i].field->known)
			inspect_set_unknown(pairs[i].value, path, reason);
		else if (i < 3)
			set_capabilities(pairs[i].value, pairs[i].field->value);
		else
			inspect_set_number(pairs[i].value, pairs[i].field->value);
	}
	if (!report->seccomp.known)
		return;
	if (status.seccomp.value < sizeof(seccomp_modes) / sizeof(seccomp_modes[0]))
		inspect_set_word(&report->seccomp, seccomp_modes[status.seccomp.value]);
	else
		inspect_set_unknown(&report->seccomp, path, "a mode without a name");
}

void inspect_process(const struct inspect_place *place)
{
	struct inspect_report *report = place->report;
	struct statvfs vfs;

	/* The effective ids: they decide what may be opened. */
	set_account(place, "/etc/passwd", geteuid(), &report->uid, &report->uid_has_name);
	set_account(place, "/etc/group", getegid(), &report->gid, &report->gid_has_name);
	set_status(place);
	if (fstatvfs(place->root, &vfs) == 0)
		inspect_set_number(&report->read_only_root, (vfs.f_flag & ST_RDONLY) != 0);
	else
		inspect_set_unknown(&report->read_only_root, "/", strerror(errno));
}

/* One limit, in both versions of the interface. */
struct limit_files {
	const char *mount;  /* where the controller is to be found */
	const char *procs;  /* a file that each cgroup has, at the top of that */
	const char *limit;  /* the file */
	const char *period; /* of the CPU quota, in a file of its own; NULL if in limit's */
	const struct inspect_cgroup_path *cgroup;
};

/* Reads MOUNT/CGROUP/FILE. Returns: as inspect_look(). */
static enum inspect_presence read_limit(const struct inspect_place *place, const char *mount,
	const char *cgroup, size_t cgroup_len, const char *file, struct inspect_limit *limit,
	const char **reason)
{
	char storage[640];
	struct strbuf path = STRBUF_OVER(storage);
	enum inspect_presence presence;

	*limit = (struct inspect_limit){0};
	strbuf_add_string(&path, mount);
	strbuf_add(&path, cgroup, cgroup_len);
	strbuf_add_string(&path, "/");
	strbuf_add_string(&path, file);
	strbuf_add(&path, "", 1);
	presence = inspect_read_lines(place, storage, inspect_parse_limit, limit, reason);
	if (presence == INSPECT_PRESENT && !limit->known) {
		*reason = "not understood";
		return INSPECT_NO_IDEA;
	}
	return presence;
}

/*
 * Reads one cgroup's limit as one number; none where there is no limit.
 * Returns: as inspect_look()
 */
static enum inspect_presence read_level(const struct inspect_place *place,
	const struct limit_files *files, size_t cgroup_len, struct inspect_limit *limit,
	const char **reason)
{
	const char *cgroup = files->cgroup->path;
	struct inspect_limit period;
	enum inspect_presence presence =
		read_limit(place, files->mount, cgroup, cgroup_len, files->limit, limit, reason);

	if (presence != INSPECT_PRESENT || limit->none)
		return presence;
	if (files->period != NULL) {
		presence = read_limit(
			place, files->mount, cgroup, cgroup_len, files->period, &period, reason);
		if (presence != INSPECT_PRESENT)
			return presence;
		limit->second = period.value;
	}
	if (limit->second > 0)
		limit->value = limit->value * 1000 / limit->second;
	/* Version 1 has no word for it: LONG_MAX in whole pages. */
	limit->none = limit->value >= UINT64_C(1) << 62;
	return INSPECT_PRESENT;
}

/*
 * Looks for the tightest limit of the cgroup and those above it. Where the container sees
 * its own cgroup as the root of the mount, the path that the kernel tells leads nowhere,
 * and the last step up finds it.
 * tightest: to be set to none before
 * Returns: as inspect_look(); absent when no level has the file
 */
static enum inspect_presence find_tightest(const struct inspect_place *place,
	const struct limit_files *files, struct inspect_limit *tightest, const char **reason)
{
	const char *path = files->cgroup->path;
	size_t len = strlen(path);
	enum inspect_presence found = INSPECT_ABSENT;

	/* The cgroup lies outside of what is mounted here. */
	if (strstr(path, "/..") != NULL)
		len = 0;
	for (;;) {
		struct inspect_limit limit;
		enum inspect_presence presence;

		while (len > 0 && path[len - 1] == '/')
			len--;
		presence = read_level(place, files, len, &limit, reason);
		if (presence == INSPECT_NO_IDEA)
			return presence;
		if (presence == INSPECT_PRESENT) {
			found = presence;
			if (!limit.none && (tightest->none || limit.value < tightest->value))
				*tightest = limit;
		}
		if (len == 0)
			return found;
		while (len > 0 && path[len - 1] != '/')
			len--;
	}
}

static void set_limit(const struct inspect_place *place, const struct limit_files *files,
	struct inspect_value *value)
{
	struct inspect_limit tightest = {.none = true};
	const char *reason = NULL;
	struct stat st;

	if (files->cgroup->truncated) {
		inspect_set_unknown(value, cgroup_path, "path too long");
		return;
	}
	if (files->cgroup->known) {
		enum inspect_presence found = find_tightest(place, files, &tightest, &reason);

		/* The topmost cgroup has no limits, an empty directory has no cgroup. */
		if (found == INSPECT_ABSENT)
			found = inspect_look(place, files->procs, &st, &reason);
		if (found != INSPECT_PRESENT) {
			inspect_set_unknown(value, files->mount,
				found == INSPECT_ABSENT ? "no cgroup mounted there" : reason);
			return;
		}
	} /* else the controller is off, and limits nothing */
	inspect_set_number(value, tightest.none ? 0 : tightest.value);
	if (tightest.none)
		inspect_set_word(value, "none");
}

#define MOUNT "/sys/fs/cgroup"
#define PROCS "/cgroup.procs"

static void set_limits(const struct inspect_place *place, const struct inspect_cgroups *cgroups)
{
	struct inspect_report *report = place->report;
	const struct inspect_cgroup_path *unified = &cgroups->unified;
	/* Beside version 1, version 2 has the controllers that are left. */
	const char *mount = cgroups->version_1 ? MOUNT "/unified" : MOUNT;
	const char *procs = cgroups->version_1 ? MOUNT "/unified" PROCS : MOUNT PROCS;
	const struct {
		struct inspect_value *value;
		struct limit_files version_1;
		struct limit_files version_2;
	} limits[] = {
		{&report->memory_limit_bytes,
			{MOUNT "/memory", MOUNT "/memory" PROCS, "memory.limit_in_bytes", NULL,
				&cgroups->memory},
			{mount, procs, "memory.max", NULL, unified}},
		{&report->cpu_limit_millis,
			{MOUNT "/cpu", MOUNT "/cpu" PROCS, "cpu.cfs_quota_us", "cpu.cfs_period_us",
				&cgroups->cpu},
			{mount, procs, "cpu.max", NULL, unified}},
		{&report->pids_limit,
			{MOUNT "/pids", MOUNT "/pids" PROCS, "pids.max", NULL, &cgroups->pids},
			{mount, procs, "pids.max", NULL, unified}},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		bool use_2 = !limits[i].version_1.cgroup->known && unified->known;

		set_limit(place, use_2 ? &limits[i].version_2 : &limits[i].version_1,
			limits[i].value);
	}
}

static void inspect_cgroup(const struct inspect_place *place)
{
	struct inspect_report *report = place->report;
	struct inspect_value *const values[] = {&report->cgroup_version,
		&report->memory_limit_bytes, &report->cpu_limit_millis, &report->pids_limit};
	struct inspect_cgroups cgroups = {0};
	const char *reason = NULL;
	enum inspect_presence presence =
		inspect_read_lines(place, cgroup_path, inspect_parse_cgroups, &cgroups, &reason);

	if (presence == INSPECT_ABSENT)
		reason = not_there;
	else if (presence == INSPECT_PRESENT && !cgroups.version_1 && !cgroups.unified.known)
		reason = "names no cgroup";
	if (reason != NULL) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			inspect_set_unknown(values[i], cgroup_path, reason);
		return;
	}
	inspect_set_number(&report->cgroup_version, cgroups.version_1 ? 1 : 2);
	set_limits(place, &cgroups);
}

void inspect_kernel(const struct inspect_place *place)
{
	struct inspect_report *report = place->report;
	struct utsname name;

	inspect_cgroup(place);
	if (uname(&name) == 0) {
		inspect_set_word(&report->kernel, name.release);
		inspect_set_word(&report->machine, name.machine);
	} else {
		inspect_set_unknown(&report->kernel, NULL, strerror(errno));
		inspect_set_unknown(&report->machine, NULL, strerror(errno));
	}
}
