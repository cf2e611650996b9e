/* error.h - an error as a value, passed up to the caller that prints it. Never allocated. */
#ifndef HELLO_BASE_ERROR_H
#define HELLO_BASE_ERROR_H

/*
 * Filled by a function that returns -1, untouched by one that returns 0.
 * It reads as one line: `subject "value": what; want`.
 */
struct error {
	const char *subject; /* static: which flag, file or step; NULL for none */
	const char *value;   /* borrowed from the caller's input; NULL for none */
	const char *what;    /* static: what is wrong; NULL to use errnum's text alone */
	const char *want;    /* static: what is valid, or what to do; NULL for none */
	int errnum;	     /* errno of the failed call, or 0 */
};

/*
 * Fills *err.
 * err: may be NULL
 * errnum: errno of the failed call, 0 for none
 * subject, what, want: static strings, NULL for none
 * value: borrowed for as long as *err is used; NULL for none
 * Returns: -1 always, so that a caller can `return error_set(...)`.
 * Threads: any.
 */
int error_set(struct error *err, int errnum, const char *subject, const char *value,
	const char *what, const char *want);

/*
 * Writes "hello: " and the error as one line to a descriptor, the value by strbuf_add_printable().
 * fd: borrowed
 * Errors: a failed write(2) is ignored; there is nowhere left to report it.
 * Threads: any.
 */
void error_print(int fd, const struct error *err);

#endif
