/* SPDX-License-Identifier: Apache-2.0 */
/* Address translation (privileged ISA 4.3 to 4.6; Svnapot, Svpbmt, Svadu).
 *
 *     TLB miss --> mmu_reach: walk cache --> leaf, read anew --> everything allowed?  TLB filled
 *                       |                                               |
 *                       | no entry                                      | no: fault, A or D to set,
 *                       v                                               v NAPOT, MXR, device, ...
 *                  mmu_translate ----------> walk() from the root: decides, fills the walk cache
 *
 * The walk cache only says where a leaf is.  It never decides that an access fails, so that a table
 * that the guest has since replaced without a fence costs at most what the specification allows: an
 * old leaf that is still valid. */
#include "cpu/hart/hart.h"

enum {
    PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_G = 32, PTE_A = 64, PTE_D = 128,
};
#define PTE_N (UINT64_C(1) << 63)
#define PTE_PBMT_LSB 61
#define PTE_PBMT_BITS 2
#define PTE_RESERVED (UINT64_C(0x7f) << 54)
#define PTE_HIGH (UINT64_C(0x3ff) << 54) /* the three above */

/* ---- the short way ---- */

/* What the leaf of an access must be for the short way, by kind of context: pte & mask == value. */
struct rule {
    uint64_t mask, value;
};
#define NEVER {0, 1}
#define RULE(care, set) {PTE_HIGH | PTE_V | PTE_A | (care) | (set), PTE_V | PTE_A | (set)}
static const struct rule rules[2 * RULE_GLOBAL] = {
    [0] = RULE(0, PTE_R | PTE_U),
    [NUMBER_S] = RULE(PTE_U, PTE_R),
    [NUMBER_SUM] = NEVER,
    [NUMBER_S | NUMBER_SUM] = RULE(0, PTE_R),
    [NUMBER_MXR] = NEVER,
    [NUMBER_MXR | NUMBER_S] = NEVER,
    [NUMBER_MXR | NUMBER_SUM] = NEVER,
    [NUMBER_MXR | NUMBER_S | NUMBER_SUM] = NEVER,
    [NUMBER_FETCH_U] = RULE(0, PTE_X | PTE_U),
    [NUMBER_FETCH_S] = RULE(PTE_U, PTE_X),
    [RULE_GLOBAL] = RULE(0, PTE_R | PTE_U),
    [RULE_GLOBAL | NUMBER_S] = RULE(PTE_U, PTE_R | PTE_G),
    [RULE_GLOBAL | NUMBER_SUM] = NEVER,
    [RULE_GLOBAL | NUMBER_S | NUMBER_SUM] = RULE(0, PTE_R),
    [RULE_GLOBAL | NUMBER_MXR] = NEVER,
    [RULE_GLOBAL | NUMBER_MXR | NUMBER_S] = NEVER,
    [RULE_GLOBAL | NUMBER_MXR | NUMBER_SUM] = NEVER,
    [RULE_GLOBAL | NUMBER_MXR | NUMBER_S | NUMBER_SUM] = NEVER,
    [RULE_GLOBAL | NUMBER_FETCH_U] = RULE(0, PTE_X | PTE_U),
    [RULE_GLOBAL | NUMBER_FETCH_S] = RULE(PTE_U, PTE_X | PTE_G),
};

/* Tags of the walk cache: the 2-MiB range, the address space's number below, bit 63 set in all that
 * are in use (an address leaves it free). */
static uint64_t walk_tag(uint64_t va, uint64_t number)
{
    return UINT64_C(1) << 63 | va >> WALK_SHIFT << 12 | number;
}

static struct walk_entry *walk_entry(struct hart *h, uint64_t va)
{
    return &h->mmu.entry[(va >> WALK_SHIFT) % WALK_ENTRIES];
}

/* The leaf that w leads to, 0 unless the rule holds for it. */
static inline uint64_t leaf_of(const struct walk_entry *w, uint64_t va, uint64_t mask,
                               uint64_t value)
{
    uint64_t pte = le64_get(w->table + (va >> (PAGE_SHIFT - 3) & w->index_mask));

    /* The low bits of a superpage's number must be zero. */
    mask |= (w->offset & ~(PAGE_BYTES - 1)) >> 2;
    return likely((pte & mask) == value) ? pte : 0;
}

static inline uint64_t leaf_address(const struct walk_entry *w, uint64_t pte, uint64_t va)
{
    return (pte << 2 & ~(PAGE_BYTES - 1) & mask_bits(56)) | (va & w->offset);
}

uint8_t *mmu_reach(struct hart *h, uint64_t va, enum access access, uint64_t *pa)
{
    const struct mmu *m = &h->mmu;
    const struct walk_entry *w = walk_entry(h, va);
    const struct rule *rule = &rules[m->rule];
    uint64_t more = access == ACCESS_WRITE ? PTE_W | PTE_D : 0, pte, offset, tag;
    struct tlb_entry *e = &h->tlb[(va >> PAGE_SHIFT) % TLB_ENTRIES];
    uint8_t *host;
    bool code;

    if (unlikely(!m->walk || w->tag != walk_tag(va, m->walk)))
        return NULL;
    pte = leaf_of(w, va, rule->mask | more, rule->value | more);
    if (unlikely(!pte))
        return NULL;
    *pa = leaf_address(w, pte, va);
    offset = *pa - m->open_base;
    if (unlikely(offset >= m->open_bytes))
        return NULL;
    code = m->open_code[offset >> PAGE_SHIFT];
    if (unlikely(code && access == ACCESS_WRITE))
        return NULL;
    host = m->open_host + offset;
    tag = (va & ~(PAGE_BYTES - 1)) | h->context;
    e->read_tag = tag;
    e->write_tag = (pte & (PTE_W | PTE_D)) == (PTE_W | PTE_D) && !code ? tag : 0;
    e->addend = (uintptr_t)host - (uintptr_t)va;
    e->page = *pa >> PAGE_SHIFT;
    return host;
}

/* As mmu_reach for a fetch, without a TLB. */
static bool reach_code(struct hart *h, uint64_t va, uint64_t *pa)
{
    const struct mmu *m = &h->mmu;
    const struct walk_entry *w = walk_entry(h, va);
    const struct rule *rule = &rules[m->fetch_rule];
    uint64_t pte;

    if (!m->fetch_walk || w->tag != walk_tag(va, m->fetch_walk))
        return false;
    pte = leaf_of(w, va, rule->mask, rule->value);
    if (!pte || (pte & (PTE_R | PTE_W)) == PTE_W)
        return false;
    *pa = leaf_address(w, pte, va);
    if (*pa - m->open_base >= m->open_bytes)
        return false;
    mmu_note_fetch(h, va, w->level ? (enum page_size)(PAGE_64K + w->level) : PAGE_4K);
    return true;
}

/* ---- the walk ---- */

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

/* Host address of a page-table entry that may be read, or NULL. */
static const uint8_t *entry_at(struct hart *h, uint64_t where)
{
    uint64_t offset = where - h->mmu.open_base;
    bool whole;
    const uint8_t *host;

    if (likely(offset < h->mmu.open_bytes))
        return h->mmu.open_host + offset;
    host = space_host(h->m->space, where, 8);
    return host && pmp_allows(h, where, 8, ACCESS_READ, PRIV_S, &whole) ? host : NULL;
}

/* A leaf, and where it was found. */
struct leaf {
    uint64_t pte, where;
    unsigned level;
    bool global;
};

/* Finds the leaf of va and checks it: 0 or a cause. */
static uint64_t find_leaf(struct hart *h, uint64_t va, enum access access, enum priv priv,
                          struct leaf *l)
{
    unsigned levels = (unsigned)bits_get(h->satp, 63, 60) - SATP_SV39 + 3;
    uint64_t table = bits_get(h->satp, 43, 0) << PAGE_SHIFT;

    l->global = false;
    if (sign_extend(va, 12 + 9 * levels) != (int64_t)va)
        return page_fault(access);
    for (l->level = levels; l->level-- > 0; ) {
        const uint8_t *host;
        uint64_t pte;

        l->where = table + (va >> (12 + 9 * l->level) & 511) * 8;
        host = entry_at(h, l->where);
        if (unlikely(!host))
            return access_fault(access);
        pte = le64_get(host);
        l->global |= pte & PTE_G;
        if ((pte & (PTE_V | PTE_R | PTE_W | PTE_X)) == PTE_V) {
            if (pte & (PTE_U | PTE_A | PTE_D | PTE_HIGH))
                return page_fault(access); /* reserved in pointers */
            table = pte << 2 & ~(PAGE_BYTES - 1) & mask_bits(56);
            continue;
        }
        if (!(pte & PTE_V) || (pte & (PTE_R | PTE_W)) == PTE_W || pte & PTE_RESERVED ||
            !permitted(h, pte, access, priv) || !leaf_valid(h, pte, l->level))
            return page_fault(access);
        l->pte = pte;
        return 0;
    }
    return page_fault(access);
}

/* Sets A and D as the access needs (Svadu), or faults (Svade): 0 or a cause. */
static uint64_t mark_leaf(struct hart *h, enum access access, struct leaf *l)
{
    uint64_t want = l->pte | PTE_A | (access == ACCESS_WRITE ? PTE_D : 0);
    uint8_t bytes[8];
    bool whole;

    if (want == l->pte)
        return 0;
    if (!(h->menvcfg & ENVCFG_ADUE))
        return page_fault(access);
    le64_put(bytes, want);
    if (!pmp_allows(h, l->where, 8, ACCESS_WRITE, PRIV_S, &whole) ||
        space_write(h->m->space, h->id, l->where, bytes, sizeof bytes))
        return access_fault(access);
    l->pte = want;
    return 0;
}

static uint64_t leaf_pa(const struct leaf *l, uint64_t va)
{
    uint64_t ppn = bits_get(l->pte, 53, 10);

    if (l->pte & PTE_N)
        ppn = (ppn & ~UINT64_C(15)) | bits_get(va, 15, 12);
    ppn |= va >> PAGE_SHIFT & mask_bits(l->level * 9); /* it is zero there */
    return ppn << PAGE_SHIFT | (va & (PAGE_BYTES - 1));
}

static void remember(struct hart *h, uint64_t va, const struct leaf *l)
{
    struct walk_entry *w = walk_entry(h, va);
    uint64_t offset = l->where - h->mmu.open_base;
    uint16_t number = h->mmu.space[h->mmu.now].number[NUMBER_WALK];

    if (l->level)
        mmu_note_large(h, va, (enum page_size)(PAGE_64K + l->level));
    else if (l->pte & PTE_N)
        mmu_note_large(h, va, PAGE_64K);
    if (offset >= h->mmu.open_bytes)
        return;
    w->tag = walk_tag(va, number);
    w->level = l->level;
    w->index_mask = l->level ? 0 : (PAGE_BYTES - 1) & ~7u;
    w->table = h->mmu.open_host + (l->level ? offset : offset & ~(PAGE_BYTES - 1));
    w->offset = mask_bits(PAGE_SHIFT + 9 * l->level);
}

/* Translates in an address space: 0 or a cause.  May give the current contexts new numbers: a tag
 * must be made after it. */
static uint64_t walk(struct hart *h, uint64_t va, enum access access, enum priv priv, uint64_t *pa)
{
    struct leaf l;
    uint64_t cause = find_leaf(h, va, access, priv, &l);
    bool user_too = access != ACCESS_FETCH && h->mstatus & MSTATUS_SUM;

    if (!cause)
        cause = mark_leaf(h, access, &l);
    if (cause)
        return cause;
    if (!l.global && priv == PRIV_S && !user_too && !h->mmu.space[h->mmu.now].own)
        mmu_own_supervisor(h);
    remember(h, va, &l);
    if (access == ACCESS_FETCH)
        mmu_note_fetch(h, va, l.level ? (enum page_size)(PAGE_64K + l.level)
                              : l.pte & PTE_N ? PAGE_64K : PAGE_4K);
    *pa = leaf_pa(&l, va);
    h->mmu.pbmt = (uint8_t)FGET(l.pte, PTE_PBMT);
    return 0;
}

/* Cause 0 is an exception too (misaligned fetch), but no translation ends in it. */
uint64_t mmu_translate(struct hart *h, uint64_t va, enum access access, uint64_t *pa, bool *whole)
{
    enum priv priv = access == ACCESS_FETCH ? (enum priv)h->priv : hart_data_priv(h);
    uint64_t cause;

    *whole = true;
    h->mmu.pbmt = 0;
    if (priv == PRIV_M || bits_get(h->satp, 63, 60) == 0) {
        if (va >> 56)
            return access_fault(access); /* beyond the physical address space */
        *pa = va;
    } else {
        if (access == ACCESS_FETCH && reach_code(h, va, pa))
            return 0;
        cause = walk(h, va, access, priv, pa);
        if (cause)
            return cause;
    }
    if (priv != PRIV_M && *pa - h->mmu.open_base < h->mmu.open_bytes)
        return 0;
    if (!pmp_allows(h, *pa, 1, access, priv, whole))
        return access_fault(access);
    return 0;
}

uint64_t mmu_peek(struct hart *h, uint64_t va, uint64_t *pa)
{
    struct leaf l;
    uint64_t cause = 0;

    *pa = va;
    if (bits_get(h->satp, 63, 60) != 0) {
        cause = find_leaf(h, va, ACCESS_READ, PRIV_S, &l);
        if (!cause)
            *pa = leaf_pa(&l, va);
    }
    return cause;
}
