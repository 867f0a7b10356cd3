/* SPDX-License-Identifier: Apache-2.0 */
int main(void)
{
    void (*volatile handler)(void) = (void (*)(void))0x40;

    handler();
    return 0;
}
