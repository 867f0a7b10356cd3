/* SPDX-License-Identifier: Apache-2.0 */
/* The translator: x86-64 code for blocks (interp/block.h) that run often.
 *
 * It is an accelerator inside the interpreter, not a second machine.  The interpreter counts how
 * often it starts a block; one that is hot is translated, and from then on starting it means
 * jit_enter, which runs translated code for as long as it leads to more of it.  Whatever is rare
 * (an instruction without a translation, a trap, a device) leaves with the hart's state exact, and
 * the interpreter goes on from there.  Blocks, and so the places where time and interrupts are
 * looked at, are the same with and without: both engines give the same trace.
 *
 * Invariants
 *  1. Translated code is entered at a block's start only, through one of: jit_enter, a jump-cache
 *     entry's code, a link, an indirect jump's chain; or where a call returns to (returns.c).  A link
 *     or a chain leads to a block of the same page.
 *  2. When a block goes stale its first bytes become a jump out (jit_stale), so no way in needs to
 *     be found and closed.
 *  3. While translated code runs, the hart's x registers of the static map are in host registers,
 *     and ticks, instret and pc are implied by `budget`, the block and `page_va`.  Every call to C
 *     has them written back first.
 *  4. Whoever changes the hart's fetch context, or what is mapped in it, is C code that goes back to
 *     translated code through jit_run_*'s arming of the budget, which looks after the return stack.
 *  5. The host never writes and executes through the same mapping (W^X). */
#ifndef CPU_JIT_JIT_H
#define CPU_JIT_JIT_H

#include "cpu/interp/block.h"

struct jit;

/* NULL when this host cannot translate: not x86-64 with AVX2, BMI1, BMI2 and FMA, or no memory for
 * code.  `p` are the costs, which must not change any more. */
struct jit *jit_new(const struct hart_params *p, struct code_cache *blocks);
void jit_free(struct jit *j);

/* Translates a block; false when there is no room: then the code cache must be reset.  A block that
 * cannot be translated is left as it is. */
bool jit_translate(struct jit *j, struct block *b);
/* A translated block is no longer valid. */
void jit_stale(struct jit *j, struct block *b);
/* All blocks are gone. */
void jit_reset(struct jit *j);
/* What stands for the code of a block that has none, in the jump cache. */
const void *jit_no_code(const struct jit *j);

/* Runs the translated block at h->pc.  On return the hart's state is exact and
 *  - h->resume is set: the interpreter must go on with that instruction of block h->resume_block;
 *    pc, ticks and instret are those at the block's start.  Or
 *  - h->leave: something happened (h->stop), look at interrupts.  Or
 *  - h->pc is at a block's start, for the interpreter to find. */
void jit_enter(struct hart *h, const struct block *b, uint64_t limit);

#endif
