/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/kernel/softirq.h"

#include "labs/kernel/kernel.h"
#include "labs/kernel/thread.h"
#include "labs/lib/irq.h"

/* Softirqs that raise themselves again (a network that does not stop) would keep every thread from
 * running.  After so many rounds the rest is left to a thread, which takes its turn with the
 * others. */
#define ROUNDS 10

static void (*handlers[SOFTIRQS])(void);
static unsigned raised;      /* a bit each */
static bool running;
static bool left_to_thread;
static struct wait_queue thread_waits;

void softirq_handle(enum softirq which, void (*handler)(void))
{
    handlers[which] = handler;
}

void softirq_raise(enum softirq which)
{
    bool on = irq_off();

    raised |= 1u << which;
    irq_restore(on);
}

static void run_rounds(unsigned rounds)
{
    running = true;
    for (; raised && rounds; rounds--) {
        unsigned now = raised;

        raised = 0;
        irq_on();
        for (unsigned i = 0; i < SOFTIRQS; i++)
            if (now & 1u << i) {
                counters.softirqs++;
                handlers[i]();
            }
        (void)irq_off();
    }
    running = false;
}

STEP void softirq_run(void)
{
    /* One that interrupts a softirq leaves its own to it. */
    if (running || left_to_thread || !raised)
        return;
    run_rounds(ROUNDS);
    if (raised) {
        left_to_thread = true;
        thread_wake(&thread_waits);
    }
}

static void softirq_thread(void *unused)
{
    (void)unused;
    (void)irq_off();
    for (;;) {
        while (!left_to_thread)
            thread_sleep(&thread_waits, FOREVER);
        run_rounds(ROUNDS);
        left_to_thread = raised != 0;
        thread_yield();
    }
}

void softirq_init(void)
{
    if (!thread_new("softirq", softirq_thread, NULL))
        panic("no thread for", "softirqs");
}
