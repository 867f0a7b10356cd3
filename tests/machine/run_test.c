/* SPDX-License-Identifier: Apache-2.0 */
/* The machine as a whole, on programs of a few instructions: reset, several harts, idle time. */
#define _GNU_SOURCE
#include "base/bits.h"
#include "check.h"
#include "insight/trace_file.h"
#include "machine/board.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static char kernel[] = "/tmp/doorbell-run-XXXXXX", trace[] = "/tmp/doorbell-run-trace-XXXXXX";

/* Runs a flat program in machine mode, recording if asked. */
static struct machine *start(struct board_config *c, const uint32_t *words, size_t count,
                             bool record)
{
    struct err err;
    struct machine *m;
    FILE *f = fopen(kernel, "wb");

    CHECK(f && fwrite(words, sizeof words[0], count, f) == count && fclose(f) == 0);
    c->kernel = kernel;
    c->firmware = "none";
    c->console = "null";
    c->memory_bytes = UINT64_C(64) << 20;
    c->max_ps = PS_PER_S;
    m = machine_new(c, &err);
    CHECK(m != NULL);
    if (!m) {
        printf("%s\n", err.text);
        exit(1);
    }
    CHECK(!record || machine_trace_open(m, trace, true, &err) == 0);
    return m;
}

/* Counts itself at 0x80100000, asks for a reset until it has run three times, then ends with 5:
 *  li t0,0x80100000; ld t1,0(t0); addi t1,t1,1; sd t1,0(t0); li t2,3; li t3,0x100000;
 *  bge t1,t2,1f; li t4,0x7777; sw t4,0(t3); 0: j 0b; 1: li t4,0x53333; sw t4,0(t3); j 0b */
static const uint32_t counts_resets[] = {
    0x000012b7, 0x8012829b, 0x01429293, 0x0002b303, 0x00130313, 0x0062b023, 0x00300393, 0x00100e37,
    0x00735a63, 0x00007eb7, 0x777e8e9b, 0x01de2023, 0x0000006f, 0x00053eb7, 0x333e8e9b, 0x01de2023,
    0xff1ff06f};

static void test_a_reset_starts_the_guest_anew_and_keeps_time_and_memory(void)
{
    struct board_config c;
    struct machine_result r;
    struct machine *m;

    config_init(&c);
    m = start(&c, counts_resets, ARRAY_LEN(counts_resets), false);
    machine_run(m, &r);
    CHECK_EQ_U64(r.end, END_FINISHER);
    CHECK_EQ_U64(r.code, 5);
    machine_free(m);
}

static void test_no_reboot_ends_at_the_first_reset(void)
{
    struct board_config c;
    struct machine_result r;
    struct machine *m;

    config_init(&c);
    c.no_reboot = true;
    m = start(&c, counts_resets, ARRAY_LEN(counts_resets), false);
    machine_run(m, &r);
    CHECK_EQ_U64(r.end, END_RESET);
    machine_free(m);
}

/* Four harts, each at its own pace: 50 times load mtime and clear the own msip; hart 0 ends it:
 *  csrr s0,mhartid; slli s1,s0,2; li t0,0x2000000; add s1,s1,t0; li s2,0x200bff8; li s3,50
 *  1: addi t1,s0,1; 2: addi t1,t1,-1; bnez t1,2b; ld t2,0(s2); sw zero,0(s1); addi s3,s3,-1;
 *  bnez s3,1b; li t0,0x80100000; li t1,1; amoadd.d zero,t1,(t0); bnez s0,4f; 3: ld t1,0(t0);
 *  li t2,4; bne t1,t2,3b; li t3,0x100000; li t4,0x5555; sw t4,0(t3); 4: wfi; j 4b */
static const uint32_t four_harts[] = {
    0xf1402473, 0x00241493, 0x020002b7, 0x005484b3, 0x0200c937, 0xff89091b, 0x03200993, 0x00140313,
    0xfff30313, 0xfe031ee3, 0x00093383, 0x0004a023, 0xfff98993, 0xfe0994e3, 0x000012b7, 0x8012829b,
    0x01429293, 0x00100313, 0x0062b02f, 0x02041063, 0x0002b303, 0x00400393, 0xfe731ce3, 0x00100e37,
    0x00005eb7, 0x555e8e9b, 0x01de2023, 0x10500073, 0xffdff06f};

/* Devices see the accesses of all harts in the order of virtual time: mtime never goes back from
 * one load to the next, whoever makes it, nor do the times of issue of loads and of stores. */
static void test_device_accesses_of_all_harts_are_in_the_order_of_time(void)
{
    struct board_config c;
    struct machine_result result;
    struct machine *m;
    struct trace_file *f;
    struct trace_record r;
    struct err err;
    int load, store, began, value, more;
    uint64_t last_load = 0, last_store = 0, last_time = 0;
    unsigned loads = 0, stores = 0, harts[4] = {0};

    config_init(&c);
    c.harts = 4;
    m = start(&c, four_harts, ARRAY_LEN(four_harts), true);
    machine_run(m, &result);
    CHECK_EQ_U64(result.end, END_FINISHER);
    CHECK(machine_close(m, &err) == 0);
    machine_free(m);
    f = trace_file_open(trace, &err);
    CHECK(f != NULL);
    if (!f)
        return;
    load = trace_file_kind(f, "mmio_load");
    store = trace_file_kind(f, "mmio_store");
    began = trace_file_arg(f, load, "began");
    value = trace_file_arg(f, load, "value");
    while ((more = trace_file_next(f, &r, &err)) > 0) {
        if ((int)r.kind == load) {
            CHECK(r.args[began] >= last_load);
            CHECK(r.args[value] >= last_time);
            last_load = r.args[began];
            last_time = r.args[value];
            loads++;
            if (r.source < 4)
                harts[r.source]++;
        } else if ((int)r.kind == store) {
            CHECK(r.when >= last_store);
            last_store = r.when;
            stores++;
        }
    }
    CHECK_EQ_U64((uint64_t)more, 0);
    CHECK_EQ_U64(loads, 200);
    CHECK_EQ_U64(stores, 201); /* and the finisher */
    for (unsigned h = 0; h < 4; h++)
        CHECK_EQ_U64(harts[h], 50);
    trace_file_close(f);
}

/* mtimecmp at 100 us, a loop of 300 rounds, then wfi until the timer:
 *  li t0,0x2004000; li t1,1000; sd t1,0(t0); li t1,0x80; csrw mie,t1; li t2,300;
 *  1: addi t2,t2,-1; bnez t2,1b; wfi; li t3,0x100000; li t4,0x5555; sw t4,0(t3); 2: j 2b */
static const uint32_t waits[] = {0x020042b7, 0x3e800313, 0x0062b023, 0x08000313, 0x30431073,
                                 0x12c00393, 0xfff38393, 0xfe039ee3, 0x10500073, 0x00100e37,
                                 0x00005eb7, 0x555e8e9b, 0x01de2023, 0x0000006f};

static void test_idle_time_is_jumped_over_and_accounted_exactly(void)
{
    struct board_config c;
    struct machine_result r;
    struct machine *m;
    const struct hart *h;

    config_init(&c);
    m = start(&c, waits, ARRAY_LEN(waits), false);
    machine_run(m, &r);
    CHECK_EQ_U64(r.end, END_FINISHER);
    h = machine_hart(m, 0);
    /* It slept from its wfi until the timer, and went on wfi_exit later. */
    CHECK(h->idle_ps > 99 * PS_PER_US && h->idle_ps < 100 * PS_PER_US);
    CHECK_EQ_U64(h->idle_since + h->idle_ps, 100 * PS_PER_US);
    CHECK(r.time_ps > 100 * PS_PER_US + 300 * PS_PER_NS && r.time_ps < 101 * PS_PER_US);
    machine_free(m);
}

/* Hart 0 counts for about 0.9 us and waits for msip, which hart 1 sets at once: status 1 if hart
 * 0's time went back to then:
 *  csrr s0,mhartid; li t0,0x2000000; bnez s0,3f; li t1,8; csrw mie,t1; li t2,900;
 *  1: addi t2,t2,-1; bnez t2,1b; csrr s1,mcycle; wfi; csrr s2,mcycle; li t3,0x100000;
 *  li t4,0x5555; bgeu s2,s1,2f; li t4,0x13333; 2: sw t4,0(t3); 0: j 0b; 3: li t1,1;
 *  sw t1,0(t0); 4: wfi; j 4b */
static const uint32_t woken_early[] = {
    0xf1402473, 0x020002b7, 0x04041263, 0x00800313, 0x30431073, 0x38400393, 0xfff38393, 0xfe039ee3,
    0xb00024f3, 0x10500073, 0xb0002973, 0x00100e37, 0x00005eb7, 0x555e8e9b, 0x00997663, 0x00013eb7,
    0x333e8e9b, 0x01de2023, 0x0000006f, 0x00100313, 0x0062a023, 0x10500073, 0xffdff06f};

static void test_a_hart_that_slept_ahead_of_its_waker_does_not_go_back_in_time(void)
{
    struct board_config c;
    struct machine_result r;
    struct machine *m;

    config_init(&c);
    c.harts = 2;
    m = start(&c, woken_early, ARRAY_LEN(woken_early), false);
    machine_run(m, &r);
    CHECK_EQ_U64(r.end, END_FINISHER);
    CHECK_EQ_U64(r.code, 0);
    CHECK(machine_hart(m, 0)->idle_ps < PS_PER_US);
    machine_free(m);
}

/* mtimecmp as late as virtual time can name, wfi, then accesses to the UART for ever:
 *  li t0,0x2004000; li t1,184467440737094; sd t1,0(t0); li t1,0x80; csrw mie,t1; wfi;
 *  li t2,0x10000000; li t3,'x'; 1: sb t3,0(t2); lb t4,5(t2); j 1b */
static const uint32_t waits_for_the_end[] = {
    0x020042b7, 0x0029f337, 0x16b3031b, 0x00d31313, 0x23930313, 0x00d31313, 0xb4630313, 0x0062b023,
    0x08000313, 0x30431073, 0x10500073, 0x100003b7, 0x07800e13, 0x01c38023, 0x00538e83, 0xff9ff06f};

static void test_time_ends_before_it_wraps(void)
{
    for (unsigned timing = TIMING_OFF; timing <= TIMING_IO; timing++) {
        struct board_config c;
        struct machine_result r;
        struct machine *m;

        config_init(&c);
        c.timing = timing;
        m = start(&c, waits_for_the_end, ARRAY_LEN(waits_for_the_end), false);
        clock_disarm(&m->clock, &m->deadline);
        machine_run(m, &r);
        CHECK_EQ_U64(r.end, END_STUCK);
        machine_free(m);
    }
}

/* A hart that nothing interrupts: the user still can. */
static unsigned alarms;

static void on_alarm(int number)
{
    (void)number;
    if (alarms++ == 0) {
        raise(SIGTERM);
        alarm(20);
        return;
    }
    CHECK(!"the run ends at a signal");
    _exit(1);
}

/* wfi; j -4, and j 0: both are there at the limit, but only the first could never have gone on. */
static void test_what_is_stuck_at_its_limit_is_known(void)
{
    static const uint32_t sleeps[] = {0x10500073, 0xffdff06f}, loops[] = {0x0000006f};
    struct board_config c;
    struct machine_result r;
    struct machine *m;

    config_init(&c);
    m = start(&c, sleeps, ARRAY_LEN(sleeps), false);
    machine_run(m, &r);
    CHECK_EQ_U64(r.end, END_MAX_TIME);
    CHECK(machine_stuck(m));
    machine_free(m);
    config_init(&c);
    m = start(&c, loops, ARRAY_LEN(loops), false);
    machine_run(m, &r);
    CHECK_EQ_U64(r.end, END_MAX_TIME);
    CHECK(!machine_stuck(m));
    machine_free(m);
}

static unsigned source_called(struct machine *m, const char *name)
{
    const struct trace *t = machine_trace(m);
    unsigned i = 0;

    while (i < t->source_count && strcmp(t->source[i], name))
        i++;
    CHECK(i < t->source_count);
    return i;
}

static void test_registers_have_names(void)
{
    static const uint32_t loops[] = {0x0000006f};
    struct board_config c;
    struct machine *m;
    char name[64];
    unsigned uart, plic;

    config_init(&c);
    c.irq = IRQ_PLIC;
    m = start(&c, loops, ARRAY_LEN(loops), false);
    uart = source_called(m, "uart0");
    plic = source_called(m, "plic");
    machine_register_name(m, uart, 0, false, name, sizeof name);
    CHECK_EQ_STR(name, "UART_RBR");
    machine_register_name(m, uart, 0, true, name, sizeof name);
    CHECK_EQ_STR(name, "UART_THR");
    machine_register_name(m, uart, 5, false, name, sizeof name);
    CHECK_EQ_STR(name, "UART_LSR");
    machine_register_name(m, uart, 0x99, false, name, sizeof name);
    CHECK_EQ_STR(name, "+ 0x99");
    machine_register_name(m, plic, 40, true, name, sizeof name);
    CHECK_EQ_STR(name, "PLIC_PRIORITY[9]");
    machine_register_name(m, plic, 42, true, name, sizeof name);
    CHECK_EQ_STR(name, "PLIC_PRIORITY[9] (part)");
    machine_register_name(m, 9999, 4, true, name, sizeof name);
    CHECK_EQ_STR(name, "+ 0x4");
    machine_register_name(m, uart, UINT64_MAX, true, name, sizeof name);
    CHECK_EQ_STR(name, "+ 0xffffffffffffffff");
    machine_free(m);
}

static void test_a_signal_ends_a_loop_without_any_event(void)
{
    static const uint32_t loop[] = {0x0000006f};
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval soon = {.it_value = {0, 100000}};
    struct board_config c;
    struct machine_result r;
    struct machine *m;

    config_init(&c);
    m = start(&c, loop, ARRAY_LEN(loop), false);
    clock_disarm(&m->clock, &m->deadline);
    terminal_catch_signals();
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    machine_run(m, &r);
    alarm(0);
    CHECK_EQ_U64(r.end, END_SIGNAL);
    CHECK_EQ_U64(r.code, SIGTERM);
    machine_free(m);
    terminal_catch_signals();
}

int main(int argc, char **argv)
{
    static void (*const tests[])(void) = {
        test_a_reset_starts_the_guest_anew_and_keeps_time_and_memory,
        test_no_reboot_ends_at_the_first_reset,
        test_device_accesses_of_all_harts_are_in_the_order_of_time,
        test_idle_time_is_jumped_over_and_accounted_exactly,
        test_a_hart_that_slept_ahead_of_its_waker_does_not_go_back_in_time,
        test_time_ends_before_it_wraps,
        test_a_signal_ends_a_loop_without_any_event,
        test_what_is_stuck_at_its_limit_is_known, test_registers_have_names};
    int a = mkstemp(kernel), b = mkstemp(trace), rc;

    close(a);
    close(b);
    rc = check_main("test_a_reset_starts_the_guest_anew_and_keeps_time_and_memory,"
                    "test_no_reboot_ends_at_the_first_reset,"
                    "test_device_accesses_of_all_harts_are_in_the_order_of_time,"
                    "test_idle_time_is_jumped_over_and_accounted_exactly,"
                    "test_a_hart_that_slept_ahead_of_its_waker_does_not_go_back_in_time,"
                    "test_time_ends_before_it_wraps,"
                    "test_a_signal_ends_a_loop_without_any_event,"
                    "test_what_is_stuck_at_its_limit_is_known, test_registers_have_names",
                    tests, ARRAY_LEN(tests), argc > 1 ? argv[1] : NULL);
    unlink(kernel);
    unlink(trace);
    return rc;
}
