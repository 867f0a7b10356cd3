/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_run.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "host/file.h"
#include "host/terminal.h"
#include "insight/symbols.h"
#include "insight/timeline.h"
#include "machine/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define KERNEL_BYTES_MAX (UINT64_C(256) << 20)
#define FUNCTION_BYTES_MAX 16384
#define RETURN ":return"

struct explain {
    const struct explain_job *job;
    struct symbols *symbols;
    bool started, ended;
};

struct reader {
    struct machine *m;
    unsigned hart;
};

static int read_kernel(void *ctx, uint64_t va, void *buf, size_t len)
{
    const struct reader *r = ctx;

    return machine_read_virtual(r->m, r->hart, va, buf, len);
}

/* The third word of "Linux version 6.12... (...": the release. */
static void kernel_release(const struct explain *e, struct reader *r, char *out, size_t size)
{
    uint64_t banner = symbols_find(e->symbols, "linux_banner");
    char text[128] = "";
    const char *start;

    snprintf(out, size, "unknown");
    if (!banner || read_kernel(r, banner, text, sizeof text - 1))
        return;
    start = strstr(text, "version ");
    if (start)
        snprintf(out, size, "%.*s", (int)strcspn(start + 8, " "), start + 8);
}

static void note_request(const struct explain *e, struct reader *r)
{
    char release[96], *text;
    json_t *note;

    kernel_release(e, r, release, sizeof release);
    if (e->job->lab)
        note = json_pack("{s{ss ss} sO}", "guest", "kernel", TIMELINE_LABS_KERNEL, "filesystem",
                         "flat table", "request", e->job->request);
    else
        note = json_pack("{s{ss} sO}", "guest", "kernel", release, "request", e->job->request);
    text = json_dumps(note, JSON_COMPACT);
    trace_chunk(machine_trace(r->m), TRACE_CHUNK_NOTE, text, strlen(text));
    free(text);
    json_decref(note);
}

/* ---- probes ---- */

static void plant_at(struct reader *r, uint64_t address, const struct symbol *s, const char *suffix,
                     FILE *out)
{
    if (!machine_probe(r->m, r->hart, address))
        fprintf(out, "%016" PRIx64 " %c %.*s%s %s\n", address, s->type,
                *suffix ? (int)strcspn(s->name, ".") : (int)strlen(s->name), s->name, suffix,
                s->module ? s->module : "-");
}

/* At each `ret` of the function.  Where it stands in straight-line code, the probe ends a block, so
 * functions are named here only that return with interrupts off. */
static void plant_returns(const struct explain *e, struct reader *r, const struct symbol *s,
                          FILE *out)
{
    uint64_t at = s->address, offset;
    uint8_t code[4];

    while (at - s->address < FUNCTION_BYTES_MAX) {
        const struct symbol *in = symbols_at(e->symbols, at, &offset);
        bool wide;

        if (!in || in->address != s->address || read_kernel(r, at, code, 2))
            return;
        wide = (code[0] & 3) == 3;
        if (wide && read_kernel(r, at + 2, code + 2, 2))
            return;
        if (wide ? le32_get(code) == 0x00008067 : le16_get(code) == 0x8082)
            plant_at(r, at, s, RETURN, out);
        at += wide ? 4 : 2;
    }
}

static void plant_function(const struct explain *e, struct reader *r, const char *name, size_t len,
                           FILE *out)
{
    const struct symbol *found[8];
    char exact[128];
    size_t n, suffix = strlen(RETURN);
    bool returns;

    snprintf(exact, sizeof exact, "%.*s", (int)len, name);
    returns = len > suffix && len < sizeof exact && !strcmp(exact + len - suffix, RETURN);
    if (returns)
        exact[len - suffix] = '\0';
    n = symbols_find_all(e->symbols, exact, found, ARRAY_LEN(found));
    for (size_t i = 0; i < n && i < ARRAY_LEN(found); i++)
        if (returns)
            plant_returns(e, r, found[i], out);
        else
            plant_at(r, found[i]->address, found[i], "", out);
}

/* Plants a probe at each function of the table and writes their names into the trace. */
static void plant(const struct explain *e, struct reader *r)
{
    char *lines = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&lines, &size);

    if (!out)
        return;
    for (const char *const *names = e->job->functions; *names; names++)
        for (const char *p = *names; *p; p += strcspn(p, "|"), p += *p == '|')
            plant_function(e, r, p, strcspn(p, "|"), out);
    fclose(out);
    trace_chunk(machine_trace(r->m), TRACE_CHUNK_SYMS, lines, size);
    free(lines);
}

/* ---- the run ---- */

static void on_mark(void *ctx, struct machine *m, unsigned hart, uint64_t number)
{
    struct explain *e = ctx;
    struct reader r = {m, hart};

    if (e->job->lab && !e->started) {
        plant(e, &r);
        note_request(e, &r);
        e->started = true;
    } else if (e->job->lab) {
        return;
    } else if (number == MARK_RUN_START && !e->started) {
        /* What could not be read is missing from the table; the explanation says what. */
        (void)symbols_add_modules(e->symbols, read_kernel, &r, NULL);
        plant(e, &r);
        note_request(e, &r);
        machine_trace(m)->on = true;
        e->started = true;
    } else if (number == MARK_RUN_END && e->started) {
        e->ended = true;
        machine_stop(m);
    }
}

int explain_symbols(struct symbols **symbols, const char *kernel, struct err *err)
{
    uint8_t *bytes;
    size_t size;
    int rc;

    if (file_read("kernel", kernel, KERNEL_BYTES_MAX, &bytes, &size, err))
        return -1;
    rc = symbols_load_image(symbols, bytes, size, err);
    free(bytes);
    return rc ? err_prefix(err, "%s: its symbols", kernel) : 0;
}

static int record(struct explain *e, const char *trace, struct err *err)
{
    struct machine *m = machine_new(e->job->config, err);
    struct machine_result result;
    int rc = -1;

    if (!m)
        return -1;
    machine_on_mark(m, on_mark, e);
    if (!machine_trace_open(m, trace, e->job->lab, err)) {
        if (isatty(STDERR_FILENO) && !e->job->lab)
            log_line("booting the guest and measuring (some seconds) ...");
        terminal_catch_signals();
        machine_run(m, &result);
        rc = machine_close(m, err);
        if (!rc && e->job->lab && !e->started)
            rc = err_set(err, "the program passed no mark (labs/lib/mark.h)");
        else if (!rc && !e->ended && !((e->job->may_end || e->job->lab) && e->started))
            rc = err_set(err, "the guest ended before its request was measured (look at it with "
                         "--console stdio)");
    }
    machine_free(m);
    return rc;
}

int explain_record(const struct explain_job *job, char *trace, size_t trace_size, struct err *err)
{
    struct explain e = {.job = job};
    const char *dir = getenv("TMPDIR");
    int rc = -1, fd;

    if (job->config->trace) {
        snprintf(trace, trace_size, "%s", job->config->trace);
    } else {
        snprintf(trace, trace_size, "%s/doorbell-trace-XXXXXX", dir && *dir ? dir : "/tmp");
        if ((fd = mkstemp(trace)) < 0) {
            *trace = '\0';
            return err_set(err, "cannot make a temporary file in %s (set TMPDIR, or --trace)",
                           dir && *dir ? dir : "/tmp");
        }
        close(fd);
    }
    if (!explain_symbols(&e.symbols, job->config->kernel, err))
        rc = record(&e, trace, err);
    symbols_free(e.symbols);
    return rc;
}

void explain_forget(const struct board_config *config, const char *trace)
{
    if (!config->trace && *trace)
        unlink(trace);
}

/* ---- files ---- */

int explain_draw(void (*draw)(const void *what, FILE *out), const void *what, const char *path,
                 struct err *err)
{
    char *svg = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&svg, &size);
    int rc;

    if (!out)
        return err_set(err, "--svg: out of memory");
    draw(what, out);
    fclose(out);
    rc = file_write("picture", path, svg, size, err);
    free(svg);
    return rc;
}

int explain_load_two(char **paths, json_t *two[2], struct err *err)
{
    json_error_t why;

    two[0] = two[1] = NULL;
    for (unsigned i = 0; i < 2; i++) {
        two[i] = json_load_file(paths[i], 0, &why);
        if (!two[i]) {
            json_decref(two[0]);
            return err_set(err, "%s: %s (it should be the output of doorbell explain --json)",
                           paths[i], why.text);
        }
    }
    return 0;
}
