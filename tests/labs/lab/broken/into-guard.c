/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/trap.h"

int main(void)
{
    for (volatile char *p = code_end;; p++)
        *p = 0;
}
