/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the program of a lab, measures it, and judges. */
#ifndef CLI_LAB_RUN_H
#define CLI_LAB_RUN_H

#include "cli/lab_build.h"
#include "cli/lab_diagnosis.h"
#include "cli/lab_manifest.h"
#include "machine/machine.h"

struct lab_job {
    const struct lab_manifest *lab;
    struct lab_sources from;
    const struct words *more; /* further options of the machine, which prevail; or NULL */
    const char *trace, *screenshot; /* files, or NULL */
    uint64_t host_time_ns; /* the run is given up after it: a last resort */
    /* Told what is going on, NULL at its end: compiling, and unless `live` the run as well. */
    void (*progress)(const char *what);
    bool live; /* print what the program prints, as it comes */
};

/* What became of a check or value. */
struct lab_verdict {
    bool ok;       /* of a value: there is one */
    double number; /* of a value */
    char *why;     /* why it could not be told, or NULL */
    char *used;    /* "poll.time = 3.2 us, ..." */
};

struct lab_result {
    const struct lab_manifest *lab;
    struct lab_build build;
    struct words words;
    struct board_config config;
    struct machine *machine; /* as it was at the end */
    struct measure *measure;
    struct machine_result end;
    uint64_t exit;
    uint64_t trap_x[VIRT_HARTS_MAX][32]; /* registers of each hart at its last trap, */
    uint64_t first_x[VIRT_HARTS_MAX][32]; /* and at the first of those that have not returned */
    uint64_t user_x[32], user_pc; /* of hart 0, at its last trap from user mode; pc 0: none */
    bool stuck;                          /* nothing could come any more */
    uint64_t patience_ns;                /* the host's time that ended the run; 0: it did not */
    int interrupted; /* the signal that ended the run, 0: none */
    struct lab_diagnosis diagnosis;
    struct lab_verdict *value, *check; /* as many as the lab has */
    bool passed;                       /* it came to its end and all checks hold */
};

/* -1 with err: there was nothing to judge (no compiler, a wrong option; *status is the exit status).
 * lab_result_free is needed in both cases. */
int lab_run(struct lab_result *r, const struct lab_job *job, int *status, struct err *err);
void lab_result_free(struct lab_result *r);

/* lab_eval.c: values and checks of a run that has ended. */
void lab_judge(struct lab_result *r);
/* The number of a column in the row of a section; -1 with err. */
int lab_column(const struct lab_result *r, const struct lab_rule *column, unsigned section,
               const uint64_t *x, double *value, struct err *err);
/* A number with its unit as people read it: "12.35 us", "64 KiB", "17". */
void lab_quantity(double value, const char *unit, char *out, size_t size);

#endif
