/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: parsing, checksums, hashes.  Segmentation is in packet_send.c. */
#include "dev/packet.h"

#include "base/bits.h"
#include "dev/packet_bytes.h"

/* RFC 8200 sets no bound on a chain of extension headers; a parser in silicon has one. */
#define EXTENSIONS_MAX 8

/* ---- checksums ---- */

static uint16_t fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

uint16_t packet_sum(const uint8_t *bytes, uint32_t len)
{
    /* One's-complement addition does not mind the width of its words nor, but for a swap at the
     * end, their byte order (RFC 1071 2): 32-bit words, in four sums that do not wait for each
     * other and cannot overflow (2^32 words). */
    uint64_t a = 0, b = 0, c = 0, d = 0;
    uint8_t rest[4] = {0};

    for (; len >= 32; len -= 32, bytes += 32) {
        uint64_t v = le64_get(bytes), w = le64_get(bytes + 8);
        uint64_t x = le64_get(bytes + 16), y = le64_get(bytes + 24);

        a += (v & 0xffffffff) + (v >> 32);
        b += (w & 0xffffffff) + (w >> 32);
        c += (x & 0xffffffff) + (x >> 32);
        d += (y & 0xffffffff) + (y >> 32);
    }
    for (; len >= 4; len -= 4, bytes += 4)
        a += le32_get(bytes);
    for (uint32_t i = 0; i < len; i++)
        rest[i] = bytes[i];
    a = fold(a + le32_get(rest)) + fold(b) + fold(c) + fold(d);
    a = fold(a);
    return (uint16_t)(a << 8 | a >> 8);
}

uint16_t packet_sum_add(uint16_t a, uint16_t b)
{
    uint32_t sum = (uint32_t)a + b;

    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

uint16_t packet_pseudo_sum(const uint8_t *l3, unsigned ip, uint8_t proto, uint32_t l4_bytes)
{
    uint8_t tail[8] = {(uint8_t)(l4_bytes >> 24), (uint8_t)(l4_bytes >> 16),
                       (uint8_t)(l4_bytes >> 8), (uint8_t)l4_bytes, 0, 0, 0, proto};

    /* RFC 768's has 16 bits of length, RFC 8200's 32: the sum is the same. */
    return packet_sum_add(ip == 4 ? packet_sum(l3 + 12, 8) : packet_sum(l3 + 8, 32),
                          packet_sum(tail, sizeof tail));
}

/* The CRC of one byte is the sum of those of its bits: the table is written by the preprocessor. */
#define CRC_BYTE(n) \
    (((n) & 1 ? 0xf26b8303u : 0) ^ ((n) & 2 ? 0xe13b70f7u : 0) ^ ((n) & 4 ? 0xc79a971fu : 0) ^ \
     ((n) & 8 ? 0x8ad958cfu : 0) ^ ((n) & 16 ? 0x105ec76fu : 0) ^ ((n) & 32 ? 0x20bd8edeu : 0) ^ \
     ((n) & 64 ? 0x417b1dbcu : 0) ^ ((n) & 128 ? 0x82f63b78u : 0))
#define CRC_4(n) CRC_BYTE(n), CRC_BYTE((n) + 1), CRC_BYTE((n) + 2), CRC_BYTE((n) + 3)
#define CRC_16(n) CRC_4(n), CRC_4((n) + 4), CRC_4((n) + 8), CRC_4((n) + 12)
#define CRC_64(n) CRC_16(n), CRC_16((n) + 16), CRC_16((n) + 32), CRC_16((n) + 48)

static const uint32_t crc32c_table[256] = {CRC_64(0), CRC_64(64), CRC_64(128), CRC_64(192)};

static uint32_t crc32c_update(uint32_t crc, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        crc = crc >> 8 ^ crc32c_table[(crc ^ bytes[i]) & 0xff];
    return crc;
}

uint32_t packet_crc32c(const uint8_t *bytes, uint32_t len)
{
    return ~crc32c_update(UINT32_MAX, bytes, len);
}

uint32_t packet_sctp_crc(const uint8_t *sctp, uint32_t len)
{
    static const uint8_t zero[4];
    uint32_t crc = crc32c_update(UINT32_MAX, sctp, 8);

    crc = crc32c_update(crc, zero, sizeof zero);
    return ~crc32c_update(crc, sctp + SCTP_HEADER_BYTES, len - SCTP_HEADER_BYTES);
}

enum packet_check packet_check_ip(const struct packet *p, const uint8_t *frame)
{
    const uint8_t *ip = frame + p->l3_at;

    if (p->ip != 4)
        return PACKET_UNCHECKED;
    return packet_sum(ip, (ip[0] & 15) * 4u) == 0xffff ? PACKET_GOOD : PACKET_BAD;
}

/* A sum over data and checksum is 0xffff; 0 is another form of it that only all zeroes have. */
static enum packet_check sum_check(const struct packet *p, const uint8_t *frame, uint8_t proto,
                                   uint32_t bytes)
{
    uint16_t sum = packet_sum_add(packet_pseudo_sum(frame + p->l3_at, p->ip, proto, bytes),
                                  packet_sum(frame + p->l4_at, bytes));

    return sum == 0xffff ? PACKET_GOOD : PACKET_BAD;
}

enum packet_check packet_check_l4(const struct packet *p, const uint8_t *frame)
{
    const uint8_t *l4 = frame + p->l4_at;
    uint32_t room = (uint32_t)p->ip_end - p->l4_at, bytes;

    switch (p->l4) {
    case PACKET_TCP:
        return sum_check(p, frame, IP_TCP, room);
    case PACKET_UDP:
        bytes = be16_get(l4 + 4);
        if (be16_get(l4 + 6) == 0) /* RFC 768: none; RFC 8200 8.1: not allowed */
            return p->ip == 4 ? PACKET_UNCHECKED : PACKET_BAD;
        if (bytes < UDP_HEADER_BYTES || bytes > room)
            return PACKET_BAD;
        return sum_check(p, frame, IP_UDP, bytes);
    case PACKET_SCTP:
        return packet_sctp_crc(l4, room) == le32_get(l4 + 8) ? PACKET_GOOD : PACKET_BAD;
    default:
        return PACKET_UNCHECKED;
    }
}

/* ---- parsing ---- */

/* The L4 header at `at`, if it is whole before the packet's end. */
static void parse_l4(struct packet *p, const uint8_t *frame, uint32_t at)
{
    const uint8_t *l4 = frame + at;
    uint32_t room = p->ip_end - at, header;

    switch (p->ip_proto) {
    case IP_TCP:
        if (room < TCP_HEADER_BYTES)
            return;
        header = (l4[12] >> 4) * 4u;
        if (header < TCP_HEADER_BYTES || header > room)
            return;
        p->l4 = PACKET_TCP;
        p->tcp_flags = l4[13];
        p->tcp_seq = be32_get(l4 + 4);
        p->tcp_ack = be32_get(l4 + 8);
        break;
    case IP_UDP:
        if (room < UDP_HEADER_BYTES)
            return;
        header = UDP_HEADER_BYTES;
        p->l4 = PACKET_UDP;
        break;
    case IP_SCTP:
        if (room < SCTP_HEADER_BYTES)
            return;
        header = SCTP_HEADER_BYTES;
        p->l4 = PACKET_SCTP;
        break;
    default:
        p->l4 = PACKET_OTHER_L4;
        p->l4_at = (uint16_t)at;
        return;
    }
    p->l4_at = (uint16_t)at;
    p->payload_at = (uint16_t)(at + header);
    p->src_port = be16_get(l4);
    p->dst_port = be16_get(l4 + 2);
}

static void parse_ip4(struct packet *p, const uint8_t *frame, uint32_t at, uint32_t len)
{
    const uint8_t *ip = frame + at;
    uint32_t room = len - at, header, total;

    if (room < IP4_HEADER_BYTES)
        return;
    header = (ip[0] & 15) * 4u;
    total = be16_get(ip + 2);
    if (ip[0] >> 4 != 4 || header < IP4_HEADER_BYTES || total < header || total > room)
        return;
    p->ip = 4;
    p->tos = ip[1];
    p->ip_proto = ip[9];
    p->ip_options = header > IP4_HEADER_BYTES;
    p->fragment = (be16_get(ip + 6) & 0x3fff) != 0; /* more fragments, or an offset */
    p->ip_end = (uint16_t)(at + total);
    memcpy(p->src, ip + 12, 4);
    memcpy(p->dst, ip + 16, 4);
    p->payload_at = (uint16_t)(at + header);
    if (!p->fragment)
        parse_l4(p, frame, at + header);
}

/* Bytes of an extension header of which `room` are there; 0: it is none, or not whole. */
static uint32_t extension_bytes(uint8_t proto, const uint8_t *header, uint32_t room)
{
    uint32_t bytes;

    switch (proto) {
    case IP_HOPOPTS: case IP_ROUTING: case IP_DSTOPTS: case IP_MOBILITY:
        bytes = room < 8 ? 0 : (header[1] + 1u) * 8;
        break;
    case IP_AH:
        bytes = room < 8 ? 0 : (header[1] + 2u) * 4;
        break;
    case IP_FRAGMENT:
        bytes = 8;
        break;
    default:
        return 0;
    }
    return bytes <= room ? bytes : 0;
}

static bool is_extension(uint8_t proto)
{
    return proto == IP_HOPOPTS || proto == IP_ROUTING || proto == IP_DSTOPTS ||
           proto == IP_MOBILITY || proto == IP_AH || proto == IP_FRAGMENT;
}

static void parse_ip6(struct packet *p, const uint8_t *frame, uint32_t at, uint32_t len)
{
    const uint8_t *ip = frame + at;
    uint32_t room = len - at, payload;

    if (room < IP6_HEADER_BYTES)
        return;
    payload = be16_get(ip + 4);
    if (ip[0] >> 4 != 6 || payload > room - IP6_HEADER_BYTES)
        return;
    p->ip = 6;
    p->tos = (uint8_t)(ip[0] << 4 | ip[1] >> 4);
    p->ip_proto = ip[6];
    p->ip_end = (uint16_t)(at + IP6_HEADER_BYTES + payload);
    memcpy(p->src, ip + 8, 16);
    memcpy(p->dst, ip + 24, 16);
    at += IP6_HEADER_BYTES;
    for (unsigned i = 0; i < EXTENSIONS_MAX && is_extension(p->ip_proto); i++) {
        uint32_t bytes = extension_bytes(p->ip_proto, frame + at, p->ip_end - at);

        p->ip_options = true;
        if (!bytes)
            break;
        p->fragment |= p->ip_proto == IP_FRAGMENT;
        p->ip_proto = frame[at];
        at += bytes;
        if (p->fragment) /* what follows may be the middle of something */
            break;
    }
    p->payload_at = (uint16_t)at;
    if (!p->fragment && !is_extension(p->ip_proto))
        parse_l4(p, frame, at);
}

void packet_parse(struct packet *p, const uint8_t *frame, uint32_t len)
{
    uint32_t at = ETHER_HEADER_BYTES, type;

    memset(p, 0, sizeof *p);
    if (len < at || len > UINT16_MAX)
        return;
    type = be16_get(frame + 12);
    if (type == ETHER_VLAN) {
        if (len < at + ETHER_TAG_BYTES)
            return;
        p->tagged = true;
        p->vlan = be16_get(frame + 14);
        type = be16_get(frame + 16);
        at += ETHER_TAG_BYTES;
    }
    p->payload_at = (uint16_t)at;
    if (type < ETHER_TYPE_MIN)
        return;
    p->ethertype = (uint16_t)type;
    p->l3_at = (uint16_t)at;
    if (type == ETHER_IP4)
        parse_ip4(p, frame, at, len);
    else if (type == ETHER_IP6)
        parse_ip6(p, frame, at, len);
}

/* ---- hashes ---- */

uint32_t packet_toeplitz(const uint8_t key[40], const uint8_t *input, uint32_t len)
{
    uint32_t hash = 0;

    /* Bit n of the input, from the most significant of the first byte, adds the key's 32 bits from
     * n on.  A 40-byte key has them for 36 bytes of input. */
    for (uint32_t i = 0; i < len && i < 36; i += 4) {
        uint64_t window = (uint64_t)be32_get(key + i) << 32 | be32_get(key + i + 4);
        uint32_t bits = 0;

        for (uint32_t b = 0; b < 4; b++)
            bits = bits << 8 | (i + b < len ? input[i + b] : 0);
        for (unsigned n = 0; n < 32; n++)
            hash ^= (uint32_t)(window >> (32 - n)) & (0 - (bits >> (31 - n) & 1));
    }
    return hash;
}

uint32_t packet_rss_input(const struct packet *p, unsigned enabled, unsigned *type,
                          uint8_t input[36])
{
    enum { TYPE_TCP4 = 1, TYPE_IP4 = 2, TYPE_TCP6 = 3, TYPE_IP6 = 5, TYPE_UDP4 = 7, TYPE_UDP6 = 8 };
    uint32_t address = p->ip == 4 ? 4 : 16;
    bool four = p->ip == 4, ports = true;

    if (!p->ip)
        return 0;
    if (p->l4 == PACKET_TCP && enabled & (four ? RSS_TCP4 : RSS_TCP6)) {
        *type = four ? TYPE_TCP4 : TYPE_TCP6;
    } else if (p->l4 == PACKET_UDP && enabled & (four ? RSS_UDP4 : RSS_UDP6)) {
        *type = four ? TYPE_UDP4 : TYPE_UDP6;
    } else if (enabled & (four ? RSS_IP4 : RSS_IP6)) {
        *type = four ? TYPE_IP4 : TYPE_IP6;
        ports = false;
    } else {
        return 0;
    }
    memcpy(input, p->src, address);
    memcpy(input + address, p->dst, address);
    if (!ports)
        return 2 * address;
    be16_put(input + 2 * address, p->src_port);
    be16_put(input + 2 * address + 2, p->dst_port);
    return 2 * address + 4;
}

bool packet_rss(const struct packet *p, const uint8_t key[40], unsigned enabled, unsigned *type,
                uint32_t *hash)
{
    uint8_t input[36];
    uint32_t len = packet_rss_input(p, enabled, type, input);

    if (len)
        *hash = packet_toeplitz(key, input, len);
    return len != 0;
}

uint32_t packet_fdir_hash(uint32_t first, uint32_t others, uint32_t key)
{
    /* The input is a ring of 336 bits: `first`, the flexible bytes, then the other nine words.  Bit
     * j of the hash is the sum, for i from 1 to 351, of bit i + j of the ring where the key (its 32
     * bits over and over) has bit i.  Bits of the ring that meet the same key bit add up first:
     * `low` is what meets key bits 0 to 15 on, `high` what meets 16 to 31.  Sum number 0 is not
     * taken, so `first` is not in there for key bit 0. */
    uint32_t high = others ^ first ^ first >> 16;
    uint32_t low = others >> 16 | others << 16;
    uint32_t hash = key & 1 ? low : 0;

    low ^= first ^ first << 16;
    for (unsigned n = 1; n < 16; n++)
        hash ^= low >> n & (0 - (key >> n & 1));
    for (unsigned n = 0; n < 16; n++)
        hash ^= high >> n & (0 - (key >> (n + 16) & 1));
    return hash & 0x7fff;
}
