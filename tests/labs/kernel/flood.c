/* SPDX-License-Identifier: Apache-2.0 */
/* NAPI under load: small frames at the rate of the line, faster than the kernel takes them.  Then
 * polls take the place of interrupts, and the softirq's thread shares the hart with the program. 
 * The controller's packet buffer holds what comes meanwhile: 4000 frames, none of them lost. */
#include "check.h"

enum { ALL = 4000 };

int main(void)
{
    int64_t fd = socket();
    unsigned turns = 0;
    struct counters c;

    CHECK_EQ(bind(fd, 9), 0);
    while (!count().net_packets)
        CHECK_EQ(sleep_us(10), 0);
    while ((c = count()).net_packets < ALL) {
        CHECK(turns < 1000000);
        turns++;
    }
    CHECK_EQ(c.net_packets, ALL);
    CHECK_EQ(c.net_unclaimed, 0);
    CHECK_EQ(c.net_delivered + c.net_overflows, ALL);
    CHECK(turns > 1);               /* we had the hart in between */
    CHECK(c.net_interrupts * 50 < ALL); /* an interrupt brought many frames */
    CHECK(c.net_polls > c.net_interrupts && c.net_polls >= ALL / 64);
    print("flood: interrupts %lu polls %lu turns %u, all as they should be\n", c.net_interrupts,
          c.net_polls, turns);
    return 0;
}
