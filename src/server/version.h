/*
 * version.h - the versions of this build, its C library, its libraries, its compiler and its linker,
 * and the commit that it was built from, if the build knew it.
 */
#ifndef HELLO_SERVER_VERSION_H
#define HELLO_SERVER_VERSION_H

#include "base/strbuf.h"

/* Bytes that either writer below may need. */
#define VERSION_TEXT_SIZE 512

/* Returns: this project's version, static. */
const char *version_hello(void);

/* Returns: the version of the C library linked in, static. */
const char *version_libc(void);

/* Appends a line each. libmicrohttpd: its version, borrowed. */
void version_write_text(const char *libmicrohttpd, struct strbuf *out);

/* Appends the same as one JSON object and a newline. */
void version_write_json(const char *libmicrohttpd, struct strbuf *out);

#endif
