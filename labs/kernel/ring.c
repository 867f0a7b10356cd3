/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/kernel/ring.h"

#include "labs/kernel/block.h"
#include "labs/kernel/kernel.h"
#include "labs/kernel/process.h"
#include "labs/lib/fence.h"
#include "labs/lib/irq.h"
#include "labs/lib/string.h"

#define RINGS 4
#define BUFFER_BYTES_MAX 65536

/* A buffer that was registered: where its bytes are, physically.  "Pinned" is that these pages will
 * not be given to anybody else, which this kernel never does while the program lives. */
struct pinned {
    uint64_t bytes;
    uint64_t page[REQUEST_PAGES];
};

struct ring_state {
    struct ring *ring;      /* the program's page, at the kernel's address of it */
    bool polled;
    uint32_t sq_head;       /* our own copies: what stands in the page, anybody may write */
    uint32_t cq_tail;
    struct pinned buffer[RING_BUFFERS_MAX];
    struct wait_queue completed;
};

static struct ring_state rings[RINGS];
static unsigned rings_used;

/* Each submission that was taken has one completion.  That one writer counts the one and another the
 * other leaves nothing to be torn between them. */
static uint32_t under_way(const struct ring_state *s)
{
    return s->sq_head - *(const volatile uint32_t *)&s->cq_tail;
}

int64_t ring_setup(uint64_t address, uint64_t flags)
{
    uint64_t at = address % PAGE_BYTES ? 0 : user_translate(process_current(), address, true);
    struct ring_state *s;
    struct file *f;
    int64_t fd;

    _Static_assert(sizeof(struct ring) == PAGE_BYTES, "one page, one translation");
    if (!at || flags & ~(uint64_t)RING_POLLED)
        return ERR_VALUE;
    if (rings_used == RINGS)
        return ERR_FULL;
    fd = file_new(FILE_RING, &f);
    if (fd < 0)
        return fd;
    s = f->ring = &rings[rings_used++];
    s->ring = (struct ring *)at;
    s->polled = flags & RING_POLLED;
    memset(s->ring, 0, sizeof *s->ring);
    return fd;
}

static bool pin(struct pinned *p, const struct ring_buffer *b)
{
    struct pinned pinned = {.bytes = b->bytes}; /* what cannot be leaves the buffer as it was */
    uint64_t address = (uintptr_t)b->address, page = address & ~(uint64_t)(PAGE_BYTES - 1);
    unsigned n = 0;

    if (!b->bytes || b->bytes > BUFFER_BYTES_MAX || address % 4 || address + b->bytes < address)
        return false;
    for (; page < address + b->bytes; page += PAGE_BYTES, n++) {
        uint64_t from = n ? page : address;

        pinned.page[n] = user_translate(process_current(), from, true);
        if (!pinned.page[n])
            return false;
    }
    *p = pinned;
    return true;
}

int64_t ring_register(uint64_t fd, uint64_t buffers, uint64_t count)
{
    struct file *f = file_get(fd, FILE_RING);
    struct ring_buffer given;

    if (!f)
        return ERR_FD;
    if (count > RING_BUFFERS_MAX || under_way(f->ring))
        return ERR_VALUE;
    for (unsigned i = 0; i < count; i++) {
        copy_from_user(&given, buffers + i * sizeof given, sizeof given);
        if (!pin(&f->ring->buffer[i], &given))
            return ERR_VALUE;
    }
    return 0;
}

/* With interrupts off, or in the bottom half. */
STEP void ring_complete(struct ring_state *s, uint64_t tag, int64_t result)
{
    s->ring->completion[s->cq_tail % RING_ENTRIES] =
        (struct ring_completion){.tag = tag, .result = result};
    s->cq_tail++;
    fence_publish(); /* the entry is there before the index says so */
    *(volatile uint32_t *)&s->ring->cq_tail = s->cq_tail;
    thread_wake(&s->completed);
}

static void read_done(struct request *r)
{
    ring_complete(r->owner, r->tag, r->status ? ERR_DEVICE : (int64_t)r->blocks * BLOCK_BYTES);
    request_free(r);
}

/* One submission; what is wrong with it is its completion's result. */
STEP void ring_submit(struct ring_state *s, const struct ring_submission *e)
{
    struct file *f = file_get((uint64_t)(int64_t)e->fd, FILE_DISK);
    const struct pinned *p = e->buffer < RING_BUFFERS_MAX ? &s->buffer[e->buffer] : NULL;
    struct request *r;
    uint64_t bytes = 0;
    bool on;

    if (!f || !p || !e->bytes || e->bytes > p->bytes || e->bytes % BLOCK_BYTES ||
        e->offset % BLOCK_BYTES || e->offset > f->bytes || e->bytes > f->bytes - e->offset) {
        on = irq_off(); /* the bottom half completes others */
        ring_complete(s, e->tag, f ? ERR_VALUE : ERR_FD);
        irq_restore(on);
        return;
    }
    r = request_new();
    r->block = (f->start + e->offset) / BLOCK_BYTES;
    r->blocks = e->bytes / BLOCK_BYTES;
    r->polled = s->polled;
    for (; bytes < e->bytes; r->pages++) {
        r->page[r->pages] = p->page[r->pages];
        bytes += PAGE_BYTES - p->page[r->pages] % PAGE_BYTES;
    }
    r->owner = s;
    r->tag = e->tag;
    r->done = read_done;
    block_submit(r);
}

/* How many completions the program has not taken.  Its index may be anything; what cannot be counts
 * as a full ring. */
static uint32_t ready(const struct ring_state *s)
{
    uint32_t n = s->cq_tail - *(volatile uint32_t *)&s->ring->cq_head;

    return n < RING_ENTRIES ? n : RING_ENTRIES;
}

STEP void ring_wait(struct ring_state *s, uint64_t count)
{
    if (!s->polled) {
        WAIT_UNTIL(&s->completed, ready(s) >= count || !under_way(s));
        return;
    }
    while (ready(s) < count && under_way(s))
        block_poll();
}

int64_t ring_enter(uint64_t fd, uint64_t submit, uint64_t wait)
{
    struct file *f = file_get(fd, FILE_RING);
    struct ring_state *s = f ? f->ring : NULL;
    uint32_t there, n = 0;

    if (!s)
        return ERR_FD;
    there = *(volatile uint32_t *)&s->ring->sq_tail - s->sq_head;
    fence_completion(); /* the index was read before the entries */
    if (there > RING_ENTRIES)
        return ERR_VALUE;
    /* Not more than completions have room for. */
    for (; n < submit && n < there && ready(s) + under_way(s) < RING_ENTRIES; n++) {
        /* A copy: the program may change the entry while it is looked at. */
        struct ring_submission e = s->ring->submission[s->sq_head % RING_ENTRIES];

        s->sq_head++;
        *(volatile uint32_t *)&s->ring->sq_head = s->sq_head;
        ring_submit(s, &e);
    }
    ring_wait(s, wait < RING_ENTRIES ? wait : RING_ENTRIES);
    return n;
}
