/* SPDX-License-Identifier: Apache-2.0 */
/* Receive side coalescing: TCP segments on the wire, large packets in memory, put together from
 * descriptors as ixgbe does it (RSCCNT, NEXTP). */
#include "tests/dev/i82599_rig.h"

#include "dev/packet.h"
#include "dev/packet_bytes.h"
#include "sim/random.h"
#include "sim/state.h"

#define RING_MAX 256
#define PACKET_MAX 66000
#define HEAD 66 /* Ethernet, IPv4, TCP with a time stamp */

#define ACK 0x10
#define PSH 0x08

/* ---- the driver ---- */

struct packet_got {
    uint32_t len, descriptors;
    uint32_t appended; /* sum of RSCCNT - 1: segments; 0: it was not coalesced */
    uint32_t info, status;
    uint16_t vlan;
    uint64_t first; /* its first buffer: kept to the end, for the header may still change */
    uint32_t first_len;
    uint8_t bytes[PACKET_MAX];
};

struct ring {
    uint64_t base;
    uint32_t size, buffer, next, tail;
    uint64_t given[RING_MAX];    /* buffers by index */
    uint64_t spare[2 * RING_MAX]; /* the others */
    unsigned spares;
    struct packet_got *growing[RING_MAX]; /* by the index at which it goes on */
    struct packet_got *got;
    void (*deliver)(struct rig *r, struct packet_got *p);
    unsigned packets, segments;
    unsigned chained; /* descriptors that were not the last of their packet */
};

static struct ring ring;

static void give(struct rig *r, uint32_t i)
{
    uint8_t *d = rig_at(r, ring.base + i * 16);

    CHECK(ring.spares > 0);
    ring.given[i] = ring.spare[--ring.spares];
    le64_put(d, ring.given[i]);
    le64_put(d + 8, 0);
}

static void ring_up(struct rig *r, uint32_t size, uint32_t buffer, uint32_t rscctl)
{
    memset(&ring, 0, sizeof ring);
    ring.size = size;
    ring.buffer = buffer;
    ring.base = rig_alloc(r, size * 16);
    for (uint32_t i = 0; i < 2 * size; i++)
        ring.spare[ring.spares++] = rig_alloc(r, buffer);
    for (uint32_t i = 0; i < size; i++)
        give(r, i);
    rig_put(r, 0x1000, (uint32_t)ring.base);
    rig_put(r, 0x1008, size * 16);
    rig_put(r, 0x1014, buffer / 1024 | 1 << 25); /* SRRCTL: one buffer, advanced */
    rig_put(r, 0x102c, rscctl);
    rig_put(r, 0x1028, 1 << 25);
    ring.tail = size - 1;
    rig_put(r, 0x1018, ring.tail);
}

static struct rig *up(uint32_t size, uint32_t buffer, uint32_t rscctl)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_link_up(r);
    rig_put(r, 0x5080, 1 << 10 | 1 << 9 | 1 << 8); /* FCTRL: all */
    rig_put(r, 0x4240, 0x2);                        /* HLREG0: the check sequence is stripped */
    rig_put(r, 0xea00, 0x10);                       /* PSRTYPE.TCPHDR */
    rig_put(r, 0x0900, 0x80);                       /* IVAR: receive queue 0 to vector 0 */
    rig_put(r, 0x3000, 1);
    ring_up(r, size, buffer, rscctl);
    rig_run(r, 100 * PS_PER_US);
    return r;
}

static void down(struct rig *r)
{
    for (unsigned i = 0; i < RING_MAX; i++)
        free(ring.growing[i]);
    free(ring.got);
    rig_down(r);
}

/* The packet is whole. */
static void finish(struct rig *r, struct packet_got *p)
{
    memcpy(p->bytes, rig_at(r, p->first), p->first_len);
    ring.spare[ring.spares++] = p->first;
    ring.packets++;
    ring.segments += p->appended ? p->appended : 1;
    if (ring.deliver)
        ring.deliver(r, p);
    free(ring.got);
    ring.got = p;
}

/* The buffer of the descriptor that is next, to its packet. */
static struct packet_got *take(struct rig *r, uint32_t len)
{
    struct packet_got *p = ring.growing[ring.next];
    uint64_t buffer = ring.given[ring.next];

    ring.growing[ring.next] = NULL;
    if (!p) {
        p = xcalloc(1, sizeof *p);
        p->first = buffer;
        p->first_len = len;
    } else {
        ring.spare[ring.spares++] = buffer;
    }
    CHECK(len <= ring.buffer && p->len + len <= PACKET_MAX);
    memcpy(p->bytes + p->len, rig_at(r, buffer), len);
    p->len += len;
    p->descriptors++;
    return p;
}

/* Takes what has been written back; keeps the latest packet in ring.got. */
static void poll(struct rig *r)
{
    while (le16_get(rig_at(r, ring.base + ring.next * 16 + 12))) {
        const uint8_t *d = rig_at(r, ring.base + ring.next * 16);
        uint32_t count, next = (ring.next + 1) % ring.size;
        struct packet_got *p = take(r, le16_get(d + 12));

        p->info = le32_get(d);
        p->status = le32_get(d + 8);
        p->vlan = le16_get(d + 14);
        CHECK(p->status & 1);
        count = p->info >> 17 & 15;
        if (count) {
            p->appended += count - 1;
            if (!(p->status & 2))
                next = p->status >> 4 & 0xffff;
        }
        give(r, ring.next);
        ring.next = (ring.next + 1) % ring.size;
        if (p->status & 2) {
            finish(r, p);
        } else {
            ring.chained++;
            CHECK(next < ring.size && !ring.growing[next % ring.size]);
            ring.growing[next % ring.size] = p;
        }
    }
}

static void refill(struct rig *r)
{
    uint32_t tail = (ring.next + ring.size - 1) % ring.size;

    if (tail != ring.tail)
        rig_put(r, 0x1018, ring.tail = tail);
}

static void wait(struct rig *r, ps_t time)
{
    rig_run(r, time);
    poll(r);
    refill(r);
}

/* ---- the sender ---- */

struct segment {
    uint16_t port; /* of the source: the flow */
    uint32_t seq, ack, len, stamp; /* stamp 0: no option */
    uint8_t flags, tos;
    uint16_t window, tag;
};

static uint8_t pattern(uint16_t port, uint32_t seq)
{
    return (uint8_t)(seq * 31 + (seq >> 8) * 7 + port);
}

static uint8_t frame[FRAME_BYTES_MAX];

static uint32_t make(const struct segment *s)
{
    uint32_t at = s->tag ? 18 : 14, header = s->stamp ? 32 : 20;
    uint8_t *ip = frame + at, *tcp = ip + 20;

    memset(frame, 0, at + 20 + header);
    frame[0] = 2;
    be16_put(frame + 12, s->tag ? 0x8100 : 0x0800);
    if (s->tag) {
        be16_put(frame + 14, s->tag);
        be16_put(frame + 16, 0x0800);
    }
    ip[0] = 0x45;
    ip[1] = s->tos;
    be16_put(ip + 2, (uint16_t)(20 + header + s->len));
    ip[8] = 64;
    ip[9] = IP_TCP;
    memcpy(ip + 12, "\x0a\0\0\2\x0a\0\0\1", 8);
    be16_put(ip + 10, (uint16_t)~packet_sum(ip, 20));
    be16_put(tcp, s->port);
    be16_put(tcp + 2, 5201);
    be32_put(tcp + 4, s->seq);
    be32_put(tcp + 8, s->ack);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = s->flags;
    be16_put(tcp + 14, s->window);
    if (s->stamp) {
        be32_put(tcp + 20, 0x0101080a);
        be32_put(tcp + 24, s->stamp);
        be32_put(tcp + 28, s->stamp + 1);
    }
    for (uint32_t i = 0; i < s->len; i++)
        tcp[header + i] = pattern(s->port, s->seq + i);
    be16_put(tcp + 16, (uint16_t)~packet_sum_add(packet_pseudo_sum(ip, 4, IP_TCP, header + s->len),
                                                 packet_sum(tcp, header + s->len)));
    return at + 20 + header + s->len;
}

static void send_frame(struct rig *r, uint32_t len)
{
    wire_send(&r->wire, WIRE_STATION, frame, len, r->clock.now, NULL);
}

static void send(struct rig *r, struct segment s)
{
    send_frame(r, make(&s));
}

/* Segment `i` of a stream of segments of 1448 bytes. */
static struct segment nth(uint32_t i, uint8_t flags)
{
    return (struct segment){.port = 40000, .seq = 0xfffff000 + i * 1448, .ack = 77 + i,
                            .len = 1448, .stamp = 5000 + i, .flags = ACK | flags,
                            .window = (uint16_t)(100 + i)};
}

/* A packet that was coalesced from segments first, ... of nth(). */
static void check_packet(const struct packet_got *got, uint32_t first, uint32_t count,
                         uint8_t flags)
{
    struct segment last = nth(first + count - 1, flags);
    struct packet p;
    unsigned wrong = 0;

    CHECK(got != NULL);
    if (!got)
        return;
    packet_parse(&p, got->bytes, got->len);
    CHECK_EQ_U64(got->len, HEAD + count * 1448);
    CHECK_EQ_U64(got->appended, count > 1 ? count : got->descriptors > 1);
    CHECK_EQ_U64(p.ip, 4);
    CHECK_EQ_U64(p.ip_end, got->len);
    CHECK_EQ_U64(packet_check_ip(&p, got->bytes), PACKET_GOOD);
    CHECK_EQ_U64(p.tcp_seq, nth(first, 0).seq);
    CHECK_EQ_U64(p.tcp_ack, last.ack);
    CHECK_EQ_U64(p.tcp_flags, ACK | flags);
    CHECK_EQ_U64(be16_get(got->bytes + 34 + 14), last.window);
    CHECK_EQ_U64(be32_get(got->bytes + 34 + 24), last.stamp);
    CHECK_EQ_U64(be32_get(got->bytes + 34 + 28), last.stamp + 1);
    for (uint32_t i = 0; i < count * 1448 && HEAD + i < got->len; i++)
        wrong += got->bytes[HEAD + i] != pattern(40000, nth(first, 0).seq + i);
    CHECK_EQ_U64(wrong, 0);
    CHECK_EQ_U64(got->status & 0x63, 0x63); /* DD, EOP, both checksums looked at */
    CHECK_EQ_U64(got->status >> 20, 0);
}

#define RSC_16 (1 | 3 << 2)
#define GPIE 0x0898
#define LONG_TIME (7 << 11) /* RSC_DELAY: 32 us */

/* ---- tests ---- */

static void test_segments_in_order_become_one_packet(void)
{
    struct rig *r = up(64, 3072, RSC_16);

    rig_put(r, GPIE, LONG_TIME);
    for (uint32_t i = 0; i < 5; i++)
        send(r, nth(i, i == 4 ? PSH : 0));
    wait(r, 20 * PS_PER_US);
    CHECK_EQ_U64(ring.packets, 1);
    check_packet(ring.got, 0, 5, PSH);
    CHECK_EQ_U64(ring.got->descriptors, 3);
    CHECK_EQ_U64(rig_get(r, 0x1010), 3); /* RDH */
    CHECK_EQ_U64(r->msis[0], 0);         /* masked */
    down(r);
}

static void test_without_it_each_goes_alone(void)
{
    for (unsigned how = 0; how < 3; how++) {
        struct rig *r = up(64, 3072, how == 0 ? 0 : RSC_16);

        if (how == 1)
            rig_put(r, 0x5008, 1 << 5); /* RFCTL.RSC_DIS */
        if (how == 2)
            rig_put(r, 0xea00, 0); /* TCP headers are not recognized */
        for (uint32_t i = 0; i < 5; i++)
            send(r, nth(i, i == 4 ? PSH : 0));
        wait(r, 100 * PS_PER_US);
        CHECK_EQ_U64(ring.packets, 5);
        check_packet(ring.got, 4, 1, PSH);
        down(r);
    }
}

static void test_push_ends_and_does_not_begin(void)
{
    struct rig *r = up(64, 3072, RSC_16);

    send(r, nth(0, PSH));
    wait(r, 3 * PS_PER_US); /* at once: no waiting for company */
    CHECK_EQ_U64(ring.packets, 1);
    check_packet(ring.got, 0, 1, PSH);
    send(r, nth(1, 0));
    send(r, nth(2, PSH));
    send(r, nth(3, 0));
    wait(r, 100 * PS_PER_US);
    CHECK_EQ_U64(ring.packets, 3);
    check_packet(ring.got, 3, 1, 0);
    down(r);
}

static void test_a_gap_ends_it_and_begins_another(void)
{
    struct rig *r = up(64, 3072, RSC_16);

    send(r, nth(0, 0));
    send(r, nth(1, 0));
    send(r, nth(3, 0));
    send(r, nth(4, PSH));
    wait(r, 100 * PS_PER_US);
    CHECK_EQ_U64(ring.packets, 2);
    CHECK_EQ_U64(ring.segments, 4);
    check_packet(ring.got, 3, 2, PSH);
    down(r);
}

/* What may not be coalesced goes alone, in its place: what came before it, before it. */
static void test_others_of_the_flow_end_it_and_go_alone(void)
{
    static const struct segment kinds[] = {
        {.flags = ACK | 0x01, .len = 1448, .stamp = 1}, /* FIN */
        {.flags = ACK | 0x02, .len = 1448, .stamp = 1},
        {.flags = ACK | 0x04, .len = 1448, .stamp = 1},
        {.flags = ACK | 0x20, .len = 1448, .stamp = 1},
        {.flags = ACK | 0x40, .len = 1448, .stamp = 1},
        {.flags = ACK | 0x80, .len = 1448, .stamp = 1},
        {.flags = 0, .len = 1448, .stamp = 1},
        {.flags = ACK, .len = 0, .stamp = 1},              /* an acknowledgment alone */
        {.flags = ACK, .len = 1448, .stamp = 1, .tos = 3}, /* congestion experienced */
    };

    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        struct rig *r = up(64, 3072, RSC_16);
        struct segment s = kinds[i];

        s.port = 40000;
        s.seq = nth(2, 0).seq;
        send(r, nth(0, 0));
        send(r, nth(1, 0));
        wait(r, 4 * PS_PER_US);
        CHECK_EQ_U64(ring.packets, 0);
        send(r, s);
        rig_run(r, 4 * PS_PER_US);
        poll(r);
        CHECK_EQ_U64(ring.packets, 2);
        CHECK_EQ_U64(ring.got->appended, 0);
        CHECK_EQ_U64(ring.got->len, u64_max(HEAD + s.len, 60));
        CHECK_EQ_U64(ring.segments, 3);
        down(r);
    }
}

static void test_a_different_shape_begins_another(void)
{
    for (unsigned how = 0; how < 4; how++) {
        struct rig *r = up(64, 3072, RSC_16);
        struct segment first = nth(0, 0), s = nth(1, PSH);

        if (how == 0)
            s.stamp = 0; /* no option any more */
        else if (how == 1)
            s.tos = 4;
        else
            s.tag = 5; /* another VLAN */
        if (how == 3)
            first.tag = 6;
        send(r, first);
        send(r, s);
        wait(r, 100 * PS_PER_US);
        CHECK_EQ_U64(ring.packets, 2);
        CHECK_EQ_U64(ring.segments, 2);
        down(r);
    }
}

static void test_bad_checksums_are_not_coalesced(void)
{
    for (unsigned how = 0; how < 2; how++) {
        struct rig *r = up(64, 3072, RSC_16);
        struct segment s = nth(1, 0);
        uint32_t len;

        send(r, nth(0, 0));
        len = make(&s);
        frame[how ? 14 + 10 : 34 + 16] ^= 1;
        send_frame(r, len);
        wait(r, 100 * PS_PER_US);
        CHECK_EQ_U64(ring.packets, 2);
        CHECK_EQ_U64(ring.got->appended, 0);
        CHECK_EQ_U64(ring.got->status >> 30, how ? 2 : 1);
        down(r);
    }
}

/* IPv4 options, fragments, IPv6, UDP. */
static void test_only_plain_tcp_over_ipv4(void)
{
    for (unsigned how = 0; how < 3; how++) {
        struct rig *r = up(64, 3072, RSC_16);
        uint8_t *ip = frame + 14;

        for (uint32_t i = 0; i < 2; i++) {
            struct segment s = nth(i, 0);
            uint32_t len = make(&s);

            if (how == 0)
                be16_put(ip + 6, 0x2000);
            else if (how == 1)
                ip[9] = IP_UDP;
            else
                be16_put(frame + 12, 0x86dd);
            be16_put(ip + 10, 0);
            be16_put(ip + 10, (uint16_t)~packet_sum(ip, 20));
            send_frame(r, len);
        }
        wait(r, 100 * PS_PER_US);
        CHECK_EQ_U64(ring.packets, 2);
        CHECK_EQ_U64(ring.got->appended, 0);
        down(r);
    }
}

static void test_time_ends_it(void)
{
    struct rig *r = up(64, 3072, RSC_16);
    ps_t sent, done;

    send(r, nth(0, 0));
    send(r, nth(1, 0));
    sent = r->clock.now;
    while (!ring.packets && r->clock.now < sent + PS_PER_S / 1000)
        wait(r, PS_PER_US / 10);
    done = r->clock.now - sent;
    CHECK(done > 5 * PS_PER_US && done < 7 * PS_PER_US); /* 4 us after the first had come */
    check_packet(ring.got, 0, 2, 0);
    rig_put(r, GPIE, 2 << 11); /* GPIE.RSC_DELAY: 3 times as long */
    send(r, nth(2, 0));
    sent = r->clock.now;
    while (ring.packets < 2 && r->clock.now < sent + PS_PER_S / 1000)
        wait(r, PS_PER_US / 10);
    done = r->clock.now - sent;
    CHECK(done > 13 * PS_PER_US && done < 16 * PS_PER_US);
    down(r);
}

/* While EITR's interval runs, segments gather until its end; then one interrupt tells of all. */
static void test_the_interval_of_the_vector_ends_it(void)
{
    struct rig *r = up(256, 3072, RSC_16);
    unsigned before;
    uint32_t i;

    rig_put(r, GPIE, 1u << 31 | 1 << 4);  /* GPIE: MSI-X */
    rig_put(r, 0x0820, 50 << 3);             /* EITR: 50 units, 102 us */
    rig_put(r, 0x0880, 0xffff);              /* EIMS */
    rig_put(r, 0x0810, 0xffff);              /* EIAC */
    send(r, nth(0, PSH));
    wait(r, 10 * PS_PER_US);
    CHECK_EQ_U64(r->msis[0], 1);
    before = ring.packets;
    for (i = 1; i < 11; i++) {
        send(r, nth(i, 0));
        wait(r, 5 * PS_PER_US);
    }
    CHECK_EQ_U64(ring.packets, before);
    CHECK_EQ_U64(r->msis[0], 1);
    wait(r, 60 * PS_PER_US);
    CHECK_EQ_U64(ring.packets, before + 1);
    CHECK_EQ_U64(r->msis[0], 2);
    check_packet(ring.got, 1, 10, 0);
    down(r);
}

static void test_a_packet_has_at_most_maxdesc_descriptors(void)
{
    static const uint32_t most[4] = {1, 4, 8, 16};

    for (unsigned m = 0; m < 4; m++) {
        struct rig *r = up(128, 2048, 1 | m << 2);

        rig_put(r, GPIE, LONG_TIME);
        for (uint32_t i = 0; i < 40; i++)
            send(r, nth(i, i == 39 ? PSH : 0));
        for (unsigned i = 0; i < 20; i++) {
            wait(r, 10 * PS_PER_US);
            CHECK(!ring.got || ring.got->descriptors <= most[m]);
        }
        CHECK_EQ_U64(ring.segments, 40);
        CHECK(ring.packets >= 40 * 1448 / (most[m] * 2048));
        CHECK(ring.packets <= 40 * 1448 / (most[m] * 2048 - 1448) + 2);
        down(r);
    }
}

static void test_a_packet_has_at_most_65535_bytes_of_ip(void)
{
    struct rig *r = up(64, 8192, RSC_16);

    rig_put(r, GPIE, LONG_TIME | 1u << 31 | 1 << 4);
    rig_put(r, 0x0820, 100 << 3);
    rig_put(r, 0x0880, 0xffff);
    send(r, (struct segment){.port = 2, .len = 10, .flags = ACK | PSH});
    rig_run(r, 10 * PS_PER_US); /* the vector's interval has begun: time for 64 KiB */
    for (uint32_t i = 0; i < 50; i++)
        send(r, nth(i, i == 49 ? PSH : 0));
    for (unsigned i = 0; i < 20; i++) {
        wait(r, 10 * PS_PER_US);
        CHECK(!ring.got || ring.got->len <= 14 + 65535);
    }
    CHECK_EQ_U64(ring.segments, 51);
    CHECK_EQ_U64(ring.packets, 3); /* 45 and 5 */
    down(r);
}

static void test_at_most_14_segments_begin_in_a_descriptor(void)
{
    struct rig *r = up(64, 4096, RSC_16);

    for (uint32_t i = 0; i < 20; i++)
        send(r, (struct segment){.port = 1, .seq = i * 100, .len = 100, .flags = ACK});
    wait(r, 100 * PS_PER_US);
    CHECK_EQ_U64(ring.packets, 2);
    CHECK_EQ_U64(ring.segments, 20);
    CHECK_EQ_U64(ring.got->appended, 6);
    down(r);
}

static unsigned flows_seen[64], flows_wrong;

static void flow_delivered(struct rig *r, struct packet_got *p)
{
    uint16_t port = be16_get(p->bytes + 34);

    (void)r;
    flows_wrong += p->appended != 3 || port >= 64;
    flows_seen[port % 64]++;
    for (uint32_t i = HEAD; i < p->len; i++)
        flows_wrong += p->bytes[i] != pattern(port, i - HEAD);
}

static void test_flows_are_coalesced_side_by_side(void)
{
    struct rig *r = up(256, 2048, RSC_16);

    memset(flows_seen, 0, sizeof flows_seen);
    flows_wrong = 0;
    ring.deliver = flow_delivered;
    rig_put(r, GPIE, LONG_TIME); /* time enough */
    for (uint32_t i = 0; i < 3; i++)
        for (uint16_t port = 0; port < 8; port++)
            send(r, (struct segment){.port = port, .seq = i * 1000, .len = 1000, .stamp = 1,
                                     .flags = ACK | (i == 2 ? PSH : 0)});
    wait(r, 200 * PS_PER_US);
    CHECK_EQ_U64(ring.packets, 8);
    CHECK_EQ_U64(ring.chained, 8); /* descriptors of different packets alternate */
    CHECK_EQ_U64(flows_wrong, 0);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ_U64(flows_seen[i], 1);
    down(r);
}

static void test_there_are_32_at_a_time(void)
{
    struct rig *r = up(256, 2048, RSC_16);

    rig_put(r, GPIE, LONG_TIME);
    for (uint16_t port = 0; port < 33; port++)
        send(r, (struct segment){.port = port, .len = 10, .flags = ACK});
    for (uint16_t port = 0; port < 33; port++)
        send(r, (struct segment){.port = port, .seq = 10, .len = 10, .flags = ACK | PSH});
    wait(r, 200 * PS_PER_US);
    CHECK_EQ_U64(ring.segments, 66);
    CHECK_EQ_U64(ring.packets, 34);
    down(r);
}

static void test_a_tag_is_stripped_once(void)
{
    struct rig *r = up(64, 3072, RSC_16);

    rig_put(r, 0x1028, 1 << 25 | 1 << 30); /* RXDCTL.VME */
    for (uint32_t i = 0; i < 3; i++) {
        struct segment s = nth(i, i == 2 ? PSH : 0);

        s.tag = 0x2064;
        send(r, s);
    }
    wait(r, 100 * PS_PER_US);
    CHECK_EQ_U64(ring.packets, 1);
    check_packet(ring.got, 0, 3, PSH);
    CHECK_EQ_U64(ring.got->vlan, 0x2064);
    CHECK_EQ_U64(ring.got->status & 8, 8);
    down(r);
}

/* A ring that is used up ends all that hold descriptors: software gets them and gives new ones. */
static void test_a_small_ring_goes_on(void)
{
    struct rig *r = up(8, 2048, RSC_16);

    rig_put(r, GPIE, 1u << 31 | 1 << 4); /* MSI-X; time will not end any: 1 ms */
    rig_put(r, 0x0820, 500 << 3);
    rig_put(r, 0x0880, 0xffff);
    send(r, (struct segment){.port = 99, .len = 10, .flags = ACK | PSH});
    wait(r, 10 * PS_PER_US);
    for (uint32_t i = 0; i < 60; i++)
        send(r, (struct segment){.port = (uint16_t)(i % 12), .seq = i / 12 * 700, .len = 700,
                                 .flags = ACK});
    for (unsigned i = 0; i < 100 && ring.segments < 55; i++)
        wait(r, 3 * PS_PER_US);
    CHECK(ring.segments >= 55);
    wait(r, PS_PER_S / 500);
    wait(r, PS_PER_S / 500);
    CHECK_EQ_U64(ring.segments, 61);
    down(r);
}

static void test_a_queue_that_is_disabled_forgets(void)
{
    struct rig *r = up(64, 3072, RSC_16);

    send(r, nth(0, 0));
    rig_run(r, 3 * PS_PER_US);
    rig_put(r, 0x1028, 0);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(le32_get(rig_at(r, ring.base + 8)), 0);
    rig_put(r, 0x1010, 0);
    rig_put(r, 0x1018, 0);
    rig_put(r, 0x1028, 1 << 25);
    rig_put(r, 0x1018, 63);
    rig_run(r, 10 * PS_PER_US);
    send(r, nth(1, 0));
    send(r, nth(2, PSH));
    wait(r, 100 * PS_PER_US);
    CHECK_EQ_U64(ring.packets, 1);
    check_packet(ring.got, 1, 2, PSH);
    send(r, nth(3, 0));
    rig_run(r, 2 * PS_PER_US);
    i82599_class.reset(r->dev); /* in the middle of one */
    rig_run(r, 100 * PS_PER_US);
    down(r);
}

/* ---- state ---- */

static void save(struct rig *r, struct archive *a)
{
    struct bank *bank = i82599_class.bank(r->dev, 0);

    state_save(a, i82599_class.state, r->dev);
    archive_put(a, bank->value, bank->values * sizeof bank->value[0]);
    state_save(a, link_fields, &r->link);
    state_save(a, wire_fields, &r->wire);
    archive_put(a, r->memory, RIG_RAM_BYTES);
    archive_put(a, &r->clock.seq, sizeof r->clock.seq);
}

static void load(struct rig *r, struct archive *a)
{
    struct bank *bank = i82599_class.bank(r->dev, 0);
    struct err err = {""};

    CHECK(state_load(a, i82599_class.state, r->dev, &r->clock, &err) == 0);
    CHECK(archive_get(a, bank->value, bank->values * sizeof bank->value[0]) == 0);
    CHECK(state_load(a, link_fields, &r->link, &r->clock, &err) == 0);
    CHECK(state_load(a, wire_fields, &r->wire, &r->clock, &err) == 0);
    CHECK(archive_get(a, r->memory, RIG_RAM_BYTES) == 0);
    i82599_class.restore(r->dev);
    CHECK(archive_get(a, &r->clock.seq, sizeof r->clock.seq) == 0);
}

/* Saved at many times of a coalescing's life, loaded into another device: both end the same. */
static void test_a_coalescing_is_saved(void)
{
    for (unsigned k = 0; k < 24; k++) {
        struct rig *a = up(64, 2048, RSC_16), *b;
        struct archive saved = {0};

        for (uint32_t i = 0; i < 4; i++)
            send(a, nth(i, i == 3 ? PSH : 0));
        rig_run(a, PS_PER_US + k * 250 * PS_PER_NS);
        save(a, &saved);
        b = up(64, 2048, RSC_16);
        rig_run(b, a->clock.now - b->clock.now);
        load(b, &saved);
        archive_free(&saved);
        rig_run(a, 100 * PS_PER_US);
        rig_run(b, 100 * PS_PER_US);
        CHECK(memcmp(a->memory, b->memory, RIG_RAM_BYTES) == 0);
        CHECK_EQ_U64(state_hash(i82599_class.state, a->dev),
                     state_hash(i82599_class.state, b->dev));
        poll(b);
        CHECK_EQ_U64(ring.segments, 4);
        check_packet(ring.got, 0, 4, PSH);
        rig_down(a);
        down(b);
    }
}

/* ---- streams ---- */

#define STREAMS 40

static struct {
    uint32_t sent, received;
    unsigned wrong, reordered;
} stream[STREAMS];

/* Each packet must go on where the last one of its stream stopped, or repeat. */
static void stream_delivered(struct rig *r, struct packet_got *got)
{
    struct packet p;

    (void)r;
    packet_parse(&p, got->bytes, got->len);
    if (!p.l4 || p.src_port >= STREAMS || packet_check_ip(&p, got->bytes) != PACKET_GOOD) {
        stream[0].wrong++;
        return;
    }
    for (uint32_t i = p.payload_at; i < p.ip_end; i++)
        stream[p.src_port].wrong += got->bytes[i] != pattern(p.src_port, p.tcp_seq + i -
                                                                             p.payload_at);
    stream[p.src_port].reordered += p.tcp_seq != stream[p.src_port].received;
    stream[p.src_port].received = p.tcp_seq + p.ip_end - p.payload_at;
}

/* Forty streams with segments of all sizes, some alone by their flags or form; a driver that is
 * slow at times.  Every byte arrives once and in its stream's order. */
static void test_streams_arrive_whole(void)
{
    struct rig *r = up(64, 2048, RSC_16);
    struct random random;
    unsigned sent = 0;

    random_init(&random, 4, "streams");
    memset(stream, 0, sizeof stream);
    ring.deliver = stream_delivered;
    rig_put(r, GPIE, 3 << 11);
    for (unsigned i = 0; i < 6000; i++) {
        uint16_t port = (uint16_t)(random_below(&random, random_below(&random, 4) ? 5 : STREAMS));
        uint64_t odd = random_below(&random, 30);
        struct segment s = {.port = port, .seq = stream[port].sent, .flags = ACK,
                            .len = (uint32_t)random_below(&random, 1448) + 1};

        s.stamp = port % 2 ? i + 1 : 0;
        if (odd == 0)
            s.flags |= 0x20;
        else if (odd < 4)
            s.flags |= PSH;
        else if (odd == 5)
            s.tos = 3;
        else if (odd == 6)
            s.len = 0;
        send(r, s);
        sent++;
        stream[port].sent += s.len;
        if (random_below(&random, 50) == 0)
            rig_run(r, random_below(&random, 40) * PS_PER_US);
        else if (random_below(&random, 3) == 0)
            wait(r, random_below(&random, 3) * PS_PER_US);
        else
            rig_run(r, PS_PER_US);
    }
    for (unsigned i = 0; i < 1000; i++)
        wait(r, 10 * PS_PER_US);
    CHECK_EQ_U64(ring.segments, sent);
    CHECK(ring.packets < sent * 3 / 4); /* and many were coalesced */
    for (unsigned i = 0; i < STREAMS; i++) {
        CHECK_EQ_U64(stream[i].received, stream[i].sent);
        CHECK_EQ_U64(stream[i].wrong, 0);
        CHECK_EQ_U64(stream[i].reordered, 0);
    }
    CHECK_EQ_U64(rig_get(r, 0x1030), sent); /* QPRC: every segment was a packet */
    down(r);
}

/* A guest that changes its mind about everything while streams come in. */
static void test_hostile_settings_are_survived(void)
{
    static const uint32_t registers[] = {0x102c, 0x1014, 0x1028, 0x1018, 0x1008, 0x1010, 0x0820,
                                         0x0898, 0xea00, 0x5008, 0x0900, 0x3028, 0x1000, 0x0000};
    struct rig *r = up(32, 1024, RSC_16);
    struct random random;
    uint32_t seq[8] = {0}, taken = 0;

    random_init(&random, 5, "hostile");
    for (unsigned i = 0; i < 12000; i++) {
        uint16_t port = (uint16_t)random_below(&random, 8);
        struct segment s = {.port = port, .seq = seq[port], .flags = ACK, .stamp = 1,
                            .len = (uint32_t)random_below(&random, 1449)};

        if (random_below(&random, 20) == 0)
            s.flags |= (uint8_t)random_u64(&random);
        seq[port] += s.len;
        send(r, s);
        rig_run(r, random_below(&random, 2000) * PS_PER_NS);
        if (random_below(&random, 60) == 0) /* but the link stays up */
            rig_put(r, registers[random_below(&random, ARRAY_LEN(registers))],
                    random_u64(&random) & ~UINT64_C(8));
        if (random_below(&random, 20) == 0)
            rig_put(r, 0x1018, random_below(&random, 40));
        taken += rig_get(r, 0x1030); /* QPRC: clears */
        if (random_below(&random, 200) == 0) { /* and back to something that works */
            rig_put(r, 0x0000, 0);
            rig_put(r, 0x1028, 0);
            rig_put(r, 0x1000, (uint32_t)ring.base);
            rig_put(r, 0x1008, 32 * 16);
            rig_put(r, 0x1010, 0);
            rig_put(r, 0x102c, RSC_16);
            rig_put(r, 0x1014, 1 | 1 << 25);
            rig_put(r, 0xea00, 0x10);
            rig_put(r, 0x5008, 0);
            rig_put(r, 0x5080, 1 << 10 | 1 << 9 | 1 << 8);
            rig_put(r, 0x4240, 0x2);
            rig_put(r, 0x3000, 1);
            rig_put(r, 0x1028, 1 << 25);
            rig_put(r, 0x1018, 31);
        }
    }
    CHECK(taken > 2000);
    i82599_class.reset(r->dev);
    down(r);
}

TEST_MAIN(test_segments_in_order_become_one_packet, test_without_it_each_goes_alone,
          test_push_ends_and_does_not_begin, test_a_gap_ends_it_and_begins_another,
          test_others_of_the_flow_end_it_and_go_alone, test_a_different_shape_begins_another,
          test_bad_checksums_are_not_coalesced, test_only_plain_tcp_over_ipv4, test_time_ends_it,
          test_the_interval_of_the_vector_ends_it, test_a_packet_has_at_most_maxdesc_descriptors,
          test_a_packet_has_at_most_65535_bytes_of_ip,
          test_at_most_14_segments_begin_in_a_descriptor, test_flows_are_coalesced_side_by_side,
          test_there_are_32_at_a_time, test_a_tag_is_stripped_once, test_a_small_ring_goes_on,
          test_a_queue_that_is_disabled_forgets, test_a_coalescing_is_saved,
          test_streams_arrive_whole, test_hostile_settings_are_survived)
