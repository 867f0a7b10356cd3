/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/print.h"

int main(void)
{
    for (;;)
        print("on \x01\x80\xff and on");
}
