/* SPDX-License-Identifier: Apache-2.0 */
/* A driver of the DMA controller at register level, with no CPU: memory, a link, and a device whose
 * accesses are written down.  Every test file builds its own copy. */
#ifndef TESTS_DEV_DW_AXI_DMAC_RIG_H
#define TESTS_DEV_DW_AXI_DMAC_RIG_H

#include "base/alloc.h"
#include "base/bits.h"
#include "check.h"
#include "dev/dw_axi_dmac.h"
#include "spec/virt.h"

#include <stdlib.h>

enum { DMAC_REGS(REG_OFFSET) };
#ifndef DEV_DW_AXI_DMAC_IMPL_H /* a test that looks inside has them from there */
enum { DMAC_FIELDS(REG_FIELD_ENUM) };
#endif

#define RIG_RAM UINT64_C(0x80000000)
#define RIG_RAM_BYTES (UINT64_C(4) << 20)
#define RIG_ROM UINT64_C(0x1000)
#define RIG_ROM_BYTES UINT64_C(65536)
#define RIG_PORT UINT64_C(0x10001000) /* a device */
#define RIG_PORT_BYTES UINT64_C(4096)
#define RIG_NOWHERE UINT64_C(0xdead0000000)
#define RIG_LOG 256

/* Places that tests use. */
#define RIG_SOURCE (RIG_RAM + 0x100000)
#define RIG_TARGET (RIG_RAM + 0x200000)
#define RIG_LIST (RIG_RAM + 0x1000)

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct params params;
    struct region ram, rom, port;
    uint8_t *memory;
    void *dev;
    bool level;
    unsigned edges;
    /* accesses of the device at RIG_PORT; reads answer `next`, which counts up */
    struct {
        uint64_t offset, data;
        uint8_t size;
        bool write;
    } log[RIG_LOG];
    unsigned logged;
    uint64_t next;
    enum fault refuse;
    void (*on_port)(struct rig *r);
};

static inline enum fault rig_port_access(void *owner, struct txn *txn)
{
    struct rig *r = owner;

    if (r->refuse)
        return r->refuse;
    if (!txn->write)
        txn->data = r->next++;
    if (r->logged < RIG_LOG) {
        r->log[r->logged].offset = txn->addr;
        r->log[r->logged].data = txn->data;
        r->log[r->logged].size = txn->size;
        r->log[r->logged].write = txn->write;
    }
    r->logged++;
    if (r->on_port)
        r->on_port(r);
    return FAULT_NONE;
}

static inline void rig_line(void *sink, unsigned pin, bool level)
{
    struct rig *r = sink;

    (void)pin;
    r->level = level;
    r->edges++;
}

static inline struct rig *rig_up(enum timing_level level)
{
    static uint8_t rom_bytes[RIG_ROM_BYTES];
    struct rig *r = xcalloc(1, sizeof *r);
    struct device_env env;

    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    r->params.level = level;
    link_init(&r->link, "dma0.link", &r->clock, &r->space, &r->trace);
    params_add(&r->params, "dma0.link", dw_axi_dmac_link_params, &r->link.p);
    link_update(&r->link);
    r->memory = xcalloc(1, RIG_RAM_BYTES);
    r->ram = (struct region){.name = "ram", .base = RIG_RAM, .size = RIG_RAM_BYTES,
                             .ram = r->memory};
    r->rom = (struct region){.name = "rom", .base = RIG_ROM, .size = RIG_ROM_BYTES,
                             .ram = rom_bytes, .read_only = true};
    r->port = (struct region){.name = "port", .base = RIG_PORT, .size = RIG_PORT_BYTES,
                              .access = rig_port_access, .owner = r};
    CHECK(space_map(&r->space, &r->ram, NULL) == 0);
    CHECK(space_map(&r->space, &r->rom, NULL) == 0);
    CHECK(space_map(&r->space, &r->port, NULL) == 0);
    env = (struct device_env){.name = "dma0", .clock = &r->clock, .trace = &r->trace,
                              .space = &r->space, .link = &r->link, .params = &r->params,
                              .seed = 1};
    r->dev = malloc(dw_axi_dmac_class.size);
    memset(r->dev, 0xa5, dw_axi_dmac_class.size);
    CHECK(dw_axi_dmac_class.init(r->dev, &env, NULL) == 0);
    dw_axi_dmac_class.reset(r->dev);
    CHECK(space_map(&r->space, dw_axi_dmac_class.region(r->dev, 0), NULL) == 0);
    line_connect(dw_axi_dmac_irq(r->dev), rig_line, r, 0);
    for (unsigned i = 0; i < RIG_RAM_BYTES; i++)
        r->memory[i] = (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16));
    return r;
}

static inline void rig_down(struct rig *r)
{
    dw_axi_dmac_class.fini(r->dev);
    free(r->dev);
    free(r->memory);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
    free(r);
}

/* ---- registers ---- */

static inline uint64_t rig_get_size(struct rig *r, uint32_t offset, unsigned size)
{
    struct txn t = {.addr = VIRT_DMA_BASE + offset, .size = (uint8_t)size};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    return t.data;
}

static inline void rig_put_size(struct rig *r, uint32_t offset, unsigned size, uint64_t value)
{
    struct txn t = {.addr = VIRT_DMA_BASE + offset, .size = (uint8_t)size, .write = true,
                    .data = value};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
}

static inline uint64_t rig_get(struct rig *r, uint32_t offset)
{
    return rig_get_size(r, offset, 8);
}

static inline void rig_put(struct rig *r, uint32_t offset, uint64_t value)
{
    rig_put_size(r, offset, 8, value);
}

/* A channel's register, by its row's offset (that of channel 0). */
static inline uint64_t ch_get(struct rig *r, unsigned c, uint32_t reg)
{
    return rig_get(r, reg + c * DMAC_CHANNEL_STEP);
}

static inline void ch_put(struct rig *r, unsigned c, uint32_t reg, uint64_t value)
{
    rig_put(r, reg + c * DMAC_CHANNEL_STEP, value);
}

static inline uint64_t ch_status(struct rig *r, unsigned c)
{
    return ch_get(r, c, DMAC_CH_INTSTATUS_OFFSET);
}

static inline void ch_clear(struct rig *r, unsigned c)
{
    ch_put(r, c, DMAC_CH_INTCLEAR_OFFSET, ~UINT64_C(0));
}

static inline bool ch_on(struct rig *r, unsigned c)
{
    return rig_get(r, DMAC_CHEN_OFFSET) >> c & 1;
}

static inline void rig_on(struct rig *r)
{
    rig_put(r, DMAC_CFG_OFFSET, FMASK(DMAC_CFG_DMAC_EN) | FMASK(DMAC_CFG_INT_EN));
}

static inline void ch_enable(struct rig *r, unsigned c)
{
    rig_put_size(r, DMAC_CHEN_OFFSET, 4, 0x101u << c);
}

static inline void ch_disable(struct rig *r, unsigned c)
{
    rig_put_size(r, DMAC_CHEN_OFFSET, 4, 0x100u << c);
}

static inline void ch_suspend(struct rig *r, unsigned c, bool on)
{
    rig_put_size(r, DMAC_CHEN_OFFSET, 4, (on ? 0x1010000u : 0x1000000u) << c);
}

static inline void ch_abort(struct rig *r, unsigned c)
{
    rig_put_size(r, DMAC_CHEN_OFFSET + 4, 4, 0x101u << c);
}

/* ---- transfers ---- */

/* CTL for items of 1 << width bytes on both sides, addresses that count up, valid. */
static inline uint64_t rig_ctl(unsigned width)
{
    uint64_t ctl = FPUT(FPUT(0, DMAC_CTL_SRC_WIDTH, width), DMAC_CTL_DST_WIDTH, width);

    return FPUT(ctl, DMAC_CTL_VALID, 1);
}

/* CFG of memory to memory, with as many bursts under way as there can be. */
static inline uint64_t rig_cfg(unsigned type)
{
    uint64_t cfg = FPUT(FPUT(0, DMAC_CFG_SRC_MULTBLK, type), DMAC_CFG_DST_MULTBLK, type);

    return FPUT(FPUT(cfg, DMAC_CFG_SRC_OSR_LMT, 15), DMAC_CFG_DST_OSR_LMT, 15);
}

/* One block by registers, not enabled yet. */
static inline void ch_block(struct rig *r, unsigned c, uint64_t to, uint64_t from, uint32_t items,
                            uint64_t ctl, uint64_t cfg)
{
    ch_put(r, c, DMAC_CH_SAR_OFFSET, from);
    ch_put(r, c, DMAC_CH_DAR_OFFSET, to);
    ch_put(r, c, DMAC_CH_BLOCK_TS_OFFSET, items - 1);
    ch_put(r, c, DMAC_CH_CFG_OFFSET, cfg);
    ch_put(r, c, DMAC_CH_CTL_OFFSET, ctl);
}

/* Item `n` of the list at RIG_LIST; it names the next, the last one itself. */
static inline uint8_t *rig_at(struct rig *r, uint64_t addr)
{
    return r->memory + (addr - RIG_RAM);
}

static inline uint64_t rig_item_at(unsigned n)
{
    return RIG_LIST + n * DMAC_LLI_BYTES;
}

static inline void rig_item(struct rig *r, unsigned n, uint64_t to, uint64_t from, uint32_t items,
                            uint64_t ctl, bool last)
{
    uint8_t *item = rig_at(r, rig_item_at(n));

    memset(item, 0xee, DMAC_LLI_BYTES);
    le64_put(item + DMAC_LLI_SAR, from);
    le64_put(item + DMAC_LLI_DAR, to);
    le32_put(item + DMAC_LLI_BLOCK_TS, items - 1);
    le64_put(item + DMAC_LLI_LLP, rig_item_at(last ? n : n + 1));
    le64_put(item + DMAC_LLI_CTL, FPUT(ctl, DMAC_CTL_LAST, last));
}

static inline void ch_list(struct rig *r, unsigned c, uint64_t at)
{
    ch_put(r, c, DMAC_CH_CFG_OFFSET, rig_cfg(DMAC_MULTBLK_LIST));
    ch_put(r, c, DMAC_CH_LLP_OFFSET, at);
    ch_enable(r, c);
}

static inline void rig_run(struct rig *r, ps_t time)
{
    clock_run(&r->clock, r->clock.now + time);
}

/* Runs until nothing is due, at most that many events' times. */
static inline void rig_settle(struct rig *r)
{
    for (unsigned i = 0; i < 1000000 && clock_next(&r->clock) != PS_NEVER; i++)
        clock_run(&r->clock, clock_next(&r->clock));
}

/* Whether `bytes` at `to` are those at `from`. */
static inline bool rig_copied(struct rig *r, uint64_t to, uint64_t from, uint64_t bytes)
{
    return memcmp(rig_at(r, to), rig_at(r, from), bytes) == 0;
}

#endif
