/* SPDX-License-Identifier: Apache-2.0 */
/* Traps, interrupts, returns, wfi, and who may do what (privileged ISA 3.1, 3.3, 4.1). */
#include "asm.h"

#define ECALL asm_r(OP_ecall, 0, 0, 0)

enum { MSTATUS = 0x300, MIDELEG = 0x303, MIE = 0x304, MIP = 0x344, MSCRATCH = 0x340 };

static void test_exceptions_go_to_m_unless_delegated(void)
{
    static const struct {
        enum priv from;
        uint64_t medeleg;
        unsigned handler;
        uint64_t cause;
    } cases[] = {
        {PRIV_U, 0, TRAPPED_M, CAUSE_ECALL_U},
        {PRIV_S, 0, TRAPPED_M, CAUSE_ECALL_S},
        {PRIV_M, 0, TRAPPED_M, CAUSE_ECALL_M},
        {PRIV_U, 1 << CAUSE_ECALL_U, TRAPPED_S, CAUSE_ECALL_U},
        {PRIV_S, 1 << CAUSE_ECALL_U, TRAPPED_M, CAUSE_ECALL_S},
        {PRIV_S, 1 << CAUSE_ECALL_S, TRAPPED_S, CAUSE_ECALL_S},
        {PRIV_M, UINT64_MAX, TRAPPED_M, CAUSE_ECALL_M},
    };

    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct hart_rig *r = step_rig();
        struct hart *h = r->hart;

        csr_write(r, 0x302, cases[n].medeleg);
        h->mstatus |= MSTATUS_MIE | MSTATUS_SIE;
        CHECK_EQ_U64(step(r, cases[n].from, ECALL), cases[n].handler);
        if (cases[n].handler == TRAPPED_M) {
            CHECK_EQ_U64(h->priv, PRIV_M);
            CHECK_EQ_U64(h->mcause, cases[n].cause);
            CHECK_EQ_U64(h->mepc, CODE);
            CHECK_EQ_U64(h->mtval, 0);
            CHECK_EQ_U64(FGET(h->mstatus, MSTATUS_MPP), cases[n].from);
            CHECK_EQ_U64(h->mstatus & (MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_SIE),
                         MSTATUS_MPIE | MSTATUS_SIE);
        } else {
            CHECK_EQ_U64(h->priv, PRIV_S);
            CHECK_EQ_U64(h->scause, cases[n].cause);
            CHECK_EQ_U64(h->sepc, CODE);
            CHECK_EQ_U64(!!(h->mstatus & MSTATUS_SPP), cases[n].from == PRIV_S);
            CHECK_EQ_U64(h->mstatus & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_MIE),
                         MSTATUS_SPIE | MSTATUS_MIE);
            CHECK_EQ_U64(h->mcause, 0);
        }
        rig_free(r);
    }
}

static void test_medeleg_cannot_delegate_ecall_from_m(void)
{
    struct hart_rig *r = step_rig();

    csr_write(r, 0x302, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, 0x302) & (1 << CAUSE_ECALL_M), 0);
    CHECK_EQ_U64(csr_read(r, 0x302) >> 16, 0);
    csr_write(r, MIDELEG, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, MIDELEG), 0x222);
    rig_free(r);
}

/* Sets lines and software bits, and says which cause is taken from `priv` (0: none). */
static uint64_t taken(enum priv priv, uint64_t status, uint64_t mideleg, uint64_t mie, uint64_t mip)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;
    unsigned mark;
    uint64_t cause;

    h->mstatus |= status;
    h->mideleg = mideleg;
    h->mie = mie;
    h->mip_lines = mip;
    mark = step(r, priv, asm_i(OP_addi, 1, 0, 1));
    cause = mark == TRAPPED_M ? h->mcause : mark == TRAPPED_S ? h->scause : 0;
    CHECK(mark == WENT_ON || h->x[1] == 0); /* before the instruction, not after */
    CHECK(mark != TRAPPED_S || h->priv == PRIV_S);
    rig_free(r);
    return cause & ~CAUSE_INTERRUPT;
}

static void test_interrupts_are_taken_by_level_then_priority(void)
{
    const uint64_t all = 0xaaa, s = 0x222, sie = MSTATUS_SIE, mie = MSTATUS_MIE;

    /* Global enables count only in their own mode. */
    CHECK_EQ_U64(taken(PRIV_M, 0, 0, all, all), 0);
    CHECK_EQ_U64(taken(PRIV_M, mie, 0, all, all), IRQ_MEI);
    CHECK_EQ_U64(taken(PRIV_S, 0, 0, all, all), IRQ_MEI);
    CHECK_EQ_U64(taken(PRIV_U, 0, 0, all, all), IRQ_MEI);
    CHECK_EQ_U64(taken(PRIV_S, 0, s, s, s), 0);
    CHECK_EQ_U64(taken(PRIV_S, sie, s, s, s), IRQ_SEI);
    CHECK_EQ_U64(taken(PRIV_U, 0, s, s, s), IRQ_SEI);
    CHECK_EQ_U64(taken(PRIV_M, mie | sie, s, s, s), 0); /* delegated: never in M */
    CHECK_EQ_U64(taken(PRIV_M, mie, 0, s, s), IRQ_SEI); /* not delegated: in M */
    /* MEI, MSI, MTI, SEI, SSI, STI. */
    CHECK_EQ_U64(taken(PRIV_M, mie, 0, all, all & ~MIP_BIT(IRQ_MEI)), IRQ_MSI);
    CHECK_EQ_U64(taken(PRIV_M, mie, 0, all, MIP_BIT(IRQ_MTI) | s), IRQ_MTI);
    CHECK_EQ_U64(taken(PRIV_M, mie, 0, all, s), IRQ_SEI);
    CHECK_EQ_U64(taken(PRIV_M, mie, 0, all, MIP_BIT(IRQ_SSI) | MIP_BIT(IRQ_STI)), IRQ_SSI);
    CHECK_EQ_U64(taken(PRIV_M, mie, 0, all, MIP_BIT(IRQ_STI)), IRQ_STI);
    /* What goes to M comes first, whatever the order above. */
    CHECK_EQ_U64(taken(PRIV_S, sie, s & ~MIP_BIT(IRQ_STI), all, s), IRQ_STI);
    CHECK_EQ_U64(taken(PRIV_M, mie, 0, 0, all), 0);
}

static void test_vectored_mode_is_for_interrupts_only(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;

    csr_write(r, 0x305, HANDLER_M | 1);
    csr_write(r, 0x105, HANDLER_S | 3); /* bit 1 is not there */
    CHECK_EQ_U64(h->stvec, HANDLER_S | 1);
    poke32(r, HANDLER_M + 4 * IRQ_MTI, asm_mark(INTERRUPTED));
    poke32(r, HANDLER_S + 4 * IRQ_SEI, asm_mark(INTERRUPTED));
    CHECK_EQ_U64(step(r, PRIV_S, ECALL), TRAPPED_M);
    h->mie = 0xaaa;
    h->mip_lines = MIP_BIT(IRQ_MTI);
    CHECK_EQ_U64(step(r, PRIV_S, ECALL), INTERRUPTED);
    CHECK_EQ_U64(h->mcause, CAUSE_INTERRUPT | IRQ_MTI);
    h->mip_lines = MIP_BIT(IRQ_SEI);
    h->mideleg = 0x222;
    CHECK_EQ_U64(step(r, PRIV_U, ECALL), INTERRUPTED);
    CHECK_EQ_U64(h->scause, CAUSE_INTERRUPT | IRQ_SEI);
    rig_free(r);
}

static void test_mret_pops_the_stack_and_drops_mprv(void)
{
    static const enum priv modes[] = {PRIV_U, PRIV_S, PRIV_M};

    for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
        enum priv to = modes[i];
        struct hart_rig *r = step_rig();
        struct hart *h = r->hart;

        poke32(r, CODE + 0x80, asm_mark(9));
        h->mepc = CODE + 0x80;
        h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, to) | MSTATUS_MPRV | MSTATUS_MPIE;
        CHECK_EQ_U64(step(r, PRIV_M, asm_r(OP_mret, 0, 0, 0)), 9);
        CHECK_EQ_U64(h->priv, to);
        CHECK_EQ_U64(FGET(h->mstatus, MSTATUS_MPP), PRIV_U);
        CHECK_EQ_U64(h->mstatus & (MSTATUS_MIE | MSTATUS_MPIE), MSTATUS_MIE | MSTATUS_MPIE);
        CHECK_EQ_U64(!!(h->mstatus & MSTATUS_MPRV), to == PRIV_M);
        rig_free(r);
    }
}

static void test_sret_pops_the_stack_and_drops_mprv(void)
{
    for (unsigned to = 0; to < 2; to++)
        for (unsigned from = PRIV_S; from <= PRIV_M; from += 2) {
            struct hart_rig *r = step_rig();
            struct hart *h = r->hart;

            poke32(r, CODE + 0x80, asm_mark(9));
            h->sepc = CODE + 0x80;
            h->mstatus |= (to ? MSTATUS_SPP : 0) | MSTATUS_SIE | MSTATUS_MPRV;
            h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_M);
            CHECK_EQ_U64(step(r, (enum priv)from, asm_r(OP_sret, 0, 0, 0)), 9);
            CHECK_EQ_U64(h->priv, to);
            CHECK_EQ_U64(h->mstatus & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_MPRV),
                         MSTATUS_SPIE);
            rig_free(r);
        }
}

/* Which of the three the instruction does in U, S and M, as a string of u (illegal) or . */
static const char *who_may(uint32_t word, uint64_t status)
{
    static char text[4];

    for (unsigned n = 0; n < 3; n++) {
        struct hart_rig *r = step_rig();
        struct hart *h = r->hart;
        unsigned mark;

        h->mstatus |= status;
        h->mepc = h->sepc = CODE + 4;
        h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_M);
        h->mie = h->mip_soft = MIP_BIT(IRQ_SSI); /* so that wfi does not wait */
        h->mideleg = MIP_BIT(IRQ_SSI);
        h->mstatus |= MSTATUS_SPP;
        if (n == 0)
            h->mie = 0;
        mark = step(r, (enum priv[]){PRIV_U, PRIV_S, PRIV_M}[n], word);
        text[n] = mark == WENT_ON ? '.' : mark == TRAPPED_M && h->mcause == CAUSE_ILLEGAL ? 'x'
                                                                                          : '?';
        if (text[n] == 'x')
            CHECK_EQ_U64(h->mtval, word);
        rig_free(r);
    }
    return text;
}

static void test_tvm_tw_and_tsr_trap_in_s(void)
{
    const uint32_t sfence = asm_r(OP_sfence_vma, 0, 0, 0), sinval = asm_r(OP_sinval_vma, 0, 0, 0);

    CHECK_EQ_STR(who_may(sfence, 0), "x..");
    CHECK_EQ_STR(who_may(sfence, MSTATUS_TVM), "xx.");
    CHECK_EQ_STR(who_may(sinval, 0), "x..");
    CHECK_EQ_STR(who_may(sinval, MSTATUS_TVM), "xx.");
    CHECK_EQ_STR(who_may(asm_r(OP_sfence_w_inval, 0, 0, 0), MSTATUS_TVM), "x..");
    CHECK_EQ_STR(who_may(asm_r(OP_sfence_inval_ir, 0, 0, 0), MSTATUS_TVM), "x..");
    CHECK_EQ_STR(who_may(asm_csrr(1, 0x180), 0), "x..");
    CHECK_EQ_STR(who_may(asm_csrr(1, 0x180), MSTATUS_TVM), "xx.");
    CHECK_EQ_STR(who_may(asm_csrw(0x180, 0), MSTATUS_TVM), "xx.");
    CHECK_EQ_STR(who_may(asm_r(OP_wfi, 0, 0, 0), 0), "x..");
    CHECK_EQ_STR(who_may(asm_r(OP_wfi, 0, 0, 0), MSTATUS_TW), "xx.");
    CHECK_EQ_STR(who_may(asm_r(OP_sret, 0, 0, 0), 0), "x..");
    CHECK_EQ_STR(who_may(asm_r(OP_sret, 0, 0, 0), MSTATUS_TSR), "xx.");
    CHECK_EQ_STR(who_may(asm_r(OP_mret, 0, 0, 0), 0), "xx.");
    CHECK_EQ_STR(who_may(asm_csrr(1, 0x300), 0), "xx.");
    CHECK_EQ_STR(who_may(asm_csrr(1, 0x100), 0), "x..");
}

static void test_wfi_waits_for_what_mie_enables(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;

    poke32(r, CODE, asm_r(OP_wfi, 0, 0, 0));
    poke32(r, CODE + 4, asm_mark(WENT_ON));
    h->mie = MIP_BIT(IRQ_MTI);
    hart_drive(h, IRQ_MSI, true); /* pending, not enabled */
    h->pc = CODE;
    CHECK_EQ_U64(rig_run(r, 1000), STOP_WFI);
    CHECK(h->idle);
    CHECK(!hart_wakes(h));
    CHECK_EQ_U64(h->pc, CODE + 4);
    hart_drive(h, IRQ_MTI, true);
    CHECK(hart_wakes(h));
    r->clock.now = 5 * PS_PER_S;
    hart_wake(h, r->clock.now);
    /* Globally disabled: it goes on behind wfi. */
    CHECK_EQ_U64(rig_run(r, 1000), STOP_MARK);
    CHECK_EQ_U64(h->mark, WENT_ON);
    CHECK(hart_now(h) >= 5 * PS_PER_S);
    /* Pending already: does not wait; enabled: the interrupt returns to behind wfi. */
    CHECK_EQ_U64(step(r, PRIV_M, asm_r(OP_wfi, 0, 0, 0)), WENT_ON);
    CHECK_EQ_U64(step(r, PRIV_S, asm_i(OP_addi, 0, 0, 0)), TRAPPED_M);
    rig_free(r);
}

static void test_a_set_or_clear_of_mip_leaves_the_line_of_seip_alone(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;

    hart_drive(h, IRQ_SEI, true);
    h->x[6] = MIP_BIT(IRQ_SSI);
    CHECK_EQ_U64(step(r, PRIV_M, asm_i(OP_csrrs, 7, 6, MIP)), WENT_ON);
    CHECK_EQ_U64(h->x[7], MIP_BIT(IRQ_SEI)); /* reads as the OR (3.1.9) */
    hart_drive(h, IRQ_SEI, false);
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_SSI));
    /* And software's own bit is set and cleared under the line. */
    hart_drive(h, IRQ_SEI, true);
    h->x[6] = MIP_BIT(IRQ_SEI);
    CHECK_EQ_U64(step(r, PRIV_M, asm_i(OP_csrrs, 0, 6, MIP)), WENT_ON);
    hart_drive(h, IRQ_SEI, false);
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_SSI) | MIP_BIT(IRQ_SEI));
    CHECK_EQ_U64(step(r, PRIV_M, asm_i(OP_csrrc, 0, 6, MIP)), WENT_ON);
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_SSI));
    rig_free(r);
}

static void test_sip_and_sie_show_what_is_delegated(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;

    csr_write(r, MIE, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, MIE), 0xaaa);
    CHECK_EQ_U64(csr_read(r, 0x104), 0);
    h->mip_lines = 0xa88;
    csr_write(r, MIP, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, MIP), 0xaaa);
    CHECK_EQ_U64(csr_read(r, 0x144), 0);
    csr_write(r, MIDELEG, MIP_BIT(IRQ_SSI) | MIP_BIT(IRQ_SEI));
    CHECK_EQ_U64(csr_read(r, 0x144), 0x202);
    CHECK_EQ_U64(csr_read(r, 0x104), 0x202);
    csr_write(r, 0x104, 0);
    CHECK_EQ_U64(csr_read(r, MIE), 0x8a8);
    csr_write(r, 0x144, 0); /* only SSIP is S's to write */
    CHECK_EQ_U64(csr_read(r, MIP), 0xaa8);
    csr_write(r, MIDELEG, 0);
    csr_write(r, 0x144, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, MIP), 0xaa8);
    rig_free(r);
}

static void test_an_interrupt_enabled_by_a_csr_write_is_taken_at_once(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;

    h->mie = h->mip_soft = MIP_BIT(IRQ_SSI);
    poke32(r, CODE, asm_i(OP_csrrsi, 0, 8, MSTATUS)); /* MIE */
    poke32(r, CODE + 4, asm_i(OP_addi, 1, 0, 1));
    poke32(r, CODE + 8, asm_mark(WENT_ON));
    CHECK_EQ_U64(go(r, CODE), TRAPPED_M);
    CHECK_EQ_U64(h->mepc, CODE + 4);
    CHECK_EQ_U64(h->x[1], 0);
    rig_free(r);
}

static void test_illegal_instructions_report_their_bits(void)
{
    static const uint32_t words[] = {0x00000000, 0xffffffff, 0x0000707b, 0x00009c61, 0x82c58533};
    struct hart_rig *r = step_rig();

    for (unsigned n = 0; n < ARRAY_LEN(words); n++) {
        bool half = (words[n] & 3) != 3;

        CHECK_EQ_U64(step(r, PRIV_M, words[n]), TRAPPED_M);
        CHECK_EQ_U64(r->hart->mcause, CAUSE_ILLEGAL);
        CHECK_EQ_U64(r->hart->mtval, half ? words[n] & 0xffff : words[n]);
    }
    /* Floating point that is off; its bits come from memory. */
    CHECK_EQ_U64(step(r, PRIV_M, asm_r(OP_fadd_d, 1, 2, 3)), TRAPPED_M);
    CHECK_EQ_U64(r->hart->mtval, asm_r(OP_fadd_d, 1, 2, 3));
    CHECK_EQ_U64(step(r, PRIV_M, 0x2188 /* c.fld fa0, 0(a1) */), TRAPPED_M);
    CHECK_EQ_U64(r->hart->mtval, 0x2188);
    CHECK_EQ_U64(step(r, PRIV_M, asm_csrr(1, 3)), TRAPPED_M);
    rig_free(r);
}

/* A trap whose handler cannot be fetched, at the level where a trap costs nothing. */
static void test_time_goes_on_when_no_handler_can_be_reached(void)
{
    struct hart_rig *r = rig_new(TIMING_OFF);

    r->hart->pc = r->hart->mtvec = 0;
    CHECK_EQ_U64(rig_run(r, 1000), STOP_LIMIT);
    CHECK_EQ_U64(r->hart->mcause, CAUSE_FETCH_ACCESS);
    CHECK_EQ_U64(r->hart->instret, 0);
    r->hart->mie = r->hart->mip_lines = MIP_BIT(IRQ_MTI);
    CHECK_EQ_U64(rig_run(r, 1000), STOP_LIMIT);
    rig_free(r);
}

static void test_fs_becomes_dirty_by_what_changes_fp_state(void)
{
    struct hart_rig *r = step_rig();
    struct hart *h = r->hart;
    const uint64_t initial = UINT64_C(1) << 13;

    h->mstatus |= initial;
    CHECK_EQ_U64(step(r, PRIV_M, asm_csrr(1, 3)), WENT_ON);
    CHECK_EQ_U64(csr_read(r, MSTATUS) & (MSTATUS_FS | MSTATUS_SD), initial);
    CHECK_EQ_U64(step(r, PRIV_M, asm_r(OP_fmv_d_x, 1, 0, 0)), WENT_ON);
    CHECK_EQ_U64(csr_read(r, MSTATUS) & (MSTATUS_FS | MSTATUS_SD), MSTATUS_FS | MSTATUS_SD);
    CHECK_EQ_U64(csr_read(r, 0x100) & (MSTATUS_FS | MSTATUS_SD), MSTATUS_FS | MSTATUS_SD);
    h->mstatus = (h->mstatus & ~MSTATUS_FS) | initial;
    CHECK_EQ_U64(step(r, PRIV_M, asm_csrw(1, 0)), WENT_ON);
    CHECK_EQ_U64(csr_read(r, MSTATUS) & MSTATUS_FS, MSTATUS_FS);
    /* A flag raised by a comparison, whose result is an integer. */
    h->mstatus = (h->mstatus & ~MSTATUS_FS) | initial;
    h->f[1] = UINT64_C(0x7ff0000000000001);
    CHECK_EQ_U64(step(r, PRIV_M, asm_r(OP_feq_d, 1, 1, 1)), WENT_ON);
    CHECK_EQ_U64(csr_read(r, 3), 0x10);
    CHECK_EQ_U64(csr_read(r, MSTATUS) & MSTATUS_FS, MSTATUS_FS);
    /* A faulting load changes nothing. */
    h->mstatus = (h->mstatus & ~MSTATUS_FS) | initial;
    h->x[2] = 0x10;
    CHECK_EQ_U64(step(r, PRIV_M, asm_i(OP_fld, 1, 2, 0)), TRAPPED_M);
    CHECK_EQ_U64(csr_read(r, MSTATUS) & MSTATUS_FS, initial);
    rig_free(r);
}

TEST_MAIN(test_exceptions_go_to_m_unless_delegated, test_medeleg_cannot_delegate_ecall_from_m,
          test_interrupts_are_taken_by_level_then_priority,
          test_vectored_mode_is_for_interrupts_only, test_mret_pops_the_stack_and_drops_mprv,
          test_sret_pops_the_stack_and_drops_mprv, test_tvm_tw_and_tsr_trap_in_s,
          test_wfi_waits_for_what_mie_enables,
          test_a_set_or_clear_of_mip_leaves_the_line_of_seip_alone,
          test_sip_and_sie_show_what_is_delegated,
          test_an_interrupt_enabled_by_a_csr_write_is_taken_at_once,
          test_illegal_instructions_report_their_bits,
          test_time_goes_on_when_no_handler_can_be_reached,
          test_fs_becomes_dirty_by_what_changes_fp_state)
