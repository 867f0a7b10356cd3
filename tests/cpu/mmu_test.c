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

/* ---- what is cached, and what each fence forgets ---- */

/* Of no other page's place in the walk cache (the code's is VA's). */
#define APART (VA + 0x600000)

enum fence { FENCE_ALL, FENCE_ASID, FENCE_ADDRESS, FENCE_BOTH, FENCES };

static void fence(struct paged *p, enum fence form, uint64_t va, uint64_t asid)
{
    bool by_va = form == FENCE_ADDRESS || form == FENCE_BOTH;
    bool by_asid = form == FENCE_ASID || form == FENCE_BOTH;

    p->h->x[10] = va;
    p->h->x[11] = asid;
    CHECK_EQ_U64(step(p->r, PRIV_M, asm_r(OP_sfence_vma, 0, by_va ? 10 : 0, by_asid ? 11 : 0)),
                 WENT_ON);
}

/* The space of `satp` with another ASID. */
static uint64_t with_asid(uint64_t satp, uint64_t asid)
{
    return bits_set(satp, 59, 44, asid);
}

static void test_each_fence_forgets_pages_of_every_size(void)
{
    static const struct {
        unsigned level;
        uint64_t pages, flags;
    } sizes[] = {{0, 1, 0}, {0, 16, UINT64_C(1) << 63}, {1, 512, 0}, {2, 4 * 256, 0}};

    for (unsigned n = 0; n < ARRAY_LEN(sizes); n++)
        for (unsigned form = 0; form < FENCES; form++)
            for (unsigned k = 0; k < 8; k++) {
                struct paged p = paged_new(3 + n % 3);
                enum priv priv = k & 1 ? PRIV_S : PRIV_U;
                enum access kind = (enum access)(k / 2 % 3);
                /* k 6 and 7: of a global page; then the forms with an ASID need do nothing. */
                bool global = k >= 6 && !(form & 1);
                uint64_t flags = RWXAD | sizes[n].flags | (k & 1 ? 0 : U) | (global ? G : 0);
                uint64_t va = VA + (UINT64_C(4) << 30), pages = sizes[n].pages, at;
                uint64_t pa = n == 3 ? RIG_RAM : n == 1 ? DATA + 0x8000 : DATA;
                uint64_t base = n == 3 ? va + 0x200000 : va; /* 2 MiB of RAM, at DATA */

                pages = pages < 512 ? pages : 512;
                set_satp(p.r, with_asid(p.satp, 5));
                for (uint64_t i = 0; i < (n == 1 ? 16 : 1); i++)
                    at = map(p.r, p.satp, &p.next, va + 0x1000 * i, pa, sizes[n].level, flags);
                for (uint64_t i = 0; i < pages; i += pages > 16 ? 73 : 1) {
                    poke32(p.r, DATA + 0x1000 * i, asm_mark(WENT_ON));
                    CHECK_EQ_U64(access(&p, priv, kind, base + 0x1000 * i), 0);
                }
                for (uint64_t i = 0; i < (n == 1 ? 16 : 1); i++)
                    poke64(p.r, at - 8 * i, 0);
                fence(&p, (enum fence)form, base + 0x1000 * (pages / 2) + 0x123, 5);
                for (uint64_t i = 0; i < pages; i += pages > 16 ? 73 : 1)
                    CHECK(access(&p, priv, kind, base + 0x1000 * i) != 0);
                rig_free(p.r);
            }
}

/* Two spaces with the same code and global pages, and a page of each at VA. */
struct two {
    struct paged p;
    uint64_t satp[2], leaf[2];
};

static struct two two_new(uint64_t flags)
{
    struct two t = {.p = paged_new(4)};
    uint64_t root = t.p.next;

    t.p.next += 0x1000;
    t.satp[0] = with_asid(t.p.satp, 1);
    t.satp[1] = bits_set(with_asid(t.p.satp, 2), 43, 0, root >> 12);
    for (unsigned n = 0; n < 2; n++) {
        uint64_t at;
        for (at = 0; at < 0x4000; at += 0x1000) {
            map(t.p.r, t.satp[n], &t.p.next, RIG_RAM + at, RIG_RAM + at, 0, RWXAD | G);
            map(t.p.r, t.satp[n], &t.p.next, UINT64_C(0xc0000000) + at, RIG_RAM + at, 0,
                RWXAD | U);
        }
        t.leaf[n] = map(t.p.r, t.satp[n], &t.p.next, APART, DATA + 0x1000 * n, 0, flags);
        map(t.p.r, t.satp[n], &t.p.next, APART + 0x1000, DATA + 0x2000, 0, RWXAD | G);
        poke64(t.p.r, DATA + 0x1000 * n + 8, 100 + n);
        poke32(t.p.r, DATA + 0x1000 * n, asm_i(OP_addi, 13, 0, 200 + (int)n));
        poke32(t.p.r, DATA + 0x1000 * n + 4, asm_mark(WENT_ON));
    }
    poke32(t.p.r, DATA + 0x2000, asm_mark(WENT_ON));
    mmu_flush(t.p.h);
    return t;
}

static void check_two(struct two *t, unsigned n, enum priv priv)
{
    struct hart *h = t->p.h;

    set_satp(t->p.r, t->satp[n]);
    /* A global neighbour first: where its leaf is, is known then. */
    CHECK_EQ_U64(access(&t->p, PRIV_S, ACCESS_READ, APART + 0x1000), 0);
    CHECK_EQ_U64(access(&t->p, PRIV_S, ACCESS_FETCH, APART + 0x1000), 0);
    CHECK_EQ_U64(access(&t->p, priv, ACCESS_READ, APART + 8), 0);
    CHECK_EQ_U64(h->x[12], 100 + n);
    CHECK_EQ_U64(access(&t->p, priv, ACCESS_FETCH, APART), 0);
    CHECK_EQ_U64(h->x[13], 200 + n);
    CHECK_EQ_U64(access(&t->p, priv, ACCESS_WRITE, APART + 16), 0);
    CHECK_EQ_U64(peek64(t->p.r, DATA + 0x1000 * n + 16), h->x[11]);
    CHECK_EQ_U64(peek64(t->p.r, DATA + 0x1000 * !n + 16), 0);
    poke64(t->p.r, DATA + 0x1000 * n + 16, 0);
}

static void test_a_fence_renews_fetches_only_where_code_has_been(void)
{
    struct two t = two_new(RWXAD | G);
    struct paged p = t.p;
    struct hart *h = p.h;
    uint64_t s, u;

    set_satp(p.r, t.satp[0]);
    map(p.r, t.satp[0], &p.next, APART + 0x1000, DATA + 0x1000, 0, RWXAD | G);
    map(p.r, t.satp[0], &p.next, APART + 0x2000, DATA + 0x1000, 0, RWXAD | U);
    map(p.r, t.satp[0], &p.next, APART + 0x3000, DATA, 0, RWXAD | U);
    for (unsigned n = 0; n < 4; n += 2) {
        poke32(p.r, DATA + 0x1000, asm_mark(WENT_ON));
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_FETCH, APART + 0x1000), 0);
        s = h->fetch_context;
        CHECK_EQ_U64(access(&p, PRIV_U, ACCESS_FETCH, APART + 0x2000), 0);
        u = h->fetch_context;
        /* Pages of data: read, written, never touched. */
        h->mstatus |= MSTATUS_SUM;
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, APART + 0x3000), 0);
        h->mstatus &= ~MSTATUS_SUM;
        set_priv(p.r, PRIV_S);
        mmu_flush_address(h, APART);
        mmu_flush_address(h, APART + 0x3000);
        mmu_flush_address_asid(h, APART + 0x3000, 1);
        mmu_flush_address(h, APART + 0x5000);
        CHECK_EQ_U64(h->fetch_context, s);
        set_priv(p.r, PRIV_U);
        CHECK_EQ_U64(h->fetch_context, u);
        /* The user's code leaves the kernel's alone, and the other way round. */
        mmu_flush_address_asid(h, APART + 0x2000, 2);
        CHECK_EQ_U64(h->fetch_context, u);
        mmu_flush_address(h, APART + 0x2000);
        CHECK(h->fetch_context != u);
        u = h->fetch_context;
        set_priv(p.r, PRIV_S);
        CHECK_EQ_U64(h->fetch_context, s);
        mmu_flush_address(h, APART + 0x1000);
        CHECK(h->fetch_context != s);
        set_priv(p.r, PRIV_U);
        CHECK_EQ_U64(h->fetch_context, u);
        /* The kernel's own, global pages outlive an ASID. */
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_FETCH, APART + 0x1000), 0);
        s = h->fetch_context;
        mmu_flush_asid(h, 1);
        CHECK_EQ_U64(h->fetch_context, s);
        set_priv(p.r, PRIV_U);
        CHECK(h->fetch_context != u);
    }
    rig_free(p.r);
}

static void test_pages_that_are_not_global_belong_to_their_space(void)
{
    for (unsigned k = 0; k < 3; k++) {
        struct two t = two_new(RWXAD | (k == PRIV_U ? U : 0));
        enum priv priv = k == 0 ? PRIV_U : PRIV_S;

        if (k == 2) /* by what S reads with SUM as well */
            t.p.h->mstatus |= MSTATUS_SUM;
        for (unsigned n = 0; n < 4; n++) {
            set_satp(t.p.r, t.satp[n & 1]);
            CHECK_EQ_U64(access(&t.p, PRIV_S, ACCESS_READ, APART + 0x1000), 0);
            CHECK_EQ_U64(access(&t.p, priv, ACCESS_READ, APART + 8), 0);
            CHECK_EQ_U64(t.p.h->x[12], 100 + (n & 1));
        }
        for (unsigned n = 0; n < 8; n++) {
            check_two(&t, n & 1, priv);
            if (n == 5)
                mmu_flush_asid(t.p.h, 1);
            if (n == 6)
                mmu_flush(t.p.h);
        }
        rig_free(t.p.r);
    }
}

static void test_global_pages_are_cached_once_for_all_spaces(void)
{
    struct two t = two_new(RWXAD | U);
    struct hart *h = t.p.h;
    uint64_t data[2], fetch[2], user[2], far = APART + (UINT64_C(8) << 39);

    for (unsigned n = 0; n < 2; n++) {
        set_satp(t.p.r, t.satp[n]);
        CHECK_EQ_U64(access(&t.p, PRIV_S, ACCESS_READ, APART + 0x1000), 0);
        data[n] = h->context;
        fetch[n] = h->fetch_context;
        set_priv(t.p.r, PRIV_U);
        user[n] = h->context;
    }
    CHECK_EQ_U64(data[0], data[1]);
    CHECK_EQ_U64(fetch[0], fetch[1]);
    CHECK(user[0] != user[1]);
    /* A page of its own, and the space leaves; its neighbour stays. */
    poke64(t.p.r, t.leaf[1], peek64(t.p.r, t.leaf[1]) & ~(uint64_t)U);
    CHECK_EQ_U64(access(&t.p, PRIV_S, ACCESS_READ, APART), 0);
    CHECK(h->context != data[0]);
    CHECK(h->fetch_context != fetch[0]);
    set_satp(t.p.r, t.satp[0]);
    CHECK_EQ_U64(h->context, data[0]);
    CHECK_EQ_U64(access(&t.p, PRIV_S, ACCESS_READ, APART), CAUSE_LOAD_PAGE);
    /* G above the leaf is as good. */
    set_satp(t.p.r, t.satp[0]);
    for (unsigned n = 0; n < 2; n++) {
        uint64_t slot = ((t.satp[n] & mask_bits(44)) << 12) + (far >> 39) * 8;

        map(t.p.r, t.satp[n], &t.p.next, far, DATA, 0, RWXAD);
        poke64(t.p.r, slot, peek64(t.p.r, slot) | G);
    }
    CHECK_EQ_U64(access(&t.p, PRIV_S, ACCESS_READ, far), 0);
    CHECK_EQ_U64(access(&t.p, PRIV_S, ACCESS_WRITE, far), 0);
    CHECK_EQ_U64(h->context, data[0]);
    rig_free(t.p.r);
}

/* More spaces than a hart remembers, more contexts than it has numbers. */
static void test_spaces_and_numbers_may_run_out(void)
{
    struct two t = two_new(RWXAD);
    uint64_t roots[2] = {t.satp[0], t.satp[1]};

    for (uint64_t asid = 0; asid < 3000; asid++) {
        unsigned n = (unsigned)(asid * 7 + asid / 16) & 1;
        /* Each ASID comes back with its root. */
        uint64_t a = asid % 150;

        n = a & 1;
        t.satp[n] = with_asid(roots[n], a);
        check_two(&t, n, PRIV_S);
        if (asid % 11 == 0)
            mmu_flush(t.p.h);
    }
    rig_free(t.p.r);
}

static void test_sum_and_mxr_change_without_a_fence(void)
{
    struct paged p = paged_new(5);
    struct hart *h = p.h;

    map(p.r, p.satp, &p.next, VA, DATA, 0, V | R | W | A | D | U);
    map(p.r, p.satp, &p.next, VA + 0x1000, DATA, 0, V | R | W | A | D | G);
    map(p.r, p.satp, &p.next, VA + 0x2000, DATA, 0, V | X | A | G);
    map(p.r, p.satp, &p.next, VA + 0x3000, DATA, 0, V | X | A | U);
    for (unsigned n = 0; n < 12; n++) {
        bool sum = n & 1, mxr = n & 2;

        h->mstatus &= ~(MSTATUS_SUM | MSTATUS_MXR);
        h->mstatus |= (sum ? MSTATUS_SUM : 0) | (mxr ? MSTATUS_MXR : 0);
        for (unsigned again = 0; again < 2; again++) {
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), sum ? 0 : CAUSE_LOAD_PAGE);
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA), sum ? 0 : CAUSE_STORE_PAGE);
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA + 0x1000), 0);
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA + 0x2000), mxr ? 0 : CAUSE_LOAD_PAGE);
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA + 0x3000),
                         sum && mxr ? 0 : CAUSE_LOAD_PAGE);
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA + 0x2000), CAUSE_STORE_PAGE);
            CHECK_EQ_U64(access(&p, PRIV_U, ACCESS_READ, VA), 0);
            CHECK_EQ_U64(access(&p, PRIV_U, ACCESS_READ, VA + 0x1000), CAUSE_LOAD_PAGE);
            CHECK_EQ_U64(access(&p, PRIV_U, ACCESS_READ, VA + 0x3000), mxr ? 0 : CAUSE_LOAD_PAGE);
        }
    }
    rig_free(p.r);
}

static void test_the_first_store_sets_d_however_the_page_was_read(void)
{
    struct paged p = paged_new(3);
    uint64_t at = map(p.r, p.satp, &p.next, APART, DATA, 0, V | R | W | A | G);

    csr_write(p.r, 0x30a, ENVCFG_ADUE);
    for (unsigned form = 0; form < FENCES; form++) {
        for (unsigned n = 0; n < 3; n++)
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, APART), 0);
        CHECK_EQ_U64(peek64(p.r, at) & D, 0);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, APART), 0);
        CHECK_EQ_U64(peek64(p.r, at) & D, D);
        /* Clean again: global pages need a form without an ASID. */
        poke64(p.r, at, (peek64(p.r, at) & ~(uint64_t)D));
        fence(&p, form & FENCE_ASID ? FENCE_ADDRESS : (enum fence)form, APART, 0);
    }
    rig_free(p.r);
}

/* No cache decides that an access fails (Svvptc asks for less). */
static void test_what_becomes_valid_needs_no_fence(void)
{
    struct paged p = paged_new(3);
    uint64_t at = map(p.r, p.satp, &p.next, APART, DATA, 0, 0), up, old, other = p.next;

    p.next += 0x1000;
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, APART), CAUSE_LOAD_PAGE);
    map(p.r, p.satp, &p.next, APART + 0x1000, DATA, 0, RWXAD);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, APART + 0x1000), 0);
    poke64(p.r, at, DATA >> 12 << 10 | V | R | A);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, APART), 0);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, APART), CAUSE_STORE_PAGE);
    poke64(p.r, at, DATA >> 12 << 10 | RWXAD);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, APART), 0);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, APART + 0x2000), CAUSE_LOAD_PAGE);
    /* Another table takes the place of the one that is known. */
    up = ((p.satp & mask_bits(44)) << 12) + (APART >> 30) * 8;
    up = (peek64(p.r, up) >> 10 << 12) + (APART >> 21 & 511) * 8;
    old = peek64(p.r, up);
    poke64(p.r, other + 2 * 8, (DATA + 0x1000) >> 12 << 10 | RWXAD);
    poke64(p.r, DATA + 0x1000, 4711);
    poke64(p.r, up, other >> 12 << 10 | V);
    CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, APART + 0x2000), 0);
    CHECK_EQ_U64(p.h->x[12], 4711);
    /* And each fence, of one of its pages too, finds it where the old one would do. */
    for (unsigned form = 0; form < FENCES; form++) {
        uint64_t value = form & 1 ? 11 : 22;

        poke64(p.r, DATA + 0x2000, 11);
        poke64(p.r, DATA + 0x3000, 22);
        poke64(p.r, other, (DATA + 0x2000) >> 12 << 10 | RWXAD);
        poke64(p.r, at, (DATA + 0x3000) >> 12 << 10 | RWXAD);
        poke64(p.r, up, form & 1 ? other >> 12 << 10 | V : old);
        fence(&p, (enum fence)form, APART, 0);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, APART), 0);
        CHECK_EQ_U64(p.h->x[12], value);
    }
    rig_free(p.r);
}

static void test_a_large_page_that_is_split_is_forgotten_whole(void)
{
    struct paged p = paged_new(3);
    uint64_t at = map(p.r, p.satp, &p.next, VA, DATA, 1, RWXAD | U), table = p.next;

    for (uint64_t i = 0; i < 512; i += 31) {
        poke64(p.r, DATA + 0x1000 * i, i);
        CHECK_EQ_U64(access(&p, PRIV_U, ACCESS_READ, VA + 0x1000 * i), 0);
        poke64(p.r, table + 8 * i, (DATA + 0x1000 * (i ^ 1)) >> 12 << 10 | RWXAD | U);
        poke64(p.r, DATA + 0x1000 * (i ^ 1), 1000 + i);
    }
    poke64(p.r, at, table >> 12 << 10 | V);
    fence(&p, FENCE_ADDRESS, VA + 0x6000, 0);
    for (uint64_t i = 0; i < 512; i += 31) {
        CHECK_EQ_U64(access(&p, PRIV_U, ACCESS_READ, VA + 0x1000 * i), 0);
        CHECK_EQ_U64(p.h->x[12], 1000 + i);
    }
    CHECK_EQ_U64(access(&p, PRIV_U, ACCESS_READ, VA + 0x2000), CAUSE_LOAD_PAGE);
    rig_free(p.r);
}

static void test_reading_code_gives_no_right_to_change_it_unseen(void)
{
    struct paged p = paged_new(3);

    map(p.r, p.satp, &p.next, APART, DATA, 0, RWXAD);
    for (int n = 1; n < 5; n++) {
        poke32(p.r, DATA, asm_i(OP_addi, 13, 0, n));
        poke32(p.r, DATA + 4, asm_mark(WENT_ON));
        for (unsigned again = 0; again < 2; again++)
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_FETCH, APART), 0);
        mmu_flush(p.h);
        for (unsigned again = 0; again < 2; again++)
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, APART), 0);
        p.h->x[10] = APART;
        p.h->x[11] = asm_i(OP_addi, 13, 0, 100 + n);
        CHECK_EQ_U64(step(p.r, PRIV_S, asm_s(OP_sw, 11, 10, 0)), WENT_ON);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_FETCH, APART), 0);
        CHECK_EQ_U64(p.h->x[13], 100 + (unsigned)n);
    }
    rig_free(p.r);
}

/* Two pages of the same TLB index, and one that shows the same memory twice. */
static void test_pages_that_share_an_entry(void)
{
    struct paged p = paged_new(3);
    struct hart *h = p.h;
    uint64_t far = VA + (uint64_t)TLB_ENTRIES * 0x1000;

    map(p.r, p.satp, &p.next, VA, DATA, 0, RWXAD);
    map(p.r, p.satp, &p.next, far, DATA + 0x1000, 0, RWXAD);
    map(p.r, p.satp, &p.next, far + 0x200000, DATA, 0, V | R | A);
    for (unsigned n = 0; n < 4; n++) {
        poke64(p.r, DATA, 10 + n);
        poke64(p.r, DATA + 0x1000, 20 + n);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), 0);
        CHECK_EQ_U64(h->x[12], 10 + n);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, far), 0);
        CHECK_EQ_U64(h->x[12], 20 + n);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, VA), 0);
        CHECK_EQ_U64(peek64(p.r, DATA), h->x[11]);
        CHECK_EQ_U64(peek64(p.r, DATA + 0x1000), 20 + n);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, far + 0x200000), 0);
        CHECK_EQ_U64(h->x[12], h->x[11]);
        CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_WRITE, far + 0x200000), CAUSE_STORE_PAGE);
        /* Both go with a fence of one, if it is theirs. */
        if (n == 2) {
            mmu_flush_address(h, far);
            CHECK_EQ_U64(access(&p, PRIV_S, ACCESS_READ, VA), 0);
        }
    }
    rig_free(p.r);
}

TEST_MAIN(test_leaves_at_every_level_of_every_mode, test_addresses_must_be_sign_extended,
          test_permissions_of_all_kinds_of_page, test_reserved_encodings_fault,
          test_pbmt_needs_its_enable, test_a_napot_page_maps_sixteen,
          test_svade_faults_where_svadu_sets_the_bits,
          test_a_table_that_cannot_be_read_is_an_access_fault,
          test_mprv_translates_data_and_not_fetches,
          test_atomics_fault_as_stores_and_lr_as_a_load,
          test_a_crossing_access_faults_on_its_second_page_and_stores_nothing,
          test_physical_addresses_have_56_bits, test_each_fence_forgets_pages_of_every_size,
          test_a_fence_renews_fetches_only_where_code_has_been,
          test_pages_that_are_not_global_belong_to_their_space,
          test_global_pages_are_cached_once_for_all_spaces, test_spaces_and_numbers_may_run_out,
          test_sum_and_mxr_change_without_a_fence,
          test_the_first_store_sets_d_however_the_page_was_read,
          test_what_becomes_valid_needs_no_fence,
          test_a_large_page_that_is_split_is_forgotten_whole,
          test_reading_code_gives_no_right_to_change_it_unseen, test_pages_that_share_an_entry)
