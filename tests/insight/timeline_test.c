/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines of requests that happen as they should, and of those that do not quite. */
#include "tests/insight/timeline_rig.h"

static void test_a_cold_read_with_idle_is_laid_out_and_sums_exactly(void)
{
    begin_without("", "");
    cold_read();
    CHECK(lay_out() == 0);
    CHECK_EQ_STR(err.text, "");
    check_promises();
    CHECK_EQ_U64(tl.total_ps, 9698 * PS_PER_NS);
    CHECK(is_at("syscall: ecall to vfs_read", 0, 58, true));
    CHECK(is_at("nvme: command, DMA map, queue entry", 1498, 200, true));
    CHECK(is_at("back to the waiting reader", 1698, 200, false));
    CHECK(is_at("io_schedule: switch to idle", 1898, 500, false));
    CHECK(is_at("hart idle", 2398, 4970, false));
    CHECK(is_at("doorbell crosses the link", 1698, 250, true));
    CHECK(is_at("controller fetches the command", 1948, 500, true));
    CHECK(is_at("controller starts the command", 2448, 500, true));
    CHECK(is_at("media", 2948, 3000, true));
    CHECK(is_at("data into the page cache", 5948, 1400, true));
    CHECK(is_at("completion entry", 7348, 10, true));
    CHECK(is_at("MSI-X to the interrupt file", 7358, 10, true));
    CHECK(is_at("wfi exit", 7368, 330, true));
    CHECK(is_at("trap to the driver's handler", 7698, 250, true));
    CHECK(is_at("switch to the reader", 8798, 300, true));
    CHECK(is_at("copy to user", 9298, 300, true));
    CHECK(is_at("return to user", 9598, 100, true));
    CHECK(!segment("interrupt waits for the hart") && !segment("another interrupt"));
    CHECK_EQ_U64(tl.idle_ps, 4970 * PS_PER_NS);
    CHECK_EQ_U64(tl.notes, 0);
    CHECK_EQ_U64(tl.hart, 0);
}

static void test_what_was_moved_is_counted_where_it_was_moved(void)
{
    begin_without("", "");
    cold_read();
    CHECK(lay_out() == 0);
    CHECK_EQ_U64(tl.dma_bytes, 64 + 4096 + 16 + 4);
    CHECK_EQ_U64(tl.cpu_bytes, 4096);
    CHECK_EQ_U64(tl.mmio_writes, 2);
    CHECK_EQ_U64(tl.mmio_reads, 0);
    CHECK_EQ_U64(tl.interrupts, 1);
    CHECK_EQ_U64(tl.other_interrupts, 0);
    CHECK_EQ_U64(segment("controller fetches the command")->dma_bytes, 64);
    CHECK_EQ_U64(segment("data into the page cache")->dma_bytes, 4096);
    CHECK_EQ_U64(segment("completion entry")->dma_bytes, 16);
    CHECK_EQ_U64(segment("MSI-X to the interrupt file")->dma_bytes, 4);
    CHECK_EQ_U64(segment("copy to user")->cpu_bytes, 4096);
    CHECK_EQ_U64(segment("nvme: command, DMA map, queue entry")->mmio_writes, 1);
    CHECK_EQ_U64(segment("wake the reader")->mmio_writes, 1);
}

static void test_a_hot_read_is_the_hart_s_alone(void)
{
    begin_without("", "");
    mark(0, MARK_REQUEST_BEGIN);
    ecall(2);
    call(60, "vfs_read", READER);
    call(150, "filemap_get_pages", READER);
    finish(250);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(tl.segments, 5);
    CHECK_EQ_U64(tl.total_ps, 648 * PS_PER_NS);
    CHECK_EQ_U64(tl.busy_ps, tl.total_ps);
    CHECK_EQ_U64(tl.dma_bytes, 0);
    CHECK(is_at("copy to user", 248, 300, true));
}

/* The message comes at 1700 + 250 + 1520: before the reader sleeps. */
static void test_a_device_that_is_done_before_the_hart_sleeps_leaves_the_hart_critical(void)
{
    struct device d;

    begin_without("", "");
    submit();
    d = ring(1700);
    device_works(&d, 1950, 100, false);
    complete(4470, d.pend, false);
    call(5600, "io_schedule", READER); /* of somebody else, later: must not hide the trap */
    trace_idle_begin(&t, HART, at(5700), 0, 0xa0);
    trace_idle_end(&t, HART, at(5800), 0, 0);
    finish(6000);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("back to the waiting reader", 1698, 2770, true));
    CHECK(is_at("trap to the driver's handler", 4468, 250, true));
    CHECK(is_at("complete request and bio", 4768, 1230, true));
    CHECK(is_at("media", 2948, 100, false));
    CHECK(is_at("MSI-X to the interrupt file", 4458, 10, false));
    CHECK(!segment("hart idle"));
    CHECK_EQ_U64(tl.interrupts, 1);
}

static void test_a_timer_interrupt_splits_the_segment_it_falls_into(void)
{
    struct device d;

    begin_without("", "");
    mark(0, MARK_REQUEST_BEGIN);
    ecall(2);
    call(60, "vfs_read", READER);
    tick(70, 20, 0x123);
    call(100, "ext4_file_read_iter", READER);
    call(900, "submit_bio", READER);
    call(1500, "nvme_queue_rq", READER);
    d = ring(1700);
    sleep_at(1900);
    device_works(&d, 1950, 3000, false);
    trace_idle_end(&t, HART, at(7370), d.pend, 0);
    complete(7700, d.pend, true);
    finish(9300);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(tl.other_interrupts, 1);
    CHECK_EQ_U64(tl.interrupts, 1);
    CHECK(is_at("another interrupt", 68, 20, true));
    CHECK_EQ_U64(segment("another interrupt")->step, 'a');
    CHECK_EQ_U64(count_of("VFS: permissions, to the file system"), 2);
    CHECK(has_note("interrupted by somebody else"));
}

/* The idle hart wakes for a tick at 3000, and sleeps again from 3500 on. */
static void test_a_timer_interrupt_while_the_hart_sleeps_is_not_idle_time(void)
{
    struct device d;
    const struct segment *s;
    unsigned idle = 0;
    ps_t slept = 0;

    begin_without("", "");
    submit();
    d = ring(1700);
    sleep_at(1900);
    trace_idle_end(&t, HART, at(3000), 0, 0);
    tick(3300, 100, 0xa4);
    trace_idle_begin(&t, HART, at(3500), 0, 0xa0);
    device_works(&d, 1950, 3000, false);
    trace_idle_end(&t, HART, at(7370), d.pend, 0);
    complete(7700, d.pend, true);
    finish(9300);
    CHECK(lay_out() == 0);
    check_promises();
    for (unsigned i = 0; i < tl.segments; i++)
        if ((s = &tl.segment[i])->context == CONTEXT_IDLE) {
            idle++;
            slept += s->took_ps;
            CHECK(!s->critical && s->resumed == (idle == 2));
        }
    CHECK_EQ_U64(idle, 2);
    CHECK_EQ_U64(slept, (600 + 3870) * PS_PER_NS);
    CHECK_EQ_U64(tl.idle_ps, slept);
    CHECK(is_at("another interrupt", 3298, 100, false));
    CHECK_EQ_U64(count_of("idle loop"), 2); /* wfi exit, and back to wfi */
    CHECK(is_at("wfi exit", 7368, 330, true));
}

/* The message comes while the hart is in a tick: nobody wakes it, the interrupt has to wait. */
static void test_an_interrupt_that_finds_the_hart_busy_waits_for_it(void)
{
    struct device d;

    begin_without("", "");
    submit();
    d = ring(1700);
    sleep_at(1900);
    device_works(&d, 1950, 3000, false);
    trace_idle_end(&t, HART, at(7000), 0, 0);
    tick(7300, 200, 0xa4);
    complete(7600, d.pend, true);
    finish(9300);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("interrupt waits for the hart", 7368, 230, true));
    CHECK(is_at("hart idle", 2398, 4600, false));
    CHECK(!segment("wfi exit"));
}

static void test_an_interrupt_by_a_wire_needs_no_message(void)
{
    struct device d;

    begin_without("", "");
    submit();
    d = ring(1700);
    sleep_at(1900);
    device_works(&d, 1950, 3000, true);
    trace_idle_end(&t, HART, at(7370), d.pend, 0);
    complete(7700, d.pend, true);
    finish(9300);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(!segment("MSI-X to the interrupt file"));
    CHECK(is_at("completion entry", 7348, 20, true)); /* and through the controller */
    CHECK(is_at("wfi exit", 7368, 330, true));
    CHECK_EQ_U64(tl.dma_bytes, 64 + 4096 + 16);
}

static void test_a_function_that_the_kernel_lacks_is_merged_and_said(void)
{
    begin_without("filemap_get_pages", "");
    cold_read();
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(!segment("page cache: look-up"));
    CHECK(is_at("ext4 to the page cache", 98, 100, true)); /* up to page_cache_ra_unbounded */
    CHECK_EQ_U64(tl.notes, 1);
    CHECK(has_note("merged with the step before, as this kernel has no function: "
                   "filemap_get_pages"));
    /* Two names of one function: both rows know it. */
    begin_without("touch_atime", "");
    {
        char alias[64];
        snprintf(alias, sizeof alias, "%016" PRIx64 " t touch_atime -\n", address("_copy_to_iter"));
        trace_chunk(&t, TRACE_CHUNK_SYMS, alias, strlen(alias));
    }
    cold_read();
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(tl.notes, 0);
    CHECK(is_at("return to user", 9298, 400, true));
    /* One of two names is enough. */
    begin_without("nvme_queue_rqs", "");
    cold_read();
    CHECK(lay_out() == 0);
    CHECK_EQ_U64(tl.notes, 0);
}

static void test_a_function_of_another_task_begins_no_step(void)
{
    begin_without("", "");
    mark(0, MARK_REQUEST_BEGIN);
    ecall(2);
    call(60, "vfs_read", READER);
    call(80, "filemap_get_pages", READER + 1);
    trace_probe(&t, OTHER_HART, at(90), 0, address("filemap_get_pages"), READER, 0, 0,
                0);
    finish(250);
    CHECK(lay_out() == 0);
    CHECK(!segment("page cache: look-up"));
}

/* A doorbell of the request before, and one of another hart, arrive within this one's window. */
static void test_a_doorbell_of_somebody_else_is_not_the_request_s(void)
{
    struct device d;
    uint64_t early, foreign;

    begin_without("", "");
    mark(0, MARK_REQUEST_BEGIN);
    early = trace_mmio_store(&t, HART, at(1), 0, NVME, 0x1008, 4, 1);
    ecall(2);
    call(60, "vfs_read", READER);
    early = trace_mmio_arrive(&t, NVME, at(240), early, 0x1008, 4, 1);
    trace_nvme_doorbell(&t, NVME, at(240), early, 1, 0, 1);
    foreign = trace_mmio_store(&t, OTHER_HART, at(300), 0, NVME, 0x1010, 4, 1);
    foreign = trace_mmio_arrive(&t, NVME, at(540), foreign, 0x1010, 4, 1);
    foreign = trace_nvme_doorbell(&t, NVME, at(540), foreign, 2, 0, 1);
    foreign = trace_dma_read(&t, NVME, at(540), foreign, 0x80000000, 64);
    trace_dma_read_done(&t, NVME, at(1040), foreign, 0x80000000, 64, 0, 0, 0);
    call(900, "submit_bio", READER);
    d = ring(1700);
    sleep_at(1900);
    device_works(&d, 1950, 3000, false);
    trace_idle_end(&t, HART, at(7370), d.pend, 0);
    complete(7700, d.pend, true);
    finish(9300);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("doorbell crosses the link", 1698, 250, true));
    CHECK_EQ_U64(tl.dma_bytes, 64 + 4096 + 16 + 4);
}

static void test_an_interrupt_on_another_hart_is_said(void)
{
    struct device d;

    begin_without("", "");
    submit();
    d = ring(1700);
    sleep_at(1900);
    device_works(&d, 1950, 3000, false);
    trace_trap(&t, OTHER_HART, at(7400), d.pend, INTERRUPT | 9, 0x88, 0, 1, 1, 1);
    trace_idle_end(&t, HART, at(8000), 0, 0);
    call(8600, "finish_task_switch", READER);
    finish(9300);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(has_note("taken by another hart: hart1"));
    CHECK(is_at("completion entry", 7348, 10, false));
    CHECK(is_at("hart idle", 2398, 5600, true));
}

/* Pieces of a long read go while the media still works. */
static void test_data_that_overlaps_the_media_takes_over(void)
{
    struct device d;
    uint64_t id, data, entry;

    begin_without("", "");
    submit();
    d = ring(1700);
    sleep_at(1900);
    id = trace_dma_read(&t, NVME, at(1950), d.doorbell, 0, 64);
    id = trace_dma_read_done(&t, NVME, at(2450), id, 0, 64, 0, 0, 0);
    id = trace_nvme_command(&t, NVME, at(2450), id, 1, 7, 2, 1, 0, 8192);
    data = trace_dma_write(&t, NVME, at(4000), id, 0, 4096);
    trace_dma_write_done(&t, NVME, at(5400), data, 0, 4096, 0, 0);
    id = trace_nvme_media(&t, NVME, at(5500), id, 1, 7, at(3000), 8192);
    data = trace_dma_write(&t, NVME, at(5500), id, 4096, 4096);
    id = trace_nvme_complete(&t, NVME, at(5550), data, 1, 7, 0, 1);
    entry = trace_dma_write(&t, NVME, at(5550), id, 0x80200000, 16);
    trace_dma_write_done(&t, NVME, at(6900), data, 4096, 4096, 0, 0);
    trace_dma_write_done(&t, NVME, at(6910), entry, 0x80200000, 16, 0, 0);
    id = trace_msi(&t, NVME, at(6920), entry, 0x28000000, 6, 0, 0);
    d.pend = trace_irq_pend(&t, IMSIC, at(6920), id, 1, 6);
    trace_idle_end(&t, HART, at(6920), d.pend, 0);
    complete(7300, d.pend, true);
    finish(9300);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("media", 2998, 1000, true));
    CHECK(is_at("data into the page cache", 3998, 2900, true));
    CHECK(!segment("controller: media to link"));
}

static void test_the_last_request_of_a_trace_is_the_one(void)
{
    begin_without("", "");
    mark(0, MARK_REQUEST_BEGIN);
    ecall(2);
    sysret(900000);
    mark(900001, MARK_REQUEST_END);
    trace_mark(&t, HART, at(1000000), 0, MARK_REQUEST_BEGIN, 0, 0);
    trace_trap(&t, HART, at(1000002), 0, 8, ECALL_PC, 0, 0, 1, THREAD);
    trace_trap_return(&t, HART, at(1000102), 0, ECALL_PC + 4, 1, 0, THREAD);
    trace_mark(&t, HART, at(1000103), 0, MARK_REQUEST_END, 0, 0);
    mark(2000000, MARK_RUN_END);
    CHECK(lay_out() == 0);
    CHECK_EQ_U64(tl.total_ps, 100 * PS_PER_NS);
}

static void test_the_return_is_the_one_behind_the_ecall(void)
{
    begin_without("", "");
    mark(0, MARK_REQUEST_BEGIN);
    ecall(2);
    trace_trap_return(&t, HART, at(100), 0, 0x9000, 1, 0, 0x55); /* another process has its turn */
    sysret(500);
    tick(500, 100, ECALL_PC + 4); /* before the mark */
    trace_trap_return(&t, HART, at(700), 0, ECALL_PC + 4, 1, 0, THREAD);
    mark(701, MARK_REQUEST_END);
    CHECK(lay_out() == 0);
    CHECK_EQ_U64(tl.total_ps, 498 * PS_PER_NS);
}

static void test_traces_without_a_request_are_refused_in_a_line(void)
{
    static const struct {
        unsigned number;
        const char *says;
    } cases[] = {{0, "no request between marks"}, {1, "no request between marks"},
                 {2, "no system call between the marks"}, {3, "no system call"},
                 {4, "ended on another hart"}, {5, "hart's time goes back"}};

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_without("", "");
        if (i > 0)
            mark(0, MARK_REQUEST_BEGIN);
        if (i == 3)
            ecall(2); /* never returns */
        if (i > 3) {
            ecall(5);
            sysret(i == 5 ? 3 : 100);
        }
        if (i > 1)
            trace_mark(&t, i == 4 ? OTHER_HART : HART, at(101), 0, MARK_REQUEST_END, 0, 0);
        CHECK(lay_out() == -1);
        CHECK(strstr(err.text, cases[i].says) != NULL);
        CHECK(strstr(err.text, path) != NULL && !strchr(err.text, '\n'));
    }
    begin_without("", "nvme_media");
    cold_read();
    CHECK(lay_out() == -1);
    CHECK(strstr(err.text, "no \"nvme_media\" events") != NULL);
}

static void test_json_says_what_is_promised(void)
{
    static const char *const keys[] = {"step", "name", "start_ps", "took_ps", "lane", "context",
                                       "critical", "dma_bytes", "cpu_bytes", "mmio_reads",
                                       "mmio_writes"};
    json_t *j, *s, *counts;
    json_int_t sum = 0;
    size_t i;

    begin_without("", "");
    cold_read();
    CHECK(lay_out() == 0);
    j = timeline_json(&tl);
    CHECK_EQ_STR(json_string_value(json_object_get(j, "schema")), "doorbell.explain/1");
    CHECK_EQ_STR(json_string_value(json_object_get(json_object_get(j, "guest"), "filesystem")),
                 "ext4");
    CHECK_EQ_STR(json_string_value(json_object_get(json_object_get(j, "request"), "state")),
                 "cold");
    CHECK(json_is_object(json_object_get(json_object_get(j, "run"), "machine")));
    json_array_foreach(json_object_get(j, "segments"), i, s) {
        for (unsigned k = 0; k < sizeof keys / sizeof keys[0]; k++)
            CHECK(json_object_get(s, keys[k]) != NULL);
        if (json_is_true(json_object_get(s, "critical")))
            sum += json_integer_value(json_object_get(s, "took_ps"));
    }
    CHECK_EQ_U64(i, tl.segments);
    CHECK_EQ_U64((uint64_t)sum, tl.total_ps);
    counts = json_object_get(j, "counts");
    CHECK_EQ_U64((uint64_t)json_integer_value(json_object_get(counts, "dma_bytes")), 4180);
    CHECK_EQ_U64((uint64_t)json_integer_value(json_object_get(counts, "cpu_copied_bytes")), 4096);
    CHECK_EQ_U64((uint64_t)json_integer_value(json_object_get(counts, "interrupts")), 1);
    json_decref(j);
}

static void test_a_comparison_has_a_row_a_step_and_the_differences(void)
{
    json_t *pair[2];
    char *text;

    begin_without("", "");
    mark(0, MARK_REQUEST_BEGIN);
    ecall(2);
    call(60, "vfs_read", READER);
    tick(70, 20, 0x123); /* the step goes on behind it: one row all the same */
    finish(250);
    CHECK(lay_out() == 0);
    pair[0] = timeline_json(&tl);
    begin_without("", "");
    cold_read();
    CHECK(lay_out() == 0);
    pair[1] = timeline_json(&tl);
    text = printed(print_compared, pair);
    CHECK(strstr(text, "VFS: permissions, to the file system         0.170     0.040  -   0.130"));
    CHECK(strstr(text, "another interrupt                            0.020     0.000  -   0.020"));
    CHECK(strstr(text, "media                                        0.000     3.000  +   3.000"));
    CHECK(strstr(text, "total_ps                                     0.648     9.698  +   9.050"));
    CHECK(strstr(strstr(text, "VFS: p") + 1, "VFS: p") == NULL);
    free(text);
    text = printed(print_timeline, &tl);
    CHECK(strstr(text, "media                                        2.948     3.000 *  media"));
    free(text);
    json_object_set_new(pair[0], "schema", json_string("something/2"));
    CHECK(timeline_compare(pair[0], pair[1], stdout, &err) == -1);
    json_decref(pair[0]);
    json_decref(pair[1]);
}

TEST_MAIN(test_a_cold_read_with_idle_is_laid_out_and_sums_exactly,
          test_what_was_moved_is_counted_where_it_was_moved, test_a_hot_read_is_the_hart_s_alone,
          test_a_device_that_is_done_before_the_hart_sleeps_leaves_the_hart_critical,
          test_a_timer_interrupt_splits_the_segment_it_falls_into,
          test_a_timer_interrupt_while_the_hart_sleeps_is_not_idle_time,
          test_an_interrupt_that_finds_the_hart_busy_waits_for_it,
          test_an_interrupt_by_a_wire_needs_no_message,
          test_a_function_that_the_kernel_lacks_is_merged_and_said,
          test_a_function_of_another_task_begins_no_step,
          test_a_doorbell_of_somebody_else_is_not_the_request_s,
          test_an_interrupt_on_another_hart_is_said,
          test_data_that_overlaps_the_media_takes_over,
          test_the_last_request_of_a_trace_is_the_one,
          test_the_return_is_the_one_behind_the_ecall,
          test_traces_without_a_request_are_refused_in_a_line, test_json_says_what_is_promised,
          test_a_comparison_has_a_row_a_step_and_the_differences)
