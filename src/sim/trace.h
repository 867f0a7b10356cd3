/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder.  Off, an emit function costs one predictable branch; on, it changes nothing that
 * the guest can see.  The file format is written down in docs/trace.md. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "base/bits.h"
#include "sim/clock.h"
#include "sim/trace_events.h"

#define TRACE_KIND(name, doc) TRACE_KIND_##name,
enum trace_kind { TRACE_EVENTS(TRACE_KIND) TRACE_KIND_COUNT };
#undef TRACE_KIND

enum trace_unit { TRACE_HEX, TRACE_DEC, TRACE_PS, TRACE_BYTES, TRACE_SOURCE };
enum { TRACE_UNITS = TRACE_SOURCE + 1 };
extern const char *const trace_unit_name[TRACE_UNITS]; /* as in META */

#define TRACE_ARGS_MAX 8

struct trace_arg {
    const char *name;
    enum trace_unit unit;
};

struct trace_schema {
    const char *name, *doc;
    unsigned count;
    struct trace_arg args[TRACE_ARGS_MAX];
};

/* Indexed by enum trace_kind. */
extern const struct trace_schema trace_schema[TRACE_KIND_COUNT];

#define TRACE_FILE_MAGIC "DBTRACE1"
/* Chunk types: four characters, then a 32-bit payload size and a 32-bit FNV-1a of the payload. */
#define TRACE_CHUNK_META "META" /* JSON: format, run, sources, schema; first in the file */
#define TRACE_CHUNK_SYMS "SYMS" /* text: "address type name module" a line */
#define TRACE_CHUNK_RECS "RECS" /* records */
#define TRACE_CHUNK_END "END."  /* 64-bit count of records; last in the file */
#define TRACE_SOURCES_MAX 64

/* A record as a tap sees it: `args` has trace_schema[kind].count of them. */
struct trace_seen {
    uint64_t id, cause;
    ps_t when;
    unsigned source;
    enum trace_kind kind;
    const uint64_t *args;
};

struct trace {
    bool on;
    const struct clock *clock;
    uint64_t next_id;      /* records are numbered from 1 */
    uint64_t last_when;    /* of the chunk being filled */
    uint8_t *chunk;
    size_t size;
    const char *source[TRACE_SOURCES_MAX];
    unsigned source_count;
    /* Where the bytes go; nonzero stops the recorder and sets `failed`. */
    int (*write)(void *sink, const void *bytes, size_t size);
    void *sink;
    bool open, failed;
    /* Who looks on: given each record as it is made, with or without a file; NULL: nobody. */
    void (*tap)(void *ctx, const struct trace_seen *record);
    void *tap_ctx;
};

void trace_init(struct trace *t, const struct clock *clock);
void trace_fini(struct trace *t);

/* Names something that emits records; returns its index.  The name is not copied. */
unsigned trace_source(struct trace *t, const char *name);

/* Starts a file: magic and the META chunk.  Recording stays off until `on` is set. */
void trace_open(struct trace *t, int (*write)(void *, const void *, size_t), void *sink,
                const char *meta_json);
/* Adds a chunk of another kind (symbols) between records. */
void trace_chunk(struct trace *t, const char type[4], const void *payload, size_t size);
/* Recording begins, and `fn` is given each record; a file may be open or not.  One tap at a time. */
void trace_tap(struct trace *t, void (*fn)(void *ctx, const struct trace_seen *record), void *ctx);
/* Flushes and writes the end chunk.  Returns -1 if any write failed. */
int trace_close(struct trace *t);

/* For who would have to compute what an emit function takes. */
static inline bool trace_on(const struct trace *t)
{
    return unlikely(t->on);
}

/* Appends a record and returns its number.  Use the generated trace_<event>() functions. */
uint64_t trace_emit(struct trace *t, unsigned source, enum trace_kind kind, ps_t when,
                    uint64_t cause, const uint64_t *args);

/* `when` and `cause` of something that happens now, for the emit functions. */
#define TRACE_NOW(t) (t)->clock->now, (t)->clock->cause

/* trace_mark(t, source, when, cause, number, instret), and so on for every event: returns the
 * record's number, which later records may name as their cause; 0 while recording is off. */
#define TRACE_PARAM(name, unit) , uint64_t name##_
#define TRACE_VALUE(name, unit) , name##_
#define TRACE_EMITTER(name, doc) \
    static inline uint64_t trace_##name(struct trace *t, unsigned source, ps_t when, \
                                        uint64_t cause TRACE_ARGS_##name(TRACE_PARAM)) \
    { \
        if (likely(!t->on)) \
            return 0; \
        const uint64_t args[] = {0 TRACE_ARGS_##name(TRACE_VALUE)}; \
        return trace_emit(t, source, TRACE_KIND_##name, when, cause, args + 1); \
    }
TRACE_EVENTS(TRACE_EMITTER)

#endif
