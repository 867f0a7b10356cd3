/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as text. */
#include "insight/packets.h"

#include "base/bits.h"
#include "insight/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *packet_context_name(enum packet_context context)
{
    static const char *const names[] = {"user", "kernel", "irq", "softirq", "idle", "wire",
                                        "device", "link"};
    return names[context];
}

const char *packet_lane_name(enum packet_lane lane)
{
    static const char *const names[] = {"wire", "nic", "link", "hart"};
    return names[lane];
}

const char *packet_drop_name(unsigned reason)
{
    static const char *const names[PACKET_REASONS] = {
        "for a reason not known", "by the NIC's filters", "packet buffer full", "no descriptor",
        "receiver off", "damaged", "by flow director", "queue off", "in the stack",
        "socket queue full"};
    return names[reason < PACKET_REASONS ? reason : 0];
}

/* ---- head ---- */

static void print_request(const struct packets *p, FILE *out)
{
    const json_t *q = p->request;
    json_int_t rate = json_integer_value(json_object_get(q, "rate_per_s"));
    json_int_t bytes = json_integer_value(json_object_get(q, "bytes"));

    fprintf(out, "guest     Linux %s\n", report_text(p->guest, "kernel", "?"));
    fprintf(out, "request   %s, %s", report_text(q, "what", "?"), report_text(q, "how", "?"));
    if (bytes)
        fprintf(out, ", %" JSON_INTEGER_FORMAT " bytes", bytes);
    if (rate)
        fprintf(out, ", %" JSON_INTEGER_FORMAT " packets/s (%s)", rate,
                report_text(q, "arrivals", "constant"));
    fprintf(out, "%*srun %s\n", 12, "", report_text(p->run, "id", "?"));
}

/* ---- the packet that is shown ---- */

static void moved(const struct packet_segment *s, FILE *out)
{
    const char *between = "";

#define MOVED(count, ...) \
    if (count) { \
        fputs(between, out); \
        fprintf(out, __VA_ARGS__); \
        between = ", "; \
    }
    MOVED(s->dma_bytes, "%" PRIu64 " B DMA", s->dma_bytes)
    MOVED(s->cpu_bytes, "%" PRIu64 " B CPU copy", s->cpu_bytes)
    MOVED(s->mmio_writes, "%u MMIO write%s", s->mmio_writes, s->mmio_writes == 1 ? "" : "s")
    MOVED(s->mmio_reads, "%u MMIO read%s", s->mmio_reads, s->mmio_reads == 1 ? "" : "s")
#undef MOVED
    fputc('\n', out);
}

static int by_start(const void *a, const void *b)
{
    const struct packet_segment *const *x = a, *const *y = b;

    if ((*x)->start_ps != (*y)->start_ps)
        return (*x)->start_ps < (*y)->start_ps ? -1 : 1;
    return *x < *y ? -1 : *x > *y; /* both point into one array: their order in it */
}

static void print_shown(const struct packets *p, FILE *out)
{
    const struct packet_segment *order[PACKET_SEGMENTS_MAX];
    const struct packet_shown *shown = &p->shown;
    char last = 0, where[32];

    fprintf(out, "\npacket %" PRIu64 " on the wire: %" PRIu64 " bytes, queue %u\n\n"
            "      %-40s %9s %9s    %-7s  %-6s moved\n", shown->number, shown->bytes, shown->queue,
            "step", "start", "took us", "context", "where");
    for (unsigned i = 0; i < shown->segments; i++)
        order[i] = &shown->segment[i];
    if (shown->segments)
        qsort(order, shown->segments, sizeof order[0], by_start);
    for (unsigned i = 0; i < shown->segments; i++) {
        const struct packet_segment *s = order[i];

        snprintf(where, sizeof where, "%s", packet_lane_name(s->lane));
        if (s->lane == PACKET_HART)
            snprintf(where, sizeof where, "hart%u", s->hart);
        fprintf(out, "  %c   %-40.40s ", s->step == last ? ' ' : s->step, s->name);
        report_us(out, s->start_ps, 9);
        fputc(' ', out);
        report_us(out, s->took_ps, 9);
        fprintf(out, " %c  %-7s  %-6s ", s->critical ? '*' : ' ', packet_context_name(s->context),
                where);
        moved(s, out);
        if (s->step != ' ')
            last = s->step;
    }
    fprintf(out, "      %-40s %9s ", "total", "");
    report_us(out, shown->total_ps, 9);
    fprintf(out, "\n      * critical path: these follow each other without a gap and sum to the "
            "total\n");
}

/* ---- all of them ---- */

static void print_stages(const struct packets *p, FILE *out)
{
    bool totals = false;
    char last = 0;

    fprintf(out, "\n      %-40s %8s %9s %9s %9s %9s %9s %9s\n", "us of each packet", "packets",
            "min", "p50", "p90", "p99", "p99.9", "max");
    for (unsigned i = 0; i < p->stages; i++) {
        const struct packet_stage *s = &p->stage[i];
        const struct percentiles *t = &s->took;

        if (s->total && !totals)
            fputc('\n', out);
        totals = s->total;
        fprintf(out, "  %c   %-40.40s %8" PRIu64, s->step == last ? ' ' : s->step, s->name,
                t->count);
        for (unsigned k = 0; k < 6; k++) {
            const ps_t v[] = {t->min, t->p50, t->p90, t->p99, t->p999, t->max};
            fputc(' ', out);
            report_us(out, v[k], 9);
        }
        fputc('\n', out);
        last = s->step;
    }
}

static void print_per_second(const char *what, uint64_t n, ps_t window, FILE *out)
{
    fprintf(out, "%s %" PRIu64 " (", what, n);
    report_ratio(out, window ? muldiv(n, PS_PER_S, window) : 0, 1, 0);
    fprintf(out, "/s)");
}

static void print_harts(const struct packets *p, FILE *out)
{
    const struct packet_window *w = &p->window;

    for (unsigned h = 0; h < PACKET_HARTS_MAX; h++) {
        ps_t sum = 0, busy;
        char name[16];

        for (unsigned c = 0; c < SPENT_HART; c++)
            sum += w->spent[h][c];
        if (!w->seen[h] || !sum)
            continue;
        busy = sum - w->spent[h][SPENT_IDLE];
        snprintf(name, sizeof name, "hart%u", h);
        fprintf(out, "%-9s ", name);
        for (unsigned c = 0; c < SPENT_HART; c++) {
            fprintf(out, "%s%s ", c ? ", " : "", packet_context_name((enum packet_context)c));
            report_ratio(out, w->spent[h][c] / 1000, (sum + 99999) / 100000, 1);
            fprintf(out, " %%");
        }
        if (p->frequency_hz && w->finished) {
            fprintf(out, "; ");
            report_ratio(out, muldiv(busy, p->frequency_hz, PS_PER_S), w->finished, 0);
            fprintf(out, " cycles a packet");
        }
        fputc('\n', out);
    }
}

static void print_window(const struct packets *p, FILE *out)
{
    const struct packet_window *w = &p->window;
    bool receive = p->direction == PACKETS_RECEIVE;

    fprintf(out, "\nwindow    ");
    report_us(out, w->took_ps, 0);
    fprintf(out, " us: ");
    print_per_second(receive ? "arrived" : "given to the driver", w->arrived, w->took_ps, out);
    print_per_second(receive ? ", received" : ", sent", w->finished, w->took_ps, out);
    if (w->otherwise)
        fprintf(out, ", ended otherwise %" PRIu64, w->otherwise);
    fprintf(out, ", under way at its end %" PRIu64 "\n", w->under_way);
    for (unsigned i = 0; i < PACKET_REASONS; i++)
        if (w->dropped[i])
            fprintf(out, "dropped   %" PRIu64 ": %s\n", w->dropped[i], packet_drop_name(i));
    print_per_second("NIC       interrupts", w->interrupts, w->took_ps, out);
    fprintf(out, ", of ");
    report_ratio(out, w->polled, w->interrupts, 2);
    fprintf(out, " packets; polls %" PRIu64 ", of ", w->polls);
    report_ratio(out, w->polled, w->polls, 2);
    fprintf(out, "; other interrupts %" PRIu64 "\n", w->other_interrupts);
    fprintf(out, "a packet  ");
    report_ratio(out, w->mmio_writes, w->finished, 2);
    fprintf(out, " MMIO writes, ");
    report_ratio(out, w->mmio_reads, w->finished, 2);
    fprintf(out, " MMIO reads; PCIe payload ");
    report_ratio(out, w->up_bytes, w->finished, 1);
    fprintf(out, " B up, ");
    report_ratio(out, w->down_bytes, w->finished, 1);
    fprintf(out, " B down\n");
    print_harts(p, out);
}

void packets_print(const struct packets *p, FILE *out)
{
    report_machine(p->run, out);
    print_request(p, out);
    if (p->has_shown)
        print_shown(p, out);
    if (p->stages)
        print_stages(p, out);
    print_window(p, out);
    for (unsigned i = 0; i < p->notes; i++)
        fprintf(out, "note: %s\n", p->note[i]);
}
