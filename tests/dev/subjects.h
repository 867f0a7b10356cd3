/* SPDX-License-Identifier: Apache-2.0 */
/* The device classes of all_test.c, and what happens to each besides accesses.  A new class is one row of
 * `subjects`, at the end. */
#ifndef TESTS_DEV_SUBJECTS_H
#define TESTS_DEV_SUBJECTS_H

#include "base/bits.h"
#include "bus/device.h"
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
#include "sim/random.h"

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

#endif
