/* SPDX-License-Identifier: Apache-2.0 */
/* CSR instructions, fences and whatever else is a SYS row: what kernels do often in line, the rest
 * by its function. */
#include "cpu/jit/translate.h"

#include "cpu/hart/csr.h"

/* ---- what is not in line ---- */

/* What the translation no longer knows. */
static void called(struct translation *t, const struct insn *i)
{
    t->fp_live = false; /* C has the f registers */
    t->rdx = -1;
    if (i->op >= OP_csrrw && i->op <= OP_csrrci && i->imm == CSR_SSTATUS)
        for (int n = 0; n < t->groups; n++)
            t->group[n].open = false; /* SUM and MXR decide what is allowed */
}

static void call_in(struct translation *t, struct code *c, const struct insn *i)
{
    t_leave_loop(t, c);
    x86_mov_imm(c, RAX, site(t->j, t->b, i));
    x86_call(c, t->j->within);
    t_enter_loop(t, c);
    called(t, i);
}

/* Executes i by its function and comes back to where the hot code is now.  Cold code that has been
 * jumped to starts here. */
static void slow(struct translation *t, const struct insn *i)
{
    call_in(t, t->cold, i);
    x86_jmp(t->cold, x86_here(t->hot));
}

static void call(struct translation *t, const struct insn *i)
{
    call_in(t, t->hot, i);
}

/* Jumps to the slow way of i, which will trap, unless the hart has a privilege.  It does not change
 * within a block. */
static void need_priv(struct translation *t, unsigned priv)
{
    if (t->priv >= priv)
        return;
    t->priv = (uint8_t)priv;
    x86(t->hot, 0x80, GROUP1_CMP, HART_FIELD(priv));
    x86_byte(t->hot, priv);
    x86_jcc(t->hot, CC_B, x86_here(t->cold));
}

/* ---- CSRs that are a field of the hart ---- */

static const struct field_csr {
    uint16_t number;
    int32_t offset;
    int8_t mask;
} field_csrs[] = {
#define ROW(name, number, mask) {number, (int32_t)offsetof(struct hart, name), mask}
    ROW(sscratch, CSR_SSCRATCH, -1), ROW(sepc, CSR_SEPC, -2), ROW(scause, CSR_SCAUSE, -1),
    ROW(stval, CSR_STVAL, -1),       ROW(mscratch, CSR_MSCRATCH, -1), ROW(mepc, CSR_MEPC, -2),
    ROW(mcause, CSR_MCAUSE, -1),     ROW(mtval, CSR_MTVAL, -1),
#undef ROW
};

/* csrr, csrw and csrrw of a field. */
static bool field_csr(struct translation *t, const struct insn *i)
{
    const struct field_csr *f = NULL;
    bool write = i->op == OP_csrrw || i->op == OP_csrrwi;

    for (size_t k = 0; k < ARRAY_LEN(field_csrs); k++)
        if (field_csrs[k].number == i->imm)
            f = &field_csrs[k];
    if (!f || (!write && i->rs1))
        return false;
    need_priv(t, (unsigned)f->number >> 8 & 3);
    if (i->op == OP_csrrwi)
        x86_mov_imm(t->hot, RCX, i->rs1);
    else if (write)
        x86(t->hot, OPX_LOAD | X_W, RCX, t_x(t, i->rs1));
    if (i->rd != ISA_SINK) {
        int d = write ? RAX : t_def(t, i->rd, RAX);
        x86(t->hot, OPX_LOAD | X_W, d, HART_FIELD_AT(f->offset));
        t_done(t, i->rd, d);
    }
    if (write) {
        if (f->mask != -1)
            x86_alu_imm(t->hot, X_W, GROUP1_AND, x86_r(RCX), f->mask);
        x86(t->hot, OPX_STORE | X_W, RCX, HART_FIELD_AT(f->offset));
    }
    slow(t, i);
    return true;
}

/* ---- sstatus ---- */

/* RAX = mstatus becomes sstatus. */
static void show_sstatus(struct code *c)
{
    _Static_assert(MSTATUS_FS == 3 << 13, "a carry out of FS is bit 15, which is 0 in mstatus");
    x86_mov_imm(c, RDX, SSTATUS_READABLE);
    x86(c, OPX_LOAD, RCX, x86_r(RAX));
    x86(c, OPX_AND | X_W, RAX, x86_r(RDX));
    x86_alu_imm(c, 0, GROUP1_AND, x86_r(RCX), (int32_t)MSTATUS_FS);
    x86_alu_imm(c, 0, GROUP1_ADD, x86_r(RCX), 1 << 13);
    x86_shift_imm(c, 0, GROUP2_SHR, x86_r(RCX), 15);
    x86_shift_imm(c, X_W, GROUP2_SHL, x86_r(RCX), 63); /* SD */
    x86(c, OPX_OR | X_W, RAX, x86_r(RCX));
}

/* To the slow way when an interrupt is waiting for SIE to be set. */
static void unless_waiting(struct translation *t)
{
    x86(t->hot, OPX_LOAD | X_W, RAX, HART_FIELD(mip_lines));
    x86(t->hot, OPX_OR | X_W, RAX, HART_FIELD(mip_soft));
    x86(t->hot, OPX_TEST | X_W, RAX, HART_FIELD(mie));
    x86_jcc(t->hot, CC_NE, x86_here(t->cold));
}

/* csrrsi, csrrci: of the low five bits, only SIE can be written. */
static void sstatus_imm(struct translation *t, const struct insn *i)
{
    struct code *c = t->hot;
    bool set = i->op == OP_csrrsi;

    if (set && i->rs1 & MSTATUS_SIE)
        unless_waiting(t);
    if (i->rd != ISA_SINK) {
        x86(c, OPX_LOAD | X_W, RAX, HART_FIELD(mstatus));
        show_sstatus(c);
        t_done(t, i->rd, RAX);
    }
    if (i->rs1 & MSTATUS_SIE) {
        x86(c, 0x80, set ? GROUP1_OR : GROUP1_AND, HART_FIELD(mstatus)); /* byte, imm8 */
        x86_byte(c, set ? MSTATUS_SIE : 0xff & ~MSTATUS_SIE);
    }
}

/* csrrw, csrrs, csrrc.  What is changed is worked out before anything is: SUM and MXR make another
 * context, which is C's to find, and f registers are in host registers only while FS is dirty. */
static void sstatus_reg(struct translation *t, const struct insn *i)
{
    struct code *c = t->hot;
    bool write = i->op == OP_csrrw || i->rs1;

    if (write) {
        x86(c, 0x80, GROUP1_CMP, HART_FIELD(fp_live));
        x86_byte(c, 0);
        x86_jcc(c, CC_NE, x86_here(t->cold));
        unless_waiting(t);
        x86(c, OPX_LOAD, RCX, t_x(t, i->rs1));
        x86_alu_imm(c, 0, GROUP1_AND, x86_r(RCX), (int32_t)SSTATUS_WRITABLE);
    }
    x86(c, OPX_LOAD | X_W, RAX, HART_FIELD(mstatus));
    if (write) {
        x86(c, OPX_LOAD, RDX, x86_r(RAX));
        if (i->op == OP_csrrw) {
            x86_alu_imm(c, 0, GROUP1_AND, x86_r(RDX), (int32_t)SSTATUS_WRITABLE);
            x86(c, OPX_XOR, RDX, x86_r(RCX));
        } else {
            if (i->op == OP_csrrs)
                x86_group3(c, 0, GROUP3_NOT, x86_r(RDX));
            x86(c, OPX_AND, RDX, x86_r(RCX));
        }
        x86(c, 0xf7, 0, x86_r(RDX)); /* test edx, imm32 */
        x86_dword(c, (uint32_t)(MSTATUS_SUM | MSTATUS_MXR));
        x86_jcc(c, CC_NE, x86_here(t->cold));
        x86(c, 0x31, RDX, HART_FIELD(mstatus)); /* xor m, r */
    }
    if (i->rd != ISA_SINK) {
        show_sstatus(c);
        t_done(t, i->rd, RAX);
    }
}

static bool sstatus(struct translation *t, const struct insn *i)
{
    if (i->op == OP_csrrwi)
        return false;
    need_priv(t, PRIV_S);
    if (i->op == OP_csrrsi || i->op == OP_csrrci)
        sstatus_imm(t, i);
    else
        sstatus_reg(t, i);
    slow(t, i);
    return true;
}

/* ---- fences ---- */

/* Memory is ordered as it is.  A fence with O in its predecessor set waits, and so does one with W
 * where FIOM is set or stores have combined (hart_fence). */
static void fence(struct translation *t, const struct insn *i)
{
    struct code *c = t->hot;
    unsigned before = (unsigned)i->imm >> 4 & 15;

    if (before & 4) {
        call(t, i);
    } else if (before & 1) {
        x86(c, OPX_LOAD, RAX, HART_FIELD(menvcfg));
        x86(c, OPX_OR, RAX, HART_FIELD(senvcfg));
        x86(c, OPX_OR, RAX, HART_FIELD(unfenced));
        x86_byte(c, 0xa8); /* test al, imm8 */
        x86_byte(c, ENVCFG_FIOM);
        x86_jcc(c, CC_NE, x86_here(t->cold));
        slow(t, i);
    }
}

/* Stores reach decoded code at once, but for those that are not cached. */
static void fence_i(struct translation *t, const struct insn *i)
{
    x86(t->hot, 0x80, GROUP1_CMP, HART_FIELD(unfenced));
    x86_byte(t->hot, 0);
    x86_jcc(t->hot, CC_NE, x86_here(t->cold));
    slow(t, i);
}

/* ---- cache blocks ---- */

/* Kernels clear pages with it: a TLB's hit in S mode, as in a store. */
static void cbo_zero(struct translation *t, const struct insn *i)
{
    struct code *c = t->hot;
    int va = t_use(t, i->rs1, RCX);
    uint8_t known = t->priv;

    need_priv(t, PRIV_S);
    t->priv = known; /* the slow way need not trap: U may be allowed it, too */
    x86(c, 0xf6, 0, HART_FIELD(menvcfg)); /* test byte, imm8 */
    x86_byte(c, ENVCFG_CBZE);
    x86_jcc(c, CC_E, x86_here(t->cold));
    x86_rorx(c, 0, RDX, x86_r(va), PAGE_SHIFT - 5);
    x86_alu_imm(c, 0, GROUP1_AND, x86_r(RDX), (TLB_ENTRIES - 1) * 32);
    x86_mov(c, RAX, va);
    x86_alu_imm(c, X_W, GROUP1_AND, x86_r(RAX), -(int32_t)PAGE_BYTES);
    x86(c, OPX_OR | X_W, RAX, HART_FIELD(context));
    x86(c, OPX_CMP | X_W, RAX, x86_mi(HART, RDX, 0, TLB(write_tag)));
    x86_jcc(c, CC_NE, x86_here(t->cold));
    x86_mov(c, RAX, va);
    x86_alu_imm(c, X_W, GROUP1_AND, x86_r(RAX), -CACHE_BLOCK_BYTES);
    x86(c, OPX_ADD | X_W, RAX, x86_mi(HART, RDX, 0, TLB(addend)));
    x86_vex(c, 0xef | X_0F | X_66, 0, 0, x86_r(0)); /* vpxor xmm0 */
    for (int n = 0; n < CACHE_BLOCK_BYTES; n += 16)
        x86_vex(c, 0x11 | X_0F, 0, 0, x86_m(RAX, n)); /* vmovups */
    slow(t, i);
}

bool jit_translate_system(struct translation *t, const struct insn *i)
{
    if (!i->goes_on) {
        t_leave_loop(t, t->hot);
        x86_mov_imm(t->hot, RAX, site(t->j, t->b, i));
        x86_jmp(t->hot, t->j->system);
        return false;
    }
    switch (i->op) {
    case OP_fence: fence(t, i); break;
    case OP_fence_i: fence_i(t, i); break;
    case OP_csrrw: case OP_csrrs: case OP_csrrc:
    case OP_csrrwi: case OP_csrrsi: case OP_csrrci:
        if (!field_csr(t, i) && !(i->imm == CSR_SSTATUS && sstatus(t, i)))
            call(t, i);
        break;
    case OP_cbo_zero: cbo_zero(t, i); break;
    default: call(t, i); break;
    }
    return true;
}
