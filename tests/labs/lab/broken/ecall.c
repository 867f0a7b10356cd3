/* SPDX-License-Identifier: Apache-2.0 */
int main(void)
{
    __asm__ volatile("ecall");
    return 0;
}
