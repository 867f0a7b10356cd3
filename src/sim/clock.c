/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap ordered by (when, seq).  Invariants:
 *  1. heap[e->slot - 1].event == e for every armed e; slot == 0 exactly when e is not in the heap.
 *     The entry's when and seq are the event's.
 *  2. No parent is later than its child; equal times order by seq, and seq never repeats.
 *  3. count <= events <= capacity, so arming cannot need memory. */
#include "sim/clock.h"

#include "base/alloc.h"

#include <stdlib.h>

static bool earlier(const struct clock_entry *a, const struct clock_entry *b)
{
    return a->when != b->when ? a->when < b->when : a->seq < b->seq;
}

static void place(struct clock *c, uint32_t i, const struct clock_entry *e)
{
    c->heap[i] = *e;
    e->event->slot = i + 1;
}

static void sift_up(struct clock *c, uint32_t i, const struct clock_entry *e)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / 2;
        if (!earlier(e, &c->heap[parent]))
            break;
        place(c, i, &c->heap[parent]);
        i = parent;
    }
    place(c, i, e);
}

static void sift_down(struct clock *c, uint32_t i, const struct clock_entry *e)
{
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= c->count)
            break;
        if (child + 1 < c->count && earlier(&c->heap[child + 1], &c->heap[child]))
            child++;
        if (!earlier(&c->heap[child], e))
            break;
        place(c, i, &c->heap[child]);
        i = child;
    }
    place(c, i, e);
}

void clock_init(struct clock *clock)
{
    *clock = (struct clock){0};
}

void clock_fini(struct clock *clock)
{
    free(clock->heap);
    *clock = (struct clock){0};
}

void event_init(struct clock *clock, struct event *event, const char *name,
                void (*fire)(void *owner), void *owner)
{
    *event = (struct event){.name = name, .fire = fire, .owner = owner};
    array_reserve(&clock->heap, &clock->capacity, ++clock->events, sizeof(struct clock_entry));
}

void clock_disarm(struct clock *clock, struct event *event)
{
    struct clock_entry last;
    uint32_t i;

    if (!event->slot)
        return;
    i = event->slot - 1;
    event->slot = 0;
    last = clock->heap[--clock->count];
    if (last.event == event)
        return;
    if (i > 0 && earlier(&last, &clock->heap[(i - 1) / 2]))
        sift_up(clock, i, &last);
    else
        sift_down(clock, i, &last);
}

void clock_arm(struct clock *clock, struct event *event, ps_t when)
{
    clock_disarm(clock, event);
    event->when = when > clock->now ? when : clock->now;
    if (event->when == clock->now && clock->burst >= CLOCK_BURST_MAX)
        event->when = ps_add(clock->now, CLOCK_REST_PS);
    event->seq = clock->seq++;
    event->cause = clock->cause;
    sift_up(clock, clock->count++, &(struct clock_entry){event->when, event->seq, event});
}

void clock_arm_after(struct clock *clock, struct event *event, ps_t delay_ps)
{
    clock_arm(clock, event, ps_add(clock->now, delay_ps));
}

static void advance(struct clock *clock, ps_t to)
{
    if (to <= clock->now)
        return;
    clock->now = to;
    clock->burst = 0;
}

void clock_run(struct clock *clock, ps_t until)
{
    uint64_t cause = clock->cause;

    while (clock->count && clock->heap[0].when <= until) {
        struct event *e = clock->heap[0].event;
        clock_disarm(clock, e);
        advance(clock, e->when);
        clock->burst++;
        clock->cause = e->cause;
        e->fire(e->owner);
    }
    clock->cause = cause;
    advance(clock, until);
}
