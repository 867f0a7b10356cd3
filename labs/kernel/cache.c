/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/kernel/cache.h"

#include "labs/kernel/block.h"
#include "labs/kernel/kernel.h"
#include "labs/lib/irq.h"

#define PAGES 512 /* 2 MiB */
#define HASHES 256
#define PAGE_BLOCKS (PAGE_BYTES / BLOCK_BYTES)

static struct page pages[PAGES];
static struct page *hash[HASHES];
static unsigned hand;

void cache_init(void)
{
    for (unsigned i = 0; i < PAGES; i++)
        if (!(pages[i].bytes = page_new()))
            panic("no memory for", "the page cache");
}

/* ---- finding and forgetting ---- Only threads put pages in and take them out.  The bottom half
 * looks for those that have arrived, so the chains are changed with interrupts off. */

STEP struct page *cache_find(uint64_t number)
{
    struct page *p = hash[number % HASHES];

    while (p && p->number != number)
        p = p->chain;
    return p;
}

static void forget(struct page *page)
{
    struct page **at = &hash[page->number % HASHES];
    bool on = irq_off();

    while (*at != page)
        at = &(*at)->chain;
    *at = page->chain;
    page->state = PAGE_FREE;
    irq_restore(on);
}

static void remember(struct page *page, uint64_t number)
{
    struct page **at = &hash[number % HASHES];
    bool on = irq_off();

    page->number = number;
    page->state = PAGE_READING;
    page->recent = false;
    page->chain = *at;
    *at = page;
    irq_restore(on);
}

/* A page for that number, which is not in the cache, to be read; NULL: all are in use. */
static struct page *take_page(uint64_t number)
{
    /* Twice around: the first time the hand may just take away what is `recent`. */
    for (unsigned tries = 0; tries < 2 * PAGES; tries++) {
        struct page *p = &pages[hand];

        hand = (hand + 1) % PAGES;
        if (p->state == PAGE_READING || p->users)
            continue;
        if (p->state != PAGE_FREE && p->recent) {
            p->recent = false;
            continue;
        }
        if (p->state != PAGE_FREE)
            forget(p);
        remember(p, number);
        return p;
    }
    return NULL;
}

void cache_drop(uint64_t first, uint64_t end)
{
    for (struct page *p = pages; p < pages + PAGES; p++)
        if (p->state != PAGE_FREE && p->state != PAGE_READING && !p->users &&
            p->number >= first && p->number < end)
            forget(p);
}

/* ---- reading ---- */

/* In the bottom half: the pages of this request have arrived.  `tag` is the first one's number. */
STEP void read_done(struct request *r)
{
    for (unsigned i = 0; i < r->pages; i++) {
        struct page *p = cache_find(r->tag + i);

        p->state = r->status ? PAGE_FAILED : PAGE_READY;
        thread_wake(&p->arrived);
    }
    request_free(r);
}

static void send(struct request *r)
{
    r->block = r->tag * PAGE_BLOCKS;
    r->blocks = r->pages * PAGE_BLOCKS;
    r->done = read_done;
    block_submit(r);
}

/* Sends for those of these pages that are not there; one command for each run of neighbours. */
STEP void cache_fill(uint64_t first, uint64_t end)
{
    struct request *r = NULL;

    for (uint64_t n = first; n < end; n++) {
        struct page *p = cache_find(n) ? NULL : take_page(n);

        if (p) {
            if (!r) {
                r = request_new();
                r->tag = n;
            }
            r->page[r->pages++] = (uintptr_t)p->bytes;
        }
        if (r && (!p || r->pages == AHEAD_MAX)) {
            send(r);
            r = NULL;
        }
    }
    if (r)
        send(r);
}

/* Page `number` is wanted; what to send for now, [*first, *end).  The next window goes out when the
 * reader comes to the start of the one before, so that it arrives before it is needed. */
static void look_ahead(struct ahead *a, uint64_t number, uint64_t limit, uint64_t *first,
                       uint64_t *end)
{
    bool again = a->window && number + 1 == a->next; /* the rest of a page */

    *first = *end = number;
    if (again)
        return;
    if (!a->window || number != a->next) {
        *end = number + 1;
        *a = (struct ahead){.start = number + 1, .end = number + 1, .window = 1};
    } else if (number >= a->start) {
        a->window = 2 * a->window < AHEAD_MAX ? 2 * a->window : AHEAD_MAX;
        *first = a->end > number ? a->end : number;
        *end = *first + a->window;
        a->start = *first;
        a->end = *end;
    }
    a->next = number + 1;
    if (*end > limit)
        *end = limit;
}

struct page *cache_get(struct ahead *ahead, uint64_t number, uint64_t limit)
{
    struct page *p = cache_find(number);
    uint64_t first, end;

    *(p ? &counters.cache_hits : &counters.cache_misses) += 1;
    if (p)
        p->users++;
    look_ahead(ahead, number, limit, &first, &end);
    if (end > first) {
        counters.cache_ahead += end - first - (first <= number && number < end);
        cache_fill(first, end);
    }
    for (unsigned tries = 0; !p; tries++) {
        /* Asleep for a request, we may have lost what came: then once more. */
        p = cache_find(number);
        if (p)
            p->users++;
        else if (tries == 3)
            return NULL;
        else
            cache_fill(number, number + 1);
    }
    p->recent = true;
    WAIT_UNTIL(&p->arrived, p->state != PAGE_READING);
    if (p->state == PAGE_READY)
        return p;
    cache_put(p);
    return NULL;
}

void cache_put(struct page *page)
{
    page->users--;
    if (!page->users && page->state == PAGE_FAILED)
        forget(page);
}
