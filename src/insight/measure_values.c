/* SPDX-License-Identifier: Apache-2.0 */
/* What the counts of measure.c add up to. */
#include "insight/measure_impl.h"

#include "base/bits.h"

#include <inttypes.h>
#include <string.h>

/* How values of several rows, or sources, become one. */
enum joined { JOIN_SUM, JOIN_LEAST, JOIN_GREATEST };

struct rule {
    struct measure_metric metric;
    enum joined joined;
    uint64_t (*of_row)(const struct measure_row *row);
    uint64_t (*of_source)(const struct measure_source *source);
};

static uint64_t row_time(const struct measure_row *r) { return r->time_ps; }
static uint64_t row_idle(const struct measure_row *r) { return r->idle_ps; }
static uint64_t row_busy(const struct measure_row *r) { return r->time_ps - r->idle_ps; }
static uint64_t row_runs(const struct measure_row *r) { return r->runs; }
static uint64_t row_least(const struct measure_row *r) { return r->least_ps; }
static uint64_t row_greatest(const struct measure_row *r) { return r->greatest_ps; }
static uint64_t row_instructions(const struct measure_row *r) { return r->instructions; }
static uint64_t row_handler(const struct measure_row *r) { return r->handler_ps; }
static uint64_t row_value(const struct measure_row *r) { return r->value; }

static uint64_t row_energy(const struct measure_row *r)
{
    return row_busy(r) + r->idle_ps / MEASURE_IDLE_PARTS;
}

#define COUNT_OF(name, kind) \
    static uint64_t source_##name(const struct measure_source *s) \
    { \
        return s->count[TRACE_KIND_##kind]; \
    }
COUNT_OF(loads, mmio_load)
COUNT_OF(stores, mmio_store)
COUNT_OF(dma_reads, dma_read_done)
COUNT_OF(dma_writes, dma_write_done)
COUNT_OF(msi, msi)
COUNT_OF(chars, uart_tx)

static uint64_t source_stall(const struct measure_source *s) { return s->stall_ps; }
static uint64_t source_dma_bytes(const struct measure_source *s) { return s->dma_bytes; }
static uint64_t source_interrupts(const struct measure_source *s) { return s->interrupts; }

static uint64_t source_bytes(const struct measure_source *s)
{
    return s->loaded_bytes + s->stored_bytes;
}

static uint64_t source_transactions(const struct measure_source *s)
{
    return s->count[TRACE_KIND_mmio_load] + s->count[TRACE_KIND_mmio_store] +
           s->count[TRACE_KIND_wc_flush];
}

static uint64_t source_traps(const struct measure_source *s)
{
    return s->count[TRACE_KIND_trap] - s->interrupts;
}

static const struct rule rules[] = {
    {{"time", "ns", false}, JOIN_SUM, row_time, NULL},
    {{"busy", "ns", false}, JOIN_SUM, row_busy, NULL},
    {{"idle", "ns", false}, JOIN_SUM, row_idle, NULL},
    {{"runs", "", false}, JOIN_SUM, row_runs, NULL},
    {{"time_min", "ns", false}, JOIN_LEAST, row_least, NULL},
    {{"time_max", "ns", false}, JOIN_GREATEST, row_greatest, NULL},
    {{"instructions", "", false}, JOIN_SUM, row_instructions, NULL},
    {{"mmio_loads", "", true}, JOIN_SUM, NULL, source_loads},
    {{"mmio_stores", "", true}, JOIN_SUM, NULL, source_stores},
    {{"stall", "ns", true}, JOIN_SUM, NULL, source_stall},
    {{"transactions", "", true}, JOIN_SUM, NULL, source_transactions},
    {{"bytes", "B", true}, JOIN_SUM, NULL, source_bytes},
    {{"dma_reads", "", true}, JOIN_SUM, NULL, source_dma_reads},
    {{"dma_writes", "", true}, JOIN_SUM, NULL, source_dma_writes},
    {{"dma_bytes", "B", true}, JOIN_SUM, NULL, source_dma_bytes},
    {{"interrupts", "", true}, JOIN_SUM, NULL, source_interrupts},
    {{"traps", "", true}, JOIN_SUM, NULL, source_traps},
    {{"handler", "ns", false}, JOIN_SUM, row_handler, NULL},
    {{"msi", "", true}, JOIN_SUM, NULL, source_msi},
    {{"chars", "", true}, JOIN_SUM, NULL, source_chars},
    {{"energy", "", false}, JOIN_SUM, row_energy, NULL},
    {{"value", "", false}, JOIN_GREATEST, row_value, NULL},
};

unsigned measure_metric_count(void)
{
    return ARRAY_LEN(rules);
}

const struct measure_metric *measure_metric(unsigned i)
{
    return i < ARRAY_LEN(rules) ? &rules[i].metric : NULL;
}

#define EVENT_METRIC(name, doc) {#name, "", true},
static const struct measure_metric events[] = {TRACE_EVENTS(EVENT_METRIC)};

const struct measure_metric *measure_metric_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (!strcmp(rules[i].metric.name, name))
            return &rules[i].metric;
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        if (!strcmp(events[i].name, name))
            return &events[i];
    return NULL;
}

/* ---- values ---- */

/* Of one row. */
static uint64_t value_of(const struct measure_row *row, const struct rule *rule, unsigned event,
                         int source)
{
    uint64_t sum = 0;

    if (rule && rule->of_row)
        return rule->of_row(row);
    for (int i = 0; i < TRACE_SOURCES_MAX; i++)
        if (row->source[i] && (source < 0 || source == i))
            sum += rule ? rule->of_source(row->source[i]) : row->source[i]->count[event];
    return sum;
}

static uint64_t join(enum joined how, uint64_t a, uint64_t b)
{
    switch (how) {
    case JOIN_LEAST: return u64_min(a, b);
    case JOIN_GREATEST: return u64_max(a, b);
    case JOIN_SUM: break;
    }
    return a + b;
}

static bool in_units(const struct rule *rule)
{
    return rule && (!strcmp(rule->metric.unit, "ns") || !strcmp(rule->metric.name, "energy"));
}

int measure_get(const struct measure *m, const struct measure_of *of,
                const struct measure_metric *metric, double *value, struct err *err)
{
    const struct rule *rule = NULL;
    unsigned event = 0;
    uint64_t all = 0;
    bool any = false;

    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (metric == &rules[i].metric)
            rule = &rules[i];
    if (!rule)
        event = (unsigned)(metric - events);
    for (size_t i = 0; i < m->rows; i++) {
        const struct measure_row *row = m->row[i];
        uint64_t v;

        if (row->section != of->section || !row->runs || (of->has_x && row->x != of->x))
            continue;
        v = value_of(row, rule, event, of->source);
        all = any ? join(rule ? rule->joined : JOIN_SUM, all, v) : v;
        any = true;
    }
    *value = in_units(rule) ? (double)all / 1000 : (double)all;
    if (of->has_x && !any)
        return err_set(err, "the section %s was not passed with %s = %" PRIu64,
                       m->section[of->section].name, m->section[of->section].x_name, of->x);
    return 0;
}

size_t measure_series(const struct measure *m, unsigned section, uint64_t *x, size_t max)
{
    size_t n = 0;

    if (!m->section[section].x_name)
        return 0;
    for (size_t i = 0; i < m->rows; i++)
        if (m->row[i]->section == section && m->row[i]->runs) {
            if (n < max)
                x[n] = m->row[i]->x;
            n++;
        }
    return n;
}

int measure_source_find(const struct measure *m, const char *name)
{
    for (unsigned i = 0; i < m->sources; i++)
        if (!strcmp(m->source[i], name))
            return (int)i;
    return -1;
}

const char *measure_source_name(const struct measure *m, unsigned source)
{
    return source < m->sources ? m->source[source] : "?";
}

/* ---- the end ---- */

const struct measure_tail *measure_tail(const struct measure *m)
{
    return &m->tail;
}

const char *measure_output(const struct measure *m, size_t *size)
{
    if (size)
        *size = m->output_size;
    return m->output ? m->output : "";
}

uint64_t measure_lost(const struct measure *m)
{
    return m->lost;
}

bool measure_line(const struct measure *m, unsigned i, uint64_t *pin)
{
    for (unsigned k = 0; k < m->pins; k++)
        if (m->pin[k].level && i-- == 0) {
            *pin = m->pin[k].pin;
            return true;
        }
    return false;
}

const char *measure_under_way(const struct measure *m, unsigned hart)
{
    const struct measure_pass *latest = NULL;

    for (unsigned i = 0; i < m->passes; i++)
        if (m->pass[i].hart == hart && m->pass[i].section + 1 < m->sections &&
            (!latest || m->pass[i].began >= latest->began))
            latest = &m->pass[i];
    return latest ? m->section[latest->section].name : NULL;
}
