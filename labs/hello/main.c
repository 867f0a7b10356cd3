/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest lab: one line through the UART. */
#include "labs/lib/print.h"

int main(const void *device_tree)
{
    (void)device_tree;
    print("Hello from supervisor mode.\n");
    return 0;
}
