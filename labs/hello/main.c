/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest lab: one line through the UART, byte by byte. */
#include "labs/lib/uart.h"

int main(const void *device_tree)
{
    (void)device_tree;
    uart_init();
    uart_puts("Hello from machine mode.\n");
    return 0;
}
