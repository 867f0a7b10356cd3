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

/* To the pc in RAX, where the jump cache has it, by a jump or a call; else to `miss`. */
static void jump_cache(struct code *c, const void *miss, bool call)
{
    int32_t jump = (int32_t)offsetof(struct hart, jump) - HART_BIAS;

    _Static_assert(sizeof(struct jump_entry) == 32, "jump-cache entries are indexed by a shift");
    x86_rorx(c, 0, RCX, x86_r(RAX), 32 - 4);
    x86_alu_imm(c, 0, GROUP1_AND, x86_r(RCX), (JUMP_CACHE_ENTRIES - 1) * 32);
    x86(c, OPX_LOAD | X_W, RDX, HART_FIELD(fetch_context));
    x86(c, OPX_CMP | X_W, RAX, x86_mi(HART, RCX, 0, jump + (int)offsetof(struct jump_entry, pc)));
    x86_jcc(c, CC_NE, miss);
    x86(c, OPX_CMP | X_W, RDX,
        x86_mi(HART, RCX, 0, jump + (int)offsetof(struct jump_entry, context)));
    x86_jcc(c, CC_NE, miss);
    x86_mov(c, RDX, RAX);
    x86_alu_imm(c, X_W, GROUP1_AND, x86_r(RDX), -(int32_t)PAGE_BYTES);
    x86(c, OPX_STORE | X_W, RDX, HART_FIELD(page_va));
    x86(c, 0xff, call ? 2 : 4,
        x86_mi(HART, RCX, 0, jump + (int)offsetof(struct jump_entry, code)));
}

void t_jump_cache(const struct jit *j, struct code *c)
{
    jump_cache(c, j->find, false);
}

/* The guest's convention for calls and returns (unprivileged ISA, table 2.1). */
bool t_is_link(unsigned x)
{
    return x == 1 || x == 5;
}

/* Whether i is a call whose return has a landing; the call in an instruction that crosses a page
 * has none. */
static bool is_call(const struct translation *t, const struct insn *i)
{
    return (i->op == OP_jal || i->op == OP_jalr) && t_is_link(i->rd) && !t->b->pa2;
}

/* The cold code for a jump whose rel32 ends at `field`, to a place of the same page. */
static void link_stub(struct translation *t, const uint8_t *field, const struct insn *i,
                      uint32_t flags)
{
    x86_mov_imm(t->cold, RDX, (uint32_t)(field - t->j->write) | flags);
    x86_mov_imm(t->cold, RAX, site(t->j, t->b, i));
    x86_jmp(t->cold, t->j->link);
}

/* The block at `offset` bytes from the start of the block's page, or NULL. */
static struct block *known(const struct translation *t, int64_t offset)
{
    return code_lookup(t->j->blocks, (t->b->pa & ~(PAGE_BYTES - 1)) + (uint64_t)offset);
}

/* The translation of that block, or NULL. */
static const void *linked(const struct translation *t, int64_t offset)
{
    const struct block *to = known(t, offset);

    return to ? to->code : NULL;
}

/* Whether the block at `offset` is one that can be translated next, in line: then it will be. */
static bool follow(struct translation *t, int64_t offset)
{
    struct block *to = known(t, offset);

    if (!to || to == t->b || !t->may_follow || !t_translatable(t->j, to))
        return false;
    t->next = to;
    return true;
}

static bool in_page(const struct translation *t, int64_t offset)
{
    return offset >= 0 && offset < (int64_t)PAGE_BYTES && !t->b->pa2;
}

/* Pushes the pc that call i returns to, for its landing, from its register in the static map. */
static void push_return(struct code *c, const struct insn *i)
{
    if (i->rd == 1) {
        x86_byte(c, 0x41);
        x86_byte(c, 0x50u | (R14 & 7));
    } else {
        x86(c, 0xff, 6, HART_FIELD_AT(8 * i->rd));
    }
}

/* Behind the host's call: a return arrives with the guest's pc in RAX (returns.c). */
static void landing(struct translation *t, struct code *c, const struct insn *i)
{
    int64_t next = t_page_offset(t, i) + i->length;
    const void *to;

    x86_byte(c, 0x58u | RCX); /* pop */
    x86(c, OPX_CMP | X_W, RAX, x86_r(RCX));
    x86_jcc(c, CC_NE, t->j->mismatch);
    if (!in_page(t, next)) {
        t_jump_cache(t->j, c);
        return;
    }
    if (next)
        x86(c, OPX_LEA | X_W, RAX, x86_m(RAX, -(int32_t)next));
    x86(c, OPX_STORE | X_W, RAX, HART_FIELD(page_va));
    if (follow(t, next))
        return;
    to = linked(t, next);
    x86_jmp(c, to ? to : x86_here(t->cold));
    link_stub(t, c->p, i, LINK_RETURN);
}

/* To the pc in RAX, whose time has been counted (the sign flag says whether it is up). */
static void exit_indirect(struct translation *t, struct code *c, const struct insn *i)
{
    struct code *cold = t->cold;

    if (is_call(t, i)) {
        const void *miss = x86_here(cold);

        x86_jcc(c, CC_S, miss);
        push_return(c, i);
        jump_cache(c, (const uint8_t *)miss + PUSH_BYTES_MAX, true);
        push_return(cold, i);
        while (x86_here(cold) != (const uint8_t *)miss + PUSH_BYTES_MAX)
            x86_byte(cold, 0x90);
        x86_call(cold, t->j->find);
        x86_jmp(cold, x86_here(c));
        landing(t, c, i);
        return;
    }
    /* Where it turns out to go decides what is put here: jit_run_jump. */
    x86_jcc(c, CC_S, t->j->find);
    x86_dword(cold, (uint32_t)(c->p - t->j->write));
    x86_byte(cold, 0);
    x86_jmp(c, x86_here(cold));
    for (unsigned n = 5; n < JUMP_BYTES; n++)
        x86_byte(c, 0xcc);
    x86_mov_imm(cold, RDX, (uint32_t)(cold->p - t->j->write));
    x86_jmp(cold, t->j->jump);
}

/* To `offset` bytes from the start of the block's page; i is the branch, jump or end. */
static void exit_direct(struct translation *t, struct code *c, const struct insn *i, int64_t offset,
                        uint64_t extra_ticks, unsigned retired)
{
    const void *to, *stub = x86_here(t->cold);
    int32_t delta = budget_delta(t, i, extra_ticks, retired);

    if (t->loops && offset == (int64_t)(t->b->pa & (PAGE_BYTES - 1)) && !is_call(t, i)) {
        x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(BUDGET), delta); /* the loop */
        x86_jcc(c, CC_NS, t->loop);
        if (c != t->cold)
            x86_jmp(c, x86_here(t->cold));
        t_leave_loop(t, t->cold);
        link_stub(t, t->j->write, i, 0); /* time is up: nothing is patched */
        return;
    }
    t_leave_loop(t, c);
    if (!in_page(t, offset)) {
        x86(c, OPX_LOAD | X_W, RAX, HART_FIELD(page_va));
        x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(RAX), (int32_t)offset);
        x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(BUDGET), delta);
        if (is_call(t, i)) {
            exit_indirect(t, c, i);
        } else {
            x86_jcc(c, CC_S, t->j->find);
            t_jump_cache(t->j, c);
        }
        return;
    }
    x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(BUDGET), delta);
    to = linked(t, offset);
    if (is_call(t, i)) {
        x86_jcc(c, CC_S, stub);
        push_return(c, i);
        x86_call(c, to ? to : stub);
        link_stub(t, c->p, i, 0);
        landing(t, c, i);
    } else if (c == t->cold) { /* the way out follows the jump */
        x86_jcc(c, CC_NS, to ? to : x86_here(c) + 6);
        link_stub(t, c->p, i, 0);
    } else if (i->op == OP_jal || i->op == OP_end) {
        if (!to && follow(t, offset)) {
            x86_jcc(c, CC_S, stub);
            link_stub(t, t->j->write, i, 0);
        } else {
            x86_jcc(c, CC_S, stub);
            x86_jmp(c, to ? to : stub);
            link_stub(t, c->p, i, 0);
        }
    } else {
        x86_jcc(c, CC_NS, to ? to : stub);
        x86_jmp(c, stub);
        link_stub(t, c->p - 5, i, 0);
    }
}

int64_t t_page_offset(const struct translation *t, const struct insn *i)
{
    return (int64_t)(t->b->pa & (PAGE_BYTES - 1)) + i->offset;
}

/* Whether branch i is taken more often than not: a loop, or as the interpreter has seen. */
static bool likely_taken(const struct translation *t, const struct insn *i, int64_t to)
{
    const struct block *b = t->b, *target;

    if (i->imm < 0)
        return true;
    target = b->next[i->way] ? known(t, to) : NULL;
    return target && target->heat * 2 > b->heat;
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
    if (in_page(t, to) && likely_taken(t, i, to)) { /* the taken way is in line */
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
    bool is_return = i->rd == ISA_SINK && i->imm == 0 && t_is_link(i->rs1);

    if (t_mapped(t, i->rs1) >= 0)
        x86(c, i->imm ? OPX_LEA | X_W : OPX_LOAD | X_W, RAX,
            i->imm ? x86_m(t_mapped(t, i->rs1), i->imm) : x86_r(t_mapped(t, i->rs1)));
    else {
        x86(c, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
        if (i->imm)
            x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(RAX), i->imm);
    }
    link_register(t, i);
    t_leave_loop(t, c);
    x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(BUDGET), budget_delta(t, i, 0, 1));
    if (is_return) {
        x86_jcc(c, CC_S, t->j->find);
        x86_byte(c, 0xc3);
    } else {
        exit_indirect(t, c, i);
    }
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
    if (isa_runtime[i->op].system)
        return jit_translate_system(t, i);
    t_resume(t, t->hot, i);
    return false;
}

