/* SPDX-License-Identifier: Apache-2.0 */
/* From instants to steps: the path of a packet, the percentiles of all, and the packet that is
 * shown.  A path's steps follow each other without a gap, so they sum to its total by construction,
 * and path_finish checks that they do. */
#include "insight/packets_impl.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define DESCRIPTOR_BYTES 16
#define MESSAGE_BYTES 4
#define HEADER_BYTES 42 /* Ethernet, IPv4, UDP */
#define HART_ROWS_MAX 12

#define ROW(chain, step, lane, point, label) {chain, step, PACKET_##lane, AT_##point, label},
#define TOTAL(from, to, label)
static const struct packet_row receive_rows[] = {
#include "insight/steps/receive.def"
};
static const struct packet_row send_rows[] = {
#include "insight/steps/send.def"
};
#undef ROW
#undef TOTAL
#define ROW(chain, step, lane, point, label)
#define TOTAL(from, to, label) {AT_##from, AT_##to, label},
static const struct packet_total receive_totals[] = {
#include "insight/steps/receive.def"
};
static const struct packet_total send_totals[] = {
#include "insight/steps/send.def"
};
#undef ROW
#undef TOTAL

_Static_assert(ARRAY_LEN(receive_rows) + ARRAY_LEN(receive_totals) <= PACKET_STAGES_MAX &&
               ARRAY_LEN(send_rows) + ARRAY_LEN(send_totals) <= PACKET_STAGES_MAX, "room");

static const struct {
    const struct packet_row *rows;
    size_t count;
    const struct packet_total *totals;
    size_t total_count;
} tables[] = {
    [PACKETS_RECEIVE] = {receive_rows, ARRAY_LEN(receive_rows), receive_totals,
                         ARRAY_LEN(receive_totals)},
    [PACKETS_SEND] = {send_rows, ARRAY_LEN(send_rows), send_totals, ARRAY_LEN(send_totals)},
};

static const enum point chain_end[] = {AT_END, AT_RETURN, AT_CLEAN};
#define PATHS ARRAY_LEN(chain_end)

/* ---- one path ---- */

struct path {
    const struct packet_row *row[PACKET_SEGMENTS_MAX];
    ps_t start[PACKET_SEGMENTS_MAX + 1]; /* [steps]: its end */
    unsigned steps;
};

static void find_path(const struct packet *p, enum packets_direction direction, unsigned chain,
                      struct path *path)
{
    ps_t end = p->at[chain_end[chain]];

    path->steps = 0;
    if (end == PS_NEVER)
        return;
    for (size_t i = 0; i < tables[direction].count; i++) {
        const struct packet_row *row = &tables[direction].rows[i];
        ps_t at = p->at[row->point];

        if (row->chain != chain || at > end ||
            (path->steps && at < path->start[path->steps - 1]))
            continue;
        if (path->steps && at == path->start[path->steps - 1])
            path->steps--;
        path->row[path->steps] = row;
        path->start[path->steps++] = at;
    }
    path->start[path->steps] = end;
}

/* -1: it has no such total. */
static int total_of(const struct packet *p, const struct packet_total *t, ps_t *took)
{
    ps_t from = p->at[t->from], to = p->at[t->to];

    if (from == PS_NEVER || to == PS_NEVER || to < from || to > p->at[AT_END])
        return -1;
    *took = to - from;
    return 0;
}

/* The totals of send may be over after the packet has left. */
static int total_after(const struct packet *p, const struct packet_total *t, ps_t *took)
{
    ps_t from = p->at[t->from], to = p->at[t->to];

    if (from == PS_NEVER || to == PS_NEVER || to < from)
        return -1;
    *took = to - from;
    return 0;
}

/* ---- all of them ---- */

struct counted {
    const struct packet **packet; /* in the order of their arrival */
    size_t count;
    enum packet_end end;
};

/* How most packets of the window ended. */
static enum packet_end usual_end(const struct reading *r)
{
    size_t n[ENDS] = {0};
    enum packet_end most = r->o->direction == PACKETS_SEND ? TO_WIRE : TO_USER;

    for (size_t i = r->skip; i < r->packets; i++)
        n[r->packet[i].end % ENDS]++;
    for (unsigned e = TO_USER; e < DROPPED; e++)
        if (n[e] > n[most])
            most = (enum packet_end)e;
    return most;
}

static void count_packets(struct reading *r, struct counted *c)
{
    struct packet_window *w = &r->out->window;

    c->end = usual_end(r);
    c->packet = xcalloc(r->packets + 1, sizeof c->packet[0]);
    for (size_t i = r->skip; i < r->packets; i++) {
        const struct packet *p = &r->packet[i];
        ps_t took;

        if (p->end == STILL_OPEN)
            w->under_way++;
        else if (p->end == c->end &&
                 !total_of(p, &tables[r->o->direction].totals[0], &took))
            c->packet[c->count++] = p;
        else if (p->end != DROPPED)
            w->otherwise++;
    }
    w->finished = c->count;
    w->start_ps = r->window == PS_NEVER ? 0 : r->window;
    w->took_ps = r->window == PS_NEVER || r->last < r->window ? 0 : r->last - r->window;
}

/* Harts take turns, so the clock of one may be behind what it sees of another. */
static void say_clocks_differ(struct reading *r, const struct counted *c)
{
    size_t n = 0;
    char text[16];

    for (size_t i = 0; i < c->count; i++) {
        const ps_t *at = c->packet[i]->at;
        n += at[AT_READABLE] != PS_NEVER && at[AT_READABLE] > at[AT_END];
    }
    snprintf(text, sizeof text, "%zu", n);
    if (n)
        packets_note(r->out, "read on a hart whose clock was behind that of the one that received "
                     "(they differ by less than a turn): packets: ", text);
}

static int by_time(const void *a, const void *b)
{
    const ps_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static ps_t rank(const ps_t *sorted, size_t n, unsigned thousandths)
{
    size_t i = (n * thousandths + 999) / 1000;

    return sorted[i ? i - 1 : 0];
}

static void percentiles_of(struct percentiles *p, ps_t *took, size_t n)
{
    ps_t sum = 0;

    *p = (struct percentiles){.count = n};
    if (!n)
        return;
    qsort(took, n, sizeof took[0], by_time);
    for (size_t i = 0; i < n; i++)
        sum += took[i];
    p->min = took[0];
    p->p50 = rank(took, n, 500);
    p->p90 = rank(took, n, 900);
    p->p99 = rank(took, n, 990);
    p->p999 = rank(took, n, 999);
    p->max = took[n - 1];
    p->mean = sum / n;
}

static void add_stage(struct packets *out, char step, const char *name, bool total, bool critical,
                      ps_t *took, size_t n)
{
    struct packet_stage *s = &out->stage[out->stages];

    if (!n || out->stages == PACKET_STAGES_MAX)
        return;
    *s = (struct packet_stage){.step = step, .name = name, .total = total, .critical = critical};
    percentiles_of(&s->took, took, n);
    out->stages++;
}

static const char *total_name(const struct counted *c, const struct packet_total *t)
{
    if (t->to != AT_END)
        return t->label;
    return c->end == TO_XDP ? "wire to XDP verdict"
           : c->end == TO_RING ? "wire to the socket's ring" : t->label;
}

static void find_stages(struct reading *r, const struct counted *c)
{
    enum packets_direction d = r->o->direction;
    ps_t *took = xcalloc(c->count + 1, sizeof took[0]);
    struct path path;

    for (size_t i = 0; i < tables[d].count; i++) {
        const struct packet_row *row = &tables[d].rows[i];
        size_t n = 0;

        for (size_t k = 0; k < c->count; k++) {
            find_path(c->packet[k], d, row->chain, &path);
            for (unsigned s = 0; s < path.steps; s++)
                if (path.row[s] == row)
                    took[n++] = path.start[s + 1] - path.start[s];
        }
        add_stage(r->out, row->step, row->label, false, row->chain == 0, took, n);
    }
    for (size_t i = 0; i < tables[d].total_count; i++) {
        const struct packet_total *t = &tables[d].totals[i];
        size_t n = 0;

        for (size_t k = 0; k < c->count; k++)
            n += !(d == PACKETS_SEND ? total_after : total_of)(c->packet[k], t, &took[n]);
        add_stage(r->out, ' ', total_name(c, t), true, i == 0, took, n);
    }
    free(took);
}

/* ---- the one that is shown ---- */

struct ranked {
    ps_t took;
    size_t i;
};

static int by_total(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->took != y->took)
        return x->took < y->took ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

static const struct packet *choose(const struct reading *r, const struct counted *c)
{
    const struct packet_total *t = &tables[r->o->direction].totals[0];
    struct ranked *ranked;
    size_t at;
    ps_t took;

    if (r->o->choice == PACKET_MARKED && r->marked < r->packets &&
        r->packet[r->marked].end != DROPPED && !total_of(&r->packet[r->marked], t, &took))
        return &r->packet[r->marked];
    if (!c->count)
        return NULL;
    ranked = xcalloc(c->count, sizeof ranked[0]);
    for (size_t i = 0; i < c->count; i++) {
        ranked[i].i = i;
        (void)total_of(c->packet[i], t, &ranked[i].took);
    }
    qsort(ranked, c->count, sizeof ranked[0], by_total);
    at = r->o->choice == PACKET_FASTEST ? 0
         : r->o->choice == PACKET_SLOWEST ? c->count - 1 : (c->count - 1) / 2;
    at = ranked[at].i;
    free(ranked);
    return c->packet[at];
}

static unsigned hart_of(const struct packet *p, const struct packet_row *row)
{
    bool later = row->chain == 2 || (row->point >= AT_SWITCH && row->point <= AT_CONSUME);

    return p->hart[later];
}

static uint64_t payload(const struct reading *r, const struct packet *p)
{
    json_int_t asked = json_integer_value(json_object_get(r->out->request, "bytes"));

    return asked > 0 ? (uint64_t)asked : p->size > HEADER_BYTES ? p->size - HEADER_BYTES : 0;
}

static void moved(const struct reading *r, const struct packet *p, const struct packet_row *row,
                  struct packet_segment *s)
{
    switch (row->point) {
    case AT_DATA: s->dma_bytes = p->size; break;
    case AT_FETCH: s->dma_bytes = (uint64_t)p->count * DESCRIPTOR_BYTES; break;
    case AT_WRITEBACK:
        s->dma_bytes = row->chain ? DESCRIPTOR_BYTES : (uint64_t)p->count * DESCRIPTOR_BYTES;
        break;
    case AT_INTERRUPT: s->dma_bytes = MESSAGE_BYTES; break;
    case AT_COPY:
    case AT_GET_USER: s->cpu_bytes = payload(r, p); break;
    default: break;
    }
}

static enum packet_context context_of(const struct reading *r, const struct packet_segment *s,
                                      ps_t from)
{
    switch (s->lane) {
    case PACKET_WIRE: return SPENT_WIRE;
    case PACKET_NIC: return SPENT_DEVICE;
    case PACKET_LINK: return SPENT_LINK;
    default: return context_mostly(r, s->hart, from, from + s->took_ps);
    }
}

static struct packet_segment *add_segment(struct reading *r, ps_t zero, ps_t from, ps_t to)
{
    struct packet_shown *shown = &r->out->shown;
    struct packet_segment *s = &shown->segment[shown->segments];

    if (shown->segments == PACKET_SEGMENTS_MAX || to < from || from < zero)
        return NULL;
    shown->segments++;
    *s = (struct packet_segment){.start_ps = from - zero, .took_ps = to - from};
    return s;
}

static void show_path(struct reading *r, const struct packet *p, unsigned chain, ps_t zero)
{
    struct path path;

    find_path(p, r->o->direction, chain, &path);
    for (unsigned i = 0; i < path.steps; i++) {
        const struct packet_row *row = path.row[i];
        struct packet_segment *s = add_segment(r, zero, path.start[i], path.start[i + 1]);

        if (!s)
            return;
        s->step = row->step;
        s->name = row->label;
        s->lane = row->lane;
        s->hart = hart_of(p, row);
        s->critical = chain == 0;
        s->context = context_of(r, s, path.start[i]);
        moved(r, p, row, s);
    }
}

/* What the hart does while the packet is the device's. */
static void show_hart(struct reading *r, const struct packet *p, ps_t zero)
{
    static const char *const names[] = {"hart in user mode", "hart in the kernel",
                                        "hart in an interrupt", "hart in softirq", "hart idle"};
    struct packet_shown *shown = &r->out->shown;
    ps_t from = zero, until = zero;
    unsigned rows = 0;

    for (unsigned i = 0; i < shown->segments && shown->segment[i].critical; i++) {
        if (shown->segment[i].lane == PACKET_HART)
            break;
        until = zero + shown->segment[i].start_ps + shown->segment[i].took_ps;
    }
    for (size_t i = 0; i <= r->changes && from < until; i++) {
        const struct change *c = i < r->changes ? &r->change[i] : NULL;
        ps_t to = c ? c->when : until;
        struct packet_segment *s;

        if ((c && c->hart != p->hart[0]) || to <= from)
            continue;
        to = u64_min(to, until);
        if (rows++ == HART_ROWS_MAX) {
            packets_note(r->out, "the hart's other work, while the packet was the device's, is not "
                         "shown in full", "");
            return;
        }
        if (!(s = add_segment(r, zero, from, to)))
            return;
        s->context = context_mostly(r, p->hart[0], from, to);
        s->name = names[s->context];
        s->step = ' ';
        s->lane = PACKET_HART;
        s->hart = p->hart[0];
        from = to;
    }
}

/* Loads and stores of the NIC's registers, to the steps that they were made in; not to rows of what
 * the hart does besides. */
static void show_accesses(struct reading *r, ps_t zero)
{
    struct packet_shown *shown = &r->out->shown;

    for (size_t i = 0; i < r->accesses; i++) {
        const struct access *a = &r->access[i];

        for (unsigned n = 0; a->when > zero && n < shown->segments; n++) {
            struct packet_segment *s = &shown->segment[n];

            if (s->lane != PACKET_HART || s->hart != a->hart || a->when - zero <= s->start_ps ||
                a->when - zero > s->start_ps + s->took_ps)
                continue;
            *(a->store ? &s->mmio_writes : &s->mmio_reads) += 1;
            break;
        }
    }
}

static void show(struct reading *r, const struct packet *p)
{
    struct packet_shown *shown = &r->out->shown;
    ps_t zero = p->at[tables[r->o->direction].totals[0].from];

    r->out->has_shown = true;
    shown->number = p->number;
    shown->queue = p->queue;
    shown->bytes = p->size;
    shown->total_ps = p->at[AT_END] - zero;
    show_path(r, p, 0, zero);
    if (r->o->direction == PACKETS_RECEIVE)
        show_hart(r, p, zero);
    show_path(r, p, 1, zero);
    show_path(r, p, 2, zero);
    show_accesses(r, zero);
}

static int check_sum(const struct packet_shown *shown, struct err *err)
{
    ps_t at = 0;

    for (unsigned i = 0; i < shown->segments; i++) {
        const struct packet_segment *s = &shown->segment[i];

        if (!s->critical)
            continue;
        if (s->start_ps != at)
            return err_set(err, "internal: a gap before '%s' in the critical path", s->name);
        at += s->took_ps;
    }
    if (at != shown->total_ps)
        return err_set(err, "internal: the critical path does not sum to the total");
    return 0;
}

int path_finish(struct reading *r, struct err *err)
{
    struct counted c = {0};
    const struct packet *chosen;

    if (!r->packets)
        return err_set(err, r->o->direction == PACKETS_RECEIVE
                                ? "no frame came to the NIC in this trace"
                                : "no packet was given to the NIC's driver in this trace");
    count_packets(r, &c);
    find_stages(r, &c);
    say_clocks_differ(r, &c);
    if ((chosen = choose(r, &c)))
        show(r, chosen);
    else
        packets_note(r->out, "no packet got to its end while the trace was recorded", "");
    free(c.packet);
    return r->out->has_shown ? check_sum(&r->out->shown, err) : 0;
}
