#include "inspect/image.h"

#include "inspect/value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const bin_dirs[] = {
	"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/busybox"};

static const char *const shell_names[] = {"sh", "bash", "ash", "dash", "busybox", "zsh", "ksh",
	"mksh", "fish", "csh", "tcsh", "toybox"};

/* Looks for an executable regular file DIR/NAME. */
static enum inspect_presence find_program(
	const struct inspect_place *place, const char *dir, const char *name, const char **reason)
{
	char storage[64];
	struct strbuf path = STRBUF_OVER(storage);
	struct stat st;
	enum inspect_presence presence;

	strbuf_add_string(&path, dir);
	strbuf_add_string(&path, "/");
	strbuf_add_string(&path, name);
	strbuf_add(&path, "", 1);
	presence = inspect_stat(place, storage, &st, reason);
	if (presence != INSPECT_PRESENT)
		return presence;
	return S_ISREG(st.st_mode) && (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0
		       ? INSPECT_PRESENT
		       : INSPECT_ABSENT;
}

static void inspect_shell(const struct inspect_place *place)
{
	struct inspect_value *has_shell = &place->report->has_shell;
	const char *unsearched = NULL;
	const char *reason = NULL;

	for (size_t i = 0; i < COUNT(bin_dirs); i++) {
		for (size_t j = 0; j < COUNT(shell_names); j++) {
			switch (find_program(place, bin_dirs[i], shell_names[j], &reason)) {
			case INSPECT_PRESENT:
				inspect_set_number(has_shell, 1);
				return;
			case INSPECT_UNKNOWN:
				unsearched = bin_dirs[i];
				break;
			case INSPECT_ABSENT:
				break;
			}
		}
	}
	if (unsearched != NULL)
		inspect_set_unknown(has_shell, unsearched, reason);
	else
		inspect_set_number(has_shell, 0);
}

/*
 * Adds the packages of a database file to the report's sum.
 * subject: static: what to name when the file can't be read
 * Returns: whether the file exists.
 */
static bool add_packages(const struct inspect_place *place, const char *path, const char *subject,
	inspect_line *parse)
{
	struct inspect_value *sum = &place->report->os_packages;
	const char *reason = NULL;
	uint64_t packages = 0;
	enum inspect_presence presence = inspect_read_lines(place, path, parse, &packages, &reason);

	if (presence == INSPECT_UNKNOWN)
		inspect_set_unknown(sum, subject, reason);
	/* The sum stays unknown after an unreadable part of the database. */
	else if (presence == INSPECT_PRESENT && sum->reason == NULL)
		inspect_set_number(sum, sum->number + packages);
	return presence != INSPECT_ABSENT;
}

/* Adds the packages of each file in /var/lib/dpkg/status.d. Returns: whether it exists. */
static bool add_stanzas(const struct inspect_place *place)
{
	static const char path[] = "/var/lib/dpkg/status.d";
	struct inspect_value *sum = &place->report->os_packages;
	const struct dirent *entry;
	DIR *dir;
	int fd = openat(place->root, path + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return false;
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		inspect_set_unknown(sum, path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return true;
	}
	if (sum->reason == NULL)
		inspect_set_number(sum, sum->number);
	for (;;) {
		char storage[512]; /* a name has at most 255 bytes */
		struct strbuf file = STRBUF_OVER(storage);

		errno = 0;
		entry = readdir(dir); /* NOLINT(concurrency-mt-unsafe): a stream of its own */
		if (entry == NULL)
			break;
		if (entry->d_name[0] == '.')
			continue;
		strbuf_add_string(&file, path);
		strbuf_add_string(&file, "/");
		strbuf_add_string(&file, entry->d_name);
		strbuf_add(&file, "", 1);
		add_packages(place, storage, path, inspect_parse_dpkg_stanza);
	}
	if (errno != 0)
		inspect_set_unknown(sum, path, strerror(errno));
	closedir(dir);
	return true;
}

static bool count_dpkg(const struct inspect_place *place)
{
	static const char status[] = "/var/lib/dpkg/status";
	bool has_status = add_packages(place, status, status, inspect_parse_dpkg_status);
	bool has_stanzas = add_stanzas(place);

	return has_status || has_stanzas;
}

static bool count_apk(const struct inspect_place *place)
{
	/* apk-tools 3 moves it below /usr; the old path may then be a link to the new one. */
	static const char *const paths[] = {"/lib/apk/db/installed", "/usr/lib/apk/db/installed"};
	struct stat old;
	struct stat new;
	const char *reason;
	bool found = add_packages(place, paths[0], paths[0], inspect_parse_apk);

	if (found && inspect_stat(place, paths[0], &old, &reason) == INSPECT_PRESENT &&
		inspect_stat(place, paths[1], &new, &reason) == INSPECT_PRESENT &&
		old.st_dev == new.st_dev &&old.st_ino == new.st_ino)
		return true;
	return add_packages(place, paths[1], paths[1], inspect_parse_apk) || found;
}

static void inspect_packages(const struct inspect_place *place)
{
	/* Only detected: their binary formats need a database library. */
	static const char *const unsupported[] = {
		"/var/lib/rpm", "/usr/lib/sysimage/rpm", "/var/lib/pacman/local"};
	struct inspect_value *sum = &place->report->os_packages;
	struct stat st;
	const char *reason;

	if (count_dpkg(place) || count_apk(place))
		return;
	for (size_t i = 0; i < COUNT(unsupported); i++) {
		enum inspect_presence presence = inspect_stat(place, unsupported[i], &st, &reason);

		if (presence == INSPECT_PRESENT)
			reason = "unsupported database format";
		if (presence != INSPECT_ABSENT) {
			inspect_set_unknown(sum, unsupported[i], reason);
			return;
		}
	}
	inspect_set_number(sum, 0);
}

void inspect_image(const struct inspect_place *place)
{
	inspect_shell(place);
	inspect_packages(place);
}
