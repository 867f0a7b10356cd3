/* SPDX-License-Identifier: Apache-2.0 */
/* Traps to supervisor mode (privileged spec 12.1.2, 12.1.8).  start.S saves what a C function may
 * change and calls trap(); interrupts go on to irq.c and timer.c, exceptions to trap_handle()'s
 * function or to a report of one line, which ends the machine with status 1. */
#ifndef LABS_LIB_TRAP_H
#define LABS_LIB_TRAP_H

#include <stdbool.h>
#include <stdint.h>

/* What start.S saves, in this order. */
struct trap_frame {
    uint64_t ra, t0, t1, t2, a0, a1, a2, a3, a4, a5, a6, a7, t3, t4, t5, t6;
    uint64_t sp, pc;                /* where it was; a changed pc is returned to */
    uint64_t cause, value;          /* scause, stval: copies */
};

/* Called for exceptions before the report; returns whether it has dealt with it (and has moved pc
 * on, if the instruction is not to be tried again).  NULL: none, as at first. */
void trap_handle(bool (*fn)(struct trap_frame *frame));

/* The entry that start.S put into stvec.  A kernel with threads installs its own with
 * trap_install(), and may still call trap_interrupt(), which does what the lib does for
 * interrupt scause (timer and external), and trap_report(). */
void trap_entry(void);
void trap_install(void (*entry)(void));
void trap_interrupt(uint64_t cause);

/* Says in one line what happened, then ends the machine with status 1. */
_Noreturn void trap_report(uint64_t cause, uint64_t pc, uint64_t value);

/* The text of an exception's cause. */
const char *trap_cause(uint64_t cause);

/* Of lab.ld: the stack of main(), which grows down towards its guard, and that of traps; code,
 * which cannot be written; where memory begins that nothing is in. */
extern char stack_guard[], stack_bottom[], stack_top[];
extern char trap_guard[], trap_stack_bottom[], trap_stack_top[];
extern char code_begin[], code_end[], image_end[];

#endif
