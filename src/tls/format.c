/*
 * format.c - what mbedTLS calls instead of snprintf(3) (deps/mbedtls-config.h). The functions of it that hello links
 * print names of certificates with %s, %c and %u alone. The C library's formatted printing would be 8 kB.
 */
#include "tls/format.h"

#include "base/strbuf.h"

#include <stdarg.h>

int mbedtls_format(char *out, size_t size, const char *format, ...)
{
	/* The last byte is for the NUL. */
	struct strbuf text = {.data = out, .size = size > 0 ? size - 1 : 0};
	bool known = true;
	va_list args;
	char c;

	va_start(args, format);
	/* NOLINTBEGIN(clang-analyzer-valist.Uninitialized): clang-tidy 14 misses va_start */
	for (; known && *format != '\0'; format++) {
		if (*format != '%') {
			strbuf_add(&text, format, 1);
			continue;
		}
		switch (*++format) {
		case 's':
			strbuf_add_string(&text, va_arg(args, const char *));
			break;
		case 'c':
			c = (char)va_arg(args, int);
			strbuf_add(&text, &c, 1);
			break;
		case 'u':
			strbuf_add_unsigned(&text, va_arg(args, unsigned), 0);
			break;
		default:
			known = false;
		}
	}
	/* NOLINTEND(clang-analyzer-valist.Uninitialized) */
	va_end(args);
	if (size > 0)
		out[text.len] = '\0';
	if (!known)
		return -1;
	return text.truncated ? (int)size : (int)text.len;
}
