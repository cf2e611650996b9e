/* pem_file.h - a PEM file in memory, wiped after use. */
#ifndef HELLO_TLS_PEM_FILE_H
#define HELLO_TLS_PEM_FILE_H

#include "base/error.h"

#include <stddef.h>

/* With a final NUL, which len includes: mbedTLS's parsers need it for PEM. */
struct pem_file {
	unsigned char *text; /* owned */
	size_t len;
};

/*
 * Reads a whole file of at most 1 MiB.
 * subject: static; the flag that an error names
 * Returns: 0 with *file to be freed by pem_file_free(), or -1 with *err filled.
 */
int pem_file_read(const char *path, const char *subject, struct pem_file *file, struct error *err);

/* Wipes and frees the text. */
void pem_file_free(struct pem_file *file);

#endif
