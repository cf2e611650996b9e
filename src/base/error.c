#include "base/error.h"
#include "base/strbuf.h"

#include <string.h>
#include <unistd.h>

int error_set(struct error *err, int errnum, const char *subject, const char *value,
	const char *what, const char *want)
{
	if (err != NULL) {
		err->subject = subject;
		err->value = value;
		err->what = what;
		err->want = want;
		err->errnum = errnum;
	}
	return -1;
}

void error_print(int fd, const struct error *err)
{
	char storage[1024];
	struct strbuf line = STRBUF_OVER(storage);

	line.size -= 1; /* for the newline */
	strbuf_add_string(&line, "hello: ");
	if (err->subject != NULL)
		strbuf_add_string(&line, err->subject);
	if (err->value != NULL) {
		strbuf_add_string(&line, err->subject != NULL ? " \"" : "\"");
		strbuf_add_printable(&line, err->value, strlen(err->value));
		strbuf_add_string(&line, "\"");
	}
	if (err->subject != NULL || err->value != NULL)
		strbuf_add_string(&line, ": ");
	if (err->what != NULL)
		strbuf_add_string(&line, err->what);
	if (err->errnum != 0) {
		if (err->what != NULL)
			strbuf_add_string(&line, ": ");
		strbuf_add_string(&line, strerror(err->errnum));
	}
	if (err->want != NULL) {
		strbuf_add_string(&line, "; ");
		strbuf_add_string(&line, err->want);
	}
	line.size += 1;
	strbuf_add_string(&line, "\n");
	if (write(fd, line.data, line.len) < 0)
		return;
}
