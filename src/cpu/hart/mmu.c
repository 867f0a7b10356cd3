/* SPDX-License-Identifier: Apache-2.0 */
/* Address translation (privileged ISA 4.3 to 4.6; Svnapot, Svpbmt, Svadu), PMP (3.7), and the
 * numbers that stand for translation contexts in TLB tags.
 *
 * Contexts.  A cached translation belongs to (satp, mode); each such pair in use has a number of 12
 * bits, which is part of every tag.  So a change of address space or privilege flushes nothing, and
 * forgetting everything is handing out new numbers.  Invariants:
 *  1. A number is never given to a second context until all caches have been cleared.
 *  2. 0 is no number, so an entry of zeroes never matches. */
#include "cpu/hart/hart.h"

enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_A = 64, PTE_D = 128 };
#define PTE_N (UINT64_C(1) << 63)
#define PTE_PBMT_LSB 61
#define PTE_PBMT_BITS 2
#define PTE_RESERVED (UINT64_C(0x7f) << 54)

enum { MODE_SUM = 4, MODE_MXR = 8, MODE_FETCH = 16 };
enum { SATP_BARE = 0, SATP_SV39 = 8, SATP_SV57 = 10 };

static void clear_caches(struct hart *h)
{
    memset(h->tlb, 0, sizeof h->tlb);
    memset(h->fetch_tlb, 0, sizeof h->fetch_tlb);
    memset(h->jump, 0, sizeof h->jump);
    memset(h->contexts, 0, sizeof h->contexts);
    h->context_next = 1;
    h->context_victim = 0;
    h->large_pages = false;
}

static uint16_t context_number(struct hart *h, uint64_t satp, uint32_t mode)
{
    struct context *c;

    for (unsigned i = 0; i < CONTEXTS; i++)
        if (h->contexts[i].number && h->contexts[i].satp == satp && h->contexts[i].mode == mode)
            return h->contexts[i].number;
    if (h->context_next == CONTEXT_NUMBERS)
        clear_caches(h);
    c = &h->contexts[h->context_victim];
    h->context_victim = (h->context_victim + 1) % CONTEXTS;
    *c = (struct context){satp, mode, (uint16_t)h->context_next++};
    return c->number;
}

static enum priv data_priv(const struct hart *h)
{
    return (enum priv)(h->mstatus & MSTATUS_MPRV ? FGET(h->mstatus, MSTATUS_MPP) : h->priv);
}

void mmu_context_changed(struct hart *h)
{
    enum priv data = data_priv(h);
    uint32_t mode = data;

    if (data == PRIV_S && h->mstatus & MSTATUS_SUM)
        mode |= MODE_SUM;
    if (data != PRIV_M && h->mstatus & MSTATUS_MXR)
        mode |= MODE_MXR;
    h->context = context_number(h, data == PRIV_M ? 0 : h->satp, mode);
    h->fetch_context = context_number(h, h->priv == PRIV_M ? 0 : h->satp, h->priv | MODE_FETCH);
    /* The second look-up may have started the numbers anew. */
    h->context = context_number(h, data == PRIV_M ? 0 : h->satp, mode);
}

void mmu_flush(struct hart *h)
{
    memset(h->contexts, 0, sizeof h->contexts);
    h->large_pages = false;
    mmu_context_changed(h);
}

void mmu_flush_asid(struct hart *h, uint16_t asid)
{
    for (unsigned i = 0; i < CONTEXTS; i++)
        if (bits_get(h->contexts[i].satp, 59, 44) == asid)
            h->contexts[i].number = 0;
    mmu_context_changed(h);
}

void mmu_flush_address(struct hart *h, uint64_t va)
{
    uint64_t page = va >> PAGE_SHIFT;
    struct fetch_entry *f = &h->fetch_tlb[page % FETCH_TLB_ENTRIES];

    if (h->large_pages) {
        mmu_flush(h);
        return;
    }
    memset(&h->tlb[page % TLB_ENTRIES], 0, sizeof h->tlb[0]);
    /* Jump-cache entries of the page exist only if its fetch entry was made; it may have been
     * evicted since, so the page's jump entries are dropped whatever it holds: also that of an
     * instruction whose second half is in the page. */
    memset(f, 0, sizeof *f);
    for (unsigned i = 0; i < JUMP_CACHE_ENTRIES; i++)
        if (h->jump[i].pc >> PAGE_SHIFT == page || (h->jump[i].pc + 2) >> PAGE_SHIFT == page)
            h->jump[i].context = 0;
}

void mmu_protect_page(struct hart *h, uint64_t page)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        if (h->tlb[i].page == page)
            h->tlb[i].write_tag = 0;
}

/* ---- PMP ---- */

void pmp_changed(struct hart *h)
{
    mmu_flush(h);
}

/* [*first, *last] of entry i, both inclusive; false when it is off or empty. */
static bool pmp_range(const struct hart *h, unsigned i, uint64_t *first, uint64_t *last)
{
    uint64_t addr = h->pmpaddr[i], mask;

    switch (h->pmpcfg[i] >> 3 & 3) {
    case 1: /* TOR */
        *first = i ? h->pmpaddr[i - 1] << 2 : 0;
        *last = (addr << 2) - 1;
        return addr << 2 > *first;
    case 2: /* NA4 */
        *first = addr << 2;
        *last = *first + 3;
        return true;
    case 3: /* NAPOT */
        mask = addr ^ (addr + 1);
        *first = (addr & ~mask) << 2;
        *last = *first | (mask << 2 | 3);
        return true;
    default:
        return false;
    }
}

bool pmp_allows(const struct hart *h, uint64_t pa, uint64_t size, enum access access,
                enum priv priv, bool *whole_page)
{
    static const uint8_t needed[] = {[ACCESS_READ] = 1, [ACCESS_WRITE] = 2, [ACCESS_FETCH] = 4};
    uint64_t page = pa & ~(PAGE_BYTES - 1), end = pa + size - 1;

    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        uint64_t first, last;

        if (!pmp_range(h, i, &first, &last))
            continue;
        if (first <= page + PAGE_BYTES - 1 && last >= page &&
            (first > page || last < page + PAGE_BYTES - 1))
            *whole_page = false;
        if (end < first || pa > last)
            continue;
        if (pa < first || end > last)
            return false; /* matches some bytes only (3.7.1) */
        return (priv == PRIV_M && !(h->pmpcfg[i] & 0x80)) || h->pmpcfg[i] & needed[access];
    }
    /* No entry matches: M may, others may not when any PMP entry is implemented. */
    return priv == PRIV_M;
}

/* ---- page tables ---- */

static uint64_t page_fault(enum access access)
{
    return access == ACCESS_FETCH ? CAUSE_FETCH_PAGE
           : access == ACCESS_READ ? CAUSE_LOAD_PAGE : CAUSE_STORE_PAGE;
}

static uint64_t access_fault(enum access access)
{
    return access == ACCESS_FETCH ? CAUSE_FETCH_ACCESS
           : access == ACCESS_READ ? CAUSE_LOAD_ACCESS : CAUSE_STORE_ACCESS;
}

static bool permitted(const struct hart *h, uint64_t pte, enum access access, enum priv priv)
{
    if (pte & PTE_U ? priv == PRIV_S && (access == ACCESS_FETCH || !(h->mstatus & MSTATUS_SUM))
                    : priv == PRIV_U)
        return false;
    switch (access) {
    case ACCESS_FETCH: return pte & PTE_X;
    case ACCESS_WRITE: return pte & PTE_W;
    default: return pte & PTE_R || (h->mstatus & MSTATUS_MXR && pte & PTE_X);
    }
}

/* The leaf's own rules: alignment, NAPOT, memory type.  False: page fault. */
static bool leaf_valid(const struct hart *h, uint64_t pte, unsigned level)
{
    uint64_t ppn = bits_get(pte, 53, 10);

    if (ppn & mask_bits(level * 9))
        return false; /* misaligned superpage */
    if (pte & PTE_N && (level != 0 || (ppn & 15) != 8))
        return false; /* only 64-KiB NAPOT ranges exist */
    if (FGET(pte, PTE_PBMT) == 3 || (FGET(pte, PTE_PBMT) && !(h->menvcfg & ENVCFG_PBMTE)))
        return false;
    return true;
}

static uint64_t walk(struct hart *h, uint64_t va, enum access access, enum priv priv, bool peek,
                     uint64_t *pa)
{
    unsigned mode = (unsigned)bits_get(h->satp, 63, 60), levels = mode - SATP_SV39 + 3;
    uint64_t table = bits_get(h->satp, 43, 0) << PAGE_SHIFT;
    bool whole = true;

    if (sign_extend(va, 12 + 9 * levels) != (int64_t)va)
        return page_fault(access);
    for (unsigned level = levels; level-- > 0; ) {
        uint64_t where = table + bits_get(va, 20 + 9 * level, 12 + 9 * level) * 8, pte, want;
        uint8_t *host = space_host(h->m->space, where, 8), bytes[8];

        if (!host || !pmp_allows(h, where, 8, ACCESS_READ, PRIV_S, &whole))
            return access_fault(access);
        pte = le64_get(host);
        if (!(pte & PTE_V) || (pte & (PTE_R | PTE_W)) == PTE_W || pte & PTE_RESERVED)
            return page_fault(access);
        if (!(pte & (PTE_R | PTE_X))) {
            if (pte & (PTE_U | PTE_A | PTE_D | PTE_N | FMASK(PTE_PBMT)))
                return page_fault(access); /* reserved in pointers */
            table = bits_get(pte, 53, 10) << PAGE_SHIFT;
            continue;
        }
        if (!permitted(h, pte, access, priv) || !leaf_valid(h, pte, level))
            return page_fault(access);
        want = pte | PTE_A | (access == ACCESS_WRITE ? PTE_D : 0);
        if (want != pte && !peek) {
            if (!(h->menvcfg & ENVCFG_ADUE))
                return page_fault(access); /* Svade */
            le64_put(bytes, want); /* Svadu */
            if (!pmp_allows(h, where, 8, ACCESS_WRITE, PRIV_S, &whole) ||
                space_write(h->m->space, h->id, where, bytes, sizeof bytes))
                return access_fault(access);
        }
        if ((level > 0 || pte & PTE_N) && !peek)
            h->large_pages = true;
        want = bits_get(pte, 53, 10);
        if (pte & PTE_N)
            want = (want & ~UINT64_C(15)) | bits_get(va, 15, 12);
        want = (want & ~mask_bits(level * 9)) | (va >> PAGE_SHIFT & mask_bits(level * 9));
        *pa = want << PAGE_SHIFT | (va & (PAGE_BYTES - 1));
        return 0;
    }
    return page_fault(access);
}

/* Cause 0 is an exception too (misaligned fetch), but no translation ends in it. */
uint64_t mmu_translate(struct hart *h, uint64_t va, enum access access, uint64_t *pa, bool *whole)
{
    enum priv priv = access == ACCESS_FETCH ? (enum priv)h->priv : data_priv(h);
    uint64_t cause;

    *whole = true;
    if (priv == PRIV_M || bits_get(h->satp, 63, 60) == SATP_BARE) {
        if (va >> 56)
            return access_fault(access); /* beyond the physical address space */
        *pa = va;
    } else {
        cause = walk(h, va, access, priv, false, pa);
        if (cause)
            return cause;
    }
    if (!pmp_allows(h, *pa, 1, access, priv, whole))
        return access_fault(access);
    return 0;
}

uint64_t mmu_peek(struct hart *h, uint64_t va, uint64_t *pa)
{
    if (bits_get(h->satp, 63, 60) != SATP_BARE)
        return walk(h, va, ACCESS_READ, PRIV_S, true, pa);
    *pa = va;
    return 0;
}
