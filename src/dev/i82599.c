/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI function, its registers, its resets (4.2, 8.2.3).
 *
 *                                  registers   link    EEPROM image   configuration space, vectors
 *   power-on                       reset       reset   made anew      reset
 *   function-level reset           reset       kept    kept           reset (by dev/pci.c)
 *   CTRL.LNK_RST                   reset       reset   kept           kept
 *   CTRL.RST                       reset       kept    kept           kept
 *
 * "Kept" of the link: AUTOC, AUTOC2, PCS1G*, and the link itself.  SW_FW_SYNC and SWSM survive the
 * last two, for they are of more than one function.  All of them stop what is under way at once and
 * load RAL0 and RAH0 from the EEPROM; the bits in CTRL are set for reset_ps more. */
#include "dev/i82599_impl.h"

#include "base/alloc.h"
#include "dev/i82599_filter.h"
#include "sim/random.h"

#include <stdlib.h>

#define FACTPS_ACTIVE 0x20000006u /* LAN 0 is there and in D0; manageability sleeps (MNGCG) */
/* DMA clock of SYSTIM (7.9.3.1). */
#define TIME_CLOCK_10G_PS 6400
#define TIME_CLOCK_1G_PS 64000

static const struct reg i82599_regs[] = {I82599_REGS(REG_ROW)};
static const struct reg_field i82599_reg_fields[] = {I82599_REG_FIELDS(REG_FIELD_ROW)};

static const struct pci_ids i82599_ids = {
    .vendor = 0x8086, .device = 0x10fb, .subsystem_vendor = 0x8086, .subsystem = 0x0003,
    .class_code = 0x020000, .revision = 1,
};

const struct param i82599_link_params[] = {
    LINK_PCIE_PARAMS("2", "8", "82599 datasheet 1.1: PCIe 2.0, 8 lanes"),
    {0},
};

/* ---- time (7.9): the counter only, no stamps ---- */

static uint64_t time_now(const struct i82599 *n)
{
    uint64_t timinca = bank_value(&n->bank, I82599_TIMINCA);
    uint64_t clock_ps = n->link.mbps == 1000 ? TIME_CLOCK_1G_PS : TIME_CLOCK_10G_PS;
    uint64_t period = FGET(timinca, I82599_TIMINCA_INCPERIOD);

    if (!period)
        return n->control.time;
    return n->control.time + (n->clock->now - n->control.time_at) / (clock_ps * period) *
                                 FGET(timinca, I82599_TIMINCA_INCVALUE);
}

void i82599_time_rebase(struct i82599 *n)
{
    n->control.time = time_now(n);
    n->control.time_at = n->clock->now;
}

static void time_written(struct i82599 *n, unsigned shift, uint32_t value)
{
    i82599_time_rebase(n);
    n->control.time &= ~(UINT64_C(0xffffffff) << shift);
    n->control.time |= (uint64_t)value << shift;
}

static uint64_t frtimer(const struct i82599 *n)
{
    uint64_t us = n->clock->now / PS_PER_US;

    return us % 1000 | us / 1000 % 1000 << 10 | (us / 1000000 & 0xfff) << 20;
}

/* ---- status ---- */

static bool any_busy(const struct i82599 *n)
{
    for (unsigned i = 0; i < RX_MOVERS; i++)
        if (n->rx_mover[i].busy)
            return true;
    for (unsigned i = 0; i < TX_READERS; i++)
        if (dma_op_busy(&n->tx_read[i].op))
            return true;
    for (unsigned i = 0; i < FETCHERS; i++)
        if (n->rxd.fetch[i].busy || n->txd.fetch[i].busy)
            return true;
    for (unsigned i = 0; i < WRITEBACKS; i++)
        if (n->rxd.writeback[i].busy || n->txd.writeback[i].busy)
            return true;
    for (unsigned i = 0; i < ARRAY_LEN(n->rsc.header); i++)
        if (dma_op_busy(&n->rsc.header[i].op))
            return true;
    return false;
}

static uint64_t status(const struct i82599 *n)
{
    bool disabled = bank32(n, I82599_CTRL) & FMASK(I82599_CTRL_GIO_DIS);
    uint64_t v = 0;

    v = FPUT(v, I82599_STATUS_LINK_UP, i82599_link_is_up(n));
    return FPUT(v, I82599_STATUS_GIO, !disabled || any_busy(n));
}

/* ---- a second address of some registers ---- */

/* The row that an old address stands for, or the row itself. */
static unsigned alias_of(unsigned reg)
{
    switch (reg) {
    case I82599_SRRCTL_LOW: return I82599_SRRCTL;
    case I82599_DCA_RXCTRL_LOW: return I82599_DCA_RXCTRL;
    case I82599_RAL_LOW: return I82599_RAL;
    case I82599_RAH_LOW: return I82599_RAH;
    case I82599_PSRTYPE_LOW: return I82599_PSRTYPE;
    }
    return reg;
}

/* ---- reading ---- */

static uint64_t other_read(struct i82599 *n, unsigned reg, unsigned index, uint64_t stored)
{
    switch (reg) {
    case I82599_STATUS:
        return status(n);
    case I82599_FRTIMER:
        return frtimer(n);
    case I82599_FACTPS:
        return FACTPS_ACTIVE;
    case I82599_DCA_ID:
        return n->pci.bdf;
    case I82599_SWSM: /* 10.5.4: who reads a 0 has it */
        stored = FPUT(stored, I82599_SWSM_SMBI, n->control.smbi);
        n->control.smbi = 1;
        return stored;
    case I82599_TFCS:
        return n->tx.paused_until > n->clock->now ? 0xfe : 0xff;
    case I82599_SECTXSTAT:
        return FPUT(FMASK(I82599_SECTXSTAT_SECTX_OFF_DIS), I82599_SECTXSTAT_SECTX_RDY,
                    FGET(bank_value(&n->bank, I82599_SECTXCTRL), I82599_SECTXCTRL_TX_DIS));
    case I82599_SECRXSTAT:
        return FPUT(FMASK(I82599_SECRXSTAT_SECRX_OFF_DIS), I82599_SECRXSTAT_SECRX_RDY,
                    FGET(bank_value(&n->bank, I82599_SECRXCTRL), I82599_SECRXCTRL_RX_DIS));
    case I82599_RDH: case I82599_RDH_HI: /* of a queue that is off: as software left it */
        index += reg == I82599_RDH ? 0 : 64;
        return n->rxd.queue[index].enabled ? i82599_rdh(n, index) : stored;
    case I82599_TDH:
        return n->txd.queue[index].enabled ? i82599_tdh(n, index) : stored;
    case I82599_SYSTIML:
        return time_now(n) & 0xffffffff;
    case I82599_SYSTIMH:
        return time_now(n) >> 32;
    case I82599_PXON2OFFCNT:
        return i82599_stat_read(n, reg, index, stored);
    }
    return stored;
}

static uint64_t i82599_reg_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    struct i82599 *n = owner;

    if (reg >= I82599_EICR && reg <= I82599_EITR_HI)
        return i82599_irq_read(n, reg, index, stored);
    if (reg >= I82599_CRCERRS && reg <= I82599_QBTC_H)
        return i82599_stat_read(n, reg, index, stored);
    if (reg >= I82599_FDIRCTRL && reg <= I82599_FDIRSCTPM)
        return i82599_filter_read(n, reg, index, stored);
    if (alias_of(reg) != reg)
        return *bank_at(&n->bank, alias_of(reg), index);
    switch (reg) {
    case I82599_EEC: case I82599_EERD: case I82599_EEWR: case I82599_FLA:
        return i82599_eeprom_read(n, reg, stored);
    case I82599_I2CCTL: case I82599_ESDP: case I82599_LINKS: case I82599_ANLP1:
    case I82599_PCS1GLSTA: case I82599_PCS1GANLP: case I82599_MSCA: case I82599_MSRWD:
    case I82599_AUTOC:
        return i82599_link_read(n, reg, stored);
    }
    return other_read(n, reg, index, stored);
}

/* ---- resets ---- */

/* What a reset stops and forgets; registers and link are the caller's. */
static void engines_reset(struct i82599 *n)
{
    i82599_rx_reset(n);
    i82599_tx_reset(n);
    i82599_irq_reset(n);
    i82599_filter_reset(n);
    n->control.time = 0;
    n->control.time_at = n->clock->now;
    i82599_eeprom_stop(n);
    n->link.i2c = (struct i2c_slave){.scl = 1, .sda = 1};
}

static void load_address(struct i82599 *n)
{
    uint8_t mac[6];

    i82599_eeprom_mac(n, mac);
    *bank_at(&n->bank, I82599_RAL, 0) = le32_get(mac);
    *bank_at(&n->bank, I82599_RAH, 0) = le16_get(mac + 4) | FMASK(I82599_RAH_AV);
}

/* Resets all stored registers but `kept`. */
static void registers_reset(struct i82599 *n, const unsigned *kept, unsigned count)
{
    uint64_t value[8];

    for (unsigned i = 0; i < count; i++)
        value[i] = bank_value(&n->bank, kept[i]);
    bank_reset(&n->bank);
    for (unsigned i = 0; i < count; i++)
        bank_value(&n->bank, kept[i]) = value[i];
    load_address(n);
}

/* CTRL.RST keeps all of these, CTRL.LNK_RST the first two, a function-level reset the others. */
static void soft_reset(struct i82599 *n, bool semaphores, bool link)
{
    static const unsigned kept[] = {
        I82599_GSSR, I82599_SWSM,
        I82599_AUTOC, I82599_AUTOC2, I82599_PCS1GANA, I82599_PCS1GLCTL,
    };
    unsigned first = semaphores ? 0 : 2, end = link ? ARRAY_LEN(kept) : 2;

    engines_reset(n);
    registers_reset(n, kept + first, end - first);
    if (!semaphores)
        n->control.smbi = 0;
    if (link)
        i82599_link_update(n);
    else
        i82599_link_reset(n);
}

static void reset_over(void *owner)
{
    struct i82599 *n = owner;
    uint64_t *ctrl = bank_at(&n->bank, I82599_CTRL, 0);

    *ctrl &= ~(FMASK(I82599_CTRL_RST) | FMASK(I82599_CTRL_LNK_RST));
}

static void ctrl_written(struct i82599 *n, uint32_t written)
{
    uint32_t which = written & (uint32_t)(FMASK(I82599_CTRL_RST) | FMASK(I82599_CTRL_LNK_RST));

    if (!which)
        return;
    soft_reset(n, true, !(which & FMASK(I82599_CTRL_LNK_RST)));
    bank_value(&n->bank, I82599_CTRL) = which;
    clock_arm_after(n->clock, &n->control.reset, n->p.reset_ps);
}

/* ---- writing ---- */

static void alias_written(struct i82599 *n, unsigned reg, unsigned index, uint32_t written)
{
    uint64_t *value = bank_at(&n->bank, reg, index), old = *value;
    uint64_t rw = i82599_regs[reg].rw;

    *value = (old & ~rw) | (written & rw);
    if (reg == I82599_RAL || reg == I82599_RAH)
        i82599_filter_write(n, reg, index, old, written);
    else if (reg == I82599_SRRCTL)
        i82599_rx_kick(n);
}

/* A write of a queue's registers; SWFLSH has done its work when the call is over. */
static void rxdctl_written(struct i82599 *n, unsigned q, uint64_t old)
{
    i82599_rxdctl_written(n, q, (uint32_t)old);
    *rxq_reg(n, I82599_RXDCTL, q) &= ~FMASK(I82599_RXDCTL_SWFLSH);
}

static void txdctl_written(struct i82599 *n, unsigned q, uint64_t old)
{
    i82599_txdctl_written(n, q, (uint32_t)old);
    *bank_at(&n->bank, I82599_TXDCTL, q) &= ~FMASK(I82599_TXDCTL_SWFLSH);
}

static bool queue_write(struct i82599 *n, unsigned reg, unsigned index, uint64_t old)
{
    switch (reg) {
    case I82599_RDT:
        i82599_rdt_written(n, index);
        return true;
    case I82599_RDT_HI:
        i82599_rdt_written(n, index + 64);
        return true;
    case I82599_TDT:
        i82599_tdt_written(n, index);
        return true;
    case I82599_RXDCTL:
        rxdctl_written(n, index, old);
        return true;
    case I82599_RXDCTL_HI:
        rxdctl_written(n, index + 64, old);
        return true;
    case I82599_TXDCTL:
        txdctl_written(n, index, old);
        return true;
    }
    return false;
}

/* 8.2.3.9.10: the global enable enables transmit queue 0 as well.  A ring that is not empty is one of
 * an earlier life, and waits for TXDCTL to be written. */
static void dmatxctl_written(struct i82599 *n, uint64_t old)
{
    uint64_t *txdctl = bank_at(&n->bank, I82599_TXDCTL, 0), was = *txdctl;

    if (!(old & FMASK(I82599_DMATXCTL_TE)) &&
        bank32(n, I82599_DMATXCTL) & FMASK(I82599_DMATXCTL_TE)) {
        *txdctl |= FMASK(I82599_TXDCTL_ENABLE);
        if (bank32_at(n, I82599_TDH, 0) == bank32_at(n, I82599_TDT, 0))
            i82599_txdctl_written(n, 0, (uint32_t)was);
    }
    i82599_tx_kick(n);
}

static void other_write(struct i82599 *n, unsigned reg, unsigned index, uint64_t old,
                        uint32_t written)
{
    switch (reg) {
    case I82599_CTRL:
        ctrl_written(n, written);
        break;
    case I82599_SWSM:
        n->control.smbi = (uint8_t)FGET(written, I82599_SWSM_SMBI);
        break;
    case I82599_PBACL0: case I82599_PBACL:
        for (unsigned i = 0; i < 32; i++)
            if (written >> i & 1)
                pci_msix_cancel(&n->pci, (reg == I82599_PBACL ? index : 0) * 32 + i);
        break;
    case I82599_RXCTRL: case I82599_SECRXCTRL: case I82599_SRRCTL: case I82599_SRRCTL_HI:
        i82599_rx_kick(n);
        break;
    case I82599_DMATXCTL:
        dmatxctl_written(n, old);
        break;
    case I82599_SYSTIML:
        time_written(n, 0, written);
        break;
    case I82599_SYSTIMH:
        time_written(n, 32, written);
        break;
    }
}

static void i82599_reg_write(void *owner, unsigned reg, unsigned index, uint64_t old,
                             uint64_t written)
{
    struct i82599 *n = owner;
    uint32_t value = (uint32_t)written;

    if (queue_write(n, reg, index, old))
        return;
    if (alias_of(reg) != reg) {
        alias_written(n, alias_of(reg), index, value);
        return;
    }
    if (reg >= I82599_EICR && reg <= I82599_IVAR_MISC) {
        i82599_irq_write(n, reg, index, old, value);
        return;
    }
    if (reg >= I82599_RXCSUM && reg <= I82599_FDIRSCTPM) {
        i82599_filter_write(n, reg, index, old, value);
        return;
    }
    switch (reg) {
    case I82599_EEC: case I82599_EERD: case I82599_EEWR:
        i82599_eeprom_write(n, reg, old, value);
        return;
    case I82599_I2CCTL: case I82599_ESDP: case I82599_MSCA: case I82599_AUTOC:
    case I82599_AUTOC2: case I82599_HLREG0:
        i82599_link_write(n, reg, old, value);
        return;
    case I82599_TIMINCA: { /* what was counted, was counted at the old rate */
        uint64_t *timinca = bank_at(&n->bank, I82599_TIMINCA, 0);

        *timinca = old;
        i82599_time_rebase(n);
        *timinca = value;
        return;
    }
    }
    other_write(n, reg, index, old, value);
}

/* The registers are of 32 bits; an access of 64 is two, the low one first (8.1). */
static enum fault i82599_access(void *owner, struct txn *txn)
{
    struct i82599 *n = owner;
    struct txn half = *txn;
    uint64_t data = 0;

    if (txn->size != 8)
        return bank_access(&n->bank, txn);
    half.size = 4;
    for (unsigned i = 0; i < 2; i++) {
        half.addr = txn->addr + 4 * i;
        half.data = txn->data >> (32 * i) & 0xffffffff;
        bank_access(&n->bank, &half);
        data |= half.data << (32 * i);
    }
    if (!txn->write)
        txn->data = data;
    return FAULT_NONE;
}

/* Registers by two ports.  What is not 32 bits wide, or beyond the registers, is not there. */
static enum fault io_access(void *owner, struct txn *txn)
{
    struct i82599 *n = owner;
    struct txn inner = *txn;

    if (!txn->write)
        txn->data = 0;
    if (txn->size != 4)
        return FAULT_NONE;
    if (txn->addr == I82599_IO_IOADDR && txn->write)
        n->io_address = (uint32_t)txn->data;
    else if (txn->addr == I82599_IO_IOADDR)
        txn->data = n->io_address;
    if (txn->addr != I82599_IO_IODATA || n->io_address > I82599_BAR_BYTES - 4)
        return FAULT_NONE;
    inner.addr = n->io_address & ~3u;
    (void)i82599_access(n, &inner);
    if (!txn->write)
        txn->data = inner.data;
    return FAULT_NONE;
}

/* ---- life ---- */

static void i82599_flr(void *owner)
{
    struct i82599 *n = owner;

    n->io_address = 0;
    clock_disarm(n->clock, &n->control.reset);
    soft_reset(n, false, true);
}

static void i82599_reset(void *dev)
{
    struct i82599 *n = dev;

    pci_function_reset(&n->pci);
    n->io_address = 0;
    clock_disarm(n->clock, &n->control.reset);
    i82599_eeprom_reset(n);
    engines_reset(n);
    registers_reset(n, NULL, 0);
    n->control.smbi = 0;
    i82599_link_reset(n);
}

/* The wire is heard only by a link that is up, and not while the MAC talks to itself. */
static void from_wire(void *owner, const struct frame *frame)
{
    struct i82599 *n = owner;

    if (i82599_link_is_up(n) && !i82599_loopback(n))
        i82599_rx_frame(n, frame);
}

static int take_config(struct i82599 *n, const struct device_env *env, struct err *err)
{
    static const struct i82599_config fallback = {0};
    const struct i82599_config *c = env->config ? env->config : &fallback;
    static const uint8_t none[6] = {0};
    struct random random;

    n->speed = c->speed ? c->speed : 10;
    if (n->speed != 10 && n->speed != 1)
        return err_set(err, "%s: a module of 10 or 1 Gb/s, not %u", n->name, n->speed);
    if (c->mac[0] & 1)
        return err_set(err, "%s: the address has the multicast bit", n->name);
    memcpy(n->mac, c->mac, sizeof n->mac);
    if (memcmp(n->mac, none, sizeof none) == 0) {
        random_init(&random, env->seed, env->name);
        n->mac[0] = 0x02; /* locally administered */
        for (unsigned i = 1; i < sizeof n->mac; i++)
            n->mac[i] = (uint8_t)random_below(&random, 256);
    }
    n->cable = c->wire;
    n->wire = c->wire;
    if (!n->wire) {
        n->wire = n->own_wire = xcalloc(1, sizeof *n->own_wire);
        wire_init(n->own_wire, env->name, env->clock, env->trace, env->seed);
    }
    wire_attach(n->wire, WIRE_NIC, from_wire, n);
    return 0;
}

static int i82599_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops reg_ops = {i82599_reg_read, i82599_reg_write};
    static const struct pci_ops pci_ops = {i82599_flr};
    struct params own = {.level = TIMING_IO};
    struct i82599 *n = dev;

    memset(n, 0, sizeof *n);
    n->clock = env->clock;
    n->trace = env->trace;
    n->name = env->name;
    if (take_config(n, env, err))
        return -1;
    pci_function_init(&n->pci, env, &i82599_ids, &pci_ops, n);
    bank_init(&n->bank, i82599_regs, ARRAY_LEN(i82599_regs), &reg_ops, n);
    n->bank.hole = BANK_HOLE_ZERO;
    n->bank.hole_size = true;
    pci_add_bar(&n->pci, 0, I82599_BAR_BYTES, PCI_BAR_MEM64, i82599_access, n);
    pci_add_bar(&n->pci, 2, I82599_IO_BYTES, PCI_BAR_IO, io_access, n);
    pci_add_msix(&n->pci, 4, I82599_VECTORS);
    pci_add_msi(&n->pci, 1);
    pci_add_intx(&n->pci, 1);
    params_add(env->params ? env->params : &own, n->name, i82599_params, &n->p);
    event_init(n->clock, &n->control.reset, "i82599.reset", reset_over, n);
    i82599_eeprom_init(n);
    i82599_link_init(n);
    i82599_rx_init(n);
    i82599_tx_init(n);
    i82599_irq_init(n);
    return i82599_filter_init(n);
}

static void i82599_fini(void *dev)
{
    struct i82599 *n = dev;

    engines_reset(n);
    clock_disarm(n->clock, &n->control.reset);
    clock_disarm(n->clock, &n->control.eeprom);
    clock_disarm(n->clock, &n->link.up);
    i82599_filter_fini(n);
    i82599_tx_fini(n);
    i82599_rx_fini(n);
    pci_function_fini(&n->pci);
    bank_fini(&n->bank);
    wire_attach(n->wire, WIRE_NIC, NULL, NULL);
    if (n->own_wire) {
        wire_fini(n->own_wire);
        free(n->own_wire);
    }
}

static void i82599_restore(void *dev)
{
    struct i82599 *n = dev;

    pci_function_restore(&n->pci);
    i82599_rx_restore(n);
    i82599_tx_restore(n);
    i82599_filter_restore(n);
}

struct pci_function *i82599_pci(void *dev)
{
    return &((struct i82599 *)dev)->pci;
}

static struct region *i82599_region(void *dev, unsigned i)
{
    struct i82599 *n = dev;

    static const uint8_t bars[] = {0, 4, 2};

    return i < ARRAY_LEN(bars) ? &n->pci.bar[bars[i]].region : NULL;
}

static struct bank *i82599_bank(void *dev, unsigned i)
{
    return i ? NULL : &((struct i82599 *)dev)->bank;
}

#define OP_STATE(array) \
    FIELD_EACH(struct i82599, array, op.event, FIELD_EVENT), \
    FIELD_EACH(struct i82599, array, op.addr, FIELD_BYTES), \
    FIELD_EACH(struct i82599, array, op.len, FIELD_BYTES), \
    FIELD_EACH(struct i82599, array, op.kind, FIELD_BYTES), \
    FIELD_EACH(struct i82599, array, op.sampled, FIELD_BYTES), \
    FIELD_EACH(struct i82599, array, op.fault, FIELD_BYTES), \
    FIELD_EACH(struct i82599, array, op.began, FIELD_BYTES), \
    FIELD_EACH(struct i82599, array, op.sampled_at, FIELD_BYTES)
#define EACH(array, member) FIELD_EACH(struct i82599, array, member, FIELD_BYTES)
#define DESC_STATE(array) \
    OP_STATE(array), EACH(array, queue), EACH(array, first), EACH(array, count), \
    EACH(array, epoch), EACH(array, busy), EACH(array, cause), EACH(array, lli), EACH(array, buf)
#define UNIT_STATE(unit) \
    ONE(unit.queue), ONE(unit.writeback_first), ONE(unit.want), ONE(unit.held), \
    DESC_STATE(unit.fetch),     DESC_STATE(unit.writeback)
#define ONE(member) FIELD(struct i82599, member)

static const struct field i82599_state[] = {
    PCI_STATE(struct i82599, pci), ONE(io_address),
    ONE(eeprom),
    FIELD_AN_EVENT(struct i82599, control.reset), FIELD_AN_EVENT(struct i82599, control.eeprom),
    ONE(control.spi), ONE(control.eerd_data), ONE(control.eerd_done), ONE(control.eewr_busy),
    ONE(control.smbi), ONE(control.time), ONE(control.time_at),
    FIELD_AN_EVENT(struct i82599, link.up), ONE(link.mbps), ONE(link.i2c),
    ONE(irq), FIELD_EACH(struct i82599, vector, event, FIELD_EVENT), EACH(vector, next),
    EACH(vector, since), EACH(vector, cause), EACH(vector, waiting),
    FIELD_BLOCK(struct i82599, filters, sizeof(struct i82599_fdir), 1),
    /* receive */
    UNIT_STATE(rxd), FIELD_BLOCK(struct i82599, rx.ring, RX_RING_BYTES, 1),
    ONE(rx.head), ONE(rx.next), ONE(rx.tail), ONE(rx.slots), ONE(rx.waiting), ONE(rx.charged),
    ONE(rx.xoff_sent), ONE(rx.blocked), FIELD_AN_EVENT(struct i82599, rx.ready),
    FIELD_AN_EVENT(struct i82599, rx.xoff), ONE(rx.mover_first), ONE(rx.movers),
    OP_STATE(rx_mover), EACH(rx_mover, slot), EACH(rx_mover, at), EACH(rx_mover, busy),
    ONE(rsc.open), ONE(rsc.context), OP_STATE(rsc.header),
    FIELD_AN_EVENT(struct i82599, rsc.aging),
    /* transmit */
    UNIT_STATE(txd), FIELD_BLOCK(struct i82599, tx.ring, TX_RING_BYTES, 1),
    ONE(tx.packet), ONE(tx.packet_first), ONE(tx.packets), ONE(tx.ring_head), ONE(tx.ring_used),
    ONE(tx.read_first), ONE(tx.reads), ONE(tx.current),
    ONE(tx.in_packet), ONE(tx.control_waiting), ONE(tx.control), ONE(tx.free),
    ONE(tx.paused_until), ONE(tx.ready), ONE(tx.stuck), ONE(tx.header),
    FIELD_AN_EVENT(struct i82599, tx.mac),
    OP_STATE(tx_read), EACH(tx_read, at), EACH(tx_read, len), EACH(tx_read, packet),
    EACH(tx_read, queue), EACH(tx_read, desc), EACH(tx_read, epoch), EACH(tx_read, busy),
    EACH(tx_read, here), EACH(tx_read, data), EACH(tx_read, last), EACH(tx_read, bytes),
    FIELD_END,
};

const struct device_class i82599_class = {
    .name = "i82599",
    .title = "Intel 82599 10 GbE controller, SFP+",
    .size = sizeof(struct i82599),
    .regs = i82599_regs,
    .reg_count = ARRAY_LEN(i82599_regs),
    .reg_fields = i82599_reg_fields,
    .reg_field_count = ARRAY_LEN(i82599_reg_fields),
    .state = i82599_state,
    .params = i82599_params,
    .notes = "One port; in its cage is a module with an LC connector (10GBASE-SR, or "
             "1000BASE-SX), with diagnostics.  Registers that are listed and have no effect are "
             "stored; reserved offsets read 0.  Not modelled: virtual functions and pools (VMDq, "
             "mailboxes, anti-spoofing), data center bridging with more than one traffic class "
             "and rate limiters, header split, IPsec, MACsec, FCoE, time stamps (SYSTIM counts), "
             "wake-up, manageability and firmware commands, DCA, the TCP timer, LEDs, PCIe "
             "counters, flash, the expansion ROM, VLAN tags of another "
             "type than 0x8100 and second tags, coalescing of acknowledgments, flow director's "
             "perfect filters for IPv6 and the time that its initialization takes, thresholds and "
             "credits of low-latency interrupts.  Coalesced descriptors are written back in the "
             "order of the ring.  CTRL.GIO_DIS "
             "makes STATUS.GIO follow requests under way but does not stop queues that are "
             "enabled; SECTXCTRL.TX_DIS and SECRXCTRL.RX_DIS are acknowledged and stop nothing.  "
             "Frames leave padded and with a check sequence whatever HLREG0 and IFCS say, and "
             "FCTRL.SBP stores no bad ones.  "
             "A link comes up link_up_ps after its restart; backplane modes never do.  What "
             "software writes into the EEPROM lasts until power-off.",
    .init = i82599_init,
    .reset = i82599_reset,
    .fini = i82599_fini,
    .region = i82599_region,
    .bank = i82599_bank,
    .restore = i82599_restore,
};
