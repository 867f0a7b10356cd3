/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that do what they may not: labs/kernel ends each with one line that says what.  Built
 * with -DBROKEN=NAME. */
#include "check.h"

enum broken { read_null = 1, read_kernel, read_code, write_beyond, call_name, jump_wild, jump_null,
              store_code, store_kernel, privileged, overflow, thread_overflow, breakpoint,
              misplaced, bad_thread };

static uint8_t buffer[4096];

/* Deeper than the stack, and not to be made a loop. */
static unsigned deeper(volatile unsigned *before)
{
    volatile unsigned mine[64] = {*before + 1};

    return deeper(mine) + mine[0];
}

static void thread(void *unused)
{
    volatile unsigned start = 0;

    (void)unused;
    (void)deeper(&start);
}

int main(void)
{
    volatile uintptr_t wild = 0x1234560, null = 0, behind = (uintptr_t)buffer + (64 << 20);
    int64_t disk = open("disk");
    volatile unsigned start = 0;

    switch (BROKEN) {
    case read_null: (void)read(disk, (void *)null, 4096); break;
    case read_kernel: (void)read(disk, (void *)0x80000000, 4096); break;
    case read_code: (void)read(disk, (void *)open, 4096); break;
    case write_beyond: (void)write(1, buffer, 1 << 30); break;
    case call_name: (void)open((const char *)wild); break;
    case jump_wild: ((void (*)(void))wild)(); break;
    case jump_null: ((void (*)(void))null)(); break;
    case store_code: *(volatile uint32_t *)open = 0; break;
    case store_kernel: *(volatile uint32_t *)0x80000000 = 0; break;
    case privileged: __asm__ volatile("csrw satp, zero"); break;
    case overflow: (void)deeper(&start); break;
    case thread_overflow: (void)thread_join(thread_start(thread, NULL)); break;
    case breakpoint: __asm__ volatile("ebreak"); break;
    case misplaced: (void)counters_read((struct counters *)behind); break;
    case bad_thread:
        (void)thread_join(thread_start((void (*)(void *))wild, NULL));
        break;
    }
    print("still here\n");
    return 0;
}
