/* SPDX-License-Identifier: Apache-2.0 */
/* Between the translator's files. */
#ifndef CPU_JIT_INTERNAL_H
#define CPU_JIT_INTERNAL_H

#include "cpu/jit/jit.h"
#include "cpu/jit/x86.h"

/* Host registers.  RBP points into the hart so that x0 to x31 have 8-bit displacements; R15 is the
 * budget; RAX, RCX and RDX are scratch; the rest hold guest registers. */
#define HART RBP
#define BUDGET R15
#define HART_BIAS 128
#define HART_FIELD(name) x86_m(HART, (int32_t)offsetof(struct hart, name) - HART_BIAS)
#define HART_FIELD_AT(offset) x86_m(HART, (int32_t)(offset) - HART_BIAS)

/* A field of the TLB's first entry, from HART. */
#define TLB(field) ((int32_t)offsetof(struct hart, tlb) - HART_BIAS + \
                    (int32_t)offsetof(struct tlb_entry, field))

/* Guest registers in host registers, in all translated code. */
#define STATIC_REGISTERS(R) \
    R(1, R14) R(2, RBX) R(8, R12) R(9, R13) R(10, RDI) \
    R(11, RSI) R(12, R8) R(13, R9) R(14, R10) R(15, R11)

#define STATIC_FLOATS(R) \
    R(0, 10) R(1, 11) R(2, 12) R(3, 13) R(8, 14) R(9, 15) \
    R(10, 2) R(11, 3) R(12, 4) R(13, 5) R(14, 6) R(15, 7) R(16, 8) R(17, 9)

#define MXCSR_MASKS 0x1f80 /* all exceptions masked, round to nearest: the host's own */

/* The budget: ticks left of the slice, less one, above the number of instructions retired in it.
 * One addition of a constant per exit of a block counts both, and its sign says that time is up. */
#define BUDGET_SHIFT 17
/* Ticks of a slice in which the instructions cannot overflow, for instructions of `cost` ticks. */
#define SLICE_TICKS(cost) ((uint64_t)(cost) * ((1u << BUDGET_SHIFT) - 2 * BLOCK_INSNS_MAX))

/* Where an exit of a block is known to C: the block's place in the arena and the instruction. */
#define SITE_INDEX_BITS 7
_Static_assert(BLOCK_INSNS_MAX + 4 <= 1 << SITE_INDEX_BITS, "a site's index fits");

/* returns.c */
struct return_stack {
    const struct hart *hart; /* whose it is */
    uint64_t context;
    uint32_t epoch;
    uintptr_t sp; /* while the hart uses another */
    uintptr_t low, top;
};
#define RETURN_STACKS 12
#define RETURN_LOOK 5 /* entries at which a return looks */

/* The most that an instruction's code can take; in the cold part with some ways out, each of which
 * puts a loop's registers back. */
#define INSN_BYTES_MAX 256
#define INSN_COLD_BYTES_MAX 1024
/* An indirect jump has this room for what jit_run_jump puts there, and a stub that calls it, before
 * which are where the room is (4 bytes) and how much of it is in use. */
#define JUMP_BYTES 76
#define JUMP_COMPARE_BYTES 28 /* at most, with the first one's beginning and the jump at the end */
#define PUSH_BYTES_MAX 6

struct jit {
    const struct hart_params *p;
    const uint8_t *arena;
    struct code_cache *blocks;
    struct code hot, cold; /* two cursors of one cache: what runs, and the ways out of it */
    uint8_t *write, *exec; /* the two mappings */
    uint8_t *hot_start, *cold_start;
    uint64_t slice_ticks;
    void (*enter)(struct hart *h, const void *code);
    /* thunks */
    const void *link, *find, *system, *within, *memory, *resume, *fp_enter, *memory_group, *tail,
        *jump, *mismatch, *underflow;
    struct return_stack returns[RETURN_STACKS];
    void *return_memory;
};

static inline uint32_t site(const struct jit *j, const struct block *b, const struct insn *i)
{
    size_t place = (size_t)((const uint8_t *)b - j->arena) / 16;

    return (uint32_t)(place << SITE_INDEX_BITS | (size_t)(i - b->insn));
}

/* What an instruction needs at run time, from its semantics in isa.def. */
struct isa_runtime {
    bool (*system)(struct hart *h, const struct insn *i); /* SYS */
    uint8_t bytes; /* of LOAD, STORE, FLOAD, FSTORE; 0: none of these */
    bool load, is_signed, fp;
};
extern const struct isa_runtime isa_runtime[OP_LIMIT];

/* returns.c */
bool jit_returns_init(struct jit *j);
void jit_returns_fini(struct jit *j);
/* Makes h->return_sp that of a stack for the hart's fetch context: before translated code goes on. */
void jit_returns_ready(struct hart *h);

/* thunks.c: code between C and the translations; called once, first. */
void jit_make_thunks(struct jit *j);

/* runtime.c: what translated code calls.  Those that return an address return where to go on, or
 * NULL to leave translated code. */
#define LINK_RETURN (1u << 31) /* with a field: where the call at the site returns to */
const void *jit_run_link(struct hart *h, uint32_t site, uint32_t field);
const void *jit_run_find(struct hart *h);
const void *jit_run_jump(struct hart *h, uint32_t stub);
const void *jit_run_system(struct hart *h, uint32_t site);
const void *jit_run_resume(struct hart *h, uint32_t site);
/* These are called in the middle of a block, and may also return to go on there: */
#define JIT_RETURN 1
#define JIT_BROKEN 2 /* from the first access of a group: hart.group could not be set */
const void *jit_run_memory(struct hart *h, uint32_t site, uint64_t va);
const void *jit_run_memory_group(struct hart *h, uint32_t site, uint64_t va, uint32_t group);
const void *jit_run_within(struct hart *h, uint32_t site);
const void *jit_run_tail(struct hart *h, uint32_t site, uint32_t field);

/* translate.c: the rest of a block from i, without groups; NULL: no room. */
const void *jit_translate_tail(struct jit *j, struct block *b, const struct insn *i);

/* A group as jit_run_memory_group is told of it: its number, the bytes before the access's address,
 * and those from there to its end. */
static inline uint32_t group_word(unsigned number, unsigned before, unsigned after)
{
    return number | before << 8 | after << 20;
}

#endif
