/* SPDX-License-Identifier: Apache-2.0 */
/* Frames to be sent: checksums put in, payloads cut (82599 datasheet 7.2.4, 7.2.5). */
#include "dev/packet.h"
#include "dev/packet_bytes.h"

#include <string.h>

/* The IP checksum covers all of IPLEN, its own field as well: software leaves zero there, or what
 * cancels headers of a tunnel that it counts to IPLEN. */
static void insert_ip(uint8_t *ip, uint32_t ip_bytes)
{
    be16_put(ip + 10, (uint16_t)~packet_sum(ip, ip_bytes));
}

/* `extra`: added to the partial sum that software left in the field. */
static void insert_l4(uint8_t *l4, uint32_t len, uint8_t proto, uint16_t extra)
{
    uint16_t sum;
    uint32_t crc;

    switch (proto) {
    case PACKET_TCP:
        if (len >= TCP_HEADER_BYTES)
            be16_put(l4 + 16, (uint16_t)~packet_sum_add(packet_sum(l4, len), extra));
        break;
    case PACKET_UDP:
        if (len < UDP_HEADER_BYTES)
            break;
        sum = (uint16_t)~packet_sum_add(packet_sum(l4, len), extra);
        be16_put(l4 + 6, sum ? sum : 0xffff); /* RFC 768: 0 would say that there is none */
        break;
    case PACKET_SCTP:
        if (len < SCTP_HEADER_BYTES)
            break;
        crc = packet_sctp_crc(l4, len);
        for (unsigned i = 0; i < 4; i++) /* RFC 9260 appendix A: low byte first */
            l4[8 + i] = (uint8_t)(crc >> 8 * i);
        break;
    default:
        break;
    }
}

void packet_insert_checksums(uint8_t *frame, uint32_t len, const struct packet_offload *o)
{
    uint32_t l4_at = (uint32_t)o->mac_bytes + o->ip_bytes;

    if (l4_at > len)
        return;
    if (o->insert_ip && o->ip4 && o->ip_bytes >= IP4_HEADER_BYTES)
        insert_ip(frame + o->mac_bytes, o->ip_bytes);
    if (o->insert_l4)
        insert_l4(frame + l4_at, len - l4_at, o->l4, 0);
}

/* DTXTCPFLGL/H: what is left of the header's flags in the first, the middle, the last segment.  An
 * only segment keeps what either end keeps. */
static void segment_flags(uint8_t *tcp, uint32_t index, bool last, const uint16_t mask[3])
{
    uint16_t keep = index && !last ? mask[1] : 0, word = be16_get(tcp + 12);

    if (!index)
        keep |= mask[0];
    if (last)
        keep |= mask[2];
    be16_put(tcp + 12, (uint16_t)((word & 0xf000) | (word & keep & 0x0fff)));
}

void packet_segment(uint8_t *frame, uint32_t payload_bytes, uint32_t index, uint32_t at, bool last,
                    const struct packet_offload *o, const uint16_t flag_mask[3])
{
    uint8_t *ip = frame + o->mac_bytes, *l4 = ip + o->ip_bytes;
    uint32_t l4_len = o->l4_bytes + payload_bytes;
    uint8_t length[4] = {(uint8_t)(l4_len >> 24), (uint8_t)(l4_len >> 16), (uint8_t)(l4_len >> 8),
                         (uint8_t)l4_len};

    if (o->ip4 && o->ip_bytes >= IP4_HEADER_BYTES) {
        be16_put(ip + 2, (uint16_t)(o->ip_bytes + l4_len));
        be16_put(ip + 4, (uint16_t)(be16_get(ip + 4) + index));
        if (o->insert_ip)
            insert_ip(ip, o->ip_bytes);
    } else if (!o->ip4 && o->ip_bytes >= IP6_HEADER_BYTES) {
        be16_put(ip + 4, (uint16_t)(o->ip_bytes - IP6_HEADER_BYTES + l4_len));
    }
    if (o->l4 == PACKET_TCP && o->l4_bytes >= TCP_HEADER_BYTES) {
        be32_put(l4 + 4, be32_get(l4 + 4) + at);
        segment_flags(l4, index, last, flag_mask);
    } else if (o->l4 == PACKET_UDP && o->l4_bytes >= UDP_HEADER_BYTES) {
        be16_put(l4 + 4, (uint16_t)l4_len);
    }
    /* Software left the pseudo header's sum without the length, which only hardware knows. */
    if (o->insert_l4)
        insert_l4(l4, l4_len, o->l4, packet_sum(length, sizeof length));
}
