/* SPDX-License-Identifier: Apache-2.0 */
/* Five ways to wait for a device, here the alarm of the real-time clock:
 *
 *   spin    look at its register until it has gone off
 *   flag    look at a variable that the interrupt handler sets
 *   sleep   wfi until the handler has set it
 *   block   let another thread work; the interrupt switches back
 *   slice   as `spin`, but a timer makes the two threads take turns of 10 us
 *
 * The same wait each, from 0.3 to 100 us. */
#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/print.h"
#include "labs/lib/reg.h"
#include "labs/lib/trap.h"
#include "labs/lib/uart.h"
#include "labs/wait/thread.h"
#include "spec/goldfish_rtc.h"
#include "spec/virt.h"

#include <stddef.h>

enum { GOLDFISH_RTC_REGS(REG_AT) };
enum { GOLDFISH_RTC_FIELDS(FIELD_MASK) };

#define BOUND_US 1000000
#define SLICE_US 10
#define STACK_WORDS 512

/* ---- the device ---- */

static uint32_t clock_get(unsigned reg)
{
    return mmio_read32(VIRT_RTC_BASE + reg);
}

static void clock_put(unsigned reg, uint32_t value)
{
    mmio_write32(VIRT_RTC_BASE + reg, value);
}

static void alarm_after(uint64_t ns)
{
    /* goldfish RTC: reading the low half keeps the high one; the alarm is set as its low half is
     * written, so the high half goes first. */
    uint64_t when = clock_get(RTC_TIME_LOW);

    when = (when | (uint64_t)clock_get(RTC_TIME_HIGH) << 32) + ns;
    clock_put(RTC_ALARM_HIGH, (uint32_t)(when >> 32));
    clock_put(RTC_ALARM_LOW, (uint32_t)when);
}

static bool alarm_is_set(void)
{
    return clock_get(RTC_ALARM_STATUS) & RTC_ALARM_STATUS_SET;
}

/* ---- two threads: main() and the worker ---- */

static struct thread waiter, worker;
static bool worker_runs, may_switch;
static bool wanted; /* by a handler: change threads when it is done */
static volatile bool gone_off;
static volatile uint64_t work;
static uint64_t waits_ns; /* what this wait is for, for the marks */

/* With interrupts off. */
static void change(void)
{
    if (worker_runs) {
        worker_runs = false;
        thread_switch(&worker, &waiter);
    } else {
        worker_runs = true;
        if (may_switch)
            mark_value(50, waits_ns); /* block: the worker's time ends with the next trap */
        else
            mark_value(60, waits_ns); /* slice: likewise */
        thread_switch(&waiter, &worker);
    }
}

/* Called by thread.S: in the trap, on the stack of whom it interrupts. */
void thread_trapped(void)
{
    uint64_t cause = csr_read(scause);

    if (!(cause & SCAUSE_INTERRUPT))
        trap_report(cause, csr_read(sepc), csr_read(stval));
    trap_interrupt(cause); /* the handlers */
    if (wanted) {
        wanted = false;
        change();
    }
}

static void worker_main(void)
{
    irq_on(); /* it begins in a trap, or where main() has turned them off */
    for (;;)
        work++;
}

/* ---- interrupts ---- */

static void on_alarm(void *context)
{
    (void)context;
    /* Until this has been written the wire stays high.  It overtakes nothing: the store that
     * completes the interrupt goes to the same bus, behind it. */
    clock_put(RTC_CLEAR_INTERRUPT, 1);
    gone_off = true;
    wanted = may_switch && worker_runs;
}

static void on_slice(void *context)
{
    (void)context;
    wanted = true;
    timer_at(time_after(SLICE_US), on_slice, NULL);
}

/* ---- five ways to wait ---- */

static bool spin(void)
{
    return WAIT_FOR(!alarm_is_set(), BOUND_US);
}

static bool flag(void)
{
    return WAIT_FOR(gone_off, BOUND_US);
}

static bool sleep(void)
{
    return WAIT_ASLEEP(gone_off, BOUND_US);
}

static bool block(void)
{
    bool on = irq_off(); /* or the interrupt could come between the look and the change */

    may_switch = true;
    if (!gone_off)
        change();
    may_switch = false;
    irq_restore(on);
    return gone_off;
}

static bool slice(void)
{
    bool met;

    timer_at(time_after(SLICE_US), on_slice, NULL);
    met = WAIT_FOR(!alarm_is_set(), BOUND_US);
    timer_off();
    return met;
}

/* Before each: the alarm's interrupt, if it is wanted, and nothing left of the one before. */
static void prepare(bool interrupts)
{
    (void)irq_off();
    csr_set(sie, SIE_SEIE);
    irq_let_in();
    if (!interrupts)
        csr_clear(sie, SIE_SEIE);
    gone_off = false;
    irq_on();
}

#define MEASURE(begin, end, way, interrupts, ns) \
    do { \
        prepare(interrupts); \
        waits_ns = (ns); \
        mark_value(begin, waits_ns); \
        alarm_after(waits_ns); \
        all_met &= way(); \
        mark_value(end, waits_ns); \
    } while (0)

int main(const void *device_tree)
{
    static const uint32_t wait_ns[] = {
        300, 400, 500, 700, 1000, 2000, 5000, 10000, 15000, 20000, 30000, 50000, 100000,
    };
    static uint64_t stack[STACK_WORDS];
    bool all_met = true;

    uart_init();
    irq_init(device_tree);
    trap_install(thread_trap);
    irq_handle(VIRT_IRQ_RTC, on_alarm, NULL);
    clock_put(RTC_IRQ_ENABLED, RTC_IRQ_ENABLED_ON);
    /* The worker's stack as thread_switch() would have left it: it "returns" to its beginning. */
    worker.sp = &stack[STACK_WORDS - THREAD_SAVED];
    worker.sp[0] = (uintptr_t)worker_main;

    for (unsigned i = 0; i < sizeof wait_ns / sizeof *wait_ns; i++) {
        MEASURE(10, 11, spin, false, wait_ns[i]);
        MEASURE(20, 21, flag, true, wait_ns[i]);
        MEASURE(30, 31, sleep, true, wait_ns[i]);
        MEASURE(40, 41, block, true, wait_ns[i]);
        MEASURE(70, 71, slice, false, wait_ns[i]);
    }
    (void)irq_off();
    print("the other thread has done %lu steps\n", work);
    return !all_met;
}
