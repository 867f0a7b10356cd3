/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every device class, whatever it does.  A new class is one row of `subjects`. */
#include "base/alloc.h"
#include "base/bits.h"
#include "bus/device.h"
#include "check.h"
#include "dev/bochs_display.h"
#include "dev/dw_axi_dmac.h"
#include "dev/finisher.h"
#include "dev/goldfish_rtc.h"
#include "dev/i82599.h"
#include "dev/nvme.h"
#include "dev/pcie_host.h"
#include "dev/uart.h"
#include "irq/aclint.h"
#include "irq/aplic.h"
#include "irq/imsic.h"
#include "irq/plic.h"
#include "machine/classes.h"
#include "sim/random.h"

#include <stdlib.h>

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_BYTES 65536

struct subject {
    const struct device_class *class;
    /* Something happens that is no access (a wire moves, a byte arrives, a hart looks in); returns
     * what could be seen of it.  NULL: there is no such way in.  `random` decides everything. */
    uint64_t (*poke)(void *dev, uint64_t random);
    /* Takes back what poke left outside (lowers the wires): a reset cannot.  NULL: nothing. */
    void (*quiet)(void *dev);
};

static uint64_t imsic_poke(void *dev, uint64_t random)
{
    struct imsic *m = dev;
    struct imsic_file *f = random & 1 ? &m->m[random >> 1 & 1] : &m->s[random >> 1 & 1];
    unsigned select = random >> 4 & 0xff;
    uint64_t value = 0;

    if (random & 4) /* the registers that exist, more often than not */
        select = select & 0x80 ? (select & 0xc6) : IMSIC_EIDELIVERY + (select & 2);
    if (random & 8)
        return imsic_claim(f);
    imsic_ireg_write(f, select, random & 0x1000 ? 1 : random >> 16);
    imsic_ireg_read(f, select ^ (unsigned)(random >> 60), &value);
    return value;
}

/* One 32-bit access as a driver would make it: a script of random ones seldom gets that far. */
static uint64_t touch(struct bank *bank, uint64_t offset, bool write, uint64_t data)
{
    struct txn t = {.addr = offset, .size = 4, .write = write, .data = data & 0xffffffff};

    bank_access(bank, &t);
    return t.data;
}

static uint64_t plic_poke(void *dev, uint64_t random)
{
    struct plic *p = dev;
    unsigned context = random >> 4 & 3, few = 1 + (random >> 8 & 3);

    switch (random & 7) {
    case 0: return touch(&p->bank, 0x4 * few, true, random >> 16);
    case 1: return touch(&p->bank, 0x2000 + 0x80 * context, true, ~UINT64_C(0));
    case 2: return touch(&p->bank, 0x200004 + 0x1000 * context, false, 0);
    case 3: return touch(&p->bank, 0x200004 + 0x1000 * context, true, few);
    case 4: plic_drive(dev, 1 + (random >> 8) % (PLIC_SOURCES - 1), random >> 4 & 1); return 0;
    default: plic_drive(dev, few, random >> 4 & 1); return 0;
    }
}

static void plic_quiet(void *dev)
{
    for (unsigned i = 1; i < PLIC_SOURCES; i++)
        plic_drive(dev, i, false);
}

/* Its wire, which no register shows. */
static uint64_t rtc_poke(void *dev, uint64_t random)
{
    (void)random;
    return ((struct goldfish_rtc *)dev)->irq.level;
}

static void uart_put(struct uart *u, unsigned offset, uint64_t value)
{
    struct txn t = {.addr = offset, .size = 1, .write = true, .data = value & 0xff};

    bank_access(&u->bank, &t);
}

/* A byte from the wire, or what a driver would do: random scripts rarely get as far. */
static uint64_t uart_poke(void *dev, uint64_t random)
{
    struct uart *u = dev;
    bool before = uart_can_receive(u);

    switch (random >> 8 & 3) {
    case 0: /* FIFOs and interrupts on */
        uart_put(u, 3, random >> 16 & 0x7f);
        uart_put(u, 1, 0x0f);
        uart_put(u, 2, 0x01 | random >> 24);
        break;
    case 1: /* up to four bytes out */
        for (unsigned i = 0; i <= (random >> 16 & 3); i++)
            uart_put(u, 0, random >> 24);
        break;
    default:
        uart_receive(u, (uint8_t)random);
        break;
    }
    return before | uart_can_receive(u) << 1 | u->irq.level << 2;
}

/* A few sources of both domains, used as a driver uses them. */
static uint64_t aplic_poke(void *dev, uint64_t random)
{
    struct aplic *a = dev;
    struct bank *m = &a->domain[APLIC_M].bank, *s = &a->domain[APLIC_S].bank;
    struct bank *one = random & 16 ? m : s;
    unsigned few = 1 + (random >> 8 & 3), hart = random >> 12 & 1;
    uint64_t value = random >> 16;

    switch (random & 15) {
    case 0: return touch(m, 4 * few, true, value & 0x407);
    case 1: return touch(s, 4 * few, true, value & 7);
    case 2: return touch(one, 0x1edc, true, few);
    case 3: return touch(one, 0x3000 + 4 * few, true, hart << 18 | (value & 3));
    case 4: return touch(one, 0, true, value & 0x104);
    case 5: return touch(one, 0x4000 + 0x20 * hart, true, 1);
    case 6: return touch(one, 0x401c + 0x20 * hart, false, 0);
    case 7: return touch(one, 0x2000, true, few);
    case 8: return touch(m, 0x1bc8, true, value & 1 ? 0x80000 : 0xd002); /* memory, or itself */
    case 9: return touch(one, 0x1d00, false, 0);
    case 10: return touch(one, 0x1c00, false, 0);
    case 11: aplic_drive(dev, 1 + (random >> 8) % APLIC_SOURCES, value & 1); return 0;
    default: aplic_drive(dev, few, value & 1); return 0;
    }
}

static void aplic_quiet(void *dev)
{
    for (unsigned i = 1; i <= APLIC_SOURCES; i++)
        aplic_drive(dev, i, false);
}

static void nvme_put(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
    struct region *bar0 = nvme_class.region(dev, 0);
    struct txn t = {.addr = offset, .size = (uint8_t)size, .write = true, .data = value};

    region_access(nvme_pci(dev)->space, bar0, &t);
}

/* A command at `slot` of a queue, at RAM_BASE + 0x1000 * (1 + queue), and its doorbell. */
static void nvme_submit(void *dev, unsigned queue, unsigned slot, uint64_t random,
                        uint32_t dw0, uint32_t dw10, uint32_t dw11, uint32_t dw12)
{
    uint8_t sqe[64] = {0};

    le32_put(sqe, dw0 | slot << 16);
    le32_put(sqe + 4, random >> 40 & 1);
    le64_put(sqe + 24, dw0 == 1   ? RAM_BASE + 0x2000 /* its own memory: create a queue */
                       : dw0 == 5 ? RAM_BASE + 0x7000
                                  : RAM_BASE + 0x4000 + (random >> 41 & 7) * 0x200);
    le64_put(sqe + 32, RAM_BASE + 0x6000);
    le32_put(sqe + 40, dw10);
    le32_put(sqe + 44, dw11);
    le32_put(sqe + 48, dw12);
    space_write(nvme_pci(dev)->space, 0, RAM_BASE + 0x1000 * (1 + queue) + 64 * slot, sqe, 64);
    nvme_put(dev, 0x1000 + 8 * queue, 4, (slot + 1) % 8);
}

/* From whatever state to one I/O queue pair of 8 entries: random steps rarely get as far. */
static void nvme_bring_up(void *dev, uint64_t random)
{
    struct clock *clock = nvme_pci(dev)->clock;

    pci_config_write(nvme_pci(dev), 0x04, 2, 0x4);
    nvme_put(dev, 0x14, 4, 0);
    clock_run(clock, clock->now + PS_PER_S);
    nvme_put(dev, 0x24, 4, 0x00070007);
    nvme_put(dev, 0x28, 8, RAM_BASE + 0x1000);
    nvme_put(dev, 0x30, 8, RAM_BASE + 0x3000);
    nvme_put(dev, 0x14, 4, 0x00460001);
    clock_run(clock, clock->now + PS_PER_S);
    nvme_submit(dev, 0, 0, random & 0x7, 5, 0x00070001, 3, 0);
    nvme_submit(dev, 0, 1, random & 0x7, 1, 0x00070001, 0x00010001, 0);
    clock_run(clock, clock->now + PS_PER_S);
    for (unsigned i = 0; i < (random >> 16 & 7); i++) /* and that many reads under way */
        nvme_submit(dev, 1, i, UINT64_C(1) << 40 | i << 8, 2, i * 16, 0, random >> 20 & 7);
    nvme_submit(dev, 0, 2, UINT64_C(5) << 40, 6, 1, 0, 0); /* bytes that are not all 0 */
    clock_run(clock, clock->now + (random >> 24 & 63) * (PS_PER_US / 4));
}

/* What a driver does; reads only, since the disk's contents are no part of the controller's
 * state. */
static uint64_t nvme_poke(void *dev, uint64_t random)
{
    struct pci_function *pci = nvme_pci(dev);
    struct txn t = {.size = 8, .write = true};
    unsigned slot = random >> 8 & 7;

    switch (random & 7) {
    case 0: /* on the bus, with interrupts */
        pci_config_write(pci, 0x04, 2, random & 0x8000 ? 0x4 : 0x404);
        pci_config_write(pci, PCI_CAP_AT_MSIX + 2, 2, (uint32_t)(random >> 16 & 3) << 14);
        break;
    case 1:
        nvme_bring_up(dev, random);
        break;
    case 2: /* off */
        nvme_put(dev, 0x14, 4, random & 0x100 ? 0 : 0x00464001);
        break;
    case 3: /* identify, a feature, an asynchronous event */
        nvme_submit(dev, 0, slot, random, (const uint8_t[]){6, 0x0a, 9, 0x0c}[random >> 16 & 3],
                    random >> 24 & 0xf, random >> 28 & 0xff, 0);
        break;
    case 4: /* a completion and a submission queue of 8 */
        nvme_submit(dev, 0, slot, random, random & 0x10000 ? 5 : 1, 0x00070001,
                    random & 0x10000 ? 3 : 0x00010001, 0);
        break;
    case 5: /* read blocks of namespace 1, mostly */
        nvme_submit(dev, 1, slot, random | (uint64_t)!!(random & 0x3800) << 40, 2,
                    random >> 16 & 0x7ff, 0, random >> 28 & 7);
        break;
    case 6: /* completions consumed */
        nvme_put(dev, 0x1004 + (random & 8), 4, slot);
        break;
    default: /* a vector to memory */
        t.addr = 16 * (random >> 16 & 1);
        t.data = RAM_BASE + 0x8000;
        region_access(pci->space, nvme_class.region(dev, 1), &t);
        t.addr += 8;
        t.data = random >> 17 << 32 & UINT64_C(1) << 32;
        region_access(pci->space, nvme_class.region(dev, 1), &t);
        break;
    }
    return pci->intx.level;
}

static void i82599_put(void *dev, uint64_t offset, uint64_t value)
{
    struct region *bar0 = i82599_class.region(dev, 0);
    struct txn t = {.addr = offset, .size = 4, .write = true, .data = value & 0xffffffff};

    region_access(i82599_pci(dev)->space, bar0, &t);
}

/* MAC loopback with queue 0 of both directions: rings of 8 at RAM_BASE + 0x1000 and + 0x2000. */
static void i82599_bring_up(void *dev, uint64_t random)
{
    struct space *space = i82599_pci(dev)->space;
    uint8_t d[16];

    pci_config_write(i82599_pci(dev), 0x04, 2, 0x4);
    for (unsigned i = 0; i < 8; i++) {
        le64_put(d, RAM_BASE + 0x4000 + 0x800 * i);
        le64_put(d + 8, 0);
        space_write(space, 0, RAM_BASE + 0x1000 + 16 * i, d, 16);
        le64_put(d, RAM_BASE + 0x8000);
        le32_put(d + 8, 0x0b000000 | (60 + (random >> 32 & 0x1ff)));
        space_write(space, 0, RAM_BASE + 0x2000 + 16 * i, d, 16);
    }
    i82599_put(dev, 0x4240, 0x08008c0b);            /* HLREG0.LPBK */
    i82599_put(dev, 0x42a0, 0xc09c6005);            /* AUTOC.FLU */
    i82599_put(dev, 0x5080, 0x702);
    i82599_put(dev, 0x900, 0x8180);                 /* IVAR */
    i82599_put(dev, 0x880, 0xffff);
    i82599_put(dev, 0x1000, RAM_BASE + 0x1000);
    i82599_put(dev, 0x1008, 128);
    i82599_put(dev, 0x1014, (random & 0x100) << 17 | 2);
    i82599_put(dev, 0x1028, 0x02000000);
    i82599_put(dev, 0x1018, 7);
    i82599_put(dev, 0x6000, RAM_BASE + 0x2000);
    i82599_put(dev, 0x6008, 128);
    i82599_put(dev, 0x6028, 0x02000000);
    i82599_put(dev, 0x4a80, 1);
    i82599_put(dev, 0x3000, 1);
    i82599_put(dev, 0x6018, random >> 16 & 7);
}

/* What a driver does. */
static uint64_t i82599_poke(void *dev, uint64_t random)
{
    struct pci_function *pci = i82599_pci(dev);
    struct txn t = {.size = 8, .write = true};
    unsigned reg = random >> 8 & 1;

    switch (random & 7) {
    case 0: /* on the bus, with interrupts */
        pci_config_write(pci, 0x04, 2, random & 0x8000 ? 0x4 : 0x404);
        pci_config_write(pci, PCI_CAP_AT_MSIX + 2, 2, (uint32_t)(random >> 16 & 3) << 14);
        break;
    case 1:
        i82599_bring_up(dev, random);
        break;
    case 2: /* CTRL.RST or CTRL.LNK_RST, seldom */
        if (!(random >> 16 & 7))
            i82599_put(dev, 0, random & 0x100 ? 0x04000000 : 8);
        break;
    case 3: /* the EEPROM: a word, and a bit of its wires */
        i82599_put(dev, 0x10014 + 4 * reg, random >> 16 << 8 | 1);
        i82599_put(dev, 0x10010, 0x50 | (random >> 40 & 5));
        break;
    case 4: /* the module's wires */
        for (unsigned i = 0; i < 24; i++)
            i82599_put(dev, 0x28, random >> (8 + 2 * i) << 1 & 0xa);
        break;
    case 5: /* moderation, causes */
        i82599_put(dev, 0x820 + 4 * (random >> 16 & 1), random >> 20 & 0x38);
        i82599_put(dev, 0x808, random >> 24 & 0x100003);
        break;
    case 6: /* tails */
        i82599_put(dev, reg ? 0x1018 : 0x6018, random >> 16 & 7);
        break;
    default: /* a vector to memory */
        t.addr = 16 * (random >> 16 & 1);
        t.data = RAM_BASE + 0xc000;
        region_access(pci->space, i82599_class.region(dev, 1), &t);
        t.addr += 8;
        t.data = random >> 17 << 32 & UINT64_C(1) << 32;
        region_access(pci->space, i82599_class.region(dev, 1), &t);
        break;
    }
    return pci->intx.level;
}

static void bochs_put(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
    struct txn t = {.addr = offset, .size = (uint8_t)size, .write = true, .data = value};

    region_access(bochs_display_pci(dev)->space, bochs_display_class.region(dev, 0), &t);
}

/* What is on the screen, of a frame buffer that nobody has drawn in: the palette and the byte order
 * show only there. */
static uint64_t bochs_poke(void *dev, uint64_t random)
{
    struct txn t = {.addr = 0x604, .size = 4};
    struct bochs_picture p;
    uint8_t rgb[3 * 65535];

    switch (random & 3) {
    case 0: /* a mode */
        bochs_put(dev, 0x502, 2, 64 + (random >> 8 & 0x7f));
        bochs_put(dev, 0x504, 2, 64 + (random >> 16 & 0x7f));
        bochs_put(dev, 0x506, 2, (const uint8_t[]){8, 15, 24, 32}[random >> 24 & 3]);
        bochs_put(dev, 0x508, 2, 1 | (random >> 32 & 0x20));
        break;
    case 1: /* the first colours */
        bochs_put(dev, 0x408, 1, random >> 8 & 1);
        for (unsigned i = 0; i < 4; i++)
            bochs_put(dev, 0x409, 1, random >> (16 + 8 * i) & 0xff);
        break;
    case 2: /* blanked or not */
        bochs_put(dev, 0x400, 1, random >> 8 & 0x3f);
        break;
    default: /* the byte order of pixels */
        if (random & 0x100)
            bochs_put(dev, 0x604, 4, random & 0x200 ? 0xbebebebe : 0x1e1e1e1e);
        region_access(bochs_display_pci(dev)->space, bochs_display_class.region(dev, 0), &t);
        return t.data;
    }
    if (bochs_display_picture(dev, &p, NULL))
        return 0;
    bochs_display_line(dev, &p, p.height - 1, rgb);
    return (uint64_t)p.width << 40 | p.height << 24 | rgb[0] << 16 | rgb[1] << 8 | rgb[2];
}

/* Channel 0 or 1, used as a driver does: a list or a block, of bytes here to bytes there, perhaps paced;
 * then stopped in one way or another. */
static uint64_t dmac_poke(void *dev, uint64_t random)
{
    struct bank *bank = dw_axi_dmac_class.bank(dev, 0);
    unsigned c = random >> 8 & 1, at = 0x100 + 0x100 * c;
    uint64_t value = random >> 16;

    switch (random & 7) {
    case 0: /* on */
        touch(bank, 0x10, true, value & 0xf ? 3 : value >> 4 & 3);
        touch(bank, at + 0x98, true, ~UINT64_C(0));
        break;
    case 1: /* a block, by registers */
        touch(bank, at + 0x00, true, RAM_BASE + (value & 0x7fff));
        touch(bank, at + 0x08, true, RAM_BASE + 0x8000 + (value >> 16 & 0x7fff));
        touch(bank, at + 0x10, true, value >> 32 & 0x1ff);
        touch(bank, at + 0x18, true, value >> 20 & 0x003fff50);
        touch(bank, at + 0x1c, true, value >> 40 & 1 ? 0x84078040 : 0x84000000);
        touch(bank, at + 0x20, true, value & 0x100 ? value & 0xf : 0);
        touch(bank, at + 0x24, true, value >> 8 & 0x7f8e001b);
        touch(bank, 0x18, true, 0x101u << c);
        break;
    case 2: /* a list */
        touch(bank, at + 0x20, true, 0xf);
        touch(bank, at + 0x24, true, value >> 8 & 0x7f8e0000);
        touch(bank, at + 0x28, true, RAM_BASE + 0x1000 + (value & 0xc0));
        touch(bank, 0x18, true, 0x101u << c);
        break;
    case 3: touch(bank, 0x18, true, (value & 1 ? 0x1010000u : 0x1000000u) << c); break;
    case 4: touch(bank, value & 1 ? 0x1c : 0x18, true, value & 1 ? 0x101u << c : 0x100u << c); break;
    case 5: touch(bank, at + (value & 1 ? 0x38 : 0x40), true, value >> 1 & 0x3f); break;
    case 6: touch(bank, at + 0x48, true, 0); break;
    default: dw_axi_dmac_request(dev, value & 3, value >> 2 & 1); break;
    }
    return dw_axi_dmac_irq(dev)->level;
}

static void dmac_quiet(void *dev)
{
    for (unsigned i = 0; i < DMAC_HANDSHAKES; i++)
        dw_axi_dmac_request(dev, i, false);
}

static const struct subject subjects[] = {
    {&aclint_class, NULL, NULL},
    {&aplic_class, aplic_poke, aplic_quiet},
    {&imsic_class, imsic_poke, NULL},
    {&plic_class, plic_poke, plic_quiet},
    {&pcie_host_class, NULL},
    {&goldfish_rtc_class, rtc_poke},
    {&finisher_class, NULL},
    {&uart_class, uart_poke},
    {&dw_axi_dmac_class, dmac_poke, dmac_quiet},
    {&nvme_class, nvme_poke},
    {&i82599_class, i82599_poke},
    {&bochs_display_class, bochs_poke},
};

#define VIEW_BITS 8

/* A device alone on a bus, with a little memory to do DMA with. */
struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct region ram;
    struct params params;
    struct device_env env;
    const struct subject *subject;
    void *dev;
};

static void rig_up(struct rig *r, const struct subject *subject, ps_t now)
{
    const struct device_class *c = subject->class;
    struct err err = {""};
    struct region *region;

    memset(r, 0, sizeof *r);
    r->subject = subject;
    clock_init(&r->clock);
    r->clock.now = now;
    trace_init(&r->trace, &r->clock);
    link_init(&r->link, "soc", &r->clock, &r->space, &r->trace);
    r->params.level = TIMING_IO;
    params_add(&r->params, "soc", link_soc_params, &r->link.p);
    link_update(&r->link);
    r->ram = (struct region){.name = "ram", .base = RAM_BASE, .size = RAM_BYTES,
                             .ram = xcalloc(RAM_BYTES, 1)};
    CHECK(space_map(&r->space, &r->ram, NULL) == 0);
    r->env = (struct device_env){.name = c->name, .clock = &r->clock, .trace = &r->trace,
                                 .space = &r->space, .link = &r->link, .params = &r->params,
                                 .seed = 1};
    /* Not zeroed: init must not rely on it. */
    r->dev = malloc(c->size);
    memset(r->dev, 0xa5, c->size);
    if (c->init(r->dev, &r->env, &err)) {
        check_fail(__FILE__, __LINE__, err.text);
        exit(1);
    }
    c->reset(r->dev);
    /* A region with a base is where the board puts it: the device's own DMA can reach it. */
    for (unsigned i = 0; (region = c->region(r->dev, i)) != NULL; i++)
        if (region->base)
            CHECK(space_map(&r->space, region, NULL) == 0);
}

static void rig_down(struct rig *r)
{
    r->subject->class->fini(r->dev);
    free(r->dev);
    free(r->ram.ram);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
}

static void rig_save(struct rig *r, struct archive *a)
{
    const struct device_class *c = r->subject->class;
    struct bank *bank;

    state_save(a, c->state, r->dev);
    for (unsigned i = 0; (bank = c->bank(r->dev, i)) != NULL; i++) {
        archive_put(a, bank->value, bank->values * sizeof bank->value[0]);
        archive_put(a, &bank->view, sizeof bank->view);
    }
    state_save(a, link_fields, &r->link);
    archive_put(a, r->ram.ram, RAM_BYTES);
    archive_put(a, &r->clock.seq, sizeof r->clock.seq);
}

static void rig_load(struct rig *r, struct archive *a)
{
    const struct device_class *c = r->subject->class;
    struct bank *bank;

    CHECK(state_load(a, c->state, r->dev, &r->clock, NULL) == 0);
    for (unsigned i = 0; (bank = c->bank(r->dev, i)) != NULL; i++) {
        CHECK(archive_get(a, bank->value, bank->values * sizeof bank->value[0]) == 0);
        CHECK(archive_get(a, &bank->view, sizeof bank->view) == 0);
    }
    CHECK(state_load(a, link_fields, &r->link, &r->clock, NULL) == 0);
    CHECK(archive_get(a, r->ram.ram, RAM_BYTES) == 0);
    if (c->restore)
        c->restore(r->dev);
    CHECK(archive_get(a, &r->clock.seq, sizeof r->clock.seq) == 0);
}

/* ---- random scripts ---- */

/* Values that mean something more often than random ones do. */
static uint64_t some_value(struct random *rnd)
{
    switch (random_below(rnd, 8)) {
    case 0: return 0;
    case 1: return ~UINT64_C(0);
    case 2: return UINT64_C(1) << random_below(rnd, 64);
    case 3:
    case 4: return random_below(rnd, 128);
    case 5: return RAM_BASE + random_below(rnd, RAM_BYTES / 64) * 64;
    case 6: return random_below(rnd, 65536) << random_below(rnd, 32);
    default: return random_u64(rnd);
    }
}

static struct txn some_access(struct rig *r, struct random *rnd, struct region **region)
{
    const struct device_class *c = r->subject->class;
    struct txn t = {.size = (uint8_t)(1u << random_below(rnd, 4)),
                    .write = random_below(rnd, 2) != 0, .data = some_value(rnd)};
    unsigned regions = 0;

    while (c->region(r->dev, regions))
        regions++;
    *region = c->region(r->dev, (unsigned)random_below(rnd, regions));
    if (c->reg_count && random_below(rnd, 8)) {
        const struct reg *reg = &c->regs[random_below(rnd, c->reg_count)];
        t.addr = reg->offset + random_below(rnd, reg->repeat) * (reg->repeat > 1 ? reg->step : 0);
        if (random_below(rnd, 8))
            t.size = reg->size;
        else
            t.addr += random_below(rnd, reg->size);
        /* The first instances are the ones that exist in a small machine. */
        if (reg->repeat > 1 && random_below(rnd, 2))
            t.addr = reg->offset + random_below(rnd, u64_min(reg->repeat, 3)) * reg->step;
    } else {
        t.addr = random_below(rnd, (*region)->size);
    }
    t.addr &= ~(uint64_t)(t.size - 1);
    return t;
}

/* One step; what the device answered, as a number. */
/* Lets time pass, but not so much that a device which copies memory without end is all that is tested. */
static void pass(struct rig *r, ps_t time)
{
    ps_t until = r->clock.now + time;

    for (unsigned events = 0; events < 2000 && clock_next(&r->clock) <= until; events++)
        clock_run(&r->clock, clock_next(&r->clock));
    if (clock_next(&r->clock) > until)
        clock_run(&r->clock, until);
}

static uint64_t step(struct rig *r, struct random *rnd)
{
    struct region *region;
    struct txn t;
    enum fault fault;

    switch (random_below(rnd, 8)) {
    case 0:
        pass(r, random_u64(rnd) >> random_below(rnd, 40) >> 24);
        return 1;
    case 1:
        if (clock_next(&r->clock) < r->clock.now + PS_PER_S)
            clock_run(&r->clock, clock_next(&r->clock));
        return clock_next(&r->clock);
    case 2:
    case 3:
    case 4:
        if (r->subject->poke)
            return r->subject->poke(r->dev, random_u64(rnd));
        /* fall through */
    default:
        t = some_access(r, rnd, &region);
        fault = region_access(&r->space, region, &t);
        return t.write ? fault : t.data ^ (uint64_t)fault << 60;
    }
}

static void run_script(struct rig *r, struct random *rnd, unsigned steps)
{
    while (steps--)
        step(r, rnd);
}

static void name_failure(const struct subject *s, unsigned script, unsigned at)
{
    char text[128];

    snprintf(text, sizeof text, "%s: script %u, step %u", s->class->name, script, at);
    check_fail(__FILE__, __LINE__, text);
}

static void test_every_class_is_held_to_these_rules(void)
{
    for (unsigned i = 0; device_classes[i]; i++) {
        bool found = false;
        for (unsigned s = 0; s < ARRAY_LEN(subjects); s++)
            found |= subjects[s].class == device_classes[i];
        if (!found)
            check_fail(__FILE__, __LINE__, device_classes[i]->name);
    }
}

/* ---- the table itself ---- */

typedef void bank_property(struct rig *r, struct bank *bank);

static void for_every_bank(bank_property *property)
{
    for (unsigned s = 0; s < ARRAY_LEN(subjects); s++) {
        struct rig r;
        struct bank *bank;

        rig_up(&r, &subjects[s], 0);
        for (unsigned i = 0; (bank = subjects[s].class->bank(r.dev, i)) != NULL; i++)
            property(&r, bank);
        rig_down(&r);
    }
}

static void masks_are_sane(struct rig *r, struct bank *bank)
{
    for (unsigned i = 0; i < bank->count; i++) {
        const struct reg *reg = &bank->regs[i];
        uint64_t mask = mask_bits(reg->size * 8u);
        bool ok = (reg->rw & reg->w1c) == 0 && ((reg->rw | reg->w1c | reg->reset) & ~mask) == 0 &&
                  reg->repeat >= 1 && (reg->repeat == 1 || reg->step >= reg->size) && reg->view &&
                  (reg->size == 1 || reg->size == 2 || reg->size == 4 || reg->size == 8) &&
                  (!(reg->flags & REG_FX_R) || (bank->ops && bank->ops->read)) &&
                  (!(reg->flags & REG_FX_W) || (bank->ops && bank->ops->write)) && reg->doc;
        if (!ok)
            check_fail(r->subject->class->name, (int)i, reg->name);
    }
}

static void test_masks_of_each_register_are_disjoint_and_within_its_size(void)
{
    for_every_bank(masks_are_sane);
}

static bool overlap(const struct reg *a, const struct reg *b)
{
    for (unsigned n = 0; n < a->repeat; n++)
        for (unsigned m = 0; m < b->repeat; m++) {
            uint64_t x = a->offset + (uint64_t)n * a->step, y = b->offset + (uint64_t)m * b->step;
            if (x < y + b->size && y < x + a->size)
                return true;
        }
    return false;
}

static void rows_are_apart(struct rig *r, struct bank *bank)
{
    for (unsigned i = 0; i < bank->count; i++)
        for (unsigned k = i + 1; k < bank->count; k++) {
            const struct reg *a = &bank->regs[i], *b = &bank->regs[k];
            unsigned flags = a->flags | b->flags;
            if (a->view & b->view && (flags & (REG_NO_R | REG_NO_W)) != (REG_NO_R | REG_NO_W) &&
                overlap(a, b))
                check_fail(r->subject->class->name, (int)k, b->name);
        }
}

static void test_no_two_registers_of_a_view_overlap_in_a_direction(void)
{
    for_every_bank(rows_are_apart);
}

static void reads_reset_values(struct rig *r, struct bank *bank)
{
    uint8_t view = bank->view;

    for (unsigned i = 0; i < bank->count; i++) {
        const struct reg *reg = &bank->regs[i];
        if (reg->flags & (REG_FX_R | REG_NO_R | REG_NO_STORE))
            continue;
        for (unsigned n = 0; n < reg->repeat; n++) {
            struct txn t = {.addr = reg->offset + (uint64_t)n * reg->step, .size = reg->size};
            bank->view = (uint8_t)(reg->view & -reg->view); /* its lowest view */
            if (bank_access(bank, &t) || t.data != reg->reset)
                check_fail(r->subject->class->name, (int)n, reg->name);
        }
    }
    bank->view = view;
}

static void test_after_reset_each_register_reads_its_reset_value(void)
{
    for_every_bank(reads_reset_values);
}

static void test_field_rows_lie_within_a_register_of_the_table(void)
{
    for (unsigned s = 0; s < ARRAY_LEN(subjects); s++) {
        const struct device_class *c = subjects[s].class;
        for (unsigned f = 0; f < c->reg_field_count; f++) {
            const struct reg_field *field = &c->reg_fields[f];
            bool ok = false;
            for (unsigned i = 0; i < c->reg_count; i++)
                if (strcmp(c->regs[i].name, field->reg) == 0)
                    ok |= field->bits && field->lsb + field->bits <= c->regs[i].size * 8;
            if (!ok)
                check_fail(c->name, (int)f, field->name);
        }
    }
}

/* ---- hostile software ---- */

static void hit(struct rig *r, struct region *region, uint64_t offset)
{
    static const uint64_t values[] = {0, ~UINT64_C(0), 1, UINT64_C(0x8000000080000000),
                                      UINT64_C(0x0000002000000020), RAM_BASE};

    for (unsigned size = 1; size <= 8; size *= 2) {
        struct txn t = {.addr = offset, .size = (uint8_t)size};
        region_access(&r->space, region, &t);
        CHECK((t.data & ~mask_bits(size * 8)) == 0);
        for (unsigned v = 0; v < ARRAY_LEN(values); v++) {
            t = (struct txn){.addr = offset, .size = (uint8_t)size, .write = true,
                             .data = values[v]};
            region_access(&r->space, region, &t);
        }
    }
    clock_run(&r->clock, r->clock.now + PS_PER_NS);
}

/* Small regions whole; of large ones the first 16 KiB, the last bytes, and around each register. */
static void test_every_offset_size_direction_and_value_is_survived(void)
{
    const uint64_t sweep = 16384;

    for (unsigned s = 0; s < ARRAY_LEN(subjects); s++) {
        const struct device_class *c = subjects[s].class;
        struct region *region;
        struct rig r;

        rig_up(&r, &subjects[s], 0);
        for (unsigned i = 0; (region = c->region(r.dev, i)) != NULL; i++) {
            for (uint64_t o = 0; o < u64_min(region->size, sweep); o++)
                hit(&r, region, o);
            for (uint64_t o = 0; o < 16; o++)
                hit(&r, region, region->size - 8 + o);
            for (unsigned k = 0; k < c->reg_count; k++)
                for (uint64_t o = 0; o <= c->regs[k].repeat; o++) {
                    uint64_t at = c->regs[k].offset + o * c->regs[k].step;
                    hit(&r, region, at);
                    hit(&r, region, at + c->regs[k].size - 1);
                }
            hit(&r, region, UINT64_MAX);
        }
        clock_run(&r.clock, r.clock.now + PS_PER_S / 1000);
        rig_down(&r);
    }
}

/* ---- state ---- */

#define SCRIPTS 400
#define SCRIPT_STEPS 50

/* Many short scripts from many dirty states find what one long script does not: a field that is
 * missing from the state table shows only until the device next overwrites it. */
static void test_a_saved_and_loaded_device_answers_like_the_original(void)
{
    for (unsigned n = 0; n < SCRIPTS * ARRAY_LEN(subjects); n++) {
        const struct subject *s = &subjects[n % ARRAY_LEN(subjects)];
        struct archive saved = {0}, end_a = {0}, end_b = {0};
        struct random rnd, script;
        struct rig a, b;
        unsigned i;

        random_init(&rnd, n, "dirty");
        rig_up(&a, s, 0);
        run_script(&a, &rnd, (unsigned)random_below(&rnd, 120));
        rig_save(&a, &saved);

        rig_up(&b, s, a.clock.now);
        run_script(&b, &rnd, n & 1 ? 20 : 0); /* a load replaces whatever was there */
        b.clock.now = a.clock.now;
        rig_load(&b, &saved);

        random_init(&script, n, "script");
        for (i = 0; i < SCRIPT_STEPS; i++) {
            struct random before = script;
            if (step(&a, &script) != step(&b, &before) || clock_next(&a.clock) != clock_next(&b.clock))
                break;
        }
        rig_save(&a, &end_a);
        rig_save(&b, &end_b);
        if (i < SCRIPT_STEPS || end_a.size != end_b.size ||
            memcmp(end_a.bytes, end_b.bytes, end_a.size) != 0)
            name_failure(s, n, i);
        archive_free(&saved);
        archive_free(&end_a);
        archive_free(&end_b);
        rig_down(&a);
        rig_down(&b);
    }
}

static void test_reset_from_any_state_equals_reset_of_a_new_device(void)
{
    for (unsigned n = 0; n < 100 * ARRAY_LEN(subjects); n++) {
        const struct subject *s = &subjects[n % ARRAY_LEN(subjects)];
        struct archive was = {0}, fresh = {0};
        struct random rnd;
        struct rig a, b;

        random_init(&rnd, n, "reset");
        rig_up(&a, s, 0);
        run_script(&a, &rnd, (unsigned)random_below(&rnd, 120));
        rig_up(&b, s, a.clock.now);
        if (s->quiet)
            s->quiet(a.dev);
        link_reset(&a.link);
        link_reset(&b.link);
        memset(a.ram.ram, 0, RAM_BYTES);
        a.clock.seq = b.clock.seq = 1000000;
        s->class->reset(a.dev);
        s->class->reset(b.dev);
        a.clock.seq = b.clock.seq; /* how often it armed on the way is its own affair */
        rig_save(&a, &was);
        rig_save(&b, &fresh);
        if (was.size != fresh.size || memcmp(was.bytes, fresh.bytes, was.size) != 0)
            name_failure(s, n, 0);
        archive_free(&was);
        archive_free(&fresh);
        rig_down(&a);
        rig_down(&b);
    }
}

static int swallow(void *sink, const void *bytes, size_t size)
{
    (void)bytes;
    *(uint64_t *)sink += size;
    return 0;
}

static void test_recording_changes_no_answer(void)
{
    for (unsigned n = 0; n < 100 * ARRAY_LEN(subjects); n++) {
        const struct subject *s = &subjects[n % ARRAY_LEN(subjects)];
        struct random quiet, recorded;
        struct rig a, b;
        uint64_t size = 0;

        random_init(&quiet, n, "record");
        random_init(&recorded, n, "record");
        rig_up(&a, s, 0);
        rig_up(&b, s, 0);
        trace_open(&b.trace, swallow, &size, "{}");
        b.trace.on = true;
        for (unsigned i = 0; i < 100; i++)
            if (step(&a, &quiet) != step(&b, &recorded) ||
                clock_next(&a.clock) != clock_next(&b.clock)) {
                name_failure(s, n, i);
                break;
            }
        CHECK(trace_close(&b.trace) == 0 && size > 0);
        rig_down(&a);
        rig_down(&b);
    }
}

TEST_MAIN(test_every_class_is_held_to_these_rules,
          test_masks_of_each_register_are_disjoint_and_within_its_size,
          test_no_two_registers_of_a_view_overlap_in_a_direction,
          test_after_reset_each_register_reads_its_reset_value,
          test_field_rows_lie_within_a_register_of_the_table,
          test_every_offset_size_direction_and_value_is_survived,
          test_a_saved_and_loaded_device_answers_like_the_original,
          test_reset_from_any_state_equals_reset_of_a_new_device,
          test_recording_changes_no_answer)
