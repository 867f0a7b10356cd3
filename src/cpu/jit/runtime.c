/* SPDX-License-Identifier: Apache-2.0 */
/* What translated code calls.  It mirrors the interpreter's labels of the same names, so that both
 * leave a hart in the same state (interp/interp.c). */
#include "cpu/jit/translate.h"

#include <string.h>

/* ---- isa.def, read for what is called at run time ---- */

#define SYS(f) {.system = f}
#define LOAD(T) {.bytes = sizeof(T), .load = true, .is_signed = (T)-1 < 1}
#define STORE(T, v) {.bytes = sizeof(T)}
#define FLOAD(T) {.bytes = sizeof(T), .load = true, .fp = true}
#define FSTORE(T) {.bytes = sizeof(T), .fp = true}
#define NOT_CALLED {.bytes = 0}
#define WX(v) NOT_CALLED
#define BRANCH(taken) NOT_CALLED
#define JUMP_DIRECT NOT_CALLED
#define JUMP_INDIRECT NOT_CALLED
#define AMO(T, v) NOT_CALLED
#define LOAD_RESERVED(T) NOT_CALLED
#define STORE_CONDITIONAL(T) NOT_CALLED
#define FPS(v) NOT_CALLED
#define FPD(v) NOT_CALLED
#define FPX(v) NOT_CALLED
#define FPSN(v) NOT_CALLED
#define FPDN(v) NOT_CALLED
#define FPXN(v) NOT_CALLED
#define NOTHING NOT_CALLED
#define I(id, mnemonic, match, mask, format, class, extension, ...) [OP_##id] = __VA_ARGS__,
const struct isa_runtime isa_runtime[OP_LIMIT] = {
#include "cpu/isa/isa.def"
};
#undef I

static const struct block *site_block(const struct jit *j, uint32_t site)
{
    return (const struct block *)(const void *)(j->arena +
                                                (size_t)(site >> SITE_INDEX_BITS) * 16);
}

static const struct insn *site_insn(const struct block *b, uint32_t site)
{
    return &b->insn[site & mask_bits(SITE_INDEX_BITS)];
}

/* Gives the hart a budget for the time up to its limit, or as much of it as can be counted. */
static void arm(struct hart *h)
{
    uint64_t left = u64_min(h->limit - h->ticks, h->m->jit->slice_ticks);

    h->slice_end = h->ticks + left;
    h->slice_instret = h->instret;
    h->budget = (left - 1) << BUDGET_SHIFT;
    jit_returns_ready(h);
}

/* Sets ticks and instret from the budget: those at the start of the block that runs, or at an exit
 * those at its end. */
static void settle(struct hart *h)
{
    unsigned raised = h->mxcsr & 0x3f;

    /* MXCSR: invalid, denormal, divide by zero, overflow, underflow, inexact from bit 0 up. */
    if (raised) {
        h->fflags |= (uint8_t)((raised & 1) << 4 | (raised & 4) << 1 | (raised & 8) >> 1 |
                               (raised & 16) >> 3 | raised >> 5);
        h->mxcsr &= ~0x3fu;
    }
    h->ticks = h->slice_end - 1 - (uint64_t)((int64_t)h->budget >> BUDGET_SHIFT);
    h->instret = h->slice_instret + (h->budget & mask_bits(BUDGET_SHIFT));
}

static uint64_t block_pc(const struct hart *h, const struct block *b)
{
    return h->page_va | (b->pa & (PAGE_BYTES - 1));
}

/* The translation of the block at h->pc, where time is not up and it is known; else NULL. */
static const void *go_on(struct hart *h)
{
    struct block *b;

    if (h->ticks >= h->limit || !(b = block_known(h)) || !b->code)
        return NULL;
    arm(h);
    h->page_va = h->pc & ~(PAGE_BYTES - 1);
    return b->code;
}

const void *jit_run_find(struct hart *h)
{
    settle(h);
    h->pc &= ~UINT64_C(1);
    return go_on(h);
}

/* At an exit to a known place of the same page, whose jump ends at `field`. */
const void *jit_run_link(struct hart *h, uint32_t site, uint32_t field)
{
    struct jit *j = h->m->jit;
    const struct block *from = site_block(j, site);
    const struct insn *i = site_insn(from, site);
    bool timeout = (int64_t)h->budget < 0;
    const void *code;

    settle(h);
    h->pc = block_pc(h, from) + i->offset;
    h->pc += field & LINK_RETURN ? i->length : (uint64_t)(int64_t)i->imm;
    code = go_on(h);
    if (code && !timeout && from->code)
        x86_patch(&j->hot, j->write + (field & ~LINK_RETURN), code);
    return code;
}

/* An indirect jump to h->pc, whose site has no way there yet.  A few places of the same page become
 * comparisons, which hold in any context; what goes elsewhere, or to many places, looks into the
 * jump cache. */
const void *jit_run_jump(struct hart *h, uint32_t stub)
{
    struct jit *j = h->m->jit;
    uint8_t *s = j->write + stub, *start = j->write + le32_get(s - 5), *used = s - 1;
    struct code c = {start + *used, start + JUMP_BYTES, j->hot.to_exec};
    uint64_t offset;
    const void *code;

    settle(h);
    h->pc &= ~UINT64_C(1);
    offset = h->pc - h->page_va;
    code = go_on(h);
    if (!code)
        return NULL;
    if (offset < PAGE_BYTES && c.end - c.p >= JUMP_COMPARE_BYTES) {
        if (!*used) {
            x86_mov(&c, RCX, RAX);
            x86(&c, OPX_SUB | X_W, RCX, HART_FIELD(page_va));
        }
        x86_alu_imm(&c, X_W, GROUP1_CMP, x86_r(RCX), (int32_t)offset);
        x86_jcc(&c, CC_E, code);
        *used = (uint8_t)(c.p - start);
        x86_jmp(&c, s + c.to_exec);
    } else {
        c.p = start;
        t_jump_cache(j, &c);
    }
    return code;
}

/* After an instruction that ends its block, at h->pc: as in the interpreter, interrupts first. */
static const void *after(struct hart *h)
{
    if (h->stop != STOP_NONE) {
        h->leave = true;
        return NULL;
    }
    if (hart_wakes(h))
        hart_interrupt(h);
    h->leave = h->trapped = false;
    return go_on(h);
}

/* Performs the SYS row; whether it went to a place of its own. */
static bool perform(struct hart *h, const struct block *b, const struct insn *i)
{
    settle(h);
    h->pc = block_pc(h, b) + i->offset;
    h->ticks += i->ticks;
    h->instret += (uint64_t)(i - b->insn) - b->skew;
    return isa_runtime[i->op].system(h, i);
}

const void *jit_run_system(struct hart *h, uint32_t site)
{
    const struct block *b = site_block(h->m->jit, site);
    const struct insn *i = site_insn(b, site);

    if (!perform(h, b, i))
        h->pc += i->length;
    h->instret += !h->trapped;
    return after(h);
}

/* The caller of a thunk will not be returned to. */
static void abandon_block(struct hart *h)
{
    h->return_sp += sizeof(uint64_t);
}

/* One whose block goes on. */
const void *jit_run_within(struct hart *h, uint32_t site)
{
    const struct block *b = site_block(h->m->jit, site);
    const struct insn *i = site_insn(b, site);
    bool jumped = perform(h, b, i);

    /* The context may have got a new number; it is still the same to fetches. */
    if (likely(!jumped && !h->leave))
        return (const void *)JIT_RETURN;
    abandon_block(h);
    if (!jumped)
        h->pc += i->length;
    h->instret += !h->trapped;
    return after(h);
}

const void *jit_run_resume(struct hart *h, uint32_t site)
{
    h->resume_block = site_block(h->m->jit, site);
    h->resume = site_insn(h->resume_block, site);
    settle(h);
    h->pc = block_pc(h, h->resume_block);
    return NULL;
}

static void put_loaded(struct hart *h, const struct insn *i, const struct isa_runtime *op,
                       uint64_t value)
{
    if (op->fp) {
        h->f[i->rd] = op->bytes == 4 ? value | UINT64_C(0xffffffff00000000) : value;
        h->mstatus |= MSTATUS_FS;
    } else {
        h->x[i->rd] = op->is_signed ? (uint64_t)sign_extend(value, op->bytes * 8u) : value;
    }
}

/* The access's own entry: a look-up for a group fails where only some other access of it misses, and
 * the interpreter would then not look at the page tables either. */
static bool in_tlb(struct hart *h, const struct insn *i, const struct isa_runtime *op, uint64_t va,
                   uint64_t *value)
{
    const struct tlb_entry *e = &h->tlb[va >> PAGE_SHIFT & (TLB_ENTRIES - 1)];
    uint64_t last = va + op->bytes - 1, tag = (last & ~(PAGE_BYTES - 1)) | h->context;
    uint8_t *at = (uint8_t *)(e->addend + (uintptr_t)va);

    if ((op->load ? e->read_tag : e->write_tag) != tag || (va ^ last) >> PAGE_SHIFT)
        return false;
    if (op->load)
        *value = le_get(at, op->bytes);
    else
        le_put(at, op->bytes, op->fp ? h->f[i->rs2] : h->x[i->rs2]);
    return true;
}

/* A load or store whose look-up failed. */
const void *jit_run_memory(struct hart *h, uint32_t site, uint64_t va)
{
    const struct block *b = site_block(h->m->jit, site);
    const struct insn *i = site_insn(b, site);
    const struct isa_runtime *op = &isa_runtime[i->op];
    uint64_t value = 0, base;
    bool done;

    settle(h);
    base = h->ticks;
    h->pc = block_pc(h, b) + i->offset;
    h->ticks += i->ticks;
    done = in_tlb(h, i, op, va, &value) ? true
           : op->load ? hart_load(h, va, op->bytes, &value)
                      : hart_store(h, va, op->bytes, op->fp ? h->f[i->rs2] : h->x[i->rs2]);
    if (done && op->load)
        put_loaded(h, i, op, value);
    if (likely(done && !h->leave))
        return (const void *)JIT_RETURN;
    abandon_block(h);
    h->instret += (uint64_t)(i - b->insn) - b->skew;
    if (done) {
        h->pc += i->length;
        h->instret++;
    } else if (!h->trapped) { /* to be tried again, as if it had not begun */
        h->ticks = base + (i > b->insn ? (i - 1)->ticks : 0);
        h->retry_pc = h->pc;
        h->retry_instret = h->instret;
        h->leave = true;
        return NULL;
    }
    return after(h);
}

const void *jit_run_memory_group(struct hart *h, uint32_t site, uint64_t va, uint32_t group)
{
    uint64_t first = va - (group >> 8 & 0xfff), last = va + (group >> 20) - 1;
    const struct block *b = site_block(h->m->jit, site);
    const struct tlb_entry *e = &h->tlb[va >> PAGE_SHIFT & (TLB_ENTRIES - 1)];
    const void *to = jit_run_memory(h, site, va);
    uint64_t tag = (va & ~(PAGE_BYTES - 1)) | h->context; /* the walk may have changed the number */

    if (to != (const void *)JIT_RETURN)
        return to;
    if (first >> PAGE_SHIFT != last >> PAGE_SHIFT ||
        (isa_runtime[site_insn(b, site)->op].load ? e->read_tag : e->write_tag) != tag)
        return (const void *)JIT_BROKEN;
    h->group[group & 0xff] = e->addend;
    h->loop_limit[group & 0xff] = 0; /* of another page, if it is a slot */
    return to;
}

/* Goes on after the first access of a group that could not be. */
const void *jit_run_tail(struct hart *h, uint32_t site, uint32_t field)
{
    struct jit *j = h->m->jit;
    const struct block *b = site_block(j, site);
    const void *code = jit_translate_tail(j, (struct block *)(uintptr_t)b, site_insn(b, site) + 1);

    if (!code)
        return jit_run_resume(h, site + 1);
    x86_patch(&j->cold, j->write + field, code);
    settle(h);
    arm(h);
    return code;
}

void jit_enter(struct hart *h, const struct block *b, uint64_t limit)
{
    h->limit = limit;
    h->host_mxcsr = MXCSR_MASKS;
    h->fp_sign64 = UINT64_C(1) << 63;
    h->fp_sign32 = UINT64_C(1) << 31;
    h->resume = NULL;
    h->page_va = h->pc & ~(PAGE_BYTES - 1);
    arm(h);
    h->m->jit->enter(h, b->code);
}
