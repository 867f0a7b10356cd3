/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes, taken as what hostile software and the outside do to a device: nothing may crash, run
 * without end, or hang the clock.  For libFuzzer:
 *
 *     CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
 *     ninja -C build-fuzz tests/fuzz/device_fuzz && build-fuzz/tests/fuzz/device_fuzz corpus/
 *
 * The first byte chooses the class, then each step takes an opcode and its operands. */
#include "base/alloc.h"
#include "base/bits.h"
#include "bus/device.h"
#include "dev/bochs_display.h"
#include "irq/aplic.h"
#include "irq/imsic.h"
#include "irq/plic.h"
#include "machine/classes.h"

#include <stdlib.h>

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_BYTES 65536
#define STEPS_MAX 400
#define EVENTS_MAX 2000 /* a device that always has another event must not keep us for ever */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct input {
    const uint8_t *bytes;
    size_t left;
};

/* The next n bytes as a number; zeros once they are used up. */
static uint64_t take(struct input *in, unsigned n)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < n && in->left; i++, in->left--)
        v |= (uint64_t)*in->bytes++ << 8 * i;
    return v;
}

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct params params;
    struct region ram;
    const struct device_class *class;
    void *dev;
    struct region *region[8];
    unsigned regions;
};

static int rig_up(struct rig *r, const struct device_class *class)
{
    struct device_env env;

    *r = (struct rig){.class = class};
    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    link_init(&r->link, "soc", &r->clock, &r->space, &r->trace);
    r->params.level = TIMING_IO;
    params_add(&r->params, "soc", link_soc_params, &r->link.p);
    link_update(&r->link);
    r->ram = (struct region){.name = "ram", .base = RAM_BASE, .size = RAM_BYTES,
                             .ram = xcalloc(RAM_BYTES, 1)};
    space_map(&r->space, &r->ram, NULL);
    env = (struct device_env){.name = class->name, .clock = &r->clock, .trace = &r->trace,
                              .space = &r->space, .link = &r->link, .params = &r->params,
                              .seed = 1};
    r->dev = xcalloc(1, class->size);
    if (class->init(r->dev, &env, NULL))
        return -1;
    class->reset(r->dev);
    while (r->regions < ARRAY_LEN(r->region) && class->region(r->dev, r->regions)) {
        r->region[r->regions] = class->region(r->dev, r->regions);
        if (r->region[r->regions]->base)
            space_map(&r->space, r->region[r->regions], NULL);
        r->regions++;
    }
    return 0;
}

static void rig_down(struct rig *r)
{
    r->class->fini(r->dev);
    free(r->dev);
    free(r->ram.ram);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
}

/* The register that a byte names, an instance of it, or any offset. */
static uint64_t some_offset(struct rig *r, struct input *in, const struct region *region,
                            unsigned *size)
{
    unsigned which = (unsigned)take(in, 1), instance;
    const struct reg *reg;

    *size = 1u << (take(in, 1) & 3);
    if (which >= r->class->reg_count)
        return take(in, 4) % region->size & ~(uint64_t)(*size - 1);
    reg = &r->class->regs[which];
    instance = (unsigned)take(in, 1) % reg->repeat;
    if (!(take(in, 1) & 7))
        *size = u64_min(*size, reg->size);
    else
        *size = reg->size;
    return (reg->offset + (uint64_t)instance * reg->step) & ~(uint64_t)(*size - 1);
}

static void transact(struct rig *r, struct input *in, bool write)
{
    struct region *region = r->region[take(in, 1) % r->regions];
    struct txn t = {.write = write};
    unsigned size;

    t.addr = some_offset(r, in, region, &size);
    t.size = (uint8_t)size;
    if (write)
        t.data = take(in, size);
    region_access(&r->space, region, &t);
}

/* All of what is on the screen, as a screenshot takes it. */
static void look_at_screen(const void *dev)
{
    static uint8_t rgb[3 * 65536];
    struct bochs_picture p;

    if (bochs_display_picture(dev, &p, NULL))
        return;
    for (unsigned y = 0; y < p.height; y++)
        bochs_display_line(dev, &p, y, rgb);
}

/* Ways in that are no transactions. */
static void outside(struct rig *r, struct input *in)
{
    unsigned a = (unsigned)take(in, 1), b = (unsigned)take(in, 1);

    if (r->class == &plic_class)
        plic_drive(r->dev, 1 + a % (PLIC_SOURCES - 1), b & 1);
    else if (r->class == &aplic_class)
        aplic_drive(r->dev, 1 + a % APLIC_SOURCES, b & 1);
    else if (r->class == &bochs_display_class)
        look_at_screen(r->dev);
    else if (r->class == &imsic_class) {
        struct imsic *m = r->dev;
        struct imsic_file *f = b & 1 ? &m->s[b >> 1 & 1] : &m->m[b >> 1 & 1];
        imsic_ireg_write(f, a, take(in, 8));
        if (b & 4)
            imsic_claim(f);
    }
}

static void pass_time(struct rig *r, ps_t until)
{
    for (unsigned n = 0; n < EVENTS_MAX && clock_next(&r->clock) <= until; n++)
        clock_run(&r->clock, clock_next(&r->clock));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input in = {bytes, size};
    unsigned classes = 0;
    struct rig r;

    while (device_classes[classes])
        classes++;
    if (rig_up(&r, device_classes[take(&in, 1) % classes]))
        abort(); /* a class's default config must do */
    for (unsigned step = 0; step < STEPS_MAX && in.left && r.regions; step++)
        switch (take(&in, 1) & 15) {
        case 0: pass_time(&r, ps_add(r.clock.now, take(&in, 4))); break;
        case 1: pass_time(&r, ps_add(r.clock.now, PS_PER_US * take(&in, 2))); break;
        case 2: r.class->reset(r.dev); break;
        case 3: {
            uint64_t at = take(&in, 2), value = take(&in, 8);
            le64_put(r.ram.ram + at % (RAM_BYTES - 8), value); /* what its DMA will find */
            break;
        }
        case 4:
        case 5:
        case 6: outside(&r, &in); break;
        case 7:
        case 8: transact(&r, &in, false); break;
        default: transact(&r, &in, true); break;
        }
    pass_time(&r, ps_add(r.clock.now, PS_PER_S / 1000));
    rig_down(&r);
    return 0;
}
