/* SPDX-License-Identifier: Apache-2.0 */
/* labs/lib without devices: text, the device tree, time, the timer, waits that end. */
#include "labs/lib/device_tree.h"
#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/string.h"
#include "labs/lib/timer.h"
#include "labs/lib/trap.h"
#include "tests/labs/lab_check.h"

#include <stddef.h>

static void test_string(void)
{
    static uint64_t a[8], b[8];
    char *x = (char *)a, *y = (char *)b;

    memset(a, 0x5a, sizeof a);
    CHECK_EQ(a[7], 0x5a5a5a5a5a5a5a5a);
    memset(x + 1, 1, 9); /* crosses a word, unaligned */
    CHECK_EQ(a[0], 0x010101010101015a);
    CHECK_EQ(a[1], 0x5a5a5a5a5a5a0101);
    for (unsigned i = 0; i < sizeof a; i++)
        x[i] = (char)i;
    memcpy(b, a, sizeof b);
    CHECK_EQ(memcmp(a, b, sizeof a), 0);
    memcpy(y + 3, x, 17);
    CHECK_EQ(memcmp(y + 3, x, 17), 0);
    CHECK_EQ(y[2], 2);
    CHECK_EQ(y[20], 20);
    memmove(x + 8, x, 40); /* up, onto itself */
    CHECK(x[8] == 0 && x[47] == 39 && x[48] == 48);
    memmove(x, x + 8, 40);
    CHECK(x[0] == 0 && x[39] == 39);
    CHECK(memcmp("ab", "ac", 2) < 0 && memcmp("b", "a", 1) > 0);
    CHECK(strlen("four") == 4 && strcmp("a", "ab") < 0 && strcmp("ab", "ab") == 0);
}

/* The script compares what comes out. */
static void test_print(void)
{
    static const char *volatile odd = "[%q]\n"; /* the compiler would complain */

    print(odd);
    print("[%d %d %u %x %c %s %%]\n", 0, -2147483647 - 1, 4294967295u, 0xbeef, 'c', "text");
    print("[%ld %lu %lx]\n", INT64_MIN, UINT64_MAX, UINT64_MAX);
    print("[%5d|%-5d|%05d|%05d|%2d|%8s|%-8s|%04x]\n", 42, 42, 42, -42, 12345, "right", "left", 0xa);
}

static void test_device_tree(const void *tree)
{
    uint32_t bytes = 0;

    CHECK(device_tree_has(tree, "ns16550a"));
    CHECK(!device_tree_has(tree, "ns16550"));
    CHECK_EQ(device_tree_memory(tree), 16 << 20); /* --memory 16M */
    CHECK(device_tree_property(tree, "cpus", "timebase-frequency", &bytes) && bytes == 4);
    CHECK(!device_tree_property(tree, "cpus", "none", &bytes));
    CHECK(!device_tree_has(NULL, "ns16550a") && !device_tree_has("no tree", "ns16550a"));
}

static void test_counters(void)
{
    uint64_t c = cycles(), i = instructions(), n;

    /* Between the two reads there is one instruction more, the read itself. */
    n = instructions();
    CHECK(n - i >= 1 && n - i <= 3);
    CHECK(cycles() > c);
}

static unsigned fired;
static uint64_t fired_at;

static void on_timer(void *ctx)
{
    fired_at = time_now();
    if (++fired < 3)
        timer_at(fired_at + *(uint64_t *)ctx, on_timer, ctx);
}

static void test_timer(void)
{
    uint64_t step = 200, start = time_now();

    timer_at(start + 1000, on_timer, &step);
    delay(200);
    CHECK_EQ(fired, 0); /* interrupts are off: it is pending */
    CHECK(WAIT_ASLEEP(fired == 3, 1000));
    /* The first when interrupts were let in, those after it from there. */
    CHECK(fired_at - start >= 2000 + 2 * step && fired_at - start < 2000 + 2 * step + 20);

    fired = 2;
    irq_on();
    start = time_now();
    timer_at(start + 500, on_timer, &step);
    CHECK(WAIT_FOR(*(volatile unsigned *)&fired == 3, 1000));
    CHECK(fired_at - start >= 500 && fired_at - start < 510);
    timer_at(time_now() + 500, on_timer, &step);
    timer_off();
    delay(100);
    CHECK_EQ(fired, 3);
    /* One that is past comes at once. */
    timer_at(0, on_timer, &step);
    CHECK(WAIT_FOR(*(volatile unsigned *)&fired == 4, 1));
    CHECK(irq_off());
    CHECK(!irq_off());
}

static void test_waits_end(void)
{
    uint64_t start = time_now(), idle;
    unsigned looks = 0;

    CHECK(!WAIT_FOR(false, 100));
    CHECK(time_now() - start >= 1000 && time_now() - start < 1010);
    /* It is looked at at least once, and without waiting when it holds. */
    start = instructions();
    CHECK(WAIT_FOR(true, 1000000));
    CHECK(instructions() - start < 30);
    CHECK(WAIT_FOR(++looks, 0));

    start = time_now();
    idle = instructions();
    CHECK(!WAIT_ASLEEP(false, 5000));
    CHECK(time_now() - start >= 50000 && time_now() - start < 50020);
    CHECK(instructions() - idle < 1000); /* asleep, not spinning */
    CHECK(WAIT_ASLEEP(true, IRQ_FOREVER));
    /* A timer within a wait wakes it up, and the wait goes on to its own end. */
    fired = 2;
    start = time_now();
    timer_at(start + 1000, on_timer, NULL);
    CHECK(!WAIT_ASLEEP(fired == 9, 500));
    CHECK_EQ(fired, 3);
    CHECK(time_now() - start >= 5000);
    CHECK_EQ(time_after(UINT64_MAX), UINT64_MAX);
}

/* 4 bytes: an instruction that is not compressed. */
static bool on_trap(struct trap_frame *f)
{
    if (f->cause != CAUSE_ECALL_S)
        return false;
    f->a0 += f->a7;
    f->pc += 4;
    return true;
}

static void test_trap_returns(void)
{
    register uint64_t a0 __asm__("a0");
    register uint64_t a7 __asm__("a7");
    uint64_t result;

    trap_handle(on_trap);
    a0 = 40;
    a7 = 2;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
    result = a0;
    trap_handle(NULL);
    CHECK_EQ(result, 42);
}

int main(const void *device_tree)
{
    mark_value(7, 70);
    test_print();
    test_string();
    test_device_tree(device_tree);
    test_counters();
    test_trap_returns();
    test_timer();
    test_waits_end();
    mark(8);
    print("all\n");
    return 0;
}
