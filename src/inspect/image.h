/* image.h - the software in the image: a shell, packages. */
#ifndef HELLO_INSPECT_IMAGE_H
#define HELLO_INSPECT_IMAGE_H

#include "inspect/file.h"

/* Fills the image's part of the report. */
void inspect_image(const struct inspect_place *place);

#endif
