/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, stores and atomics: the TLB's hit in line, everything else out of line. */
#include "cpu/jit/translate.h"

_Static_assert(sizeof(struct tlb_entry) == 32, "TLB entries are indexed by a shift");

/* ---- where an access goes ---- */

/* RDX = offset of the TLB entry of base + [lo, hi), all of it in one page, RAX = its tag; jumps to
 * the slow path, wherever that will be, unless the entry has it. */
static void look_up(struct translation *t, struct code *c, int base, int32_t lo, int32_t hi,
                    int32_t tag)
{
    int first = base;

    if (lo) {
        x86(c, OPX_LEA | X_W, RAX, x86_m(base, lo));
        first = RAX;
    }
    t->miss[0] = NULL;
    if (TLB_ENTRIES == 1 && hi - lo > 1) { /* the index cannot tell two pages apart */
        x86(c, OPX_LEA, RDX, x86_m(base, hi - 1));
        x86(c, OPX_XOR, RDX, x86_r(first));
        x86(c, 0xf7, 0, x86_r(RDX)); /* test edx, imm32 */
        x86_dword(c, PAGE_BYTES);
        t->miss[0] = x86_jcc_far(c, CC_NE);
    }
    x86_rorx(c, 0, RDX, x86_r(first), PAGE_SHIFT - 5);
    x86_alu_imm(c, 0, GROUP1_AND, x86_r(RDX), (TLB_ENTRIES - 1) * 32);
    if (hi == 1)
        x86_mov(c, RAX, base);
    else
        x86(c, OPX_LEA | X_W, RAX, x86_m(base, hi - 1));
    x86_alu_imm(c, X_W, GROUP1_AND, x86_r(RAX), -(int32_t)PAGE_BYTES);
    x86(c, OPX_OR | X_W, RAX, HART_FIELD(context));
    x86(c, OPX_CMP | X_W, RAX, x86_mi(HART, RDX, 0, tag));
    t->miss[1] = x86_jcc_far(c, CC_NE);
}

/* The slow path is where the cold code is now. */
static void missed(struct translation *t)
{
    for (size_t n = 0; n < ARRAY_LEN(t->miss); n++)
        if (t->miss[n])
            x86_label_far(t->cold, t->miss[n]);
}

/* ---- groups: accesses of one block by the same value of a register ----
 *
 * The first looks up the page for all, if they lie in one; the others find the way from address to
 * host address in hart.group.  That stays valid to the end of the block: what could change it
 * (fences, CSRs, code found in the page) is not done within a block.  Where the look-up fails for
 * good (they lie in two pages, or not in plain memory), the rest of the block is translated once
 * more, without groups: a tail.
 *
 * In a block that loops to itself (and does nothing else that could change a translation), a way
 * stays valid from one turn to the next, for as long as the accesses stay in the page: that is
 * looked at first (slots: loop_page, loop_limit), and only then the TLB.  It pays where addresses
 * move on evenly; what is loaded from memory may point anywhere. */

/* Bytes that a group spans at most: the wider, the more often it meets the end of a page. */
#define GROUP_SPAN 256

static struct isa_runtime access_of(const struct insn *i)
{
    return isa_runtime[i->op];
}

/* Finds the group that i starts; false when nothing would join. */
static bool plan(const struct translation *t, const struct insn *i, struct group *g)
{
    struct isa_runtime a = access_of(i);
    const struct insn *end = &t->b->insn[t->b->count];
    bool joined = false;

    *g = (struct group){.open = true, .base = i->rs1, .write = !a.load, .lo = i->imm,
                        .hi = i->imm + a.bytes};
    if (t->tail || i->rs1 == 0 || t->groups == GROUPS || (a.load && !a.fp && i->rd == i->rs1))
        return false;
    for (i++; i < end; i++) {
        a = access_of(i);
        if (a.bytes && i->rs1 == g->base && (a.load || g->write)) {
            int32_t lo = i->imm < g->lo ? i->imm : g->lo;
            int32_t hi = i->imm + a.bytes > g->hi ? i->imm + a.bytes : g->hi;

            if (hi - lo <= GROUP_SPAN) {
                g->lo = lo;
                g->hi = hi;
                joined = true;
            }
        }
        if (i->rd == g->base)
            break;
    }
    return joined;
}

static int member(const struct translation *t, const struct insn *i)
{
    struct isa_runtime a = access_of(i);

    for (int n = 0; n < t->groups; n++) {
        const struct group *g = &t->group[n];
        if (g->open && g->base == i->rs1 && (a.load || g->write) && g->lo <= i->imm &&
            i->imm + a.bytes <= g->hi)
            return n;
    }
    return -1;
}

#define GROUP_FIELD(n) HART_FIELD_AT(offsetof(struct hart, group) + 8 * (size_t)(n))

#define LOOP_PAGE(n) HART_FIELD_AT(offsetof(struct hart, loop_page) + 8 * (size_t)(n))
#define LOOP_LIMIT(n) HART_FIELD_AT(offsetof(struct hart, loop_limit) + 8 * (size_t)(n))

void t_reset_slots(struct translation *t)
{
    int slots = 0;
    bool steady = false;

    if (!t->slots)
        return;
    /* Slots share their numbers with groups, of which each access may lead one. */
    for (const struct insn *i = t->b->insn + t->b->skew; i->op < OP_COUNT; i++) {
        slots += isa_runtime[i->op].bytes != 0;
        steady |= isa_runtime[i->op].bytes && t->steady[i - t->b->insn];
        if (i == &t->b->insn[t->b->count - 1])
            break;
    }
    if (!steady)
        return;
    if (slots > GROUPS)
        slots = GROUPS;
    if (slots)
        x86_vex(t->hot, 0x57 | X_0F, 0, 0, x86_r(0)); /* vxorps xmm0 */
    for (int n = 0; n < slots; n += 2)
        x86_vex(t->hot, 0x11 | X_0F, 0, 0, LOOP_LIMIT(n)); /* vmovups: two of them */
}

/* RDX = the way of base + [lo, hi), from slot n if the page is still that. */
static void look_in_slot(struct translation *t, int n, int base, int32_t lo, int32_t hi,
                         int32_t tag)
{
    struct code *c = t->hot, *cold = t->cold;

    if (lo)
        x86(c, OPX_LEA | X_W, RAX, x86_m(base, lo));
    else
        x86_mov(c, RAX, base);
    x86(c, OPX_SUB | X_W, RAX, LOOP_PAGE(n));
    x86(c, OPX_CMP | X_W, RAX, LOOP_LIMIT(n));
    x86_jcc(c, CC_AE, x86_here(cold));
    x86(c, OPX_LOAD | X_W, RDX, GROUP_FIELD(n));
    look_up(t, cold, base, lo, hi, tag);
    x86(cold, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
    x86(cold, OPX_STORE | X_W, RDX, GROUP_FIELD(n));
    x86(cold, OPX_SUB | X_W, RAX, HART_FIELD(context));
    x86(cold, OPX_STORE | X_W, RAX, LOOP_PAGE(n));
    x86(cold, 0xc7 | X_W, 0, LOOP_LIMIT(n));
    x86_dword(cold, (uint32_t)((int32_t)PAGE_BYTES + 1 - (hi - lo)));
    x86_jmp(cold, x86_here(c));
}

/* The operand that i accesses; `slow` must follow the access. */
static struct x86_rm locate(struct translation *t, const struct insn *i)
{
    struct isa_runtime a = access_of(i);
    int base = t_use(t, i->rs1, RCX), n = member(t, i);
    int32_t tag = a.load ? TLB(read_tag) : TLB(write_tag);
    struct group g;
    bool slot;

    t->leads = false;
    t->base = base;
    if (n >= 0) {
        if (t->rdx != n)
            x86(t->hot, OPX_LOAD | X_W, RDX, GROUP_FIELD(n));
        t->rdx = n;
        t->looks_up = false;
        return x86_mi(base, RDX, 0, i->imm);
    }
    t->leads = plan(t, i, &g);
    if (!t->leads) {
        g.lo = i->imm;
        g.hi = i->imm + a.bytes;
        g.open = false;
    }
    slot = t->slots && t->steady[i - t->b->insn] && t->groups < GROUPS;
    n = t->groups;
    if (slot) {
        look_in_slot(t, n, base, g.lo, g.hi, tag);
    } else {
        look_up(t, t->hot, base, g.lo, g.hi, tag);
        x86(t->hot, OPX_LOAD | X_W, RDX, x86_mi(HART, RDX, 0, TLB(addend)));
        if (t->leads)
            x86(t->hot, OPX_STORE | X_W, RDX, GROUP_FIELD(n));
    }
    if (slot || t->leads)
        t->group[t->groups++] = g;
    t->looks_up = true;
    t->rdx = t->leads ? n : -1;
    return x86_mi(base, RDX, 0, i->imm);
}

/* The slow path of a load or store, back to where the hot code is now. */
static void slow(struct translation *t, const struct insn *i)
{
    struct code *c = t->cold;
    uint32_t field;
    uint8_t *broken;

    if (!t->looks_up)
        return;
    missed(t);
    x86(c, OPX_LEA | X_W, RCX, x86_m(t->base, i->imm));
    t_leave_loop(t, c);
    x86_mov_imm(c, RAX, site(t->j, t->b, i));
    if (!t->leads) {
        x86_call(c, t->j->memory);
        t_enter_loop(t, c);
        x86_jmp(c, x86_here(t->hot));
        return;
    }
    x86_mov_imm(c, RDX, group_word((unsigned)t->rdx, (unsigned)(i->imm - t->group[t->rdx].lo),
                                   (unsigned)(t->group[t->rdx].hi - i->imm)));
    x86_call(c, t->j->memory_group);
    x86_jmp(c, c->p); /* it comes back here when there is no group, or after this jump */
    broken = c->p;
    field = (uint32_t)(broken - t->j->write);
    t_enter_loop(t, c);
    x86(c, OPX_LOAD | X_W, RDX, GROUP_FIELD(t->rdx));
    x86_jmp(c, x86_here(t->hot));
    x86_patch(c, broken, x86_here(c));
    x86_mov_imm(c, RAX, site(t->j, t->b, i));
    x86_mov_imm(c, RDX, field);
    x86_jmp(c, t->j->tail);
}

/* ---- loads and stores ---- */

static void load(struct translation *t, unsigned op, const struct insn *i)
{
    struct x86_rm at = locate(t, i);
    int d = t_def(t, i->rd, RAX);

    x86(t->hot, op, d, at);
    t_done(t, i->rd, d);
    slow(t, i);
}

static void store(struct translation *t, unsigned op, const struct insn *i)
{
    struct x86_rm at = locate(t, i);

    x86(t->hot, op, t_use(t, i->rs2, RAX), at);
    slow(t, i);
}

static void load_float(struct translation *t, unsigned bytes, const struct insn *i)
{
    int d = t_mapped_f(i->rd) >= 0 ? t_mapped_f(i->rd) : 0;
    struct x86_rm at;

    t_need_float(t, i);
    at = locate(t, i);
    if (bytes == 8) {
        x86_vex(t->hot, OPV_LOAD64, d, 0, at);
        t->boxed &= ~(1u << i->rd);
    } else {
        x86(t->hot, OPX_LOAD, RAX, at);
        t_box(t, RAX, d);
        t->boxed |= 1u << i->rd;
    }
    t_done_f(t, i->rd, d);
    slow(t, i);
}

static void store_float(struct translation *t, unsigned bytes, const struct insn *i)
{
    struct x86_rm at;

    t_need_float(t, i);
    at = locate(t, i);
    x86_vex(t->hot, bytes == 8 ? OPV_STORE64 : OPV_STORE32, t_use_f(t, i->rs2, 0), 0, at);
    slow(t, i);
}

/* ---- atomics: harts take turns on one host thread, so plain accesses are atomic ---- */

/* RDX = host address of the word at x[rs1]; the interpreter does what does not hit. */
static int atomic(struct translation *t, const struct insn *i, unsigned bytes, int32_t tag)
{
    int va = t_use(t, i->rs1, RCX);

    if (i->imm & ISA_RL) { /* combined stores before it must have gone */
        x86(t->hot, 0x80, GROUP1_CMP, HART_FIELD(unfenced));
        x86_byte(t->hot, 0);
        x86_jcc(t->hot, CC_NE, x86_here(t->cold));
    }
    x86(t->hot, 0xf6 | X_BRM, 0, x86_r(va)); /* test va, bytes - 1 */
    x86_byte(t->hot, bytes - 1);
    x86_jcc(t->hot, CC_NE, x86_here(t->cold));
    look_up(t, t->hot, va, 0, 1, tag);
    missed(t);
    t_resume(t, t->cold, i);
    t->rdx = -1;
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
        x86(c, OPX_LOAD | w, RCX, t_x(t, i->rs2));
    } else {
        x86(c, OPX_LOAD | w, RCX, x86_r(RAX));
        x86(c, op | w, RCX, t_x(t, i->rs2));
        if (cond >= 0) { /* after cmp: the other one, if it wins */
            x86(c, 0x40u | (unsigned)cond | X_0F | w, RCX, t_x(t, i->rs2));
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
    int va = atomic(t, i, w ? 8 : 4, TLB(read_tag)), d = t_def(t, i->rd, RAX);

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
    x86(c, OPX_LOAD | w, RAX, t_x(t, i->rs2));
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
    case OP_lb: load(t, OPX_MOVSX8, i); break;
    case OP_lh: load(t, OPX_MOVSX16, i); break;
    case OP_lw: load(t, OPX_MOVSXD, i); break;
    case OP_ld: load(t, OPX_LOAD | X_W, i); break;
    case OP_lbu: load(t, OPX_MOVZX8, i); break;
    case OP_lhu: load(t, OPX_MOVZX16, i); break;
    case OP_lwu: load(t, OPX_LOAD, i); break;
    case OP_sb: store(t, OPX_STORE8, i); break;
    case OP_sh: store(t, OPX_STORE16, i); break;
    case OP_sw: store(t, OPX_STORE, i); break;
    case OP_sd: store(t, OPX_STORE | X_W, i); break;
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
