/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/irq.h"
#include "labs/lib/timer.h"

static void again(void *nothing)
{
    (void)nothing;
    timer_at(0, again, 0);
}

int main(const void *device_tree)
{
    irq_init(device_tree);
    timer_at(0, again, 0);
    irq_on();
    for (;;)
        __asm__ volatile("");
}
