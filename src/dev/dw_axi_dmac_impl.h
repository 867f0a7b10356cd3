/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the DMA controller: its parts and their state.  Included by src/dev/dw_axi_dmac*.c only.
 *
 * A channel:
 *
 *         enabled                 valid                  all written              not the last
 *   OFF ----------> ITEM --FETCH--------> MOVE ---------------------> WRITE_BACK ---------------+
 *    ^                ^       |  not       |  ^                         |     (list only)       |
 *    |                |       v            |  +-- shadow, reload <------+-- ITEM <--------------+
 *    |                +----- WAIT          |                            |
 *    +---- error, stopped, aborted <-------+----------------------------+ last: done
 *
 *   source --> read slots --> FIFO --> write slots --> destination
 *
 *  1. A slot is a burst: FREE; GRANTED while its beats are on the data bus; BUSY while the port's
 *     operation is under way; a read's is READY until those before it are in the FIFO.
 *  2. fifo_count + the bytes of all read slots that are not FREE <= DMAC_FIFO_BYTES.
 *  3. read_left is what was not asked for yet, write_left what was not handed to the link yet:
 *     write_left == read_left + bytes of the read slots + fifo_count while no error has come.
 *  4. Nothing calls itself back: whatever happens, at most arms events (dmac_kick).  So a list that
 *     points to itself costs one event a step, and ends when software stops it.
 *  5. Any register write may come from the controller's own DMA, and may abort the channel that
 * does
 *     it: who is called back looks at the slot's phase first. */
#ifndef DEV_DW_AXI_DMAC_IMPL_H
#define DEV_DW_AXI_DMAC_IMPL_H

#include "base/bits.h"
#include "bus/port.h"
#include "dev/dw_axi_dmac.h"

#define DMAC_READS 8  /* bursts under way, of each channel */
#define DMAC_WRITES 8
#define DMAC_BURST_BYTES (DMAC_BURST_BEATS_MAX * DMAC_BUS_BYTES)
#define DMAC_NO_SLOT 0xffff

/* Slots of a channel: reads, writes, one for its list. */
enum { DMAC_SLOT_READ = 0, DMAC_SLOT_WRITE = DMAC_READS, DMAC_SLOT_ITEM = DMAC_READS + DMAC_WRITES,
       DMAC_SLOTS = DMAC_SLOT_ITEM + 1 };

enum { DMAC_REGS(REG_INDEX) DMAC_REG_COUNT };
enum { DMAC_FIELDS(REG_FIELD_ENUM) };

enum dmac_phase { DMAC_OFF, DMAC_ITEM, DMAC_FETCH, DMAC_WAIT, DMAC_MOVE, DMAC_WRITE_BACK };
enum dmac_slot_phase { DMAC_FREE, DMAC_GRANTED, DMAC_BUSY, DMAC_READY };
/* Where the current block's parameters come from: that says when it is the last. */
enum dmac_block_kind { DMAC_BLOCK_REGISTERS, DMAC_BLOCK_SHADOW, DMAC_BLOCK_LIST };
/* Why a channel went off; in trace records. */
enum dmac_end { DMAC_END_DONE, DMAC_END_STOPPED, DMAC_END_ABORTED, DMAC_END_ERROR, DMAC_END_RESET };

/* One burst. */
struct dmac_slot {
    struct dma_op op;
    struct dw_axi_dmac *d;
    uint8_t channel, number; /* wiring: its place */
    /* state */
    uint8_t phase;
    uint32_t len;
    uint64_t addr;
    uint8_t buf[DMAC_BURST_BYTES];
};

/* A side's requests: source or destination, if it is a peripheral. */
struct dmac_pace {
    uint32_t credit; /* bytes of the current request that were not asked for yet */
    uint8_t open;    /* a request is being served */
    uint8_t pad[3];
};

struct dmac_channel {
    uint64_t sar, dar;   /* where the next burst begins */
    uint64_t ctl;        /* of the current block */
    uint64_t item;       /* address of the current block's list item */
    uint64_t began, block_began;
    uint64_t cause;      /* trace record of its latest step */
    uint32_t errors;     /* status bits to be set as soon as it has stopped */
    uint32_t bytes, read_left, write_left; /* of the current block */
    uint32_t written;    /* have arrived */
    struct dmac_pace src, dst;
    uint16_t fifo_head, fifo_count;
    uint8_t read_first, read_count, write_first, write_count; /* rings of slots */
    uint8_t phase, kind;
    uint8_t stop;        /* software has disabled it: it drains, then goes off */
    uint8_t src_suspended, suspended; /* status was set */
    uint8_t pad[7];
    uint8_t fifo[DMAC_FIFO_BYTES];
};

/* A data bus of the AXI master: one burst at a time. */
struct dmac_bus {
    struct event beats; /* the last beat of the burst on it */
    /* state */
    uint16_t slot;  /* whose burst; DMAC_NO_SLOT: aborted, or none */
    uint8_t last;   /* channel that had it last: equals take turns */
};

struct dw_axi_dmac {
    struct region mmio;
    struct bank bank;
    struct line irq; /* the board connects it */
    struct clock *clock;
    struct trace *trace;
    struct space *space;
    struct port port;
    unsigned source;
    struct dw_axi_dmac_params p;
    struct dmac_slot slot[DMAC_CHANNELS * DMAC_SLOTS];
    /* state */
    uint32_t enabled, suspend; /* a bit a channel */
    uint32_t requests;         /* levels of the peripherals' wires */
    struct dmac_channel channel[DMAC_CHANNELS];
    struct dmac_bus read, write;
};

static inline uint64_t *dmac_reg(struct dw_axi_dmac *d, unsigned reg, unsigned c)
{
    return bank_at(&d->bank, reg, c);
}

static inline struct dmac_slot *dmac_slot(struct dw_axi_dmac *d, unsigned c, unsigned number)
{
    return &d->slot[c * DMAC_SLOTS + number];
}

static inline bool dmac_enabled(const struct dw_axi_dmac *d, unsigned c)
{
    return d->enabled >> c & 1;
}

/* Item sizes of the current block, log2; wider than the bus is as wide as the bus. */
static inline unsigned dmac_src_width(const struct dmac_channel *ch)
{
    return (unsigned)u64_min(FGET(ch->ctl, DMAC_CTL_SRC_WIDTH), DMAC_BUS_WIDTH);
}

static inline unsigned dmac_dst_width(const struct dmac_channel *ch)
{
    return (unsigned)u64_min(FGET(ch->ctl, DMAC_CTL_DST_WIDTH), DMAC_BUS_WIDTH);
}

/* ---- dw_axi_dmac.c ---- */

/* Sets status bits of a channel, as far as they are enabled. */
void dmac_status(struct dw_axi_dmac *d, unsigned c, uint64_t bits);
/* CH_STATUS. */
uint64_t dmac_progress(const struct dmac_channel *ch);

/* ---- dw_axi_dmac_channel.c: the sequence of blocks ---- */

void dmac_channel_start(struct dw_axi_dmac *d, unsigned c);
/* Whatever it waited for may have come: goes on, or off.  dmac_kick() is to follow. */
void dmac_channel_step(struct dw_axi_dmac *d, unsigned c);
/* Goes off now; what was under way is dropped. */
void dmac_channel_end(struct dw_axi_dmac *d, unsigned c, enum dmac_end why);
/* BLK_TFR_RESUMEREQ. */
void dmac_channel_resume(struct dw_axi_dmac *d, unsigned c);
/* A list item has come, or is written back. */
void dmac_item_done(struct dw_axi_dmac *d, unsigned c, struct dmac_slot *slot);

/* ---- dw_axi_dmac_move.c: bursts ---- */

/* Whether a side of a channel is a peripheral, which asks for what it wants. */
bool dmac_paced(struct dw_axi_dmac *d, unsigned c, bool destination);
/* Gives the buses to whoever may go on. */
void dmac_kick(struct dw_axi_dmac *d);
/* Nothing of the channel is under way. */
bool dmac_quiet(struct dw_axi_dmac *d, unsigned c);
/* Less than an item is left in the FIFO. */
bool dmac_drained(const struct dmac_channel *ch);
void dmac_drop_slots(struct dw_axi_dmac *d, unsigned c);
void dmac_bursts_init(struct dw_axi_dmac *d);

#endif
