/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the wire: the traffic generator (docs/network.md), and what its frames look like. */
#ifndef GENERATOR_H
#define GENERATOR_H

#include "labs/lib/i82599.h"

#include <stdint.h>

/* Ethernet, IPv4 without options, UDP; ports of its traffic, and of orders to it. */
enum { ETHER = 14, IP = 20, UDP = 8, HEADERS = ETHER + IP + UDP, DATA_PORT = 9, ORDER_PORT = 7000 };

static inline uint32_t be16(const uint8_t *b)
{
    return (uint32_t)b[0] << 8 | b[1];
}

/* RFC 1071: the sum of 16-bit words; 0xffff over what carries its own checksum. */
static inline uint32_t sum16(uint32_t sum, const uint8_t *b, uint32_t bytes)
{
    for (; bytes > 1; bytes -= 2, b += 2)
        sum += be16(b);
    if (bytes)
        sum += (uint32_t)b[0] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static inline uint64_t be64(const uint8_t *b)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8; i++)
        value = value << 8 | b[i];
    return value;
}

/* Orders frames of `bytes` (with check sequence), `rate` a second, for `microseconds`; returns when it
 * has agreed, with the first of them on their way.  The order goes through tx, the answer comes
 * through rx; dies when there is none. */
void generator_start(struct i82599_tx *tx, struct i82599_rx *rx, uint32_t rate, uint32_t bytes,
                     uint32_t microseconds);

#endif
