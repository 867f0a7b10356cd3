/* SPDX-License-Identifier: Apache-2.0 */
/* From records to segments, in four passes over the marked window:
 *  1. chain:  which records the request's doorbell led to (causes are recorded, not guessed);
 *  2. hart:   where the rows of the hart's lane begin, in the order of the table;
 *  3. device: where the rows of the device's lanes begin;
 *  4. the critical path.  While the hart sleeps for the request, the device is critical; when it
 *     never slept, the hart is all along.  Critical segments follow each other without a gap, so
 *     they sum to the total by construction, and timeline_build checks that they do. */
#include "insight/timeline.h"

#include "base/alloc.h"
#include "insight/trace_file.h"

#include <stdlib.h>
#include <string.h>

enum trigger {
    ECALL, TASK, ANY, DOORBELL, IDLE, TRAP, RESUME, WAKE, PENDING,       /* of the hart */
    STORE, ARRIVE, FETCH, COMMAND, MEDIA, MEDIA_END, DATA, DATA_END, ENTRY, MSI, /* of the device */
    OTHER, /* not in the table: an interrupt of somebody else */
};

struct row {
    char step;
    enum lane lane;
    enum lane_context context;
    enum trigger trigger;
    const char *function, *label;
};

#define ROW(step, lane, context, trigger, function, label) \
    {step, LANE_##lane, CONTEXT_##context, trigger, function, label},
static const struct row rows[] = {
#include "insight/steps/read.def"
};
#undef ROW
#define ROWS (sizeof rows / sizeof rows[0])

static const struct row other_row = {'-', LANE_HART, CONTEXT_IRQ, OTHER, "",
                                     "another interrupt"};

#define ROW(step, lane, context, trigger, function, label) function,
const char *const timeline_functions[] = {
#include "insight/steps/read.def"
    NULL};
#undef ROW

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

/* ---- the window ---- */

#define WINDOW_MAX (1u << 22)
#define NAME_MAX_BYTES 64

struct function {
    uint64_t address;
    char name[NAME_MAX_BYTES]; /* without the compiler's suffix */
};

/* Indices of what is used of the file's own schema. */
struct kinds {
    int mark, trap, trap_return, idle_begin, idle_end, probe, mmio_load, mmio_store, mmio_arrive;
    int dma_read, dma_read_done, dma_write, dma_write_done, msi, irq_hart;
    int nvme_doorbell, nvme_command, nvme_media, nvme_complete;
};

struct point {
    ps_t when;
    const struct row *row;
    bool resumed;
};

/* A file system shows itself by its read method: "ext4_file_read_iter". */
#define READ_METHOD "_file_read_iter"

struct build {
    struct timeline *t;
    struct trace_file *file;
    struct kinds k;
    struct trace_record *record;
    size_t records, capacity;
    struct function *function;
    size_t functions, function_capacity;
    bool *chained; /* by record: the request's doorbell led to it */
    size_t store;  /* the doorbell's store, or SIZE_MAX */
    size_t trap;   /* the request's interrupt, or SIZE_MAX */
    size_t begin, end; /* ecall and return */
    uint64_t task;
    unsigned source;
    struct point hart[TIMELINE_SEGMENTS_MAX], device[TIMELINE_SEGMENTS_MAX];
    unsigned hart_points, device_points;
};

static void note(struct timeline *t, const char *text, const char *what)
{
    if (t->notes < TIMELINE_NOTES_MAX)
        snprintf(t->note[t->notes++], sizeof t->note[0], "%s%s", text, what);
}

static uint64_t arg(const struct build *b, const struct trace_record *r, const char *name)
{
    int i = trace_file_arg(b->file, (int)r->kind, name);

    return i < 0 ? 0 : r->args[i];
}

static bool is(const struct trace_record *r, int kind)
{
    return (int)r->kind == kind;
}

/* SYMS: "address type name module" a line. */
static void read_symbols(struct build *b, const char *text, size_t size)
{
    const char *end = text + size;

    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((line_end ? line_end : end) - text);
        char line[256], *name, *rest;
        struct function *f;

        if (len < sizeof line) {
            memcpy(line, text, len);
            line[len] = '\0';
            name = strchr(line, ' ');
            name = name ? strchr(name + 1, ' ') : NULL;
            if (name++) {
                name[strcspn(name, " .")] = '\0';
                array_reserve(&b->function, &b->function_capacity, b->functions + 1, sizeof *f);
                f = &b->function[b->functions++];
                f->address = strtoull(line, &rest, 16);
                snprintf(f->name, sizeof f->name, "%s", name);
            }
        }
        text += len + 1;
    }
}

static void on_chunk(void *ctx, const char type[4], const uint8_t *payload, size_t size)
{
    struct build *b = ctx;
    json_t *j;

    if (!memcmp(type, TRACE_CHUNK_SYMS, 4)) {
        read_symbols(b, (const char *)payload, size);
    } else if (!memcmp(type, TRACE_CHUNK_NOTE, 4)) {
        j = json_loadb((const char *)payload, size, 0, NULL);
        if (json_is_object(json_object_get(j, "guest")) &&
            json_is_object(json_object_get(j, "request"))) {
            json_decref(b->t->guest);
            json_decref(b->t->request);
            b->t->guest = json_incref(json_object_get(j, "guest"));
            b->t->request = json_incref(json_object_get(j, "request"));
        }
        json_decref(j);
    }
}

static int find_kinds(struct build *b, struct err *err)
{
#define KIND(name) {#name, &b->k.name}
    const struct {
        const char *name;
        int *kind;
    } want[] = {KIND(mark), KIND(trap), KIND(trap_return), KIND(idle_begin), KIND(idle_end),
                KIND(probe), KIND(mmio_load), KIND(mmio_store), KIND(mmio_arrive), KIND(dma_read),
                KIND(dma_read_done), KIND(dma_write), KIND(dma_write_done), KIND(msi),
                KIND(irq_hart), KIND(nvme_doorbell), KIND(nvme_command), KIND(nvme_media), KIND(nvme_complete)};
#undef KIND

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        *want[i].kind = trace_file_kind(b->file, want[i].name);
        if (*want[i].kind < 0)
            return err_set(err, "the trace has no '%s' events: it is of another version",
                           want[i].name);
    }
    return 0;
}

/* Keeps the records from the last mark 2 up to the mark 3 after it. */
static int read_window(struct build *b, struct err *err)
{
    struct trace_record r;
    bool in = false, done = false;
    int more;

    while ((more = trace_file_next(b->file, &r, err)) > 0) {
        if (is(&r, b->k.mark) && arg(b, &r, "number") == MARK_REQUEST_BEGIN) {
            b->records = 0;
            b->source = r.source;
            in = true;
            done = false;
        }
        if (!in || done)
            continue;
        if (b->records == WINDOW_MAX)
            return err_set(err, "more than %u records between the marks of one request",
                           WINDOW_MAX);
        array_reserve(&b->record, &b->capacity, b->records + 1, sizeof r);
        b->record[b->records++] = r;
        done = is(&r, b->k.mark) && arg(b, &r, "number") == MARK_REQUEST_END &&
               r.source == b->source;
    }
    if (more < 0)
        return -1;
    if (!done)
        return err_set(err, "the trace has no request between marks %d and %d",
                       MARK_REQUEST_BEGIN, MARK_REQUEST_END);
    return 0;
}

/* ---- passes ---- */

static int find_ends(struct build *b, struct err *err)
{
    enum { ECALL_FROM_U = 8, USER = 0 };

    b->begin = b->end = SIZE_MAX;
    for (size_t i = 0; i < b->records; i++) {
        const struct trace_record *r = &b->record[i];

        if (r->source != b->source)
            continue;
        if (b->begin == SIZE_MAX && is(r, b->k.trap) && arg(b, r, "code") == ECALL_FROM_U)
            b->begin = i;
        if (is(r, b->k.trap_return) && arg(b, r, "to") == USER)
            b->end = i;
        if (b->begin != SIZE_MAX && !b->task && is(r, b->k.probe))
            b->task = arg(b, r, "tp");
    }
    if (b->begin == SIZE_MAX || b->end == SIZE_MAX || b->end <= b->begin)
        return err_set(err, "there is no system call between the marks");
    b->t->total_ps = b->record[b->end].when - b->record[b->begin].when;
    return 0;
}

/* Index of the record with that number, SIZE_MAX when it is before the window. */
static size_t index_of(const struct build *b, uint64_t id)
{
    uint64_t first = b->record[0].id;

    return id >= first && id - first < b->records ? (size_t)(id - first) : SIZE_MAX;
}

static void find_chain(struct build *b)
{
    size_t i;

    b->chained = xcalloc(b->records, sizeof b->chained[0]);
    b->store = b->trap = SIZE_MAX;
    for (i = b->begin; i < b->end; i++)
        if (is(&b->record[i], b->k.nvme_doorbell) && !arg(b, &b->record[i], "completion"))
            break;
    /* Back to the hart's store: doorbell <- arrival <- store. */
    while (i < b->end && !is(&b->record[i], b->k.mmio_store))
        i = b->record[i].cause ? index_of(b, b->record[i].cause) : SIZE_MAX;
    if (i >= b->end)
        return;
    b->store = i;
    b->chained[i] = true;
    for (i = b->store + 1; i < b->records; i++) {
        const struct trace_record *r = &b->record[i];
        size_t cause = r->cause ? index_of(b, r->cause) : SIZE_MAX;

        b->chained[i] = cause != SIZE_MAX && b->chained[cause];
        if (b->chained[i] && b->trap == SIZE_MAX && r->source == b->source &&
            is(r, b->k.trap) && i < b->end)
            b->trap = i;
    }
}

static void add_point(struct point *list, unsigned *count, ps_t when, const struct row *row,
                      bool resumed)
{
    if (*count < TIMELINE_SEGMENTS_MAX / 2)
        list[(*count)++] = (struct point){when, row, resumed};
}

/* `list` is names separated by '|'. */
static bool one_of(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = list; *p; p += strcspn(p, "|"), p += *p == '|')
        if (strcspn(p, "|") == n && !memcmp(p, name, n))
            return true;
    return false;
}

static bool calls(const struct build *b, const struct trace_record *r, const char *function)
{
    uint64_t address;

    if (!is(r, b->k.probe) || r->source != b->source)
        return false;
    address = arg(b, r, "address");
    for (size_t i = 0; i < b->functions; i++)
        if (b->function[i].address == address && one_of(function, b->function[i].name))
            return true;
    return false;
}

static bool triggers(const struct build *b, const struct row *row, size_t i)
{
    const struct trace_record *r = &b->record[i];
    bool ours = r->source == b->source;

    switch (row->trigger) {
    case ECALL: return i == b->begin;
    case TASK: return calls(b, r, row->function) && arg(b, r, "tp") == b->task;
    case RESUME:
        return b->trap != SIZE_MAX && i > b->trap && calls(b, r, row->function) &&
               arg(b, r, "tp") == b->task;
    case ANY: return b->trap != SIZE_MAX && i > b->trap && calls(b, r, row->function);
    case DOORBELL: return i == b->store;
    case IDLE: return ours && is(r, b->k.idle_begin) && b->store != SIZE_MAX && i > b->store;
    case WAKE: return ours && is(r, b->k.idle_end) && b->chained[i];
    case TRAP: return i == b->trap;
    default: return false;
    }
}

static void find_hart_points(struct build *b)
{
    size_t from = b->begin;

    for (unsigned n = 0; n < ROWS; n++) {
        if (rows[n].lane != LANE_HART)
            continue;
        for (size_t i = from; i < b->end; i++)
            if (triggers(b, &rows[n], i)) {
                add_point(b->hart, &b->hart_points, b->record[i].when, &rows[n], false);
                from = i;
                break;
            }
    }
}

/* Interrupts of others split the segment that they fall into. */
static void split_by_others(struct build *b)
{
    struct point out[TIMELINE_SEGMENTS_MAX];
    unsigned n = 0, p = 0;
    bool inside = false;
    uint64_t back_to = 0;

    for (size_t i = b->begin; i < b->end; i++) {
        const struct trace_record *r = &b->record[i];

        if (r->source != b->source)
            continue;
        for (; p < b->hart_points && b->hart[p].when <= r->when; p++)
            add_point(out, &n, b->hart[p].when, b->hart[p].row, false);
        if (!inside && is(r, b->k.trap) && arg(b, r, "code") >> 63 && i != b->trap && n) {
            b->t->other_interrupts++;
            inside = true;
            back_to = arg(b, r, "pc");
            add_point(out, &n, r->when, &other_row, false);
        } else if (inside && is(r, b->k.trap_return) && arg(b, r, "pc") == back_to) {
            const struct row *resumed = NULL;
            inside = false;
            for (unsigned k = n; k-- > 0 && !resumed; )
                if (out[k].row != &other_row)
                    resumed = out[k].row;
            if (resumed)
                add_point(out, &n, r->when, resumed, true);
        }
    }
    for (; p < b->hart_points; p++)
        add_point(out, &n, b->hart[p].when, b->hart[p].row, false);
    memcpy(b->hart, out, n * sizeof out[0]);
    b->hart_points = n;
}

static const struct row *device_row(enum trigger trigger)
{
    for (unsigned n = 0; n < ROWS; n++)
        if (rows[n].lane != LANE_HART && rows[n].trigger == trigger)
            return &rows[n];
    return NULL;
}

static void device_point(struct build *b, enum trigger trigger, ps_t when)
{
    const struct row *row = device_row(trigger);

    if (row && when != PS_NEVER)
        add_point(b->device, &b->device_points, when, row, false);
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
        } else if (is(r, b->k.msi) ||
                   (is(r, b->k.irq_hart) && arg(b, r, "level") && c.entry_end != PS_NEVER)) {
            c.msi = r->when; /* by wire, that is when the pin has gone through the controller */
        }
    }
    return c;
}

/* Fills the device's points; true with *arrived when the request's interrupt message came. */
static bool find_device_points(struct build *b, ps_t *arrived)
{
    struct chain c;

    if (b->store == SIZE_MAX)
        return false;
    c = follow_chain(b);
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
    device_point(b, MSI, c.entry_end);
    *arrived = c.msi;
    return c.msi != PS_NEVER;
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
    *s = (struct segment){.step = p->row->step, .name = p->row->label, .lane = p->row->lane,
                          .context = p->row->context, .start_ps = p->when - zero,
                          .took_ps = until - p->when, .critical = critical,
                          .resumed = p->resumed};
    if (s->step == '-') /* an interrupt of others belongs to the step that it interrupts */
        s->step = t->segments > 1 ? t->segment[t->segments - 2].step : 'a';
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

static const struct row *hart_row(enum trigger trigger)
{
    unsigned n = 0;

    while (rows[n].trigger != trigger)
        n++;
    return &rows[n];
}

static void lay_out(struct build *b)
{
    ps_t end = b->record[b->end].when, arrived = PS_NEVER;
    bool interrupted = find_device_points(b, &arrived);
    unsigned n = b->hart_points;
    unsigned doorbell = first_point(b->hart, n, DOORBELL), trap = first_point(b->hart, n, TRAP);
    unsigned wake = first_point(b->hart, n, WAKE), idle = first_point(b->hart, n, IDLE);
    unsigned after = wake < trap ? wake : trap;

    if (!interrupted || trap == n || idle == n || doorbell > idle || idle > after ||
        b->hart[after].when < arrived) {
        /* The hart never slept for it: it is critical from end to end. */
        add_run(b, b->hart, n, end, true);
        add_run(b, b->device, b->device_points, interrupted ? arrived : end, false);
        return;
    }
    add_run(b, b->hart, doorbell, b->hart[doorbell].when, true);
    add_run(b, b->hart + doorbell, after - doorbell, b->hart[after].when, false);
    add_run(b, b->device, b->device_points, arrived, true);
    if (arrived < b->hart[after].when)
        add_segment(b, &(struct point){arrived, hart_row(PENDING), false}, b->hart[after].when,
                    true);
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
    for (unsigned i = 0; i < b->hart_points; i++) {
        const char *function = b->hart[i].row->function, *tail = strstr(function, READ_METHOD);

        if (tail && b->t->guest)
            json_object_set_new(b->t->guest, "filesystem",
                                json_stringn(function, (size_t)(tail - function)));
    }
}

static void say_missing(struct build *b)
{
    for (unsigned n = 0; n < ROWS; n++) {
        bool found = !*rows[n].function;

        for (size_t i = 0; i < b->functions && !found; i++)
            found = one_of(rows[n].function, b->function[i].name);
        if (!found)
            note(b->t, "merged with the step before, as this kernel has no function: ",
                 rows[n].function);
    }
    if (b->t->other_interrupts)
        note(b->t, "the request was interrupted by somebody else (a timer tick, say)", "");
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
    if (find_kinds(b, err) || read_window(b, err) || find_ends(b, err))
        return -1;
    b->t->hart = b->source;
    find_chain(b);
    find_hart_points(b);
    split_by_others(b);
    lay_out(b);
    count(b);
    name_filesystem(b);
    say_missing(b);
    return check_sum(b->t, err);
}

int timeline_build(struct timeline *t, const char *trace_path, struct err *err)
{
    struct build *b = xcalloc(1, sizeof *b);
    int rc = -1;

    memset(t, 0, sizeof *t);
    b->t = t;
    b->file = trace_file_open(trace_path, err);
    if (b->file) {
        b->file->other = on_chunk;
        b->file->other_ctx = b;
        rc = build(b, err);
        t->run = json_incref(json_object_get(b->file->meta, "run"));
        if (rc)
            err_prefix(err, "%s", trace_path);
        trace_file_close(b->file);
    }
    free(b->record);
    free(b->function);
    free(b->chained);
    free(b);
    return rc;
}

void timeline_free(struct timeline *t)
{
    json_decref(t->run);
    json_decref(t->guest);
    json_decref(t->request);
    memset(t, 0, sizeof *t);
}
