/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: what runs, what waits, and who is next.
 *
 *              thread_wake, or its time has come
 *          +---------------------------------------- SLEEPING
 *          v                                             ^
 *        READY ---- schedule() ----> RUNNING ------------+  thread_sleep
 *          ^                          |    \
 *          +--------------------------+     +--> DEAD       thread_end
 *            its slice is over, or it yields
 *
 * The kernel is not preempted: a thread in a system call runs until it sleeps or returns to user
 * mode.  So what only threads touch needs no lock.  What top or bottom halves touch too (wait
 * queues, the run queue, device queues) is touched with interrupts off: there is one hart. */
#ifndef LABS_KERNEL_THREAD_H
#define LABS_KERNEL_THREAD_H

/* Offsets in struct thread for entry.S. */
#define THREAD_KERNEL_SP 0
#define THREAD_SPARE 8
#define THREAD_CONTEXT 16

#define STACK_BYTES 8192

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THREADS_MAX 16

struct process;

enum thread_state { THREAD_FREE, THREAD_READY, THREAD_RUNNING, THREAD_SLEEPING, THREAD_DEAD };

/* First come, first served. */
struct wait_queue {
    struct thread *first, *last;
};

/* What a function that is called has to leave as it was (psABI): all that a switch must keep. */
struct context {
    uint64_t ra, sp, s[12];
};

struct thread {
    uint64_t kernel_sp;         /* where a trap from user mode begins to push */
    uint64_t spare;             /* holds sp for the length of four instructions (entry.S) */
    struct context context;     /* while it does not run */
    enum thread_state state;
    const char *name;
    struct thread *next;        /* in the queue that it is in */
    struct wait_queue *queue;   /* that it sleeps in; NULL: none */
    uint64_t wake_at;           /* ticks; UINT64_MAX: never by itself */
    struct process *process;    /* NULL: it never leaves the kernel */
    struct wait_queue ended;    /* who waits for its end */
    unsigned life;              /* how often the place was taken: a part of its number */
    uint8_t *stack;
};

/* In the kernel, tp is the thread that runs. */
register struct thread *current_thread __asm__("tp");

/* The caller becomes the idle thread. */
void threads_init(void);

/* A thread that begins in kernel mode with entry(argument); READY.  NULL: there are too many. */
struct thread *thread_new(const char *name, void (*entry)(void *), void *argument);
/* Ends the thread that runs. */
_Noreturn void thread_end(void);
/* A thread's place, and its number for programs, which no other has had or will have.  NULL: there
 * never was one of this number. */
unsigned thread_place(const struct thread *thread);
int64_t thread_number(const struct thread *thread);
struct thread *thread_numbered(int64_t number);
/* Has it ended?  Somebody else may be in its place by now. */
bool thread_ended(const struct thread *thread, int64_t number);

/* With interrupts off: sleeps in a queue (NULL: in none) until woken, or until that time; then
 * interrupts are off again.  What was waited for has to be looked at again. */
void thread_sleep(struct wait_queue *queue, uint64_t until);
#define FOREVER UINT64_MAX

/* Wakes all, or the first, that sleep there; from anywhere, handlers too.  They become READY. */
void thread_wake(struct wait_queue *queue);

/* Lets the next READY thread run, if there is one. */
void thread_yield(void);
/* The slice of the thread that runs is over: for the way back to user mode. */
extern bool thread_slice_over;

/* The idle thread's life. */
_Noreturn void thread_idle(void);

/* Sleeps until the condition holds.  It is looked at with interrupts off, so a wake-up cannot come
 * between the look and the sleep: the lost wake-up, the classic mistake of this trade. */
#define WAIT_UNTIL(queue, condition) \
    do { \
        bool on_ = irq_off(); \
        while (!(condition)) \
            thread_sleep(queue, FOREVER); \
        irq_restore(on_); \
    } while (0)

/* entry.S: saves the one context and goes on in the other; tp becomes `to`. */
void context_switch(struct thread *from, struct thread *to);

#endif
#endif
