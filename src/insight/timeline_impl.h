/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the timeline share: timeline_window.c reads the marked window of a trace,
 * timeline.c lays it out. */
#ifndef INSIGHT_TIMELINE_IMPL_H
#define INSIGHT_TIMELINE_IMPL_H

#include "insight/timeline.h"

#include "insight/trace_file.h"

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

/* One table of insight/steps, in its order. */
#define TIMELINE_ROWS_MAX 64 /* a set of rows is one word */
struct steps {
    const struct row *row;
    unsigned rows;
};
/* Which kernel's, by what the trace says of it. */
const struct steps *timeline_steps(const json_t *guest, const json_t *request);

#define NAME_MAX_BYTES 64

/* A probed function that the table names. */
struct function {
    uint64_t address;
    uint64_t rows; /* bit n: row n of the table names it */
    char name[NAME_MAX_BYTES]; /* without the compiler's suffix */
};

/* Indices of what is used of the file's own schema. */
struct kinds {
    int mark, trap, trap_return, idle_begin, idle_end, probe, mmio_load, mmio_store, mmio_arrive;
    int dma_read, dma_read_done, dma_write, dma_write_done, msi;
    int nvme_doorbell, nvme_command, nvme_media, nvme_complete;
};

struct point {
    ps_t when;
    const struct row *row;
    char step;
    bool resumed;
};

/* A file system shows itself by its read method: "ext4_file_read_iter". */
#define READ_METHOD "_file_read_iter"

struct build {
    struct timeline *t;
    struct trace_file *file;
    const struct steps *steps;
    unsigned begin_mark, end_mark;
    bool request_given;     /* t->request is the caller's, not the file's */
    char *names;            /* of the probed functions, as the file has them */
    size_t names_size, names_capacity;
    struct kinds k;
    struct trace_record *record;
    size_t records, capacity;
    struct function *function;
    size_t functions, function_capacity;
    uint64_t known;         /* rows whose function the kernel has */
    uint64_t *met;          /* by record: rows whose function is reached there */
    const char *filesystem; /* its read method, as met; NULL: not met */
    bool *chained;          /* by record: the request's doorbell led to it */
    size_t store;  /* the doorbell's store, or SIZE_MAX */
    size_t trap;   /* the request's interrupt, or SIZE_MAX */
    size_t begin, end; /* ecall and return */
    uint64_t task;
    unsigned source;
    struct point hart[TIMELINE_SEGMENTS_MAX], device[TIMELINE_SEGMENTS_MAX];
    unsigned hart_points, device_points;
};

static inline void note(struct timeline *t, const char *text, const char *what)
{
    if (t->notes < TIMELINE_NOTES_MAX)
        snprintf(t->note[t->notes++], sizeof t->note[0], "%s%s", text, what);
}

static inline uint64_t arg(const struct build *b, const struct trace_record *r, const char *name)
{
    int i = trace_file_arg(b->file, (int)r->kind, name);

    return i < 0 ? 0 : r->args[i];
}

static inline bool is(const struct trace_record *r, int kind)
{
    return (int)r->kind == kind;
}

/* What ran, and what it was asked for, in words (timeline_text.c). */
void timeline_guest(const struct timeline *t, char *buf, size_t size);
void timeline_request(const struct timeline *t, char *buf, size_t size);

/* Fills the window: its records, functions, ends.  -1 with err when there is no request in it. */
int window_read(struct build *b, struct err *err);
void window_free(struct build *b);

#endif
