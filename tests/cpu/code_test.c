/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine keeps of translations and of decoded code: when it must forget it. */
#include "asm.h"

#define ADDI(n) asm_i(OP_addi, 1, 1, n)

enum { SFENCE_ADDRESS, SFENCE_ASID, SFENCE_BOTH, SFENCE_ALL, SINVAL };

/* sfence.vma for va and ASID 0, in S mode, without touching what is cached of others. */
static void fence(struct paged *p, unsigned kind, uint64_t va)
{
    unsigned rs1 = kind == SFENCE_ADDRESS || kind == SFENCE_BOTH || kind == SINVAL ? 20 : 0;
    unsigned rs2 = kind == SFENCE_ASID || kind == SFENCE_BOTH ? 21 : 0;

    p->h->x[20] = va;
    p->h->x[21] = 0;
    CHECK_EQ_U64(step(p->r, PRIV_S,
                      asm_r(kind == SINVAL ? OP_sinval_vma : OP_sfence_vma, 0, rs1, rs2)), WENT_ON);
}

static uint64_t load(struct paged *p, uint64_t va)
{
    p->h->x[10] = va;
    CHECK_EQ_U64(step(p->r, PRIV_S, asm_i(OP_ld, 12, 10, 0)), WENT_ON);
    return p->h->x[12];
}

static void test_every_fence_forgets_pages_of_every_size(void)
{
    for (unsigned kind = SFENCE_ADDRESS; kind <= SINVAL; kind++)
        for (unsigned level = 0; level < 2; level++) {
            struct paged p = paged_new(3);
            uint64_t at = map(p.r, p.satp, &p.next, VA, DATA, level, RWXAD);

            poke64(p.r, DATA + 0x18, 1);
            CHECK_EQ_U64(load(&p, VA + 0x18), 1);
            if (level == 0)
                poke64(p.r, at, (DATA + 0x3000) >> 12 << 10 | RWXAD);
            else
                poke64(p.r, at, (DATA - 0x200000) >> 12 << 10 | RWXAD);
            poke64(p.r, DATA + 0x3018, 2);
            poke64(p.r, DATA - 0x200000 + 0x18, 2);
            /* Any address in the page names it. */
            fence(&p, kind, VA + (level ? 0x123456 : 0xfff));
            CHECK_EQ_U64(load(&p, VA + 0x18), 2);
            rig_free(p.r);
        }
}

static void test_a_fence_by_address_forgets_what_fetches_use(void)
{
    struct paged p = paged_new(3);
    uint64_t at = map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);

    poke32(p.r, DATA, asm_mark(5));
    poke32(p.r, DATA + 0x3000, asm_mark(6));
    set_priv(p.r, PRIV_S);
    CHECK_EQ_U64(go(p.r, VA), 5);
    poke64(p.r, at, (DATA + 0x3000) >> 12 << 10 | RWXAD);
    fence(&p, SFENCE_ADDRESS, VA);
    CHECK_EQ_U64(go(p.r, VA), 6);
    rig_free(p.r);
}

static void test_a_change_of_asid_or_root_needs_no_fence(void)
{
    struct paged p = paged_new(3);
    uint64_t other = p.satp | UINT64_C(1) << 44, third = p.satp + 0x80;

    map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);
    poke64(p.r, DATA, 1);
    poke64(p.r, DATA + 0x1000, 2);
    memcpy(p.r->ram.ram + (TABLES - RIG_RAM) + 0x80000, p.r->ram.ram + (TABLES - RIG_RAM), 4096);
    memset(p.r->ram.ram + (TABLES - RIG_RAM) + 0x80000 + 8, 0, 8);
    p.next = TABLES + 0x90000;
    map(p.r, third, &p.next, VA, DATA + 0x1000, 0, RWXAD);
    CHECK_EQ_U64(load(&p, VA), 1);
    set_satp(p.r, third);
    CHECK_EQ_U64(load(&p, VA), 2);
    set_satp(p.r, other);
    CHECK_EQ_U64(load(&p, VA), 1);
    set_satp(p.r, p.satp);
    CHECK_EQ_U64(load(&p, VA), 1);
    rig_free(p.r);
}

/* More contexts and flushes than there are numbers for. */
static void test_numbers_of_contexts_may_run_out(void)
{
    struct paged p = paged_new(3);
    uint64_t at = map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);

    poke64(p.r, DATA, 1);
    poke64(p.r, DATA + 0x1000, 2);
    for (unsigned n = 0; n < 3000; n++) {
        poke64(p.r, at, (DATA + 0x1000 * (n & 1)) >> 12 << 10 | RWXAD);
        set_satp(p.r, p.satp | (uint64_t)(n % 37) << 44);
        fence(&p, SFENCE_ALL, 0);
        CHECK_EQ_U64(load(&p, VA), 1 + (n & 1));
    }
    rig_free(p.r);
}

/* Code at the end of a page whose last instruction has its second half in the next. */
static struct paged crossing(uint64_t *second)
{
    struct paged p = paged_new(3);
    uint32_t word = ADDI(1);

    map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);
    *second = map(p.r, p.satp, &p.next, VA + 0x1000, DATA + 0x1000, 0, RWXAD);
    poke32(p.r, DATA + 0xffe, word);
    poke32(p.r, DATA + 0x1002, asm_mark(5));
    /* The same first half goes on as addi x1, x1, 64 there. */
    poke32(p.r, DATA + 0x5000, ADDI(64) >> 16);
    poke32(p.r, DATA + 0x5002, asm_mark(6));
    set_priv(p.r, PRIV_S);
    return p;
}

static void test_a_fetch_over_the_pages_end_faults_at_the_second_page(void)
{
    uint64_t second;
    struct paged p = crossing(&second);

    CHECK_EQ_U64(go(p.r, VA + 0xffe), 5);
    CHECK_EQ_U64(p.h->x[1], 1);
    poke64(p.r, second, 0);
    fence(&p, SFENCE_ALL, 0);
    CHECK_EQ_U64(go(p.r, VA + 0xffe), TRAPPED_M);
    CHECK_EQ_U64(p.h->mcause, CAUSE_FETCH_PAGE);
    CHECK_EQ_U64(p.h->mepc, VA + 0xffe);
    CHECK_EQ_U64(p.h->mtval, VA + 0x1000);
    rig_free(p.r);
}

static void test_a_fence_of_the_second_page_alone_is_enough(void)
{
    uint64_t second;
    struct paged p = crossing(&second);

    CHECK_EQ_U64(go(p.r, VA + 0xffe), 5);
    CHECK_EQ_U64(go(p.r, VA + 0xffe), 5);
    poke64(p.r, second, (DATA + 0x5000) >> 12 << 10 | RWXAD);
    fence(&p, SFENCE_ADDRESS, VA + 0x1000);
    p.h->x[1] = 0;
    set_priv(p.r, PRIV_S);
    CHECK_EQ_U64(go(p.r, VA + 0xffe), 6);
    CHECK_EQ_U64(p.h->x[1], 64);
    rig_free(p.r);
}

static void test_a_write_to_either_half_of_a_crossing_instruction_is_seen(void)
{
    uint64_t second;
    struct paged p = crossing(&second);

    for (unsigned half = 0; half < 2; half++) {
        CHECK_EQ_U64(go(p.r, VA + 0xffe), 5);
        p.h->x[10] = half ? VA + 0x1000 : VA + 0xffe;
        p.h->x[11] = half ? ADDI(32) >> 16 : 0x0105; /* c.addi x2, 1: two bytes */
        CHECK_EQ_U64(step(p.r, PRIV_S, asm_s(OP_sh, 11, 10, 0)), WENT_ON);
        p.h->x[1] = p.h->x[2] = 0;
        if (half)
            CHECK_EQ_U64(go(p.r, VA + 0xffe), 5);
        CHECK_EQ_U64(p.h->x[1], half ? 32 : 0);
        /* Put back. */
        p.h->x[11] = half ? ADDI(1) >> 16 : ADDI(1) & 0xffff;
        CHECK_EQ_U64(step(p.r, PRIV_S, asm_s(OP_sh, 11, 10, 0)), WENT_ON);
    }
    rig_free(p.r);
}

/* Two neighbouring virtual pages show the same page of memory, and a third another one.  Code that
 * jumps one virtual page on stays in that memory the first time and leaves it the second. */
static void test_a_jump_between_aliases_of_one_page_is_not_a_jump_within_it(void)
{
    struct paged p = paged_new(3);

    map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);
    map(p.r, p.satp, &p.next, VA + 0x1000, DATA, 0, RWXAD);
    map(p.r, p.satp, &p.next, VA + 0x2000, DATA + 0x3000, 0, RWXAD);
    poke32(p.r, DATA, ADDI(1));
    poke32(p.r, DATA + 4, asm_j(0, 0x1000 - 4 + 0x40));
    poke32(p.r, DATA + 0x40, asm_mark(5));
    poke32(p.r, DATA + 0x3040, asm_mark(6));
    set_priv(p.r, PRIV_S);
    for (unsigned n = 0; n < 3; n++) {
        CHECK_EQ_U64(go(p.r, VA), 5);
        CHECK_EQ_U64(p.h->pc, VA + 0x1044);
        CHECK_EQ_U64(go(p.r, VA + 0x1000), 6);
        CHECK_EQ_U64(p.h->pc, VA + 0x2044);
    }
    rig_free(p.r);
}

/* The same for falling off a page's end into its own alias. */
static void test_falling_off_a_page_into_its_alias_follows_the_mapping(void)
{
    struct paged p = paged_new(3);

    map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);
    map(p.r, p.satp, &p.next, VA + 0x1000, DATA, 0, RWXAD);
    map(p.r, p.satp, &p.next, VA + 0x2000, DATA + 0x3000, 0, RWXAD);
    poke32(p.r, DATA, asm_mark(5));
    poke32(p.r, DATA + 0x3000, asm_mark(6));
    poke32(p.r, DATA + 0xff8, ADDI(1));
    poke32(p.r, DATA + 0xffc, ADDI(1));
    set_priv(p.r, PRIV_S);
    for (unsigned n = 0; n < 3; n++) {
        CHECK_EQ_U64(go(p.r, VA + 0xff8), 5);
        CHECK_EQ_U64(go(p.r, VA + 0x1ff8), 6);
    }
    rig_free(p.r);
}

static void test_code_changed_through_another_address_is_seen(void)
{
    struct paged p = paged_new(3);

    map(p.r, p.satp, &p.next, VA, DATA, 0, V | R | X | A);
    map(p.r, p.satp, &p.next, VA + 0x7000, DATA, 0, V | R | W | A | D);
    for (unsigned n = 1; n < 5; n++) {
        poke32(p.r, DATA + 0x20, ADDI(1));
        poke32(p.r, DATA + 0x24, asm_mark(5));
        p.h->x[1] = 0;
        set_priv(p.r, PRIV_S);
        CHECK_EQ_U64(go(p.r, VA + 0x20), 5);
        CHECK_EQ_U64(p.h->x[1], 1);
        p.h->x[10] = VA + 0x7000;
        p.h->x[11] = ADDI(100 + n);
        /* Twice, so that the second store finds what the first has left in the TLB. */
        CHECK_EQ_U64(step(p.r, PRIV_S, asm_s(OP_sw, 11, 10, 0x40)), WENT_ON);
        CHECK_EQ_U64(step(p.r, PRIV_S, asm_s(OP_sw, 11, 10, 0x20)), WENT_ON);
        p.h->x[1] = 0;
        CHECK_EQ_U64(go(p.r, VA + 0x20), 5);
        CHECK_EQ_U64(p.h->x[1], 100 + n);
    }
    rig_free(p.r);
}

static void test_every_kind_of_store_into_code_is_seen(void)
{
    static const unsigned kinds[] = {OP_sw, OP_sh, OP_sd, OP_amoswap_w, OP_sc_w, OP_fsw,
                                     OP_cbo_zero};

    for (unsigned n = 0; n < ARRAY_LEN(kinds); n++) {
        struct hart_rig *r = step_rig();
        struct hart *h = r->hart;
        unsigned op = kinds[n];

        h->mstatus |= MSTATUS_FS;
        poke32(r, DATA, ADDI(1));
        poke32(r, DATA + 4, asm_mark(5));
        set_priv(r, PRIV_M);
        CHECK_EQ_U64(go(r, DATA), 5);
        h->x[10] = DATA;
        h->x[11] = h->f[11] = ADDI(7) | (uint64_t)asm_mark(5) << 32;
        if (op == OP_sc_w)
            CHECK_EQ_U64(step(r, PRIV_M, asm_r(OP_lr_w, 12, 10, 0)), WENT_ON);
        if (op == OP_amoswap_w || op == OP_sc_w)
            CHECK_EQ_U64(step(r, PRIV_M, asm_r(op, 12, 10, 11)), WENT_ON);
        else if (op == OP_cbo_zero)
            CHECK_EQ_U64(step(r, PRIV_M, asm_r(op, 0, 10, 4)), WENT_ON);
        else if (op == OP_sh)
            CHECK_EQ_U64(step(r, PRIV_M, asm_s(op, 12, 10, 2)), WENT_ON); /* addi x1, x1, 0 */
        else
            CHECK_EQ_U64(step(r, PRIV_M, asm_s(op, 11, 10, 0)), WENT_ON);
        h->x[1] = 0;
        h->x[12] = 0;
        CHECK_EQ_U64(go(r, DATA), op == OP_cbo_zero ? TRAPPED_M : 5);
        CHECK_EQ_U64(h->x[1], op == OP_cbo_zero || op == OP_sh ? 0 : 7);
        rig_free(r);
    }
}

/* A loop whose blocks are linked to each other changes its own end. */
static void test_a_linked_loop_sees_that_its_successor_changed(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;

    poke32(r, DATA, ADDI(1));
    poke32(r, DATA + 4, asm_j(0, 0x3c)); /* to + 0x40 */
    poke32(r, DATA + 0x40, asm_i(OP_addi, 2, 2, 1));
    poke32(r, DATA + 0x44, asm_b(OP_bne, 1, 3, (uint32_t)-0x44));
    h->x[3] = 10;
    poke32(r, DATA + 0x48, asm_mark(5));
    set_priv(r, PRIV_M);
    CHECK_EQ_U64(go(r, DATA), 5);
    CHECK_EQ_U64(h->x[1], 10);
    CHECK_EQ_U64(h->x[2], 10);
    poke32(r, DATA + 0x40, asm_i(OP_addi, 2, 2, 100));
    h->x[1] = h->x[2] = 0;
    CHECK_EQ_U64(go(r, DATA), 5);
    CHECK_EQ_U64(h->x[2], 1000);
    rig_free(r);
}

/* A store by the interpreter. */
static void store32(struct hart_rig *r, uint64_t at, uint32_t word)
{
    r->hart->x[10] = at;
    r->hart->x[11] = word;
    CHECK_EQ_U64(step(r, PRIV_M, asm_s(OP_sw, 11, 10, 0)), WENT_ON);
}

static void test_a_store_beside_code_leaves_it_as_it_is(void)
{
    struct hart_rig *r = step_rig();
    const struct block *near, *far;

    poke32(r, DATA, ADDI(1));
    poke32(r, DATA + 4, asm_mark(5));
    poke32(r, DATA + 0x80, ADDI(2));
    poke32(r, DATA + 0x84, asm_mark(6));
    set_priv(r, PRIV_M);
    CHECK_EQ_U64(go(r, DATA), 5);
    CHECK_EQ_U64(go(r, DATA + 0x80), 6);
    near = code_lookup(r->shared.code, DATA);
    far = code_lookup(r->shared.code, DATA + 0x80);
    CHECK(near && far);
    store32(r, DATA + 0x40, 77);
    CHECK(code_lookup(r->shared.code, DATA) == near);
    store32(r, DATA + 0x80, ADDI(3)); /* the one, not the other */
    CHECK(code_lookup(r->shared.code, DATA) == near);
    CHECK(code_lookup(r->shared.code, DATA + 0x80) == NULL);
    r->hart->x[1] = 0;
    CHECK_EQ_U64(go(r, DATA + 0x80), 6);
    CHECK_EQ_U64(go(r, DATA), 5);
    CHECK_EQ_U64(r->hart->x[1], 4);
    rig_free(r);
}

/* However often it is written beside code, and whatever that does to what is kept of it. */
static void test_code_is_watched_again_after_many_stores_beside_it(void)
{
    struct hart_rig *r = step_rig();

    poke32(r, DATA + 4, asm_mark(5));
    set_priv(r, PRIV_M);
    for (unsigned stores = 1; stores < 1000; stores *= 3) {
        for (unsigned n = 0; n < 3; n++) {
            store32(r, DATA, ADDI((int)(stores + n)));
            r->hart->x[1] = 0;
            CHECK_EQ_U64(go(r, DATA), 5);
            CHECK_EQ_U64(r->hart->x[1], stores + n);
        }
        for (unsigned n = 0; n < stores; n++)
            store32(r, DATA + 0x800, n);
    }
    rig_free(r);
}

static void test_no_block_is_kept_of_a_page_that_is_written_without_notice(void)
{
    struct hart_rig *r = step_rig();

    poke32(r, DATA, ADDI(1));
    poke32(r, DATA + 4, asm_mark(5));
    set_priv(r, PRIV_M);
    CHECK_EQ_U64(go(r, DATA), 5);
    CHECK(r->ram.code_page[(DATA - RIG_RAM) >> 12] != 0);
    for (unsigned n = 0; n < 256; n++)
        store32(r, DATA + 0x800, n);
    CHECK_EQ_U64(r->ram.code_page[(DATA - RIG_RAM) >> 12], 0);
    CHECK(code_lookup(r->shared.code, DATA) == NULL);
    rig_free(r);
}

/* Where the block ends in which the hart starts at pc. */
static uint64_t end_of_block(struct hart_rig *r, uint64_t pc)
{
    r->hart->pc = pc;
    rig_run(r, 1);
    return r->hart->pc;
}

static void test_blocks_go_on_after_what_changes_nothing_for_them(void)
{
    static const uint32_t words[] = {
        0x0ff0000f, 0x0000100f, 0x140110f3, 0x100020f3, 0x10016073, 0x100170f3, 0x14159073,
        0xc01020f3, /* fence, fence.i, csrrw sscratch, csrr sstatus, csrsi SIE, csrci, sepc, time */
    };
    struct hart_rig *r = step_rig();

    for (unsigned n = 0; n < ARRAY_LEN(words); n++) {
        poke32(r, DATA + 0x100 * n, words[n]);
        poke32(r, DATA + 0x100 * n + 4, asm_j(0, 8));
        set_priv(r, PRIV_M);
        CHECK_EQ_U64(end_of_block(r, DATA + 0x100 * n), DATA + 0x100 * n + 12);
    }
    r->hart->mip_soft = r->hart->mie = MIP_BIT(IRQ_SSI); /* pending, and it stays so */
    r->hart->mideleg = MIP_BIT(IRQ_SSI);
    poke32(r, DATA, 0x100170f3);
    CHECK_EQ_U64(end_of_block(r, DATA), DATA + 12);
    poke32(r, DATA, 0x18059073); /* csrw satp: what follows may be elsewhere */
    set_priv(r, PRIV_M);
    r->hart->x[11] = 0;
    CHECK_EQ_U64(end_of_block(r, DATA), DATA + 4);
    rig_free(r);
}

static void test_an_interrupt_comes_as_soon_as_sie_is_set(void)
{
    static const uint32_t set[] = {0x10016073, 0x1005a073, 0x10059073}; /* csrsi, csrs, csrw */
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;

    h->stvec = DATA + 0x800;
    h->mideleg = h->mie = MIP_BIT(IRQ_SSI);
    for (unsigned n = 0; n < ARRAY_LEN(set); n++) {
        poke32(r, DATA, ADDI(1));
        poke32(r, DATA + 4, set[n]);
        poke32(r, DATA + 8, ADDI(16));
        poke32(r, DATA + 0xc, asm_mark(5));
        poke32(r, DATA + 0x800, asm_mark(6));
        h->x[11] = MSTATUS_SIE;
        for (unsigned pending = 0; pending < 2; pending++) {
            h->mip_soft = pending ? MIP_BIT(IRQ_SSI) : 0;
            h->mstatus &= ~MSTATUS_SIE;
            h->x[1] = 0;
            set_priv(r, PRIV_S);
            CHECK_EQ_U64(go(r, DATA), pending ? 6 : 5);
            CHECK_EQ_U64(h->x[1], pending ? 1 : 17);
            if (pending)
                CHECK_EQ_U64(h->sepc, DATA + 8);
        }
    }
    rig_free(r);
}

TEST_MAIN(test_every_fence_forgets_pages_of_every_size,
          test_a_fence_by_address_forgets_what_fetches_use,
          test_a_change_of_asid_or_root_needs_no_fence, test_numbers_of_contexts_may_run_out,
          test_a_fetch_over_the_pages_end_faults_at_the_second_page,
          test_a_fence_of_the_second_page_alone_is_enough,
          test_a_write_to_either_half_of_a_crossing_instruction_is_seen,
          test_a_jump_between_aliases_of_one_page_is_not_a_jump_within_it,
          test_falling_off_a_page_into_its_alias_follows_the_mapping,
          test_code_changed_through_another_address_is_seen,
          test_every_kind_of_store_into_code_is_seen,
          test_a_linked_loop_sees_that_its_successor_changed,
          test_a_store_beside_code_leaves_it_as_it_is,
          test_code_is_watched_again_after_many_stores_beside_it,
          test_no_block_is_kept_of_a_page_that_is_written_without_notice,
          test_blocks_go_on_after_what_changes_nothing_for_them,
          test_an_interrupt_comes_as_soon_as_sie_is_set)
