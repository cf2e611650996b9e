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
	const struct inspect_list *list, size_t at, const char *path, const char *note)
{
	ck_assert_uint_lt(at, list->count);
	ck_assert_str_eq(list->bytes + list->items[at].at, path);
	ck_assert_uint_eq(list->items[at].len, strlen(path));
	if (note != NULL)
		ck_assert_str_eq(list->items[at].note, note);
}

/* ---- parsers -------------------------------------------------------------------------- */

static void feed(inspect_line *parse, void *state, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "\n");
		/* Storage of its own: a read past the line's end is seen. */
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
	{inspect_parse_pem, "# a\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----", 1},
	{inspect_parse_pem, "-----BEGIN TRUSTED CERTIFICATE-----\n-----BEGIN X509 CRL-----\n", 0},
	{inspect_parse_resolv_conf, "nameserver 192.0.2.1\nnameserver\t2001:db8::1\n", 2},
	{inspect_parse_resolv_conf, "#nameserver 1\nnameserver\nnameserver \nnameservers 1\n", 0},
};

START_TEST(counting_parsers_count)
{
	uint64_t count = 0;

	feed(counted[_i].parse, &count, counted[_i].text);
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

	feed(inspect_parse_account, &account, accounts[_i].text);
	ck_assert_int_eq(account.found, accounts[_i].found);
	ck_assert_str_eq(account.name, accounts[_i].name);
}
END_TEST

START_TEST(status_is_read)
{
	struct inspect_status status = {0};

	feed(inspect_parse_status, &status,
		"Name:\thello\nCapInh:\t0000000000000001\nCapPrm:\t00000000a80425fb\n"
		"CapEff:\tffffffffffffffff\nCapBnd:\t1ffffffffffffffff\nNoNewPrivs:\t1\n"
		"Seccomp:\t2\nSeccomp_filters:\t1\n");
	ck_assert(status.cap_permitted.known && status.cap_effective.known);
	ck_assert_uint_eq(status.cap_permitted.value, 0xa80425fb);
	ck_assert_uint_eq(status.cap_effective.value, UINT64_MAX);
	ck_assert_msg(!status.cap_bounding.known, "a mask that doesn't fit is none");
	ck_assert(status.no_new_privs.known && status.no_new_privs.value == 1);
	ck_assert(status.seccomp.known && status.seccomp.value == 2);
	status = (struct inspect_status){0};
	feed(inspect_parse_status, &status, "CapEff:\nCapPrm: x\nSeccomp:\t2 3\nNoNewPrivs");
	ck_assert(!status.cap_effective.known && !status.cap_permitted.known);
	ck_assert(!status.seccomp.known && !status.no_new_privs.known);
}
END_TEST

START_TEST(cgroups_are_read)
{
	struct inspect_cgroups cgroups = {0};

	feed(inspect_parse_cgroups, &cgroups, "0::/a:b\n");
	ck_assert(cgroups.unified.known && !cgroups.version_1 && !cgroups.memory.known);
	ck_assert_str_eq(cgroups.unified.path, "/a:b");
	cgroups = (struct inspect_cgroups){0};
	feed(inspect_parse_cgroups, &cgroups,
		"9:name=systemd:/s\n4:memory:/m\n3:cpuset:/x\n2:cpu,cpuacct:/c\n0::/\n1:pids:/p");
	ck_assert(cgroups.version_1 && cgroups.unified.known);
	ck_assert_str_eq(cgroups.memory.path, "/m");
	ck_assert_str_eq(cgroups.cpu.path, "/c");
	ck_assert_str_eq(cgroups.pids.path, "/p");
	cgroups = (struct inspect_cgroups){0};
	feed(inspect_parse_cgroups, &cgroups,
		"\n0\n0:\n0::\n0::x\n:\nx:memory:/\n1:memory\n9:name=a:/");
	ck_assert(!cgroups.version_1 && !cgroups.unified.known && !cgroups.memory.known);
}
END_TEST

static const struct {
	const char *text;
	struct inspect_limit limit;
} limits[] = {
	{"max", {true, true, 0, 0}},
	{"-1", {true, true, 0, 0}},
	{"1024", {true, false, 1024, 0}},
	{"50000 100000", {true, false, 50000, 100000}},
	{"max 100000", {true, true, 0, 100000}},
	{"18446744073709551615", {true, false, UINT64_MAX, 0}},
	{"18446744073709551616", {false, false, 0, 0}},
	{"", {false, false, 0, 0}},
	{"many", {false, false, 0, 0}},
};

START_TEST(limits_are_read)
{
	struct inspect_limit limit = {0};

	feed(inspect_parse_limit, &limit, limits[_i].text);
	ck_assert_int_eq(limit.known, limits[_i].limit.known);
	ck_assert_int_eq(limit.none, limits[_i].limit.none);
	ck_assert_uint_eq(limit.value, limits[_i].limit.value);
	ck_assert_uint_eq(limit.second, limits[_i].limit.second);
}
END_TEST

/* ---- the tree ------------------------------------------------------------------------- */

START_TEST(an_empty_root_has_zeros)
{
	collect();
	check_number(&report.complete, 1);
	check_number(&report.files, 0);
	check_number(&report.directories, 1);
	check_number(&report.size_bytes, 0);
	check_number(&report.executables, 0);
	check_number(&report.has_shell, 0);
	check_word(&report.package_database, "none");
	check_number(&report.os_packages, 0);
	check_word(&report.libc, "none");
	check_word(&report.ca_bundle, "none");
	check_number(&report.ca_certificates, 0);
	check_number(&report.zoneinfo, 0);
	check_number(&report.localtime, 0);
	check_number(&report.resolv_conf, 0);
	check_number(&report.nameservers, 0);
	check_number(&report.tmp, 0);
	check_number(&report.tmp_writable, 0);
	check_number(&report.uid, geteuid());
	check_number(&report.uid_has_name, 0);
	check_unknown(&report.seccomp, "not there");
	check_unknown(&report.cap_effective, "not there");
	check_unknown(&report.cgroup_version, "not there");
	check_unknown(&report.memory_limit_bytes, "not there");
	ck_assert_uint_eq(report.unreadable.total, 0);
}
END_TEST

START_TEST(entries_are_counted_by_kind)
{
	make_file("/a", "12345", 0644);
	make_file("/bin/b", "123", 0755);
	make_file("/bin/c", "", 0610);
	make_file("/d/su", "1", 04755);
	make_file("/d/mail", "1", 02755);
	make_file("/d/both", "1", 06755);
	ck_assert_int_eq(link(below("/a"), below("/d/a again")), 0);
	ck_assert_int_eq(link(below("/a"), below("/bin/a too")), 0);
	ck_assert_int_eq(symlink("nowhere", below("/dangling")), 0);
	ck_assert_int_eq(symlink(".", below("/loop")), 0);
	ck_assert_int_eq(symlink("../d", below("/bin/d")), 0);
	make_dir("/etc");
	ck_assert_int_eq(mkfifo(below("/etc/passwd"), 0666), 0);
	make_dir("/open");
	make_dir("/tmp");
	make_dir("/setgid");
	ck_assert_int_eq(chmod(below("/open"), 0777), 0);
	ck_assert_int_eq(chmod(below("/tmp"), 01777), 0);
	ck_assert_int_eq(chmod(below("/setgid"), 06755), 0);
	/* Left out whole, whatever they hold. */
	make_file("/proc/kcore", "123456789", 04755);
	make_file("/sys/x", "1", 0755);
	make_file("/dev/y", "1", 0755);
	/* Of another depth: counted. */
	make_file("/d/proc/z", "1", 0644);
	collect();
	check_number(&report.complete, 1);
	check_number(&report.files, 9);
	check_number(&report.directories, 8);
	check_number(&report.symlinks, 3);
	check_number(&report.other_files, 1);
	check_number(&report.other_mounts, 0);
	check_number(&report.size_bytes, 5 + 3 + 1 + 1 + 1 + 1);
	check_number(&report.executables, 5);
	check_number(&report.setuid_files, 2);
	check_number(&report.setgid_files, 2);
	check_number(&report.world_writable_dirs, 2);
	check_number(&report.world_writable_sticky_dirs, 1);
	ck_assert_uint_eq(report.world_writable.total, 1);
	check_item(&report.world_writable, 0, "/open", NULL);
	ck_assert_uint_eq(report.privileged.total, 3);
	check_number(&report.tmp, 1);
	check_number(&report.tmp_writable, 1);
	/* A FIFO in a file's place holds nobody up. */
	check_unknown(&report.uid_has_name, "not a regular file");
	check_item(&report.unreadable, 0, "/etc/passwd", "not a regular file");
}
END_TEST

START_TEST(what_cant_be_read_is_listed)
{
	make_file("/shut/hidden", "12345", 04755);
	make_file("/names/only", "1", 0755);
	make_file("/etc/passwd", "me:x:65534:65534::/:\n", 0);
	make_file("/etc/ssl/certs/ca-certificates.crt", "-----BEGIN CERTIFICATE-----\n", 0);
	make_file("/var/lib/dpkg/status", "Status: install ok installed\n", 0);
	make_file("/bin/sh", "1", 0755);
	make_file("/lib/ld-musl-x86_64.so.1", "1", 0755);
	ck_assert_int_eq(chmod(below("/shut"), 0), 0);
	ck_assert_int_eq(chmod(below("/names"), 0444), 0);
	ck_assert_int_eq(chmod(below("/bin"), 0), 0);
	ck_assert_int_eq(chmod(below("/lib"), 0711), 0);
	collect_unprivileged();
	check_number(&report.complete, 0);
	check_number(&report.files, 3);
	check_unknown(&report.uid_has_name, "Permission denied");
	ck_assert(report.uid.known);
	check_unknown(&report.ca_bundle, "Permission denied");
	check_unknown(&report.ca_certificates, "Permission denied");
	check_word(&report.package_database, "dpkg");
	check_unknown(&report.os_packages, "Permission denied");
	check_unknown(&report.has_shell, "Permission denied");
	check_unknown(&report.libc, "Permission denied");
	ck_assert_uint_eq(report.unreadable.total, 7);
	for (size_t i = 0; i < report.unreadable.count; i++)
		check_item(&report.unreadable, i,
			report.unreadable.bytes + report.unreadable.items[i].at,
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
	check_unknown(&report.size_bytes, "Permission denied");
	ck_assert(report.uid_has_name.known);
	ck_assert_uint_eq(report.unreadable.total, 1);
	check_item(&report.unreadable, 0, "/", "Permission denied");
}
END_TEST

START_TEST(lists_are_bounded_and_totals_are_not)
{
	char path[64];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/many/%u", i);
		make_file(path, "", 04755);
	}
	collect();
	check_number(&report.setuid_files, 100);
	ck_assert_uint_eq(report.privileged.total, 100);
	ck_assert_uint_eq(report.privileged.count, INSPECT_LIST_ITEMS);
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
	check_number(&report.directories, 1 + 2049);
	ck_assert_uint_eq(report.unreadable.total, 1);
	remove_chain(3000, "d");
	make_chain(2048, "d");
	collect();
	check_number(&report.complete, 1);
	check_number(&report.directories, 1 + 2048);
	remove_chain(2048, "d");
}
END_TEST

START_TEST(a_wide_tree_is_cut_visibly)
{
	char path[256];
	enum {
		WIDE = 1200,
		LONG = 240
	};

	/* Names of 240 bytes, 1200 of them: more than there is room to remember. */
	for (unsigned i = 0; i < WIDE; i++) {
		path[0] = '/';
		memset(path + 1, 'n', LONG);
		snprintf(path + 1 + LONG - 6, 7, "%06u", i);
		ck_assert_int_eq(mkdir(below(path), 0755), 0);
	}
	collect();
	check_number(&report.directories, 1 + WIDE);
	check_number(&report.complete, 0);
	ck_assert_uint_gt(report.unreadable.total, 0);
	ck_assert_str_eq(report.unreadable.items[0].note, "too many directories to remember");
}
END_TEST

START_TEST(more_hard_links_than_fit_leave_the_size_unknown)
{
	char path[64];

	for (unsigned i = 0; i < 12300; i++) {
		snprintf(path, sizeof(path), "/%u", i);
		make_file_of(path, "", 0, 0644);
		snprintf(path, sizeof(path), "/%u-again", i);
		{
			char old[64];

			snprintf(old, sizeof(old), "/%u", i);
			ck_assert_int_eq(link(below(old), below(path)), 0);
		}
	}
	collect();
	check_number(&report.files, 24600);
	check_number(&report.complete, 1);
	ck_assert(!report.size_bytes.known);
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
	check_number(&report.size_bytes, 1);
	check_number(&report.directories, 1);
	check_number(&report.other_mounts, 2);
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

START_TEST(shells_are_found_once)
{
	make_file("/usr/bin/dash", "1", 0755);
	make_file("/usr/bin/zsh", "not executable", 0644);
	make_file("/usr/local/bin/bash", "1", 0755);
	make_dir("/usr/bin/fish");
	ck_assert_int_eq(symlink("usr/bin", below("/bin")), 0);
	ck_assert_int_eq(symlink("dash", below("/usr/bin/sh")), 0);
	ck_assert_int_eq(symlink("nowhere", below("/usr/bin/ksh")), 0);
	collect();
	check_number(&report.has_shell, 1);
	ck_assert_uint_eq(report.shells.total, 3);
	check_item(&report.shells, 0, "/bin/sh", NULL);
	check_item(&report.shells, 1, "/bin/dash", NULL);
	check_item(&report.shells, 2, "/usr/local/bin/bash", NULL);
}
END_TEST

static const char one_installed[] = "Status: install ok installed\n";

static const struct {
	const char *name;
	const char *files[3][2];
	const char *database;
	int64_t packages; /* -1: unknown */
} databases[] = {
	{"dpkg", {{"/var/lib/dpkg/status", one_installed}}, "dpkg", 1},
	{"empty dpkg", {{"/var/lib/dpkg/status", ""}}, "dpkg", 0},
	{"stanzas alone",
		{{"/var/lib/dpkg/status.d/base", "Package: base\n"},
			{"/var/lib/dpkg/status.d/base.md5sums", "0  usr/x\n"},
			{"/var/lib/dpkg/status.d/tz", "Package: tz\n"}},
		"dpkg", 2},
	{"both of dpkg's",
		{{"/var/lib/dpkg/status", one_installed},
			{"/var/lib/dpkg/status.d/tz", "Package: tz"}},
		"dpkg", 2},
	{"apk", {{"/lib/apk/db/installed", "P:musl\nV:1\n\nP:busybox\n"}}, "apk", 2},
	{"apk 3", {{"/usr/lib/apk/db/installed", "P:musl\n"}}, "apk", 1},
	{"rpm", {{"/var/lib/rpm/rpmdb.sqlite", "x"}}, "rpm", -1},
	{"pacman", {{"/var/lib/pacman/local/x-1/desc", "x"}}, "pacman", -1},
	{"no database", {{"/etc/hostname", "x"}}, "none", 0},
};

START_TEST(package_databases_are_read)
{
	for (size_t i = 0; i < 3 && databases[_i].files[i][0] != NULL; i++)
		make_file(databases[_i].files[i][0], databases[_i].files[i][1], 0644);
	collect();
	check_word(&report.package_database, databases[_i].database);
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
	check_word(&report.package_database, "apk");
	check_number(&report.os_packages, 2);
}
END_TEST

static const struct {
	const char *files[2];
	const char *libc;
} libcs[] = {
	{{"/lib/ld-musl-aarch64.so.1"}, "musl"},
	{{"/lib64/ld-linux-x86-64.so.2"}, "glibc"},
	{{"/lib/ld-linux-aarch64.so.1"}, "glibc"},
	{{"/lib/ld64.so.1"}, "glibc"},
	{{"/lib/ld-musl-x86_64.so.1", "/usr/lib64/ld-linux-x86-64.so.2"}, "glibc+musl"},
	{{"/lib/libc.so.6"}, "none"},
};

START_TEST(libc_is_told_by_its_loader)
{
	for (size_t i = 0; i < 2 && libcs[_i].files[i] != NULL; i++)
		make_file(libcs[_i].files[i], "", 0755);
	collect();
	check_word(&report.libc, libcs[_i].libc);
}
END_TEST

START_TEST(files_of_the_image_are_read)
{
	static const char long_line[] =
		"nameserver 192.0.2.1\n# %5000s\nnameserver 192.0.2.2\nnameserver 192.0.2.3";
	char content[8192];

	/* A line longer than the buffer, which says nameserver where it is cut. */
	snprintf(content, sizeof(content), long_line, "nameserver 1");
	make_file("/etc/resolv.conf", content, 0644);
	make_file("/etc/ssl/cert.pem",
		"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
		"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
		0644);
	make_file("/etc/localtime", "TZif", 0644);
	make_dir("/usr/share/zoneinfo");
	snprintf(content, sizeof(content), "x:x:1:1::/:\nme:x:%u:0::/:\n", (unsigned)geteuid());
	make_file("/etc/passwd", content, 0644);
	snprintf(content, sizeof(content), "we:x:%u:", (unsigned)getegid());
	make_file("/etc/group", content, 0644);
	collect();
	check_number(&report.resolv_conf, 1);
	check_number(&report.nameservers, 3);
	check_word(&report.ca_bundle, "/etc/ssl/cert.pem");
	check_number(&report.ca_certificates, 2);
	check_number(&report.localtime, 1);
	check_number(&report.zoneinfo, 1);
	check_number(&report.uid_has_name, 1);
	check_word(&report.uid, "me");
	check_word(&report.gid, "we");
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

/* ---- limits --------------------------------------------------------------------------- */

#define STATUS                                                                                     \
	"CapPrm:\t00000000a80425fb\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000001\n"        \
	"NoNewPrivs:\t1\nSeccomp:\t2\n"

START_TEST(version_2_limits_are_the_tightest_on_the_way_up)
{
	make_file("/proc/self/status", STATUS, 0444);
	make_file("/proc/self/cgroup", "0::/pods/pod1/c1\n", 0444);
	make_file("/sys/fs/cgroup/cgroup.procs", "", 0644);
	make_file("/sys/fs/cgroup/pods/pod1/c1/memory.max", "max\n", 0644);
	make_file("/sys/fs/cgroup/pods/pod1/memory.max", "67108864\n", 0644);
	make_file("/sys/fs/cgroup/pods/memory.max", "134217728\n", 0644);
	make_file("/sys/fs/cgroup/pods/pod1/c1/cpu.max", "50000 100000\n", 0644);
	make_file("/sys/fs/cgroup/pods/pod1/cpu.max", "max 100000\n", 0644);
	make_file("/sys/fs/cgroup/pods/pod1/c1/pids.max", "max\n", 0644);
	collect();
	check_number(&report.cgroup_version, 2);
	check_number(&report.memory_limit_bytes, 67108864);
	check_word(&report.memory_limit_bytes, "");
	check_number(&report.cpu_limit_millis, 500);
	check_word(&report.pids_limit, "none");
	check_word(&report.seccomp, "filter");
	check_number(&report.no_new_privs, 1);
	check_number(&report.cap_effective, 0);
	check_number(&report.cap_permitted, 14);
	check_word(&report.cap_permitted, "00000000a80425fb");
	check_number(&report.cap_bounding, 1);
}
END_TEST

START_TEST(version_1_limits_are_read_where_the_container_sees_them)
{
	make_file("/proc/self/cgroup",
		"4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n2:pids:/docker/abc\n"
		"1:name=systemd:/docker/abc\n0::/docker/abc\n",
		0444);
	make_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1048576\n", 0644);
	make_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n", 0644);
	make_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n", 0644);
	make_file("/sys/fs/cgroup/pids/pids.max", "33\n", 0644);
	collect();
	check_number(&report.cgroup_version, 1);
	check_number(&report.memory_limit_bytes, 1048576);
	check_word(&report.cpu_limit_millis, "none");
	check_number(&report.pids_limit, 33);
	make_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n", 0644);
	make_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n", 0644);
	make_file("/sys/fs/cgroup/pids/pids.max", "lots\n", 0644);
	collect();
	check_word(&report.memory_limit_bytes, "none");
	check_number(&report.cpu_limit_millis, 1500);
	check_unknown(&report.pids_limit, "not understood");
}
END_TEST

START_TEST(limits_without_a_cgroup_mount_are_unknown)
{
	make_file("/proc/self/cgroup", "0::/../../x\n", 0444);
	make_dir("/sys/fs/cgroup");
	collect();
	check_number(&report.cgroup_version, 2);
	check_unknown(&report.memory_limit_bytes, "no cgroup mounted there");
	/* The topmost cgroup has no such files. */
	make_file("/sys/fs/cgroup/cgroup.procs", "", 0644);
	collect();
	check_word(&report.memory_limit_bytes, "none");
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

START_TEST(what_nobody_filled_is_unknown)
{
	const char *json;
	const char *text;

	report = (struct inspect_report){0};
	json = write_report(inspect_write_json);
	check_has(json, "{\"complete\":null,\"size_bytes\":null,\"files\":null,");
	check_has(json, "\"has_shell\":null,\"shells\":null,");
	check_has(json, "\"memory_limited\":null,\"memory_limit_bytes\":null,");
	check_has(json, "\"not_measured\":{\"complete\":\"not looked for\",");
	ck_assert_ptr_eq(strpbrk(json, "0123456789"),
		strstr(json, "0,\"not_measured\":")); /* unreadable_total, of a list */
	text = write_report(inspect_write_text);
	check_has(text, "  files                     unknown: not looked for\n");
}
END_TEST

START_TEST(values_are_written_in_both_forms)
{
	const char *json;
	const char *text;

	report = (struct inspect_report){0};
	inspect_set_number(&report.complete, 0);
	inspect_set_number(&report.files, 12);
	inspect_set_number(&report.size_bytes, 1999999);
	inspect_set_number(&report.has_shell, 0);
	inspect_set_number(&report.uid, 99);
	inspect_set_number(&report.uid_has_name, 0);
	inspect_set_number(&report.gid, 0);
	inspect_set_word(&report.gid, "ro\"ot\x1b");
	inspect_set_word(&report.ca_bundle, "none");
	inspect_set_number(&report.memory_limit_bytes, 0);
	inspect_set_word(&report.memory_limit_bytes, "none");
	inspect_set_number(&report.cpu_limit_millis, 500);
	inspect_set_unknown(&report.os_packages, "/var/lib/rpm", "can't");
	inspect_list_add(&report.unreadable, "", 0, "Permission denied");
	inspect_list_add(&report.unreadable, "/a\"\xff\n", 5, "odd");
	inspect_list_add(&report.privileged, "/su", 3, "setuid");
	inspect_list_add(&report.world_writable, "/w", 2, NULL);
	report.unreadable.total = 20;
	json = write_report(inspect_write_json);
	check_has(json, "{\"complete\":false,\"size_bytes\":1999999,\"files\":12,");
	check_has(json, "\"has_shell\":false,\"shells\":[],");
	check_has(json, "\"uid\":99,\"uid_has_name\":false,\"user_name\":null,");
	check_has(json, "\"gid\":0,\"gid_has_name\":null,\"group_name\":\"ro\\\"ot\\u001b\",");
	check_has(json, "\"memory_limited\":false,\"memory_limit_bytes\":null,");
	check_has(json, "\"cpu_limited\":true,\"cpu_limit_millis\":500,");
	check_has(json, "\"privileged_files\":[{\"path\":\"/su\",\"mode\":\"setuid\"}],");
	check_has(json, "\"world_writable_dirs_without_sticky\":[\"/w\"],");
	check_has(json, "\"unreadable\":[{\"path\":\"/\",\"reason\":\"Permission denied\"},"
			"{\"path\":\"/a\\\"\\ufffd\\u000a\",\"reason\":\"odd\"}],"
			"\"unreadable_total\":20,");
	check_has(json, "\"os_packages\":\"/var/lib/rpm: can't\"");
	text = write_report(inspect_write_text);
	check_has(text, "at least 12\n");
	check_has(text, "at least 1.9 MB, 1999999 bytes\n");
	check_has(text, "  group id                  0 (ro\"ot\\x1b)\n");
	check_has(text, "  memory limit, bytes       none\n");
	check_has(text, "  packages                  unknown: /var/lib/rpm: can't\n");
	check_has(text, "\nunreadable\n");
	check_has(text, "/a\"\\xff\\x0a: odd\n");
	check_has(text, "and 18 more\n");
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{0, " 0 bytes\n"},
	{999, " 999 bytes\n"},
	{1000, " 1.0 kB, 1000 bytes\n"},
	{999999, " 999.9 kB, 999999 bytes\n"},
	{1000000, " 1.0 MB, 1000000 bytes\n"},
	{UINT64_MAX, " 18.4 EB, 18446744073709551615 bytes\n"},
};

START_TEST(sizes_are_readable)
{
	report = (struct inspect_report){0};
	inspect_set_number(&report.complete, 1);
	inspect_set_number(&report.size_bytes, sizes[_i].bytes);
	check_has(write_report(inspect_write_text), sizes[_i].text);
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
	report = (struct inspect_report){
		.privileged = full, .world_writable = full, .shells = full, .unreadable = full};
	inspect_set_number(&report.has_shell, 1);
	check_has(write_report(inspect_write_json), "}}\n");
	write_report(inspect_write_text);
}
END_TEST

START_TEST(odd_names_stay_valid_json)
{
	make_file("/\"\\\n\x1b\xff\xc3\xa9", "", 04755);
	collect();
	check_has(write_report(inspect_write_json),
		"\"privileged_files\":[{\"path\":\"/\\\"\\\\\\u000a\\u001b\\ufffd\xc3\xa9\",");
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
	tcase_add_test(parsers, cgroups_are_read);
	LOOP(parsers, limits_are_read, limits);
	suite_add_tcase(suite, parsers);

	tcase_set_timeout(trees, 60);
	tcase_add_checked_fixture(trees, setup, teardown);
	tcase_add_test(trees, an_empty_root_has_zeros);
	tcase_add_test(trees, entries_are_counted_by_kind);
	tcase_add_test(trees, what_cant_be_read_is_listed);
	tcase_add_test(trees, a_root_that_cant_be_read_has_unknown_counts);
	tcase_add_test(trees, lists_are_bounded_and_totals_are_not);
	tcase_add_test(trees, a_deep_tree_is_walked_as_far_as_paths_reach);
	tcase_add_test(trees, a_wide_tree_is_cut_visibly);
	tcase_add_test(trees, more_hard_links_than_fit_leave_the_size_unknown);
	tcase_add_test(trees, another_file_system_is_left_out);
	tcase_add_test(trees, a_root_that_isnt_there_is_an_error);
	tcase_add_test(trees, shells_are_found_once);
	LOOP(trees, package_databases_are_read, databases);
	tcase_add_test(trees, an_apk_database_behind_a_link_counts_once);
	LOOP(trees, libc_is_told_by_its_loader, libcs);
	tcase_add_test(trees, files_of_the_image_are_read);
	tcase_add_test(trees, a_line_that_just_fills_the_buffer_is_one);
	tcase_add_test(trees, version_2_limits_are_the_tightest_on_the_way_up);
	tcase_add_test(trees, version_1_limits_are_read_where_the_container_sees_them);
	tcase_add_test(trees, limits_without_a_cgroup_mount_are_unknown);
	tcase_add_test(trees, odd_names_stay_valid_json);
	suite_add_tcase(suite, trees);

	tcase_add_test(writers, what_nobody_filled_is_unknown);
	tcase_add_test(writers, values_are_written_in_both_forms);
	LOOP(writers, sizes_are_readable, sizes);
	tcase_add_test(writers, the_fullest_report_fits);
	suite_add_tcase(suite, writers);
	return suite;
}
