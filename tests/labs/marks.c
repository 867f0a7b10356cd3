/* SPDX-License-Identifier: Apache-2.0 */
/* Marks around a loop of 1000 rounds, three times. */
int main(const void *device_tree)
{
    (void)device_tree;
    for (int i = 0; i < 3; i++) {
        __asm__ volatile("slti zero, zero, 16" ::: "memory");
        for (volatile int j = 0; j < 1000; j++)
            ;
        __asm__ volatile("slti zero, zero, 2047" ::: "memory");
    }
    return 0;
}
