/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics (8.2.3.23).  A counter is cleared by reading it and stays at its maximum when it has
 * reached it.  Octets have 36 bits in two registers: reading one clears that one only, so that a
 * driver that reads both, low first, loses nothing in between. */
#include "dev/i82599_impl.h"

#define ETHERTYPE_MAC_CONTROL 0x8808
#define OCTETS_MAX ((UINT64_C(1) << 36) - 1)

/* The low register of a pair; its high one is the next row. */
static bool is_low(unsigned reg)
{
    switch (reg) {
    case I82599_GORCL: case I82599_GOTCL: case I82599_TORL: case I82599_RXNFGBCL:
    case I82599_RXDGBCL: case I82599_RXDDGBCL: case I82599_RXLPBKGBCL: case I82599_RXDLPBKGBCL:
    case I82599_TXDGBCL: case I82599_QBRC_L: case I82599_QBTC_L:
        return true;
    }
    return false;
}

/* Pause frames are counted in 16 bits. */
static uint64_t most(unsigned reg)
{
    switch (reg) {
    case I82599_LXONTXC: case I82599_LXOFFTXC: case I82599_LXONRXCNT: case I82599_LXOFFRXCNT:
        return 0xffff;
    }
    return 0xffffffff;
}

void i82599_stat(struct i82599 *n, unsigned reg, unsigned index, uint64_t amount)
{
    uint64_t *value = bank_at(&n->bank, reg, index), *high, sum;

    if (!is_low(reg)) {
        *value = u64_min(*value + amount, most(reg));
        return;
    }
    high = bank_at(&n->bank, reg + 1, index);
    sum = u64_min((*high << 32 | *value) + amount, OCTETS_MAX);
    *value = sum & 0xffffffff;
    *high = sum >> 32;
}

uint64_t i82599_stat_read(struct i82599 *n, unsigned reg, unsigned index, uint64_t stored)
{
    if (reg == I82599_QPTC_LOW) {
        reg = I82599_QPTC;
        stored = *bank_at(&n->bank, reg, index);
    }
    *bank_at(&n->bank, reg, index) = 0;
    return stored;
}

/* ---- at the MAC ---- */

enum cast { UNICAST, MULTICAST, BROADCAST };

static enum cast cast_of(const uint8_t *frame)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    return memcmp(frame, all, sizeof all) == 0 ? BROADCAST : frame[0] & 1 ? MULTICAST : UNICAST;
}

/* Which of six counters in a row `first` is; bytes with check sequence. */
static unsigned size_class(uint32_t bytes)
{
    return bytes <= 64 ? 0 : bytes <= 127 ? 1 : bytes <= 255 ? 2 : bytes <= 511 ? 3
         : bytes <= 1023 ? 4 : 5;
}

static void count_octets(struct i82599 *n, unsigned packets, unsigned octets, uint32_t bytes)
{
    i82599_stat(n, packets, 0, 1);
    i82599_stat(n, octets, 0, bytes);
}

/* As the receiver judges lengths: MAXFRS counts with jumbo frames only, tags come on top. */
static uint32_t longest(struct i82599 *n, const struct frame *frame)
{
    bool jumbo = bank32(n, I82599_HLREG0) & FMASK(I82599_HLREG0_JUMBOEN);
    bool tagged = frame->len > 14 && frame->bytes[12] == 0x81 && frame->bytes[13] == 0;

    return (jumbo ? bank32(n, I82599_MAXFRS) >> 16 : 1518) + (tagged ? 4 : 0);
}

/* The counter of a frame that is not good, or none (0: CTRL is no counter). */
static unsigned error_counter(struct i82599 *n, const struct frame *frame, uint32_t bytes)
{
    bool bad = frame->flags & FRAME_BAD_FCS;

    if (bytes < FRAME_BYTES_MIN + FRAME_FCS_BYTES)
        return bad ? I82599_RFC : I82599_RUC;
    if (bytes > longest(n, frame))
        return bad ? I82599_RJC : I82599_ROC;
    return bad ? I82599_CRCERRS : 0;
}

static bool is_mac_control(const struct frame *frame)
{
    return (frame->bytes[12] << 8 | frame->bytes[13]) == ETHERTYPE_MAC_CONTROL;
}

void i82599_stat_rx(struct i82599 *n, const struct frame *frame, bool accepted)
{
    uint32_t bytes = frame->len + FRAME_FCS_BYTES;
    unsigned error = error_counter(n, frame, bytes);

    count_octets(n, I82599_TPR, I82599_TORL, bytes);
    if (error) {
        i82599_stat(n, error, 0, 1);
        return;
    }
    if (is_mac_control(frame)) /* counted as XON and XOFF */
        return;
    i82599_stat(n, I82599_PRC64 + size_class(bytes), 0, 1);
    count_octets(n, I82599_RXNFGPC, I82599_RXNFGBCL, bytes);
    if (!accepted)
        return;
    count_octets(n, I82599_GPRC, I82599_GORCL, bytes);
    if (cast_of(frame->bytes) == BROADCAST)
        i82599_stat(n, I82599_BPRC, 0, 1);
    else if (cast_of(frame->bytes) == MULTICAST)
        i82599_stat(n, I82599_MPRC, 0, 1);
}

void i82599_stat_tx(struct i82599 *n, const uint8_t *frame, uint32_t len, bool control)
{
    uint32_t bytes = len + FRAME_FCS_BYTES;

    i82599_stat(n, I82599_TPT, 0, 1);
    i82599_stat(n, I82599_PTC64 + size_class(bytes), 0, 1);
    count_octets(n, I82599_GPTC, I82599_GOTCL, bytes);
    if (!control)
        count_octets(n, I82599_TXDGPC, I82599_TXDGBCL, len);
    if (cast_of(frame) == BROADCAST)
        i82599_stat(n, I82599_BPTC, 0, 1);
    else if (cast_of(frame) == MULTICAST)
        i82599_stat(n, I82599_MPTC, 0, 1);
}

/* ---- of a queue: RQSMR and TQSM give it one of sixteen sets of counters ---- */

static unsigned set_of(struct i82599 *n, unsigned map, unsigned q)
{
    return bank32_at(n, map, q / 4) >> (q % 4 * 8) & 0xf;
}

void i82599_stat_rx_queue(struct i82599 *n, unsigned q, uint32_t len, bool dropped)
{
    unsigned set = set_of(n, I82599_RQSMR, q);

    if (dropped) {
        i82599_stat(n, I82599_QPRDC, set, 1);
        return;
    }
    i82599_stat(n, I82599_QPRC, set, 1);
    i82599_stat(n, I82599_QBRC_L, set, len);
    count_octets(n, I82599_RXDGPC, I82599_RXDGBCL, len);
}

void i82599_stat_tx_queue(struct i82599 *n, unsigned q, uint32_t len)
{
    unsigned set = set_of(n, I82599_TQSM, q);

    i82599_stat(n, I82599_QPTC, set, 1);
    i82599_stat(n, I82599_QBTC_L, set, len);
}
