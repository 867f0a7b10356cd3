/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that executes what is defined to be illegal for ever. */
#include "labs/lib/uart.h"

int main(const void *device_tree)
{
    (void)device_tree;
    uart_init();
    __asm__ volatile("unimp");
    return 0;
}
