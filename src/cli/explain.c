/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell explain: runs the marked request in the guest and lays it out.
 *
 * The run: boot; at mark 1 (modules loaded, before the first warm-up pass) the kernel's and its
 * modules' symbols are read from image and memory, probes are planted and recording starts; at mark
 * 4 the machine stops.  The trace file is then all that the timeline is made from. */
#include "cli/cli.h"
#include "cli/guest.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "host/file.h"
#include "host/terminal.h"
#include "insight/symbols.h"
#include "insight/timeline.h"
#include "machine/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KERNEL_BYTES_MAX (UINT64_C(256) << 20)
#define WARMUPS_DEFAULT "8"
#define READ_BYTES 4096

enum state { STATE_COLD, STATE_HOT };
static const char *const state_names[] = {[STATE_COLD] = "cold", [STATE_HOT] = "hot", NULL};

struct explain_options {
    struct board_config config; /* first: the option callbacks are given it */
    unsigned state;
    uint64_t warmups;
    bool json, compare;
    const char *disk, *profile, *from, *svg;
};

#define CONFIG(member) offsetof(struct explain_options, config.member)
#define OWN(member) offsetof(struct explain_options, member)

static const struct opt options[] = {
    {NULL, OPT_GROUP, .help = "What is explained:"},
    {"state", OPT_CHOICE, "STATE", "cold", "of the page cache: cold or hot", OWN(state),
     .choices = state_names},
    {"warmups", OPT_NUMBER, "N", WARMUPS_DEFAULT, "passes before the measured one", OWN(warmups),
     0, 1000},

    {NULL, OPT_GROUP, .help = "On what:"},
    {"profile", OPT_TEXT, "NAME", NULL, "the drive's media: optane-p5800x, 970pro, zn540, ideal",
     OWN(profile)},
    {"set", OPT_CALL, "PATH=VALUE", NULL, "change a parameter of the model; may be repeated",
     .call = config_add_set},
    {"timing", OPT_CHOICE, "LEVEL", "io", "off or io", CONFIG(timing),
     .choices = config_timing_names},
    {"engine", OPT_CHOICE, "NAME", "jit", "who executes: jit or interp (the same timeline)",
     CONFIG(engine), .choices = config_engine_names},
    {"irq", OPT_CHOICE, "KIND", "aia", "interrupt controllers: plic, or aia (APLIC and IMSIC)",
     CONFIG(irq), .choices = config_irq_names},
    {"harts", OPT_NUMBER, "N", "1", "processors, 1 to 16", CONFIG(harts), 1, VIRT_HARTS_MAX},
    {"memory", OPT_SIZE, "SIZE", "1G", "RAM", CONFIG(memory_bytes), CONFIG_MEMORY_MIN,
     CONFIG_MEMORY_MAX},
    {"seed", OPT_NUMBER, "N", "1", "of everything random", CONFIG(seed), 0, INT64_MAX},
    {"kernel", OPT_TEXT, "FILE", NULL, "default: the one that guest/fetch made", CONFIG(kernel)},
    {"initrd", OPT_TEXT, "FILE", NULL, "default: the one that guest/initrd made", CONFIG(initrd)},
    {"disk", OPT_TEXT, "FILE", NULL, "image of the drive, not changed; default: guest/image's",
     OWN(disk)},

    {NULL, OPT_GROUP, .help = "What comes out:"},
    {"json", OPT_FLAG, .help = "schema doorbell.explain/1 (docs/explain.md)", .offset = OWN(json)},
    {"svg", OPT_TEXT, "FILE", NULL, "draw it, too", OWN(svg)},
    {"trace", OPT_TEXT, "FILE", NULL, "keep the trace", CONFIG(trace)},
    {"console", OPT_TEXT, "WHERE", "null", "the guest's console: stdio, pty, null, or a file",
     CONFIG(console)},

    {NULL, OPT_GROUP, .help = "Instead of running:"},
    {"from", OPT_TEXT, "TRACE", NULL, "explain the request in a trace that was kept", OWN(from)},
    {"compare", OPT_FLAG, .help = "put two outputs of --json side by side", .offset = OWN(compare)},
    OPT_END,
};

static const char usage[] =
    "read [OPTION]...\n"
    "       doorbell explain --compare A B\n"
    "Reads a file on the NVMe drive of an unmodified Debian guest and shows where each nanosecond\n"
    "of read(fd, buf, 4096) went.";

/* ---- the run ---- */

struct explain {
    const struct explain_options *o;
    struct symbols *symbols;
    bool started, ended;
    struct err err; /* of the mark callback */
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
    note = json_pack("{s{ss} s{ss ss ss si}}", "guest", "kernel", release, "request", "what",
                     "read", "how", "read", "state", state_names[e->o->state], "bytes",
                     READ_BYTES);
    text = json_dumps(note, JSON_COMPACT);
    trace_chunk(machine_trace(r->m), TRACE_CHUNK_NOTE, text, strlen(text));
    free(text);
    json_decref(note);
}

static void plant_function(const struct explain *e, struct reader *r, const char *name, size_t len,
                           FILE *out)
{
    const struct symbol *found[8];
    char exact[128];
    size_t n;

    snprintf(exact, sizeof exact, "%.*s", (int)len, name);
    n = symbols_find_all(e->symbols, exact, found, ARRAY_LEN(found));
    for (size_t i = 0; i < n && i < ARRAY_LEN(found); i++)
        if (!machine_probe(r->m, r->hart, found[i]->address))
            fprintf(out, "%016" PRIx64 " %c %s %s\n", found[i]->address, found[i]->type,
                    found[i]->name, found[i]->module ? found[i]->module : "-");
}

/* Plants a probe at each function of the table and writes their names into the trace. */
static void plant(const struct explain *e, struct reader *r)
{
    char *lines = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&lines, &size);

    if (!out)
        return;
    for (const char *const *names = timeline_functions; *names; names++)
        for (const char *p = *names; *p; p += strcspn(p, "|"), p += *p == '|')
            plant_function(e, r, p, strcspn(p, "|"), out);
    fclose(out);
    trace_chunk(machine_trace(r->m), TRACE_CHUNK_SYMS, lines, size);
    free(lines);
}

static void on_mark(void *ctx, struct machine *m, unsigned hart, uint64_t number)
{
    struct explain *e = ctx;
    struct reader r = {m, hart};

    if (number == MARK_RUN_START && !e->started) {
        /* What could not be read is missing from the table; the timeline says what. */
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

static int load_symbols(struct explain *e, const char *kernel, struct err *err)
{
    uint8_t *bytes;
    size_t size;
    int rc;

    if (file_read("kernel", kernel, KERNEL_BYTES_MAX, &bytes, &size, err))
        return -1;
    rc = symbols_load_image(&e->symbols, bytes, size, err);
    free(bytes);
    return rc ? err_prefix(err, "%s: its symbols", kernel) : 0;
}

static int record(struct explain *e, const char *trace, struct err *err)
{
    struct machine *m = machine_new(&e->o->config, err);
    struct machine_result result;
    int rc = -1;

    if (!m)
        return -1;
    machine_on_mark(m, on_mark, e);
    if (!machine_trace_open(m, trace, false, err)) {
        if (isatty(STDERR_FILENO))
            log_line("booting the guest and measuring (some seconds) ...");
        terminal_catch_signals();
        machine_run(m, &result);
        rc = machine_close(m, err);
        if (!rc && !e->ended)
            rc = err_set(err, "the guest ended before its request was measured (look at it with "
                         "--console stdio)");
    }
    machine_free(m);
    return rc;
}

/* Fills what the user has left open with the guest that guest/ makes. */
static int prepare(struct explain_options *o, char **owned, char *append, size_t append_size,
                   struct err *err)
{
    struct nvme_drive_config *drive = &o->config.nvme[0];

    if ((!o->config.kernel &&
         !(o->config.kernel = owned[0] = cli_guest_path("guest/Image", "fetch", err))) ||
        (!o->config.initrd &&
         !(o->config.initrd = owned[1] = cli_guest_path("initrd.cpio", "initrd", err))) ||
        (!o->disk && !(o->disk = owned[2] = cli_guest_path("disk.img", "image", err))))
        return -1;
    snprintf(append, append_size, CLI_GUEST_WORDS " "
             "doorbell.job=read doorbell.args=%s,%" PRIu64, state_names[o->state], o->warmups);
    o->config.append = append;
    o->config.max_ps = 120 * PS_PER_S;
    drive->space[0] = (struct drive_config){.file = xstrdup(o->disk), .discard = true,
                                            .block_bytes = 512};
    drive->spaces = 1;
    drive->msix = true;
    drive->profile = o->profile ? xstrdup(o->profile) : NULL;
    o->config.nvmes = 1;
    return 0;
}

static int run(struct explain_options *o, char *trace, size_t trace_size, struct err *err)
{
    struct explain e = {.o = o};
    char *owned[3] = {0}, append[256];
    const char *dir = getenv("TMPDIR");
    int rc = -1, fd;

    if (o->config.trace) {
        snprintf(trace, trace_size, "%s", o->config.trace);
    } else {
        snprintf(trace, trace_size, "%s/doorbell-trace-XXXXXX", dir && *dir ? dir : "/tmp");
        if ((fd = mkstemp(trace)) < 0)
            return err_set(err, "cannot make a temporary file %s (set TMPDIR, or --trace)", trace);
        close(fd);
    }
    if (!prepare(o, owned, append, sizeof append, err) && !load_symbols(&e, o->config.kernel, err))
        rc = record(&e, trace, err);
    symbols_free(e.symbols);
    for (unsigned i = 0; i < ARRAY_LEN(owned); i++)
        free(owned[i]);
    return rc;
}

/* ---- output ---- */

static int draw(const struct timeline *t, const char *path, struct err *err)
{
    char *svg = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&svg, &size);
    int rc;

    if (!out)
        return err_set(err, "--svg: out of memory");
    timeline_svg(t, out);
    fclose(out);
    rc = file_write("picture", path, svg, size, err);
    free(svg);
    return rc;
}

static int show(const struct explain_options *o, const char *trace, struct err *err)
{
    struct timeline t;
    int rc = timeline_build(&t, trace, err);

    if (!rc && o->svg)
        rc = draw(&t, o->svg, err);
    if (!rc && o->json) {
        json_t *j = timeline_json(&t);
        json_dumpf(j, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(j);
    } else if (!rc) {
        timeline_print(&t, stdout);
    }
    timeline_free(&t);
    return rc;
}

static int compare(const char *a_path, const char *b_path, struct err *err)
{
    json_error_t je;
    json_t *a = json_load_file(a_path, 0, &je), *b;
    int rc;

    if (!a)
        return err_set(err, "%s: %s (it should be the output of doorbell explain --json)", a_path,
                       je.text);
    b = json_load_file(b_path, 0, &je);
    if (!b) {
        json_decref(a);
        return err_set(err, "%s: %s (it should be the output of doorbell explain --json)", b_path,
                       je.text);
    }
    rc = timeline_compare(a, b, stdout, err);
    json_decref(a);
    json_decref(b);
    return rc;
}

static int explain(struct explain_options *o, char **argv, int arguments, int *status,
                   struct err *err)
{
    char trace[4096] = "";
    int rc;

    *status = CLI_USAGE;
    if (o->compare) {
        if (arguments != 2)
            return err_set(err, "--compare takes two files");
        *status = CLI_FAILED;
        return compare(argv[0], argv[1], err);
    }
    if (arguments != 1 || strcmp(argv[0], "read"))
        return err_set(err, "what to explain? there is: read");
    *status = CLI_NO_RUN;
    if (o->from)
        return show(o, o->from, err);
    rc = run(o, trace, sizeof trace, err);
    if (!rc)
        rc = show(o, trace, err);
    if (!o->config.trace && *trace)
        unlink(trace);
    return rc;
}

int cli_explain(int argc, char **argv)
{
    struct explain_options o = {0};
    struct err err;
    int arguments, status = cli_options("explain", usage, options, &o, argc, argv, &arguments);

    if (status >= 0)
        return status;
    if (explain(&o, argv, arguments, &status, &err))
        status = cli_fail("explain", status, &err);
    else
        status = cli_flush("explain", CLI_OK);
    config_fini(&o.config);
    return status;
}
