/* SPDX-License-Identifier: Apache-2.0 */
/* Writes traces with the recorder itself and reads them back, whole and damaged. */
#include "insight/trace_file.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/check.h"

static struct err err;
static uint8_t *bytes;
static size_t size;
static char path[] = "/tmp/doorbell-trace-XXXXXX";

static int append(void *sink, const void *from, size_t n)
{
    (void)sink;
    bytes = xrealloc(bytes, size + n);
    memcpy(bytes + size, from, n);
    size += n;
    return 0;
}

/* The schema as the machine writes it. */
static char *meta(void)
{
    static const char *const units[] = {"hex", "dec", "ps", "bytes", "source"};
    json_t *schema = json_array(), *all;
    char *text;

    for (unsigned k = 0; k < TRACE_KIND_COUNT; k++) {
        const struct trace_schema *s = &trace_schema[k];
        json_t *args = json_array();

        for (unsigned a = 0; a < s->count; a++)
            json_array_append_new(args, json_pack("[ss]", s->args[a].name, units[s->args[a].unit]));
        json_array_append_new(schema, json_pack("{ss ss so}", "name", s->name, "doc", s->doc,
                                                "args", args));
    }
    all = json_pack("{ss s[ss] so}", "format", "doorbell.trace/1", "sources", "hart0", "nvme0",
                    "schema", schema);
    text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

static ps_t time_of(uint64_t i)
{
    return i * 1000 + (i % 5 == 4 ? 0 : 2500); /* goes back now and then */
}

/* `records` of three kinds, each caused by the one seven before it; symbols in the middle. */
static void record(uint64_t records)
{
    struct clock clock = {0};
    struct trace t;
    char *text = meta();

    free(bytes);
    bytes = NULL;
    size = 0;
    trace_init(&t, &clock);
    trace_open(&t, append, NULL, text);
    t.on = true;
    for (uint64_t i = 1; i <= records; i++) {
        uint64_t cause = i > 7 ? i - 7 : 0;

        if (i == records / 2)
            trace_chunk(&t, TRACE_CHUNK_SYMS, "0 t x", 5);
        if (i % 3 == 0)
            trace_mark(&t, 0, time_of(i), cause, i, ~i, 0);
        else if (i % 3 == 1)
            trace_nvme_complete(&t, 1, time_of(i), cause, 1, i, 0, i % 32);
        else
            trace_idle_begin(&t, 0, time_of(i), cause, UINT64_C(0xffffffff80000000) + i);
    }
    CHECK(trace_close(&t) == 0);
    trace_fini(&t);
    free(text);
}

static void store(const uint8_t *from, size_t n)
{
    static bool made;
    FILE *f;

    if (!made)
        close(mkstemp(path));
    made = true;
    f = fopen(path, "wb");
    CHECK(f && fwrite(from, 1, n, f) == n && fclose(f) == 0);
}

static void count_symbols(void *ctx, const char type[4], const uint8_t *payload, size_t n)
{
    if (memcmp(type, TRACE_CHUNK_SYMS, 4) == 0 && n == 5 && memcmp(payload, "0 t x", 5) == 0)
        ++*(unsigned *)ctx;
}

/* Reads all; returns how many records, *end is the last result. */
static uint64_t read_all(int *end)
{
    struct trace_file *file = trace_file_open(path, &err);
    struct trace_record r;
    uint64_t n = 0;

    *end = -2;
    if (!file)
        return 0;
    while ((*end = trace_file_next(file, &r, &err)) == 1) {
        n++;
        CHECK(r.id == n && r.cause < r.id && r.kind < file->event_count &&
              r.source < file->source_count);
    }
    CHECK(trace_file_next(file, &r, &err) == *end);
    trace_file_close(file);
    return n;
}

static void test_what_was_recorded_is_read(void)
{
    struct trace_file *file;
    struct trace_record r;
    unsigned symbols = 0;
    uint64_t i = 0;
    int complete, cid;

    record(30000); /* several chunks */
    store(bytes, size);
    file = trace_file_open(path, &err);
    CHECK(file != NULL);
    file->other = count_symbols;
    file->other_ctx = &symbols;
    complete = trace_file_kind(file, "nvme_complete");
    cid = trace_file_arg(file, complete, "cid");
    CHECK(complete == TRACE_KIND_nvme_complete && cid == 1);
    CHECK(trace_file_kind(file, "none") == -1 && trace_file_arg(file, complete, "none") == -1);
    CHECK(trace_file_arg(file, -1, "cid") == -1);
    CHECK(trace_file_source(file, "nvme0") == 1);
    while (trace_file_next(file, &r, &err) == 1) {
        i++;
        CHECK_EQ_U64(r.id, i);
        CHECK_EQ_U64(r.when, time_of(i));
        CHECK_EQ_U64(r.cause, i > 7 ? i - 7 : 0);
        if (i % 3 == 0) {
            CHECK(r.kind == TRACE_KIND_mark && r.source == 0);
            CHECK(r.args[0] == i && r.args[1] == ~i);
        } else if (i % 3 == 1) {
            CHECK(r.kind == (unsigned)complete && r.source == 1 && r.args[cid] == i);
        }
    }
    CHECK_EQ_U64(i, 30000);
    CHECK_EQ_U64(symbols, 1);
    trace_file_close(file);
}

static void test_empty_trace_is_complete(void)
{
    int end;

    record(0);
    store(bytes, size);
    CHECK_EQ_U64(read_all(&end), 0);
    CHECK(end == 0);
}

static void test_truncation_anywhere_gives_the_good_records_and_one_line(void)
{
    uint64_t last = 0;
    int end;

    record(20000);
    for (size_t n = 0; n < size; n += n < 100 || n + 1100 > size ? 1 : 997) {
        uint64_t got;

        store(bytes, n);
        err.text[0] = '\0';
        got = read_all(&end);
        CHECK(end < 0);
        CHECK(got >= last && got <= 20000);
        CHECK(strstr(err.text, path) != NULL && !strchr(err.text, '\n'));
        last = got;
    }
    CHECK_EQ_U64(last, 20000); /* only the end mark was missing */
    CHECK(strstr(err.text, "is truncated") != NULL);
}

static void test_a_flipped_bit_is_noticed(void)
{
    int end;

    record(3000);
    for (size_t at = 0; at < size; at += at < 60 ? 1 : 131) {
        bytes[at] ^= 4;
        store(bytes, size);
        err.text[0] = '\0';
        read_all(&end);
        CHECK(end < 0 && err.text[0] && !strchr(err.text, '\n'));
        bytes[at] ^= 4;
    }
}

static void test_something_after_the_end_is_noticed(void)
{
    int end;

    record(10);
    append(NULL, "x", 1);
    store(bytes, size);
    CHECK_EQ_U64(read_all(&end), 10);
    CHECK(end == -1 && strstr(err.text, "something follows its end mark"));
}

/* ---- files made by hand, with good check sums ---- */

static uint32_t fnv1a(const uint8_t *p, size_t n)
{
    uint32_t h = UINT32_C(0x811c9dc5);

    while (n--)
        h = (h ^ *p++) * UINT32_C(0x01000193);
    return h;
}

static void chunk(const char *type, const void *payload, size_t n)
{
    uint8_t header[12];

    memcpy(header, type, 4);
    le32_put(header + 4, (uint32_t)n);
    le32_put(header + 8, fnv1a(payload, n));
    append(NULL, header, sizeof header);
    append(NULL, payload, n);
}

static void begin_file(const char *text)
{
    size = 0;
    append(NULL, TRACE_FILE_MAGIC, 8);
    chunk("META", text, strlen(text));
}

#define SMALL_META \
    "{\"format\":\"doorbell.trace/1\",\"sources\":[\"s\"],\"schema\":" \
    "[{\"name\":\"old\",\"doc\":\"\",\"args\":[[\"a\",\"ps\"]]}]}"

static void records_refused(const uint8_t *payload, size_t n, const char *why)
{
    int end;

    begin_file(SMALL_META);
    chunk("RECS", payload, n);
    store(bytes, size);
    read_all(&end);
    CHECK(end == -1);
    if (!strstr(err.text, why))
        CHECK_EQ_STR(err.text, why);
}

static void test_records_that_make_no_sense_are_refused(void)
{
    static const uint8_t kind[] = {1, 0, 1, 0, 0, 0, 5}, source[] = {1, 0, 0, 1, 0, 0, 5},
                         cause[] = {1, 0, 0, 0, 0, 1, 5}, cut[] = {1, 0, 0, 0, 0, 0},
                         first[] = {2, 0, 0, 0, 0, 0, 5},
                         longest[] = {1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0x02};

    records_refused(kind, sizeof kind, "record 1 makes no sense");
    records_refused(source, sizeof source, "record 1 makes no sense");
    records_refused(cause, sizeof cause, "record 1 makes no sense");
    records_refused(cut, sizeof cut, "record 1 makes no sense");
    records_refused(longest, sizeof longest, "record 1 makes no sense");
    records_refused(first, sizeof first, "record 2 follows record 0");
}

static void meta_refused(const char *text, const char *why)
{
    begin_file(text);
    store(bytes, size);
    CHECK(trace_file_open(path, &err) == NULL);
    if (!strstr(err.text, why))
        CHECK_EQ_STR(err.text, why);
}

static void test_descriptions_that_make_no_sense_are_refused(void)
{
    meta_refused("{", "not valid JSON");
    meta_refused("[]", "a format that this version does not know");
    meta_refused("{\"format\":\"doorbell.trace/9\"}", "a format that this version does not know");
    meta_refused("{\"format\":\"doorbell.trace/1\",\"schema\":[3]}", "event 0 of its schema");
    meta_refused("{\"format\":\"doorbell.trace/1\",\"schema\":[{\"name\":\"e\",\"args\":"
                 "[[\"a\",\"furlong\"]]}]}", "event 0 of its schema");
    meta_refused("{\"format\":\"doorbell.trace/1\",\"schema\":[{\"name\":\"e\\u001b[m\"}]}",
                 "event 0 of its schema");
    meta_refused("{\"format\":\"doorbell.trace/1\",\"sources\":[\"a b\"]}",
                 "source 0 of its schema");
}

static void test_schema_is_the_file_s_own(void)
{
    static const uint8_t one[] = {1, 9, 0, 0, 6, 0, 42};
    static const uint8_t count[8] = {1};
    struct trace_file *file;
    struct trace_record r;

    begin_file(SMALL_META);
    chunk("NEW!", "unknown to this version", 10);
    chunk("RECS", one, sizeof one);
    chunk("END.", count, 8);
    store(bytes, size);
    file = trace_file_open(path, &err);
    CHECK(file && file->event_count == 1 && file->events[0].args[0].unit == TRACE_PS);
    CHECK(trace_file_next(file, &r, &err) == 1);
    CHECK(r.when == 12 && r.args[0] == 42);
    CHECK(trace_file_next(file, &r, &err) == 0);
    trace_file_close(file);
    free(bytes);
    bytes = NULL;
    unlink(path);
}

TEST_MAIN(test_what_was_recorded_is_read, test_empty_trace_is_complete,
          test_truncation_anywhere_gives_the_good_records_and_one_line,
          test_a_flipped_bit_is_noticed, test_something_after_the_end_is_noticed,
          test_records_that_make_no_sense_are_refused,
          test_descriptions_that_make_no_sense_are_refused, test_schema_is_the_file_s_own)
