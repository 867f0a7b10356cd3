/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks into x86-64 code: integer instructions and control flow (memory.c, float.c have the rest).
 *
 * One pass, an instruction at a time.  The hot path of a block is in one place (j->hot), everything
 * that is left seldom in another (j->cold).  What has no case here is left to the interpreter, from
 * that instruction to the end of its block. */
#include "cpu/jit/translate.h"

#include <assert.h>

/* ---- operands ---- */

int t_use(struct translation *t, unsigned x, int scratch)
{
    int reg = t_mapped(t, x);

    if (reg >= 0)
        return reg;
    if (x == 0)
        x86(t->hot, OPX_XOR, scratch, x86_r(scratch));
    else
        x86(t->hot, OPX_LOAD | X_W, scratch, HART_FIELD_AT(8 * x));
    return scratch;
}

int t_def(const struct translation *t, unsigned x, int scratch)
{
    int reg = t_mapped(t, x);

    return reg >= 0 ? reg : scratch;
}

void t_done(struct translation *t, unsigned x, int reg)
{
    if (x != ISA_SINK && t_mapped(t, x) != reg)
        x86(t->hot, OPX_STORE | X_W, reg, t_x(t, x));
}

void t_move(struct translation *t, unsigned rd, unsigned rs)
{
    if (rd == ISA_SINK || rd == rs)
        return;
    if (rs == 0 && t_mapped(t, rd) < 0) {
        x86(t->hot, 0xc7 | X_W, 0, t_x(t, rd));
        x86_dword(t->hot, 0);
        return;
    }
    if (t_mapped(t, rd) >= 0 && rs == 0)
        x86(t->hot, OPX_XOR, t_mapped(t, rd), x86_r(t_mapped(t, rd)));
    else if (t_mapped(t, rd) >= 0)
        x86(t->hot, OPX_LOAD | X_W, t_mapped(t, rd), t_x(t, rs));
    else
        t_done(t, rd, t_use(t, rs, RAX));
}

void t_put_imm(struct translation *t, unsigned rd, uint64_t v)
{
    if (rd == ISA_SINK)
        return;
    if (t_mapped(t, rd) < 0 && (int64_t)v == (int32_t)v) {
        x86(t->hot, 0xc7 | X_W, 0, t_x(t, rd));
        x86_dword(t->hot, (uint32_t)v);
    } else {
        int d = t_def(t, rd, RAX);
        x86_mov_imm(t->hot, d, v);
        t_done(t, rd, d);
    }
}

/* ---- arithmetic ---- */

/* rd = rs1 op rs2 in 64 bits. */
static void alu(struct translation *t, unsigned op, bool commutes, const struct insn *i)
{
    unsigned rs1 = i->rs1, rs2 = i->rs2;
    int d = t_def(t, i->rd, RAX);

    if (i->rd == rs2 && rs1 != rs2) {
        if (commutes) {
            rs2 = rs1;
            rs1 = i->rd;
        } else {
            d = RAX;
        }
    }
    if (i->rd != rs1 || d == RAX)
        x86(t->hot, OPX_LOAD | X_W, d, t_x(t, rs1));
    x86(t->hot, op | X_W, d, t_x(t, rs2));
    t_done(t, i->rd, d);
}

static void add(struct translation *t, const struct insn *i)
{
    int a = t_mapped(t, i->rs1), b = t_mapped(t, i->rs2), d = t_mapped(t, i->rd);

    if (i->rs1 == 0 || i->rs2 == 0)
        t_move(t, i->rd, i->rs1 | i->rs2);
    else if (a >= 0 && b >= 0 && d >= 0 && d != a && d != b)
        x86(t->hot, OPX_LEA | X_W, d, x86_mi(a, b, 0, 0));
    else
        alu(t, OPX_ADD, true, i);
}

static void sub(struct translation *t, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);

    if (i->rs1) {
        alu(t, OPX_SUB, false, i);
        return;
    }
    if (i->rd != i->rs2 || d == RAX)
        x86(t->hot, OPX_LOAD | X_W, d, t_x(t, i->rs2));
    x86_group3(t->hot, X_W, GROUP3_NEG, x86_r(d));
    t_done(t, i->rd, d);
}

static void logic(struct translation *t, unsigned op, const struct insn *i)
{
    if (i->rs1 == i->rs2 && op != OPX_XOR)
        t_move(t, i->rd, i->rs1);
    else
        alu(t, op, true, i);
}

static void addi(struct translation *t, const struct insn *i)
{
    int a = t_mapped(t, i->rs1), d = t_mapped(t, i->rd);

    if (i->rs1 == 0)
        t_put_imm(t, i->rd, (uint64_t)(int64_t)i->imm);
    else if (i->imm == 0)
        t_move(t, i->rd, i->rs1);
    else if (i->rd == i->rs1)
        x86_alu_imm(t->hot, X_W, GROUP1_ADD, t_x(t, i->rd), i->imm);
    else if (a >= 0 && d >= 0)
        x86(t->hot, OPX_LEA | X_W, d, x86_m(a, i->imm));
    else {
        d = t_def(t, i->rd, RAX);
        x86(t->hot, OPX_LOAD | X_W, d, t_x(t, i->rs1));
        x86_alu_imm(t->hot, X_W, GROUP1_ADD, x86_r(d), i->imm);
        t_done(t, i->rd, d);
    }
}

/* and, or, xor with a constant */
static void logic_imm(struct translation *t, int group, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);

    if (group == GROUP1_AND && i->imm == 255 && i->rs1) {
        x86(t->hot, OPX_MOVZX8, d, t_x(t, i->rs1));
        t_done(t, i->rd, d);
        return;
    }
    if (i->rd != i->rs1 || d == RAX)
        x86(t->hot, OPX_LOAD | X_W, d, t_x(t, i->rs1));
    x86_alu_imm(t->hot, X_W, group, x86_r(d), i->imm);
    t_done(t, i->rd, d);
}

static void shift_imm(struct translation *t, int group, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);

    if (i->imm == 0) {
        t_move(t, i->rd, i->rs1);
        return;
    }
    if (i->rd != i->rs1 || d == RAX)
        x86(t->hot, OPX_LOAD | X_W, d, t_x(t, i->rs1));
    x86_shift_imm(t->hot, X_W, group, x86_r(d), (unsigned)i->imm);
    t_done(t, i->rd, d);
}

/* shlx, shrx, sarx (BMI2): the count is taken modulo the width, as in RISC-V. */
static void shift(struct translation *t, unsigned prefix, unsigned w, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX), n = t_use(t, i->rs2, RCX);

    x86_vex(t->hot, 0xf7 | X_0F38 | prefix | w, d, n, t_x(t, i->rs1));
    if (!w)
        x86(t->hot, OPX_MOVSXD, d, x86_r(d));
    t_done(t, i->rd, d);
}

static void rotate(struct translation *t, int group, unsigned w, const struct insn *i)
{
    x86(t->hot, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
    x86(t->hot, OPX_LOAD, RCX, t_x(t, i->rs2));
    x86(t->hot, 0xd3 | w, group, x86_r(RAX));
    if (!w)
        x86(t->hot, OPX_MOVSXD, RAX, x86_r(RAX));
    t_done(t, i->rd, RAX);
}

/* rd = sign-extended 32-bit result of rs1 op rs2 */
static void alu_w(struct translation *t, unsigned op, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);

    if (i->rd == i->rs2 || d == RAX) {
        x86(t->hot, OPX_LOAD, RAX, t_x(t, i->rs1));
        x86(t->hot, op, RAX, t_x(t, i->rs2));
        x86(t->hot, OPX_MOVSXD, d, x86_r(RAX));
    } else {
        if (i->rd != i->rs1)
            x86(t->hot, OPX_LOAD, d, t_x(t, i->rs1));
        x86(t->hot, op, d, t_x(t, i->rs2));
        x86(t->hot, OPX_MOVSXD, d, x86_r(d));
    }
    t_done(t, i->rd, d);
}

static void addiw(struct translation *t, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);

    if (i->rs1 == 0) {
        t_put_imm(t, i->rd, (uint64_t)(int64_t)i->imm);
        return;
    }
    if (i->imm == 0) {
        x86(t->hot, OPX_MOVSXD, d, t_x(t, i->rs1));
    } else {
        if (t_mapped(t, i->rs1) >= 0 && i->rd != i->rs1) {
            x86(t->hot, OPX_LEA, d, x86_m(t_mapped(t, i->rs1), i->imm));
        } else {
            if (i->rd != i->rs1 || d == RAX)
                x86(t->hot, OPX_LOAD, d, t_x(t, i->rs1));
            x86_alu_imm(t->hot, 0, GROUP1_ADD, x86_r(d), i->imm);
        }
        x86(t->hot, OPX_MOVSXD, d, x86_r(d));
    }
    t_done(t, i->rd, d);
}

static void shift_imm_w(struct translation *t, int group, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);

    if (i->rd != i->rs1 || d == RAX)
        x86(t->hot, OPX_LOAD, d, t_x(t, i->rs1));
    if (i->imm)
        x86_shift_imm(t->hot, 0, group, x86_r(d), (unsigned)i->imm);
    x86(t->hot, OPX_MOVSXD, d, x86_r(d));
    t_done(t, i->rd, d);
}

/* rd = a condition of the flags, which compare has set. */
static void set_condition(struct translation *t, enum x86_cond cc, unsigned rd)
{
    int d = t_def(t, rd, RAX);

    x86(t->hot, 0x90u | cc | X_0F | X_BRM, 0, x86_r(RAX)); /* setcc al */
    x86(t->hot, OPX_MOVZX8, d, x86_r(RAX));
    t_done(t, rd, d);
}

static void set_less(struct translation *t, enum x86_cond cc, const struct insn *i, bool immediate)
{
    if (immediate)
        x86_alu_imm(t->hot, X_W, GROUP1_CMP, t_x(t, i->rs1), i->imm);
    else if (i->rs1 == 0 && cc == CC_B) { /* snez */
        x86_alu_imm(t->hot, X_W, GROUP1_CMP, t_x(t, i->rs2), 0);
        cc = CC_NE;
    } else
        x86(t->hot, OPX_CMP | X_W, t_use(t, i->rs1, RAX), t_x(t, i->rs2));
    set_condition(t, cc, i->rd);
}

static void extend(struct translation *t, unsigned op, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);

    x86(t->hot, op, d, t_x(t, i->rs1));
    t_done(t, i->rd, d);
}

/* rd = (rs1, or its low word) << n + rs2 */
static void shift_add(struct translation *t, unsigned n, bool word, const struct insn *i)
{
    int a, b, d = t_def(t, i->rd, RAX);

    if (word) {
        x86(t->hot, OPX_LOAD, RAX, t_x(t, i->rs1));
        a = RAX;
    } else {
        a = t_use(t, i->rs1, RAX);
    }
    b = t_use(t, i->rs2, RCX);
    x86(t->hot, OPX_LEA | X_W, d, x86_mi(b, a, n, 0));
    t_done(t, i->rd, d);
}

/* andn, orn, xnor */
static void logic_not(struct translation *t, unsigned op, const struct insn *i)
{
    if (op == OPX_AND) { /* BMI1 andn: ~v & rm */
        int d = t_def(t, i->rd, RAX);
        x86_vex(t->hot, 0xf2 | X_0F38 | X_W, d, t_use(t, i->rs2, RCX), t_x(t, i->rs1));
        t_done(t, i->rd, d);
        return;
    }
    x86(t->hot, OPX_LOAD | X_W, RAX, t_x(t, i->rs2));
    x86_group3(t->hot, X_W, GROUP3_NOT, x86_r(RAX));
    x86(t->hot, op | X_W, RAX, t_x(t, i->rs1));
    t_done(t, i->rd, RAX);
}

static void min_max(struct translation *t, enum x86_cond second, const struct insn *i)
{
    x86(t->hot, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
    x86(t->hot, OPX_CMP | X_W, RAX, t_x(t, i->rs2));
    x86(t->hot, 0x40u | second | X_0F | X_W, RAX, t_x(t, i->rs2)); /* cmovcc */
    t_done(t, i->rd, RAX);
}

/* bset, bclr, binv: bts, btr, btc with a register count are modulo 64 on registers. */
static void bit_op(struct translation *t, unsigned op, const struct insn *i)
{
    x86(t->hot, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
    x86(t->hot, op | X_0F | X_W, t_use(t, i->rs2, RCX), x86_r(RAX));
    t_done(t, i->rd, RAX);
}

static void bit_op_imm(struct translation *t, int group, const struct insn *i)
{
    x86(t->hot, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
    x86(t->hot, 0xba | X_0F | X_W, group, x86_r(RAX));
    x86_byte(t->hot, (unsigned)i->imm);
    t_done(t, i->rd, RAX);
}

static void mul(struct translation *t, unsigned w, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);
    unsigned rs1 = i->rs1, rs2 = i->rs2;

    if (i->rd == rs2) {
        rs2 = rs1;
        rs1 = i->rd;
    }
    if (i->rd != rs1 || d == RAX)
        x86(t->hot, OPX_LOAD | w, d, t_x(t, rs1));
    x86(t->hot, OPX_IMUL | w, d, t_x(t, rs2));
    if (!w)
        x86(t->hot, OPX_MOVSXD, d, x86_r(d));
    t_done(t, i->rd, d);
}

static void mulh(struct translation *t, int group, const struct insn *i)
{
    x86(t->hot, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
    x86_group3(t->hot, X_W, group, t_x(t, i->rs2)); /* RDX:RAX */
    t_done(t, i->rd, RDX);
}

/* signed times unsigned: the unsigned product, less rs2 where rs1 is negative */
static void mulhsu(struct translation *t, const struct insn *i)
{
    x86(t->hot, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
    x86_mov(t->hot, RCX, RAX);
    x86_shift_imm(t->hot, X_W, GROUP2_SAR, x86_r(RCX), 63);
    x86(t->hot, OPX_AND | X_W, RCX, t_x(t, i->rs2));
    x86_group3(t->hot, X_W, GROUP3_MUL, t_x(t, i->rs2));
    x86(t->hot, OPX_SUB | X_W, RDX, x86_r(RCX));
    t_done(t, i->rd, RDX);
}

/* The instruction that wants the other result of a division of the same operands, or NULL. */
static const struct insn *other_result(const struct translation *t, const struct insn *i,
                                       enum isa_op other)
{
    const struct insn *end = &t->b->insn[t->b->count - 1];

    for (const struct insn *k = i; ++k < end && (k - 1)->rd != i->rs1 && (k - 1)->rd != i->rs2; )
        if (k->op == other && k->rs1 == i->rs1 && k->rs2 == i->rs2)
            return k;
    return NULL;
}

/* Quotient and remainder in RAX and RDX.  Division by zero and overflow have results (unprivileged
 * ISA, table 7.1). */
static void divide(struct translation *t, unsigned w, bool is_signed, enum isa_op other,
                   const struct insn *i)
{
    struct code *c = t->hot;
    bool remainder = other == OP_div || other == OP_divu || other == OP_divw || other == OP_divuw;
    uint8_t *zero, *minus = NULL, *end, *end2 = NULL;
    int result = remainder ? RDX : RAX;

    if (t->divided == i) {
        x86(c, w ? OPX_LOAD | X_W : OPX_MOVSXD, RAX, HART_FIELD(other_result));
        t_done(t, i->rd, RAX);
        return;
    }
    x86(c, OPX_LOAD | w, RAX, t_x(t, i->rs1));
    x86(c, OPX_LOAD | w, RCX, t_x(t, i->rs2));
    x86(c, OPX_TEST | w, RCX, x86_r(RCX));
    zero = x86_jcc_forward(c, CC_E);
    if (is_signed) {
        x86_alu_imm(c, w, GROUP1_CMP, x86_r(RCX), -1);
        minus = x86_jcc_forward(c, CC_E);
        if (w)
            x86_byte(c, 0x48);
        x86_byte(c, 0x99); /* cdq, cqo */
    } else {
        x86(c, OPX_XOR, RDX, x86_r(RDX));
    }
    x86_group3(c, w, is_signed ? GROUP3_IDIV : GROUP3_DIV, x86_r(RCX));
    end = x86_jmp_forward(c);
    if (minus) { /* / -1 */
        x86_label(c, minus);
        x86(c, OPX_XOR, RDX, x86_r(RDX));
        x86_group3(c, w, GROUP3_NEG, x86_r(RAX));
        end2 = x86_jmp_forward(c);
    }
    x86_label(c, zero);
    x86(c, OPX_LOAD | w, RDX, x86_r(RAX));
    x86_alu_imm(c, X_W, GROUP1_OR, x86_r(RAX), -1);
    x86_label(c, end);
    if (end2)
        x86_label(c, end2);
    t->divided = i->rd == i->rs1 || i->rd == i->rs2 ? NULL : other_result(t, i, other);
    if (t->divided)
        x86(c, OPX_STORE | X_W, remainder ? RAX : RDX, HART_FIELD(other_result));
    if (!w)
        x86(c, OPX_MOVSXD, result, x86_r(result));
    t_done(t, i->rd, result);
}

/* orc.b: each byte that is not zero becomes 255. */
static void orc_b(struct translation *t, const struct insn *i)
{
    struct code *c = t->hot;

    x86_vex(c, 0x6e | X_0F | X_66 | X_W, 0, 0, t_x(t, i->rs1)); /* vmovq xmm0, rs1 */
    x86_vex(c, 0xef | X_0F | X_66, 1, 1, x86_r(1));          /* vpxor xmm1 */
    x86_vex(c, 0x74 | X_0F | X_66, 0, 0, x86_r(1));          /* vpcmpeqb xmm0, xmm0, xmm1 */
    x86_vex(c, 0x7e | X_0F | X_66 | X_W, 0, 0, x86_r(RAX));  /* vmovq rax, xmm0 */
    x86_group3(c, X_W, GROUP3_NOT, x86_r(RAX));
    t_done(t, i->rd, RAX);
}

static void rev8(struct translation *t, const struct insn *i)
{
    x86(t->hot, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
    x86_byte(t->hot, 0x48); /* bswap rax */
    x86_byte(t->hot, 0x0f);
    x86_byte(t->hot, 0xc8);
    t_done(t, i->rd, RAX);
}

/* True when the instruction was translated. */
static bool integer(struct translation *t, const struct insn *i)
{
    struct code *c = t->hot;

    switch (i->op) {
    case OP_lui: t_put_imm(t, i->rd, (uint64_t)(int64_t)i->imm); break;
    case OP_auipc: {
        int d = t_def(t, i->rd, RAX);
        int64_t delta = t_page_offset(t, i) + i->imm;
        if (delta != (int32_t)delta)
            return false;
        x86(c, OPX_LOAD | X_W, d, HART_FIELD(page_va));
        x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(d), (int32_t)delta);
        t_done(t, i->rd, d);
        break;
    }
    case OP_addi: addi(t, i); break;
    case OP_slti: set_less(t, CC_L, i, true); break;
    case OP_sltiu: set_less(t, CC_B, i, true); break;
    case OP_xori: logic_imm(t, GROUP1_XOR, i); break;
    case OP_ori: logic_imm(t, GROUP1_OR, i); break;
    case OP_andi: logic_imm(t, GROUP1_AND, i); break;
    case OP_slli: shift_imm(t, GROUP2_SHL, i); break;
    case OP_srli: shift_imm(t, GROUP2_SHR, i); break;
    case OP_srai: shift_imm(t, GROUP2_SAR, i); break;
    case OP_add: add(t, i); break;
    case OP_sub: sub(t, i); break;
    case OP_sll: shift(t, X_66, X_W, i); break;
    case OP_srl: shift(t, X_F2, X_W, i); break;
    case OP_sra: shift(t, X_F3, X_W, i); break;
    case OP_slt: set_less(t, CC_L, i, false); break;
    case OP_sltu: set_less(t, CC_B, i, false); break;
    case OP_xor: logic(t, OPX_XOR, i); break;
    case OP_or: logic(t, OPX_OR, i); break;
    case OP_and: logic(t, OPX_AND, i); break;
    case OP_addiw: addiw(t, i); break;
    case OP_slliw: shift_imm_w(t, GROUP2_SHL, i); break;
    case OP_srliw: shift_imm_w(t, GROUP2_SHR, i); break;
    case OP_sraiw: shift_imm_w(t, GROUP2_SAR, i); break;
    case OP_roriw: shift_imm_w(t, GROUP2_ROR, i); break;
    case OP_addw: alu_w(t, OPX_ADD, i); break;
    case OP_subw: alu_w(t, OPX_SUB, i); break;
    case OP_sllw: shift(t, X_66, 0, i); break;
    case OP_srlw: shift(t, X_F2, 0, i); break;
    case OP_sraw: shift(t, X_F3, 0, i); break;

    case OP_mul: mul(t, X_W, i); break;
    case OP_mulw: mul(t, 0, i); break;
    case OP_mulh: mulh(t, GROUP3_IMUL, i); break;
    case OP_mulhu: mulh(t, GROUP3_MUL, i); break;
    case OP_mulhsu: mulhsu(t, i); break;
    case OP_div: divide(t, X_W, true, OP_rem, i); break;
    case OP_divu: divide(t, X_W, false, OP_remu, i); break;
    case OP_rem: divide(t, X_W, true, OP_div, i); break;
    case OP_remu: divide(t, X_W, false, OP_divu, i); break;
    case OP_divw: divide(t, 0, true, OP_remw, i); break;
    case OP_divuw: divide(t, 0, false, OP_remuw, i); break;
    case OP_remw: divide(t, 0, true, OP_divw, i); break;
    case OP_remuw: divide(t, 0, false, OP_divuw, i); break;

    case OP_add_uw: shift_add(t, 0, true, i); break;
    case OP_sh1add: shift_add(t, 1, false, i); break;
    case OP_sh2add: shift_add(t, 2, false, i); break;
    case OP_sh3add: shift_add(t, 3, false, i); break;
    case OP_sh1add_uw: shift_add(t, 1, true, i); break;
    case OP_sh2add_uw: shift_add(t, 2, true, i); break;
    case OP_sh3add_uw: shift_add(t, 3, true, i); break;
    case OP_slli_uw:
        x86(c, OPX_LOAD, RAX, t_x(t, i->rs1));
        x86_shift_imm(c, X_W, GROUP2_SHL, x86_r(RAX), (unsigned)i->imm);
        t_done(t, i->rd, RAX);
        break;

    case OP_andn: logic_not(t, OPX_AND, i); break;
    case OP_orn: logic_not(t, OPX_OR, i); break;
    case OP_xnor: logic_not(t, OPX_XOR, i); break;
    case OP_clz: extend(t, OPX_LZCNT | X_W, i); break;
    case OP_ctz: extend(t, OPX_TZCNT | X_W, i); break;
    case OP_cpop: extend(t, OPX_POPCNT | X_W, i); break;
    case OP_clzw: extend(t, OPX_LZCNT, i); break;
    case OP_ctzw: extend(t, OPX_TZCNT, i); break;
    case OP_cpopw: extend(t, OPX_POPCNT, i); break;
    case OP_max: min_max(t, CC_L, i); break;
    case OP_maxu: min_max(t, CC_B, i); break;
    case OP_min: min_max(t, CC_G, i); break;
    case OP_minu: min_max(t, CC_A, i); break;
    case OP_sext_b: extend(t, OPX_MOVSX8, i); break;
    case OP_sext_h: extend(t, OPX_MOVSX16, i); break;
    case OP_zext_h: extend(t, OPX_MOVZX16, i); break;
    case OP_rol: rotate(t, GROUP2_ROL, X_W, i); break;
    case OP_ror: rotate(t, GROUP2_ROR, X_W, i); break;
    case OP_rolw: rotate(t, GROUP2_ROL, 0, i); break;
    case OP_rorw: rotate(t, GROUP2_ROR, 0, i); break;
    case OP_rori: shift_imm(t, GROUP2_ROR, i); break;
    case OP_orc_b: orc_b(t, i); break;
    case OP_rev8: rev8(t, i); break;

    case OP_bset: bit_op(t, 0xab, i); break;
    case OP_bclr: bit_op(t, 0xb3, i); break;
    case OP_binv: bit_op(t, 0xbb, i); break;
    case OP_bseti: bit_op_imm(t, 5, i); break;
    case OP_bclri: bit_op_imm(t, 6, i); break;
    case OP_binvi: bit_op_imm(t, 7, i); break;
    case OP_bext:
        x86_vex(c, 0xf7 | X_0F38 | X_F2 | X_W, RAX, t_use(t, i->rs2, RCX), t_x(t, i->rs1));
        x86_alu_imm(c, 0, GROUP1_AND, x86_r(RAX), 1);
        t_done(t, i->rd, RAX);
        break;
    case OP_bexti:
        x86(c, OPX_LOAD | X_W, RAX, t_x(t, i->rs1));
        x86_shift_imm(c, X_W, GROUP2_SHR, x86_r(RAX), (unsigned)i->imm);
        x86_alu_imm(c, 0, GROUP1_AND, x86_r(RAX), 1);
        t_done(t, i->rd, RAX);
        break;
    case OP_pause: break;
    default: return false;
    }
    return true;
}

/* ---- blocks ---- */

#define BLOCK_CODE_MAX ((BLOCK_INSNS_MAX + 4) * INSN_BYTES_MAX)
#define BLOCK_COLD_MAX ((BLOCK_INSNS_MAX + 4) * INSN_COLD_BYTES_MAX)
#define FOLLOW_MAX 8 /* blocks that are translated together */

static bool room(const struct jit *j, unsigned blocks)
{
    return j->hot.end - j->hot.p >= (ptrdiff_t)blocks * BLOCK_CODE_MAX &&
           j->cold.end - j->cold.p >= (ptrdiff_t)blocks * BLOCK_COLD_MAX;
}

/* What the translation knows after i. */
static void forget(struct translation *t, const struct insn *i)
{
    enum isa_class class = isa_table[i->op].class;

    for (int n = 0; n < t->groups; n++)
        if (t->group[n].base == i->rd)
            t->group[n].open = false;
    if (class != CLASS_INT && class != CLASS_LOAD && class != CLASS_STORE && class != CLASS_BRANCH)
        t->rdx = -1;
}

static void translate(struct translation *t, const struct insn *i)
{
    for (;; i++) {
        for (int n = jit_translate_idiom(t, i); n > 0; n--)
            forget(t, i++);
        if (!integer(t, i) && !jit_translate_memory(t, i) && !jit_translate_float(t, i) &&
            !jit_translate_control(t, i))
            break;
        forget(t, i);
    }
}

/* Whether a block uses f registers, and they stay where they are (SYS rows end hart.fp_live). */
static bool keeps_float(const struct block *b)
{
    bool uses = false;

    for (const struct insn *i = b->insn + b->skew, *end = &b->insn[b->count];
         i < end && i->op < OP_COUNT; i++) {
        if (isa_runtime[i->op].system)
            return false;
        if (isa_runtime[i->op].fp || isa_table[i->op].class == CLASS_FP ||
            isa_table[i->op].class == CLASS_FMA || isa_table[i->op].class == CLASS_FDIV)
            uses = true;
    }
    return uses;
}

const void *jit_translate_tail(struct jit *j, struct block *b, const struct insn *i)
{
    struct translation t = {.j = j, .b = b, .hot = &j->hot, .cold = &j->cold, .tail = true,
                            .rdx = -1};
    const void *code = x86_here(&j->hot);

    if (!room(j, 1))
        return NULL;
    t_choose_map(&t);
    translate(&t, i);
    return code;
}

/* Probes are the interpreter's; costs that do not fit the budget's constant are too. */
bool t_translatable(const struct jit *j, const struct block *b)
{
    const struct insn *last = &b->insn[b->count - 1];

    return !b->code && b->skew <= 1 &&
           (last->ticks + j->p->branch_taken_ticks) >> (30 - BUDGET_SHIFT) == 0;
}

/* Returns the block that must follow. */
static struct block *translate_block(struct jit *j, struct block *b, bool may_follow)
{
    struct translation t = {.j = j, .b = b, .hot = &j->hot, .cold = &j->cold, .rdx = -1,
                            .may_follow = may_follow};
    const struct insn *i = b->insn + b->skew;
#ifdef DOORBELL_HARSH
    const uint8_t *hot = j->hot.p, *cold = j->cold.p;
#endif

    b->code = x86_here(&j->hot);
    b->stale_stub = x86_here(&j->cold);
    x86(&j->cold, OPX_LOAD | X_W, RAX, HART_FIELD(page_va));
    x86_alu_imm(&j->cold, X_W, GROUP1_ADD, x86_r(RAX), (int32_t)(b->pa & (PAGE_BYTES - 1)));
    x86_jmp(&j->cold, j->find);
    t_choose_map(&t);
    if (t.loops) {
        t_enter_loop(&t, t.hot);
        if (keeps_float(b))
            t_need_float(&t, i);
        t_reset_slots(&t);
        t.loop = x86_here(t.hot);
    }
    translate(&t, i);
#ifdef DOORBELL_HARSH
    assert(j->hot.p - hot <= BLOCK_CODE_MAX && j->cold.p - cold <= BLOCK_COLD_MAX);
#endif
    return t.next;
}

bool jit_translate(struct jit *j, struct block *b)
{
    if (!t_translatable(j, b))
        return true;
    if (!room(j, 1))
        return false;
    while ((uintptr_t)j->hot.p & 15)
        x86_byte(&j->hot, 0xcc);
    for (unsigned n = 1; b; n++)
        b = translate_block(j, b, n < FOLLOW_MAX && room(j, 2));
    return true;
}
