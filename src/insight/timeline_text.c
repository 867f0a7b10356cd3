/* SPDX-License-Identifier: Apache-2.0 */
/* A timeline as text, as JSON, and two of them compared. */
#include "insight/timeline_impl.h"

#include "insight/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */

static void moved(const struct segment *s, char *buf, size_t size)
{
    size_t n = 0;

    buf[0] = '\0';
#define MOVED(count, ...) \
    if ((count) && n < size) \
        n += (size_t)snprintf(buf + n, size - n, __VA_ARGS__)
    MOVED(s->dma_bytes, "%s%" PRIu64 " B DMA", n ? ", " : "", s->dma_bytes);
    MOVED(s->cpu_bytes, "%s%" PRIu64 " B CPU copy", n ? ", " : "", s->cpu_bytes);
    MOVED(s->mmio_writes, "%s%u MMIO write%s", n ? ", " : "", s->mmio_writes,
          s->mmio_writes == 1 ? "" : "s");
    MOVED(s->mmio_reads, "%s%u MMIO read%s", n ? ", " : "", s->mmio_reads,
          s->mmio_reads == 1 ? "" : "s");
#undef MOVED
}

void timeline_guest(const struct timeline *t, char *buf, size_t size)
{
    const char *kernel = report_text(t->guest, "kernel", "?");

    snprintf(buf, size, "%s%s", strcmp(kernel, TIMELINE_LABS_KERNEL) ? "Linux " : "", kernel);
}

void timeline_request(const struct timeline *t, char *buf, size_t size)
{
    const char *how = report_text(t->request, "how", "read");
    json_int_t bytes = json_integer_value(json_object_get(t->request, "bytes"));

    if (!strcmp(how, "ring") || !strcmp(how, "polled"))
        snprintf(buf, size, "read of %" JSON_INTEGER_FORMAT " bytes, ring with registered buffers"
                 "%s", bytes, strcmp(how, "ring") ? ", polled" : "");
    else
        snprintf(buf, size, "%s of %" JSON_INTEGER_FORMAT " bytes, page cache %s",
                 report_text(t->request, "what", "?"), bytes,
                 report_text(t->request, "state", "?"));
}

static int by_start(const void *a, const void *b)
{
    const struct segment *const *x = a, *const *y = b;

    if ((*x)->start_ps != (*y)->start_ps)
        return (*x)->start_ps < (*y)->start_ps ? -1 : 1;
    return *x < *y ? -1 : 1; /* both point into one array: their order in it */
}

void timeline_print(const struct timeline *t, FILE *out)
{
    const struct segment *order[TIMELINE_SEGMENTS_MAX];
    char last = 0, text[128];

    report_machine(t->run, out);
    timeline_guest(t, text, sizeof text);
    fprintf(out, "guest     %s, %s\n", text, report_text(t->guest, "filesystem", "?"));
    timeline_request(t, text, sizeof text);
    fprintf(out, "request   %s%*srun %s\n\n", text, 20, "", report_text(t->run, "id", "?"));
    fprintf(out, "      %-40s %9s %9s    %-7s moved\n", "step", "start", "took us", "context");
    for (unsigned i = 0; i < t->segments; i++)
        order[i] = &t->segment[i];
    qsort(order, t->segments, sizeof order[0], by_start);
    for (unsigned i = 0; i < t->segments; i++) {
        const struct segment *s = order[i];

        moved(s, text, sizeof text);
        fprintf(out, "  %c   %-40.40s ", s->step == last ? ' ' : s->step, s->name);
        report_us(out, s->start_ps, 9);
        fputc(' ', out);
        report_us(out, s->took_ps, 9);
        fprintf(out, " %c  %-7s %s\n", s->critical ? '*' : ' ', lane_context_name(s->context),
                text);
        last = s->step;
    }
    fprintf(out, "      %-40s %9s ", "total", "");
    report_us(out, t->total_ps, 9);
    fprintf(out, "    busy ");
    report_us(out, t->busy_ps, 5);
    fprintf(out, ", idle ");
    report_us(out, t->idle_ps, 5);
    fprintf(out, " (%" PRIu64 " %%)\n", t->total_ps ? (t->idle_ps * 100 + t->total_ps / 2) /
                                                          t->total_ps : 0);
    fprintf(out, "      by DMA %" PRIu64 " B, copied by the CPU %" PRIu64 " B, MMIO %u write%s %u "
            "read%s, %u interrupt%s\n", t->dma_bytes, t->cpu_bytes, t->mmio_writes,
            t->mmio_writes == 1 ? "" : "s", t->mmio_reads, t->mmio_reads == 1 ? "" : "s",
            t->interrupts, t->interrupts == 1 ? "" : "s");
    fprintf(out, "      * critical path: these follow each other without a gap and sum to the "
            "total\n");
    for (unsigned i = 0; i < t->notes; i++)
        fprintf(out, "note: %s\n", t->note[i]);
}

/* ---- JSON ---- */

static json_t *segment_json(const struct timeline *t, const struct segment *s)
{
    char lane[16], step[2] = {s->step, '\0'};

    if (s->lane == LANE_HART)
        snprintf(lane, sizeof lane, "hart%u", t->hart);
    else
        snprintf(lane, sizeof lane, "%s", lane_name(s->lane));
    return json_pack("{ss ss sI sI ss ss sb sI sI si si}", "step", step, "name", s->name,
                     "start_ps", (json_int_t)s->start_ps, "took_ps", (json_int_t)s->took_ps,
                     "lane", lane, "context", lane_context_name(s->context), "critical",
                     (int)s->critical, "dma_bytes", (json_int_t)s->dma_bytes, "cpu_bytes",
                     (json_int_t)s->cpu_bytes, "mmio_reads", (int)s->mmio_reads, "mmio_writes",
                     (int)s->mmio_writes);
}

json_t *timeline_json(const struct timeline *t)
{
    json_t *segments = json_array(), *notes = json_array();

    for (unsigned i = 0; i < t->segments; i++)
        json_array_append_new(segments, segment_json(t, &t->segment[i]));
    for (unsigned i = 0; i < t->notes; i++)
        json_array_append_new(notes, json_string(t->note[i]));
    return json_pack("{ss sO* sO* sO* sI sI sI so s{sI sI si si si si} so}", "schema",
                     "doorbell.explain/1", "run", t->run, "guest", t->guest, "request", t->request,
                     "total_ps", (json_int_t)t->total_ps, "busy_ps", (json_int_t)t->busy_ps,
                     "idle_ps", (json_int_t)t->idle_ps, "segments", segments, "counts", "dma_bytes",
                     (json_int_t)t->dma_bytes, "cpu_copied_bytes", (json_int_t)t->cpu_bytes,
                     "mmio_reads", (int)t->mmio_reads, "mmio_writes", (int)t->mmio_writes,
                     "interrupts", (int)t->interrupts, "other_interrupts",
                     (int)t->other_interrupts, "notes", notes);
}

/* ---- two side by side ---- */

/* A time of a file: anything may stand there. */
static ps_t time_in(const json_t *object, const char *key)
{
    json_int_t ps = json_integer_value(json_object_get(object, key));

    return ps < 0 ? 0 : (ps_t)ps;
}

/* Time of all segments of that name; *first is the index of the first, or of none. */
static ps_t time_of(const json_t *timeline, const char *name, size_t *first)
{
    const json_t *s, *segments = json_object_get(timeline, "segments");
    ps_t sum = 0;
    size_t i;

    *first = SIZE_MAX;
    json_array_foreach(segments, i, s)
        if (!strcmp(report_text(s, "name", ""), name)) {
            sum += time_in(s, "took_ps");
            if (*first == SIZE_MAX)
                *first = i;
        }
    return sum;
}

static void compare_row(FILE *out, const char *step, const char *name, ps_t a, ps_t b)
{
    ps_t d = b < a ? a - b : b - a;

    fprintf(out, "  %s   %-40.40s ", step, name);
    report_us(out, a, 9);
    fputc(' ', out);
    report_us(out, b, 9);
    /* Below a nanosecond it is the rounding of ticks, and no change. */
    fprintf(out, "  %c", d < PS_PER_NS ? ' ' : b < a ? '-' : '+');
    report_us(out, d, 8);
    fputc('\n', out);
}

/* Rows of `from`, in their order; a segment that goes on after an interruption is one row.  With
 * `only`, those that the other has not. */
static void compare_segments(FILE *out, const json_t *from, const json_t *a, const json_t *b,
                             const json_t *only)
{
    const json_t *s;
    size_t i, first, other;

    json_array_foreach(json_object_get(from, "segments"), i, s) {
        const char *name = report_text(s, "name", "");
        ps_t x, y;

        (void)time_of(from, name, &first);
        if (first != i || (only && (time_of(only, name, &other), other != SIZE_MAX)))
            continue;
        x = time_of(a, name, &other);
        y = time_of(b, name, &other);
        compare_row(out, report_text(s, "step", " "), name, x, y);
    }
}

static void compare_field(FILE *out, const char *what, const json_t *a, const json_t *b)
{
    char *x, *y;

    if (json_equal(a, b))
        return;
    x = json_dumps(a, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    y = json_dumps(b, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    fprintf(out, "differs   %s: %s | %s\n", what, x ? x : "-", y ? y : "-");
    free(x);
    free(y);
}

int timeline_compare(const json_t *a, const json_t *b, FILE *out, struct err *err)
{
    static const char *const about[] = {"request", "guest"};
    static const char *const sums[] = {"busy_ps", "idle_ps", "total_ps"};
    const json_t *run_a = json_object_get(a, "run"), *run_b = json_object_get(b, "run");
    size_t i;

    if (strcmp(report_text(a, "schema", ""), "doorbell.explain/1") ||
        strcmp(report_text(b, "schema", ""), "doorbell.explain/1"))
        return err_set(err, "both must be outputs of doorbell explain --json");
    compare_field(out, "seed", json_object_get(run_a, "seed"), json_object_get(run_b, "seed"));
    compare_field(out, "machine", json_object_get(run_a, "machine"),
                  json_object_get(run_b, "machine"));
    compare_field(out, "parameters changed", json_object_get(run_a, "parameters_changed"),
                  json_object_get(run_b, "parameters_changed"));
    for (i = 0; i < 2; i++)
        compare_field(out, about[i], json_object_get(a, about[i]), json_object_get(b, about[i]));
    fprintf(out, "\n      %-40s %9s %9s   %9s\n", "step", "A us", "B us", "B - A");
    compare_segments(out, a, a, b, NULL);
    compare_segments(out, b, a, b, a);
    for (i = 0; i < 3; i++)
        compare_row(out, " ", sums[i], time_in(a, sums[i]), time_in(b, sums[i]));
    return 0;
}
