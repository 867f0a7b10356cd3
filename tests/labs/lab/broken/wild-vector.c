/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/csr.h"

static void touch(volatile long *p)
{
    *p = 1;
}

int main(void)
{
    volatile long *volatile nothing = (volatile long *)8;

    csr_write(stvec, 0x40);
    touch(nothing);
    return 0;
}
