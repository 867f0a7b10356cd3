/* SPDX-License-Identifier: Apache-2.0 */
/* BROKEN: the box of band 5 is blended in the frame buffer, as if that were memory like any other. */
#include "labs/lib/display.h"
#include "labs/lib/dma.h"
#include "labs/lib/fence.h"
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/paging.h"
#include "labs/lib/print.h"
#include "labs/lib/string.h"
#include "labs/lib/timer.h"

enum {
    WIDTH = 320, ROWS = 40, BANDS = 6, HEIGHT = ROWS * BANDS,
    BAND_BYTES = WIDTH * ROWS * 4,
    BOX_WIDTH = 64, BOX_ROWS = 24, BOX_X = 40, BOX_Y = 8, /* what is blended, in its band */
    BOX_BYTES = BOX_WIDTH * BOX_ROWS * 4,
    LINES = 64,                                           /* of 64 bytes, in partial lines */
    FRAMES = 12, LOOKS = DMA_CHAIN_MAX / 2,               /* of the forgotten fence */
};

static struct display display;
static struct dma_channel channel;
static _Alignas(64) uint32_t shadow[ROWS * WIDTH];

static void check(const char *why)
{
    if (why)
        die(why);
}

/* All of the frame buffer, from now on. */
static void frame_buffer_is(enum paging_type type)
{
    fence_all(); /* what was stored as the old type is done with */
    if (!paging_type((uintptr_t)display.pixels, display.memory, type))
        die("the frame buffer cannot be given a type");
}

static volatile uint32_t *band(unsigned number)
{
    return (volatile uint32_t *)display.pixels + number * ROWS * WIDTH;
}

/* ---- the picture: rings ---- */

static uint32_t colour(uint32_t x, uint32_t y)
{
    int32_t dx = (int32_t)x - WIDTH / 2, dy = (int32_t)y - HEIGHT / 2;
    uint32_t ring = (uint32_t)(dx * dx + dy * dy) >> 5;

    /* red, green, blue: from the ring, the column and the row. */
    return (ring & 0xff) << 16 | (x * 204 / 256) << 8 | (255 - y);
}

/* Row by row, as it lies in memory; `to` is the band's first pixel. */
static void draw_rows(volatile uint32_t *to, uint32_t top)
{
    for (uint32_t y = top; y < top + ROWS; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            *to++ = colour(x, y);
}

/* Two pixels a store. */
static void draw_pairs(volatile uint64_t *to, uint32_t top)
{
    for (uint32_t y = top; y < top + ROWS; y++)
        for (uint32_t x = 0; x < WIDTH; x += 2)
            *to++ = colour(x, y) | (uint64_t)colour(x + 1, y) << 32;
}

/* Column by column: from one store to the next it is a row of memory. */
static void draw_columns(volatile uint32_t *to, uint32_t top)
{
    for (uint32_t x = 0; x < WIDTH; x++)
        for (uint32_t y = 0; y < ROWS; y++)
            to[y * WIDTH + x] = colour(x, top + y);
}

static void copy(volatile uint64_t *to, const uint64_t *from, uint32_t bytes)
{
    for (; bytes; bytes -= 8)
        *to++ = *from++;
}

static void on_copied(void *context)
{
    (void)context; /* dma_look() has been called, and the hart is awake */
}

static void six_ways(void)
{
    frame_buffer_is(PAGING_PMA);
    mark(10);
    draw_rows(band(0), 0 * ROWS);
    mark_value(11, BAND_BYTES);

    mark(12);
    draw_pairs((volatile uint64_t *)band(1), 1 * ROWS);
    mark_value(13, BAND_BYTES);

    frame_buffer_is(PAGING_NC);
    mark(14);
    draw_rows(band(2), 2 * ROWS);
    fence_write_combining();
    mark_value(15, BAND_BYTES);

    mark(16);
    draw_columns(band(3), 3 * ROWS);
    fence_write_combining();
    mark_value(17, BAND_BYTES);

    mark(18);
    draw_rows(shadow, 4 * ROWS);
    mark_value(19, BAND_BYTES);
    mark(20);
    copy((volatile uint64_t *)band(4), (const uint64_t *)shadow, BAND_BYTES);
    fence_write_combining();
    mark_value(21, BAND_BYTES);

    draw_rows(shadow, 5 * ROWS);
    mark(22);
    check(dma_set(&channel, (void *)band(5), shadow, BAND_BYTES));
    dma_start(&channel);
    if (!WAIT_ASLEEP(channel.state != DMA_BUSY, 10000) || channel.error)
        die("the DMA controller does not copy");
    mark_value(23, BAND_BYTES);
}

/* ---- reading back ---- */

/* Mixes a box with white: each pixel is read, changed, written. */
static void blend(volatile uint32_t *to)
{
    for (uint32_t y = BOX_Y; y < BOX_Y + BOX_ROWS; y++)
        for (uint32_t x = BOX_X; x < BOX_X + BOX_WIDTH; x++)
            to[y * WIDTH + x] = (to[y * WIDTH + x] >> 1 & 0x7f7f7f) + 0x7f7f7f;
}

static void reading_back(void)
{
    mark(24);
    blend(band(2)); /* write-combining: a load is uncached, and sends its line first */
    fence_write_combining();
    mark_value(25, BOX_BYTES);

    /* The same in RAM, where a copy of band 5 still is; then the box's rows go out. */
    mark(26);
    blend(band(5));
    fence_write_combining();
    mark_value(27, BOX_BYTES);
}

/* ---- lines that are not full ---- */

static void partial_lines(void)
{
    volatile uint64_t *line = (volatile uint64_t *)(display.pixels + display.bytes); /* not seen */

    /* The first `bytes` of each line. */
    for (uint32_t bytes = 8; bytes <= 64; bytes += 8) {
        delay(2); /* what was posted before has arrived */
        mark_value(28, bytes);
        for (uint32_t i = 0; i < LINES; i++)
            for (uint32_t k = 0; k < bytes / 8; k++)
                line[i * 8 + k] = i;
        fence_write_combining();
        mark_value(29, LINES * bytes);
    }
    /* Half of each line, but every other 8 bytes. */
    delay(2);
    mark(30);
    for (uint32_t i = 0; i < LINES; i++)
        for (uint32_t k = 0; k < 8; k += 2)
            line[i * 8 + k] = i;
    fence_write_combining();
    mark_value(31, LINES * 32);
}

/* ---- the forgotten fence ---- */

/* Somebody else watches: first a flag in memory, which says which frame is ready, then a pixel of the
 * frame buffer.  Here it is the DMA controller, which takes both again and again by a list of its own;
 * another hart would see the same.  (A doorbell that is a register hides the mistake: this hart sends
 * its buffers before an access to a device.  The specification asks that of fences only.) */
static volatile uint64_t ready;
static struct look {
    uint64_t ready, pixel;
} look[LOOKS];

/* Draws frames 1, 2, 3 ... (of one pixel each, that suffices) and says so.  Returns how often the
 * watcher saw an older picture than the flag promised. */
static unsigned publish(bool with_fence)
{
    static struct dma_piece list[DMA_CHAIN_MAX];
    volatile uint64_t *pixel = (volatile uint64_t *)(display.pixels + display.bytes);
    unsigned torn = 0;

    ready = 0;
    *pixel = 0;
    fence_all();
    for (unsigned i = 0; i < LOOKS; i++) {
        list[2 * i] = (struct dma_piece){&look[i].ready, (const void *)&ready, 8};
        list[2 * i + 1] = (struct dma_piece){&look[i].pixel, (const void *)pixel, 8};
    }
    check(dma_fill(&channel, list, DMA_CHAIN_MAX));
    dma_start(&channel);
    for (uint64_t frame = 1; frame <= FRAMES; frame++) {
        *pixel = frame;
        if (with_fence)
            fence_write_combining();
        ready = frame;
        delay(3); /* no access to a device is in here: that would send the buffers, too */
    }
    if (!WAIT_ASLEEP(channel.state != DMA_BUSY, 10000) || channel.error)
        die("the DMA controller does not watch");
    for (unsigned i = 0; i < LOOKS; i++)
        torn += look[i].pixel < look[i].ready;
    return torn;
}

int main(const void *device_tree)
{
    unsigned careless, careful;

    irq_init(device_tree);
    paging_init();
    check(display_init(&display, WIDTH, HEIGHT));
    check(dma_init());
    check(dma_channel_init(&channel, 0, on_copied, NULL));
    irq_on();

    six_ways();
    reading_back();
    partial_lines();

    mark(32);
    careless = publish(false);
    mark_value(33, careless);
    mark(34);
    careful = publish(true);
    mark_value(35, careful);

    print("forgotten fence: %u looks saw an old picture; with the fence: %u\n", careless, careful);
    return careful != 0;
}
