/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures as files. */
#ifndef HOST_PNG_H
#define HOST_PNG_H

#include "base/err.h"

#include <stdint.h>

/* Writes a PNG file, all of it or nothing.  `line` fills line y, `width` times red, green, blue; it
 * is called for each line in order.  The same picture is the same bytes.  `what` begins the
 * messages. */
int png_file_write(const char *what, const char *path, unsigned width, unsigned height,
                   void (*line)(void *ctx, unsigned y, uint8_t *rgb), void *ctx, struct err *err);

#endif
