/* SPDX-License-Identifier: Apache-2.0 */
/* Segmentation by the 82599: TCP and UDP over IPv4 and IPv6, headers and payloads in pieces of any
 * size, tags put in.  What arrives is put together again and compared. */
#include "i82599_rig.h"

#include "dev/packet.h"
#include "dev/packet_bytes.h"
#include "sim/random.h"

#define RING 256
#define TAG 0x2abc
#define FIRST_ID 0x1234
#define FIN_PSH 9

/* What is being sent, and what has come of it. */
static struct job {
    bool v6, udp, tagged;
    uint32_t mss, payload, seq, l3_bytes, l4_bytes;
    uint32_t got, segments, wrong; /* wrong: a bit for each check in `caught` */
} job;

static uint8_t pattern(uint32_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void expect(bool good, unsigned check)
{
    job.wrong |= good ? 0 : 1u << check;
}

static void caught(void *owner, const struct frame *f)
{
    struct packet p;
    uint32_t len;

    (void)owner;
    packet_parse(&p, f->bytes, f->len);
    expect(p.ip == (job.v6 ? 6 : 4) && p.l4 == (job.udp ? PACKET_UDP : PACKET_TCP), 0);
    expect(p.tagged == job.tagged && (!p.tagged || p.vlan == TAG), 1);
    if (job.wrong)
        return;
    len = (uint32_t)p.ip_end - p.payload_at;
    expect(packet_check_ip(&p, f->bytes) == (job.v6 ? PACKET_UNCHECKED : PACKET_GOOD), 2);
    expect(packet_check_l4(&p, f->bytes) == PACKET_GOOD, 3);
    expect(len == job.mss || job.got + len == job.payload, 4);
    if (!job.udp) {
        expect(p.tcp_seq == job.seq + job.got, 5);
        expect(!(p.tcp_flags & FIN_PSH) == (job.got + len < job.payload), 6);
    }
    if (!job.v6)
        expect(be16_get(f->bytes + p.l3_at + 4) == FIRST_ID + job.segments, 7);
    for (uint32_t i = 0; i < len; i++)
        expect(f->bytes[p.payload_at + i] == pattern(job.got + i), 8);
    job.got += len;
    job.segments++;
}

/* ---- the driver ---- */

static uint64_t ring_at, buffer;
static uint32_t tail;

static void descriptor(struct rig *r, uint64_t first, uint32_t command, uint32_t info)
{
    uint8_t *d = rig_at(r, ring_at + tail * 16);

    le64_put(d, first);
    le32_put(d + 8, command);
    le32_put(d + 12, info);
    tail = (tail + 1) % RING;
}

static void draw(struct random *g)
{
    uint32_t words = (uint32_t)random_below(g, 11); /* of TCP options */

    job = (struct job){.v6 = random_below(g, 2), .udp = random_below(g, 3) == 0,
                       .tagged = random_below(g, 2),
                       .seq = (uint32_t)random_below(g, UINT64_C(1) << 32)};
    job.mss = 40 + (uint32_t)random_below(g, random_below(g, 4) ? 1421 : 9000);
    job.payload = 1 + (uint32_t)random_below(g, u64_min(60000, job.mss * 400));
    job.l3_bytes = job.v6 ? IP6_HEADER_BYTES : IP4_HEADER_BYTES;
    job.l4_bytes = job.udp ? UDP_HEADER_BYTES : TCP_HEADER_BYTES + 4 * words;
}

/* Headers as software leaves them: no lengths, the pseudo header's sum without them. */
static uint32_t fill(uint8_t *to)
{
    uint8_t *ip = to + ETHER_HEADER_BYTES, *l4 = ip + job.l3_bytes;
    uint32_t header = ETHER_HEADER_BYTES + job.l3_bytes + job.l4_bytes;
    uint8_t proto = job.udp ? IP_UDP : IP_TCP;

    memset(to, 0, header);
    memset(to, 2, 12);
    be16_put(to + 12, job.v6 ? ETHER_IP6 : ETHER_IP4);
    ip[0] = job.v6 ? 0x60 : 0x45;
    ip[job.v6 ? 6 : 9] = proto;
    if (!job.v6)
        be16_put(ip + 4, FIRST_ID);
    for (uint32_t i = job.v6 ? 8 : 12; i < job.l3_bytes; i++)
        ip[i] = (uint8_t)(i * 9 + job.seq); /* addresses */
    be16_put(l4, 1000);
    be16_put(l4 + 2, 2000);
    if (!job.udp) {
        be32_put(l4 + 4, job.seq);
        l4[12] = (uint8_t)(job.l4_bytes / 4 << 4);
        l4[13] = 0x10 | FIN_PSH;
        memset(l4 + TCP_HEADER_BYTES, 1, job.l4_bytes - TCP_HEADER_BYTES);
    }
    be16_put(l4 + (job.udp ? 6 : 16), packet_pseudo_sum(ip, job.v6 ? 6 : 4, proto, 0));
    for (uint32_t i = 0; i < job.payload; i++)
        to[header + i] = pattern(i);
    return header + job.payload;
}

/* In pieces: the header in several of few bytes, now and then. */
static void give(struct rig *r, struct random *g, uint32_t bytes)
{
    uint32_t index = (uint32_t)random_below(g, 2) << 4, info, at = 0, part;
    uint32_t type = (job.v6 ? 0 : I82599_TXD_TUCMD_IPV4) | (job.udp ? 0 : 1u << 11);

    descriptor(r, job.l3_bytes | ETHER_HEADER_BYTES << 9 | TAG << 16,
               I82599_TXD_DEXT | I82599_TXD_DTYP_CONTEXT << I82599_TXD_DTYP_SHIFT | type,
               index | job.l4_bytes << 8 | job.mss << 16);
    info = job.payload << I82599_TXD_PAYLEN_SHIFT | index | I82599_TXD_CC | 3u << 8;
    for (; at < bytes; at += part) {
        part = (uint32_t)random_below(g, random_below(g, 2) ? 30 : 9000);
        if (at > 200)
            part += 1500; /* or the ring would be too short */
        part = u32_min(part, bytes - at);
        descriptor(r, buffer + at,
                   part | I82599_TXD_DEXT | I82599_TXD_DTYP_DATA << I82599_TXD_DTYP_SHIFT |
                       I82599_TXD_IFCS | I82599_TXD_TSE | (job.tagged ? I82599_TXD_VLE : 0) |
                       (at + part == bytes ? I82599_TXD_EOP | I82599_TXD_RS : 0), info);
        info = 0;
    }
    rig_put(r, I82599_TDT_OFFSET, tail);
}

static void test_segments_make_the_whole_again(void)
{
    unsigned segments = 0;

    for (unsigned seed = 1; seed <= 60; seed++) {
        struct rig *r = rig_up(seed % 3 ? TIMING_IO : TIMING_OFF);
        struct random g;

        random_init(&g, seed, "tso");
        wire_attach(&r->wire, WIRE_STATION, caught, NULL);
        rig_link_up(r);
        ring_at = rig_alloc(r, RING * 16);
        buffer = rig_alloc(r, 65536);
        tail = 0;
        rig_put(r, I82599_DMATXCTL_OFFSET, UINT64_C(0x81000001)); /* tags of type 8100h */
        rig_put(r, I82599_TDBAL_OFFSET, ring_at & 0xffffffff);
        rig_put(r, I82599_TDBAH_OFFSET, ring_at >> 32);
        rig_put(r, I82599_TDLEN_OFFSET, RING * 16);
        rig_put(r, I82599_TXDCTL_OFFSET, 1u << 25 | 1 << 8 | 32);
        for (unsigned k = 0; k < 25; k++) {
            draw(&g);
            give(r, &g, fill(rig_at(r, buffer)));
            rig_run(r, PS_PER_S / 500);
            CHECK_EQ_U64(job.wrong, 0);
            CHECK_EQ_U64(job.got, job.payload);
            CHECK_EQ_U64(rig_get(r, I82599_TDH_OFFSET), tail);
            segments += job.segments;
        }
        rig_down(r);
    }
    CHECK(segments > 20000);
}

TEST_MAIN(test_segments_make_the_whole_again)
