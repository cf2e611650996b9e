#include "server/cpus.h"
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
	const char *path, *content;
};

static const struct {
	const char *cgroup; /* /proc/self/cgroup */
	struct file files[4];
	unsigned quota;
} cases[] = {
	{"", {{NULL, NULL}}, 0},
	{"0::/\n", {{"cpu.max", "150000 100000\n"}}, 2},
	{"0::/\n", {{"cpu.max", "max 100000\n"}}, 0},
	{"0::/\n", {{"cpu.max", "1000 100000\n"}}, 1},
	{"0::/a/b\n", {{"a/cpu.max", "200000 100000\n"}, {"a/b/cpu.max", "max 100000\n"}}, 2},
	{"0::/a/b\n", {{"a/cpu.max", "400000 100000\n"}, {"a/b/cpu.max", "300000 100000\n"}}, 3},
	{"0::/not/here\n", {{"cpu.max", "200000 100000\n"}}, 2},
	{"0::/\n", {{"cpu.max", "garbage"}}, 0},
	{"4:memory:/x\n3:cpu,cpuacct:/x\n",
		{{"cpu/x/cpu.cfs_quota_us", "250000\n"}, {"cpu/x/cpu.cfs_period_us", "100000\n"}},
		3},
	{"3:cpuacct,cpu:/host/path\n",
		{{"cpu/cpu.cfs_quota_us", "100000\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}, 1},
	{"3:cpu:/\n", {{"cpu/cpu.cfs_quota_us", "-1\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}, 0},
	{"3:cpuset:/\n",
		{{"cpu/cpu.cfs_quota_us", "100000\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}, 0},
	{"no colon\n0:one\n0::/\n", {{"cpu.max", "100000 100000\n"}}, 1},
};

static void write_file(const char *root, const char *path, const char *content)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", root, path);
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

START_TEST(quotas)
{
	char root[] = "/tmp/hello-cpus-XXXXXX";
	char cgroup[64];
	char remove[64];

	ck_assert_ptr_nonnull(mkdtemp(root));
	write_file(root, "self-cgroup", cases[_i].cgroup);
	for (size_t i = 0; i < 4 && cases[_i].files[i].path != NULL; i++)
		write_file(root, cases[_i].files[i].path, cases[_i].files[i].content);
	snprintf(cgroup, sizeof(cgroup), "%s/self-cgroup", root);
	ck_assert_uint_eq(cpus_quota(cgroup, root), cases[_i].quota);
	snprintf(remove, sizeof(remove), "rm -rf %s", root);
	ck_assert_int_eq(system(remove), 0);
}
END_TEST

START_TEST(there_is_always_one)
{
	ck_assert_uint_eq(cpus_quota("/nonexistent", "/nonexistent"), 0);
	ck_assert_uint_ge(cpus_usable(), 1);
}
END_TEST

Suite *cpus_suite(void)
{
	Suite *suite = suite_create("cpus");
	TCase *tcase = tcase_create("cpus");

	tcase_add_loop_test(tcase, quotas, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, there_is_always_one);
	suite_add_tcase(suite, tcase);
	return suite;
}
