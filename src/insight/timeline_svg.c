/* SPDX-License-Identifier: Apache-2.0 */
/* A timeline as a picture: one lane for the hart and one each for link, device and media, time from
 * left to right, the critical path outlined.  Self-contained SVG 1.1. */
#include "insight/timeline_impl.h"

#include "insight/report.h"

#include <inttypes.h>
#include <string.h>

enum {
    WIDTH = 1280, LEFT = 90, RIGHT = 20, TOP = 74, LANE_HEIGHT = 74, BAR = 46, AXIS = 40,
    CHAR_WIDTH = 7
};

static const char *const fill[] = {
    [CONTEXT_USER] = "#9ecae1", [CONTEXT_KERNEL] = "#6baed6", [CONTEXT_IRQ] = "#fd8d3c",
    [CONTEXT_SOFTIRQ] = "#fdae6b", [CONTEXT_IDLE] = "#eeeeee", [CONTEXT_DEVICE] = "#a1d99b",
    [CONTEXT_LINK] = "#bcbddc", [CONTEXT_MEDIA] = "#74c476",
};

static int x_of(const struct timeline *t, ps_t at)
{
    return LEFT + (int)(t->total_ps ? at * (WIDTH - LEFT - RIGHT) / t->total_ps : 0);
}

static int y_of(enum lane lane)
{
    return TOP + (int)lane * LANE_HEIGHT;
}

static int bottom(void)
{
    return y_of(LANE_MEDIA) + LANE_HEIGHT;
}

static void draw_axis(const struct timeline *t, FILE *out)
{
    ps_t tick = report_tick(t->total_ps);
    int end = bottom() - (LANE_HEIGHT - BAR) / 2;

    for (ps_t at = 0; at <= t->total_ps; at += tick) {
        fprintf(out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#dddddd\"/>\n",
                x_of(t, at), TOP - 8, x_of(t, at), end);
        fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#555555\">%" PRIu64
                ".%02" PRIu64 "</text>\n", x_of(t, at), end + 16, at / PS_PER_US,
                at % PS_PER_US / (PS_PER_US / 100));
    }
    fprintf(out, "<text x=\"%d\" y=\"%d\" fill=\"#555555\">us</text>\n", WIDTH - RIGHT - 12,
            end + 30);
}

/* Does a step begin in its lane with this segment? */
static bool begins_step(const struct timeline *t, const struct segment *s)
{
    for (const struct segment *before = s; before-- > t->segment; )
        if (before->lane == s->lane)
            return before->step != s->step;
    return true;
}

static void draw_segment(const struct timeline *t, const struct segment *s, FILE *out)
{
    int x = x_of(t, s->start_ps), w = x_of(t, s->start_ps + s->took_ps) - x, y = y_of(s->lane);
    int room = (w - 6) / CHAR_WIDTH;

    if (w < 1)
        w = 1;
    fprintf(out, "<g><title>");
    report_escaped(out, s->name);
    fprintf(out, ": %" PRIu64 ".%03" PRIu64 " us from %" PRIu64 ".%03" PRIu64 " us, %s%s",
            s->took_ps / PS_PER_US, s->took_ps % PS_PER_US / PS_PER_NS, s->start_ps / PS_PER_US,
            s->start_ps % PS_PER_US / PS_PER_NS, lane_context_name(s->context),
            s->critical ? ", on the critical path" : "");
    if (s->dma_bytes)
        fprintf(out, ", %" PRIu64 " B by DMA", s->dma_bytes);
    if (s->cpu_bytes)
        fprintf(out, ", %" PRIu64 " B copied by the CPU", s->cpu_bytes);
    fprintf(out, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" "
            "stroke=\"%s\" stroke-width=\"%s\"/>", x, y, w, BAR, fill[s->context],
            s->critical ? "#222222" : "#bbbbbb", s->critical ? "1.2" : "0.6");
    if (room >= 1)
        fprintf(out, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%c</text>", x + 4, y + 16,
                s->step);
    else if (begins_step(t, s)) /* above it */
        fprintf(out, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%c</text>", x, y - 3, s->step);
    fprintf(out, "<text x=\"%d\" y=\"%d\">", x + 4, y + 34);
    report_label(out, s->name, room);
    fprintf(out, "</text>");
    fprintf(out, "</g>\n");
}

static void draw_title(const struct timeline *t, FILE *out)
{
    char text[160];

    fprintf(out, "<text x=\"%d\" y=\"24\" font-size=\"16\" font-weight=\"bold\">", LEFT);
    timeline_request(t, text, sizeof text);
    report_escaped(out, text);
    fprintf(out, ": %" PRIu64 ".%03" PRIu64 " us</text>\n", t->total_ps / PS_PER_US,
            t->total_ps % PS_PER_US / PS_PER_NS);
    fprintf(out, "<text x=\"%d\" y=\"44\" fill=\"#555555\">", LEFT);
    timeline_guest(t, text, sizeof text);
    report_escaped(out, text);
    fprintf(out, "; hart busy %" PRIu64 ".%03" PRIu64 " us, idle %" PRIu64 ".%03" PRIu64
            " us; %" PRIu64 " B by DMA, %" PRIu64 " B copied by the CPU; outlined: the critical "
            "path</text>\n", t->busy_ps / PS_PER_US, t->busy_ps % PS_PER_US / PS_PER_NS,
            t->idle_ps / PS_PER_US, t->idle_ps % PS_PER_US / PS_PER_NS, t->dma_bytes,
            t->cpu_bytes);
}

void timeline_svg(const struct timeline *t, FILE *out)
{
    int height = bottom() + AXIS;

    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", WIDTH, height, WIDTH,
            height);
    draw_title(t, out);
    draw_axis(t, out);
    for (enum lane lane = LANE_HART; lane <= LANE_MEDIA; lane++) {
        fprintf(out, "<text x=\"12\" y=\"%d\" font-size=\"13\">%s", y_of(lane) + 28,
                lane_name(lane));
        if (lane == LANE_HART)
            fprintf(out, "%u", t->hart);
        fprintf(out, "</text>\n");
    }
    for (unsigned i = 0; i < t->segments; i++)
        draw_segment(t, &t->segment[i], out);
    fprintf(out, "</svg>\n");
}
