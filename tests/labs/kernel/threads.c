/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of labs/kernel: they sleep for as long as they say, take turns, are woken by what they
 * wait for, end, and are refused when there are too many.  No disk and no network are needed. */
#include "check.h"

static volatile unsigned spins[2], stop, order[8], ended;

static void sleeper(void *number)
{
    CHECK_EQ(sleep_us(1000 * (4 - (uintptr_t)number)), 0);
    order[ended++] = (unsigned)(uintptr_t)number;
}

/* A hart can be had in turns only if it is taken away. */
static void spinner(void *number)
{
    while (!stop)
        spins[(uintptr_t)number]++;
}

static void yielder(void *turns)
{
    for (unsigned i = 0; i < 100; i++) {
        ++*(volatile unsigned *)turns;
        CHECK_EQ(yield(), 0);
    }
}

static void test_sleep_lasts_as_long_as_said(void)
{
    static const unsigned us[] = {0, 1, 50, 1000, 20000};

    for (unsigned i = 0; i < sizeof us / sizeof *us; i++) {
        uint64_t before = time_now(), took;

        CHECK_EQ(sleep_us(us[i]), 0);
        took = (time_now() - before) / TICKS_A_MICROSECOND;
        CHECK(took >= us[i] && took <= us[i] + 10);
    }
}

static void test_sleepers_wake_in_the_order_of_their_times(void)
{
    int64_t t[3];

    for (uintptr_t i = 0; i < 3; i++)
        CHECK((t[i] = thread_start(sleeper, (void *)(i + 1))) > 0);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(thread_join(t[i]), 0);
    CHECK_EQ(ended, 3);
    CHECK(order[0] == 3 && order[1] == 2 && order[2] == 1);
}

static void test_spinning_threads_share_the_hart(void)
{
    int64_t a = thread_start(spinner, (void *)0), b = thread_start(spinner, (void *)1);
    uint64_t before = time_now(), took;

    CHECK(a > 0 && b > 0);
    CHECK_EQ(sleep_us(8000), 0); /* the sleeper gets it back, too */
    took = (time_now() - before) / TICKS_A_MICROSECOND;
    CHECK(took >= 8000 && took < 11000);
    stop = 1;
    CHECK_EQ(thread_join(a), 0);
    CHECK_EQ(thread_join(b), 0);
    CHECK(spins[0] > 1000 && spins[1] > 1000);
    CHECK(spins[0] < 2 * spins[1] && spins[1] < 2 * spins[0]);
}

static void test_yield_lets_the_next_one_run(void)
{
    static volatile unsigned turns[2];
    int64_t a = thread_start(yielder, (void *)&turns[0]);
    int64_t b = thread_start(yielder, (void *)&turns[1]);

    for (unsigned i = 0; i < 50; i++) {
        CHECK_EQ(yield(), 0);
        CHECK(turns[0] <= turns[1] + 1 && turns[1] <= turns[0] + 1);
    }
    CHECK_EQ(thread_join(a), 0);
    CHECK_EQ(thread_join(b), 0);
    CHECK(turns[0] == 100 && turns[1] == 100);
}

static void waiter(void *unused)
{
    (void)unused;
    while (!stop)
        CHECK_EQ(sleep_us(100), 0);
}

static void nothing(void *unused)
{
    (void)unused;
}

static void test_too_many_are_refused_and_places_come_back(void)
{
    int64_t t[32];
    unsigned n = 0;

    stop = 0;
    while (n < 32 && (t[n] = thread_start(waiter, NULL)) > 0)
        n++;
    CHECK(n > 4 && n < 32);
    CHECK_EQ(t[n], ERR_FULL);
    stop = 1;
    for (unsigned i = 0; i < n; i++)
        CHECK_EQ(thread_join(t[i]), 0);
    for (unsigned i = 0; i < 200; i++) {
        int64_t one = thread_start(nothing, NULL);

        CHECK(one > 0);
        CHECK_EQ(thread_join(one), 0);
    }
    CHECK_EQ(thread_join(0), ERR_VALUE);
    CHECK_EQ(thread_join(1000), ERR_VALUE);
}

static void test_a_number_is_of_one_thread_only(void)
{
    int64_t first = thread_start(nothing, NULL), second;
    uint64_t before;

    CHECK_EQ(sleep_us(100), 0); /* the first ends, and its place is free */
    stop = 0;
    second = thread_start(waiter, NULL);
    CHECK(second > 0 && second != first);
    before = time_now();
    CHECK_EQ(thread_join(first), 0);
    CHECK(time_now() - before < 50 * TICKS_A_MICROSECOND);
    stop = 1;
    CHECK_EQ(thread_join(second), 0);
    CHECK_EQ(thread_join(second), 0);
    CHECK_EQ(thread_join(second + 100000), ERR_VALUE);
    CHECK_EQ(thread_join(-1), ERR_VALUE);
}

static void test_an_idle_hart_takes_no_interrupt(void)
{
    struct counters before = count(), after;

    CHECK_EQ(sleep_us(100000), 0);
    after = count();
    CHECK(after.interrupts - before.interrupts <= 1); /* its own wake-up: there is no tick */
    CHECK(after.switches > before.switches);
}

static void test_wrong_calls_are_refused(void)
{
    struct poll one = {.fd = 99};

    CHECK_EQ(system_call((enum system_call)0, 0, 0, 0, 0), ERR_CALL);
    CHECK_EQ(system_call(SYS_COUNT, 0, 0, 0, 0), ERR_CALL);
    CHECK_EQ(system_call((enum system_call)-1, 0, 0, 0, 0), ERR_CALL);
    CHECK_EQ(open("there is no such file of this name"), ERR_NAME);
    CHECK_EQ(open("disk"), ERR_DEVICE);
    CHECK_EQ(read(0, &one, sizeof one), ERR_FD);
    CHECK_EQ(read(-1, &one, sizeof one), ERR_FD);
    CHECK_EQ(write(99, &one, sizeof one), ERR_FD);
    CHECK_EQ(recv(1, &one, sizeof one), ERR_FD);
    CHECK_EQ(bind(1, 9), ERR_FD);
    CHECK_EQ(ring_setup((struct ring *)64, 0), ERR_VALUE);
    CHECK_EQ(ring_enter(3, 1, 1), ERR_FD);
    CHECK_EQ(poll(&one, 1000, 0), ERR_VALUE);
}

static void test_poll_gives_up_in_time(void)
{
    int64_t fd = socket();
    struct poll one = {.fd = (int32_t)fd};
    uint64_t before = time_now();

    CHECK_EQ(bind(fd, 0), ERR_VALUE);
    CHECK_EQ(bind(fd, 9), 0);
    CHECK_EQ(bind(fd, 9), ERR_USED);
    CHECK_EQ(poll(&one, 1, 3), 0);
    CHECK(!one.ready && time_now() - before >= 3000 * TICKS_A_MICROSECOND);
    CHECK(time_now() - before < 3100 * TICKS_A_MICROSECOND);
}

int main(void)
{
    test_sleep_lasts_as_long_as_said();
    test_sleepers_wake_in_the_order_of_their_times();
    test_spinning_threads_share_the_hart();
    test_yield_lets_the_next_one_run();
    test_too_many_are_refused_and_places_come_back();
    test_a_number_is_of_one_thread_only();
    test_an_idle_hart_takes_no_interrupt();
    test_wrong_calls_are_refused();
    test_poll_gives_up_in_time();
    print("threads: all as they should be\n");
    return 0;
}
