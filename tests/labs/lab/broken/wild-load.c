/* SPDX-License-Identifier: Apache-2.0 */
struct node {
    long value;
    volatile struct node *next;
};

int main(void)
{
    volatile struct node last = {1, 0};

    return (int)last.next->value;
}
