/* SPDX-License-Identifier: Apache-2.0 */
/* Physical memory protection (privileged ISA 3.7). */
#include "asm.h"

#define AREA (RIG_RAM + 0x200000)

enum { PR = 1, PW = 2, PX = 4, TOR = 8, NA4 = 0x10, NAPOT = 0x18, L = 0x80 };

/* A rig whose entry `last` opens all memory, so that those before it are what is tested. */
static struct hart_rig *pmp_rig(unsigned last)
{
    struct hart_rig *r = step_rig();

    r->hart->pmpcfg[0] = 0;
    r->hart->pmpaddr[0] = 0;
    r->hart->pmpcfg[last] = NAPOT | PR | PW | PX;
    r->hart->pmpaddr[last] = mask_bits(54);
    pmp_changed(r->hart);
    return r;
}

static void entry(struct hart_rig *r, unsigned n, unsigned cfg, uint64_t addr)
{
    uint64_t old;
    unsigned csr = 0x3a0 + n / 8 * 2;

    csr_write(r, 0x3b0 + n, addr);
    old = csr_read(r, csr);
    csr_write(r, csr, bits_set(old, n % 8 * 8 + 7, n % 8 * 8, cfg));
}

static uint64_t napot(uint64_t base, uint64_t size)
{
    return base >> 2 | (size / 8 - 1);
}

/* Cause of an access of `size`, 0 if it was done. */
static uint64_t touch(struct hart_rig *r, enum priv priv, enum access access, uint64_t at,
                      unsigned size)
{
    static const unsigned load[] = {[1] = OP_lb, [2] = OP_lh, [4] = OP_lw, [8] = OP_ld},
                          store[] = {[1] = OP_sb, [2] = OP_sh, [4] = OP_sw, [8] = OP_sd};
    unsigned mark;

    r->hart->x[10] = at;
    if (access == ACCESS_FETCH) {
        set_priv(r, priv);
        mark = go(r, at);
        CHECK(mark != TRAPPED_M || r->hart->mepc == at);
    } else {
        mark = step(r, priv, access == ACCESS_READ ? asm_i(load[size], 12, 10, 0)
                                                   : asm_s(store[size], 11, 10, 0));
    }
    if (mark != TRAPPED_M)
        return 0;
    CHECK_EQ_U64(r->hart->mtval, at);
    return r->hart->mcause;
}

static void test_without_a_match_only_m_may(void)
{
    struct hart_rig *r = step_rig();

    r->hart->pmpcfg[0] = 0;
    entry(r, 3, NAPOT | PR | PW | PX, napot(RIG_RAM, 0x200000));
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA, 8), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_U, ACCESS_WRITE, AREA, 8), CAUSE_STORE_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_FETCH, AREA, 4), CAUSE_FETCH_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_M, ACCESS_READ, AREA, 8), 0);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, RIG_RAM + 0x1ff000, 8), 0);
    rig_free(r);
}

static void test_each_permission_is_its_own(void)
{
    struct hart_rig *r = pmp_rig(1);

    for (unsigned rwx = 0; rwx < 8; rwx++) {
        bool w = (rwx & 3) != PW && rwx & PW; /* W without R is reserved: kept as neither */

        poke32(r, AREA, asm_mark(WENT_ON));
        entry(r, 0, NAPOT | rwx, napot(AREA, 4096));
        CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_FETCH, AREA, 4), rwx & PX ? 0 : CAUSE_FETCH_ACCESS);
        CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA, 8), rwx & PR ? 0 : CAUSE_LOAD_ACCESS);
        CHECK_EQ_U64(touch(r, PRIV_U, ACCESS_READ, AREA, 8), rwx & PR ? 0 : CAUSE_LOAD_ACCESS);
        CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_WRITE, AREA + 8, 8), w ? 0 : CAUSE_STORE_ACCESS);
        CHECK_EQ_U64(touch(r, PRIV_M, ACCESS_WRITE, AREA + 8, 8), 0);
        CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x1000, 8), 0);
    }
    rig_free(r);
}

static void test_na4_napot_and_tor_cover_what_they_say(void)
{
    struct hart_rig *r = pmp_rig(7);

    entry(r, 0, NA4, (AREA + 0x10) >> 2);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0xc, 4), 0);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x10, 4), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x13, 1), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x14, 4), 0);
    entry(r, 0, 0, 0);
    entry(r, 1, NAPOT, napot(AREA + 0x40, 16));
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x38, 8), 0);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x40, 8), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x48, 8), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x50, 8), 0);
    entry(r, 1, 0, 0);
    entry(r, 2, 0, (AREA + 0x100) >> 2);
    entry(r, 3, TOR, (AREA + 0x2004) >> 2);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0xf8, 8), 0);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x100, 8), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x1800, 8), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x2000, 4), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x2004, 4), 0);
    /* Entry 0 as TOR begins at 0; an empty or backward range matches nothing. */
    entry(r, 3, TOR, (AREA + 0x100) >> 2);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x100, 8), 0);
    entry(r, 3, TOR, (AREA + 0x80) >> 2);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x80, 8), 0);
    entry(r, 3, 0, 0);
    entry(r, 0, TOR, RIG_RAM >> 2);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA, 8), 0);
    rig_free(r);
}

static void test_the_lowest_entry_decides(void)
{
    struct hart_rig *r = pmp_rig(15);

    entry(r, 8, NAPOT | PR, napot(AREA, 4096));
    entry(r, 9, NAPOT | PR | PW, napot(AREA, 8192));
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_WRITE, AREA, 8), CAUSE_STORE_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_WRITE, AREA + 0x1000, 8), 0);
    entry(r, 2, NAPOT | PR | PW, napot(AREA, 64));
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_WRITE, AREA, 8), 0);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_WRITE, AREA + 64, 8), CAUSE_STORE_ACCESS);
    rig_free(r);
}

static void test_an_access_of_which_an_entry_matches_a_part_fails(void)
{
    struct hart_rig *r = pmp_rig(1);

    entry(r, 0, NA4 | PR | PW | PX, (AREA + 0x20) >> 2);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x20, 8), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_READ, AREA + 0x20, 4), 0);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_WRITE, AREA + 0x18, 8), 0);
    CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_WRITE, AREA + 0x1c, 8), CAUSE_STORE_ACCESS);
    /* In M too, locked or not (3.7.1). */
    CHECK_EQ_U64(touch(r, PRIV_M, ACCESS_READ, AREA + 0x20, 8), CAUSE_LOAD_ACCESS);
    rig_free(r);
}

static void test_locked_entries_bind_m_and_cannot_be_written(void)
{
    struct hart_rig *r = pmp_rig(7);

    entry(r, 1, NAPOT | PR | L, napot(AREA, 4096));
    CHECK_EQ_U64(touch(r, PRIV_M, ACCESS_READ, AREA, 8), 0);
    CHECK_EQ_U64(touch(r, PRIV_M, ACCESS_WRITE, AREA, 8), CAUSE_STORE_ACCESS);
    CHECK_EQ_U64(touch(r, PRIV_M, ACCESS_FETCH, AREA, 4), CAUSE_FETCH_ACCESS);
    csr_write(r, 0x3b1, 0);
    CHECK_EQ_U64(csr_read(r, 0x3b1), napot(AREA, 4096));
    csr_write(r, 0x3a0, 0);
    CHECK_EQ_U64(r->hart->pmpcfg[1], NAPOT | PR | L);
    CHECK_EQ_U64(r->hart->pmpcfg[7], 0);
    csr_write(r, 0x3b0, 77); /* not a bound of entry 1 */
    CHECK_EQ_U64(csr_read(r, 0x3b0), 77);
    /* A locked TOR locks its lower bound as well. */
    entry(r, 4, 0, 100);
    entry(r, 5, TOR | L, 200);
    csr_write(r, 0x3b4, 5);
    CHECK_EQ_U64(csr_read(r, 0x3b4), 100);
    csr_write(r, 0x3b5, 5);
    CHECK_EQ_U64(csr_read(r, 0x3b5), 200);
    rig_free(r);
}

static void test_registers_keep_what_they_can(void)
{
    struct hart_rig *r = step_rig();

    csr_write(r, 0x3b9, UINT64_MAX);
    CHECK_EQ_U64(csr_read(r, 0x3b9), mask_bits(54));
    csr_write(r, 0x3a2, UINT64_C(0x6060606060606062));
    CHECK_EQ_U64(csr_read(r, 0x3a2), 0); /* bits 5 and 6 are zero, W without R is reserved */
    csr_write(r, 0x3a2, UINT64_C(0x1f00000000000000));
    CHECK_EQ_U64(r->hart->pmpcfg[15], 0x1f);
    /* There are 16 entries, and no odd pmpcfg on RV64. */
    for (unsigned csr = 0x3a1; csr < 0x3b0; csr++)
        if (csr != 0x3a2) {
            CHECK_EQ_U64(step(r, PRIV_M, asm_csrr(5, csr)), TRAPPED_M);
            CHECK_EQ_U64(r->hart->mcause, CAUSE_ILLEGAL);
        }
    CHECK_EQ_U64(step(r, PRIV_M, asm_csrr(5, 0x3c0)), TRAPPED_M);
    rig_free(r);
}

static void test_mprv_is_checked_as_the_mode_it_names(void)
{
    struct hart_rig *r = pmp_rig(1);
    struct hart *h = r->hart;

    entry(r, 0, NAPOT, napot(AREA, 64));
    h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_S) | MSTATUS_MPRV;
    CHECK_EQ_U64(touch(r, PRIV_M, ACCESS_READ, AREA, 8), CAUSE_LOAD_ACCESS);
    h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_M) | MSTATUS_MPRV;
    CHECK_EQ_U64(touch(r, PRIV_M, ACCESS_READ, AREA, 8), 0);
    rig_free(r);
}

static void test_page_tables_are_read_with_the_rights_of_s(void)
{
    struct paged p = paged_new(3);

    map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);
    p.r->hart->pmpcfg[7] = NAPOT | PR | PW | PX;
    p.r->hart->pmpaddr[7] = mask_bits(54);
    entry(p.r, 0, NAPOT | PW | PX, napot(TABLES, 0x100000));
    CHECK_EQ_U64(touch(p.r, PRIV_S, ACCESS_FETCH, CODE, 4), CAUSE_FETCH_ACCESS);
    /* Readable is enough, unless bits are to be set in them. */
    entry(p.r, 0, NAPOT | PR, napot(TABLES, 0x100000));
    CHECK_EQ_U64(touch(p.r, PRIV_S, ACCESS_READ, VA, 8), 0);
    csr_write(p.r, 0x30a, ENVCFG_ADUE);
    map(p.r, p.satp, &p.next, VA + 0x1000, DATA, 0, V | R);
    CHECK_EQ_U64(touch(p.r, PRIV_S, ACCESS_READ, VA + 0x1000, 8), CAUSE_LOAD_ACCESS);
    rig_free(p.r);
}

/* Straight-line code up to a boundary within a page. */
static void test_fetches_stop_at_a_boundary_within_a_page(void)
{
    struct hart_rig *r = pmp_rig(7);
    struct hart *h = r->hart;

    for (unsigned n = 0; n < 4; n++)
        poke32(r, AREA + 4 * n, asm_i(OP_addi, 1, 1, 1));
    poke32(r, AREA + 16, asm_mark(WENT_ON));
    /* First in M, for which the whole line may be decoded. */
    set_priv(r, PRIV_M);
    CHECK_EQ_U64(go(r, AREA), WENT_ON);
    CHECK_EQ_U64(h->x[1], 4);
    entry(r, 0, NA4 | PR, (AREA + 8) >> 2);
    for (unsigned n = 0; n < 3; n++) {
        h->x[1] = 0;
        set_priv(r, PRIV_S);
        CHECK_EQ_U64(go(r, AREA), TRAPPED_M);
        CHECK_EQ_U64(h->mcause, CAUSE_FETCH_ACCESS);
        CHECK_EQ_U64(h->mepc, AREA + 8);
        CHECK_EQ_U64(h->mtval, AREA + 8);
        CHECK_EQ_U64(h->x[1], 2);
        set_priv(r, PRIV_M);
        h->x[1] = 0;
        CHECK_EQ_U64(go(r, AREA), WENT_ON);
        CHECK_EQ_U64(h->x[1], 4);
    }
    rig_free(r);
}

/* A jump, in a page that a boundary divides, to the forbidden part; and code on both sides. */
static void test_jumps_within_a_divided_page_are_checked(void)
{
    struct hart_rig *r = pmp_rig(7);
    struct hart *h = r->hart;

    poke32(r, AREA, asm_i(OP_addi, 1, 1, 1));
    poke32(r, AREA + 4, asm_j(0, 0x800));
    poke32(r, AREA + 0x804, asm_mark(WENT_ON));
    entry(r, 0, NAPOT | PR, napot(AREA + 0x800, 0x800));
    for (unsigned n = 0; n < 3; n++) {
        set_priv(r, PRIV_M);
        CHECK_EQ_U64(go(r, AREA), WENT_ON);
        set_priv(r, PRIV_S);
        CHECK_EQ_U64(go(r, AREA), TRAPPED_M);
        CHECK_EQ_U64(h->mcause, CAUSE_FETCH_ACCESS);
        CHECK_EQ_U64(h->mepc, AREA + 0x804);
    }
    /* An instruction of which the boundary cuts off the second half. */
    poke32(r, AREA + 0x7fe, asm_mark(WENT_ON));
    set_priv(r, PRIV_S);
    CHECK_EQ_U64(go(r, AREA + 0x7fe), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_FETCH_ACCESS);
    CHECK_EQ_U64(h->mepc, AREA + 0x7fe);
    rig_free(r);
}

static void test_code_in_a_divided_page_may_change(void)
{
    struct hart_rig *r = pmp_rig(7);
    struct hart *h = r->hart;

    entry(r, 0, NA4, (AREA + 0xf00) >> 2);
    for (unsigned n = 1; n < 4; n++) {
        poke32(r, AREA, asm_i(OP_addi, 1, 0, (int)n));
        poke32(r, AREA + 4, asm_mark(WENT_ON));
        CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_FETCH, AREA, 4), 0);
        CHECK_EQ_U64(h->x[1], n);
        h->x[11] = asm_i(OP_addi, 1, 0, 100);
        CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_WRITE, AREA, 4), 0);
        CHECK_EQ_U64(touch(r, PRIV_S, ACCESS_FETCH, AREA, 4), 0);
        CHECK_EQ_U64(h->x[1], 100);
    }
    rig_free(r);
}

static void test_a_cache_block_is_checked_as_a_whole(void)
{
    struct hart_rig *r = pmp_rig(7);
    struct hart *h = r->hart;

    csr_write(r, 0x30a, ENVCFG_CBZE | ENVCFG_CBCFE);
    poke64(r, AREA, 1);
    h->x[10] = AREA + 8;
    entry(r, 0, NA4 | PR, (AREA + 0x3c) >> 2);
    CHECK_EQ_U64(step(r, PRIV_S, asm_r(OP_cbo_zero, 0, 10, 4)), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_STORE_ACCESS);
    CHECK_EQ_U64(peek64(r, AREA), 1);
    entry(r, 0, NA4 | PR, (AREA + 0x40) >> 2);
    CHECK_EQ_U64(step(r, PRIV_S, asm_r(OP_cbo_zero, 0, 10, 4)), WENT_ON);
    CHECK_EQ_U64(peek64(r, AREA), 0);
    rig_free(r);
}

TEST_MAIN(test_without_a_match_only_m_may, test_each_permission_is_its_own,
          test_na4_napot_and_tor_cover_what_they_say, test_the_lowest_entry_decides,
          test_an_access_of_which_an_entry_matches_a_part_fails,
          test_locked_entries_bind_m_and_cannot_be_written, test_registers_keep_what_they_can,
          test_mprv_is_checked_as_the_mode_it_names,
          test_page_tables_are_read_with_the_rights_of_s,
          test_fetches_stop_at_a_boundary_within_a_page,
          test_jumps_within_a_divided_page_are_checked, test_code_in_a_divided_page_may_change,
          test_a_cache_block_is_checked_as_a_whole)
