/* SPDX-License-Identifier: Apache-2.0 */
/* The marked window of a trace: its records, which functions are reached in it, where the system
 * call begins and ends. */
#include "insight/timeline_impl.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_MAX (1u << 20)
#define FUNCTIONS_MAX 65536

#define ROW(step, lane, context, trigger, function, label) \
    {step, LANE_##lane, CONTEXT_##context, trigger, function, label},
static const struct row linux_rows[] = {
#include "insight/steps/read.def"
};
static const struct row lab_read_rows[] = {
#include "insight/steps/lab_read.def"
};
static const struct row lab_ring_rows[] = {
#include "insight/steps/lab_ring.def"
};
#undef ROW
_Static_assert(ARRAY_LEN(linux_rows) <= TIMELINE_ROWS_MAX &&
               ARRAY_LEN(lab_read_rows) <= TIMELINE_ROWS_MAX &&
               ARRAY_LEN(lab_ring_rows) <= TIMELINE_ROWS_MAX, "a set of rows is one word");

#define ROW(step, lane, context, trigger, function, label) function,
const char *const timeline_functions[] = {
#include "insight/steps/read.def"
    NULL};
const char *const timeline_lab_functions[] = {
#include "insight/steps/lab_read.def"
#include "insight/steps/lab_ring.def"
    NULL};
#undef ROW

const struct steps *timeline_steps(const json_t *guest, const json_t *request)
{
    static const struct steps linux_read = {linux_rows, ARRAY_LEN(linux_rows)};
    static const struct steps lab_read = {lab_read_rows, ARRAY_LEN(lab_read_rows)};
    static const struct steps lab_ring = {lab_ring_rows, ARRAY_LEN(lab_ring_rows)};
    const char *kernel = json_string_value(json_object_get(guest, "kernel"));
    const char *how = json_string_value(json_object_get(request, "how"));

    if (!kernel || strcmp(kernel, TIMELINE_LABS_KERNEL))
        return &linux_read;
    return how && (!strcmp(how, "ring") || !strcmp(how, "polled")) ? &lab_ring : &lab_read;
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

static void add_function(void *ctx, uint64_t address, const char *name)
{
    struct build *b = ctx;
    uint64_t naming = 0;
    struct function *f;

    for (unsigned n = 0; n < b->steps->rows; n++)
        if (one_of(b->steps->row[n].function, name))
            naming |= UINT64_C(1) << n;
    if (!naming || b->functions == FUNCTIONS_MAX)
        return;
    b->known |= naming;
    array_reserve(&b->function, &b->function_capacity, b->functions + 1, sizeof *f);
    f = &b->function[b->functions++];
    *f = (struct function){.address = address, .rows = naming};
    snprintf(f->name, sizeof f->name, "%s", name);
}

static int by_address(const void *a, const void *b)
{
    const struct function *x = a, *y = b;

    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return strcmp(x->name, y->name);
}

static const struct function *function_at(const struct build *b, uint64_t address)
{
    size_t low = 0, high = b->functions;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (b->function[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->functions && b->function[low].address == address ? &b->function[low] : NULL;
}

/* Which rows' functions are reached where. */
static void find_calls(struct build *b)
{
    size_t kept = 0;

    b->steps = timeline_steps(b->t->guest, b->t->request);
    if (b->names)
        trace_symbols(b->names, b->names_size, add_function, b);
    if (b->functions)
        qsort(b->function, b->functions, sizeof b->function[0], by_address);
    for (size_t i = 0; i < b->functions; i++)
        if (kept && b->function[kept - 1].address == b->function[i].address)
            b->function[kept - 1].rows |= b->function[i].rows; /* one function, two names */
        else
            b->function[kept++] = b->function[i];
    b->functions = kept;
    b->met = xcalloc(b->records, sizeof b->met[0]);
    for (size_t i = 0; i < b->records; i++) {
        const struct trace_record *r = &b->record[i];
        const struct function *f;

        if (r->source != b->source || !is(r, b->k.probe) ||
            !(f = function_at(b, arg(b, r, "address"))))
            continue;
        b->met[i] = f->rows;
        if (strstr(f->name, READ_METHOD) && !b->filesystem)
            b->filesystem = f->name;
    }
}

static void on_chunk(void *ctx, const char type[4], const uint8_t *payload, size_t size)
{
    struct build *b = ctx;
    json_t *j;

    if (!memcmp(type, TRACE_CHUNK_SYMS, 4)) {
        /* Kept until it is known which kernel's they are. */
        array_reserve(&b->names, &b->names_capacity, b->names_size + size, 1);
        memcpy(b->names + b->names_size, payload, size);
        b->names_size += size;
    } else if (!memcmp(type, TRACE_CHUNK_NOTE, 4)) {
        j = json_loadb((const char *)payload, size, 0, NULL);
        if (json_is_object(json_object_get(j, "guest")) &&
            json_is_object(json_object_get(j, "request"))) {
            json_decref(b->t->guest);
            b->t->guest = json_incref(json_object_get(j, "guest"));
            if (!b->request_given) {
                json_decref(b->t->request);
                b->t->request = json_incref(json_object_get(j, "request"));
            }
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
                KIND(nvme_doorbell), KIND(nvme_command), KIND(nvme_media), KIND(nvme_complete)};
#undef KIND

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        *want[i].kind = trace_file_kind(b->file, want[i].name);
        if (*want[i].kind < 0)
            return err_set(err, "the trace has no \"%s\" events: it is of another version",
                           want[i].name);
    }
    return 0;
}

/* Keeps the records from the last mark 2 up to the mark 3 after it. */
static int read_window(struct build *b, struct err *err)
{
    struct trace_record r;
    bool in = false, done = false, elsewhere = false;
    int more;

    while ((more = trace_file_next(b->file, &r, err)) > 0) {
        bool mark = is(&r, b->k.mark);

        if (mark && arg(b, &r, "number") == b->begin_mark) {
            b->records = 0;
            b->source = r.source;
            in = true;
            done = elsewhere = false;
        }
        if (!in || done)
            continue;
        if (b->records == WINDOW_MAX)
            return err_set(err, "more than %u records between the marks of one request",
                           WINDOW_MAX);
        array_reserve(&b->record, &b->capacity, b->records + 1, sizeof r);
        b->record[b->records++] = r;
        if (mark && arg(b, &r, "number") == b->end_mark) {
            done = r.source == b->source;
            elsewhere = !done;
        }
    }
    if (more < 0)
        return -1;
    if (elsewhere)
        return err_set(err, "the request ended on another hart than it began on; one timeline "
                       "is of one hart");
    if (!done)
        return err_set(err, "the trace has no request between marks %u and %u", b->begin_mark,
                       b->end_mark);
    return 0;
}

enum { ECALL_FROM_U = 8, USER = 0, ECALL_BYTES = 4 };

/* The return to behind the ecall, by the thread that made it. */
static bool returns_to(const struct build *b, const struct trace_record *ecall,
                       const struct trace_record *r)
{
    return arg(b, r, "pc") == arg(b, ecall, "pc") + ECALL_BYTES &&
           arg(b, r, "tp") == arg(b, ecall, "tp");
}

static int find_ends(struct build *b, struct err *err)
{
    ps_t before = 0;
    bool ours = false;

    b->begin = b->end = SIZE_MAX;
    for (size_t i = 0; i < b->records; i++) {
        const struct trace_record *r = &b->record[i];

        if (r->source != b->source)
            continue;
        if (r->when < before)
            return err_set(err, "the hart's time goes back at record %llu",
                           (unsigned long long)r->id);
        before = r->when;
        if (b->begin == SIZE_MAX && is(r, b->k.trap) && arg(b, r, "code") == ECALL_FROM_U)
            b->begin = i;
        if (b->begin == SIZE_MAX)
            continue;
        if (is(r, b->k.trap_return) && arg(b, r, "to") == USER && !ours) {
            b->end = i;
            ours = returns_to(b, &b->record[b->begin], r);
        }
        if (!b->task && is(r, b->k.probe))
            b->task = arg(b, r, "tp");
    }
    if (b->begin == SIZE_MAX || b->end == SIZE_MAX)
        return err_set(err, "there is no system call between the marks");
    b->t->total_ps = b->record[b->end].when - b->record[b->begin].when;
    return 0;
}

int window_read(struct build *b, struct err *err)
{
    b->file->other = on_chunk;
    b->file->other_ctx = b;
    if (find_kinds(b, err) || read_window(b, err) || find_ends(b, err))
        return -1;
    find_calls(b);
    return 0;
}

void window_free(struct build *b)
{
    free(b->record);
    free(b->function);
    free(b->met);
    free(b->names);
}
