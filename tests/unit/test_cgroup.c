#include "base/cgroup.h"
#include "suites.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void setup(void)
{
	memcpy(root, "/tmp/hello-cgroup-XXXXXX", sizeof("/tmp/hello-cgroup-XXXXXX"));
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void)
{
	nftw(root, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

/* Writes a file below the root, and makes the directories above it. */
static void write_file(const char *dir, const char *path, const char *content)
{
	char full[1024];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s/%s", root, dir, path);
	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(content, file);
	fclose(file);
}

static struct cgroup_limit read_with(struct cgroup_limit (*reader)(int))
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_limit limit = reader(fd);

	close(fd);
	return limit;
}

enum {
	NONE = -1,
	UNKNOWN = -2,
};

static const struct {
	struct cgroup_limit (*reader)(int);
	const char *cgroup;	      /* /proc/self/cgroup */
	const char *files[4][2];      /* below /sys/fs/cgroup */
	long long limit;	      /* or NONE, UNKNOWN */
	const char *subject, *reason; /* of UNKNOWN */
} cases[] = {
	/* Version 2. */
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "150000 100000\n"}}, 1500, NULL, NULL},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "max 100000\n"}}, NONE, NULL, NULL},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "1000 100000\n"}}, 10, NULL, NULL},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "100001 100000\n"}}, 1001, NULL, NULL},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "1000 1000000\n"}}, 1, NULL, NULL},
	{cgroup_cpu_limit, "0::/a:b\n", {{"a:b/cpu.max", "50000 100000"}}, 500, NULL, NULL},
	{cgroup_memory_limit, "0::/\n", {{"memory.max", "67108864\n"}}, 67108864, NULL, NULL},
	{cgroup_memory_limit, "0::/\n", {{"memory.max", "max\n"}}, NONE, NULL, NULL},
	{cgroup_memory_limit, "0::/\n", {{"memory.max", "0\n"}}, 0, NULL, NULL},
	/* The lowest on the way up counts. */
	{cgroup_cpu_limit, "0::/a/b\n",
		{{"a/cpu.max", "200000 100000\n"}, {"a/b/cpu.max", "max 100000\n"}}, 2000, NULL,
		NULL},
	{cgroup_cpu_limit, "0::/a/b\n",
		{{"a/cpu.max", "400000 100000\n"}, {"a/b/cpu.max", "300000 100000\n"}}, 3000, NULL,
		NULL},
	{cgroup_memory_limit, "0::/pods//pod1/c1/\n",
		{{"pods/pod1/c1/memory.max", "max\n"}, {"pods/pod1/memory.max", "1024\n"},
			{"pods/memory.max", "2048\n"}},
		1024, NULL, NULL},
	/* The host's path isn't visible: the mount is the container's own cgroup. */
	{cgroup_cpu_limit, "0::/not/here\n", {{"cpu.max", "200000 100000\n"}}, 2000, NULL, NULL},
	{cgroup_cpu_limit, "0::/../../x\n",
		{{"cpu.max", "200000 100000\n"}, {"x/cpu.max", "100000 100000\n"}}, 2000, NULL,
		NULL},
	/* The topmost cgroup has no files with limits. */
	{cgroup_memory_limit, "0::/\n", {{"cgroup.procs", "1\n"}}, NONE, NULL, NULL},
	{cgroup_memory_limit, "0::/../x\n", {{"cgroup.procs", ""}}, NONE, NULL, NULL},
	/* Version 1. */
	{cgroup_cpu_limit, "4:memory:/x\n3:cpu,cpuacct:/x\n",
		{{"cpu/x/cpu.cfs_quota_us", "250000\n"}, {"cpu/x/cpu.cfs_period_us", "100000\n"}},
		2500, NULL, NULL},
	{cgroup_cpu_limit, "3:cpuacct,cpu:/host/path\n",
		{{"cpu/cpu.cfs_quota_us", "100000\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}, 1000,
		NULL, NULL},
	{cgroup_cpu_limit, "3:cpu:/\n",
		{{"cpu/cpu.cfs_quota_us", "-1\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}, NONE,
		NULL, NULL},
	{cgroup_memory_limit, "4:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n",
		{{"memory/memory.limit_in_bytes", "1048576\n"}}, 1048576, NULL, NULL},
	{cgroup_memory_limit, "4:memory:/\n",
		{{"memory/memory.limit_in_bytes", "9223372036854771712\n"}}, NONE, NULL, NULL},
	/* Both: a controller is in one of them. */
	{cgroup_cpu_limit, "4:memory:/m\n0::/u\n",
		{{"unified/u/cpu.max", "50000 100000\n"}, {"u/cpu.max", "1 1000"}}, 500, NULL,
		NULL},
	{cgroup_cpu_limit, "3:cpu:/c\n0::/u\n",
		{{"cpu/c/cpu.cfs_quota_us", "70000\n"}, {"cpu/c/cpu.cfs_period_us", "100000\n"},
			{"unified/u/cpu.max", "50000 100000\n"}},
		700, NULL, NULL},
	/* The controller is disabled. */
	{cgroup_cpu_limit, "3:cpuset:/\n",
		{{"cpu/cpu.cfs_quota_us", "100000\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}, NONE,
		NULL, NULL},
	/* Lines of another form are ignored. */
	{cgroup_cpu_limit, "no colon\n0:one\n0::/\n", {{"cpu.max", "100000 100000\n"}}, 1000, NULL,
		NULL},
	{cgroup_memory_limit, "\n0\n0:\n0::\n0::x\n:\nx:memory:/\n1:memory\n9:name=a:/",
		{{"memory.max", "1\n"}}, UNKNOWN, "/proc/self/cgroup", "names no cgroup"},
	{cgroup_memory_limit, "", {{"memory.max", "1\n"}}, UNKNOWN, "/proc/self/cgroup",
		"names no cgroup"},
	{cgroup_memory_limit, NULL, {{"memory.max", "1\n"}}, UNKNOWN, "/proc/self/cgroup",
		"missing"},
	{cgroup_memory_limit, "0::/\n", {{NULL, NULL}}, UNKNOWN, "/sys/fs/cgroup",
		"no cgroup is mounted"},
	{cgroup_memory_limit, "4:memory:/\n", {{"memory.max", "1\n"}}, UNKNOWN,
		"/sys/fs/cgroup/memory", "no cgroup is mounted"},
	/* Files of another form. */
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "garbage"}}, UNKNOWN, "/sys/fs/cgroup",
		"unexpected content"},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", ""}}, UNKNOWN, "/sys/fs/cgroup",
		"unexpected content"},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "100000\n"}}, UNKNOWN, "/sys/fs/cgroup",
		"unexpected content"},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "100000 0\n"}}, UNKNOWN, "/sys/fs/cgroup",
		"unexpected content"},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "0 100000\n"}}, UNKNOWN, "/sys/fs/cgroup",
		"unexpected content"},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "100000 100000 1\n"}}, UNKNOWN, "/sys/fs/cgroup",
		"unexpected content"},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "100000 x\n"}}, UNKNOWN, "/sys/fs/cgroup",
		"unexpected content"},
	{cgroup_cpu_limit, "0::/\n", {{"cpu.max", "4611686018427387903 100000\n"}}, UNKNOWN,
		"/sys/fs/cgroup", "unexpected content"},
	{cgroup_cpu_limit, "0::/a\n",
		{{"cpu.max", "200000 100000\n"}, {"a/cpu.max", "-100000 100000\n"}}, UNKNOWN,
		"/sys/fs/cgroup", "unexpected content"},
	{cgroup_cpu_limit, "3:cpu:/\n",
		{{"cpu/cpu.cfs_quota_us", "100000\n"}, {"cpu/cpu.cfs_period_us", "\n"}}, UNKNOWN,
		"/sys/fs/cgroup/cpu", "unexpected content"},
	{cgroup_memory_limit, "0::/\n", {{"memory.max", "1k\n"}}, UNKNOWN, "/sys/fs/cgroup",
		"unexpected content"},
	{cgroup_memory_limit, "0::/\n", {{"memory.max", "18446744073709551615\n"}}, NONE, NULL,
		NULL},
	{cgroup_memory_limit, "0::/\n", {{"memory.max", "18446744073709551616\n"}}, UNKNOWN,
		"/sys/fs/cgroup", "unexpected content"},
	{cgroup_memory_limit, "0::/\n",
		{{"memory.max", "                                                                  "
				"      1"}},
		UNKNOWN, "/sys/fs/cgroup", "unexpected content"},
	{cgroup_memory_limit, "0::/\n", {{"memory.max/x", ""}}, UNKNOWN, "/sys/fs/cgroup",
		"Is a directory"},
};

static void check_limit(
	const struct cgroup_limit *limit, long long want, const char *subject, const char *reason)
{
	if (want == UNKNOWN) {
		ck_assert(!limit->known && !limit->limited);
		ck_assert_str_eq(limit->subject, subject);
		ck_assert_str_eq(limit->reason, reason);
		return;
	}
	ck_assert_msg(limit->known, "unknown: %s", limit->reason);
	ck_assert_int_eq(limit->limited, want != NONE);
	ck_assert_uint_eq(limit->value, want != NONE ? (uint64_t)want : 0);
	ck_assert_ptr_null(limit->reason);
}

START_TEST(limits)
{
	struct cgroup_limit limit;

	if (cases[_i].cgroup != NULL)
		write_file("proc/self", "cgroup", cases[_i].cgroup);
	for (size_t i = 0; i < 4 && cases[_i].files[i][0] != NULL; i++)
		write_file("sys/fs/cgroup", cases[_i].files[i][0], cases[_i].files[i][1]);
	limit = read_with(cases[_i].reader);
	check_limit(&limit, cases[_i].limit, cases[_i].subject, cases[_i].reason);
}
END_TEST

/* A container on a host with version 1 and many nested cgroups has lines of this length. */
START_TEST(long_lists_are_read_completely_or_refused)
{
	struct cgroup_limit limit;
	char text[9000];
	size_t len = 0;

	for (int i = 0; i < 12; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%d:other%d:/%0500d\n", i + 2, i, i);
	snprintf(text + len, sizeof(text) - len, "1:memory:/deep\n");
	write_file("proc/self", "cgroup", text);
	write_file("sys/fs/cgroup/memory", "deep/memory.limit_in_bytes", "4096\n");
	limit = read_with(cgroup_memory_limit);
	check_limit(&limit, 4096, NULL, NULL);

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "0::/", 4);
	text[sizeof(text) - 1] = '\0';
	write_file("proc/self", "cgroup", text);
	limit = read_with(cgroup_memory_limit);
	check_limit(&limit, UNKNOWN, "/proc/self/cgroup", "too long");

	/* A path that fits the file and no system call. */
	text[5000] = '\0';
	write_file("proc/self", "cgroup", text);
	limit = read_with(cgroup_memory_limit);
	check_limit(&limit, UNKNOWN, "/sys/fs/cgroup", "File name too long");
}
END_TEST

START_TEST(a_fifo_does_not_block)
{
	struct cgroup_limit limit;
	char path[128];

	write_file("proc/self", "cgroup", "0::/\n");
	write_file("sys/fs/cgroup", "cgroup.procs", "");
	snprintf(path, sizeof(path), "%s/sys/fs/cgroup/memory.max", root);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	limit = read_with(cgroup_memory_limit);
	check_limit(&limit, UNKNOWN, "/sys/fs/cgroup", "unexpected content");
}
END_TEST

Suite *cgroup_suite(void)
{
	Suite *suite = suite_create("cgroup");
	TCase *tcase = tcase_create("cgroup");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, limits, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, long_lists_are_read_completely_or_refused);
	tcase_add_test(tcase, a_fifo_does_not_block);
	suite_add_tcase(suite, tcase);
	return suite;
}
