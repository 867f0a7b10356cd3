/* SPDX-License-Identifier: Apache-2.0 */
/* A display without scan-out: a frame buffer behind a PCI Express link, and registers that say which
 * of its bytes are the picture (QEMU's bochs-display, spec/bochs_display.h). */
#ifndef DEV_BOCHS_DISPLAY_H
#define DEV_BOCHS_DISPLAY_H

#include "dev/pci.h"

/* Limits of the monitor's size: what a detailed timing of an EDID holds at 60 Hz. */
#define BOCHS_MONITOR_WIDTH_MAX 3840
#define BOCHS_MONITOR_HEIGHT_MAX 2160

/* What device_env.config points to; NULL: 1024 by 768, 64 KiB of memory (tests). */
struct bochs_display_config {
    unsigned width, height; /* preferred mode: BOCHS_WIDTH_MIN... to the limits above */
    uint64_t memory_bytes;  /* a power of two; 0: 16 MiB, or more if two pictures do not fit */
};

extern const struct device_class bochs_display_class;

/* The function to give to a host bridge. */
struct pci_function *bochs_display_pci(void *dev);

/* The picture that is on the screen now. */
struct bochs_picture {
    unsigned width, height;
    /* how it lies in the frame buffer: all within, whatever the registers say */
    unsigned pixel_bits;
    uint64_t offset, stride;
};

/* 0, or -1 with err that says why there is none: off, blanked, or an impossible mode. */
int bochs_display_picture(const void *dev, struct bochs_picture *picture, struct err *err);

/* Line `y` of that picture as width times red, green, blue. */
void bochs_display_line(const void *dev, const struct bochs_picture *picture, unsigned y,
                        uint8_t *rgb);

/* Fills `edid` for a monitor of that preferred mode (VESA E-EDID 1.4). */
void bochs_display_edid(uint8_t edid[128], unsigned width, unsigned height);

#endif
