/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: published vectors, a slow reference that is written from the RFCs, and bytes of no
 * meaning (run under sanitizers: every frame is in a buffer of exactly its length). */
#include "tests/check.h"

#include "base/bits.h"
#include "dev/packet.h"
#include "dev/packet_bytes.h"
#include "sim/random.h"

#include <stdlib.h>

/* ---- frames ---- */

struct shape {
    unsigned tags;          /* VLAN tags: 0, 1; 2: two of 0x8100; 3: 802.1ad outside */
    unsigned ip;            /* 4 or 6 */
    unsigned options;       /* IPv4: words of options; IPv6: extension headers, of 8 bytes */
    unsigned fragment;      /* IPv4: offset and flags; IPv6: 1: a fragment header */
    uint8_t proto;
    unsigned tcp_options;   /* words */
    unsigned payload, padding;
};

struct built {
    uint8_t bytes[4096];
    unsigned len, l3, l4, l4_header, end;
};

/* One's-complement sum, as RFC 1071 1 says it. */
static uint16_t slow_sum(const uint8_t *bytes, unsigned len, uint32_t sum)
{
    for (unsigned i = 0; i < len; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static uint32_t slow_crc32c(const uint8_t *bytes, unsigned len)
{
    uint32_t crc = UINT32_MAX;

    for (unsigned i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
    }
    return ~crc;
}

/* RFC 9293 3.1, RFC 8200 8.1: the pseudo header as bytes. */
static uint16_t slow_l4_sum(const struct built *f, unsigned ip, uint8_t proto, unsigned l4_len)
{
    uint8_t pseudo[40] = {0};
    unsigned n = 0;

    if (ip == 4) {
        memcpy(pseudo, f->bytes + f->l3 + 12, 8);
        pseudo[9] = proto;
        be16_put(pseudo + 10, (uint16_t)l4_len);
        n = 12;
    } else {
        memcpy(pseudo, f->bytes + f->l3 + 8, 32);
        be32_put(pseudo + 32, l4_len);
        pseudo[39] = proto;
        n = 40;
    }
    return slow_sum(f->bytes + f->l4, l4_len, slow_sum(pseudo, n, 0));
}

static void put_l4(struct built *f, const struct shape *s, unsigned *at)
{
    uint8_t *l4 = f->bytes + *at;

    be16_put(l4, 0x1234);
    be16_put(l4 + 2, 0x5678);
    if (s->proto == IP_TCP) {
        f->l4_header = 20 + 4 * s->tcp_options;
        be32_put(l4 + 4, 0xa1b2c3d4);
        be32_put(l4 + 8, 0x01020304);
        l4[12] = (uint8_t)(f->l4_header / 4 << 4);
        l4[13] = 0x18;
        be16_put(l4 + 16, 0);
    } else if (s->proto == IP_UDP) {
        f->l4_header = 8;
        be16_put(l4 + 4, (uint16_t)(8 + s->payload));
        be16_put(l4 + 6, 0);
    } else {
        f->l4_header = s->proto == IP_SCTP ? 12 : 0;
        memset(l4 + 8, 0, s->proto == IP_SCTP ? 4 : 0);
    }
    *at += f->l4_header + s->payload;
}

static void put_ip(struct built *f, const struct shape *s, unsigned *at)
{
    uint8_t *ip = f->bytes + *at;
    unsigned header = s->ip == 4 ? 20 + 4 * s->options : 40;

    f->l3 = *at;
    *at += header;
    if (s->ip == 4) {
        ip[0] = (uint8_t)(0x40 | header / 4);
        ip[1] = 0xb8;
        be16_put(ip + 6, (uint16_t)s->fragment);
        ip[9] = s->proto;
        be16_put(ip + 10, 0);
    } else {
        uint8_t *next = ip + 6;

        be32_put(ip, 0x6b812345);
        for (unsigned i = 0; i < s->options + s->fragment; i++, *at += 8) {
            *next = i < s->options ? (i % 2 ? IP_DSTOPTS : IP_HOPOPTS) : IP_FRAGMENT;
            next = f->bytes + *at;
            next[1] = 0;
        }
        *next = s->proto;
    }
    f->l4 = *at;
    put_l4(f, s, at);
    f->end = *at;
    if (s->ip == 4) {
        be16_put(ip + 2, (uint16_t)(f->end - f->l3));
        be16_put(ip + 10, (uint16_t)~slow_sum(ip, header, 0));
    } else {
        be16_put(ip + 4, (uint16_t)(f->end - f->l3 - 40));
    }
}

/* A sound frame with random addresses and payload, checksums right. */
static void build(struct built *f, const struct shape *s, struct random *r)
{
    unsigned at = 12, l4_len;
    uint8_t *l4;

    for (unsigned i = 0; i < sizeof f->bytes; i++)
        f->bytes[i] = (uint8_t)random_u64(r);
    for (unsigned i = 0; i < (s->tags == 3 ? 2 : s->tags); i++, at += 4) {
        be16_put(f->bytes + at, i == 0 && s->tags == 3 ? 0x88a8 : 0x8100);
        be16_put(f->bytes + at + 2, (uint16_t)(0x2fed - i));
    }
    be16_put(f->bytes + at, s->ip == 4 ? 0x0800 : 0x86dd);
    at += 2;
    put_ip(f, s, &at);
    f->len = at + s->padding;
    l4 = f->bytes + f->l4;
    l4_len = f->end - f->l4;
    if (s->proto == IP_TCP)
        be16_put(l4 + 16, (uint16_t)~slow_l4_sum(f, s->ip, s->proto, l4_len));
    if (s->proto == IP_UDP) {
        uint16_t sum = (uint16_t)~slow_l4_sum(f, s->ip, s->proto, l4_len);

        be16_put(l4 + 6, sum ? sum : 0xffff);
    }
    if (s->proto == IP_SCTP)
        le32_put(l4 + 8, slow_crc32c(l4, l4_len));
}

/* Parses in a buffer of that length exactly, so that sanitizers see a byte too much. */
static void parse_exact(struct packet *p, const uint8_t *bytes, unsigned len)
{
    uint8_t *copy = malloc(len ? len : 1);

    memcpy(copy, bytes, len);
    packet_parse(p, copy, len);
    if (p->ip)
        packet_check_ip(p, copy);
    packet_check_l4(p, copy);
    free(copy);
}

/* ---- sums ---- */

static void test_sum_of_rfc1071(void)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    static const uint8_t header[] = {0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11,
                                     0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7};

    CHECK_EQ_U64(packet_sum(bytes, 8), 0xddf2); /* RFC 1071 3 */
    CHECK_EQ_U64(packet_sum(header, sizeof header), 0xffff);
    CHECK_EQ_U64(packet_sum(bytes, 0), 0);
    CHECK_EQ_U64(packet_sum(bytes + 2, 1), 0xf200);
    CHECK_EQ_U64(packet_sum_add(0xffff, 1), 1);
    CHECK_EQ_U64(packet_sum_add(0xffff, 0xffff), 0xffff);
}

static void test_sum_is_the_slow_one_at_every_length_and_alignment(void)
{
    struct random r;
    uint8_t bytes[1600];

    random_init(&r, 1, "packet");
    for (unsigned fill = 0; fill < 3; fill++) {
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] = fill == 0 ? 0xff : fill == 1 ? 0 : (uint8_t)random_u64(&r);
        for (unsigned len = 0; len < sizeof bytes - 8; len++)
            CHECK_EQ_U64(packet_sum(bytes + len % 8, len), slow_sum(bytes + len % 8, len, 0));
    }
}

static void test_sum_of_much_does_not_overflow(void)
{
    uint32_t len = UINT32_C(1) << 20;
    uint8_t *bytes = malloc(len);

    memset(bytes, 0xff, len);
    CHECK_EQ_U64(packet_sum(bytes, len), 0xffff);
    bytes[len - 1] = 0xfe;
    CHECK_EQ_U64(packet_sum(bytes, len), 0xfffe);
    free(bytes);
}

static void test_crc32c_of_rfc3720(void)
{
    uint8_t bytes[32];

    CHECK_EQ_U64(packet_crc32c((const uint8_t *)"123456789", 9), 0xe3069283);
    memset(bytes, 0, sizeof bytes);
    CHECK_EQ_U64(packet_crc32c(bytes, 32), 0x8a9136aa); /* RFC 3720 B.4 */
    memset(bytes, 0xff, sizeof bytes);
    CHECK_EQ_U64(packet_crc32c(bytes, 32), 0x62a8ab43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    CHECK_EQ_U64(packet_crc32c(bytes, 32), 0x46dd794e);
    CHECK_EQ_U64(packet_crc32c(bytes, 31), slow_crc32c(bytes, 31));
    CHECK_EQ_U64(packet_crc32c(bytes, 0), 0);
}

/* ---- hashes ---- */

static const uint8_t rss_key[40] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* Microsoft's verification suite: destination, source, ports, hash of addresses, with ports. */
static const struct {
    uint8_t ip, dst[16], src[16];
    uint16_t dst_port, src_port;
    uint32_t hash, hash_ports;
} rss_suite[] = {
    {4, {161, 142, 100, 80}, {66, 9, 149, 187}, 1766, 2794, 0x323e8fc2, 0x51ccc178},
    {4, {65, 69, 140, 83}, {199, 92, 111, 2}, 4739, 14230, 0xd718262a, 0xc626b0ea},
    {4, {12, 22, 207, 184}, {24, 19, 198, 95}, 38024, 12898, 0xd2d0a5de, 0x5c2b394a},
    {4, {209, 142, 163, 6}, {38, 27, 205, 30}, 2217, 48228, 0x82989176, 0xafc7327f},
    {4, {202, 188, 127, 2}, {153, 39, 163, 191}, 1303, 44251, 0x5d1809c5, 0x10e828a2},
    {6, {0x3f, 0xfe, 0x25, 1, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1},
     {0x3f, 0xfe, 0x25, 1, 2, 0, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7}, 1766, 2794, 0x2cc18cd5,
     0x40207d3d},
    {6, {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
     {0x3f, 0xfe, 5, 1, 0, 8, 0, 0, 2, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab}, 4739, 14230,
     0x0f0c461c, 0xdde51bbf},
    {6, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf},
     {0x3f, 0xfe, 0x19, 0, 0x45, 0x45, 0, 3, 2, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf}, 38024,
     44251, 0x4b61e985, 0x02d1feef},
};

static void test_rss_of_microsofts_suite(void)
{
    for (unsigned i = 0; i < ARRAY_LEN(rss_suite); i++) {
        struct packet p = {.ip = rss_suite[i].ip, .l4 = PACKET_TCP,
                           .src_port = rss_suite[i].src_port, .dst_port = rss_suite[i].dst_port};
        bool four = p.ip == 4;
        unsigned type = 0;
        uint32_t hash = 0;

        memcpy(p.src, rss_suite[i].src, 16);
        memcpy(p.dst, rss_suite[i].dst, 16);
        CHECK(packet_rss(&p, rss_key, RSS_IP4 | RSS_IP6, &type, &hash));
        CHECK_EQ_U64(hash, rss_suite[i].hash);
        CHECK_EQ_U64(type, four ? 2 : 5);
        CHECK(packet_rss(&p, rss_key, RSS_IP4 | RSS_IP6 | RSS_TCP4 | RSS_TCP6, &type, &hash));
        CHECK_EQ_U64(hash, rss_suite[i].hash_ports);
        CHECK_EQ_U64(type, four ? 1 : 3);
        p.l4 = PACKET_UDP;
        CHECK(packet_rss(&p, rss_key, RSS_UDP4 | RSS_UDP6, &type, &hash));
        CHECK_EQ_U64(hash, rss_suite[i].hash_ports);
        CHECK_EQ_U64(type, four ? 7 : 8);
        CHECK(!packet_rss(&p, rss_key, RSS_TCP4 | RSS_TCP6, &type, &hash));
        CHECK(!packet_rss(&p, rss_key, four ? RSS_IP6 | RSS_UDP6 : RSS_IP4 | RSS_UDP4, &type,
                          &hash));
        p.l4 = PACKET_NO_L4; /* a fragment, ICMP and so on */
        CHECK(packet_rss(&p, rss_key, 0xffff, &type, &hash));
        CHECK_EQ_U64(hash, rss_suite[i].hash);
        p.ip = 0;
        CHECK(!packet_rss(&p, rss_key, 0xffff, &type, &hash));
    }
}

/* One bit at a time, as the definition has it. */
static uint32_t slow_toeplitz(const uint8_t *key, const uint8_t *input, unsigned len)
{
    uint32_t hash = 0;

    for (unsigned n = 0; n < len * 8; n++)
        for (unsigned b = 0; b < 32; b++)
            if (input[n / 8] >> (7 - n % 8) & 1)
                hash ^= (uint32_t)(key[(n + b) / 8] >> (7 - (n + b) % 8) & 1) << (31 - b);
    return hash;
}

static void test_toeplitz_is_the_slow_one(void)
{
    struct random r;
    uint8_t key[40], input[40];

    random_init(&r, 2, "packet");
    for (unsigned n = 0; n < 2000; n++) {
        for (unsigned i = 0; i < 40; i++) {
            key[i] = (uint8_t)random_u64(&r);
            input[i] = (uint8_t)random_u64(&r);
        }
        CHECK_EQ_U64(packet_toeplitz(key, input, n % 37), slow_toeplitz(key, input, n % 37));
        CHECK_EQ_U64(packet_toeplitz(key, input, 40), slow_toeplitz(key, input, 36));
    }
}

/* Flow director's definition, bit by bit: bit j of the hash is the sum of ring[i + j] where the key
 * has bit i, for i = 1 to 351, over a ring of 336 bits. */
static uint32_t slow_fdir(uint32_t first, const uint32_t words[10], uint32_t key)
{
    uint8_t ring[336];
    unsigned at = 0;
    uint32_t hash = 0;

    for (unsigned b = 0; b < 32; b++)
        ring[at++] = first >> b & 1;
    for (unsigned b = 16; b < 32; b++) /* the last word's lower half is no input */
        ring[at++] = words[9] >> b & 1;
    for (unsigned w = 9; w-- > 0;)
        for (unsigned b = 0; b < 32; b++)
            ring[at++] = words[w] >> b & 1;
    for (unsigned j = 0; j < 15; j++)
        for (unsigned i = 1; i < 352; i++)
            if (key >> i % 32 & 1)
                hash ^= (uint32_t)ring[(i + j) % 336] << j;
    return hash;
}

static void test_flow_director_hash_is_the_slow_one(void)
{
    struct random r;

    random_init(&r, 3, "packet");
    for (unsigned n = 0; n < 1000; n++) {
        uint32_t words[10], others = 0, first = (uint32_t)random_u64(&r);
        uint32_t key = n % 3 == 0 ? 0x3dad14e2 : n % 3 == 1 ? 0x174d3614 : (uint32_t)random_u64(&r);

        for (unsigned i = 0; i < 10; i++) {
            words[i] = (uint32_t)random_u64(&r);
            if (i == 9)
                words[i] &= 0xffff0000;
            others ^= words[i];
        }
        CHECK_EQ_U64(packet_fdir_hash(first, others, key), slow_fdir(first, words, key));
    }
}

/* ---- parsing ---- */

static void test_parse_finds_every_header(void)
{
    static const uint8_t protos[] = {IP_TCP, IP_UDP, IP_SCTP, 1};
    static const enum packet_l4 l4s[] = {PACKET_TCP, PACKET_UDP, PACKET_SCTP, PACKET_OTHER_L4};
    struct random r;

    random_init(&r, 4, "packet");
    for (unsigned n = 0; n < 4000; n++) {
        struct shape s = {.tags = n % 2, .ip = n / 2 % 2 ? 6 : 4, .proto = protos[n / 4 % 4],
                          .options = (unsigned)random_below(&r, 4),
                          .tcp_options = (unsigned)random_below(&r, 11),
                          .payload = (unsigned)random_below(&r, 1600),
                          .padding = n % 5 ? 0 : (unsigned)random_below(&r, 60)};
        bool ports = n / 4 % 4 < 3;
        struct built f;
        struct packet p;

        build(&f, &s, &r);
        parse_exact(&p, f.bytes, f.len);
        CHECK_EQ_U64(p.ethertype, s.ip == 4 ? 0x0800 : 0x86dd);
        CHECK_EQ_U64(p.tagged, s.tags);
        CHECK_EQ_U64(p.vlan, s.tags ? 0x2fed : 0);
        CHECK_EQ_U64(p.ip, s.ip);
        CHECK_EQ_U64(p.tos, 0xb8);
        CHECK_EQ_U64(p.ip_proto, s.proto);
        CHECK_EQ_U64(p.fragment, 0);
        CHECK_EQ_U64(p.ip_options, s.options != 0);
        CHECK_EQ_U64(p.l4, l4s[n / 4 % 4]);
        CHECK_EQ_U64(p.l3_at, f.l3);
        CHECK_EQ_U64(p.l4_at, f.l4);
        CHECK_EQ_U64(p.payload_at, f.l4 + f.l4_header);
        CHECK_EQ_U64(p.ip_end, f.end);
        CHECK(!memcmp(p.src, f.bytes + f.l3 + (s.ip == 4 ? 12 : 8), s.ip == 4 ? 4 : 16));
        CHECK(!memcmp(p.dst, f.bytes + f.l3 + (s.ip == 4 ? 16 : 24), s.ip == 4 ? 4 : 16));
        CHECK_EQ_U64(p.src_port, ports ? 0x1234 : 0);
        CHECK_EQ_U64(p.dst_port, ports ? 0x5678 : 0);
        CHECK_EQ_U64(p.tcp_flags, s.proto == IP_TCP ? 0x18 : 0);
        CHECK_EQ_U64(p.tcp_seq, s.proto == IP_TCP ? 0xa1b2c3d4 : 0);
        CHECK_EQ_U64(p.tcp_ack, s.proto == IP_TCP ? 0x01020304 : 0);
        CHECK_EQ_U64(packet_check_ip(&p, f.bytes), s.ip == 4 ? PACKET_GOOD : PACKET_UNCHECKED);
        CHECK_EQ_U64(packet_check_l4(&p, f.bytes), ports ? PACKET_GOOD : PACKET_UNCHECKED);
    }
}

static void test_any_changed_bit_makes_a_checksum_bad(void)
{
    static const uint8_t protos[] = {IP_TCP, IP_UDP, IP_SCTP};
    struct random r;

    random_init(&r, 5, "packet");
    for (unsigned n = 0; n < 6; n++) {
        struct shape s = {.ip = n % 2 ? 6 : 4, .proto = protos[n / 2], .payload = 33, .padding = 5};
        struct built f;
        struct packet p;

        build(&f, &s, &r);
        packet_parse(&p, f.bytes, f.len);
        for (unsigned bit = 0; bit < f.len * 8; bit++) {
            f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (bit / 8 >= f.l3 && bit / 8 < f.l4 && s.ip == 4 && bit / 8 != f.l3)
                CHECK_EQ_U64(packet_check_ip(&p, f.bytes), PACKET_BAD);
            if (bit / 8 >= f.l4 && bit / 8 < f.end)
                CHECK_EQ_U64(packet_check_l4(&p, f.bytes), PACKET_BAD);
            if (bit / 8 >= f.end)
                CHECK_EQ_U64(packet_check_l4(&p, f.bytes), PACKET_GOOD);
            f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void test_udp_without_checksum_is_not_checked_over_ipv4_only(void)
{
    struct random r;
    struct built f;
    struct packet p;

    random_init(&r, 6, "packet");
    for (unsigned ip = 4; ip <= 6; ip += 2) {
        build(&f, &(struct shape){.ip = ip, .proto = IP_UDP, .payload = 20}, &r);
        be16_put(f.bytes + f.l4 + 6, 0);
        packet_parse(&p, f.bytes, f.len);
        CHECK_EQ_U64(packet_check_l4(&p, f.bytes), ip == 4 ? PACKET_UNCHECKED : PACKET_BAD);
        build(&f, &(struct shape){.ip = ip, .proto = IP_UDP, .payload = 20}, &r);
        be16_put(f.bytes + f.l4 + 4, 29); /* longer than the packet */
        packet_parse(&p, f.bytes, f.len);
        CHECK_EQ_U64(packet_check_l4(&p, f.bytes), PACKET_BAD);
        be16_put(f.bytes + f.l4 + 4, 7); /* shorter than its header */
        CHECK_EQ_U64(packet_check_l4(&p, f.bytes), PACKET_BAD);
    }
}

static void test_fragments_have_no_l4(void)
{
    static const unsigned fragment4[] = {0x2000, 0x0001, 0x1fff, 0x3abc};
    struct random r;
    struct built f;
    struct packet p;

    random_init(&r, 7, "packet");
    for (unsigned n = 0; n < 5; n++) {
        bool six = n == 4;
        struct shape s = {.ip = six ? 6 : 4, .proto = IP_TCP, .payload = 64, .options = 1,
                          .fragment = six ? 1 : fragment4[n]};

        build(&f, &s, &r);
        parse_exact(&p, f.bytes, f.len);
        CHECK_EQ_U64(p.ip, s.ip);
        CHECK(p.fragment);
        CHECK_EQ_U64(p.ip_proto, IP_TCP);
        CHECK_EQ_U64(p.l4, PACKET_NO_L4);
        CHECK_EQ_U64(p.l4_at, 0);
        CHECK_EQ_U64(p.payload_at, f.l4);
        CHECK_EQ_U64(packet_check_l4(&p, f.bytes), PACKET_UNCHECKED);
    }
    /* "Do not fragment" and the reserved bit make no fragment. */
    build(&f, &(struct shape){.ip = 4, .proto = IP_TCP, .fragment = 0xc000}, &r);
    parse_exact(&p, f.bytes, f.len);
    CHECK(!p.fragment);
    CHECK_EQ_U64(p.l4, PACKET_TCP);
}

static void test_a_second_tag_is_not_looked_into(void)
{
    struct random r;
    struct built f;
    struct packet p;

    random_init(&r, 8, "packet");
    build(&f, &(struct shape){.tags = 2, .ip = 4, .proto = IP_TCP}, &r);
    parse_exact(&p, f.bytes, f.len);
    CHECK(p.tagged);
    CHECK_EQ_U64(p.vlan, 0x2fed);
    CHECK_EQ_U64(p.ethertype, 0x8100);
    CHECK_EQ_U64(p.ip, 0);
    CHECK_EQ_U64(p.payload_at, 18);
    build(&f, &(struct shape){.tags = 3, .ip = 4, .proto = IP_TCP}, &r);
    parse_exact(&p, f.bytes, f.len);
    CHECK(!p.tagged);
    CHECK_EQ_U64(p.ethertype, 0x88a8);
    CHECK_EQ_U64(p.ip, 0);
}

static void test_lengths_are_not_ethertypes(void)
{
    uint8_t frame[60] = {0};
    struct packet p;

    be16_put(frame + 12, 0x05ff);
    parse_exact(&p, frame, sizeof frame);
    CHECK_EQ_U64(p.ethertype, 0);
    CHECK_EQ_U64(p.l3_at, 0);
    be16_put(frame + 12, 0x0600);
    parse_exact(&p, frame, sizeof frame);
    CHECK_EQ_U64(p.ethertype, 0x0600);
    CHECK_EQ_U64(p.l3_at, 14);
}

/* Cut anywhere: IP needs its whole packet, so nothing of it is left; with the IP length cut as
 * well, L4 needs its whole header. */
static void test_truncated_frames_at_every_length(void)
{
    static const uint8_t protos[] = {IP_TCP, IP_UDP, IP_SCTP};
    struct random r;

    random_init(&r, 9, "packet");
    for (unsigned n = 0; n < 12; n++) {
        struct shape s = {.ip = n % 2 ? 6 : 4, .tags = n / 2 % 2, .proto = protos[n / 4],
                          .options = 2, .tcp_options = 3, .payload = 9};
        struct built f;
        struct packet p;

        build(&f, &s, &r);
        for (unsigned len = 0; len < f.end; len++) {
            struct built cut = f;

            parse_exact(&p, f.bytes, len);
            CHECK_EQ_U64(p.ip, 0);
            CHECK_EQ_U64(p.l4, PACKET_NO_L4);
            CHECK_EQ_U64(p.tagged, s.tags && len >= 18);
            CHECK_EQ_U64(p.ethertype != 0, len >= (s.tags ? 18 : 14));
            if (len < f.l3 + (s.ip == 4 ? 28 : 40))
                continue;
            be16_put(cut.bytes + f.l3 + (s.ip == 4 ? 2 : 4),
                     (uint16_t)(len - f.l3 - (s.ip == 4 ? 0 : 40)));
            parse_exact(&p, cut.bytes, len);
            CHECK_EQ_U64(p.ip, s.ip);
            CHECK_EQ_U64(p.l4 != PACKET_NO_L4, len >= f.l4 + f.l4_header);
            CHECK(p.payload_at <= len);
        }
    }
}

static void test_unsound_headers_are_none(void)
{
    struct random r;
    struct built f;
    struct packet p;

    random_init(&r, 10, "packet");
    build(&f, &(struct shape){.ip = 4, .proto = IP_TCP, .payload = 100}, &r);
    f.bytes[f.l3] = 0x44; /* header of 16 bytes */
    parse_exact(&p, f.bytes, f.len);
    CHECK_EQ_U64(p.ip, 0);
    f.bytes[f.l3] = 0x55; /* version 5 */
    parse_exact(&p, f.bytes, f.len);
    CHECK_EQ_U64(p.ip, 0);
    f.bytes[f.l3] = 0x45;
    be16_put(f.bytes + f.l3 + 2, 19); /* shorter than its header */
    parse_exact(&p, f.bytes, f.len);
    CHECK_EQ_U64(p.ip, 0);
    be16_put(f.bytes + f.l3 + 2, (uint16_t)(f.len - f.l3 + 1)); /* longer than the frame */
    parse_exact(&p, f.bytes, f.len);
    CHECK_EQ_U64(p.ip, 0);
    be16_put(f.bytes + f.l3 + 2, (uint16_t)(f.len - f.l3));
    f.bytes[f.l4 + 12] = 0x40; /* TCP header of 16 bytes */
    parse_exact(&p, f.bytes, f.len);
    CHECK_EQ_U64(p.ip, 4);
    CHECK_EQ_U64(p.l4, PACKET_NO_L4);
    CHECK_EQ_U64(p.payload_at, f.l4);
    build(&f, &(struct shape){.ip = 6, .proto = IP_TCP, .options = 9}, &r); /* too long a chain */
    parse_exact(&p, f.bytes, f.len);
    CHECK_EQ_U64(p.ip, 6);
    CHECK_EQ_U64(p.l4, PACKET_NO_L4);
    build(&f, &(struct shape){.ip = 6, .proto = IP_TCP, .options = 8}, &r);
    parse_exact(&p, f.bytes, f.len);
    CHECK_EQ_U64(p.l4, PACKET_TCP);
}

/* Bytes of no meaning, and sound frames with some of them. */
static void test_random_bytes_are_survived(void)
{
    struct random r;

    random_init(&r, 11, "packet");
    for (unsigned n = 0; n < 60000; n++) {
        struct shape s = {.ip = n % 2 ? 6 : 4, .tags = n / 2 % 2, .proto = n / 4 % 2 ? 6 : 17,
                          .options = (unsigned)random_below(&r, 3), .payload = 30};
        struct built f;
        struct packet p;
        unsigned len;

        build(&f, &s, &r);
        for (uint64_t k = random_below(&r, 8); k > 0; k--)
            f.bytes[random_below(&r, f.len)] = (uint8_t)random_u64(&r);
        if (n % 8 == 0)
            for (unsigned i = 14; i < f.len; i++)
                f.bytes[i] = (uint8_t)random_u64(&r);
        len = n % 3 ? f.len : (unsigned)random_below(&r, f.len + 1);
        parse_exact(&p, f.bytes, len);
        CHECK(p.payload_at <= len && p.l4_at <= len && p.l3_at <= len && p.ip_end <= len);
        CHECK(!p.l4 || (p.ip && p.l4_at > p.l3_at));
    }
}

/* ---- sending ---- */

static void test_inserted_checksums_are_good(void)
{
    static const uint8_t protos[] = {IP_TCP, IP_UDP, IP_SCTP};
    static const uint8_t l4s[] = {PACKET_TCP, PACKET_UDP, PACKET_SCTP};
    static const unsigned field[] = {16, 6, 8};
    struct random r;

    random_init(&r, 12, "packet");
    for (unsigned n = 0; n < 600; n++) {
        unsigned k = n / 2 % 3;
        struct shape s = {.ip = n % 2 ? 6 : 4, .tags = n / 6 % 2, .proto = protos[k],
                          .options = n % 4, .tcp_options = 2, .payload = n};
        struct packet_offload o = {.ip4 = s.ip == 4, .l4 = l4s[k], .insert_ip = true,
                                   .insert_l4 = true};
        struct built f;
        struct packet p;

        build(&f, &s, &r);
        o.mac_bytes = (uint16_t)f.l3;
        o.ip_bytes = (uint16_t)(f.l4 - f.l3);
        o.l4_bytes = (uint16_t)f.l4_header;
        if (s.ip == 4)
            be16_put(f.bytes + f.l3 + 10, 0);
        if (k < 2)
            be16_put(f.bytes + f.l4 + field[k],
                     packet_pseudo_sum(f.bytes + f.l3, s.ip, s.proto, f.end - f.l4));
        packet_insert_checksums(f.bytes, f.len, &o);
        packet_parse(&p, f.bytes, f.len);
        CHECK(s.ip == 6 || packet_check_ip(&p, f.bytes) == PACKET_GOOD);
        CHECK_EQ_U64(packet_check_l4(&p, f.bytes), PACKET_GOOD);
    }
}

static void test_a_udp_checksum_of_zero_is_sent_as_ffff(void)
{
    uint8_t frame[14 + 20 + 8 + 2] = {0};
    struct packet_offload o = {.mac_bytes = 14, .ip_bytes = 20, .l4_bytes = 8, .ip4 = true,
                               .l4 = PACKET_UDP, .insert_l4 = true};

    be16_put(frame + 34 + 4, 0xffff); /* all that is not zero: the sum is 0xffff, its inverse 0 */
    packet_insert_checksums(frame, sizeof frame, &o);
    CHECK_EQ_U64(be16_get(frame + 34 + 6), 0xffff);
}

static void test_offloads_with_nonsense_lengths_stay_inside(void)
{
    struct random r;

    random_init(&r, 13, "packet");
    for (unsigned n = 0; n < 20000; n++) {
        uint32_t len = (uint32_t)random_below(&r, 120);
        uint8_t *frame = calloc(1, len ? len : 1);
        struct packet_offload o = {.mac_bytes = (uint16_t)random_below(&r, 128),
                                   .ip_bytes = (uint16_t)random_below(&r, 512),
                                   .l4_bytes = (uint16_t)random_below(&r, 256),
                                   .ip4 = n & 1, .l4 = n / 2 % 5, .insert_ip = true,
                                   .insert_l4 = true};
        uint32_t headers;

        if (n % 2) {
            o.mac_bytes %= 16;
            o.ip_bytes %= 64;
            o.l4_bytes %= 32;
        }
        packet_insert_checksums(frame, len, &o);
        headers = (uint32_t)o.mac_bytes + o.ip_bytes + o.l4_bytes;
        if (headers <= len)
            packet_segment(frame, len - headers, n, n * 1448, n % 3 == 0, &o,
                           (const uint16_t[3]){0xff6, 0xf76, 0xf7f});
        free(frame);
    }
}

/* A header as Linux leaves it, cut into segments: each is a sound packet, and together they are the
 * payload. */
static void segment_all(unsigned ip, uint8_t proto, unsigned total, unsigned mss, unsigned tags)
{
    static const uint16_t masks[3] = {0xff6, 0xf76, 0xf7f};
    struct shape s = {.ip = ip, .proto = proto, .tags = tags, .tcp_options = 3, .options = 0};
    struct random r;
    struct built header, f;
    struct packet p;
    bool tcp = proto == IP_TCP;
    unsigned count = (total + mss - 1) / mss, id = 0xfffe;

    random_init(&r, total, "packet");
    build(&header, &s, &r);
    be16_put(header.bytes + header.l3 + (ip == 4 ? 2 : 4), 0);
    if (ip == 4) {
        be16_put(header.bytes + header.l3 + 4, (uint16_t)id);
        be16_put(header.bytes + header.l3 + 10, 0);
    }
    if (tcp)
        header.bytes[header.l4 + 13] = 0x99; /* CWR, ACK, PSH, FIN */
    be16_put(header.bytes + header.l4 + (tcp ? 16 : 6),
             packet_pseudo_sum(header.bytes + header.l3, ip, proto, 0));
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i * mss, n = total - at < mss ? total - at : mss;
        bool last = i == count - 1;
        struct packet_offload o = {
            .mac_bytes = (uint16_t)header.l3, .ip_bytes = (uint16_t)(header.l4 - header.l3),
            .l4_bytes = (uint16_t)header.l4_header, .mss = (uint16_t)mss, .ip4 = ip == 4,
            .l4 = tcp ? PACKET_TCP : PACKET_UDP, .insert_ip = true, .insert_l4 = true,
        };

        f = header;
        for (unsigned b = 0; b < n; b++)
            f.bytes[header.end + b] = (uint8_t)((at + b) * 7 >> 3);
        f.len = header.end + n;
        packet_segment(f.bytes, n, i, at, last, &o, masks);
        parse_exact(&p, f.bytes, f.len);
        CHECK_EQ_U64(p.ip, ip);
        CHECK_EQ_U64(p.ip_end, f.len);
        CHECK_EQ_U64(p.l4, tcp ? PACKET_TCP : PACKET_UDP);
        CHECK(ip == 6 || packet_check_ip(&p, f.bytes) == PACKET_GOOD);
        CHECK(ip == 6 || be16_get(f.bytes + f.l3 + 4) == ((id + i) & 0xffff));
        CHECK_EQ_U64(packet_check_l4(&p, f.bytes), PACKET_GOOD);
        for (unsigned b = 0; b < n; b++)
            CHECK(f.bytes[header.end + b] == (uint8_t)((at + b) * 7 >> 3));
        if (!tcp)
            continue;
        CHECK_EQ_U64(p.tcp_seq, (uint32_t)(0xa1b2c3d4 + at));
        CHECK_EQ_U64(p.tcp_flags, 0x10 | (i == 0 ? 0x80 : 0) | (last ? 0x09 : 0));
    }
}

static void test_segments_are_sound_packets(void)
{
    for (unsigned ip = 4; ip <= 6; ip += 2) {
        segment_all(ip, IP_TCP, 64240, 1448, 0);
        segment_all(ip, IP_TCP, 10001, 536, 1);
        segment_all(ip, IP_TCP, 2896, 1448, 0);
        segment_all(ip, IP_TCP, 700, 1448, 1);
        segment_all(ip, IP_TCP, 7, 1, 0);
        segment_all(ip, IP_UDP, 30000, 1472, 0);
        segment_all(ip, IP_UDP, 333, 100, 1);
    }
}

TEST_MAIN(test_sum_of_rfc1071, test_sum_is_the_slow_one_at_every_length_and_alignment,
          test_sum_of_much_does_not_overflow, test_crc32c_of_rfc3720, test_rss_of_microsofts_suite,
          test_toeplitz_is_the_slow_one, test_flow_director_hash_is_the_slow_one,
          test_parse_finds_every_header, test_any_changed_bit_makes_a_checksum_bad,
          test_udp_without_checksum_is_not_checked_over_ipv4_only, test_fragments_have_no_l4,
          test_a_second_tag_is_not_looked_into, test_lengths_are_not_ethertypes,
          test_truncated_frames_at_every_length, test_unsound_headers_are_none,
          test_random_bytes_are_survived, test_inserted_checksums_are_good,
          test_a_udp_checksum_of_zero_is_sent_as_ffff,
          test_offloads_with_nonsense_lengths_stay_inside, test_segments_are_sound_packets)
