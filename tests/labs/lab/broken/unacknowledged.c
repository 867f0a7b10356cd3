/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/irq.h"
#include "labs/lib/reg.h"
#include "spec/uart.h"
#include "spec/virt.h"

enum { UART_REGS(REG_AT) };

static void handle(void *nothing)
{
    (void)nothing; /* IIR is not read */
}

int main(const void *device_tree)
{
    irq_init(device_tree);
    irq_handle(VIRT_IRQ_UART, handle, 0);
    mmio_write8(VIRT_UART_BASE + UART_IER, 2);
    irq_on();
    for (;;)
        __asm__ volatile("");
}
