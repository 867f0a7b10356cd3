/* SPDX-License-Identifier: Apache-2.0 */
/* A driver for the display (spec/bochs_display.h): a PCI function with a frame buffer of its own,
 * which a program fills as it fills memory.  What is in it is on the screen.
 *
 * How the hart reaches the frame buffer is the program's choice: uncached as the board gives it, or
 * paging_type(display.pixels, display.bytes, PAGING_NC) for write-combining. */
#ifndef LABS_LIB_DISPLAY_H
#define LABS_LIB_DISPLAY_H

#include <stdint.h>

struct display {
    uint8_t *pixels;      /* BAR 0: 4 bytes a pixel, blue, green, red, nothing; rows from the top */
    uint32_t width, height;
    uint32_t stride;      /* bytes from one row to the next */
    uint32_t bytes;       /* of the picture: stride * height */
    uint32_t memory;      /* of the frame buffer */
};

/* Finds the display and sets a mode of that many pixels and 32 bits each.  Returns NULL, or why
 * not. */
const char *display_init(struct display *, uint32_t width, uint32_t height);

#endif
