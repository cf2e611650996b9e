/* input.h - takes libFuzzer's bytes apart. What is not there reads as zero or empty. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *at;
	size_t left;
};

/* Returns: the next byte. */
uint8_t input_byte(struct input *input);

/*
 * Takes the bytes up to the next NUL or the end.
 * Returns: a NUL-terminated copy of exactly that size, so that AddressSanitizer sees a read
 * behind its end; owned by the caller.
 */
char *input_string(struct input *input);

/* Returns: a copy of all that is left, of exactly its size; owned by the caller. Never NULL. */
char *input_rest(struct input *input, size_t *len);

#endif
