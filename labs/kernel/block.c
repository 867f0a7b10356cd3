/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/kernel/block.h"

#include "labs/kernel/kernel.h"
#include "labs/kernel/softirq.h"
#include "labs/kernel/thread.h"
#include "labs/lib/irq.h"
#include "labs/lib/nvme.h"

#define ENTRIES 32
#define REQUESTS 256 /* more than all rings can have under way */

static struct nvme nvme;
/* One pair of queues interrupts, the other never does. */
static struct nvme_pair interrupting, polled;
static struct request *under_way[2][NVME_ENTRIES_MAX]; /* by pair and command identifier */
static struct wait_list {
    struct request *first, *last;
} waiting[2];                                          /* by pair: for an entry of its queue */
static struct request *completed;                      /* top half to bottom half */
static bool present;

static struct request requests[REQUESTS], *free_requests;
static struct wait_queue request_freed;

/* ---- requests ---- */

static void give_back(struct request *r)
{
    r->next = free_requests;
    free_requests = r;
}

struct request *request_new(void)
{
    struct request *r;
    bool on = irq_off();

    while (!free_requests)
        thread_sleep(&request_freed, FOREVER);
    r = free_requests;
    free_requests = r->next;
    irq_restore(on);
    r->polled = false;
    r->pages = r->blocks = 0;
    r->status = 0;
    r->next = NULL;
    return r;
}

void request_free(struct request *r)
{
    bool on = irq_off();

    give_back(r);
    thread_wake(&request_freed);
    irq_restore(on);
}

/* ---- on their way ---- */

/* With interrupts off.  False: the queue is full. */
static bool send(struct request *r)
{
    struct nvme_pair *pair = r->polled ? &polled : &interrupting;
    uint32_t unit = nvme.block_bytes / BLOCK_BYTES;
    int id = NVME_BAD;

    if (present && r->block % unit == 0 && r->blocks % unit == 0)
        id = nvme_fill_pages(pair, NVME_NVM_READ, r->block / unit, r->blocks / unit, r->page);
    if (id == NVME_FULL)
        return false;
    if (id < 0) { /* it cannot be: over at once */
        r->status = id;
        r->next = completed;
        completed = r;
        softirq_raise(SOFTIRQ_BLOCK);
        return true;
    }
    under_way[r->polled][id] = r;
    counters.disk_commands++;
    counters.disk_pages += r->pages;
    nvme_ring(pair);
    return true;
}

STEP void block_submit(struct request *r)
{
    struct wait_list *w = &waiting[r->polled];
    bool on = irq_off();

    r->next = NULL;
    if (w->first || !send(r)) {
        *(w->first ? &w->last->next : &w->first) = r;
        w->last = r;
    }
    softirq_run(); /* of one that could not be sent */
    irq_restore(on);
}

/* With interrupts off: entries have become free. */
static void send_waiting(bool of_polled)
{
    struct wait_list *w = &waiting[of_polled];

    while (w->first) {
        struct request *r = w->first, *next = r->next;

        if (!send(r))
            return;
        w->first = next;
    }
}

/* ---- and back ---- */

static struct request *take(struct nvme_pair *pair, bool from_polled)
{
    struct nvme_completion c;
    struct request *r = NULL;

    while (!r && nvme_look(pair, &c)) {
        r = c.id < ENTRIES ? under_way[from_polled][c.id] : NULL;
        if (r)
            r->status = c.status;
        if (c.id < ENTRIES)
            under_way[from_polled][c.id] = NULL;
    }
    return r;
}

STEP void block_interrupt(void *unused)
{
    struct request *r, *last = completed;

    (void)unused;
    while (last && last->next)
        last = last->next;
    while ((r = take(&interrupting, false))) {
        r->next = NULL;
        *(last ? &last->next : &completed) = r;
        last = r;
    }
    nvme_acknowledge(&interrupting);
    softirq_raise(SOFTIRQ_BLOCK);
}

STEP void block_softirq(void)
{
    bool on = irq_off();
    struct request *list = completed;

    completed = NULL;
    send_waiting(false);
    irq_restore(on);
    while (list) {
        struct request *r = list;

        list = r->next;
        r->done(r);
    }
}

STEP unsigned block_poll(void)
{
    struct request *r;
    unsigned n = 0;
    bool on = irq_off();

    counters.disk_polls++;
    while ((r = take(&polled, true))) {
        r->done(r);
        n++;
    }
    if (n) {
        nvme_acknowledge(&polled);
        send_waiting(true);
    }
    irq_restore(on);
    return n;
}

/* ---- the drive ---- */

uint64_t block_pages(void)
{
    return present ? nvme.blocks * nvme.block_bytes / PAGE_BYTES : 0;
}

void block_init(void)
{
    for (unsigned i = 0; i < REQUESTS; i++)
        give_back(&requests[i]);
    softirq_handle(SOFTIRQ_BLOCK, block_softirq);
    present = !nvme_init(&nvme) &&
              !nvme_pair_init(&nvme, &interrupting, ENTRIES, block_interrupt, NULL) &&
              !nvme_pair_init(&nvme, &polled, ENTRIES, NULL, NULL);
}
