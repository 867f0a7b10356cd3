/* SPDX-License-Identifier: Apache-2.0 */
/* What a program did between two of its marks, counted from the records of the machine's trace as
 * they are made (a tap of sim/trace.h): nothing is kept of a record but what it adds, and the last few
 * bus transactions.  docs: labs/README.md.
 *
 * The guest decides how many records there are and what is in them; what is kept is bounded. */
#ifndef INSIGHT_MEASURE_H
#define INSIGHT_MEASURE_H

#include "base/err.h"
#include "sim/trace.h"

#include <stdbool.h>
#include <stddef.h>

#define MEASURE_HARTS_MAX 64
#define MEASURE_OPEN_MAX 256  /* passes under way at a time */
#define MEASURE_ROWS_MAX 4096 /* of all series together */
#define MEASURE_LAST 12       /* transactions remembered */
#define MEASURE_OUTPUT_MAX (1u << 20)

/* Energy: a unit for each nanosecond that a hart is busy, a twentieth of it in wfi (assumed: cores
 * that gate their clock while they wait take 2 to 10 % of what they take at work). */
#define MEASURE_IDLE_PARTS 20

/* Where a pass begins or ends: a mark, or an event of the trace.  Of an event with an argument
 * `level` only those count in which it is not 0. */
struct measure_bound {
    enum trace_kind kind;
    uint64_t number;    /* of a mark, or the event's first argument */
    bool numbered;      /* of an event: only those whose first argument is `number` */
    const char *source; /* only events of this one; NULL: of any */
};

struct measure_section {
    const char *name, *text;
    const char *x_name; /* NULL: not a series.  x is the value of the mark, or the event's first argument */
    struct measure_bound begin, end;
};

/* A transaction that was seen `repeats` times in a row, alike but for its time. */
struct measure_transaction {
    enum trace_kind kind;
    unsigned source, target; /* who; where to (itself, if the event has no target) */
    uint64_t place, size, value;
    ps_t first, last;
    uint64_t repeats;
    bool has_value;
};

/* A ring: if it is full, `next` is the oldest. */
struct measure_last {
    struct measure_transaction item[MEASURE_LAST];
    unsigned next, count;
};

/* How traps and DMA came at last; what a diagnosis needs. */
struct measure_tail {
    struct measure_last last;
    struct measure_last at_trap; /* the same at the last exception that was no ecall */
    /* By hart: the last trap, and how many like it came, each at most 200 ns after the one before had
     * returned, or without its returning.  first_: the first of those that have not returned. */
    struct measure_trap {
        uint64_t code, pc, tval, in_a_row, unreturned, first_code, first_pc, first_tval;
        ps_t when, returned;
        bool any;
    } trap[MEASURE_HARTS_MAX];
    /* An interrupt that becomes pending again and again, at most 2 us after the last time. */
    uint64_t pend_number, pend_in_a_row;
    ps_t pend_when;
    /* DMA that goes on: how many transactions of one source came at most 20 us apart. */
    uint64_t dma_in_a_row;
    unsigned dma_source;
    ps_t dma_when;
};

struct measure;

/* `sections` (with all they point to) and `sources` must outlive it.  The section "run" is added. */
struct measure *measure_new(const struct measure_section *sections, size_t count,
                            const char *const *sources, unsigned source_count);
void measure_free(struct measure *m);

/* The next record. */
void measure_record(struct measure *m, const struct trace_seen *record);
/* Nothing comes any more: ends the section "run". */
void measure_end(struct measure *m, ps_t now);

/* ---- results ---- */

/* A section's x, ascending; returns how many there are and fills at most `max`.  0: it was never
 * passed, or is no series. */
size_t measure_series(const struct measure *m, unsigned section, uint64_t *x, size_t max);

struct measure_metric {
    const char *name, *unit; /* "ns", "B", "" */
    bool of_device;          /* also of one source */
};
unsigned measure_metric_count(void);
const struct measure_metric *measure_metric(unsigned i);
/* Also of the name of any event of the trace, which it counts; NULL: there is none. */
const struct measure_metric *measure_metric_find(const char *name);

/* Which section (`count` of measure_new is "run"), x of a series, and device (-1: all). */
struct measure_of {
    unsigned section;
    bool has_x;
    uint64_t x;
    int source;
};

/* The metric, times in ns; 0 of a section that was never passed; -1 with err: no such x. */
int measure_get(const struct measure *m, const struct measure_of *of,
                const struct measure_metric *metric, double *value, struct err *err);

/* -1: there is none of that name. */
int measure_source_find(const struct measure *m, const char *name);
const char *measure_source_name(const struct measure *m, unsigned source);

/* ---- at the end, and when it went wrong ---- */

const struct measure_tail *measure_tail(const struct measure *m);
/* What the console's UART sent, at most MEASURE_OUTPUT_MAX bytes; without '\r'; zeroes
 * became '.'. */
const char *measure_output(const struct measure *m, size_t *size);
/* Passes that were not begun because too many x, or too many at a time, were there already. */
uint64_t measure_lost(const struct measure *m);
/* The number of the i-th interrupt line that is high; false: there are no more. */
bool measure_line(const struct measure *m, unsigned i, uint64_t *pin);
/* The section that the hart began last and has not ended; NULL: none. */
const char *measure_under_way(const struct measure *m, unsigned hart);

#endif
