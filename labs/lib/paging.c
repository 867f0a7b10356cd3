/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/paging.h"

#include "labs/lib/csr.h"
#include "labs/lib/fence.h"
#include "labs/lib/finisher.h"
#include "labs/lib/string.h"
#include "spec/virt.h"

#include <stddef.h>

#define TABLES 32
#define ENTRIES 512
#define TOP 2 /* Sv39: three levels, whose leaves are 4 KiB, 2 MiB and 1 GiB */
/* 12.4.1: half of Sv39's addresses are below 2^38; the others begin at -2^38. */
#define LOWER_HALF (UINT64_C(1) << 38)
#define PPN_BITS ((UINT64_C(1) << 44) - 1) /* of an entry, from bit 10 on */
#define CACHE_BLOCK_BYTES 64 /* riscv,cbom-block-size of this board */

/* Not zeroed at the start: paging_table() does. */
static uint64_t pool[TABLES][ENTRIES]
    __attribute__((aligned(PAGE_BYTES), section(".noinit")));
static unsigned used;
static uint64_t *identity;

__attribute__((weak)) uint64_t *paging_table(void)
{
    return used < TABLES ? memset(pool[used++], 0, PAGE_BYTES) : NULL;
}

static uint64_t leaf_bytes(unsigned level)
{
    return (uint64_t)PAGE_BYTES << 9 * level;
}

static uint64_t *entry_of(uint64_t *table, uint64_t virt, unsigned level)
{
    return &table[virt / leaf_bytes(level) % ENTRIES];
}

static bool is_leaf(uint64_t entry)
{
    return entry & (PTE_R | PTE_W | PTE_X);
}

static bool is_table(uint64_t entry)
{
    return entry & PTE_V && !is_leaf(entry);
}

static uint64_t *table_at(uint64_t entry)
{
    return (uint64_t *)((entry >> 10 & PPN_BITS) << 12);
}

static uint64_t entry_to(uint64_t phys, uint64_t bits)
{
    return phys >> 12 << 10 | bits | PTE_V;
}

/* The table below an entry of this level: there, or new, or made of a leaf by splitting it. */
static uint64_t *descend(uint64_t *entry, unsigned level)
{
    uint64_t *table;

    if (is_table(*entry))
        return table_at(*entry);
    table = paging_table();
    if (!table)
        return NULL;
    if (*entry & PTE_V)
        for (unsigned i = 0; i < ENTRIES; i++) /* the same bits; the address counts up */
            table[i] = *entry + (i * leaf_bytes(level - 1) >> 12 << 10);
    /* The table is whole before the hart's page walks can see it (12.2.1). */
    fence_publish();
    *entry = entry_to((uintptr_t)table, 0);
    return table;
}

bool paging_map(uint64_t *root, uint64_t virt, uint64_t phys, uint64_t bytes, uint64_t bits,
                bool large)
{
    while (bytes) {
        unsigned want = large ? TOP : 0, level = TOP;
        uint64_t *entry = entry_of(root, virt, TOP);

        while (want && ((virt | phys) % leaf_bytes(want) || bytes < leaf_bytes(want)))
            want--;
        /* A table that is there already stays, although a leaf in its place would do. */
        while (level > want || is_table(*entry)) {
            uint64_t *table = descend(entry, level);

            if (!table)
                return false;
            entry = entry_of(table, virt, --level);
        }
        /* 12.3.1: A and D are set now, so that no hart has to. */
        *entry = entry_to(phys, bits | PTE_A | PTE_D);
        virt += leaf_bytes(level);
        phys += leaf_bytes(level);
        bytes -= leaf_bytes(level);
    }
    return true;
}

uint64_t *paging_walk(uint64_t *root, uint64_t virt, unsigned *level)
{
    uint64_t *entry;

    for (*level = TOP;; --*level) {
        entry = entry_of(root, virt, *level);
        if (!is_table(*entry))
            return *entry & PTE_V ? entry : NULL;
        root = table_at(*entry);
        if (*level == 0)
            return NULL; /* 12.3.2 step 4: no table hangs below the last level */
    }
}

static void forget(void)
{
    /* 12.2.1: what the hart has kept of the tables, of all addresses and address spaces. */
    __asm__ volatile("sfence.vma" ::: "memory");
}

void paging_use(uint64_t *root, unsigned asid)
{
    csr_write(satp, SATP_MODE_SV39 | (uint64_t)asid << 44 | (uintptr_t)root >> 12);
    forget();
}

uint64_t *paging_root(void)
{
    return identity;
}

void paging_init(void)
{
    if (!identity) {
        identity = paging_table();
        if (!identity ||
            !paging_map(identity, 0, 0, LOWER_HALF, PTE_R | PTE_W | PTE_X | PTE_G, true))
            die("paging: no memory for tables");
    }
    paging_use(identity, 0);
}

void paging_off(void)
{
    csr_write(satp, 0);
    forget();
}

/* Svpbmt: what has been accessed as one type may be in a cache, where accesses of another do not
 * look.  So all before is done, each block of it leaves the cache, and that too is done. */
static void flush(uintptr_t addr, uint64_t bytes)
{
    fence_all();
    for (uintptr_t at = addr; at < addr + bytes; at += CACHE_BLOCK_BYTES)
        __asm__ volatile(".option push\n .option arch, +zicbom\n cbo.flush (%0)\n .option pop"
                         :: "r"(at) : "memory");
    fence_all();
}

bool paging_type(uintptr_t addr, uint64_t bytes, enum paging_type type)
{
    uint64_t bits = PTE_R | PTE_W | PTE_X | PTE_G | (uint64_t)type << PTE_TYPE_LSB;

    if (!identity || addr % PAGE_BYTES || bytes % PAGE_BYTES || addr > LOWER_HALF ||
        bytes > LOWER_HALF - addr)
        return false;
    if (addr >= VIRT_RAM_BASE && addr < VIRT_PCI_HIGH_BASE)
        flush(addr, bytes);
    if (!paging_map(identity, addr, addr, bytes, bits, true))
        return false;
    forget();
    return true;
}
