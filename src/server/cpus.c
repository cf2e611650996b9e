#include "server/cpus.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

unsigned cpus_within(unsigned count, const struct cgroup_limit *limit)
{
	uint64_t whole;

	if (!limit->limited)
		return count;
	whole = limit->value / 1000 + (limit->value % 1000 != 0);
	return whole < count ? (unsigned)whole : count;
}

unsigned cpus_usable(void)
{
	struct cgroup_limit limit = {0};
	unsigned count = 1;
	cpu_set_t set;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root >= 0) {
		limit = cgroup_cpu_limit(root);
		close(root);
	}
	/* Fails with more CPUs than the set has bits; then one thread serves. */
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = (unsigned)CPU_COUNT(&set);
	return cpus_within(count > 0 ? count : 1, &limit);
}
