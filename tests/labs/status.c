/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that fails: what main() returns is the machine's exit status. */
int main(const void *device_tree)
{
    (void)device_tree;
    return 7;
}
