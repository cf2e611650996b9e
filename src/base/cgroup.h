/* cgroup.h - reads the limits that a control group sets on this process. */
#ifndef HELLO_BASE_CGROUP_H
#define HELLO_BASE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/* Known and not limited: the process may use what the machine has. */
struct cgroup_limit {
	bool known;
	bool limited;
	uint64_t value;	     /* bytes, or 1/1000 CPU; 0 unless limited */
	const char *subject; /* static: the file or directory it is unknown for; NULL if known */
	const char *reason;  /* static: why it is unknown; NULL if known */
};

/*
 * Reads the limit of this process's cgroup, version 2 or 1: the lowest of the cgroup and all
 * above it that are visible. One level that can't be read makes the limit unknown, since it may
 * be the lowest.
 *
 * root: a descriptor of the root directory; proc/self/cgroup and sys/fs/cgroup are read below it
 * Returns: the limit.
 * Threads: any.
 * Source: cgroups(7); Linux, admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/memory.rst.
 */
struct cgroup_limit cgroup_memory_limit(int root);

/* The same for the CPU quota. Returns: the limit in 1/1000 CPU, rounded up, from 1. Threads: any. */
struct cgroup_limit cgroup_cpu_limit(int root);

#endif
