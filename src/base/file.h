/* file.h - standard descriptors, writes to a descriptor, and reads of small files. */
#ifndef HELLO_BASE_FILE_H
#define HELLO_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>

/*
 * Opens /dev/null on standard descriptors that are closed, before a file or socket gets their
 * number and then what is printed. Standard input reads as empty. A write to standard output
 * still fails with EBADF: what a command prints must not get lost unnoticed. Messages to
 * standard error are discarded.
 * Returns: 0, or -1 with *err filled.
 * Threads: before the first.
 */
int file_open_standard(struct error *err);

/*
 * Writes all len bytes to a blocking descriptor; repeats write(2) after a short write.
 * fd: borrowed
 * Returns: 0, or -1 with errno set; then some of the bytes may have been written.
 * Threads: any.
 */
int file_write_all(int fd, const void *bytes, size_t len);

/*
 * Reads a small file, such as one of /proc. Never waits for a writer to a FIFO.
 * dir, path: as for openat(2)
 * buffer: gets at most size - 1 bytes of the file and a NUL; the rest is ignored; size is at
 *     least 1
 * Returns: 0, or -1 with errno set.
 * Threads: any.
 */
int file_read_at(int dir, const char *path, char *buffer, size_t size);

#endif
