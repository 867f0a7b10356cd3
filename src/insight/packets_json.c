/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as JSON, and two of them compared. */
#include "insight/packets.h"

#include "base/bits.h"
#include "insight/report.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA "doorbell.explain-net/1"

/* ---- JSON ---- */

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *step_of(char step)
{
    return json_stringn(&step, step != ' ');
}

static json_t *segment_json(const struct packet_segment *s)
{
    char lane[16];

    snprintf(lane, sizeof lane, "%s", packet_lane_name(s->lane));
    if (s->lane == PACKET_HART)
        snprintf(lane, sizeof lane, "hart%u", s->hart);
    return json_pack("{so ss so so ss ss sb so so si si}", "step", step_of(s->step), "name",
                     s->name, "start_ps", number(s->start_ps), "took_ps", number(s->took_ps),
                     "lane", lane, "context", packet_context_name(s->context), "critical",
                     (int)s->critical, "dma_bytes", number(s->dma_bytes), "cpu_bytes",
                     number(s->cpu_bytes), "mmio_reads", (int)s->mmio_reads, "mmio_writes",
                     (int)s->mmio_writes);
}

static json_t *shown_json(const struct packets *p)
{
    json_t *segments = json_array();

    for (unsigned i = 0; i < p->shown.segments; i++)
        json_array_append_new(segments, segment_json(&p->shown.segment[i]));
    return json_pack("{so si so so so}", "number", number(p->shown.number), "queue",
                     (int)p->shown.queue, "bytes", number(p->shown.bytes), "total_ps",
                     number(p->shown.total_ps), "segments", segments);
}

static json_t *stages_json(const struct packets *p, bool totals)
{
    json_t *all = json_array();

    for (unsigned i = 0; i < p->stages; i++) {
        const struct packet_stage *s = &p->stage[i];
        const struct percentiles *t = &s->took;

        if (s->total == totals)
            json_array_append_new(
                all, json_pack("{so ss sb so so so so so so so so}", "step", step_of(s->step),
                               "name", s->name, "critical", (int)s->critical, "packets",
                               number(t->count), "min_ps", number(t->min), "p50_ps",
                               number(t->p50), "p90_ps", number(t->p90), "p99_ps", number(t->p99),
                               "p999_ps", number(t->p999), "max_ps", number(t->max), "mean_ps",
                               number(t->mean)));
    }
    return all;
}

static json_t *drops_json(const struct packet_window *w)
{
    static const char *const keys[PACKET_REASONS] = {
        "unknown", "filters", "packet_buffer", "no_descriptor", "receiver_off", "damaged",
        "flow_director", "queue_off", "stack", "socket"};
    json_t *drops = json_object();

    for (unsigned i = 0; i < PACKET_REASONS; i++)
        json_object_set_new(drops, keys[i], number(w->dropped[i]));
    return drops;
}

static json_t *harts_json(const struct packet_window *w)
{
    json_t *harts = json_array();

    for (unsigned h = 0; h < PACKET_HARTS_MAX; h++) {
        json_t *hart;
        char key[32];

        if (!w->seen[h])
            continue;
        hart = json_pack("{si}", "hart", (int)h);
        for (unsigned c = 0; c < SPENT_HART; c++) {
            snprintf(key, sizeof key, "%s_ps", packet_context_name((enum packet_context)c));
            json_object_set_new(hart, key, number(w->spent[h][c]));
        }
        json_array_append_new(harts, hart);
    }
    return harts;
}

static double per(uint64_t n, uint64_t d)
{
    return d ? (double)n / (double)d : 0;
}

static json_t *window_json(const struct packets *p)
{
    const struct packet_window *w = &p->window;
    ps_t busy = 0;

    for (unsigned h = 0; h < PACKET_HARTS_MAX; h++)
        for (unsigned c = 0; c < SPENT_IDLE; c++)
            busy += w->spent[h][c];
    return json_pack("{so so so so so so so so so so so so so so so so sf sf sf sf sf sf}",
                     "start_ps", number(w->start_ps), "took_ps", number(w->took_ps), "arrived",
                     number(w->arrived), "finished", number(w->finished), "otherwise",
                     number(w->otherwise), "under_way", number(w->under_way), "dropped",
                     drops_json(w), "interrupts", number(w->interrupts), "polls",
                     number(w->polls), "polled", number(w->polled), "other_interrupts",
                     number(w->other_interrupts), "mmio_reads", number(w->mmio_reads),
                     "mmio_writes", number(w->mmio_writes), "pcie_up_bytes", number(w->up_bytes),
                     "pcie_down_bytes", number(w->down_bytes), "harts", harts_json(w),
                     "arrived_per_s", per(w->arrived, w->took_ps) * 1e12, "finished_per_s",
                     per(w->finished, w->took_ps) * 1e12, "interrupts_per_s",
                     per(w->interrupts, w->took_ps) * 1e12, "packets_per_interrupt",
                     per(w->polled, w->interrupts), "packets_per_poll", per(w->polled, w->polls),
                     "cycles_per_packet",
                     per(muldiv(busy, p->frequency_hz, PS_PER_S), w->finished));
}

json_t *packets_json(const struct packets *p)
{
    json_t *notes = json_array();

    for (unsigned i = 0; i < p->notes; i++)
        json_array_append_new(notes, json_string(p->note[i]));
    return json_pack("{ss ss sO* sO* sO* so* so so so so}", "schema", SCHEMA, "direction",
                     p->direction == PACKETS_RECEIVE ? "receive" : "send", "run", p->run, "guest",
                     p->guest, "request", p->request, "packet",
                     p->has_shown ? shown_json(p) : NULL, "stages", stages_json(p, false),
                     "totals", stages_json(p, true), "window", window_json(p), "notes", notes);
}

/* ---- two side by side ---- */

/* A time of a file: anything may stand there. */
static ps_t time_in(const json_t *object, const char *key)
{
    json_int_t ps = json_integer_value(json_object_get(object, key));

    return ps < 0 ? 0 : (ps_t)ps;
}

static const json_t *row_named(const json_t *all, const char *list, const char *name)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(all, list), i, row)
        if (!strcmp(report_text(row, "name", ""), name))
            return row;
    return NULL;
}

static void compare_times(FILE *out, const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"p50_ps", "p99_ps"};

    for (unsigned k = 0; k < 2; k++) {
        ps_t x = time_in(a, keys[k]), y = time_in(b, keys[k]), d = y < x ? x - y : y - x;

        fputs("  ", out);
        report_us(out, x, 9);
        fputc(' ', out);
        report_us(out, y, 9);
        fprintf(out, "  %c", d < PS_PER_NS ? ' ' : y < x ? '-' : '+');
        report_us(out, d, 8);
    }
    fputc('\n', out);
}

/* Rows of `from`; with `only`, those that the other has not. */
static void compare_rows(FILE *out, const char *list, const json_t *from, const json_t *a,
                         const json_t *b, const json_t *only)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(from, list), i, row) {
        const char *name = report_text(row, "name", ""), *step = report_text(row, "step", "");

        if (only && row_named(only, list, name))
            continue;
        fprintf(out, "  %1.1s   %-40.40s", step, name);
        compare_times(out, row_named(a, list, name), row_named(b, list, name));
    }
}

static void compare_numbers(FILE *out, const json_t *a, const json_t *b)
{
    static const char *const keys[] = {
        "arrived_per_s", "finished_per_s", "interrupts_per_s", "packets_per_interrupt",
        "packets_per_poll", "cycles_per_packet"};
    const json_t *x = json_object_get(a, "window"), *y = json_object_get(b, "window");

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        fprintf(out, "      %-40s  %14.2f %14.2f\n", keys[i],
                json_number_value(json_object_get(x, keys[i])),
                json_number_value(json_object_get(y, keys[i])));
}

static double share_of(const json_t *all, size_t hart, const char *key)
{
    const json_t *harts = json_object_get(json_object_get(all, "window"), "harts");
    const json_t *h = json_array_get(harts, hart);
    double sum = 0, part = 0;

    for (unsigned c = 0; c < SPENT_HART; c++) {
        const char *name = packet_context_name((enum packet_context)c);
        char field[32];
        double ps;

        snprintf(field, sizeof field, "%s_ps", name);
        ps = json_number_value(json_object_get(h, field));
        sum += ps;
        if (!strcmp(name, key))
            part = ps;
    }
    return sum > 0 ? 100 * part / sum : 0;
}

static void compare_shares(FILE *out, const json_t *a, const json_t *b)
{
    size_t harts = json_array_size(json_object_get(json_object_get(a, "window"), "harts"));

    for (size_t h = 0; h < harts && h < PACKET_HARTS_MAX; h++)
        for (unsigned c = 0; c < SPENT_HART; c++) {
            const char *name = packet_context_name((enum packet_context)c);
            char what[48];

            snprintf(what, sizeof what, "hart %zu of A: %s, %%", h, name);
            fprintf(out, "      %-40s  %14.1f %14.1f\n", what, share_of(a, h, name),
                    share_of(b, h, name));
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

bool packets_are(const json_t *result)
{
    return !strcmp(report_text(result, "schema", ""), SCHEMA);
}

int packets_compare(const json_t *a, const json_t *b, FILE *out, struct err *err)
{
    static const char *const lists[] = {"stages", "totals"};
    const json_t *run_a = json_object_get(a, "run"), *run_b = json_object_get(b, "run");

    if (!packets_are(a) || !packets_are(b))
        return err_set(err, "both must be outputs of doorbell explain receive, or send, --json");
    compare_field(out, "direction", json_object_get(a, "direction"),
                  json_object_get(b, "direction"));
    compare_field(out, "seed", json_object_get(run_a, "seed"), json_object_get(run_b, "seed"));
    compare_field(out, "machine", json_object_get(run_a, "machine"),
                  json_object_get(run_b, "machine"));
    compare_field(out, "parameters changed", json_object_get(run_a, "parameters_changed"),
                  json_object_get(run_b, "parameters_changed"));
    compare_field(out, "request", json_object_get(a, "request"), json_object_get(b, "request"));
    fprintf(out, "\n      %-40s  %9s %9s  %9s  %9s %9s  %9s\n", "us", "A p50", "B p50", "B - A",
            "A p99", "B p99", "B - A");
    for (unsigned i = 0; i < 2; i++) {
        compare_rows(out, lists[i], a, a, b, NULL);
        compare_rows(out, lists[i], b, a, b, a);
    }
    fprintf(out, "\n      %-40s  %14s %14s\n", "", "A", "B");
    compare_numbers(out, a, b);
    compare_shares(out, a, b);
    return 0;
}
