/* SPDX-License-Identifier: Apache-2.0 */
/* Corners of the 82599: queues switched on and off under what is on its way, more of something than
 * there are operations, settings at the ends of their ranges. */
#include "dev/i82599_impl.h"

#include "i82599_rig.h"

#include "sim/random.h"

#define BUFFER 2048
#define FRAME 60

#define RXQ(q) (0x1000 + (q) * 0x40)
#define TXQ(q) (0x6000 + (q) * 0x40)
#define QUEUE_ENABLE (1u << 25)
#define TX_DATA (3u << 20 | 1u << 29 | 1u << 25 | 1u << 24 | 1u << 27) /* EOP, RS */
#define TX_CONTEXT (2u << 20 | 1u << 29)

static unsigned frames;

static void caught(void *owner, const struct frame *f)
{
    (void)owner;
    (void)f;
    frames++;
}

static struct i82599 *inside(struct rig *r)
{
    return r->dev;
}

static struct rig *up(enum timing_level level)
{
    struct rig *r = rig_up(level);

    frames = 0;
    wire_attach(&r->wire, WIRE_STATION, caught, NULL);
    rig_link_up(r);
    rig_put(r, I82599_FCTRL_OFFSET, 1 << 10 | 1 << 9 | 1 << 8); /* broadcast, promiscuous */
    rig_put(r, I82599_RXCTRL_OFFSET, 1);
    rig_put(r, I82599_DMATXCTL_OFFSET, 1);
    return r;
}

/* A ring of `size` descriptors with a buffer each; the address of the ring. */
static uint64_t ring(struct rig *r, uint32_t at, uint32_t size, uint32_t control)
{
    uint64_t base = rig_alloc(r, size * 16), buffers = rig_alloc(r, size * BUFFER);

    for (uint32_t i = 0; i < size; i++)
        le64_put(rig_at(r, base + i * 16), buffers + i * BUFFER);
    rig_put(r, at + 0x00, base & 0xffffffff);
    rig_put(r, at + 0x04, base >> 32);
    rig_put(r, at + 0x08, size * 16);
    rig_put(r, at + 0x10, 0);
    rig_put(r, at + 0x18, 0);
    rig_put(r, at + 0x28, QUEUE_ENABLE | control);
    return base;
}

static uint64_t rx_ring(struct rig *r, unsigned q, uint32_t size, uint32_t buffer_kib)
{
    rig_put(r, RXQ(q) + 0x14, buffer_kib | 1 << 25); /* SRRCTL: one buffer, advanced */
    return ring(r, RXQ(q), size, 0);
}

static void tx_fill(struct rig *r, uint64_t base, uint32_t first, uint32_t count, uint32_t command,
                    uint32_t info)
{
    for (uint32_t i = first; i < first + count; i++) {
        le32_put(rig_at(r, base + i * 16 + 8), command);
        le32_put(rig_at(r, base + i * 16 + 12), info);
    }
}

static void tx_frames(struct rig *r, uint64_t base, uint32_t first, uint32_t count)
{
    tx_fill(r, base, first, count, TX_DATA | FRAME, FRAME << 14);
}

static void typed_from_wire(struct rig *r, uint32_t len, uint16_t type)
{
    uint8_t f[FRAME_BYTES_MAX] = {0};

    memset(f, 0xff, 6);
    f[12] = (uint8_t)(type >> 8);
    f[13] = (uint8_t)type;
    wire_send(&r->wire, WIRE_STATION, f, len, r->clock.now, NULL);
}

static void from_wire(struct rig *r, uint32_t len)
{
    typed_from_wire(r, len, 0x88b5);
}

/* ---- queues ---- */

/* What is under way for a queue must not be taken for a later life's, however many there were. */
static void test_a_queue_may_be_switched_any_number_of_times_under_a_read(void)
{
    struct rig *r = up(TIMING_IO);
    uint64_t base = ring(r, TXQ(0), 64, 0);

    tx_frames(r, base, 0, 8);
    r->link.p.memory_read_ps = 100 * PS_PER_US;
    rig_put(r, TXQ(0) + 0x18, 8);
    rig_run(r, 150 * PS_PER_US); /* descriptors are here, their data are not */
    rig_put(r, TXQ(0) + 0x28, 0);
    for (unsigned i = 0; i < 127; i++) {
        rig_put(r, TXQ(0) + 0x28, QUEUE_ENABLE);
        rig_put(r, TXQ(0) + 0x28, 0);
    }
    rig_put(r, TXQ(0) + 0x08, 0); /* a ring of no length */
    rig_put(r, TXQ(0) + 0x28, QUEUE_ENABLE);
    rig_run(r, 500 * PS_PER_US);
    CHECK_EQ_U64(le32_get(rig_at(r, base + 12)) & 1, 0);
    rig_down(r);
}

/* Descriptors without data are done with at once: more of them than there are operations. */
static void test_forty_contexts_do_not_hold_up_the_packet_behind_them(void)
{
    for (enum timing_level level = TIMING_OFF; level <= TIMING_IO; level++) {
        struct rig *r = up(level);
        uint64_t base = ring(r, TXQ(0), 64, 0);

        tx_fill(r, base, 0, 39, TX_CONTEXT, 0);
        tx_frames(r, base, 39, 1);
        rig_put(r, TXQ(0) + 0x18, 40);
        rig_run(r, PS_PER_S / 1000);
        CHECK_EQ_U64(frames, 1);
        CHECK_EQ_U64(rig_get(r, TXQ(0) + 0x10), 40);
        rig_down(r);
    }
}

/* With an infinitely fast wire, all packets of the chip leave at once when the link comes up. */
static void test_what_waits_behind_a_full_chip_leaves_when_the_link_comes_up(void)
{
    for (enum timing_level level = TIMING_OFF; level <= TIMING_IO; level++) {
        struct rig *r = up(level);
        uint64_t base = ring(r, TXQ(0), 1024, 0);
        uint32_t esdp = rig_get(r, I82599_ESDP_OFFSET);

        tx_frames(r, base, 0, 700);
        rig_put(r, I82599_ESDP_OFFSET, esdp | 8); /* laser off */
        CHECK(!rig_link(r));
        rig_put(r, TXQ(0) + 0x18, 700);
        rig_run(r, PS_PER_S / 1000);
        CHECK_EQ_U64(frames, 0);
        rig_put(r, I82599_ESDP_OFFSET, esdp & ~8u);
        rig_run(r, PS_PER_S / 10);
        CHECK_EQ_U64(frames, 700);
        rig_down(r);
    }
}

/* A queue that has a full chip asks for no more, whatever PTHRESH says. */
static void test_a_full_chip_is_not_asked_for_more(void)
{
    struct rig *r = up(TIMING_IO);
    uint64_t base = ring(r, TXQ(0), 1024, 127);

    tx_frames(r, base, 0, 701);
    rig_put(r, I82599_ESDP_OFFSET, rig_get(r, I82599_ESDP_OFFSET) | 8);
    for (unsigned tail = 698; tail <= 700; tail++) {
        rig_put(r, TXQ(0) + 0x18, tail);
        rig_run(r, PS_PER_S / 1000);
    }
    CHECK_EQ_U64(inside(r)->txd.queue[0].cached, I82599_DESC_CACHE);
    rig_put(r, TXQ(0) + 0x18, 701);
    for (unsigned i = 0; i < FETCHERS; i++)
        CHECK(!inside(r)->txd.fetch[i].busy);
    rig_down(r);
}

/* A queue that took its tail back while it waited for its turn to fetch does not hold up others. */
static void test_a_queue_with_nothing_to_fetch_gives_its_turn_away(void)
{
    struct rig *r = up(TIMING_IO);

    for (unsigned q = 0; q < FETCHERS + 2; q++) {
        rx_ring(r, q, 64, 2);
        rig_put(r, RXQ(q) + 0x18, 60);
    }
    rig_put(r, RXQ(FETCHERS) + 0x18, 0);
    rig_run(r, PS_PER_S / 1000);
    CHECK_EQ_U64(inside(r)->rxd.queue[FETCHERS].cached, 0);
    CHECK(inside(r)->rxd.queue[FETCHERS + 1].cached > 0);
    rig_down(r);
}

/* A frame in small buffers needs more descriptors than half a short burst leaves. */
static void test_a_long_frame_finds_its_descriptors_with_short_bursts(void)
{
    for (unsigned prefetch = 1; prefetch <= I82599_BURST_MAX; prefetch++) {
        struct rig *r = up(TIMING_IO);
        uint64_t base = rx_ring(r, 0, 64, 1);

        inside(r)->p.rx_prefetch = prefetch;
        rig_put(r, I82599_HLREG0_OFFSET, rig_get(r, I82599_HLREG0_OFFSET) | 4); /* JUMBOEN */
        rig_put(r, I82599_MAXFRS_OFFSET, UINT64_C(16384) << 16);
        rig_put(r, RXQ(0) + 0x18, 63);
        rig_run(r, PS_PER_US * 50);
        for (unsigned i = 0; i < 3; i++)
            from_wire(r, 15 * 1024 + 1);
        rig_run(r, PS_PER_S / 1000);
        CHECK_EQ_U64(le32_get(rig_at(r, base + 47 * 16 + 8)) & 3, 3);
        rig_down(r);
    }
}

/* Software may give up a queue that it does not fill: the frame in front of the others goes. */
static void test_drop_enable_lets_the_others_pass_a_frame_that_waits(void)
{
    for (unsigned way = 0; way < 2; way++) { /* SRRCTL at both of its places */
        struct rig *r = up(TIMING_IO);
        uint64_t base;

        rx_ring(r, 0, 64, 2); /* no descriptors */
        base = rx_ring(r, 1, 64, 2);
        rig_put(r, RXQ(1) + 0x18, 63);
        rig_put(r, I82599_ETQF_OFFSET, UINT64_C(0x800088b6));
        rig_put(r, I82599_ETQS_OFFSET, UINT64_C(0x80010000));
        typed_from_wire(r, FRAME, 0x88b5);
        typed_from_wire(r, FRAME, 0x88b6);
        rig_run(r, 10 * PS_PER_US);
        CHECK_EQ_U64(le32_get(rig_at(r, base + 8)), 0);
        rig_put(r, way ? I82599_SRRCTL_LOW_OFFSET : RXQ(0) + 0x14, 2 | 1 << 25 | 1 << 28);
        rig_run(r, 10 * PS_PER_US);
        CHECK_EQ_U64(le32_get(rig_at(r, base + 8)) & 3, 3);
        rig_down(r);
    }
}

/* ---- interrupts ---- */

/* 7.3.1.5: without GPIE.EIAME, EIAM masks when EICR is read or its causes are written away. */
static void test_reading_eicr_masks_what_eiam_names(void)
{
    for (unsigned way = 0; way < 3; way++) { /* read, write, read with EIAME */
        struct rig *r = up(TIMING_IO);

        pci_config_write(r->pci, PCI_MSIX_CONTROL_OFFSET, 2, 0);
        rx_ring(r, 0, 64, 2);
        rig_put(r, RXQ(0) + 0x18, 63);
        rig_put(r, I82599_GPIE_OFFSET, way == 2 ? 1u << 30 : 0);
        rig_put(r, I82599_EIAM_OFFSET, 0xffff);
        rig_put(r, I82599_IVAR_OFFSET, 0x80);
        rig_put(r, I82599_EIMS_OFFSET, 1 | I82599_EICR_LSC);
        rig_get(r, I82599_EICR_OFFSET);
        rig_put(r, I82599_EIMS_OFFSET, 1);
        from_wire(r, FRAME);
        rig_run(r, 50 * PS_PER_US);
        CHECK(r->pin);
        if (way == 1)
            rig_put(r, I82599_EICR_OFFSET, 1);
        else
            CHECK_EQ_U64(rig_get(r, I82599_EICR_OFFSET), 1);
        CHECK(!r->pin);
        CHECK_EQ_U64(rig_get(r, I82599_EIMS_OFFSET), I82599_EICR_LSC | (way == 2));
        from_wire(r, FRAME);
        rig_run(r, 50 * PS_PER_US);
        CHECK_EQ_U64(r->pin, way == 2);
        rig_put(r, I82599_EIMS_OFFSET, 1);
        CHECK(r->pin);
        rig_down(r);
    }
}

/* The pin stands for all causes: one more, moderated, does not take it back. */
static void test_the_pin_stays_up_when_another_cause_is_moderated(void)
{
    struct rig *r = up(TIMING_IO);

    pci_config_write(r->pci, PCI_MSIX_CONTROL_OFFSET, 2, 0);
    rx_ring(r, 0, 64, 2);
    rig_put(r, RXQ(0) + 0x18, 63);
    rig_put(r, I82599_EITR_OFFSET, 500 << 3 | 1u << 31); /* some ms */
    rig_put(r, I82599_IVAR_OFFSET, 0x80);
    rig_get(r, I82599_EICR_OFFSET);
    rig_put(r, I82599_EIMS_OFFSET, 1);
    for (unsigned i = 0; i < 2; i++) {
        from_wire(r, FRAME);
        rig_run(r, 50 * PS_PER_US);
        CHECK(r->pin);
    }
    rig_put(r, I82599_EIMC_OFFSET, I82599_EICR_LSC);
    CHECK(r->pin);
    rig_get(r, I82599_EICR_OFFSET);
    CHECK(!r->pin);
    from_wire(r, FRAME); /* this one waits for the interval that began with the first */
    rig_run(r, 50 * PS_PER_US);
    CHECK(!r->pin);
    rig_run(r, 2 * PS_PER_S / 1000);
    CHECK(r->pin);
    rig_down(r);
}

static void irq_step(struct rig *r, struct random *g, bool msix)
{
    uint32_t bit = 1u << random_below(g, 32), word = 4 * (uint32_t)random_below(g, 2);
    uint32_t any = (uint32_t)random_below(g, UINT64_C(1) << 32);

    switch (random_below(g, 10)) {
    case 0: rig_put(r, I82599_EICS_EX_OFFSET + word, bit); break;
    case 1: rig_put(r, I82599_EIMS_EX_OFFSET + word, bit | bit << 3 | bit >> 7); break;
    case 2: rig_put(r, I82599_EIMC_EX_OFFSET + word, bit | bit << 1); break;
    case 3: rig_put(r, I82599_EIMS_OFFSET, any); break;
    case 4: rig_put(r, I82599_EIMC_OFFSET, any); break;
    case 5: /* interval and counter */
        rig_put(r, I82599_EITR_OFFSET + 4 * random_below(g, 24),
                random_below(g, 512) << 3 | (any & 1) << 31 | random_below(g, 128) << 21);
        break;
    case 6:
        if (msix)
            rig_put(r, I82599_EICR_OFFSET, bit);
        else
            rig_get(r, I82599_EICR_OFFSET);
        break;
    case 7: i82599_rx_cause(inside(r), (unsigned)random_below(g, 128), any % 4 == 0); break;
    case 8: i82599_other_cause(inside(r), I82599_EICR_LSC); break;
    case 9: rig_run(r, random_below(g, 100) * PS_PER_US); break;
    }
}

/* Whatever is masked, moderated and cleared meanwhile: in the end each enabled cause has had its
 * message, or has the pin. */
static void test_no_enabled_cause_waits_for_ever(void)
{
    unsigned messages = 0;

    for (unsigned seed = 1; seed <= 100; seed++) {
        struct rig *r = up(TIMING_IO);
        const struct irq_engine *irq = &inside(r)->irq;
        bool msix = seed & 1;
        struct random g;

        random_init(&g, seed, "interrupts");
        pci_config_write(r->pci, PCI_MSIX_CONTROL_OFFSET, 2,
                         msix ? (uint32_t)FMASK(PCI_MSIX_ENABLE) : 0);
        rig_put(r, I82599_GPIE_OFFSET, random_below(&g, 2) << 30 | random_below(&g, 2) << 5 | 0x10);
        rig_put(r, I82599_EIAC_OFFSET, 0xffff | I82599_EICR_LSC);
        rig_put(r, I82599_EIAM_EX_OFFSET, random_below(&g, UINT64_C(1) << 32));
        for (unsigned i = 0; i < 64; i++)
            rig_put(r, I82599_IVAR_OFFSET + 4 * i,
                    random_below(&g, UINT64_C(1) << 32) | 0x80808080);
        rig_put(r, I82599_IVAR_MISC_OFFSET, 0x8000 | random_below(&g, 64) << 8);
        for (unsigned i = 0; i < 300; i++)
            irq_step(r, &g, msix);
        rig_run(r, PS_PER_S / 10);
        if (msix)
            CHECK_EQ_U64((irq->vectors & irq->mask) |
                             (irq->other & irq->other_mask & I82599_EICR_LSC), 0);
        else
            CHECK_EQ_U64(r->pin, (irq->vectors & irq->mask & 0xffff) ||
                                     irq->other & irq->other_mask);
        for (unsigned v = 0; v < I82599_VECTORS; v++)
            messages += r->msis[v];
        rig_down(r);
    }
    CHECK(messages > 1000);
}

/* ---- EEPROM, statistics ---- */

/* A reset stops the access; it must not come to be one of word 0. */
static void test_a_reset_under_an_eeprom_access_changes_no_word(void)
{
    struct rig *r = up(TIMING_IO);
    uint16_t before[I82599_EEPROM_WORDS];

    memcpy(before, inside(r)->eeprom, sizeof before);
    rig_put(r, I82599_EEWR_OFFSET, 0x12345001 | 7 << 2);
    rig_put(r, I82599_CTRL_OFFSET, 1u << 26);
    rig_run(r, PS_PER_S / 1000);
    CHECK(memcmp(before, inside(r)->eeprom, sizeof before) == 0);
    CHECK(rig_get(r, I82599_EEWR_OFFSET) & 2);
    rig_put(r, I82599_EERD_OFFSET, 1 | 0x3f << 2);
    rig_put(r, I82599_CTRL_OFFSET, 1u << 26);
    rig_run(r, PS_PER_S / 1000);
    CHECK(!(rig_get(r, I82599_EERD_OFFSET) & 2));
    rig_down(r);
}

/* One that another overtook before it could leave was never sent. */
static void test_pause_frames_are_counted_when_they_leave(void)
{
    struct rig *r = up(TIMING_IO);
    uint64_t base = ring(r, TXQ(0), 64, 0);

    tx_fill(r, base, 0, 8, TX_DATA | 1500, 1500 << 14);
    rig_put(r, TXQ(0) + 0x18, 8);
    for (unsigned i = 0; i < 1000 && !frames; i++)
        rig_run(r, PS_PER_US / 10);
    i82599_tx_pause(inside(r), 100); /* a packet is on the wire */
    i82599_tx_pause(inside(r), 0);
    rig_run(r, PS_PER_S / 1000);
    CHECK_EQ_U64(r->wire.pauses, 1);
    CHECK_EQ_U64(rig_get(r, I82599_LXOFFTXC_OFFSET), 0);
    CHECK_EQ_U64(rig_get(r, I82599_LXONTXC_OFFSET), 1);
    rig_down(r);
}

/* ---- loopback ---- */

/* What the MAC sends to itself is there when its last bit is, at the rate of the link. */
static void test_a_loopback_takes_the_time_of_its_bytes(void)
{
    for (unsigned speed = 1; speed <= 10; speed += 9) {
        struct rig *r = rig_up_config(TIMING_IO, (struct i82599_config){.speed = speed}, false);
        ps_t byte_ps = speed == 1 ? 8000 : 800, sent = 0;
        uint64_t base, rx;

        rig_put(r, I82599_FCTRL_OFFSET, 1 << 10 | 1 << 9 | 1 << 8);
        rig_put(r, I82599_RXCTRL_OFFSET, 1);
        rig_put(r, I82599_DMATXCTL_OFFSET, 1);
        rig_put(r, I82599_HLREG0_OFFSET, rig_get(r, I82599_HLREG0_OFFSET) | 1 << 15);
        rig_put(r, I82599_AUTOC_OFFSET, rig_get(r, I82599_AUTOC_OFFSET) | 1);
        rx = rx_ring(r, 0, 64, 2);
        rig_put(r, RXQ(0) + 0x18, 63);
        base = ring(r, TXQ(0), 64, 0);
        rig_run(r, PS_PER_S / 1000);
        tx_fill(r, base, 0, 1, TX_DATA | 1500, 1500 << 14);
        rig_put(r, TXQ(0) + 0x18, 1);
        while (!(le32_get(rig_at(r, rx + 8)) & 1) && clock_next(&r->clock) < PS_PER_S) {
            clock_run(&r->clock, clock_next(&r->clock));
            if (!sent && inside(r)->tx.free > r->clock.now)
                sent = r->clock.now;
        }
        CHECK(sent && le32_get(rig_at(r, rx + 8)) & 1);
        CHECK(r->clock.now - sent > (8 + 1500 + 4) * byte_ps + inside(r)->p.rx_pipeline_ps);
        CHECK_EQ_U64(inside(r)->tx.free - sent, (8 + 1500 + 4 + 12) * byte_ps);
        rig_down(r);
    }
}

TEST_MAIN(test_a_queue_may_be_switched_any_number_of_times_under_a_read,
          test_forty_contexts_do_not_hold_up_the_packet_behind_them,
          test_what_waits_behind_a_full_chip_leaves_when_the_link_comes_up,
          test_a_full_chip_is_not_asked_for_more,
          test_a_queue_with_nothing_to_fetch_gives_its_turn_away,
          test_a_long_frame_finds_its_descriptors_with_short_bursts,
          test_drop_enable_lets_the_others_pass_a_frame_that_waits,
          test_reading_eicr_masks_what_eiam_names,
          test_the_pin_stays_up_when_another_cause_is_moderated,
          test_no_enabled_cause_waits_for_ever,
          test_a_reset_under_an_eeprom_access_changes_no_word,
          test_pause_frames_are_counted_when_they_leave,
          test_a_loopback_takes_the_time_of_its_bytes)
