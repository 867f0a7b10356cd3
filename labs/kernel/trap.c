/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/kernel/trap.h"

#include "labs/kernel/kernel.h"
#include "labs/kernel/process.h"
#include "labs/kernel/softirq.h"
#include "labs/kernel/thread.h"
#include "labs/lib/csr.h"
#include "labs/lib/irq.h"
#include "labs/lib/trap.h"

void traps_init(void)
{
    csr_write(sscratch, 0); /* entry.S: we are in the kernel */
    trap_install(trap_in);
}

/* From trap_in, with interrupts off, as the hart has left them (privileged spec 12.1.1); returns
 * so. */
void trap_from(struct frame *frame)
{
    bool from_user = !(frame->status & SSTATUS_SPP);

    if (frame->cause & SCAUSE_INTERRUPT) {
        counters.interrupts++;
        trap_interrupt(frame->cause);   /* top halves: irq.c and timer.c of the lib call them */
        softirq_run();                  /* bottom halves */
    } else if (from_user && frame->cause == CAUSE_ECALL_U) {
        irq_on();
        system_call(frame);
        (void)irq_off();
    } else if (from_user) {
        process_kill(frame);
    } else {
        trap_report(frame->cause, frame->x[0], frame->value);
    }
    if (from_user && thread_slice_over)
        thread_yield();
}
