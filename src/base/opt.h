/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: each subcommand declares its options once; parsing, defaults, --help and the
 * error messages come from the rows.
 *
 * Accepted: --name value, --name=value, flags without a value, "--" before arguments that begin
 * with a dash.  An option given twice: the last holds, except OPT_CALL and OPT_MAYBE rows, which see
 * each one. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum opt_kind {
    OPT_FLAG,   /* bool */
    OPT_TEXT,   /* const char *; points into argv or to the row's default */
    OPT_NUMBER, /* uint64_t within min..max */
    OPT_SIZE,   /* uint64_t bytes within min..max: "512M" */
    OPT_TIME,   /* uint64_t picoseconds within min..max: "10s" */
    OPT_CHOICE, /* unsigned: index into `choices` */
    OPT_CALL,   /* handed to `call` with the target struct */
    OPT_MAYBE,  /* the same, but the value may be left out (then NULL): --name or --name=value */
    OPT_GROUP,  /* no option: a heading of --help; only `help` is used */
};

struct opt {
    const char *name; /* without dashes; NULL with kind OPT_FLAG ends the table */
    enum opt_kind kind;
    const char *arg;    /* placeholder of the value in --help */
    const char *preset; /* default, as the user would write it; NULL: the target's zero */
    const char *help;   /* one or more lines, separated by '\n' */
    size_t offset;      /* of the value in the target struct */
    uint64_t min, max;  /* 0, 0: any */
    const char *const *choices; /* ends with NULL */
    int (*call)(void *target, const char *value, struct err *err);
};

#define OPT_END {NULL, OPT_FLAG, NULL, NULL, NULL, 0, 0, 0, NULL, NULL}

enum { OPT_HELP = 1 };

/* Sets the defaults of all rows in *target, then parses argv[0..argc).  Arguments that are no
 * options are moved, in order, to the front of argv; *rest is their number.
 * Returns 0, OPT_HELP when --help or -h was given, or -1 with err. */
int opt_parse(const struct opt *table, void *target, int argc, char **argv, int *rest,
              struct err *err);

/* Prints the rows of a table for --help. */
void opt_help(const struct opt *table, FILE *out);

#endif
