/* SPDX-License-Identifier: Apache-2.0 */
static volatile int more = 1;

static __attribute__((noinline)) int sum(int n)
{
    volatile char local[5000000]; /* reaches over the guard */

    local[0] = (char)n;
    return more ? sum(n + 1) + local[0] : n;
}

int main(void)
{
    return sum(0);
}
