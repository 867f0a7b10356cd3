/* SPDX-License-Identifier: Apache-2.0 */
/* A channel's sequence: block after block, from registers, shadow registers or a list in memory,
 * and the ways to stop it.
 *
 * Registers as shadow registers: what software reads and writes at CH_SAR and so on is the bank;
 * the block that is being moved has its own copy (struct dmac_channel), made when the block begins.
 * */
#include "dev/dw_axi_dmac_impl.h"

#define CTL_BITS UINT64_C(0xc4ffffff7fffff50) /* the writable ones: a list sets no others */
#define LLP_BITS UINT64_C(0xffffffffffffffc0)

static unsigned src_type(struct dw_axi_dmac *d, unsigned c)
{
    return (unsigned)FGET(*dmac_reg(d, DMAC_CH_CFG, c), DMAC_CFG_SRC_MULTBLK);
}

static unsigned dst_type(struct dw_axi_dmac *d, unsigned c)
{
    return (unsigned)FGET(*dmac_reg(d, DMAC_CH_CFG, c), DMAC_CFG_DST_MULTBLK);
}

/* ---- blocks ---- */

/* ctl, sar and dar are set: the block begins. */
static void begin_block(struct dw_axi_dmac *d, unsigned c, enum dmac_block_kind kind)
{
    struct dmac_channel *ch = &d->channel[c];
    uint64_t items = (*dmac_reg(d, DMAC_CH_BLOCK_TS, c) & (DMAC_BLOCK_ITEMS_MAX - 1)) + 1;

    /* An address that is not a multiple of its item's size is taken as the one below that is. */
    ch->sar &= ~((UINT64_C(1) << dmac_src_width(ch)) - 1);
    ch->dar &= ~((UINT64_C(1) << dmac_dst_width(ch)) - 1);
    ch->bytes = ch->read_left = ch->write_left = (uint32_t)(items << dmac_src_width(ch));
    ch->written = 0;
    ch->kind = (uint8_t)kind;
    ch->phase = DMAC_MOVE;
    ch->block_began = d->clock->now;
    trace_dma_block(d->trace, d->source, d->clock->now, ch->cause, c, ch->sar, ch->dar, ch->bytes);
}

/* An address at the begin of a block that does not bring its own. */
static uint64_t next_address(struct dw_axi_dmac *d, unsigned c, bool destination, bool first)
{
    unsigned type = destination ? dst_type(d, c) : src_type(d, c);
    uint64_t programmed = *dmac_reg(d, destination ? DMAC_CH_DAR : DMAC_CH_SAR, c);

    if (first || type != DMAC_MULTBLK_CONTIGUOUS)
        return programmed;
    return destination ? d->channel[c].dar : d->channel[c].sar;
}

static void wait_for_software(struct dw_axi_dmac *d, unsigned c, uint64_t why)
{
    d->channel[c].phase = DMAC_WAIT;
    dmac_status(d, c, why);
}

/* The next block, from wherever CFG says. */
static void next_block(struct dw_axi_dmac *d, unsigned c, bool first)
{
    struct dmac_channel *ch = &d->channel[c];
    unsigned src = src_type(d, c), dst = dst_type(d, c);
    bool list = src == DMAC_MULTBLK_LIST || dst == DMAC_MULTBLK_LIST;
    bool shadow = src == DMAC_MULTBLK_SHADOW || dst == DMAC_MULTBLK_SHADOW;
    uint64_t *ctl = dmac_reg(d, DMAC_CH_CTL, c);

    if (list && shadow) {
        wait_for_software(d, c, FMASK(DMAC_INT_MULTBLK_ERR));
        return;
    }
    if (shadow && !FGET(*ctl, DMAC_CTL_VALID)) {
        wait_for_software(d, c, FMASK(DMAC_INT_INVALID_ERR));
        return;
    }
    ch->sar = next_address(d, c, false, first);
    ch->dar = next_address(d, c, true, first);
    if (list) {
        ch->item = *dmac_reg(d, DMAC_CH_LLP, c) & LLP_BITS;
        ch->phase = DMAC_ITEM;
        return;
    }
    ch->ctl = *ctl;
    if (shadow)
        *ctl = FPUT(*ctl, DMAC_CTL_VALID, 0);
    begin_block(d, c, shadow ? DMAC_BLOCK_SHADOW : DMAC_BLOCK_REGISTERS);
}

static bool was_last(struct dw_axi_dmac *d, unsigned c)
{
    const struct dmac_channel *ch = &d->channel[c];

    if (ch->kind != DMAC_BLOCK_REGISTERS)
        return FGET(ch->ctl, DMAC_CTL_LAST);
    return src_type(d, c) == DMAC_MULTBLK_CONTIGUOUS && dst_type(d, c) == DMAC_MULTBLK_CONTIGUOUS;
}

/* All of the block has arrived, and its item says so. */
static void block_done(struct dw_axi_dmac *d, unsigned c)
{
    struct dmac_channel *ch = &d->channel[c];
    bool last = was_last(d, c);
    uint64_t id = trace_dma_block_done(d->trace, d->source, TRACE_NOW(d->trace), c, ch->bytes,
                                       ch->block_began);

    if (id)
        ch->cause = d->clock->cause = id;
    if (last)
        dmac_channel_end(d, c, DMAC_END_DONE);
    else
        next_block(d, c, false);
    dmac_status(d, c, (FGET(ch->ctl, DMAC_CTL_IOC) ? FMASK(DMAC_INT_BLOCK_TFR) : 0) |
                          (last ? FMASK(DMAC_INT_DMA_TFR) : 0));
}

/* ---- items of a list ---- */

static void item_fetched(struct dw_axi_dmac *d, unsigned c, const uint8_t *item)
{
    struct dmac_channel *ch = &d->channel[c];
    uint64_t ctl = le64_get(item + DMAC_LLI_CTL) & CTL_BITS;
    bool valid = FGET(ctl, DMAC_CTL_VALID);
    uint64_t id = trace_dma_item(d->trace, d->source, TRACE_NOW(d->trace), c, ch->item, valid);

    if (id)
        ch->cause = d->clock->cause = id;
    if (!valid) {
        wait_for_software(d, c, FMASK(DMAC_INT_INVALID_ERR));
        return;
    }
    if (src_type(d, c) == DMAC_MULTBLK_LIST)
        ch->sar = *dmac_reg(d, DMAC_CH_SAR, c) = le64_get(item + DMAC_LLI_SAR);
    if (dst_type(d, c) == DMAC_MULTBLK_LIST)
        ch->dar = *dmac_reg(d, DMAC_CH_DAR, c) = le64_get(item + DMAC_LLI_DAR);
    *dmac_reg(d, DMAC_CH_BLOCK_TS, c) =
        le32_get(item + DMAC_LLI_BLOCK_TS) & (DMAC_BLOCK_ITEMS_MAX - 1);
    *dmac_reg(d, DMAC_CH_LLP, c) = le64_get(item + DMAC_LLI_LLP) & LLP_BITS;
    ch->ctl = *dmac_reg(d, DMAC_CH_CTL, c) = ctl;
    begin_block(d, c, DMAC_BLOCK_LIST);
}

/* All is moved: the item is handed back, its VALID clear, so that the list tells how far it is. */
static void write_item_back(struct dw_axi_dmac *d, unsigned c)
{
    struct dmac_channel *ch = &d->channel[c];
    uint8_t *buf = dmac_slot(d, c, DMAC_SLOT_ITEM)->buf;

    memset(buf, 0, DMAC_LLI_WRITE_BACK_BYTES);
    le64_put(buf, FPUT(ch->ctl, DMAC_CTL_VALID, 0));
    le64_put(buf + DMAC_LLI_STATUS - DMAC_LLI_WRITE_BACK,
             dmac_progress(ch) | DMAC_LLI_STATUS_BLOCK_TFR |
                 (was_last(d, c) ? DMAC_LLI_STATUS_DMA_TFR : 0));
    ch->phase = DMAC_WRITE_BACK;
}

void dmac_item_done(struct dw_axi_dmac *d, unsigned c, struct dmac_slot *slot)
{
    struct dmac_channel *ch = &d->channel[c];
    bool fetched = ch->phase == DMAC_FETCH, nowhere = slot->op.fault == FAULT_DECODE;

    slot->phase = DMAC_FREE;
    if (slot->op.fault && fetched)
        ch->errors |= (uint32_t)(nowhere ? FMASK(DMAC_INT_LLI_RD_DEC_ERR)
                                         : FMASK(DMAC_INT_LLI_RD_SLV_ERR));
    else if (slot->op.fault)
        ch->errors |= (uint32_t)(nowhere ? FMASK(DMAC_INT_LLI_WR_DEC_ERR)
                                         : FMASK(DMAC_INT_LLI_WR_SLV_ERR));
    else if (fetched)
        item_fetched(d, c, slot->buf);
    else
        block_done(d, c);
}

/* ---- going on ---- */

/* A peripheral's request is served when what it asked for has arrived. */
static void close_request(struct dw_axi_dmac *d, unsigned c, bool destination)
{
    struct dmac_channel *ch = &d->channel[c];
    struct dmac_pace *side = destination ? &ch->dst : &ch->src;

    if (!side->open || side->credit || (destination ? ch->write_count : ch->read_count))
        return;
    side->open = false;
    *dmac_reg(d, destination ? DMAC_CH_SWHSDST : DMAC_CH_SWHSSRC, c) = 0;
    dmac_status(d, c, destination ? FMASK(DMAC_INT_DST_TRANSCOMP) : FMASK(DMAC_INT_SRC_TRANSCOMP));
}

static void look_suspended(struct dw_axi_dmac *d, unsigned c)
{
    struct dmac_channel *ch = &d->channel[c];
    bool between = ch->phase == DMAC_ITEM || ch->phase == DMAC_WAIT;

    if (!(d->suspend >> c & 1))
        return;
    if (!ch->src_suspended && !ch->read_count && (between || ch->phase == DMAC_MOVE)) {
        ch->src_suspended = true;
        dmac_status(d, c, FMASK(DMAC_INT_SRC_SUSPENDED));
    }
    if (!ch->suspended && dmac_quiet(d, c) &&
        (between || (ch->phase == DMAC_MOVE && dmac_drained(ch)))) {
        ch->suspended = true;
        dmac_status(d, c, FMASK(DMAC_INT_SUSPENDED));
    }
}

void dmac_channel_step(struct dw_axi_dmac *d, unsigned c)
{
    struct dmac_channel *ch = &d->channel[c];

    if (ch->phase == DMAC_OFF)
        return;
    close_request(d, c, false);
    close_request(d, c, true);
    if (ch->errors) {
        if (dmac_quiet(d, c))
            dmac_channel_end(d, c, DMAC_END_ERROR);
        return;
    }
    if (ch->phase == DMAC_MOVE && !ch->write_left && !ch->write_count) {
        if (ch->kind == DMAC_BLOCK_LIST)
            write_item_back(d, c);
        else
            block_done(d, c);
    }
    if (ch->stop && dmac_quiet(d, c) &&
        (ch->phase == DMAC_ITEM || ch->phase == DMAC_WAIT ||
         (ch->phase == DMAC_MOVE && dmac_drained(ch))))
        dmac_channel_end(d, c, DMAC_END_STOPPED);
    if (ch->phase != DMAC_OFF)
        look_suspended(d, c);
}

void dmac_channel_start(struct dw_axi_dmac *d, unsigned c)
{
    struct dmac_channel *ch = &d->channel[c];
    uint64_t id = trace_dma_enable(d->trace, d->source, TRACE_NOW(d->trace), c);

    *ch = (struct dmac_channel){.began = d->clock->now, .cause = id ? id : d->clock->cause};
    d->enabled |= 1u << c;
    next_block(d, c, true);
}

void dmac_channel_resume(struct dw_axi_dmac *d, unsigned c)
{
    struct dmac_channel *ch = &d->channel[c];
    bool first = !ch->bytes; /* no block has begun yet */

    if (ch->phase != DMAC_WAIT)
        return;
    ch->cause = d->clock->cause;
    next_block(d, c, first);
}

void dmac_channel_end(struct dw_axi_dmac *d, unsigned c, enum dmac_end why)
{
    struct dmac_channel *ch = &d->channel[c];
    uint64_t id;

    dmac_drop_slots(d, c);
    ch->read_count = ch->write_count = ch->read_first = ch->write_first = 0;
    ch->src = ch->dst = (struct dmac_pace){0};
    /* So that a transfer of registers can go on where it ended; shadow registers stay. */
    if (src_type(d, c) != DMAC_MULTBLK_SHADOW)
        *dmac_reg(d, DMAC_CH_SAR, c) = ch->sar;
    if (dst_type(d, c) != DMAC_MULTBLK_SHADOW)
        *dmac_reg(d, DMAC_CH_DAR, c) = ch->dar;
    *dmac_reg(d, DMAC_CH_SWHSSRC, c) = *dmac_reg(d, DMAC_CH_SWHSDST, c) = 0;
    d->enabled &= ~(1u << c);
    d->suspend &= ~(1u << c);
    ch->phase = DMAC_OFF;
    id = trace_dma_end(d->trace, d->source, TRACE_NOW(d->trace), c, why, ch->errors, ch->began);
    if (id)
        d->clock->cause = id;
    dmac_status(d, c, ch->errors | (why == DMAC_END_STOPPED   ? FMASK(DMAC_INT_DISABLED)
                                    : why == DMAC_END_ABORTED ? FMASK(DMAC_INT_ABORTED)
                                                              : 0));
}
