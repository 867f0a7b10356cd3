/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/csr.h"

int main(void)
{
    csr_write(sscratch, 0x1000); /* the stack of traps */
    __asm__ volatile("unimp");
    return 0;
}
