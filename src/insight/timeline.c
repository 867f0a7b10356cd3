/* SPDX-License-Identifier: Apache-2.0 */
/* From records to segments, in four passes over the marked window:
 *  1. chain:  which records the request's doorbell led to (causes are recorded, not guessed);
 *  2. hart:   where the rows of the hart's lane begin, in the order of the table;
 *  3. device: where the rows of the device's lanes begin;
 *  4. the critical path.  While the hart sleeps for the request, the device is critical; when it
 *     never slept, the hart is all along.  Critical segments follow each other without a gap, so
 *     they sum to the total by construction, and timeline_build checks that they do.
 * The trace may be anybody's: times are checked where they are subtracted, and what does not fit
 * is left out or refused. */
#include "insight/timeline_impl.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* What comes between the rows of the table; its step is that of the row it interrupts. */
static const struct row other_row = {'-', LANE_HART, CONTEXT_IRQ, OTHER, "",
                                     "another interrupt"};
static const struct row loop_row = {'-', LANE_HART, CONTEXT_KERNEL, OTHER, "", "idle loop"};

const char *lane_name(enum lane lane)
{
    static const char *const names[] = {"hart", "link", "device", "media"};
    return names[lane];
}

const char *lane_context_name(enum lane_context context)
{
    static const char *const names[] = {"user", "kernel", "irq",  "softirq",
                                        "idle", "device", "link", "media"};
    return names[context];
}

/* ---- passes ---- */

/* Index of the record with that number, SIZE_MAX when it is before the window. */
static size_t index_of(const struct build *b, uint64_t id)
{
    uint64_t first = b->record[0].id;

    return id >= first && id - first < b->records ? (size_t)(id - first) : SIZE_MAX;
}

/* The hart's store behind a doorbell record (doorbell <- arrival <- store), if it is the
 * request's: SIZE_MAX for another hart's, and for one that left before the request began. */
static size_t store_of(const struct build *b, size_t i)
{
    while (i < b->end && !is(&b->record[i], b->k.mmio_store))
        i = b->record[i].cause ? index_of(b, b->record[i].cause) : SIZE_MAX;
    return i > b->begin && i < b->end && b->record[i].source == b->source ? i : SIZE_MAX;
}

static void find_chain(struct build *b)
{
    b->chained = xcalloc(b->records, sizeof b->chained[0]);
    b->store = b->trap = SIZE_MAX;
    for (size_t i = b->begin; i < b->end && b->store == SIZE_MAX; i++)
        if (is(&b->record[i], b->k.nvme_doorbell) && !arg(b, &b->record[i], "completion"))
            b->store = store_of(b, i);
    if (b->store == SIZE_MAX)
        return;
    b->chained[b->store] = true;
    for (size_t i = b->store + 1; i < b->records; i++) {
        const struct trace_record *r = &b->record[i];
        size_t cause = r->cause ? index_of(b, r->cause) : SIZE_MAX;

        b->chained[i] = cause != SIZE_MAX && b->chained[cause];
        if (b->chained[i] && b->trap == SIZE_MAX && r->source == b->source &&
            is(r, b->k.trap) && i < b->end)
            b->trap = i;
    }
}

static void add_point(struct point *list, unsigned *count, ps_t when, const struct row *row,
                      char step, bool resumed)
{
    if (*count < TIMELINE_SEGMENTS_MAX / 2)
        list[(*count)++] = (struct point){when, row, step, resumed};
}

/* Whether row n begins with record i. */
static bool triggers(const struct build *b, unsigned n, size_t i)
{
    const struct trace_record *r = &b->record[i];
    bool ours = r->source == b->source, calls = b->met[i] >> n & 1;
    bool after_trap = b->trap != SIZE_MAX && i > b->trap;

    switch (b->steps->row[n].trigger) {
    case ECALL: return i == b->begin;
    case TASK: return calls && arg(b, r, "tp") == b->task;
    case RESUME: return after_trap && calls && arg(b, r, "tp") == b->task;
    case ANY: return after_trap && calls;
    case DOORBELL: return i == b->store;
    case IDLE:
        return ours && is(r, b->k.idle_begin) && b->store != SIZE_MAX && i > b->store &&
               !after_trap;
    case WAKE: return ours && is(r, b->k.idle_end) && b->chained[i] && !after_trap;
    case TRAP: return i == b->trap;
    default: return false;
    }
}

/* The rows before the trap are looked for before it, so that one that is met only later (by a
 * request that found its data there) does not hide the trap. */
static void find_hart_points(struct build *b)
{
    size_t from = b->begin, until = b->trap != SIZE_MAX ? b->trap + 1 : b->end;

    for (unsigned n = 0; n < b->steps->rows; n++) {
        const struct row *row = &b->steps->row[n];

        if (row->lane != LANE_HART)
            continue;
        for (size_t i = from; i < until; i++)
            if (triggers(b, n, i)) {
                add_point(b->hart, &b->hart_points, b->record[i].when, row, row->step, false);
                from = i;
                break;
            }
        if (row->trigger == TRAP)
            until = b->end;
    }
}

/* Interrupts of others split the segment that they fall into; after one that ended a wfi comes the
 * idle loop, until its next wfi. */
struct split {
    struct build *b;
    struct point out[TIMELINE_SEGMENTS_MAX / 2];
    unsigned n, left; /* left: points of the table still to come */
    const struct point *now; /* the last point of the table */
    bool crowded;
};

static void split_at(struct split *s, ps_t when, const struct row *row, bool resumed)
{
    if (s->n + s->left + 1 >= TIMELINE_SEGMENTS_MAX / 2)
        s->crowded = true;
    else if (s->now)
        add_point(s->out, &s->n, when, row, s->now->step, resumed);
}

static void split_by_others(struct build *b)
{
    struct split s = {.b = b};
    unsigned p = 0;
    bool inside = false;
    uint64_t back_to = 0;

    for (size_t i = b->begin; i < b->end; i++) {
        const struct trace_record *r = &b->record[i];
        bool idle;

        if (r->source != b->source)
            continue;
        for (; p < b->hart_points && b->hart[p].when <= r->when; p++) {
            s.now = &b->hart[p];
            s.left = b->hart_points - p - 1;
            add_point(s.out, &s.n, s.now->when, s.now->row, s.now->step, false);
        }
        idle = s.now && s.now->row->trigger == IDLE;
        if (!inside && is(r, b->k.trap) && arg(b, r, "code") >> 63 && i != b->trap) {
            b->t->other_interrupts++;
            inside = true;
            back_to = arg(b, r, "pc");
            split_at(&s, r->when, &other_row, false);
        } else if (inside && is(r, b->k.trap_return) && arg(b, r, "pc") == back_to) {
            inside = false;
            split_at(&s, r->when, idle ? &loop_row : s.now ? s.now->row : NULL, !idle);
        } else if (idle && !inside && is(r, b->k.idle_end)) {
            split_at(&s, r->when, &loop_row, false);
        } else if (idle && !inside && is(r, b->k.idle_begin) && r->when > s.now->when) {
            split_at(&s, r->when, s.now->row, true);
        }
    }
    for (; p < b->hart_points; p++)
        add_point(s.out, &s.n, b->hart[p].when, b->hart[p].row, b->hart[p].step, false);
    memcpy(b->hart, s.out, s.n * sizeof s.out[0]);
    b->hart_points = s.n;
    if (s.crowded)
        note(b->t, "there are more interrupts of others than are shown", "");
}

static const struct row *device_row(const struct build *b, enum trigger trigger)
{
    for (unsigned n = 0; n < b->steps->rows; n++)
        if (b->steps->row[n].lane != LANE_HART && b->steps->row[n].trigger == trigger)
            return &b->steps->row[n];
    return NULL;
}

static void device_point(struct build *b, enum trigger trigger, ps_t when)
{
    const struct row *row = device_row(b, trigger);

    if (row && when != PS_NEVER)
        add_point(b->device, &b->device_points, when, row, row->step, false);
}

/* The instants of the chain that points are made of; PS_NEVER: not met. */
struct chain {
    ps_t arrive, fetch, command, media, media_end, data, data_end, entry, entry_end, msi;
};

static void first_time(ps_t *at, ps_t when)
{
    if (*at == PS_NEVER)
        *at = when;
}

static struct chain follow_chain(const struct build *b)
{
    struct chain c = {PS_NEVER, PS_NEVER, PS_NEVER, PS_NEVER, PS_NEVER,
                      PS_NEVER, PS_NEVER, PS_NEVER, PS_NEVER, PS_NEVER};
    uint64_t complete = 0, entry = 0; /* records of the completion and of its entry's DMA */

    for (size_t i = b->store; i < b->end && c.msi == PS_NEVER; i++) {
        const struct trace_record *r = &b->record[i];

        if (!b->chained[i])
            continue;
        if (is(r, b->k.mmio_arrive)) {
            first_time(&c.arrive, r->when);
        } else if (is(r, b->k.dma_read)) {
            first_time(&c.fetch, r->when);
        } else if (is(r, b->k.nvme_command)) {
            first_time(&c.command, r->when);
        } else if (is(r, b->k.nvme_media)) {
            first_time(&c.media, arg(b, r, "began"));
            c.media_end = r->when;
        } else if (is(r, b->k.nvme_complete)) {
            complete = r->id;
        } else if (is(r, b->k.dma_write) && complete && r->cause == complete) {
            entry = r->id;
            c.entry = r->when;
        } else if (is(r, b->k.dma_write)) {
            first_time(&c.data, r->when);
        } else if (is(r, b->k.dma_write_done) && entry && r->cause == entry) {
            c.entry_end = r->when;
        } else if (is(r, b->k.dma_write_done)) {
            c.data_end = r->when;
        } else if (is(r, b->k.msi)) {
            c.msi = r->when;
        }
    }
    return c;
}

/* Leaves points that follow each other, from the doorbell's store up to `until`: where parts
 * overlap (the data of a long read starts while the media still works), the later part of the table
 * takes over. */
static void settle_device_points(struct build *b, ps_t until)
{
    ps_t first = b->record[b->store].when, next = until;
    unsigned kept = 0;
    bool keep[TIMELINE_SEGMENTS_MAX];

    for (unsigned i = b->device_points; i-- > 0; ) {
        ps_t when = b->device[i].when;

        keep[i] = i == 0 || (when >= first && when <= next);
        if (keep[i])
            next = when;
    }
    for (unsigned i = 0; i < b->device_points; i++)
        if (keep[i])
            b->device[kept++] = b->device[i];
    b->device_points = kept;
}

/* Fills the device's points.  Returns when the request's interrupt reached its controller, as the
 * cause of its trap says; PS_NEVER when the hart took none.  *until is where the lanes end. */
static ps_t find_device_points(struct build *b, ps_t *until)
{
    ps_t end = b->record[b->end].when, arrived = PS_NEVER;
    struct chain c;

    if (b->store == SIZE_MAX)
        return PS_NEVER;
    c = follow_chain(b);
    if (b->trap != SIZE_MAX) {
        arrived = b->record[index_of(b, b->record[b->trap].cause)].when;
        if (arrived < b->record[b->store].when || arrived > b->record[b->trap].when)
            arrived = PS_NEVER;
    }
    *until = arrived != PS_NEVER ? arrived : c.msi != PS_NEVER ? c.msi : c.entry_end;
    if (*until < b->record[b->store].when || *until > end)
        *until = end;
    device_point(b, STORE, b->record[b->store].when);
    device_point(b, ARRIVE, c.arrive);
    device_point(b, FETCH, c.fetch);
    device_point(b, COMMAND, c.command);
    device_point(b, MEDIA, c.media);
    device_point(b, MEDIA_END, c.media_end);
    device_point(b, DATA, c.data);
    /* The entry is sent behind the data: until that has arrived, the time is the data's. */
    if (c.data_end != PS_NEVER && c.entry > c.data_end)
        device_point(b, DATA_END, c.data_end);
    device_point(b, ENTRY,
                 c.data_end != PS_NEVER && c.data_end > c.entry ? c.data_end : c.entry);
    if (c.msi != PS_NEVER) /* else a wire, or nothing, says that the entry is there */
        device_point(b, MSI, c.entry_end);
    settle_device_points(b, *until);
    return arrived;
}

/* ---- segments ---- */

static void add_segment(struct build *b, const struct point *p, ps_t until, bool critical)
{
    struct timeline *t = b->t;
    struct segment *s;
    ps_t zero = b->record[b->begin].when;

    if (t->segments == TIMELINE_SEGMENTS_MAX || until < p->when ||
        (until == p->when && p->row->trigger != DOORBELL))
        return;
    s = &t->segment[t->segments++];
    *s = (struct segment){.step = p->step, .name = p->row->label, .lane = p->row->lane,
                          .context = p->row->context, .start_ps = p->when - zero,
                          .took_ps = until - p->when, .critical = critical,
                          .resumed = p->resumed};
}

static void add_run(struct build *b, const struct point *p, unsigned count, ps_t until,
                    bool critical)
{
    for (unsigned i = 0; i < count; i++)
        add_segment(b, &p[i], i + 1 < count ? p[i + 1].when : until, critical);
}

static unsigned first_point(const struct point *p, unsigned count, enum trigger trigger)
{
    unsigned i = 0;

    while (i < count && p[i].row->trigger != trigger)
        i++;
    return i;
}

static const struct row *hart_row(const struct build *b, enum trigger trigger)
{
    unsigned n = 0;

    while (b->steps->row[n].trigger != trigger)
        n++;
    return &b->steps->row[n];
}

static void lay_out(struct build *b)
{
    ps_t end = b->record[b->end].when, until = end, arrived = find_device_points(b, &until);
    unsigned n = b->hart_points;
    unsigned doorbell = first_point(b->hart, n, DOORBELL), trap = first_point(b->hart, n, TRAP);
    unsigned wake = first_point(b->hart, n, WAKE), idle = first_point(b->hart, n, IDLE);
    unsigned after = wake < trap ? wake : trap;
    const struct row *pending = hart_row(b, PENDING);

    if (arrived == PS_NEVER || trap == n || idle == n || doorbell > idle || idle > after ||
        b->hart[after].when < arrived) {
        /* The hart never slept for it: it is critical from end to end. */
        add_run(b, b->hart, n, end, true);
        add_run(b, b->device, b->device_points, until, false);
        return;
    }
    add_run(b, b->hart, doorbell, b->hart[doorbell].when, true);
    add_run(b, b->hart + doorbell, after - doorbell, b->hart[after].when, false);
    add_run(b, b->device, b->device_points, arrived, true);
    if (arrived < b->hart[after].when)
        add_segment(b, &(struct point){arrived, pending, pending->step, false},
                    b->hart[after].when, true);
    add_run(b, b->hart + after, n - after, end, true);
}

static struct segment *segment_at(struct timeline *t, bool hart, ps_t when)
{
    for (unsigned i = 0; i < t->segments; i++) {
        struct segment *s = &t->segment[i];

        if ((s->lane == LANE_HART) == hart && when > s->start_ps &&
            when <= s->start_ps + s->took_ps)
            return s;
    }
    return NULL;
}

/* What was moved, by whom, and how the hart spent the time. */
static void count(struct build *b)
{
    struct timeline *t = b->t;
    ps_t zero = b->record[b->begin].when, idle_from = PS_NEVER;
    uint64_t bytes = (uint64_t)json_integer_value(json_object_get(t->request, "bytes"));

    for (size_t i = b->begin; i < b->end; i++) {
        const struct trace_record *r = &b->record[i];
        bool ours = r->source == b->source, dma = false;
        struct segment *s;

        if (ours && is(r, b->k.idle_begin))
            idle_from = r->when;
        if (ours && is(r, b->k.idle_end) && idle_from != PS_NEVER) {
            t->idle_ps += r->when - idle_from;
            idle_from = PS_NEVER;
        }
        if (ours && is(r, b->k.trap) && b->chained[i])
            t->interrupts++;
        if (ours && (is(r, b->k.mmio_load) || is(r, b->k.mmio_store))) {
            bool store = is(r, b->k.mmio_store);
            s = segment_at(t, true, r->when - zero);
            *(store ? &t->mmio_writes : &t->mmio_reads) += 1;
            if (s)
                *(store ? &s->mmio_writes : &s->mmio_reads) += 1;
        }
        dma = b->chained[i] && (is(r, b->k.dma_read_done) || is(r, b->k.dma_write_done) ||
                                is(r, b->k.msi));
        if (dma) {
            uint64_t size = is(r, b->k.msi) ? 4 : arg(b, r, "size");
            s = segment_at(t, false, r->when - zero);
            t->dma_bytes += size;
            if (s)
                s->dma_bytes += size;
        }
    }
    t->busy_ps = t->total_ps - t->idle_ps;
    for (unsigned i = 0; i < t->segments; i++)
        if (t->segment[i].step == 'e' && !t->segment[i].resumed && t->segment[i].lane == LANE_HART)
            t->cpu_bytes = t->segment[i].cpu_bytes = bytes;
}

static void name_filesystem(struct build *b)
{
    const char *method = b->filesystem ? strstr(b->filesystem, READ_METHOD) : NULL;

    if (method && b->t->guest)
        json_object_set_new(b->t->guest, "filesystem",
                            json_stringn(b->filesystem, (size_t)(method - b->filesystem)));
}

static void name_hart(struct build *b)
{
    const char *name = b->file->sources[b->source];

    b->t->hart = strncmp(name, "hart", 4) ? b->source : (unsigned)strtoul(name + 4, NULL, 10);
}

/* A request that slept, but whose interrupt this hart did not take. */
static void say_who_woke(struct build *b)
{
    bool slept = first_point(b->hart, b->hart_points, IDLE) < b->hart_points;

    if (b->store == SIZE_MAX || b->trap != SIZE_MAX)
        return;
    for (size_t i = b->store; i < b->end; i++)
        if (b->chained[i] && is(&b->record[i], b->k.trap)) {
            note(b->t, "the request's interrupt was taken by another hart: ",
                 b->file->sources[b->record[i].source]);
            return;
        }
    if (slept)
        note(b->t, "what woke the hart is not known to come from the request's doorbell", "");
}

static void say_what_is_special(struct build *b)
{
    for (unsigned n = 0; n < b->steps->rows; n++)
        if (*b->steps->row[n].function && !(b->known >> n & 1))
            note(b->t, "merged with the step before, as this kernel has no function: ",
                 b->steps->row[n].function);
    if (b->t->other_interrupts)
        note(b->t, "the request was interrupted by somebody else (a timer tick, say)", "");
    say_who_woke(b);
}

static int check_sum(const struct timeline *t, struct err *err)
{
    ps_t at = 0;

    for (unsigned i = 0; i < t->segments; i++) {
        const struct segment *s = &t->segment[i];

        if (!s->critical)
            continue;
        if (s->start_ps != at)
            return err_set(err, "internal: a gap before '%s' in the critical path", s->name);
        at += s->took_ps;
    }
    if (at != t->total_ps)
        return err_set(err, "internal: the critical path does not sum to the total");
    return 0;
}

static int build(struct build *b, struct err *err)
{
    if (window_read(b, err))
        return -1;
    name_hart(b);
    find_chain(b);
    find_hart_points(b);
    split_by_others(b);
    lay_out(b);
    count(b);
    name_filesystem(b);
    say_what_is_special(b);
    return check_sum(b->t, err);
}

int timeline_build_marked(struct timeline *t, const char *trace_path, unsigned begin_mark,
                          unsigned end_mark, json_t *request, struct err *err)
{
    struct build *b = xcalloc(1, sizeof *b);
    int rc = -1;

    memset(t, 0, sizeof *t);
    t->request = json_incref(request);
    b->t = t;
    b->begin_mark = begin_mark;
    b->end_mark = end_mark;
    b->request_given = request != NULL;
    b->file = trace_file_open(trace_path, err);
    if (b->file) {
        rc = build(b, err);
        t->run = json_incref(json_object_get(b->file->meta, "run"));
        if (rc && err && !strstr(err->text, trace_path))
            err_prefix(err, "%s", trace_path);
        trace_file_close(b->file);
    }
    window_free(b);
    free(b->chained);
    free(b);
    return rc;
}

int timeline_build(struct timeline *t, const char *trace_path, struct err *err)
{
    return timeline_build_marked(t, trace_path, MARK_REQUEST_BEGIN, MARK_REQUEST_END, NULL, err);
}

void timeline_free(struct timeline *t)
{
    json_decref(t->run);
    json_decref(t->guest);
    json_decref(t->request);
    memset(t, 0, sizeof *t);
}
