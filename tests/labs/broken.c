/* SPDX-License-Identifier: Apache-2.0 */
/* Programs with mistakes, chosen by a word of the command line: each ends with one clear line and
 * status 1. */
#include "labs/lib/device_tree.h"
#include "labs/lib/irq.h"
#include "labs/lib/paging.h"
#include "labs/lib/pci.h"
#include "labs/lib/print.h"
#include "labs/lib/string.h"
#include "labs/lib/trap.h"

#include <stddef.h>

static void *volatile wild = (void *)UINT64_C(0x123456789000);

/* Not to be a loop. */
static volatile bool again = true;

static __attribute__((noinline)) uint64_t deeper(uint64_t depth)
{
    volatile uint64_t room[32];

    room[depth % 32] = depth;
    return again ? deeper(depth + 1) + room[3] : 0;
}

static __attribute__((noinline)) uint64_t large(void)
{
    volatile uint8_t room[40 * 1024]; /* more than the stack, less than the stack and its guard */

    room[0] = 1;
    return room[0];
}

static void on_timer(void *ctx)
{
    *(volatile uint64_t *)ctx = 1;
}

static void recurse_on_timer(void *ctx)
{
    (void)ctx;
    (void)deeper(0);
}

static void sleep_on_timer(void *ctx)
{
    (void)ctx;
    timer_at(time_now() + 10, sleep_on_timer, NULL);
    (void)WAIT_ASLEEP(false, 100); /* lets interrupts in, in a trap */
}

int main(const void *device_tree)
{
    const char *word = device_tree_arguments(device_tree);

    if (strcmp(word, "load") == 0)
        return (int)*(volatile uint64_t *)wild;
    if (strcmp(word, "null") == 0)
        *(volatile uint64_t *)(wild = NULL) = 1;
    if (strcmp(word, "jump") == 0)
        ((void (*)(void))wild)();
    if (strcmp(word, "code") == 0)
        *(volatile uint32_t *)(uintptr_t)deeper = 0;
    if (strcmp(word, "recursion") == 0)
        return (int)deeper(0);
    if (strcmp(word, "array") == 0)
        return (int)large();
    if (strcmp(word, "paged") == 0) {
        paging_init();
        return (int)*(volatile uint64_t *)(UINT64_C(-1) << 20);
    }
    if (strcmp(word, "tables") == 0) { /* even the UART is gone */
        paging_init();
        paging_root()[0] = 0;
        paging_use(paging_root(), 0);
        print("lost");
    }
    if (strcmp(word, "handler") == 0)
        timer_at(0, on_timer, wild);
    if (strcmp(word, "handler-recursion") == 0)
        timer_at(0, recurse_on_timer, NULL);
    if (strcmp(word, "handler-sleeps") == 0)
        timer_at(0, sleep_on_timer, NULL);
    if (strcmp(word, "order") == 0)
        irq_handle(10, recurse_on_timer, NULL);
    if (strcmp(word, "bar") == 0) {
        pci_init();
        (void)pci_bar(pci_get(0), 0);
    }
    irq_on();
    return 0;
}
