/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/mark.h"

int main(void)
{
    mark(1);
    mark(2);
    return 0;
}
