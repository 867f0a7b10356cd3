/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of labs/kernel, by NAPI: datagrams of a generator to port 9 (--nic gen,...), at a rate
 * that the program keeps up with, then in bursts that it does not.  First `few` of them in order,
 * each waited for; then what is left is counted by the kernel: nothing disappears. */
#include "check.h"

enum { FEW = 200, ALL = 1000, FLOW_BYTES = 4, NUMBER_AT = 6 };

static uint8_t bytes[2048];

static uint32_t number_of(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int main(void)
{
    int64_t fd = socket(), other = socket();
    struct poll both[2];
    struct counters c;

    CHECK(fd >= 0 && other >= 0);
    CHECK_EQ(bind(fd, 9), 0);
    CHECK_EQ(bind(other, 10), 0);
    both[0] = (struct poll){.fd = (int32_t)other};
    both[1] = (struct poll){.fd = (int32_t)fd};
    mark(1);
    CHECK_EQ(poll(both, 2, 1000), 1);
    CHECK(!both[0].ready && both[1].ready);
    for (uint32_t i = 0; i < FEW; i++) {
        int64_t n = i % 2 ? read(fd, bytes, sizeof bytes) : recv(fd, bytes, sizeof bytes);

        CHECK_EQ(n, 1000 - 18 - 20 - 8); /* of a frame with its check sequence */
        CHECK_EQ(number_of(bytes + NUMBER_AT), i);
    }
    /* What does not fit into the buffer is lost with it. */
    CHECK_EQ(recv(fd, bytes, 10), 10);
    CHECK_EQ(number_of(bytes + NUMBER_AT), FEW);
    mark(2);
    /* Now nobody takes them: the queue fills, and the rest is dropped and counted. */
    for (unsigned i = 0; i < 100 && count().net_packets < ALL; i++)
        CHECK_EQ(sleep_us(1000), 0);
    c = count();
    CHECK_EQ(c.net_packets, ALL);
    CHECK_EQ(c.net_delivered + c.net_overflows + c.net_unclaimed, ALL);
    CHECK_EQ(c.net_unclaimed, 0);
    CHECK(c.net_overflows > 0);
    CHECK(c.net_interrupts <= c.net_polls && c.net_polls <= ALL + 50);
    while (poll(both, 2, 0) == 1)
        CHECK(recv(fd, bytes, sizeof bytes) > 0);
    print("receive: interrupts %lu polls %lu, all as they should be\n", c.net_interrupts,
          c.net_polls);
    return 0;
}
