/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/interp/block.h"

#include "base/alloc.h"
#include "cpu/hart/csr.h"
#include "cpu/jit/jit.h"

#include <stdlib.h>

#ifdef DOORBELL_HARSH
#define ARENA_BYTES (16u << 10)
#define BLOCK_INSNS 2
#else
#define ARENA_BYTES (64u << 20)
#define BLOCK_INSNS BLOCK_INSNS_MAX
#endif
#define HASH_BUCKETS (1u << 18)
#define PAGE_BUCKETS (1u << 14)
#define BLOCK_BYTES_MAX \
    (sizeof(struct block) + (BLOCK_INSNS_MAX + 4) * sizeof(struct insn) + \
     (BLOCK_INSNS_MAX + 1) * sizeof(struct block *))

/* A page is watched in chunks, one for each bit of a word. */
#define CHUNK_BYTES (PAGE_BYTES / 64)
/* Writes to a watched page that hit no code before it is not watched any more; beside code that
 * costs the code, which is built again if it is needed again. */
#ifdef DOORBELL_HARSH
#define MISSES 2
#define MISSES_BESIDE_CODE 3
#else
#define MISSES 32
#define MISSES_BESIDE_CODE 250
#endif

/* Which chunks of a region's pages hold code.  It depends on what was executed and written only, not
 * on what the cache still has of it: so both engines take the same writes for writes to code. */
struct watched {
    const struct region *region;
    uint64_t *chunks; /* by page */
};

struct code_cache {
    struct machine_shared *m;
    struct hart *const *harts;
    unsigned hart_count;
    uint8_t *arena;
    size_t used;
    uint64_t generation;
    struct block *bucket[HASH_BUCKETS];
    struct block *page[PAGE_BUCKETS];  /* by pa's page */
    struct block *page2[PAGE_BUCKETS]; /* by pa2's: blocks whose instruction crosses into it */
    struct block *single;   /* the one that single() builds, in no table */
    struct watched *watched;
    unsigned watched_count;
    /* Probes: open addressing, addresses in use are nonzero. */
    uint64_t *probe;
    size_t probes, probe_slots;
    probe_fn *probe_fn;
    void *probe_ctx;
};

static size_t hash(uint64_t v, size_t buckets)
{
    return (size_t)(v * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (buckets - 1);
}

struct code_cache *code_new(struct machine_shared *m, struct hart *const *harts, unsigned count)
{
    struct code_cache *c = xcalloc(1, sizeof *c);

    c->m = m;
    c->harts = harts;
    c->hart_count = count;
    c->arena = xcalloc(1, ARENA_BYTES);
    c->single = xcalloc(1, BLOCK_BYTES_MAX);
    return c;
}

void code_free(struct code_cache *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < c->watched_count; i++)
        free(c->watched[i].chunks);
    free(c->watched);
    free(c->arena);
    free(c->single);
    free(c->probe);
    free(c);
}

uint64_t code_generation(const struct code_cache *c)
{
    return c->generation;
}

const uint8_t *code_arena(const struct code_cache *c)
{
    return c->arena;
}

/* code_page bytes may stay set: that only costs a look here on a write. */
void code_reset(struct code_cache *c)
{
    if (c->m->jit)
        jit_reset(c->m->jit);
    memset(c->bucket, 0, sizeof c->bucket);
    memset(c->page, 0, sizeof c->page);
    memset(c->page2, 0, sizeof c->page2);
    c->used = 0;
    c->generation++;
    for (unsigned i = 0; i < c->hart_count; i++) {
        memset(c->harts[i]->jump, 0, sizeof c->harts[i]->jump);
        c->harts[i]->returns_epoch++;
    }
}

static void make_stale(struct code_cache *c, struct block *b)
{
    struct block **link = &c->bucket[hash(b->pa, HASH_BUCKETS)];

    for (; *link; link = &(*link)->hash_next)
        if (*link == b) {
            *link = b->hash_next;
            break;
        }
    b->insn[0].op = OP_stale;
    if (b->code)
        jit_stale(c->m->jit, b);
}

static struct block **first_list(struct code_cache *c, uint64_t page)
{
    return &c->page[hash(page, PAGE_BUCKETS)];
}

static struct block **second_list(struct code_cache *c, uint64_t page)
{
    return &c->page2[hash(page, PAGE_BUCKETS)];
}

/* ---- writes to pages that hold code ---- */

/* The chunks of a page that hold bytes first to last. */
static uint64_t chunks(uint64_t first, uint64_t last)
{
    return mask_bits((unsigned)(last / CHUNK_BYTES) + 1) & ~mask_bits((unsigned)(first / CHUNK_BYTES));
}

/* Those of its first page that a block has. */
static uint64_t block_chunks(const struct block *b)
{
    uint64_t first = b->pa & (PAGE_BYTES - 1);

    return chunks(first, u64_min(first + b->bytes, PAGE_BYTES) - 1);
}

/* Drops the blocks that have any of these chunks of a page. */
static void drop_chunks(struct code_cache *c, uint64_t page, uint64_t which)
{
    struct block **link, **other;

    for (link = first_list(c, page); *link; ) {
        struct block *b = *link;
        if (b->pa >> PAGE_SHIFT != page || !(block_chunks(b) & which)) {
            link = &b->page_next;
            continue;
        }
        *link = b->page_next;
        if (b->pa2) {
            for (other = second_list(c, b->pa2 >> PAGE_SHIFT); *other != b; )
                other = &(*other)->page2_next;
            *other = b->page2_next;
        }
        make_stale(c, b);
    }
    if (!(which & 1))
        return; /* the second half of an instruction is in the first chunk */
    for (link = second_list(c, page); *link; ) {
        struct block *b = *link;
        if (b->pa2 >> PAGE_SHIFT != page) {
            link = &b->page2_next;
            continue;
        }
        *link = b->page2_next;
        for (other = first_list(c, b->pa >> PAGE_SHIFT); *other != b; )
            other = &(*other)->page_next;
        *other = b->page_next;
        make_stale(c, b);
    }
}

/* The word of a page's chunks. */
static uint64_t *code_chunks(struct code_cache *c, const struct region *r, uint64_t page)
{
    unsigned n = 0;

    while (n < c->watched_count && c->watched[n].region != r)
        n++;
    if (n == c->watched_count) {
        c->watched = xrealloc(c->watched, (n + 1) * sizeof c->watched[0]);
        c->watched[n] = (struct watched){r, xcalloc(r->size >> PAGE_SHIFT, sizeof(uint64_t))};
        c->watched_count++;
    }
    return &c->watched[n].chunks[page - (r->base >> PAGE_SHIFT)];
}

/* Bytes first to last of a page are written; whether that is code. */
static bool page_written(struct code_cache *c, struct region *r, uint64_t page, uint64_t first,
                         uint64_t last)
{
    uint8_t *watch = &r->code_page[page - (r->base >> PAGE_SHIFT)];
    uint64_t *code = code_chunks(c, r, page), written = chunks(first, last);
    bool hit = *code & written;

    if (hit) {
        drop_chunks(c, page, written);
        *code &= ~written;
        *watch = 1;
    } else if (++*watch > (*code ? MISSES_BESIDE_CODE : MISSES)) {
        hit = *code != 0;
        drop_chunks(c, page, UINT64_MAX);
        *code = 0;
        *watch = 0;
    }
    return hit;
}

void code_written(void *cache, uint64_t addr, uint64_t len)
{
    struct code_cache *c = cache;
    struct region *r = space_find(c->m->space, addr);
    uint64_t end = addr + len - 1;
    bool hit = false;

    if (!r || !r->code_page)
        return;
    if (len >> PAGE_SHIFT >= PAGE_BUCKETS)
        code_reset(c); /* the loader's, between two blocks: then there is nothing to look for */
    for (uint64_t page = addr >> PAGE_SHIFT; page <= end >> PAGE_SHIFT; page++) {
        uint64_t start = page << PAGE_SHIFT;

        if (r->code_page[page - (r->base >> PAGE_SHIFT)])
            hit |= page_written(c, r, page, u64_max(addr, start) - start,
                                u64_min(end - start, PAGE_BYTES - 1));
    }
    /* Whoever runs must not go on in a block that may be among them. */
    for (unsigned i = 0; hit && i < c->hart_count; i++)
        c->harts[i]->leave = true;
}

/* ---- probes ---- */

void code_probe_fn(struct code_cache *c, probe_fn *fn, void *ctx)
{
    c->probe_fn = fn;
    c->probe_ctx = ctx;
}

static size_t probe_slot(const struct code_cache *c, uint64_t pa)
{
    size_t i = hash(pa, c->probe_slots);

    while (c->probe[i] && c->probe[i] != pa)
        i = (i + 1) & (c->probe_slots - 1);
    return i;
}

static bool probed(const struct code_cache *c, uint64_t pa)
{
    return c->probes && c->probe[probe_slot(c, pa)] == pa;
}

void code_probe_add(struct code_cache *c, uint64_t pa)
{
    if (pa == 0 || probed(c, pa))
        return;
    if (2 * (c->probes + 1) > c->probe_slots) {
        uint64_t *old = c->probe;
        size_t slots = c->probe_slots;

        c->probe_slots = slots ? 2 * slots : 64;
        c->probe = xcalloc(c->probe_slots, sizeof c->probe[0]);
        for (size_t i = 0; i < slots; i++)
            if (old[i])
                c->probe[probe_slot(c, old[i])] = old[i];
        free(old);
    }
    c->probe[probe_slot(c, pa)] = pa;
    c->probes++;
    drop_chunks(c, pa >> PAGE_SHIFT, UINT64_MAX);
}

void code_probe_hit(struct hart *h)
{
    struct code_cache *c = h->m->code;

    if (c->probe_fn)
        c->probe_fn(c->probe_ctx, h);
}

/* ---- building ---- */

/* The entry of a tag in the fetch TLB, or the free one where it belongs. */
static struct fetch_entry *fetch_entry(struct hart *h, uint64_t tag)
{
    size_t i = hash(tag, FETCH_TLB_ENTRIES);

    while (h->fetch_tlb[i].tag && h->fetch_tlb[i].tag != tag)
        i = (i + 1) & (FETCH_TLB_ENTRIES - 1);
    return &h->fetch_tlb[i];
}

static uint64_t fetch_tag(const struct hart *h, uint64_t va)
{
    return (va & ~(PAGE_BYTES - 1)) | h->fetch_context;
}

/* Keeps a page's translation for as long as the context has its number.  Nothing is evicted: what
 * depends on it (jump cache, return stacks, links) may be older than any entry that could be, and a
 * guest that changes a mapping without a fence must find the same with both engines. */
static void keep_page(struct hart *h, uint64_t va, uint64_t pa)
{
    uint64_t tag = fetch_tag(h, va);

    *fetch_entry(h, tag) = (struct fetch_entry){tag, pa >> PAGE_SHIFT};
    h->fetch_count++;
}

/* Instructions come from main memory only (PMA). */
static bool executable(struct hart *h, uint64_t pa)
{
    return space_host(h->m->space, pa, 2) && !space_find(h->m->space, pa)->io_memory;
}

/* Physical address of a fetch of two bytes, 0 after a trap.  Clears *whole where PMP divides the
 * page, so that what holds here may not hold for its other bytes. */
static uint64_t fetch_page(struct hart *h, uint64_t va, bool *whole)
{
    const struct fetch_entry *e = fetch_entry(h, fetch_tag(h, va));
    uint64_t pa, cause;
    bool uniform;

    if (e->tag)
        return e->page << PAGE_SHIFT | (va & (PAGE_BYTES - 1));
    if (h->fetch_count >= FETCH_TLB_ENTRIES / 4 * 3) /* before the walk notes the page */
        mmu_forget_fetches(h);
    cause = mmu_translate(h, va, ACCESS_FETCH, &pa, &uniform);
    if (!cause && !executable(h, pa))
        cause = CAUSE_FETCH_ACCESS;
    if (cause) {
        hart_trap(h, cause, va);
        return 0;
    }
    if (uniform)
        keep_page(h, va, pa);
    else
        *whole = false;
    return pa;
}

/* Whether a block goes on after a CSR instruction: what is written decides neither how the next
 * instruction is fetched nor which interrupts are enabled (of sstatus.SIE, hart.leave tells). */
static bool csr_goes_on(const struct insn *i)
{
    switch (i->imm) {
    case CSR_SSTATUS:
    case CSR_STVEC: case CSR_SSCRATCH: case CSR_SEPC: case CSR_SCAUSE: case CSR_STVAL:
    case CSR_MTVEC: case CSR_MSCRATCH: case CSR_MEPC: case CSR_MCAUSE: case CSR_MTVAL:
        return true;
    default:
        return i->op != OP_csrrw && i->op != OP_csrrwi && i->rs1 == 0; /* only reads */
    }
}

static bool ends_block(const struct insn *i)
{
    switch (isa_table[i->op].class) {
    case CLASS_JUMP:
        return true;
    case CLASS_CSR:
        return i->op < OP_csrrw || i->op > OP_csrrci || !csr_goes_on(i);
    case CLASS_FENCE:
        return i->op != OP_fence && i->op != OP_fence_i;
    default:
        return i->op == OP_mark;
    }
}

/* These chunks of a page hold code: from now on writes to them must be seen. */
static void watch(struct code_cache *c, uint64_t page, uint64_t which)
{
    struct region *r = space_find(c->m->space, page << PAGE_SHIFT);
    uint64_t *code;
    uint8_t *watch;

    if (!r->code_page)
        return;
    code = code_chunks(c, r, page);
    if (!(which & ~*code))
        return;
    *code |= which;
    watch = &r->code_page[page - (r->base >> PAGE_SHIFT)];
    if (!*watch)
        for (unsigned i = 0; i < c->hart_count; i++)
            mmu_protect_page(c->harts[i], page);
    *watch = 1;
}

static struct insn *append(struct block *b, const struct insn *i)
{
    b->insn[b->count] = *i;
    return &b->insn[b->count++];
}

/* Decodes at most `limit` instructions from pa.  A first one that crosses the page takes its second
 * half from pa2.  Returns the block's size in bytes. */
static size_t fill(struct hart *h, struct block *b, uint64_t pa, uint64_t pa2, unsigned limit)
{
    struct code_cache *c = h->m->code;
    const uint8_t *host = space_host(h->m->space, pa, 2);
    uint64_t room = PAGE_BYTES - (pa & (PAGE_BYTES - 1)), offset = 0;
    uint32_t ticks = 0;
    uint8_t ways = 1;
    struct insn i;

    if (c->m->jit)
        append(b, &(struct insn){.op = OP_enter});
    if (probed(c, pa))
        append(b, &(struct insn){.op = OP_probe});
    b->skew = b->count;
    do {
        uint32_t word = le16_get(host + offset);
        if ((word & 3) == 3) {
            if (offset + 4 <= room)
                word = le32_get(host + offset);
            else if (offset == 0)
                word |= (uint32_t)le16_get(space_host(h->m->space, pa2, 2)) << 16;
            else
                break; /* crosses: a block of its own */
        }
        isa_decode(word, &i);
        i.offset = (uint16_t)offset;
        ticks += (uint32_t)h->p->cost[isa_table[i.op].class];
        i.ticks = (uint16_t)u64_min(ticks, UINT16_MAX);
        if (isa_table[i.op].class == CLASS_BRANCH || i.op == OP_jal)
            i.way = ways++;
        else if (isa_table[i.op].format != FMT_FR4)
            i.goes_on = !ends_block(&i);
        offset += i.length;
        append(b, &i);
    } while (!ends_block(&i) && offset < room && b->count < limit + b->skew &&
             ticks < UINT16_MAX / 4 && !probed(c, pa + offset));
    if (!ends_block(&i))
        append(b, &(struct insn){.op = OP_end, .offset = (uint16_t)offset,
                                 .ticks = (uint16_t)u64_min(ticks, UINT16_MAX)});
    b->bytes = (uint16_t)offset;
    b->next = (struct block **)(void *)&b->insn[b->count];
    memset(b->next, 0, ways * sizeof b->next[0]);
    return sizeof *b + b->count * sizeof b->insn[0] + ways * sizeof b->next[0];
}

static struct block *build(struct hart *h, uint64_t pa, uint64_t pa2)
{
    struct code_cache *c = h->m->code;
    struct block *b, **bucket = &c->bucket[hash(pa, HASH_BUCKETS)], **list;
    uint64_t page = pa >> PAGE_SHIFT, page2 = pa2 >> PAGE_SHIFT;

    if (c->used + BLOCK_BYTES_MAX > ARENA_BYTES)
        code_reset(c);
    b = (struct block *)(void *)(c->arena + c->used);
    *b = (struct block){.pa = pa, .pa2 = pa2};
    c->used += (fill(h, b, pa, pa2, BLOCK_INSNS) + 15) & ~(size_t)15;
    b->hash_next = *bucket;
    *bucket = b;
    list = first_list(c, page);
    b->page_next = *list;
    *list = b;
    watch(c, page, block_chunks(b));
    if (!pa2)
        return b;
    list = second_list(c, page2);
    b->page2_next = *list;
    *list = b;
    watch(c, page2, 1);
    return b;
}

/* Where PMP divides a page, every instruction is checked each time: it is decoded into a block of
 * its own that nobody keeps (pa2 is never 0, so nothing links to it). */
static struct block *single(struct hart *h, uint64_t pa, uint64_t pa2)
{
    struct block *b = h->m->code->single;

    *b = (struct block){.pa = pa, .pa2 = pa2 ? pa2 : pa};
    fill(h, b, pa, pa2, 1);
    b->heat = BLOCK_HOT; /* never met again: not to be translated */
    return b;
}

struct block *code_lookup(const struct code_cache *c, uint64_t pa)
{
    struct block *b;

    for (b = c->bucket[hash(pa, HASH_BUCKETS)]; b; b = b->hash_next)
        if (b->pa == pa && b->pa2 == 0)
            break;
    return b;
}

static void remember(struct hart *h, uint64_t va, struct block *b)
{
    h->jump[(va >> 1) % JUMP_CACHE_ENTRIES] = (struct jump_entry){
        va, h->fetch_context, b,
        b->code ? b->code : h->m->jit ? jit_no_code(h->m->jit) : NULL};
}

struct block *block_known(struct hart *h)
{
    struct jump_entry *e = &h->jump[(h->pc >> 1) % JUMP_CACHE_ENTRIES];
    const struct fetch_entry *f;
    struct block *b;

    if (e->pc == h->pc && e->context == h->fetch_context) {
        if (e->block->insn[0].op == OP_stale)
            return NULL;
        b = e->block;
    } else {
        f = fetch_entry(h, fetch_tag(h, h->pc));
        if (!f->tag)
            return NULL;
        b = code_lookup(h->m->code, f->page << PAGE_SHIFT | (h->pc & (PAGE_BYTES - 1)));
    }
    if (b && b->code)
        remember(h, h->pc, b);
    return b;
}

struct block *block_find(struct hart *h)
{
    bool whole = true, last = (h->pc & (PAGE_BYTES - 1)) == PAGE_BYTES - 2;
    uint64_t va = h->pc, pa, pa2 = 0, context;
    struct block *b;

again:
    pa = fetch_page(h, va, &whole);
    if (!pa)
        return NULL;
    context = h->fetch_context;
    /* The second half has a translation or a PMP entry of its own. */
    if ((last || !whole) && (le16_get(space_host(h->m->space, pa, 2)) & 3) == 3) {
        uint64_t half = fetch_page(h, va + 2, &whole);
        if (!half)
            return NULL;
        if (whole && h->fetch_context != context)
            goto again; /* so that both are known in the same context */
        pa2 = last ? half : 0;
    }
    if (!whole)
        return single(h, pa, pa2);
    for (b = h->m->code->bucket[hash(pa, HASH_BUCKETS)]; b; b = b->hash_next)
        if (b->pa == pa && b->pa2 == pa2)
            break;
    if (!b)
        b = build(h, pa, pa2);
    h->leave = false; /* what the walk may have written to: the block was found after it */
    remember(h, va, b);
    return b;
}
