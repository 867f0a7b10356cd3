/* SPDX-License-Identifier: Apache-2.0 */
/* Branches, jumps and the ways out of a block. */
#include "cpu/jit/translate.h"

/* What an exit adds to the budget. */
static int32_t budget_delta(const struct translation *t, const struct insn *i, uint64_t extra_ticks,
                            unsigned retired)
{
    return (int32_t)(-(int64_t)((i->ticks + extra_ticks) << BUDGET_SHIFT) +
                     (int64_t)((size_t)(i - t->b->insn) - t->b->skew + retired));
}

/* The interpreter takes over at i. */
void t_resume(struct translation *t, struct code *c, const struct insn *i)
{
    t_leave_loop(t, c);
    x86_mov_imm(c, RAX, site(t->j, t->b, i));
    x86_jmp(c, t->j->resume);
}

/* To the address in RAX, whose time has been counted (the sign flag says whether it is up). */
static void exit_indirect(struct translation *t, struct code *c)
{
    int32_t jump = (int32_t)offsetof(struct hart, jump) - HART_BIAS;

    _Static_assert(sizeof(struct jump_entry) == 32, "jump-cache entries are indexed by a shift");
    x86_jcc(c, CC_S, t->j->find);
    x86_rorx(c, 0, RCX, x86_r(RAX), 32 - 4);
    x86_alu_imm(c, 0, GROUP1_AND, x86_r(RCX), (JUMP_CACHE_ENTRIES - 1) * 32);
    x86(c, OPX_LOAD | X_W, RDX, HART_FIELD(fetch_context));
    x86(c, OPX_CMP | X_W, RAX, x86_mi(HART, RCX, 0, jump + (int)offsetof(struct jump_entry, pc)));
    x86_jcc(c, CC_NE, t->j->find);
    x86(c, OPX_CMP | X_W, RDX,
        x86_mi(HART, RCX, 0, jump + (int)offsetof(struct jump_entry, context)));
    x86_jcc(c, CC_NE, t->j->find);
    x86_mov(c, RDX, RAX);
    x86_alu_imm(c, X_W, GROUP1_AND, x86_r(RDX), -(int32_t)PAGE_BYTES);
    x86(c, OPX_STORE | X_W, RDX, HART_FIELD(page_va));
    x86(c, 0xff, 4, x86_mi(HART, RCX, 0, jump + (int)offsetof(struct jump_entry, code)));
}

/* To `offset` bytes from the start of the block's page; i is the branch, jump or end. */
static void exit_direct(struct translation *t, struct code *c, const struct insn *i, int64_t offset,
                        uint64_t extra_ticks, unsigned retired)
{
    struct code *cold = t->cold;
    const void *stub;
    const struct block *to;

    if (t->swaps && offset == (int64_t)(t->b->pa & (PAGE_BYTES - 1))) { /* the loop */
        x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(BUDGET), budget_delta(t, i, extra_ticks, retired));
        x86_jcc(c, CC_NS, t->loop);
        if (c != cold)
            x86_jmp(c, x86_here(cold));
        t_leave_loop(t, cold);
        x86_mov_imm(cold, RDX, 0); /* time is up: nothing is patched */
        x86_mov_imm(cold, RAX, site(t->j, t->b, i));
        x86_jmp(cold, t->j->link);
        return;
    }
    t_leave_loop(t, c);
    if (offset < 0 || offset >= (int64_t)PAGE_BYTES || t->b->pa2) {
        x86(c, OPX_LOAD | X_W, RAX, HART_FIELD(page_va));
        x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(RAX), (int32_t)offset);
        x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(BUDGET), budget_delta(t, i, extra_ticks, retired));
        exit_indirect(t, c);
        return;
    }
    x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(BUDGET), budget_delta(t, i, extra_ticks, retired));
    to = code_lookup(t->j->blocks, (t->b->pa & ~(PAGE_BYTES - 1)) + (uint64_t)offset);
    if (c == cold) { /* the way out follows the jump */
        x86_jcc(c, CC_NS, to && to->code ? to->code : x86_here(c) + 6);
        stub = NULL;
    } else {
        stub = x86_here(cold);
        x86_jcc(c, CC_NS, to && to->code ? to->code : stub);
        x86_jmp(c, stub);
    }
    {
        uint32_t field = (uint32_t)((stub ? c->p - 5 : c->p) - t->j->write);
        x86_mov_imm(cold, RDX, field);
        x86_mov_imm(cold, RAX, site(t->j, t->b, i));
        x86_jmp(cold, t->j->link);
    }
}

int64_t t_page_offset(const struct translation *t, const struct insn *i)
{
    return (int64_t)(t->b->pa & (PAGE_BYTES - 1)) + i->offset;
}

static void branch(struct translation *t, const struct insn *i, enum x86_cond taken)
{
    struct code *c = t->hot;
    int64_t to = t_page_offset(t, i) + i->imm;
    uint64_t extra = t->j->p->branch_taken_ticks;

    if (i->rs1 == 0)
        x86_alu_imm(c, X_W, GROUP1_CMP, t_x(t, i->rs2), 0);
    else if (i->rs2 == 0 && t_mapped(t, i->rs1) >= 0)
        x86(c, OPX_TEST | X_W, t_mapped(t, i->rs1), x86_r(t_mapped(t, i->rs1)));
    else if (i->rs2 == 0)
        x86_alu_imm(c, X_W, GROUP1_CMP, t_x(t, i->rs1), 0);
    else
        x86(c, OPX_CMP | X_W, t_use(t, i->rs1, RAX), t_x(t, i->rs2));
    if (i->rs1 == 0) /* compared the other way round */
        taken = taken == CC_L ? CC_G : taken == CC_GE ? CC_LE : taken == CC_B ? CC_A
                : taken == CC_AE ? CC_BE : taken;
    if (i->imm < 0 && to >= 0 && !t->b->pa2) { /* a loop: the taken way is in line */
        uint8_t *skip = x86_jcc_far(c, taken ^ 1);
        exit_direct(t, c, i, to, extra, 1);
        x86_label_far(c, skip);
    } else {
        x86_jcc(c, taken, x86_here(t->cold));
        exit_direct(t, t->cold, i, to, extra, 1);
    }
}

/* rd = address of the next instruction */
static void link_register(struct translation *t, const struct insn *i)
{
    int d = t_def(t, i->rd, RCX);

    if (i->rd == ISA_SINK)
        return;
    x86(t->hot, OPX_LOAD | X_W, d, HART_FIELD(page_va));
    x86_alu_imm(t->hot, X_W, GROUP1_ADD, x86_r(d), (int32_t)(t_page_offset(t, i) + i->length));
    t_done(t, i->rd, d);
}

static void jalr(struct translation *t, const struct insn *i)
{
    struct code *c = t->hot;

    if (t_mapped(t, i->rs1) >= 0)
        x86(c, OPX_LEA | X_W, RAX, x86_m(t_mapped(t, i->rs1), i->imm));
    else {
        x86(c, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
        if (i->imm)
            x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(RAX), i->imm);
    }
    x86_alu_imm(c, X_W, GROUP1_AND, x86_r(RAX), -2);
    link_register(t, i);
    t_leave_loop(t, c);
    x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(BUDGET), budget_delta(t, i, 0, 1));
    exit_indirect(t, c);
}

bool jit_translate_control(struct translation *t, const struct insn *i)
{
    switch (i->op) {
    case OP_beq: branch(t, i, CC_E); return true;
    case OP_bne: branch(t, i, CC_NE); return true;
    case OP_blt: branch(t, i, CC_L); return true;
    case OP_bge: branch(t, i, CC_GE); return true;
    case OP_bltu: branch(t, i, CC_B); return true;
    case OP_bgeu: branch(t, i, CC_AE); return true;
    case OP_jal:
        link_register(t, i);
        exit_direct(t, t->hot, i, t_page_offset(t, i) + i->imm, 0, 1);
        return false;
    case OP_jalr:
        jalr(t, i);
        return false;
    case OP_end:
        exit_direct(t, t->hot, i, t_page_offset(t, i), 0, 0);
        return false;
    default:
        break;
    }
    if (isa_runtime[i->op].system) {
        t_leave_loop(t, t->hot);
        x86_mov_imm(t->hot, RAX, site(t->j, t->b, i));
        x86_jmp(t->hot, t->j->system);
    } else {
        t_resume(t, t->hot, i);
    }
    return false;
}

