/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/mark.h"

int main(void)
{
    mark(1);
    for (;;)
        __asm__ volatile("");
}
