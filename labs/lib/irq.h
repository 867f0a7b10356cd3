/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of devices, on hart 0 in supervisor mode, through whichever controller the board has:
 * the PLIC, or the AIA's APLIC and IMSIC.  Sources are numbered alike on both (spec/virt.h).
 * Handlers run in the trap, with interrupts off, one after the other. */
#ifndef LABS_LIB_IRQ_H
#define LABS_LIB_IRQ_H

#include "labs/lib/csr.h"
#include "labs/lib/timer.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a device is to write what, to interrupt us. */
struct irq_message {
    uint64_t address;
    uint32_t data;
};

/* Finds and sets up the controller; returns its name.  Interrupts are still off.  A second call
 * changes nothing. */
const char *irq_init(const void *device_tree);

/* From now on fn(ctx) runs for this wire (1 to VIRT_IRQS - 1), which is active while high.  Devices
 * may share it: all their functions run. */
void irq_handle(unsigned source, void (*fn)(void *ctx), void *ctx);

/* A message of its own for fn(ctx).  False: the controller takes none (the PLIC), or no more. */
bool irq_msi(void (*fn)(void *ctx), void *ctx, struct irq_message *message);

/* Handlers may run, or not (as at first).  irq_off() returns whether they could, for
 * irq_restore(). */
static inline void irq_on(void)
{
    csr_set(sstatus, SSTATUS_SIE);
}

static inline bool irq_off(void)
{
    return csr_take(sstatus, SSTATUS_SIE) & SSTATUS_SIE;
}

static inline void irq_restore(bool on)
{
    if (on)
        irq_on();
}

/* Runs handlers of what has come up to now; with interrupts off. */
static inline void irq_let_in(void)
{
    irq_on();
    (void)irq_off();
}

/* With interrupts off: sleeps until there is one, then runs the handlers. */
static inline void irq_wait(void)
{
    /* Privileged spec 3.3.3: wfi is ended by an interrupt that sie enables, even with SIE off.  So
     * none can come between a look at what is waited for and the wfi. */
    __asm__ volatile("wfi" ::: "memory");
    irq_let_in();
}

/* Sleeps, with handlers running, until the condition holds; false if it does not in that time.
 * It is looked at with interrupts off.  IRQ_FOREVER: no bound. */
#define IRQ_FOREVER UINT64_MAX
#define WAIT_ASLEEP(condition, microseconds) \
    ({ \
        bool on_ = irq_off(), late_, met_; \
        uint64_t end_ = time_after(microseconds); \
        timer_limit(end_); \
        for (;;) { \
            late_ = time_now() >= end_; \
            met_ = (condition); \
            if (met_ || late_) \
                break; \
            irq_wait(); \
        } \
        timer_limit(UINT64_MAX); \
        irq_restore(on_); \
        met_; \
    })

/* For trap.c: takes all that waits, one after the other, and runs the handlers. */
void irq_interrupt(void);

/* One kind of interrupt controller. */
struct irq_controller {
    const char *name;
    void (*init)(void);
    void (*enable)(unsigned source);
    /* The most urgent interrupt, now taken: a source or a message's number; 0: none (any more). */
    unsigned (*claim)(void);
    /* The handler of a wire has run. */
    void (*complete)(unsigned source);
    /* Enables message `number` and says where it goes; NULL: there are none. */
    void (*message)(unsigned number, struct irq_message *message);
};

extern const struct irq_controller irq_plic, irq_aia;

#endif
