/* cpus.h - how many CPUs this process may use: its affinity and its cgroup's quota. */
#ifndef HELLO_SERVER_CPUS_H
#define HELLO_SERVER_CPUS_H

#include "base/cgroup.h"

/*
 * Lowers a number of CPUs to a limit, rounded up: half a CPU still needs one thread. Pure.
 * count: from 1
 * limit: in 1/1000 CPU, from 1; an unknown limit lowers nothing
 * Returns: the number, from 1.
 */
unsigned cpus_within(unsigned count, const struct cgroup_limit *limit);

/*
 * Returns: the CPUs that sched_getaffinity(2) allows, or the cgroup's quota if that is lower;
 *     from 1.
 */
unsigned cpus_usable(void);

#endif
