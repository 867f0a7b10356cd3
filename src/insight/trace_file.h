/* SPDX-License-Identifier: Apache-2.0 */
/* Reads trace files (docs/trace.md), record by record.  What events, arguments and sources there
 * are comes from the file itself, so that files of other versions stay readable.
 *
 * The content is hostile: all is checked, and a damaged or truncated file gives its good records
 * first and then one error. */
#ifndef INSIGHT_TRACE_FILE_H
#define INSIGHT_TRACE_FILE_H

#include "base/err.h"
#include "sim/trace.h"

#include <jansson.h>

#define TRACE_FILE_ARGS_MAX 16

struct trace_file_arg {
    const char *name;
    enum trace_unit unit;
};

/* One kind of record, as the file declares it.  Names consist of letters, digits, '_', '.', '-'. */
struct trace_file_event {
    const char *name, *doc;
    unsigned count;
    struct trace_file_arg args[TRACE_FILE_ARGS_MAX];
};

struct trace_record {
    uint64_t id;    /* 1, 2, ... */
    uint64_t cause; /* a smaller id, or 0 */
    ps_t when;
    unsigned kind;   /* index into events */
    unsigned source; /* index into sources */
    uint64_t args[TRACE_FILE_ARGS_MAX]; /* events[kind].count of them */
};

struct trace_file {
    json_t *meta; /* the whole META chunk */
    struct trace_file_event *events;
    unsigned event_count;
    const char **sources;
    unsigned source_count;
    /* Called for each chunk that is not of records (SYMS, say) as it is met; NULL: they are
     * skipped.  Set it between open and the first next. */
    void (*other)(void *ctx, const char type[4], const uint8_t *payload, size_t size);
    void *other_ctx;
    uint64_t records; /* given out so far */
    struct trace_file_reader *reader;
};

/* Opens and reads up to the first chunk after META.  NULL with err. */
struct trace_file *trace_file_open(const char *path, struct err *err);

/* 1: *record is the next one; 0: the file is complete and at its end; -1 with err: it is damaged
 * here or cannot be read (and stays so). */
int trace_file_next(struct trace_file *file, struct trace_record *record, struct err *err);

void trace_file_close(struct trace_file *file);

/* Index of the event, source or argument of that name, -1 when the file has none. */
int trace_file_kind(const struct trace_file *file, const char *event);
int trace_file_source(const struct trace_file *file, const char *source);
int trace_file_arg(const struct trace_file *file, int kind, const char *arg);

/* Calls `fn` for each line of a SYMS chunk ("address type name module"); what the compiler added to a
 * name (".constprop.0") is left out, a line that makes no sense as well. */
void trace_symbols(const char *text, size_t size,
                   void (*fn)(void *ctx, uint64_t address, const char *name), void *ctx);

#endif
