#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct landlock_handled landlock_handled_by_abi(long abi)
{
	struct landlock_handled handled = {.files = LANDLOCK_FILES_ABI_1};

	if (abi >= 2)
		handled.files |= LANDLOCK_REFER;
	if (abi >= 3)
		handled.files |= LANDLOCK_TRUNCATE;
	if (abi >= 4) /* the listeners are bound already, and nothing here connects */
		handled.network = LANDLOCK_BIND_TCP | LANDLOCK_CONNECT_TCP;
	if (abi >= 5)
		handled.files |= LANDLOCK_IOCTL_DEV;
	if (abi >= 6) /* what shares the user id, though not the sandbox */
		handled.scopes = LANDLOCK_SCOPE_SOCKET | LANDLOCK_SCOPE_SIGNAL;
	return handled;
}

/* Returns: 0 also when there is no such directory: it can't be read later either. */
static int allow_reading(int ruleset, const char *directory)
{
	struct landlock_beneath rule = {.allowed = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR,
		.directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	long result;

	if (rule.directory < 0)
		return 0;
	result = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_BENEATH, &rule, 0);
	close(rule.directory);
	return result == 0 ? 0 : -1;
}

/* Cuts the last component off. Returns: false when what is left is the root. */
static bool cut_to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		memcpy(path, ".", 2);
	else if (slash == path)
		path[1] = '\0';
	else
		*slash = '\0';
	return strcmp(path, "/") != 0;
}

/*
 * Allows reading where a file lies, and where the links to it lead. Kubernetes renews a
 * volume by turning a link to another directory beside it: tls.crt -> ..data/tls.crt,
 * ..data -> ..2026_11_23. So when the path itself goes through such a link (..data/tls.crt),
 * the directory of the link is allowed too.
 */
static int allow_rereading(int ruleset, const char *file)
{
	char path[PATH_MAX];
	struct stat st;
	size_t len = strlen(file);

	if (len == 0 || len >= sizeof(path))
		return 0;
	if (realpath(file, path) != NULL) {
		cut_to_parent(path);
		if (allow_reading(ruleset, path) != 0)
			return -1;
	}
	memcpy(path, file, len + 1);
	cut_to_parent(path);
	if (allow_reading(ruleset, path) != 0)
		return -1;
	/* Never the root: that would be everything. */
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && cut_to_parent(path))
		return allow_reading(ruleset, path);
	return 0;
}

int landlock_restrict(const struct sandbox_needs *needs)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_ASK_VERSION);
	struct landlock_handled handled;
	int ruleset;
	int errnum;

	if (abi < 0)
		return -1;
	handled = landlock_handled_by_abi(abi);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (ruleset < 0)
		return -1;
	for (const char *const *file = needs->reread; file != NULL && *file != NULL; file++) {
		if (allow_rereading(ruleset, *file) != 0)
			goto out;
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		goto out;
	close(ruleset);
	return 0;
out:
	errnum = errno;
	close(ruleset);
	errno = errnum;
	return -1;
}
