/* clock.h - the monotonic clock, which does not follow changes of the date. */
#ifndef HELLO_BASE_CLOCK_H
#define HELLO_BASE_CLOCK_H

#include <stdint.h>

/*
 * Returns: microseconds since an arbitrary point in the past (clock_gettime(2), CLOCK_MONOTONIC).
 * Threads: any.
 */
int64_t clock_monotonic_us(void);

/* Returns: the same in milliseconds. Threads: any. */
int64_t clock_monotonic_ms(void);

#endif
