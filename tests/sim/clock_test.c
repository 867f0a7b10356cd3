/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "sim/clock.h"
#include "sim/random.h"

struct probe {
    struct event event;
    struct clock *clock;
    ps_t fired_at;
    unsigned order;
    uint64_t cause;
};

static unsigned order;

static void fire(void *owner)
{
    struct probe *p = owner;

    p->fired_at = p->clock->now;
    p->order = ++order;
    p->cause = p->clock->cause;
}

static void test_equal_times_fire_in_arming_order(void)
{
    struct clock c;
    struct probe p[5];

    clock_init(&c);
    order = 0;
    for (int i = 0; i < 5; i++) {
        event_init(&c, &p[i].event, "probe", fire, &p[i]);
        p[i].clock = &c;
    }
    clock_arm(&c, &p[3].event, 100);
    clock_arm(&c, &p[1].event, 100);
    clock_arm(&c, &p[4].event, 50);
    clock_arm(&c, &p[0].event, 100);
    clock_arm(&c, &p[1].event, 100); /* re-arming moves it behind */
    clock_run(&c, 200);
    CHECK_EQ_U64(p[4].order, 1);
    CHECK_EQ_U64(p[3].order, 2);
    CHECK_EQ_U64(p[0].order, 3);
    CHECK_EQ_U64(p[1].order, 4);
    CHECK_EQ_U64(p[4].fired_at, 50);
    CHECK_EQ_U64(c.now, 200);
    CHECK(clock_next(&c) == PS_NEVER);
    clock_fini(&c);
}

static void test_an_event_restores_the_cause_it_was_armed_under(void)
{
    struct clock c;
    struct probe p;

    clock_init(&c);
    event_init(&c, &p.event, "probe", fire, &p);
    p.clock = &c;
    c.cause = 7;
    clock_arm(&c, &p.event, 10);
    c.cause = 9;
    clock_run(&c, 10);
    CHECK_EQ_U64(p.cause, 7);
    CHECK_EQ_U64(c.cause, 9);
    clock_fini(&c);
}

static void test_the_past_means_now(void)
{
    struct clock c;
    struct probe p;

    clock_init(&c);
    event_init(&c, &p.event, "probe", fire, &p);
    p.clock = &c;
    clock_run(&c, 500);
    clock_arm(&c, &p.event, 3);
    clock_run(&c, 100); /* until before now: fires nothing earlier than now */
    CHECK(event_armed(&p.event));
    clock_run(&c, 500);
    CHECK_EQ_U64(p.fired_at, 500);
    clock_fini(&c);
}

struct echo {
    struct event event;
    struct echo *other;
    struct clock *clock;
    uint64_t fired;
};

static void fire_echo(void *owner)
{
    struct echo *e = owner;

    e->fired++;
    clock_arm_after(e->clock, &e->other->event, 0);
}

/* Two devices without delays that answer each other: clock_run returns, and time is where it should
 * be; nothing of an ordinary burst moves. */
static void test_events_that_answer_each_other_at_once_do_not_stop_time(void)
{
    struct clock c;
    struct echo a = {.clock = &c, .other = NULL}, b = {.clock = &c, .other = &a};
    struct probe p;

    clock_init(&c);
    a.other = &b;
    event_init(&c, &a.event, "a", fire_echo, &a);
    event_init(&c, &b.event, "b", fire_echo, &b);
    event_init(&c, &p.event, "probe", fire, &p);
    p.clock = &c;
    clock_arm(&c, &a.event, 5);
    clock_arm(&c, &p.event, 5 + CLOCK_REST_PS / 2);
    clock_run(&c, 5);
    CHECK_EQ_U64(c.now, 5);
    CHECK_EQ_U64(a.fired + b.fired, CLOCK_BURST_MAX);
    CHECK_EQ_U64(clock_next(&c), 5 + CLOCK_REST_PS / 2);
    clock_run(&c, PS_PER_S / 1000);
    CHECK_EQ_U64(c.now, PS_PER_S / 1000);
    CHECK_EQ_U64(p.fired_at, 5 + CLOCK_REST_PS / 2);
    CHECK(a.fired + b.fired <= CLOCK_BURST_MAX * (1 + PS_PER_S / 1000 / CLOCK_REST_PS));
    clock_fini(&c);
}

/* The heap against the obvious list, over random arm, disarm and run. */
static void test_random_scripts_match_a_sorted_list(void)
{
    enum { N = 40 };
    struct clock c;
    struct probe p[N];
    struct random r;

    clock_init(&c);
    random_init(&r, 1, "clock_test");
    for (int i = 0; i < N; i++) {
        event_init(&c, &p[i].event, "probe", fire, &p[i]);
        p[i].clock = &c;
    }
    for (int step = 0; step < 20000; step++) {
        struct probe *q = &p[random_below(&r, N)];
        ps_t next = PS_NEVER;

        switch (random_below(&r, 4)) {
        case 0:
        case 1: clock_arm(&c, &q->event, c.now + random_below(&r, 50)); break;
        case 2: clock_disarm(&c, &q->event); break;
        case 3: clock_run(&c, c.now + random_below(&r, 20)); break;
        }
        for (int i = 0; i < N; i++)
            if (event_armed(&p[i].event) && p[i].event.when < next)
                next = p[i].event.when;
        CHECK_EQ_U64(clock_next(&c), next);
    }
    clock_fini(&c);
}

TEST_MAIN(test_equal_times_fire_in_arming_order,
          test_an_event_restores_the_cause_it_was_armed_under,
          test_the_past_means_now,
          test_events_that_answer_each_other_at_once_do_not_stop_time,
          test_random_scripts_match_a_sorted_list)
