/* SPDX-License-Identifier: Apache-2.0 */
/* What the work "exec" starts: as little as a static program can be, with its C library's start. */
int main(void)
{
    return 42;
}
