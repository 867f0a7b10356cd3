/* SPDX-License-Identifier: Apache-2.0 */
/* Frames with nonsense in their headers (a capture that kernel_test makes): each is delivered or is
 * nobody's, and none is more than it is. */
#include "check.h"

enum { FRAMES = 2000 };

static uint8_t bytes[4096];

int main(void)
{
    int64_t fd = socket();
    struct poll one = {.fd = (int32_t)fd};
    uint64_t received = 0;
    struct counters c;

    CHECK_EQ(bind(fd, 9), 0);
    do {
        while (poll(&one, 1, 1) == 1) {
            int64_t n = recv(fd, bytes, sizeof bytes);

            CHECK(n >= 0 && n <= 1472);
            received++;
        }
        c = count();
    } while (c.net_packets < FRAMES);
    CHECK_EQ(c.net_packets, FRAMES);
    CHECK_EQ(received, c.net_delivered);
    CHECK_EQ(c.net_delivered + c.net_unclaimed + c.net_overflows, FRAMES);
    CHECK(c.net_delivered > FRAMES / 20 && c.net_unclaimed > FRAMES / 20);
    print("hostile: delivered %lu unclaimed %lu, all as they should be\n", c.net_delivered,
          c.net_unclaimed);
    return 0;
}
