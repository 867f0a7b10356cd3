/* SPDX-License-Identifier: Apache-2.0 */
/* Between the frame of random programs (program.c) and their steps (program_steps.c). */
#ifndef CPU_LOCKSTEP_PROGRAM_IMPL_H
#define CPU_LOCKSTEP_PROGRAM_IMPL_H

#include "cpu/lockstep/emit.h"
#include "cpu/lockstep/program.h"

/* RAM, as pages. */
enum {
    PAGE_BOOT = 0,   /* reset code and M's handler */
    PAGE_AREA_M = 1, /* half a page a hart: spilled registers, initial values */
    PAGE_HANDLER_S = 2, /* and the services, which take the next page, too */
    PAGE_AREA_S = 4,
    PAGE_ROOT_A = 5, PAGE_ROOT_B = 6, /* of two address spaces */
    PAGE_MID_A = 7, PAGE_MID_B = 8, PAGE_MID_KERNEL = 9,
    PAGE_LEAF_A = 10, PAGE_LEAF_B = 11, PAGE_LEAF_ALIAS = 12, PAGE_LEAF_KERNEL = 13,
    PAGE_POOL = 14,  /* two pages of corner values */
    PAGE_CODE = 16, PAGES_CODE = 13,
    PAGE_PADS = 29,  /* leaves that get rewritten */
    PAGE_PADS_P = 30, PAGE_PADS_Q = 31, /* the same place in turn, by the page tables */
    PAGE_DATA = 32, PAGES_DATA = 28,
    PAGE_STACK = 60, /* two pages a hart */
};
#define AT(page) ((uint32_t)(page) << PAGE_SHIFT)
/* Where the paged modes see RAM: in place, again 2 MiB on by other tables, 4 MiB on by one large
 * page, 3 MiB on the code by a NAPOT entry; and the supervisor's own view. */
#define ALIAS_BYTES 0x200000u
#define LARGE_BYTES 0x400000u
#define NAPOT_BYTES 0x300000u
#define KERNEL UINT64_C(0xffffffffc0000000)
#define DEVICE_PAGE 100 /* the device's place in all leaf tables */

/* A hart's half page: of M, and of S. */
enum {
    AREA_BYTES = 2048,
    AREA_SPILL = 0,   /* x1 to x4 */
    AREA_COUNT = 32,  /* of traps */
    AREA_STACK = 40,  /* first value of sp */
    AREA_SERVICE = 48, /* S: 16 addresses of services */
    AREA_X = 512, AREA_F = 768,
};

#define FRAME_BYTES 544 /* what compressed stores through sp can reach, and the link above it */
#define FRAME_LINK 528
#define PADS 16
#define PAD_BYTES 16
#define SERVICES 16
#define LEAVES 3
#define POOL 5
/* A routine of the exchanged pages that has them exchanged while it waits for its callee; and what
 * stores a word for a caller whose own code it is: x29 to 0(x28). */
#define PAD_OF_TURN (PADS * PAD_BYTES + 32)
#define STORE_ADDRESS 28
#define STORE_VALUE 29

struct maker {
    struct emit e;         /* where code goes; its chance is the present step's */
    struct program *p;
    struct cell *c;
    bool large, timer, sum_pages;
    /* Registers that no step writes. */
    unsigned loop, inner, rounds;
    unsigned pool[POOL]; /* registers that are used more than others: so that they meet */
    uint32_t busy; /* bit mask of those that the present step needs for itself */
    uint32_t leaf[LEAVES], recursion, turn, storer; /* offsets of routines */
    uint32_t service_at; /* where the next service goes; U */
    unsigned services;
    unsigned depth_loops; /* turns of loops around the present step, multiplied: bounds its cost */
};

static inline uint32_t table_a_entry(unsigned page)
{
    return AT(PAGE_LEAF_A) + page * 8;
}

/* program_steps.c */
unsigned step_choose(uint64_t chance); /* a kind of step, by their weights */
const char *step_kind_name(unsigned kind);
/* Writes one step; loops around steps are program.c's. */
void step_put(struct maker *m, unsigned kind);
/* A register that a step may write (never x0); a word of a row that has no other effect. */
unsigned step_register(struct maker *m);
uint32_t step_word(struct maker *m);
/* Exchanges the two pages, in the way of the program's mode; returns through x1. */
void step_turn_routine(struct maker *m);

/* program_storm.c */
void storm_load(struct program *p, struct cell *c);
uint64_t storm_outside(const struct program *p, struct cell *c, uint64_t budget);
enum { STORM_PAGES = CELL_RAM_BYTES >> PAGE_SHIFT, STORM_SHAKES = 120 };

#endif
