/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as a picture: the lanes of the one that is shown, then the percentiles of the steps and
 * of the totals, then what the harts spend their time on.  Self-contained SVG 1.1. */
#include "insight/packets.h"

#include "base/bits.h"
#include "insight/report.h"

#include <inttypes.h>
#include <string.h>

enum {
    WIDTH = 1280, LEFT = 90, RIGHT = 20, TOP = 74, LANE_HEIGHT = 74, BAR = 46, AXIS = 40,
    CHAR_WIDTH = 7,
    ROW_HEIGHT = 20, ROW_BAR = 13, NAMES = 350, PART_GAP = 34
};

static const char *const fill[] = {
    [SPENT_USER] = "#9ecae1", [SPENT_KERNEL] = "#6baed6", [SPENT_IRQ] = "#fd8d3c",
    [SPENT_SOFTIRQ] = "#fdae6b", [SPENT_IDLE] = "#eeeeee", [SPENT_WIRE] = "#74c476",
    [SPENT_DEVICE] = "#a1d99b", [SPENT_LINK] = "#bcbddc",
};

/* The picture's lanes: wire, NIC, link, then each hart that has a segment. */
struct lanes {
    int y[PACKET_LANES + PACKET_HARTS_MAX];
    unsigned harts, hart[PACKET_HARTS_MAX];
    int bottom;
};

static void lay_lanes(const struct packets *p, struct lanes *l)
{
    bool has[PACKET_HARTS_MAX] = {false};

    l->harts = 0;
    for (unsigned i = 0; i < p->shown.segments; i++)
        if (p->shown.segment[i].lane == PACKET_HART)
            has[p->shown.segment[i].hart % PACKET_HARTS_MAX] = true;
    for (unsigned h = 0; h < PACKET_HARTS_MAX; h++)
        if (has[h])
            l->hart[l->harts++] = h;
    l->bottom = TOP + (PACKET_HART + (int)l->harts) * LANE_HEIGHT;
}

static int y_of(const struct lanes *l, const struct packet_segment *s)
{
    unsigned i = 0;

    if (s->lane != PACKET_HART)
        return TOP + (int)s->lane * LANE_HEIGHT;
    while (i < l->harts && l->hart[i] != s->hart)
        i++;
    return TOP + (int)(PACKET_HART + i) * LANE_HEIGHT;
}

/* Where `at` of `whole` is between two places. */
static int scale(ps_t at, ps_t whole, int from, int to)
{
    if (!whole || at > whole)
        return at ? to : from;
    return from + (int)muldiv(at, (uint64_t)(to - from), whole);
}

/* The last instant of any segment: completions of sent packets come after the total. */
static ps_t span(const struct packets *p)
{
    ps_t end = p->shown.total_ps;

    for (unsigned i = 0; i < p->shown.segments; i++) {
        const struct packet_segment *s = &p->shown.segment[i];
        if (s->start_ps + s->took_ps > end)
            end = s->start_ps + s->took_ps;
    }
    return end;
}

static void draw_axis(ps_t whole, int left, int top, int bottom, FILE *out)
{
    ps_t tick = report_tick(whole);

    for (ps_t at = 0, n = 0; at <= whole && n < 16; at += tick, n++) {
        int x = scale(at, whole, left, WIDTH - RIGHT);

        fprintf(out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#dddddd\"/>\n", x, top,
                x, bottom);
        fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#555555\">%" PRIu64
                ".%02" PRIu64 "</text>\n", x, bottom + 16, at / PS_PER_US,
                at % PS_PER_US / (PS_PER_US / 100));
    }
    fprintf(out, "<text x=\"%d\" y=\"%d\" fill=\"#555555\">us</text>\n", WIDTH - RIGHT - 12,
            bottom + 30);
}

static void draw_segment(const struct lanes *l, const struct packet_segment *s, ps_t whole,
                         FILE *out)
{
    int x = scale(s->start_ps, whole, LEFT, WIDTH - RIGHT);
    int w = scale(s->start_ps + s->took_ps, whole, LEFT, WIDTH - RIGHT) - x, y = y_of(l, s);
    int room = (w - 6) / CHAR_WIDTH;

    if (w < 1)
        w = 1;
    fprintf(out, "<g><title>");
    report_escaped(out, s->name);
    fprintf(out, ": ");
    report_us(out, s->took_ps, 0);
    fprintf(out, " us from ");
    report_us(out, s->start_ps, 0);
    fprintf(out, " us, %s%s", packet_context_name(s->context),
            s->critical ? ", on the critical path" : "");
    if (s->dma_bytes)
        fprintf(out, ", %" PRIu64 " B by DMA", s->dma_bytes);
    if (s->cpu_bytes)
        fprintf(out, ", %" PRIu64 " B copied by the CPU", s->cpu_bytes);
    fprintf(out, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" "
            "stroke=\"%s\" stroke-width=\"%s\"/>", x, y, w, BAR, fill[s->context],
            s->critical ? "#222222" : "#bbbbbb", s->critical ? "1.2" : "0.6");
    if (room >= 1 && s->step != ' ')
        fprintf(out, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%c</text>", x + 4, y + 16,
                s->step);
    fprintf(out, "<text x=\"%d\" y=\"%d\">", x + 4, y + 34);
    report_label(out, s->name, room);
    fprintf(out, "</text>");
    fprintf(out, "</g>\n");
}

static void draw_lanes(const struct packets *p, const struct lanes *l, FILE *out)
{
    ps_t whole = span(p);

    draw_axis(whole, LEFT, TOP - 8, l->bottom - (LANE_HEIGHT - BAR) / 2, out);
    for (unsigned i = 0; i < PACKET_HART + l->harts; i++) {
        fprintf(out, "<text x=\"12\" y=\"%d\" font-size=\"13\">%s", TOP + (int)i * LANE_HEIGHT + 28,
                packet_lane_name(i < PACKET_HART ? (enum packet_lane)i : PACKET_HART));
        if (i >= PACKET_HART)
            fprintf(out, "%u", l->hart[i - PACKET_HART]);
        fprintf(out, "</text>\n");
    }
    for (unsigned critical = 0; critical < 2; critical++) /* the critical path on top */
        for (unsigned i = 0; i < p->shown.segments; i++)
            if (p->shown.segment[i].critical == critical)
                draw_segment(l, &p->shown.segment[i], whole, out);
}

/* ---- percentiles and shares ---- */

static void draw_part(int y, const char *title, FILE *out)
{
    fprintf(out, "<text x=\"12\" y=\"%d\" font-size=\"13\" font-weight=\"bold\">%s</text>\n", y,
            title);
}

static void bar(int x, int to, int y, int height, const char *colour, FILE *out)
{
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", x, y,
            to - x < 1 ? 1 : to - x, height, colour);
}

/* A row: from the fastest to the 99th percentile, darker between the median and the 90th, a stroke
 * at the median.  Beyond that a tail would leave no room for the rest. */
static int draw_percentiles(const struct packets *p, int y, FILE *out)
{
    ps_t whole = 1;
    int top = y + 8;

    draw_part(y, "all packets: median; fastest to 99th percentile, dark from median to 90th", out);
    for (unsigned i = 0; i < p->stages; i++)
        whole = u64_max(whole, p->stage[i].took.p99);
    draw_axis(whole, NAMES, top, top + (int)p->stages * ROW_HEIGHT, out);
    y = top + 3;
    for (unsigned i = 0; i < p->stages; i++, y += ROW_HEIGHT) {
        const struct percentiles *t = &p->stage[i].took;
        int x = scale(t->min, whole, NAMES, WIDTH - RIGHT);
        int middle = scale(t->p50, whole, NAMES, WIDTH - RIGHT);
        int high = scale(t->p90, whole, NAMES, WIDTH - RIGHT);

        fprintf(out, "<g><title>");
        report_us(out, t->min, 0);
        fprintf(out, ", ");
        report_us(out, t->p50, 0);
        fprintf(out, ", ");
        report_us(out, t->p99, 0);
        fprintf(out, " us: least, median, 99th percentile of %" PRIu64 " packets</title>\n",
                t->count);
        fprintf(out, "<text x=\"12\" y=\"%d\"%s>", y + 11,
                p->stage[i].total ? " font-weight=\"bold\"" : "");
        report_escaped(out, p->stage[i].name);
        fprintf(out, "</text>\n<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", NAMES - 10,
                y + 11);
        report_us(out, t->p50, 0);
        fprintf(out, "</text>\n");
        bar(x, scale(t->p99, whole, NAMES, WIDTH - RIGHT), y, ROW_BAR, "#c6dbef", out);
        bar(middle, high, y, ROW_BAR, "#6baed6", out);
        bar(middle, middle + 2, y - 2, ROW_BAR + 4, "#08519c", out);
        fprintf(out, "</g>\n");
    }
    return y + AXIS;
}

static int draw_shares(const struct packets *p, int y, FILE *out)
{
    draw_part(y, "what the harts spend their time on", out);
    y += 12;
    for (unsigned h = 0; h < PACKET_HARTS_MAX; h++) {
        const ps_t *spent = p->window.spent[h];
        ps_t sum = 0, at = 0;

        for (unsigned c = 0; c < SPENT_HART; c++)
            sum += spent[c];
        if (!p->window.seen[h] || !sum)
            continue;
        fprintf(out, "<text x=\"12\" y=\"%d\">hart%u</text>\n", y + 18, h);
        for (unsigned c = 0; c < SPENT_HART; c++) {
            int x = scale(at, sum, LEFT, WIDTH - RIGHT);
            int to = scale(at + spent[c], sum, LEFT, WIDTH - RIGHT);

            at += spent[c];
            if (!spent[c])
                continue;
            bar(x, to, y, ROW_HEIGHT + 6, fill[c], out);
            if (to - x > 12 * CHAR_WIDTH) {
                fprintf(out, "<text x=\"%d\" y=\"%d\">%s ", x + 4, y + 18,
                        packet_context_name((enum packet_context)c));
                report_ratio(out, muldiv(spent[c], 1000, sum), 10, 1);
                fprintf(out, " %%</text>\n");
            }
        }
        y += ROW_HEIGHT + 12;
    }
    return y;
}

static void draw_title(const struct packets *p, FILE *out)
{
    fprintf(out, "<text x=\"%d\" y=\"24\" font-size=\"16\" font-weight=\"bold\">", LEFT);
    report_escaped(out, report_text(p->request, "what", "?"));
    fprintf(out, ", ");
    report_escaped(out, report_text(p->request, "how", "?"));
    if (p->has_shown) {
        fprintf(out, ": ");
        report_us(out, p->shown.total_ps, 0);
        fprintf(out, " us, packet %" PRIu64 " of %" PRIu64 " bytes", p->shown.number,
                p->shown.bytes);
    }
    fprintf(out, "</text>\n<text x=\"%d\" y=\"44\" fill=\"#555555\">Linux ", LEFT);
    report_escaped(out, report_text(p->guest, "kernel", "?"));
    fprintf(out, "; %" PRIu64 " packets, %" PRIu64 " interrupts; outlined: the critical path"
            "</text>\n", p->window.finished, p->window.interrupts);
}

static unsigned harts_of(const struct packets *p)
{
    unsigned n = 0;

    for (unsigned h = 0; h < PACKET_HARTS_MAX; h++)
        n += p->window.seen[h];
    return n;
}

void packets_svg(const struct packets *p, FILE *out)
{
    struct lanes l;
    int height, y;

    lay_lanes(p, &l);
    if (!p->has_shown)
        l.bottom = TOP;
    y = l.bottom + AXIS + PART_GAP;
    height = y + 8 + (int)p->stages * ROW_HEIGHT + AXIS + PART_GAP +
             (int)harts_of(p) * (ROW_HEIGHT + 12) + 20;
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", WIDTH, height, WIDTH,
            height);
    draw_title(p, out);
    if (p->has_shown)
        draw_lanes(p, &l, out);
    if (p->stages)
        y = draw_percentiles(p, y, out) + PART_GAP / 2;
    draw_shares(p, y, out);
    fprintf(out, "</svg>\n");
}
