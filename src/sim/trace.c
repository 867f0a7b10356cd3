/* SPDX-License-Identifier: Apache-2.0 */
/* Records are varints: kind, source, time since the previous record (zigzag, for harts run one
 * after the other within a quantum), distance to the cause (0: none), arguments.  A chunk starts
 * with the number of its first record and an absolute time, so that a reader can begin at any
 * chunk and a damaged file is readable up to the damage. */
#include "sim/trace.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>

#define CHUNK_BYTES (64 * 1024)
#define VARINT_MAX 10
#define RECORD_MAX (VARINT_MAX * (4 + TRACE_ARGS_MAX))

#define TRACE_COUNT(name, unit) +1
#define TRACE_ARG(name, unit) {#name, TRACE_##unit},
#define TRACE_ROW(name, doc) {#name, doc, 0 TRACE_ARGS_##name(TRACE_COUNT), \
                              {TRACE_ARGS_##name(TRACE_ARG)}},
const struct trace_schema trace_schema[TRACE_KIND_COUNT] = {TRACE_EVENTS(TRACE_ROW)};

const char *const trace_unit_name[TRACE_UNITS] = {
    [TRACE_HEX] = "hex", [TRACE_DEC] = "dec", [TRACE_PS] = "ps", [TRACE_BYTES] = "bytes",
    [TRACE_SOURCE] = "source",
};

static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static void out(struct trace *t, const void *bytes, size_t size)
{
    if (!t->failed && t->write(t->sink, bytes, size)) {
        t->failed = true;
        t->on = t->tap != NULL;
    }
}

static void put_chunk(struct trace *t, const char type[4], const void *payload, size_t size)
{
    uint8_t header[12];

    memcpy(header, type, 4);
    le32_put(header + 4, (uint32_t)size);
    le32_put(header + 8, hash32_bytes(HASH32_START, payload, size));
    out(t, header, sizeof header);
    out(t, payload, size);
}

static void flush(struct trace *t)
{
    if (t->size)
        put_chunk(t, TRACE_CHUNK_RECS, t->chunk, t->size);
    t->size = 0;
}

void trace_init(struct trace *t, const struct clock *clock)
{
    *t = (struct trace){.clock = clock, .next_id = 1};
}

void trace_fini(struct trace *t)
{
    free(t->chunk);
    *t = (struct trace){0};
}

unsigned trace_source(struct trace *t, const char *name)
{
    assert(t->source_count < TRACE_SOURCES_MAX);
    t->source[t->source_count] = name;
    return t->source_count++;
}

void trace_open(struct trace *t, int (*write)(void *, const void *, size_t), void *sink,
                const char *meta_json)
{
    t->write = write;
    t->sink = sink;
    t->chunk = xcalloc(1, CHUNK_BYTES);
    t->open = true;
    out(t, TRACE_FILE_MAGIC, 8);
    put_chunk(t, TRACE_CHUNK_META, meta_json, strlen(meta_json));
}

void trace_chunk(struct trace *t, const char type[4], const void *payload, size_t size)
{
    if (!t->open)
        return;
    flush(t);
    put_chunk(t, type, payload, size);
}

int trace_close(struct trace *t)
{
    uint8_t count[8];

    if (!t->open)
        return 0;
    flush(t);
    le64_put(count, t->next_id - 1);
    put_chunk(t, TRACE_CHUNK_END, count, sizeof count);
    t->open = t->on = false;
    return t->failed ? -1 : 0;
}

void trace_tap(struct trace *t, void (*fn)(void *ctx, const struct trace_seen *record), void *ctx)
{
    t->tap = fn;
    t->tap_ctx = ctx;
    t->on = true;
}

uint64_t trace_emit(struct trace *t, unsigned source, enum trace_kind kind, ps_t when,
                    uint64_t cause, const uint64_t *args)
{
    uint64_t id = t->next_id++;
    int64_t delta;
    uint8_t *p;

    if (t->tap)
        t->tap(t->tap_ctx, &(struct trace_seen){id, cause, when, source, kind, args});
    if (!t->open)
        return id;
    if (t->size + RECORD_MAX + 2 * VARINT_MAX > CHUNK_BYTES)
        flush(t);
    p = t->chunk + t->size;
    if (t->size == 0) {
        p = put_varint(p, id);
        p = put_varint(p, when);
        t->last_when = when;
    }
    delta = (int64_t)(when - t->last_when);
    t->last_when = when;
    p = put_varint(p, kind);
    p = put_varint(p, source);
    p = put_varint(p, (uint64_t)delta << 1 ^ (uint64_t)(delta >> 63));
    p = put_varint(p, cause && cause < id ? id - cause : 0);
    for (unsigned i = 0; i < trace_schema[kind].count; i++)
        p = put_varint(p, args[i]);
    t->size = (size_t)(p - t->chunk);
    return id;
}
