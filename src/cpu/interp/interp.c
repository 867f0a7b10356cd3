/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter: isa.def's semantics, threaded through pre-decoded blocks (interp/block.h).
 *
 * Within a block, `ticks` and `instret` are those at its start; an instruction's own position is
 * i->ticks and its index, added where something needs the exact value (a slow path) and at the end
 * of the block.  So the common path of an instruction counts nothing. */
#include "cpu/engine.h"
#include "cpu/fp/softfp.h"
#include "cpu/hart/csr.h"
#include "cpu/interp/block.h"
#include "cpu/jit/jit.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the interpreter's loads and stores need a little-endian host"
#endif

/* ---- helpers that the table names ---- */

static inline uint64_t mulh_ss(uint64_t a, uint64_t b)
{
    return (uint64_t)(((i128)(int64_t)a * (int64_t)b) >> 64);
}

static inline uint64_t mulh_su(uint64_t a, uint64_t b)
{
    return (uint64_t)(((i128)(int64_t)a * (i128)b) >> 64);
}

static inline uint64_t mulh_uu(uint64_t a, uint64_t b)
{
    return (uint64_t)(((u128)a * b) >> 64);
}

/* Division by zero and overflow have results, not traps (unprivileged ISA, table 7.1). */
static inline uint64_t div_s64(uint64_t a, uint64_t b)
{
    if (b == 0)
        return UINT64_MAX;
    return b == UINT64_MAX ? -a : (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint64_t rem_s64(uint64_t a, uint64_t b)
{
    if (b == 0)
        return a;
    return b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint32_t div_s32(uint32_t a, uint32_t b)
{
    if (b == 0)
        return UINT32_MAX;
    return b == UINT32_MAX ? -a : (uint32_t)((int32_t)a / (int32_t)b);
}

static inline uint32_t rem_s32(uint32_t a, uint32_t b)
{
    if (b == 0)
        return a;
    return b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b);
}

static inline uint64_t rol64(uint64_t v, uint64_t n)
{
    return v << n | v >> (-n & 63);
}

static inline uint32_t rol32(uint32_t v, uint64_t n)
{
    return v << n | v >> (-n & 31);
}

static inline uint64_t orc_b(uint64_t v)
{
    uint64_t low = UINT64_C(0x0101010101010101);

    v |= v >> 4 & low * 0x0f;
    v |= v >> 2 & low * 0x03;
    v |= v >> 1 & low;
    return (v & low) * 0xff;
}

static inline uint32_t unbox(uint64_t f)
{
    return f >> 32 == UINT32_MAX ? (uint32_t)f : F32_NAN;
}

#define BOX(v) (UINT64_C(0xffffffff00000000) | (uint32_t)(v))

/* ---- the words of isa.def ---- */

#define X1 (x[i->rs1])
#define X2 (x[i->rs2])
#define IMM ((uint64_t)(int64_t)i->imm)
#define PC (pc + i->offset)
#define WX(v) (x[i->rd] = (uint64_t)(v))
#define W(v) ((uint64_t)(int64_t)(int32_t)(uint32_t)(v))
#define D1 (h->f[i->rs1])
#define D2 (h->f[i->rs2])
#define D3 (h->f[i->rs3])
#define S1 unbox(D1)
#define S2 unbox(D2)
#define S3 unbox(D3)
#define RM ((enum fp_rm)rm)
#define FLAGS (&h->fflags)
#define NOTHING ((void)0)

/* Instructions of the block before i. */
#define INDEX ((uint64_t)(i - b->insn) - b->skew)

/* Makes pc and ticks exact for a slow path; after it, `done` says whether it was carried out. */
#define SLOW(call) \
    do { \
        h->pc = PC; \
        h->ticks = ticks + i->ticks; \
        if (unlikely(!(call))) \
            goto not_done; \
        ticks = h->ticks - i->ticks; \
    } while (0)
#define SLOW_END \
    do { \
        if (unlikely(h->leave)) \
            goto leave_block; \
    } while (0)

#define TLB(va) (&h->tlb[(va) >> PAGE_SHIFT & (TLB_ENTRIES - 1)])
/* The last byte's page with the context: equal to the entry's tag only if the page is cached and
 * the access does not cross into the next (whose index differs). */
#define TAG(va, size) (((va) + (size) - 1) & ~(PAGE_BYTES - 1)) + h->context
#define HOST(e, va) ((void *)((e)->addend + (uintptr_t)(va)))

#define READ(T, put) \
    do { \
        uint64_t va = X1 + IMM, slow; \
        const struct tlb_entry *e = TLB(va); \
        T v; \
        if (likely(e->read_tag == (TAG(va, sizeof(T))) && ONE_ENTRY_OK(va, sizeof(T)))) { \
            memcpy(&v, HOST(e, va), sizeof v); \
            put; \
        } else { \
            SLOW(hart_load(h, va, sizeof(T), &slow)); \
            v = (T)slow; \
            put; \
            SLOW_END; \
        } \
    } while (0)
#define WRITE(T, value) \
    do { \
        uint64_t va = X1 + IMM; \
        const struct tlb_entry *e = TLB(va); \
        T v = (T)(value); \
        if (likely(e->write_tag == (TAG(va, sizeof(T))) && ONE_ENTRY_OK(va, sizeof(T)))) { \
            memcpy(HOST(e, va), &v, sizeof v); \
        } else { \
            SLOW(hart_store(h, va, sizeof(T), v)); \
            SLOW_END; \
        } \
    } while (0)
#if TLB_ENTRIES > 1
#define ONE_ENTRY_OK(va, size) true
#else
/* With one entry the index cannot tell the two pages of a crossing access apart. */
#define ONE_ENTRY_OK(va, size) (((va) & (PAGE_BYTES - 1)) + (size) <= PAGE_BYTES)
#endif

#define LOAD(T) READ(T, WX((int64_t)v))
#define STORE(T, value) WRITE(T, value)
#define FP_ON \
    do { \
        if (unlikely(!hart_fp_on(h))) \
            goto illegal; \
    } while (0)
#define FP_RM \
    unsigned rm = i->rm == 7 ? h->frm : i->rm; \
    if (unlikely(rm > FP_RMM || !hart_fp_on(h))) \
        goto illegal
#define FP_DIRTY (h->mstatus |= MSTATUS_FS)
#define FLOAD(T) \
    do { \
        FP_ON; \
        READ(T, (h->f[i->rd] = sizeof(T) == 4 ? BOX(v) : v, FP_DIRTY)); \
    } while (0)
#define FSTORE(T) \
    do { \
        FP_ON; \
        WRITE(T, D2); \
    } while (0)
#define FPS(v) do { FP_RM; h->f[i->rd] = BOX(v); FP_DIRTY; (void)rm; } while (0)
#define FPD(v) do { FP_RM; h->f[i->rd] = (v); FP_DIRTY; (void)rm; } while (0)
#define FPX(v) do { FP_RM; WX(v); FP_DIRTY; } while (0)
#define FPSN(v) do { FP_ON; h->f[i->rd] = BOX(v); FP_DIRTY; } while (0)
#define FPDN(v) do { FP_ON; h->f[i->rd] = (v); FP_DIRTY; } while (0)
#define FPXN(v) do { FP_ON; WX(v); FP_DIRTY; } while (0)

#define ATOMIC(p, size, write) \
    do { \
        const struct tlb_entry *e = TLB(va); \
        bool release = i->imm & ISA_RL; \
        if (likely((write ? e->write_tag : e->read_tag) == TAG(va, 1) && !(va & (size - 1)) && \
                   !(release && h->unfenced))) { \
            p = HOST(e, va); \
            pa = e->page << PAGE_SHIFT | (va & (PAGE_BYTES - 1)); \
        } else { \
            SLOW((p = hart_atomic(h, va, size, write, release, &pa)) != NULL); \
        } \
    } while (0)
#define AMO(T, result) \
    do { \
        uint64_t va = X1, pa; \
        uint8_t *p; \
        T OLD, V2 = (T)X2, v; \
        ATOMIC(p, sizeof(T), true); \
        (void)pa, (void)V2; \
        memcpy(&OLD, p, sizeof OLD); \
        v = (result); \
        memcpy(p, &v, sizeof v); \
        WX((int64_t)OLD); \
        SLOW_END; \
    } while (0)
#define LOAD_RESERVED(T) \
    do { \
        uint64_t va = X1, pa; \
        uint8_t *p; \
        T v; \
        ATOMIC(p, sizeof(T), false); \
        memcpy(&v, p, sizeof v); \
        WX((int64_t)v); \
        h->reservation = pa; \
        h->reservation_size = sizeof(T); \
    } while (0)
#define STORE_CONDITIONAL(T) \
    do { \
        uint64_t va = X1, pa; \
        uint8_t *p; \
        T v = (T)X2; \
        bool ok; \
        ATOMIC(p, sizeof(T), true); \
        ok = h->reservation == pa && h->reservation_size == sizeof(T); \
        h->reservation = NO_RESERVATION; \
        if (ok) \
            memcpy(p, &v, sizeof v); \
        WX(!ok); \
        SLOW_END; \
    } while (0)

/* Control flow.  `ticks` and `instret` take in the whole block. */
#define RETIRE_BLOCK \
    do { \
        ticks += i->ticks; \
        instret += INDEX + 1; \
    } while (0)
#define FOLLOW(way) \
    do { \
        struct block *to = b->next[way]; \
        if (unlikely(!to)) { \
            from = b; \
            from_way = (way); \
            goto find_linked; \
        } \
        b = to; \
        goto run_block; \
    } while (0)
#define BRANCH(taken) \
    do { \
        if (taken) { \
            RETIRE_BLOCK; \
            ticks += taken_ticks; \
            pc = PC + IMM; \
            FOLLOW(i->way); \
        } \
    } while (0)
#define JUMP_DIRECT \
    do { \
        RETIRE_BLOCK; \
        WX(PC + i->length); \
        pc = PC + IMM; \
        FOLLOW(i->way); \
    } while (0)
#define JUMP_INDIRECT \
    do { \
        uint64_t to = (X1 + IMM) & ~UINT64_C(1); \
        RETIRE_BLOCK; \
        WX(PC + i->length); \
        pc = to; \
        goto find_block; \
    } while (0)
#define SYS(f) \
    do { \
        sys = f; \
        goto system; \
    } while (0)

#if defined(__GNUC__)
#define DISPATCH __extension__({ goto *label[i->op]; })
#pragma GCC diagnostic ignored "-Wpedantic"
#else
#error "the interpreter needs computed goto (gcc or clang)"
#endif

static enum stop interp_run(struct hart *h, uint64_t limit)
{
#define I(id, ...) [OP_##id] = &&do_##id,
    static const void *const label[OP_LIMIT] = {
#include "cpu/isa/isa.def"
        [OP_end] = &&do_end, [OP_enter] = &&do_enter, [OP_probe] = &&do_probe,
        [OP_stale] = &&find_block};
#undef I
    uint64_t *const x = h->x;
    uint64_t pc = h->pc, ticks = h->ticks, instret = h->instret;
    const uint64_t taken_ticks = h->p->branch_taken_ticks;
    const unsigned hot = h->m->hot;
    bool (*sys)(struct hart *, const struct insn *);
    struct block *b = NULL, *from = NULL, *started = NULL;
    const struct insn *i;
    unsigned from_way = 0;
    bool same_page;
    uint64_t generation;
    struct jump_entry *known;

    h->stop = STOP_NONE;
    h->leave = h->trapped = false;
    if (h->mmio_arrival)
        goto resume; /* in the middle of a load: nothing comes between */

take_interrupts:
    if (hart_mip(h) & h->mie) {
        h->pc = pc;
        h->ticks = ticks;
        if (hart_interrupt(h)) {
            pc = h->pc;
            ticks = h->ticks;
        }
    }
    h->leave = h->trapped = false;

find_block:
    if (unlikely(ticks >= limit))
        goto out_of_time;
resume:
    known = &h->jump[pc >> 1 & (JUMP_CACHE_ENTRIES - 1)];
    if (likely(known->pc == pc && known->context == h->fetch_context)) {
        b = known->block;
        if (unlikely(b->insn[0].op == OP_stale))
            goto find_slow;
        i = b->insn;
        DISPATCH;
    }

find_slow:
    h->pc = pc;
    h->ticks = ticks;
    b = block_find(h);
    if (unlikely(!b))
        goto not_fetched;
    i = b->insn;
    DISPATCH;

not_fetched:
    /* A cycle for the attempt: time must go on even where no handler can be fetched. */
    pc = h->pc;
    ticks = h->ticks + TICKS_PER_CYCLE;
    goto take_interrupts;

find_linked:
    /* As find_block, then remember the way if both blocks lie in one page (block.h, 2): one page of
     * virtual addresses too, as the next page may show the same memory. */
    same_page = (from->pa & (PAGE_BYTES - 1)) + i->offset + IMM < PAGE_BYTES;
    if (unlikely(ticks >= limit))
        goto out_of_time;
    generation = code_generation(h->m->code);
    known = &h->jump[pc >> 1 & (JUMP_CACHE_ENTRIES - 1)];
    if (known->pc == pc && known->context == h->fetch_context && known->block->insn[0].op != OP_stale) {
        b = known->block;
    } else {
        h->pc = pc;
        h->ticks = ticks;
        b = block_find(h);
    }
    if (unlikely(!b))
        goto not_fetched;
    if (same_page && generation == code_generation(h->m->code) &&
        !((from->pa ^ b->pa) >> PAGE_SHIFT) && !from->pa2 && !b->pa2 && from->insn[0].op != OP_stale)
        from->next[from_way] = b;
    i = b->insn;
    DISPATCH;

run_block:
    if (unlikely(ticks >= limit))
        goto out_of_time;
    i = b->insn;
    DISPATCH;

#define I(id, mnemonic, match, mask, format, class, extension, ...) \
    do_##id: \
        __VA_ARGS__; \
        i++; \
        DISPATCH;
#include "cpu/isa/isa.def"
#undef I

do_end:
    ticks += i->ticks;
    instret += INDEX;
    pc = PC;
    FOLLOW(0);

do_enter:
    if (likely(!b->code)) {
        b->turns += b == started;
        started = b;
        if (++b->heat != hot) {
            i++;
            DISPATCH;
        }
        if (!jit_translate(h->m->jit, b)) {
            code_reset(h->m->code);
            goto find_slow;
        }
        if (!b->code) {
            i++;
            DISPATCH;
        }
    }
    known = &h->jump[pc >> 1 & (JUMP_CACHE_ENTRIES - 1)];
    if (known->block == b)
        known->code = b->code;
    h->pc = pc;
    h->ticks = ticks;
    h->instret = instret;
    jit_enter(h, b, limit);
    pc = h->pc;
    ticks = h->ticks;
    instret = h->instret;
    if (h->resume) { /* in the middle of a block */
        b = (struct block *)h->resume_block;
        i = h->resume;
        DISPATCH;
    }
    if (!h->leave)
        goto find_block;
    if (h->stop != STOP_NONE)
        goto out;
    goto take_interrupts;

do_probe:
    h->pc = pc;
    h->ticks = ticks;
    h->instret = instret;
    if (pc != h->retry_pc || instret != h->retry_instret)
        code_probe_hit(h);
    i++;
    DISPATCH;

illegal:
    sys = hart_illegal;

system:
    h->pc = PC;
    h->ticks = ticks + i->ticks;
    h->instret = instret + INDEX;
    pc = h->pc + i->length;
    if (sys(h, i)) {
        pc = h->pc;
    } else if (i->goes_on && likely(!h->leave)) {
        pc = h->pc - i->offset;
        i++;
        DISPATCH;
    }
    ticks = h->ticks;
    instret = h->instret + !h->trapped;
    if (h->stop != STOP_NONE)
        goto out;
    goto take_interrupts;

leave_block:
    /* i was carried out and something changed: the rest of the block must not follow blindly. */
    ticks += i->ticks;
    instret += INDEX + 1;
    pc = PC + i->length;
    if (h->stop != STOP_NONE)
        goto out;
    goto take_interrupts;

not_done:
    instret += INDEX;
    if (h->trapped) {
        pc = h->pc;
        ticks = h->ticks;
        if (h->stop != STOP_NONE)
            goto out;
        goto take_interrupts;
    }
    /* To be tried again: as if it had not begun. */
    pc = PC;
    ticks += i > b->insn ? (i - 1)->ticks : 0;
    h->retry_pc = pc;
    h->retry_instret = instret;
    goto out;

out_of_time:
    h->stop = STOP_LIMIT;
out:
    /* A load that was resumed has been performed, unless its instruction or its translation has
     * changed under it: then it will not be. */
    if (h->stop != STOP_WAIT)
        h->mmio_arrival = 0;
    h->pc = pc;
    h->ticks = ticks;
    h->instret = instret;
    return h->stop;
}

const struct engine interp_engine = {.name = "interpreter", .run = interp_run};
