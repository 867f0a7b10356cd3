/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs for cells (lockstep/cell.h), made from the instruction table, each all of a seed.
 *
 * A program is a few functions on pages of code, called round and round, whose bodies are *steps*:
 * one to twenty instructions that do one thing (an instruction of the table, an idiom, an access,
 * a loop around other steps, code that changes itself, a change of the page tables, ...).  Every
 * step has a chance of its own, so that one can be left out and the others stay as they are: that
 * is how a program that shows a fault is made small.
 *
 * Kinds: a program in M mode, in S or in U behind Sv39 tables; and the storm, whose RAM is full of
 * random instructions and tables and whose steps are pages of that RAM and shakes of the hart. */
#ifndef CPU_LOCKSTEP_PROGRAM_H
#define CPU_LOCKSTEP_PROGRAM_H

#include "cpu/lockstep/cell.h"

#define PROGRAM_STEPS_MAX 192

enum program_kind { PROGRAM_M, PROGRAM_S, PROGRAM_U, PROGRAM_STORM, PROGRAM_KINDS };
extern const char *const program_kind_names[];

struct program {
    uint64_t seed;
    bool left_out[PROGRAM_STEPS_MAX];
    unsigned rounds_max, loops_max; /* at most so many turns; 0: as the seed has it */
    /* ---- derived by program_make ---- */
    enum program_kind kind;
    unsigned harts;
    enum timing_level level;
    unsigned steps;
    uint32_t from[PROGRAM_STEPS_MAX], to[PROGRAM_STEPS_MAX]; /* a step's bytes in RAM */
    uint64_t ticks_max; /* a program that has not ended by then is cut off */
};

/* Derives what a seed means (kind, harts, level, steps), before a cell is made. */
void program_plan(struct program *p);
/* Fills a fresh cell's RAM and sets up its harts. */
void program_load(struct program *p, struct cell *c);
/* Called before every step of the cell: what happens to it from outside (a storm's shakes).
 * Returns the ticks until the next time something will, at most `budget`. */
uint64_t program_outside(const struct program *p, struct cell *c, uint64_t budget);

/* What a step is, in a word or two ("load", "patch near"), for reports. */
const char *program_step_name(const struct program *p, unsigned step);

#endif
