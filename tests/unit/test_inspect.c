#include "inspect/inspect.h"
#include "inspect/parse.h"
#include "inspect/value.h"
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a made-up tree ------------------------------------------------------------------- */

static char base[64];
static struct inspect_report report;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int open_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_D || type == FTW_DNR ? chmod(path, 0700) : 0;
}

static void setup(void)
{
	memcpy(base, "/tmp/hello-inspect-XXXXXX", sizeof("/tmp/hello-inspect-XXXXXX"));
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(chmod(base, 0755), 0);
}

static void teardown(void)
{
	nftw(base, open_one, 16, FTW_PHYS);
	nftw(base, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

/* Returns: base and path in storage that the next call but three overwrites. */
static const char *below(const char *path)
{
	static char storage[4][4352];
	static unsigned turn;
	char *to = storage[turn++ % 4];

	snprintf(to, sizeof(storage[0]), "%s%s", base, path);
	return to;
}

/* Makes a directory and those above it. */
static void make_dir(const char *path)
{
	char name[4096];

	for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		size_t len = slash != NULL ? (size_t)(slash - path) : strlen(path);

		memcpy(name, path, len);
		name[len] = '\0';
		ck_assert_msg(mkdir(below(name), 0755) == 0 || errno == EEXIST, "%s", name);
		if (slash == NULL)
			return;
	}
}

static void make_file_of(const char *path, const char *bytes, size_t len, mode_t mode)
{
	char parent[256];
	size_t parent_len = (size_t)(strrchr(path, '/') - path);
	int fd;

	if (parent_len > 0) {
		memcpy(parent, path, parent_len);
		parent[parent_len] = '\0';
		make_dir(parent);
	}
	fd = open(below(path), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	ck_assert_int_eq(chmod(below(path), mode), 0);
}

static void make_file(const char *path, const char *content, mode_t mode)
{
	make_file_of(path, content, strlen(content), mode);
}

static void collect(void)
{
	struct error err = {0};

	ck_assert_int_eq(inspect_collect(base, &report, &err), 0);
}

/* As collect(), by a user to whom mode bits mean something: root passes all of them. */
static void collect_unprivileged(void)
{
	struct inspect_report *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	ck_assert_ptr_ne(shared, MAP_FAILED);
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 &&
			(setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		_exit(inspect_collect(base, shared, NULL) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	report = *shared;
	munmap(shared, sizeof(*shared));
}

static void check_number(const struct inspect_value *value, uint64_t number)
{
	ck_assert_msg(value->known, "unknown: %s", value->reason != NULL ? value->reason : "");
	ck_assert_uint_eq(value->number, number);
}

static void check_word(const struct inspect_value *value, const char *word)
{
	ck_assert_msg(value->known, "unknown: %s", value->reason != NULL ? value->reason : "");
	ck_assert_str_eq(value->word, word);
}

static void check_unknown(const struct inspect_value *value, const char *reason)
{
	ck_assert(!value->known);
	ck_assert_ptr_nonnull(value->reason);
	ck_assert_str_eq(value->reason, reason);
}

static void check_item(
	const struct inspect_list *list, size_t at, const char *path, const char *reason)
{
	ck_assert_uint_lt(at, list->count);
	ck_assert_str_eq(list->bytes + list->items[at].start, path);
	ck_assert_uint_eq(list->items[at].len, strlen(path));
	ck_assert_str_eq(list->items[at].reason, reason);
}

/* ---- parsers -------------------------------------------------------------------------- */

static void parse_text(inspect_line *parse, void *state, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "\n");
		/* Storage of its own, so that AddressSanitizer detects a read past the end. */
		char *line = malloc(len + (len == 0));

		memcpy(line, text, len);
		parse(state, line, len);
		free(line);
		if (text[len] == '\0')
			return;
		text += len + 1;
	}
}

static const struct {
	inspect_line *parse;
	const char *text;
	uint64_t count;
} counted[] = {
	{inspect_parse_dpkg_status, "", 0},
	{inspect_parse_dpkg_status, "Package: a\nStatus: install ok installed\n", 1},
	{inspect_parse_dpkg_status, "Status: hold ok installed\r\nStatus:  install ok installed",
		2},
	{inspect_parse_dpkg_status, "Status: deinstall ok config-files\n", 0},
	{inspect_parse_dpkg_status, "Status: install ok half-installed\n", 0},
	{inspect_parse_dpkg_status, "Status: install ok not-installed\n", 0},
	{inspect_parse_dpkg_status, "Status:\nStatus: installed\n Status: a b installed\n", 0},
	{inspect_parse_dpkg_stanza, "Package: base-files\nVersion: 1\n", 1},
	{inspect_parse_dpkg_stanza, "d41d8cd98f00b204e9800998ecf8427e  etc/Package:\n", 0},
	{inspect_parse_apk, "C:Q1x\nP:musl\nV:1\n\nC:Q1y\nP:busybox\np:cmd:P:x\n", 2},
};

START_TEST(counting_parsers_count)
{
	uint64_t count = 0;

	parse_text(counted[_i].parse, &count, counted[_i].text);
	ck_assert_msg(
		count == counted[_i].count, "%s: %lu", counted[_i].text, (unsigned long)count);
}
END_TEST

static const struct {
	const char *text;
	uint64_t id;
	bool found;
	const char *name;
} accounts[] = {
	{"root:x:0:0:root:/root:/bin/sh\n", 0, true, "root"},
	{"root:x:0:0::/:\nappuser:x:99:99::/:\n", 99, true, "appuser"},
	{"root:x:0:\nappuser:x:99:\n", 99, true, "appuser"},
	{"a:x:7:\nb:x:7:\n", 7, true, "a"},
	{"a:x:70:\nb:x:7x:\nc:x::\nd:x:7\n:x:7:\n7:7\n7\n\n", 7, false, ""},
	{"a:x:18446744073709551623:\n", 7, false, ""}, /* 2^64 + 7 */
	{"a23456789012345678901234567890123456789012345678901234567890123456789:x:7:", 7, true, ""},
};

START_TEST(accounts_are_found)
{
	struct inspect_account account = {.id = accounts[_i].id};

	parse_text(inspect_parse_account, &account, accounts[_i].text);
	ck_assert_int_eq(account.found, accounts[_i].found);
	ck_assert_str_eq(account.name, accounts[_i].name);
}
END_TEST

START_TEST(status_is_read)
{
	struct inspect_status status = {0};

	parse_text(inspect_parse_status, &status,
		"Name:\thello\nCapInh:\t0000000000000001\nCapPrm:\t00000000a80425fb\n"
		"CapEff:\tffffffffffffffff\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n");
	ck_assert(status.cap_effective.known);
	ck_assert_uint_eq(status.cap_effective.value, UINT64_MAX);
	ck_assert(status.no_new_privs.known && status.no_new_privs.value == 1);
	ck_assert(status.seccomp.known && status.seccomp.value == 2);
	status = (struct inspect_status){0};
	parse_text(inspect_parse_status, &status,
		"CapEff:\nCapEff: x\nCapEff:\t1ffffffffffffffff\nSeccomp:\t2 3\nNoNewPrivs");
	ck_assert(!status.cap_effective.known);
	ck_assert(!status.seccomp.known && !status.no_new_privs.known);
}
END_TEST

/* ---- the tree ------------------------------------------------------------------------- */

START_TEST(an_empty_root_has_zeros)
{
	collect();
	check_number(&report.complete, 1);
	check_number(&report.files, 0);
	check_number(&report.executables, 0);
	check_number(&report.has_shell, 0);
	check_number(&report.os_packages, 0);
	check_number(&report.uid, geteuid());
	check_word(&report.user_name, "");
	check_unknown(&report.seccomp, "missing");
	check_unknown(&report.cap_effective, "missing");
	check_unknown(&report.no_new_privs, "missing");
	check_unknown(&report.memory_limit_bytes, "missing");
	check_unknown(&report.cpu_limit_millis, "missing");
	ck_assert_uint_eq(report.unreadable.total, 0);
}
END_TEST

START_TEST(regular_files_are_counted)
{
	make_file("/a", "12345", 0644);
	make_file("/bin/b", "123", 0755);
	make_file("/bin/c", "", 0610);
	make_file("/d/su", "1", 04755);
	make_file("/d/mail", "1", 02755);
	make_file("/d/both", "1", 06755);
	ck_assert_int_eq(link(below("/a"), below("/d/a again")), 0);
	ck_assert_int_eq(symlink("nowhere", below("/dangling")), 0);
	ck_assert_int_eq(symlink(".", below("/loop")), 0);
	ck_assert_int_eq(symlink("../d", below("/bin/d")), 0);
	make_dir("/setuid");
	ck_assert_int_eq(chmod(below("/setuid"), 04755), 0);
	make_dir("/etc");
	ck_assert_int_eq(mkfifo(below("/etc/passwd"), 0666), 0);
	/* Skipped as a whole. */
	make_file("/proc/kcore", "123456789", 04755);
	make_file("/sys/x", "1", 0755);
	make_file("/dev/y", "1", 0755);
	/* Not directly below the root: counted. */
	make_file("/d/proc/z", "1", 0644);
	collect();
	check_number(&report.complete, 1);
	check_number(&report.files, 8);
	check_number(&report.executables, 5);
	check_number(&report.setuid_files, 2);
	/* Opening a FIFO does not block. */
	check_unknown(&report.user_name, "not a regular file");
	ck_assert(report.uid.known);
	check_item(&report.unreadable, 0, "/etc/passwd", "not a regular file");
}
END_TEST

START_TEST(what_cant_be_read_is_listed)
{
	make_file("/shut/hidden", "12345", 04755);
	make_file("/names/only", "1", 0755);
	make_file("/etc/passwd", "me:x:65534:65534::/:\n", 0);
	make_file("/var/lib/dpkg/status", "Status: install ok installed\n", 0);
	make_file("/bin/sh", "1", 0755);
	ck_assert_int_eq(chmod(below("/shut"), 0), 0);
	ck_assert_int_eq(chmod(below("/names"), 0444), 0);
	ck_assert_int_eq(chmod(below("/bin"), 0), 0);
	collect_unprivileged();
	check_number(&report.complete, 0);
	check_number(&report.files, 2);
	check_unknown(&report.user_name, "Permission denied");
	ck_assert(report.uid.known);
	check_unknown(&report.os_packages, "Permission denied");
	check_unknown(&report.has_shell, "Permission denied");
	ck_assert_str_eq(report.has_shell.subject, "/bin");
	ck_assert_uint_eq(report.unreadable.total, 5);
	for (size_t i = 0; i < report.unreadable.count; i++)
		check_item(&report.unreadable, i,
			report.unreadable.bytes + report.unreadable.items[i].start,
			"Permission denied");
}
END_TEST

START_TEST(a_root_that_cant_be_read_has_unknown_counts)
{
	make_file("/etc/passwd", "me:x:65534:65534::/:\n", 0644);
	ck_assert_int_eq(chmod(base, 0711), 0);
	/* The owner's own bits count for the owner. */
	if (geteuid() != 0)
		ck_assert_int_eq(chmod(base, 0111), 0);
	collect_unprivileged();
	check_number(&report.complete, 0);
	check_unknown(&report.files, "Permission denied");
	check_unknown(&report.executables, "Permission denied");
	check_unknown(&report.setuid_files, "Permission denied");
	ck_assert(report.user_name.known);
	ck_assert_uint_eq(report.unreadable.total, 1);
	check_item(&report.unreadable, 0, "/", "Permission denied");
}
END_TEST

START_TEST(lists_are_bounded_and_totals_are_not)
{
	char path[64];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/many/%u", i);
		make_dir(path);
		ck_assert_int_eq(chmod(below(path), 0), 0);
	}
	collect_unprivileged();
	check_number(&report.complete, 0);
	ck_assert_uint_eq(report.unreadable.total, 100);
	ck_assert_uint_eq(report.unreadable.count, INSPECT_LIST_ITEMS);
}
END_TEST

/* Makes a chain of directories; beyond PATH_MAX a path doesn't reach. */
static void make_chain(unsigned depth, const char *name)
{
	int at = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < depth; i++) {
		int next;

		ck_assert_int_eq(mkdirat(at, name, 0755), 0);
		next = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		close(at);
		at = next;
	}
	close(at);
}

static void remove_chain(unsigned depth, const char *name)
{
	int at = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < depth; i++) {
		int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		close(at);
		at = next;
	}
	for (unsigned i = 0; i < depth; i++) {
		int above = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		close(at);
		unlinkat(above, name, AT_REMOVEDIR);
		at = above;
	}
	close(at);
}

START_TEST(a_deep_tree_is_walked_as_far_as_paths_reach)
{
	/* 2048 times "/d" is 4096 bytes: the last one that open(2) takes from the root. */
	make_chain(3000, "d");
	collect();
	check_number(&report.complete, 0);
	ck_assert_uint_eq(report.unreadable.total, 1);
	remove_chain(3000, "d");
	make_chain(2048, "d");
	collect();
	check_number(&report.complete, 1);
	remove_chain(2048, "d");
}
END_TEST

START_TEST(a_wide_tree_is_not_complete)
{
	char path[256];
	enum {
		WIDE = 1200,
		LONG = 240
	};

	/* Names of 240 bytes, 1200 of them: more than the stack has room for. */
	for (unsigned i = 0; i < WIDE; i++) {
		path[0] = '/';
		memset(path + 1, 'n', LONG);
		snprintf(path + 1 + LONG - 6, 7, "%06u", i);
		ck_assert_int_eq(mkdir(below(path), 0755), 0);
	}
	collect();
	check_number(&report.complete, 0);
	ck_assert_uint_gt(report.unreadable.total, 0);
	ck_assert_str_eq(report.unreadable.items[0].reason, "too many directories to remember");
}
END_TEST

START_TEST(another_file_system_is_left_out)
{
	int fd;

	make_file("/a", "1", 0644);
	make_file("/single", "1", 0644);
	make_dir("/mnt");
	if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("none", below("/mnt"), "tmpfs", 0, NULL) != 0) {
		fprintf(stderr, "SKIPPED another_file_system_is_left_out: can't mount: %s\n",
			strerror(errno));
		return;
	}
	make_file("/mnt/b", "12345", 04755);
	fd = open(below("/mnt/b"), O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(mount(below("/mnt/b"), below("/single"), NULL, MS_BIND, NULL), 0);
	collect();
	umount(below("/single"));
	umount(below("/mnt"));
	check_number(&report.files, 1);
	check_number(&report.setuid_files, 0);
}
END_TEST

START_TEST(a_root_that_isnt_there_is_an_error)
{
	struct error err = {0};

	ck_assert_int_eq(inspect_collect(below("/none"), &report, &err), -1);
	ck_assert_int_eq(err.errnum, ENOENT);
}
END_TEST

/* ---- the image ------------------------------------------------------------------------ */

static const struct {
	const char *path;
	mode_t mode;
	bool found;
} shells[] = {
	{"/bin/sh", 0755, true},
	{"/usr/bin/dash", 0755, true},
	{"/usr/local/bin/bash", 0711, true},
	{"/busybox/busybox", 0755, true},
	{"/usr/bin/zsh", 0644, false},
	{"/bin/sh/directory", 0755, false},
	{"/opt/sh", 0755, false},
	{"/bin/shell", 0755, false},
};

START_TEST(a_shell_is_found)
{
	make_file(shells[_i].path, "1", shells[_i].mode);
	collect();
	check_number(&report.has_shell, shells[_i].found);
}
END_TEST

START_TEST(a_shell_is_found_behind_links)
{
	make_dir("/usr/bin");
	ck_assert_int_eq(symlink("usr/bin", below("/bin")), 0);
	ck_assert_int_eq(symlink("dash", below("/usr/bin/sh")), 0);
	collect();
	check_number(&report.has_shell, 0);
	make_file("/usr/bin/toolbox", "1", 0755);
	ck_assert_int_eq(symlink("toolbox", below("/usr/bin/dash")), 0);
	collect();
	check_number(&report.has_shell, 1);
}
END_TEST

static const char one_installed[] = "Status: install ok installed\n";

static const struct {
	const char *name;
	const char *files[3][2];
	int64_t packages; /* -1: unknown */
} databases[] = {
	{"dpkg", {{"/var/lib/dpkg/status", one_installed}}, 1},
	{"empty dpkg", {{"/var/lib/dpkg/status", ""}}, 0},
	{"stanzas alone",
		{{"/var/lib/dpkg/status.d/base", "Package: base\n"},
			{"/var/lib/dpkg/status.d/base.md5sums", "0  usr/x\n"},
			{"/var/lib/dpkg/status.d/tz", "Package: tz\n"}},
		2},
	{"both of dpkg's",
		{{"/var/lib/dpkg/status", one_installed},
			{"/var/lib/dpkg/status.d/tz", "Package: tz"}},
		2},
	{"apk", {{"/lib/apk/db/installed", "P:musl\nV:1\n\nP:busybox\n"}}, 2},
	{"apk 3", {{"/usr/lib/apk/db/installed", "P:musl\n"}}, 1},
	{"rpm", {{"/var/lib/rpm/rpmdb.sqlite", "x"}}, -1},
	{"pacman", {{"/var/lib/pacman/local/x-1/desc", "x"}}, -1},
	{"no database", {{"/etc/hostname", "x"}}, 0},
};

START_TEST(package_databases_are_read)
{
	for (size_t i = 0; i < 3 && databases[_i].files[i][0] != NULL; i++)
		make_file(databases[_i].files[i][0], databases[_i].files[i][1], 0644);
	collect();
	if (databases[_i].packages < 0)
		ck_assert(!report.os_packages.known && report.os_packages.reason != NULL);
	else
		check_number(&report.os_packages, (uint64_t)databases[_i].packages);
}
END_TEST

START_TEST(an_apk_database_behind_a_link_counts_once)
{
	make_file("/usr/lib/apk/db/installed", "P:a\nP:b\n", 0644);
	ck_assert_int_eq(symlink("usr/lib", below("/lib")), 0);
	collect();
	check_number(&report.os_packages, 2);
}
END_TEST

START_TEST(an_unreadable_part_leaves_the_sum_unknown)
{
	make_file("/var/lib/dpkg/status", one_installed, 0644);
	make_dir("/var/lib/dpkg/status.d/directory");
	make_file("/var/lib/dpkg/status.d/tz", "Package: tz\n", 0644);
	collect();
	check_unknown(&report.os_packages, "not a regular file");
	ck_assert_str_eq(report.os_packages.subject, "/var/lib/dpkg/status.d");
}
END_TEST

START_TEST(the_user_has_a_name)
{
	char content[8192];

	/* A line longer than the buffer. */
	snprintf(content, sizeof(content), "x:x:1:1:%05000d:/:\nme:x:%u:0::/:\n", 0,
		(unsigned)geteuid());
	make_file("/etc/passwd", content, 0644);
	collect();
	check_number(&report.uid, geteuid());
	check_word(&report.uid, "me");
	check_word(&report.user_name, "me");
}
END_TEST

START_TEST(a_line_that_just_fills_the_buffer_is_one)
{
	/* Around the buffer's 4096 bytes, with and without a newline at the end. */
	for (size_t len = 4090; len < 4100; len++) {
		char content[4200];

		memset(content, 'x', sizeof(content));
		memcpy(content, "P:", 2);
		memcpy(content + len, "\nP:b\nP:", 7);
		make_file_of("/lib/apk/db/installed", content, len + 7, 0644);
		collect();
		check_number(&report.os_packages, 3);
	}
}
END_TEST

/* ---- the process --------------------------------------------------------------------------- */

START_TEST(rights_and_limits_are_read)
{
	make_file("/proc/self/status",
		"CapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n"
		"NoNewPrivs:\t1\nSeccomp:\t2\n",
		0444);
	make_file("/proc/self/cgroup", "0::/c1\n", 0444);
	make_file("/sys/fs/cgroup/c1/memory.max", "67108864\n", 0644);
	make_file("/sys/fs/cgroup/c1/cpu.max", "50000 100000\n", 0644);
	collect();
	check_word(&report.cap_effective, "00000000a80425fb");
	check_word(&report.seccomp, "filter");
	check_number(&report.no_new_privs, 1);
	check_number(&report.memory_limit_bytes, 67108864);
	check_word(&report.memory_limit_bytes, "");
	check_number(&report.cpu_limit_millis, 500);
	make_file("/proc/self/status", "Seccomp:\t9\n", 0444);
	make_file("/sys/fs/cgroup/c1/memory.max", "max\n", 0644);
	make_file("/sys/fs/cgroup/c1/cpu.max", "half\n", 0644);
	collect();
	check_unknown(&report.seccomp, "unexpected mode");
	check_unknown(&report.no_new_privs, "the kernel has no such field");
	check_word(&report.memory_limit_bytes, "none");
	check_unknown(&report.cpu_limit_millis, "unexpected content");
	ck_assert_str_eq(report.cpu_limit_millis.subject, "/sys/fs/cgroup");
}
END_TEST

/* ---- writers -------------------------------------------------------------------------- */

static const char *write_report(
	void (*writer)(const struct inspect_report *from, struct strbuf *out))
{
	static char storage[INSPECT_TEXT_SIZE + 1];
	struct strbuf text = {.data = storage, .size = INSPECT_TEXT_SIZE};

	writer(&report, &text);
	ck_assert(!text.truncated);
	storage[text.len] = '\0';
	return storage;
}

static void check_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no %s in\n%s", part, text);
}

START_TEST(an_empty_report_is_unknown)
{
	const char *json;
	const char *text;

	report = (struct inspect_report){0};
	json = write_report(inspect_write_json);
	check_has(json, "{\"complete\":null,\"files\":null,");
	check_has(json, "\"has_shell\":null,\"os_packages\":null,");
	check_has(json, "\"memory_limited\":null,\"memory_limit_bytes\":null,");
	check_has(json, "\"not_measured\":{\"complete\":\"not collected\",");
	ck_assert_ptr_eq(strpbrk(json, "0123456789"),
		strstr(json, "0,\"not_measured\":")); /* unreadable_total, of a list */
	text = write_report(inspect_write_text);
	check_has(text, "  files                     unknown: not collected\n");
}
END_TEST

START_TEST(values_are_written_in_both_forms)
{
	const char *json;
	const char *text;

	report = (struct inspect_report){0};
	inspect_set_number(&report.complete, 0);
	inspect_set_number(&report.files, 12);
	inspect_set_number(&report.has_shell, 0);
	inspect_set_number(&report.uid, 99);
	inspect_set_word(&report.uid, "app\x1b");
	inspect_set_word(&report.user_name, "ap\"p\x1b");
	inspect_set_number(&report.memory_limit_bytes, 0);
	inspect_set_word(&report.memory_limit_bytes, "none");
	inspect_set_number(&report.cpu_limit_millis, 500);
	inspect_set_unknown(&report.os_packages, "/var/lib/rpm", "can't");
	inspect_list_add(&report.unreadable, "", 0, "Permission denied");
	inspect_list_add(&report.unreadable, "/a\"\xff\n", 5, "odd");
	report.unreadable.total = 20;
	json = write_report(inspect_write_json);
	check_has(json, "{\"complete\":false,\"files\":12,");
	check_has(json, "\"has_shell\":false,\"os_packages\":null,");
	check_has(json, "\"uid\":99,\"user_name\":\"ap\\\"p\\u001b\",");
	check_has(json, "\"memory_limited\":false,\"memory_limit_bytes\":null,");
	check_has(json, "\"cpu_limited\":true,\"cpu_limit_millis\":500,");
	check_has(json, "\"unreadable\":[{\"path\":\"/\",\"reason\":\"Permission denied\"},"
			"{\"path\":\"/a\\\"\\ufffd\\u000a\",\"reason\":\"odd\"}],"
			"\"unreadable_total\":20,");
	check_has(json, "\"os_packages\":\"/var/lib/rpm: can't\"");
	text = write_report(inspect_write_text);
	check_has(text, "at least 12\n");
	check_has(text, "  user id                   99 (app\\x1b)\n");
	check_has(text, "  memory limit, bytes       none\n");
	check_has(text, "  packages                  unknown: /var/lib/rpm: can't\n");
	check_has(text, "\nunreadable\n");
	check_has(text, "  /a\"\\xff\\x0a: odd\n");
	check_has(text, "  and 18 more\n");
}
END_TEST

START_TEST(the_fullest_report_fits)
{
	struct inspect_list full = {0};
	char path[INSPECT_LIST_BYTES];

	memset(path, '\x01', sizeof(path));
	for (size_t i = 0; i < INSPECT_LIST_ITEMS; i++)
		inspect_list_add(&full, path, INSPECT_LIST_BYTES / INSPECT_LIST_ITEMS - 1,
			"too many directories to remember");
	ck_assert_uint_eq(full.used, INSPECT_LIST_BYTES);
	full.total = UINT64_MAX;
	report = (struct inspect_report){.unreadable = full};
	memset(path, '\x01', INSPECT_WORD_SIZE - 1);
	path[INSPECT_WORD_SIZE - 1] = '\0';
	inspect_set_word(&report.user_name, path);
	check_has(write_report(inspect_write_json), "}}\n");
	write_report(inspect_write_text);
}
END_TEST

START_TEST(a_name_without_text_is_null_and_known)
{
	const char *json;

	report = (struct inspect_report){0};
	inspect_set_word(&report.user_name, "");
	json = write_report(inspect_write_json);
	check_has(json, "\"user_name\":null,");
	ck_assert_ptr_null(strstr(json, "\"user_name\":\""));
}
END_TEST

START_TEST(odd_paths_stay_valid_json)
{
	make_dir("/\"\\\n\x1b\xff\xc3\xa9");
	ck_assert_int_eq(chmod(below("/\"\\\n\x1b\xff\xc3\xa9"), 0), 0);
	collect_unprivileged();
	check_has(write_report(inspect_write_json),
		"\"unreadable\":[{\"path\":\"/\\\"\\\\\\u000a\\u001b\\ufffd\xc3\xa9\",");
}
END_TEST

#define LOOP(tcase, test, table)                                                                   \
	tcase_add_loop_test(tcase, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

Suite *inspect_suite(void)
{
	Suite *suite = suite_create("inspect");
	TCase *parsers = tcase_create("parsers");
	TCase *trees = tcase_create("trees");
	TCase *writers = tcase_create("writers");

	LOOP(parsers, counting_parsers_count, counted);
	LOOP(parsers, accounts_are_found, accounts);
	tcase_add_test(parsers, status_is_read);
	suite_add_tcase(suite, parsers);

	tcase_set_timeout(trees, 60);
	tcase_add_checked_fixture(trees, setup, teardown);
	tcase_add_test(trees, an_empty_root_has_zeros);
	tcase_add_test(trees, regular_files_are_counted);
	tcase_add_test(trees, what_cant_be_read_is_listed);
	tcase_add_test(trees, a_root_that_cant_be_read_has_unknown_counts);
	tcase_add_test(trees, lists_are_bounded_and_totals_are_not);
	tcase_add_test(trees, a_deep_tree_is_walked_as_far_as_paths_reach);
	tcase_add_test(trees, a_wide_tree_is_not_complete);
	tcase_add_test(trees, another_file_system_is_left_out);
	tcase_add_test(trees, a_root_that_isnt_there_is_an_error);
	LOOP(trees, a_shell_is_found, shells);
	tcase_add_test(trees, a_shell_is_found_behind_links);
	LOOP(trees, package_databases_are_read, databases);
	tcase_add_test(trees, an_apk_database_behind_a_link_counts_once);
	tcase_add_test(trees, an_unreadable_part_leaves_the_sum_unknown);
	tcase_add_test(trees, the_user_has_a_name);
	tcase_add_test(trees, a_line_that_just_fills_the_buffer_is_one);
	tcase_add_test(trees, rights_and_limits_are_read);
	tcase_add_test(trees, odd_paths_stay_valid_json);
	suite_add_tcase(suite, trees);

	tcase_add_test(writers, an_empty_report_is_unknown);
	tcase_add_test(writers, values_are_written_in_both_forms);
	tcase_add_test(writers, a_name_without_text_is_null_and_known);
	tcase_add_test(writers, the_fullest_report_fits);
	suite_add_tcase(suite, writers);
	return suite;
}
