/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell explain read: runs the marked request in the guest and lays it out. */
#include "cli/cli.h"
#include "cli/explain_lab.h"
#include "cli/explain_run.h"
#include "cli/guest.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "insight/packets.h"
#include "insight/timeline.h"
#include "machine/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WARMUPS_DEFAULT "8"
#define READ_BYTES 4096

/* Linux has the first two, labs/kernel all (explain_lab_states has them in this order). */
enum state { STATE_COLD, STATE_HOT, STATE_RING, STATE_POLLED };
static const char *const state_names[] = {[STATE_COLD] = "cold", [STATE_HOT] = "hot",
                                          [STATE_RING] = "ring", [STATE_POLLED] = "polled", NULL};

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
    {"state", OPT_CHOICE, "STATE", "cold", "of the page cache: cold or hot; on labs/kernel also\n"
     "past it: ring, polled", OWN(state), .choices = state_names},
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
    {"kernel", OPT_TEXT, "FILE", NULL, "default: the one that guest/fetch made; or the ELF of a\n"
     "program on labs/kernel", CONFIG(kernel)},
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
    "       doorbell explain receive|send [OPTION]... (--help lists them)\n"
    "       doorbell explain --compare A B\n"
    "Reads a file on the NVMe drive of an unmodified Debian guest and shows where each nanosecond\n"
    "of read(fd, buf, 4096) went.";

/* ---- the run ---- */

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
    struct explain_job job = {.config = &o->config, .functions = timeline_functions};
    char *owned[3] = {0}, append[256];
    int rc = -1;

    job.request = json_pack("{ss ss ss si}", "what", "read", "how", "read", "state",
                            state_names[o->state], "bytes", READ_BYTES);
    if (!prepare(o, owned, append, sizeof append, err))
        rc = explain_record(&job, trace, trace_size, err);
    json_decref(job.request);
    for (unsigned i = 0; i < ARRAY_LEN(owned); i++)
        free(owned[i]);
    return rc;
}

/* ---- output ---- */

static void draw(const void *timeline, FILE *out)
{
    timeline_svg(timeline, out);
}

int explain_show(const struct timeline *t, enum explain_output how, const char *svg,
                 struct err *err)
{
    json_t *j;

    if (svg && explain_draw(draw, t, svg, err))
        return -1;
    if (how == EXPLAIN_TEXT)
        timeline_print(t, stdout);
    if (how != EXPLAIN_JSON)
        return 0;
    j = timeline_json(t);
    json_dumpf(j, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(j);
    return 0;
}

static int show(const struct explain_options *o, const char *trace, struct err *err)
{
    struct explain_lab what = {.state = state_names[o->state]};
    struct timeline t;
    int rc = explain_lab_is_trace(trace) ? explain_lab_from(&t, &what, trace, err)
                                         : timeline_build(&t, trace, err);

    if (!rc)
        rc = explain_show(&t, o->json ? EXPLAIN_JSON : EXPLAIN_TEXT, o->svg, err);
    timeline_free(&t);
    return rc;
}

/* A program on labs/kernel, which is its own kernel and needs no guest. */
static int explain_program(struct explain_options *o, struct err *err)
{
    struct explain_lab what = {.config = &o->config, .state = state_names[o->state]};
    struct nvme_drive_config *drive = &o->config.nvme[0];
    char *disk = o->disk ? xstrdup(o->disk) : explain_lab_disk(err);
    struct timeline t;
    int rc;

    if (!disk)
        return -1;
    drive->space[0] = (struct drive_config){.file = xstrdup(disk), .discard = true,
                                            .block_bytes = 512};
    drive->spaces = 1;
    drive->msix = true;
    drive->profile = o->profile ? xstrdup(o->profile) : NULL;
    o->config.nvmes = 1;
    o->config.max_ps = PS_PER_S;
    rc = explain_lab(&t, &what, err);
    if (!rc)
        rc = explain_show(&t, o->json ? EXPLAIN_JSON : EXPLAIN_TEXT, o->svg, err);
    timeline_free(&t);
    if (!o->disk)
        unlink(disk);
    free(disk);
    return rc;
}

static int compare(char **paths, struct err *err)
{
    json_t *two[2];
    int rc;

    if (explain_load_two(paths, two, err))
        return -1;
    rc = packets_are(two[0]) && packets_are(two[1])
             ? packets_compare(two[0], two[1], stdout, err)
             : timeline_compare(two[0], two[1], stdout, err);
    json_decref(two[0]);
    json_decref(two[1]);
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
        return compare(argv, err);
    }
    if (arguments != 1 || strcmp(argv[0], "read"))
        return err_set(err, "what to explain? there are: read, receive, send");
    *status = CLI_NO_RUN;
    if (o->from)
        return show(o, o->from, err);
    if (o->config.kernel && explain_lab_is(o->config.kernel))
        return explain_program(o, err);
    if (o->state > STATE_HOT) {
        *status = CLI_USAGE;
        return err_set(err, "--state %s is of programs on labs/kernel: give one with --kernel",
                       state_names[o->state]);
    }
    rc = run(o, trace, sizeof trace, err);
    if (!rc)
        rc = show(o, trace, err);
    explain_forget(&o->config, trace);
    return rc;
}

int cli_explain(int argc, char **argv)
{
    struct explain_options o = {0};
    struct err err;
    int arguments, status;

    if (argc > 1 && (!strcmp(argv[1], "receive") || !strcmp(argv[1], "send")))
        return cli_explain_net(argc, argv);
    status = cli_options("explain", usage, options, &o, argc, argv, &arguments);

    if (status >= 0)
        return status;
    if (explain(&o, argv, arguments, &status, &err))
        status = cli_fail("explain", status, &err);
    else
        status = cli_flush("explain", CLI_OK);
    config_fini(&o.config);
    return status;
}
