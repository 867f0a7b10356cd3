/* SPDX-License-Identifier: Apache-2.0 */
/* What repetitions are timed by.  A guest's own clock runs in host time on QEMU, but not with
 * -icount; there the board's real-time clock does.  On doorbell neither does: marks are timed from
 * outside. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__riscv)
extern volatile uint32_t *clock_rtc; /* NULL: rdtime */

/* False with errno: there is no real-time clock to be had. */
bool clock_open(bool rtc);

static inline uint64_t clock_ns(void)
{
    uint64_t ticks;

    if (clock_rtc) {
        /* The low half holds the high half of the same moment. */
        uint32_t low = clock_rtc[0];

        return (uint64_t)clock_rtc[1] << 32 | low;
    }
    __asm__ volatile("rdtime %0" : "=r"(ticks) :: "memory");
    return ticks * 100; /* 10 MHz on this board */
}
#else
#include <time.h>

static inline bool clock_open(bool rtc)
{
    return !rtc;
}

static inline uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
#endif

#endif
