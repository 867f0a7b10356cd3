/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that does anything at all, from all harts at once: accesses of every kind, size and
 * alignment to everything on the board's map but the finisher; an NVMe controller that is set up
 * half properly and given commands that are half right; interrupts as they come. After a fixed
 * number of accesses it ends with status 42, if its own code is as it was.
 *
 * The device tree, of which the run's --seed and --append are part, is the seed. */
#include "labs/lib/csr.h"
#include "spec/finisher.h"
#include "spec/nvme.h"
#include "spec/virt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EPISODES 200
#define ACCESSES 250 /* in an episode, of one hart */

/* Memory that devices are let loose on; the program itself is at 0xA5000000 (hostile.ld). */
#define ARENA_BASE 0x90000000
#define ARENA_BYTES 0x400000

/* Where the functions of bus 0 have their first 8 devices, and the BARs of the NVMe one. */
#define NVME_CONFIG (VIRT_PCI_ECAM_BASE + (1 << 15))
#define NVME_BAR0 VIRT_PCI_MEM_BASE
#define NVME_BAR4 (VIRT_PCI_MEM_BASE + 0x100000)

static struct hart {
    uint64_t random;
    uint64_t recover;        /* where to go on after a fetch that traps; 0: none is tried */
    volatile bool accessing; /* a trap is what may happen */
} harts[VIRT_HARTS_MAX];
static volatile uint32_t started, done;
static uint64_t code_hash;

extern const uint64_t code_begin[], code_end[];
void hostile(uint64_t id, const uint8_t *tree);
uint64_t trap(uint64_t cause, uint64_t pc);

static struct hart *self(void)
{
    uint64_t tp;

    __asm__ volatile("mv %0, tp" : "=r"(tp));
    return &harts[tp];
}

/* ---- the end ---- */

static _Noreturn void finish(uint32_t status)
{
    *(volatile uint32_t *)(uintptr_t)VIRT_FINISHER_BASE = status << 16 | FINISHER_IS_FAIL;
    for (;;)
        __asm__ volatile("wfi");
}

static uint64_t hash(const uint64_t *from, const uint64_t *to)
{
    uint64_t h = 0xcbf29ce484222325;

    while (from < to)
        h = (h ^ *from++) * 0x100000001b3;
    return h;
}

uint64_t trap(uint64_t cause, uint64_t pc)
{
    struct hart *h = self();

    if (cause & MCAUSE_INTERRUPT) {
        /* Not again before the main loop wants it: nobody serves what raised it. */
        __asm__ volatile("csrc mie, %0" ::"r"(UINT64_C(1) << (cause & 63)));
        return pc;
    }
    if (!h->accessing)
        finish(3); /* a fault that nobody asked for */
    if (h->recover && cause <= 1)
        return h->recover;
    return pc + 4;
}

/* ---- chance ---- */

static uint64_t random_u64(struct hart *h)
{
    h->random ^= h->random << 13;
    h->random ^= h->random >> 7;
    h->random ^= h->random << 17;
    return h->random * 0x2545f4914f6cdd1d;
}

static uint64_t below(struct hart *h, uint64_t n)
{
    return (random_u64(h) >> 11) % n;
}

static uint32_t safe_dword(uint32_t v)
{
    return v >> 25 == 0xA4 >> 1 ? v ^ 0x10000000 : v;
}

/* No value has 0xA4 or 0xA5 where it could become the upper byte of an address below 4 GiB. */
static uint64_t safe(uint64_t v, unsigned bytes)
{
    uint64_t out = (uint64_t)safe_dword((uint32_t)(v >> 32)) << 32 | safe_dword((uint32_t)v);

    if (bytes < 4)
        for (unsigned i = 0; i < bytes; i++)
            if ((out >> (8 * i) & 0xfe) == 0xA4)
                out ^= UINT64_C(0x10) << (8 * i);
    return out;
}

static const struct window {
    uint64_t base, bytes;
} windows[] = {
    {VIRT_ROM_BASE, VIRT_ROM_BYTES},
    {VIRT_RTC_BASE, 0x40},
    {VIRT_RTC_BASE, VIRT_RTC_BYTES},
    {VIRT_ACLINT_BASE, VIRT_ACLINT_BYTES},
    {VIRT_ACLINT_BASE, 0x80},
    {VIRT_ACLINT_BASE + 0x4000, 0x80},
    {VIRT_ACLINT_BASE + 0xbff0, 0x10},
    {VIRT_SSWI_BASE, VIRT_SSWI_BYTES},
    {VIRT_PCI_IO_BASE, VIRT_PCI_IO_BYTES},
    {VIRT_PLIC_BASE, VIRT_PLIC_BYTES},     /* or the M-level APLIC */
    {VIRT_PLIC_BASE, 0x200},
    {VIRT_PLIC_BASE + 0x1c00, 0x400},      /* APLIC: setip, clrip, setie, ... */
    {VIRT_PLIC_BASE + 0x2000, 0x400},      /* PLIC: enables; APLIC: setipnum, genmsi */
    {VIRT_PLIC_BASE + 0x3000, 0x200},      /* APLIC: targets */
    {VIRT_PLIC_BASE + 0x4000, 0x400},      /* APLIC: direct delivery */
    {VIRT_PLIC_BASE + 0x200000, 0x8000},   /* PLIC: thresholds and claims */
    {VIRT_APLIC_S_BASE, VIRT_APLIC_S_BYTES},
    {VIRT_APLIC_S_BASE, 0x400},
    {VIRT_APLIC_S_BASE + 0x1c00, 0x1800},
    {VIRT_UART_BASE, VIRT_UART_BYTES},
    {VIRT_UART_BASE, 8},
    {VIRT_IMSIC_M_BASE, VIRT_IMSIC_M_BYTES},
    {VIRT_IMSIC_M_BASE, 8},
    {VIRT_IMSIC_S_BASE, VIRT_IMSIC_S_BYTES},
    {VIRT_IMSIC_S_BASE, 8},
    {VIRT_PCI_ECAM_BASE, 8 << 15},
    {VIRT_PCI_ECAM_BASE, VIRT_PCI_ECAM_BYTES},
    {NVME_CONFIG, 0x100},
    {NVME_CONFIG, 0x1000},
    {NVME_BAR0, 0x40},
    {NVME_BAR0, 0x4000},
    {NVME_BAR0 + 0x1000, 0x20},
    {NVME_BAR0 + 0x1000, 0x210},
    {NVME_BAR4, 0x4000},
    {NVME_BAR4, 0x40},
    {VIRT_PCI_MEM_BASE, VIRT_PCI_MEM_BYTES},
    {VIRT_PCI_HIGH_BASE, VIRT_PCI_HIGH_BYTES},
    {ARENA_BASE, ARENA_BYTES},
    {0xC0000000, 0x40000000},              /* nothing there, with 1 GiB of memory */
    {0x5000000, 0x1000000},
    {0x800000000, 0x7f800000000},
};
#define WINDOWS (sizeof windows / sizeof windows[0])

static uint64_t place(struct hart *h)
{
    const struct window *w = &windows[below(h, WINDOWS)];
    uint64_t at = w->base + below(h, w->bytes);

    switch (below(h, 8)) {
    case 0: return at;
    case 1: return (at & ~UINT64_C(0xfff)) + 0xff8 + below(h, 8); /* across a page's end */
    case 2: return w->base + w->bytes - 1 - below(h, 16);
    case 3: return at & ~UINT64_C(1);
    case 4: return at & ~UINT64_C(7);
    default: return at & ~UINT64_C(3);
    }
}

static uint64_t value(struct hart *h, unsigned bytes)
{
    uint64_t v = random_u64(h);

    switch (below(h, 8)) {
    case 0: v = 0; break;
    case 1: v = UINT64_MAX; break;
    case 2: v = UINT64_C(1) << below(h, 64); break;
    case 3: v = below(h, 16); break;
    case 4: v = place(h); break;
    case 5: v = ARENA_BASE + (below(h, ARENA_BYTES) & ~UINT64_C(0xfff)); break;
    case 6: v &= 0xffff; break;
    default: break;
    }
    return safe(v, bytes);
}

/* ---- accesses ---- */

#define DO(text, ...) __asm__ volatile(".option push\n.option norvc\n" text "\n.option pop" __VA_ARGS__)
#define LOAD(insn) DO(insn " %0, 0(%1)", : "=r"(v) : "r"(at) : "memory")
#define STORE(insn) DO(insn " %0, 0(%1)", ::"r"(v), "r"(at) : "memory")
#define AMO(insn) DO(insn " %0, %0, (%1)", : "+r"(v) : "r"(at) : "memory")

static bool is_memory(uint64_t at)
{
    return at < VIRT_FINISHER_BASE || (at >= VIRT_RAM_BASE && at < 0xC0000000);
}

static void try_fetch(struct hart *h, uint64_t at)
{
    /* What is fetched from memory would run. */
    if (is_memory(at) || is_memory(at + 4))
        return;
    __asm__ volatile("la t0, 1f\n sd t0, %0\n jalr t0, 0(%1)\n1:"
                     : "=m"(h->recover) : "r"(at & ~UINT64_C(1)) : "t0", "memory");
    h->recover = 0;
}

/* cbo.zero clears 64 bytes; cbo.inval, .clean and .flush change nothing here. */
static void try_cbo(struct hart *h, uint64_t at)
{
    switch (below(h, 4)) {
    case 0: __asm__ volatile(".insn i 0x0f, 2, x0, %0, 0" ::"r"(at) : "memory"); break;
    case 1: __asm__ volatile(".insn i 0x0f, 2, x0, %0, 1" ::"r"(at) : "memory"); break;
    case 2: __asm__ volatile(".insn i 0x0f, 2, x0, %0, 2" ::"r"(at) : "memory"); break;
    default: __asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" ::"r"(at) : "memory"); break;
    }
}

static void access_once(struct hart *h)
{
    uint64_t at = place(h), v = 0;
    unsigned kind = (unsigned)below(h, 20), log = kind & 3;

    if (at >= VIRT_FINISHER_BASE - 64 && at < VIRT_FINISHER_BASE + VIRT_FINISHER_BYTES)
        return;
    v = value(h, 1u << log);
    h->accessing = true;
    switch (kind) {
    case 0: LOAD("lb"); break;
    case 1: LOAD("lh"); break;
    case 2: LOAD("lw"); break;
    case 3: LOAD("ld"); break;
    case 4: STORE("sb"); break;
    case 5: STORE("sh"); break;
    case 6: case 10: case 14: STORE("sw"); break;
    case 7: case 11: STORE("sd"); break;
    case 8: LOAD("lbu"); break;
    case 9: LOAD("lhu"); break;
    case 12: LOAD("lwu"); break;
    case 13: AMO("amoswap.w"); break;
    case 15: AMO("amoswap.d"); break;
    case 16: LOAD("lr.w"); AMO("sc.w"); break;
    case 17: try_fetch(h, at); break;
    case 18: try_cbo(h, at); break;
    default: STORE("sw"); break;
    }
    h->accessing = false;
}

/* The interrupt files, through their windows (AIA 2.1); with a PLIC there are none and it traps. */
static void aia(struct hart *h)
{
    h->accessing = true;
    DO("csrw 0x350, %0", ::"r"(0x70 + below(h, 0x90)));
    if (below(h, 2))
        DO("csrw 0x351, %0", ::"r"(value(h, 8)));
    else
        DO("csrrw %0, 0x35c, x0", : "=r"((uint64_t){0}) :: "memory");
    h->accessing = false;
}

static void store32(struct hart *h, uint64_t at, uint64_t v)
{
    h->accessing = true;
    STORE("sw");
    h->accessing = false;
}

static uint32_t load32(struct hart *h, uint64_t at)
{
    uint64_t v = 0;

    h->accessing = true;
    LOAD("lw");
    h->accessing = false;
    return (uint32_t)v;
}

/* Lets interrupts through, by both kinds of controllers: one of them is not there, and where it
 * would be is the other. */
static void open_gates(struct hart *h, uint64_t id)
{
    h->accessing = true;
    DO("csrw 0x350, %0\n csrw 0x351, %1", ::"r"(0x70), "r"(1)); /* eidelivery */
    DO("csrw 0x350, %0\n csrw 0x351, %1", ::"r"(0x72), "r"(0)); /* eithreshold */
    for (uint64_t i = 0; i < 8; i += 2)
        DO("csrw 0x350, %0\n csrw 0x351, %1", ::"r"(0xc0 + i), "r"(UINT64_MAX)); /* eie */
    h->accessing = false;
    if (below(h, 2)) {
        store32(h, VIRT_PLIC_BASE, 0x104);           /* APLIC: interrupts by messages */
        for (uint64_t i = 1; i <= 35; i++) {
            store32(h, VIRT_PLIC_BASE + 4 * i, 6);   /* level; or the PLIC's priority */
            store32(h, VIRT_PLIC_BASE + 0x3000 + 4 * i, safe(id << 18 | i, 4));
        }
        store32(h, VIRT_PLIC_BASE + 0x1e00, ~0u);
        store32(h, VIRT_PLIC_BASE + 0x1e04, ~0u);
    } else {
        store32(h, VIRT_PLIC_BASE + 0x2000 + 0x100 * id, ~0u); /* PLIC: enables of M */
        store32(h, VIRT_PLIC_BASE + 0x2004 + 0x100 * id, ~0u);
        store32(h, VIRT_PLIC_BASE + 0x200000 + 0x2000 * id, 0);
    }
}

/* ---- NVMe ---- */

static void fill_arena(struct hart *h)
{
    uint64_t *at = (uint64_t *)(uintptr_t)(ARENA_BASE + (below(h, ARENA_BYTES) & ~UINT64_C(0xfff)));

    for (unsigned i = 0; i < 512; i++)
        at[i] = value(h, 8);
}

/* One command, half right: opcodes that exist, data in the arena or anywhere. */
static void put_command(struct hart *h, volatile uint32_t *entry, bool admin)
{
    static const uint8_t admin_ops[] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 0x10, 0x11, 0x80, 0x84};
    static const uint8_t io_ops[] = {0, 1, 2, 4, 5, 8, 9};
    uint64_t op = admin ? admin_ops[below(h, sizeof admin_ops)] : io_ops[below(h, sizeof io_ops)];

    for (unsigned i = 0; i < 16; i++)
        entry[i] = (uint32_t)value(h, 4);
    if (below(h, 16))
        entry[0] = (uint32_t)(op | below(h, 64) << 16 | (below(h, 8) ? 0 : below(h, 4) << 14));
    if (below(h, 4))
        entry[1] = (uint32_t)(below(h, 8) ? 1 : value(h, 4));
    for (unsigned i = 6; i < 10; i += 2)
        if (below(h, 4)) {
            entry[i] = ARENA_BASE + (uint32_t)(below(h, ARENA_BYTES) & ~UINT64_C(0xfff));
            entry[i + 1] = 0;
        }
    if (below(h, 2))
        for (unsigned i = 10; i < 16; i++)
            entry[i] = (uint32_t)below(h, 16);
    /* Create a queue: number, size; contiguous, with interrupts. */
    if (admin && (op == 1 || op == 5) && below(h, 4)) {
        entry[10] = (uint32_t)(1 + below(h, 4) + (below(h, 32) << 16));
        entry[11] = (uint32_t)(3 + (1 + below(h, 4)) * 0x10000);
    }
}

static void put_commands(struct hart *h)
{
    for (unsigned i = 0; i < 32; i++)
        put_command(h, (volatile uint32_t *)(uintptr_t)(ARENA_BASE + i * 64), true);
    for (unsigned i = 0; i < 64; i++)
        put_command(h, (volatile uint32_t *)(uintptr_t)(ARENA_BASE + 0x4000 + i * 64), below(h, 4) == 0);
}

/* BARs, mastering, admin queues of 32 entries at the arena's start, enable. */
static void set_up_nvme(struct hart *h)
{
    store32(h, NVME_CONFIG + 0x10, NVME_BAR0);
    store32(h, NVME_CONFIG + 0x14, 0);
    store32(h, NVME_CONFIG + 0x20, NVME_BAR4);
    store32(h, NVME_CONFIG + 0x04, 6 | below(h, 2) << 10);
    store32(h, NVME_BAR0 + 0x14, 0);
    for (unsigned i = 0; i < 200 && load32(h, NVME_BAR0 + 0x1c) & 1; i++)
        ;
    store32(h, NVME_BAR0 + 0x24, 31 << 16 | 31);
    store32(h, NVME_BAR0 + 0x28, ARENA_BASE);
    store32(h, NVME_BAR0 + 0x2c, 0);
    store32(h, NVME_BAR0 + 0x30, ARENA_BASE + 0x2000);
    store32(h, NVME_BAR0 + 0x34, 0);
    put_commands(h);
    store32(h, NVME_BAR0 + 0x14, 6 << 16 | 4 << 20 | 1);
    for (unsigned i = 0; i < 20000 && !(load32(h, NVME_BAR0 + 0x1c) & 1); i++)
        ;
}

static void ring(struct hart *h)
{
    /* Completion queue, submission queue: an admin queue that moves on, others as they come. */
    store32(h, NVME_BAR0 + 0x1000 + 8 * below(h, 5), below(h, 34));
    store32(h, NVME_BAR0 + 0x1004 + 8 * below(h, 5), below(h, 34));
}

/* ---- the course of things ---- */

static void episode(struct hart *h, uint64_t id)
{
    if (below(h, 2))
        open_gates(h, id);
    if (id == 0 && below(h, 4))
        set_up_nvme(h);
    else if (below(h, 2))
        put_commands(h);
    fill_arena(h);
    for (unsigned i = 0; i < ACCESSES; i++) {
        if (i % 32 == 0)
            csr_write(mie, value(h, 8));
        if (i % 16 == 0)
            ring(h);
        if (i % 8 == 0)
            aia(h);
        access_once(h);
    }
}

static uint64_t tree_hash(const uint8_t *tree)
{
    uint64_t size = (uint64_t)tree[4] << 24 | tree[5] << 16 | tree[6] << 8 | tree[7], h = 1;

    for (uint64_t i = 0; i < size; i++)
        h = (h ^ tree[i]) * 0x100000001b3;
    return h;
}

void hostile(uint64_t id, const uint8_t *tree)
{
    struct hart *h = &harts[id];

    __atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
    if (id == 0)
        code_hash = hash(code_begin, code_end);
    h->random = tree_hash(tree) ^ id * 0x9e3779b97f4a7c15;
    h->random += !h->random;
    csr_set(mstatus, MSTATUS_MIE);
    for (unsigned i = 0; i < EPISODES; i++)
        episode(h, id);
    csr_clear(mstatus, MSTATUS_MIE);
    csr_write(mie, 0);
    __atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
    while (id)
        __asm__ volatile("wfi");
    while (done != started)
        ;
    finish(hash(code_begin, code_end) == code_hash ? 42 : 4);
}
