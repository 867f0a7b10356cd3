/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is not cached behaves as memory: random loads, stores, atomics, cache-block zeroes,
 * fences and DMA on RAM and on a frame buffer, mapped NC and IO in turns, beside a model of what
 * must be there.  No fence is needed for what the hart itself does to one address (unprivileged
 * spec, RVWMO rules 1 to 3), a fence w,o before the DMA controller looks. */
#include "labs/lib/dma.h"
#include "labs/lib/fence.h"
#include "labs/lib/paging.h"
#include "labs/lib/pci.h"
#include "spec/bochs_display.h"
#include "spec/virt.h"
#include "tests/labs/lab_check.h"

#include <stddef.h>

#define RAM_AREA (VIRT_RAM_BASE + 0x800000)
#define BYTES 4096u
#define LINE 64u
#define ROUNDS 6
#define STEPS 3000

static uint8_t model[2][BYTES], copy[BYTES] __attribute__((aligned(64)));
static uintptr_t area[2];
static unsigned areas;
static struct dma_channel channel;
static uint64_t state = 88172645463325252;

static uint64_t random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1d >> 11;
}

static uint64_t model_get(unsigned a, unsigned at, unsigned size)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++)
        v |= (uint64_t)model[a][at + i] << 8 * i;
    return v;
}

static void model_put(unsigned a, unsigned at, unsigned size, uint64_t v)
{
    for (unsigned i = 0; i < size; i++)
        model[a][at + i] = (uint8_t)(v >> 8 * i);
}

static uint64_t load(uintptr_t p, unsigned size)
{
    switch (size) {
    case 1: return *(volatile uint8_t *)p;
    case 2: return *(volatile uint16_t *)p;
    case 4: return *(volatile uint32_t *)p;
    default: return *(volatile uint64_t *)p;
    }
}

static void store(unsigned a, unsigned at, unsigned size, uint64_t v)
{
    uintptr_t p = area[a] + at;

    model_put(a, at, size, v);
    switch (size) {
    case 1: *(volatile uint8_t *)p = (uint8_t)v; break;
    case 2: *(volatile uint16_t *)p = (uint16_t)v; break;
    case 4: *(volatile uint32_t *)p = (uint32_t)v; break;
    default: *(volatile uint64_t *)p = v; break;
    }
}

/* On RAM only: atomics do not work on a device's memory. */
static void atomic(unsigned at, unsigned way, uint64_t v)
{
    uintptr_t p = area[0] + at;
    uint64_t old, sum, failed;

    if (way == 0)
        __asm__ volatile("amoadd.d %0, %2, (%1)" : "=r"(old) : "r"(p), "r"(v) : "memory");
    else if (way == 1)
        __asm__ volatile("amoadd.d.aqrl %0, %2, (%1)" : "=r"(old) : "r"(p), "r"(v) : "memory");
    else
        __asm__ volatile("1: lr.d %0, (%3)\n"
                         "add %1, %0, %4\n"
                         "sc.d.rl %2, %1, (%3)\n"
                         "bnez %2, 1b"
                         : "=&r"(old), "=&r"(sum), "=&r"(failed) : "r"(p), "r"(v) : "memory");
    CHECK_EQ(old, model_get(0, at, 8));
    model_put(0, at, 8, old + v);
}

static void zero(unsigned at)
{
    for (unsigned i = 0; i < LINE; i += 8)
        model_put(0, at + i, 8, 0);
    __asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" : : "r"(area[0] + at) : "memory"); /* cbo.zero */
}

static void some_fence(void)
{
    switch (random() % 5) {
    case 0: __asm__ volatile("fence w, w" : : : "memory"); break;
    case 1: __asm__ volatile("fence r, rw" : : : "memory"); break;
    case 2: __asm__ volatile("fence.tso" : : : "memory"); break;
    case 3: __asm__ volatile("fence.i" : : : "memory"); break;
    case 4: __asm__ volatile("sfence.vma" : : : "memory"); break;
    }
}

/* The DMA controller finds all that was stored; and what it writes is found. */
static void by_dma(unsigned from, unsigned to)
{
    fence_doorbell();
    CHECK_NULL(dma_copy(&channel, copy, (void *)area[from], BYTES));
    for (unsigned i = 0; i < BYTES; i++) {
        CHECK_EQ(copy[i], model[from][i]);
        copy[i] ^= 0x5a;
        model[to][i] = copy[i];
    }
    fence_doorbell();
    CHECK_NULL(dma_copy(&channel, (void *)area[to], copy, BYTES));
}

static void step(void)
{
    unsigned a = (unsigned)(random() % areas), size = 1u << random() % 4, kind = random() % 40;
    unsigned at = (unsigned)(random() % (random() & 1 ? BYTES : 8 * LINE)) & ~(size - 1);
    uint64_t v = random();

    if (kind < 18)
        store(a, at, size, v);
    else if (kind < 22)
        for (unsigned i = 0; i < LINE; i += 8)
            store(a, (at & ~(LINE - 1)) + i, 8, v + i);
    else if (kind < 30)
        CHECK_EQ(load(area[a] + at, size), model_get(a, at, size));
    else if (kind < 33)
        atomic(at & ~7u, kind - 30, v);
    else if (kind == 33)
        zero(at & ~(LINE - 1));
    else if (kind == 34)
        some_fence();
    else if (kind == 35 && v % 8 == 0)
        by_dma(a, (unsigned)(random() % areas));
}

int main(const void *device_tree)
{
    struct pci_device *display;

    (void)device_tree;
    pci_init();
    display = pci_find(BOCHS_VENDOR_ID, BOCHS_DEVICE_ID, 0);
    area[areas++] = RAM_AREA;
    if (display) {
        pci_enable(display);
        area[areas++] = pci_bar(display, BOCHS_BAR_MEMORY);
    }
    paging_init();
    CHECK_NULL(dma_init());
    CHECK_NULL(dma_channel_init(&channel, 0, NULL, NULL));
    for (unsigned round = 0; round < ROUNDS; round++) {
        fence_write_combining();
        for (unsigned a = 0; a < areas; a++) {
            CHECK(paging_type(area[a], BYTES, round % 2 ? PAGING_IO : PAGING_NC));
            for (unsigned at = 0; at < BYTES; at += 8)
                store(a, at, 8, 0);
        }
        for (unsigned n = 0; n < STEPS; n++)
            step();
    }
    print("all\n");
    return 0;
}
