#include "server/version.h"
#include "tls/tls.h"

#include <stddef.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>

const char *version_libc(void)
{
	return gnu_get_libc_version();
}

#define LIBC_NAME "glibc"
#else
/* musl has no function for its version; a static link can name the object that holds it. */
extern const char __libc_version[];

const char *version_libc(void)
{
	return __libc_version;
}

#define LIBC_NAME "musl"
#endif

const char *version_hello(void)
{
	return HELLO_VERSION;
}

/* The Makefile tells both; an analyser that compiles this file alone does not. */
#ifndef HELLO_REVISION
#define HELLO_REVISION ""
#endif
#ifndef HELLO_BINUTILS
#define HELLO_BINUTILS ""
#endif
/* A part's version, or NULL if it is empty. */
#define KNOWN(text) (sizeof(text) > 1 ? (text) : NULL)

struct part {
	const char *name;
	const char *version;
};

#define PARTS(libmicrohttpd)                                                                       \
	{                                                                                          \
		{"hello", version_hello()}, {"commit", KNOWN(HELLO_REVISION)},                     \
			{LIBC_NAME, version_libc()}, {"libmicrohttpd", (libmicrohttpd)},           \
			{"mbedtls", tls_library_version()}, {"compiler", __VERSION__},             \
			{"binutils", KNOWN(HELLO_BINUTILS)},                                       \
	}

void version_write_text(const char *libmicrohttpd, struct strbuf *out)
{
	const struct part parts[] = PARTS(libmicrohttpd);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].version == NULL)
			continue; /* not in this build, or not known */
		strbuf_add_string(out, parts[i].name);
		strbuf_add_string(out, " ");
		strbuf_add_string(out, parts[i].version);
		strbuf_add_string(out, "\n");
	}
}

void version_write_json(const char *libmicrohttpd, struct strbuf *out)
{
	const struct part parts[] = PARTS(libmicrohttpd);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].version == NULL)
			continue;
		strbuf_add_string(out, i == 0 ? "{\"" : ",\"");
		strbuf_add_string(out, parts[i].name);
		strbuf_add_string(out, "\":\"");
		strbuf_add_string(out, parts[i].version);
		strbuf_add_string(out, "\"");
	}
	strbuf_add_string(out, "}\n");
}
