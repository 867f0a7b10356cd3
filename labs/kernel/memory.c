/* SPDX-License-Identifier: Apache-2.0 */
/* Memory in pages: a list of free ones, which holds itself together by a pointer at each one's
 * start, and behind it what nobody has had yet. */
#include "labs/kernel/kernel.h"

#include "labs/lib/irq.h"
#include "labs/lib/string.h"

/* How much of RAM is for pages.  What lies behind it (the device tree) is left alone. */
#define ARENA_BYTES (UINT64_C(12) << 20)

extern char image_end[]; /* kernel.ld */

static struct free_page {
    struct free_page *next;
} *free_pages;
static uintptr_t untouched, end;

void memory_init(void)
{
    untouched = ((uintptr_t)image_end + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
    end = untouched + ARENA_BYTES;
}

void *pages_new(size_t count)
{
    bool on = irq_off();
    void *pages = NULL;

    if (count <= (end - untouched) / PAGE_BYTES) {
        pages = (void *)untouched;
        untouched += count * PAGE_BYTES;
    }
    irq_restore(on);
    if (pages)
        memset(pages, 0, count * PAGE_BYTES);
    return pages;
}

void *page_new(void)
{
    bool on = irq_off();
    struct free_page *page = free_pages;

    if (page)
        free_pages = page->next;
    irq_restore(on);
    if (!page)
        return pages_new(1);
    memset(page, 0, PAGE_BYTES);
    return page;
}

void page_free(void *page)
{
    struct free_page *p = page;
    bool on = irq_off();

    p->next = free_pages;
    free_pages = p;
    irq_restore(on);
}
