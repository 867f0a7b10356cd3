/* SPDX-License-Identifier: Apache-2.0 */
/* Counting.  A record adds to the row of each pass that is under way and that it concerns: what a
 * hart does, to the passes of that hart; what a device does, to all. */
#include "insight/measure_impl.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

#define RETAKEN_PS (200 * PS_PER_NS) /* a trap so soon after the last one's return */
#define PEND_GAP_PS (2 * PS_PER_US)
#define DMA_GAP_PS (20 * PS_PER_US)
#define CODE_INTERRUPT (UINT64_C(1) << 63)
#define PRIV_USER 0

enum { CODE_ECALL_USER = 8, CODE_ECALL = 9 };

static const struct measure_section whole_run = {
    .name = "run", .text = "from power-on to the end",
    .begin = {.kind = TRACE_KIND_COUNT}, .end = {.kind = TRACE_KIND_COUNT},
};

static ps_t later(ps_t a, ps_t b)
{
    return a > b ? a - b : 0;
}

/* ---- made and freed ---- */

static int hart_number(const char *source)
{
    int n = 0;

    if (strncmp(source, "hart", 4) || !source[4])
        return -1;
    for (const char *p = source + 4; *p; p++) {
        if (*p < '0' || *p > '9' || n >= MEASURE_HARTS_MAX)
            return -1;
        n = n * 10 + (*p - '0');
    }
    return n < MEASURE_HARTS_MAX ? n : -1;
}

static void begin(struct measure *m, unsigned section, unsigned hart, const struct trace_seen *r);

struct measure *measure_new(const struct measure_section *sections, size_t count,
                            const char *const *sources, unsigned source_count)
{
    static const uint64_t nothing[TRACE_ARGS_MAX];
    struct measure *m = xcalloc(1, sizeof *m);
    struct trace_seen start = {.kind = TRACE_KIND_COUNT, .args = nothing};

    m->own = xcalloc(count + 1, sizeof *m->own);
    if (count)
        memcpy(m->own, sections, count * sizeof *sections);
    m->own[count] = whole_run;
    m->section = m->own;
    m->sections = count + 1;
    m->source = sources;
    m->sources = source_count < TRACE_SOURCES_MAX ? source_count : TRACE_SOURCES_MAX;
    for (unsigned i = 0; i < m->sources; i++)
        m->hart_of[i] = hart_number(sources[i]);
    begin(m, (unsigned)count, 0, &start);
    return m;
}

void measure_free(struct measure *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->rows; i++) {
        for (unsigned s = 0; s < TRACE_SOURCES_MAX; s++)
            free(m->row[i]->source[s]);
        free(m->row[i]);
    }
    free(m->row);
    free(m->own);
    free(m->output);
    free(m);
}

/* ---- passes ---- */

/* Rows are in the order of section and x. */
static struct measure_row *row_of(struct measure *m, unsigned section, uint64_t x)
{
    size_t low = 0, high = m->rows;
    struct measure_row *row;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct measure_row *at = m->row[middle];

        if (at->section < section || (at->section == section && at->x < x))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < m->rows && m->row[low]->section == section && m->row[low]->x == x)
        return m->row[low];
    if (m->rows >= MEASURE_ROWS_MAX)
        return NULL;
    array_reserve(&m->row, &m->row_capacity, m->rows + 1, sizeof *m->row);
    memmove(m->row + low + 1, m->row + low, (m->rows - low) * sizeof *m->row);
    row = xcalloc(1, sizeof *row);
    row->section = section;
    row->x = x;
    m->row[low] = row;
    m->rows++;
    return row;
}

static struct measure_pass *pass_of(struct measure *m, unsigned section, unsigned hart)
{
    for (unsigned i = 0; i < m->passes; i++)
        if (m->pass[i].section == section && m->pass[i].hart == hart)
            return &m->pass[i];
    return NULL;
}

/* A mark that comes again begins anew; of an event, the first holds. */
static void begin(struct measure *m, unsigned section, unsigned hart, const struct trace_seen *r)
{
    struct measure_pass *pass = pass_of(m, section, hart);
    uint64_t x = 0;

    if (pass && r->kind != TRACE_KIND_mark)
        return;
    if (m->section[section].x_name)
        x = r->kind == TRACE_KIND_mark ? r->args[2] : r->args[0];
    if (!pass && m->passes < MEASURE_OPEN_MAX)
        pass = &m->pass[m->passes++];
    if (!pass) {
        m->lost++;
        return;
    }
    *pass = (struct measure_pass){.section = section, .hart = hart, .began = r->when,
                                  .row = row_of(m, section, x)};
    if (r->kind == TRACE_KIND_mark) {
        pass->counted = true;
        pass->instret = r->args[1];
    }
    if (!pass->row) {
        m->lost++;
        *pass = m->pass[--m->passes];
    }
}

static void end(struct measure *m, struct measure_pass *pass, const struct trace_seen *r)
{
    const struct measure_hart *h = &m->hart[pass->hart];
    struct measure_row *row = pass->row;
    ps_t took = later(r->when, pass->began);

    if (h->idle)
        pass->idle_ps += later(r->when, u64_max(pass->began, h->idle_since));
    if (h->handler)
        pass->handler_ps += later(r->when, u64_max(pass->began, h->handler_since));
    row->least_ps = row->runs ? u64_min(row->least_ps, took) : took;
    row->greatest_ps = u64_max(row->greatest_ps, took);
    row->runs++;
    row->time_ps += took;
    row->idle_ps += u64_min(pass->idle_ps, took);
    row->handler_ps += u64_min(pass->handler_ps, took);
    if (pass->counted && r->kind == TRACE_KIND_mark)
        row->instructions += later(r->args[1], pass->instret + 1);
    if (r->kind == TRACE_KIND_mark)
        row->value = r->args[2];
    *pass = m->pass[--m->passes];
}

static bool level_is_low(const struct trace_seen *r)
{
    if (r->kind == TRACE_KIND_irq_line)
        return !r->args[1];
    return r->kind == TRACE_KIND_irq_hart && !r->args[2];
}

static bool meets(const struct measure *m, const struct measure_bound *b,
                  const struct trace_seen *r)
{
    if (b->kind != r->kind ||
        ((b->kind == TRACE_KIND_mark || b->numbered) && b->number != r->args[0]))
        return false;
    return (!b->source || !strcmp(b->source, m->source[r->source])) && !level_is_low(r);
}

/* Whose pass an event begins: its hart's, that of which it speaks, else hart 0's. */
static unsigned concerned(const struct measure *m, const struct trace_seen *r)
{
    if (m->hart_of[r->source] >= 0)
        return (unsigned)m->hart_of[r->source];
    if (r->kind == TRACE_KIND_irq_hart && r->args[0] < MEASURE_HARTS_MAX)
        return (unsigned)r->args[0];
    return 0;
}

static void ends(struct measure *m, const struct trace_seen *r)
{
    int hart = m->hart_of[r->source];

    for (unsigned i = m->passes; i-- > 0;) {
        struct measure_pass *pass = &m->pass[i];

        if (meets(m, &m->section[pass->section].end, r) &&
            (hart < 0 || pass->hart == (unsigned)hart))
            end(m, pass, r);
    }
}

static void begins(struct measure *m, const struct trace_seen *r)
{
    for (unsigned i = 0; i < m->sections; i++)
        if (meets(m, &m->section[i].begin, r))
            begin(m, i, concerned(m, r), r);
}

/* ---- what happened ---- */

static struct measure_source *source_of(struct measure_row *row, uint64_t source)
{
    if (!row->source[source])
        row->source[source] = xcalloc(1, sizeof *row->source[source]);
    return row->source[source];
}

static void add(struct measure_row *row, const struct trace_seen *r, uint64_t source)
{
    struct measure_source *s = source_of(row, source);

    s->count[r->kind]++;
    switch (r->kind) {
    case TRACE_KIND_mmio_load:
        s->loaded_bytes += r->args[2];
        s->stall_ps += later(r->when, r->args[4]);
        break;
    case TRACE_KIND_mmio_store:
    case TRACE_KIND_wc_flush:
        s->stored_bytes += r->args[2];
        break;
    case TRACE_KIND_dma_read_done:
    case TRACE_KIND_dma_write_done:
        s->dma_bytes += r->args[1];
        break;
    case TRACE_KIND_trap:
        s->interrupts += r->args[0] >> 63;
        break;
    default:
        break;
    }
}

static bool has_target(enum trace_kind kind)
{
    return kind == TRACE_KIND_mmio_load || kind == TRACE_KIND_mmio_store ||
           kind == TRACE_KIND_wc_flush;
}

/* A pass of two harts in one row takes what a device does once. */
static bool row_was_given(const struct measure *m, unsigned pass)
{
    for (unsigned i = 0; i < pass; i++)
        if (m->pass[i].row == m->pass[pass].row)
            return true;
    return false;
}

static void count(struct measure *m, const struct trace_seen *r)
{
    int hart = m->hart_of[r->source];
    uint64_t source = r->source;

    if (has_target(r->kind) && r->args[0] < m->sources)
        source = r->args[0];
    for (unsigned i = 0; i < m->passes; i++)
        if (hart >= 0 ? m->pass[i].hart == (unsigned)hart : !row_was_given(m, i))
            add(m->pass[i].row, r, source);
}

/* ---- harts ---- */

static void idle_ended(struct measure *m, unsigned hart, ps_t now)
{
    struct measure_hart *h = &m->hart[hart];

    for (unsigned i = 0; h->idle && i < m->passes; i++)
        if (m->pass[i].hart == hart)
            m->pass[i].idle_ps += later(now, u64_max(m->pass[i].began, h->idle_since));
    h->idle = false;
}

/* A trap from user mode is the outermost, whatever became of the ones before: threads change. */
static void trap(struct measure *m, unsigned hart, const struct trace_seen *r)
{
    struct measure_hart *h = &m->hart[hart];
    struct measure_trap *t = &m->tail.trap[hart];
    bool alike = t->any && t->code == r->args[0] && t->pc == r->args[1];

    if (r->args[0] & CODE_INTERRUPT)
        alike = t->any && t->code == r->args[0];
    if (t->returned && later(r->when, t->returned) > RETAKEN_PS)
        alike = false;
    t->in_a_row = alike ? t->in_a_row + 1 : 1;
    t->any = true;
    t->code = r->args[0];
    t->pc = r->args[1];
    t->tval = r->args[2];
    t->when = r->when;
    t->returned = 0;
    if (t->unreturned++ == 0) {
        t->first_code = t->code;
        t->first_pc = t->pc;
        t->first_tval = t->tval;
    }
    if (!(t->code & CODE_INTERRUPT) && t->code != CODE_ECALL_USER && t->code != CODE_ECALL)
        m->tail.at_trap = m->tail.last;
    if (r->args[3] == PRIV_USER)
        h->depth = 0;
    h->depth++;
    if (!h->handler) {
        h->handler = true;
        h->handler_since = r->when;
    }
}

static void trap_returned(struct measure *m, unsigned hart, const struct trace_seen *r)
{
    struct measure_hart *h = &m->hart[hart];

    m->tail.trap[hart].returned = r->when;
    m->tail.trap[hart].unreturned = 0;
    if (r->args[2] == PRIV_USER)
        h->depth = 1;
    if (h->depth && --h->depth == 0 && h->handler) {
        for (unsigned i = 0; i < m->passes; i++)
            if (m->pass[i].hart == hart)
                m->pass[i].handler_ps += later(r->when, u64_max(m->pass[i].began,
                                                                h->handler_since));
        h->handler = false;
    }
}

static void hart_did(struct measure *m, unsigned hart, const struct trace_seen *r)
{
    struct measure_hart *h = &m->hart[hart];

    switch (r->kind) {
    case TRACE_KIND_idle_begin:
        h->idle = true;
        h->idle_since = r->when;
        break;
    case TRACE_KIND_idle_end:
        idle_ended(m, hart, r->when);
        break;
    case TRACE_KIND_trap:
        trap(m, hart, r);
        break;
    case TRACE_KIND_trap_return:
        trap_returned(m, hart, r);
        break;
    default:
        break;
    }
}

/* ---- for a diagnosis ---- */

static bool transaction(const struct measure *m, const struct trace_seen *r,
                        struct measure_transaction *t)
{
    *t = (struct measure_transaction){.kind = r->kind, .source = r->source, .target = r->source,
                                      .place = r->args[0], .first = r->when, .last = r->when,
                                      .repeats = 1};
    switch (r->kind) {
    case TRACE_KIND_mmio_load:
    case TRACE_KIND_mmio_store:
        t->value = r->args[3];
        t->has_value = true;
        /* fall through */
    case TRACE_KIND_wc_flush:
        t->target = r->args[0] < m->sources ? (unsigned)r->args[0] : r->source;
        t->place = r->args[1];
        t->size = r->args[2];
        return true;
    case TRACE_KIND_dma_read_done:
    case TRACE_KIND_dma_write_done:
        t->size = r->args[1];
        return true;
    case TRACE_KIND_msi:
        t->value = r->args[1];
        t->has_value = true;
        return true;
    default:
        return false;
    }
}

static void remember(struct measure *m, const struct measure_transaction *t)
{
    struct measure_last *last = &m->tail.last;
    struct measure_transaction *before = &last->item[(last->next + MEASURE_LAST - 1) % MEASURE_LAST];

    if (last->count && before->kind == t->kind && before->source == t->source &&
        before->target == t->target && before->place == t->place && before->size == t->size &&
        before->value == t->value) {
        before->last = t->last;
        before->repeats++;
        return;
    }
    last->item[last->next] = *t;
    last->next = (last->next + 1) % MEASURE_LAST;
    last->count += last->count < MEASURE_LAST;
}

static void dma_came(struct measure_tail *tail, const struct trace_seen *r)
{
    bool goes_on = tail->dma_in_a_row && tail->dma_source == r->source &&
                   later(r->when, tail->dma_when) <= DMA_GAP_PS;

    tail->dma_in_a_row = goes_on ? tail->dma_in_a_row + 1 : 1;
    tail->dma_source = r->source;
    tail->dma_when = r->when;
}

static void pended(struct measure_tail *tail, const struct trace_seen *r)
{
    bool again = tail->pend_number == r->args[1] && later(r->when, tail->pend_when) <= PEND_GAP_PS;

    tail->pend_in_a_row = again ? tail->pend_in_a_row + 1 : 1;
    tail->pend_number = r->args[1];
    tail->pend_when = r->when;
}

static void line_changed(struct measure *m, const struct trace_seen *r)
{
    unsigned i = 0;

    while (i < m->pins && (m->pin[i].source != r->source || m->pin[i].pin != r->args[0]))
        i++;
    if (i == MEASURE_PINS_MAX)
        return;
    if (i == m->pins)
        m->pin[m->pins++] = (struct measure_pin){.source = r->source, .pin = r->args[0]};
    m->pin[i].level = r->args[1] != 0;
}

/* Terminals want "\r\n", who looks for a text does not. */
static void print(struct measure *m, uint64_t byte)
{
    if (m->output_size >= MEASURE_OUTPUT_MAX || (byte & 0xff) == '\r')
        return;
    array_reserve(&m->output, &m->output_capacity, m->output_size + 2, 1);
    m->output[m->output_size++] = byte & 0xff ? (char)(byte & 0xff) : '.';
    m->output[m->output_size] = '\0';
}

static void note(struct measure *m, const struct trace_seen *r)
{
    struct measure_transaction t;

    if (transaction(m, r, &t))
        remember(m, &t);
    if (r->kind == TRACE_KIND_dma_read_done || r->kind == TRACE_KIND_dma_write_done)
        dma_came(&m->tail, r);
    else if (r->kind == TRACE_KIND_irq_pend)
        pended(&m->tail, r);
    else if (r->kind == TRACE_KIND_irq_line)
        line_changed(m, r);
    else if (r->kind == TRACE_KIND_uart_tx)
        print(m, r->args[0]);
}

void measure_record(struct measure *m, const struct trace_seen *r)
{
    int hart;

    if (r->kind >= TRACE_KIND_COUNT || r->source >= m->sources)
        return;
    hart = m->hart_of[r->source];
    note(m, r);
    /* What ends a pass belongs to it, what begins it does not. */
    count(m, r);
    if (hart >= 0)
        hart_did(m, (unsigned)hart, r);
    ends(m, r);
    begins(m, r);
}

void measure_end(struct measure *m, ps_t now)
{
    static const uint64_t nothing[TRACE_ARGS_MAX];
    struct trace_seen r = {.kind = TRACE_KIND_COUNT, .when = now, .args = nothing};
    struct measure_pass *pass = pass_of(m, (unsigned)m->sections - 1, 0);

    if (pass)
        end(m, pass, &r);
}
