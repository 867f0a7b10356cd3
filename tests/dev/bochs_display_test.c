/* SPDX-License-Identifier: Apache-2.0 */
/* The display at register level: what is on the screen for what is in the registers and the frame
 * buffer. */
#include "dev/bochs_display.h"

#include "check.h"
#include "sim/random.h"
#include "spec/bochs_display.h"

#include <stdlib.h>

enum { BOCHS_REGS(REG_OFFSET) };
enum { BOCHS_FIELDS(REG_FIELD_ENUM) };

#define MEMORY UINT64_C(0x40000000)
#define REGISTERS UINT64_C(0x50000000)

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct params params;
    void *dev;
    struct err err;
};

static int rig_try(struct rig *r, const struct bochs_display_config *config)
{
    struct device_env env;

    memset(r, 0, sizeof *r);
    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    link_init(&r->link, "display0.link", &r->clock, &r->space, &r->trace);
    r->params.level = TIMING_IO;
    params_add(&r->params, "display0.link", link_pcie_params, &r->link.p);
    link_update(&r->link);
    env = (struct device_env){.name = "display0", .clock = &r->clock, .trace = &r->trace,
                              .space = &r->space, .link = &r->link, .params = &r->params,
                              .seed = 1, .config = config};
    r->dev = malloc(bochs_display_class.size);
    memset(r->dev, 0x5a, bochs_display_class.size);
    return bochs_display_class.init(r->dev, &env, &r->err);
}

/* Both BARs where the constants say, decoded. */
static void rig_place(struct rig *r)
{
    struct pci_function *fn = bochs_display_pci(r->dev);

    pci_config_write(fn, 0x10, 4, MEMORY);
    pci_config_write(fn, 0x18, 4, REGISTERS);
    pci_config_write(fn, 0x04, 2, 2);
}

static void rig_up(struct rig *r, unsigned width, unsigned height)
{
    struct bochs_display_config config = {.width = width, .height = height};

    CHECK(rig_try(r, &config) == 0);
    bochs_display_class.reset(r->dev);
    rig_place(r);
}

static void rig_gone(struct rig *r)
{
    free(r->dev);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
}

static void rig_down(struct rig *r)
{
    bochs_display_class.fini(r->dev);
    rig_gone(r);
}

static uint64_t get(struct rig *r, uint64_t addr, unsigned size)
{
    struct txn t = {.addr = addr, .size = (uint8_t)size};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    return t.data;
}

static void put(struct rig *r, uint64_t addr, unsigned size, uint64_t value)
{
    struct txn t = {.addr = addr, .size = (uint8_t)size, .write = true, .data = value};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
}

static void reg16(struct rig *r, unsigned offset, unsigned value)
{
    put(r, REGISTERS + offset, 2, value);
}

static void mode(struct rig *r, unsigned width, unsigned height, unsigned bits)
{
    reg16(r, BOCHS_VBE_ENABLE_OFFSET, 0);
    reg16(r, BOCHS_VBE_BPP_OFFSET, bits);
    reg16(r, BOCHS_VBE_XRES_OFFSET, width);
    reg16(r, BOCHS_VBE_YRES_OFFSET, height);
    reg16(r, BOCHS_VBE_ENABLE_OFFSET, 1);
}

/* The pixel as 0xrrggbb. */
static uint32_t shown(struct rig *r, unsigned x, unsigned y)
{
    struct bochs_picture p;
    uint8_t *rgb;
    uint32_t v;

    if (bochs_display_picture(r->dev, &p, &r->err)) {
        check_fail(__FILE__, __LINE__, r->err.text);
        return UINT32_MAX;
    }
    CHECK(x < p.width && y < p.height);
    rgb = malloc(3 * (size_t)p.width);
    bochs_display_line(r->dev, &p, y, rgb);
    v = (uint32_t)rgb[3 * x] << 16 | (uint32_t)rgb[3 * x + 1] << 8 | rgb[3 * x + 2];
    free(rgb);
    return v;
}

static void nothing_shown(struct rig *r, const char *why)
{
    struct bochs_picture p;

    CHECK(bochs_display_picture(r->dev, &p, &r->err) == -1);
    CHECK_EQ_STR(r->err.text, why);
}

/* ---- what a driver finds ---- */

static void test_it_is_the_function_that_linux_knows(void)
{
    struct pci_function *fn;
    struct rig r;

    rig_up(&r, 1024, 768);
    fn = bochs_display_pci(r.dev);
    CHECK_EQ_U64(pci_config_read(fn, 0, 4), 0x11111234);
    CHECK_EQ_U64(pci_config_read(fn, 8, 4), 0x03800002);
    CHECK_EQ_U64(pci_config_read(fn, 0x2c, 4), 0x11001af4);
    CHECK_EQ_U64(pci_config_read(fn, 0x3d, 1), 0); /* no interrupt */
    pci_config_write(fn, 0x10, 4, UINT32_MAX);
    CHECK_EQ_U64(pci_config_read(fn, 0x10, 4), 0xff000008); /* 16 MiB, prefetchable, 32 bits */
    pci_config_write(fn, 0x18, 4, UINT32_MAX);
    CHECK_EQ_U64(pci_config_read(fn, 0x18, 4), 0xfffff000);
    rig_place(&r);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VBE_ID_OFFSET, 2), 0xb0c5);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VBE_MEMORY_64K_OFFSET, 2), 256);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_EXT_SIZE_OFFSET, 4), 8);
    reg16(&r, BOCHS_VBE_ID_OFFSET, 0xb0c0);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VBE_ID_OFFSET, 2), 0xb0c5);
    rig_down(&r);
}

static void test_the_frame_buffer_is_memory_behind_the_link(void)
{
    struct region *region;
    struct rig r;

    rig_up(&r, 1024, 768);
    region = space_find(&r.space, MEMORY + 12345);
    CHECK(region && region->ram && region->io_memory && region->link == &r.link);
    CHECK_EQ_U64(region->size, 16 << 20);
    CHECK_EQ_U64(region->source, bochs_display_pci(r.dev)->source);
    CHECK(r.space.ram != region);
    put(&r, MEMORY + (16 << 20) - 8, 8, UINT64_C(0x1122334455667788));
    CHECK_EQ_U64(get(&r, MEMORY + (16 << 20) - 4, 2), 0x3344);
    bochs_display_class.reset(r.dev);
    rig_place(&r);
    CHECK_EQ_U64(get(&r, MEMORY + (16 << 20) - 8, 8), 0);
    rig_down(&r);
}

static void test_two_pictures_of_the_preferred_mode_fit(void)
{
    static const struct { unsigned width, height, mib; } modes[] = {
        {640, 480, 16}, {1920, 1080, 16}, {2560, 1440, 32}, {3840, 2160, 64},
    };

    for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
        struct rig r;

        rig_up(&r, modes[i].width, modes[i].height);
        CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VBE_MEMORY_64K_OFFSET, 2), modes[i].mib * 16);
        CHECK(modes[i].width * modes[i].height * 8 <= modes[i].mib << 20);
        rig_down(&r);
    }
}

static void test_a_config_out_of_range_is_refused(void)
{
    static const struct bochs_display_config bad[] = {
        {63, 768, 0}, {1024, 63, 0}, {3841, 100, 0}, {100, 2161, 0}, {1024, 768, 3 << 20},
        {1024, 768, 4096}, {1024, 768, UINT64_C(512) << 20},
    };

    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        struct rig r;

        CHECK(rig_try(&r, &bad[i]) == -1);
        CHECK(strncmp(r.err.text, "display0: ", 10) == 0);
        rig_gone(&r);
    }
}

/* ---- EDID ---- */

static void test_the_edid_is_whole_and_names_the_mode(void)
{
    static const struct { unsigned width, height; } modes[] = {
        {1024, 768}, {64, 64}, {640, 480}, {1920, 1080}, {3840, 2160}, {1366, 768},
    };

    for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
        unsigned total, lines, clock, refresh;
        uint8_t e[128], sum = 0;
        struct rig r;

        rig_up(&r, modes[i].width, modes[i].height);
        for (unsigned at = 0; at < 128; at++) {
            e[at] = (uint8_t)get(&r, REGISTERS + at, 1);
            sum = (uint8_t)(sum + e[at]);
        }
        CHECK_EQ_U64(sum, 0);
        CHECK(memcmp(e, "\0\xff\xff\xff\xff\xff\xff\0", 8) == 0);
        CHECK_EQ_U64(e[18] << 8 | e[19], 0x0104);
        CHECK_EQ_U64(e[126], 0); /* no extension */
        CHECK_EQ_U64(e[56] | (unsigned)(e[58] >> 4) << 8, modes[i].width);
        CHECK_EQ_U64(e[59] | (unsigned)(e[61] >> 4) << 8, modes[i].height);
        CHECK(e[24] & 2); /* and prefers it */
        total = modes[i].width + (e[57] | (unsigned)(e[58] & 15) << 8);
        lines = modes[i].height + (e[60] | (unsigned)(e[61] & 15) << 8);
        clock = le16_get(e + 54);
        refresh = (unsigned)(((uint64_t)clock * 10000 + total * lines / 2) / total / lines);
        CHECK_EQ_U64(refresh, 60);
        CHECK(memcmp(e + 72, "\0\0\0\xfc\0" "Doorbell\n    ", 18) == 0);
        CHECK_EQ_U64(get(&r, REGISTERS + 4, 4), le32_get(e + 4));
        CHECK_EQ_U64(get(&r, REGISTERS + 128, 4), 0);
        CHECK_EQ_U64(get(&r, REGISTERS + 0x3ff, 1), 0);
        put(&r, REGISTERS + 8, 1, 0xff); /* it is read-only */
        CHECK_EQ_U64(get(&r, REGISTERS + 8, 1), e[8]);
        rig_down(&r);
    }
}

/* ---- pixels ---- */

static void test_each_depth_shows_its_colours(void)
{
    struct rig r;

    rig_up(&r, 1024, 768);
    mode(&r, 100, 80, 32);
    put(&r, MEMORY + 4 * (100 * 79 + 99), 4, 0x55123456);
    CHECK_EQ_U64(shown(&r, 99, 79), 0x123456);
    CHECK_EQ_U64(shown(&r, 0, 0), 0);
    mode(&r, 100, 80, 24);
    put(&r, MEMORY + 3 * 102, 1, 0x11);
    put(&r, MEMORY + 3 * 102 + 1, 1, 0x22);
    put(&r, MEMORY + 3 * 102 + 2, 1, 0x33);
    CHECK_EQ_U64(shown(&r, 2, 1), 0x332211);
    mode(&r, 100, 80, 16);
    put(&r, MEMORY, 8, UINT64_C(0x8410001f07e0f800));
    CHECK_EQ_U64(shown(&r, 0, 0), 0xff0000);
    CHECK_EQ_U64(shown(&r, 1, 0), 0x00ff00);
    CHECK_EQ_U64(shown(&r, 2, 0), 0x0000ff);
    CHECK_EQ_U64(shown(&r, 3, 0), 0x848284);
    mode(&r, 100, 80, 15);
    put(&r, MEMORY, 8, UINT64_C(0xc210001f03e07c00)); /* the topmost bit is nothing */
    CHECK_EQ_U64(shown(&r, 0, 0), 0xff0000);
    CHECK_EQ_U64(shown(&r, 1, 0), 0x00ff00);
    CHECK_EQ_U64(shown(&r, 2, 0), 0x0000ff);
    CHECK_EQ_U64(shown(&r, 3, 0), 0x848484);
    rig_down(&r);
}

static void test_the_byte_order_of_a_pixel_can_be_big_endian(void)
{
    struct rig r;

    rig_up(&r, 1024, 768);
    mode(&r, 64, 64, 32);
    put(&r, MEMORY, 4, 0x56341200);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_EXT_BYTE_ORDER_OFFSET, 4), BOCHS_LITTLE_ENDIAN);
    put(&r, REGISTERS + BOCHS_EXT_BYTE_ORDER_OFFSET, 4, BOCHS_BIG_ENDIAN);
    CHECK_EQ_U64(shown(&r, 0, 0), 0x123456);
    put(&r, REGISTERS + BOCHS_EXT_BYTE_ORDER_OFFSET, 4, 0x12345678); /* neither: ignored */
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_EXT_BYTE_ORDER_OFFSET, 4), BOCHS_BIG_ENDIAN);
    put(&r, REGISTERS + BOCHS_EXT_BYTE_ORDER_OFFSET, 4, BOCHS_LITTLE_ENDIAN);
    CHECK_EQ_U64(shown(&r, 0, 0), 0x341200);
    rig_down(&r);
}

static void vga(struct rig *r, unsigned offset, unsigned value)
{
    put(r, REGISTERS + offset, 1, value);
}

static void test_a_palette_of_6_or_8_bits_colours_8_bit_pixels(void)
{
    struct rig r;

    rig_up(&r, 1024, 768);
    mode(&r, 64, 64, 8);
    put(&r, MEMORY, 1, 0xc7);
    vga(&r, BOCHS_VGA_DAC_WRITE_OFFSET, 0xc6);
    for (unsigned i = 0; i < 6; i++) /* entry c6, then c7 */
        vga(&r, BOCHS_VGA_DAC_DATA_OFFSET, i < 3 ? 0 : 0x15 * (i - 2));
    CHECK_EQ_U64(shown(&r, 0, 0), 0x55aaff); /* 15, 2a and 3f of 3f */
    reg16(&r, BOCHS_VBE_ENABLE_OFFSET, 0x21);
    CHECK_EQ_U64(shown(&r, 0, 0), 0x152a3f);
    vga(&r, BOCHS_VGA_DAC_MASK_OFFSET, 0x38); /* masks c7 to 00 */
    CHECK_EQ_U64(shown(&r, 0, 0), 0);
    vga(&r, BOCHS_VGA_DAC_READ_OFFSET, 0xc7);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VGA_DAC_READ_OFFSET, 1), 3);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VGA_DAC_DATA_OFFSET, 1), 0x15);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VGA_DAC_DATA_OFFSET, 1), 0x2a);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VGA_DAC_DATA_OFFSET, 1), 0x3f);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VGA_DAC_DATA_OFFSET, 1), 0); /* of c8 */
    rig_down(&r);
}

static void test_offsets_and_a_virtual_width_choose_the_window(void)
{
    struct rig r;

    rig_up(&r, 1024, 768);
    mode(&r, 64, 64, 32);
    reg16(&r, BOCHS_VBE_VIRT_WIDTH_OFFSET, 200);
    reg16(&r, BOCHS_VBE_X_OFFSET_OFFSET, 7);
    reg16(&r, BOCHS_VBE_Y_OFFSET_OFFSET, 1000);
    put(&r, MEMORY + 4 * (200 * (1000 + 3) + 7 + 5), 4, 0xabcdef);
    CHECK_EQ_U64(shown(&r, 5, 3), 0xabcdef);
    reg16(&r, BOCHS_VBE_VIRT_WIDTH_OFFSET, 63); /* less than the width counts as the width */
    put(&r, MEMORY + 4 * (64 * 1000 + 7), 4, 0x010203);
    CHECK_EQ_U64(shown(&r, 0, 0), 0x010203);
    rig_down(&r);
}

/* ---- nothing on the screen ---- */

static void test_off_blanked_and_impossible_modes_say_why(void)
{
    struct rig r;

    rig_up(&r, 1024, 768);
    nothing_shown(&r, "the display is off: the guest has set no mode");
    mode(&r, 1024, 768, 12);
    nothing_shown(&r, "the display shows nothing: the guest asks for 12 bits a pixel");
    mode(&r, 0, 768, 32);
    nothing_shown(&r, "the display shows nothing: 0 by 768 pixels are fewer than 64 by 64");
    mode(&r, 65535, 65535, 32);
    nothing_shown(&r, "the display shows nothing: the picture of 65535 by 65535 pixels ends beyond "
                      "its memory");
    mode(&r, 1024, 768, 32);
    CHECK_EQ_U64(shown(&r, 0, 0), 0);
    vga(&r, BOCHS_VGA_ATTRIBUTE_OFFSET, 0);
    nothing_shown(&r, "the display is blanked by the guest");
    vga(&r, BOCHS_VGA_ATTRIBUTE_OFFSET, 0x20); /* data, not an index */
    nothing_shown(&r, "the display is blanked by the guest");
    vga(&r, BOCHS_VGA_ATTRIBUTE_OFFSET, 0);
    (void)get(&r, REGISTERS + BOCHS_VGA_STATUS_OFFSET, 1); /* the next is an index */
    vga(&r, BOCHS_VGA_ATTRIBUTE_OFFSET, 0x20);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VGA_ATTRIBUTE_OFFSET, 1), 0x20);
    CHECK_EQ_U64(get(&r, REGISTERS + BOCHS_VGA_ATTRIBUTE_DATA_OFFSET, 1), 0x20);
    CHECK_EQ_U64(shown(&r, 0, 0), 0);
    rig_down(&r);
}

/* The last picture that fits, and one line, one pixel too far. */
static void test_the_window_may_end_with_the_memory_and_not_beyond(void)
{
    struct rig r;

    rig_up(&r, 1024, 768);
    mode(&r, 1024, 768, 32);
    reg16(&r, BOCHS_VBE_Y_OFFSET_OFFSET, 4096 - 768);
    put(&r, MEMORY + (16 << 20) - 4, 4, 0x654321);
    CHECK_EQ_U64(shown(&r, 1023, 767), 0x654321);
    reg16(&r, BOCHS_VBE_X_OFFSET_OFFSET, 1);
    nothing_shown(&r, "the display shows nothing: the picture of 1024 by 768 pixels ends beyond its "
                      "memory");
    reg16(&r, BOCHS_VBE_X_OFFSET_OFFSET, 0);
    reg16(&r, BOCHS_VBE_Y_OFFSET_OFFSET, 4096 - 767);
    nothing_shown(&r, "the display shows nothing: the picture of 1024 by 768 pixels ends beyond its "
                      "memory");
    rig_down(&r);
}

/* Any registers at all: what is said to be on the screen lies in the memory, every byte of it (the
 * sanitizers and the assertion look). */
static void test_no_registers_make_it_look_beyond_its_memory(void)
{
    static const unsigned bits[] = {8, 15, 16, 24, 32, 0, 12, 64};
    uint8_t *rgb = malloc(3 * 65536);
    struct random rnd;
    unsigned pictures = 0;
    struct rig r;

    rig_up(&r, 1024, 768);
    random_init(&rnd, 7, "display");
    for (unsigned i = 0; i < 20000; i++) {
        struct bochs_picture p;

        for (unsigned at = BOCHS_VBE_XRES_OFFSET; at <= BOCHS_VBE_Y_OFFSET_OFFSET; at += 2)
            if (random_below(&rnd, 2))
                reg16(&r, at, (unsigned)(random_below(&rnd, 65536) >> random_below(&rnd, 14)));
        reg16(&r, BOCHS_VBE_BPP_OFFSET, bits[random_below(&rnd, ARRAY_LEN(bits))]);
        reg16(&r, BOCHS_VBE_ENABLE_OFFSET, 1);
        if (bochs_display_picture(r.dev, &p, &r.err))
            continue;
        CHECK(p.offset + (uint64_t)p.stride * p.height <= 16 << 20);
        CHECK(p.stride >= (uint64_t)p.width * (p.pixel_bits / 8));
        bochs_display_line(r.dev, &p, p.height - 1, rgb);
        pictures++;
    }
    CHECK(pictures > 1000);
    free(rgb);
    rig_down(&r);
}

static void test_the_retrace_comes_sixty_times_a_second(void)
{
    unsigned edges = 0, was = 0;
    struct rig r;

    rig_up(&r, 1024, 768);
    for (unsigned us = 0; us < 1000000; us += 100) {
        unsigned now = (unsigned)get(&r, REGISTERS + BOCHS_VGA_STATUS_OFFSET, 1);

        CHECK(now == 0 || now == (FMASK(BOCHS_VGA_STATUS_BLANK) | FMASK(BOCHS_VGA_STATUS_RETRACE)));
        edges += now && !was;
        was = now;
        clock_run(&r.clock, r.clock.now + 100 * PS_PER_US);
    }
    CHECK_EQ_U64(edges, 60);
    rig_down(&r);
}

TEST_MAIN(test_it_is_the_function_that_linux_knows, test_the_frame_buffer_is_memory_behind_the_link,
          test_two_pictures_of_the_preferred_mode_fit, test_a_config_out_of_range_is_refused,
          test_the_edid_is_whole_and_names_the_mode, test_each_depth_shows_its_colours,
          test_the_byte_order_of_a_pixel_can_be_big_endian,
          test_a_palette_of_6_or_8_bits_colours_8_bit_pixels,
          test_offsets_and_a_virtual_width_choose_the_window,
          test_off_blanked_and_impossible_modes_say_why,
          test_the_window_may_end_with_the_memory_and_not_beyond,
          test_no_registers_make_it_look_beyond_its_memory,
          test_the_retrace_comes_sixty_times_a_second)
