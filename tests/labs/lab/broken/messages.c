/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/reg.h"

static struct irq_message message;

static void answer(void *nothing)
{
    (void)nothing;
    mmio_write32(message.address, message.data);
}

int main(const void *device_tree)
{
    irq_init(device_tree);
    if (!irq_msi(answer, 0, &message))
        die("no messages");
    irq_on();
    answer(0);
    for (;;)
        __asm__ volatile("");
}
