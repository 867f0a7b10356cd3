/* SPDX-License-Identifier: Apache-2.0 */
/* Pre-decoded blocks: straight-line code from one address to the first instruction that always goes
 * elsewhere, within one page, decoded once and kept by physical address.  A conditional branch that
 * is not taken stays in its block.  Shared by all harts and by both engines: a block's start is the
 * only place where an engine looks at the time and at interrupts.
 *
 *                      block_find                     memory written, probe planted
 *     (memory) ----------------------> in the table ----------------------------------> stale
 *                    builds it
 *
 * A stale block stays in memory, its first instruction replaced by OP_stale, so that
 * whoever still points to it looks up again; all memory is reclaimed at once when the arena is full
 * (code_reset), which only block_find does, between two blocks.  Invariants:
 *  1. A page with a block in the table has its code_page byte set (1 + writes that hit no code), and
 *     no hart has a write tag for it: every store to it comes through region_code_touch.
 *  2. next[] links lead only to blocks of the same page, which may be stale.
 *  3. Where there is a translator, insn[0] is OP_enter, which asks for the block's code.
 *  4. A block with a probe starts at the probed instruction: OP_probe is among the skew. */
#ifndef CPU_INTERP_BLOCK_H
#define CPU_INTERP_BLOCK_H

#include "cpu/hart/hart.h"

#define BLOCK_INSNS_MAX 64

/* Times that a block is interpreted before it is translated, but where a test is in a hurry. */
#ifdef DOORBELL_HARSH
#define BLOCK_HOT 2
#else
#define BLOCK_HOT 8
#endif

struct block {
    uint64_t pa;         /* physical address of the first instruction */
    uint64_t pa2;        /* of the second half, when the only instruction crosses a page; else 0 */
    struct block *hash_next, *page_next, *page2_next;
    struct block **next; /* known successors in the same page: [0] at the end, [insn.way] elsewhere */
    uint16_t count;      /* entries of insn[] */
    uint16_t skew;       /* leading entries that are no instructions */
    uint16_t bytes;      /* of all its instructions */
    uint8_t heat, turns; /* how often the interpreter has started it, how often right after itself */
    const void *code;    /* its translation, or NULL */
    const void *stale_stub; /* where its translation leads once it is stale */
    struct insn insn[];
};

struct code_cache;

/* A software probe: called before the instruction at a probed address executes, with the hart's
 * pc, ticks and instret exact.  It must not change the hart. */
typedef void probe_fn(void *ctx, struct hart *h);

struct code_cache *code_new(struct machine_shared *m, struct hart *const *harts, unsigned count);
void code_free(struct code_cache *c);

/* The block at h->pc, which must be the hart's pc, or NULL after a trap (fetch fault).  May reset
 * the cache: links to blocks obtained before must then be dropped (see code_generation). */
struct block *block_find(struct hart *h);
uint64_t code_generation(const struct code_cache *c);
/* The block at h->pc if that takes no look at memory: its translation is cached, it is built. */
struct block *block_known(struct hart *h);
/* The block that starts at a physical address, or NULL.  Not one that crosses a page. */
struct block *code_lookup(const struct code_cache *c, uint64_t pa);
/* Forgets all blocks; between two blocks only. */
void code_reset(struct code_cache *c);
const uint8_t *code_arena(const struct code_cache *c);

/* Decoded code in [addr, addr + len) is about to change: a struct space's code_written. */
void code_written(void *cache, uint64_t addr, uint64_t len);

/* Plants a probe at a physical address; code_probe_hit is what OP_probe calls. */
void code_probe_fn(struct code_cache *c, probe_fn *fn, void *ctx);
void code_probe_add(struct code_cache *c, uint64_t pa);
void code_probe_hit(struct hart *h);

#endif
