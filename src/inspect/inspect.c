#include "inspect/inspect.h"

#include "inspect/file.h"
#include "inspect/image.h"
#include "inspect/process.h"
#include "inspect/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int inspect_collect(const char *root, struct inspect_report *report, struct error *err)
{
	struct inspect_place place = {.report = report};
	int result = 0;

	*report = (struct inspect_report){0};
	/* O_PATH: a root that this user may search but not read is still inspected. */
	place.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place.root < 0)
		return error_set(err, errno, "inspect", root, NULL, NULL);
	inspect_image(&place);
	inspect_process(&place);
	if (inspect_tree(&place) != 0)
		result = error_set(err, ENOMEM, "inspect", root, NULL, NULL);
	close(place.root);
	return result;
}
