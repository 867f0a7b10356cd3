/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of random programs: what a seed means, memory, tables, reset code, handlers, functions
 * and the loops in them. */
#include "base/hash.h"
#include "cpu/lockstep/program_impl.h"

const char *const program_kind_names[] = {"M", "S", "U", "storm", NULL};

enum { FUNCTIONS_MAX = 5, LEAF_STEPS = 4, BODY_STEPS_MAX = 30, BODY_BYTES_MAX = 2900 };

enum { SSTATUS = 0x100, STVEC = 0x105, SCOUNTEREN = 0x106, SENVCFG = 0x10a, SSCRATCH = 0x140,
       SEPC = 0x141, SCAUSE = 0x142, SIP = 0x144, STIMECMP = 0x14d, SATP = 0x180, MSTATUS_ = 0x300,
       MEDELEG = 0x302, MIDELEG = 0x303, MIE_ = 0x304, MTVEC = 0x305, MCOUNTEREN = 0x306,
       MENVCFG = 0x30a, MSCRATCH = 0x340, MEPC = 0x341, MCAUSE = 0x342, MIP_ = 0x344,
       PMPCFG0 = 0x3a0, PMPADDR0 = 0x3b0, PMPADDR1 = 0x3b1, FCSR = 3, TIME = 0xc01,
       MHARTID = 0xf14 };
enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_A = 64, PTE_D = 128 };
#define PTE_N (UINT64_C(1) << 63)
#define PTE_ALL (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)

/* A body: its steps, and two nested loops over some of them. */
struct body {
    unsigned first, steps;
    unsigned loop_from, loop_to, inner_from, inner_to, turns, inner_turns;
    unsigned link; /* register */
    uint32_t at;
};

struct plan {
    struct body body[FUNCTIONS_MAX];
    unsigned bodies, rounds;
};

/* Streams of chance that do not depend on each other. */
static uint64_t stream(uint64_t seed, uint64_t n)
{
    return hash_u64(hash_u64(HASH_START, seed), n);
}

static unsigned at_most(unsigned n, unsigned most)
{
    return most && n > most ? most : n;
}

/* [*from, *to) within [low, high). */
static void span(struct emit *e, unsigned low, unsigned high, unsigned *from, unsigned *to)
{
    unsigned a = low + emit_below(e, high - low), b = low + emit_below(e, high - low);

    *from = a < b ? a : b;
    *to = (a < b ? b : a) + 1;
}

static void plan_body(struct program *p, struct body *b, unsigned n)
{
    struct emit e = {.state = stream(p->seed, 1000 + n)};

    *b = (struct body){.first = p->steps, .steps = 6 + emit_below(&e, BODY_STEPS_MAX - 6),
                       .link = emit_below(&e, 4) ? 1 : 5};
    span(&e, b->first, b->first + b->steps, &b->loop_from, &b->loop_to);
    span(&e, b->loop_from, b->loop_to, &b->inner_from, &b->inner_to);
    b->turns = at_most(2 + emit_below(&e, 24), p->loops_max);
    b->inner_turns = at_most(1 + emit_below(&e, emit_below(&e, 3) ? 6 : 40), p->loops_max);
    b->at = AT(PAGE_CODE + 2 * n) + 2 * emit_below(&e, 1500);
    p->steps += b->steps;
}

static void plan(struct program *p, struct plan *plan)
{
    struct emit e = {.state = stream(p->seed, 0)};

    p->kind = emit_below(&e, 8) == 0 ? PROGRAM_STORM : (enum program_kind)emit_below(&e, 3);
    p->level = emit_below(&e, 2) ? TIMING_IO : TIMING_OFF;
    p->harts = emit_below(&e, 4) == 0 && p->kind != PROGRAM_STORM ? 2 : 1;
    p->ticks_max = UINT64_C(1500000);
    plan->rounds = at_most(3 + emit_below(&e, 24), p->rounds_max);
    plan->bodies = 2 + emit_below(&e, FUNCTIONS_MAX - 1);
    p->steps = LEAVES * LEAF_STEPS;
    for (unsigned n = 0; n < plan->bodies; n++)
        plan_body(p, &plan->body[n], n);
    if (p->kind == PROGRAM_STORM)
        p->steps = STORM_PAGES + STORM_SHAKES;
}

void program_plan(struct program *p)
{
    struct plan unused;

    plan(p, &unused);
}

static unsigned step_kind(const struct program *p, unsigned step)
{
    struct emit e = {.state = stream(p->seed, 2000 + step)};

    return step_choose(emit_chance(&e));
}

const char *program_step_name(const struct program *p, unsigned step)
{
    if (p->kind == PROGRAM_STORM)
        return step < STORM_PAGES ? "page" : "shake";
    return step_kind_name(step_kind(p, step));
}

/* ---- functions ---- */

static void put_step(struct maker *m, unsigned step)
{
    struct program *p = m->p;

    p->from[step] = p->to[step] = m->e.at;
    if (p->left_out[step])
        return;
    m->e.state = stream(p->seed, 3000 + step);
    step_put(m, step_kind(p, step));
    p->to[step] = m->e.at;
}

/* Back to `top` while a counter has not come to 0; a counter that something broke ends soon. */
static void put_loop_end(struct maker *m, unsigned counter, uint32_t top, bool near)
{
    emit_i(&m->e, OP_addi, counter, counter, -1);
    emit_i(&m->e, OP_andi, counter, counter, 63);
    if (near && m->e.at - top < 4000) {
        emit_branch(&m->e, OP_bne, counter, 0, top);
    } else {
        emit_branch(&m->e, OP_beq, counter, 0, m->e.at + 8);
        emit_jal(&m->e, 0, top);
    }
}

static void put_body(struct maker *m, struct body *b)
{
    uint32_t top = 0, inner_top = 0, end = b->at + BODY_BYTES_MAX;
    struct emit e = {.state = stream(m->p->seed, 4000 + b->first)};
    bool near = emit_below(&e, 4) != 0, some_loop = false, some_inner = false;

    for (unsigned n = b->loop_from; n < b->loop_to; n++) {
        some_loop |= !m->p->left_out[n];
        some_inner |= n >= b->inner_from && n < b->inner_to && !m->p->left_out[n];
    }
    m->e.at = b->at;
    emit_i(&m->e, OP_addi, 2, 2, -FRAME_BYTES);
    emit_s(&m->e, OP_sd, b->link, 2, FRAME_LINK);
    m->depth_loops = 1;
    for (unsigned n = b->first; n < b->first + b->steps; n++) {
        if (n == b->loop_from && some_loop) {
            emit_i(&m->e, OP_addi, m->loop, 0, (int)b->turns);
            top = m->e.at;
            m->depth_loops *= b->turns;
        }
        if (n == b->inner_from && some_inner) {
            emit_i(&m->e, OP_addi, m->inner, 0, (int)b->inner_turns);
            inner_top = m->e.at;
            m->depth_loops *= b->inner_turns;
        }
        if (m->e.at < end)
            put_step(m, n);
        else
            m->p->from[n] = m->p->to[n] = m->e.at;
        if (n + 1 == b->inner_to && inner_top) {
            put_loop_end(m, m->inner, inner_top, near);
            m->depth_loops /= b->inner_turns;
            inner_top = 0;
        }
        if (n + 1 == b->loop_to && top) {
            put_loop_end(m, m->loop, top, near);
            m->depth_loops = 1;
            top = 0;
        }
    }
    emit_i(&m->e, OP_ld, b->link, 2, FRAME_LINK);
    emit_i(&m->e, OP_addi, 2, 2, FRAME_BYTES);
    emit_i(&m->e, OP_jalr, 0, b->link, 0);
}

/* Leaves: a few steps without loops or calls of their own; they return through x1. */
static void put_leaf(struct maker *m, unsigned n)
{
    struct emit e = {.state = stream(m->p->seed, 5000 + n)};

    m->e.at = m->leaf[n] = AT(PAGE_CODE + PAGES_CODE - LEAVES + n) + 2 * emit_below(&e, 1200);
    emit_i(&m->e, OP_addi, 2, 2, -FRAME_BYTES);
    emit_s(&m->e, OP_sd, 1, 2, FRAME_LINK);
    m->depth_loops = 0; /* no calls */
    for (unsigned k = 0; k < LEAF_STEPS; k++)
        put_step(m, n * LEAF_STEPS + k);
    emit_i(&m->e, OP_ld, 1, 2, FRAME_LINK);
    emit_i(&m->e, OP_addi, 2, 2, FRAME_BYTES);
    emit_i(&m->e, OP_jalr, 0, 1, 0);
}

/* Calls itself as often as m->inner says: returns that a short stack of addresses cannot keep. */
static void put_recursion(struct maker *m)
{
    uint32_t out;

    m->recursion = m->e.at;
    emit_i(&m->e, OP_addi, 2, 2, -16);
    emit_s(&m->e, OP_sd, 1, 2, 0);
    emit_i(&m->e, OP_addi, m->inner, m->inner, -1);
    emit_i(&m->e, OP_andi, m->inner, m->inner, 63);
    out = m->e.at;
    emit32(&m->e, emit_row(OP_beq, 0, m->inner, 0));
    emit_jal(&m->e, 1, m->recursion);
    emit_land(&m->e, out);
    emit_i(&m->e, OP_ld, 1, 2, 0);
    emit_i(&m->e, OP_addi, 2, 2, 16);
    emit_i(&m->e, OP_jalr, 0, 1, 0);
}

/* A leaf that stores a word: into its caller, perhaps. */
static void put_storer(struct maker *m)
{
    m->storer = m->e.at;
    emit_s(&m->e, OP_sw, STORE_VALUE, STORE_ADDRESS, 0);
    emit_i(&m->e, OP_jalr, 0, 1, 0);
}

/* In both of the exchanged pages: what it does after its call tells which of them it is. */
static void put_pad_of_turn(struct maker *m, unsigned page)
{
    unsigned rd = step_register(m);

    m->e.at = AT(page) + PAD_OF_TURN;
    emit_i(&m->e, OP_addi, 2, 2, -16);
    emit_s(&m->e, OP_sd, 1, 2, 0);
    /* Both pages are executed in the first one's place. */
    emit32(&m->e, emit_row(OP_jal, 1, 0,
                           emit_j_imm(m->turn - (AT(PAGE_PADS_P) + PAD_OF_TURN + 8))));
    emit_i(&m->e, OP_addi, rd, 0, (int)page);
    emit_i(&m->e, OP_ld, 1, 2, 0);
    emit_i(&m->e, OP_addi, 2, 2, 16);
    emit_i(&m->e, OP_jalr, 0, 1, 0);
}

static void put_pads(struct maker *m, unsigned page)
{
    struct emit e = {.state = stream(m->p->seed, 6000 + page)};

    m->e.state = emit_chance(&e);
    for (unsigned n = 0; n < PADS; n++) {
        m->e.at = AT(page) + n * PAD_BYTES;
        for (unsigned k = 0; k < 2; k++) {
            unsigned rd = step_register(m);
            emit_i(&m->e, OP_addi, rd, rd, (int)emit_below(&m->e, 2048));
        }
        emit_i(&m->e, OP_jalr, 0, 1, 0);
    }
    if (page != PAGE_PADS)
        put_pad_of_turn(m, page);
    /* One whose first instruction crosses into the page behind. */
    m->e.at = AT(page) + PAGE_BYTES - 2;
    emit_i(&m->e, OP_addi, m->loop == 7 ? 6 : 7, 0, (int)page);
    emit_i(&m->e, OP_jalr, 0, 1, 0);
}

/* Calls the bodies one after the other, `rounds` times.  Returns where a lost program goes on. */
static uint32_t put_main(struct maker *m, const struct plan *plan)
{
    struct emit e = {.state = stream(m->p->seed, 7000)};
    uint32_t top = m->e.at, tail;

    for (unsigned n = 0; n < plan->bodies; n++) {
        const struct body *b = &plan->body[n];
        if (emit_below(&e, 3)) {
            emit_jal(&m->e, b->link, b->at);
        } else {
            emit_address(&m->e, b->link, b->at);
            emit_i(&m->e, OP_jalr, b->link, b->link, 0);
        }
    }
    tail = m->e.at;
    emit_i(&m->e, OP_addi, m->rounds, m->rounds, -1);
    emit_i(&m->e, OP_andi, m->rounds, m->rounds, 127);
    emit_branch(&m->e, OP_beq, m->rounds, 0, m->e.at + 8);
    emit_jal(&m->e, 0, top);
    emit32(&m->e, emit_row(OP_mark, 0, 0, (uint32_t)CELL_DONE << 20));
    emit_jal(&m->e, 0, m->e.at);
    return tail;
}

/* ---- handlers: count, skip the instruction; quieten an interrupt; call a service ---- */

struct handler {
    unsigned scratch, epc, cause, status, ip, ret;
    uint64_t ram; /* where RAM is seen */
    uint64_t device;
    uint64_t previous; /* bits of status that return to the program's mode */
    uint64_t previous_mask;
    bool services;
    bool stimecmp; /* may write it */
};

/* x1 = lost program's place; out of a wrong mode, too. */
static void put_recovery(struct maker *m, const struct handler *h, uint32_t lost)
{
    emit_constant(&m->e, 1, CELL_RAM + lost);
    emit_csr(&m->e, OP_csrrw, 0, h->epc, 1);
    emit_constant(&m->e, 2, h->previous_mask);
    emit_csr(&m->e, OP_csrrc, 0, h->status, 2);
    emit_constant(&m->e, 2, h->previous);
    emit_csr(&m->e, OP_csrrs, 0, h->status, 2);
    emit_i(&m->e, OP_ld, 2, 31, AREA_STACK);
    emit_s(&m->e, OP_sd, 2, 31, AREA_SPILL + 8);
}

static void put_interrupt(struct maker *m, const struct handler *h)
{
    emit_constant(&m->e, 2, h->device);
    emit_s(&m->e, OP_sd, 0, 2, CELL_LOWER);
    if (h->stimecmp) {
        if (m->timer) {
            emit_csr(&m->e, OP_csrrs, 2, TIME, 0);
            emit_i(&m->e, OP_addi, 2, 2, 30);
        } else {
            emit_i(&m->e, OP_addi, 2, 0, -1);
        }
        emit_csr(&m->e, OP_csrrw, 0, STIMECMP, 2);
    }
    emit_csr(&m->e, OP_csrrci, 0, h->ip, 2); /* SSIP */
}

/* epc += length of the instruction there, as RAM has it in place: elsewhere it may be another one,
 * and the program goes on in the middle of something. */
static void put_skip(struct maker *m, const struct handler *h)
{
    emit_csr(&m->e, OP_csrrs, 1, h->epc, 0);
    emit_i(&m->e, OP_slli, 2, 1, 46);
    emit_i(&m->e, OP_srli, 2, 2, 46);
    emit_constant(&m->e, 3, h->ram);
    emit_r(&m->e, OP_or, 2, 2, 3);
    emit_i(&m->e, OP_lhu, 2, 2, 0);
    emit_i(&m->e, OP_andi, 2, 2, 3);
    emit_i(&m->e, OP_addi, 2, 2, -3);
    emit_i(&m->e, OP_sltiu, 2, 2, 1);
    emit_i(&m->e, OP_slli, 2, 2, 1);
    emit_i(&m->e, OP_addi, 2, 2, 2);
    emit_r(&m->e, OP_add, 1, 1, 2);
    emit_csr(&m->e, OP_csrrw, 0, h->epc, 1);
}

static void put_handler(struct maker *m, const struct handler *h, uint32_t lost)
{
    uint32_t interrupt, fault, access, out, out2, service = 0;

    emit_csr(&m->e, OP_csrrw, 31, h->scratch, 31);
    for (unsigned n = 1; n <= 4; n++)
        emit_s(&m->e, OP_sd, n, 31, AREA_SPILL + 8 * (n - 1));
    emit_i(&m->e, OP_ld, 2, 31, AREA_COUNT);
    emit_i(&m->e, OP_addi, 2, 2, 1);
    emit_s(&m->e, OP_sd, 2, 31, AREA_COUNT);
    emit_csr(&m->e, OP_csrrs, 1, h->cause, 0);
    interrupt = m->e.at;
    emit32(&m->e, emit_row(OP_blt, 0, 1, 0));
    emit_i(&m->e, OP_addi, 2, 0, CAUSE_FETCH_PAGE);
    fault = m->e.at;
    emit32(&m->e, emit_row(OP_beq, 0, 1, 2 << 20));
    emit_i(&m->e, OP_addi, 2, 0, CAUSE_FETCH_ACCESS);
    access = m->e.at;
    emit32(&m->e, emit_row(OP_beq, 0, 1, 2 << 20));
    if (h->services) {
        emit_i(&m->e, OP_addi, 2, 0, CAUSE_ECALL_U);
        service = m->e.at;
        emit32(&m->e, emit_row(OP_bne, 0, 1, 2 << 20));
        emit_i(&m->e, OP_andi, 2, 17, SERVICES - 1);
        emit_i(&m->e, OP_slli, 2, 2, 3);
        emit_r(&m->e, OP_add, 2, 2, 31);
        emit_i(&m->e, OP_ld, 2, 2, AREA_SERVICE);
        emit_i(&m->e, OP_jalr, 3, 2, 0);
        emit_land(&m->e, service);
    }
    put_skip(m, h);
    emit32(&m->e, emit_row(OP_lui, 1, 0, 0x2000)); /* floating point on again */
    emit_csr(&m->e, OP_csrrs, 0, h->status, 1);
    out = m->e.at;
    emit32(&m->e, emit_row(OP_jal, 0, 0, 0));
    emit_land(&m->e, interrupt);
    put_interrupt(m, h);
    out2 = m->e.at;
    emit32(&m->e, emit_row(OP_jal, 0, 0, 0));
    emit_land(&m->e, fault);
    emit_land(&m->e, access);
    put_recovery(m, h, lost);
    emit_land(&m->e, out);
    emit_land(&m->e, out2);
    for (unsigned n = 1; n <= 4; n++)
        emit_i(&m->e, OP_ld, n, 31, (int)(AREA_SPILL + 8 * (n - 1)));
    emit_csr(&m->e, OP_csrrw, 31, h->scratch, 31);
    emit32(&m->e, isa_table[h->ret].match);
}

static uint64_t previous_m(const struct program *p)
{
    return p->kind == PROGRAM_M ? 3 << MSTATUS_MPP_LSB
           : p->kind == PROGRAM_S ? 1 << MSTATUS_MPP_LSB : 0;
}

/* ---- reset code ---- */

static void put_csr_value(struct maker *m, unsigned csr, uint64_t v)
{
    emit_constant(&m->e, 1, v);
    emit_csr(&m->e, OP_csrrw, 0, csr, 1);
}

static uint64_t satp_of(unsigned root, unsigned asid)
{
    return UINT64_C(8) << 60 | (uint64_t)asid << 44 | (CELL_RAM + AT(root)) >> PAGE_SHIFT;
}

/* Sometimes a few bytes with rights of their own, so that PMP divides a page; then all memory. */
static void put_pmp(struct maker *m)
{
    unsigned page = emit_below(&m->e, 2) ? PAGE_DATA + emit_below(&m->e, PAGES_DATA)
                                         : PAGE_CODE + emit_below(&m->e, PAGES_CODE);
    uint64_t at = (CELL_RAM + AT(page) + emit_below(&m->e, 512) * 8) >> 2;
    unsigned rights = page < PAGE_DATA ? 7 : emit_below(&m->e, 8), locked = emit_below(&m->e, 2);

    if (emit_below(&m->e, 6)) {
        put_csr_value(m, PMPADDR0, UINT64_MAX);
        put_csr_value(m, PMPCFG0, 0x1f);
        return;
    }
    put_csr_value(m, PMPADDR0, at & ~UINT64_C(1)); /* NAPOT of 8 bytes */
    put_csr_value(m, PMPADDR1, UINT64_MAX);
    put_csr_value(m, PMPCFG0, 0x1f00 | 0x18 | rights | locked << 7);
}

static uint64_t first_mstatus(struct maker *m)
{
    uint64_t v = MSTATUS_FS | previous_m(m->p) | MSTATUS_MPIE;

    if (emit_below(&m->e, 2))
        v |= MSTATUS_SUM;
    if (emit_below(&m->e, 4) == 0)
        v |= MSTATUS_MXR;
    if (m->timer || emit_below(&m->e, 2))
        v |= MSTATUS_SIE;
    return v;
}

static void put_reset(struct maker *m, uint32_t handler_m, uint32_t start)
{
    uint64_t delegated = m->p->kind == PROGRAM_M ? 0 : emit_chance(&m->e) & 0xb1ff;

    if (m->p->kind == PROGRAM_U)
        delegated |= 1 << CAUSE_ECALL_U;
    if (emit_below(&m->e, 2))
        delegated |= m->p->kind == PROGRAM_M ? 0 : 0xb1ff;
    m->e.at = 0;
    emit_csr(&m->e, OP_csrrs, 30, MHARTID, 0);
    emit_i(&m->e, OP_slli, 30, 30, 11); /* AREA_BYTES each */
    emit_address(&m->e, 31, AT(PAGE_AREA_M));
    emit_r(&m->e, OP_add, 31, 31, 30);
    emit_csr(&m->e, OP_csrrw, 0, MSCRATCH, 31);
    emit_constant(&m->e, 29, KERNEL + AT(PAGE_AREA_S));
    emit_r(&m->e, OP_add, 29, 29, 30);
    emit_csr(&m->e, OP_csrrw, 0, SSCRATCH, 29);
    emit_address(&m->e, 1, handler_m);
    emit_csr(&m->e, OP_csrrw, 0, MTVEC, 1);
    put_csr_value(m, STVEC, KERNEL + AT(PAGE_HANDLER_S));
    put_csr_value(m, MEDELEG, delegated);
    put_csr_value(m, MIDELEG, m->p->kind == PROGRAM_M ? 0 : emit_chance(&m->e) & 0x222);
    put_csr_value(m, MENVCFG, ENVCFG_STCE | (emit_chance(&m->e) & (ENVCFG_ADUE | ENVCFG_PBMTE |
                                                                   0xf1)));
    put_csr_value(m, SENVCFG, emit_chance(&m->e) & 0xf1);
    put_csr_value(m, MCOUNTEREN, 2 | (emit_chance(&m->e) & 7));
    put_csr_value(m, SCOUNTEREN, emit_chance(&m->e) & 7);
    put_pmp(m);
    put_csr_value(m, SATP, satp_of(PAGE_ROOT_A, 1));
    emit32(&m->e, isa_table[OP_sfence_vma].match);
    put_csr_value(m, STIMECMP, m->timer ? 20 : UINT64_MAX);
    put_csr_value(m, MIE_, 0xaaa);
    put_csr_value(m, MSTATUS_, first_mstatus(m));
    emit_address(&m->e, 1, start);
    emit_csr(&m->e, OP_csrrw, 0, MEPC, 1);
    put_csr_value(m, FCSR, emit_below(&m->e, 5) << 5 | emit_below(&m->e, 32));
    for (unsigned n = 0; n < 32; n++)
        emit_i(&m->e, OP_fld, n, 31, (int)(AREA_F + 8 * n));
    for (unsigned n = 1; n < 32; n++)
        emit_i(&m->e, OP_ld, n, 31, (int)(AREA_X + 8 * n)); /* x31, the base, last */
    emit32(&m->e, isa_table[OP_mret].match);
}

/* ---- data and tables ---- */

static void fill_areas(struct maker *m, const struct plan *plan)
{
    uint8_t *ram = m->e.bytes;

    for (unsigned h = 0; h < CELL_HARTS_MAX; h++) {
        uint8_t *a = ram + AT(PAGE_AREA_M) + h * AREA_BYTES;
        uint8_t *s = ram + AT(PAGE_AREA_S) + h * AREA_BYTES;
        uint64_t stack = CELL_RAM + AT(PAGE_STACK + 2 * h + 2) - FRAME_BYTES;

        for (unsigned n = 0; n < 32; n++) {
            le64_put(a + AREA_X + 8 * n, emit_value(&m->e));
            le64_put(a + AREA_F + 8 * n, emit_value(&m->e));
        }
        le64_put(a + AREA_X + 8 * 2, stack);
        le64_put(a + AREA_X + 8 * m->rounds, plan->rounds);
        le64_put(a + AREA_X + 8 * m->loop, 1);
        le64_put(a + AREA_X + 8 * m->inner, 1);
        le64_put(a + AREA_STACK, stack);
        le64_put(s + AREA_STACK, stack);
        for (unsigned n = 0; n < SERVICES; n++)
            le64_put(s + AREA_SERVICE + 8 * n, KERNEL + AT(PAGE_HANDLER_S + 1));
    }
    for (uint32_t at = AT(PAGE_POOL); at < AT(PAGE_POOL + 2); at += 8)
        le64_put(ram + at, emit_value(&m->e));
    for (uint32_t at = AT(PAGE_DATA); at < AT(PAGE_DATA + PAGES_DATA); at += 8)
        le64_put(ram + at, emit_value(&m->e));
}

static void put_pte(struct maker *m, uint32_t at, uint64_t pa, uint64_t flags)
{
    le64_put(m->e.bytes + at, pa >> PAGE_SHIFT << 10 | flags);
}

static uint64_t data_rights(struct maker *m, uint64_t user)
{
    static const uint8_t some[] = {
        PTE_V | PTE_R | PTE_W, PTE_V | PTE_R | PTE_W | PTE_A, PTE_V | PTE_R | PTE_A, PTE_V | PTE_R,
        PTE_V | PTE_X | PTE_A, PTE_V | PTE_W | PTE_A | PTE_D, PTE_R | PTE_W | PTE_A | PTE_D,
        PTE_V | PTE_R | PTE_W | PTE_X, PTE_V};
    uint64_t rights = PTE_ALL;

    if (emit_below(&m->e, 3) == 0)
        rights = some[emit_below(&m->e, ARRAY_LEN(some))];
    if (emit_below(&m->e, 12) == 0)
        rights |= (uint64_t)(1 + emit_below(&m->e, 3)) << 61; /* PBMT */
    if (emit_below(&m->e, user ? 12 : 4) == 0) /* for S, SUM decides */
        user ^= PTE_U;
    return rights | user;
}

/* The table of 4-KiB pages at `leaf`; data pages in an order of its own, so that one who goes on
 * behind a page's end in the host's memory is found out. */
static void fill_leaf(struct maker *m, unsigned leaf, uint64_t user)
{
    unsigned shuffle = 1 + emit_below(&m->e, 15);

    for (unsigned page = 0; page < CELL_RAM_BYTES >> PAGE_SHIFT; page++) {
        uint64_t flags = PTE_ALL, to = page;

        if (page >= PAGE_CODE)
            flags |= user;
        if (page >= PAGE_DATA && page < PAGE_DATA + PAGES_DATA) {
            flags = data_rights(m, user);
            if (page < PAGE_DATA + 16)
                to = PAGE_DATA + ((page - PAGE_DATA) ^ shuffle);
        }
        if (page == PAGE_POOL || page == PAGE_POOL + 1)
            flags = (PTE_V | PTE_R | PTE_A) | user;
        put_pte(m, AT(leaf) + page * 8, CELL_RAM + AT(to), flags);
    }
    put_pte(m, AT(leaf) + DEVICE_PAGE * 8, CELL_DEVICE, PTE_ALL | user);
}

static void fill_tables(struct maker *m)
{
    static const unsigned roots[] = {PAGE_ROOT_A, PAGE_ROOT_B};
    uint64_t user = m->p->kind == PROGRAM_U ? PTE_U : 0;

    for (unsigned n = 0; n < 2; n++) {
        uint32_t root = AT(roots[n]), mid = AT(PAGE_MID_A + n);

        put_pte(m, root + 2 * 8, CELL_RAM + mid, PTE_V);
        put_pte(m, root + 511 * 8, CELL_RAM + AT(PAGE_MID_KERNEL), PTE_V);
        put_pte(m, mid, CELL_RAM + AT(PAGE_LEAF_A + n), PTE_V);
        put_pte(m, mid + 8, CELL_RAM + AT(PAGE_LEAF_ALIAS), PTE_V);
        if (m->large)
            put_pte(m, mid + 16, CELL_RAM, PTE_ALL | user);
        fill_leaf(m, PAGE_LEAF_A + n, user);
    }
    fill_leaf(m, PAGE_LEAF_ALIAS, user);
    put_pte(m, AT(PAGE_MID_KERNEL), CELL_RAM + AT(PAGE_LEAF_KERNEL), PTE_V);
    for (unsigned page = 0; page < CELL_RAM_BYTES >> PAGE_SHIFT; page++)
        put_pte(m, AT(PAGE_LEAF_KERNEL) + page * 8, CELL_RAM + AT(page), PTE_ALL);
    put_pte(m, AT(PAGE_LEAF_KERNEL) + DEVICE_PAGE * 8, CELL_DEVICE, PTE_ALL);
    if (m->large) /* the code as one NAPOT range, in the second half of the alias' table */
        for (unsigned page = PAGE_CODE; page < PAGE_CODE + 16; page++)
            put_pte(m, AT(PAGE_LEAF_ALIAS) + (256 + page) * 8,
                    CELL_RAM + AT(PAGE_CODE) + AT(8), PTE_ALL | user | PTE_N);
}

/* ---- whole ---- */

/* Registers that keep the program together: not those of links, handlers and services. */
static void choose_registers(struct maker *m)
{
    unsigned *const chosen[] = {&m->loop, &m->inner, &m->rounds};

    for (unsigned n = 0; n < ARRAY_LEN(chosen); n++) {
        bool taken;
        unsigned r;

        do {
            r = 6 + emit_below(&m->e, 25);
            taken = r == 17 || r == STORE_ADDRESS || r == STORE_VALUE;
            for (unsigned k = 0; k < n; k++)
                taken |= *chosen[k] == r;
        } while (taken);
        *chosen[n] = r;
    }
}

static void put_handlers(struct maker *m, uint32_t lost, uint32_t *handler_m)
{
    const struct handler in_m = {
        .scratch = MSCRATCH, .epc = MEPC, .cause = MCAUSE, .status = MSTATUS_, .ip = MIP_,
        .ret = OP_mret, .ram = CELL_RAM, .device = CELL_DEVICE, .previous = previous_m(m->p),
        .previous_mask = FMASK(MSTATUS_MPP), .stimecmp = true};
    const struct handler in_s = {
        .scratch = SSCRATCH, .epc = SEPC, .cause = SCAUSE, .status = SSTATUS, .ip = SIP,
        .ret = OP_sret, .ram = KERNEL, .device = KERNEL + AT(DEVICE_PAGE),
        .previous = m->p->kind == PROGRAM_S ? MSTATUS_SPP : 0, .previous_mask = MSTATUS_SPP,
        .services = m->p->kind == PROGRAM_U, .stimecmp = true};

    *handler_m = 2048;
    m->e.at = *handler_m;
    put_handler(m, &in_m, lost);
    m->e.at = AT(PAGE_HANDLER_S);
    put_handler(m, &in_s, lost);
    m->e.at = AT(PAGE_HANDLER_S + 1); /* the service of no step */
    emit_i(&m->e, OP_jalr, 0, 3, 0);
    m->service_at = m->e.at;
}

void program_load(struct program *p, struct cell *c)
{
    struct maker m = {.p = p, .c = c, .e = {.bytes = c->ram.ram, .size = CELL_RAM_BYTES}};
    struct plan pl;
    uint32_t start, lost, handler_m, routines;

    plan(p, &pl);
    if (p->kind == PROGRAM_STORM) {
        storm_load(p, c);
        return;
    }
    m.e.state = stream(p->seed, 1);
    m.large = emit_below(&m.e, 3) == 0;
    m.timer = emit_below(&m.e, 3) == 0;
    choose_registers(&m);
    for (unsigned n = 0; n < POOL; n++)
        m.pool[n] = step_register(&m);
    fill_areas(&m, &pl);
    fill_tables(&m);
    start = m.e.at = AT(PAGE_CODE + 9) + 2600;
    lost = put_main(&m, &pl);
    put_recursion(&m);
    put_storer(&m);
    routines = m.e.at;
    put_handlers(&m, lost, &handler_m);
    m.e.at = routines;
    step_turn_routine(&m);
    for (unsigned page = PAGE_PADS; page <= PAGE_PADS_Q; page++)
        put_pads(&m, page);
    m.e.state = stream(p->seed, 2);
    put_reset(&m, handler_m, start);
    for (unsigned n = 0; n < LEAVES; n++)
        put_leaf(&m, n);
    for (unsigned n = 0; n < pl.bodies; n++)
        put_body(&m, &pl.body[n]);
    cell_poked(c);
}

uint64_t program_outside(const struct program *p, struct cell *c, uint64_t budget)
{
    return p->kind == PROGRAM_STORM ? storm_outside(p, c, budget) : budget;
}
