/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/i82599_ring.h"

static uint64_t base(const struct desc_unit *u, unsigned q)
{
    struct i82599 *n = u->n;

    if (u->transmit)
        return (uint64_t)bank32_at(n, I82599_TDBAH, q) << 32 | bank32_at(n, I82599_TDBAL, q);
    return *rxq_reg(n, I82599_RDBAH, q) << 32 | *rxq_reg(n, I82599_RDBAL, q);
}

static uint64_t descriptor_at(const struct desc_unit *u, unsigned q, uint32_t index)
{
    return base(u, q) + (uint64_t)index * I82599_DESC_BYTES;
}

/* ---- fetch ---- */

uint32_t i82599_ring_available(struct desc_unit *u, unsigned q)
{
    const struct desc_queue *queue = &u->queue[q];
    struct i82599 *n = u->n;
    uint32_t count = queue->count;
    uint32_t tail = u->transmit ? bank32_at(n, I82599_TDT, q)
                                : (uint32_t)*rxq_reg(n, I82599_RDT, q);

    if (!queue->enabled || queue->faulted || tail >= count)
        return 0;
    if (u->transmit && !(bank32(n, I82599_DMATXCTL) & FMASK(I82599_DMATXCTL_TE)))
        return 0;
    return (tail + count - queue->fetch) % count;
}

/* Transmit (7.2.3.3): with fewer than PTHRESH on the chip, when there are HTHRESH to be had; with
 * none on the chip, in any case.  Receive: when less than half a burst is left, or less than a frame
 * needs. */
static bool worth_a_fetch(const struct desc_unit *u, unsigned q, uint32_t count)
{
    const struct desc_queue *queue = &u->queue[q];
    uint32_t txdctl;

    if (queue->fetching || !count || queue->cached == I82599_DESC_CACHE)
        return false;
    if (!u->transmit)
        return queue->cached <= u->n->p.rx_prefetch / 2 || queue->cached < queue->need;
    txdctl = bank32_at(u->n, I82599_TXDCTL, q);
    return !queue->cached || (queue->cached < FGET(txdctl, I82599_TXDCTL_PTHRESH) &&
                              count >= FGET(txdctl, I82599_TXDCTL_HTHRESH));
}

static struct desc_op *free_fetch(struct desc_unit *u)
{
    for (unsigned i = 0; i < FETCHERS; i++)
        if (!u->fetch[i].busy)
            return &u->fetch[i];
    return NULL;
}

static void begin(struct desc_unit *u, struct desc_op *op, unsigned q, uint32_t first,
                  uint32_t count)
{
    op->queue = (uint16_t)q;
    op->first = (uint16_t)first;
    op->count = (uint16_t)count;
    op->epoch = u->queue[q].epoch;
    op->busy = 1;
}

void i82599_ring_fetch(struct desc_unit *u, unsigned q)
{
    struct desc_queue *queue = &u->queue[q];
    struct i82599 *n = u->n;
    uint32_t most = (uint32_t)(u->transmit ? n->p.tx_prefetch : n->p.rx_prefetch);
    uint32_t count = i82599_ring_available(u, q);
    uint64_t saved = n->clock->cause, id;
    struct desc_op *f;

    queue_bit_clear(u->want, q);
    if (!worth_a_fetch(u, q, count))
        return;
    f = free_fetch(u);
    if (!f) {
        queue_bit_set(u->want, q);
        return;
    }
    count = u32_min(count, u32_min(most, I82599_DESC_CACHE - queue->cached));
    count = u32_min(count, queue->count - queue->fetch);
    begin(u, f, q, queue->fetch, count);
    queue->fetching = (uint16_t)count;
    queue->fetch = (uint16_t)((queue->fetch + count) % queue->count);
    id = trace_nic_fetch(n->trace, n->pci.source, TRACE_NOW(n->trace), u->transmit, q, f->first,
                         count);
    if (id)
        n->clock->cause = id;
    port_read(&f->op, descriptor_at(u, q, f->first), f->buf, count * I82599_DESC_BYTES);
    n->clock->cause = saved;
}

static void fetched(void *owner, struct dma_op *op)
{
    struct desc_op *f = owner;
    struct desc_unit *u = f->unit;
    struct desc_queue *queue = &u->queue[f->queue];
    int next;

    if (!f->busy)
        return;
    f->busy = 0;
    if (f->epoch == queue->epoch) {
        queue->fetching = 0;
        if (op->fault)
            queue->faulted = 1;
        for (unsigned i = 0; !op->fault && i < f->count; i++) {
            unsigned slot = (queue->cached_slot + queue->cached) % I82599_DESC_CACHE;

            memcpy(queue->cache[slot], f->buf + i * I82599_DESC_BYTES, I82599_DESC_BYTES);
            queue->cached++;
        }
    }
    while ((next = queue_bit_first(u->want)) >= 0 && free_fetch(u))
        i82599_ring_fetch(u, (unsigned)next);
    if (u->transmit)
        i82599_tx_fetched(u->n, f->queue);
    else
        i82599_rx_fetched(u->n, f->queue);
}

void i82599_ring_take(struct desc_unit *u, unsigned q)
{
    struct desc_queue *queue = &u->queue[q];

    queue->cached_slot = (queue->cached_slot + 1) % I82599_DESC_CACHE;
    queue->cached--;
    queue->next = (uint16_t)((queue->next + 1) % queue->count);
}

/* ---- write-back ---- */

static struct desc_op *free_writeback(struct desc_unit *u)
{
    for (unsigned i = 0; i < WRITEBACKS; i++) {
        struct desc_op *w = &u->writeback[(u->writeback_first + i) % WRITEBACKS];

        if (!w->busy) {
            u->writeback_first = (u->writeback_first + i + 1) % WRITEBACKS;
            return w;
        }
    }
    return NULL;
}

static void start_writeback(struct desc_unit *u, struct desc_op *w, uint64_t addr, uint32_t bytes)
{
    struct i82599 *n = u->n;
    uint64_t saved = n->clock->cause, id;

    if (!u->transmit)
        n->clock->cause = u->queue[w->queue].cause;
    id = trace_nic_writeback(n->trace, n->pci.source, TRACE_NOW(n->trace), u->transmit, w->queue,
                             w->first, w->count);
    if (id)
        n->clock->cause = id;
    port_write(&w->op, addr, w->buf, bytes);
    n->clock->cause = saved;
}

bool i82599_ring_write_head(struct desc_unit *u, unsigned q, uint64_t addr)
{
    struct desc_op *w = free_writeback(u);

    if (!w)
        return false;
    begin(u, w, q, u->queue[q].done, 0);
    w->cause = 1;
    le32_put(w->buf, u->queue[q].done);
    start_writeback(u, w, addr, 4);
    return true;
}

uint32_t i82599_ring_finished(const struct desc_queue *queue)
{
    return queue->open ? u32_min(queue->held, (uint32_t)__builtin_ctzll(queue->open)) : queue->held;
}

/* Up to the ring's end at a time. */
bool i82599_ring_write_back(struct desc_unit *u, unsigned q, bool cause)
{
    struct desc_queue *queue = &u->queue[q];
    struct desc_op *w;

    while (i82599_ring_finished(queue) && (w = free_writeback(u))) {
        uint32_t end = u->transmit ? queue->done : queue->next;
        uint32_t first = (end + queue->count - queue->held) % queue->count;
        uint32_t count = u32_min(i82599_ring_finished(queue), queue->count - first);

        begin(u, w, q, first, count);
        w->cause = cause && count == i82599_ring_finished(queue);
        w->lli = queue->lli;
        memcpy(w->buf, queue->writeback, (size_t)count * I82599_DESC_BYTES);
        start_writeback(u, w, descriptor_at(u, q, first), count * I82599_DESC_BYTES);
        queue->held = (uint16_t)(queue->held - count);
        queue->open >>= count;
        memmove(queue->writeback, queue->writeback + count,
                (size_t)queue->held * I82599_DESC_BYTES);
    }
    if (!queue->held)
        queue_bit_clear(u->held, q);
    return !i82599_ring_finished(queue);
}

static void written_back(void *owner, struct dma_op *op)
{
    struct desc_op *w = owner;

    (void)op; /* a ring that is not memory: the driver will never see what came */
    if (!w->busy)
        return;
    w->busy = 0;
    if (w->unit->transmit)
        i82599_tx_written_back(w->unit->n, w);
    else
        i82599_rx_written_back(w->unit->n, w);
}

/* ---- life ---- */

void i82599_ring_enable(struct desc_unit *u, unsigned q, uint32_t bytes, uint32_t head)
{
    struct desc_queue *queue = &u->queue[q];

    queue->count = (uint16_t)(bytes / I82599_DESC_BYTES);
    if (head >= queue->count)
        head = 0;
    queue->next = queue->fetch = queue->done = (uint16_t)head;
    queue->enabled = queue->count > 0;
    i82599_ring_fetch(u, q);
}

void i82599_ring_disable(struct desc_unit *u, unsigned q)
{
    uint32_t epoch = u->queue[q].epoch;

    memset(&u->queue[q], 0, sizeof u->queue[q]);
    u->queue[q].epoch = epoch + 1;
    queue_bit_clear(u->want, q);
    queue_bit_clear(u->held, q);
}

void i82599_ring_init(struct i82599 *n, struct desc_unit *u, bool transmit)
{
    u->n = n;
    u->transmit = transmit;
    for (unsigned i = 0; i < FETCHERS; i++) {
        u->fetch[i].unit = u;
        dma_op_init(&u->fetch[i].op, &n->pci.port, "i82599.fetch", fetched, &u->fetch[i]);
    }
    for (unsigned i = 0; i < WRITEBACKS; i++) {
        u->writeback[i].unit = u;
        dma_op_init(&u->writeback[i].op, &n->pci.port, "i82599.writeback", written_back,
                    &u->writeback[i]);
    }
}

void i82599_op_clear(struct dma_op *op)
{
    dma_op_cancel(op);
    op->addr = 0;
    op->len = 0;
    op->kind = 0;
    op->sampled = false;
    op->fault = FAULT_NONE;
    op->began = op->sampled_at = 0;
}

static void desc_op_clear(struct desc_op *d)
{
    i82599_op_clear(&d->op);
    d->queue = d->first = d->count = 0;
    d->epoch = 0;
    d->busy = d->cause = d->lli = 0;
    memset(d->buf, 0, sizeof d->buf);
}

void i82599_ring_reset(struct desc_unit *u)
{
    for (unsigned i = 0; i < FETCHERS; i++)
        desc_op_clear(&u->fetch[i]);
    for (unsigned i = 0; i < WRITEBACKS; i++)
        desc_op_clear(&u->writeback[i]);
    memset(u->queue, 0, sizeof u->queue);
    memset(u->want, 0, sizeof u->want);
    memset(u->held, 0, sizeof u->held);
    u->writeback_first = 0;
}

/* Buffers are wiring. */
void i82599_ring_restore(struct desc_unit *u)
{
    for (unsigned i = 0; i < FETCHERS; i++)
        u->fetch[i].op.buf = u->fetch[i].buf;
    for (unsigned i = 0; i < WRITEBACKS; i++)
        u->writeback[i].op.buf = u->writeback[i].buf;
}
