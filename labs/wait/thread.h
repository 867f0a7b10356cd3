/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LABS_WAIT_THREAD_H
#define LABS_WAIT_THREAD_H

#include <stdint.h>

#define THREAD_SAVED 14 /* words that thread_switch() keeps on the stack; the first is ra */

struct thread {
    uint64_t *sp; /* while it does not run */
};

/* thread.S. */
void thread_trap(void);
void thread_switch(struct thread *from, const struct thread *to);

/* main.c: called by thread_trap, in the trap. */
void thread_trapped(void);

#endif
