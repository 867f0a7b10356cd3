/* SPDX-License-Identifier: Apache-2.0 */
/* labs/lib's display driver on the machine: modes that it takes and does not, and a picture of four
 * fields, red and green above blue and white, that stays in the frame buffer. */
#include "labs/lib/display.h"

#include "lab_check.h"
#include "labs/lib/fence.h"
#include "labs/lib/irq.h"
#include "labs/lib/paging.h"

#define WIDTH 320
#define HEIGHT 240

static struct display display;

static uint32_t color(uint32_t x, uint32_t y)
{
    static const uint32_t field[4] = {0xff0000, 0x00ff00, 0x0000ff, 0xffffff};

    return field[(y >= HEIGHT / 2) * 2 + (x >= WIDTH / 2)];
}

static void fill(void)
{
    for (uint32_t y = 0; y < HEIGHT; y++) {
        volatile uint32_t *row = (volatile uint32_t *)(display.pixels + y * display.stride);

        for (uint32_t x = 0; x < WIDTH; x++)
            row[x] = color(x, y);
    }
}

static void compare(void)
{
    for (uint32_t y = 0; y < HEIGHT; y += 7) {
        volatile uint32_t *row = (volatile uint32_t *)(display.pixels + y * display.stride);

        for (uint32_t x = 0; x < WIDTH; x += 3)
            CHECK_EQ(row[x], color(x, y));
    }
}

int main(const void *device_tree)
{
    print("interrupts by %s\n", irq_init(device_tree));
    CHECK_TEXT(display_init(&display, 8, 8));
    CHECK_TEXT(display_init(&display, 0x10000, 100));
    CHECK_TEXT(display_init(&display, 0xffff, 0xffff));
    CHECK_NULL(display_init(&display, WIDTH, HEIGHT));
    CHECK_EQ(display.stride, 4 * WIDTH);
    CHECK_EQ(display.bytes, 4 * WIDTH * HEIGHT);
    CHECK(display.memory >= display.bytes);
    fill();
    compare();
    for (uint32_t i = 0; i < display.bytes; i += 4)
        *(volatile uint32_t *)(display.pixels + i) = 0;
    paging_init();
    CHECK(paging_type((uintptr_t)display.pixels, display.memory, PAGING_NC));
    fill();
    fence_write_combining();
    compare();
    print("display: ok\n");
    return 0;
}
