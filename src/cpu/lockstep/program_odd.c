/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of random programs that go elsewhere, change code, or change the system under it. */
#include "cpu/lockstep/program_steps.h"

enum { SSTATUS = 0x100, SATP = 0x180, SEPC = 0x141, STIMECMP = 0x14d, MSTATUS_ = 0x300,
       MEPC = 0x341, TIME = 0xc01 };
enum { PTE_R = 2, PTE_W = 4, PTE_A = 64, PTE_D = 128 };

static uint32_t alias_of_code(struct maker *m)
{
    if (m->p->kind == PROGRAM_M)
        return 0;
    switch (emit_below(&m->e, 8)) {
    case 0: return ALIAS_BYTES;
    case 1: return m->large ? LARGE_BYTES : 0;
    case 2: return m->large ? NAPOT_BYTES : 0;
    default: return 0;
    }
}

/* ---- control flow ---- */

void step_branch(struct maker *m)
{
    static const uint16_t ops[] = {OP_beq, OP_bne, OP_blt, OP_bge, OP_bltu, OP_bgeu};
    uint32_t from[3];
    unsigned count = 1 + emit_below(&m->e, 3);

    for (unsigned n = 0; n < count; n++) {
        unsigned a = emit_below(&m->e, 2) ? step_changing(m) : emit_below(&m->e, 32);
        unsigned b = emit_below(&m->e, 2) ? step_register(m) : emit_below(&m->e, 4) ? a : 0;

        if (emit_below(&m->e, 6) == 0) { /* 0 against something around 0 */
            b = step_register(m);
            emit_i(&m->e, OP_andi, b, step_changing(m), 1);
            emit_i(&m->e, OP_addi, b, b, (int)emit_below(&m->e, 3) - 1);
            a = 0;
            if (emit_below(&m->e, 3) == 0) {
                a = b;
                b = 0;
            }
        }
        from[n] = m->e.at;
        emit32(&m->e, emit_row(ops[emit_below(&m->e, ARRAY_LEN(ops))], 0, a, b << 20));
        step_filler(m, 3);
    }
    for (unsigned n = 0; n < count; n++)
        emit_land(&m->e, from[n]);
}

static void call(struct maker *m, uint32_t to)
{
    unsigned r = emit_below(&m->e, 2) ? 1 : step_register(m);
    uint32_t alias = alias_of_code(m);

    if (!alias && emit_below(&m->e, 2)) {
        emit_jal(&m->e, 1, to);
    } else {
        emit_address(&m->e, r, to + alias);
        if (emit_below(&m->e, 2))
            emit_i(&m->e, OP_jalr, 1, r, 0);
        else
            emit16(&m->e, 0x9002 | r << 7); /* c.jalr */
    }
}

void step_call(struct maker *m)
{
    if (m->depth_loops == 0) /* in a leaf */
        step_branch(m);
    else
        call(m, m->leaf[emit_below(&m->e, LEAVES)]);
}

/* One of four ways, by something that changes. */
void step_jump_table(struct maker *m)
{
    unsigned r = step_register(m), a = step_other(m, r);
    uint32_t start, stubs, end;

    emit_i(&m->e, OP_andi, r, step_changing(m), 3);
    emit_i(&m->e, OP_slli, r, r, 3);
    start = m->e.at;
    stubs = start + 4 * 4;
    end = stubs + 4 * 8;
    emit_address(&m->e, a, stubs);
    emit_r(&m->e, OP_add, a, a, r);
    emit_i(&m->e, OP_jalr, emit_below(&m->e, 4) ? 0 : 1, a, 0);
    for (unsigned n = 0; n < 4; n++) {
        emit32(&m->e, step_word(m));
        emit_jal(&m->e, 0, end);
    }
}

/* What spoils a predictor of returns, and other uncommon ways of going on. */
void step_odd_jump(struct maker *m)
{
    unsigned r = emit_below(&m->e, 3) ? (emit_below(&m->e, 2) ? 1 : 5) : step_register(m);

    switch (emit_below(&m->e, 8)) {
    case 0: /* a return without a call */
        emit32(&m->e, emit_row(OP_auipc, r, 0, 0));
        emit_i(&m->e, OP_jalr, 0, r, 12);
        emit32(&m->e, step_word(m));
        break;
    case 1: /* a call without a return */
        emit_jal(&m->e, r, m->e.at + 4);
        break;
    case 2: /* to where it links */
        emit32(&m->e, emit_row(OP_auipc, r, 0, 0));
        emit_i(&m->e, OP_jalr, r, r, 8);
        break;
    case 3: /* bit 0 is dropped */
        emit32(&m->e, emit_row(OP_auipc, r, 0, 0));
        emit_i(&m->e, OP_jalr, 0, r, 9);
        break;
    case 4:
        emit32(&m->e, emit_row(OP_auipc, r, 0, 0));
        emit_i(&m->e, OP_addi, r, r, 10);
        emit16(&m->e, 0x8002 | r << 7); /* c.jr */
        break;
    case 5: /* half an instruction on: the target is at 2 modulo 4 */
        emit_jal(&m->e, 0, m->e.at + 6);
        emit16(&m->e, step_half(m));
        break;
    case 6: /* two returns in turn, as a coroutine's */
        emit32(&m->e, emit_row(OP_auipc, 1, 0, 0));
        emit_i(&m->e, OP_jalr, 5, 1, 8);
        emit_i(&m->e, OP_jalr, 1, 5, 4);
        emit32(&m->e, step_word(m));
        break;
    default: /* nowhere: the round ends; seldom */
        if (emit_below(&m->e, 6) == 0) {
            emit_constant(&m->e, r,
                          emit_below(&m->e, 2) ? UINT64_C(0xa0000000) : emit_chance(&m->e));
            emit_i(&m->e, OP_jalr, 1, r, 0);
        }
        break;
    }
}

/* An instruction whose second half is one, too, entered at either. */
void step_middle(struct maker *m)
{
    unsigned r = step_register(m), rd = step_register(m);
    uint32_t half = step_half(m);

    emit_i(&m->e, OP_andi, r, step_changing(m), 1);
    emit32(&m->e, emit_row(OP_beq, 0, r, emit_b_imm(6)));
    emit32(&m->e, half << 16 | emit_below(&m->e, 16) << 12 | rd << 7 | 0x37); /* lui */
}

void step_recursion(struct maker *m)
{
    if (m->depth_loops == 0 || m->depth_loops > 200) {
        step_branch(m);
        return;
    }
    emit_s(&m->e, OP_sd, m->inner, 2, FRAME_LINK - 8);
    emit_i(&m->e, OP_addi, m->inner, 0, 1 + (int)emit_below(&m->e, 40));
    emit_jal(&m->e, 1, m->recursion);
    emit_i(&m->e, OP_ld, m->inner, 2, FRAME_LINK - 8);
}

/* ---- code that changes ---- */

/* v = the word of an addi whose immediate is another at every turn, or any harmless word. */
static void put_new_word(struct maker *m, unsigned v, unsigned r)
{
    unsigned rd = step_register(m);

    if (emit_below(&m->e, 3) == 0) {
        emit_constant(&m->e, v, (uint64_t)(int32_t)step_word(m));
        return;
    }
    emit_constant(&m->e, v, (uint64_t)(int32_t)emit_row(OP_addi, rd, emit_below(&m->e, 2) ? rd : 0,
                                                         emit_below(&m->e, 64) << 24));
    emit_i(&m->e, OP_andi, r, step_changing(m), (int)(1 + emit_below(&m->e, 15)));
    emit_i(&m->e, OP_slli, r, r, 20);
    emit_r(&m->e, OP_or, v, v, r);
}

static void distinct(struct maker *m, unsigned *a, unsigned *b, unsigned *c)
{
    *a = step_register(m);
    *b = step_other(m, *a);
    do
        *c = step_other(m, *a);
    while (*c == *b);
}

/* Stores an instruction, which comes soon: in the same block, too. */
void step_patch_near(struct maker *m)
{
    unsigned a, v, r;
    uint32_t from, slot, distance = 4 * emit_below(&m->e, 4);
    bool fence = emit_below(&m->e, 2), half = emit_below(&m->e, 5) == 0;
    uint32_t alias = emit_below(&m->e, 4) ? 0 : alias_of_code(m);

    distinct(m, &a, &v, &r);
    if (half)
        emit_constant(&m->e, v, step_half(m));
    else
        put_new_word(m, v, r);
    from = m->e.at;
    slot = from + 8 + 4 + (fence ? 4 : 0) + distance;
    emit_address(&m->e, a, slot + alias);
    emit_s(&m->e, half ? OP_sh : OP_sw, v, a, 0);
    if (fence)
        emit32(&m->e, isa_table[OP_fence_i].match);
    while (m->e.at < slot)
        emit32(&m->e, step_word(m));
    if (half)
        emit16(&m->e, step_half(m));
    else
        emit32(&m->e, step_word(m));
}

static uint32_t a_pad(struct maker *m)
{
    return AT(PAGE_PADS + emit_below(&m->e, 3)) + emit_below(&m->e, PADS) * PAD_BYTES;
}

/* Rewrites a routine of another page, and calls it; or only data next to routines. */
void step_patch_far(struct maker *m)
{
    unsigned a, v, r;
    uint32_t pad = a_pad(m), at = pad + 4 * emit_below(&m->e, 2);
    uint32_t alias = emit_below(&m->e, 3) ? 0 : alias_of_code(m);

    distinct(m, &a, &v, &r);
    if (emit_below(&m->e, 4) == 0) {
        emit_address(&m->e, a, pad + 12 + alias); /* nothing runs there */
        emit_s(&m->e, emit_below(&m->e, 2) ? OP_sw : OP_sb, v, a, 0);
    } else if (emit_below(&m->e, 4) == 0) {
        put_new_word(m, v, r);
        emit_address(&m->e, a, at + alias);
        emit32(&m->e, emit_row(OP_amoswap_w, r, a, v << 20));
    } else {
        put_new_word(m, v, r);
        emit_address(&m->e, a, at + alias);
        emit_s(&m->e, OP_sw, v, a, 0);
    }
    if (emit_below(&m->e, 2))
        emit32(&m->e, isa_table[OP_fence_i].match);
    for (unsigned n = emit_below(&m->e, 3); n > 0; n--)
        call(m, pad);
}

/* ---- the system ---- */

/* Code that needs S: in place, or in U a service that is called.  False: neither is possible. */
struct privileged {
    unsigned a, b, c; /* registers it may use */
    uint32_t back;
};

static bool privileged_begin(struct maker *m, struct privileged *v)
{
    if (m->p->kind == PROGRAM_M)
        return false;
    if (m->p->kind == PROGRAM_S) {
        distinct(m, &v->a, &v->b, &v->c);
        return true;
    }
    if (m->services == SERVICES || m->service_at > AT(PAGE_AREA_S) - 256)
        return false;
    emit_i(&m->e, OP_addi, 17, 0, (int)m->services);
    emit32(&m->e, isa_table[OP_ecall].match);
    for (unsigned h = 0; h < CELL_HARTS_MAX; h++)
        le64_put(m->e.bytes + AT(PAGE_AREA_S) + h * AREA_BYTES + AREA_SERVICE + 8 * m->services,
                 KERNEL + m->service_at);
    m->services++;
    v->back = m->e.at;
    m->e.at = m->service_at;
    v->a = 1;
    v->b = 2;
    v->c = 4;
    return true;
}

static void privileged_end(struct maker *m, const struct privileged *v)
{
    if (m->p->kind == PROGRAM_S)
        return;
    emit_i(&m->e, OP_jalr, 0, 3, 0);
    m->service_at = m->e.at;
    m->e.at = v->back;
}

void step_csr(struct maker *m)
{
    static const uint16_t harmless[] = {1, 1, 2, 3, 3, 0x106, 0x141, 0x142, 0x143, 0xb00, 0xb02,
                                        0x320, 0x343, 0x342, 0xc00};
    static const uint16_t readable[] = {0xc00, 0xc01, 0xc02, 0xc00, 0xc01, 0xc02, 0xc03, 0xc1f,
                                        0x100, 0x104, 0x144, 0x180, 0x140, 0x300, 0x301, 0x341,
                                        0x344, 0xf14, 0xf11, 0x5c0, 0x7ff, 0xb00, 0xb02, 0xb03};
    static const uint16_t ops[] = {OP_csrrw, OP_csrrs, OP_csrrc, OP_csrrwi, OP_csrrsi, OP_csrrci};
    unsigned rd = emit_below(&m->e, 4) ? step_register(m) : 0;
    unsigned csr = harmless[emit_below(&m->e, ARRAY_LEN(harmless))];

    if (emit_below(&m->e, 2))
        emit_csr(&m->e, emit_below(&m->e, 2) ? OP_csrrs : OP_csrrci, rd,
                 readable[emit_below(&m->e, ARRAY_LEN(readable))], 0);
    else if (csr <= 3 && emit_below(&m->e, 2)) /* mostly a valid rounding mode */
        emit_csr(&m->e, OP_csrrwi, rd, csr, emit_below(&m->e, csr == 2 ? 5 : 32));
    else
        emit_csr(&m->e, ops[emit_below(&m->e, ARRAY_LEN(ops))], rd, csr, emit_below(&m->e, 32));
}

/* Two accesses as another mode would make them. */
static void put_mprv(struct maker *m)
{
    unsigned a, v, r;

    distinct(m, &a, &v, &r);
    emit_constant(&m->e, r, FMASK(MSTATUS_MPP));
    emit_csr(&m->e, OP_csrrc, 0, MSTATUS_, r);
    emit_constant(&m->e, r, MSTATUS_MPRV | (emit_below(&m->e, 4) ? 1 << MSTATUS_MPP_LSB : 0));
    emit_address(&m->e, a, AT(PAGE_DATA + emit_below(&m->e, 16)) + emit_below(&m->e, 500) * 8);
    emit_csr(&m->e, OP_csrrs, 0, MSTATUS_, r);
    emit_i(&m->e, OP_ld, v, a, (int)emit_below(&m->e, 100));
    emit_s(&m->e, OP_sw, v, a, emit_below(&m->e, 100));
    emit_constant(&m->e, r, MSTATUS_MPRV);
    emit_csr(&m->e, OP_csrrc, 0, MSTATUS_, r);
}

/* Accesses of one of U's pages in S, with SUM set, and cleared, and set, between them. */
static void put_sum(struct maker *m)
{
    unsigned a, v, r, page = PAGE_DATA, op;

    for (unsigned tries = 0; tries < 16; tries++) {
        page = PAGE_DATA + emit_below(&m->e, PAGES_DATA);
        if ((le64_get(m->e.bytes + table_a_entry(page)) & 23) == 23)
            break;
    }
    distinct(m, &a, &v, &r);
    emit32(&m->e, emit_row(OP_lui, r, 0, 0x40000)); /* SUM */
    emit_address(&m->e, a, AT(page) + emit_below(&m->e, 400) * 8);
    emit_csr(&m->e, OP_csrrs, 0, SSTATUS, r);
    for (unsigned n = 3 + emit_below(&m->e, 6); n > 0; n--)
        switch (emit_below(&m->e, 5)) {
        case 0:
            op = emit_below(&m->e, 2) ? OP_csrrs : OP_csrrc;
            emit_csr(&m->e, op, 0, SSTATUS, r);
            break;
        case 1: case 2:
            emit_s(&m->e, OP_sd, v, a, emit_below(&m->e, 8) * 8);
            break;
        default:
            emit_i(&m->e, OP_ld, v, a, (int)emit_below(&m->e, 8) * 8);
            break;
        }
}

void step_status(struct maker *m)
{
    static const uint64_t bits[] = {MSTATUS_SUM, MSTATUS_MXR, MSTATUS_FS, MSTATUS_FS,
                                    MSTATUS_SUM | MSTATUS_MXR, UINT64_C(1) << 13, MSTATUS_SIE};
    uint64_t set = bits[emit_below(&m->e, ARRAY_LEN(bits))];
    unsigned op = emit_below(&m->e, 2) ? OP_csrrs : OP_csrrc, r;
    struct privileged v;

    if (m->p->kind == PROGRAM_M) {
        if (emit_below(&m->e, 2)) {
            put_mprv(m);
            return;
        }
        r = step_register(m);
        emit_constant(&m->e, r, set);
        emit_csr(&m->e, op, emit_below(&m->e, 2) ? step_register(m) : 0, MSTATUS_, r);
        return;
    }
    if (m->p->kind == PROGRAM_S && emit_below(&m->e, 3) == 0) {
        put_sum(m);
        return;
    }
    if (!privileged_begin(m, &v))
        return;
    if (m->p->kind == PROGRAM_S && emit_below(&m->e, 2)) { /* what came meanwhile is taken then */
        emit_csr(&m->e, OP_csrrci, emit_below(&m->e, 2) ? v.a : 0, SSTATUS, MSTATUS_SIE);
        if (emit_below(&m->e, 3) == 0)
            emit_csr(&m->e, OP_csrrsi, 0, 0x144 /* sip */, 2);
        step_filler(m, 6);
        emit_csr(&m->e, OP_csrrsi, emit_below(&m->e, 2) ? v.a : 0, SSTATUS, MSTATUS_SIE);
        return;
    }
    emit_constant(&m->e, v.a, set);
    emit_csr(&m->e, op, 0, SSTATUS, v.a);
    privileged_end(m, &v);
}

/* A return from a trap that was none: to the next instruction, mostly in the mode it is in. */
static void put_trap_return(struct maker *m)
{
    bool in_m = m->p->kind == PROGRAM_M, wrong = emit_below(&m->e, 8) == 0;
    unsigned r = step_register(m);

    emit_constant(&m->e, r, in_m ? FMASK(MSTATUS_MPP) : MSTATUS_SPP);
    emit_csr(&m->e, wrong ? OP_csrrc : OP_csrrs, 0, in_m ? MSTATUS_ : SSTATUS, r);
    emit32(&m->e, emit_row(OP_auipc, r, 0, 0));
    emit_i(&m->e, OP_addi, r, r, 16);
    emit_csr(&m->e, OP_csrrw, 0, in_m ? MEPC : SEPC, r);
    emit32(&m->e, isa_table[in_m ? OP_mret : OP_sret].match);
}

void step_system(struct maker *m)
{
    static const uint16_t ops[] = {OP_ecall, OP_ebreak, OP_fence_i, OP_fence, OP_pause,
                                   OP_sfence_w_inval, OP_sfence_inval_ir};

    switch (emit_below(&m->e, 4)) {
    case 0:
        put_trap_return(m);
        break;
    case 1: /* of whatever address or space: nothing has changed */
        emit32(&m->e, emit_row(emit_below(&m->e, 2) ? OP_sfence_vma : OP_sinval_vma, 0,
                               emit_below(&m->e, 32), emit_below(&m->e, 32) << 20));
        break;
    case 2:
        emit16(&m->e, 0x9002); /* c.ebreak */
        break;
    default:
        if (m->p->kind == PROGRAM_U) /* a7 would name a service at random: any is fine */
            emit_i(&m->e, OP_addi, 17, 17, 1);
        emit32(&m->e, isa_table[ops[emit_below(&m->e, ARRAY_LEN(ops))]].match);
        break;
    }
}

void step_illegal(struct maker *m)
{
    uint32_t w;

    if (emit_below(&m->e, 3) == 0) {
        do
            w = (uint32_t)emit_chance(&m->e) & 0xffff;
        while ((w & 3) == 3 || isa_expand((uint16_t)w));
        emit16(&m->e, emit_below(&m->e, 4) ? w : 0);
        return;
    }
    emit_near_miss(&m->e);
}

static void put_device_base(struct maker *m, unsigned r)
{
    if (m->p->kind == PROGRAM_M)
        emit_constant(&m->e, r, CELL_DEVICE);
    else
        emit_address(&m->e, r, AT(DEVICE_PAGE));
}

void step_device(struct maker *m)
{
    unsigned a, v, r;

    distinct(m, &a, &v, &r);
    put_device_base(m, a);
    switch (emit_below(&m->e, 8)) {
    case 0: case 1: case 2: /* the time in the middle of a block */
        step_filler(m, 3);
        emit_i(&m->e, (unsigned[]){OP_ld, OP_lw, OP_lhu, OP_lb}[emit_below(&m->e, 4)],
               emit_below(&m->e, 8) ? v : 0, a, (int)emit_below(&m->e, 4) * 8);
        break;
    case 3: case 4: case 5:
        emit_constant(&m->e, v, emit_below(&m->e, 0x8000));
        emit_s(&m->e, OP_sd, v, a, CELL_RAISE);
        break;
    case 6:
        emit_s(&m->e, OP_sw, 0, a, CELL_LOWER);
        break;
    default: /* misaligned, of an odd size, an atomic, no register */
        emit_i(&m->e, OP_lw, v, a, 2);
        emit32(&m->e, emit_row(OP_amoadd_w, r, a, v << 20));
        emit_s(&m->e, OP_sd, v, a, 64);
        break;
    }
}

/* The device rewrites a routine, sometime. */
void step_device_code(struct maker *m)
{
    unsigned a, v, r;
    uint32_t pad = a_pad(m);
    uint32_t word = emit_row(OP_addi, step_register(m), 0, emit_below(&m->e, 4096) << 20);

    distinct(m, &a, &v, &r);
    put_device_base(m, a);
    emit_constant(&m->e, v, word | (uint64_t)step_word(m) << 32);
    emit_s(&m->e, OP_sd, v, a, CELL_VALUE);
    emit_constant(&m->e, v, pad | (uint64_t)emit_below(&m->e, 2000) << 40);
    emit_s(&m->e, OP_sd, v, a, CELL_DMA);
    if (emit_below(&m->e, 2)) /* stores to the device are posted */
        emit_i(&m->e, OP_ld, v, a, 0);
    for (unsigned n = emit_below(&m->e, 4); n > 0; n--)
        call(m, pad);
}

/* Forgets the translation of one page in both spaces, in one of the ways there are. */
static void put_fence(struct maker *m, uint32_t page, unsigned a, unsigned b)
{
    unsigned op = emit_below(&m->e, 4) ? OP_sfence_vma : OP_sinval_vma;
    unsigned form = emit_below(&m->e, 4), alias = emit_below(&m->e, 2);

    if (form == 0) {
        emit32(&m->e, isa_table[op].match);
        return;
    }
    if (form & 1)
        emit_constant(&m->e, a, CELL_RAM + page + emit_below(&m->e, 4096));
    for (unsigned asid = 1; asid <= (form & 2 ? 2u : 1u); asid++) {
        if (form & 2)
            emit_i(&m->e, OP_addi, b, 0, (int)asid);
        emit32(&m->e, emit_row(op, 0, form & 1 ? a : 0, (form & 2 ? b : 0) << 20));
    }
    if (alias) /* more than is needed */
        emit32(&m->e, emit_row(OP_sfence_vma, 0, a, 0));
}

/* Whether the tables may change under way: what another hart has cached of them would need a fence
 * there, and what it sees without one depends on its caches. */
static bool tables_may_change(const struct maker *m)
{
    return m->p->harts == 1;
}

/* Turns bits of a page's entry in both spaces' tables. */
static void put_turn(struct maker *m, const struct privileged *v, unsigned page, int bits)
{
    emit_constant(&m->e, v->a, KERNEL + table_a_entry(page));
    for (unsigned n = 0; n < 2; n++) {
        emit_i(&m->e, OP_ld, v->b, v->a, 0);
        emit_i(&m->e, OP_xori, v->b, v->b, bits);
        emit_s(&m->e, OP_sd, v->b, v->a, 0);
        if (n == 0) {
            emit32(&m->e, emit_row(OP_lui, v->b, 0, 0x1000)); /* the next page: space B */
            emit_r(&m->e, OP_add, v->a, v->a, v->b);
        }
    }
    put_fence(m, AT(page), v->a, v->b);
}

/* Another page of code in the place of one, and a call there, also of the routine that begins in
 * the page before. */
void step_remap(struct maker *m)
{
    struct privileged v;
    uint32_t pad = AT(PAGE_PADS_P) + emit_below(&m->e, PADS) * PAD_BYTES;

    if (tables_may_change(m) && privileged_begin(m, &v)) {
        put_turn(m, &v, PAGE_PADS_P, 1 << 10); /* the pages' numbers differ in one bit */
        privileged_end(m, &v);
    }
    if (emit_below(&m->e, 4) == 0)
        pad = AT(PAGE_PADS_P) - 2;
    for (unsigned n = emit_below(&m->e, 4); n > 0; n--)
        call(m, pad);
}

void step_turn_routine(struct maker *m)
{
    struct privileged v;

    m->turn = m->e.at;
    if (tables_may_change(m) && privileged_begin(m, &v)) {
        put_turn(m, &v, PAGE_PADS_P, 1 << 10);
        privileged_end(m, &v);
    }
    emit_i(&m->e, OP_jalr, 0, 1, 0);
}

/* A routine whose page is another one when its own call returns. */
void step_turn_under(struct maker *m)
{
    if (m->depth_loops == 0)
        step_remap(m);
    else
        for (unsigned n = 1 + emit_below(&m->e, 3); n > 0; n--)
            call(m, AT(PAGE_PADS_P) + PAD_OF_TURN);
}

/* A call whose callee rewrites what comes after it. */
void step_patch_under(struct maker *m)
{
    uint32_t from, slot;

    if (m->depth_loops == 0) {
        step_patch_near(m);
        return;
    }
    m->busy = 1u << STORE_ADDRESS | 1u << STORE_VALUE;
    put_new_word(m, STORE_VALUE, step_register(m));
    from = m->e.at;
    slot = from + 8 + 4 + 4 * emit_below(&m->e, 3);
    emit_address(&m->e, STORE_ADDRESS, slot + (emit_below(&m->e, 3) ? 0 : alias_of_code(m)));
    emit_jal(&m->e, 1, m->storer);
    while (m->e.at < slot)
        emit32(&m->e, step_word(m));
    emit32(&m->e, step_word(m));
    m->busy = 0;
}

void step_space(struct maker *m)
{
    struct privileged v;

    if (!privileged_begin(m, &v))
        return;
    emit_constant(&m->e, v.a, UINT64_C(3) << 44 |
                                  (AT(PAGE_ROOT_A) ^ AT(PAGE_ROOT_B)) >> PAGE_SHIFT);
    emit_csr(&m->e, OP_csrrs, v.b, SATP, 0);
    emit_r(&m->e, OP_xor, v.b, v.b, v.a);
    emit_csr(&m->e, OP_csrrw, 0, SATP, v.b);
    privileged_end(m, &v);
}

void step_rights(struct maker *m)
{
    static const int bits[] = {PTE_W, PTE_R, PTE_A, PTE_D, PTE_A | PTE_D, PTE_R | PTE_W, 1, 16, 8};
    struct privileged v;

    if (!tables_may_change(m) || !privileged_begin(m, &v))
        return;
    put_turn(m, &v, PAGE_DATA + emit_below(&m->e, 8), bits[emit_below(&m->e, ARRAY_LEN(bits))]);
    privileged_end(m, &v);
}

static void put_timer(struct maker *m, unsigned r)
{
    emit_csr(&m->e, OP_csrrs, r, TIME, 0);
    emit_i(&m->e, OP_addi, r, r, (int)emit_below(&m->e, 20));
    emit_csr(&m->e, OP_csrrw, 0, STIMECMP, r);
}

void step_timer(struct maker *m)
{
    struct privileged v;

    if (m->p->kind == PROGRAM_M) {
        put_timer(m, step_register(m));
    } else if (privileged_begin(m, &v)) {
        put_timer(m, v.a);
        privileged_end(m, &v);
    }
}

/* Many turns without anything else, now and then: more instructions than a counter may hold. */
void step_long_loop(struct maker *m)
{
    unsigned count = step_register(m);
    uint32_t top;

    if (m->depth_loops != 1 || emit_below(&m->e, 3)) {
        step_hot_loop(m);
        return;
    }
    emit32(&m->e, emit_row(OP_lui, count, 0, (10 + emit_below(&m->e, 30)) << 12));
    m->busy = 1u << count;
    top = m->e.at;
    for (unsigned n = emit_below(&m->e, 3); n > 0; n--)
        emit32(&m->e, step_word_of(m, CLASS_INT));
    emit_i(&m->e, OP_addi, count, count, -1);
    emit_branch(&m->e, OP_blt, 0, count, top);
    m->busy = 0;
}

/* Only where the handler sets the timer again and again: nothing else would wake it. */
void step_wait(struct maker *m)
{
    if (m->timer)
        emit32(&m->e, isa_table[OP_wfi].match);
    else
        step_timer(m);
}
