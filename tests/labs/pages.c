/* SPDX-License-Identifier: Apache-2.0 */
/* labs/lib's paging: all is where it was, and is of the type that was asked for. */
#include "labs/lib/fence.h"
#include "labs/lib/irq.h"
#include "labs/lib/paging.h"
#include "labs/lib/reg.h"
#include "labs/lib/trap.h"
#include "spec/virt.h"
#include "tests/labs/lab_check.h"

#include <stddef.h>

#define MIB (1024 * 1024)
#define BUFFER (VIRT_RAM_BASE + 8 * MIB) /* of the 16 MiB, above the program */

static unsigned level_of(uintptr_t addr)
{
    unsigned level = 9;

    CHECK(paging_walk(paging_root(), addr, &level) != NULL);
    return level;
}

static unsigned type_of(uintptr_t addr)
{
    unsigned level;
    uint64_t *entry = paging_walk(paging_root(), addr, &level);

    CHECK(entry != NULL);
    return (unsigned)(*entry >> PTE_TYPE_LSB & 3);
}

static void fill_and_read(uintptr_t at, uint64_t bytes)
{
    volatile uint64_t *p = (volatile uint64_t *)at;

    for (uint64_t i = 0; i < bytes / 8; i++)
        p[i] = i * 0x9e3779b97f4a7c15;
    fence_write_combining();
    for (uint64_t i = 0; i < bytes / 8; i++)
        CHECK_EQ(p[i], i * 0x9e3779b97f4a7c15);
}

static bool page_fault(struct trap_frame *f)
{
    if (f->cause != CAUSE_LOAD_PAGE)
        return false;
    f->a0 = f->value;
    f->pc += 4;
    return true;
}

static uint64_t load(uint64_t addr)
{
    register uint64_t a0 __asm__("a0") = 0;

    __asm__ volatile(".option push\n .option norvc\n ld zero, (%1)\n .option pop"
                     : "+r"(a0) : "r"(addr) : "memory");
    return a0;
}

static uint64_t in_bare_mode = 0x1234;

int main(const void *device_tree)
{
    volatile uint64_t *p = (volatile uint64_t *)BUFFER;
    unsigned level;

    CHECK(!paging_type(BUFFER, PAGE_BYTES, PAGING_NC)); /* before paging_init() */
    (void)irq_init(device_tree);
    *p = 77;
    paging_init();
    CHECK_EQ(csr_read(satp) >> 60, 8);
    CHECK_EQ(*p, 77);
    CHECK_EQ(in_bare_mode, 0x1234);
    CHECK_EQ(level_of(BUFFER), 2);
    CHECK_EQ(level_of(VIRT_UART_BASE), 2);
    CHECK_EQ(type_of(BUFFER), PAGING_PMA);

    /* Splits a 1-GiB leaf into those of 2 MiB, one of which changes. */
    CHECK(paging_type(BUFFER, 2 * MIB, PAGING_NC));
    CHECK_EQ(level_of(BUFFER), 1);
    CHECK_EQ(type_of(BUFFER), PAGING_NC);
    CHECK_EQ(type_of(BUFFER + 2 * MIB - 1), PAGING_NC);
    CHECK_EQ(type_of(BUFFER - 1), PAGING_PMA);
    CHECK_EQ(type_of(BUFFER + 2 * MIB), PAGING_PMA);
    CHECK_EQ(*p, 77); /* what was in the cache is in memory */
    fill_and_read(BUFFER, 16384);
    CHECK(paging_type(BUFFER, 2 * MIB, PAGING_IO));
    CHECK_EQ(type_of(BUFFER), PAGING_IO);
    CHECK_EQ(p[1], 0x9e3779b97f4a7c15);
    fill_and_read(BUFFER, 4096);

    /* And one of those into pages; a run over leaves of both sizes. */
    CHECK(paging_type(BUFFER + 2 * MIB - 3 * PAGE_BYTES, 2 * MIB + 4 * PAGE_BYTES, PAGING_NC));
    CHECK_EQ(level_of(BUFFER + 2 * MIB - PAGE_BYTES), 0);
    CHECK_EQ(level_of(BUFFER + 2 * MIB), 1);
    CHECK_EQ(level_of(BUFFER + 4 * MIB), 0);
    CHECK_EQ(type_of(BUFFER + 2 * MIB - 4 * PAGE_BYTES), PAGING_IO);
    CHECK_EQ(type_of(BUFFER + 2 * MIB - 3 * PAGE_BYTES), PAGING_NC);
    CHECK_EQ(type_of(BUFFER + 4 * MIB), PAGING_NC);
    CHECK_EQ(type_of(BUFFER + 4 * MIB + PAGE_BYTES), PAGING_PMA);
    fill_and_read(BUFFER + 2 * MIB - 3 * PAGE_BYTES, 8 * PAGE_BYTES);
    CHECK(paging_type(BUFFER, 6 * MIB, PAGING_PMA));
    CHECK_EQ(type_of(BUFFER + 4 * MIB), PAGING_PMA);
    fill_and_read(BUFFER, 8192);

    /* Not whole pages, not in the map. */
    CHECK(!paging_type(BUFFER + 8, PAGE_BYTES, PAGING_NC));
    CHECK(!paging_type(BUFFER, 8, PAGING_NC));
    CHECK(!paging_type(UINT64_C(1) << 38, PAGE_BYTES, PAGING_NC));
    CHECK(!paging_type((UINT64_C(1) << 38) - PAGE_BYTES, 2 * PAGE_BYTES, PAGING_NC));
    CHECK(!paging_type(BUFFER, UINT64_MAX - PAGE_BYTES + 1, PAGING_NC));

    /* The upper half is a kernel's own: a page of it, and the one behind it that is none. */
    trap_handle(page_fault);
    CHECK(paging_map(paging_root(), UINT64_C(0xffffffc000000000), BUFFER, PAGE_BYTES,
                     PTE_R | PTE_W, false));
    paging_use(paging_root(), 0);
    p[3] = 99;
    CHECK_EQ(((volatile uint64_t *)UINT64_C(0xffffffc000000000))[3], 99);
    CHECK_EQ(load(UINT64_C(0xffffffc000000000)), 0);
    CHECK_EQ(load(UINT64_C(0xffffffc000001000)), 0xffffffc000001000);
    CHECK(!paging_walk(paging_root(), UINT64_C(0xffffffc000001000), &level));

    /* A page for each of what there is no table for: refused, and what is mapped stays. */
    for (uint64_t gib = 16;; gib++) {
        CHECK(gib < 100);
        if (!paging_type(gib << 30, PAGE_BYTES, PAGING_NC))
            break;
    }
    CHECK_EQ(level_of(UINT64_C(200) << 30), 2);
    paging_off();
    CHECK_EQ(p[3], 99);
    print("all\n");
    return 0;
}
