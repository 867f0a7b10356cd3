/* SPDX-License-Identifier: Apache-2.0 */
/* A cell: the smallest machine in which an engine can do all that it does.  RAM, one or two harts,
 * a clock, and a device whose reads tell the exact time, and which raises interrupts and writes to
 * memory (code, too) later.  Two cells of equal config and memory, one with each engine, must go
 * the same way. */
#ifndef CPU_LOCKSTEP_CELL_H
#define CPU_LOCKSTEP_CELL_H

#include "cpu/engine.h"
#include "cpu/interp/block.h"

#define CELL_RAM UINT64_C(0x80000000)
#define CELL_RAM_BYTES (UINT64_C(256) << 10)
#define CELL_DEVICE UINT64_C(0x10000000)
#define CELL_HARTS_MAX 2
#define CELL_DONE 0x7ff /* a hart that executes this mark has come to its end */

/* Registers of the device, 64 bits each. */
enum {
    CELL_NOW = 0,     /* read: a number made from the clock and the count of accesses */
    CELL_RAISE = 8,   /* write: after bits 11..0 nanoseconds raises MEI (bit 12), SEI (bit 13) of
                       * hart bit 14 */
    CELL_LOWER = 16,  /* write: lowers both lines of the hart that writes */
    CELL_VALUE = 24,  /* write: what the next DMA will write */
    CELL_DMA = 32,    /* write: after bits 51..40 nanoseconds writes it to RAM offset 31..0 */
};

struct cell_config {
    const struct engine *engine; /* NULL: the interpreter */
    bool jit;                    /* with the translator in it */
    enum timing_level level;
    unsigned harts;
};

struct cell {
    struct cell_config config;
    struct clock clock;
    struct trace trace;
    struct space space;
    struct params params;
    struct hart_params hart_params;
    struct link soc, memory;
    struct region ram, device;
    struct machine_shared shared;
    struct hart *hart[CELL_HARTS_MAX];
    /* state */
    uint64_t accesses, raise, value, dma; /* of the device */
    unsigned shakes;    /* from outside, so far (lockstep/program_storm.c) */
    struct event raise_event, dma_event;
    bool done[CELL_HARTS_MAX];
    enum stop stop;       /* of the last engine run */
    const struct hart *ran; /* who that was; NULL: the last step was not one of an engine */
    const struct hart *running; /* the hart that ran last */
};

extern const struct field cell_fields[];

/* All harts are at CELL_RAM in machine mode; RAM is zero.  Never fails but for memory. */
struct cell *cell_new(const struct cell_config *config);
void cell_free(struct cell *c);

/* What the scheduler does in one turn: fires what is due, lets idle time pass, or runs the hart
 * whose turn it is for at least one block and at most about `budget` ticks.  False when there is
 * nothing left to do. */
bool cell_step(struct cell *c, uint64_t budget);

/* Guest memory has been written from outside. */
void cell_poked(struct cell *c);

uint64_t cell_instret(const struct cell *c);

#endif
