/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell selftest: is this machine what it says it is, on this host? */
#include "cli/cli.h"
#include "cli/selftest.h"

#include "base/bits.h"
#include "cpu/lockstep/lockstep.h"
#include "host/host_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)
#define SECONDS_DEFAULT 10
#define DIVERGENCES_MAX 5 /* after so many, the rest will be of the same kind */
#define MINIMISE_RUNS 600

enum slices_choice { SLICES_VARIED }; /* then those of lockstep_slices_names */
static const char *const slices_names[] = {"varied", "blocks", "mixed", "long", NULL};

struct selftest_options {
    struct board_config config; /* of --boot; first: the option callbacks are given it */
    bool boot, blocks;
    uint64_t until_mark;
    uint64_t seconds, programs, seed, rounds, turns;
    unsigned slices;
    const char *steps;
    bool json;
};

#define OWN(member) offsetof(struct selftest_options, member)
#define CONFIG(member) offsetof(struct selftest_options, config.member)

static const struct opt options[] = {
    {NULL, OPT_GROUP, .help = "How much (default: 10 seconds):"},
    {"seconds", OPT_NUMBER, "N", NULL, "stop after this time of the host", OWN(seconds), 1,
     1000000},
    {"programs", OPT_NUMBER, "N", NULL, "stop after so many programs", OWN(programs), 1, INT64_MAX},

    {NULL, OPT_GROUP, .help = "Which programs:"},
    {"seed", OPT_NUMBER, "S", "1", "of the first; the others follow by one", OWN(seed), 0,
     INT64_MAX},
    {"slices", OPT_CHOICE, "SIZE", "varied", "compare after each of: blocks, mixed, long; varied:\n"
     "as each seed has it", OWN(slices), .choices = slices_names},

    {NULL, OPT_GROUP, .help = "To see a difference again, as its report says:"},
    {"steps", OPT_TEXT, "LIST", NULL, "only these steps of the program", OWN(steps)},
    {"rounds", OPT_NUMBER, "N", NULL, "at most so many rounds", OWN(rounds), 1, 1000},
    {"turns", OPT_NUMBER, "N", NULL, "at most so many turns of each loop", OWN(turns), 1, 1000},

    {NULL, OPT_GROUP, .help = "Instead, two machines that boot:"},
    {"boot", OPT_FLAG, .help = "boot Debian, as made by guest/, and read a file",
     .offset = OWN(boot)},
    {"kernel", OPT_TEXT, "FILE", NULL, "boot this, as doorbell run does", CONFIG(kernel)},
    {"initrd", OPT_TEXT, "FILE", NULL, "with --kernel", CONFIG(initrd)},
    {"append", OPT_TEXT, "TEXT", NULL, "with --kernel", CONFIG(append)},
    {"firmware", OPT_TEXT, "FILE", NULL, "as for doorbell run", CONFIG(firmware)},
    {"blocks", OPT_FLAG, .help = "compare after every block (slow)", .offset = OWN(blocks)},
    {"until", OPT_NUMBER, "MARK", NULL, "end at this mark", OWN(until_mark), 1, 2047},
    {"max-time", OPT_TIME, "TIME", NULL, "end after this virtual time", CONFIG(max_ps)},
    {"harts", OPT_NUMBER, "N", "1", "processors, 1 to 16", CONFIG(harts), 1, VIRT_HARTS_MAX},
    {"memory", OPT_SIZE, "SIZE", "256M", "RAM", CONFIG(memory_bytes), CONFIG_MEMORY_MIN,
     CONFIG_MEMORY_MAX},
    {"nic", OPT_CALL, "BACKEND[,...]", NULL, "as for doorbell run; gen works, nothing is opened on\n"
     "the host for the others", .call = config_add_nic},
    {"irq", OPT_CHOICE, "KIND", "aia", "interrupt controllers: plic or aia", CONFIG(irq),
     .choices = config_irq_names},
    {"timing", OPT_CHOICE, "LEVEL", "io", "off or io", CONFIG(timing),
     .choices = config_timing_names},

    {NULL, OPT_GROUP, .help = "What comes out:"},
    {"json", OPT_FLAG, .help = "the counts as one JSON object", .offset = OWN(json)},
    OPT_END,
};

static const char usage[] =
    "engine [OPTION]...\n"
    "Runs random programs on the interpreter and on the translator side by side, and compares all\n"
    "that a guest can see. The exit status is 1 when something differs; what does is printed with\n"
    "the smallest program that shows it. With --boot or --kernel two whole machines are compared.";

struct counts {
    uint64_t programs, slices, instret, ended, divergences;
};

static void show_difference(const struct lockstep *l, struct program *p,
                            enum lockstep_slices slices, struct lockstep_result *r, bool minimise)
{
    lockstep_minimise(l, p, slices, minimise ? MINIMISE_RUNS : 0, r);
    lockstep_report(l, p, slices, r, stdout);
    putchar('\n');
    fflush(stdout);
}

static void progress(const struct counts *n, uint64_t *last_ns)
{
    uint64_t now = host_clock_ns();

    if (now - *last_ns < NS_PER_S / 4)
        return;
    *last_ns = now;
    fprintf(stderr, "\r%" PRIu64 " programs, %" PRIu64 " million instructions, %" PRIu64
                    " divergences ", n->programs, n->instret / 1000000, n->divergences);
}

static int run_programs(const struct selftest_options *o, struct counts *n, struct err *err)
{
    bool terminal = isatty(STDERR_FILENO);
    struct lockstep l = {.jit = {false, true}, .name = {"interp", "jit"},
                         .log = terminal ? stderr : NULL};
    uint64_t start = host_clock_ns(), shown = start;
    uint64_t seconds = o->seconds || o->programs ? o->seconds : SECONDS_DEFAULT;

    do {
        struct program p = {.seed = o->seed + n->programs, .rounds_max = (unsigned)o->rounds,
                            .loops_max = (unsigned)o->turns};
        enum lockstep_slices slices = o->slices == SLICES_VARIED
                                          ? lockstep_slices_of(p.seed)
                                          : (enum lockstep_slices)(o->slices - 1);
        struct lockstep_result r;

        if (o->steps && lockstep_keep(&p, o->steps, err))
            return -1;
        program_plan(&p);
        lockstep_run(&l, &p, slices, &r);
        n->programs++;
        n->slices += r.slices;
        n->instret += r.instret;
        n->ended += r.ended;
        if (terminal)
            progress(n, &shown);
        if (r.differs) {
            n->divergences++;
            show_difference(&l, &p, slices, &r, !o->steps);
        }
    } while ((!o->programs || n->programs < o->programs) && n->divergences < DIVERGENCES_MAX &&
             (!seconds || host_clock_ns() - start < seconds * NS_PER_S));
    if (terminal)
        fprintf(stderr, "\r%*s\r", 78, "");
    return 0;
}

static void print_counts(const struct selftest_options *o, const struct counts *n)
{
    if (o->json)
        printf("{\"schema\":\"doorbell.selftest/1\",\"first_seed\":%" PRIu64
               ",\"programs\":%" PRIu64 ",\"ended\":%" PRIu64 ",\"comparisons\":%" PRIu64
               ",\"instructions\":%" PRIu64 ",\"divergences\":%" PRIu64 "}\n", o->seed,
               n->programs, n->ended, n->slices, n->instret, n->divergences);
    else
        printf("%" PRIu64 " programs (%" PRIu64 " to their end), %" PRIu64 " comparisons, %" PRIu64
               " instructions on each engine: %" PRIu64 " divergence%s\n", n->programs, n->ended,
               n->slices, n->instret, n->divergences, n->divergences == 1 ? "" : "s");
}

static int boot(struct selftest_options *o)
{
    struct selftest_boot b = {.config = &o->config, .until_mark = o->until_mark,
                              .blocks = o->blocks, .json = o->json};
    struct err err;
    int rc;

    o->config.seed = o->seed;
    o->config.no_reboot = true;
    if (config_check(&o->config, &err))
        return cli_fail("selftest", CLI_USAGE, &err);
    rc = selftest_boot(&b, &err);
    config_fini(&o->config);
    if (rc < 0)
        return cli_fail("selftest", CLI_NO_RUN, &err);
    return cli_flush("selftest", rc ? CLI_FAILED : CLI_OK);
}

int cli_selftest(int argc, char **argv)
{
    struct selftest_options o = {0};
    struct counts n = {0};
    struct err err;
    int arguments, status = cli_options("selftest", usage, options, &o, argc, argv, &arguments);

    if (status >= 0)
        return status;
    if (arguments != 1 || strcmp(argv[0], "engine")) {
        err_set(&err, "what to test? there is: engine");
        return cli_fail("selftest", CLI_USAGE, &err);
    }
    if (!lockstep_translates()) {
        err_set(&err, "this host has no translator (it needs x86-64 with AVX2, BMI2 and FMA): "
                      "there is nothing to compare");
        return cli_fail("selftest", CLI_NO_RUN, &err);
    }
    if (o.boot || o.config.kernel)
        return boot(&o);
    if (run_programs(&o, &n, &err))
        return cli_fail("selftest", CLI_USAGE, &err);
    print_counts(&o, &n);
    return cli_flush("selftest", n.divergences ? CLI_FAILED : CLI_OK);
}
