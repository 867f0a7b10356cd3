/* SPDX-License-Identifier: Apache-2.0 */
/* Time: the counters (unprivileged spec, "Zicntr") and the supervisor's timer (Sstc). */
#ifndef LABS_LIB_TIMER_H
#define LABS_LIB_TIMER_H

#include "labs/lib/csr.h"
#include "spec/virt.h"

#include <stdbool.h>
#include <stdint.h>

#define TICKS_A_SECOND VIRT_TIMEBASE_HZ
#define TICKS_A_MICROSECOND (VIRT_TIMEBASE_HZ / 1000000)

/* Time in ticks of 100 ns; this hart's clock cycles, and instructions retired. */
static inline uint64_t time_now(void)
{
    return csr_read(time);
}

static inline uint64_t cycles(void)
{
    return csr_read(cycle);
}

static inline uint64_t instructions(void)
{
    return csr_read(instret);
}

/* The time, `microseconds` from now; for what is longer than time itself, its end. */
static inline uint64_t time_after(uint64_t microseconds)
{
    uint64_t now = time_now();

    /* One tick more, as we may be at the end of this one. */
    return microseconds >= (UINT64_MAX - now) / TICKS_A_MICROSECOND ?
        UINT64_MAX : now + microseconds * TICKS_A_MICROSECOND + 1;
}

/* fn(ctx) is called, in the trap, once `when` has come (at once if it is past).  There is one such
 * timer: a second call replaces the first.  fn may call it again.  Interrupts have to be on
 * (irq_on, or inside of WAIT_ASLEEP). */
void timer_at(uint64_t when, void (*fn)(void *ctx), void *ctx);
void timer_off(void);

/* For WAIT_ASLEEP: a second time at which the hart wakes up; UINT64_MAX for none. */
void timer_limit(uint64_t when);

/* For trap.c: the timer's interrupt. */
void timer_interrupt(void);

/* Spins until the condition holds; false if it does not in that time.  No driver of the lib
 * waits without a bound: a device that is silent must not hang its driver. */
#define WAIT_FOR(condition, microseconds) \
    ({ \
        uint64_t end_ = time_after(microseconds); \
        bool late_, met_; \
        do { \
            late_ = time_now() >= end_; /* first, so that the last look is after the end */ \
            met_ = (condition); \
        } while (!met_ && !late_); \
        met_; \
    })

/* Spins for a time. */
static inline void delay(uint64_t microseconds)
{
    (void)WAIT_FOR(false, microseconds);
}

#endif
