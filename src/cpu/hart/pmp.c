/* SPDX-License-Identifier: Apache-2.0 */
/* Physical memory protection (privileged ISA 3.7). */
#include "cpu/hart/hart.h"

enum { PMP_RWX = 7, PMP_L = 0x80 };

/* [*first, *last] of entry i, both inclusive; false when it is off or empty. */
static bool entry_range(const struct hart *h, unsigned i, uint64_t *first, uint64_t *last)
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

    for (unsigned i = 0; i < h->mmu.pmp_count; i++) {
        const struct pmp_range *r = &h->mmu.pmp[i];

        if (r->first > page + PAGE_BYTES - 1 || r->last < page)
            continue;
        if (r->first > page || r->last < page + PAGE_BYTES - 1)
            *whole_page = false;
        if (end < r->first || pa > r->last)
            continue;
        if (pa < r->first || end > r->last)
            return false; /* matches some bytes only (3.7.1) */
        return (priv == PRIV_M && !(r->cfg & PMP_L)) || r->cfg & needed[access];
    }
    /* No entry matches: M may, others may not when any PMP entry is implemented. */
    return priv == PRIV_M;
}

/* What S and U may do at pa, and the last address up to which the same entry says so (or that
 * there is none). */
static uint8_t rights_at(const struct hart *h, uint64_t pa, uint64_t *last)
{
    for (unsigned i = 0; i < h->mmu.pmp_count; i++) {
        const struct pmp_range *r = &h->mmu.pmp[i];

        if (r->first > pa) {
            *last = u64_min(*last, r->first - 1);
        } else if (r->last >= pa) {
            *last = u64_min(*last, r->last);
            return r->cfg & PMP_RWX;
        }
    }
    return 0;
}

/* The longest run of RAM's pages that one entry opens for everything. */
static void find_open_memory(struct hart *h)
{
    const struct region *ram = h->m->space ? h->m->space->ram : NULL;
    struct mmu *m = &h->mmu;
    uint64_t at, last, end;

    m->open_base = m->open_bytes = 0;
    if (!ram)
        return;
    m->open_base = ram->base; /* of nothing, if there is none */
    end = ram->base + (ram->size - 1);
    for (at = ram->base; ; at = last + 1) {
        uint8_t rights = rights_at(h, at, (last = end, &last));
        uint64_t from = align_up(at, PAGE_BYTES), to = (last + 1) & ~(PAGE_BYTES - 1);

        if (rights == PMP_RWX && to > from && to - from > m->open_bytes) {
            m->open_base = from;
            m->open_bytes = to - from;
        }
        if (last == end)
            break;
    }
    m->open_host = ram->ram + (m->open_base - ram->base);
    m->open_code = ram->code_page + ((m->open_base - ram->base) >> PAGE_SHIFT);
}

void pmp_changed(struct hart *h)
{
    h->mmu.pmp_count = 0;
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        struct pmp_range *r = &h->mmu.pmp[h->mmu.pmp_count];

        if (entry_range(h, i, &r->first, &r->last)) {
            r->cfg = h->pmpcfg[i];
            h->mmu.pmp_count++;
        }
    }
    find_open_memory(h);
    mmu_forget(h);
}
