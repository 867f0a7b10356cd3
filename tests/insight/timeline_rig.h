/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of requests that a test makes up, written with the recorder, record by record as the
 * machine would, and laid out. */
#ifndef TESTS_INSIGHT_TIMELINE_RIG_H
#define TESTS_INSIGHT_TIMELINE_RIG_H

#include "insight/timeline.h"

#include "base/alloc.h"
#include "insight/trace_file.h"
#include "sim/random.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/check.h"

enum { HART, OTHER_HART, NVME, IMSIC };
enum { READER = 0x1000, IDLE_TASK = 0x2000, THREAD = 0x77, ECALL_PC = 0x400 };
#define INTERRUPT (UINT64_C(1) << 63)
#define START_NS 5000000 /* of every trace: nothing may depend on zero */

static const char *const names[] = {
    "vfs_read", "ext4_file_read_iter", "filemap_get_pages", "page_cache_ra_unbounded",
    "ext4_mpage_readpages", "submit_bio", "nvme_queue_rqs", "nvme_queue_rq", "io_schedule",
    "nvme_irq", "blk_mq_end_request_batch", "nvme_complete_rq", "try_to_wake_up", "schedule_idle",
    "finish_task_switch", "_copy_to_iter", "touch_atime",
};

static struct err err;
static struct timeline tl;
static struct trace t;
static struct clock clock_now;
static uint8_t *bytes;
static size_t size;
static char path[] = "/tmp/doorbell-timeline-XXXXXX";

/* ---- writing a trace ---- */

static inline int append(void *sink, const void *from, size_t n)
{
    (void)sink;
    bytes = xrealloc(bytes, size + n);
    memcpy(bytes + size, from, n);
    size += n;
    return 0;
}

static inline char *meta(const char *without)
{
    static const char *const units[] = {"hex", "dec", "ps", "bytes", "source"};
    json_t *schema = json_array(), *all;
    char *text;

    for (unsigned k = 0; k < TRACE_KIND_COUNT; k++) {
        const struct trace_schema *s = &trace_schema[k];
        json_t *args = json_array();

        for (unsigned a = 0; a < s->count; a++)
            json_array_append_new(args, json_pack("[ss]", s->args[a].name, units[s->args[a].unit]));
        json_array_append_new(schema, json_pack("{ss ss so}", "name",
                                                strcmp(s->name, without) ? s->name : "gone", "doc",
                                                s->doc, "args", args));
    }
    all = json_pack("{ss s{ss si s{} s{}} s[ssss] so}", "format", "doorbell.trace/1", "run", "id",
                    "r", "seed", 1, "machine", "parameters_changed", "sources", "hart0", "hart1",
                    "nvme0", "imsic", "schema", schema);
    text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

static inline uint64_t address(const char *name)
{
    unsigned i = 0;

    while (strcmp(names[i], name))
        i++;
    return UINT64_C(0xffffffff80001000) + i * 64;
}

static inline void begin_without(const char *function, const char *event)
{
    char syms[4096] = "", *text = meta(event);
    const char *note = "{\"guest\":{\"kernel\":\"6\"},\"request\":{\"what\":\"read\","
                       "\"how\":\"read\",\"state\":\"cold\",\"bytes\":4096}}";

    free(bytes);
    bytes = NULL;
    size = 0;
    trace_init(&t, &clock_now);
    trace_open(&t, append, NULL, text);
    free(text);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], function))
            snprintf(syms + strlen(syms), sizeof syms - strlen(syms), "%016" PRIx64 " t %s -\n",
                     address(names[i]), names[i]);
    trace_chunk(&t, TRACE_CHUNK_SYMS, syms, strlen(syms));
    trace_chunk(&t, TRACE_CHUNK_NOTE, note, strlen(note));
    t.on = true;
}

static inline void store_file(size_t n)
{
    static bool made;
    FILE *f;

    if (!made)
        close(mkstemp(path));
    made = true;
    f = fopen(path, "wb");
    CHECK(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static inline int lay_out(void)
{
    int rc;

    CHECK(trace_close(&t) == 0);
    trace_fini(&t);
    store_file(size);
    timeline_free(&tl);
    err.text[0] = '\0';
    rc = timeline_build(&tl, path, &err);
    unlink(path);
    return rc;
}

static inline ps_t at(uint64_t ns)
{
    return (START_NS + ns) * PS_PER_NS;
}

static inline void mark(uint64_t ns, uint64_t number)
{
    trace_mark(&t, HART, at(ns), 0, number, 0, 0);
}

static inline void call(uint64_t ns, const char *function, uint64_t tp)
{
    trace_probe(&t, HART, at(ns), 0, address(function), tp, 0, 0, 0);
}

static inline void ecall(uint64_t ns)
{
    trace_trap(&t, HART, at(ns), 0, 8, ECALL_PC, 0, 0, 1, THREAD);
}

static inline void sysret(uint64_t ns)
{
    trace_trap_return(&t, HART, at(ns), 0, ECALL_PC + 4, 1, 0, THREAD);
}

/* A timer interrupt, at `pc`. */
static inline void tick(uint64_t ns, uint64_t took, uint64_t pc)
{
    trace_trap(&t, HART, at(ns), 0, INTERRUPT | 5, pc, 0, 1, 1, IDLE_TASK);
    trace_trap_return(&t, HART, at(ns + took), 0, pc, 1, 1, IDLE_TASK);
}

/* ---- a cold read, as the machine records it ---- */

/* Records of a device's work that others name as their cause. */
struct device {
    uint64_t store, doorbell, entry, pend;
};

static inline struct device ring(uint64_t ns)
{
    struct device d;
    uint64_t id;

    d.store = trace_mmio_store(&t, HART, at(ns), 0, NVME, 0x1008, 4, 1);
    id = trace_mmio_arrive(&t, NVME, at(ns + 250), d.store, 0x1008, 4, 1);
    d.doorbell = trace_nvme_doorbell(&t, NVME, at(ns + 250), id, 1, 0, 1);
    return d;
}

static inline void device_works(struct device *d, uint64_t ns, uint64_t media, bool wire)
{
    uint64_t id = trace_nvme_fetch(&t, NVME, at(ns), d->doorbell, 1, 0, 1), data, complete;

    id = trace_dma_read(&t, NVME, at(ns), id, 0x80000000, 64);
    id = trace_dma_read_done(&t, NVME, at(ns + 500), id, 0x80000000, 64, at(ns), at(ns + 300), 0);
    id = trace_nvme_command(&t, NVME, at(ns + 500), id, 1, 7, 2, 1, 0, 4096);
    id = trace_nvme_media(&t, NVME, at(ns + 1000 + media), id, 1, 7, at(ns + 1000), 4096);
    data = trace_dma_write(&t, NVME, at(ns + 1000 + media), id, 0x80100000, 4096);
    complete = trace_nvme_complete(&t, NVME, at(ns + 1050 + media), data, 1, 7, 0, 1);
    d->entry = trace_dma_write(&t, NVME, at(ns + 1050 + media), complete, 0x80200000, 16);
    trace_dma_write_done(&t, NVME, at(ns + 2400 + media), data, 0x80100000, 4096, 0, 0);
    id = trace_dma_write_done(&t, NVME, at(ns + 2410 + media), d->entry, 0x80200000, 16, 0, 0);
    if (!wire)
        id = trace_msi(&t, NVME, at(ns + 2420 + media), d->entry, 0x28000000, 6, 0, 0);
    else
        id = trace_irq_line(&t, IMSIC, at(ns + 2410 + media), id, 33, 1);
    d->pend = trace_irq_pend(&t, IMSIC, at(ns + 2420 + media), id, 1, 6);
    trace_irq_hart(&t, IMSIC, at(ns + 2420 + media), d->pend, 0, 9, 1);
}

static inline void submit(void)
{
    mark(0, MARK_REQUEST_BEGIN);
    ecall(2);
    call(60, "vfs_read", READER);
    call(100, "ext4_file_read_iter", READER);
    call(150, "filemap_get_pages", READER);
    call(200, "page_cache_ra_unbounded", READER);
    call(600, "ext4_mpage_readpages", READER);
    call(900, "submit_bio", READER);
    call(1500, "nvme_queue_rq", READER);
}

static inline void sleep_at(uint64_t ns)
{
    call(ns, "io_schedule", READER);
    trace_idle_begin(&t, HART, at(ns + 500), 0, 0xa0);
}

/* From the trap at `ns` on, 1950 ns. */
static inline void complete(uint64_t ns, uint64_t pend, bool slept)
{
    uint64_t id;

    trace_trap(&t, HART, at(ns), pend, INTERRUPT | 9, 0xa4, 0, 1, 1, slept ? IDLE_TASK : READER);
    call(ns + 250, "nvme_irq", IDLE_TASK);
    call(ns + 300, "nvme_complete_rq", IDLE_TASK);
    if (slept)
        call(ns + 400, "try_to_wake_up", IDLE_TASK);
    id = trace_mmio_store(&t, HART, at(ns + 500), 0, NVME, 0x100c, 4, 1);
    id = trace_mmio_arrive(&t, NVME, at(ns + 750), id, 0x100c, 4, 1);
    trace_nvme_doorbell(&t, NVME, at(ns + 750), id, 1, 1, 1);
    trace_trap_return(&t, HART, at(ns + 1000), 0, 0xa4, 1, 1, IDLE_TASK);
    if (slept) {
        call(ns + 1100, "schedule_idle", IDLE_TASK);
        call(ns + 1400, "finish_task_switch", READER);
    }
}

static inline void finish(uint64_t ns)
{
    call(ns, "_copy_to_iter", READER);
    call(ns + 300, "touch_atime", READER);
    sysret(ns + 400);
    mark(ns + 401, MARK_REQUEST_END);
}

/* store 1700, sleeps 2400, fetch 1950, media 2950 to 5950, message 7370, wfi exit to 7700 */
static inline void cold_read(void)
{
    struct device d;

    submit();
    d = ring(1700);
    sleep_at(1900);
    device_works(&d, 1950, 3000, false);
    trace_idle_end(&t, HART, at(7370), d.pend, 0);
    complete(7700, d.pend, true);
    finish(9300);
}

/* ---- looking at the result ---- */

static inline const struct segment *segment(const char *name)
{
    for (unsigned i = 0; i < tl.segments; i++)
        if (!strcmp(tl.segment[i].name, name))
            return &tl.segment[i];
    return NULL;
}

static inline unsigned count_of(const char *name)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tl.segments; i++)
        n += !strcmp(tl.segment[i].name, name);
    return n;
}

static inline bool is_at(const char *name, uint64_t start_ns, uint64_t took_ns, bool critical)
{
    const struct segment *s = segment(name);

    if (s && s->start_ps == start_ns * PS_PER_NS && s->took_ps == took_ns * PS_PER_NS &&
        s->critical == critical)
        return true;
    if (s)
        printf("%s: %" PRIu64 " +%" PRIu64 " %s\n", name, s->start_ps / 1000, s->took_ps / 1000,
               s->critical ? "critical" : "");
    else
        printf("%s: not there\n", name);
    return false;
}

static inline bool has_note(const char *part)
{
    for (unsigned i = 0; i < tl.notes; i++)
        if (strstr(tl.note[i], part))
            return true;
    return false;
}

/* What is promised of any timeline. */
static inline void check_promises(void)
{
    ps_t at_ps = 0, hart_ps = 0;

    for (unsigned i = 0; i < tl.segments; i++) {
        const struct segment *s = &tl.segment[i];
        CHECK(s->step >= 'a' && s->step <= 'f');
        if (s->lane == LANE_HART)
            hart_ps += s->took_ps;
        if (!s->critical)
            continue;
        CHECK_EQ_U64(s->start_ps, at_ps);
        at_ps += s->took_ps;
    }
    CHECK_EQ_U64(at_ps, tl.total_ps);
    CHECK_EQ_U64(tl.busy_ps + tl.idle_ps, tl.total_ps);
    CHECK(tl.idle_ps <= tl.total_ps);
    CHECK(hart_ps <= tl.total_ps);
}

static inline char *printed(int (*print)(FILE *out, void *ctx), void *ctx)
{
    static char *text;
    static size_t n;
    FILE *out = open_memstream(&text, &n);

    CHECK(print(out, ctx) == 0);
    fclose(out);
    return text;
}

static inline int print_timeline(FILE *out, void *ctx)
{
    timeline_print(ctx, out);
    return 0;
}

static inline int print_compared(FILE *out, void *ctx)
{
    json_t **pair = ctx;

    return timeline_compare(pair[0], pair[1], out, &err);
}

#endif
