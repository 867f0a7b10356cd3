/* SPDX-License-Identifier: Apache-2.0 */
/* The 82599 under drivers without interrupts: in the order of the datasheet's 4.6, descriptors or
 * heads polled in batches, as user-space drivers and boot loaders do it. */
#include "i82599_rig.h"

#include "dev/packet.h"

#define RING 512
#define BUFFER 2048
#define BATCH 32
#define FRAME 60
#define TURN (2 * PS_PER_US) /* between two looks at the rings */
#define POLLS 100000

#define LNK_RST (1u << 3)
#define RST (1u << 26)
#define ENABLE (1u << 25)
#define RX 0x1000
#define TX 0x6000
enum { BAL = 0x00, BAH = 0x04, LEN = 0x08, DCA = 0x0c, HEAD = 0x10, TAIL = 0x18, DCTL = 0x28 };

/* Of transmit descriptors. */
#define EOP (1u << 24)
#define IFCS (1u << 25)
#define RS (1u << 27)
#define ADVANCED (3u << 20 | 1u << 29)
#define CONTEXT (2u << 20 | 1u << 29)

struct style {
    bool legacy;         /* receive descriptors */
    uint32_t txdctl;     /* thresholds */
    uint32_t command;    /* of every packet's descriptor */
    bool head_writeback; /* in place of statuses */
    bool tdh;            /* read in place of statuses */
    unsigned report;     /* RS on every so many */
};

struct driver {
    struct rig *r;
    struct style style;
    uint64_t rx, rx_buffers, tx, tx_buffers, head; /* addresses */
    uint32_t rx_index, tx_index, clean_index;
    unsigned received, sent;
    unsigned wrong;
};

struct station {
    unsigned next;   /* number of the frame that is expected */
    unsigned wrong;
    ps_t first, last;
};

/* ---- registers ---- */

static void set_flags(struct rig *r, uint32_t reg, uint32_t flags)
{
    rig_put(r, reg, rig_get(r, reg) | flags);
}

static void clear_flags(struct rig *r, uint32_t reg, uint32_t flags)
{
    rig_put(r, reg, rig_get(r, reg) & ~flags);
}

/* Polls every 10 us until the bits of `mask` are `want`. */
static void wait_for(struct rig *r, uint32_t reg, uint32_t mask, uint32_t want)
{
    for (unsigned i = 0; i < POLLS && (rig_get(r, reg) & mask) != want; i++)
        rig_run(r, 10 * PS_PER_US);
    CHECK_EQ_U64(rig_get(r, reg) & mask, want);
}

/* ---- initialization (4.6.3) ---- */

static void reset(struct rig *r)
{
    rig_put(r, I82599_EIMC_OFFSET, 0x7fffffff);
    rig_get(r, I82599_EICR_OFFSET);
    rig_put(r, I82599_CTRL_OFFSET, LNK_RST | RST);
    wait_for(r, I82599_CTRL_OFFSET, LNK_RST | RST, 0);
    rig_run(r, PS_PER_S / 100);
    rig_put(r, I82599_EIMC_OFFSET, 0x7fffffff);
    wait_for(r, I82599_EEC_OFFSET, 1u << 9, 1u << 9);       /* auto-read done */
    wait_for(r, I82599_RDRXCTL_OFFSET, 1u << 3, 1u << 3);   /* DMAIDONE */
}

/* 4.6.4: 10G serial, the parallel PMA left at XAUI, and a restart. */
static void start_link(struct rig *r)
{
    rig_put(r, I82599_AUTOC_OFFSET, (rig_get(r, I82599_AUTOC_OFFSET) & ~0xe000u) | 3u << 13);
    clear_flags(r, I82599_AUTOC_OFFSET, 0x180);
    set_flags(r, I82599_AUTOC_OFFSET, 1u << 12);
}

/* 4.6.7, in the order in which it is written there; the tail comes last. */
static void init_rx(struct driver *d)
{
    struct rig *r = d->r;

    clear_flags(r, I82599_RXCTRL_OFFSET, 1);
    rig_put(r, I82599_RXPBSIZE_OFFSET, 128 * 1024);
    for (unsigned i = 1; i < 8; i++)
        rig_put(r, I82599_RXPBSIZE_OFFSET + 4 * i, 0);
    set_flags(r, I82599_HLREG0_OFFSET, 1u << 1);
    set_flags(r, I82599_RDRXCTL_OFFSET, 1u << 1);
    set_flags(r, I82599_FCTRL_OFFSET, 1u << 10);
    rig_put(r, I82599_SRRCTL_OFFSET, (rig_get(r, I82599_SRRCTL_OFFSET) & ~(7u << 25)) |
                                         (d->style.legacy ? 0 : 1u << 25));
    set_flags(r, I82599_SRRCTL_OFFSET, 1u << 28);
    d->rx = rig_alloc(r, RING * 16);
    d->rx_buffers = rig_alloc(r, RING * BUFFER);
    memset(rig_at(r, d->rx), 0xff, RING * 16);
    rig_put(r, RX + BAL, d->rx);
    rig_put(r, RX + BAH, d->rx >> 32);
    rig_put(r, RX + LEN, RING * 16);
    rig_put(r, RX + HEAD, 0);
    rig_put(r, RX + TAIL, 0);
    set_flags(r, I82599_CTRL_EXT_OFFSET, 1u << 16);
    CHECK_EQ_U64(rig_get(r, RX + DCA) >> 12 & 1, 1); /* set, and has to be cleared */
    clear_flags(r, RX + DCA, 1u << 12);
    CHECK_EQ_U64(rig_get(r, RX + DCA) >> 12 & 1, 0);
    set_flags(r, I82599_RXCTRL_OFFSET, 1);
}

/* 4.6.8 */
static void init_tx(struct driver *d)
{
    struct rig *r = d->r;

    set_flags(r, I82599_HLREG0_OFFSET, 1u << 0 | 1u << 10);
    rig_put(r, I82599_TXPBSIZE_OFFSET, 40 * 1024);
    for (unsigned i = 1; i < 8; i++)
        rig_put(r, I82599_TXPBSIZE_OFFSET + 4 * i, 0);
    rig_put(r, I82599_DTXMXSZRQ_OFFSET, 0xffff);
    clear_flags(r, I82599_RTTDCS_OFFSET, 1u << 6);
    d->tx = rig_alloc(r, RING * 16);
    d->tx_buffers = rig_alloc(r, RING * BUFFER);
    d->head = rig_alloc(r, 64);
    memset(rig_at(r, d->tx), 0xff, RING * 16);
    rig_put(r, TX + BAL, d->tx);
    rig_put(r, TX + BAH, d->tx >> 32);
    rig_put(r, TX + LEN, RING * 16);
    rig_put(r, TX + DCTL, (rig_get(r, TX + DCTL) & ~0x7f7f7fu) | d->style.txdctl);
    if (d->style.head_writeback) {
        rig_put(r, I82599_TDWBAH_OFFSET, d->head >> 32);
        rig_put(r, I82599_TDWBAL_OFFSET, d->head | 1);
        clear_flags(r, TX + DCA, 1u << 11);
    }
    rig_put(r, I82599_DMATXCTL_OFFSET, 1);
}

static void start_queues(struct driver *d)
{
    struct rig *r = d->r;

    for (unsigned i = 0; i < RING; i++) {
        le64_put(rig_at(r, d->rx + i * 16), d->rx_buffers + i * BUFFER);
        le64_put(rig_at(r, d->rx + i * 16 + 8), 0);
    }
    set_flags(r, RX + DCTL, ENABLE);
    wait_for(r, RX + DCTL, ENABLE, ENABLE);
    rig_put(r, RX + HEAD, 0); /* of no effect now */
    rig_put(r, RX + TAIL, RING - 1);
    rig_put(r, TX + HEAD, 0);
    rig_put(r, TX + TAIL, 0);
    set_flags(r, TX + DCTL, ENABLE);
    wait_for(r, TX + DCTL, ENABLE, ENABLE);
}

static void read_statistics(struct rig *r, uint64_t now[4])
{
    now[0] = rig_get(r, I82599_GPRC_OFFSET);
    now[1] = rig_get(r, I82599_GPTC_OFFSET);
    now[2] = rig_get(r, I82599_GORCL_OFFSET);
    now[2] |= (uint64_t)rig_get(r, I82599_GORCH_OFFSET) << 32;
    now[3] = rig_get(r, I82599_GOTCL_OFFSET);
    now[3] |= (uint64_t)rig_get(r, I82599_GOTCH_OFFSET) << 32;
}

/* ---- frames: their number is in bytes 14 to 17 ---- */

static void make_frame(uint8_t *f, uint32_t number)
{
    static const uint8_t head[14] = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};

    memset(f, (uint8_t)number, FRAME);
    memcpy(f, head, sizeof head);
    le32_put(f + 14, number);
}

static void at_station(void *owner, const struct frame *f)
{
    struct station *s = owner;
    uint8_t want[FRAME];

    make_frame(want, s->next);
    s->wrong += f->len != FRAME || memcmp(f->bytes, want, FRAME) != 0;
    if (!s->next++)
        s->first = f->arrives;
    s->last = f->arrives;
}

static struct driver up(struct station *s, struct style style)
{
    struct driver d = {.r = rig_up(TIMING_IO), .style = style};
    uint64_t none[4];

    *s = (struct station){0};
    wire_attach(&d.r->wire, WIRE_STATION, at_station, s);
    rig_msix(d.r, false);
    reset(d.r);
    start_link(d.r);
    read_statistics(d.r, none);
    init_rx(&d);
    init_tx(&d);
    start_queues(&d);
    set_flags(d.r, I82599_FCTRL_OFFSET, 1u << 8 | 1u << 9);
    wait_for(d.r, I82599_LINKS_OFFSET, 1u << 30 | 3u << 28, 1u << 30 | 3u << 28);
    return d;
}

static const struct style batches = {
    .txdctl = 36 | 8 << 8 | 4 << 16, .command = ADVANCED | EOP | IFCS, .report = 1,
};

/* ---- the driver at work ---- */

static bool rx_done(struct driver *d, uint32_t i, uint32_t *len)
{
    const uint8_t *desc = rig_at(d->r, d->rx + i * 16);

    if (d->style.legacy) {
        *len = le16_get(desc + 8);
        d->wrong += desc[12] & 1 && !(desc[12] & 2);
        d->wrong += desc[12] & 1 && desc[13];
        return desc[12] & 1;
    }
    *len = le16_get(desc + 12);
    d->wrong += (le32_get(desc + 8) & 3) == 1; /* a piece of a frame */
    return le32_get(desc + 8) & 1;
}

/* Takes at most a batch; each frame must be the next by its number. */
static void rx_batch(struct driver *d)
{
    uint32_t last = RING, len;
    uint8_t want[FRAME];

    for (unsigned i = 0; i < BATCH && rx_done(d, d->rx_index, &len); i++) {
        uint64_t buffer = d->rx_buffers + d->rx_index * BUFFER;

        make_frame(want, d->received++);
        d->wrong += len != FRAME || memcmp(rig_at(d->r, buffer), want, FRAME) != 0;
        le64_put(rig_at(d->r, d->rx + d->rx_index * 16), buffer);
        le64_put(rig_at(d->r, d->rx + d->rx_index * 16 + 8), 0);
        last = d->rx_index;
        d->rx_index = (d->rx_index + 1) % RING;
    }
    if (last != RING)
        rig_put(d->r, RX + TAIL, last);
}

/* Gives back whole batches that have left the ring. */
static void tx_clean(struct driver *d)
{
    if (d->style.tdh) {
        d->clean_index = rig_get(d->r, TX + HEAD);
        return;
    }
    if (d->style.head_writeback) {
        d->clean_index = le32_get(rig_at(d->r, d->head));
        return;
    }
    while ((d->tx_index + RING - d->clean_index) % RING >= BATCH) {
        uint32_t last = (d->clean_index + BATCH - 1) % RING;

        if (!(le32_get(rig_at(d->r, d->tx + last * 16 + 12)) & 1))
            break;
        d->clean_index = (last + 1) % RING;
    }
}

static void tx_batch(struct driver *d, unsigned most)
{
    tx_clean(d);
    for (unsigned i = 0; i < most && (d->tx_index + 1) % RING != d->clean_index; i++) {
        uint64_t buffer = d->tx_buffers + d->tx_index * BUFFER;
        uint8_t *desc = rig_at(d->r, d->tx + d->tx_index * 16);

        make_frame(rig_at(d->r, buffer), d->sent);
        le64_put(desc, buffer);
        le32_put(desc + 8, d->style.command | FRAME |
                               (++d->sent % d->style.report ? 0 : RS));
        le32_put(desc + 12, d->style.command & ADVANCED ? FRAME << 14 : 0);
        d->tx_index = (d->tx_index + 1) % RING;
    }
    rig_put(d->r, TX + TAIL, d->tx_index);
}

/* The station sends back to back, the driver looks every TURN. */
static void receive(struct driver *d, unsigned frames)
{
    struct rig *r = d->r;
    uint8_t f[FRAME];
    unsigned next = 0;

    for (unsigned turns = 0; d->received < frames && turns < frames; turns++) {
        while (next < frames && wire_ready(&r->wire, WIRE_STATION) < r->clock.now + TURN) {
            make_frame(f, next++);
            wire_send(&r->wire, WIRE_STATION, f, FRAME, r->clock.now, NULL);
        }
        rig_run(r, TURN);
        rx_batch(d);
    }
    CHECK_EQ_U64(d->received, frames);
    CHECK_EQ_U64(d->wrong, 0);
}

static void transmit(struct driver *d, const struct station *s, unsigned frames)
{
    for (unsigned turns = 0; s->next < frames && turns < frames; turns++) {
        tx_batch(d, u32_min(2 * BATCH, frames - d->sent));
        rig_run(d->r, TURN);
    }
    rig_run(d->r, 50 * PS_PER_US);
    CHECK_EQ_U64(s->next, frames);
    CHECK_EQ_U64(s->wrong, 0);
}

/* ---- tests ---- */

static void test_batches_are_received_at_line_rate(void)
{
    struct station s;
    struct driver d = up(&s, batches);
    uint64_t now[4];

    receive(&d, 5000);
    read_statistics(d.r, now);
    CHECK_EQ_U64(now[0], 5000);
    CHECK_EQ_U64(now[2], 5000 * 64);
    read_statistics(d.r, now);
    CHECK_EQ_U64(now[0] + now[2], 0);
    CHECK_EQ_U64(rig_get(d.r, I82599_RXMPC_OFFSET) + rig_get(d.r, I82599_QPRDC_OFFSET), 0);
    rig_down(d.r);
}

static void test_legacy_descriptors_are_received_at_line_rate(void)
{
    struct station s;
    struct style style = batches;
    struct driver d;

    style.legacy = true;
    d = up(&s, style);
    receive(&d, 5000);
    CHECK_EQ_U64(rig_get(d.r, I82599_RXMPC_OFFSET) + rig_get(d.r, I82599_QPRDC_OFFSET), 0);
    rig_down(d.r);
}

static void check_line_rate(const struct station *s)
{
    ps_t gap = (s->last - s->first) / (s->next - 1);

    CHECK(gap >= 67200 && gap < 67900);
}

static void test_batches_are_transmitted_at_line_rate(void)
{
    struct station s;
    struct driver d = up(&s, batches);
    uint64_t now[4];

    transmit(&d, &s, 5000);
    check_line_rate(&s);
    read_statistics(d.r, now);
    CHECK_EQ_U64(now[1], 5000);
    CHECK_EQ_U64(now[3], 5000 * 64);
    rig_down(d.r);
}

static void test_a_head_in_memory_replaces_statuses(void)
{
    struct station s;
    struct style style = {.txdctl = 60 | 4 << 8, .command = EOP | IFCS, .legacy = true,
                          .head_writeback = true, .report = 64};
    struct driver d = up(&s, style);

    transmit(&d, &s, 64 * 40);
    check_line_rate(&s);
    CHECK_EQ_U64(le32_get(rig_at(d.r, d.head)), 64 * 40 % RING);
    CHECK_EQ_U64(rig_at(d.r, d.tx + 63 * 16)[12], 0); /* no status */
    rig_down(d.r);
}

/* No RS at all: the head's register tells. */
static void test_the_head_register_replaces_statuses(void)
{
    struct station s;
    struct style style = batches;
    struct driver d;

    style.tdh = true;
    style.report = 1u << 31;
    style.txdctl = 32 | 1 << 8;
    d = up(&s, style);
    transmit(&d, &s, 3000);
    check_line_rate(&s);
    CHECK_EQ_U64(rig_get(d.r, TX + HEAD), 3000 % RING);
    rig_down(d.r);
}

static void test_the_global_enable_enables_transmit_queue_0(void)
{
    struct station s;
    struct driver d = up(&s, batches);

    rig_put(d.r, TX + DCTL, 0);
    wait_for(d.r, TX + DCTL, ENABLE, 0);
    rig_put(d.r, I82599_DMATXCTL_OFFSET, 0);
    rig_put(d.r, TX + HEAD, 0);
    rig_put(d.r, TX + TAIL, 0);
    rig_put(d.r, I82599_DMATXCTL_OFFSET, 1);
    CHECK_EQ_U64(rig_get(d.r, TX + DCTL) & ENABLE, ENABLE);
    CHECK_EQ_U64(rig_get(d.r, TX + 0x40 + DCTL) & ENABLE, 0);
    transmit(&d, &s, 200);
    rig_down(d.r);
}

/* The ring comes after the enable: TXDCTL.ENABLE, written again, is when it is seen. */
static void test_a_ring_made_after_the_global_enable_is_seen(void)
{
    struct station s;
    struct driver d = up(&s, batches);

    reset(d.r);
    rig_put(d.r, I82599_DMATXCTL_OFFSET, 1);
    CHECK_EQ_U64(rig_get(d.r, TX + DCTL) & ENABLE, ENABLE);
    rig_put(d.r, TX + BAL, d.tx);
    rig_put(d.r, TX + BAH, d.tx >> 32);
    rig_put(d.r, TX + LEN, RING * 16);
    rig_put(d.r, TX + HEAD, 0);
    rig_put(d.r, TX + TAIL, 0);
    set_flags(d.r, TX + DCTL, ENABLE);
    rig_link_up(d.r);
    transmit(&d, &s, 200);
    rig_down(d.r);
}

/* What an earlier driver has left in the tail is not sent: its memory may be somebody else's by now. */
static void test_the_global_enable_leaves_an_old_ring_alone(void)
{
    struct station s;
    struct driver d = up(&s, batches);

    rig_put(d.r, TX + DCTL, 0);
    rig_put(d.r, I82599_DMATXCTL_OFFSET, 0);
    rig_put(d.r, TX + TAIL, 100);
    rig_put(d.r, I82599_DMATXCTL_OFFSET, 1);
    CHECK_EQ_U64(rig_get(d.r, TX + DCTL) & ENABLE, ENABLE);
    rig_run(d.r, 100 * PS_PER_US);
    CHECK_EQ_U64(le32_get(rig_at(d.r, d.tx + 12)), 0xffffffff);
    CHECK_EQ_U64(s.next, 0);
    rig_put(d.r, TX + DCTL, 0);
    rig_put(d.r, TX + TAIL, 0);
    set_flags(d.r, TX + DCTL, ENABLE);
    transmit(&d, &s, 200);
    rig_down(d.r);
}

static void test_a_threshold_beyond_the_chip_still_writes_back(void)
{
    struct station s;
    struct style style = batches;
    struct driver d;

    style.txdctl = 36 | 8 << 8 | 127 << 16;
    d = up(&s, style);
    transmit(&d, &s, 2000);
    rig_down(d.r);
}

/* Empty descriptors are done as fast as they come, with more statuses than writes can be under way. */
static void test_no_status_is_lost(void)
{
    struct station s;
    struct style style = batches;
    struct driver d;
    unsigned missing = 0;

    style.txdctl = 127 | 1 << 8;
    d = up(&s, style);
    for (unsigned i = 0; i < RING - 1; i++) {
        uint8_t *desc = rig_at(d.r, d.tx + i * 16);

        make_frame(rig_at(d.r, d.tx_buffers), 0);
        le64_put(desc, d.tx_buffers);
        le32_put(desc + 8, ADVANCED | IFCS | RS | (i == RING - 2 ? EOP | FRAME : 0));
        le32_put(desc + 12, FRAME << 14);
    }
    rig_put(d.r, TX + TAIL, RING - 1);
    rig_run(d.r, PS_PER_S / 1000);
    for (unsigned i = 0; i < RING - 1; i++)
        missing += !(le32_get(rig_at(d.r, d.tx + i * 16 + 12)) & 1);
    CHECK_EQ_U64(missing, 0);
    CHECK_EQ_U64(s.next, 1);
    CHECK_EQ_U64(s.wrong, 0);
    rig_down(d.r);
}

/* Statuses that are held for company when the threshold goes away: theirs are written, at their places,
 * before what comes behind them without one. */
static void test_held_statuses_keep_their_places(void)
{
    struct station s;
    struct driver d = up(&s, batches);

    tx_batch(&d, 2); /* of four that WTHRESH asks for */
    rig_run(d.r, 50 * PS_PER_US);
    CHECK_EQ_U64(le32_get(rig_at(d.r, d.tx + 12)) & 1, 0);
    rig_put(d.r, TX + DCTL, ENABLE);
    d.style.report = 1u << 31;
    tx_batch(&d, 1);
    rig_run(d.r, 50 * PS_PER_US);
    CHECK_EQ_U64(le32_get(rig_at(d.r, d.tx + 12)), 1);
    CHECK_EQ_U64(le32_get(rig_at(d.r, d.tx + 16 + 12)), 1);
    CHECK_EQ_U64(le32_get(rig_at(d.r, d.tx + 32 + 12)), FRAME << 14);
    CHECK_EQ_U64(s.next, 3);
    rig_down(d.r);
}

/* All masked, MSI-X off: causes are polled in EICR, through IVAR, and cleared by the read. */
static void test_causes_are_polled_with_all_interrupts_masked(void)
{
    struct station s;
    struct driver d = up(&s, batches);
    uint8_t f[FRAME];

    rig_put(d.r, I82599_IVAR_OFFSET, 0x80 | 0x81 << 8);
    rig_put(d.r, TX + DCTL, ENABLE);
    CHECK_EQ_U64(rig_get(d.r, I82599_EIMS_OFFSET), 0);
    rig_get(d.r, I82599_EICR_OFFSET);
    CHECK_EQ_U64(rig_get(d.r, I82599_EICR_OFFSET), 0);
    make_frame(f, 0);
    wire_send(&d.r->wire, WIRE_STATION, f, FRAME, d.r->clock.now, NULL);
    rig_run(d.r, 50 * PS_PER_US);
    CHECK_EQ_U64(rig_get(d.r, I82599_EICR_OFFSET), 1);
    CHECK_EQ_U64(rig_get(d.r, I82599_EICR_OFFSET), 0);
    tx_batch(&d, 1);
    rig_run(d.r, 50 * PS_PER_US);
    CHECK_EQ_U64(rig_get(d.r, I82599_EICR_OFFSET), 2);
    CHECK_EQ_U64(d.r->pin_edges, 0);
    rig_down(d.r);
}

static void test_an_overrun_is_a_cause(void)
{
    struct station s;
    struct driver d = up(&s, batches);
    uint8_t f[FRAME];

    clear_flags(d.r, I82599_SRRCTL_OFFSET, 1u << 28); /* DROP_EN: the packet buffer fills */
    rig_get(d.r, I82599_EICR_OFFSET);
    for (unsigned i = 0; i < 3000; i++) { /* 128 KiB hold some 1600 behind the ring's 511 */
        make_frame(f, i);
        wire_send(&d.r->wire, WIRE_STATION, f, FRAME, d.r->clock.now, NULL);
    }
    rig_run(d.r, PS_PER_S / 1000);
    CHECK(rig_get(d.r, I82599_RXMPC_OFFSET) > 500);
    CHECK_EQ_U64(rig_get(d.r, I82599_EICR_OFFSET), 1u << 17);
    CHECK_EQ_U64(rig_get(d.r, I82599_EICR_OFFSET), 0);
    rig_down(d.r);
}

/* Stop, then start again with the same memory and without a reset. */
static void test_queues_stop_and_start_again(void)
{
    struct station s;
    struct driver d = up(&s, batches);

    receive(&d, 700);
    transmit(&d, &s, 700);
    CHECK_EQ_U64(rig_get(d.r, TX + HEAD), rig_get(d.r, TX + TAIL));
    clear_flags(d.r, RX + DCTL, ENABLE);
    wait_for(d.r, RX + DCTL, ENABLE, 0);
    clear_flags(d.r, TX + DCTL, ENABLE);
    wait_for(d.r, TX + DCTL, ENABLE, 0);
    rig_put(d.r, RX + HEAD, 0);
    CHECK_EQ_U64(rig_get(d.r, RX + HEAD), 0);
    d.rx_index = d.tx_index = d.clean_index = d.received = d.sent = 0;
    memset(rig_at(d.r, d.tx), 0xff, RING * 16);
    s = (struct station){0};
    start_queues(&d);
    receive(&d, 700);
    transmit(&d, &s, 700);
    rig_down(d.r);
}

TEST_MAIN(test_batches_are_received_at_line_rate, test_legacy_descriptors_are_received_at_line_rate,
          test_batches_are_transmitted_at_line_rate, test_a_head_in_memory_replaces_statuses,
          test_the_head_register_replaces_statuses, test_the_global_enable_enables_transmit_queue_0,
          test_a_ring_made_after_the_global_enable_is_seen,
          test_the_global_enable_leaves_an_old_ring_alone,
          test_a_threshold_beyond_the_chip_still_writes_back, test_no_status_is_lost,
          test_held_statuses_keep_their_places, test_causes_are_polled_with_all_interrupts_masked,
          test_an_overrun_is_a_cause, test_queues_stop_and_start_again)
