/* SPDX-License-Identifier: Apache-2.0 */
/* Sections are those of Intel's "Hard Processor System Technical Reference Manual: Agilex 5 SoCs"
 * (TRM), which describes the same controller. */
#include "labs/lib/dma.h"

#include "labs/lib/fence.h"
#include "labs/lib/irq.h"
#include "labs/lib/reg.h"
#include "labs/lib/timer.h"
#include "spec/virt.h"

#include <stddef.h>

enum { DMAC_REGS(REG_AT) };
enum { DMAC_FIELDS(FIELD_MASK64) };

#define RESET_US 1000
#define STOP_US 10000
#define COPY_US 1000000
#define BURST 3 /* code of CTL.SRC_MSIZE, DST_MSIZE: 16 items a request */

/* The names and texts of all fields; those of CHx_INTSTATUS are wanted. */
static const struct {
    uint16_t reg;
    uint8_t lsb;
    const char *text;
} fields[] = {
#define ROW(reg, name, lsb, bits, doc) {reg, lsb, doc},
    DMAC_FIELDS(ROW)
};

static struct dma_channel *channels[DMA_CHANNELS]; /* those with handlers */
static bool handled;

static uint32_t get(unsigned reg)
{
    return mmio_read32(VIRT_DMA_BASE + reg);
}

static void put(unsigned reg, uint32_t value)
{
    mmio_write32(VIRT_DMA_BASE + reg, value);
}

static uintptr_t of(const struct dma_channel *c, unsigned reg)
{
    return VIRT_DMA_BASE + reg + c->number * DMAC_CHANNEL_STEP;
}

const char *dma_init(void)
{
    for (unsigned i = 0; i < DMA_CHANNELS; i++)
        channels[i] = NULL;
    put(DMAC_RESET, DMAC_RESET_RST);
    if (!WAIT_FOR(!(get(DMAC_RESET) & DMAC_RESET_RST), RESET_US))
        return "DMA: the reset does not end";
    put(DMAC_CFG, DMAC_CFG_DMAC_EN | DMAC_CFG_INT_EN);
    return NULL;
}

static void on_interrupt(void *context)
{
    uint32_t which = get(DMAC_INTSTATUS);

    (void)context;
    for (unsigned i = 0; i < DMA_CHANNELS; i++)
        if (which >> i & 1 && channels[i] && dma_look(channels[i]) != DMA_BUSY)
            channels[i]->handler(channels[i]->context);
}

const char *dma_channel_init(struct dma_channel *c, unsigned number,
                             void (*handler)(void *context), void *context)
{
    if (number >= DMA_CHANNELS)
        return "DMA: no such channel";
    c->number = number;
    c->filled = 0;
    c->single.bytes = 0;
    c->state = DMA_IDLE;
    c->error = NULL;
    c->handler = handler;
    c->context = context;
    channels[number] = handler ? c : NULL;
    /* What sets status bits is left as it is: all.  Of them, the end and errors interrupt. */
    mmio_write32(of(c, DMAC_CH_INTCLEAR), DMAC_CH_INT_ALL);
    mmio_write32(of(c, DMAC_CH_INTSIGNAL_ENA),
                 handler ? DMAC_INT_DMA_TFR | DMAC_CH_INT_ERRORS : 0);
    if (handler && !handled) {
        handled = true;
        irq_handle(VIRT_IRQ_DMA, on_interrupt, NULL);
    }
    return NULL;
}

/* ---- what to copy ---- */

/* log2 of the widest item of which addresses and length are multiples. */
static unsigned width(const struct dma_piece *p)
{
    uint64_t all = (uintptr_t)p->to | (uintptr_t)p->from | p->bytes;
    unsigned log2 = 0;

    while (log2 < DMAC_BUS_WIDTH && !(all >> log2 & 1))
        log2++;
    return log2;
}

/* TRM 5.2: both addresses go up, by items alike; requests of 16 items, bursts as long as can be. */
static uint64_t control(unsigned log2)
{
    return (uint64_t)log2 << DMAC_CTL_SRC_WIDTH_LSB | (uint64_t)log2 << DMAC_CTL_DST_WIDTH_LSB |
           BURST << DMAC_CTL_SRC_MSIZE_LSB | BURST << DMAC_CTL_DST_MSIZE_LSB |
           DMAC_CTL_ARLEN_EN | DMAC_CTL_AWLEN_EN |
           (uint64_t)(DMAC_BURST_BEATS_MAX - 1) << DMAC_CTL_ARLEN_LSB |
           (uint64_t)(DMAC_BURST_BEATS_MAX - 1) << DMAC_CTL_AWLEN_LSB;
}

/* TRM 5.2.6.2: an item of the list, linked to the next one, which may not be. */
static void fill(struct dma_channel *c, const struct dma_piece *p)
{
    volatile uint64_t *item = c->descriptor[c->filled++];
    unsigned log2 = width(p);

    item[DMAC_LLI_SAR / 8] = (uintptr_t)p->from;
    item[DMAC_LLI_DAR / 8] = (uintptr_t)p->to;
    item[DMAC_LLI_BLOCK_TS / 8] = (p->bytes >> log2) - 1;
    item[DMAC_LLI_LLP / 8] = (uintptr_t)(item + DMAC_LLI_BYTES / 8);
    item[DMAC_LLI_CTL / 8] = control(log2) | (uint64_t)DMAC_CTL_VALID;
    item[DMAC_LLI_STATUS / 8] = 0;
}

const char *dma_fill(struct dma_channel *c, const struct dma_piece *pieces, unsigned count)
{
    volatile uint64_t *last;

    if (c->state == DMA_BUSY)
        return "DMA: the channel is busy";
    c->filled = 0;
    c->single.bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        struct dma_piece rest = pieces[i];

        while (rest.bytes) {
            uint32_t most = DMAC_BLOCK_ITEMS_MAX << width(&rest);
            struct dma_piece block = rest;

            if (c->filled == DMA_CHAIN_MAX) {
                c->filled = 0;
                return "DMA: too many pieces";
            }
            if (block.bytes > most)
                block.bytes = most;
            fill(c, &block);
            rest.to = (uint8_t *)rest.to + block.bytes;
            rest.from = (const uint8_t *)rest.from + block.bytes;
            rest.bytes -= block.bytes;
        }
    }
    if (!c->filled)
        return "DMA: nothing to copy";
    last = c->descriptor[c->filled - 1];
    last[DMAC_LLI_LLP / 8] = 0;
    last[DMAC_LLI_CTL / 8] |= (uint64_t)DMAC_CTL_LAST;
    return NULL;
}

const char *dma_set(struct dma_channel *c, void *to, const void *from, uint32_t bytes)
{
    struct dma_piece p = {.to = to, .from = from, .bytes = bytes};

    if (c->state == DMA_BUSY)
        return "DMA: the channel is busy";
    if (!bytes)
        return "DMA: nothing to copy";
    if (bytes > (uint32_t)DMAC_BLOCK_ITEMS_MAX << width(&p))
        return "DMA: more than a block";
    c->filled = 0;
    c->single = p;
    return NULL;
}

/* ---- the transfer ---- */

void dma_start(struct dma_channel *c)
{
    /* For both sides, as many bursts under way at once as it can; memory to memory is TT_FC 0. */
    uint64_t config = (uint64_t)DMAC_CFG_SRC_OSR_LMT | (uint64_t)DMAC_CFG_DST_OSR_LMT;

    if (c->state == DMA_BUSY || (!c->filled && !c->single.bytes))
        return;
    if (c->filled) {
        config |= DMAC_MULTBLK_LIST << DMAC_CFG_SRC_MULTBLK_LSB |
                  DMAC_MULTBLK_LIST << DMAC_CFG_DST_MULTBLK_LSB;
        mmio_write64(of(c, DMAC_CH_LLP), (uintptr_t)c->descriptor);
    } else {
        unsigned log2 = width(&c->single);

        mmio_write64(of(c, DMAC_CH_SAR), (uintptr_t)c->single.from);
        mmio_write64(of(c, DMAC_CH_DAR), (uintptr_t)c->single.to);
        mmio_write64(of(c, DMAC_CH_BLOCK_TS), (c->single.bytes >> log2) - 1);
        mmio_write64(of(c, DMAC_CH_CTL), control(log2));
    }
    mmio_write64(of(c, DMAC_CH_CFG), config);
    mmio_write32(of(c, DMAC_CH_INTCLEAR), DMAC_CH_INT_ALL);
    c->filled = 0;
    c->single.bytes = 0;
    c->error = NULL;
    c->state = DMA_BUSY;
    fence_doorbell();
    /* Bits of other channels stay as they are: their write enables are 0. */
    put(DMAC_CHEN, (1u << DMAC_CHEN_EN_LSB | 1u << DMAC_CHEN_EN_WE_LSB) << c->number);
}

static const char *text(uint32_t errors)
{
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].reg == DMAC_CH_INTSTATUS && errors >> fields[i].lsb & 1)
            return fields[i].text;
    return "an unknown error";
}

static bool enabled(const struct dma_channel *c)
{
    return get(DMAC_CHEN) >> c->number & 1;
}

/* Off, as it is after an error of the bus; after others it would wait for software. */
static bool off(const struct dma_channel *c)
{
    if (!enabled(c))
        return true;
    put(DMAC_CHEN, 1u << DMAC_CHEN_EN_WE_LSB << c->number);
    return WAIT_FOR(!enabled(c), STOP_US);
}

enum dma_state dma_look(struct dma_channel *c)
{
    uint32_t errors;

    if (c->state != DMA_BUSY)
        return c->state;
    c->status = mmio_read32(of(c, DMAC_CH_INTSTATUS));
    errors = c->status & DMAC_CH_INT_ERRORS;
    if (!errors && !(c->status & DMAC_INT_DMA_TFR))
        return DMA_BUSY;
    fence_status();
    c->state = errors ? DMA_FAILED : DMA_DONE;
    if (errors) {
        c->error = text(errors);
        if (!off(c))
            c->error = "DMA: the channel does not stop after an error";
    }
    mmio_write32(of(c, DMAC_CH_INTCLEAR), DMAC_CH_INT_ALL);
    return c->state;
}

const char *dma_stop(struct dma_channel *c)
{
    if (dma_look(c) != DMA_BUSY)
        return NULL;
    c->state = DMA_FAILED;
    c->error = "stopped";
    if (!off(c)) {
        /* The way out when the bus hangs: what is under way is dropped. */
        mmio_write64(VIRT_DMA_BASE + DMAC_CHEN,
                     (UINT64_C(1) << DMAC_CHEN_ABORT_LSB |
                      UINT64_C(1) << DMAC_CHEN_ABORT_WE_LSB) << c->number);
        if (!WAIT_FOR(!enabled(c), STOP_US))
            return "DMA: the channel does not stop";
    }
    mmio_write32(of(c, DMAC_CH_INTCLEAR), DMAC_CH_INT_ALL);
    return NULL;
}

const char *dma_copy(struct dma_channel *c, void *to, const void *from, uint32_t bytes)
{
    struct dma_piece piece = {.to = to, .from = from, .bytes = bytes};
    const char *why = dma_set(c, to, from, bytes);

    if (why && (why = dma_fill(c, &piece, 1)))
        return why;
    dma_start(c);
    if (!WAIT_FOR(dma_look(c) != DMA_BUSY, COPY_US)) {
        dma_stop(c);
        return "DMA: the copy does not end";
    }
    return c->error;
}
