/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/trap.h"

static bool handle(struct trap_frame *frame)
{
    (void)frame; /* pc is not moved on */
    return true;
}

int main(void)
{
    trap_handle(handle);
    __asm__ volatile("ebreak");
    return 0;
}
