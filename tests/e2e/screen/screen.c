/* SPDX-License-Identifier: Apache-2.0 */
/* A guest with a display (the only function but the host bridge).  The words of the command line say
 * what it does:
 *
 *   draw BITS [nc]  a pattern of 300 by 128 pixels of that depth, in memory that is 320 wide and
 *                   begins at pixel 3 of line 5; nc: through a write-combining map
 *   blank           the same in 32 bits, then blanks the screen
 *   wild            modes, windows, palettes and byte orders of any kind, thousands of them, then one
 *                   that ends beyond the memory
 *   none            nothing
 *
 * Status 0: all is done. */
#include "labs/lib/device_tree.h"
#include "labs/lib/fence.h"
#include "labs/lib/paging.h"
#include "labs/lib/pci.h"
#include "labs/lib/reg.h"
#include "spec/bochs_display.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BOCHS_REGS(REG_AT) };
enum { BOCHS_FIELDS(FIELD_MASK) };

#define WIDTH 300
#define HEIGHT 128
#define PITCH 320
#define X 3
#define Y 5
#define EPISODES 5000

static uintptr_t registers, memory;

static void set(unsigned reg, unsigned value)
{
    mmio_write16(registers + reg, (uint16_t)value);
}

static void mode(unsigned bits)
{
    set(BOCHS_VBE_ENABLE, 0);
    set(BOCHS_VBE_BPP, bits);
    set(BOCHS_VBE_XRES, WIDTH);
    set(BOCHS_VBE_YRES, HEIGHT);
    set(BOCHS_VBE_VIRT_WIDTH, PITCH);
    set(BOCHS_VBE_X_OFFSET, X);
    set(BOCHS_VBE_Y_OFFSET, Y);
    set(BOCHS_VBE_ENABLE, BOCHS_VBE_ENABLED | BOCHS_VBE_8BIT_DAC);
}

static void palette(void)
{
    mmio_write8(registers + BOCHS_VGA_DAC_WRITE, 0);
    for (unsigned i = 0; i < 256; i++) {
        mmio_write8(registers + BOCHS_VGA_DAC_DATA, (uint8_t)i);
        mmio_write8(registers + BOCHS_VGA_DAC_DATA, (uint8_t)(255 - i));
        mmio_write8(registers + BOCHS_VGA_DAC_DATA, (uint8_t)(i / 2));
    }
}

static void draw(unsigned bits)
{
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++) {
            unsigned red = x & 0xff, green = 2 * y & 0xff, blue = (x ^ y) & 0xff;
            uintptr_t at = memory + ((y + Y) * PITCH + x + X) * (uintptr_t)((bits + 7) / 8);

            switch (bits) {
            case 8: mmio_write8(at, (uint8_t)red); break;
            case 15: mmio_write16(at, (uint16_t)(red >> 3 << 10 | green >> 3 << 5 | blue >> 3)); break;
            case 16: mmio_write16(at, (uint16_t)(red >> 3 << 11 | green >> 2 << 5 | blue >> 3)); break;
            case 24:
                mmio_write8(at, (uint8_t)blue);
                mmio_write8(at + 1, (uint8_t)green);
                mmio_write8(at + 2, (uint8_t)red);
                break;
            default: mmio_write32(at, red << 16 | green << 8 | blue); break;
            }
        }
}

static uint64_t chance = 0x9e3779b97f4a7c15;

static unsigned random16(void)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (uint16_t)(chance >> (chance & 15));
}

static void wild(void)
{
    for (unsigned i = 0; i < EPISODES; i++) {
        for (unsigned reg = BOCHS_VBE_ID; reg <= BOCHS_VBE_MEMORY_64K; reg += 2)
            set(reg, random16());
        mmio_write8(registers + BOCHS_VGA_ATTRIBUTE + random16() % 32, (uint8_t)random16());
        (void)mmio_read8(registers + BOCHS_VGA_ATTRIBUTE + random16() % 32);
        mmio_write32(registers + (random16() & 0xffc), (uint32_t)random16() * 65537);
        (void)mmio_read64(registers + (random16() & 0xff8));
        mmio_write32(registers + BOCHS_EXT_BYTE_ORDER,
                     random16() & 1 ? BOCHS_BIG_ENDIAN : BOCHS_LITTLE_ENDIAN);
        mmio_write64(memory + ((uintptr_t)random16() << 8), chance);
    }
    (void)mmio_read8(registers + BOCHS_VGA_STATUS);
    mmio_write8(registers + BOCHS_VGA_ATTRIBUTE, BOCHS_VGA_ATTRIBUTE_PAS);
    mode(32);
    set(BOCHS_VBE_Y_OFFSET, 65535);
}

static bool begins(const char **text, const char *word)
{
    const char *t = *text;

    while (*word && *t == *word) {
        t++;
        word++;
    }
    if (*word)
        return false;
    while (*t == ' ')
        t++;
    *text = t;
    return true;
}

static unsigned number(const char **text)
{
    unsigned v = 0;

    for (; **text >= '0' && **text <= '9'; ++*text)
        v = 10 * v + (unsigned)(**text - '0');
    while (**text == ' ')
        ++*text;
    return v;
}

/* Posted stores are still on their way when the finisher, which is nearer, ends the machine: a load
 * of the display pushes them there. */
static int done(void)
{
    (void)mmio_read16(registers + BOCHS_VBE_ID);
    return 0;
}

int main(const void *device_tree)
{
    const char *words = device_tree_arguments(device_tree);
    const struct pci_device *device;

    pci_init();
    device = pci_find(BOCHS_VENDOR_ID, BOCHS_DEVICE_ID, 0);
    if (!device)
        return 2;
    pci_enable(device);
    registers = pci_bar(device, BOCHS_BAR_REGISTERS);
    memory = pci_bar(device, BOCHS_BAR_MEMORY);
    if (begins(&words, "none"))
        return 0;
    if (begins(&words, "wild")) {
        wild();
        return done();
    }
    if (begins(&words, "blank")) {
        mode(32);
        draw(32);
        mmio_write8(registers + BOCHS_VGA_ATTRIBUTE, 0);
        return done();
    }
    if (begins(&words, "draw")) {
        unsigned bits = number(&words);

        if (begins(&words, "nc")) {
            paging_init();
            if (!paging_type(memory, 16 << 20, PAGING_NC))
                return 3;
        }
        mode(bits);
        palette();
        draw(bits);
        fence_write_combining();
        return done();
    }
    return 1;
}
