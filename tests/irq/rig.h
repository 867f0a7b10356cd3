/* SPDX-License-Identifier: Apache-2.0 */
/* An interrupt controller on a bus, and harts that only count what their wires do. */
#ifndef TESTS_IRQ_RIG_H
#define TESTS_IRQ_RIG_H

#include "base/bits.h"
#include "bus/device.h"
#include "check.h"

#define WIRES_MAX 16

struct wire {
    struct rig *rig;
    bool level;
    unsigned rises;
    uint64_t cause; /* of the latest rise */
};

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    /* By hart, for each bit of mip. */
    struct wire wire[WIRES_MAX][16];
};

static inline void wire_drive(void *sink, unsigned pin, bool level)
{
    struct wire *w = (struct wire *)sink + pin;

    w->level = level;
    w->rises += level;
    if (level)
        w->cause = w->rig->clock.cause;
}

static inline void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    for (unsigned h = 0; h < WIRES_MAX; h++)
        for (unsigned n = 0; n < 16; n++)
            r->wire[h][n].rig = r;
}

static inline void rig_add(struct rig *r, const struct device_class *class, void *dev,
                           const void *config)
{
    struct device_env env = {.name = class->name, .clock = &r->clock, .trace = &r->trace,
                             .space = &r->space, .config = config};
    struct region *region;

    CHECK(class->init(dev, &env, NULL) == 0);
    class->reset(dev);
    for (unsigned i = 0; (region = class->region(dev, i)) != NULL; i++)
        CHECK(space_map(&r->space, region, NULL) == 0);
}

/* Connects one wire of each hart. */
static inline void rig_connect(struct rig *r, struct line *lines, unsigned harts, unsigned pin)
{
    for (unsigned h = 0; h < harts; h++)
        line_connect(&lines[h], wire_drive, r->wire[h], pin);
}

static inline void rig_fini(struct rig *r)
{
    clock_fini(&r->clock);
    trace_fini(&r->trace);
}

static inline uint64_t get(struct rig *r, unsigned size, uint64_t addr)
{
    struct txn t = {.addr = addr, .size = (uint8_t)size};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    return t.data;
}

static inline void put(struct rig *r, unsigned size, uint64_t addr, uint64_t value)
{
    struct txn t = {.addr = addr, .size = (uint8_t)size, .write = true, .data = value};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
}

static inline uint32_t get32(struct rig *r, uint64_t addr)
{
    return (uint32_t)get(r, 4, addr);
}

static inline void put32(struct rig *r, uint64_t addr, uint32_t value)
{
    put(r, 4, addr, value);
}

#endif
