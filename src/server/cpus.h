/* cpus.h - how many CPUs this process may use: its affinity and its cgroup's quota. */
#ifndef HELLO_SERVER_CPUS_H
#define HELLO_SERVER_CPUS_H

/*
 * Reads a cgroup's CPU quota, version 2 (cpu.max) or 1 (cpu.cfs_quota_us), the lowest of
 * the cgroup and all above it that can be seen.
 *
 * proc_cgroup: such as /proc/self/cgroup (cgroups(7))
 * mount:       where cgroups are mounted, such as /sys/fs/cgroup
 * Returns: the quota in whole CPUs, rounded up, from 1; 0 when there is none or it can't
 *          be read.
 */
unsigned cpus_quota(const char *proc_cgroup, const char *mount);

/*
 * Returns: the CPUs that sched_getaffinity(2) allows, or the quota if that is lower; from 1.
 */
unsigned cpus_usable(void);

#endif
