/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/timer.h"

#include "labs/lib/irq.h"

#include <stddef.h>

#define NEVER UINT64_MAX

/* The timer of timer_at(), and that of a sleep: one comparator serves both, set to the earlier. */
static uint64_t alarm = NEVER, limit = NEVER;
static void (*alarm_fn)(void *ctx);
static void *alarm_ctx;

static void arm(void)
{
    /* Sstc: the interrupt is pending as long as time is not less than stimecmp; a value in the
     * future therefore also takes it back. */
    csr_write(CSR_STIMECMP, alarm < limit ? alarm : limit);
    csr_set(sie, SIE_STIE);
}

void timer_at(uint64_t when, void (*fn)(void *ctx), void *ctx)
{
    bool on = irq_off(); /* or it might come between these */

    alarm = when;
    alarm_fn = fn;
    alarm_ctx = ctx;
    arm();
    irq_restore(on);
}

void timer_off(void)
{
    timer_at(NEVER, NULL, NULL);
}

void timer_limit(uint64_t when)
{
    limit = when;
    arm();
}

void timer_interrupt(void)
{
    uint64_t now = time_now();

    if (limit <= now)
        limit = NEVER; /* it has woken who sleeps, who looks at the time itself */
    if (alarm <= now) {
        alarm = NEVER; /* first: fn may set it anew */
        alarm_fn(alarm_ctx);
    }
    arm();
}
