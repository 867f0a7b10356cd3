/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/reg.h"
#include "spec/uart.h"
#include "spec/virt.h"

enum { UART_REGS(REG_AT) };

static void wait_for_a_key(void)
{
    while (!(mmio_read8(VIRT_UART_BASE + UART_LSR) & 1))
        ;
}

int main(void)
{
    wait_for_a_key();
    return 0;
}
