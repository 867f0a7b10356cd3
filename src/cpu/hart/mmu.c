/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that stand for translation contexts in TLB tags, and forgetting translations
 * (privileged ISA 4.2.1; Svinval).  docs/decisions/0005 has the reasons.
 *
 * A cached translation belongs to an address space (a value of satp) and a kind (enum number_kind);
 * each such pair in use has a number of 12 bits, which is part of every tag.  So a change of
 * address space or privilege flushes nothing, and forgetting is handing out a new number.
 *
 *     satp --> address_space --> number[kind] --+--> h->context, h->fetch_context, mmu.walk
 *                                               |
 *              common[scheme] --> number[kind] -+    S without SUM, as long as it has met nothing
 *                                                    but global pages in this address space
 *
 * Invariants:
 *  1. A number is never given to a second context until all caches have been cleared.
 *  2. 0 is no number, so an entry of zeroes never matches.
 *  3. Under a number of common[] there are translations of global pages only (G in the leaf or
 *     above it): who finds another calls mmu_own_supervisor before it is kept.
 *  4. A page with a fetch translation under a number in use is in `fetched`, a page above 4 KiB
 *     with any translation under one is in `large`. */
#include "cpu/hart/hart.h"

#define SHARED (1u << NUMBER_S | 1u << (NUMBER_S | NUMBER_MXR) | 1u << NUMBER_FETCH_S)
#define ANY_ASID -1
#define FILTER_BITS (FILTER_WORDS * 64)
#define FILTER_FULL (FILTER_BITS / 8)

static const uint8_t size_log2[PAGE_SIZES] = {12, 16, 21, 30, 39, 48};

static uint64_t mix(uint64_t v)
{
    v *= UINT64_C(0x9e3779b97f4a7c15);
    return v ^ v >> 32;
}

static unsigned satp_mode(uint64_t satp)
{
    return (unsigned)bits_get(satp, 63, 60);
}

static bool has_asid(const struct address_space *s, int asid)
{
    return asid == ANY_ASID || (int)bits_get(s->satp, 59, 44) == asid;
}

/* ---- page filters ---- */

static uint64_t *filter_at(struct page_filter *f, uint64_t va, enum page_size size, uint64_t *bit)
{
    uint64_t v = mix((va >> size_log2[size]) + ((uint64_t)size << 56));

    *bit = UINT64_C(1) << (v & 63);
    return &f->bits[(v >> 6) % FILTER_WORDS];
}

static void filter_add(struct page_filter *f, uint64_t va, enum page_size size)
{
    uint64_t bit, *word = filter_at(f, va, size, &bit);

    f->count += !(*word & bit);
    *word |= bit;
    f->sizes |= 1u << size;
}

/* Whether a page of this size at va may have been added. */
static bool filter_has(struct page_filter *f, uint64_t va, enum page_size size)
{
    uint64_t bit;

    return f->sizes >> size & 1 && *filter_at(f, va, size, &bit) & bit;
}

static bool filter_covers(struct page_filter *f, uint64_t va)
{
    for (unsigned size = 0; size < PAGE_SIZES; size++)
        if (filter_has(f, va, (enum page_size)size))
            return true;
    return false;
}

static void filter_clear(struct page_filter *f)
{
    if (f->count)
        memset(f, 0, sizeof *f);
}

void mmu_note_fetch(struct hart *h, uint64_t va, enum page_size size)
{
    filter_add(&h->mmu.fetched[h->priv == PRIV_S], va, size);
}

void mmu_note_large(struct hart *h, uint64_t va, enum page_size size)
{
    filter_add(&h->mmu.large, va, size);
}

/* ---- numbers ---- */

/* Everything that is translated loses its number, M does not. */
static void forget_spaces(struct mmu *m)
{
    for (unsigned i = 0; i < SPACES; i++)
        memset(m->space[i].number, 0, sizeof m->space[i].number);
    memset(m->common, 0, sizeof m->common);
    filter_clear(&m->large);
    filter_clear(&m->fetched[0]);
    filter_clear(&m->fetched[1]);
}

static void clear_caches(struct hart *h)
{
    memset(h->tlb, 0, sizeof h->tlb);
    memset(h->fetch_tlb, 0, sizeof h->fetch_tlb);
    h->fetch_count = 0;
    memset(h->jump, 0, sizeof h->jump);
    h->returns_epoch++;
    memset(h->mmu.entry, 0, sizeof h->mmu.entry);
    forget_spaces(&h->mmu);
    h->mmu.machine = h->mmu.machine_fetch = 0;
    h->mmu.next_number = 1;
}

/* The address space of satp, in place of an older one if it is new. */
static struct address_space *enter_space(struct hart *h)
{
    struct mmu *m = &h->mmu;
    unsigned mode = satp_mode(h->satp), base = (unsigned)mix(h->satp) % SPACE_SETS * SPACE_WAYS, i;

    for (i = base; i < base + SPACE_WAYS; i++)
        if (m->space[i].used && m->space[i].satp == h->satp)
            break;
    if (i == base + SPACE_WAYS) {
        i = base + m->victim++ % SPACE_WAYS;
        m->space[i] = (struct address_space){.satp = h->satp, .used = true};
        m->space[i].own = mode < SATP_SV39 || mode > SATP_SV57;
    }
    m->now = i;
    return &m->space[i];
}

static void give_number(struct mmu *m, struct address_space *s, unsigned kind)
{
    uint16_t *common;

    if (s->own || !(SHARED >> kind & 1)) {
        s->number[kind] = (uint16_t)m->next_number++;
        return;
    }
    common = &m->common[satp_mode(s->satp) - SATP_SV39][kind];
    if (!*common)
        *common = (uint16_t)m->next_number++;
    s->number[kind] = *common;
}

/* Numbers for all that is current. */
static void give_numbers(struct hart *h, struct address_space *s, unsigned kind, unsigned fetch)
{
    struct mmu *m = &h->mmu;

    if (m->next_number + 5 > CONTEXT_NUMBERS)
        clear_caches(h);
    if (!m->machine)
        m->machine = (uint16_t)m->next_number++;
    if (!m->machine_fetch)
        m->machine_fetch = (uint16_t)m->next_number++;
    if (!s->number[kind])
        give_number(m, s, kind);
    if (!s->number[fetch])
        give_number(m, s, fetch);
    if (!s->number[NUMBER_WALK])
        give_number(m, s, NUMBER_WALK);
}

void mmu_context_changed(struct hart *h)
{
    struct mmu *m = &h->mmu;
    struct address_space *s = &m->space[m->now];
    enum priv data = hart_data_priv(h);
    unsigned kind = data == PRIV_S, fetch = NUMBER_FETCH_U + (h->priv == PRIV_S);
    bool paged = satp_mode(h->satp) >= SATP_SV39;

    if (unlikely(s->satp != h->satp || !s->used))
        s = enter_space(h);
    if (data == PRIV_S && h->mstatus & MSTATUS_SUM)
        kind |= NUMBER_SUM;
    if (h->mstatus & MSTATUS_MXR)
        kind |= NUMBER_MXR;
    if (unlikely(!s->number[kind] || !s->number[fetch] || !s->number[NUMBER_WALK] || !m->machine))
        give_numbers(h, s, kind, fetch);
    h->context = data == PRIV_M ? m->machine : s->number[kind];
    h->fetch_context = h->priv == PRIV_M ? m->machine_fetch : s->number[fetch];
    m->walk = paged && data != PRIV_M ? s->number[NUMBER_WALK] : 0;
    m->fetch_walk = paged && h->priv != PRIV_M ? s->number[NUMBER_WALK] : 0;
    m->rule = (uint8_t)(kind | (s->own ? 0 : RULE_GLOBAL));
    m->fetch_rule = (uint8_t)(fetch | (s->own ? 0 : RULE_GLOBAL));
}

void mmu_own_supervisor(struct hart *h)
{
    struct address_space *s = &h->mmu.space[h->mmu.now];

    s->own = true;
    for (unsigned kind = 0; kind < NUMBER_KINDS; kind++)
        if (SHARED >> kind & 1)
            s->number[kind] = 0;
    mmu_context_changed(h);
}

/* ---- forgetting ---- */

void mmu_forget(struct hart *h)
{
    forget_spaces(&h->mmu);
    h->mmu.machine = h->mmu.machine_fetch = 0;
    mmu_context_changed(h);
}

void mmu_forget_fetches(struct hart *h)
{
    struct mmu *m = &h->mmu;

    memset(h->fetch_tlb, 0, sizeof h->fetch_tlb);
    h->fetch_count = 0;
    for (unsigned kind = NUMBER_FETCH_U; kind <= NUMBER_FETCH_S; kind++) {
        for (unsigned i = 0; i < SPACES; i++)
            m->space[i].number[kind] = 0;
        for (unsigned i = 0; i < sizeof m->common / sizeof m->common[0]; i++)
            m->common[i][kind] = 0;
        filter_clear(&m->fetched[kind == NUMBER_FETCH_S]);
    }
    m->machine_fetch = 0;
    mmu_context_changed(h);
}

void mmu_flush(struct hart *h)
{
    forget_spaces(&h->mmu);
    mmu_context_changed(h);
}

/* What is shared is global, and stays. */
void mmu_flush_asid(struct hart *h, uint16_t asid)
{
    struct mmu *m = &h->mmu;

    for (unsigned i = 0; i < SPACES; i++)
        if (has_asid(&m->space[i], asid))
            memset(m->space[i].number, 0, sizeof m->space[i].number);
    mmu_context_changed(h);
}

/* Fetches of U or S: nothing that any address space, or those of an ASID, have is used again. */
static void forget_fetches(struct hart *h, bool supervisor, int asid)
{
    struct mmu *m = &h->mmu;
    unsigned kind = NUMBER_FETCH_U + supervisor;

    if (m->fetched[supervisor].count > FILTER_FULL)
        asid = ANY_ASID;
    for (unsigned i = 0; i < SPACES; i++)
        if (has_asid(&m->space[i], asid))
            m->space[i].number[kind] = 0;
    if (asid == ANY_ASID) {
        for (unsigned i = 0; i < sizeof m->common / sizeof m->common[0]; i++)
            m->common[i][kind] = 0;
        filter_clear(&m->fetched[supervisor]);
    }
    mmu_context_changed(h);
}

/* Data translations of all 4-KiB pages in [va, va + bytes), both multiples of a page. */
static void forget_range(struct hart *h, uint64_t va, uint64_t bytes)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        struct tlb_entry *e = &h->tlb[i];

        if ((e->read_tag & ~(PAGE_BYTES - 1)) - va < bytes ||
            (e->write_tag & ~(PAGE_BYTES - 1)) - va < bytes)
            e->read_tag = e->write_tag = 0;
    }
}

static void flush_address(struct hart *h, uint64_t va, int asid)
{
    struct mmu *m = &h->mmu;

    memset(&h->tlb[(va >> PAGE_SHIFT) % TLB_ENTRIES], 0, sizeof h->tlb[0]);
    m->entry[(va >> WALK_SHIFT) % WALK_ENTRIES].tag = 0;
    for (unsigned size = PAGE_64K; size < PAGE_SIZES; size++)
        if (filter_has(&m->large, va, (enum page_size)size)) {
            uint64_t bytes = UINT64_C(1) << size_log2[size];
            forget_range(h, va & -bytes, bytes);
        }
    for (unsigned supervisor = 0; supervisor < 2; supervisor++)
        if (unlikely(filter_covers(&m->fetched[supervisor], va)))
            forget_fetches(h, supervisor, asid);
}

void mmu_flush_address(struct hart *h, uint64_t va)
{
    flush_address(h, va, ANY_ASID);
}

void mmu_flush_address_asid(struct hart *h, uint64_t va, uint16_t asid)
{
    flush_address(h, va, asid);
}

void mmu_protect_page(struct hart *h, uint64_t page)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        if (h->tlb[i].page == page)
            h->tlb[i].write_tag = 0;
}
