/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point on the host's scalar SSE unit.
 *
 * While hart.fp_live is set, the f registers of the map are in XMM registers, MXCSR rounds as frm
 * says and its sticky flags are exceptions that fflags does not have yet; mstatus.FS is dirty.  The
 * first floating-point instruction of a block makes it so or, where FS or frm do not allow it,
 * leaves the block to the interpreter.  Any call to C ends it (thunks.c).
 *
 * The host's results are RISC-V's: IEEE 754, tininess after rounding.  What differs:
 *  - NaNs: the host passes payloads on, RISC-V has one NaN.  Each result is compared with itself.
 *  - (inf * 0) + quiet NaN, minimum and maximum of NaNs, conversions out of range: left to the
 *    interpreter, whose flags are a superset of those that the host has raised.
 *  - Conversions to unsigned integers, fclass, RMM and other static rounding modes: likewise. */
#include "cpu/jit/translate.h"

#define BOX_NAN UINT64_C(0xffffffff7fc00000)
#define DOUBLE_NAN UINT64_C(0x7ff8000000000000)

enum {
    V_MOVE = 0x28 | X_0F | X_66,
    V_FROM_GPR = 0x6e | X_0F | X_66, V_TO_GPR = 0x7e | X_0F | X_66, /* | X_W: 64 bits */
    V_UCOMI = 0x2e | X_0F, V_COMI = 0x2f | X_0F, /* | X_66: double */
    V_SQRT = 0x51 | X_0F,
    V_AND = 0x54 | X_0F | X_66, V_ANDN = 0x55 | X_0F | X_66, V_OR = 0x56 | X_0F | X_66,
    V_XOR = 0x57 | X_0F | X_66,
    V_ADD = 0x58 | X_0F, V_MUL = 0x59 | X_0F, V_CVT = 0x5a | X_0F, V_SUB = 0x5c | X_0F,
    V_MIN = 0x5d | X_0F, V_DIV = 0x5e | X_0F, V_MAX = 0x5f | X_0F,
    V_FROM_INT = 0x2a | X_0F, V_TRUNCATE = 0x2c | X_0F, V_TO_INT = 0x2d | X_0F,
    V_ONES = 0x76 | X_0F | X_66, /* pcmpeqd */
    V_FMADD = 0xa9 | X_0F38 | X_66, V_FMSUB = 0xab | X_0F38 | X_66, V_FNMADD = 0xad | X_0F38 | X_66,
    V_FNMSUB = 0xaf | X_0F38 | X_66,
};

static const int8_t static_xmm[32] = {
#define R(f, xmm) [f] = (xmm) + 1,
    STATIC_FLOATS(R)
#undef R
};

int t_mapped_f(unsigned f)
{
    return static_xmm[f] - 1;
}

static struct x86_rm operand(unsigned f)
{
    int xmm = t_mapped_f(f);

    return xmm >= 0 ? x86_r(xmm) : HART_FIELD_AT(offsetof(struct hart, f) + 8 * f);
}

int t_use_f(struct translation *t, unsigned f, int scratch)
{
    int xmm = t_mapped_f(f);

    if (xmm >= 0)
        return xmm;
    x86_vex(t->hot, OPV_LOAD64, scratch, 0, operand(f));
    return scratch;
}

static int def(unsigned f, int scratch)
{
    int xmm = t_mapped_f(f);

    return xmm >= 0 ? xmm : scratch;
}

void t_done_f(struct translation *t, unsigned f, int xmm)
{
    int to = t_mapped_f(f);

    if (to < 0)
        x86_vex(t->hot, OPV_STORE64, xmm, 0, operand(f));
    else if (to != xmm)
        x86_vex(t->hot, V_MOVE, to, 0, x86_r(xmm));
}

void t_need_float(struct translation *t, const struct insn *i)
{
    if (t->fp_live)
        return;
    t->fp_live = true;
    t->rdx = -1; /* the thunk uses it */
    x86(t->hot, 0x80, GROUP1_CMP, HART_FIELD(fp_live));
    x86_byte(t->hot, 0);
    x86_jcc(t->hot, CC_E, x86_here(t->cold));
    t_leave_loop(t, t->cold);
    x86_mov_imm(t->cold, RAX, site(t->j, t->b, i));
    x86_call(t->cold, t->j->fp_enter);
    t_enter_loop(t, t->cold);
    x86_jmp(t->cold, x86_here(t->hot));
}

/* Jumps to the interpreter on a condition. */
static void resume_if(struct translation *t, enum x86_cond cc, const struct insn *i)
{
    x86_jcc(t->hot, cc, x86_here(t->cold));
    t_resume(t, t->cold, i);
}

static unsigned size_prefix(bool is_double)
{
    return is_double ? X_F2 : X_F3;
}

/* A single's upper half must be ones: the interpreter reads anything else as NaN. */
static void need_boxed(struct translation *t, const struct insn *i, unsigned f)
{
    int xmm = t_mapped_f(f);

    if (t->boxed >> f & 1)
        return;
    if (xmm >= 0) {
        x86_vex(t->hot, V_TO_GPR | X_W, xmm, 0, x86_r(RAX));
        x86_shift_imm(t->hot, X_W, GROUP2_SHR, x86_r(RAX), 32);
    } else {
        x86(t->hot, OPX_LOAD, RAX, HART_FIELD_AT(offsetof(struct hart, f) + 8 * f + 4));
    }
    x86_alu_imm(t->hot, 0, GROUP1_ADD, x86_r(RAX), 1);
    resume_if(t, CC_NE, i);
    t->boxed |= 1u << f;
}

static void wrote(struct translation *t, unsigned f, bool is_double)
{
    if (is_double)
        t->boxed &= ~(1u << f);
    else
        t->boxed |= 1u << f;
}

/* A result that is a NaN becomes the canonical one. */
static void canonical(struct translation *t, int xmm, bool is_double)
{
    x86_vex(t->hot, V_UCOMI | (is_double ? X_66 : 0), xmm, 0, x86_r(xmm));
    x86_jcc(t->hot, CC_P, x86_here(t->cold));
    x86_mov_imm(t->cold, RAX, is_double ? DOUBLE_NAN : BOX_NAN);
    x86_vex(t->cold, V_FROM_GPR | X_W, xmm, 0, x86_r(RAX));
    x86_jmp(t->cold, x86_here(t->hot));
}

static void arithmetic(struct translation *t, unsigned op, bool is_double, const struct insn *i)
{
    int d = def(i->rd, 0);

    if (!is_double) {
        need_boxed(t, i, i->rs1);
        need_boxed(t, i, i->rs2);
    }
    /* Bits 63 to 32 of a single result come from the first operand: ones. */
    x86_vex(t->hot, op | size_prefix(is_double), d, t_use_f(t, i->rs1, 0), operand(i->rs2));
    canonical(t, d, is_double);
    t_done_f(t, i->rd, d);
    wrote(t, i->rd, is_double);
}

static void square_root(struct translation *t, bool is_double, const struct insn *i)
{
    int d = def(i->rd, 0), s;

    if (!is_double)
        need_boxed(t, i, i->rs1);
    s = t_use_f(t, i->rs1, 0);
    x86_vex(t->hot, V_SQRT | size_prefix(is_double), d, s, x86_r(s));
    canonical(t, d, is_double);
    t_done_f(t, i->rd, d);
    wrote(t, i->rd, is_double);
}

static void fused(struct translation *t, unsigned op, bool is_double, const struct insn *i)
{
    if (!is_double) {
        need_boxed(t, i, i->rs1);
        need_boxed(t, i, i->rs2);
        need_boxed(t, i, i->rs3);
    }
    if (t_mapped_f(i->rs1) >= 0)
        x86_vex(t->hot, V_MOVE, 0, 0, x86_r(t_mapped_f(i->rs1)));
    else
        x86_vex(t->hot, OPV_LOAD64, 0, 0, operand(i->rs1));
    x86_vex(t->hot, op | (is_double ? X_W : 0), 0, t_use_f(t, i->rs2, 1), operand(i->rs3));
    x86_vex(t->hot, V_UCOMI | (is_double ? X_66 : 0), 0, 0, x86_r(0));
    resume_if(t, CC_P, i);
    t_done_f(t, i->rd, 0);
    wrote(t, i->rd, is_double);
}

/* Of two that are equal, or not ordered, the interpreter knows which; but of equal bits either. */
static void min_max(struct translation *t, unsigned op, bool is_double, const struct insn *i)
{
    int d = def(i->rd, 0), a, b;

    if (!is_double) {
        need_boxed(t, i, i->rs1);
        need_boxed(t, i, i->rs2);
    }
    a = t_use_f(t, i->rs1, 0);
    b = t_use_f(t, i->rs2, 1);
    x86_vex(t->hot, V_UCOMI | (is_double ? X_66 : 0), a, 0, x86_r(b));
    resume_if(t, CC_E, i);
    x86_vex(t->hot, op | size_prefix(is_double), d, a, x86_r(b));
    t_done_f(t, i->rd, d);
    wrote(t, i->rd, is_double);
}

enum sign_from { SIGN_COPY, SIGN_NOT, SIGN_XOR };

static void sign(struct translation *t, enum sign_from how, bool is_double, const struct insn *i)
{
    struct x86_rm sign_bit = is_double ? HART_FIELD(fp_sign64) : HART_FIELD(fp_sign32);
    int d = def(i->rd, 0), a;

    if (!is_double) {
        need_boxed(t, i, i->rs1);
        need_boxed(t, i, i->rs2);
    }
    a = t_use_f(t, i->rs1, 0);
    if (i->rs1 == i->rs2 && how == SIGN_COPY) {
        t_done_f(t, i->rd, a);
    } else if (i->rs1 == i->rs2) {
        x86_vex(t->hot, OPV_LOAD64, 1, 0, sign_bit);
        if (how == SIGN_NOT)
            x86_vex(t->hot, V_XOR, d, a, x86_r(1));
        else /* x ^ x: the absolute value */
            x86_vex(t->hot, V_ANDN, d, 1, x86_r(a));
        t_done_f(t, i->rd, d);
    } else {
        int b = t_use_f(t, i->rs2, 1);
        if (how == SIGN_NOT) {
            x86_vex(t->hot, V_ONES, 0, 0, x86_r(0));
            x86_vex(t->hot, V_XOR, 1, b, x86_r(0));
            b = 1;
        } else if (how == SIGN_XOR) {
            x86_vex(t->hot, V_XOR, 1, b, operand(i->rs1));
            b = 1;
        }
        x86_vex(t->hot, OPV_LOAD64, 0, 0, sign_bit);
        x86_vex(t->hot, V_AND, 1, b, x86_r(0));
        x86_vex(t->hot, V_ANDN, 0, 0, operand(i->rs1));
        x86_vex(t->hot, V_OR, d, 1, x86_r(0));
        t_done_f(t, i->rd, d);
    }
    wrote(t, i->rd, is_double);
}

static void put_condition(struct translation *t, enum x86_cond cc, const struct insn *i)
{
    x86(t->hot, 0x90u | cc | X_0F | X_BRM, 0, x86_r(RAX));
    if (cc == CC_E) { /* equal and not unordered */
        x86(t->hot, 0x90u | CC_NP | X_0F | X_BRM, 0, x86_r(RCX));
        x86(t->hot, OPX_AND, RAX, x86_r(RCX));
    }
    x86(t->hot, OPX_MOVZX8, RAX, x86_r(RAX));
    t_done(t, i->rd, RAX);
}

static void compare(struct translation *t, enum x86_cond cc, bool is_double, const struct insn *i)
{
    unsigned size = is_double ? X_66 : 0;

    if (!is_double) {
        need_boxed(t, i, i->rs1);
        need_boxed(t, i, i->rs2);
    }
    if (cc == CC_E) /* quiet */
        x86_vex(t->hot, V_UCOMI | size, t_use_f(t, i->rs1, 0), 0, operand(i->rs2));
    else /* signaling; greater, as that is false for NaNs */
        x86_vex(t->hot, V_COMI | size, t_use_f(t, i->rs2, 0), 0, operand(i->rs1));
    put_condition(t, cc, i);
}

/* To a signed integer; the host's answer to what is out of range is the most negative one. */
static bool to_int(struct translation *t, bool is_double, unsigned w, const struct insn *i)
{
    if (i->rm != 1 && i->rm != 7)
        return false;
    if (!is_double)
        need_boxed(t, i, i->rs1);
    x86_vex(t->hot, (i->rm == 1 ? V_TRUNCATE : V_TO_INT) | size_prefix(is_double) | w, RAX, 0,
            operand(i->rs1));
    x86_alu_imm(t->hot, w, GROUP1_CMP, x86_r(RAX), 1);
    resume_if(t, CC_O, i);
    if (!w)
        x86(t->hot, OPX_MOVSXD, RAX, x86_r(RAX));
    t_done(t, i->rd, RAX);
    return true;
}

static bool from_int(struct translation *t, bool is_double, bool word, bool is_signed,
                     const struct insn *i)
{
    int d = def(i->rd, 0);

    if (i->rm != 7 && !(is_double && word && i->rm < 5)) /* exact: no rounding */
        return false;
    x86(t->hot, word && is_signed ? OPX_MOVSXD : OPX_LOAD | (word ? 0 : X_W), RAX, t_x(t, i->rs1));
    if (!word && !is_signed) {
        x86(t->hot, OPX_TEST | X_W, RAX, x86_r(RAX));
        resume_if(t, CC_S, i);
    }
    /* The bits above the result: ones for a single. */
    x86_vex(t->hot, is_double ? V_XOR : V_ONES, 1, 1, x86_r(1));
    x86_vex(t->hot, V_FROM_INT | size_prefix(is_double) | X_W, d, 1, x86_r(RAX));
    t_done_f(t, i->rd, d);
    wrote(t, i->rd, is_double);
    return true;
}

static void move_to_int(struct translation *t, bool is_double, const struct insn *i)
{
    int d = t_def(t, i->rd, RAX);

    x86_vex(t->hot, V_TO_GPR | (is_double ? X_W : 0), t_use_f(t, i->rs1, 0), 0, x86_r(d));
    if (!is_double)
        x86(t->hot, OPX_MOVSXD, d, x86_r(d));
    t_done(t, i->rd, d);
}

static void move_from_int(struct translation *t, bool is_double, const struct insn *i)
{
    int d = def(i->rd, 0);

    if (is_double) {
        x86_vex(t->hot, V_FROM_GPR | X_W, d, 0, t_x(t, i->rs1));
    } else {
        x86(t->hot, OPX_LOAD, RAX, t_x(t, i->rs1));
        t_box(t, RAX, d);
    }
    t_done_f(t, i->rd, d);
    wrote(t, i->rd, is_double);
}

/* xmm = the single in the low half of reg (whose high half is 0), boxed; changes RCX. */
void t_box(struct translation *t, int reg, int xmm)
{
    x86_mov_imm(t->hot, RCX, UINT64_C(0xffffffff00000000));
    x86(t->hot, OPX_OR | X_W, RCX, x86_r(reg));
    x86_vex(t->hot, V_FROM_GPR | X_W, xmm, 0, x86_r(RCX));
}

static bool convert(struct translation *t, bool to_double, const struct insn *i)
{
    int d = def(i->rd, 0);

    if (to_double) {
        if (i->rm > 4 && i->rm != 7)
            return false;
        need_boxed(t, i, i->rs1);
        x86_vex(t->hot, V_CVT | X_F3, d, t_use_f(t, i->rs1, 0), operand(i->rs1));
    } else {
        if (i->rm != 7)
            return false;
        x86_vex(t->hot, V_ONES, 1, 1, x86_r(1));
        x86_vex(t->hot, V_CVT | X_F2, d, 1, operand(i->rs1));
    }
    canonical(t, d, to_double);
    t_done_f(t, i->rd, d);
    wrote(t, i->rd, to_double);
    return true;
}

bool jit_translate_float(struct translation *t, const struct insn *i)
{
    enum isa_class class = i->op < OP_COUNT ? isa_table[i->op].class : CLASS_INT;

    if (class != CLASS_FP && class != CLASS_FMA && class != CLASS_FDIV)
        return false;
    switch (isa_table[i->op].format) {
    case FMT_FR: case FMT_FR4:
        if (i->rm != 7)
            return false;
        break;
    case FMT_FR1:
        if (i->rm != 7 && (i->op == OP_fsqrt_s || i->op == OP_fsqrt_d))
            return false;
        break;
    default:
        break;
    }
    t_need_float(t, i);
    switch (i->op) {
#define BOTH(name, call_s, call_d) \
    case OP_##name##_s: call_s; break; \
    case OP_##name##_d: call_d; break;
#define ARITHMETIC(name, op) BOTH(name, arithmetic(t, op, false, i), arithmetic(t, op, true, i))
#define FUSED(name, op) BOTH(name, fused(t, op, false, i), fused(t, op, true, i))
#define MIN_MAX(name, op) BOTH(name, min_max(t, op, false, i), min_max(t, op, true, i))
#define SIGN(name, how) BOTH(name, sign(t, how, false, i), sign(t, how, true, i))
#define COMPARE(name, cc) BOTH(name, compare(t, cc, false, i), compare(t, cc, true, i))
    ARITHMETIC(fadd, V_ADD)
    ARITHMETIC(fsub, V_SUB)
    ARITHMETIC(fmul, V_MUL)
    ARITHMETIC(fdiv, V_DIV)
    BOTH(fsqrt, square_root(t, false, i), square_root(t, true, i))
    FUSED(fmadd, V_FMADD)
    FUSED(fmsub, V_FMSUB)
    FUSED(fnmsub, V_FNMADD)
    FUSED(fnmadd, V_FNMSUB)
    MIN_MAX(fmin, V_MIN)
    MIN_MAX(fmax, V_MAX)
    SIGN(fsgnj, SIGN_COPY)
    SIGN(fsgnjn, SIGN_NOT)
    SIGN(fsgnjx, SIGN_XOR)
    COMPARE(feq, CC_E)
    COMPARE(flt, CC_A)
    COMPARE(fle, CC_AE)
    case OP_fcvt_w_s: return to_int(t, false, 0, i);
    case OP_fcvt_l_s: return to_int(t, false, X_W, i);
    case OP_fcvt_w_d: return to_int(t, true, 0, i);
    case OP_fcvt_l_d: return to_int(t, true, X_W, i);
    case OP_fcvt_s_w: return from_int(t, false, true, true, i);
    case OP_fcvt_s_wu: return from_int(t, false, true, false, i);
    case OP_fcvt_s_l: return from_int(t, false, false, true, i);
    case OP_fcvt_s_lu: return from_int(t, false, false, false, i);
    case OP_fcvt_d_w: return from_int(t, true, true, true, i);
    case OP_fcvt_d_wu: return from_int(t, true, true, false, i);
    case OP_fcvt_d_l: return from_int(t, true, false, true, i);
    case OP_fcvt_d_lu: return from_int(t, true, false, false, i);
    case OP_fcvt_s_d: return convert(t, false, i);
    case OP_fcvt_d_s: return convert(t, true, i);
    case OP_fmv_x_w: move_to_int(t, false, i); break;
    case OP_fmv_x_d: move_to_int(t, true, i); break;
    case OP_fmv_w_x: move_from_int(t, false, i); break;
    case OP_fmv_d_x: move_from_int(t, true, i); break;
    default: return false;
    }
    return true;
}
