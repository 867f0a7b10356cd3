/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs side by side on two engines.  Both run in slices of the same size, and after
 * each slice everything that the guest can see must be equal.  What differs is narrowed down to the
 * first slice and the fewest blocks of it, and the program is made as small as it can be with the
 * difference still there. */
#ifndef CPU_LOCKSTEP_LOCKSTEP_H
#define CPU_LOCKSTEP_LOCKSTEP_H

#include "cpu/lockstep/program.h"

#include <stdio.h>

/* How long the slices are: one block each, or what chance gives (from one block to some ten
 * thousand ticks), or as long as nothing happens. */
enum lockstep_slices { LOCKSTEP_BLOCKS, LOCKSTEP_MIXED, LOCKSTEP_LONG };
extern const char *const lockstep_slices_names[];

/* Whom to compare: the reference and the one on trial.  Of cell_config only these count. */
struct lockstep {
    const struct engine *engine[2]; /* NULL: the interpreter */
    bool jit[2];
    const char *name[2];            /* for reports: "interp", "jit" */
    FILE *log;                      /* progress of making small; NULL: none */
};

struct lockstep_diff {
    char name[32];
    uint64_t value[2];
};
#define LOCKSTEP_DIFFS_MAX 24

/* Outcome of one run of a program. */
struct lockstep_result {
    bool differs;
    bool ended;        /* the program came to its own end; else it was cut off */
    uint64_t slices;   /* compared */
    uint64_t instret;  /* of the reference */
    /* Where it differs: after so many equal slices, within one that runs to this limit. */
    uint64_t slice, budget;
    unsigned hart;
    uint64_t pc;       /* at the slice's start */
    struct lockstep_diff diff[LOCKSTEP_DIFFS_MAX];
    unsigned diffs;    /* all of them; the first LOCKSTEP_DIFFS_MAX are kept */
};

/* Whether this host has a translator at all. */
bool lockstep_translates(void);

/* Runs a program on both (program_plan has been called). */
void lockstep_run(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                  struct lockstep_result *result);

/* The slices that a seed stands for when the user does not say. */
enum lockstep_slices lockstep_slices_of(uint64_t seed);

/* Ticks of slice n, at least: an engine goes on to the end of a block. */
uint64_t lockstep_budget(uint64_t seed, enum lockstep_slices slices, uint64_t n);

/* Leaves out steps, rounds and turns of a program that differs as long as it still does, within
 * `runs` runs; *result is then the small one's. */
void lockstep_minimise(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                       unsigned runs, struct lockstep_result *result);

/* Prints what differs, the code that ran last, and the program's steps.  Runs it once more. */
void lockstep_report(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                     const struct lockstep_result *result, FILE *out);

/* The steps that are kept, as text that lockstep_keep takes: "3,7,9-12"; "-" for none. */
void lockstep_steps_text(const struct program *p, char *text, size_t size);
/* Leaves out all others; -1 with err when it is not such a text. */
int lockstep_keep(struct program *p, const char *text, struct err *err);

/* ---- for two machines, too (machine/pair.c) ---- */

/* Compares the fields of two objects by their table; appends what differs to diff[] (counts past
 * the end) with `prefix` before the name.  Of a field "x" of 33 registers, the last is nobody's. */
void lockstep_compare(const struct field *fields, const void *a, const void *b, const char *prefix,
                      struct lockstep_diff *diff, unsigned *diffs);
/* The first bytes in which two memories differ, as one more difference. */
void lockstep_compare_memory(const uint8_t *a, const uint8_t *b, uint64_t size, uint64_t base,
                             struct lockstep_diff *diff, unsigned *diffs);

/* The instructions from va on as the hart sees them now, up to one that always goes elsewhere. */
void lockstep_print_block(struct space *space, struct hart *h, uint64_t va, FILE *out);

#endif
