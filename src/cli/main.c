/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/bits.h"
#include "base/text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"run", cli_run, "run a kernel on the machine"},
    {"explain", cli_explain, "run a request in a Debian guest and show where its time went"},
    {"lab", cli_lab, "programs for the bare machine: run, measure, check them"},
    {"selftest", cli_selftest, "compare the two engines on random programs"},
    {"trace", cli_trace, "print a trace file, or count what is in it"},
};

int cli_fail(const char *command, int status, const struct err *err)
{
    fflush(stdout);
    fprintf(stderr, "doorbell%s%s: %s\n", *command ? " " : "", command, err->text);
    return status;
}

int cli_flush(const char *command, int status)
{
    struct err err;

    if (!fflush(stdout) && !ferror(stdout))
        return status;
    /* Whoever closed the pipe has seen enough. */
    if (errno == EPIPE)
        return status;
    err_set(&err, "the output is not complete: %s", strerror(errno));
    return cli_fail(command, CLI_FAILED, &err);
}

int cli_options(const char *command, const char *usage, const struct opt *table, void *target,
                int argc, char **argv, int *count)
{
    struct err err;
    int result = opt_parse(table, target, argc - 1, argv + 1, count, &err);

    if (result == OPT_HELP) {
        printf("usage: doorbell %s %s\n", command, usage);
        opt_help(table, stdout);
        return cli_flush(command, CLI_OK);
    }
    if (result)
        return cli_fail(command, CLI_USAGE, &err);
    memmove(argv, argv + 1, sizeof *argv * (size_t)*count);
    return -1;
}

static void print_help(FILE *out)
{
    fprintf(out, "usage: doorbell COMMAND [OPTION]...\n\n"
                 "A RISC-V machine that runs unmodified Linux and shows where the time of an I/O "
                 "went.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].help);
    fprintf(out, "\n'doorbell COMMAND --help' lists a command's options; 'doorbell --version' "
                 "prints the version.\n");
}

static int unknown_command(const char *word)
{
    struct text_near near = {word, NULL, 0};
    struct err err;

    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        text_near_try(&near, commands[i].name);
    if (text_near_get(&near))
        err_set(&err, "unknown command \"%s\": did you mean %s?", word, near.best);
    else
        err_set(&err, "unknown command \"%s\" (doorbell --help lists them)", word);
    return cli_fail("", CLI_USAGE, &err);
}

int main(int argc, char **argv)
{
    /* A limit on the size of files is a full disk as any other: a failing write that is told. */
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return cli_flush("", CLI_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("doorbell %s\n", DOORBELL_VERSION);
        return cli_flush("", CLI_OK);
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown_command(argv[1]);
}
