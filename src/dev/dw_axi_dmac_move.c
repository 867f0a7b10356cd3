/* SPDX-License-Identifier: Apache-2.0 */
/* Bursts: requests of peripherals, arbitration, the FIFO of each channel.
 *
 * AXI has a data bus each way, and a burst has one for as many cycles as it has beats.  Whenever
 * one is free, the channel of the highest priority that can use it has it; equals take turns.  The
 * data of a read are in the FIFO a round trip after its last beat's turn, those of a write in
 * memory one way after theirs: so a copy runs at the buses' rate if enough bursts may be under way
 * (CFG.OSR). */
#include "dev/dw_axi_dmac_impl.h"

#define AXI_BOUNDARY 4096 /* no burst crosses one (AMBA AXI4, A3.4.1) */

/* ---- requests of peripherals ---- */

bool dmac_paced(struct dw_axi_dmac *d, unsigned c, bool destination)
{
    static const uint8_t paced[2] = {
        1 << DMAC_TT_FC_P2M | 1 << DMAC_TT_FC_P2P | 1 << DMAC_TT_FC_P2M_SRC |
            1 << DMAC_TT_FC_P2P_SRC | 1 << DMAC_TT_FC_P2P_DST,
        1 << DMAC_TT_FC_M2P | 1 << DMAC_TT_FC_P2P | 1 << DMAC_TT_FC_P2P_SRC |
            1 << DMAC_TT_FC_M2P_DST | 1 << DMAC_TT_FC_P2P_DST,
    };

    return paced[destination] >> FGET(*dmac_reg(d, DMAC_CH_CFG, c), DMAC_CFG_TT_FC) & 1;
}

/* Items that the side's peripheral asks for; 0: nothing. */
static uint32_t asked(struct dw_axi_dmac *d, unsigned c, bool destination)
{
    uint64_t cfg = *dmac_reg(d, DMAC_CH_CFG, c), ctl = d->channel[c].ctl;
    uint64_t code = destination ? FGET(ctl, DMAC_CTL_DST_MSIZE) : FGET(ctl, DMAC_CTL_SRC_MSIZE);
    uint32_t burst = code ? 2u << u64_min(code, 9) : 1; /* 1, 4, 8 ... 1024 */
    uint64_t swhs;

    if (!(destination ? FGET(cfg, DMAC_CFG_HS_SEL_DST) : FGET(cfg, DMAC_CFG_HS_SEL_SRC))) {
        uint64_t wire = destination ? FGET(cfg, DMAC_CFG_DST_PER) : FGET(cfg, DMAC_CFG_SRC_PER);
        return d->requests >> wire & 1 ? burst : 0;
    }
    swhs = *dmac_reg(d, destination ? DMAC_CH_SWHSDST : DMAC_CH_SWHSSRC, c);
    return FGET(swhs, DMAC_SWHS_REQ) ? burst : FGET(swhs, DMAC_SWHS_SGLREQ) ? 1 : 0;
}

/* Opens a request, if there is one and none is being served. */
static void listen(struct dw_axi_dmac *d, unsigned c, bool destination)
{
    struct dmac_channel *ch = &d->channel[c];
    struct dmac_pace *side = destination ? &ch->dst : &ch->src;
    uint32_t left = destination ? ch->write_left : ch->read_left;
    unsigned width = destination ? dmac_dst_width(ch) : dmac_src_width(ch);
    uint32_t items;

    if (side->open || !left || ch->phase != DMAC_MOVE || !dmac_paced(d, c, destination))
        return;
    items = asked(d, c, destination);
    if (!items)
        return;
    side->open = true;
    side->credit = u32_min(items << width, left);
    trace_dma_request(d->trace, d->source, d->clock->now, ch->cause, c, destination, side->credit);
}

/* ---- the FIFO ---- */

static void fifo_put(struct dmac_channel *ch, const uint8_t *bytes, uint32_t len)
{
    uint32_t at = (ch->fifo_head + ch->fifo_count) % DMAC_FIFO_BYTES;
    uint32_t first = u32_min(len, DMAC_FIFO_BYTES - at);

    memcpy(ch->fifo + at, bytes, first);
    memcpy(ch->fifo, bytes + first, len - first);
    ch->fifo_count = (uint16_t)(ch->fifo_count + len);
}

static void fifo_take(struct dmac_channel *ch, uint8_t *bytes, uint32_t len)
{
    uint32_t first = u32_min(len, DMAC_FIFO_BYTES - ch->fifo_head);

    memcpy(bytes, ch->fifo + ch->fifo_head, first);
    memcpy(bytes + first, ch->fifo, len - first);
    ch->fifo_head = (uint16_t)((ch->fifo_head + len) % DMAC_FIFO_BYTES);
    ch->fifo_count = (uint16_t)(ch->fifo_count - len);
}

static uint32_t fifo_room(struct dw_axi_dmac *d, unsigned c)
{
    const struct dmac_channel *ch = &d->channel[c];
    uint32_t used = ch->fifo_count;

    for (unsigned i = 0; i < ch->read_count; i++)
        used += dmac_slot(d, c, DMAC_SLOT_READ + (ch->read_first + i) % DMAC_READS)->len;
    return DMAC_FIFO_BYTES - used;
}

/* ---- what a burst may be ---- */

/* Bytes of the burst at `addr`, at most `most`.  A place that is no memory, or an address that
 * stays, takes one item at a time. */
static uint32_t burst(struct dw_axi_dmac *d, uint64_t addr, unsigned width, bool stays,
                      unsigned beats, uint32_t most)
{
    uint32_t n = u32_min(u32_min(beats << width, most),
                         AXI_BOUNDARY - (uint32_t)(addr % AXI_BOUNDARY));
    const struct region *r = space_find(d->space, addr);

    if (r && r->ram && !stays)
        return n;
    n = u32_min(n, 1u << width);
    while (n & (n - 1)) /* a tail that is no item: its pieces, largest first */
        n &= n - 1;
    return n;
}

static unsigned beats_of(bool given, uint64_t length)
{
    return given ? (unsigned)u64_min(length + 1, DMAC_BURST_BEATS_MAX) : DMAC_BURST_BEATS_MAX;
}

/* Bytes of the next burst from the source; 0: there may be none now. */
static uint32_t next_read(struct dw_axi_dmac *d, unsigned c)
{
    const struct dmac_channel *ch = &d->channel[c];
    uint64_t limit = FGET(*dmac_reg(d, DMAC_CH_CFG, c), DMAC_CFG_SRC_OSR_LMT) + 1;
    uint32_t most = dmac_paced(d, c, false) ? ch->src.credit : ch->read_left;
    uint32_t n;

    if (ch->phase != DMAC_MOVE || ch->errors || ch->stop || d->suspend >> c & 1 || !most ||
        ch->read_count >= u64_min(limit, DMAC_READS))
        return 0;
    n = burst(d, ch->sar, dmac_src_width(ch), FGET(ch->ctl, DMAC_CTL_SINC),
              beats_of(FGET(ch->ctl, DMAC_CTL_ARLEN_EN), FGET(ch->ctl, DMAC_CTL_ARLEN)), most);
    return n <= fifo_room(d, c) ? n : 0;
}

/* Nothing will come into the FIFO soon: what is there goes out, even if it is no full burst. */
static bool draining(struct dw_axi_dmac *d, unsigned c)
{
    const struct dmac_channel *ch = &d->channel[c];

    return !ch->read_count && (!ch->read_left || ch->stop || d->suspend >> c & 1 ||
                               dmac_paced(d, c, false));
}

/* Bytes of the next burst to the destination; 0: there may be none now. */
static uint32_t next_write(struct dw_axi_dmac *d, unsigned c)
{
    const struct dmac_channel *ch = &d->channel[c];
    uint64_t limit = FGET(*dmac_reg(d, DMAC_CH_CFG, c), DMAC_CFG_DST_OSR_LMT) + 1;
    uint32_t most = dmac_paced(d, c, true) ? ch->dst.credit : ch->write_left, n;
    unsigned width = dmac_dst_width(ch);

    if (ch->phase != DMAC_MOVE || ch->errors || !most || !ch->fifo_count ||
        ch->write_count >= u64_min(limit, DMAC_WRITES))
        return 0;
    n = burst(d, ch->dar, width, FGET(ch->ctl, DMAC_CTL_DINC),
              beats_of(FGET(ch->ctl, DMAC_CTL_AWLEN_EN), FGET(ch->ctl, DMAC_CTL_AWLEN)), most);
    if (n <= ch->fifo_count)
        return n;
    return draining(d, c) ? ch->fifo_count & ~((1u << width) - 1) : 0;
}

bool dmac_drained(const struct dmac_channel *ch)
{
    uint32_t item = 1u << dmac_dst_width(ch);

    return ch->fifo_count < item && ch->fifo_count < ch->write_left;
}

bool dmac_quiet(struct dw_axi_dmac *d, unsigned c)
{
    const struct dmac_channel *ch = &d->channel[c];

    return !ch->read_count && !ch->write_count &&
           dmac_slot(d, c, DMAC_SLOT_ITEM)->phase == DMAC_FREE;
}

/* ---- arbitration ---- */

static struct dmac_slot *fill_slot(struct dw_axi_dmac *d, unsigned c, unsigned number,
                                   uint64_t addr, uint32_t len)
{
    struct dmac_slot *slot = dmac_slot(d, c, number);

    slot->phase = DMAC_GRANTED;
    slot->addr = addr;
    slot->len = len;
    return slot;
}

/* The channel's next burst on the read bus, NULL if it has none; *beats is how long it takes.  With
 * `look` it is only looked for. */
static struct dmac_slot *take_read(struct dw_axi_dmac *d, unsigned c, unsigned *beats, bool look)
{
    struct dmac_channel *ch = &d->channel[c];
    uint32_t n;
    struct dmac_slot *slot;

    if (ch->phase == DMAC_ITEM && !ch->stop && !(d->suspend >> c & 1)) {
        slot = dmac_slot(d, c, DMAC_SLOT_ITEM);
        if (look)
            return slot;
        ch->phase = DMAC_FETCH;
        *beats = DMAC_LLI_FETCH_BYTES / DMAC_BUS_BYTES;
        return fill_slot(d, c, DMAC_SLOT_ITEM, ch->item, DMAC_LLI_FETCH_BYTES);
    }
    n = next_read(d, c);
    if (!n)
        return NULL;
    slot = dmac_slot(d, c, DMAC_SLOT_READ + (ch->read_first + ch->read_count) % DMAC_READS);
    if (look)
        return slot;
    fill_slot(d, c, slot->number, ch->sar, n);
    *beats = (n + (1u << dmac_src_width(ch)) - 1) >> dmac_src_width(ch);
    ch->read_count++;
    ch->read_left -= n;
    if (ch->src.open)
        ch->src.credit -= n;
    if (!FGET(ch->ctl, DMAC_CTL_SINC))
        ch->sar += n;
    return slot;
}

static struct dmac_slot *take_write(struct dw_axi_dmac *d, unsigned c, unsigned *beats, bool look)
{
    struct dmac_channel *ch = &d->channel[c];
    struct dmac_slot *slot = dmac_slot(d, c, DMAC_SLOT_ITEM);
    uint32_t n;

    if (ch->phase == DMAC_WRITE_BACK && slot->phase == DMAC_FREE) {
        if (look)
            return slot;
        *beats = DMAC_LLI_WRITE_BACK_BYTES / DMAC_BUS_BYTES;
        return fill_slot(d, c, DMAC_SLOT_ITEM, ch->item + DMAC_LLI_WRITE_BACK,
                         DMAC_LLI_WRITE_BACK_BYTES);
    }
    n = next_write(d, c);
    if (!n)
        return NULL;
    slot = dmac_slot(d, c, DMAC_SLOT_WRITE + (ch->write_first + ch->write_count) % DMAC_WRITES);
    if (look)
        return slot;
    fill_slot(d, c, slot->number, ch->dar, n);
    fifo_take(ch, slot->buf, n);
    *beats = (n + (1u << dmac_dst_width(ch)) - 1) >> dmac_dst_width(ch);
    ch->write_count++;
    ch->write_left -= n;
    if (ch->dst.open)
        ch->dst.credit -= n;
    if (!FGET(ch->ctl, DMAC_CTL_DINC))
        ch->dar += n;
    return slot;
}

static void arbitrate(struct dw_axi_dmac *d, struct dmac_bus *bus,
                      struct dmac_slot *(*take)(struct dw_axi_dmac *, unsigned, unsigned *, bool))
{
    uint64_t cause = d->clock->cause;
    struct dmac_slot *slot;
    int best = -1;
    unsigned winner = 0, beats = 0;

    if (event_armed(&bus->beats))
        return;
    for (unsigned i = 1; i <= DMAC_CHANNELS; i++) {
        unsigned c = (bus->last + i) % DMAC_CHANNELS;
        int priority = (int)FGET(*dmac_reg(d, DMAC_CH_CFG, c), DMAC_CFG_PRIOR);

        if (dmac_enabled(d, c) && priority > best && take(d, c, &beats, true)) {
            best = priority;
            winner = c;
        }
    }
    if (best < 0)
        return;
    slot = take(d, winner, &beats, false);
    bus->last = (uint8_t)winner;
    bus->slot = (uint16_t)(slot - d->slot);
    d->clock->cause = d->channel[winner].cause;
    clock_arm_after(d->clock, &bus->beats, beats * d->p.cycle_ps);
    d->clock->cause = cause;
}

void dmac_kick(struct dw_axi_dmac *d)
{
    if (!d->enabled)
        return;
    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        if (dmac_enabled(d, c)) {
            listen(d, c, false);
            listen(d, c, true);
        }
    arbitrate(d, &d->read, take_read);
    arbitrate(d, &d->write, take_write);
}

/* ---- the way of a burst ---- */

static void on_beats(struct dw_axi_dmac *d, struct dmac_bus *bus)
{
    unsigned at = bus->slot;
    struct dmac_slot *slot;

    bus->slot = DMAC_NO_SLOT;
    if (at < ARRAY_LEN(d->slot)) {
        slot = &d->slot[at];
        slot->phase = DMAC_BUSY;
        if (bus == &d->read)
            port_read(&slot->op, slot->addr, slot->buf, slot->len);
        else
            port_write(&slot->op, slot->addr, slot->buf, slot->len);
    }
    dmac_kick(d);
}

static void on_read_beats(void *owner)
{
    struct dw_axi_dmac *d = owner;

    on_beats(d, &d->read);
}

static void on_write_beats(void *owner)
{
    struct dw_axi_dmac *d = owner;

    on_beats(d, &d->write);
}

static void fail(struct dmac_channel *ch, enum fault fault, uint64_t decode, uint64_t slave)
{
    if (fault)
        ch->errors |= (uint32_t)(fault == FAULT_DECODE ? decode : slave);
}

static void read_done(struct dw_axi_dmac *d, unsigned c, struct dmac_slot *slot)
{
    struct dmac_channel *ch = &d->channel[c];

    slot->phase = DMAC_READY;
    fail(ch, slot->op.fault, FMASK(DMAC_INT_SRC_DEC_ERR), FMASK(DMAC_INT_SRC_SLV_ERR));
    while (ch->read_count) {
        slot = dmac_slot(d, c, DMAC_SLOT_READ + ch->read_first);
        if (slot->phase != DMAC_READY)
            break;
        slot->phase = DMAC_FREE;
        ch->read_first = (uint8_t)((ch->read_first + 1) % DMAC_READS);
        ch->read_count--;
        if (!ch->errors)
            fifo_put(ch, slot->buf, slot->len);
    }
}

static void write_done(struct dw_axi_dmac *d, unsigned c, struct dmac_slot *slot)
{
    struct dmac_channel *ch = &d->channel[c];

    slot->phase = DMAC_FREE;
    fail(ch, slot->op.fault, FMASK(DMAC_INT_DST_DEC_ERR), FMASK(DMAC_INT_DST_SLV_ERR));
    if (!slot->op.fault)
        ch->written += slot->len;
    while (ch->write_count &&
           dmac_slot(d, c, DMAC_SLOT_WRITE + ch->write_first)->phase == DMAC_FREE) {
        ch->write_first = (uint8_t)((ch->write_first + 1) % DMAC_WRITES);
        ch->write_count--;
    }
}

static void on_done(void *owner, struct dma_op *op)
{
    struct dmac_slot *slot = owner;
    struct dw_axi_dmac *d = slot->d;
    unsigned c = slot->channel;

    /* The write may have been to this controller's registers, and have aborted its own channel. */
    if (slot->phase != DMAC_BUSY || dma_op_busy(op))
        return;
    d->channel[c].cause = d->clock->cause;
    if (slot->number < DMAC_SLOT_WRITE)
        read_done(d, c, slot);
    else if (slot->number < DMAC_SLOT_ITEM)
        write_done(d, c, slot);
    else
        dmac_item_done(d, c, slot);
    dmac_channel_step(d, c);
    dmac_kick(d);
}

void dmac_drop_slots(struct dw_axi_dmac *d, unsigned c)
{
    for (unsigned i = 0; i < DMAC_SLOTS; i++) {
        struct dmac_slot *slot = dmac_slot(d, c, i);

        /* A burst whose beats are on the bus keeps it until they are over. */
        if (d->read.slot == slot - d->slot)
            d->read.slot = DMAC_NO_SLOT;
        if (d->write.slot == slot - d->slot)
            d->write.slot = DMAC_NO_SLOT;
        dma_op_cancel(&slot->op);
        slot->phase = DMAC_FREE;
    }
}

void dmac_bursts_init(struct dw_axi_dmac *d)
{
    for (unsigned i = 0; i < ARRAY_LEN(d->slot); i++) {
        struct dmac_slot *slot = &d->slot[i];

        slot->d = d;
        slot->channel = (uint8_t)(i / DMAC_SLOTS);
        slot->number = (uint8_t)(i % DMAC_SLOTS);
        dma_op_init(&slot->op, &d->port, "dmac.burst", on_done, slot);
    }
    event_init(d->clock, &d->read.beats, "dmac.read", on_read_beats, d);
    event_init(d->clock, &d->write.beats, "dmac.write", on_write_beats, d);
}
