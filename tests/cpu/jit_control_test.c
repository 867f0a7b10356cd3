/* SPDX-License-Identifier: Apache-2.0 */
/* Calls, returns and jumps that do not keep to what the translator predicts.  Each program runs
 * with the translator and without: registers, pc, time and retired instructions are the same, and
 * a register has the value that the program is known to leave. */
#include "asm.h"
#include "cpu/jit/jit.h"

enum { ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5 };
#define STACK (RIG_RAM + 0x300000)
#define OTHER_PAGE (CODE + 0x1000)

struct program {
    struct paged p;
    uint64_t at; /* where the next word goes */
};

typedef void build_fn(struct program *g);

static uint64_t put(struct program *g, uint32_t word)
{
    poke32(g->p.r, g->at, word);
    g->at += 4;
    return g->at - 4;
}

static void put_call(struct program *g, uint64_t to)
{
    put(g, asm_j(RA, (uint32_t)(to - g->at)));
}

static void put_jump(struct program *g, uint64_t to)
{
    put(g, asm_j(ZERO, (uint32_t)(to - g->at)));
}

static void put_branch(struct program *g, unsigned op, unsigned rs1, unsigned rs2, uint64_t to)
{
    put(g, asm_b(op, rs1, rs2, (uint32_t)(to - g->at)));
}

static void put_return(struct program *g)
{
    put(g, asm_i(OP_jalr, ZERO, RA, 0));
}

static void put_push_ra(struct program *g)
{
    put(g, asm_i(OP_addi, SP, SP, -16));
    put(g, asm_s(OP_sd, RA, SP, 0));
}

static void put_pop_ra(struct program *g)
{
    put(g, asm_i(OP_ld, RA, SP, 0));
    put(g, asm_i(OP_addi, SP, SP, 16));
}

/* In S mode, paged: everything up to 0x4000 at its own address and at CODE_U's for U, RAM above it
 * at its own; slices of many lengths.  `hot` is how often a block runs before it is translated; 0:
 * it never is. */
static void run(build_fn *build, unsigned hot, struct hart *end)
{
    struct program g = {.p = paged_new(3), .at = CODE};
    struct hart *h = g.p.h;
    unsigned slice = 1;

    map(g.p.r, g.p.satp, &g.p.next, RIG_RAM + 0x200000, RIG_RAM + 0x200000, 1, RWXAD);
    for (uint64_t at = TABLES; at < TABLES + 0x10000; at += PAGE_BYTES)
        map(g.p.r, g.p.satp, &g.p.next, at, at, 0, RWXAD);
    jit_free(g.p.r->shared.jit);
    g.p.r->shared.jit = hot ? jit_new(&g.p.r->hart_params, g.p.r->shared.code) : NULL;
    g.p.r->shared.hot = hot;
    h->x[SP] = STACK;
    set_priv(g.p.r, PRIV_S);
    build(&g);
    h->pc = CODE;
    for (unsigned n = 0; n < 100000 && h->stop != STOP_MARK; n++) {
        CHECK(rig_run(g.p.r, slice) != STOP_WAIT);
        slice = slice * 7 % 60013;
    }
    CHECK_EQ_U64(h->stop, STOP_MARK);
    CHECK_EQ_U64(h->mark, 1);
    *end = *h;
    rig_free(g.p.r);
}

/* Returns a0 at the program's end. */
static uint64_t both(build_fn *build)
{
    static struct hart with, without; /* large */

    run(build, 0, &without);
    for (unsigned hot = 1; hot < 10; hot += 4) {
        run(build, hot, &with);
        for (unsigned n = 0; n < 32; n++)
            CHECK_EQ_U64(with.x[n], without.x[n]);
        CHECK_EQ_U64(with.pc, without.pc);
        CHECK_EQ_U64(with.ticks, without.ticks);
        CHECK_EQ_U64(with.instret, without.instret);
    }
    return without.x[A0];
}

/* a0 = a1 + ... + 1, by recursion. */
static uint64_t put_sum(struct program *g)
{
    uint64_t sum = g->at, done;

    done = put(g, 0);
    put_push_ra(g);
    put(g, asm_i(OP_addi, SP, SP, -16));
    put(g, asm_s(OP_sd, A1, SP, 0));
    put(g, asm_i(OP_addi, A1, A1, -1));
    put_call(g, sum);
    put(g, asm_i(OP_ld, A1, SP, 0));
    put(g, asm_i(OP_addi, SP, SP, 16));
    put(g, asm_r(OP_add, A0, A0, A1));
    put_pop_ra(g);
    put_return(g);
    poke32(g->p.r, done, asm_b(OP_beq, A1, ZERO, (uint32_t)(g->at - done)));
    put(g, asm_i(OP_addi, A0, ZERO, 0));
    put_return(g);
    return sum;
}

static void build_recursion(struct program *g)
{
    uint64_t sum;

    g->at = OTHER_PAGE;
    sum = put_sum(g);
    g->at = CODE;
    put(g, asm_r(OP_lui, A1, 0, 0) | 7 << 12); /* 28672 deep */
    put_call(g, sum);
    put(g, asm_mark(1));
}

static void test_recursion_may_be_deeper_than_any_prediction(void)
{
    CHECK_EQ_U64(both(build_recursion), UINT64_C(28672) * 28673 / 2);
}

/* A function three calls down returns to the first caller, as longjmp does; and another that nobody
 * called returns, as setjmp's caller does after it. */
static void build_long_jump(struct program *g)
{
    uint64_t inner, middle, outer, loop;

    g->at = CODE + 0x200;
    inner = g->at;
    put(g, asm_i(OP_addi, A0, A0, 1));
    put(g, asm_i(OP_andi, T1, A0, 1));
    put_branch(g, OP_beq, T1, ZERO, g->at + 12);
    put(g, asm_i(OP_addi, RA, S1, 0)); /* the outermost return */
    put(g, asm_i(OP_addi, SP, S0, 0));
    put_return(g);
    middle = g->at;
    put_push_ra(g);
    put_call(g, inner);
    put(g, asm_i(OP_addi, A0, A0, 16));
    put_pop_ra(g);
    put_return(g);
    outer = g->at;
    put(g, asm_i(OP_addi, S1, RA, 0));
    put(g, asm_i(OP_addi, S0, SP, 0));
    put_push_ra(g);
    put_call(g, middle);
    put(g, asm_i(OP_addi, A0, A0, 256));
    put_pop_ra(g);
    put_return(g);
    g->at = CODE;
    put(g, asm_i(OP_addi, A1, ZERO, 500));
    loop = g->at;
    put_call(g, outer);
    put(g, asm_i(OP_addi, A1, A1, -1));
    put_branch(g, OP_bne, A1, ZERO, loop);
    put(g, asm_mark(1));
}

static void test_a_return_may_leave_out_callers(void)
{
    /* Odd counts jump over +16 and +256; an even count stays even with them. */
    CHECK_EQ_U64(both(build_long_jump), 250 * (1 + 1 + 16 + 256));
}

/* Calls whose return nobody takes. */
static void build_calls(struct program *g)
{
    uint64_t loop;

    g->at = CODE;
    put(g, asm_r(OP_lui, A1, 0, 0) | 100 << 12);
    loop = g->at;
    put(g, asm_i(OP_addi, A0, A0, 1));
    put_call(g, g->at + 8);
    put(g, asm_mark(2));
    put_branch(g, OP_bne, A0, A1, loop);
    put(g, asm_mark(1));
}

static void test_calls_need_not_return(void)
{
    CHECK_EQ_U64(both(build_calls), 100 << 12);
}

/* Two routines that return into each other's middle. */
static void build_coroutines(struct program *g)
{
    uint64_t swap, one, two;

    g->at = CODE + 0x400;
    swap = g->at;
    put(g, asm_i(OP_addi, T1, RA, 0));
    put(g, asm_i(OP_addi, RA, S1, 0));
    put(g, asm_i(OP_addi, S1, T1, 0));
    put_return(g);
    two = OTHER_PAGE + 0x20;
    g->at = CODE;
    put(g, asm_i(OP_addi, A1, ZERO, 400));
    put(g, asm_r(OP_auipc, S1, 0, 0) | 1 << 12);
    put(g, asm_i(OP_addi, S1, S1, (int)(two - OTHER_PAGE) - 4));
    one = g->at;
    put(g, asm_i(OP_addi, A0, A0, 1));
    put_call(g, swap);
    put(g, asm_i(OP_addi, A1, A1, -1));
    put_branch(g, OP_bne, A1, ZERO, one);
    put(g, asm_mark(1));
    g->at = two;
    put(g, asm_i(OP_addi, A0, A0, 3));
    put_call(g, swap);
    put_jump(g, two);
}

static void test_coroutines_return_into_each_other(void)
{
    CHECK_EQ_U64(both(build_coroutines), 400 * 4);
}

/* The callee rewrites what it returns to, every other time. */
static void build_rewrite(struct program *g)
{
    uint64_t callee = OTHER_PAGE, loop;

    g->at = CODE;
    put(g, asm_i(OP_addi, A1, ZERO, 60));
    put(g, asm_r(OP_auipc, A2, 0, 0)); /* CODE + 4 */
    put(g, asm_i(OP_lw, A3, A2, 0x3c));
    put(g, asm_i(OP_lw, A4, A2, 0x40));
    loop = g->at;
    put_call(g, callee);
    CHECK_EQ_U64(put(g, asm_i(OP_addi, A0, A0, 1)), CODE + 0x14);
    put(g, asm_i(OP_addi, A1, A1, -1));
    put_branch(g, OP_bne, A1, ZERO, loop);
    put(g, asm_mark(1));
    g->at = CODE + 0x40;
    put(g, asm_i(OP_addi, A0, A0, 100));
    put(g, asm_i(OP_addi, A0, A0, 1));
    g->at = callee;
    put(g, asm_i(OP_andi, T1, A1, 1));
    put_branch(g, OP_bne, T1, ZERO, g->at + 20);
    put(g, asm_s(OP_sw, A3, A2, 0x10));
    put(g, isa_table[OP_fence_i].match);
    put(g, asm_i(OP_addi, T2, A3, 0)); /* the other one the next time */
    put(g, asm_i(OP_addi, A3, A4, 0));
    put(g, asm_i(OP_addi, A4, T2, 0));
    put_return(g);
}

static void test_a_return_finds_rewritten_code(void)
{
    uint64_t got = both(build_rewrite);

    CHECK(got > 60 && got < 60 * 100);
}

/* The callee maps another page over its caller. */
static void build_remap(struct program *g)
{
    uint64_t loop, pte, other = CODE + 0x2000;

    /* VA: a loop in DATA and, with another step, in DATA + 4096. */
    pte = map(g->p.r, g->p.satp, &g->p.next, VA, DATA, 0, RWXAD);
    for (unsigned n = 0; n < 2; n++) {
        g->at = DATA + 4096 * n;
        loop = g->at;
        put(g, asm_i(OP_jalr, RA, S0, 0));
        put(g, asm_i(OP_addi, A0, A0, n ? 100 : 1));
        put(g, asm_i(OP_addi, A1, A1, -1));
        put_branch(g, OP_bne, A1, ZERO, loop);
        put(g, asm_mark(1));
    }
    g->p.h->x[S0] = other;
    g->p.h->x[S1] = pte;
    g->p.h->x[A2] = 1 << 10; /* of the page's number */
    g->p.h->x[A4] = VA;
    g->at = other;
    put(g, asm_i(OP_andi, T1, A1, 15));
    put_branch(g, OP_bne, T1, ZERO, g->at + 20);
    put(g, asm_i(OP_ld, T1, S1, 0));
    put(g, asm_r(OP_xor, T1, T1, A2));
    put(g, asm_s(OP_sd, T1, S1, 0));
    put(g, asm_r(OP_sfence_vma, 0, A4, 0));
    put_return(g);
    g->at = CODE;
    put(g, asm_i(OP_addi, A1, ZERO, 64 + 15));
    put(g, asm_i(OP_jalr, ZERO, A4, 0));
}

static void test_a_return_finds_what_is_mapped_now(void)
{
    /* It is changed before the 16th, 32nd, ... of 79 additions. */
    CHECK_EQ_U64(both(build_remap), 15 + 16 * 100 + 16 + 16 * 100 + 16);
}

/* A call at one address of a page, a return to another address of the same page. */
static void build_alias(struct program *g)
{
    uint64_t loop;

    map(g->p.r, g->p.satp, &g->p.next, VA, CODE + 0x1000, 0, RWXAD);
    map(g->p.r, g->p.satp, &g->p.next, VA + 0x1000, CODE + 0x1000, 0, RWXAD);
    g->at = OTHER_PAGE;
    loop = g->at;
    put_call(g, OTHER_PAGE + 0x40);
    put(g, asm_r(OP_auipc, T1, 0, 0));
    put(g, asm_r(OP_add, A0, A0, T1));
    put(g, asm_i(OP_addi, A1, A1, -1));
    put_branch(g, OP_bne, A1, ZERO, loop);
    put(g, asm_mark(1));
    g->at = OTHER_PAGE + 0x40;
    put(g, asm_i(OP_andi, T1, A1, 3));
    put_branch(g, OP_bne, T1, ZERO, g->at + 8);
    put(g, asm_r(OP_xor, RA, RA, A2));
    put(g, asm_i(OP_addi, RA, RA, 1)); /* a jump's bit 0 is ignored */
    put_return(g);
    g->p.h->x[A2] = 0x1000;
    g->p.h->x[A4] = VA;
    g->at = CODE;
    put(g, asm_i(OP_addi, A1, ZERO, 80));
    put(g, asm_i(OP_jalr, ZERO, A4, 0));
}

static void test_a_return_to_another_address_of_the_page_goes_there(void)
{
    /* 80 additions of VA + 4; the page is the other one after 80, 72, ... and back after 76, ... */
    CHECK_EQ_U64(both(build_alias), 80 * (VA + 4) + 40 * 0x1000);
}

/* One jump to 1, 2, ... places in turn, the first ones in another page. */
static void build_targets(struct program *g)
{
    uint64_t loop, next;
    const int targets = 12;

    g->at = CODE;
    put(g, asm_i(OP_addi, A1, ZERO, 1));
    put(g, asm_i(OP_addi, A2, ZERO, 0));
    loop = g->at;
    put(g, asm_i(OP_slli, T1, A2, 6));
    put(g, asm_r(OP_sub, T1, S0, T1));
    put(g, asm_i(OP_jalr, ZERO, T1, 0));
    next = g->at;
    put(g, asm_i(OP_addi, A2, A2, 1));
    put_branch(g, OP_bltu, A2, A1, loop);
    put(g, asm_i(OP_addi, A2, ZERO, 0));
    put(g, asm_i(OP_addi, A3, A3, 1));
    put(g, asm_i(OP_andi, T1, A3, 31)); /* 32 rounds with so many places */
    put_branch(g, OP_bne, T1, ZERO, loop);
    put(g, asm_i(OP_addi, A1, A1, 1));
    put(g, asm_i(OP_addi, T1, ZERO, targets + 1));
    put_branch(g, OP_bne, A1, T1, loop);
    put(g, asm_mark(1));
    for (int n = 0; n < targets; n++) {
        g->at = OTHER_PAGE + 64 - 64 * (uint64_t)n;
        put(g, asm_i(OP_addi, A0, A0, n + 1));
        put(g, asm_r(OP_auipc, T1, 0, 0));
        put(g, asm_r(OP_sub, T1, S0, T1)); /* where it is: 64 n - 4 */
        put(g, asm_r(OP_add, A0, A0, T1));
        put_jump(g, next);
    }
    g->p.h->x[S0] = OTHER_PAGE + 64;
}

static void test_a_jump_has_any_number_of_targets(void)
{
    uint64_t sum = 0;

    for (uint64_t places = 1; places <= 12; places++)
        sum += 32 * (places * (places + 1) / 2 + places * (places - 1) / 2 * 64 - places * 4);
    CHECK_EQ_U64(both(build_targets), sum);
}

/* t0 is a link register too; calls through a register and calls that are the last of their page. */
static void build_links(struct program *g)
{
    uint64_t loop;

    g->at = OTHER_PAGE + 0x100;
    put(g, asm_i(OP_addi, A0, A0, 1));
    put(g, asm_i(OP_jalr, ZERO, T0, 0));
    put(g, asm_i(OP_addi, A0, A0, 10)); /* + 8: goes back by the register that called */
    put(g, asm_i(OP_jalr, T0, T0, 0));
    g->at = OTHER_PAGE - 16;
    loop = g->at;
    put(g, asm_j(T0, (uint32_t)(OTHER_PAGE + 0x100 - g->at)));
    put(g, asm_i(OP_addi, A0, A0, 100));
    put(g, asm_i(OP_addi, T0, S0, 8));
    put(g, asm_i(OP_jalr, T0, T0, 0));
    CHECK_EQ_U64(g->at, OTHER_PAGE);
    put(g, asm_i(OP_addi, A1, A1, -1));
    put_branch(g, OP_bne, A1, ZERO, loop);
    put(g, asm_mark(1));
    g->p.h->x[S0] = OTHER_PAGE + 0x100;
    g->at = CODE;
    put(g, asm_i(OP_addi, A1, ZERO, 300));
    put_jump(g, loop);
}

static void test_either_link_register_calls_and_returns(void)
{
    CHECK_EQ_U64(both(build_links), 300 * 111);
}

TEST_MAIN(test_recursion_may_be_deeper_than_any_prediction, test_a_return_may_leave_out_callers,
          test_calls_need_not_return, test_coroutines_return_into_each_other,
          test_a_return_finds_rewritten_code, test_a_return_finds_what_is_mapped_now,
          test_a_return_to_another_address_of_the_page_goes_there,
          test_a_jump_has_any_number_of_targets, test_either_link_register_calls_and_returns)
