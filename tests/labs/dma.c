/* SPDX-License-Identifier: Apache-2.0 */
/* labs/lib's DMA driver on the machine: copies of all alignments, chains, all channels at once, by
 * polls and by interrupts, and what is wrong told in words. */
#include "labs/lib/dma.h"

#include "lab_check.h"
#include "labs/lib/irq.h"

#include <stddef.h>

#define MOST (640 * 1024)
#define NOWHERE ((void *)(uintptr_t)0x7f000000000)

static struct dma_channel channel[DMA_CHANNELS];
static _Alignas(64) uint8_t from[MOST + 64], to[MOST + 64];
static volatile unsigned interrupts;

static void fill(uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes + 64; i++) {
        from[i] = (uint8_t)(i * 5 + (i >> 8));
        to[i] = 0xee;
    }
}

static void check_copied(uint32_t to_at, uint32_t from_at, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        CHECK(to[to_at + i] == from[from_at + i]);
    CHECK(to_at == 0 || to[to_at - 1] == 0xee);
    CHECK(to[to_at + bytes] == 0xee);
}

static void copies(struct dma_channel *c)
{
    static const uint32_t bytes[] = {1, 2, 7, 8, 9, 63, 64, 100, 1000, 4096, 5001};
    static const uint32_t at[] = {0, 1, 2, 4, 7, 8};

    for (unsigned b = 0; b < sizeof bytes / sizeof bytes[0]; b++)
        for (unsigned a = 0; a < 6; a++) {
            fill(bytes[b]);
            CHECK_NULL(dma_copy(c, to + at[a], from + at[(a + b) % 6], bytes[b]));
            CHECK_EQ(c->state, DMA_DONE);
            check_copied(at[a], at[(a + b) % 6], bytes[b]);
        }
    /* More than a block: a chain of its own accord. */
    fill(MOST);
    CHECK_NULL(dma_copy(c, to, from, MOST));
    check_copied(0, 0, MOST);
    fill(2 * 65536 + 7);
    CHECK_NULL(dma_copy(c, to + 1, from + 2, 2 * 65536 + 5));
    check_copied(1, 2, 2 * 65536 + 5);
    CHECK_TEXT(dma_set(c, to, from, MOST));
    CHECK_TEXT(dma_copy(c, to, from, 0));
}

/* The longest chain, of pieces that swap places. */
static void chain(struct dma_channel *c)
{
    static struct dma_piece piece[DMA_CHAIN_MAX + 1];

    fill(DMA_CHAIN_MAX * 1000);
    for (unsigned i = 0; i <= DMA_CHAIN_MAX; i++)
        piece[i] = (struct dma_piece){.to = to + (DMA_CHAIN_MAX - 1 - i) * 1000,
                                      .from = from + i * 1000, .bytes = i == 5 ? 999 : 1000};
    CHECK_TEXT(dma_fill(c, piece, DMA_CHAIN_MAX + 1));
    CHECK_TEXT(dma_fill(c, piece, 0));
    CHECK_NULL(dma_fill(c, piece, DMA_CHAIN_MAX));
    CHECK_EQ(c->filled, DMA_CHAIN_MAX);
    CHECK_EQ(dma_look(c) == DMA_BUSY, 0);
    dma_start(c);
    CHECK_TEXT(dma_fill(c, piece, 1));
    CHECK_TEXT(dma_set(c, to, from, 1));
    CHECK(WAIT_FOR(dma_look(c) != DMA_BUSY, 100000));
    CHECK_EQ(c->state, DMA_DONE);
    CHECK_NULL(c->error);
    for (unsigned i = 0; i < DMA_CHAIN_MAX; i++)
        for (unsigned k = 0; k < piece[i].bytes; k++)
            CHECK(((uint8_t *)piece[i].to)[k] == ((const uint8_t *)piece[i].from)[k]);
    CHECK_EQ(to[(DMA_CHAIN_MAX - 1 - 5) * 1000 + 999], 0xee);
}

static void fails(struct dma_channel *c, const char *why)
{
    CHECK_TEXT(why);
    print("told: %s\n", why);
    CHECK_EQ(c->state, DMA_FAILED);
    CHECK_NULL(dma_copy(c, to, from, 64)); /* and it goes on */
}

static void errors(struct dma_channel *c)
{
    struct dma_piece piece[2] = {{to, from, 64}, {NOWHERE, from, 64}};

    fill(64);
    fails(c, dma_copy(c, to, NOWHERE, 64));
    fails(c, dma_copy(c, NOWHERE, from, 64));
    /* The second of a chain; the first has been done. */
    fill(64);
    CHECK_NULL(dma_fill(c, piece, 2));
    dma_start(c);
    CHECK(WAIT_FOR(dma_look(c) != DMA_BUSY, 100000));
    check_copied(0, 0, 64);
    fails(c, c->error);
    /* A descriptor that is not valid, one that leads nowhere. */
    CHECK_NULL(dma_fill(c, piece, 2));
    c->descriptor[0][DMAC_LLI_CTL / 8] = 0;
    dma_start(c);
    CHECK(WAIT_FOR(dma_look(c) != DMA_BUSY, 100000));
    fails(c, c->error);
    piece[1].to = to + 64;
    CHECK_NULL(dma_fill(c, piece, 2));
    c->descriptor[0][DMAC_LLI_LLP / 8] = (uintptr_t)NOWHERE;
    dma_start(c);
    CHECK(WAIT_FOR(dma_look(c) != DMA_BUSY, 100000));
    fails(c, c->error);
}

/* A chain that leads back to itself goes on until its second round finds the first one's mark: the
 * valid bit is gone.  A long one is stopped. */
static void ends(struct dma_channel *c)
{
    struct dma_piece piece[2] = {{to, from, 64}, {to + 64, from + 64, 64}};

    CHECK_NULL(dma_fill(c, piece, 2));
    c->descriptor[1][DMAC_LLI_LLP / 8] = (uintptr_t)c->descriptor;
    c->descriptor[1][DMAC_LLI_CTL / 8] &= ~(UINT64_C(1) << 62); /* not the last */
    dma_start(c);
    CHECK(WAIT_FOR(dma_look(c) != DMA_BUSY, 100000));
    fails(c, c->error);
    piece[0].bytes = MOST;
    CHECK_NULL(dma_fill(c, piece, 1));
    dma_start(c);
    if (dma_look(c) == DMA_BUSY) { /* with --timing off it is done */
        CHECK_NULL(dma_stop(c));
        fails(c, c->error);
    }
    CHECK_NULL(dma_stop(c)); /* of no effect */
}

static void on_end(void *context)
{
    struct dma_channel *c = context;

    CHECK(c->state != DMA_BUSY);
    interrupts++;
}

static void all_channels(bool sleep)
{
    CHECK_NULL(dma_init());
    CHECK_TEXT(dma_channel_init(&channel[0], DMA_CHANNELS, NULL, NULL));
    for (unsigned i = 0; i < DMA_CHANNELS; i++)
        CHECK_NULL(dma_channel_init(&channel[i], i, sleep ? on_end : NULL, &channel[i]));
    for (unsigned round = 0; round < 20; round++) {
        unsigned left = DMA_CHANNELS;

        interrupts = 0;
        fill(DMA_CHANNELS * 20000);
        for (unsigned i = 0; i < DMA_CHANNELS; i++) {
            CHECK_NULL(dma_set(&channel[i], to + i * 20000, from + i * 20000,
                               500 * round + 8 * i + 8));
            dma_start(&channel[i]);
        }
        if (sleep) {
            CHECK(WAIT_ASLEEP(interrupts == DMA_CHANNELS, 100000));
        } else {
            for (unsigned i = 0; i < DMA_CHANNELS; i++)
                CHECK(WAIT_FOR(dma_look(&channel[i]) != DMA_BUSY, 100000));
            CHECK(!WAIT_ASLEEP(false, 100));
            CHECK_EQ(interrupts, 0);
        }
        while (left--) {
            CHECK_EQ(channel[left].state, DMA_DONE);
            check_copied(left * 20000, left * 20000, 500 * round + 8 * left + 8);
        }
    }
    /* Errors interrupt as well. */
    interrupts = 0;
    CHECK_NULL(dma_set(&channel[3], NOWHERE, from, 64));
    dma_start(&channel[3]);
    if (sleep) {
        CHECK(WAIT_ASLEEP(interrupts == 1, 100000));
        CHECK_EQ(channel[3].state, DMA_FAILED);
        CHECK_TEXT(channel[3].error);
    }
}

int main(const void *device_tree)
{
    print("interrupts by %s\n", irq_init(device_tree));
    CHECK_NULL(dma_init());
    CHECK_NULL(dma_channel_init(&channel[0], 0, NULL, NULL));
    CHECK_NULL(dma_channel_init(&channel[7], 7, NULL, NULL));
    copies(&channel[0]);
    chain(&channel[7]);
    errors(&channel[0]);
    ends(&channel[0]);
    all_channels(false);
    all_channels(true);
    print("dma: ok\n");
    return 0;
}
