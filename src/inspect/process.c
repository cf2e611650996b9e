#include "inspect/process.h"

#include "base/cgroup.h"
#include "inspect/value.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void inspect_user(const struct inspect_place *place)
{
	static const char path[] = "/etc/passwd";
	struct inspect_report *report = place->report;
	/* The effective id decides what may be opened. */
	struct inspect_account account = {.id = geteuid()};
	const char *reason = NULL;

	inspect_set_number(&report->uid, account.id);
	/* Without the file no id has a name. */
	if (inspect_read_lines(place, path, inspect_parse_account, &account, &reason) ==
		INSPECT_UNKNOWN) {
		inspect_set_unknown(&report->user_name, path, reason);
	} else {
		inspect_set_word(&report->uid, account.name);
		inspect_set_word(&report->user_name, account.name);
	}
}

/* Writes all 16 digits, as /proc does. */
static void set_mask(struct inspect_value *value, uint64_t mask)
{
	char hex[17];

	for (unsigned i = 0; i < 16; i++)
		hex[i] = "0123456789abcdef"[mask >> (60 - 4 * i) & 15];
	hex[16] = '\0';
	inspect_set_word(value, hex);
}

static void inspect_rights(const struct inspect_place *place)
{
	static const char path[] = "/proc/self/status";
	/* SECCOMP_MODE_DISABLED, _STRICT and _FILTER, linux/seccomp.h */
	static const char *const seccomp_modes[] = {"off", "strict", "filter"};
	struct inspect_report *report = place->report;
	struct inspect_status status = {0};
	const char *reason = NULL;
	enum inspect_presence presence =
		inspect_read_lines(place, path, inspect_parse_status, &status, &reason);

	if (presence == INSPECT_ABSENT)
		reason = "missing";
	else if (presence == INSPECT_PRESENT)
		reason = "the kernel has no such field";
	inspect_set_unknown(&report->cap_effective, path, reason);
	inspect_set_unknown(&report->no_new_privs, path, reason);
	inspect_set_unknown(&report->seccomp, path, reason);
	if (status.cap_effective.known)
		set_mask(&report->cap_effective, status.cap_effective.value);
	if (status.no_new_privs.known)
		inspect_set_number(&report->no_new_privs, status.no_new_privs.value);
	if (!status.seccomp.known)
		return;
	if (status.seccomp.value < sizeof(seccomp_modes) / sizeof(seccomp_modes[0]))
		inspect_set_word(&report->seccomp, seccomp_modes[status.seccomp.value]);
	else
		inspect_set_unknown(&report->seccomp, path, "unexpected mode");
}

static void set_limit(struct inspect_value *value, const struct cgroup_limit *limit)
{
	if (!limit->known) {
		inspect_set_unknown(value, limit->subject, limit->reason);
		return;
	}
	inspect_set_number(value, limit->value);
	if (!limit->limited)
		inspect_set_word(value, "none");
}

void inspect_process(const struct inspect_place *place)
{
	struct inspect_report *report = place->report;
	struct cgroup_limit memory = cgroup_memory_limit(place->root);
	struct cgroup_limit cpu = cgroup_cpu_limit(place->root);
	struct statvfs vfs;

	inspect_user(place);
	inspect_rights(place);
	if (fstatvfs(place->root, &vfs) == 0)
		inspect_set_number(&report->read_only_root, (vfs.f_flag & ST_RDONLY) != 0);
	else
		inspect_set_unknown(&report->read_only_root, "/", strerror(errno));
	set_limit(&report->memory_limit_bytes, &memory);
	set_limit(&report->cpu_limit_millis, &cpu);
}
