/*
 * sandbox_calls.h - which system calls may still be made, as a program for seccomp(2).
 * Pure: it writes the program and does not load it.
 */
#ifndef HELLO_SANDBOX_CALLS_H
#define HELLO_SANDBOX_CALLS_H

#include "sandbox.h"
#include "sandbox_abi.h"

#include <stdint.h>

/* Room for the whole table, in instructions. */
#define SANDBOX_CALLS_MAX 256

/*
 * Writes the program.
 * instructions: SANDBOX_CALLS_MAX of them
 * Returns: how many were written; 0 when there is no table for this processor.
 */
uint16_t sandbox_calls_write(
	const struct sandbox_needs *needs, struct bpf_instruction *instructions);

#endif
