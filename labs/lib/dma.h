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
 * Who owns what: descriptors are inside the struct, which the caller declares (static: it is aligned
 * and large).  They and the memory that is copied belong to the controller from dma_start() until
 * dma_look() says something else than DMA_BUSY.  Addresses are physical: a paged program maps them
 * to themselves. */
#ifndef LABS_LIB_DMA_H
#define LABS_LIB_DMA_H

#include <stdbool.h>
#include <stdint.h>

enum { DMA_CHANNELS = 8, DMA_CHAIN_MAX = 64 /* descriptors */, DMA_DESCRIPTOR_BYTES = 64 };

enum dma_state { DMA_IDLE, DMA_BUSY, DMA_DONE, DMA_FAILED };

struct dma_piece {
    void *to;
    const void *from;
    uint32_t bytes;
};

struct dma_channel {
    _Alignas(DMA_DESCRIPTOR_BYTES) uint8_t descriptor[DMA_CHAIN_MAX][DMA_DESCRIPTOR_BYTES];
    unsigned number;
    unsigned filled;                /* descriptors of the chain; 0: a single copy, by registers */
    struct dma_piece single;
    enum dma_state state;           /* as last looked at */
    const char *error;              /* with DMA_FAILED: why, in words */
    void (*handler)(void *context); /* NULL: polled */
    void *context;
};

/* Resets the controller and turns it on.  Returns NULL, or why not. */
const char *dma_init(void);

/* With a handler, the end of a transfer, good or bad, interrupts and calls it after dma_look();
 * without, the channel is polled and never interrupts. */
const char *dma_channel_init(struct dma_channel *, unsigned number,
                             void (*handler)(void *context), void *context);

/* Makes a chain of descriptors, one a piece (a linked list in memory that the controller follows by
 * itself), or for a single copy with dma_set() none: then registers hold all.  Not while busy.
 * Returns NULL, or why not: nothing to copy, too many pieces, a piece too long. */
const char *dma_fill(struct dma_channel *, const struct dma_piece *, unsigned count);
const char *dma_set(struct dma_channel *, void *to, const void *from, uint32_t bytes);

/* Starts what dma_fill() or dma_set() made; may be called again for the same once it is done. */
void dma_start(struct dma_channel *);

/* How far it is.  At its end, acknowledges the channel's interrupt. */
enum dma_state dma_look(struct dma_channel *);

/* Ends a transfer that is under way, at the next place where the controller can. */
const char *dma_stop(struct dma_channel *);

/* All of it, for one copy, waiting with polls.  Returns NULL, or what went wrong. */
const char *dma_copy(struct dma_channel *, void *to, const void *from, uint32_t bytes);

#endif
