/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, stores and atomics: the TLB's hit in line, everything else out of line. */
#include "cpu/jit/translate.h"

#define TLB(field) ((int32_t)offsetof(struct hart, tlb) - HART_BIAS + \
                    (int32_t)offsetof(struct tlb_entry, field))

_Static_assert(sizeof(struct tlb_entry) == 32, "TLB entries are indexed by a shift");

/* Leaves the address in a register, which is returned (RCX where it is not a guest register's own). */
static int address(struct translation *t, const struct insn *i)
{
    int base = t_mapped(i->rs1);

    if (base >= 0 && i->imm == 0)
        return base;
    if (base >= 0) {
        x86(t->hot, OPX_LEA | X_W, RCX, x86_m(base, i->imm));
    } else {
        x86(t->hot, OPX_LOAD | X_W, RCX, t_x(i->rs1));
        if (i->imm)
            x86_alu_imm(t->hot, X_W, GROUP1_ADD, x86_r(RCX), i->imm);
    }
    return RCX;
}

/* RDX = offset of the TLB entry; jumps to where the cold code is now unless the entry has `tag`.
 * Aligned: an access that is not naturally aligned misses. */
static void look_up(struct translation *t, int va, unsigned bytes, int32_t tag, bool aligned)
{
    struct code *c = t->hot;

    x86_rorx(c, 0, RDX, x86_r(va), PAGE_SHIFT - 5);
    x86_alu_imm(c, 0, GROUP1_AND, x86_r(RDX), (TLB_ENTRIES - 1) * 32);
    if (aligned) {
        x86(c, 0xf6 | X_BRM, 0, x86_r(va)); /* test va, bytes - 1 */
        x86_byte(c, bytes - 1);
        x86_jcc(c, CC_NE, x86_here(t->cold));
    }
    if (TLB_ENTRIES == 1 && bytes > 1) { /* the index cannot tell the two pages of a crossing access apart */
        x86(c, OPX_LEA, RAX, x86_m(va, (int32_t)bytes - 1));
        x86(c, OPX_XOR, RAX, x86_r(va));
        x86(c, 0xa9, 0, x86_r(RAX));
        c->p--; /* test eax, imm32 has no operand byte */
        x86_dword(c, PAGE_BYTES);
        x86_jcc(c, CC_NE, x86_here(t->cold));
    }
    if (aligned || bytes == 1)
        x86_mov(c, RAX, va);
    else
        x86(c, OPX_LEA | X_W, RAX, x86_m(va, (int32_t)bytes - 1));
    x86_alu_imm(c, X_W, GROUP1_AND, x86_r(RAX), -(int32_t)PAGE_BYTES);
    x86(c, OPX_OR | X_W, RAX, HART_FIELD(context));
    x86(c, OPX_CMP | X_W, RAX, x86_mi(HART, RDX, 0, tag));
    x86_jcc(c, CC_NE, x86_here(t->cold));
}

/* The slow path of a load or store, back to where the hot code is now. */
static void slow(struct translation *t, const struct insn *i, int va)
{
    struct code *c = t->cold;

    x86_mov_imm(c, RAX, site(t->j, t->b, i));
    x86_mov(c, RCX, va);
    x86_call(c, t->j->memory);
    x86_jmp(c, x86_here(t->hot));
}

static void load(struct translation *t, unsigned op, unsigned bytes, const struct insn *i)
{
    int va = address(t, i), d = t_def(i->rd, RAX);

    look_up(t, va, bytes, TLB(read_tag), false);
    x86(t->hot, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
    x86(t->hot, op, d, x86_mi(va, RDX, 0, 0));
    t_done(t, i->rd, d);
    slow(t, i, va);
}

static void store(struct translation *t, unsigned op, unsigned bytes, const struct insn *i)
{
    int va = address(t, i), value;

    look_up(t, va, bytes, TLB(write_tag), false);
    x86(t->hot, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
    value = t_use(t, i->rs2, RAX);
    x86(t->hot, op, value, x86_mi(va, RDX, 0, 0));
    slow(t, i, va);
}

#define V_LOAD64 (0x10 | X_0F | X_F2)
#define V_STORE64 (0x11 | X_0F | X_F2)
#define V_STORE32 (0x11 | X_0F | X_F3)

static void load_float(struct translation *t, unsigned bytes, const struct insn *i)
{
    int va, d = t_mapped_f(i->rd) >= 0 ? t_mapped_f(i->rd) : 0;

    t_need_float(t, i);
    va = address(t, i);
    look_up(t, va, bytes, TLB(read_tag), false);
    x86(t->hot, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
    if (bytes == 8) {
        x86_vex(t->hot, V_LOAD64, d, 0, x86_mi(va, RDX, 0, 0));
        t->boxed &= ~(1u << i->rd);
    } else {
        x86(t->hot, OPX_LOAD, RAX, x86_mi(va, RDX, 0, 0));
        t_box(t, RAX, d);
        t->boxed |= 1u << i->rd;
    }
    t_done_f(t, i->rd, d);
    slow(t, i, va);
}

static void store_float(struct translation *t, unsigned bytes, const struct insn *i)
{
    int va, value;

    t_need_float(t, i);
    va = address(t, i);
    look_up(t, va, bytes, TLB(write_tag), false);
    x86(t->hot, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
    value = t_use_f(t, i->rs2, 0);
    x86_vex(t->hot, bytes == 8 ? V_STORE64 : V_STORE32, value, 0, x86_mi(va, RDX, 0, 0));
    slow(t, i, va);
}

/* ---- atomics: harts take turns on one host thread, so plain accesses are atomic ---- */

/* RDX = host address of the word at x[rs1]; the interpreter does what does not hit. */
static int atomic(struct translation *t, const struct insn *i, unsigned bytes, int32_t tag)
{
    int va = t_use(t, i->rs1, RCX);

    look_up(t, va, bytes, tag, true);
    t_resume(t, t->cold, i);
    return va;
}

static void amo(struct translation *t, const struct insn *i, unsigned op, int cond, unsigned w)
{
    struct code *c = t->hot;
    unsigned bytes = w ? 8 : 4;
    int va = atomic(t, i, bytes, TLB(write_tag));

    x86(c, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
    x86(c, OPX_ADD | X_W, RDX, x86_r(va));
    x86(c, w ? OPX_LOAD | X_W : OPX_MOVSXD, RAX, x86_m(RDX, 0));
    if (op == OPX_LOAD) {
        x86(c, OPX_LOAD | w, RCX, t_x(i->rs2));
    } else {
        x86(c, OPX_LOAD | w, RCX, x86_r(RAX));
        x86(c, op | w, RCX, t_x(i->rs2));
        if (cond >= 0) { /* after cmp: the other one, if it wins */
            x86(c, 0x40u | (unsigned)cond | X_0F | w, RCX, t_x(i->rs2));
        }
    }
    x86(c, OPX_STORE | w, RCX, x86_m(RDX, 0));
    t_done(t, i->rd, RAX);
}

/* RCX = physical address of the word at va; RDX = offset of its TLB entry. */
static void physical(struct code *c, int va)
{
    x86_mov(c, RAX, va);
    x86_alu_imm(c, 0, GROUP1_AND, x86_r(RAX), (int32_t)PAGE_BYTES - 1);
    x86(c, OPX_LOAD | X_W, RCX, x86_mi(HART, RDX, 0, TLB(page)));
    x86_shift_imm(c, X_W, GROUP2_SHL, x86_r(RCX), PAGE_SHIFT);
    x86(c, OPX_OR | X_W, RCX, x86_r(RAX));
}

static void load_reserved(struct translation *t, const struct insn *i, unsigned w)
{
    struct code *c = t->hot;
    int va = atomic(t, i, w ? 8 : 4, TLB(read_tag)), d = t_def(i->rd, RAX);

    if (va == RCX) /* physical() needs it */
        x86(c, 0xff | X_W, 6, x86_r(RCX)); /* push */
    physical(c, va);
    x86(c, OPX_STORE | X_W, RCX, HART_FIELD(reservation));
    x86(c, 0xc6, 0, HART_FIELD(reservation_size));
    x86_byte(c, w ? 8 : 4);
    if (va == RCX)
        x86_byte(c, 0x59); /* pop rcx */
    x86(c, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
    x86(c, w ? OPX_LOAD | X_W : OPX_MOVSXD, d, x86_mi(va, RDX, 0, 0));
    t_done(t, i->rd, d);
}

static void store_conditional(struct translation *t, const struct insn *i, unsigned w)
{
    struct code *c = t->hot;
    int va = atomic(t, i, w ? 8 : 4, TLB(write_tag));
    uint8_t *fail, *fail2, *end;

    if (va == RCX)
        x86(c, 0xff | X_W, 6, x86_r(RCX));
    physical(c, va);
    x86_mov(c, RAX, RCX);
    if (va == RCX)
        x86_byte(c, 0x59);
    x86(c, OPX_CMP | X_W, RAX, HART_FIELD(reservation));
    /* From here on there is no reservation (a move does not change the flags). */
    x86(c, 0xc7 | X_W, 0, HART_FIELD(reservation));
    x86_dword(c, UINT32_MAX);
    fail = x86_jcc_forward(c, CC_NE);
    x86(c, 0x80, GROUP1_CMP, HART_FIELD(reservation_size));
    x86_byte(c, w ? 8 : 4);
    fail2 = x86_jcc_forward(c, CC_NE);
    x86(c, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
    x86(c, OPX_ADD | X_W, RDX, x86_r(va));
    x86(c, OPX_LOAD | w, RAX, t_x(i->rs2));
    x86(c, OPX_STORE | w, RAX, x86_m(RDX, 0));
    x86(c, OPX_XOR, RAX, x86_r(RAX));
    end = x86_jmp_forward(c);
    x86_label(c, fail);
    x86_label(c, fail2);
    x86_mov_imm(c, RAX, 1);
    x86_label(c, end);
    t_done(t, i->rd, RAX);
}

bool jit_translate_memory(struct translation *t, const struct insn *i)
{
    switch (i->op) {
    case OP_lb: load(t, OPX_MOVSX8, 1, i); break;
    case OP_lh: load(t, OPX_MOVSX16, 2, i); break;
    case OP_lw: load(t, OPX_MOVSXD, 4, i); break;
    case OP_ld: load(t, OPX_LOAD | X_W, 8, i); break;
    case OP_lbu: load(t, OPX_MOVZX8, 1, i); break;
    case OP_lhu: load(t, OPX_MOVZX16, 2, i); break;
    case OP_lwu: load(t, OPX_LOAD, 4, i); break;
    case OP_sb: store(t, OPX_STORE8, 1, i); break;
    case OP_sh: store(t, OPX_STORE16, 2, i); break;
    case OP_sw: store(t, OPX_STORE, 4, i); break;
    case OP_sd: store(t, OPX_STORE | X_W, 8, i); break;

    case OP_flw: load_float(t, 4, i); break;
    case OP_fld: load_float(t, 8, i); break;
    case OP_fsw: store_float(t, 4, i); break;
    case OP_fsd: store_float(t, 8, i); break;

    case OP_lr_w: load_reserved(t, i, 0); break;
    case OP_lr_d: load_reserved(t, i, X_W); break;
    case OP_sc_w: store_conditional(t, i, 0); break;
    case OP_sc_d: store_conditional(t, i, X_W); break;
#define AMO(name, op, cond) \
    case OP_##name##_w: amo(t, i, op, cond, 0); break; \
    case OP_##name##_d: amo(t, i, op, cond, X_W); break;
    AMO(amoswap, OPX_LOAD, -1)
    AMO(amoadd, OPX_ADD, -1)
    AMO(amoxor, OPX_XOR, -1)
    AMO(amoand, OPX_AND, -1)
    AMO(amoor, OPX_OR, -1)
    AMO(amomin, OPX_CMP, CC_G)
    AMO(amomax, OPX_CMP, CC_L)
    AMO(amominu, OPX_CMP, CC_A)
    AMO(amomaxu, OPX_CMP, CC_B)
#undef AMO
    default: return false;
    }
    return true;
}
