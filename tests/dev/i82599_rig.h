/* SPDX-License-Identifier: Apache-2.0 */
/* A driver of an 82599 at register level, with no CPU: memory, a PCIe link, a place where messages
 * arrive, a wire with nobody at its far end yet.  Every test file builds its own copy. */
#ifndef TESTS_DEV_I82599_RIG_H
#define TESTS_DEV_I82599_RIG_H

#include "base/alloc.h"
#include "base/bits.h"
#include "check.h"
#include "dev/i82599.h"
#include "spec/i82599.h"

#include <stdlib.h>

enum { I82599_REGS(REG_OFFSET) };
#ifndef DEV_I82599_IMPL_H /* a test that looks inside has them from there */
enum { I82599_REG_FIELDS(REG_FIELD_ENUM) };
#endif
enum { PCI_CONFIG_REGS(REG_OFFSET) };
enum { PCI_CONFIG_FIELDS(REG_FIELD_ENUM) };

#define RIG_RAM UINT64_C(0x80000000)
#define RIG_RAM_BYTES (UINT64_C(16) << 20)
#define RIG_ROM UINT64_C(0x1000)
#define RIG_MSI UINT64_C(0x28000000)
#define RIG_BAR0 UINT64_C(0x40000000)
#define RIG_BAR4 UINT64_C(0x40020000)
#define RIG_NOWHERE UINT64_C(0xdead0000000)
#define RIG_VECTORS 80

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct wire wire;
    struct params params;
    struct region ram, rom, msi;
    uint8_t *memory;
    uint64_t allocated;
    void *dev;
    struct pci_function *pci;
    /* messages that have arrived, by their data */
    unsigned msis[RIG_VECTORS];
    ps_t msi_at;
    bool pin;
    unsigned pin_edges;
};

static inline enum fault rig_msi_access(void *owner, struct txn *txn)
{
    struct rig *r = owner;

    if (txn->write && txn->data < RIG_VECTORS) {
        r->msis[txn->data]++;
        r->msi_at = r->clock.now;
    }
    return FAULT_NONE;
}

static inline void rig_pin(void *sink, unsigned pin, bool level)
{
    struct rig *r = sink;

    (void)pin;
    r->pin = level;
    r->pin_edges++;
}

/* ---- registers: they take effect at once, without the link's time ---- */

static inline uint32_t rig_get(struct rig *r, uint32_t offset)
{
    struct txn t = {.addr = RIG_BAR0 + offset, .size = 4};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    return (uint32_t)t.data;
}

static inline void rig_put(struct rig *r, uint32_t offset, uint64_t value)
{
    struct txn t = {.addr = RIG_BAR0 + offset, .size = 4, .write = true,
                    .data = value & 0xffffffff};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
}

static inline void rig_run(struct rig *r, ps_t time)
{
    clock_run(&r->clock, r->clock.now + time);
}

/* ---- memory ---- */

static inline uint64_t rig_alloc(struct rig *r, uint64_t bytes)
{
    uint64_t addr = RIG_RAM + r->allocated;

    r->allocated += align_up(bytes, PAGE_BYTES);
    CHECK(r->allocated <= RIG_RAM_BYTES);
    return addr;
}

static inline uint8_t *rig_at(struct rig *r, uint64_t addr)
{
    return r->memory + (addr - RIG_RAM);
}

/* ---- life ---- */

static inline void rig_program_bars(struct rig *r)
{
    pci_config_write(r->pci, PCI_PM_CSR_OFFSET, 2, 0); /* D0 */
    pci_config_write(r->pci, PCI_BAR_OFFSET, 4, (uint32_t)RIG_BAR0);
    pci_config_write(r->pci, PCI_BAR_OFFSET + 4, 4, 0);
    pci_config_write(r->pci, PCI_BAR_OFFSET + 16, 4, (uint32_t)RIG_BAR4);
    pci_config_write(r->pci, PCI_COMMAND_OFFSET, 2,
                     (uint32_t)(FMASK(PCI_COMMAND_MEMORY) | FMASK(PCI_COMMAND_MASTER)));
}

/* All vectors to rig.msis, by their number. */
static inline void rig_msix(struct rig *r, bool on)
{
    pci_config_write(r->pci, PCI_MSIX_CONTROL_OFFSET, 2, on ? (uint32_t)FMASK(PCI_MSIX_ENABLE) : 0);
    for (unsigned v = 0; v < r->pci->vectors; v++) {
        struct txn t = {.addr = RIG_BAR4 + v * 16, .size = 8, .write = true, .data = RIG_MSI};
        CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
        t = (struct txn){.addr = RIG_BAR4 + v * 16 + 8, .size = 8, .write = true, .data = v};
        CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    }
}

static inline void rig_memory(struct rig *r)
{
    static uint8_t rom_bytes[65536];

    r->memory = xcalloc(1, RIG_RAM_BYTES);
    r->ram = (struct region){.name = "ram", .base = RIG_RAM, .size = RIG_RAM_BYTES,
                             .ram = r->memory};
    r->rom = (struct region){.name = "rom", .base = RIG_ROM, .size = sizeof rom_bytes,
                             .ram = rom_bytes, .read_only = true};
    r->msi = (struct region){.name = "msi", .base = RIG_MSI, .size = 4096,
                             .access = rig_msi_access, .owner = r};
    CHECK(space_map(&r->space, &r->ram, NULL) == 0);
    CHECK(space_map(&r->space, &r->rom, NULL) == 0);
    CHECK(space_map(&r->space, &r->msi, NULL) == 0);
}

/* A device on a bus of its own, decoded, with MSI-X; `config` without a wire gets the rig's. */
static inline struct rig *rig_up_config(enum timing_level level, struct i82599_config config,
                                        bool cable)
{
    struct rig *r = xcalloc(1, sizeof *r);
    struct device_env env;
    struct err err = {""};

    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    r->params.level = level;
    link_init(&r->link, "nic0.link", &r->clock, &r->space, &r->trace);
    params_add(&r->params, "nic0.link", i82599_link_params, &r->link.p);
    link_update(&r->link);
    wire_init(&r->wire, "wire0", &r->clock, &r->trace, 1);
    params_add(&r->params, "wire0", wire_params, &r->wire.p);
    wire_reset(&r->wire);
    rig_memory(r);
    if (cable)
        config.wire = &r->wire;
    env = (struct device_env){.name = "nic0", .clock = &r->clock, .trace = &r->trace,
                              .space = &r->space, .link = &r->link, .params = &r->params,
                              .seed = 1, .config = &config};
    r->dev = malloc(i82599_class.size);
    memset(r->dev, 0xa5, i82599_class.size);
    if (i82599_class.init(r->dev, &env, &err)) {
        check_fail(__FILE__, __LINE__, err.text);
        exit(1);
    }
    r->pci = i82599_pci(r->dev);
    i82599_class.reset(r->dev);
    line_connect(&r->pci->intx, rig_pin, r, 0);
    rig_program_bars(r);
    rig_msix(r, true);
    return r;
}

static inline struct rig *rig_up(enum timing_level level)
{
    return rig_up_config(level, (struct i82599_config){0}, true);
}

static inline void rig_down(struct rig *r)
{
    i82599_class.fini(r->dev);
    wire_fini(&r->wire);
    free(r->dev);
    free(r->memory);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
    free(r);
}

static inline bool rig_link(struct rig *r)
{
    return rig_get(r, I82599_LINKS_OFFSET) & FMASK(I82599_LINKS_UP);
}

/* The link comes up by itself after power-on: waits for it. */
static inline void rig_link_up(struct rig *r)
{
    for (unsigned i = 0; i < 1000 && !rig_link(r); i++)
        rig_run(r, PS_PER_S / 1000);
    CHECK(rig_link(r) && wire_up(&r->wire));
}

#endif
