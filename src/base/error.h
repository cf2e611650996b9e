/* error.h - what went wrong, carried up as a value. Static text: nothing is ever allocated. */
#ifndef HELLO_BASE_ERROR_H
#define HELLO_BASE_ERROR_H

/*
 * Filled by a function that returns -1, untouched by one that returns 0.
 * It reads as one line: `subject "value": what; want`.
 */
struct error {
	const char *subject; /* static: which flag, file or step; NULL if the text says it */
	const char *value;   /* borrowed from the caller's input; NULL if there is none */
	const char *what;    /* static: what was wrong; NULL to use errnum's text alone */
	const char *want;    /* static: what would be right; NULL if that is plain */
	int errnum;	     /* errno of the failed call, or 0 */
};

/*
 * Fills *err. Returns: -1 always, so that a caller can `return error_set(...)`.
 * err: may be NULL for a caller that doesn't care why.
 */
int error_set(struct error *err, int errnum, const char *subject, const char *value,
	const char *what, const char *want);

/*
 * Writes "hello: " and the error as one line to a descriptor, with control
 * characters of the value made visible.
 * Errors: a failed write(2) is ignored; there is nowhere left to say so.
 */
void error_print(int fd, const struct error *err);

#endif
