/* SPDX-License-Identifier: Apache-2.0 */
static void (*volatile handler[4])(void);

int main(void)
{
    ((void (*)(void))handler)();
    return 0;
}
