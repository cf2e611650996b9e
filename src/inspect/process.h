/* process.h - the user, the rights and the limits of the process. */
#ifndef HELLO_INSPECT_PROCESS_H
#define HELLO_INSPECT_PROCESS_H

#include "inspect/file.h"

/* Fills the report's parts on the process and its cgroup, and whether the root is read-only. */
void inspect_process(const struct inspect_place *place);

#endif
