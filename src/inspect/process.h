/* inspect_process.h - what the process is, what it may do, and what limits it. */
#ifndef HELLO_INSPECT_PROCESS_H
#define HELLO_INSPECT_PROCESS_H

#include "inspect/file.h"

/* Fills the report's third part: user, capabilities, restrictions. */
void inspect_process(const struct inspect_place *place);

/* Fills the fourth: the kernel and the cgroup's limits, as far up as it can be seen. */
void inspect_kernel(const struct inspect_place *place);

#endif
