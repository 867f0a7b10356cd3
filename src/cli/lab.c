/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell lab list | show | run | check | new */
#include "cli/cli.h"
#include "cli/lab_new.h"
#include "cli/lab_place.h"
#include "cli/lab_report.h"
#include "cli/lab_timeline.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/text.h"
#include "host/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_BYTES_MAX (UINT64_C(1) << 20)

struct lab_options {
    bool json, broken;
    const char *mine, *figure, *trace, *screenshot, *in, *title, *timeline, *section;
    uint64_t host_time_ps;
    struct words more; /* --machine, and what stands for itself */
};

static int add_engine(void *target, const char *value, struct err *err)
{
    struct lab_options *o = target;

    (void)err;
    words_add(&o->more, "--engine");
    words_add(&o->more, value);
    return 0;
}

static int add_set(void *target, const char *value, struct err *err)
{
    struct lab_options *o = target;

    (void)err;
    words_add(&o->more, "--set");
    words_add(&o->more, value);
    return 0;
}

static int add_machine(void *target, const char *value, struct err *err)
{
    struct lab_options *o = target;

    return words_split(&o->more, value, err);
}

#define AT(member) offsetof(struct lab_options, member)
#define ROW_JSON {"json", OPT_FLAG, .help = "print JSON", .offset = AT(json)}
#define ROWS_OF_A_RUN \
    {"mine", OPT_TEXT, "DIR", NULL, "your program: its files in place of the lab's; what is not in\n" \
     "DIR comes from the lab", AT(mine)}, \
    ROW_JSON, \
    {"engine", OPT_CALL, "NAME", NULL, "jit or interp: as of doorbell run", .call = add_engine}, \
    {"set", OPT_CALL, "PATH=VALUE", NULL, "change a parameter of the model; may be repeated", \
     .call = add_set}, \
    {"machine", OPT_CALL, "OPTIONS", NULL, "further options of doorbell run, which prevail over the\n" \
     "lab's, as --machine \"--irq plic\"", .call = add_machine}, \
    {"host-time", OPT_TIME, "TIME", "20s", "give up after this time of yours, not the program's", \
     AT(host_time_ps), PS_PER_S / 1000, 3600 * PS_PER_S}, \
    {"trace", OPT_TEXT, "FILE", NULL, "record what happens (doorbell trace prints it)", AT(trace)}

static const struct opt run_table[] = {
    ROWS_OF_A_RUN,
    {"figure", OPT_TEXT, "FILE.svg", NULL, "draw the lab's figure (needs gnuplot)", AT(figure)},
    {"timeline", OPT_TEXT, "FILE.svg", NULL, "lay out a read on labs/kernel, step by step, and draw it",
     AT(timeline)},
    {"section", OPT_TEXT, "NAME", NULL, "which read that is: a section named cold, hot, ring or\n"
     "polled; default: the first of them", AT(section)},
    {"screenshot", OPT_TEXT, "FILE", NULL, "write what the display shows at the end, as PNG",
     AT(screenshot)},
    OPT_END,
};

static const struct opt check_table[] = {
    ROWS_OF_A_RUN,
    {"broken", OPT_FLAG, .help = "run the lab's broken programs instead: each must fail as the\n"
     "manifest says", .offset = AT(broken)},
    OPT_END,
};

static const struct opt list_table[] = {ROW_JSON, OPT_END};
static const struct opt show_table[] = {OPT_END};

static const struct opt new_table[] = {
    {"in", OPT_TEXT, "DIR", NULL, "where to make the folder NAME (the folder of the labs)", AT(in)},
    {"title", OPT_TEXT, "TEXT", NULL, "its title", AT(title)},
    OPT_END,
};

/* ---- list, show ---- */

static int list(struct lab_options *o, const char *name)
{
    struct lab_entry *labs;
    struct err err;
    size_t count, faulty = 0;
    json_t *all = json_array();

    (void)name;
    if (lab_list(&labs, &count, &err)) {
        json_decref(all);
        return cli_fail("lab list", CLI_USAGE, &err);
    }
    for (size_t i = 0; i < count; i++) {
        faulty += !labs[i].number;
        if (!labs[i].number)
            fprintf(stderr, "doorbell lab list: %s\n", labs[i].title);
        else if (o->json)
            json_array_append_new(all, json_pack("{sI so so}", "number", (json_int_t)labs[i].number,
                                                 "name", lab_json_text(labs[i].name), "title",
                                                 lab_json_text(labs[i].title)));
        else
            printf("%4llu  %-16s %s\n", (unsigned long long)labs[i].number, labs[i].name,
                   labs[i].title);
    }
    if (o->json) {
        json_dumpf(all, stdout, LAB_JSON_FLAGS);
        putchar('\n');
    } else if (!count) {
        printf("no labs in %s (DOORBELL_LABS names another folder)\n", lab_root());
    }
    json_decref(all);
    lab_list_free(labs, count);
    return cli_flush("lab list", faulty ? CLI_FAILED : CLI_OK);
}

static int show(struct lab_options *o, const char *name)
{
    struct err err;
    char *folder = lab_find(name, &err), *path;
    uint8_t *page;
    size_t size;
    int bad;

    (void)o;
    if (!folder)
        return cli_fail("lab show", CLI_USAGE, &err);
    path = lab_path(folder, "page.md");
    bad = file_read("page", path, PAGE_BYTES_MAX, &page, &size, &err);
    free(path);
    free(folder);
    if (bad)
        return cli_fail("lab show", CLI_FAILED, &err);
    fwrite(page, 1, size, stdout);
    free(page);
    return cli_flush("lab show", CLI_OK);
}

/* ---- run, check ---- */

/* A lab that was found and read. */
struct lab {
    char *folder;
    struct lab_manifest manifest;
};

static int open_lab(struct lab *lab, const char *name, struct err *err)
{
    char *path;
    int bad;

    lab->folder = lab_find(name, err);
    if (!lab->folder)
        return -1;
    path = lab_path(lab->folder, "lab.txt");
    bad = lab_manifest_read(&lab->manifest, path, err);
    free(path);
    if (bad)
        free(lab->folder);
    return bad;
}

static void close_lab(struct lab *lab)
{
    lab_manifest_free(&lab->manifest);
    free(lab->folder);
}

/* The last part of its path. */
static const char *base_name(const char *folder)
{
    const char *slash = strrchr(folder, '/');

    return slash && slash[1] ? slash + 1 : folder;
}

static void progress(const char *what)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s", what ? what : "");
}

static void print_json(const struct lab_result *r, const struct lab *lab)
{
    json_t *json = lab_report_json(r, base_name(lab->folder));

    json_dumpf(json, stdout, LAB_JSON_FLAGS);
    putchar('\n');
    json_decref(json);
}

/* A student's program that does not compile has not passed. */
static void print_no_result(const struct lab *lab, const struct err *err)
{
    json_t *json = json_pack("{ss so sI so sb ss so}", "format", "doorbell.lab/1", "lab",
                             lab_json_text(base_name(lab->folder)), "number",
                             (json_int_t)lab->manifest.number, "title",
                             lab_json_text(lab->manifest.title), "passed", 0, "end", "none", "what",
                             lab_json_text(err->text));

    json_dumpf(json, stdout, LAB_JSON_FLAGS);
    putchar('\n');
    json_decref(json);
}

/* After what the program has printed. */
static void end_line(const struct lab_result *r)
{
    size_t size;
    const char *output = measure_output(r->measure, &size);

    if (size && output[size - 1] != '\n')
        putchar('\n');
}

static int run_lab(struct lab *lab, struct lab_options *o, bool only_verdict)
{
    struct lab_job job = {.lab = &lab->manifest, .from = {lab->folder, o->mine, NULL},
                          .more = &o->more, .progress = progress, .trace = o->trace, .screenshot = o->screenshot,
                          .host_time_ns = o->host_time_ps / PS_PER_NS,
                          .live = !o->json && !only_verdict};
    const char *command = only_verdict ? "lab check" : "lab run";
    struct lab_result result;
    struct err err;
    int status, bad;

    bad = lab_run(&result, &job, &status, &err);
    if (bad && o->json && status != CLI_USAGE) {
        print_no_result(lab, &err);
    } else if (!bad && o->json) {
        print_json(&result, lab);
    } else if (!bad) {
        if (!only_verdict) {
            end_line(&result);
            lab_report_table(&result, stdout);
            putchar('\n');
        }
        lab_report_verdict(&result, stdout);
    }
    if (!bad && o->figure && lab_figure(&result, &job.from, o->figure, &err)) {
        status = CLI_FAILED;
        bad = -1;
    }
    if (!bad && o->timeline && !o->json)
        putchar('\n');
    if (!bad && o->timeline && lab_timeline(&result, o->section, o->timeline, o->json, &err)) {
        status = CLI_FAILED;
        bad = -1;
    }
    lab_result_free(&result);
    return bad ? cli_fail(command, status, &err) : cli_flush(command, status);
}

static int run(struct lab_options *o, const char *name)
{
    struct lab lab;
    struct err err;
    int status;

    if (open_lab(&lab, name, &err))
        return cli_fail("lab run", CLI_USAGE, &err);
    status = run_lab(&lab, o, false);
    close_lab(&lab);
    return status;
}

/* One broken program: does it fail as it should? */
static int check_broken(const struct lab *lab, const struct lab_broken *broken,
                        struct lab_options *o, json_t *all, bool *as_told, struct err *err)
{
    struct lab_job job = {.lab = &lab->manifest, .from = {lab->folder, NULL, broken->file},
                          .more = &o->more, .progress = progress,
                          .host_time_ns = o->host_time_ps / PS_PER_NS};
    struct lab_result result;
    int status, bad;

    bad = lab_run(&result, &job, &status, err);
    *as_told = !bad && !result.passed && result.diagnosis.kind == broken->kind;
    if (!bad && o->json) {
        json_t *json = lab_report_json(&result, base_name(lab->folder));

        json_array_append_new(all, json_pack("{so ss sb so}", "file", lab_json_text(broken->file),
                                             "expected",
                                             lab_kind_names[broken->kind], "as_expected", *as_told,
                                             "result", json));
    } else if (!bad) {
        printf("%s  broken/%s: %s%s%s\n", *as_told ? "ok  " : "FAIL", broken->file,
               lab_kind_names[result.diagnosis.kind], *as_told ? "" : ", should be ",
               *as_told ? "" : lab_kind_names[broken->kind]);
        if (!*as_told)
            lab_report_verdict(&result, stdout);
        else if (result.diagnosis.text)
            printf("      %s%s%s\n", result.diagnosis.text, result.diagnosis.where ? "; in " : "",
                   result.diagnosis.where ? result.diagnosis.where : "");
        else
            for (size_t i = 0; i < lab->manifest.check.count; i++)
                if (!result.check[i].ok)
                    printf("      fails: %s\n", lab->manifest.check.item[i].expression);
    }
    lab_result_free(&result);
    return bad;
}

static int check_all_broken(const struct lab *lab, struct lab_options *o)
{
    json_t *all = json_array();
    bool all_as_told = true;
    struct err err;

    for (size_t i = 0; i < lab->manifest.brokens; i++) {
        bool as_told;

        if (check_broken(lab, &lab->manifest.broken[i], o, all, &as_told, &err)) {
            json_decref(all);
            return cli_fail("lab check", CLI_FAILED, &err);
        }
        all_as_told = all_as_told && as_told;
    }
    if (o->json) {
        json_dumpf(all, stdout, LAB_JSON_FLAGS);
        putchar('\n');
    } else if (!lab->manifest.brokens) {
        puts("this lab has no broken programs");
    }
    json_decref(all);
    return cli_flush("lab check", all_as_told ? CLI_OK : CLI_FAILED);
}

static int check(struct lab_options *o, const char *name)
{
    struct lab lab;
    struct err err;
    int status;

    if (o->broken && (o->mine || o->trace)) {
        err_set(&err, "--broken is about the lab's own programs: no --mine, no --trace");
        return cli_fail("lab check", CLI_USAGE, &err);
    }
    if (open_lab(&lab, name, &err))
        return cli_fail("lab check", CLI_USAGE, &err);
    status = o->broken ? check_all_broken(&lab, o) : run_lab(&lab, o, true);
    close_lab(&lab);
    return status;
}

/* ---- new ---- */

static int make(struct lab_options *o, const char *name)
{
    struct err err;

    if (lab_new(name, o->in ? o->in : lab_root(), o->title, &err))
        return cli_fail("lab new", CLI_FAILED, &err);
    return cli_flush("lab new", CLI_OK);
}

/* ---- the command line ---- */

static const struct action {
    const char *name, *usage;
    const struct opt *table;
    bool named; /* it takes the name of a lab */
    int (*act)(struct lab_options *o, const char *name);
    const char *help;
} actions[] = {
    {"list", "[--json]\nLists the labs.", list_table, false, list, "the labs there are"},
    {"show", "NAME\nPrints a lab's page.", show_table, true, show,
     "what a lab asks, and how to do it"},
    {"run", "NAME [OPTION]...\nCompiles a lab's program, runs it, measures and checks it. NAME is "
     "a lab's name or number,\nor the path of a folder (with a /). The exit status is 0, or 1 when a "
     "check fails.", run_table, true, run, "compile, run and measure it"},
    {"check", "NAME [OPTION]...\nRuns a lab's program and says only whether it passes: 0, or 1.",
     check_table, true, check, "does it pass?"},
    {"new", "NAME [OPTION]...\nMakes a folder for a new lab from the template.", new_table, true,
     make, "begin a lab of your own"},
};

static int help(FILE *out)
{
    fputs("usage: doorbell lab COMMAND [NAME] [OPTION]...\n\nPrograms for the bare machine, to read, "
          "run, break and measure.\n\n", out);
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        fprintf(out, "  %-10s%s\n", actions[i].name, actions[i].help);
    fputs("\n'doorbell lab COMMAND --help' lists a command's options.\n", out);
    return out == stdout ? cli_flush("lab", CLI_OK) : CLI_USAGE;
}

static int act(const struct action *a, int argc, char **argv)
{
    struct lab_options o = {0};
    char command[24];
    struct err err;
    int count, status;

    snprintf(command, sizeof command, "lab %s", a->name);
    status = cli_options(command, a->usage, a->table, &o, argc, argv, &count);
    if (status >= 0) {
        words_fini(&o.more);
        return status;
    }
    if (count != (a->named ? 1 : 0)) {
        if (!a->named)
            err_set(&err, "\"%.60s\" is one word too many", argv[0]);
        else
            err_set(&err, "%s", count ? "one name at a time" : a->act == make ? "which name shall it have?"
                    : "which lab? doorbell lab list shows them");
        status = cli_fail(command, CLI_USAGE, &err);
    } else {
        status = a->act(&o, count ? argv[0] : NULL);
    }
    words_fini(&o.more);
    return status;
}

int cli_lab(int argc, char **argv)
{
    struct text_near near = {argc > 1 ? argv[1] : "", NULL, 0};
    struct err err;

    if (argc < 2)
        return help(stderr);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help(stdout);
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        text_near_try(&near, actions[i].name);
        if (!strcmp(argv[1], actions[i].name))
            return act(&actions[i], argc - 1, argv + 1);
    }
    if (text_near_get(&near))
        err_set(&err, "unknown command \"%.60s\": did you mean %s?", argv[1], near.best);
    else
        err_set(&err, "unknown command \"%.60s\" (doorbell lab --help lists them)", argv[1]);
    return cli_fail("lab", CLI_USAGE, &err);
}
