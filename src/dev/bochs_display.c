/* SPDX-License-Identifier: Apache-2.0 */
/* The registers do nothing: what is on the screen follows from them and the frame buffer when
 * somebody looks (bochs_display_picture). */
#include "dev/bochs_display.h"

#include "base/alloc.h"
#include "host/memory.h"
#include "spec/bochs_display.h"

#include <inttypes.h>
#include <stdlib.h>

enum { BOCHS_REGS(REG_INDEX) BOCHS_REG_COUNT };
enum { BOCHS_FIELDS(REG_FIELD_ENUM) };

static const struct reg bochs_regs[] = {BOCHS_REGS(REG_ROW)};
static const struct reg_field bochs_fields[] = {BOCHS_FIELDS(REG_FIELD_ROW)};

#define MEMORY_BYTES_DEFAULT (UINT64_C(16) << 20)
#define MEMORY_BYTES_MIN (UINT64_C(64) << 10)
#define MEMORY_BYTES_MAX (UINT64_C(256) << 20)
#define FRAME_PS (PS_PER_S / 60)
#define RETRACE_PS (500 * PS_PER_US)
#define PALETTE 256
#define ATTRIBUTES 32

struct bochs_display {
    struct pci_function pci;
    struct bank bank;
    struct clock *clock;
    uint8_t *memory;
    uint64_t memory_bytes;
    bool memory_used; /* it may be anything but zeroes */
    uint8_t edid[BOCHS_EDID_BYTES];
    /* state, besides the bank's and the memory */
    uint8_t palette[PALETTE * 3];
    uint8_t dac_write, dac_read, dac_component; /* component: 0 red, 1 green, 2 blue */
    bool dac_reading;
    uint8_t attribute[ATTRIBUTES], attribute_index;
    bool attribute_data; /* the next write of port 3c0 is data */
    uint8_t misc;
    bool big_endian;
};

/* ---- the picture ---- */

static unsigned pixel_bytes(unsigned bits)
{
    switch (bits) {
    case 8: return 1;
    case 15:
    case 16: return 2;
    case 24: return 3;
    case 32: return 4;
    default: return 0;
    }
}

int bochs_display_picture(const void *dev, struct bochs_picture *picture, struct err *err)
{
    const struct bochs_display *d = dev;
    uint64_t width = bank_value(&d->bank, BOCHS_VBE_XRES);
    uint64_t height = bank_value(&d->bank, BOCHS_VBE_YRES);
    uint64_t bits = bank_value(&d->bank, BOCHS_VBE_BPP);
    uint64_t bytes = pixel_bytes((unsigned)bits), stride, offset;

    if (!FGET(bank_value(&d->bank, BOCHS_VBE_ENABLE), BOCHS_VBE_ENABLED))
        return err_set(err, "the display is off: the guest has set no mode");
    if (!FGET(d->attribute_index, BOCHS_VGA_ATTRIBUTE_PAS))
        return err_set(err, "the display is blanked by the guest");
    if (!bytes)
        return err_set(err, "the display shows nothing: the guest asks for %" PRIu64 " bits a pixel",
                       bits);
    if (width < BOCHS_WIDTH_MIN || height < BOCHS_HEIGHT_MIN)
        return err_set(err, "the display shows nothing: %" PRIu64 " by %" PRIu64 " pixels are fewer "
                       "than %d by %d", width, height, BOCHS_WIDTH_MIN, BOCHS_HEIGHT_MIN);
    /* No product below exceeds 40 bits. */
    stride = u64_max(bank_value(&d->bank, BOCHS_VBE_VIRT_WIDTH), width) * bytes;
    offset = bank_value(&d->bank, BOCHS_VBE_X_OFFSET) * bytes +
             bank_value(&d->bank, BOCHS_VBE_Y_OFFSET) * stride;
    if (offset + stride * height > d->memory_bytes)
        return err_set(err, "the display shows nothing: the picture of %" PRIu64 " by %" PRIu64
                       " pixels ends beyond its memory", width, height);
    *picture = (struct bochs_picture){.width = (unsigned)width, .height = (unsigned)height,
                                      .pixel_bits = (unsigned)bits, .offset = offset,
                                      .stride = stride};
    return 0;
}

/* `bits` of a colour, made 8. */
static uint8_t widen(unsigned value, unsigned bits)
{
    value &= (1u << bits) - 1;
    return (uint8_t)(value << (8 - bits) | value >> (2 * bits - 8));
}

static void palette_colour(const struct bochs_display *d, uint8_t index, uint8_t *rgb)
{
    const uint8_t *entry = &d->palette[3 * (index & bank_value(&d->bank, BOCHS_VGA_DAC_MASK))];
    bool eight = FGET(bank_value(&d->bank, BOCHS_VBE_ENABLE), BOCHS_VBE_8BIT_DAC);

    for (unsigned i = 0; i < 3; i++)
        rgb[i] = eight ? entry[i] : widen(entry[i], 6);
}

static void pixel(const struct bochs_display *d, unsigned bits, const uint8_t *at, uint8_t *rgb)
{
    unsigned v;

    switch (bits) {
    case 8:
        palette_colour(d, at[0], rgb);
        return;
    case 15:
        v = le16_get(at);
        rgb[0] = widen(v >> 10, 5);
        rgb[1] = widen(v >> 5, 5);
        rgb[2] = widen(v, 5);
        return;
    case 16:
        v = le16_get(at);
        rgb[0] = widen(v >> 11, 5);
        rgb[1] = widen(v >> 5, 6);
        rgb[2] = widen(v, 5);
        return;
    case 32:
        if (d->big_endian) {
            memcpy(rgb, at + 1, 3);
            return;
        }
        break;
    }
    rgb[0] = at[2];
    rgb[1] = at[1];
    rgb[2] = at[0];
}

void bochs_display_line(const void *dev, const struct bochs_picture *picture, unsigned y,
                        uint8_t *rgb)
{
    const struct bochs_display *d = dev;
    const uint8_t *at = d->memory + picture->offset + picture->stride * y;
    unsigned bytes = pixel_bytes(picture->pixel_bits);

    for (unsigned x = 0; x < picture->width; x++)
        pixel(d, picture->pixel_bits, at + (size_t)bytes * x, rgb + 3 * (size_t)x);
}

/* ---- registers ---- */

/* There is no scan-out; the retrace comes 60 times a second for who waits for it. */
static uint64_t read_status(struct bochs_display *d)
{
    bool retrace = d->clock->now % FRAME_PS >= FRAME_PS - RETRACE_PS;

    d->attribute_data = false;
    return FPUT(FPUT(0, BOCHS_VGA_STATUS_BLANK, retrace), BOCHS_VGA_STATUS_RETRACE, retrace);
}

static void next_component(struct bochs_display *d, uint8_t *index)
{
    if (++d->dac_component < 3)
        return;
    d->dac_component = 0;
    ++*index;
}

static uint64_t read_palette(struct bochs_display *d)
{
    uint8_t value = d->palette[3 * d->dac_read + d->dac_component];

    next_component(d, &d->dac_read);
    return value;
}

static uint64_t bochs_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    struct bochs_display *d = owner;

    switch (reg) {
    case BOCHS_EDID:
        return 4 * index < BOCHS_EDID_BYTES ? le32_get(d->edid + 4 * index) : 0;
    case BOCHS_VGA_ATTRIBUTE:
        return d->attribute_index;
    case BOCHS_VGA_ATTRIBUTE_DATA:
        return d->attribute[FGET(d->attribute_index, BOCHS_VGA_ATTRIBUTE_INDEX)];
    case BOCHS_VGA_DAC_READ:
        return d->dac_reading ? 3 : 0;
    case BOCHS_VGA_DAC_WRITE:
        return d->dac_write;
    case BOCHS_VGA_DAC_DATA:
        return read_palette(d);
    case BOCHS_VGA_MISC_READ:
        return d->misc;
    case BOCHS_VGA_STATUS:
        return read_status(d);
    case BOCHS_VBE_MEMORY_64K:
        return d->memory_bytes / BOCHS_UNIT_BYTES;
    case BOCHS_EXT_BYTE_ORDER:
        return d->big_endian ? BOCHS_BIG_ENDIAN : BOCHS_LITTLE_ENDIAN;
    }
    return stored;
}

static void write_attribute(struct bochs_display *d, uint8_t value)
{
    if (d->attribute_data)
        d->attribute[FGET(d->attribute_index, BOCHS_VGA_ATTRIBUTE_INDEX)] = value;
    else
        d->attribute_index = value & (uint8_t)(FMASK(BOCHS_VGA_ATTRIBUTE_INDEX) |
                                               FMASK(BOCHS_VGA_ATTRIBUTE_PAS));
    d->attribute_data = !d->attribute_data;
}

static void bochs_write(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written)
{
    struct bochs_display *d = owner;

    (void)index;
    (void)old;
    switch (reg) {
    case BOCHS_VGA_ATTRIBUTE:
        write_attribute(d, (uint8_t)written);
        break;
    case BOCHS_VGA_MISC_WRITE:
        d->misc = (uint8_t)written;
        break;
    case BOCHS_VGA_DAC_READ:
    case BOCHS_VGA_DAC_WRITE:
        d->dac_reading = reg == BOCHS_VGA_DAC_READ;
        *(d->dac_reading ? &d->dac_read : &d->dac_write) = (uint8_t)written;
        d->dac_component = 0;
        break;
    case BOCHS_VGA_DAC_DATA:
        d->palette[3 * d->dac_write + d->dac_component] = (uint8_t)written;
        next_component(d, &d->dac_write);
        break;
    case BOCHS_EXT_BYTE_ORDER:
        if (written == BOCHS_BIG_ENDIAN || written == BOCHS_LITTLE_ENDIAN)
            d->big_endian = written == BOCHS_BIG_ENDIAN;
        break;
    }
}

/* ---- life ---- */

static void bochs_reset(void *dev)
{
    struct bochs_display *d = dev;

    pci_function_reset(&d->pci);
    bank_reset(&d->bank);
    if (d->memory_used)
        memset(d->memory, 0, d->memory_bytes);
    d->memory_used = true;
    memset(d->palette, 0, sizeof d->palette);
    d->dac_write = d->dac_read = d->dac_component = 0;
    d->dac_reading = false;
    memset(d->attribute, 0, sizeof d->attribute);
    d->attribute_index = (uint8_t)FMASK(BOCHS_VGA_ATTRIBUTE_PAS);
    d->attribute_data = false;
    d->misc = 0;
    d->big_endian = false;
}

/* Linux's driver wants a picture to fit twice, for the next one to be drawn out of sight. */
static uint64_t memory_for(const struct bochs_display_config *c)
{
    uint64_t bytes = MEMORY_BYTES_DEFAULT;

    if (c->memory_bytes)
        return c->memory_bytes;
    while (bytes < UINT64_C(2) * c->width * c->height * 4)
        bytes *= 2;
    return bytes;
}

static int take_config(struct bochs_display *d, const struct bochs_display_config *c,
                       const char *name, struct err *err)
{
    if (c->width < BOCHS_WIDTH_MIN || c->width > BOCHS_MONITOR_WIDTH_MAX ||
        c->height < BOCHS_HEIGHT_MIN || c->height > BOCHS_MONITOR_HEIGHT_MAX)
        return err_set(err, "%s: %ux%u is not within %dx%d to %dx%d", name, c->width, c->height,
                       BOCHS_WIDTH_MIN, BOCHS_HEIGHT_MIN, BOCHS_MONITOR_WIDTH_MAX,
                       BOCHS_MONITOR_HEIGHT_MAX);
    d->memory_bytes = memory_for(c);
    if (d->memory_bytes < MEMORY_BYTES_MIN || d->memory_bytes > MEMORY_BYTES_MAX ||
        d->memory_bytes & (d->memory_bytes - 1))
        return err_set(err, "%s: memory of %" PRIu64 " bytes is no power of two from 64K to 256M",
                       name, d->memory_bytes);
    bochs_display_edid(d->edid, c->width, c->height);
    return 0;
}

static int bochs_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops reg_ops = {bochs_read, bochs_write};
    static const struct pci_ids ids = {
        .vendor = BOCHS_VENDOR_ID, .device = BOCHS_DEVICE_ID,
        .subsystem_vendor = BOCHS_SUBSYSTEM_VENDOR_ID, .subsystem = BOCHS_SUBSYSTEM_ID,
        .class_code = BOCHS_CLASS, .revision = BOCHS_REVISION,
    };
    static const struct bochs_display_config fallback = {1024, 768, MEMORY_BYTES_MIN};
    struct bochs_display *d = dev;

    memset(d, 0, sizeof *d);
    if (take_config(d, env->config ? env->config : &fallback, env->name, err))
        return -1;
    d->clock = env->clock;
    d->memory = host_memory_new(d->memory_bytes);
    if (!d->memory)
        return err_set(err, "%s: the host cannot give %" PRIu64 " MiB", env->name,
                       d->memory_bytes >> 20);
    pci_function_init(&d->pci, env, &ids, NULL, d);
    bank_init(&d->bank, bochs_regs, ARRAY_LEN(bochs_regs), &reg_ops, d);
    d->bank.hole = BANK_HOLE_ZERO;
    d->bank.hole_size = true;
    pci_add_bar_memory(&d->pci, BOCHS_BAR_MEMORY, "frame-buffer", d->memory_bytes,
                       PCI_BAR_MEM32 | PCI_BAR_PREFETCH, d->memory);
    pci_add_bar(&d->pci, BOCHS_BAR_REGISTERS, BOCHS_REGISTERS_BYTES, PCI_BAR_MEM32, bank_access,
                &d->bank);
    return 0;
}

static void bochs_fini(void *dev)
{
    struct bochs_display *d = dev;

    pci_function_fini(&d->pci);
    bank_fini(&d->bank);
    host_memory_free(d->memory, d->memory_bytes);
}

static void bochs_restore(void *dev)
{
    pci_function_restore(&((struct bochs_display *)dev)->pci);
}

struct pci_function *bochs_display_pci(void *dev)
{
    return &((struct bochs_display *)dev)->pci;
}

/* The registers.  The frame buffer is memory, and left out as RAM is. */
static struct region *bochs_region(void *dev, unsigned i)
{
    return i ? NULL : &((struct bochs_display *)dev)->pci.bar[BOCHS_BAR_REGISTERS].region;
}

static struct bank *bochs_bank(void *dev, unsigned i)
{
    return i ? NULL : &((struct bochs_display *)dev)->bank;
}

static const struct field bochs_state[] = {
    PCI_STATE(struct bochs_display, pci),
    FIELD(struct bochs_display, palette),
    FIELD(struct bochs_display, dac_write),
    FIELD(struct bochs_display, dac_read),
    FIELD(struct bochs_display, dac_component),
    FIELD(struct bochs_display, dac_reading),
    FIELD(struct bochs_display, attribute),
    FIELD(struct bochs_display, attribute_index),
    FIELD(struct bochs_display, attribute_data),
    FIELD(struct bochs_display, misc),
    FIELD(struct bochs_display, big_endian),
    FIELD_END,
};

const struct device_class bochs_display_class = {
    .name = "bochs_display",
    .title = "Display with a frame buffer (PCI 1234:1111, QEMU's bochs-display)",
    .size = sizeof(struct bochs_display),
    .regs = bochs_regs,
    .reg_count = ARRAY_LEN(bochs_regs),
    .reg_fields = bochs_fields,
    .reg_field_count = ARRAY_LEN(bochs_fields),
    .state = bochs_state,
    .notes = "The registers are BAR 2; BAR 0 is the frame buffer, memory behind the device's link: "
             "16 MiB, or more where two pictures of the preferred mode need it.  Nothing is scanned "
             "out: the picture is what the frame buffer holds when somebody looks, reading it costs "
             "the device no time, and there is no vertical-blank interrupt, as with the original; "
             "VGA port 3da shows a retrace 60 times a second.  As with the original, a mode smaller "
             "than 64 by 64, of another depth, or that ends beyond the memory shows nothing; setting "
             "a mode clears no memory and sets no other register.  More than the original: depths of "
             "8, 15 and 24 bits, and of VGA the attribute controller's blanking bit, which is on "
             "after a reset, and the palette.  Not modelled: other VGA ports (they read 0), text "
             "modes, banks, GETCAPS, an expansion ROM.  The frame buffer's contents are memory and "
             "no part of the device's saved state.",
    .init = bochs_init,
    .reset = bochs_reset,
    .fini = bochs_fini,
    .region = bochs_region,
    .bank = bochs_bank,
    .restore = bochs_restore,
};
