/* SPDX-License-Identifier: Apache-2.0 */
/* BROKEN: copy_asleep() returns as soon as the controller is started; the interrupt is waited for before
 * the next copy, "to save time".  Until then the target holds whatever it held. */
#include "labs/lib/dma.h"
#include "labs/lib/fence.h"
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/paging.h"
#include "labs/lib/print.h"
#include "labs/lib/string.h"

enum {
    MOST = 1 << 20,            /* bytes of the largest copy */
    UNCACHED_MOST = 16 << 10,
    PIECE = 256,               /* bytes of each of many pieces, */
    APART = 1024,              /* which lie so far apart */
    ALONE = 2000,              /* units of work, without a copy beside them */
    WAIT_US = 10000,
};

static _Alignas(PAGE_BYTES) uint8_t source[MOST];
static _Alignas(PAGE_BYTES) uint8_t target[MOST];
static _Alignas(PAGE_BYTES) uint8_t uncached[UNCACHED_MOST];
static struct dma_channel polled, channel; /* the second one interrupts */

static void check(const char *why)
{
    if (why)
        die(why);
}

/* ---- is the copy one? ---- */

static uint8_t pattern(uint32_t at, uint32_t turn)
{
    return (uint8_t)(at * 7 + (at >> 8) * 13 + turn * 31);
}

/* A new source for each copy, so that an earlier one's result is not taken for this one's. */
static void fill(uint8_t *from, uint32_t bytes, uint32_t turn)
{
    for (uint32_t i = 0; i < bytes; i++)
        from[i] = pattern(i, turn);
}

static void compare(uint32_t bytes, uint32_t turn)
{
    for (uint32_t i = 0; i < bytes; i++)
        if (target[i] != pattern(i, turn))
            die("the copy is not like the original");
}

/* ---- by the hart ---- */

static void copy_words(void *to, const void *from, uint32_t bytes)
{
    volatile uint64_t *t = to;
    const volatile uint64_t *f = from;

    for (; bytes; bytes -= 8)
        *t++ = *f++;
}

static void copy_bytes(void *to, const void *from, uint32_t bytes)
{
    volatile uint8_t *t = to;
    const volatile uint8_t *f = from;

    for (; bytes; bytes--)
        *t++ = *f++;
}

/* ---- by the controller ---- */

static volatile bool done;

/* In the interrupt: the driver has read the status, which says that all is in memory. */
static void on_done(void *context)
{
    (void)context;
    done = true;
}

/* Up to 512 KiB the registers hold a copy; beyond, it takes a list. */
static void prepare(struct dma_channel *c, void *to, const void *from, uint32_t bytes)
{
    if (dma_set(c, to, from, bytes))
        check(dma_fill(c, &(struct dma_piece){to, from, bytes}, 1));
    done = false;
}

static void poll(void *to, const void *from, uint32_t bytes)
{
    prepare(&polled, to, from, bytes);
    dma_start(&polled);
    while (dma_look(&polled) == DMA_BUSY)
        continue;
    check(polled.error);
}

/* Until the interrupt of what has been started, asleep. */
static void sleep(void)
{
    if (!WAIT_ASLEEP(done, WAIT_US))
        die("no interrupt says that the copy is done");
    check(channel.error);
}

static void copy_asleep(void *to, const void *from, uint32_t bytes)
{
    if (channel.state == DMA_BUSY)
        sleep();
    prepare(&channel, to, from, bytes);
    dma_start(&channel);
}

/* ---- what else there is to do ---- */

static volatile uint64_t result; /* volatile: somebody might want it, so it is worked out */

/* A unit of useful work: 64 steps of a pseudo-random generator. */
static void work(void)
{
    uint64_t x = result + 1;

    for (unsigned i = 0; i < 64; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    result = x;
}

/* Copies, and works as long as that takes; returns how many units that were. */
static uint32_t copy_and_work(void *to, const void *from, uint32_t bytes)
{
    uint32_t units = 0;

    prepare(&channel, to, from, bytes);
    dma_start(&channel);
    for (; !done; units++)
        work();
    check(channel.error);
    return units;
}

/* ---- the measurements ---- */

static void sizes(void)
{
    for (uint32_t bytes = 64; bytes <= MOST; bytes *= 4) {
        uint32_t units;

        fill(source, bytes, 1);
        mark_value(10, bytes);
        copy_words(target, source, bytes);
        mark_value(11, 0);
        compare(bytes, 1);

        fill(source, bytes, 2);
        mark_value(12, bytes);
        copy_bytes(target, source, bytes);
        mark_value(13, 0);
        compare(bytes, 2);

        fill(source, bytes, 3);
        mark_value(14, bytes);
        poll(target, source, bytes);
        mark_value(15, 0);
        compare(bytes, 3);

        fill(source, bytes, 4);
        mark_value(16, bytes);
        copy_asleep(target, source, bytes);
        mark_value(17, 0);
        compare(bytes, 4);

        fill(source, bytes, 5);
        mark_value(18, bytes);
        units = copy_and_work(target, source, bytes);
        mark_value(19, units);
        compare(bytes, 5);
    }

    mark(20);
    for (uint32_t i = 0; i < ALONE; i++)
        work();
    mark_value(21, ALONE);
}

/* Pieces of a picture, say, or of packets: each lies somewhere else. */
static void pieces(void)
{
    static struct dma_piece piece[DMA_CHAIN_MAX];

    for (uint32_t i = 0; i < DMA_CHAIN_MAX; i++)
        piece[i] = (struct dma_piece){target + i * PIECE, source + i * APART, PIECE};

    for (uint32_t count = 1; count <= DMA_CHAIN_MAX; count *= 4) {
        mark_value(22, count);
        for (uint32_t i = 0; i < count; i++)
            copy_words(piece[i].to, piece[i].from, PIECE);
        mark_value(23, 0);

        mark_value(24, count);
        for (uint32_t i = 0; i < count; i++)
            copy_asleep(piece[i].to, piece[i].from, PIECE);
        mark_value(25, 0);

        memset(target, 0, sizeof target);
        mark_value(26, count);
        check(dma_fill(&channel, piece, count));
        done = false;
        dma_start(&channel);
        sleep();
        mark_value(27, 0);
        for (uint32_t i = 0; i < count; i++)
            if (memcmp(piece[i].to, piece[i].from, PIECE) != 0)
                die("a piece is not like the original");
    }
}

static void from_uncached(void)
{
    fill(uncached, sizeof uncached, 6);
    fence_all();
    if (!paging_type((uintptr_t)uncached, sizeof uncached, PAGING_IO))
        die("the buffer cannot be given a type");
    for (uint32_t bytes = 64; bytes <= UNCACHED_MOST; bytes *= 4) {
        memset(target, 0, bytes);
        mark_value(28, bytes);
        copy_words(target, uncached, bytes);
        mark_value(29, 0);
        compare(bytes, 6);

        memset(target, 0, bytes);
        mark_value(30, bytes);
        copy_asleep(target, uncached, bytes);
        mark_value(31, 0);
        compare(bytes, 6);
    }
}

int main(const void *device_tree)
{
    irq_init(device_tree);
    paging_init();
    check(dma_init());
    check(dma_channel_init(&polled, 0, NULL, NULL));
    check(dma_channel_init(&channel, 1, on_done, NULL));
    irq_on();

    sizes();
    pieces();
    from_uncached();
    print("all copies are like their originals\n");
    return 0;
}
