/* SPDX-License-Identifier: Apache-2.0 */
int main(void)
{
    *(volatile int *)(void *)main = 0;
    return 0;
}
