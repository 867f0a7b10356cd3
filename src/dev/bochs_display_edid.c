/* SPDX-License-Identifier: Apache-2.0 */
/* What the monitor says of itself: VESA Enhanced EDID, release A revision 2 (structure 1.4). */
#include "dev/bochs_display.h"

/* Blanking as in VESA CVT 1.2 reduced blanking: what a flat panel wants. */
enum {
    H_BLANK = 160, H_FRONT = 48, H_SYNC = 32,
    V_FRONT = 3, V_SYNC = 5, V_BACK_MIN = 6,
    V_BLANK_MIN_US = 460,
    REFRESH_HZ = 60,
};
#define DOTS_PER_INCH 96

/* Lines of vertical blanking: at least V_BLANK_MIN_US. */
static unsigned vertical_blank(unsigned height)
{
    unsigned frame_us = 1000000 / REFRESH_HZ;
    unsigned lines = height * V_BLANK_MIN_US / (frame_us - V_BLANK_MIN_US) + 1;

    return lines < V_FRONT + V_SYNC + V_BACK_MIN ? V_FRONT + V_SYNC + V_BACK_MIN : lines;
}

static unsigned millimetres(unsigned dots)
{
    return dots * 254 / (DOTS_PER_INCH * 10);
}

/* A detailed timing descriptor (3.10.2), 18 bytes. */
static void put_timing(uint8_t *d, unsigned width, unsigned height)
{
    unsigned v_blank = vertical_blank(height);
    unsigned clock_10khz = (unsigned)((uint64_t)(width + H_BLANK) * (height + v_blank) *
                                      REFRESH_HZ / 10000);
    unsigned w_mm = millimetres(width), h_mm = millimetres(height);

    le16_put(d, (uint16_t)clock_10khz);
    d[2] = (uint8_t)width;
    d[3] = (uint8_t)H_BLANK;
    d[4] = (uint8_t)(width >> 8 << 4 | H_BLANK >> 8);
    d[5] = (uint8_t)height;
    d[6] = (uint8_t)v_blank;
    d[7] = (uint8_t)(height >> 8 << 4 | v_blank >> 8);
    d[8] = H_FRONT;
    d[9] = H_SYNC;
    d[10] = V_FRONT << 4 | V_SYNC;
    d[11] = 0; /* upper bits of the four before */
    d[12] = (uint8_t)w_mm;
    d[13] = (uint8_t)h_mm;
    d[14] = (uint8_t)(w_mm >> 8 << 4 | h_mm >> 8);
    d[17] = 0x1a; /* separate syncs, horizontal positive, vertical negative: as reduced blanking */
}

void bochs_display_edid(uint8_t edid[128], unsigned width, unsigned height)
{
    static const uint8_t header[8] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    /* Chromaticity coordinates of sRGB and its white (3.7). */
    static const uint8_t srgb[10] = {0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
    static const char name[] = "Doorbell\n    "; /* 13 characters: ends in a line feed, filled up */
    uint8_t sum = 0;

    memset(edid, 0, 128);
    memcpy(edid, header, sizeof header);
    edid[8] = ('D' - '@') << 2 | ('B' - '@') >> 3; /* three letters of 5 bits: "DBL" (3.4.1) */
    edid[9] = (uint8_t)(('B' - '@') << 5 | ('L' - '@'));
    edid[10] = 1; /* product */
    edid[17] = 2026 - 1990;
    edid[18] = 1;
    edid[19] = 4;
    edid[20] = 0xa0; /* digital, 8 bits a colour, no interface said (3.6.1) */
    edid[21] = (uint8_t)(millimetres(width) / 10);
    edid[22] = (uint8_t)(millimetres(height) / 10);
    edid[23] = 220 - 100; /* gamma 2.2 */
    edid[24] = 0x06;      /* sRGB; the preferred timing is the panel's own */
    memcpy(edid + 25, srgb, sizeof srgb);
    edid[35] = 0x21; /* established: 640 x 480 and 800 x 600 at 60 Hz */
    edid[36] = 0x08; /* and 1024 x 768 at 60 Hz */
    memset(edid + 38, 0x01, 16); /* standard timings: none used */
    put_timing(edid + 54, width, height);
    edid[72 + 3] = 0xfc; /* display descriptor: name of the product (3.10.3.4) */
    memcpy(edid + 72 + 5, name, 13);
    edid[90 + 3] = 0x10; /* dummy descriptors (3.10.3.11) */
    edid[108 + 3] = 0x10;
    for (unsigned i = 0; i < 127; i++)
        sum = (uint8_t)(sum + edid[i]);
    edid[127] = (uint8_t)-sum;
}
