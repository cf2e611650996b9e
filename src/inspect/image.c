#include "inspect/image.h"
#include "inspect/value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const bin_dirs[] = {
	"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/busybox"};

static const char *const shell_names[] = {"sh", "bash", "ash", "dash", "busybox", "zsh", "ksh",
	"mksh", "fish", "csh", "tcsh", "toybox"};

static const char *const lib_dirs[] = {"/lib", "/lib64", "/usr/lib", "/usr/lib64"};

static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

/* Calls see for each name of a directory. Returns: as inspect_look(). */
static enum inspect_presence each_name(const struct inspect_place *place, const char *path,
	void (*see)(void *state, const char *name), void *state, const char **reason)
{
	const struct dirent *entry;
	struct stat st;
	enum inspect_presence presence = inspect_look(place, path, &st, reason);
	DIR *dir;
	int fd;

	if (presence != INSPECT_PRESENT)
		return presence;
	if (!S_ISDIR(st.st_mode))
		return INSPECT_ABSENT;
	fd = openat(place->root, path + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		*reason = strerror(errno);
		if (fd >= 0)
			close(fd);
		return INSPECT_NO_IDEA;
	}
	do {
		errno = 0;
		entry = readdir(dir); /* NOLINT(concurrency-mt-unsafe): a stream of its own */
		if (entry != NULL)
			see(state, entry->d_name);
	} while (entry != NULL);
	if (errno != 0) {
		*reason = strerror(errno);
		presence = INSPECT_NO_IDEA;
	}
	closedir(dir);
	return presence;
}

static void inspect_shells(const struct inspect_place *place)
{
	struct inspect_report *report = place->report;
	struct stat seen[COUNT(bin_dirs)];
	size_t seen_count = 0;
	const char *gap_at = NULL;
	const char *gap = NULL;

	for (size_t i = 0; i < COUNT(bin_dirs); i++) {
		struct stat *dir = &seen[seen_count];
		bool again = false;

		switch (inspect_look(place, bin_dirs[i], dir, &gap)) {
		case INSPECT_ABSENT:
			continue;
		case INSPECT_NO_IDEA:
			gap_at = bin_dirs[i];
			continue;
		case INSPECT_PRESENT:
			break;
		}
		/* Where /bin is a link to /usr/bin, a shell counts once. */
		for (size_t j = 0; j < seen_count; j++)
			again = again ||
				(seen[j].st_dev == dir->st_dev && seen[j].st_ino == dir->st_ino);
		if (again)
			continue;
		seen_count++;
		for (size_t j = 0; j < COUNT(shell_names); j++) {
			char storage[64];
			struct strbuf path = STRBUF_OVER(storage);
			struct stat st;
			enum inspect_presence presence;

			strbuf_add_string(&path, bin_dirs[i]);
			strbuf_add_string(&path, "/");
			strbuf_add_string(&path, shell_names[j]);
			strbuf_add(&path, "", 1);
			presence = inspect_look(place, storage, &st, &gap);
			if (presence == INSPECT_NO_IDEA)
				gap_at = bin_dirs[i];
			else if (presence == INSPECT_PRESENT && S_ISREG(st.st_mode) &&
				 (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0)
				inspect_list_add(&report->shells, storage, path.len - 1, NULL);
		}
	}
	/* One that was found answers the question, whatever is hidden elsewhere. */
	if (report->shells.total > 0 || gap_at == NULL)
		inspect_set_number(&report->has_shell, report->shells.total > 0);
	else
		inspect_set_unknown(&report->has_shell, gap_at, gap);
}

struct stanzas {
	const struct inspect_place *place;
	uint64_t packages;
	const char *reason; /* the last file that could not be read, or NULL */
};

static void see_stanza(void *state, const char *name)
{
	struct stanzas *stanzas = state;
	char storage[512]; /* a name has 255 bytes at the most */
	struct strbuf path = STRBUF_OVER(storage);

	if (name[0] == '.')
		return;
	strbuf_add_string(&path, "/var/lib/dpkg/status.d/");
	strbuf_add_string(&path, name);
	strbuf_add(&path, "", 1);
	inspect_read_lines(stanzas->place, storage, inspect_parse_dpkg_stanza, &stanzas->packages,
		&stanzas->reason);
}

/* Returns: whether there is a database, in which case the report has its count. */
static bool count_packages(const struct inspect_place *place, const char *database,
	const char *path, inspect_line *parse)
{
	struct inspect_report *report = place->report;
	const char *reason = NULL;
	uint64_t packages = 0;

	switch (inspect_read_lines(place, path, parse, &packages, &reason)) {
	case INSPECT_ABSENT:
		return false;
	case INSPECT_NO_IDEA:
		inspect_set_word(&report->package_database, database);
		inspect_set_unknown(&report->os_packages, path, reason);
		return true;
	case INSPECT_PRESENT:
		break;
	}
	inspect_set_word(&report->package_database, database);
	if (!report->os_packages.known && report->os_packages.reason != NULL)
		return true; /* another part of the database is unknown: so is the sum */
	inspect_set_number(&report->os_packages, report->os_packages.number + packages);
	return true;
}

static bool count_dpkg(const struct inspect_place *place)
{
	static const char status_d[] = "/var/lib/dpkg/status.d";
	struct inspect_report *report = place->report;
	struct stanzas stanzas = {.place = place};
	bool found =
		count_packages(place, "dpkg", "/var/lib/dpkg/status", inspect_parse_dpkg_status);
	const char *reason = NULL;
	enum inspect_presence presence = each_name(place, status_d, see_stanza, &stanzas, &reason);

	if (presence == INSPECT_ABSENT)
		return found;
	inspect_set_word(&report->package_database, "dpkg");
	if (presence == INSPECT_NO_IDEA)
		inspect_set_unknown(&report->os_packages, status_d, reason);
	else if (stanzas.reason != NULL)
		inspect_set_unknown(&report->os_packages, status_d, stanzas.reason);
	else if (report->os_packages.known || !found)
		inspect_set_number(
			&report->os_packages, report->os_packages.number + stanzas.packages);
	return true;
}

static bool count_apk(const struct inspect_place *place)
{
	/* apk-tools 3 moves it below /usr; the old place may then be a link to the new one. */
	static const char *const paths[] = {"/lib/apk/db/installed", "/usr/lib/apk/db/installed"};
	struct stat old;
	struct stat new;
	const char *reason;
	bool found = count_packages(place, "apk", paths[0], inspect_parse_apk);

	if (found && inspect_look(place, paths[0], &old, &reason) == INSPECT_PRESENT &&
		inspect_look(place, paths[1], &new, &reason) == INSPECT_PRESENT &&
		old.st_dev == new.st_dev &&old.st_ino == new.st_ino)
		return true;
	return count_packages(place, "apk", paths[1], inspect_parse_apk) || found;
}

static void inspect_packages(const struct inspect_place *place)
{
	/* Told apart from "none", but not read: their formats are databases of their own. */
	static const struct {
		const char *database;
		const char *path;
	} others[] = {{"rpm", "/var/lib/rpm"}, {"rpm", "/usr/lib/sysimage/rpm"},
		{"pacman", "/var/lib/pacman/local"}};
	struct inspect_report *report = place->report;
	struct stat st;
	const char *reason;

	if (count_dpkg(place) || count_apk(place))
		return;
	for (size_t i = 0; i < COUNT(others); i++) {
		switch (inspect_look(place, others[i].path, &st, &reason)) {
		case INSPECT_PRESENT:
			inspect_set_word(&report->package_database, others[i].database);
			inspect_set_unknown(&report->os_packages, others[i].path,
				"this kind of database isn't read");
			return;
		case INSPECT_NO_IDEA:
			inspect_set_unknown(&report->package_database, others[i].path, reason);
			inspect_set_unknown(&report->os_packages, others[i].path, reason);
			return;
		case INSPECT_ABSENT:
			break;
		}
	}
	inspect_set_word(&report->package_database, "none");
	inspect_set_number(&report->os_packages, 0);
}

struct loaders {
	bool musl;
	bool glibc;
};

static void see_loader(void *state, const char *name)
{
	/* Names of glibc's: most machines', 64-bit POWER and S/390, some older ones'. */
	static const char *const glibc[] = {"ld-linux", "ld64.so.", "ld.so.1"};
	struct loaders *loaders = state;

	if (strncmp(name, "ld-musl-", strlen("ld-musl-")) == 0)
		loaders->musl = true;
	for (size_t i = 0; i < COUNT(glibc); i++)
		loaders->glibc = loaders->glibc || strncmp(name, glibc[i], strlen(glibc[i])) == 0;
}

static void inspect_libc(const struct inspect_place *place)
{
	struct inspect_value *libc = &place->report->libc;
	struct loaders loaders = {false, false};
	const char *gap_at = NULL;
	const char *gap = NULL;

	for (size_t i = 0; i < COUNT(lib_dirs); i++) {
		if (each_name(place, lib_dirs[i], see_loader, &loaders, &gap) == INSPECT_NO_IDEA)
			gap_at = lib_dirs[i];
	}
	if (loaders.musl && loaders.glibc)
		inspect_set_word(libc, "glibc+musl");
	else if (loaders.musl || loaders.glibc)
		inspect_set_word(libc, loaders.musl ? "musl" : "glibc");
	else if (gap_at == NULL)
		inspect_set_word(libc, "none");
	else
		inspect_set_unknown(libc, gap_at, gap);
}

static void inspect_certificates(const struct inspect_place *place)
{
	struct inspect_report *report = place->report;
	const char *reason = NULL;

	for (size_t i = 0; i < COUNT(bundles); i++) {
		uint64_t certificates = 0;

		switch (inspect_read_lines(
			place, bundles[i], inspect_parse_pem, &certificates, &reason)) {
		case INSPECT_PRESENT:
			inspect_set_word(&report->ca_bundle, bundles[i]);
			inspect_set_number(&report->ca_certificates, certificates);
			return;
		case INSPECT_NO_IDEA:
			inspect_set_unknown(&report->ca_bundle, bundles[i], reason);
			inspect_set_unknown(&report->ca_certificates, bundles[i], reason);
			return;
		case INSPECT_ABSENT:
			break;
		}
	}
	inspect_set_word(&report->ca_bundle, "none");
	inspect_set_number(&report->ca_certificates, 0);
}

/* Sets whether a path is there. */
static void set_presence(
	const struct inspect_place *place, const char *path, struct inspect_value *value)
{
	const char *reason = NULL;
	struct stat st;
	enum inspect_presence presence = inspect_look(place, path, &st, &reason);

	if (presence == INSPECT_NO_IDEA)
		inspect_set_unknown(value, path, reason);
	else
		inspect_set_number(value, presence == INSPECT_PRESENT);
}

static void inspect_resolver(const struct inspect_place *place)
{
	static const char path[] = "/etc/resolv.conf";
	struct inspect_report *report = place->report;
	const char *reason = NULL;
	uint64_t nameservers = 0;

	set_presence(place, path, &report->resolv_conf);
	if (inspect_read_lines(place, path, inspect_parse_resolv_conf, &nameservers, &reason) ==
		INSPECT_NO_IDEA)
		inspect_set_unknown(&report->nameservers, path, reason);
	else
		inspect_set_number(&report->nameservers, nameservers);
}

static void inspect_tmp(const struct inspect_place *place)
{
	struct inspect_report *report = place->report;
	struct statvfs vfs;
	int errnum = 0;
	int fd;

	set_presence(place, "/tmp", &report->tmp);
	/*
	 * Asked, not tried: looking around leaves no traces. Both are asked, the mount and the
	 * mode bits, since a mode of 1777 promises nothing on a root that is read-only.
	 */
	fd = openat(place->root, "tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatvfs(fd, &vfs) != 0 || faccessat(fd, ".", W_OK | X_OK, 0) != 0)
		errnum = errno;
	else if ((vfs.f_flag & ST_RDONLY) != 0)
		errnum = EROFS;
	if (fd >= 0)
		close(fd);
	if (errnum == 0)
		inspect_set_number(&report->tmp_writable, 1);
	else if (errnum == EACCES || errnum == EPERM || errnum == EROFS || errnum == ENOENT ||
		 errnum == ENOTDIR || errnum == ELOOP)
		inspect_set_number(&report->tmp_writable, 0);
	else
		inspect_set_unknown(&report->tmp_writable, "/tmp", strerror(errnum));
}

void inspect_image(const struct inspect_place *place)
{
	inspect_shells(place);
	inspect_packages(place);
	inspect_libc(place);
	inspect_certificates(place);
	set_presence(place, "/usr/share/zoneinfo", &place->report->zoneinfo);
	set_presence(place, "/etc/localtime", &place->report->localtime);
	inspect_resolver(place);
	inspect_tmp(place);
}
