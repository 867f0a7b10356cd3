/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell run */
#include "cli/cli.h"
#include "cli/mark_times.h"
#include "cli/profile.h"
#include "cli/run.h"
#include "cli/words.h"

#include "base/alloc.h"
#include "base/text.h"
#include "dev/netgen.h"
#include "host/file.h"
#include "host/terminal.h"
#include "machine/fdt.h"
#include "machine/machine.h"
#include "machine/net_peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run_options {
    struct board_config config; /* first: the option callbacks are given it */
    bool show_machine, show_parameters, quiet;
    const char *dump_dtb, *mark_times, *peer, *profile, *screenshot, *traffic;
};

#define CONFIG(member) offsetof(struct run_options, config.member)

static const struct opt options[] = {
    {NULL, OPT_GROUP, .help = "What runs:"},
    {"kernel", OPT_TEXT, "FILE", NULL, "ELF, Linux Image (also gzip'd, or as an EFI program), or "
     "flat binary", CONFIG(kernel)},
    {"initrd", OPT_TEXT, "FILE", NULL, "initial RAM disk", CONFIG(initrd)},
    {"append", OPT_TEXT, "TEXT", NULL, "the kernel's command line", CONFIG(append)},
    {"job", OPT_TEXT, "DIR", NULL, "a folder that the guest finds as /job; its init starts\n"
     "/job/run, then powers off", CONFIG(job)},
    {"firmware", OPT_TEXT, "FILE", NULL, "fw_dynamic of OpenSBI, or none: the kernel starts in "
     "machine\nmode; default: none for an ELF linked at 0x80000000,\nelse as found by guest/fetch "
     "or the package opensbi", CONFIG(firmware)},

    {NULL, OPT_GROUP, .help = "The machine:"},
    {"memory", OPT_SIZE, "SIZE", "1G", "RAM", CONFIG(memory_bytes), CONFIG_MEMORY_MIN,
     CONFIG_MEMORY_MAX},
    {"harts", OPT_NUMBER, "N", "1", "processors, 1 to 16", CONFIG(harts), 1, VIRT_HARTS_MAX},
    {"irq", OPT_CHOICE, "KIND", "aia", "interrupt controllers: plic, or aia (APLIC and IMSIC)",
     CONFIG(irq), .choices = config_irq_names},
    {"nvme", OPT_CALL, "FILE[,...]", NULL, CONFIG_NVME_HELP, .call = config_add_nvme},
    {"nic", OPT_CALL, "BACKEND[,...]", NULL, CONFIG_NIC_HELP, .call = config_add_nic},
    {"display", OPT_MAYBE, "WxH", NULL, "a display (PCI 1234:1111, Linux's bochs driver) whose monitor\n"
     "prefers this mode; default: 1024x768", .call = config_add_display},
    {"peer", OPT_TEXT, "OPTIONS|@FILE", NULL, "run another machine in this process, at the other "
     "end of\n--nic peer. It is like this one (kernel, initrd, append,\nfirmware, memory, harts, irq, "
     "timing, engine, seed) but\nfor OPTIONS, or those in FILE; its console goes to peer.log.\nThe "
     "run ends with this machine's, or when the other one\nends but by a power-off with status 0",
     offsetof(struct run_options, peer)},

    {NULL, OPT_GROUP, .help = "Time and chance:"},
    {"timing", OPT_CHOICE, "LEVEL", "io", "off: devices answer at once; io: links, devices, "
     "media,\ninterrupts and CPU costs take their time", CONFIG(timing),
     .choices = config_timing_names},
    {"engine", OPT_CHOICE, "NAME", "jit", "who executes: jit (translated code, where the host can) "
     "or\ninterp; the guest and the trace cannot tell", CONFIG(engine),
     .choices = config_engine_names},
    {"set", OPT_CALL, "PATH=VALUE", NULL, "change a parameter of the model; may be repeated",
     .call = config_add_set},
    {"seed", OPT_NUMBER, "N", "1", "of everything random", CONFIG(seed), 0, INT64_MAX},

    {NULL, OPT_GROUP, .help = "What comes out, and when it ends:"},
    {"console", OPT_TEXT, "WHERE", "stdio", "stdio (Ctrl-a x quits), pty, null, or a file",
     CONFIG(console)},
    {"trace", OPT_TEXT, "FILE", NULL, "record what happens (doorbell trace prints it)",
     CONFIG(trace)},
    {"mark-times", OPT_TEXT, "FILE", NULL, "write when the host came to each mark (slti x0, x0, N)",
     offsetof(struct run_options, mark_times)},
    {"profile", OPT_TEXT, "FILE", NULL, "write where the harts' time went, by function of --kernel:\n"
     "a sample each microsecond, between the marks 1 and 4 if\nthe guest makes them",
     offsetof(struct run_options, profile)},
    {"traffic", OPT_TEXT, "FILE", NULL, "write the harts' loads and stores of each device and of\n"
     "uncached RAM, and the bus transactions that they made",
     offsetof(struct run_options, traffic)},
    {"screenshot", OPT_TEXT, "FILE", NULL, "write what --display shows at the end, as PNG",
     offsetof(struct run_options, screenshot)},
    {"max-time", OPT_TIME, "TIME", NULL, "end after this virtual time, with status 124",
     CONFIG(max_ps)},
    {"exit-on", OPT_TEXT, "TEXT", NULL, "end when the console has shown this text, with status 0",
     CONFIG(exit_on)},
    {"no-reboot", OPT_FLAG, .help = "end, with status 0, when the guest asks for a reset",
     .offset = CONFIG(no_reboot)},
    {"quiet", OPT_FLAG, .help = "no line on stderr at the end",
     .offset = offsetof(struct run_options, quiet)},

    {NULL, OPT_GROUP, .help = "Instead of running:"},
    {"show-machine", OPT_FLAG, .help = "print the address map and the boot files' places",
     .offset = offsetof(struct run_options, show_machine)},
    {"show-parameters", OPT_FLAG, .help = "print every parameter: value, unit, source, meaning",
     .offset = offsetof(struct run_options, show_parameters)},
    {"dump-dtb", OPT_TEXT, "FILE", NULL, "write the device tree",
     offsetof(struct run_options, dump_dtb)},
    OPT_END,
};

static const char usage[] =
    "--kernel FILE [OPTION]...\n"
    "Runs a kernel. The exit status is the guest's own (from its finisher: 0 after a power-off),\n"
    "124 when --max-time was reached, 125 when the machine could not be made.";

static const char nic_help[] =
    "--nic BACKEND[,key=value...]: " CONFIG_NIC_HELP "\n\n"
    "Keys of gen (genmac is its own address, mac the controller's):\n" NETGEN_HELP
    "  report=FILE\n                  write the results as JSON\n";

/* ---- instead of running ---- */

static void show_range(const char *name, uint64_t addr, uint64_t bytes, const char *note)
{
    if (bytes)
        printf("  0x%09" PRIx64 " to 0x%09" PRIx64 "  %-12s %s\n", addr, addr + bytes - 1, name,
               note);
}

static void show_machine(const struct machine *m, const struct board_config *c)
{
    const struct boot *b = machine_boot(m);
    char memory[32];

    text_size_format(c->memory_bytes, memory, sizeof memory);
    printf("%" PRIu64 " hart%s, %s of memory, interrupts by %s, timing %s, seed %" PRIu64 "\n",
           c->harts, c->harts == 1 ? "" : "s", memory, config_irq_names[c->irq],
           config_timing_names[c->timing], c->seed);
#define SHOW(name, base, bytes, doc) {#name, base, bytes, doc},
    static const struct {
        const char *name;
        uint64_t base, bytes;
        const char *doc;
    } map[] = {VIRT_MAP(SHOW)};
#undef SHOW

    printf("\naddress map\n");
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
        bool aia = strstr(map[i].doc, "irq=aia") || strncmp(map[i].name, "IMSIC", 5) == 0;
        bool plic = strstr(map[i].doc, "irq=plic") != NULL;
        uint64_t base = map[i].base, bytes = map[i].bytes;

        if ((aia && c->irq != IRQ_AIA) || (plic && c->irq != IRQ_PLIC))
            continue;
        if (base == VIRT_RAM_BASE)
            bytes = c->memory_bytes;
        if (base == VIRT_PCI_HIGH_BASE)
            base = config_pci_high_base(c);
        show_range(map[i].name, base, bytes, map[i].doc);
    }
    printf("\nloaded\n");
    show_range("firmware", b->firmware_addr, b->firmware_bytes, b->firmware);
    show_range("kernel", b->kernel_addr, b->kernel_bytes, c->kernel ? c->kernel : "");
    show_range("initrd", b->initrd_addr, b->initrd_bytes, c->initrd ? c->initrd : c->job);
    show_range("device tree", b->dtb_addr, b->dtb_bytes, "");
}

static void show_parameters(const struct params *params)
{
    for (unsigned i = 0; i < params->count; i++) {
        const struct param_group *g = &params->group[i];

        for (const struct param *row = g->rows; row->name; row++) {
            char path[160], value[64], standard[64];
            uint64_t v;

            snprintf(path, sizeof path, "%s.%s", g->prefix, row->name);
            param_format(row, *param_value(g, row), value, sizeof value);
            standard[0] = '\0';
            if (!param_parse(row, row->value[params->level], &v, NULL) && v != *param_value(g, row))
                snprintf(standard, sizeof standard, " (default %s)", row->value[params->level]);
            printf("%s=%s%s\n    %s; source: %s\n", path, value, standard, row->doc, row->source);
        }
    }
}

static int dump_dtb(const struct board_config *c, const struct boot *b, const char *path,
                    struct err *err)
{
    uint8_t *blob;
    size_t size;
    int result;

    if (fdt_make(c, b->initrd_addr, b->initrd_addr + b->initrd_bytes, &blob, &size, err))
        return -1;
    result = file_write("device tree", path, blob, size, err);
    free(blob);
    return result;
}

static int show(const struct run_options *o, struct err *err)
{
    struct machine *m = machine_new(&o->config, err);
    int result = 0;

    if (!m)
        return -1;
    if (o->show_machine)
        show_machine(m, &o->config);
    if (o->show_parameters)
        show_parameters(machine_params(m));
    if (o->dump_dtb)
        result = dump_dtb(&o->config, machine_boot(m), o->dump_dtb, err);
    machine_free(m);
    return result;
}

/* ---- running ---- */

static int status_of(const struct machine_result *r)
{
    switch (r->end) {
    case END_FINISHER:
        /* A failure stays one, whatever the low byte of its code. */
        return r->code && !(r->code & 0xff) ? 255 : (int)(r->code & 0xff);
    case END_MAX_TIME:
        return CLI_MAX_TIME;
    case END_SIGNAL:
        return 128 + (int)(r->code & 0x7f);
    case END_STUCK:
        return CLI_FAILED;
    case END_RESET:
        return r->code ? CLI_FAILED : CLI_OK; /* what was loaded at first is gone */
    case END_EXIT_ON:
    case END_QUIT:
    case END_CALLER:
    case END_GENERATOR:
        break;
    }
    return CLI_OK;
}

static void say_end(const struct board_config *c, const struct machine_result *r, const char *who)
{
    static const char *const what[] = {
        [END_FINISHER] = "the guest ended with status %u",
        [END_RESET] = "the guest asked for a reboot",
        [END_MAX_TIME] = "--max-time reached",
        [END_EXIT_ON] = "--exit-on text seen",
        [END_QUIT] = "quit",
        [END_SIGNAL] = "ended by signal %u",
        [END_STUCK] = "all harts wait and nothing can wake them",
        [END_CALLER] = "stopped",
        [END_GENERATOR] = "the traffic generator is done",
    };
    char why[80];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(why, sizeof why, what[r->end], (unsigned)r->code);
#pragma GCC diagnostic pop
    log_line("%s%s after %" PRIu64 ".%06" PRIu64 " s of virtual time, %" PRIu64 " instructions on "
             "%" PRIu64 " hart%s", who, why, r->time_ps / PS_PER_S, r->time_ps % PS_PER_S / PS_PER_US,
             r->instret, c->harts, c->harts == 1 ? "" : "s");
}

static struct machine *open_machine(const struct board_config *c, struct err *err)
{
    struct machine *m = machine_new(c, err);

    if (m && c->trace && machine_trace_open(m, c->trace, true, err)) {
        machine_free(m);
        return NULL;
    }
    return m;
}

static int close_machine(struct machine *m, bool quiet, struct err *err)
{
    if (!quiet)
        machine_report(m, stderr);
    return machine_close(m, err);
}

static int write_traffic(const struct machine *m, const char *path, struct err *err)
{
    FILE *file = fopen(path, "w");
    int lost;

    if (!file)
        return err_set(err, "--traffic: cannot write %s: %s", path, strerror(errno));
    machine_traffic(m, file);
    lost = ferror(file);
    if (fclose(file) || lost)
        return err_set(err, "--traffic: %s is not complete: it could not be written", path);
    return 0;
}

/* `other`: the machine at the other end, or NULL. */
static int run(const struct run_options *o, const struct run_options *other, int *status,
               struct err *err)
{
    struct machine *m[PEER_MACHINES] = {open_machine(&o->config, err)};
    struct mark_times marks = {.harts = (unsigned)o->config.harts};
    struct profile_file profile = {.path = o->profile, .kernel = o->config.kernel};
    struct machine_result result[PEER_MACHINES];
    unsigned ended = PEER_FIRST;
    int lost;

    *status = CLI_NO_RUN;
    if (!m[0] || (o->mark_times && mark_times_open(&marks, o->mark_times, m[0], err))) {
        machine_free(m[0]);
        return -1;
    }
    if (other && !(m[PEER_OTHER] = open_machine(&other->config, err))) {
        machine_free(m[0]);
        return err_prefix(err, "--peer");
    }
    if (o->profile)
        profile_file_open(&profile, m[0]);
    terminal_catch_signals();
    if (other)
        ended = net_peer_run(m, result);
    else
        machine_run(m[0], result);
    lost = o->screenshot ? machine_screenshot(m[0], o->screenshot, err) : 0;
    if (lost)
        err_prefix(err, "--screenshot");
    if (o->traffic && write_traffic(m[0], o->traffic, lost ? NULL : err))
        lost = -1;
    if (close_machine(m[0], o->quiet, lost ? NULL : err))
        lost = -1;
    if (other && close_machine(m[PEER_OTHER], o->quiet, lost ? NULL : err))
        lost = -1;
    if (marks.file && mark_times_close(&marks, lost ? NULL : err))
        lost = -1;
    if (profile.profile && profile_file_close(&profile, lost ? NULL : err))
        lost = -1;
    if (!o->quiet && other)
        say_end(&other->config, &result[PEER_OTHER], "the other machine: ");
    if (!o->quiet)
        say_end(&o->config, &result[PEER_FIRST], "");
    machine_free(m[PEER_OTHER]);
    machine_free(m[0]);
    *status = status_of(&result[ended]);
    if (lost)
        *status = CLI_FAILED;
    return lost;
}

/* ---- the machine at the other end ---- */

static bool has_peer_nic(const struct board_config *c)
{
    for (unsigned i = 0; i < c->nics; i++)
        if (c->nic[i].backend == NIC_PEER)
            return true;
    return false;
}

static void inherit(struct words *w, const char *name, const char *value)
{
    if (!value)
        return;
    words_add(w, name);
    words_add(w, value);
}

static void inherit_number(struct words *w, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    inherit(w, name, text);
}

/* The options of the other machine: this one's, then those given for it, which prevail. */
static int peer_words(struct words *w, const struct run_options *o, struct err *err)
{
    const struct board_config *c = &o->config;

    inherit(w, "--kernel", c->kernel);
    inherit(w, "--initrd", c->initrd);
    inherit(w, "--append", c->append);
    inherit(w, "--firmware", c->firmware);
    inherit_number(w, "--memory", c->memory_bytes);
    inherit_number(w, "--harts", c->harts);
    inherit(w, "--irq", config_irq_names[c->irq]);
    inherit(w, "--timing", config_timing_names[c->timing]);
    inherit(w, "--engine", config_engine_names[c->engine]);
    inherit_number(w, "--seed", c->seed);
    inherit(w, "--console", "peer.log");
    return words_split(w, o->peer, err);
}

/* Parses options that stand in a text, not on our command line. */
static int parse_words(struct run_options *o, const struct words *w, struct err *err)
{
    char **word = xcalloc(w->count + 1, sizeof *word); /* what is left is moved to its start */
    int rest, bad;

    if (w->count)
        memcpy(word, w->word, w->count * sizeof *word);
    bad = opt_parse(options, o, (int)w->count, word, &rest, err);
    if (bad == OPT_HELP)
        bad = err_set(err, "--help belongs to doorbell run");
    if (!bad && rest)
        bad = err_set(err, "\"%s\" is not an option", word[0]);
    free(word);
    return bad;
}

/* Is there anything but what makes a machine? */
static bool asks_for_more(const struct run_options *o)
{
    return o->peer || o->show_machine || o->show_parameters || o->dump_dtb || o->mark_times ||
           o->profile || o->screenshot || o->traffic || o->quiet || o->config.nic_help;
}

int run_config(struct board_config *config, const struct words *words, struct err *err)
{
    struct run_options o = {0};
    int bad = parse_words(&o, words, err);

    if (!bad && asks_for_more(&o))
        bad = err_set(err, "only options that make a machine can stand here");
    *config = o.config;
    return bad;
}

/* Fills *other; a `--nic peer` that is not given is added on either side. */
static int parse_peer(struct words *w, struct run_options *o, struct run_options *other,
                      struct err *err)
{
    other->config.second = 1;
    if (peer_words(w, o, err) || parse_words(other, w, err))
        return err_prefix(err, "--peer");
    if (asks_for_more(other))
        return err_set(err, "--peer takes what makes a machine, no more");
    if (strcmp(other->config.console, "stdio") == 0)
        return err_set(err, "--peer: standard input and output are this machine's; --console is "
                       "pty, null or a file");
    if ((!has_peer_nic(&o->config) && config_add_nic(&o->config, "peer", err)) ||
        (!has_peer_nic(&other->config) && config_add_nic(&other->config, "peer", err)))
        return err_prefix(err, "--peer");
    if (config_check(&other->config, err))
        return err_prefix(err, "--peer");
    return net_peer_check(&o->config, &other->config, err);
}

static int nothing_to_run(const struct board_config *c, struct err *err)
{
    if (c->kernel || (c->firmware && strcmp(c->firmware, "none")))
        return 0;
    return err_set(err, "nothing to run: give --kernel FILE");
}

static int screenshot_of_nothing(const struct run_options *o, struct err *err)
{
    if (!o->screenshot || o->config.display)
        return 0;
    return err_set(err, "--screenshot needs --display");
}

/* All options are known: runs, or says what is wrong with them. */
static int run_command(struct run_options *o, struct err *err)
{
    struct run_options other = {0};
    struct words words = {0};
    int status = CLI_OK;

    if (nothing_to_run(&o->config, err) || config_check(&o->config, err) ||
        screenshot_of_nothing(o, err) || (o->peer && parse_peer(&words, o, &other, err)))
        status = cli_fail("run", CLI_USAGE, err);
    else if (!o->peer && has_peer_nic(&o->config))
        status = cli_fail("run", CLI_USAGE, (err_set(err, "--nic peer needs --peer OPTIONS"), err));
    else if (run(o, o->peer ? &other : NULL, &status, err))
        status = cli_fail("run", status, err);
    config_fini(&other.config);
    words_fini(&words);
    return status;
}

int cli_run(int argc, char **argv)
{
    struct run_options o = {0};
    struct err err;
    int arguments, status = cli_options("run", usage, options, &o, argc, argv, &arguments);

    if (status < 0 && arguments) {
        err_set(&err, "\"%s\" is not an option (a kernel is given by --kernel FILE)", argv[0]);
        status = cli_fail("run", CLI_USAGE, &err);
    } else if (status < 0 && o.config.nic_help) {
        fputs(nic_help, stdout);
        status = cli_flush("run", CLI_OK);
    } else if (status < 0 && (o.show_machine || o.show_parameters || o.dump_dtb)) {
        status = CLI_OK;
        o.config.console = "null";
        o.config.offline = true;
        if (show(&o, &err))
            status = cli_fail("run", CLI_NO_RUN, &err);
        status = cli_flush("run", status);
    } else if (status < 0) {
        status = run_command(&o, &err);
    }
    config_fini(&o.config);
    return status;
}
