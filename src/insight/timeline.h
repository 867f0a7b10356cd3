/* SPDX-License-Identifier: Apache-2.0 */
/* One request laid out: segments by lane, the critical path, what was moved by whom.
 *
 * Everything comes from a trace file that holds one marked request (marks 2 and 3 around it, or those
 * that the caller names).  Which events bound which segment is a table, one a kernel and way to read:
 * insight/steps/read.def (Linux), lab_read.def, lab_ring.def (labs/kernel). */
#ifndef INSIGHT_TIMELINE_H
#define INSIGHT_TIMELINE_H

#include "base/err.h"
#include "sim/clock.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum lane { LANE_HART, LANE_LINK, LANE_DEVICE, LANE_MEDIA };
enum lane_context {
    CONTEXT_USER, CONTEXT_KERNEL, CONTEXT_IRQ, CONTEXT_SOFTIRQ, CONTEXT_IDLE, CONTEXT_DEVICE,
    CONTEXT_LINK, CONTEXT_MEDIA
};

struct segment {
    char step; /* a to f */
    const char *name;
    enum lane lane;
    enum lane_context context;
    ps_t start_ps, took_ps; /* start: since the request began */
    bool critical;
    bool resumed; /* goes on after something that came between */
    uint64_t dma_bytes, cpu_bytes;
    unsigned mmio_reads, mmio_writes;
};

#define TIMELINE_SEGMENTS_MAX 256
#define TIMELINE_NOTES_MAX 16

struct timeline {
    struct segment segment[TIMELINE_SEGMENTS_MAX];
    unsigned segments;
    ps_t total_ps, busy_ps, idle_ps;
    uint64_t dma_bytes, cpu_bytes;
    unsigned mmio_reads, mmio_writes, interrupts, other_interrupts;
    char note[TIMELINE_NOTES_MAX][160];
    unsigned notes;
    unsigned hart;
    json_t *run;     /* the trace's own: id, seed, machine, parameters_changed */
    json_t *guest;   /* kernel, filesystem */
    json_t *request; /* what, how, state, bytes */
};

/* The marks of a marked run (guest/programs/mark.h). */
enum { MARK_RUN_START = 1, MARK_REQUEST_BEGIN = 2, MARK_REQUEST_END = 3, MARK_RUN_END = 4 };

/* Chunk of a trace file with the request's description: one JSON object. */
#define TRACE_CHUNK_NOTE "NOTE"

/* Functions to probe for a timeline of Linux and of labs/kernel, NULL-terminated; an element may be
 * empty, or several names separated by '|'. */
extern const char *const timeline_functions[], *const timeline_lab_functions[];

/* What a guest's "kernel" is called that is labs/kernel, not a release of Linux. */
#define TIMELINE_LABS_KERNEL "labs/kernel"

/* Lays out the request of a trace.  0, or -1 with err; free the result in any case. */
int timeline_build(struct timeline *t, const char *trace_path, struct err *err);

/* The same for one of several requests: that between the last `begin_mark` and the `end_mark` after
 * it.  What is given as `request` stands for what the trace says was asked for; or NULL. */
int timeline_build_marked(struct timeline *t, const char *trace_path, unsigned begin_mark,
                          unsigned end_mark, json_t *request, struct err *err);
void timeline_free(struct timeline *t);

void timeline_print(const struct timeline *t, FILE *out);
/* A picture: lanes over time, self-contained SVG. */
void timeline_svg(const struct timeline *t, FILE *out);
/* Schema doorbell.explain/1; the caller's reference. */
json_t *timeline_json(const struct timeline *t);

/* Two results of timeline_json side by side: what changed and where the time went. */
int timeline_compare(const json_t *a, const json_t *b, FILE *out, struct err *err);

const char *lane_name(enum lane lane);
const char *lane_context_name(enum lane_context context);

#endif
