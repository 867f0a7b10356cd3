/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the translator share: one block on its way into code. */
#ifndef CPU_JIT_TRANSLATE_H
#define CPU_JIT_TRANSLATE_H

#include "cpu/jit/internal.h"

/* Accesses by the same value of register `base`, imm from lo to below hi (memory.c). */
struct group {
    bool open, write;
    uint8_t base;
    int32_t lo, hi;
};

/* A guest register that a loop has in a host register, and the one whose place that is. */
struct swap {
    uint8_t in, out;
    int8_t host;
};

struct translation {
    struct jit *j;
    struct block *b;
    struct code *hot, *cold;
    int8_t map[ISA_SINK + 1]; /* host register of a guest register, or -1 */
    struct swap swap[ISA_SINK];
    int swaps;
    bool loops;       /* the block leads to itself */
    bool slots;       /* it remembers pages from one turn to the next */
    bool steady[BLOCK_INSNS_MAX + 4]; /* for these instructions: they move on in small steps */
    bool may_follow;    /* another block may be translated behind this one */
    struct block *next; /* it is to be this one */
    const void *loop; /* where it starts over, with the swaps done */
    bool fp_live;   /* the block has made sure of hart.fp_live */
    uint32_t boxed; /* f registers known to hold a single */
    uint8_t priv;   /* the block has made sure of at least this privilege */
    bool tail;      /* no groups: one of them did not work out */
    struct group group[GROUPS];
    int groups, rdx; /* the group whose way RDX holds, or -1 */
    const struct insn *divided; /* finds its result in hart.other_result */
    /* of the access that is being translated */
    bool looks_up, leads;
    int base;
    uint8_t *miss[2]; /* jumps of its look-up to where the slow path will be */
};

/* A block that loops to itself has a map of its own: out of the static map's state into the loop's,
 * and back, which every way out and every call does.  (map.c) */
void t_choose_map(struct translation *t);
void t_enter_loop(const struct translation *t, struct code *c);
void t_leave_loop(const struct translation *t, struct code *c);
/* The host register of guest register x, or -1. */
int t_mapped(const struct translation *t, unsigned x);
/* Register x as an operand, in its host register or in the hart. */
struct x86_rm t_x(const struct translation *t, unsigned x);
/* The host register that holds x, after loading it into `scratch` if it has none. */
int t_use(struct translation *t, unsigned x, int scratch);
/* The host register in which to make x's new value; t_done puts it in place. */
int t_def(const struct translation *t, unsigned x, int scratch);
void t_done(struct translation *t, unsigned x, int reg);
void t_move(struct translation *t, unsigned rd, unsigned rs);
/* Whether a jump that leaves its return address in x is a call. */
bool t_is_link(unsigned x);
/* Whether a block can be translated and is not. */
bool t_translatable(const struct jit *j, const struct block *b);
/* Goes to the pc in RAX, through the jump cache. */
void t_jump_cache(const struct jit *j, struct code *c);
/* Leaves to the interpreter, which goes on with instruction i. */
void t_resume(struct translation *t, struct code *c, const struct insn *i);

/* The same for f registers, in XMM registers. */
int t_mapped_f(unsigned f);
int t_use_f(struct translation *t, unsigned f, int scratch);
void t_done_f(struct translation *t, unsigned f, int xmm);
/* Makes sure, before i, that the f registers are in XMM registers. */
void t_need_float(struct translation *t, const struct insn *i);
void t_box(struct translation *t, int reg, int xmm);

void t_put_imm(struct translation *t, unsigned rd, uint64_t v);
/* fuse.c: how many instructions from i on it has translated as one. */
int jit_translate_idiom(struct translation *t, const struct insn *i);

/* memory.c: before the first turn of a loop. */
void t_reset_slots(struct translation *t);

/* memory.c, float.c: true when they have translated i. */
bool jit_translate_float(struct translation *t, const struct insn *i);
bool jit_translate_memory(struct translation *t, const struct insn *i);
/* control.c: translates what may end a block, or leaves to who can execute i; whether the block
 * goes on after it. */
bool jit_translate_control(struct translation *t, const struct insn *i);
/* system.c: the same for a SYS row. */
bool jit_translate_system(struct translation *t, const struct insn *i);
/* Bytes from the start of the block's page to i. */
int64_t t_page_offset(const struct translation *t, const struct insn *i);

#endif
