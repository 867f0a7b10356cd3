/* SPDX-License-Identifier: Apache-2.0 */
/* Stores are posted: they leave, and the hart goes on.  A load brings a value: the hart waits. */
#include "labs/lib/mark.h"
#include "labs/lib/print.h"
#include "labs/lib/reg.h"
#include "spec/uart.h"
#include "spec/virt.h"

#define TIMES 100

enum { UART_REGS(REG_AT) };

int main(const void *device_tree)
{
    volatile uint8_t *scratch = (volatile uint8_t *)(VIRT_UART_BASE + UART_SCR);

    (void)device_tree;
    mark(1);
    for (unsigned i = 0; i < TIMES; i++)
        *scratch = (uint8_t)i;
    mark(2);

    mark(3);
    for (unsigned i = 0; i < TIMES; i++)
        (void)*scratch;
    mark(4);

    print("done\n");
    return 0;
}
