/* SPDX-License-Identifier: Apache-2.0 */
/* Memory accesses off the fast path: TLB misses, page crossings, atomics, and whatever is not cached.
 *
 * Memory types (privileged ISA 3.6, Svpbmt).  By its physical memory attributes RAM is cached and
 * everything else strongly ordered I/O; a page's PBMT may say NC or IO instead.  Cached accesses are
 * plain loads and stores of the host.  Others are transactions, for RAM over a link of its own:
 *
 *                 load                                    store
 *     IO   a transaction, after all combined stores   a posted transaction, after them
 *     NC   a transaction, after its line's            gathers (hart/combine.c)
 *
 * They must be aligned: else they are an access fault (IO) or a misaligned exception (NC).
 *
 * Reaching a device.  A hart runs ahead of the clock within its slice, but devices see accesses in
 * the order of virtual time, across all harts, with the clock at exactly the time of each:
 *
 *                    other harts or events are due before now
 *     issue at now ------------------------------------------> STOP_WAIT until now, try again
 *          |
 *          | load: request crosses the link               something is due before it arrives
 *          +----------------------------------> arrival --------------------------------------+
 *          |                                       | nothing is                               |
 *          |                                       v                                          v
 *          |                          performed; value returns     STOP_WAIT until arrival (the
 *          |                          over the link; hart stalls   hart is stalled), then performed
 *          v store: queued in the link, performed by its own event; a full queue: STOP_WAIT
 *
 * After every access the engine returns to the scheduler (STOP_EVENT): the device may have armed
 * something for before the end of the slice. */
#include "cpu/hart/hart.h"

static uint64_t fault_cause(enum access access)
{
    return access == ACCESS_READ ? CAUSE_LOAD_ACCESS : CAUSE_STORE_ACCESS;
}

static bool wait(struct hart *h, ps_t until)
{
    h->wait_until = until;
    h->stop = STOP_WAIT;
    h->leave = true;
    return false;
}

/* No event and no other hart is before t. */
static bool first(const struct hart *h, ps_t t)
{
    return t <= h->sync_limit && clock_next(h->m->clock) > t;
}

static bool on_time(struct hart *h, ps_t now)
{
    if (!first(h, now))
        return wait(h, now);
    clock_run(h->m->clock, now);
    return true;
}

bool hart_on_time(struct hart *h)
{
    return on_time(h, hart_now(h));
}

bool hart_stall(struct hart *h, ps_t until)
{
    h->wait_stalls = true;
    return wait(h, until);
}

static bool trap(struct hart *h, uint64_t cause, uint64_t va)
{
    hart_trap(h, cause, va);
    return false;
}

/* When a load that is issued now reaches its device, PS_NEVER when it must wait first. */
static ps_t load_arrival(struct hart *h, struct region *r, uint64_t pa)
{
    ps_t now = hart_now(h), arrival;

    if (h->mmio_arrival && h->mmio_address == pa)
        return h->mmio_arrival;
    if (!on_time(h, now))
        return PS_NEVER;
    arrival = link_send_down(r->link, TLP_READ_BYTES, now + h->p->mmio_issue_ps, NULL);
    h->mmio_began = now;
    h->mmio_address = pa;
    if (first(h, arrival))
        return arrival;
    h->mmio_arrival = arrival;
    wait(h, arrival);
    return PS_NEVER;
}

static bool device_load(struct hart *h, struct region *r, uint64_t va, uint64_t pa, unsigned size,
                        uint64_t *value)
{
    struct clock *clock = h->m->clock;
    struct txn txn = {.addr = pa - r->base, .requester = h->id, .size = (uint8_t)size};
    ps_t arrival = load_arrival(h, r, pa), done;
    enum fault fault;

    if (arrival == PS_NEVER)
        return false;
    h->mmio_arrival = 0;
    clock_run(clock, arrival);
    fault = region_access(h->m->space, r, &txn);
    done = link_complete(r->link, size, arrival) + h->p->mmio_issue_ps;
    h->ticks = u64_max(h->ticks, hart_ticks(h, done));
    h->stop = STOP_EVENT;
    h->leave = true;
    r->traffic.loads++;
    r->traffic.transactions++;
    if (fault)
        return trap(h, CAUSE_LOAD_ACCESS, va);
    r->traffic.bytes_read += size;
    if (trace_on(h->m->trace))
        trace_mmio_load(h->m->trace, h->source, hart_now(h), 0, r->source, txn.addr, size, txn.data,
                        h->mmio_began);
    *value = txn.data;
    return true;
}

static bool device_store(struct hart *h, struct region *r, uint64_t va, uint64_t pa, unsigned size,
                         uint64_t value)
{
    struct txn txn = {.addr = pa, .data = value & mask_bits(size * 8), .requester = h->id,
                      .size = (uint8_t)size, .write = true};
    ps_t now = hart_now(h), retry;
    enum fault fault;
    uint64_t id;

    if (!on_time(h, now))
        return false;
    if (link_full(r->link, &retry))
        return hart_stall(h, retry);
    id = trace_mmio_store(h->m->trace, h->source, now, 0, r->source, pa - r->base, size, txn.data);
    link_store(r->link, &txn, now + h->p->mmio_issue_ps, id, &fault);
    if (r->non_posted) /* PCI Express 5.0, 2.1.1.2: its completion has to come back */
        h->ticks = u64_max(h->ticks, hart_ticks(h, link_posted_until(r->link) +
                                                   r->link->p.latency_ps + h->p->mmio_issue_ps));
    h->stop = STOP_EVENT;
    h->leave = true;
    h->unfenced |= r->ram != NULL;
    r->traffic.stores++;
    r->traffic.transactions++;
    r->traffic.bytes_written += size;
    return fault ? trap(h, CAUSE_STORE_ACCESS, va) : true;
}

/* The type of an access that `find` has found: PBMT is that of its page. */
static enum memory_type type_of(const struct hart *h, const struct region *r)
{
    bool cached = r->ram && !r->io_memory;

    switch (h->mmu.pbmt) {
    case 1: return r->link ? MEMORY_NC : MEMORY_WB; /* no link, no time: as if it were cached */
    case 2: return r->link ? MEMORY_IO : MEMORY_WB;
    default: return cached ? MEMORY_WB : MEMORY_IO;
    }
}

static bool uncached_load(struct hart *h, struct region *r, uint64_t va, uint64_t pa,
                          unsigned size, uint64_t *value)
{
    bool io = type_of(h, r) == MEMORY_IO;

    if (pa & (size - 1))
        return trap(h, io ? CAUSE_LOAD_ACCESS : CAUSE_LOAD_MISALIGNED, va);
    if (unlikely(h->wc_count) && !(io ? wc_flush(h, WC_ORDERED) : wc_flush_line(h, pa)))
        return false;
    return device_load(h, r, va, pa, size, value);
}

static bool uncached_store(struct hart *h, struct region *r, uint64_t va, uint64_t pa,
                           unsigned size, uint64_t value)
{
    bool io = type_of(h, r) == MEMORY_IO;

    if (pa & (size - 1))
        return trap(h, io ? CAUSE_STORE_ACCESS : CAUSE_STORE_MISALIGNED, va);
    if (!io)
        return wc_store(h, r, pa, size, value);
    if (unlikely(h->wc_count) && !wc_flush(h, WC_ORDERED))
        return false;
    return device_store(h, r, va, pa, size, value);
}

/* Remembers a translation of memory; the page must hold uniformly. */
static void fill(struct hart *h, uint64_t va, uint64_t pa, struct region *r, enum access access)
{
    struct tlb_entry *e = &h->tlb[(va >> PAGE_SHIFT) % TLB_ENTRIES];
    uint64_t tag = (va & ~(PAGE_BYTES - 1)) | h->context;
    uint64_t page = pa >> PAGE_SHIFT, offset = pa - r->base;

    /* The walk has been remembered: from there, rights to read and write come at once. */
    if (mmu_reach(h, va, access, &pa) || (offset & ~(PAGE_BYTES - 1)) + PAGE_BYTES > r->size)
        return;
    if (e->page != page || (e->read_tag != tag && e->write_tag != tag))
        e->read_tag = e->write_tag = 0;
    e->page = page;
    e->addend = (uintptr_t)(r->ram + offset) - (uintptr_t)va;
    if (access == ACCESS_READ)
        e->read_tag = tag;
    else if (!r->read_only && !(r->code_page && r->code_page[offset >> PAGE_SHIFT]))
        e->write_tag = tag;
}

/* Region and physical address of one access within a page, or NULL after a trap. */
static struct region *find(struct hart *h, uint64_t va, unsigned size, enum access access,
                           uint64_t *pa, bool *whole)
{
    uint64_t cause = mmu_translate(h, va, access, pa, whole);
    struct region *r;

    if (!cause && !*whole &&
        !pmp_allows(h, *pa, size, access, hart_data_priv(h), whole))
        cause = fault_cause(access);
    if (cause) {
        hart_trap(h, cause, va);
        return NULL;
    }
    r = space_find(h->m->space, *pa);
    if (!r || *pa - r->base > r->size - size) {
        hart_trap(h, fault_cause(access), va);
        return NULL;
    }
    return r;
}

/* Host bytes of a part of a misaligned access, which must be memory. */
static uint8_t *part(struct hart *h, uint64_t va, unsigned size, enum access access)
{
    uint64_t pa;
    bool whole;
    struct region *r;
    uint8_t *host = mmu_reach(h, va, access, &pa);

    if (host)
        return host;
    r = find(h, va, size, access, &pa, &whole);
    if (!r)
        return NULL;
    if (type_of(h, r) != MEMORY_WB || (access == ACCESS_WRITE && r->read_only)) {
        hart_trap(h, fault_cause(access), va);
        return NULL;
    }
    if (access == ACCESS_WRITE)
        region_code_touch(h->m->space, r, pa - r->base, size);
    return r->ram + (pa - r->base);
}

static bool crosses(uint64_t va, unsigned size)
{
    return (va & (PAGE_BYTES - 1)) + size > PAGE_BYTES;
}

static bool load_slow(struct hart *h, uint64_t va, unsigned size, uint64_t *value)
{
    uint64_t pa;
    bool whole;
    struct region *r;

    if (crosses(va, size)) {
        unsigned n = (unsigned)(PAGE_BYTES - (va & (PAGE_BYTES - 1)));
        uint8_t bytes[8] = {0}, *a = part(h, va, n, ACCESS_READ), *b;

        if (!a || !(b = part(h, va + n, size - n, ACCESS_READ)))
            return false;
        memcpy(bytes, a, n);
        memcpy(bytes + n, b, size - n);
        *value = le_get(bytes, size);
        return true;
    }
    r = find(h, va, size, ACCESS_READ, &pa, &whole);
    if (!r)
        return false;
    if (type_of(h, r) != MEMORY_WB)
        return uncached_load(h, r, va, pa, size, value);
    if (whole)
        fill(h, va, pa, r, ACCESS_READ);
    *value = le_get(r->ram + (pa - r->base), size);
    return true;
}

bool hart_load(struct hart *h, uint64_t va, unsigned size, uint64_t *value)
{
    uint64_t pa;
    const uint8_t *host;

    if (unlikely(crosses(va, size)) || unlikely(!(host = mmu_reach(h, va, ACCESS_READ, &pa))))
        return load_slow(h, va, size, value);
    *value = le_get(host, size);
    return true;
}

static bool store_slow(struct hart *h, uint64_t va, unsigned size, uint64_t value)
{
    uint64_t pa;
    bool whole;
    struct region *r;

    if (crosses(va, size)) {
        unsigned n = (unsigned)(PAGE_BYTES - (va & (PAGE_BYTES - 1)));
        uint8_t bytes[8], *a, *b;

        le_put(bytes, size, value);
        /* Both halves are checked before either is written. */
        a = part(h, va, n, ACCESS_WRITE);
        if (!a || !(b = part(h, va + n, size - n, ACCESS_WRITE)))
            return false;
        memcpy(a, bytes, n);
        memcpy(b, bytes + n, size - n);
        return true;
    }
    r = find(h, va, size, ACCESS_WRITE, &pa, &whole);
    if (!r)
        return false;
    if (r->read_only)
        return trap(h, CAUSE_STORE_ACCESS, va);
    if (type_of(h, r) != MEMORY_WB)
        return uncached_store(h, r, va, pa, size, value);
    region_code_touch(h->m->space, r, pa - r->base, size);
    if (whole)
        fill(h, va, pa, r, ACCESS_WRITE);
    le_put(r->ram + (pa - r->base), size, value);
    return true;
}

bool hart_store(struct hart *h, uint64_t va, unsigned size, uint64_t value)
{
    uint64_t pa;
    uint8_t *host;

    if (unlikely(crosses(va, size)) || unlikely(!(host = mmu_reach(h, va, ACCESS_WRITE, &pa))))
        return store_slow(h, va, size, value);
    le_put(host, size, value);
    return true;
}

/* When the stores of this hart to memory that is not cached are there, those that have left. */
static ps_t stores_until(const struct hart *h)
{
    return h->m->memory ? link_posted_until(h->m->memory) : 0;
}

/* The stores of this hart to memory that is not cached, combined or posted, are there.  False: not
 * yet, to be tried again. */
static bool settle_stores(struct hart *h)
{
    ps_t until;

    if (!wc_flush(h, WC_FENCE))
        return false;
    /* By then they are: what others have stored meanwhile is not to be waited for as well. */
    h->unfenced = 0;
    until = stores_until(h);
    return until <= hart_now(h) || hart_stall(h, until);
}

/* An atomic on memory that is not cached: one transaction, which costs the way there and back and
 * brings the old value. */
static void cross_memory(struct hart *h, struct region *r, uint64_t offset, unsigned size)
{
    ps_t began = hart_now(h), back = 2 * (r->link->p.latency_ps + h->p->mmio_issue_ps);

    h->ticks = u64_max(h->ticks, hart_ticks(h, ps_add(began, back)));
    r->traffic.loads++;
    r->traffic.bytes_read += size;
    r->traffic.transactions++;
    if (trace_on(h->m->trace))
        trace_mmio_load(h->m->trace, h->source, hart_now(h), 0, r->source, offset, size,
                        le_get(r->ram + offset, size), began);
}

uint8_t *hart_atomic(struct hart *h, uint64_t va, unsigned size, bool write, bool release,
                     uint64_t *pa)
{
    enum access access = write ? ACCESS_WRITE : ACCESS_READ;
    bool whole;
    struct region *r;
    uint8_t *host;

    if (va & (size - 1)) {
        hart_trap(h, write ? CAUSE_STORE_MISALIGNED : CAUSE_LOAD_MISALIGNED, va);
        return NULL;
    }
    if (release && unlikely(h->unfenced) && !settle_stores(h))
        return NULL;
    host = mmu_reach(h, va, access, pa);
    if (likely(host))
        return host;
    r = find(h, va, size, access, pa, &whole);
    if (!r)
        return NULL;
    /* Atomics work on main memory only (PMA), of whatever type. */
    if (!r->ram || r->io_memory || (write && r->read_only)) {
        hart_trap(h, fault_cause(access), va);
        return NULL;
    }
    if (type_of(h, r) != MEMORY_WB) {
        if ((h->unfenced && !settle_stores(h)) || !hart_on_time(h))
            return NULL;
        cross_memory(h, r, *pa - r->base, size);
        whole = false;
    }
    if (write)
        region_code_touch(h->m->space, r, *pa - r->base, size);
    if (whole)
        fill(h, va, *pa, r, access);
    return r->ram + (*pa - r->base);
}

/* A SYS row (cpu/isa/isa.def) is to be tried again: as if it had not begun, and the engine goes to
 * where pc stands. */
static bool again(struct hart *h, enum isa_class class)
{
    h->ticks -= h->p->cost[class];
    h->retry_pc = h->pc;
    h->retry_instret = h->instret--;
    return true;
}

/* A fence of memory is one of devices too in the modes where FIOM says so (privileged ISA 3.1.18). */
static bool fiom(const struct hart *h)
{
    return (h->priv != PRIV_M && h->menvcfg & ENVCFG_FIOM) ||
           (h->priv == PRIV_U && h->senvcfg & ENVCFG_FIOM);
}

/* fence: predecessor and successor sets are bits 7..4 and 3..0 (I O R W).  Stores to on-chip
 * devices and to memory are acknowledged, so a fence with O before it waits for the former, one with W
 * or O for the latter; stores over PCIe are posted and are past the point of ordering once they have
 * left. */
bool hart_fence(struct hart *h, const struct insn *i)
{
    unsigned before = (unsigned)i->imm >> 4 & 15;
    ps_t until = 0;

    if (fiom(h))
        before |= before << 2 & 12;
    if (before & 5 && unlikely(h->unfenced)) {
        if (!wc_flush(h, WC_FENCE))
            return again(h, CLASS_FENCE);
        h->unfenced = 0;
        until = stores_until(h);
    }
    if (before & 4 && h->m->soc)
        until = u64_max(until, link_posted_until(h->m->soc));
    if (until > hart_now(h)) {
        h->ticks = hart_ticks(h, until);
        h->stop = STOP_EVENT;
        h->leave = true;
    }
    return false;
}

/* Stores reach decoded code and page tables at once (bus/space.h), so there is nothing to wait for but
 * those that are not cached. */
bool hart_fence_i(struct hart *h, const struct insn *i)
{
    (void)i;
    return unlikely(h->unfenced) && !settle_stores(h) && again(h, CLASS_FENCE);
}

bool hart_sfence_vma(struct hart *h, const struct insn *i)
{
    if (h->priv == PRIV_U || (h->priv == PRIV_S && h->mstatus & MSTATUS_TVM))
        return hart_illegal(h, i);
    if (unlikely(h->unfenced) && !settle_stores(h))
        return again(h, CLASS_FENCE);
    if (i->rs1 && i->rs2)
        mmu_flush_address_asid(h, h->x[i->rs1], (uint16_t)h->x[i->rs2]);
    else if (i->rs1)
        mmu_flush_address(h, h->x[i->rs1]);
    else if (i->rs2)
        mmu_flush_asid(h, (uint16_t)h->x[i->rs2]);
    else
        mmu_flush(h);
    return false;
}

bool hart_svinval_fence(struct hart *h, const struct insn *i)
{
    /* sinval.vma does its work at once: these only order. */
    if (h->priv == PRIV_U)
        return hart_illegal(h, i);
    return unlikely(h->unfenced) && !settle_stores(h) && again(h, CLASS_FENCE);
}

/* ---- cache-block operations (CMO 1.0): no caches are modelled at this level, so clean and flush
 * only check; inval does what flush does, as is allowed. ---- */

/* Whether `menvcfg bit` and, in U, `senvcfg bit` allow it. */
static bool cbo_enabled(const struct hart *h, uint64_t bits)
{
    return h->priv == PRIV_M ||
           (h->menvcfg & bits && (h->priv == PRIV_S || h->senvcfg & bits));
}

static uint64_t cbo_translate(struct hart *h, uint64_t va, enum access access, uint64_t *pa)
{
    bool whole;
    uint64_t cause = mmu_translate(h, va, access, pa, &whole);

    if (!cause && !whole &&
        !pmp_allows(h, *pa, CACHE_BLOCK_BYTES, access, hart_data_priv(h), &whole))
        cause = fault_cause(access);
    return cause;
}

/* cbo.zero where memory is not cached: a store of a block.  False: to be tried again. */
static bool zero_uncached(struct hart *h, struct region *r, uint64_t pa)
{
    static const uint8_t zeroes[CACHE_BLOCK_BYTES];
    ps_t retry;
    uint64_t id;

    if (!wc_flush(h, WC_ORDERED) || !hart_on_time(h))
        return false;
    if (link_full(r->link, &retry))
        return hart_stall(h, retry);
    id = trace_mmio_store(h->m->trace, h->source, hart_now(h), 0, r->source, pa - r->base,
                          CACHE_BLOCK_BYTES, 0);
    link_burst(r->link, h->id, pa, zeroes, CACHE_BLOCK_BYTES, hart_now(h) + h->p->mmio_issue_ps, id);
    h->stop = STOP_EVENT;
    h->leave = true;
    h->unfenced = 1;
    r->traffic.stores++;
    r->traffic.transactions++;
    r->traffic.bytes_written += CACHE_BLOCK_BYTES;
    return true;
}

/* A block may be managed where it may be read or written; the fault is a store's. */
static bool cbo_access(struct hart *h, uint64_t va, bool zero)
{
    uint64_t pa, cause = CAUSE_LOAD_ACCESS;
    struct region *r;

    va &= ~(uint64_t)(CACHE_BLOCK_BYTES - 1);
    if (!zero)
        cause = cbo_translate(h, va, ACCESS_READ, &pa);
    if (cause)
        cause = cbo_translate(h, va, ACCESS_WRITE, &pa);
    if (cause) {
        hart_trap(h, cause, va);
        return false;
    }
    r = space_find(h->m->space, pa);
    if (!r || (zero && (!r->ram || r->io_memory || r->read_only))) {
        hart_trap(h, CAUSE_STORE_ACCESS, va);
        return false;
    }
    if (zero && type_of(h, r) != MEMORY_WB)
        return zero_uncached(h, r, pa) || !again(h, CLASS_STORE);
    if (zero) {
        region_code_touch(h->m->space, r, pa - r->base, CACHE_BLOCK_BYTES);
        memset(r->ram + (pa - r->base), 0, CACHE_BLOCK_BYTES);
    }
    return true;
}

bool hart_cbo_inval(struct hart *h, const struct insn *i)
{
    if (!cbo_enabled(h, ENVCFG_CBIE))
        return hart_illegal(h, i);
    return !cbo_access(h, h->x[i->rs1], false);
}

bool hart_cbo_clean(struct hart *h, const struct insn *i)
{
    if (!cbo_enabled(h, ENVCFG_CBCFE))
        return hart_illegal(h, i);
    return !cbo_access(h, h->x[i->rs1], false);
}

bool hart_cbo_zero(struct hart *h, const struct insn *i)
{
    uint64_t va = h->x[i->rs1] & ~(uint64_t)(CACHE_BLOCK_BYTES - 1), pa;
    const struct tlb_entry *e = &h->tlb[(va >> PAGE_SHIFT) % TLB_ENTRIES];
    uint8_t *host;

    if (!cbo_enabled(h, ENVCFG_CBZE))
        return hart_illegal(h, i);
    if (likely(e->write_tag == ((va & ~(PAGE_BYTES - 1)) | h->context)))
        host = (uint8_t *)(e->addend + (uintptr_t)va);
    else
        host = mmu_reach(h, va, ACCESS_WRITE, &pa);
    if (likely(host)) {
        memset(host, 0, CACHE_BLOCK_BYTES);
        return false;
    }
    return !cbo_access(h, h->x[i->rs1], true);
}
