/* SPDX-License-Identifier: Apache-2.0 */
/* CSRs: fields, counters, timers, the enables of lower modes, cache-block operations, LR and SC. */
#include "asm.h"

enum {
    MSTATUS = 0x300, MCOUNTEREN = 0x306, MENVCFG = 0x30a, MCOUNTINHIBIT = 0x320, MIP = 0x344,
    MCYCLE = 0xb00, MINSTRET = 0xb02, SCOUNTEREN = 0x106, SENVCFG = 0x10a, STIMECMP = 0x14d,
    SATP = 0x180, CYCLE = 0xc00, TIME = 0xc01, INSTRET = 0xc02,
};

static void test_warl_fields_hold_only_legal_values(void)
{
    struct hart_rig *r = step_rig();

    csr_write(r, MSTATUS, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, MSTATUS), UINT64_C(0x8000000a007e79aa));
    csr_write(r, MSTATUS, UINT64_C(2) << 11); /* MPP 2 is no mode: stays */
    CHECK_EQ_U64(csr_read(r, MSTATUS), UINT64_C(0xa00001800));
    csr_write(r, MSTATUS, 0);
    csr_write(r, 0x100, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, 0x100), UINT64_C(0x80000002000c6122));
    CHECK_EQ_U64(csr_read(r, MSTATUS), UINT64_C(0x8000000a000c6122));
    csr_write(r, SATP, UINT64_C(8) << 60 | 0x1234);
    csr_write(r, SATP, UINT64_C(11) << 60 | 0x4321); /* no such mode: nothing is written */
    CHECK_EQ_U64(csr_read(r, SATP), UINT64_C(8) << 60 | 0x1234);
    csr_write(r, SATP, 0);
    csr_write(r, 0x341, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, 0x341), UINT64_MAX - 1);
    csr_write(r, 0x105, RIG_RAM | 3);
    CHECK_EQ_U64(csr_read(r, 0x105), RIG_RAM | 1);
    csr_write(r, MENVCFG, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, MENVCFG), UINT64_C(0xe0000000000000f1));
    csr_write(r, MENVCFG, 2 << 4); /* CBIE 2 is reserved */
    CHECK(FGET(csr_read(r, MENVCFG), ENVCFG_CBIE) != 2);
    csr_write(r, SENVCFG, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, SENVCFG), 0xf1);
    rig_free(r);
}

static void test_csrs_that_are_not_there_or_not_for_this_mode_are_illegal(void)
{
    static const struct {
        unsigned csr;
        bool write;
        enum priv priv;
        bool ok;
    } cases[] = {
        {0xf11, false, PRIV_M, true}, {0xf11, true, PRIV_M, false}, {0xc00, true, PRIV_M, false},
        {0x302, false, PRIV_S, false}, {0x302, false, PRIV_M, true}, {0x100, false, PRIV_U, false},
        {0x7c0, false, PRIV_M, false}, {0x000, false, PRIV_M, false}, {0x200, false, PRIV_M, false},
        {0x5a8, false, PRIV_M, false}, {0xc80, false, PRIV_M, false}, {0xfff, false, PRIV_M, false},
        {0x350, false, PRIV_M, false}, {0x15c, false, PRIV_S, false}, {0xdb0, false, PRIV_S, false},
        {0x323, true, PRIV_M, true}, {0x33f, true, PRIV_M, true}, {0xb03, true, PRIV_M, true},
        {0xb1f, false, PRIV_M, true}, {0xb01, false, PRIV_M, false}, {0x321, false, PRIV_M, false},
    };

    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct hart_rig *r = step_rig();
        unsigned mark;

        mark = step(r, cases[n].priv, cases[n].write ? asm_csrw(cases[n].csr, 1)
                                                     : asm_csrr(1, cases[n].csr));
        if (mark != (cases[n].ok ? WENT_ON : TRAPPED_M))
            printf("csr 0x%x:\n", cases[n].csr);
        CHECK_EQ_U64(mark, cases[n].ok ? WENT_ON : TRAPPED_M);
        rig_free(r);
    }
}

/* csrrs and csrrc with x0, and the immediate 0, do not write; with another register they do, even
 * when it holds 0. */
static void test_a_csr_is_written_by_the_register_number_not_by_its_value(void)
{
    static const unsigned ops[] = {OP_csrrs, OP_csrrc, OP_csrrsi, OP_csrrci};
    struct hart_rig *r = step_rig();

    for (unsigned n = 0; n < ARRAY_LEN(ops); n++) {
        r->hart->x[6] = 0;
        CHECK_EQ_U64(step(r, PRIV_M, asm_i(ops[n], 5, 0, 0xc00)), WENT_ON);
        CHECK_EQ_U64(step(r, PRIV_M, asm_i(ops[n], 5, 6, 0xc00)), TRAPPED_M);
    }
    CHECK_EQ_U64(step(r, PRIV_M, asm_i(OP_csrrw, 0, 0, 0xc00)), TRAPPED_M);
    /* The old value goes to rd although rd is rs1. */
    r->hart->mscratch = 10;
    r->hart->x[5] = 3;
    CHECK_EQ_U64(step(r, PRIV_M, asm_i(OP_csrrs, 5, 5, 0x340)), WENT_ON);
    CHECK_EQ_U64(r->hart->x[5], 10);
    CHECK_EQ_U64(r->hart->mscratch, 11);
    rig_free(r);
}

static void test_counteren_gates_each_mode(void)
{
    for (unsigned bit = 0; bit < 32; bit += bit < 3 ? 1 : 7)
        for (unsigned m = 0; m < 2; m++)
            for (unsigned s = 0; s < 2; s++) {
                struct hart_rig *r = step_rig();
                const uint32_t read = asm_csrr(1, CYCLE + bit);

                csr_write(r, MCOUNTEREN, m << bit);
                csr_write(r, SCOUNTEREN, s << bit);
                CHECK_EQ_U64(step(r, PRIV_M, read), WENT_ON);
                CHECK_EQ_U64(step(r, PRIV_S, read), m ? WENT_ON : TRAPPED_M);
                CHECK_EQ_U64(step(r, PRIV_U, read), m && s ? WENT_ON : TRAPPED_M);
                rig_free(r);
            }
}

static void test_a_written_counter_counts_on_from_the_value(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;

    h->x[5] = 1000;
    poke32(r, CODE, asm_csrw(MINSTRET, 5));
    poke32(r, CODE + 4, asm_csrr(6, MINSTRET)); /* the write itself is not counted */
    poke32(r, CODE + 8, asm_csrr(7, INSTRET));
    poke32(r, CODE + 12, asm_csrw(MCYCLE, 5));
    poke32(r, CODE + 16, asm_csrr(8, MCYCLE));
    poke32(r, CODE + 20, asm_mark(WENT_ON));
    CHECK_EQ_U64(go(r, CODE), WENT_ON);
    CHECK_EQ_U64(h->x[6], 1000);
    CHECK_EQ_U64(h->x[7], 1001);
    CHECK(h->x[8] == 1000 || h->x[8] == 1001); /* half a cycle each */
    h->x[5] = UINT64_MAX;
    CHECK_EQ_U64(go(r, CODE), WENT_ON);
    CHECK_EQ_U64(h->x[6], UINT64_MAX);
    CHECK_EQ_U64(h->x[7], 0);
    rig_free(r);
}

static void test_inhibited_counters_stand_still(void)
{
    struct hart_rig *r = step_rig();
    uint64_t cycle, instret;

    csr_write(r, MCOUNTINHIBIT, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, MCOUNTINHIBIT), 5); /* time has no inhibit; no events to count */
    cycle = csr_read(r, MCYCLE);
    instret = csr_read(r, MINSTRET);
    CHECK_EQ_U64(csr_read(r, MCYCLE), cycle);
    CHECK_EQ_U64(csr_read(r, INSTRET), instret);
    csr_write(r, MINSTRET, 5);
    CHECK_EQ_U64(csr_read(r, MINSTRET), 5);
    csr_write(r, MCOUNTINHIBIT, 1);
    CHECK_EQ_U64(csr_read(r, MCYCLE), cycle);
    CHECK(csr_read(r, MINSTRET) > 5);
    CHECK(csr_read(r, MINSTRET) < 20);
    csr_write(r, MCOUNTINHIBIT, 0);
    CHECK(csr_read(r, MCYCLE) > cycle);
    CHECK(csr_read(r, MCYCLE) < cycle + 20);
    rig_free(r);
}

static void test_traps_do_not_retire(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;
    uint64_t before;

    poke32(r, CODE, asm_i(OP_addi, 1, 1, 1));
    poke32(r, CODE + 4, 0xffffffff);
    set_priv(r, PRIV_M);
    before = h->instret;
    CHECK_EQ_U64(go(r, CODE), TRAPPED_M);
    CHECK_EQ_U64(h->instret - before, 2); /* addi, mark */
    poke32(r, CODE + 4, asm_r(OP_ecall, 0, 0, 0));
    before = h->instret;
    CHECK_EQ_U64(go(r, CODE), TRAPPED_M);
    CHECK_EQ_U64(h->instret - before, 2);
    rig_free(r);
}

/* The scheduler's part: runs up to the next event, and fires it. */
static enum stop run_to_event(struct hart_rig *r)
{
    ps_t next = clock_next(&r->clock);
    enum stop stop = interp_engine.run(r->hart, next == PS_NEVER ? r->hart->ticks + 100000
                                                                 : hart_ticks(r->hart, next));

    if (stop == STOP_LIMIT)
        clock_run(&r->clock, next);
    return stop;
}

static void test_stimecmp_interrupts_at_its_tick(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;
    enum stop stop;

    csr_write(r, MENVCFG, ENVCFG_STCE);
    h->mideleg = h->mie = MIP_BIT(IRQ_STI);
    h->mstatus |= MSTATUS_SIE;
    csr_write(r, MCOUNTEREN, 2);
    h->x[5] = 7;
    poke32(r, CODE, asm_csrw(STIMECMP, 5));
    poke32(r, CODE + 4, asm_j(0, 0));
    set_priv(r, PRIV_S);
    h->pc = CODE;
    do
        stop = run_to_event(r);
    while (stop != STOP_MARK);
    CHECK_EQ_U64(h->mark, TRAPPED_S);
    CHECK_EQ_U64(h->scause, CAUSE_INTERRUPT | IRQ_STI);
    CHECK_EQ_U64(r->clock.now, 7 * UINT64_C(100000)); /* 10 MHz: 100 ns each, in ps */
    CHECK(hart_now(h) >= r->clock.now);
    CHECK(hart_now(h) < r->clock.now + 10000); /* one block's end later at most */
    /* It stays pending until the comparator is moved, and software cannot clear it. */
    csr_write(r, MIP, 0);
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_STI));
    csr_write(r, STIMECMP, 8);
    CHECK_EQ_U64(csr_read(r, MIP), 0);
    csr_write(r, STIMECMP, 3);
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_STI));
    csr_write(r, STIMECMP, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, MIP), 0);
    /* Without the enable, STIP is software's. */
    csr_write(r, STIMECMP, 0);
    csr_write(r, MENVCFG, 0);
    CHECK_EQ_U64(csr_read(r, MIP), 0);
    csr_write(r, MIP, MIP_BIT(IRQ_STI));
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_STI));
    csr_write(r, MIP, 0);
    csr_write(r, MENVCFG, ENVCFG_STCE);
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_STI));
    rig_free(r);
}

static void test_stimecmp_needs_stce_and_tm(void)
{
    for (unsigned stce = 0; stce < 2; stce++)
        for (unsigned tm = 0; tm < 2; tm++) {
            struct hart_rig *r = step_rig();

            csr_write(r, MENVCFG, stce ? ENVCFG_STCE : 0);
            csr_write(r, MCOUNTEREN, tm << 1);
            CHECK_EQ_U64(step(r, PRIV_M, asm_csrr(1, STIMECMP)), WENT_ON);
            CHECK_EQ_U64(step(r, PRIV_S, asm_csrr(1, STIMECMP)), stce && tm ? WENT_ON : TRAPPED_M);
            CHECK_EQ_U64(step(r, PRIV_U, asm_csrr(1, STIMECMP)), TRAPPED_M);
            rig_free(r);
        }
}

static void test_cache_block_operations_need_their_enables(void)
{
    static const struct {
        unsigned op;
        unsigned number;
        uint64_t enable;
    } ops[] = {{OP_cbo_inval, 0, UINT64_C(1) << 4}, {OP_cbo_inval, 0, UINT64_C(3) << 4},
               {OP_cbo_clean, 1, ENVCFG_CBCFE}, {OP_cbo_flush, 2, ENVCFG_CBCFE},
               {OP_cbo_zero, 4, ENVCFG_CBZE}};

    for (unsigned n = 0; n < ARRAY_LEN(ops); n++)
        for (unsigned k = 0; k < 4; k++) {
            struct hart_rig *r = step_rig();
            const uint32_t word = isa_table[ops[n].op].match | 10 << 15;
            bool m = k & 1, s = k & 2;

            csr_write(r, MENVCFG, m ? ops[n].enable : 0);
            csr_write(r, SENVCFG, s ? ops[n].enable : 0);
            r->hart->x[10] = DATA + 0x47;
            memset(r->ram.ram + (DATA - RIG_RAM), 0xee, 256);
            CHECK_EQ_U64(step(r, PRIV_M, word), WENT_ON);
            CHECK_EQ_U64(step(r, PRIV_S, word), m ? WENT_ON : TRAPPED_M);
            CHECK_EQ_U64(step(r, PRIV_U, word), m && s ? WENT_ON : TRAPPED_M);
            if (!(m && s)) {
                CHECK_EQ_U64(r->hart->mcause, CAUSE_ILLEGAL);
                CHECK_EQ_U64(r->hart->mtval, word);
            }
            /* Exactly the block was zeroed, or nothing. */
            for (unsigned at = 0; at < 256; at += 8)
                CHECK_EQ_U64(peek64(r, DATA + at), ops[n].op == OP_cbo_zero && at >= 64 && at < 128
                                                       ? 0 : UINT64_C(0xeeeeeeeeeeeeeeee));
            rig_free(r);
        }
}

/* In one block: what the first is allowed says nothing of the second. */
static void test_a_cbo_that_u_is_allowed_opens_no_csr(void)
{
    static const unsigned csrs[] = {0x100, 0x141, 0x340}; /* sstatus, sepc, mscratch */

    for (unsigned n = 0; n < ARRAY_LEN(csrs); n++) {
        struct hart_rig *r = step_rig();
        const uint32_t words[] = {isa_table[OP_cbo_zero].match | 10 << 15, asm_csrr(1, csrs[n]),
                                  asm_mark(WENT_ON)};

        csr_write(r, MENVCFG, ENVCFG_CBZE);
        csr_write(r, SENVCFG, ENVCFG_CBZE);
        r->hart->x[10] = DATA;
        for (unsigned k = 0; k < ARRAY_LEN(words); k++)
            poke32(r, CODE + 4 * k, words[k]);
        set_priv(r, PRIV_U);
        CHECK_EQ_U64(go(r, CODE), TRAPPED_M);
        CHECK_EQ_U64(r->hart->mcause, CAUSE_ILLEGAL);
        CHECK_EQ_U64(r->hart->mepc, CODE + 4);
        rig_free(r);
    }
}

static void test_cache_block_management_needs_a_readable_or_writable_page(void)
{
    static const struct {
        uint64_t flags;
        uint64_t clean, zero; /* causes */
    } cases[] = {{V | R | A, 0, CAUSE_STORE_PAGE}, {V | R | W | A | D, 0, 0},
                 {V | X | A, CAUSE_STORE_PAGE, CAUSE_STORE_PAGE},
                 {0, CAUSE_STORE_PAGE, CAUSE_STORE_PAGE}};

    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct paged p = paged_new(3);

        csr_write(p.r, MENVCFG, UINT64_C(0xf0));
        map(p.r, p.satp, &p.next, VA, DATA, 0, cases[n].flags);
        p.h->x[10] = VA + 0x80;
        for (unsigned op = OP_cbo_inval; op <= OP_cbo_zero; op++) {
            uint64_t want = op == OP_cbo_zero ? cases[n].zero : cases[n].clean;
            unsigned mark = step(p.r, PRIV_S, isa_table[op].match | 10 << 15);

            CHECK_EQ_U64(mark, want ? TRAPPED_M : WENT_ON);
            if (want) {
                CHECK_EQ_U64(p.h->mcause, want);
                CHECK_EQ_U64(p.h->mtval, VA + 0x80);
            }
        }
        rig_free(p.r);
    }
}

/* lr at DATA, then the instructions of `between`, then sc at x13; the sc's result. */
static uint64_t sc_after(unsigned lr, const uint32_t *between, unsigned count, unsigned sc,
                         uint64_t sc_at)
{
    struct hart_rig *r = step_rig();
    uint64_t at = CODE + 0x100, result;

    r->hart->x[10] = DATA;
    r->hart->x[11] = 77;
    r->hart->x[13] = sc_at;
    r->hart->x[12] = 99;
    r->hart->x[14] = DATA + 0x100;
    r->hart->x[15] = CODE;
    poke32(r, at, asm_r(lr, 16, 10, 0));
    for (unsigned n = 0; n < count; n++)
        poke32(r, at += 4, between[n]);
    poke32(r, at + 4, asm_r(sc, 12, 13, 11));
    poke32(r, at + 8, asm_mark(WENT_ON));
    set_priv(r, PRIV_M);
    CHECK_EQ_U64(go(r, CODE + 0x100), WENT_ON);
    result = r->hart->x[12];
    CHECK_EQ_U64(peek64(r, sc_at) == 77, result == 0);
    rig_free(r);
    return result;
}

static void test_sc_succeeds_only_after_its_lr(void)
{
    const uint32_t none = asm_i(OP_addi, 0, 0, 0), sc = asm_r(OP_sc_d, 0, 10, 0),
                   other_lr = asm_r(OP_lr_d, 0, 14, 0);

    CHECK_EQ_U64(sc_after(OP_lr_d, &none, 1, OP_sc_d, DATA), 0);
    CHECK_EQ_U64(sc_after(OP_lr_d, &none, 1, OP_sc_d, DATA + 8), 1);
    CHECK_EQ_U64(sc_after(OP_lr_d, &none, 1, OP_sc_d, DATA + 0x100), 1);
    /* An sc, to wherever it is, ends the reservation; another lr replaces it. */
    CHECK_EQ_U64(sc_after(OP_lr_d, (uint32_t[]){asm_r(OP_sc_d, 0, 14, 0)}, 1, OP_sc_d, DATA), 1);
    CHECK_EQ_U64(sc_after(OP_lr_d, (uint32_t[]){sc, none}, 2, OP_sc_d, DATA + 8), 1);
    CHECK_EQ_U64(sc_after(OP_lr_d, &other_lr, 1, OP_sc_d, DATA), 1);
    CHECK_EQ_U64(sc_after(OP_lr_d, &other_lr, 1, OP_sc_d, DATA + 0x100), 0);
}

TEST_MAIN(test_warl_fields_hold_only_legal_values,
          test_csrs_that_are_not_there_or_not_for_this_mode_are_illegal,
          test_a_csr_is_written_by_the_register_number_not_by_its_value,
          test_counteren_gates_each_mode, test_a_written_counter_counts_on_from_the_value,
          test_inhibited_counters_stand_still, test_traps_do_not_retire,
          test_stimecmp_interrupts_at_its_tick, test_stimecmp_needs_stce_and_tm,
          test_cache_block_operations_need_their_enables,
          test_a_cbo_that_u_is_allowed_opens_no_csr,
          test_cache_block_management_needs_a_readable_or_writable_page,
          test_sc_succeeds_only_after_its_lr)
