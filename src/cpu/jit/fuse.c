/* SPDX-License-Identifier: Apache-2.0 */
/* Idioms: several instructions that the host does in one or two.  Each leaves every register as the
 * instructions one by one would. */
#include "cpu/jit/translate.h"

static void copy_word(struct translation *t, int to, unsigned x)
{
    x86(t->hot, OPX_LOAD, to, t_x(t, x)); /* the upper half becomes 0 */
}

/* slli d, s, n; srli or srai d, d, n: an extension of the low bits. */
static bool extension(struct translation *t, const struct insn *i)
{
    bool is_signed = i[1].op == OP_srai;
    int d = t_def(t, i->rd, RAX);
    unsigned op;

    switch (i->imm) {
    case 32: op = is_signed ? OPX_MOVSXD : OPX_LOAD; break;
    case 48: op = is_signed ? OPX_MOVSX16 : OPX_MOVZX16; break;
    case 56: op = is_signed ? OPX_MOVSX8 : OPX_MOVZX8; break;
    default: return false;
    }
    x86(t->hot, op, d, t_x(t, i->rs1));
    t_done(t, i->rd, d);
    return true;
}

/* slli t, s, 32; srli d, t, 32 - n (; add d, d, b): an unsigned word as an index. */
static int index_of_word(struct translation *t, const struct insn *i)
{
    const struct insn *shift = i + 1, *add = i + 2;
    int d = t_def(t, shift->rd, RAX), n = 32 - shift->imm;
    unsigned base = add->rs1 == shift->rd ? add->rs2 : add->rs1;
    bool adds = add->op == OP_add && add->rd == shift->rd && add->rs1 != add->rs2 &&
                (add->rs1 == shift->rd || add->rs2 == shift->rd) && base != i->rd && base != 0 &&
                n >= 0 && n <= 3;

    /* slli's own result, where it is seen: before d, or after it if it is the source itself. */
    bool own = i->rd != shift->rd, first = own && i->rd != i->rs1;

    if (first) {
        int own_d = t_def(t, i->rd, RCX);
        x86(t->hot, OPX_LOAD | X_W, own_d, t_x(t, i->rs1));
        x86_shift_imm(t->hot, X_W, GROUP2_SHL, x86_r(own_d), 32);
        t_done(t, i->rd, own_d);
    }
    copy_word(t, d, i->rs1);
    if (adds) {
        x86(t->hot, OPX_LEA | X_W, d, x86_mi(t_use(t, base, RCX), d, (unsigned)n, 0));
    } else if (n) {
        x86_shift_imm(t->hot, X_W, n > 0 ? GROUP2_SHL : GROUP2_SHR, x86_r(d),
                      (unsigned)(n > 0 ? n : -n));
    }
    t_done(t, shift->rd, d);
    if (own && !first)
        x86_shift_imm(t->hot, X_W, GROUP2_SHL, t_x(t, i->rd), 32);
    return adds ? 3 : 2;
}

int jit_translate_idiom(struct translation *t, const struct insn *i)
{
    const struct insn *last = &t->b->insn[t->b->count - 1];

    if (last - i < 3 || i->rd == ISA_SINK)
        return 0;
    if (i->op == OP_slli && i[1].rs1 == i->rd && i[1].rd != ISA_SINK) {
        if ((i[1].op == OP_srli || i[1].op == OP_srai) && i[1].rd == i->rd && i[1].imm == i->imm &&
            extension(t, i))
            return 2;
        if (i[1].op == OP_srli && i->imm == 32)
            return index_of_word(t, i);
    }
    if (i->op == OP_lui && (i[1].op == OP_addi || i[1].op == OP_addiw) && i[1].rs1 == i->rd &&
        i[1].rd == i->rd) {
        uint64_t v = (uint64_t)(int64_t)i->imm + (uint64_t)(int64_t)i[1].imm;
        t_put_imm(t, i->rd, i[1].op == OP_addiw ? (uint64_t)(int64_t)(int32_t)v : v);
        return 2;
    }
    return 0;
}
