/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/irq.h"
#include "labs/lib/timer.h"

static void tick(void *nothing)
{
    (void)nothing;
    timer_at(0, tick, 0);
    irq_on();
}

int main(const void *device_tree)
{
    irq_init(device_tree);
    timer_at(0, tick, 0);
    irq_on();
    return 0;
}
