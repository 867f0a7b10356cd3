/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_run.h"

#include "base/alloc.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "host/host_clock.h"
#include "host/terminal.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_PS (20 * PS_PER_US)
#define LOOK_RECORDS 4096
/* The program has set the UART up by then. */
#define TYPE_PS (PS_PER_S / 1000)

struct watch {
    struct lab_result *result;
    struct machine *machine;
    struct measure *measure;
    bool live;
    uint64_t patience_ns, until_ns, records;
};

static void look_at_clock(const struct watch *w)
{
    if (host_clock_ns() < w->until_ns)
        return;
    w->result->patience_ns = w->patience_ns;
    machine_stop(w->machine);
}

static void on_sample(void *ctx, struct machine *m, unsigned hart)
{
    (void)m;
    (void)hart;
    look_at_clock(ctx);
}

static void keep_registers(struct watch *w, const struct trace_seen *trap)
{
    for (unsigned i = 0; i < w->result->config.harts; i++) {
        const struct hart *h = machine_hart(w->machine, i);

        if (h->source != trap->source)
            continue;
        if (i == 0 && trap->args[3] == PRIV_U) {
            memcpy(w->result->user_x, h->x, sizeof w->result->user_x);
            w->result->user_pc = trap->args[1];
        }
        memcpy(w->result->trap_x[i], h->x, sizeof w->result->trap_x[i]);
        if (measure_tail(w->measure)->trap[i].unreturned <= 1)
            memcpy(w->result->first_x[i], h->x, sizeof w->result->first_x[i]);
    }
}

static void on_record(void *ctx, const struct trace_seen *record)
{
    struct watch *w = ctx;

    measure_record(w->measure, record);
    if (record->kind == TRACE_KIND_trap)
        keep_registers(w, record);
    if (w->live && record->kind == TRACE_KIND_uart_tx)
        putchar((int)(record->args[0] & 0xff));
    if (++w->records % LOOK_RECORDS == 0)
        look_at_clock(w);
}

/* ---- the machine's options ---- */

static char *replaced(const char *text, const char *what, const char *by)
{
    const char *at = strstr(text, what);
    size_t size = strlen(text) + 1;
    char *out, *rest, *joined;

    if (!at)
        return xstrdup(text);
    rest = replaced(at + strlen(what), what, by);
    size += strlen(by) + strlen(rest);
    joined = xcalloc(size, 1);
    snprintf(joined, size, "%.*s%s%s", (int)(at - text), text, by, rest);
    out = joined;
    free(rest);
    return out;
}

static int configure(struct lab_result *r, const struct lab_job *job, struct err *err)
{
    const struct words *given = &job->lab->machine;
    struct board_config *c = &r->config;

    for (size_t i = 0; i < given->count; i++) {
        char *lab = replaced(given->word[i], "{lab}", job->from.folder);
        char *both = replaced(lab, "{work}", r->build.work);

        words_add(&r->words, both);
        free(lab);
        free(both);
    }
    if (run_config(c, &r->words, err)) {
        config_fini(c);
        *c = (struct board_config){0};
        return err_prefix(err, "%s: machine", job->lab->path);
    }
    if (!job->more || !job->more->count)
        return 0;
    config_fini(c);
    for (size_t i = 0; i < job->more->count; i++)
        words_add(&r->words, job->more->word[i]);
    if (run_config(c, &r->words, err)) {
        config_fini(c);
        *c = (struct board_config){0};
        return -1;
    }
    return 0;
}

/* What the lab decides, whatever the options say. */
static int settle(struct lab_result *r, const struct lab_job *job, struct err *err)
{
    struct board_config *c = &r->config;

    if (strcmp(c->console, "stdio"))
        return err_set(err, "a lab's console is its own: no --console");
    if (c->kernel || c->trace)
        return err_set(err, "a lab's program is its own: no --kernel; --trace is an option of lab run");
    c->kernel = r->build.elf;
    c->console = "null";
    c->no_reboot = true;
    if (!c->max_ps || c->max_ps > r->lab->limit_ps)
        c->max_ps = r->lab->limit_ps;
    if (job->screenshot && !c->display)
        return err_set(err, "--screenshot: this lab has no display");
    return config_check(c, err);
}

/* ---- the run ---- */

static int open_machine(struct lab_result *r, const struct lab_job *job, struct err *err)
{
    struct trace *trace;

    r->machine = machine_new(&r->config, err);
    if (!r->machine || (job->trace && machine_trace_open(r->machine, job->trace, true, err)))
        return -1;
    trace = machine_trace(r->machine);
    r->measure = measure_new(r->lab->section, r->lab->sections, trace->source, trace->source_count);
    if (r->lab->input)
        machine_type(r->machine, r->lab->input, TYPE_PS);
    return 0;
}

static int execute(struct lab_result *r, const struct lab_job *job, struct err *err)
{
    struct watch watch = {.result = r, .machine = r->machine, .measure = r->measure, .live = job->live,
                          .patience_ns = job->host_time_ns,
                          .until_ns = host_clock_ns() + job->host_time_ns};
    int lost = 0;

    trace_tap(machine_trace(r->machine), on_record, &watch);
    machine_sample(r->machine, LOOK_PS, on_sample, &watch);
    terminal_catch_signals();
    machine_run(r->machine, &r->end);
    r->stuck = machine_stuck(r->machine);
    measure_end(r->measure, r->end.time_ps);
    trace_tap(machine_trace(r->machine), NULL, NULL);
    if (job->screenshot)
        lost = machine_screenshot(r->machine, job->screenshot, err);
    if (machine_close(r->machine, lost ? NULL : err))
        lost = -1;
    return lost;
}

int lab_run(struct lab_result *r, const struct lab_job *job, int *status, struct err *err)
{
    int result;

    *r = (struct lab_result){.lab = job->lab};
    *status = CLI_USAGE;
    if (job->from.mine && lab_build_mine(job->from.mine, err))
        return -1;
    *status = CLI_FAILED;
    job->progress("compiling ...");
    result = lab_build_make(&r->build, job->lab, &job->from, err);
    job->progress(NULL);
    if (result)
        return -1;
    *status = CLI_USAGE;
    if (configure(r, job, err) || settle(r, job, err))
        return -1;
    *status = CLI_NO_RUN;
    if (open_machine(r, job, err))
        return -1;
    *status = CLI_FAILED;
    if (!job->live)
        job->progress("running ...");
    result = execute(r, job, err);
    if (!job->live)
        job->progress(NULL);
    if (result)
        return -1;
    if (r->end.end == END_FINISHER)
        r->exit = r->end.code;
    if (r->end.end == END_SIGNAL)
        r->interrupted = (int)r->end.code;
    lab_diagnose(r);
    lab_judge(r);
    *status = r->interrupted ? 128 + r->interrupted : r->passed ? CLI_OK : CLI_FAILED;
    return 0;
}

static void free_verdicts(struct lab_verdict *v, size_t count)
{
    for (size_t i = 0; v && i < count; i++) {
        free(v[i].why);
        free(v[i].used);
    }
    free(v);
}

void lab_result_free(struct lab_result *r)
{
    free_verdicts(r->value, r->lab->value.count);
    free_verdicts(r->check, r->lab->check.count);
    lab_diagnosis_free(&r->diagnosis);
    measure_free(r->measure);
    machine_free(r->machine);
    config_fini(&r->config);
    words_fini(&r->words);
    lab_build_free(&r->build);
}
