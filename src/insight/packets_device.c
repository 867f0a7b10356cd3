/* SPDX-License-Identifier: Apache-2.0 */
/* The device's half of a packet's path: wire, NIC, DMA, interrupts.
 *
 * Records name their causes, so what a DMA or an interrupt message belongs to is looked up, not
 * guessed.  Rings are worked off in order, so the descriptors of a write-back are those of the
 * queue's oldest packets. */
#include "insight/packets_impl.h"

#include "base/alloc.h"

/* Frames that the NIC has not decided about yet; more than its packet buffer can hold. */
#define UNDECIDED_MAX 16384

enum { FROM_NIC, FROM_STATION };

/* ---- causes ---- */

static void link_set(struct reading *r, uint64_t id, enum origin origin, uint32_t index)
{
    r->link[id % LINKS] = (struct link_to){id, index, origin};
}

static struct link_to link_get(const struct reading *r, uint64_t id)
{
    const struct link_to *l = &r->link[id % LINKS];

    return id && l->id == id ? *l : (struct link_to){0, 0, FROM_NONE};
}

/* This record leads on from its cause. */
static struct link_to link_on(struct reading *r, const struct trace_record *rec)
{
    struct link_to l = link_get(r, rec->cause);

    if (l.origin != FROM_NONE)
        link_set(r, rec->id, l.origin, l.index);
    return l;
}

static struct queue *queue_of(struct reading *r, uint64_t queue)
{
    return &r->queue[queue % QUEUES];
}

/* One NIC and one wire: the first that have packets.  False for the others' records. */
static bool ours(int *which, const struct trace_record *rec)
{
    if (*which < 0)
        *which = (int)rec->source;
    return *which == (int)rec->source;
}

/* ---- receive: up to memory ---- */

static void on_arrival(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    struct packet *p = packet_new(r, rec->when);

    if (in_window(r))
        r->out->window.arrived++;
    if (!p)
        return;
    p->number = e->wire_frame.number;
    p->size = (uint32_t)e->wire_frame.size;
    p->at[AT_WIRE_BEGIN] = e->wire_frame.began < rec->when ? e->wire_frame.began : rec->when;
    p->at[AT_WIRE_END] = rec->when;
}

/* The oldest frame of that number that the NIC has not decided about. */
static struct packet *decide(struct reading *r, uint64_t number)
{
    struct packet *found = NULL;
    size_t end = r->packets;

    if (end - r->undecided > UNDECIDED_MAX)
        r->undecided = end - UNDECIDED_MAX;
    for (size_t i = r->undecided; i < end && !found; i++)
        if (!r->packet[i].decided && r->packet[i].number == number)
            found = &r->packet[i];
    if (found)
        found->decided = 1;
    while (r->undecided < end && r->packet[r->undecided].decided)
        r->undecided++;
    return found;
}

static void on_rx(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    struct packet *p;

    if (!ours(&r->nic, rec) || !(p = decide(r, e->nic_rx.number)))
        return;
    p->at[AT_DATA] = rec->when;
    p->queue = (uint16_t)(e->nic_rx.queue % QUEUES);
    p->first = (uint16_t)e->nic_rx.first;
    p->count = p->left = (uint16_t)u64_min(e->nic_rx.count, 64);
    link_set(r, rec->id, FROM_RX_DATA, packet_index(r, p));
    fifo_push(&r->queue[p->queue].writeback, packet_index(r, p));
}

static void written(struct packet *p, const struct writeback *wb, ps_t now)
{
    ps_t data = p->at[AT_DATA_DONE];

    p->at[AT_WRITEBACK] = data != PS_NEVER && data > wb->handed && data <= now ? data : wb->handed;
    p->at[AT_WRITTEN] = now;
}

/* The descriptors of a receive write-back have arrived: those of the queue's oldest packets. */
static void rx_written(struct reading *r, const struct writeback *wb, ps_t now)
{
    struct queue *q = &r->queue[wb->queue];
    uint64_t count = wb->count;
    size_t skip = 0;

    /* Packets whose write-back was not recorded (a reset of the queue) are left behind. */
    while (skip < q->writeback.count && skip < 1024 &&
           r->packet[fifo_at(&q->writeback, skip)].first != wb->first &&
           r->packet[fifo_at(&q->writeback, skip)].left ==
               r->packet[fifo_at(&q->writeback, skip)].count)
        skip++;
    if (skip < q->writeback.count && skip < 1024)
        fifo_take(&q->writeback, skip);
    while (count && q->writeback.count) {
        uint32_t i = fifo_at(&q->writeback, 0);
        struct packet *p = &r->packet[i];

        if (p->left > count) {
            p->left = (uint16_t)(p->left - count);
            return;
        }
        count -= p->left;
        p->left = 0;
        written(p, wb, now);
        fifo_take(&q->writeback, 1);
        fifo_push(&q->driver, i);
    }
}

/* ---- send: from the doorbell to the wire ---- */

static void on_store(struct reading *r, unsigned hart, const struct trace_record *rec)
{
    uint32_t i = r->stores++ % STORES;

    r->store[i] = (struct store){rec->when, r->hart[hart].orders, hart};
    link_set(r, rec->id, FROM_STORE, i);
}

/* A tail register: the packets that the hart had given to the driver before its store. */
static void on_doorbell(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    struct link_to l = link_get(r, rec->cause);
    struct queue *q = queue_of(r, e->nic_doorbell.queue);
    const struct store *s;
    struct fifo *given;

    if (e->nic_doorbell.transmit != 1 || l.origin != FROM_STORE)
        return;
    s = &r->store[l.index % STORES];
    given = &r->hart[s->hart].given;
    while (given->count && r->packet[fifo_at(given, 0)].order < s->upto) {
        uint32_t i = fifo_at(given, 0);
        struct packet *p = &r->packet[i];

        p->at[AT_DOORBELL] = s->when;
        p->at[AT_ARRIVE] = rec->when;
        p->queue = (uint16_t)(e->nic_doorbell.queue % QUEUES);
        fifo_take(given, 1);
        fifo_push(&q->decode, i);
    }
}

static void on_fetch(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    struct queue *q = queue_of(r, e->nic_fetch.queue);
    unsigned i;

    if (e->nic_fetch.transmit != 1) {
        link_set(r, rec->id, FROM_RX_FETCH, 0);
        return;
    }
    if (!ours(&r->nic, rec))
        return;
    i = q->fetches++ % FETCHES;
    q->fetch[i] = (struct fetch){e->nic_fetch.first, e->nic_fetch.count, rec->when, PS_NEVER};
    link_set(r, rec->id, FROM_FETCH, (uint32_t)(q - r->queue) * FETCHES + i);
}

/* The data reads since the packet before are this one's. */
static void name_reads(struct reading *r, struct packet *p, uint32_t i)
{
    if (r->data_reads - r->data_reads_named > DATA_READS)
        r->data_reads_named = r->data_reads - DATA_READS;
    for (; r->data_reads_named != r->data_reads; r->data_reads_named++) {
        struct data_read *d = &r->data_read[r->data_reads_named % DATA_READS];

        d->packet = i;
        packet_met(p, AT_DATA, d->when);
        if (d->done != PS_NEVER)
            p->at[AT_DATA_DONE] = d->done;
    }
}

static void on_tx(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    struct queue *q = queue_of(r, e->nic_tx.queue);
    struct packet *p;
    uint32_t i;

    if (!ours(&r->nic, rec) || !(p = packet_by(r, i = fifo_at(&q->decode, 0))))
        return;
    fifo_take(&q->decode, 1);
    p->first = (uint16_t)e->nic_tx.first;
    p->count = (uint16_t)u64_min(e->nic_tx.count, UINT16_MAX);
    p->size = (uint32_t)e->nic_tx.size;
    name_reads(r, p, i);
    for (unsigned n = 0; n < FETCHES && n < q->fetches; n++) {
        const struct fetch *f = &q->fetch[(q->fetches - 1 - n) % FETCHES];
        if (e->nic_tx.first - f->first < f->count && f->done != PS_NEVER) {
            p->at[AT_FETCH] = f->when;
            p->at[AT_FETCHED] = f->done;
            break;
        }
    }
    fifo_push(&q->mac, i);
    fifo_push(&q->writeback, i);
}

static void on_send(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    struct queue *q = queue_of(r, e->nic_send.queue);
    struct packet *p = packet_by(r, fifo_at(&q->mac, 0));

    /* The next packet's first frame; a packet that is cut into several has one event for each. */
    if (p && p->first != (uint16_t)e->nic_send.first) {
        fifo_take(&q->mac, 1);
        p = packet_by(r, fifo_at(&q->mac, 0));
    }
    if (!ours(&r->nic, rec) || !p)
        return;
    if (p->at[AT_WIRE_BEGIN] == PS_NEVER) {
        p->at[AT_WIRE_BEGIN] = rec->when;
        p->number = e->nic_send.number;
    }
    fifo_push(&r->on_wire, packet_index(r, p));
    fifo_push(&r->on_wire, (uint32_t)e->nic_send.number);
}

static void on_departure(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    for (size_t n = 0; n + 1 < r->on_wire.count && n < 256; n += 2) {
        struct packet *p = packet_by(r, fifo_at(&r->on_wire, n));

        if (fifo_at(&r->on_wire, n + 1) != (uint32_t)e->wire_frame.number)
            continue;
        if (p && (p->end == STILL_OPEN || p->end == TO_WIRE)) {
            p->at[AT_END] = rec->when;
            p->end = TO_WIRE;
            /* In pieces: the first leaves while the rest is still being read. */
            if (p->at[AT_DATA_DONE] != PS_NEVER && p->at[AT_DATA_DONE] > p->at[AT_WIRE_BEGIN])
                p->at[AT_DATA_DONE] = p->at[AT_WIRE_BEGIN];
        }
        fifo_take(&r->on_wire, n + 2);
        return;
    }
}

/* Whether the packet's descriptors have that index among them, in a ring of unknown length (which
 * is a multiple of 8). */
static bool has_index(const struct packet *p, uint64_t index)
{
    uint64_t length = (uint64_t)(p->first | 7) + 1;

    if (index >= p->first)
        return index - p->first < p->count;
    return p->first + (uint64_t)p->count > length && index < p->first + (uint64_t)p->count - length;
}

/* A packet asks for the write-back of its last descriptor: all packets up to it are done. */
static void tx_written(struct reading *r, const struct writeback *wb, ps_t now)
{
    struct fifo *f = &r->queue[wb->queue].writeback;
    size_t n = 0;

    if (!wb->count)
        return;
    while (n < f->count && n < 4096 &&
           !has_index(&r->packet[fifo_at(f, n)], wb->first + wb->count - 1))
        n++;
    if (n == f->count || n == 4096)
        return;
    for (size_t i = 0; i <= n; i++)
        written(&r->packet[fifo_at(f, i)], wb, now);
    fifo_take(f, n + 1);
}

/* ---- both ---- */

static void on_writeback(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    uint32_t i = r->wbs;
    bool transmit = e->nic_writeback.transmit == 1;

    if (!ours(&r->nic, rec) || transmit != (r->o->direction == PACKETS_SEND))
        return;
    r->wbs = (r->wbs + 1) % WRITEBACKS;
    r->wb[i] = (struct writeback){rec->when, e->nic_writeback.first,
                                  u64_min(e->nic_writeback.count, 65536),
                                  (unsigned)(e->nic_writeback.queue % QUEUES)};
    link_set(r, rec->id, transmit ? FROM_TX_WRITEBACK : FROM_RX_WRITEBACK, i);
}

static void on_dma_write(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    struct link_to l = link_on(r, rec);

    if (l.origin == FROM_RX_DATA && l.index < r->packets && !r->packet[l.index].buffer)
        r->packet[l.index].buffer = e->dma_write.address;
}

static void on_dma_write_done(struct reading *r, const struct trace_record *rec,
                              const union ev *e)
{
    struct link_to l = link_on(r, rec);

    if (l.origin == FROM_RX_DATA && l.index < r->packets)
        r->packet[l.index].at[AT_DATA_DONE] = rec->when;
    else if (l.origin == FROM_RX_WRITEBACK)
        rx_written(r, &r->wb[l.index % WRITEBACKS], rec->when);
    else if (l.origin == FROM_TX_WRITEBACK)
        tx_written(r, &r->wb[l.index % WRITEBACKS], rec->when);
    if (in_window(r) && (int)rec->source == r->nic)
        r->out->window.up_bytes += e->dma_write_done.size;
}

/* Of descriptors when a fetch is its cause, else of data. */
static void on_dma_read(struct reading *r, const struct trace_record *rec)
{
    struct link_to l = link_get(r, rec->cause);
    uint32_t i = r->data_reads % DATA_READS;

    if (l.origin == FROM_FETCH || l.origin == FROM_RX_FETCH) {
        link_set(r, rec->id, l.origin, l.index);
        return;
    }
    if ((int)rec->source != r->nic)
        return;
    r->data_reads++;
    r->data_read[i] = (struct data_read){NO_PACKET, rec->when, PS_NEVER};
    link_set(r, rec->id, FROM_TX_READ, i);
}

static void on_dma_read_done(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    struct link_to l = link_get(r, rec->cause);

    struct data_read *d = &r->data_read[l.index % DATA_READS];

    if (l.origin == FROM_FETCH) {
        r->queue[l.index / FETCHES % QUEUES].fetch[l.index % FETCHES].done = rec->when;
    } else if (l.origin == FROM_TX_READ) {
        d->done = rec->when;
        if (d->packet < r->packets)
            r->packet[d->packet].at[AT_DATA_DONE] = rec->when;
    }
    if (in_window(r) && (int)rec->source == r->nic)
        r->out->window.down_bytes += e->dma_read_done.size;
}

/* ---- interrupts ---- */

struct interrupt *device_interrupt(struct reading *r, uint64_t cause)
{
    struct link_to l = link_get(r, cause);

    return l.origin == FROM_INTERRUPT ? &r->interrupt[l.index % INTERRUPTS] : NULL;
}

static void on_interrupt(struct reading *r, const struct trace_record *rec, const union ev *e)
{
    uint32_t i = r->interrupts % INTERRUPTS;
    unsigned v = e->nic_interrupt.vector % 64;

    if ((int)rec->source != r->nic)
        return;
    r->interrupts++;
    r->interrupt[i] = (struct interrupt){e->nic_interrupt.vector, r->moderate[v], rec->when,
                                         PS_NEVER, PS_NEVER, PS_NEVER, PS_NEVER, 0, true};
    r->moderate[v] = PS_NEVER;
    link_set(r, rec->id, FROM_INTERRUPT, i);
    if (in_window(r))
        r->out->window.interrupts++;
}

/* The message, or the wire, on its way through the controllers. */
static void on_irq_step(struct reading *r, const struct trace_record *rec, bool pend)
{
    struct link_to l = link_on(r, rec);
    struct interrupt *i;

    if (l.origin != FROM_INTERRUPT)
        return;
    i = &r->interrupt[l.index % INTERRUPTS];
    if (pend && i->pend == PS_NEVER)
        i->pend = rec->when;
}

static void on_access(struct reading *r, unsigned hart, const struct trace_record *rec,
                      bool store, uint64_t size)
{
    struct packet_window *w = &r->out->window;

    if (r->accesses < LOG_MAX) {
        array_reserve(&r->access, &r->access_capacity, r->accesses + 1, sizeof r->access[0]);
        r->access[r->accesses++] = (struct access){rec->when, (uint8_t)hart, store};
    }
    if (!in_window(r))
        return;
    *(store ? &w->mmio_writes : &w->mmio_reads) += 1;
    *(store ? &w->down_bytes : &w->up_bytes) += size;
}

static void on_hart_record(struct reading *r, unsigned hart, const struct trace_record *rec,
                           enum trace_kind kind, const union ev *e)
{
    struct interrupt *i;

    switch (kind) {
    case TRACE_KIND_mmio_load:
        if (r->nic >= 0 && e->mmio_load.target == (uint64_t)r->nic)
            on_access(r, hart, rec, false, e->mmio_load.size);
        break;
    case TRACE_KIND_mmio_store:
        /* Before the first packet it is not known which source is the NIC. */
        if (r->nic < 0 || e->mmio_store.target == (uint64_t)r->nic)
            on_store(r, hart, rec);
        if (r->nic >= 0 && e->mmio_store.target == (uint64_t)r->nic)
            on_access(r, hart, rec, true, e->mmio_store.size);
        break;
    case TRACE_KIND_idle_end:
        if ((i = device_interrupt(r, rec->cause)))
            i->wfi_exit = rec->when;
        break;
    case TRACE_KIND_trap:
        if ((i = device_interrupt(r, rec->cause)) && i->trap == PS_NEVER) {
            i->trap = rec->when;
            i->hart = hart;
        } else if (in_window(r) && e->trap.code >> 63 && !i) {
            r->out->window.other_interrupts++;
        }
        break;
    default:
        break;
    }
}

void device_record(struct reading *r, const struct trace_record *rec, enum trace_kind kind,
                   const union ev *e)
{
    bool receive = r->o->direction == PACKETS_RECEIVE;

    if (r->hart_of[rec->source] >= 0) {
        on_hart_record(r, (unsigned)r->hart_of[rec->source], rec, kind, e);
        return;
    }
    switch (kind) {
    case TRACE_KIND_wire_frame:
        if (receive && e->wire_frame.side == FROM_STATION && ours(&r->wire, rec))
            on_arrival(r, rec, e);
        else if (!receive && e->wire_frame.side == FROM_NIC && ours(&r->wire, rec))
            on_departure(r, rec, e);
        break;
    case TRACE_KIND_nic_drop:
        if (receive && ours(&r->nic, rec))
            packet_drop(r, decide(r, e->nic_drop.number),
                        (unsigned)u64_min(e->nic_drop.reason, PACKET_REASONS));
        break;
    case TRACE_KIND_nic_rx:
        if (receive)
            on_rx(r, rec, e);
        break;
    case TRACE_KIND_mmio_arrive: (void)link_on(r, rec); break;
    case TRACE_KIND_nic_doorbell: on_doorbell(r, rec, e); break;
    case TRACE_KIND_nic_fetch: on_fetch(r, rec, e); break;
    case TRACE_KIND_nic_tx:
        if (!receive)
            on_tx(r, rec, e);
        break;
    case TRACE_KIND_nic_send:
        if (!receive)
            on_send(r, rec, e);
        break;
    case TRACE_KIND_nic_writeback: on_writeback(r, rec, e); break;
    case TRACE_KIND_dma_write: on_dma_write(r, rec, e); break;
    case TRACE_KIND_dma_write_done: on_dma_write_done(r, rec, e); break;
    case TRACE_KIND_dma_read: on_dma_read(r, rec); break;
    case TRACE_KIND_dma_read_done: on_dma_read_done(r, rec, e); break;
    case TRACE_KIND_nic_cause:
        if (e->nic_cause.transmit < 2)
            r->queue_vectors |= UINT64_C(1) << (e->nic_cause.vector % 64);
        break;
    case TRACE_KIND_nic_moderate: r->moderate[e->nic_moderate.vector % 64] = rec->when; break;
    case TRACE_KIND_nic_interrupt: on_interrupt(r, rec, e); break;
    case TRACE_KIND_msi:
        if (in_window(r) && (int)rec->source == r->nic)
            r->out->window.up_bytes += 4;
        on_irq_step(r, rec, false);
        break;
    case TRACE_KIND_irq_line: on_irq_step(r, rec, false); break;
    case TRACE_KIND_irq_pend: on_irq_step(r, rec, true); break;
    case TRACE_KIND_irq_hart: on_irq_step(r, rec, false); break;
    default: break;
    }
}
