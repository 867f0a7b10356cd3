/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, interrupts, life.  The order of things in a channel: dw_axi_dmac_channel.c; its data:
 * dw_axi_dmac_move.c. */
#include "dev/dw_axi_dmac_impl.h"

#include "spec/virt.h"

static const struct reg dmac_regs[] = {DMAC_REGS(REG_ROW)};
static const struct reg_field dmac_reg_fields[] = {DMAC_FIELDS(REG_FIELD_ROW)};

static const struct param dmac_params[] = {
    PARAM(struct dw_axi_dmac_params, cycle_ps, PARAM_PS, "0ps", "2ns", 0, PS_PER_S,
          "assumed", "a cycle of the AXI clock: a beat of up to 8 bytes on each data bus"),
    {0},
};

const struct param dw_axi_dmac_link_params[] = {
    PARAM(struct link_params, latency_ps, PARAM_PS, "0ps", "20ns", 0, PS_PER_S, "assumed",
          "one way between the DMA controller and the interconnect's memory port"),
    PARAM(struct link_params, memory_read_ps, PARAM_PS, "0ps", "60ns", 0, PS_PER_S, "assumed",
          "memory: read request to data"),
    PARAM(struct link_params, memory_write_ps, PARAM_PS, "0ps", "20ns", 0, PS_PER_S, "assumed",
          "memory: write to visible"),
    {0},
};

/* ---- interrupts: a function of the registers ---- */

static uint64_t interrupting(struct dw_axi_dmac *d)
{
    uint64_t bits = 0;

    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        if (*dmac_reg(d, DMAC_CH_INTSTATUS, c) & *dmac_reg(d, DMAC_CH_INTSIGNAL_ENA, c))
            bits |= UINT64_C(1) << c;
    if (bank_value(&d->bank, DMAC_COMMON_INTSTATUS) &
        bank_value(&d->bank, DMAC_COMMON_INTSIGNAL_ENA))
        bits |= FMASK(DMAC_INTSTATUS_COMMON);
    return bits;
}

static void update(struct dw_axi_dmac *d)
{
    line_set(&d->irq,
             FGET(bank_value(&d->bank, DMAC_CFG), DMAC_CFG_INT_EN) && interrupting(d) != 0);
}

void dmac_status(struct dw_axi_dmac *d, unsigned c, uint64_t bits)
{
    *dmac_reg(d, DMAC_CH_INTSTATUS, c) |= bits & *dmac_reg(d, DMAC_CH_INTSTATUS_ENA, c);
    update(d);
}

/* ---- registers ---- */

uint64_t dmac_progress(const struct dmac_channel *ch)
{
    unsigned width = dmac_src_width(ch);
    uint64_t status = FPUT(0, DMAC_STATUS_CMPLTD, ch->written >> width);

    return FPUT(status, DMAC_STATUS_LEFT, ch->fifo_count >> width);
}

static bool is_shadow(struct dw_axi_dmac *d, unsigned reg, unsigned c)
{
    uint64_t cfg = *dmac_reg(d, DMAC_CH_CFG, c);
    bool src = FGET(cfg, DMAC_CFG_SRC_MULTBLK) == DMAC_MULTBLK_SHADOW;
    bool dst = FGET(cfg, DMAC_CFG_DST_MULTBLK) == DMAC_MULTBLK_SHADOW;

    switch (reg) {
    case DMAC_CH_SAR: return src;
    case DMAC_CH_DAR: return dst;
    case DMAC_CH_BLOCK_TS:
    case DMAC_CH_CTL: return src || dst;
    default: return false;
    }
}

static uint64_t dmac_read(void *owner, unsigned reg, unsigned c, uint64_t stored)
{
    struct dw_axi_dmac *d = owner;
    const struct dmac_channel *ch = &d->channel[c];
    bool live = dmac_enabled(d, c) && !is_shadow(d, reg, c);

    switch (reg) {
    case DMAC_CFG: return d->enabled ? stored | FMASK(DMAC_CFG_DMAC_EN) : stored;
    case DMAC_CHEN: return FPUT(FPUT(0, DMAC_CHEN_EN, d->enabled), DMAC_CHEN_SUSP, d->suspend);
    case DMAC_INTSTATUS: return interrupting(d);
    case DMAC_CH_STATUS: return dmac_progress(ch);
    case DMAC_CH_SAR: return live ? ch->sar : stored;
    case DMAC_CH_DAR: return live ? ch->dar : stored;
    case DMAC_CH_CTL: return live && ch->bytes ? ch->ctl : stored;
    case DMAC_CH_BLOCK_TS:
        return live && ch->bytes ? (ch->bytes - ch->read_left) >> dmac_src_width(ch) : stored;
    default: return stored;
    }
}

static void stop(struct dw_axi_dmac *d, uint64_t channels)
{
    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        if (channels >> c & d->enabled >> c & 1) {
            d->channel[c].stop = true;
            dmac_channel_step(d, c);
        }
}

static void suspend(struct dw_axi_dmac *d, unsigned c, bool on)
{
    struct dmac_channel *ch = &d->channel[c];

    d->suspend = (d->suspend & ~(1u << c)) | (uint32_t)on << c;
    if (!on)
        ch->src_suspended = ch->suspended = false;
    dmac_channel_step(d, c);
}

static void write_chen(struct dw_axi_dmac *d, uint64_t v)
{
    uint64_t abort = FGET(v, DMAC_CHEN_ABORT) & FGET(v, DMAC_CHEN_ABORT_WE) & d->enabled;
    uint64_t enable = FGET(v, DMAC_CHEN_EN_WE) & ~abort;

    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        if (abort >> c & 1)
            dmac_channel_end(d, c, DMAC_END_ABORTED);
    if (!FGET(bank_value(&d->bank, DMAC_CFG), DMAC_CFG_DMAC_EN))
        return;
    stop(d, enable & ~FGET(v, DMAC_CHEN_EN));
    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        if (enable >> c & FGET(v, DMAC_CHEN_EN) >> c & ~d->enabled >> c & 1)
            dmac_channel_start(d, c);
    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        if (FGET(v, DMAC_CHEN_SUSP_WE) >> c & d->enabled >> c & 1)
            suspend(d, c, FGET(v, DMAC_CHEN_SUSP) >> c & 1);
}

/* A channel's registers are locked while it runs, but for shadow registers that are not valid. */
static void guard(struct dw_axi_dmac *d, unsigned reg, unsigned c, uint64_t old)
{
    uint64_t *value = dmac_reg(d, reg, c);
    uint64_t ctl = reg == DMAC_CH_CTL ? old : *dmac_reg(d, DMAC_CH_CTL, c);

    if (!dmac_enabled(d, c))
        return;
    if (is_shadow(d, reg, c)) {
        if (!FGET(ctl, DMAC_CTL_VALID))
            return;
        *value = old;
        dmac_status(d, c, FMASK(DMAC_INT_SLVIF_SHADOW_ERR));
        return;
    }
    *value = old;
    dmac_status(d, c, FMASK(DMAC_INT_SLVIF_WRONCHEN_ERR));
}

/* The types of blocks may change while a channel runs: that is how a reloading one is ended. */
static void write_cfg(struct dw_axi_dmac *d, unsigned c, uint64_t old, uint64_t written)
{
    if (dmac_enabled(d, c) && (old ^ written) >> 32) {
        *dmac_reg(d, DMAC_CH_CFG, c) = old;
        dmac_status(d, c, FMASK(DMAC_INT_SLVIF_WRONCHEN_ERR));
    }
}

/* Bits can be set only, each with its write enable, and while the channel is on. */
static void write_handshake(struct dw_axi_dmac *d, unsigned reg, unsigned c, uint64_t v)
{
    uint64_t bits = FMASK(DMAC_SWHS_REQ) | FMASK(DMAC_SWHS_SGLREQ) | FMASK(DMAC_SWHS_LST);

    if (dmac_enabled(d, c))
        *dmac_reg(d, reg, c) |= v & v >> 1 & bits;
}

static void clear_slot(struct dmac_slot *slot)
{
    struct dma_op *op = &slot->op;

    op->addr = op->began = op->sampled_at = 0;
    op->len = 0;
    op->kind = 0;
    op->sampled = false;
    op->fault = FAULT_NONE;
    slot->addr = slot->len = 0;
    memset(slot->buf, 0, sizeof slot->buf);
}

static void reset_all(struct dw_axi_dmac *d)
{
    for (unsigned c = 0; c < DMAC_CHANNELS; c++) {
        if (dmac_enabled(d, c))
            dmac_channel_end(d, c, DMAC_END_RESET);
        d->channel[c] = (struct dmac_channel){0};
    }
    for (unsigned i = 0; i < ARRAY_LEN(d->slot); i++)
        clear_slot(&d->slot[i]);
    bank_reset(&d->bank);
    clock_disarm(d->clock, &d->read.beats);
    clock_disarm(d->clock, &d->write.beats);
    d->read.slot = d->write.slot = DMAC_NO_SLOT;
    d->read.last = d->write.last = DMAC_CHANNELS - 1;
    update(d);
}

static void dmac_write(void *owner, unsigned reg, unsigned c, uint64_t old, uint64_t written)
{
    struct dw_axi_dmac *d = owner;

    switch (reg) {
    case DMAC_CFG:
        if (!FGET(written, DMAC_CFG_DMAC_EN))
            stop(d, ~UINT64_C(0));
        break;
    case DMAC_CHEN:
        write_chen(d, written);
        break;
    case DMAC_COMMON_INTCLEAR:
        bank_value(&d->bank, DMAC_COMMON_INTSTATUS) &= ~written;
        break;
    case DMAC_RESET:
        if (FGET(written, DMAC_RESET_RST))
            reset_all(d);
        break;
    case DMAC_CH_CFG:
        write_cfg(d, c, old, written);
        break;
    case DMAC_CH_SWHSSRC:
    case DMAC_CH_SWHSDST:
        write_handshake(d, reg, c, written);
        break;
    case DMAC_CH_BLK_TFR_RESUMEREQ:
        dmac_channel_resume(d, c);
        dmac_channel_step(d, c);
        break;
    case DMAC_CH_INTCLEAR:
        *dmac_reg(d, DMAC_CH_INTSTATUS, c) &= ~written;
        break;
    case DMAC_COMMON_INTSIGNAL_ENA:
    case DMAC_CH_INTSIGNAL_ENA:
        break;
    default:
        guard(d, reg, c, old);
        break;
    }
    update(d);
    dmac_kick(d);
}

/* ---- accesses that no register takes ---- */

static void refuse(struct dw_axi_dmac *d, const struct txn *txn)
{
    uint64_t channel = (txn->addr - DMAC_CHANNEL_OFFSET) / DMAC_CHANNEL_STEP;
    bool exists = false;

    for (unsigned i = 0; i < DMAC_REG_COUNT && !exists; i++) {
        const struct reg *r = &dmac_regs[i];
        uint64_t into = txn->addr - r->offset;

        exists = txn->addr >= r->offset &&
                 (r->repeat > 1 ? into / r->step < r->repeat && into % r->step < r->size
                                : into < r->size);
    }
    if (txn->addr >= DMAC_CHANNEL_OFFSET && channel < DMAC_CHANNELS) {
        dmac_status(d, (unsigned)channel, !exists      ? FMASK(DMAC_INT_SLVIF_DEC_ERR)
                                          : txn->write ? FMASK(DMAC_INT_SLVIF_WR2RO_ERR)
                                                       : FMASK(DMAC_INT_SLVIF_RD2WO_ERR));
        return;
    }
    bank_value(&d->bank, DMAC_COMMON_INTSTATUS) |=
        bank_value(&d->bank, DMAC_COMMON_INTSTATUS_ENA) &
        (txn->addr >= DMAC_CHANNEL_OFFSET ? FMASK(DMAC_COMMON_UNDEFINED_DEC_ERR)
         : !exists                        ? FMASK(DMAC_COMMON_DEC_ERR)
         : txn->write                     ? FMASK(DMAC_COMMON_WR2RO_ERR)
                                          : FMASK(DMAC_COMMON_RD2WO_ERR));
    update(d);
}

static enum fault dmac_access(void *owner, struct txn *txn)
{
    struct dw_axi_dmac *d = owner;
    enum fault fault = txn->size < 4 ? FAULT_SIZE : bank_access(&d->bank, txn);

    if (fault != FAULT_DECODE)
        return fault;
    refuse(d, txn);
    txn->data = 0;
    return FAULT_NONE;
}

/* ---- the board's side ---- */

struct line *dw_axi_dmac_irq(void *dev)
{
    return &((struct dw_axi_dmac *)dev)->irq;
}

void dw_axi_dmac_request(void *dev, unsigned handshake, bool level)
{
    struct dw_axi_dmac *d = dev;

    if (handshake >= DMAC_HANDSHAKES)
        return;
    d->requests = (d->requests & ~(1u << handshake)) | (uint32_t)level << handshake;
    if (level)
        dmac_kick(d);
}

/* ---- life ---- */

static void dmac_reset(void *dev)
{
    reset_all(dev);
}

static int dmac_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops ops = {dmac_read, dmac_write};
    static const struct dw_axi_dmac_config standard = {.base = VIRT_DMA_BASE};
    const struct dw_axi_dmac_config *config = env->config ? env->config : &standard;
    struct params defaults = {.level = TIMING_IO};
    struct dw_axi_dmac *d = dev;

    (void)err;
    memset(d, 0, sizeof *d);
    d->clock = env->clock;
    d->trace = env->trace;
    d->space = env->space;
    d->source = trace_source(env->trace, env->name);
    params_add(env->params ? env->params : &defaults, env->name, dmac_params, &d->p);
    bank_init(&d->bank, dmac_regs, DMAC_REG_COUNT, &ops, d);
    port_init(&d->port, env->link, d->source, REQUESTER_DMA);
    d->port.enabled = true;
    d->mmio = (struct region){.name = env->name, .base = config->base, .size = VIRT_DMA_BYTES,
                              .access = dmac_access, .owner = d, .link = env->link,
                              .source = d->source};
    dmac_bursts_init(d);
    return 0;
}

static void dmac_fini(void *dev)
{
    bank_fini(&((struct dw_axi_dmac *)dev)->bank);
}

static struct region *dmac_region(void *dev, unsigned i)
{
    return i == 0 ? &((struct dw_axi_dmac *)dev)->mmio : NULL;
}

static struct bank *dmac_bank(void *dev, unsigned i)
{
    return i == 0 ? &((struct dw_axi_dmac *)dev)->bank : NULL;
}

static void dmac_restore(void *dev)
{
    struct dw_axi_dmac *d = dev;

    for (unsigned i = 0; i < ARRAY_LEN(d->slot); i++)
        d->slot[i].op.buf = d->slot[i].buf;
    update(d);
}

#define SLOT(member) FIELD_EACH(struct dw_axi_dmac, slot, member, FIELD_BYTES)

static const struct field dmac_state[] = {
    FIELD_EACH(struct dw_axi_dmac, slot, op.event, FIELD_EVENT),
    SLOT(op.addr), SLOT(op.len), SLOT(op.kind), SLOT(op.sampled), SLOT(op.fault), SLOT(op.began),
    SLOT(op.sampled_at), SLOT(phase), SLOT(len), SLOT(addr), SLOT(buf),
    FIELD(struct dw_axi_dmac, enabled),
    FIELD(struct dw_axi_dmac, suspend),
    FIELD(struct dw_axi_dmac, requests),
    FIELD(struct dw_axi_dmac, channel),
    FIELD_AN_EVENT(struct dw_axi_dmac, read.beats),
    FIELD(struct dw_axi_dmac, read.slot),
    FIELD(struct dw_axi_dmac, read.last),
    FIELD_AN_EVENT(struct dw_axi_dmac, write.beats),
    FIELD(struct dw_axi_dmac, write.slot),
    FIELD(struct dw_axi_dmac, write.last),
    FIELD_END,
};

const struct device_class dw_axi_dmac_class = {
    .name = "dw_axi_dmac",
    .title = "DesignWare AXI DMA controller, 8 channels",
    .size = sizeof(struct dw_axi_dmac),
    .regs = dmac_regs,
    .reg_count = DMAC_REG_COUNT,
    .reg_fields = dmac_reg_fields,
    .reg_field_count = ARRAY_LEN(dmac_reg_fields),
    .state = dmac_state,
    .params = dmac_params,
    .notes = "Synopsys configures this design for each chip; this one has 8 channels, one AXI "
             "master of 64 bits, bursts of up to 16 beats, blocks of up to 65536 items, a FIFO "
             "of 1 KiB and up to 8 bursts each way under way a channel, 16 handshake "
             "interfaces, abort, and lists that are written back.  Not there: a second master, "
             "status fetch (SSTAT, DSTAT and their addresses), channel lock, unaligned "
             "transfers, items fetched ahead, the low-power interface, hold mode.  With the "
             "peripheral as flow controller (TT_FC 4 to 7) the controller counts all the same, "
             "by BLOCK_TS.  An address that is not a multiple of its item's size is taken as "
             "the next lower one that is.  A transfer width beyond the bus counts as the "
             "bus's.  What is left of a block that is no whole destination item is written "
             "with byte strobes; to a device, in the largest pieces.  A device takes, and an "
             "address that stays is given, one item at a time.  Reads and writes of registers "
             "that are refused answer 0 and set status bits; accesses of 1 or 2 bytes fault.  "
             "What it reads or writes behind PCI Express takes that link's time, too.  "
             "Abort and reset drop what is under way: a write that has left may still not "
             "arrive.",
    .init = dmac_init,
    .reset = dmac_reset,
    .fini = dmac_fini,
    .region = dmac_region,
    .bank = dmac_bank,
    .restore = dmac_restore,
};
