/* SPDX-License-Identifier: Apache-2.0 */
/* Between measure.c, which counts, and measure_values.c, which adds up. */
#ifndef INSIGHT_MEASURE_IMPL_H
#define INSIGHT_MEASURE_IMPL_H

#include "insight/measure.h"

/* What concerns one source: a device that was accessed, or that did something. */
struct measure_source {
    uint64_t count[TRACE_KIND_COUNT]; /* accesses by the target, all else by who did it */
    uint64_t loaded_bytes, stored_bytes, dma_bytes;
    uint64_t interrupts; /* of the traps */
    ps_t stall_ps;
};

/* The sum of all passes of a section; of a series, of those with one x. */
struct measure_row {
    unsigned section;
    uint64_t x, runs, instructions, value;
    ps_t time_ps, idle_ps, handler_ps, least_ps, greatest_ps;
    struct measure_source *source[TRACE_SOURCES_MAX]; /* NULL: nothing */
};

/* A pass under way. */
struct measure_pass {
    unsigned section, hart;
    struct measure_row *row;
    ps_t began, idle_ps, handler_ps;
    uint64_t instret;
    bool counted; /* instret is known */
};

struct measure_hart {
    bool idle, handler;
    ps_t idle_since, handler_since;
    unsigned depth; /* of traps that have not returned */
};

struct measure_pin {
    unsigned source;
    uint64_t pin;
    bool level;
};

#define MEASURE_PINS_MAX 256

struct measure {
    const struct measure_section *section;
    struct measure_section *own; /* the given ones and "run" */
    size_t sections;             /* with it */
    const char *const *source;
    unsigned sources;
    int hart_of[TRACE_SOURCES_MAX]; /* -1: no hart */
    struct measure_hart hart[MEASURE_HARTS_MAX];
    struct measure_pass pass[MEASURE_OPEN_MAX];
    unsigned passes;
    struct measure_row **row;
    size_t rows, row_capacity;
    struct measure_tail tail;
    struct measure_pin pin[MEASURE_PINS_MAX];
    unsigned pins;
    uint64_t lost;
    char *output;
    size_t output_size, output_capacity;
};

#endif
