/* SPDX-License-Identifier: Apache-2.0 */
/* A driver for the DMA controller, a Synopsys DesignWare AXI DMAC (spec/dw_axi_dmac.h; register
 * names are those of its databook).  It copies memory to memory while the hart does something else.
 *
 *     static struct dma_channel channel;
 *     if ((why = dma_init()) || (why = dma_channel_init(&channel, 0, NULL, NULL)))
 *         die(why);
 *     why = dma_copy(&channel, to, from, bytes);
 *
 * dma_copy() is these steps, which a program may also take one by one:
 *
 *     dma_fill(&channel, pieces, count);              descriptors: memory only
 *     dma_start(&channel);                            from here on the controller works
 *     while (dma_look(&channel) == DMA_BUSY) ...      a register (or sleep until the interrupt)
 *     if (channel.error) ...
 *
 * Who owns what: descriptors are inside the struct, which the caller declares (static: it is
 * aligned and large).  They and the memory that is copied belong to the controller from
 * dma_start() until dma_look() says something else than DMA_BUSY.  Addresses are physical: a
 * paged program maps them to themselves. */
#ifndef LABS_LIB_DMA_H
#define LABS_LIB_DMA_H

#include "spec/dw_axi_dmac.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DMA_CHANNELS = DMAC_CHANNELS,
    DMA_CHAIN_MAX = 64, /* descriptors */
};

enum dma_state { DMA_IDLE, DMA_BUSY, DMA_DONE, DMA_FAILED };

struct dma_piece {
    void *to;
    const void *from;
    uint32_t bytes;
};

struct dma_channel {
    _Alignas(DMAC_LLI_BYTES) volatile uint64_t descriptor[DMA_CHAIN_MAX][DMAC_LLI_BYTES / 8];
    unsigned number;
    unsigned filled;                /* descriptors of the chain; 0: a single copy, by registers */
    struct dma_piece single;
    enum dma_state state;           /* as last looked at */
    const char *error;              /* with DMA_FAILED: why, in words */
    uint32_t status;                /* at the end, CHx_INTSTATUS */
    void (*handler)(void *context); /* NULL: polled */
    void *context;
};

/* Resets the controller and turns it on.  Returns NULL, or why not. */
const char *dma_init(void);

/* With a handler, the end of a transfer, good or bad, interrupts and calls it after dma_look();
 * without, the channel is polled and never interrupts. */
const char *dma_channel_init(struct dma_channel *, unsigned number,
                             void (*handler)(void *context), void *context);

/* What is to be copied: dma_fill() makes a chain of descriptors in memory, which the controller
 * follows by itself: one a piece, or more for a piece that is longer than a block (65,536 items
 * of 8 bytes, or of 4, 2, 1 when addresses or length are no multiples).  dma_set() is for one
 * copy of one block, for which registers do.  Not while busy.  Return NULL, or why not. */
const char *dma_fill(struct dma_channel *, const struct dma_piece *, unsigned count);
const char *dma_set(struct dma_channel *, void *to, const void *from, uint32_t bytes);

/* Starts it, once: a chain has to be filled anew, as the controller takes descriptors' valid bits
 * away when it is done with them. */
void dma_start(struct dma_channel *);

/* How far it is.  At its end, acknowledges the channel's interrupt. */
enum dma_state dma_look(struct dma_channel *);

/* Ends a transfer that is under way, at the next place where the controller can: it then has
 * failed.  Returns NULL, or what went wrong with that. */
const char *dma_stop(struct dma_channel *);

/* All of it, for one copy, waiting with polls.  Returns NULL, or what went wrong. */
const char *dma_copy(struct dma_channel *, void *to, const void *from, uint32_t bytes);

#endif
