/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int main(void)
{
    fputs("doorbell: no command\n", stderr);
    return 2;
}
