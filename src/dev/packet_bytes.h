/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the protocols that a NIC's parser knows; big-endian bytes. */
#ifndef DEV_PACKET_BYTES_H
#define DEV_PACKET_BYTES_H

#include <stdint.h>

enum {
    ETHER_HEADER_BYTES = 14,
    ETHER_TAG_BYTES = 4,
    ETHER_TYPE_MIN = 0x600, /* IEEE 802.3 3.2.6: less is a length */
    ETHER_IP4 = 0x0800,
    ETHER_VLAN = 0x8100,
    ETHER_IP6 = 0x86dd,
};

enum { /* IANA protocol numbers */
    IP_HOPOPTS = 0, IP_TCP = 6, IP_UDP = 17, IP_ROUTING = 43, IP_FRAGMENT = 44, IP_AH = 51,
    IP_DSTOPTS = 60, IP_SCTP = 132, IP_MOBILITY = 135,
};

enum {
    IP4_HEADER_BYTES = 20,
    IP6_HEADER_BYTES = 40,
    TCP_HEADER_BYTES = 20,
    UDP_HEADER_BYTES = 8,
    SCTP_HEADER_BYTES = 12,
};

static inline uint16_t be16_get(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t be32_get(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline void be16_put(void *p, uint16_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)(v >> 8);
    b[1] = (uint8_t)v;
}

static inline void be32_put(void *p, uint32_t v)
{
    be16_put(p, (uint16_t)(v >> 16));
    be16_put((uint8_t *)p + 2, (uint16_t)v);
}

/* The check of a whole SCTP packet (at least its header), its checksum field taken as zero. */
uint32_t packet_sctp_crc(const uint8_t *sctp, uint32_t len);

#endif
