/* SPDX-License-Identifier: Apache-2.0 */
/* The link: what AUTOC asks for, what the module in the cage can, and the time in between (3.7);
 * the module's EEPROM behind I2CCTL (SFF-8472); MDIO without a PHY.
 *
 *              restart (AUTOC.AN_RESTART, link reset, laser on), mode and module agree, a cable
 *   down ------------------------> starting -----------------------------> up, EICR.LSC
 *     ^                                |              link_up_ps            |
 *     +--------------------------------+------------------------------------+  EICR.LSC
 *        restart, laser off (SDP3), AUTOC2.LINK_DISABLE; the wire's far end is always there
 *
 * AUTOC.FLU forces the link up without any of that: with HLREG0.LPBK that is MAC loopback (3.7.6).
 * Not modelled: the partner's abilities, other rates than the module's, latched link-down bits. */
#include "dev/i82599_impl.h"

#define LASER_OFF 3 /* SDP3 drives TX_DISABLE of the cage */
#define MODULE_PRESENT 2 /* SDP2 */
#define NO_PHY UINT32_C(0xffff0000)
#define PARTNER_ABILITY 0x01a0 /* full duplex, both pause bits */

/* ---- the module: 10GBASE-SR or 1000BASE-SX, with diagnostics ---- */

enum {
    SFP_CC_BASE = 63, SFP_CC_EXT = 95, SFP_DIAGNOSTICS_CC = 95, SFP_TEMPERATURE = 96,
    SFP_PAGE_BYTES = 256,
};

static void put_text(uint8_t *to, const char *text, unsigned size)
{
    size_t len = strlen(text);

    memset(to, ' ', size);
    memcpy(to, text, len < size ? len : size);
}

static uint8_t sum(const uint8_t *bytes, unsigned first, unsigned end)
{
    unsigned s = 0;

    for (unsigned i = first; i < end; i++)
        s += bytes[i];
    return (uint8_t)s;
}

static void be16_at(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

/* SFF-8472 tables 4-1 and following: identification. */
static void fill_identification(const struct i82599 *n, uint8_t *b)
{
    bool fast = n->speed == 10;

    b[0] = 3;                    /* SFP or SFP+ */
    b[1] = 4;                    /* defined by this map */
    b[2] = 7;                    /* LC */
    b[3] = fast ? 0x10 : 0;      /* 10GBASE-SR */
    b[6] = fast ? 0 : 0x01;      /* 1000BASE-SX */
    b[11] = fast ? 0x06 : 0x01;  /* 64B/66B, 8B/10B */
    b[12] = fast ? 103 : 13;     /* 100 MBd */
    b[16] = fast ? 8 : 55;       /* 10 m of OM2 */
    b[17] = fast ? 3 : 27;       /* OM1 */
    b[19] = fast ? 30 : 0;       /* OM3 */
    put_text(b + 20, "Doorbell", 16);
    put_text(b + 40, fast ? "SFP-10G-SR" : "SFP-1G-SX", 16);
    put_text(b + 56, "1", 4);
    be16_at(b + 60, 850);        /* nm */
    b[SFP_CC_BASE] = sum(b, 0, SFP_CC_BASE);
    b[65] = 0x1a;                /* TX_DISABLE, TX_FAULT, RX_LOS */
    put_text(b + 68, n->name, 16);
    put_text(b + 84, "260101", 8);
    b[92] = 0x68;                /* diagnostics, calibrated inside, average power */
    b[94] = 0x05;                /* SFF-8472 revision 11.0 */
    b[SFP_CC_EXT] = sum(b, 64, SFP_CC_EXT);
}

static bool laser_on(const struct i82599 *n)
{
    uint32_t esdp = bank32(n, I82599_ESDP);

    return !(FGET(esdp, I82599_ESDP_DIR) >> LASER_OFF & 1 &&
             FGET(esdp, I82599_ESDP_DATA) >> LASER_OFF & 1);
}

/* Thresholds (alarm high and low, warning high and low) and what is measured: temperature in 1/256
 * degrees, supply in 100 uV, bias in 2 uA, powers in 0.1 uW. */
static void fill_diagnostics(const struct i82599 *n, uint8_t *b)
{
    static const uint16_t limits[20] = {
        75 * 256, 0xfb00 /* -5 */, 70 * 256, 0, 36300, 29700, 34700, 31300,
        5000, 1000, 4500, 1500, 10000, 1000, 7943, 1585, 12589, 631, 10000, 1000,
    };
    unsigned lit = laser_on(n), seen = n->cable;
    uint16_t now[5] = {35 * 256, 33000, 0, 0, 0};

    now[2] = lit ? 3000 : 0;
    now[3] = lit ? 5000 : 0;
    now[4] = seen ? 4500 : 0;
    for (unsigned i = 0; i < ARRAY_LEN(limits); i++)
        be16_at(b + 2 * i, limits[i]);
    b[SFP_DIAGNOSTICS_CC] = sum(b, 0, SFP_DIAGNOSTICS_CC);
    for (unsigned i = 0; i < ARRAY_LEN(now); i++)
        be16_at(b + SFP_TEMPERATURE + 2 * i, now[i]);
    b[110] = (uint8_t)(!lit << 7 | !seen << 1); /* TX_DISABLE, RX_LOS */
}

uint8_t i82599_module_byte(const struct i82599 *n, unsigned page, unsigned at)
{
    uint8_t bytes[SFP_PAGE_BYTES] = {0};

    if (page == I82599_SFP_A0)
        fill_identification(n, bytes);
    else
        fill_diagnostics(n, bytes);
    return bytes[at % SFP_PAGE_BYTES];
}

/* ---- its I2C slave ---- */

enum i2c_phase { I2C_IDLE, I2C_ADDRESS, I2C_POINTER, I2C_WRITE, I2C_READ };
enum { I2C_BYTE_DONE = 8, I2C_ACKNOWLEDGE = 9 };

static void i2c_load(struct i82599 *n, struct i2c_slave *s)
{
    s->shift = i82599_module_byte(n, s->device & 0xfe, s->pointer);
    s->bits = 0;
    s->pull = !(s->shift >> 7);
}

/* The clock rose: one bit of whoever sends is valid. */
static void i2c_rises(struct i2c_slave *s)
{
    if (s->phase == I2C_READ) {
        if (s->bits < I2C_BYTE_DONE)
            s->bits++;
        else if (s->sda)
            s->phase = I2C_IDLE; /* not acknowledged: enough */
        else
            s->bits = I2C_ACKNOWLEDGE;
    } else if (s->phase != I2C_IDLE && s->bits < I2C_BYTE_DONE) {
        s->shift = (uint8_t)(s->shift << 1 | s->sda);
        s->bits++;
    }
}

/* A byte has come: whether it is acknowledged.  Writes go nowhere: the module keeps none. */
static bool i2c_take(struct i2c_slave *s)
{
    switch (s->phase) {
    case I2C_ADDRESS:
        s->device = s->shift;
        return (s->device & 0xfe) == I82599_SFP_A0 || (s->device & 0xfe) == I82599_SFP_A2;
    case I2C_POINTER:
        s->pointer = s->shift;
        return true;
    default:
        s->pointer++;
        return true;
    }
}

/* The acknowledge is over: what follows. */
static void i2c_next(struct i82599 *n, struct i2c_slave *s)
{
    s->pull = 0;
    s->bits = 0;
    if (s->phase != I2C_ADDRESS) {
        s->phase = I2C_WRITE;
    } else if (s->device & 1) {
        s->phase = I2C_READ;
        i2c_load(n, s);
    } else {
        s->phase = I2C_POINTER;
    }
}

/* The clock fell: the slave may change the data wire. */
static void i2c_falls(struct i82599 *n, struct i2c_slave *s)
{
    if (s->phase == I2C_IDLE) {
        s->pull = 0;
    } else if (s->phase == I2C_READ) {
        if (s->bits < I2C_BYTE_DONE) {
            s->pull = !(s->shift >> (7 - s->bits) & 1);
        } else if (s->bits == I2C_BYTE_DONE) {
            s->pull = 0;
        } else {
            s->pointer++;
            i2c_load(n, s);
        }
    } else if (s->bits == I2C_ACKNOWLEDGE) {
        i2c_next(n, s);
    } else if (s->bits == I2C_BYTE_DONE) {
        if (i2c_take(s)) {
            s->pull = 1;
            s->bits = I2C_ACKNOWLEDGE;
        } else {
            s->phase = I2C_IDLE;
        }
    }
}

/* When both wires change at once, the data is taken to be stable while the clock is high. */
static void i2c_drive(struct i82599 *n, uint8_t scl, uint8_t sda)
{
    struct i2c_slave *s = &n->link.i2c;
    uint8_t was_scl = s->scl, was = s->sda && !s->pull;

    s->scl = scl;
    s->sda = sda;
    if (was_scl && !scl) {
        i2c_falls(n, s);
    } else if (!was_scl && scl) {
        i2c_rises(s);
    } else if (scl && was != (sda && !s->pull)) {
        s->phase = sda ? I2C_IDLE : I2C_ADDRESS; /* stop, start */
        s->bits = 0;
        s->pull = 0;
    }
}

static uint64_t i2cctl(const struct i82599 *n, uint64_t stored)
{
    const struct i2c_slave *s = &n->link.i2c;

    stored = FPUT(stored, I82599_I2CCTL_CLK_IN, s->scl);
    return FPUT(stored, I82599_I2CCTL_DATA_IN, s->sda && !s->pull);
}

/* ---- state of the link ---- */

static uint32_t autoc(const struct i82599 *n)
{
    return bank32(n, I82599_AUTOC);
}

/* The speed that AUTOC's mode has with such a module; 0: none. */
static uint32_t mode_mbps(const struct i82599 *n)
{
    switch (FGET(autoc(n), I82599_AUTOC_LMS)) {
    case I82599_LMS_10G_SERIAL:
        return n->speed == 10 ? 10000 : 0;
    case I82599_LMS_1G:
    case I82599_LMS_1G_AN:
        return n->speed == 1 ? 1000 : 0;
    }
    return 0;
}

static bool forced(const struct i82599 *n)
{
    return autoc(n) & FMASK(I82599_AUTOC_FLU);
}

static bool possible(const struct i82599 *n)
{
    return n->cable && laser_on(n) && mode_mbps(n) &&
           !FGET(bank_value(&n->bank, I82599_AUTOC2), I82599_AUTOC2_LINK_DISABLE);
}

bool i82599_loopback(const struct i82599 *n)
{
    return bank32(n, I82599_HLREG0) & FMASK(I82599_HLREG0_LPBK) && n->link.mbps;
}

bool i82599_link_is_up(const struct i82599 *n)
{
    return n->link.mbps != 0;
}

static void set_mbps(struct i82599 *n, uint32_t mbps)
{
    uint64_t saved = n->clock->cause, id;

    if (n->link.mbps == mbps)
        return;
    i82599_time_rebase(n);
    n->link.mbps = mbps;
    if (n->cable)
        wire_set_rate(n->wire, mbps * UINT64_C(1000000));
    id = trace_nic_link(n->trace, n->pci.source, TRACE_NOW(n->trace), mbps);
    if (id)
        n->clock->cause = id;
    i82599_other_cause(n, I82599_EICR_LSC);
    if (mbps)
        i82599_tx_kick(n);
    n->clock->cause = saved;
}

static void started(void *owner)
{
    struct i82599 *n = owner;

    if (possible(n))
        set_mbps(n, mode_mbps(n));
}

static void settle(struct i82599 *n, bool restart)
{
    struct i82599_link *link = &n->link;

    if (forced(n)) {
        clock_disarm(n->clock, &link->up);
        set_mbps(n, n->speed * 1000);
        return;
    }
    if (restart || !possible(n)) {
        clock_disarm(n->clock, &link->up);
        set_mbps(n, 0);
    }
    if (possible(n) && !link->mbps && !event_armed(&link->up))
        clock_arm_after(n->clock, &link->up, n->p.link_up_ps);
}

void i82599_link_update(struct i82599 *n)
{
    settle(n, false);
}

void i82599_link_reset(struct i82599 *n)
{
    struct i82599_link *link = &n->link;

    clock_disarm(n->clock, &link->up);
    link->mbps = 0;
    link->i2c = (struct i2c_slave){.scl = 1, .sda = 1};
    if (n->cable && wire_up(n->wire))
        wire_set_rate(n->wire, 0);
    settle(n, false);
}

/* ---- registers ---- */

static uint64_t links(const struct i82599 *n)
{
    uint32_t mbps = n->link.mbps;
    uint64_t v = 0;

    v = FPUT(v, I82599_LINKS_SIGNAL, n->cable);
    if (!mbps)
        return v;
    v |= FMASK(I82599_LINKS_UP) | FMASK(I82599_LINKS_LINK_STATUS);
    v = FPUT(v, I82599_LINKS_FEC_LOCK, mbps == 10000);
    v = FPUT(v, I82599_LINKS_LINK_MODE, mbps == 10000 ? 2 : 0);
    v = FPUT(v, I82599_LINKS_KX_AN_COMP,
             FGET(autoc(n), I82599_AUTOC_LMS) == I82599_LMS_1G_AN);
    return FPUT(v, I82599_LINKS_SPEED, mbps == 10000 ? I82599_SPEED_10G : I82599_SPEED_1G);
}

static uint64_t pcs1glsta(const struct i82599 *n)
{
    uint64_t v = 0;

    if (n->link.mbps != 1000)
        return 0;
    v = FPUT(v, I82599_PCS1GLSTA_LINK_OK, 1);
    v = FPUT(v, I82599_PCS1GLSTA_SYNC_OK, 1);
    return FPUT(v, I82599_PCS1GLSTA_AN_COMPLETE,
                FGET(autoc(n), I82599_AUTOC_LMS) == I82599_LMS_1G_AN);
}

/* Outputs as driven; of the inputs, only the one that says that a module is there is high. */
static uint64_t esdp(uint64_t stored)
{
    uint64_t outputs = FGET(stored, I82599_ESDP_DIR);
    uint64_t data = (FGET(stored, I82599_ESDP_DATA) & outputs) | (1 << MODULE_PRESENT & ~outputs);

    return FPUT(stored, I82599_ESDP_DATA, data);
}

uint64_t i82599_link_read(struct i82599 *n, unsigned reg, uint64_t stored)
{
    switch (reg) {
    case I82599_I2CCTL:
        return i2cctl(n, stored);
    case I82599_ESDP:
        return esdp(stored);
    case I82599_LINKS:
        return links(n);
    case I82599_ANLP1: /* the arbiter has left its first state as soon as it has started */
        return FPUT(UINT64_C(0), I82599_ANLP1_AN_STATE, i82599_link_is_up(n) ? 9 : 1);
    case I82599_PCS1GLSTA:
        return pcs1glsta(n);
    case I82599_PCS1GANLP:
        return FGET(pcs1glsta(n), I82599_PCS1GLSTA_AN_COMPLETE) ? PARTNER_ABILITY : 0;
    case I82599_MSRWD:
        return stored | NO_PHY;
    }
    return stored;
}

void i82599_link_write(struct i82599 *n, unsigned reg, uint64_t old, uint32_t written)
{
    uint64_t *value = bank_at(&n->bank, reg, 0);

    switch (reg) {
    case I82599_I2CCTL:
        i2c_drive(n, (uint8_t)FGET(*value, I82599_I2CCTL_CLK_OUT),
                  (uint8_t)FGET(*value, I82599_I2CCTL_DATA_OUT));
        break;
    case I82599_MSCA: /* nobody answers: all commands are over at once */
        *value = FPUT(*value, I82599_MSCA_COMMAND, 0);
        break;
    case I82599_AUTOC:
        *value = FPUT(*value, I82599_AUTOC_AN_RESTART, 0);
        settle(n, written & FMASK(I82599_AUTOC_AN_RESTART) ||
                      (old & FMASK(I82599_AUTOC_FLU) && !forced(n)));
        break;
    default: /* ESDP, AUTOC2, HLREG0 */
        settle(n, false);
        if (reg == I82599_HLREG0)
            i82599_tx_kick(n);
        break;
    }
}

/* ---- life ---- */

void i82599_link_init(struct i82599 *n)
{
    event_init(n->clock, &n->link.up, "i82599.link", started, n);
}
