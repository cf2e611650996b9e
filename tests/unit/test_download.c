#include "client/download.h"
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Network file systems and quotas report a failed write as late as close(2) (its manual page,
 * NOTES); no local file system does on demand. So the runner is linked with --wrap=close. The
 * descriptor is closed all the same, as Linux does it.
 */
int __real_close(int fd);
int __wrap_close(int fd);

static int failing_fd = -1;
static int close_errno;

int __wrap_close(int fd)
{
	int result = __real_close(fd);

	if (fd != failing_fd || fd < 0)
		return result;
	failing_fd = -1;
	errno = close_errno;
	return -1;
}

/* Each test runs in a process of its own: the directory is its own, too. */
static char directory[1024];
static char path[1100];

static void enter_directory(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/hello-download-XXXXXX",
		parent != NULL ? parent : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/out", directory);
}

/* Fails when a file other than path is in the directory. */
static void leave_directory(void)
{
	unlink(path);
	ck_assert_msg(rmdir(directory) == 0, "%s is not empty", directory);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void expect_file(const char *text)
{
	char content[64] = "";
	FILE *file = fopen(path, "r");

	ck_assert_msg(file != NULL, "%s is missing", path);
	ck_assert_uint_eq(fread(content, 1, sizeof(content) - 1, file), strlen(text));
	fclose(file);
	ck_assert_str_eq(content, text);
}

static void start(struct download *download)
{
	struct error err = {0};

	ck_assert_int_eq(download_open(download, path, &err), 0);
	ck_assert_int_eq(download_write(download, "new", 3, &err), 0);
}

START_TEST(a_complete_download_replaces_the_file)
{
	static struct download download;
	struct error err = {0};

	write_file("old");
	start(&download);
	expect_file("old");
	ck_assert_int_eq(download_close(&download, true, &err), 0);
	expect_file("new");
}
END_TEST

START_TEST(an_incomplete_download_keeps_the_file)
{
	static struct download download;

	write_file("old");
	start(&download);
	ck_assert_int_eq(download_close(&download, false, NULL), 0);
	expect_file("old");
}
END_TEST

static const int close_errors[] = {EIO, EDQUOT, ENOSPC};

START_TEST(an_error_of_close_keeps_the_file)
{
	static struct download download;
	struct error err = {0};

	write_file("old");
	start(&download);
	failing_fd = download.fd;
	close_errno = close_errors[_i];
	ck_assert_int_eq(download_close(&download, true, &err), -1);
	ck_assert_int_eq(err.errnum, close_errors[_i]);
	ck_assert_str_eq(err.value, path);
	expect_file("old");
}
END_TEST

START_TEST(an_error_of_close_creates_no_file)
{
	static struct download download;
	struct error err = {0};

	start(&download);
	failing_fd = download.fd;
	close_errno = EIO;
	ck_assert_int_eq(download_close(&download, true, &err), -1);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

Suite *download_suite(void)
{
	Suite *suite = suite_create("download");
	TCase *tcase = tcase_create("download");

	tcase_add_checked_fixture(tcase, enter_directory, leave_directory);
	tcase_add_test(tcase, a_complete_download_replaces_the_file);
	tcase_add_test(tcase, an_incomplete_download_keeps_the_file);
	tcase_add_loop_test(tcase, an_error_of_close_keeps_the_file, 0,
		sizeof(close_errors) / sizeof(close_errors[0]));
	tcase_add_test(tcase, an_error_of_close_creates_no_file);
	suite_add_tcase(suite, tcase);
	return suite;
}
