/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines of files that nothing in the machine would write. */
#include "tests/insight/timeline_rig.h"

static void test_a_file_cut_anywhere_is_an_error(void)
{
    begin_without("", "");
    cold_read();
    CHECK(lay_out() == 0);
    for (size_t n = 0; n < size; n += 1 + size / 300) {
        store_file(n);
        timeline_free(&tl);
        err.text[0] = '\0';
        CHECK(timeline_build(&tl, path, &err) == -1);
        CHECK(strstr(err.text, path) != NULL);
    }
    unlink(path);
    timeline_free(&tl);
    CHECK(timeline_build(&tl, path, &err) == -1);
    CHECK(strstr(err.text, path) != NULL);
}

/* Anything may stand in a file that is compared. */
static void test_a_comparison_survives_any_json(void)
{
    static const char *const texts[] = {
        "{\"schema\":\"doorbell.explain/1\"}",
        "{\"schema\":\"doorbell.explain/1\",\"segments\":{\"a\":1},\"run\":[],\"total_ps\":\"x\"}",
        "{\"schema\":\"doorbell.explain/1\",\"total_ps\":-9223372036854775808,\"segments\":"
        "[1,null,{},{\"name\":5},{\"name\":\"media\",\"took_ps\":-9223372036854775808},"
        "{\"name\":\"media\",\"step\":7,\"took_ps\":9223372036854775807},"
        "{\"name\":\"media\",\"took_ps\":9223372036854775807}]}",
    };
    json_t *j[3], *pair[2];
    char *text;

    for (unsigned i = 0; i < 3; i++)
        CHECK((j[i] = json_loads(texts[i], 0, NULL)) != NULL);
    for (unsigned i = 0; i < 9; i++) {
        pair[0] = j[i / 3];
        pair[1] = j[i % 3];
        text = printed(print_compared, pair);
        /* A negative time is none. */
        CHECK(strstr(text, "total_ps                                     0.000     0.000"));
        free(text);
    }
    for (unsigned i = 0; i < 3; i++)
        json_decref(j[i]);
}

static void test_more_interrupts_than_fit_are_said(void)
{
    begin_without("", "");
    mark(0, MARK_REQUEST_BEGIN);
    ecall(2);
    call(60, "vfs_read", READER);
    for (unsigned i = 0; i < 5000; i++)
        tick(100 + 20 * i, 10, 0x123);
    call(200000, "filemap_get_pages", READER);
    finish(200100);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(tl.other_interrupts, 5000);
    CHECK(tl.segments <= TIMELINE_SEGMENTS_MAX);
    CHECK(is_at("page cache: look-up", 199998, 100, true)); /* what comes later has its place */
    CHECK(is_at("return to user", 200398, 100, true));
    CHECK(has_note("more interrupts of others than are shown"));
}

/* Chunks of nonsense, and causes and arguments that nothing in the machine would write. */
static void test_nonsense_in_the_chunks_is_survived(void)
{
    static const char *const chunks[] = {
        "", "\n\n\n", " ", "  ", "x", "ffff", "ffff t", "ffff t ", "zz t vfs_read -\n",
        "ffffffffffffffffffffffff t vfs_read -\n", "1 t vfs_read", "1 t vfs_read.isra.0 -",
        "{", "[]", "null", "5", "{\"guest\":5,\"request\":[]}", "{\"guest\":{},\"request\":{}}",
        "{\"guest\":{\"kernel\":7},\"request\":{\"bytes\":-1,\"what\":{}}}",
    };
    char *longest = xcalloc(100001, 1);

    memset(longest, 'a', 100000);
    for (unsigned i = 0; i <= sizeof chunks / sizeof chunks[0]; i++) {
        const char *text = i < sizeof chunks / sizeof chunks[0] ? chunks[i] : longest;
        json_t *j;

        begin_without("", "");
        trace_chunk(&t, TRACE_CHUNK_SYMS, text, strlen(text));
        trace_chunk(&t, TRACE_CHUNK_NOTE, text, strlen(text));
        trace_chunk(&t, "WHAT", text, strlen(text));
        cold_read();
        CHECK(lay_out() == 0);
        check_promises();
        j = timeline_json(&tl);
        CHECK(j != NULL);
        json_decref(j);
        free(printed(print_timeline, &tl));
    }
    free(longest);
}

static void test_device_times_that_make_no_sense_do_not_break_the_sums(void)
{
    static const uint64_t times[] = {0, 1, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63};

    for (unsigned i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct device d;
        uint64_t id;

        begin_without("", "");
        submit();
        d = ring(1700);
        sleep_at(1900);
        id = trace_nvme_command(&t, NVME, times[i], d.doorbell, 1, 7, 2, 1, 0, 4096);
        id = trace_nvme_media(&t, NVME, at(3000), id, 1, 7, times[i], 4096);
        id = trace_nvme_complete(&t, NVME, times[i], id, 1, 7, 0, 1);
        id = trace_dma_write(&t, NVME, at(2000), id, 0, 16);
        trace_dma_write_done(&t, NVME, times[i], id, 0, UINT64_MAX, 0, 0);
        id = trace_msi(&t, NVME, times[i], id, 0, 0, 0, 0);
        d.pend = trace_irq_pend(&t, IMSIC, i & 1 ? times[i] : at(7000), id, 1, 6);
        trace_idle_end(&t, HART, at(7370), d.pend, 0);
        complete(7700, d.pend, true);
        finish(9300);
        CHECK(lay_out() == 0);
        check_promises();
    }
}

/* Records of every kind with any time, cause and arguments; hart records mostly in order, so that
 * the passes see them. */
static void test_random_records_are_laid_out_or_refused(void)
{
    struct random random;
    unsigned laid_out = 0;

    random_init(&random, 1, "timeline");
    for (unsigned round = 0; round < 1500; round++) {
        uint64_t now = 0, n = 20 + random_below(&random, 400);

        begin_without("", "");
        mark(0, MARK_REQUEST_BEGIN);
        ecall(1);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t args[TRACE_ARGS_MAX], source = random_below(&random, 4);
            uint64_t kind = random_below(&random, TRACE_KIND_COUNT);
            uint64_t near = random_below(&random, 4);
            ps_t when;

            if (kind == TRACE_KIND_mark)
                continue;
            now += random_below(&random, 100);
            when = source == HART || near ? at(now) : random_u64(&random);
            for (unsigned k = 0; k < TRACE_ARGS_MAX; k++)
                args[k] = near ? random_below(&random, 10) : random_u64(&random);
            if (kind == TRACE_KIND_probe) {
                args[0] = address(names[random_below(&random, sizeof names / sizeof names[0])]);
                args[1] = READER;
            }
            if (kind == TRACE_KIND_trap && near)
                args[0] = INTERRUPT | 9;
            trace_emit(&t, (unsigned)source, (enum trace_kind)kind, when,
                       random_below(&random, t.next_id + 2), args);
        }
        sysret(now + 1);
        mark(now + 2, MARK_REQUEST_END);
        if (lay_out() == 0) {
            check_promises();
            laid_out++;
            free(printed(print_timeline, &tl));
        } else {
            CHECK(err.text[0] && !strstr(err.text, "internal"));
        }
    }
    CHECK(laid_out > 1000);
    timeline_free(&tl);
    free(bytes);
    bytes = NULL;
}

TEST_MAIN(test_a_file_cut_anywhere_is_an_error, test_a_comparison_survives_any_json,
          test_more_interrupts_than_fit_are_said, test_nonsense_in_the_chunks_is_survived,
          test_device_times_that_make_no_sense_do_not_break_the_sums,
          test_random_records_are_laid_out_or_refused)
