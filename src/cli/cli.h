/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share.  Each is one file with one function that is given its own arguments
 * (argv[0] is its name) and returns the exit status. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/err.h"
#include "base/opt.h"

/* Exit statuses of doorbell itself; 0 to 255 of a guest's finisher are passed on. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,    /* the work was not done or not all of it: a damaged trace, a full disk */
    CLI_USAGE = 2,     /* the command line is wrong */
    CLI_MAX_TIME = 124, /* --max-time was reached, as timeout(1) */
    CLI_NO_RUN = 125,  /* the machine could not be made: a missing or malformed kernel, ... */
};

int cli_explain(int argc, char **argv);
int cli_explain_net(int argc, char **argv); /* receive and send */
int cli_lab(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_selftest(int argc, char **argv);
int cli_trace(int argc, char **argv);

/* Parses the options of a command; its arguments come to argv[0..*count).  Prints the help or the
 * error; returns -1 to go on, or the status to exit with. */
int cli_options(const char *command, const char *usage, const struct opt *table, void *target,
                int argc, char **argv, int *count);

/* "doorbell COMMAND: message" on stderr; returns the status. */
int cli_fail(const char *command, int status, const struct err *err);

/* Flushes stdout; CLI_FAILED with a line when what was printed is not all written. */
int cli_flush(const char *command, int status);

#endif
