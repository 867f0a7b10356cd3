/* SPDX-License-Identifier: Apache-2.0 */
static void fill(volatile long *p)
{
    *p = 1;
}

int main(void)
{
    fill((volatile long *)0x12345678);
    return 0;
}
