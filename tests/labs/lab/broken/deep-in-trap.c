/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/trap.h"

static volatile int more = 1;

static __attribute__((noinline)) int sum(int n)
{
    volatile char local[200];

    local[0] = (char)n;
    return more ? sum(n + 1) + local[0] : n;
}

static bool handle(struct trap_frame *frame)
{
    (void)frame;
    return sum(0) != 0;
}

int main(void)
{
    trap_handle(handle);
    __asm__ volatile("ebreak");
    return 0;
}
