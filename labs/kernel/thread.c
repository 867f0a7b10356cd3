/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/kernel/thread.h"

#include "labs/kernel/kernel.h"
#include "labs/kernel/process.h"
#include "labs/kernel/softirq.h"
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/timer.h"

_Static_assert(offsetof(struct thread, kernel_sp) == THREAD_KERNEL_SP &&
               offsetof(struct thread, spare) == THREAD_SPARE &&
               offsetof(struct thread, context) == THREAD_CONTEXT, "entry.S counts on it");

/* At the low end of each stack.  Changed, the stack was too short. */
#define CANARY UINT64_C(0x00c0ffee00c0ffee)
#define SLICE_TICKS (1000 * TICKS_A_MICROSECOND)

/* entry.S */
void thread_begin(void);

static _Alignas(16) uint8_t stacks[THREADS_MAX][STACK_BYTES];
static struct thread threads[THREADS_MAX]; /* the first is the idle thread */
static struct wait_queue ready;            /* the run queue */
bool thread_slice_over;
static bool slice_set;                     /* the timer is set to the end of a slice */

/* ---- queues ---- */

static void push(struct wait_queue *q, struct thread *t)
{
    t->next = NULL;
    if (q->first)
        q->last->next = t;
    else
        q->first = t;
    q->last = t;
}

static struct thread *pop(struct wait_queue *q)
{
    struct thread *t = q->first;

    if (t)
        q->first = t->next;
    return t;
}

static void take_out(struct wait_queue *q, struct thread *t)
{
    struct thread *before = NULL;

    for (struct thread *i = q->first; i; before = i, i = i->next) {
        if (i != t)
            continue;
        *(before ? &before->next : &q->first) = t->next;
        if (q->last == t)
            q->last = before;
        return;
    }
}

/* ---- time ---- */

static void set_timer(void);

static void make_ready(struct thread *t)
{
    t->state = THREAD_READY;
    t->wake_at = FOREVER;
    t->queue = NULL;
    push(&ready, t);
    /* Who is woken runs before who would just go on in user mode. */
    thread_slice_over = true;
}

/* In the timer's interrupt: wakes whose time has come, and ends the slice of who runs. */
static void on_timer(void *ctx)
{
    uint64_t now = time_now();

    (void)ctx;
    for (struct thread *t = threads; t < threads + THREADS_MAX; t++)
        if (t->state == THREAD_SLEEPING && t->wake_at <= now) {
            if (t->queue)
                take_out(t->queue, t);
            make_ready(t);
        }
    thread_slice_over = ready.first != NULL;
    set_timer();
}

/* There is no tick without a need: the timer is set to the first sleeper's time, and to the end of
 * a slice only when somebody waits for the hart. */
static void set_timer(void)
{
    uint64_t first = ready.first ? time_now() + SLICE_TICKS : FOREVER;

    slice_set = ready.first != NULL;
    for (struct thread *t = threads; t < threads + THREADS_MAX; t++)
        if (t->state == THREAD_SLEEPING && t->wake_at < first)
            first = t->wake_at;
    if (first == FOREVER)
        timer_off();
    else
        timer_at(first, on_timer, NULL);
}

/* ---- the scheduler ---- */

/* Whoever was switched to goes on here. */
STEP void thread_resumed(void)
{
    counters.switches++;
}

/* With interrupts off: the next READY thread runs, or the idle thread.  The caller has said by its
 * state what becomes of itself. */
STEP void schedule(void)
{
    struct thread *from = current_thread, *to = pop(&ready);

    if (*(uint64_t *)from->stack != CANARY)
        panic("stack overflow of kernel thread", from->name);
    if (!to)
        to = &threads[0];
    to->state = THREAD_RUNNING;
    thread_slice_over = false;
    if (ready.first || slice_set)
        set_timer();
    if (to == from)
        return;
    process_enter(to->process);
    context_switch(from, to);
    thread_resumed();
}

STEP void thread_sleep(struct wait_queue *queue, uint64_t until)
{
    struct thread *t = current_thread;

    t->state = THREAD_SLEEPING;
    t->wake_at = until;
    t->queue = queue;
    if (queue)
        push(queue, t);
    if (until != FOREVER)
        set_timer();
    schedule();
}

STEP void thread_wake(struct wait_queue *queue)
{
    bool on = irq_off();
    struct thread *t;

    while ((t = pop(queue)))
        make_ready(t);
    irq_restore(on);
}

void thread_yield(void)
{
    bool on = irq_off();

    if (ready.first) {
        make_ready(current_thread);
        schedule();
    }
    irq_restore(on);
}

_Noreturn void thread_idle(void)
{
    (void)irq_off();
    for (;;) {
        /* Looked at with interrupts off; wfi ends also by one that is off but pending, so none can
         * slip in between (privileged spec 3.3.3). */
        if (ready.first)
            schedule();
        else
            irq_wait();
    }
}

/* ---- birth and death ---- */

static void reset(struct thread *t, const char *name)
{
    *t = (struct thread){.name = name, .wake_at = FOREVER, .stack = stacks[t - threads],
                         .life = t->life + 1};
    t->kernel_sp = (uint64_t)t->stack + STACK_BYTES;
    *(uint64_t *)t->stack = CANARY;
}

void threads_init(void)
{
    /* Here we run already, on the stack of start.S, and go on there as the idle thread; its own is
     * there for the canary. */
    reset(&threads[0], "idle");
    threads[0].state = THREAD_RUNNING;
    current_thread = &threads[0];
}

struct thread *thread_new(const char *name, void (*entry)(void *), void *argument)
{
    bool on = irq_off();
    struct thread *t = &threads[1];

    while (t < threads + THREADS_MAX && t->state != THREAD_FREE && t->state != THREAD_DEAD)
        t++;
    if (t < threads + THREADS_MAX) {
        reset(t, name);
        t->context = (struct context){.ra = (uint64_t)thread_begin, .sp = t->kernel_sp,
                                      .s = {(uint64_t)entry, (uint64_t)argument}};
        make_ready(t);
    } else {
        t = NULL;
    }
    irq_restore(on);
    return t;
}

_Noreturn void thread_end(void)
{
    (void)irq_off();
    current_thread->state = THREAD_DEAD;
    thread_wake(&current_thread->ended);
    schedule();
    panic("a dead thread runs", current_thread->name);
}

unsigned thread_place(const struct thread *thread)
{
    return (unsigned)(thread - threads);
}

int64_t thread_number(const struct thread *thread)
{
    return (int64_t)thread->life * THREADS_MAX + thread_place(thread);
}

struct thread *thread_numbered(int64_t number)
{
    struct thread *t = &threads[(uint64_t)number % THREADS_MAX];

    return t != &threads[0] && t->state != THREAD_FREE && number > 0 && number <= thread_number(t)
               ? t : NULL;
}

bool thread_ended(const struct thread *thread, int64_t number)
{
    return thread->state == THREAD_DEAD || thread_number(thread) != number;
}
