/* SPDX-License-Identifier: Apache-2.0 */
/* Address translation (privileged ISA 4.3 to 4.6, Svnapot, Svpbmt, Svade/Svadu, Svinval). */
#include "asm.h"

/* Executes a load, store or fetch at va; the cause, or 0. */
static uint64_t access(struct paged *p, enum priv priv, enum access access, uint64_t va)
{
    struct hart *h = p->h;
    unsigned mark;

    h->mcause = 99;
    h->x[10] = va;
    h->x[11] = UINT64_C(0x1122334455667788);
    if (access == ACCESS_FETCH) {
        set_priv(p->r, priv);
        mark = go(p->r, va);
        if (mark == TRAPPED_M)
            CHECK_EQ_U64(h->mepc, va);
    } else {
        mark = step_at(p->r, priv, priv == PRIV_U ? CODE_U : CODE,
                       access == ACCESS_READ ? asm_i(OP_ld, 12, 10, 0) : asm_s(OP_sd, 11, 10, 0));
    }
    if (mark == TRAPPED_M) {
        CHECK_EQ_U64(h->mtval, va);
        return h->mcause;
    }
    CHECK_EQ_U64(mark, WENT_ON);
    return 0;
}

static void test_leaves_at_every_level_of_every_mode(void)
{
    for (unsigned levels = 3; levels <= 5; levels++)
        for (unsigned level = 0; level < levels; level++) {
            struct paged p = paged_new(levels);
            unsigned bits = 12 + 9 * level;
            /* A low address, and one with the highest bit set. */
            uint64_t low = UINT64_C(5) << (bits < 30 ? 30 : bits), high = -(UINT64_C(1) << bits);
            uint64_t offset = (UINT64_C(0x200000) + 0x1238) & mask_bits(bits);
            uint64_t pa = (DATA & ~mask_bits(bits)) | offset;
            uint64_t base = (low >> (12 + 9 * levels - 1)) ? 0 : low;

            if (pa < RIG_RAM || pa >= RIG_RAM + RIG_RAM_BYTES)
                pa = 0; /* such a page begins at 0, where nothing is */
            if (pa)
                poke64(p.r, pa, 0x1234567800 + level);
            for (unsigned top = 0; top < 2; top++) {
                uint64_t va = top ? high : base;

                if (level == levels - 1 && !top)
                    continue; /* would need another slot than the code's */
                map(p.r, p.satp, &p.next, va, DATA & ~mask_bits(bits), level, RWXAD);
                p.h->x[12] = 0;
                CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, va + offset),
                             pa ? 0 : CAUSE_LOAD_ACCESS);
                if (pa)
                    CHECK_EQ_U64(p.h->x[12], 0x1234567800 + level);
            }
            rig_free(p.r);
        }
}

static void test_addresses_must_be_sign_extended(void)
{
    for (unsigned levels = 3; levels <= 5; levels++) {
        struct paged p = paged_new(levels);
        uint64_t top = UINT64_C(1) << (12 + 9 * levels - 1);

        map(p.r, p.satp, &p.next, -UINT64_C(0x1000), DATA, 0, RWXAD);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, -UINT64_C(0x1000)), 0);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, 2 * top - 0x1000), CAUSE_LOAD_PAGE);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, top), CAUSE_STORE_PAGE);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_FETCH, 2 * top + RIG_RAM), CAUSE_FETCH_PAGE);
        rig_free(p.r);
    }
}

/* The rules of 4.3.1 and 3.1.6.3 said once more. */
static bool may(uint64_t pte, enum priv priv, enum access access, bool sum, bool mxr)
{
    bool u = pte & U;

    if (priv == PRIV_U && !u)
        return false;
    if (priv == PRIV_S && u && (access == ACCESS_FETCH || !sum))
        return false;
    return access == ACCESS_FETCH ? pte & X : access == ACCESS_WRITE ? pte & W
                                            : (pte & R) || (mxr && pte & X);
}

static void test_permissions_of_all_kinds_of_page(void)
{
    static const uint64_t fault[] = {[ACCESS_READ] = CAUSE_LOAD_PAGE,
                                     [ACCESS_WRITE] = CAUSE_STORE_PAGE,
                                     [ACCESS_FETCH] = CAUSE_FETCH_PAGE};
    struct paged p = paged_new(3);

    poke32(p.r, DATA, asm_mark(WENT_ON));
    for (unsigned flags = 0; flags < 16; flags++) {
        uint64_t rwx = (flags & 7) << 1, pte = V | A | D | rwx | (flags & 8 ? U : 0);

        if (rwx == 0 || (rwx & (R | W)) == W)
            continue; /* pointer, reserved: below */
        map(p.r, p.satp, &p.next, VA, DATA, 0, pte);
        for (unsigned k = 0; k < 4; k++) {
            p.h->mstatus &= ~(MSTATUS_SUM | MSTATUS_MXR);
            p.h->mstatus |= (k & 1 ? MSTATUS_SUM : 0) | (k & 2 ? MSTATUS_MXR : 0);
            mmu_flush(p.h);
            for (unsigned a = ACCESS_READ; a <= ACCESS_FETCH; a++)
                for (unsigned priv = PRIV_U; priv <= PRIV_S; priv++) {
                    bool ok = may(pte, (enum priv)priv, (enum access)a, k & 1, k & 2);

                    poke32(p.r, DATA, asm_mark(WENT_ON));
                    /* Twice: by the walk, and by what it has cached. */
                    for (unsigned again = 0; again < 2; again++)
                        CHECK_EQ_U64(access(&p, (enum priv)priv, (enum access)a, VA),
                                     ok ? 0 : fault[a]);
                }
        }
    }
    rig_free(p.r);
}

static void test_reserved_encodings_fault(void)
{
    static const struct {
        const char *what;
        uint64_t pte;
        unsigned level;
    } cases[] = {
        {"invalid", RWXAD & ~V, 0},
        {"writable but not readable", V | A | D | W, 0},
        {"writable and executable, not readable", V | A | D | W | X, 0},
        {"pointer at the last level", V, 0},
        {"pointer with A", V | A, 1},
        {"pointer with D", V | D, 1},
        {"pointer with U", V | U, 1},
        {"pointer with N", V | UINT64_C(1) << 63, 1},
        {"pointer with PBMT", V | UINT64_C(1) << 61, 1},
        {"bit 54", RWXAD | UINT64_C(1) << 54, 0},
        {"bit 60", RWXAD | UINT64_C(1) << 60, 0},
        {"PBMT 3", RWXAD | UINT64_C(3) << 61, 0},
        {"NAPOT of another size", RWXAD | UINT64_C(1) << 63 | UINT64_C(4) << 10, 0},
        {"NAPOT of a superpage", RWXAD | UINT64_C(1) << 63, 1},
        {"misaligned superpage", RWXAD | UINT64_C(1) << 18, 1},
        {"not accessed", RWXAD & ~A, 0},
    };
    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct paged p = paged_new(3);
        uint64_t cause;

        csr_write(p.r, 0x30a, ENVCFG_PBMTE);
        map(p.r, p.satp, &p.next, VA, DATA, cases[n].level, cases[n].pte);
        cause = access(&p, PRIV_S, ACCESS_READ, VA);
        if (cause != CAUSE_LOAD_PAGE)
            printf("%s:\n", cases[n].what);
        CHECK_EQ_U64(cause, CAUSE_LOAD_PAGE);
        rig_free(p.r);
    }
}

static void test_pbmt_needs_its_enable(void)
{
    struct paged p = paged_new(3);

    for (unsigned pbmt = 1; pbmt <= 2; pbmt++) {
        map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD | (uint64_t)pbmt << 61);
        csr_write(p.r, 0x30a, 0);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), CAUSE_LOAD_PAGE);
        csr_write(p.r, 0x30a, ENVCFG_PBMTE);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), 0);
    }
    rig_free(p.r);
}

static void test_a_napot_page_maps_sixteen(void)
{
    struct paged p = paged_new(4);

    for (unsigned n = 0; n < 16; n++) {
        map(p.r, p.satp, &p.next, VA + 0x1000 * n, DATA + 0x8000, 0, RWXAD | UINT64_C(1) << 63);
        poke64(p.r, DATA + 0x1000 * n + 8, 0x77000 + n);
    }
    for (unsigned n = 0; n < 16; n++) {
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA + 0x1000 * n + 8), 0);
        CHECK_EQ_U64(p.h->x[12], 0x77000 + n);
    }
    rig_free(p.r);
}

static void test_svade_faults_where_svadu_sets_the_bits(void)
{
    struct paged p = paged_new(3);
    uint64_t at = map(p.r, p.satp, &p.next, VA, DATA, 0, V | R | W | X);

    poke32(p.r, DATA, asm_mark(WENT_ON));
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), CAUSE_LOAD_PAGE);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA), CAUSE_STORE_PAGE);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_FETCH, VA), CAUSE_FETCH_PAGE);
    poke64(p.r, at, DATA >> 12 << 10 | V | R | W | X | A);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), 0);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA), CAUSE_STORE_PAGE);
    CHECK_EQ_U64(peek64(p.r, at) & 0xff, V | R | W | X | A);

    poke64(p.r, at, DATA >> 12 << 10 | V | R | W | X);
    csr_write(p.r, 0x30a, ENVCFG_ADUE);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), 0);
    CHECK_EQ_U64(peek64(p.r, at) & 0xff, V | R | W | X | A);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA), 0);
    CHECK_EQ_U64(peek64(p.r, at) & 0xff, RWXAD);
    /* No bit is set by an access that is not permitted. */
    poke64(p.r, at, DATA >> 12 << 10 | V | R);
    mmu_flush(p.h);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA), CAUSE_STORE_PAGE);
    CHECK_EQ_U64(peek64(p.r, at) & 0xff, V | R);
    rig_free(p.r);
}

static void test_a_table_that_cannot_be_read_is_an_access_fault(void)
{
    struct paged p = paged_new(3);

    /* A pointer to where nothing is. */
    map(p.r, p.satp, &p.next, VA, UINT64_C(0x10000000), 1, V);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA), CAUSE_STORE_ACCESS);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_FETCH, VA), CAUSE_FETCH_ACCESS);
    /* A leaf to where nothing is. */
    p.next = TABLES + 0x8000;
    map(p.r, p.satp, &p.next, VA + 0x200000, UINT64_C(0x10000000), 0, RWXAD);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA + 0x200000), CAUSE_LOAD_ACCESS);
    rig_free(p.r);
}

static void test_mprv_translates_data_and_not_fetches(void)
{
    struct paged p = paged_new(3);
    struct hart *h = p.h;

    map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD | U);
    poke64(p.r, DATA, 4711);
    h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_U);
    CHECK_EQ_U64(access(&p, PRIV_M, ACCESS_READ, VA), CAUSE_LOAD_ACCESS);
    h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_U) | MSTATUS_MPRV;
    CHECK_EQ_U64(access(&p, PRIV_M, ACCESS_READ, VA), 0);
    CHECK_EQ_U64(h->x[12], 4711);
    /* As S, U's page needs SUM. */
    h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_S) | MSTATUS_MPRV;
    CHECK_EQ_U64(access(&p, PRIV_M, ACCESS_READ, VA), CAUSE_LOAD_PAGE);
    h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_S) | MSTATUS_MPRV | MSTATUS_SUM;
    CHECK_EQ_U64(access(&p, PRIV_M, ACCESS_READ, VA), 0);
    h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_M) | MSTATUS_MPRV;
    CHECK_EQ_U64(access(&p, PRIV_M, ACCESS_READ, DATA), 0);
    rig_free(p.r);
}

static void test_atomics_fault_as_stores_and_lr_as_a_load(void)
{
    struct paged p = paged_new(3);
    struct hart *h = p.h;
    const uint32_t amo = asm_r(OP_amoadd_d, 12, 10, 11), lr = asm_r(OP_lr_d, 12, 10, 0),
                   sc = asm_r(OP_sc_d, 12, 10, 11);

    map(p.r, p.satp, &p.next, VA, DATA, 0, V | R | A);
    h->x[10] = VA;
    CHECK_EQ_U64(step(p.r, PRIV_S, lr), WENT_ON);
    CHECK_EQ_U64(step(p.r, PRIV_S, sc), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_STORE_PAGE);
    CHECK_EQ_U64(step(p.r, PRIV_S, amo), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_STORE_PAGE);
    h->x[10] = VA + 0x1000;
    CHECK_EQ_U64(step(p.r, PRIV_S, lr), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_LOAD_PAGE);
    CHECK_EQ_U64(step(p.r, PRIV_S, amo), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_STORE_PAGE);
    CHECK_EQ_U64(h->mtval, VA + 0x1000);
    h->x[10] = VA + 4;
    CHECK_EQ_U64(step(p.r, PRIV_S, lr), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_LOAD_MISALIGNED);
    CHECK_EQ_U64(step(p.r, PRIV_S, amo), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_STORE_MISALIGNED);
    rig_free(p.r);
}

static void test_a_crossing_access_faults_on_its_second_page_and_stores_nothing(void)
{
    struct paged p = paged_new(3);
    struct hart *h = p.h;

    map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);
    poke64(p.r, DATA + 0xff8, 0x5555);
    h->x[10] = VA + 0xffb;
    h->x[11] = UINT64_MAX;
    CHECK_EQ_U64(step(p.r, PRIV_S, asm_s(OP_sd, 11, 10, 0)), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_STORE_PAGE);
    CHECK_EQ_U64(h->mtval, VA + 0x1000);
    CHECK_EQ_U64(peek64(p.r, DATA + 0xff8), 0x5555);
    CHECK_EQ_U64(step(p.r, PRIV_S, asm_i(OP_lw, 12, 10, 2)), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_LOAD_PAGE);
    CHECK_EQ_U64(h->mtval, VA + 0x1000);
    CHECK_EQ_U64(step(p.r, PRIV_S, asm_i(OP_lw, 12, 10, 1)), WENT_ON);
    /* The pages need not be neighbours in memory. */
    map(p.r, p.satp, &p.next, VA + 0x1000, DATA + 0x5000, 0, RWXAD);
    h->x[11] = UINT64_C(0x8877665544332211);
    CHECK_EQ_U64(step(p.r, PRIV_S, asm_s(OP_sd, 11, 10, 0)), WENT_ON);
    CHECK_EQ_U64(peek64(p.r, DATA + 0xff8) >> 24, UINT64_C(0x5544332211));
    CHECK_EQ_U64(peek64(p.r, DATA + 0x5000), UINT64_C(0x887766));
    CHECK_EQ_U64(step(p.r, PRIV_S, asm_i(OP_ld, 12, 10, 0)), WENT_ON);
    CHECK_EQ_U64(h->x[12], h->x[11]);
    rig_free(p.r);
}

static void test_physical_addresses_have_56_bits(void)
{
    struct hart_rig *r = step_rig();

    r->hart->x[10] = UINT64_C(1) << 56 | DATA;
    CHECK_EQ_U64(step(r, PRIV_M, asm_i(OP_ld, 12, 10, 0)), TRAPPED_M);
    CHECK_EQ_U64(r->hart->mcause, CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(step(r, PRIV_S, asm_i(OP_ld, 12, 10, 0)), TRAPPED_M);
    CHECK_EQ_U64(r->hart->mcause, CAUSE_LOAD_ACCESS);
    set_priv(r, PRIV_M);
    CHECK_EQ_U64(go(r, UINT64_C(1) << 56 | CODE), TRAPPED_M);
    CHECK_EQ_U64(r->hart->mcause, CAUSE_FETCH_ACCESS);
    rig_free(r);
}

TEST_MAIN(test_leaves_at_every_level_of_every_mode, test_addresses_must_be_sign_extended,
          test_permissions_of_all_kinds_of_page, test_reserved_encodings_fault,
          test_pbmt_needs_its_enable, test_a_napot_page_maps_sixteen,
          test_svade_faults_where_svadu_sets_the_bits,
          test_a_table_that_cannot_be_read_is_an_access_fault,
          test_mprv_translates_data_and_not_fetches,
          test_atomics_fault_as_stores_and_lr_as_a_load,
          test_a_crossing_access_faults_on_its_second_page_and_stores_nothing,
          test_physical_addresses_have_56_bits)
