/* SPDX-License-Identifier: Apache-2.0 */
/* The AIA's CSRs (AIA 1.0 chapters 2, 3, 5): windows into the interrupt files, *topei, *topi. */
#include "asm.h"

enum { SISELECT = 0x150, SIREG = 0x151, STOPEI = 0x15c, STOPI = 0xdb0, MISELECT = 0x350,
       MIREG = 0x351, MTOPEI = 0x35c, MTOPI = 0xfb0, MIE = 0x304, MIP = 0x344 };
enum { EIDELIVERY = 0x70, EITHRESHOLD = 0x72, EIP0 = 0x80, EIE0 = 0xc0 };

static struct imsic imsic;

static struct hart_rig *aia_rig(void)
{
    struct hart_rig *r = step_rig();
    struct imsic_config config = {.harts = 1};
    struct device_env env = {.name = "imsic", .clock = &r->clock, .trace = &r->trace,
                             .space = &r->space, .config = &config};

    CHECK_EQ_U64((uint64_t)imsic_class.init(&imsic, &env, NULL), 0);
    imsic_class.reset(&imsic);
    line_connect(&imsic.meip[0], hart_drive, r->hart, IRQ_MEI);
    line_connect(&imsic.seip[0], hart_drive, r->hart, IRQ_SEI);
    r->hart->imsic_m = &imsic.m[0];
    r->hart->imsic_s = &imsic.s[0];
    r->shared.aia = true;
    return r;
}

static void aia_free(struct hart_rig *r)
{
    if (imsic_class.fini)
        imsic_class.fini(&imsic);
    rig_free(r);
}

static unsigned read_s(struct hart_rig *r, unsigned csr, uint64_t *value)
{
    unsigned mark = step(r, PRIV_S, asm_csrr(5, csr));

    *value = r->hart->x[5];
    return mark;
}

static void test_ireg_reaches_only_the_registers_that_are_there(void)
{
    struct hart_rig *r = aia_rig();
    uint64_t v;

    for (unsigned select = 0; select < 0x120; select++) {
        bool iprio = select >= 0x30 && select < 0x40 && !(select & 1);
        bool file = select >= 0x70 && select < 0x80;
        bool array = select >= 0x80 && select < 0x100 && !(select & 1);
        unsigned want = iprio || file || array ? WENT_ON : TRAPPED_M;

        csr_write(r, SISELECT, select);
        CHECK_EQ_U64(csr_read(r, SISELECT), select);
        CHECK_EQ_U64(read_s(r, SIREG, &v), want);
        if (want == TRAPPED_M)
            CHECK_EQ_U64(r->hart->mcause, CAUSE_ILLEGAL);
        csr_write(r, MISELECT, select);
        CHECK_EQ_U64(step(r, PRIV_M, asm_csrr(5, MIREG)), want);
        CHECK_EQ_U64(step(r, PRIV_S, asm_csrr(5, MIREG)), TRAPPED_M);
    }
    aia_free(r);
}

static void s_ireg(struct hart_rig *r, unsigned select, uint64_t value)
{
    csr_write(r, SISELECT, select);
    csr_write(r, SIREG, value);
}

static void test_topei_shows_and_claims_the_lowest_identity(void)
{
    struct hart_rig *r = aia_rig();
    struct hart *h = r->hart;
    uint64_t v;

    s_ireg(r, EIE0, 0x70);
    s_ireg(r, EIP0, 0xf8);
    CHECK_EQ_U64(csr_read(r, MIP), 0); /* delivery is off */
    CHECK_EQ_U64(read_s(r, STOPEI, &v), WENT_ON);
    CHECK_EQ_U64(v, 4 << 16 | 4);
    s_ireg(r, EIDELIVERY, 1);
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_SEI));
    /* csrrw returns the claimed one and clears it alone. */
    h->x[5] = 0;
    CHECK_EQ_U64(step(r, PRIV_S, asm_i(OP_csrrw, 5, 0, STOPEI)), WENT_ON);
    CHECK_EQ_U64(h->x[5], 4 << 16 | 4);
    CHECK_EQ_U64(csr_read(r, STOPEI), 5 << 16 | 5);
    csr_write(r, SISELECT, EIP0);
    CHECK_EQ_U64(csr_read(r, SIREG), 0xe8);
    s_ireg(r, EITHRESHOLD, 5);
    CHECK_EQ_U64(csr_read(r, STOPEI), 0);
    CHECK_EQ_U64(csr_read(r, MIP), 0);
    s_ireg(r, EITHRESHOLD, 0);
    CHECK_EQ_U64(csr_read(r, MIP), MIP_BIT(IRQ_SEI));
    CHECK_EQ_U64(step(r, PRIV_S, asm_i(OP_csrrw, 5, 0, STOPEI)), WENT_ON);
    CHECK_EQ_U64(step(r, PRIV_S, asm_i(OP_csrrw, 5, 0, STOPEI)), WENT_ON);
    CHECK_EQ_U64(h->x[5], 6 << 16 | 6);
    CHECK_EQ_U64(csr_read(r, MIP), 0);
    /* The machine's file is another one. */
    CHECK_EQ_U64(csr_read(r, MTOPEI), 0);
    aia_free(r);
}

static void test_a_message_interrupts_its_mode(void)
{
    struct hart_rig *r = aia_rig();
    struct hart *h = r->hart;

    s_ireg(r, EIDELIVERY, 1);
    s_ireg(r, EIE0, 2);
    s_ireg(r, EIP0, 2);
    h->mie = h->mideleg = MIP_BIT(IRQ_SEI);
    CHECK_EQ_U64(step(r, PRIV_U, asm_i(OP_addi, 0, 0, 0)), TRAPPED_S);
    CHECK_EQ_U64(h->scause, CAUSE_INTERRUPT | IRQ_SEI);
    CHECK_EQ_U64(csr_read(r, STOPI), (uint64_t)IRQ_SEI << 16 | 1);
    CHECK_EQ_U64(csr_read(r, MTOPI), 0);
    h->mideleg = 0;
    CHECK_EQ_U64(csr_read(r, STOPI), 0);
    CHECK_EQ_U64(csr_read(r, MTOPI), (uint64_t)IRQ_SEI << 16 | 1);
    h->mie |= MIP_BIT(IRQ_MTI);
    hart_drive(h, IRQ_MTI, true);
    CHECK_EQ_U64(csr_read(r, MTOPI), (uint64_t)IRQ_MTI << 16 | 1);
    /* Read-only. */
    CHECK_EQ_U64(step(r, PRIV_M, asm_csrw(MTOPI, 0)), TRAPPED_M);
    aia_free(r);
}

TEST_MAIN(test_ireg_reaches_only_the_registers_that_are_there,
          test_topei_shows_and_claims_the_lowest_identity, test_a_message_interrupts_its_mode)
