/* SPDX-License-Identifier: Apache-2.0 */
/* Records made by hand, and what they add up to. */
#include "insight/measure.h"

#include "base/bits.h"
#include "base/hash.h"
#include "tests/check.h"

enum { HART, UART, NVME, APLIC, HART1 };
static const char *const sources[] = {"hart0", "uart0", "nvme0", "aplic", "hart1"};

#define MARK(n) {.kind = TRACE_KIND_mark, .number = (n)}
#define EVENT(name) {.kind = TRACE_KIND_##name}

static const struct measure_section sections[] = {
    {.name = "poll", .text = "", .begin = MARK(1), .end = MARK(2)},
    {.name = "copy", .text = "", .x_name = "bytes", .begin = MARK(3), .end = MARK(4)},
    {.name = "edge", .text = "", .begin = {.kind = TRACE_KIND_irq_line, .number = 10,
                                          .numbered = true}, .end = EVENT(trap)},
    {.name = "sent", .text = "", .begin = {.kind = TRACE_KIND_uart_tx, .source = "uart0"},
     .end = {.kind = TRACE_KIND_uart_tx, .source = "uart0"}},
};
enum { POLL, COPY, EDGE, SENT, RUN };

static struct measure *m;
static struct err err;

static void open_measure(void)
{
    m = measure_new(sections, ARRAY_LEN(sections), sources, ARRAY_LEN(sources));
}

/* At a time in ns. */
static void see(uint64_t ns, unsigned source, enum trace_kind kind, uint64_t a, uint64_t b,
                uint64_t c, uint64_t d, uint64_t e)
{
    uint64_t args[TRACE_ARGS_MAX] = {a, b, c, d, e};
    struct trace_seen r = {.when = ns * 1000, .source = source, .kind = kind, .args = args};

    measure_record(m, &r);
}

static void mark(uint64_t ns, uint64_t number, uint64_t instret, uint64_t value)
{
    see(ns, HART, TRACE_KIND_mark, number, instret, value, 0, 0);
}

static double got(unsigned section, const char *metric)
{
    struct measure_of of = {.section = section, .source = -1};
    double v = -1;

    CHECK(!measure_get(m, &of, measure_metric_find(metric), &v, &err));
    return v;
}

static double got_x(unsigned section, uint64_t x, const char *metric)
{
    struct measure_of of = {.section = section, .has_x = true, .x = x, .source = -1};
    double v = -1;

    return measure_get(m, &of, measure_metric_find(metric), &v, &err) ? -1 : v;
}

static double got_of(unsigned section, const char *device, const char *metric)
{
    struct measure_of of = {.section = section, .source = measure_source_find(m, device)};
    double v = -1;

    CHECK(!measure_get(m, &of, measure_metric_find(metric), &v, &err));
    return v;
}

static void test_a_section_is_between_its_marks(void)
{
    open_measure();
    see(50, HART, TRACE_KIND_mmio_load, UART, 5, 1, 0x60, 40000); /* before it */
    mark(100, 1, 1000, 0);
    see(200, HART, TRACE_KIND_mmio_load, UART, 5, 1, 0x60, 150000);
    see(210, HART, TRACE_KIND_mmio_store, UART, 0, 1, 'x', 0);
    see(220, HART, TRACE_KIND_mmio_store, NVME, 0x1000, 4, 1, 0);
    see(230, HART, TRACE_KIND_wc_flush, NVME, 0x2000, 64, 8, 1);
    mark(300, 2, 1011, 42);
    see(400, HART, TRACE_KIND_mmio_load, UART, 5, 1, 0x60, 390000); /* after it */

    CHECK(got(POLL, "time") == 200);
    CHECK(got(POLL, "busy") == 200);
    CHECK(got(POLL, "idle") == 0);
    CHECK(got(POLL, "runs") == 1);
    CHECK(got(POLL, "instructions") == 10); /* neither mark */
    CHECK(got(POLL, "mmio_loads") == 1);
    CHECK(got(POLL, "mmio_stores") == 2);
    CHECK(got(POLL, "stall") == 50);
    CHECK(got(POLL, "transactions") == 4);
    CHECK(got(POLL, "bytes") == 70);
    CHECK(got(POLL, "value") == 42);
    CHECK(got(POLL, "wc_flush") == 1); /* any event counts */
    CHECK(got_of(POLL, "uart0", "mmio_loads") == 1);
    CHECK(got_of(POLL, "uart0", "mmio_stores") == 1);
    CHECK(got_of(POLL, "nvme0", "mmio_stores") == 1);
    CHECK(got_of(POLL, "nvme0", "bytes") == 68);
    CHECK(got_of(POLL, "nvme0", "stall") == 0);
    CHECK(measure_source_find(m, "nic0") == -1);
    CHECK(measure_metric_find("speed") == NULL);
    measure_free(m);
}

static void test_passes_add_up(void)
{
    open_measure();
    for (unsigned i = 0; i < 3; i++) {
        mark(1000 * i + 100, 1, 100 * i, 0);
        mark(1000 * i + 110 + 10 * i, 2, 100 * i + 6, 0);
    }
    CHECK(got(POLL, "runs") == 3);
    CHECK(got(POLL, "time") == 60);
    CHECK(got(POLL, "time_min") == 10);
    CHECK(got(POLL, "time_max") == 30);
    CHECK(got(POLL, "instructions") == 15);
    /* A begin that comes again begins anew; an end without a begin is nothing. */
    mark(5000, 1, 0, 0);
    mark(6000, 1, 0, 0);
    mark(6001, 2, 1, 0);
    mark(7000, 2, 1, 0);
    CHECK(got(POLL, "runs") == 4);
    CHECK(got(POLL, "time") == 61);
    measure_free(m);
}

static void test_a_section_never_passed_is_zero(void)
{
    open_measure();
    mark(100, 1, 0, 0); /* begun, and not ended */
    CHECK(got(POLL, "time") == 0);
    CHECK(got(POLL, "runs") == 0);
    CHECK_EQ_STR(measure_under_way(m, 0), "poll");
    CHECK(measure_under_way(m, 1) == NULL);
    CHECK(got_x(COPY, 64, "time") == -1); /* but an x that is not there is an error */
    CHECK(strstr(err.text, "bytes = 64") != NULL);
    measure_free(m);
}

static void test_a_series_has_a_row_an_x(void)
{
    static const uint64_t x[] = {4096, 64, 512, 64};
    uint64_t found[8];

    open_measure();
    for (unsigned i = 0; i < ARRAY_LEN(x); i++) {
        mark(1000 * i, 3, 0, x[i]);
        mark(1000 * i + x[i] / 8, 4, 1, 0);
    }
    CHECK_EQ_U64(measure_series(m, COPY, found, ARRAY_LEN(found)), 3);
    CHECK(found[0] == 64 && found[1] == 512 && found[2] == 4096);
    CHECK_EQ_U64(measure_series(m, POLL, found, ARRAY_LEN(found)), 0);
    CHECK(got_x(COPY, 64, "time") == 16);
    CHECK(got_x(COPY, 64, "runs") == 2);
    CHECK(got_x(COPY, 4096, "time") == 512);
    CHECK(got(COPY, "time") == 16 + 64 + 512);
    CHECK(got(COPY, "time_min") == 8);
    CHECK(got(COPY, "time_max") == 512);
    measure_free(m);
}

static void test_idle_is_what_overlaps(void)
{
    open_measure();
    mark(100, 1, 0, 0);
    see(150, HART, TRACE_KIND_idle_begin, 0x80000000, 0, 0, 0, 0);
    see(250, HART, TRACE_KIND_idle_end, 100000, 0, 0, 0, 0);
    mark(300, 2, 1, 0);
    CHECK(got(POLL, "idle") == 100);
    CHECK(got(POLL, "busy") == 100);
    CHECK(got(POLL, "energy") == 105);
    /* Of an event's section, which begins while the hart sleeps, only its part. */
    see(400, HART, TRACE_KIND_idle_begin, 0x80000000, 0, 0, 0, 0);
    see(450, APLIC, TRACE_KIND_irq_line, 10, 1, 0, 0, 0);
    see(470, HART, TRACE_KIND_idle_end, 70000, 0, 0, 0, 0);
    see(480, HART, TRACE_KIND_trap, UINT64_C(1) << 63 | 9, 0x80000004, 0, 1, 1);
    CHECK(got(EDGE, "time") == 30);
    CHECK(got(EDGE, "idle") == 20);
    CHECK(got(EDGE, "interrupts") == 1); /* what ends a pass counts in it */
    /* And what sleeps at the end. */
    measure_end(m, 1000000);
    CHECK(got(RUN, "time") == 1000);
    CHECK(got(RUN, "idle") == 170);
    measure_free(m);
}

static void test_only_rising_edges_of_the_pin_begin(void)
{
    open_measure();
    see(100, APLIC, TRACE_KIND_irq_line, 11, 1, 0, 0, 0); /* another pin */
    see(200, APLIC, TRACE_KIND_irq_line, 10, 0, 0, 0, 0);
    see(300, HART, TRACE_KIND_trap, 2, 0, 0, 1, 1);
    CHECK(got(EDGE, "runs") == 0);
    see(400, APLIC, TRACE_KIND_irq_line, 10, 1, 0, 0, 0);
    see(410, APLIC, TRACE_KIND_irq_line, 10, 1, 0, 0, 0); /* the first holds */
    see(450, HART1, TRACE_KIND_trap, 2, 0, 0, 1, 1);      /* another hart */
    see(500, HART, TRACE_KIND_trap, 2, 0, 0, 1, 1);
    CHECK(got(EDGE, "runs") == 1);
    CHECK(got(EDGE, "time") == 100);
    measure_free(m);
}

static void test_an_event_ends_and_begins(void)
{
    open_measure();
    for (unsigned i = 0; i < 4; i++)
        see(100 * i, UART, TRACE_KIND_uart_tx, 'a' + i, 0, 0, 0, 0);
    CHECK(got(SENT, "runs") == 3);
    CHECK(got(SENT, "time") == 300);
    CHECK(got(SENT, "chars") == 3);
    CHECK_EQ_STR(measure_output(m, NULL), "abcd");
    measure_free(m);
}

static void test_time_in_handlers(void)
{
    uint64_t interrupt = UINT64_C(1) << 63 | 5;

    open_measure();
    mark(100, 1, 0, 0);
    see(110, HART, TRACE_KIND_trap, interrupt, 0, 0, 1, 1);
    see(120, HART, TRACE_KIND_trap, 2, 0, 0, 1, 1); /* within it */
    see(130, HART, TRACE_KIND_trap_return, 0, 1, 1, 0, 0);
    see(150, HART, TRACE_KIND_trap_return, 0, 1, 1, 0, 0);
    see(160, HART, TRACE_KIND_trap, interrupt, 0, 0, 1, 1);
    mark(170, 2, 1, 0); /* in a handler */
    CHECK(got(POLL, "handler") == 50);
    CHECK(got(POLL, "interrupts") == 2);
    CHECK(got(POLL, "traps") == 1);
    measure_free(m);
}

static void test_harts_have_passes_of_their_own(void)
{
    open_measure();
    mark(100, 1, 0, 0);
    see(150, HART1, TRACE_KIND_mark, 1, 0, 0, 0, 0);
    see(160, HART, TRACE_KIND_mmio_load, UART, 5, 1, 0, 155000);
    see(170, NVME, TRACE_KIND_dma_write_done, 0x80000000, 512, 0, 0, 0); /* once, for both */
    mark(200, 2, 1, 0);
    see(250, HART1, TRACE_KIND_mark, 2, 1, 0, 0, 0);
    CHECK(got(POLL, "runs") == 2);
    CHECK(got(POLL, "time") == 200);
    CHECK(got(POLL, "mmio_loads") == 1);
    CHECK(got(POLL, "dma_writes") == 1);
    CHECK(got(POLL, "dma_bytes") == 512);
    CHECK(got_of(POLL, "nvme0", "dma_bytes") == 512);
    measure_free(m);
}

static void test_the_last_transactions_are_kept(void)
{
    const struct measure_last *last;

    open_measure();
    for (unsigned i = 0; i < 1000; i++)
        see(i, HART, TRACE_KIND_mmio_load, UART, 5, 1, 0x20, 0);
    last = &measure_tail(m)->last;
    CHECK_EQ_U64(last->count, 1);
    CHECK_EQ_U64(last->item[0].repeats, 1000);
    CHECK_EQ_U64(last->item[0].last, 999000);
    for (unsigned i = 0; i < 30; i++)
        see(2000 + i, HART, TRACE_KIND_mmio_store, UART, 0, 1, i, 0);
    CHECK_EQ_U64(last->count, MEASURE_LAST);
    CHECK_EQ_U64(last->item[(last->next + MEASURE_LAST - 1) % MEASURE_LAST].value, 29);
    CHECK_EQ_U64(last->item[last->next].value, 30 - MEASURE_LAST);
    measure_free(m);
}

static void test_traps_in_a_row(void)
{
    const struct measure_trap *t;

    open_measure();
    t = &measure_tail(m)->trap[0];
    see(10, HART, TRACE_KIND_trap, 7, 0x80001000, 0x123, 1, 1);
    for (unsigned i = 0; i < 500; i++)
        see(20 + i, HART, TRACE_KIND_trap, 1, 0x40, 0x40, 1, 1);
    CHECK_EQ_U64(t->in_a_row, 500);
    CHECK_EQ_U64(t->unreturned, 501);
    CHECK_EQ_U64(t->first_pc, 0x80001000);
    see(1000, HART, TRACE_KIND_trap_return, 0, 1, 1, 0, 0);
    see(1100, HART, TRACE_KIND_trap, 1, 0x40, 0x40, 1, 1); /* at once: it goes on */
    CHECK_EQ_U64(t->in_a_row, 501);
    see(1200, HART, TRACE_KIND_trap_return, 0, 1, 1, 0, 0);
    see(9000, HART, TRACE_KIND_trap, 1, 0x40, 0x40, 1, 1); /* much later: another */
    CHECK_EQ_U64(t->in_a_row, 1);
    measure_free(m);
}

/* A guest marks what it likes: rows, passes, output and pins are bounded, and it is said that some
 * are lost. */
static void test_what_a_guest_can_make_grow_is_bounded(void)
{
    uint64_t pin;
    size_t size;

    open_measure();
    for (uint64_t i = 0; i < 3 * MEASURE_ROWS_MAX; i++) {
        mark(i, 3, 0, i * 7919);
        mark(i, 4, 0, 0);
    }
    CHECK(measure_series(m, COPY, NULL, 0) < MEASURE_ROWS_MAX);
    CHECK(measure_lost(m) > MEASURE_ROWS_MAX);
    for (unsigned i = 0; i < MEASURE_OUTPUT_MAX + 100; i++)
        see(i, UART, TRACE_KIND_uart_tx, i % 13, 0, 0, 0, 0); /* zeroes, but no carriage return */
    CHECK(strlen(measure_output(m, &size)) == size);
    CHECK(size == MEASURE_OUTPUT_MAX);
    for (unsigned i = 0; i < 10000; i++)
        see(i, APLIC, TRACE_KIND_irq_line, i, 1, 0, 0, 0);
    CHECK(measure_line(m, 0, &pin));
    CHECK(!measure_line(m, 9999, &pin));
    measure_free(m);
}

/* Records of every kind and source, with any arguments, times that go back too. */
static void test_any_records_do_no_harm(void)
{
    for (unsigned round = 0; round < 20; round++) {
        open_measure();
        for (unsigned i = 0; i < 20000; i++) {
            uint64_t h = hash_u64(hash_u64(HASH_START, round), i), args[TRACE_ARGS_MAX];
            struct trace_seen r = {.when = h >> 20, .source = (unsigned)(h % 7),
                                   .kind = (enum trace_kind)((h >> 8) % (TRACE_KIND_COUNT + 1)),
                                   .args = args};

            for (unsigned k = 0; k < TRACE_ARGS_MAX; k++) {
                args[k] = hash_u64(h, k);
                args[k] >>= args[k] % 64;
            }
            measure_record(m, &r);
        }
        measure_end(m, 0);
        for (unsigned s = 0; s <= RUN; s++)
            for (unsigned k = 0; k < measure_metric_count(); k++)
                CHECK(got(s, measure_metric(k)->name) >= 0);
        measure_free(m);
    }
}

/* The tap of the trace itself: with no file, and with one. */
static uint64_t seen_records;

static void count_record(void *ctx, const struct trace_seen *r)
{
    CHECK(ctx == &seen_records);
    CHECK(r->kind == TRACE_KIND_mark && r->args[2] == 7 && r->id == seen_records + 1);
    seen_records++;
}

static int discard(void *sink, const void *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)sink += size;
    return 0;
}

static void test_a_tap_sees_each_record(void)
{
    struct clock clock = {0};
    struct trace t;
    size_t written = 0;

    seen_records = 0;
    trace_init(&t, &clock);
    CHECK_EQ_U64(trace_mark(&t, 0, 1, 0, 1, 2, 7), 0);
    trace_tap(&t, count_record, &seen_records);
    for (unsigned i = 0; i < 10; i++)
        CHECK_EQ_U64(trace_mark(&t, 0, i, 0, 1, 2, 7), i + 1);
    trace_open(&t, discard, &written, "{}");
    for (unsigned i = 10; i < 20; i++)
        CHECK_EQ_U64(trace_mark(&t, 0, i, 0, 1, 2, 7), i + 1);
    CHECK_EQ_U64(seen_records, 20);
    CHECK(!trace_close(&t));
    CHECK(written > 100);
    trace_fini(&t);
}

TEST_MAIN(test_a_section_is_between_its_marks, test_passes_add_up,
          test_a_section_never_passed_is_zero, test_a_series_has_a_row_an_x,
          test_idle_is_what_overlaps, test_only_rising_edges_of_the_pin_begin,
          test_an_event_ends_and_begins, test_time_in_handlers,
          test_harts_have_passes_of_their_own, test_the_last_transactions_are_kept,
          test_traps_in_a_row, test_what_a_guest_can_make_grow_is_bounded,
          test_any_records_do_no_harm, test_a_tap_sees_each_record)
