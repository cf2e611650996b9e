/* inspect_image.h - what the image brings along: shells, packages, libc, certificates. */
#ifndef HELLO_INSPECT_IMAGE_H
#define HELLO_INSPECT_IMAGE_H

#include "inspect/file.h"

/* Fills the report's second part. */
void inspect_image(const struct inspect_place *place);

#endif
