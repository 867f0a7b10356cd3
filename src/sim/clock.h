/* SPDX-License-Identifier: Apache-2.0 */
/* The one clock: virtual time in picoseconds since power-on, and what is to happen when.
 *
 * Nothing here knows host time.  Events at equal times fire in the order in which they were armed.
 * An event carries the *cause* that was current when it was armed and restores it when it fires:
 * that is how a chain of effects (doorbell, fetch, media, data, MSI) is known without guessing. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t ps_t; /* picoseconds of virtual time, or a duration in them */

#define PS_PER_NS UINT64_C(1000)
#define PS_PER_US UINT64_C(1000000)
#define PS_PER_S UINT64_C(1000000000000)
#define PS_NEVER UINT64_MAX

/* Events that may fire at one time; what is armed for the same time after that comes CLOCK_REST_PS
 * later.  A guest can make devices without delays answer each other for ever (a message that writes
 * the doorbell that sends it, at timing level off): time must go on all the same, so that the run
 * can end.  Far more than honest work does at once. */
#define CLOCK_BURST_MAX 65536
#define CLOCK_REST_PS (10 * PS_PER_US)

/* One pending call.  The owner embeds it; arming never allocates and never fails. */
struct event {
    const char *name;
    void (*fire)(void *owner);
    void *owner;
    ps_t when;
    uint64_t seq;
    uint64_t cause;
    uint32_t slot; /* 1 + place in the heap; 0 when not armed */
};

/* An armed event, with what orders it: comparing looks at the heap alone. */
struct clock_entry {
    ps_t when;
    uint64_t seq;
    struct event *event;
};

struct clock {
    ps_t now;
    uint64_t seq;
    uint64_t cause; /* trace record that led to what is happening now; 0 if none */
    uint32_t burst; /* events fired at `now` */
    struct clock_entry *heap;
    uint32_t count;
    size_t capacity;   /* of heap; at least `events` */
    uint32_t events;   /* initialised events: the heap can never need more */
};

void clock_init(struct clock *clock);
void clock_fini(struct clock *clock);

/* Declares an event; call once per event, before the machine runs (it reserves the heap slot). */
void event_init(struct clock *clock, struct event *event, const char *name,
                void (*fire)(void *owner), void *owner);

/* Arms (or moves) the event to fire at `when`; a time in the past means now (but see
 * CLOCK_BURST_MAX). */
void clock_arm(struct clock *clock, struct event *event, ps_t when);
void clock_arm_after(struct clock *clock, struct event *event, ps_t delay_ps);
void clock_disarm(struct clock *clock, struct event *event);

static inline bool event_armed(const struct event *event)
{
    return event->slot != 0;
}

/* Time of the earliest armed event, PS_NEVER when there is none. */
static inline ps_t clock_next(const struct clock *clock)
{
    return clock->count ? clock->heap[0].when : PS_NEVER;
}

/* Fires all events due at or before `until`, each at its own time, then sets now = until
 * (time never goes back: an `until` before now leaves now alone). */
void clock_run(struct clock *clock, ps_t until);

/* a + b, saturating at PS_NEVER. */
static inline ps_t ps_add(ps_t a, ps_t b)
{
    return a > PS_NEVER - b ? PS_NEVER : a + b;
}

#endif
