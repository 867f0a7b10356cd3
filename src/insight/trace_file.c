/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/trace_file.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The recorder's chunks of records have at most 64 KiB; symbols and META are larger. */
#define CHUNK_BYTES_MAX (64u << 20)
#define NAME_MAX_BYTES 64

struct trace_file_reader {
    FILE *stream;
    const char *path;
    uint8_t *chunk; /* the one being read */
    size_t size, at, capacity;
    char type[4];
    uint64_t next_id;
    uint64_t when; /* of the previous record */
    bool ended;    /* the end chunk was read */
    bool failed;
    struct err err;
};

#define BAD(r, fmt, ...) \
    err_set(&(r)->err, "the trace %s " fmt, (r)->path, ##__VA_ARGS__)

/* ---- chunks ---- */

/* Reads exactly size bytes; -1 when there are fewer. */
static int take(struct trace_file_reader *r, void *to, size_t size, const char *what)
{
    if (fread(to, 1, size, r->stream) == size)
        return 0;
    if (ferror(r->stream))
        return BAD(r, "cannot be read: %s", strerror(errno));
    return BAD(r, "is truncated: it ends in %s, after %llu good records (the run was killed, or "
               "the disk was full)", what, (unsigned long long)(r->next_id - 1));
}

static int next_chunk(struct trace_file_reader *r)
{
    uint8_t header[12];
    size_t read = 0, size;

    if (take(r, header, sizeof header, "the place of a chunk's header"))
        return -1;
    memcpy(r->type, header, 4);
    size = le32_get(header + 4);
    r->size = r->at = 0;
    if (size > CHUNK_BYTES_MAX)
        return BAD(r, "is damaged: a chunk of %zu bytes after %llu good records", size,
                   (unsigned long long)(r->next_id - 1));
    /* Grown as the bytes come: a damaged size allocates nothing. */
    while (read < size) {
        size_t step = size - read < 65536 ? size - read : 65536;

        if (read + step > r->capacity) {
            r->capacity = (read + step) * 2;
            r->chunk = xrealloc(r->chunk, r->capacity);
        }
        if (take(r, r->chunk + read, step, "the middle of a chunk"))
            return -1;
        read += step;
    }
    if (hash32_bytes(HASH32_START, r->chunk, size) != le32_get(header + 8))
        return BAD(r, "is damaged: a chunk after %llu good records does not match its check sum",
                   (unsigned long long)(r->next_id - 1));
    r->size = size;
    return 0;
}

/* ---- META ---- */

static bool is_name(const char *s)
{
    size_t n = 0;

    for (; s && s[n] && n < NAME_MAX_BYTES; n++)
        if (!((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') ||
              (s[n] >= '0' && s[n] <= '9') || strchr("_.-", s[n])))
            return false;
    return n > 0 && !s[n];
}

static int read_arg(struct trace_file_arg *arg, const json_t *from)
{
    const char *unit = json_string_value(json_array_get(from, 1));

    arg->name = json_string_value(json_array_get(from, 0));
    for (unsigned u = 0; unit && u < TRACE_UNITS; u++)
        if (strcmp(unit, trace_unit_name[u]) == 0) {
            arg->unit = u;
            return is_name(arg->name) ? 0 : -1;
        }
    return -1;
}

static int read_event(struct trace_file_event *event, const json_t *from)
{
    const json_t *args = json_object_get(from, "args");

    event->name = json_string_value(json_object_get(from, "name"));
    event->doc = json_string_value(json_object_get(from, "doc"));
    event->count = (unsigned)json_array_size(args);
    if (!is_name(event->name) || json_array_size(args) > TRACE_FILE_ARGS_MAX)
        return -1;
    for (unsigned i = 0; i < event->count; i++)
        if (read_arg(&event->args[i], json_array_get(args, i)))
            return -1;
    return 0;
}

/* Takes the schema out of file->meta; the strings stay owned by it. */
static int read_meta(struct trace_file *file)
{
    const json_t *events = json_object_get(file->meta, "schema");
    const json_t *sources = json_object_get(file->meta, "sources");
    const char *format = json_string_value(json_object_get(file->meta, "format"));

    if (!format || strcmp(format, "doorbell.trace/1"))
        return BAD(file->reader, "has a format that this version does not know");
    file->event_count = (unsigned)json_array_size(events);
    file->source_count = (unsigned)json_array_size(sources);
    file->events = xcalloc(file->event_count + 1, sizeof *file->events);
    file->sources = xcalloc(file->source_count + 1, sizeof *file->sources);
    for (unsigned i = 0; i < file->event_count; i++)
        if (read_event(&file->events[i], json_array_get(events, i)))
            return BAD(file->reader, "is damaged: event %u of its schema", i);
    for (unsigned i = 0; i < file->source_count; i++) {
        file->sources[i] = json_string_value(json_array_get(sources, i));
        if (!is_name(file->sources[i]))
            return BAD(file->reader, "is damaged: source %u of its schema", i);
    }
    return 0;
}

static int read_head(struct trace_file *file)
{
    struct trace_file_reader *r = file->reader;
    char magic[8];
    json_error_t why;

    if (fread(magic, 1, sizeof magic, r->stream) != sizeof magic ||
        memcmp(magic, TRACE_FILE_MAGIC, sizeof magic))
        return ferror(r->stream) ? BAD(r, "cannot be read: %s", strerror(errno))
                                 : BAD(r, "is not a doorbell trace");
    if (next_chunk(r))
        return -1;
    if (memcmp(r->type, TRACE_CHUNK_META, 4))
        return BAD(r, "is damaged: it does not begin with its description");
    file->meta = json_loadb((const char *)r->chunk, r->size, JSON_REJECT_DUPLICATES, &why);
    if (!file->meta)
        return BAD(r, "is damaged: its description is not valid JSON (line %d)", why.line);
    r->at = r->size;
    return read_meta(file);
}

struct trace_file *trace_file_open(const char *path, struct err *err)
{
    struct trace_file *file = xcalloc(1, sizeof *file);
    struct trace_file_reader *r = file->reader = xcalloc(1, sizeof *r);

    r->path = path;
    r->next_id = 1;
    r->stream = fopen(path, "rbe");
    if (!r->stream)
        BAD(r, "cannot be opened: %s", strerror(errno));
    else if (!read_head(file))
        return file;
    if (err)
        *err = r->err;
    trace_file_close(file);
    return NULL;
}

void trace_file_close(struct trace_file *file)
{
    if (!file)
        return;
    if (file->reader->stream)
        fclose(file->reader->stream);
    free(file->reader->chunk);
    free(file->reader);
    free(file->events);
    free(file->sources);
    json_decref(file->meta);
    free(file);
}

/* ---- records ---- */

static bool take_varint(struct trace_file_reader *r, uint64_t *value)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64 && r->at < r->size; shift += 7) {
        uint8_t byte = r->chunk[r->at++];

        if (shift == 63 && byte > 1)
            return false;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = v;
            return true;
        }
    }
    return false;
}

static int bad_record(struct trace_file_reader *r)
{
    return BAD(r, "is damaged: record %llu makes no sense", (unsigned long long)r->next_id);
}

static int take_record(struct trace_file *file, struct trace_record *record)
{
    struct trace_file_reader *r = file->reader;
    uint64_t kind, source, delta, distance;

    if (!take_varint(r, &kind) || !take_varint(r, &source) || !take_varint(r, &delta) ||
        !take_varint(r, &distance))
        return bad_record(r);
    if (kind >= file->event_count || source >= file->source_count || distance >= r->next_id)
        return bad_record(r);
    r->when += delta >> 1 ^ -(delta & 1);
    *record = (struct trace_record){
        .id = r->next_id,
        .cause = distance ? r->next_id - distance : 0,
        .when = r->when,
        .kind = (unsigned)kind,
        .source = (unsigned)source,
    };
    for (unsigned i = 0; i < file->events[kind].count; i++)
        if (!take_varint(r, &record->args[i]))
            return bad_record(r);
    r->next_id++;
    file->records++;
    return 1;
}

/* A chunk of records begins with the number and time of its first. */
static int begin_records(struct trace_file_reader *r)
{
    uint64_t first;

    if (!take_varint(r, &first) || !take_varint(r, &r->when))
        return bad_record(r);
    if (first != r->next_id)
        return BAD(r, "is damaged: record %llu follows record %llu", (unsigned long long)first,
                   (unsigned long long)(r->next_id - 1));
    return 0;
}

static int end_of_file(struct trace_file_reader *r)
{
    r->ended = true;
    if (r->size != 8 || le64_get(r->chunk) != r->next_id - 1)
        return BAD(r, "is damaged: its end mark does not fit its %llu records",
                   (unsigned long long)(r->next_id - 1));
    if (getc(r->stream) != EOF)
        return BAD(r, "is damaged: something follows its end mark");
    return 0;
}

static int next_record(struct trace_file *file, struct trace_record *record)
{
    struct trace_file_reader *r = file->reader;

    while (r->at == r->size) {
        if (r->ended)
            return 0;
        if (next_chunk(r))
            return -1;
        if (memcmp(r->type, TRACE_CHUNK_RECS, 4) == 0) {
            if (begin_records(r))
                return -1;
            continue;
        }
        r->at = r->size;
        if (memcmp(r->type, TRACE_CHUNK_END, 4) == 0) {
            if (end_of_file(r))
                return -1;
        } else if (file->other) {
            file->other(file->other_ctx, r->type, r->chunk, r->size);
        }
    }
    return take_record(file, record);
}

int trace_file_next(struct trace_file *file, struct trace_record *record, struct err *err)
{
    struct trace_file_reader *r = file->reader;
    int result = r->failed ? -1 : next_record(file, record);

    if (result < 0) {
        r->failed = true;
        if (err)
            *err = r->err;
    }
    return result;
}

/* ---- names ---- */

int trace_file_kind(const struct trace_file *file, const char *event)
{
    for (unsigned i = 0; i < file->event_count; i++)
        if (strcmp(file->events[i].name, event) == 0)
            return (int)i;
    return -1;
}

int trace_file_source(const struct trace_file *file, const char *source)
{
    for (unsigned i = 0; i < file->source_count; i++)
        if (strcmp(file->sources[i], source) == 0)
            return (int)i;
    return -1;
}

int trace_file_arg(const struct trace_file *file, int kind, const char *arg)
{
    if (kind < 0 || (unsigned)kind >= file->event_count)
        return -1;
    for (unsigned i = 0; i < file->events[kind].count; i++)
        if (strcmp(file->events[kind].args[i].name, arg) == 0)
            return (int)i;
    return -1;
}

void trace_symbols(const char *text, size_t size,
                   void (*fn)(void *ctx, uint64_t address, const char *name), void *ctx)
{
    const char *end = text + size;

    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((line_end ? line_end : end) - text);
        char line[256], *name;

        if (len < sizeof line) {
            memcpy(line, text, len);
            line[len] = '\0';
            name = strchr(line, ' ');
            name = name ? strchr(name + 1, ' ') : NULL;
            if (name++) {
                name[strcspn(name, " .")] = '\0';
                fn(ctx, strtoull(line, NULL, 16), name);
            }
        }
        text += len + 1;
    }
}
