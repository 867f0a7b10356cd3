/* SPDX-License-Identifier: Apache-2.0 */
/* Receive and transmit of the 82599 at register level: rings in memory, frames on the wire, vectors.
 * The station at the far end is this file. */
#include "i82599_rig.h"

#include "dev/packet.h"

#define RING 64
#define BUFFER 2048
#define FRAME 200

/* ---- rings ---- */

struct ring {
    unsigned q;
    uint64_t base, buffers;
    uint32_t size, next, tail; /* next: the one that software looks at next */
};

static struct ring rx_ring(struct rig *r, unsigned q, uint32_t size)
{
    uint32_t at = q < 64 ? 0x1000 + q * 0x40 : 0xd000 + (q - 64) * 0x40;
    struct ring ring = {.q = q, .size = size};

    ring.base = rig_alloc(r, size * 16);
    ring.buffers = rig_alloc(r, size * BUFFER);
    for (uint32_t i = 0; i < size; i++) {
        le64_put(rig_at(r, ring.base + i * 16), ring.buffers + i * BUFFER);
        le64_put(rig_at(r, ring.base + i * 16 + 8), 0);
    }
    rig_put(r, at + 0x00, (uint32_t)ring.base);
    rig_put(r, at + 0x04, (uint32_t)(ring.base >> 32));
    rig_put(r, at + 0x08, size * 16);
    rig_put(r, at + 0x14, BUFFER / 1024 | 1 << 25); /* SRRCTL: one buffer, advanced */
    rig_put(r, at + 0x10, 0);
    rig_put(r, at + 0x18, 0);
    rig_put(r, at + 0x28, 1 << 25);
    CHECK_EQ_U64(rig_get(r, at + 0x28) >> 25 & 1, 1);
    return ring;
}

static void rx_tail(struct rig *r, struct ring *ring, uint32_t tail)
{
    ring->tail = tail;
    rig_put(r, (ring->q < 64 ? 0x1018 : 0xd018) + (ring->q & 63) * 0x40, tail);
}

static struct ring tx_ring(struct rig *r, unsigned q, uint32_t size, uint32_t txdctl)
{
    struct ring ring = {.q = q, .size = size};
    uint32_t at = 0x6000 + q * 0x40;

    ring.base = rig_alloc(r, size * 16);
    ring.buffers = rig_alloc(r, size * BUFFER);
    rig_put(r, at + 0x00, (uint32_t)ring.base);
    rig_put(r, at + 0x04, (uint32_t)(ring.base >> 32));
    rig_put(r, at + 0x08, size * 16);
    rig_put(r, at + 0x10, 0);
    rig_put(r, at + 0x18, 0);
    rig_put(r, 0x4a80, 1); /* DMATXCTL.TE */
    rig_put(r, at + 0x28, 1 << 25 | txdctl);
    return ring;
}

static void tx_tail(struct rig *r, struct ring *ring)
{
    rig_put(r, 0x6018 + ring->q * 0x40, ring->tail);
}

static void tx_descriptor(struct rig *r, struct ring *ring, uint64_t addr, uint32_t command,
                          uint32_t info)
{
    uint8_t *d = rig_at(r, ring->base + ring->tail * 16);

    le64_put(d, addr);
    le32_put(d + 8, command);
    le32_put(d + 12, info);
    ring->tail = (ring->tail + 1) % ring->size;
}

#define TX_DATA (3u << 20 | 1u << 29 | 1u << 25)
#define TX_EOP (1u << 24)
#define TX_RS (1u << 27)
#define TX_TSE (1u << 31)
#define TX_CONTEXT (2u << 20 | 1u << 29)

static void tx_frame(struct rig *r, struct ring *ring, const uint8_t *bytes, uint32_t len)
{
    uint64_t addr = ring->buffers + ring->tail * BUFFER;

    memcpy(rig_at(r, addr), bytes, len);
    tx_descriptor(r, ring, addr, TX_DATA | TX_EOP | TX_RS | len, len << 14);
}

/* ---- the station ---- */

#define CAUGHT 4096

struct station {
    unsigned frames;
    ps_t at[CAUGHT], began[CAUGHT];
    uint32_t len[CAUGHT];
    uint8_t last[FRAME_BYTES_MAX + 8];
    uint8_t kept[8][FRAME_BYTES_MAX + 8];
    uint64_t bytes;
};

static void caught(void *owner, const struct frame *f)
{
    struct station *s = owner;

    if (s->frames < CAUGHT) {
        s->at[s->frames] = f->arrives;
        s->began[s->frames] = f->began;
        s->len[s->frames] = f->len;
    }
    if (s->frames < 8)
        memcpy(s->kept[s->frames], f->bytes, f->len);
    memcpy(s->last, f->bytes, f->len);
    s->frames++;
    s->bytes += f->len;
}

static struct rig *up(struct station *s, enum timing_level level)
{
    struct rig *r = rig_up(level);

    memset(s, 0, sizeof *s);
    wire_attach(&r->wire, WIRE_STATION, caught, s);
    rig_put(r, 0x42a0, rig_get(r, 0x42a0) | 1u << 12); /* AUTOC: restart */
    rig_run(r, PS_PER_S / 10);
    CHECK(wire_up(&r->wire));
    rig_put(r, 0x5080, 1 << 10 | 1 << 9 | 1 << 8); /* FCTRL: broadcast, promiscuous */
    rig_put(r, 0x3000, 1);                          /* RXCTRL.RXEN */
    rig_put(r, 0x4240, 0x10a02 | 1u << 1);          /* HLREG0: CRC stripped, padding */
    return r;
}

static void make(uint8_t *f, uint32_t len, uint8_t seed)
{
    static const uint8_t head[14] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1,
                                     0x88, 0xb5};

    for (uint32_t i = 0; i < len; i++)
        f[i] = (uint8_t)(seed + i * 7);
    memcpy(f, head, sizeof head);
}

static void from_wire(struct rig *r, const uint8_t *f, uint32_t len)
{
    wire_send(&r->wire, WIRE_STATION, f, len, r->clock.now, NULL);
}

static uint32_t rx_status(struct rig *r, const struct ring *ring, uint32_t i)
{
    return le32_get(rig_at(r, ring->base + i * 16 + 8));
}

static uint32_t rx_length(struct rig *r, const struct ring *ring, uint32_t i)
{
    return le16_get(rig_at(r, ring->base + i * 16 + 12));
}

/* ---- receive ---- */

static void test_a_frame_reaches_its_buffer_and_its_descriptor(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[FRAME];

    make(f, FRAME, 1);
    rx_tail(r, &ring, RING - 1);
    from_wire(r, f, FRAME);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(rx_status(r, &ring, 0) & 3, 3);
    CHECK_EQ_U64(rx_length(r, &ring, 0), FRAME);
    CHECK(memcmp(rig_at(r, ring.buffers), f, FRAME) == 0);
    CHECK_EQ_U64(rx_status(r, &ring, 1), 0);
    CHECK_EQ_U64(rig_get(r, 0x1010), 1); /* RDH */
    rig_down(r);
}

static void test_data_are_there_before_the_descriptor_says_so(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    ps_t data = 0, descriptor = 0;
    uint8_t f[1514];

    make(f, sizeof f, 9);
    rx_tail(r, &ring, RING - 1);
    rig_run(r, 10 * PS_PER_US);
    from_wire(r, f, sizeof f);
    while (!descriptor && clock_next(&r->clock) < PS_PER_S) {
        clock_run(&r->clock, clock_next(&r->clock));
        if (!data && !memcmp(rig_at(r, ring.buffers), f, sizeof f))
            data = r->clock.now;
        if (rx_status(r, &ring, 0) & 1)
            descriptor = r->clock.now;
    }
    CHECK(data && descriptor > data);
    rig_down(r);
}

static void test_a_long_frame_takes_several_descriptors(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_OFF);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[5000];

    rig_put(r, 0x4240, rig_get(r, 0x4240) | 4);  /* HLREG0.JUMBOEN */
    rig_put(r, 0x4268, 9018u << 16);             /* MAXFRS */
    make(f, sizeof f, 3);
    rx_tail(r, &ring, RING - 1);
    from_wire(r, f, sizeof f);
    rig_run(r, PS_PER_S / 1000);
    CHECK_EQ_U64(rx_status(r, &ring, 0) & 3, 1);
    CHECK_EQ_U64(rx_status(r, &ring, 1) & 3, 1);
    CHECK_EQ_U64(rx_status(r, &ring, 2) & 3, 3);
    CHECK_EQ_U64(rx_length(r, &ring, 0), BUFFER);
    CHECK_EQ_U64(rx_length(r, &ring, 2), sizeof f - 2 * BUFFER);
    CHECK(memcmp(rig_at(r, ring.buffers), f, sizeof f) == 0);
    rig_down(r);
}

static void test_the_ring_goes_around(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[FRAME];
    unsigned wrong = 0;

    rx_tail(r, &ring, RING - 1);
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t at = i % RING;

        make(f, FRAME, (uint8_t)i);
        from_wire(r, f, FRAME);
        rig_run(r, 5 * PS_PER_US);
        wrong += (rx_status(r, &ring, at) & 3) != 3;
        wrong += memcmp(rig_at(r, ring.buffers + at * BUFFER), f, FRAME) != 0;
        le64_put(rig_at(r, ring.base + at * 16), ring.buffers + at * BUFFER);
        le64_put(rig_at(r, ring.base + at * 16 + 8), 0);
        rx_tail(r, &ring, at);
    }
    CHECK_EQ_U64(wrong, 0);
    rig_down(r);
}

static void test_without_descriptors_the_buffer_fills_then_drops_are_counted(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint32_t missed;
    uint8_t f[1514];

    (void)ring;
    make(f, sizeof f, 0);
    for (unsigned i = 0; i < 600; i++) {
        from_wire(r, f, sizeof f);
        rig_run(r, 2 * PS_PER_US);
    }
    missed = (uint32_t)rig_get(r, 0x3fa0); /* RXMPC[0] */
    CHECK(missed > 200 && missed < 300); /* 512 KiB hold some 340 such frames */
    CHECK_EQ_U64(rig_get(r, 0x3fa0), 0); /* cleared by the read */
    rx_tail(r, &ring, RING - 1);
    rig_run(r, 200 * PS_PER_US);
    CHECK_EQ_U64(rx_status(r, &ring, RING - 2) & 3, 3);
    rig_down(r);
}

/* One XOFF at the high threshold, another each FCTTV - FCRTV quanta of 51.2 ns while the buffer is not
 * below the low one, one XON as soon as it is. */
static void test_a_pause_is_held_on_until_the_buffer_is_below_the_low_threshold(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[1514];

    rig_put(r, 0x3d00, 1 << 3);            /* FCCFG: 802.3x */
    rig_put(r, 0x3220, 1u << 31 | 0x1000); /* FCRTL, XON */
    rig_put(r, 0x3260, 1u << 31 | 0x8000); /* FCRTH: 32 KiB */
    rig_put(r, 0x3200, 0x1000);            /* FCTTV: 209.7 us */
    rig_put(r, 0x32a0, 0x400);             /* FCRTV: with 52.4 us of them left */
    make(f, sizeof f, 0);
    for (unsigned i = 0; i < 30; i++)
        from_wire(r, f, sizeof f);
    rig_run(r, 50 * PS_PER_US);
    CHECK_EQ_U64(r->wire.pauses, 1);
    rig_run(r, 150 * PS_PER_US);
    CHECK_EQ_U64(r->wire.pauses, 2);
    rig_run(r, 1573 * PS_PER_US); /* ten more of 157.3 us */
    CHECK_EQ_U64(r->wire.pauses, 12);
    rx_tail(r, &ring, 12); /* some 18 KB are left: between the thresholds */
    rig_run(r, 158 * PS_PER_US);
    CHECK_EQ_U64(r->wire.pauses, 13);
    CHECK(r->wire.paused_until > r->clock.now);
    rx_tail(r, &ring, RING - 1);
    rig_run(r, 20 * PS_PER_US);
    CHECK(r->wire.paused_until <= r->clock.now);
    rig_run(r, PS_PER_S / 100);
    CHECK_EQ_U64(r->wire.pauses, 14);
    CHECK_EQ_U64(rig_get(r, 0x3f60), 1);  /* LXONTXC */
    CHECK_EQ_U64(rig_get(r, 0x3f68), 13); /* LXOFFTXC */
    rig_down(r);
}

static void test_a_queue_that_drops_does_not_hold_up_the_others(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[FRAME];

    make(f, FRAME, 0);
    rig_put(r, 0x1014, rig_get(r, 0x1014) | 1u << 28); /* SRRCTL.DROP_EN */
    for (unsigned i = 0; i < 10; i++)
        from_wire(r, f, FRAME);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(rig_get(r, 0x3fa0), 0);
    CHECK_EQ_U64(rig_get(r, 0x1430), 10); /* QPRDC[0] */
    rx_tail(r, &ring, RING - 1);
    from_wire(r, f, FRAME);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(rx_status(r, &ring, 0) & 3, 3);
    rig_down(r);
}

static void test_a_vlan_tag_goes_into_the_descriptor(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[FRAME], *b;

    make(f, FRAME, 5);
    f[12] = 0x81;
    f[13] = 0x00;
    f[14] = 0x20;
    f[15] = 0x2a;
    rig_put(r, 0x1028, 1u << 25 | 1u << 30); /* RXDCTL.VME */
    rx_tail(r, &ring, RING - 1);
    from_wire(r, f, FRAME);
    rig_run(r, 100 * PS_PER_US);
    b = rig_at(r, ring.buffers);
    CHECK_EQ_U64(rx_status(r, &ring, 0) & 0xb, 0xb);
    CHECK_EQ_U64(rx_length(r, &ring, 0), FRAME - 4);
    CHECK_EQ_U64(le16_get(rig_at(r, ring.base + 14)), 0x202a);
    CHECK(memcmp(b, f, 12) == 0 && memcmp(b + 12, f + 16, FRAME - 16) == 0);
    rig_down(r);
}

static void test_descriptors_of_frames_that_wait_are_written_back_together(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[60];

    make(f, sizeof f, 0);
    for (unsigned i = 0; i < 40; i++)
        from_wire(r, f, sizeof f); /* they wait: no descriptor yet */
    rig_run(r, 20 * PS_PER_US);
    rx_tail(r, &ring, RING - 1);
    rig_run(r, 20 * PS_PER_US);
    CHECK_EQ_U64(rx_status(r, &ring, 39) & 3, 3);
    rig_down(r);
}

/* ---- transmit ---- */

static void test_a_packet_leaves_and_its_status_is_written_back(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = tx_ring(r, 0, RING, 0);
    uint8_t f[FRAME];

    make(f, FRAME, 2);
    tx_frame(r, &ring, f, FRAME);
    tx_tail(r, &ring);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(s.frames, 1);
    CHECK_EQ_U64(s.len[0], FRAME);
    CHECK(memcmp(s.last, f, FRAME) == 0);
    CHECK_EQ_U64(le32_get(rig_at(r, ring.base + 12)) & 1, 1);
    CHECK_EQ_U64(rig_get(r, 0x6010), 1); /* TDH */
    rig_down(r);
}

static void test_a_packet_in_pieces_is_one_frame(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = tx_ring(r, 5, RING, 0);
    uint8_t f[1514];

    make(f, sizeof f, 2);
    memcpy(rig_at(r, ring.buffers + 3), f, sizeof f);
    tx_descriptor(r, &ring, ring.buffers + 3, TX_DATA | 14, sizeof f << 14);
    tx_descriptor(r, &ring, ring.buffers + 3 + 14, TX_DATA | 0, sizeof f << 14);
    tx_descriptor(r, &ring, ring.buffers + 3 + 14, TX_DATA | 1000, sizeof f << 14);
    tx_descriptor(r, &ring, ring.buffers + 3 + 1014, TX_DATA | TX_EOP | TX_RS | 500,
                  sizeof f << 14);
    tx_tail(r, &ring);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(s.frames, 1);
    CHECK_EQ_U64(s.len[0], sizeof f);
    CHECK(memcmp(s.last, f, sizeof f) == 0);
    CHECK_EQ_U64(le32_get(rig_at(r, ring.base + 12)) & 1, 0); /* no RS, no status */
    CHECK_EQ_U64(le32_get(rig_at(r, ring.base + 3 * 16 + 12)) & 1, 1);
    rig_down(r);
}

static void test_small_frames_leave_at_line_rate(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = tx_ring(r, 0, 1024, 32u | 1u << 8);
    ps_t gap;
    uint8_t f[60];

    make(f, sizeof f, 0);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t addr = ring.buffers + (i % 16) * 64;

        memcpy(rig_at(r, addr), f, sizeof f);
        tx_descriptor(r, &ring, addr, TX_DATA | TX_EOP | (i % 32 ? 0 : TX_RS) | 60, 60u << 14);
    }
    tx_tail(r, &ring);
    rig_run(r, PS_PER_S / 1000);
    CHECK_EQ_U64(s.frames, 1000);
    gap = (s.at[999] - s.at[499]) / 500;
    CHECK(gap >= 67200 && gap < 68000);
    rig_down(r);
}

/* An Ethernet, IPv4, TCP header with these lengths; returns its bytes. */
static uint32_t tcp_header(uint8_t *f, uint32_t payload)
{
    static const uint8_t head[54] = {
        2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
        0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1,
        0x30, 0x39, 0, 80, 0, 0, 0x10, 0, 0, 0, 0, 1, 0x50, 0x19, 0x20, 0, 0, 0, 0, 0,
    };

    memcpy(f, head, sizeof head);
    f[16] = (uint8_t)((payload + 40) >> 8);
    f[17] = (uint8_t)(payload + 40);
    return sizeof head;
}

static void tx_context(struct rig *r, struct ring *ring, uint32_t mss)
{
    uint8_t *d = rig_at(r, ring->base + ring->tail * 16);

    le32_put(d, 20 | 14u << 9);
    le32_put(d + 4, 0);
    le32_put(d + 8, TX_CONTEXT | 1u << 10 | 1u << 11);
    le32_put(d + 12, 20u << 8 | mss << 16);
    ring->tail = (ring->tail + 1) % ring->size;
}

static void test_a_tso_is_cut_into_segments_with_sound_checksums(void)
{
    static struct station s;
    static uint8_t f[70000];
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = tx_ring(r, 0, RING, 0);
    uint32_t payload = 64000, header = tcp_header(f, 0), got = 0, mss = 1448;
    uint64_t big = rig_alloc(r, sizeof f);
    uint16_t sum;

    for (uint32_t i = 0; i < payload; i++)
        f[header + i] = (uint8_t)(i * 13 + (i >> 8));
    /* The driver leaves the pseudo header's sum without the length. */
    f[16] = f[17] = 0;
    sum = packet_pseudo_sum(f + 14, 4, 6, 0);
    f[50] = (uint8_t)(sum >> 8);
    f[51] = (uint8_t)sum;
    memcpy(rig_at(r, big), f, header + payload);
    tx_context(r, &ring, mss);
    tx_descriptor(r, &ring, big, TX_DATA | TX_TSE | header, payload << 14 | 3u << 8);
    for (uint32_t at = 0; at < payload; at += 16000)
        tx_descriptor(r, &ring, big + header + at,
                      TX_DATA | TX_TSE | 16000 | (at + 16000 >= payload ? TX_EOP | TX_RS : 0),
                      payload << 14 | 3u << 8);
    tx_tail(r, &ring);
    rig_run(r, PS_PER_S / 1000);
    CHECK_EQ_U64(s.frames, (payload + mss - 1) / mss);
    for (unsigned i = 0; i < 8 && i < s.frames; i++) {
        struct packet p;

        packet_parse(&p, s.kept[i], s.len[i]);
        CHECK_EQ_U64(packet_check_ip(&p, s.kept[i]), PACKET_GOOD);
        CHECK_EQ_U64(packet_check_l4(&p, s.kept[i]), PACKET_GOOD);
        CHECK_EQ_U64(p.tcp_seq, 0x1000 + i * mss);
        CHECK(memcmp(s.kept[i] + header, f + header + i * mss, mss) == 0);
        CHECK_EQ_U64(p.tcp_flags & 0x09, 0); /* FIN and PSH only on the last */
    }
    for (unsigned i = 0; i < s.frames; i++)
        got += s.len[i] - header;
    CHECK_EQ_U64(got, payload);
    CHECK_EQ_U64(s.last[47] & 0x09, 0x09);
    CHECK_EQ_U64(le32_get(rig_at(r, ring.base + 5 * 16 + 12)) & 1, 1);
    rig_down(r);
}

static void test_nonsense_tso_sends_nothing_and_is_done_with(void)
{
    static const uint32_t wrong[][3] = { /* MSS, header lengths, payload */
        {0, 20u | 14u << 9, 3000}, {1448, 0, 3000}, {65535, 20u | 14u << 9, 3000},
        {1448, 511u | 127u << 9, 3000}, {1, 20u | 14u << 9, 0}, {1448, 20u | 14u << 9, 0x3ffff},
    };
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = tx_ring(r, 0, RING, 0);
    uint8_t f[FRAME];

    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t *d = rig_at(r, ring.base + ring.tail * 16);
        uint32_t at = (ring.tail + 1) % RING;

        tx_context(r, &ring, wrong[i][0]);
        le32_put(d, wrong[i][1]);
        tx_descriptor(r, &ring, ring.buffers, TX_DATA | TX_TSE | TX_EOP | TX_RS | 1000,
                      wrong[i][2] << 14);
        tx_tail(r, &ring);
        rig_run(r, 100 * PS_PER_US);
        CHECK_EQ_U64(le32_get(rig_at(r, ring.base + at * 16 + 12)) & 1, 1);
    }
    s.frames = 0;
    make(f, FRAME, 7);
    tx_frame(r, &ring, f, FRAME);
    tx_tail(r, &ring);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(s.frames, 1);
    CHECK(memcmp(s.last, f, FRAME) == 0);
    rig_down(r);
}

static void test_a_frame_too_long_is_swallowed(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = tx_ring(r, 0, RING, 0);
    uint8_t f[FRAME];

    for (unsigned i = 0; i < 8; i++)
        tx_descriptor(r, &ring, ring.buffers, TX_DATA | 65535 | (i == 7 ? TX_EOP | TX_RS : 0), 0);
    make(f, FRAME, 7);
    tx_frame(r, &ring, f, FRAME);
    tx_tail(r, &ring);
    rig_run(r, PS_PER_S / 100);
    CHECK_EQ_U64(s.frames, 1);
    CHECK(memcmp(s.last, f, FRAME) == 0);
    CHECK_EQ_U64(le32_get(rig_at(r, ring.base + 7 * 16 + 12)) & 1, 1);
    rig_down(r);
}

static void test_wthresh_holds_statuses_until_there_are_enough(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = tx_ring(r, 0, RING, 4u << 16);
    uint8_t f[FRAME];

    make(f, FRAME, 7);
    for (unsigned i = 0; i < 4; i++) {
        tx_frame(r, &ring, f, FRAME);
        tx_tail(r, &ring);
        rig_run(r, 20 * PS_PER_US);
        CHECK_EQ_U64(le32_get(rig_at(r, ring.base + 12)) & 1, i == 3);
    }
    CHECK_EQ_U64(le32_get(rig_at(r, ring.base + 3 * 16 + 12)) & 1, 1);
    rig_down(r);
}

/* ---- interrupts ---- */

#define EICR 0x0800
#define EITR0 0x0820
#define EIMS 0x0880
#define EIMC 0x0888
#define GPIE 0x0898
#define EIAM 0x0890
#define EIAC 0x0810

static void test_eitr_caps_the_interrupt_rate_at_exactly_its_setting(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    ps_t began;
    uint8_t f[60];

    make(f, sizeof f, 0);
    rig_put(r, GPIE, 0x10);    /* MSI-X */
    rig_put(r, EIAC, 1);
    rig_put(r, 0x900, 0x80);   /* IVAR[0]: receive queue 0 to vector 0 */
    rig_put(r, EITR0, 50 << 3 | 1u << 31);
    rig_put(r, EIMS, 1);
    rx_tail(r, &ring, RING - 1);
    began = r->clock.now;
    for (unsigned i = 0; r->clock.now < began + 10 * PS_PER_S / 1000; i++) {
        from_wire(r, f, sizeof f);
        rig_run(r, PS_PER_US);
        rx_tail(r, &ring, (ring.tail + 1) % RING);
    }
    /* 10 ms in steps of 102.4 us; the first at once. */
    CHECK_EQ_U64(r->msis[0], 98);
    rig_down(r);
}

static void test_a_masked_cause_waits_for_its_mask(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[60];

    make(f, sizeof f, 0);
    rig_put(r, GPIE, 0x10);
    rig_put(r, EIAC, 1);
    rig_put(r, 0x900, 0x80);
    rx_tail(r, &ring, RING - 1);
    from_wire(r, f, sizeof f);
    rig_run(r, 50 * PS_PER_US);
    CHECK_EQ_U64(r->msis[0], 0);
    rig_put(r, EIMS, 1);
    rig_run(r, 50 * PS_PER_US);
    CHECK_EQ_U64(r->msis[0], 1);
    rig_put(r, EIMC, 1);
    rig_put(r, EIMS, 1);
    rig_run(r, 50 * PS_PER_US);
    CHECK_EQ_U64(r->msis[0], 1); /* the cause went with the message */
    rig_down(r);
}

static void test_auto_mask_lets_one_message_through(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[60];

    make(f, sizeof f, 0);
    rig_put(r, GPIE, 0x10 | 1u << 30); /* EIAME */
    rig_put(r, EIAC, 1);
    rig_put(r, EIAM, 1);
    rig_put(r, 0x900, 0x80);
    rig_put(r, EIMS, 1);
    rx_tail(r, &ring, RING - 1);
    for (unsigned i = 0; i < 5; i++) {
        from_wire(r, f, sizeof f);
        rig_run(r, 50 * PS_PER_US);
    }
    CHECK_EQ_U64(r->msis[0], 1);
    CHECK_EQ_U64(rig_get(r, EIMS) & 1, 0);
    rig_put(r, EIMS, 1);
    rig_run(r, 50 * PS_PER_US);
    CHECK_EQ_U64(r->msis[0], 2);
    rig_down(r);
}

/* ---- hostile rings ---- */

static void test_rings_and_buffers_outside_memory_hurt_nobody(void)
{
    static const uint64_t bad[] = {0, RIG_ROM, RIG_MSI, RIG_BAR0, UINT64_C(0xfffffffffffff000),
                                   UINT64_C(0xdead0000000)};
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring, tx;
    uint8_t f[FRAME];

    make(f, FRAME, 1);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ring = rx_ring(r, 0, RING);
        tx = tx_ring(r, 0, RING, 0);
        for (uint32_t d = 0; d < RING; d++)
            le64_put(rig_at(r, ring.base + d * 16), bad[i]);
        rx_tail(r, &ring, RING - 1);
        from_wire(r, f, FRAME);
        tx_descriptor(r, &tx, bad[i], TX_DATA | TX_EOP | TX_RS | 1000, 1000u << 14);
        tx_tail(r, &tx);
        rig_run(r, 100 * PS_PER_US);
        rig_put(r, 0x1028, 0);
        rig_put(r, 0x1000, (uint32_t)bad[i]);
        rig_put(r, 0x1004, (uint32_t)(bad[i] >> 32));
        rig_put(r, 0x1028, 1 << 25);
        rig_put(r, 0x1018, RING - 1);
        rig_put(r, 0x6028, 0);
        rig_put(r, 0x6000, (uint32_t)bad[i]);
        rig_put(r, 0x6004, (uint32_t)(bad[i] >> 32));
        rig_put(r, 0x6028, 1 << 25);
        rig_put(r, 0x6018, 13);
        from_wire(r, f, FRAME);
        rig_run(r, 100 * PS_PER_US);
        rig_put(r, 0x1028, 0);
        rig_put(r, 0x6028, 0);
    }
    ring = rx_ring(r, 0, RING);
    rx_tail(r, &ring, RING - 1);
    from_wire(r, f, FRAME);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(rx_status(r, &ring, 0) & 3, 3);
    rig_down(r);
}

static void test_tails_and_lengths_beyond_sense_hurt_nobody(void)
{
    static struct station s;
    struct rig *r = up(&s, TIMING_IO);
    struct ring ring = rx_ring(r, 0, RING);
    uint8_t f[FRAME];

    make(f, FRAME, 1);
    rx_tail(r, &ring, 0xffff);
    from_wire(r, f, FRAME);
    rig_run(r, 100 * PS_PER_US);
    rx_tail(r, &ring, 10);
    rig_put(r, 0x1008, 0); /* the length while enabled */
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(rx_status(r, &ring, 0) & 3, 3);
    rig_put(r, 0x1028, 0);
    rig_put(r, 0x1028, 1 << 25); /* a ring of no length */
    rx_tail(r, &ring, 3);
    from_wire(r, f, FRAME);
    rig_run(r, 100 * PS_PER_US);
    rig_put(r, 0x6028, 1 << 25);
    rig_put(r, 0x6018, 0xffff);
    rig_run(r, 100 * PS_PER_US);
    rig_down(r);
}

TEST_MAIN(test_a_frame_reaches_its_buffer_and_its_descriptor,
          test_data_are_there_before_the_descriptor_says_so,
          test_a_long_frame_takes_several_descriptors, test_the_ring_goes_around,
          test_without_descriptors_the_buffer_fills_then_drops_are_counted,
          test_a_pause_is_held_on_until_the_buffer_is_below_the_low_threshold,
          test_a_queue_that_drops_does_not_hold_up_the_others,
          test_a_vlan_tag_goes_into_the_descriptor,
          test_descriptors_of_frames_that_wait_are_written_back_together,
          test_a_packet_leaves_and_its_status_is_written_back, test_a_packet_in_pieces_is_one_frame,
          test_small_frames_leave_at_line_rate,
          test_a_tso_is_cut_into_segments_with_sound_checksums,
          test_nonsense_tso_sends_nothing_and_is_done_with, test_a_frame_too_long_is_swallowed,
          test_wthresh_holds_statuses_until_there_are_enough,
          test_eitr_caps_the_interrupt_rate_at_exactly_its_setting,
          test_a_masked_cause_waits_for_its_mask, test_auto_mask_lets_one_message_through,
          test_rings_and_buffers_outside_memory_hurt_nobody,
          test_tails_and_lengths_beyond_sense_hurt_nobody)
