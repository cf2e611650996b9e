/*
 * seccomp.h - the system calls that stay allowed, as a filter program for seccomp(2).
 * Pure: it writes the program and does not install it.
 */
#ifndef HELLO_SANDBOX_SECCOMP_H
#define HELLO_SANDBOX_SECCOMP_H

#include "sandbox/sandbox.h"

#include <linux/filter.h>
#include <stdint.h>

/* Room for the program with every rule, in instructions. */
#define SECCOMP_FILTER_MAX 256

/*
 * Writes the filter program.
 * filter: room for SECCOMP_FILTER_MAX instructions
 * Returns: the number of instructions; 0 when there is no table for this processor.
 */
uint16_t seccomp_write_filter(const struct sandbox_needs *needs, struct sock_filter *filter);

#endif
