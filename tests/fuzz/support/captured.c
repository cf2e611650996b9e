#include "captured.h"

#include "expect.h"

#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char kept[1 << 20];
static size_t kept_len;
static bool keeping;

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	if (!keeping || fd != STDERR_FILENO)
		return __real_write(fd, bytes, len);
	if (len > sizeof(kept) - kept_len) {
		keeping = false;
		EXPECT(false, "%zu bytes of log from one input", kept_len + len);
	}
	memcpy(kept + kept_len, bytes, len);
	kept_len += len;
	return (ssize_t)len;
}

void captured_begin(void)
{
	kept_len = 0;
	keeping = true;
}

const char *captured_end(size_t *len)
{
	keeping = false;
	*len = kept_len;
	return kept;
}

void captured_expect_lines(const char *text, size_t len)
{
	EXPECT(len == 0 || text[len - 1] == '\n', "no newline at the end");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		EXPECT(c == '\n' || (c >= 0x20 && c != 0x7F), "0x%02x at %zu", c, i);
	}
}
