/* SPDX-License-Identifier: Apache-2.0 */
/* Bottom halves.  A top half runs in the trap with interrupts off, so it does the least that it
 * can: takes what the device says, and raises a softirq.  That runs right after the trap's
 * handlers, on the same stack but with interrupts on, so the next top half need not wait for it. */
#ifndef LABS_KERNEL_SOFTIRQ_H
#define LABS_KERNEL_SOFTIRQ_H

enum softirq { SOFTIRQ_BLOCK, SOFTIRQ_NET, SOFTIRQS };

void softirq_init(void);
void softirq_handle(enum softirq which, void (*handler)(void));

/* It is to run; from anywhere. */
void softirq_raise(enum softirq which);

/* With interrupts off, at the end of a trap: runs what has been raised. */
void softirq_run(void);

#endif
