#include "sandbox/landlock.h"

#include "tls/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Names that the headers of Linux 6.1 (Debian 12) do not have. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP	(1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL		    (1ULL << 1)
#endif

#define ACCESS_FS_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* All rights, oldest first. Names are arrays: pointers would be relocated at each start. */
static const struct right {
	char name[27];
	uint8_t abi; /* the first that has it */
	uint16_t handled_access_fs;
	uint8_t handled_access_net;
	uint8_t scoped;
} rights[] = {
	{"ACCESS_FS", 1, .handled_access_fs = ACCESS_FS_ABI_1},
	{"REFER", 2, .handled_access_fs = LANDLOCK_ACCESS_FS_REFER},
	{"TRUNCATE", 3, .handled_access_fs = LANDLOCK_ACCESS_FS_TRUNCATE},
	/* The listeners are bound before, and the service never connects. */
	{"BIND_TCP", 4, .handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP},
	{"CONNECT_TCP", 4, .handled_access_net = LANDLOCK_ACCESS_NET_CONNECT_TCP},
	{"IOCTL_DEV", 5, .handled_access_fs = LANDLOCK_ACCESS_FS_IOCTL_DEV},
	/* Other processes of the same user, outside the sandbox. */
	{"SCOPE_ABSTRACT_UNIX_SOCKET", 6, .scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET},
	{"SCOPE_SIGNAL", 6, .scoped = LANDLOCK_SCOPE_SIGNAL},
};

static const size_t right_count = sizeof(rights) / sizeof(rights[0]);

static void add_right(struct landlock_attr *attr, const struct right *right)
{
	attr->handled_access_fs |= right->handled_access_fs;
	attr->handled_access_net |= right->handled_access_net;
	attr->scoped |= right->scoped;
}

/*
 * One right more at a time, oldest first. Removing rights until the kernel accepts would lose
 * every right that is newer than the refused one.
 */
static int make_ruleset_by_right(long abi, landlock_create *create, unsigned *refused)
{
	struct landlock_attr attr = {0};
	int ruleset = -1;

	for (size_t i = 0; i < right_count && rights[i].abi <= abi; i++) {
		struct landlock_attr next = attr;
		int created;

		add_right(&next, &rights[i]);
		created = create(&next, sizeof(next));
		if (created < 0 && i == 0)
			return -1; /* without files it is no sandbox */
		if (created < 0) {
			*refused |= 1U << i;
			continue;
		}
		if (ruleset >= 0)
			close(ruleset);
		ruleset = created;
		attr = next;
	}
	return ruleset;
}

int landlock_make_ruleset(long abi, landlock_create *create, unsigned *refused)
{
	struct landlock_attr attr = {0};
	int ruleset;

	for (size_t i = 0; i < right_count && rights[i].abi <= abi; i++)
		add_right(&attr, &rights[i]);
	ruleset = create(&attr, sizeof(attr));
	/*
	 * The ABI version alone is no proof: Red Hat's 5.14 kernels announce ABI 6 and refuse
	 * SCOPE_SIGNAL. EINVAL is an unknown bit, E2BIG an unknown member that is not 0.
	 */
	if (ruleset < 0 && (errno == EINVAL || errno == E2BIG))
		ruleset = make_ruleset_by_right(abi, create, refused);
	return ruleset;
}

void landlock_add_names(unsigned bits, struct strbuf *out)
{
	const char *separator = "";

	for (size_t i = 0; i < right_count; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		strbuf_add_string(out, separator);
		strbuf_add_string(out, rights[i].name);
		separator = ", ";
	}
}

/* What allow_reading() returns for the root. */
#define IS_ROOT 1

/* Compares the directories themselves: "//", "/." and a link are names of the root, too. */
static bool is_root(const struct stat *directory)
{
	struct stat root;

	return stat("/", &root) == 0 && root.st_dev == directory->st_dev &&
	       root.st_ino == directory->st_ino;
}

/*
 * Allows reading of a file, or of all files in a directory and below.
 * type: O_DIRECTORY for a directory, otherwise 0
 * Returns: 0, also where there is no such file: it can't be read later. IS_ROOT for the root,
 * which is not allowed: that would be every file. -1 with errno set.
 */
static int allow_reading(int ruleset, const char *path, int type)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
		.parent_fd = open(path, O_PATH | O_CLOEXEC | type)};
	struct stat st;
	long result = 0;

	if (rule.parent_fd < 0)
		return 0;
	if (fstat(rule.parent_fd, &st) == 0 && S_ISDIR(st.st_mode) == (type != 0)) {
		if (type != 0)
			rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
		result = type != 0 && is_root(&st) ? IS_ROOT
						   : syscall(SYS_landlock_add_rule, ruleset,
							     LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	close(rule.parent_fd);
	return (int)result;
}

/* Removes the last component of a path. */
static void remove_last_component(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		memcpy(path, ".", 2);
	else if (slash == path)
		path[1] = '\0';
	else
		*slash = '\0';
}

/*
 * Allows reading in the directory of a file and in the directory that its links lead to.
 * Kubernetes renews a volume by replacing a link to a directory beside it: tls.crt ->
 * ..data/tls.crt, ..data -> ..2026_11_23. If the given path contains such a link
 * (..data/tls.crt), the directory of the link is allowed too.
 * Returns: 0; IS_ROOT if one of the first two is the root, in whose place the file is
 * allowed; -1 with errno set.
 */
static int allow_rereading(int ruleset, const char *file)
{
	char path[PATH_MAX];
	struct stat st;
	size_t len = strlen(file);
	int real = 0;
	int given;

	if (len == 0 || len >= sizeof(path))
		return 0;
	if (realpath(file, path) != NULL) {
		remove_last_component(path);
		real = allow_reading(ruleset, path, O_DIRECTORY);
		if (real < 0)
			return -1;
	}
	memcpy(path, file, len + 1);
	remove_last_component(path);
	given = allow_reading(ruleset, path, O_DIRECTORY);
	if (given < 0)
		return -1;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		remove_last_component(path);
		if (allow_reading(ruleset, path, O_DIRECTORY) < 0)
			return -1;
	}
	if (real != IS_ROOT && given != IS_ROOT)
		return 0;
	return allow_reading(ruleset, file, 0) < 0 ? -1 : IS_ROOT;
}

static int create_ruleset(const struct landlock_attr *attr, size_t attr_bytes)
{
	return (int)syscall(SYS_landlock_create_ruleset, attr, attr_bytes, 0);
}

int landlock_restrict(const struct sandbox_needs *needs, unsigned *refused, bool *in_root)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	unsigned bits = 0;
	bool root = false;
	int ruleset;
	int errnum;

	if (abi < 0)
		return -1;
	ruleset = landlock_make_ruleset(abi, create_ruleset, &bits);
	if (ruleset < 0)
		return -1;
	for (const char *const *file = needs->reread; TLS_BUILT_IN && file != NULL && *file != NULL;
		file++) {
		int allowed = allow_rereading(ruleset, *file);

		if (allowed < 0)
			goto out;
		root = root || allowed == IS_ROOT;
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		goto out;
	close(ruleset);
	*refused = bits;
	*in_root = root;
	return 0;
out:
	errnum = errno;
	close(ruleset);
	errno = errnum;
	return -1;
}
