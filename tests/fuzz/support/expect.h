/* expect.h - a broken promise ends the harness, so that libFuzzer keeps the input. */
#ifndef FUZZ_EXPECT_H
#define FUZZ_EXPECT_H

#include <stdio.h>
#include <stdlib.h>

/* Unlike assert(3) it says what was seen, printf(3) style, and NDEBUG does not silence it. */
#define EXPECT(condition, ...)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: want %s: ", __FILE__, __LINE__, #condition);       \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
