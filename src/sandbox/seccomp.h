/*
 * sandbox_calls.h - which system calls may still be made, as a program for seccomp(2).
 * Pure: it writes the program and does not load it.
 */
#ifndef HELLO_SANDBOX_SECCOMP_H
#define HELLO_SANDBOX_SECCOMP_H

#include "sandbox/sandbox.h"
#include "sandbox/sandbox_abi.h"

#include <stdint.h>

/* Room for the whole table, in instructions. */
#define SECCOMP_FILTER_MAX 256

/*
 * Writes the program.
 * instructions: SANDBOX_CALLS_MAX of them
 * Returns: how many were written; 0 when there is no table for this processor.
 */
uint16_t seccomp_write_filter(
	const struct sandbox_needs *needs, struct bpf_instruction *instructions);

#endif
