/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell trace print|stats FILE */
#include "cli/cli.h"

#include "base/alloc.h"
#include "insight/trace_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct trace_options {
    bool json;
    const char *event, *source;
    uint64_t from_ps, to_ps, limit;
};

static const struct opt options[] = {
    {NULL, OPT_GROUP, .help = "Which records:"},
    {"event", OPT_TEXT, "NAME", NULL, "only this kind", offsetof(struct trace_options, event)},
    {"source", OPT_TEXT, "NAME", NULL, "only from this source",
     offsetof(struct trace_options, source)},
    {"from", OPT_TIME, "TIME", NULL, "from this virtual time on",
     offsetof(struct trace_options, from_ps)},
    {"to", OPT_TIME, "TIME", NULL, "up to this virtual time",
     offsetof(struct trace_options, to_ps)},
    {"limit", OPT_NUMBER, "N", NULL, "at most N of them", offsetof(struct trace_options, limit)},

    {NULL, OPT_GROUP, .help = "What comes out:"},
    {"json", OPT_FLAG, .help = "JSON: for print one object a line, for stats one object",
     .offset = offsetof(struct trace_options, json)},
    OPT_END,
};

static const char usage[] = "print|stats FILE [OPTION]...\n"
                            "Prints the records of a trace, or counts them by kind and source.";

/* ---- which records ---- */

struct filter {
    const struct trace_options *o;
    int kind, source; /* -1: any */
    uint64_t taken;
};

static int filter_init(struct filter *f, const struct trace_options *o,
                       const struct trace_file *file, struct err *err)
{
    *f = (struct filter){o, -1, -1, 0};
    if (o->event && (f->kind = trace_file_kind(file, o->event)) < 0)
        return err_set(err, "this trace has no event \"%s\" (docs/trace.md lists them)", o->event);
    if (o->source && (f->source = trace_file_source(file, o->source)) < 0)
        return err_set(err, "this trace has no source \"%s\" (doorbell trace stats lists "
                       "them)", o->source);
    return 0;
}

static bool filter_takes(struct filter *f, const struct trace_record *r)
{
    if ((f->kind >= 0 && r->kind != (unsigned)f->kind) ||
        (f->source >= 0 && r->source != (unsigned)f->source) || r->when < f->o->from_ps ||
        (f->o->to_ps && r->when > f->o->to_ps))
        return false;
    f->taken++;
    return true;
}

/* Calls fn for each record that is wanted; 0, or -1 with err at the damage. */
static int each(struct trace_file *file, struct filter *f,
                void (*fn)(void *ctx, const struct trace_file *file, const struct trace_record *r),
                void *ctx, struct err *err)
{
    struct trace_record r;
    int result;

    while ((result = trace_file_next(file, &r, err)) == 1) {
        if (!filter_takes(f, &r))
            continue;
        fn(ctx, file, &r);
        if ((f->o->limit && f->taken == f->o->limit) || ferror(stdout))
            return 0;
    }
    return result;
}

/* ---- print ---- */

static const char *source_name(const struct trace_file *file, uint64_t source)
{
    return source < file->source_count ? file->sources[source] : "?";
}

static void print_value(const struct trace_file *file, enum trace_unit unit, uint64_t v)
{
    switch (unit) {
    case TRACE_HEX: printf("0x%" PRIx64, v); break;
    case TRACE_PS: printf("%" PRIu64 ".%03" PRIu64 "ns", v / 1000, v % 1000); break;
    case TRACE_SOURCE: fputs(source_name(file, v), stdout); break;
    case TRACE_BYTES:
    case TRACE_DEC: printf("%" PRIu64, v); break;
    }
}

static void print_text(void *ctx, const struct trace_file *file, const struct trace_record *r)
{
    const struct trace_file_event *e = &file->events[r->kind];

    (void)ctx;
    printf("%14" PRIu64 ".%03" PRIu64 " %8" PRIu64 " ", r->when / 1000, r->when % 1000, r->id);
    if (r->cause)
        printf("%8" PRIu64, r->cause);
    else
        printf("%8s", "-");
    printf("  %-10s %s", file->sources[r->source], e->name);
    for (unsigned i = 0; i < e->count; i++) {
        printf(" %s=", e->args[i].name);
        print_value(file, e->args[i].unit, r->args[i]);
    }
    putchar('\n');
}

/* Names need no escapes (insight/trace_file.h).  Hexadecimal values are strings: they are addresses
 * and bit patterns, of 64 bits, which many JSON readers would round. */
static void print_json(void *ctx, const struct trace_file *file, const struct trace_record *r)
{
    const struct trace_file_event *e = &file->events[r->kind];

    (void)ctx;
    printf("{\"id\":%" PRIu64 ",\"when_ps\":%" PRIu64 ",\"cause\":%" PRIu64
           ",\"source\":\"%s\",\"event\":\"%s\",\"args\":{", r->id, r->when, r->cause,
           file->sources[r->source], e->name);
    for (unsigned i = 0; i < e->count; i++) {
        printf("%s\"%s\":", i ? "," : "", e->args[i].name);
        if (e->args[i].unit == TRACE_HEX)
            printf("\"0x%" PRIx64 "\"", r->args[i]);
        else if (e->args[i].unit == TRACE_SOURCE)
            printf("\"%s\"", source_name(file, r->args[i]));
        else
            printf("%" PRIu64, r->args[i]);
    }
    puts("}}");
}

static int print(struct trace_file *file, struct filter *f, struct err *err)
{
    if (!f->o->json)
        printf("%18s %8s %8s  %-10s event\n", "time, ns", "record", "cause", "source");
    return each(file, f, f->o->json ? print_json : print_text, NULL, err);
}

/* ---- stats ---- */

struct stats {
    uint64_t *count; /* [source * events + kind] */
    uint64_t *bytes;
    uint64_t records;
    ps_t first, last;
};

static void count(void *ctx, const struct trace_file *file, const struct trace_record *r)
{
    struct stats *s = ctx;
    const struct trace_file_event *e = &file->events[r->kind];
    size_t at = (size_t)r->source * file->event_count + r->kind;

    if (!s->records++ || r->when < s->first)
        s->first = r->when;
    if (r->when > s->last)
        s->last = r->when;
    s->count[at]++;
    for (unsigned i = 0; i < e->count; i++)
        if (e->args[i].unit == TRACE_BYTES)
            s->bytes[at] += r->args[i];
}

static void stats_text(const struct trace_file *file, const struct stats *s)
{
    printf("%" PRIu64 " records from %" PRIu64 ".%03" PRIu64 " ns to %" PRIu64 ".%03" PRIu64
           " ns\n", s->records, s->first / 1000, s->first % 1000, s->last / 1000, s->last % 1000);
    if (s->records)
        printf("\n%-12s %-18s %12s %14s\n", "source", "event", "records", "bytes");
    for (unsigned i = 0; i < file->source_count; i++)
        for (unsigned k = 0; k < file->event_count; k++) {
            size_t at = (size_t)i * file->event_count + k;

            if (!s->count[at])
                continue;
            printf("%-12s %-18s %12" PRIu64, file->sources[i], file->events[k].name, s->count[at]);
            if (s->bytes[at])
                printf(" %14" PRIu64, s->bytes[at]);
            putchar('\n');
        }
}

static void stats_json(const struct trace_file *file, const struct stats *s)
{
    const char *comma = "";

    printf("{\"records\":%" PRIu64 ",\"first_ps\":%" PRIu64 ",\"last_ps\":%" PRIu64
           ",\"events\":[", s->records, s->first, s->last);
    for (unsigned i = 0; i < file->source_count; i++)
        for (unsigned k = 0; k < file->event_count; k++) {
            size_t at = (size_t)i * file->event_count + k;

            if (!s->count[at])
                continue;
            printf("%s\n{\"source\":\"%s\",\"event\":\"%s\",\"records\":%" PRIu64
                   ",\"bytes\":%" PRIu64 "}", comma, file->sources[i], file->events[k].name,
                   s->count[at], s->bytes[at]);
            comma = ",";
        }
    puts("]}");
}

static int stats(struct trace_file *file, struct filter *f, struct err *err)
{
    size_t cells = (size_t)file->source_count * file->event_count + 1;
    struct stats s = {.count = xcalloc(cells, 8), .bytes = xcalloc(cells, 8)};
    int result = each(file, f, count, &s, err);

    if (f->o->json)
        stats_json(file, &s);
    else
        stats_text(file, &s);
    free(s.count);
    free(s.bytes);
    return result;
}

static int work(const char *path, const struct trace_options *o,
                int (*fn)(struct trace_file *, struct filter *, struct err *))
{
    struct err err;
    struct filter filter;
    struct trace_file *file = trace_file_open(path, &err);
    int status;

    if (!file)
        return cli_fail("trace", CLI_FAILED, &err);
    if (filter_init(&filter, o, file, &err))
        status = cli_fail("trace", CLI_USAGE, &err);
    else if (fn(file, &filter, &err))
        status = cli_fail("trace", CLI_FAILED, &err);
    else
        status = cli_flush("trace", CLI_OK);
    trace_file_close(file);
    return status;
}

int cli_trace(int argc, char **argv)
{
    struct trace_options o = {0};
    struct err err;
    int arguments, status = cli_options("trace", usage, options, &o, argc, argv, &arguments);

    if (status >= 0)
        return status;
    if (arguments == 2 && strcmp(argv[0], "print") == 0)
        return work(argv[1], &o, print);
    if (arguments == 2 && strcmp(argv[0], "stats") == 0)
        return work(argv[1], &o, stats);
    err_set(&err, "give print or stats, and one trace file (doorbell trace --help)");
    return cli_fail("trace", CLI_USAGE, &err);
}
