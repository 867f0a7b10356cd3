/* SPDX-License-Identifier: Apache-2.0 */
/* Two machines of one configuration, one on each engine, run in lockstep: the same turns of the
 * scheduler, and after each everything in the harts is compared; now and then, and at the end, all
 * memory, all devices, and what has been traced so far. */
#ifndef MACHINE_PAIR_H
#define MACHINE_PAIR_H

#include "cpu/lockstep/lockstep.h"
#include "machine/machine.h"

struct pair_options {
    bool blocks;           /* every turn is one block */
    uint64_t blocks_from;  /* every turn from this one on is one block */
    uint64_t until_mark;   /* end when a hart has executed this mark; 0: none */
    ps_t memory_every_ps;  /* virtual time between two looks at memory and devices */
    const struct engine *other; /* on trial in place of the translator; NULL: the translator */
    /* Called now and then. */
    void (*progress)(void *ctx, ps_t time, uint64_t instret);
    void *ctx;
};

struct pair_result {
    bool differs;
    uint64_t turns;
    struct machine_result machine; /* of the reference */
    struct lockstep_diff diff[LOCKSTEP_DIFFS_MAX];
    unsigned diffs;
    /* Where it differs. */
    unsigned hart;
    uint64_t pc, instret; /* at the start of the turn */
    ps_t time;
    char code[2048];      /* what the hart was at, as text */
};

/* Runs two machines of `config` (its engine, console and trace do not count): 0, also when they
 * differ; -1 with err when they could not be made. */
int pair_run(const struct board_config *config, const struct pair_options *options,
             struct pair_result *result, struct err *err);

#endif
