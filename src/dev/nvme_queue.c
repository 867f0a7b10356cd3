/* SPDX-License-Identifier: Apache-2.0 */
/* Queues: doorbells, fetching by round robin, completion entries, interrupts.
 * (NVMe 1.4: 3.1.24, 3.1.25, 4.1, 4.13.1 arbitration, 7.5 interrupts.) */
#include "dev/nvme_impl.h"

#define ARBITRATION_NO_LIMIT 7

/* ---- slots ---- */

void nvme_lists_reset(struct nvme *n)
{
    static const uint16_t first[2] = {0, NVME_SLOTS_ADMIN};
    static const uint16_t count[2] = {NVME_SLOTS_ADMIN, NVME_SLOTS_IO};

    for (unsigned k = 0; k < 2; k++) {
        n->c.free_first[k] = first[k];
        n->c.free_count[k] = count[k];
        n->c.reserved[k] = 0;
        for (unsigned i = 0; i < count[k]; i++)
            n->slot[first[k] + i].s.next =
                i + 1u < count[k] ? (uint16_t)(first[k] + i + 1) : NVME_NO_SLOT;
    }
    n->c.wait_first = n->c.wait_last = n->c.async_first = NVME_NO_SLOT;
    nvme_slots_changed(n);
}

void nvme_queues_changed(struct nvme *n)
{
    n->queues = n->io_queues + 1;
    while (n->queues && !n->c.sq[n->queues - 1].created && !n->c.cq[n->queues - 1].created)
        n->queues--;
}

static uint32_t command_of(const struct nvme_slot *slot)
{
    const struct nvme_slot_state *s = &slot->s;

    return s->state == NVME_FREE ? NVME_NO_COMMAND : (uint32_t)s->sqid << 16 | s->cid;
}

void nvme_slots_changed(struct nvme *n)
{
    for (unsigned i = 0; i < NVME_SLOTS; i++)
        n->command[i] = command_of(&n->slot[i]);
}

static struct nvme_slot *slot_take(struct nvme *n, bool io)
{
    struct nvme_slot *slot = &n->slot[n->c.free_first[io]];
    struct nvme_slot_state *s = &slot->s;

    n->c.free_first[io] = s->next;
    n->c.free_count[io]--;
    s->next = NVME_NO_SLOT;
    s->length = s->mapped = s->issued = s->arrived = s->dw0 = 0;
    s->seg_count = s->seg_at = s->seg_off = s->list_left = s->list_len = s->hops = 0;
    s->status = s->moving = 0;
    s->direction = NVME_NO_DATA;
    s->sgl = s->last_segment = s->arrived_cqe = s->queued = 0;
    s->busy = s->media_done = s->conflict = 0;
    s->began = s->offset = s->list = 0;
    return slot;
}

void nvme_release(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    unsigned qid = slot->s.sqid;
    bool io = nvme_index(slot) >= NVME_SLOTS_ADMIN;

    if (slot->s.moving || !slot->s.arrived_cqe)
        return;
    slot->s.state = NVME_FREE;
    n->command[nvme_index(slot)] = NVME_NO_COMMAND;
    slot->s.next = n->c.free_first[io];
    n->c.free_first[io] = (uint16_t)nvme_index(slot);
    n->c.free_count[io]++;
    n->c.sq[qid].in_flight--;
    nvme_sq_deleted_if_idle(n, qid);
    nvme_kick(n);
}

/* ---- doorbells ---- */

static bool accepting(const struct nvme *n)
{
    return n->c.ready && !n->c.fatal;
}

/* The guest hears of it by an event, and finds it in the error log (5.2.1). */
static void wrong_doorbell(struct nvme *n, unsigned qid, enum nvme_event event)
{
    nvme_log_error(n, qid, 0xffff, 0, 0, 0);
    nvme_event(n, event);
}

static void trace_doorbell(struct nvme *n, unsigned qid, bool completion, uint32_t value)
{
    uint64_t id = trace_nvme_doorbell(n->trace, n->pci.source, TRACE_NOW(n->trace), qid,
                                      completion, value);
    if (id)
        n->clock->cause = id;
}

void nvme_sq_doorbell(struct nvme *n, unsigned qid, uint32_t value)
{
    struct nvme_sq *sq = &n->c.sq[qid];
    uint32_t used, added;

    if (!accepting(n))
        return;
    value &= 0xffff;
    trace_doorbell(n, qid, false, value);
    if (!sq->created) {
        wrong_doorbell(n, qid, NVME_EV_DOORBELL);
        return;
    }
    used = (sq->tail + sq->size - sq->head) % sq->size;
    added = value < sq->size ? (value + sq->size - sq->tail) % sq->size : 0;
    if (!added || used + added >= sq->size) {
        wrong_doorbell(n, qid, NVME_EV_DOORBELL_VALUE);
        return;
    }
    sq->tail = value;
    sq->cause = n->clock->cause;
    nvme_kick(n);
}

/* No entry of any queue of the vector waits for the host. */
static bool vector_idle(const struct nvme *n, unsigned vector)
{
    for (unsigned i = 0; i < n->queues; i++)
        if (n->c.cq[i].created && n->c.cq[i].vector == vector && n->c.cq[i].interrupts &&
            n->c.cq[i].tail != n->c.cq[i].head)
            return false;
    return true;
}

static void post_held(struct nvme *n, struct nvme_cq *cq)
{
    while (cq->held_first != NVME_NO_SLOT && (cq->tail + 1) % cq->size != cq->head) {
        struct nvme_slot *slot = &n->slot[cq->held_first];
        cq->held_first = slot->s.next;
        slot->s.next = NVME_NO_SLOT;
        nvme_post(slot);
    }
}

void nvme_cq_doorbell(struct nvme *n, unsigned qid, uint32_t value)
{
    struct nvme_cq *cq = &n->c.cq[qid];
    uint32_t there, taken;

    if (!accepting(n))
        return;
    value &= 0xffff;
    trace_doorbell(n, qid, true, value);
    if (!cq->created) {
        wrong_doorbell(n, qid, NVME_EV_DOORBELL);
        return;
    }
    there = (cq->visible + cq->size - cq->head) % cq->size;
    taken = value < cq->size ? (value + cq->size - cq->head) % cq->size : 0;
    if (!taken || taken > there) {
        wrong_doorbell(n, qid, NVME_EV_DOORBELL_VALUE);
        return;
    }
    cq->head = value;
    if (vector_idle(n, cq->vector)) {
        n->c.vector_count[cq->vector] = 0;
        n->c.vector_fired[cq->vector] = 0;
        clock_disarm(n->clock, &n->vector[cq->vector].event);
    }
    post_held(n, cq);
    nvme_update_intx(n);
    nvme_kick(n);
}

/* ---- fetching ---- */

static struct nvme_fetcher *idle_fetcher(struct nvme *n)
{
    for (unsigned i = 0; i < NVME_FETCHERS; i++)
        if (!n->fetcher[i].busy)
            return &n->fetcher[i];
    return NULL;
}

/* Entries that may be fetched from a queue now: contiguous, within the bursts, with slots. */
static uint32_t fetchable(const struct nvme *n, unsigned qid)
{
    const struct nvme_sq *sq = &n->c.sq[qid];
    bool io = qid != 0;
    unsigned burst = n->c.f.arbitration & 7;
    uint32_t count;

    /* A queue whose completions are held back gets no further commands: the rest of the slots
     * belongs to the others. */
    if (!sq->created || sq->fetching || sq->deleter != NVME_NO_SLOT || sq->head == sq->tail ||
        n->c.cq[sq->cqid].held_first != NVME_NO_SLOT)
        return 0;
    count = (sq->tail > sq->head ? sq->tail : sq->size) - sq->head;
    if (burst != ARBITRATION_NO_LIMIT)
        count = (uint32_t)u64_min(count, 1u << burst);
    count = (uint32_t)u64_min(count, u64_min(u64_max(n->p.fetch_burst, 1), NVME_FETCH_MAX));
    return (uint32_t)u64_min(count, n->c.free_count[io] - n->c.reserved[io]);
}

static void fetch(struct nvme *n, struct nvme_fetcher *f, unsigned qid, uint32_t count)
{
    struct nvme_sq *sq = &n->c.sq[qid];
    uint64_t cause = n->clock->cause, id;

    f->busy = 1;
    f->sqid = (uint16_t)qid;
    f->count = (uint16_t)count;
    sq->fetching = 1;
    n->c.reserved[qid != 0] += (uint16_t)count;
    n->clock->cause = sq->cause;
    id = trace_nvme_fetch(n->trace, n->pci.source, TRACE_NOW(n->trace), qid, sq->head, count);
    if (id)
        n->clock->cause = id;
    port_read(&f->op, sq->base + (uint64_t)sq->head * NVME_SQE_BYTES, f->buf,
              count * NVME_SQE_BYTES);
    n->clock->cause = cause;
}

void nvme_kick(struct nvme *n)
{
    struct nvme_fetcher *f;
    unsigned all = n->io_queues + 1, tried = 0;

    if (!accepting(n) || n->c.shutdown)
        return;
    while (tried < all && (f = idle_fetcher(n)) != NULL) {
        unsigned qid = n->c.next_sq;
        uint32_t count = 0, step = 1;
        if (qid < n->queues)
            count = fetchable(n, qid);
        else
            step = (uint32_t)u64_min(all - qid, all - tried); /* there are none of these */
        tried += step;
        n->c.next_sq = (uint16_t)((qid + step) % all);
        if (count)
            fetch(n, f, qid, count);
    }
}

static bool in_use(const struct nvme *n, uint32_t command)
{
    bool found = false;

    for (unsigned i = 0; i < NVME_SLOTS; i++) /* all, with no way out: several at a time */
        found |= n->command[i] == command;
    return found;
}

static uint64_t firmware_ps(const struct nvme *n, const struct nvme_slot *slot, uint64_t bytes)
{
    if (slot->s.sqid == 0)
        return n->p.admin_ps;
    switch (slot->s.sqe[NVME_SQE_OPCODE]) {
    case NVME_NVM_READ:
    case NVME_NVM_COMPARE:
        return bytes > NVME_UNIT ? n->p.read_large_ps : n->p.read_ps;
    case NVME_NVM_WRITE: return n->p.write_ps;
    default: return n->p.other_ps;
    }
}

/* Bytes that a read, write or compare names; 0 for anything else. */
static uint64_t command_bytes(const struct nvme *n, const struct nvme_slot *slot)
{
    uint32_t nsid = nvme_cdw(slot, NVME_SQE_NSID);
    uint8_t opcode = slot->s.sqe[NVME_SQE_OPCODE];

    if (slot->s.sqid == 0 || nsid - 1 >= n->namespaces ||
        (opcode != NVME_NVM_READ && opcode != NVME_NVM_WRITE && opcode != NVME_NVM_COMPARE))
        return 0;
    return (uint64_t)((nvme_cdw(slot, NVME_SQE_CDW12) & NVME_RW_NLB_MASK) + 1)
           << n->c.lba_shift[nsid - 1];
}

/* A fetched entry becomes a command. */
static void start(struct nvme *n, unsigned qid, const uint8_t *sqe)
{
    struct nvme_slot *slot = slot_take(n, qid != 0);
    struct nvme_slot_state *s = &slot->s;
    uint64_t cause = n->clock->cause, bytes, id;
    ps_t at;

    memcpy(s->sqe, sqe, NVME_SQE_BYTES);
    s->sqid = (uint16_t)qid;
    s->cid = le16_get(sqe + NVME_SQE_CID);
    s->state = NVME_FIRMWARE;
    s->conflict = n->c.sq[qid].in_flight && in_use(n, command_of(slot));
    n->command[nvme_index(slot)] = command_of(slot);
    n->c.sq[qid].in_flight++;
    bytes = command_bytes(n, slot);
    id = trace_nvme_command(n->trace, n->pci.source, TRACE_NOW(n->trace), qid, s->cid,
                            sqe[NVME_SQE_OPCODE], nvme_cdw(slot, NVME_SQE_NSID),
                            bytes ? le64_get(sqe + NVME_SQE_CDW10) : 0, bytes);
    s->cause = n->clock->cause = id ? id : cause;
    at = n->clock->now > n->c.processor_free ? n->clock->now : n->c.processor_free;
    n->c.processor_free = ps_add(at, n->p.issue_ps);
    clock_arm(n->clock, &slot->event, ps_add(at, firmware_ps(n, slot, bytes)));
    n->clock->cause = cause;
}

void nvme_fetched(void *owner, struct dma_op *op)
{
    struct nvme_fetcher *f = owner;
    struct nvme *n = f->n;
    struct nvme_sq *sq = &n->c.sq[f->sqid];

    if (!f->busy)
        return; /* reset from within its own DMA */
    f->busy = 0;
    sq->fetching = 0;
    n->c.reserved[f->sqid != 0] -= f->count;
    if (op->fault) {
        nvme_fatal(n);
        return;
    }
    if (sq->deleter == NVME_NO_SLOT) {
        sq->head = (sq->head + f->count) % sq->size;
        for (unsigned i = 0; i < f->count; i++)
            start(n, f->sqid, f->buf + i * NVME_SQE_BYTES);
    }
    nvme_sq_deleted_if_idle(n, f->sqid);
    nvme_kick(n);
}

static void execute(struct nvme_slot *slot)
{
    uint8_t flags = slot->s.sqe[NVME_SQE_FLAGS];

    if (slot->s.conflict)
        nvme_finish(slot, NVME_CID_CONFLICT);
    else if (flags & 0x3f || flags >> 6 == 3 || (!slot->s.sqid && flags >> 6))
        nvme_finish(slot, NVME_INVALID_FIELD | NVME_DNR); /* no fused; admin is PRP only (4.2) */
    else if (slot->s.sqid)
        nvme_io_execute(slot);
    else
        nvme_admin_execute(slot);
}

void nvme_step(void *owner)
{
    struct nvme_slot *slot = owner;

    switch (slot->s.state) {
    case NVME_FIRMWARE:
        execute(slot);
        break;
    case NVME_MOVING:
        nvme_advance(slot);
        break;
    case NVME_WAITING:
        nvme_trace_media(slot);
        nvme_finish(slot, slot->s.status);
        break;
    case NVME_FINISHING:
        nvme_post(slot);
        break;
    }
}

/* ---- completion ---- */

void nvme_finish(struct nvme_slot *slot, unsigned status)
{
    struct nvme *n = slot->n;
    struct nvme_slot_state *s = &slot->s;

    s->status = (uint16_t)status;
    s->state = NVME_FINISHING;
    if (status)
        nvme_log_error(n, s->sqid, s->cid, status, nvme_cdw(slot, NVME_SQE_NSID),
                       s->sqid ? le64_get(s->sqe + NVME_SQE_CDW10) : 0);
    clock_arm_after(n->clock, &slot->event, n->p.complete_ps);
}

static void fire_vector(struct nvme *n, unsigned vector)
{
    n->c.vector_count[vector] = 0;
    n->c.vector_fired[vector] = 1;
    clock_disarm(n->clock, &n->vector[vector].event);
    switch (pci_irq_mode(&n->pci)) {
    case PCI_IRQ_MSIX:
        pci_msix_send(&n->pci, vector);
        break;
    case PCI_IRQ_MSI:
        if (vector >= 32 || !(n->c.masked_vectors >> vector & 1))
            pci_msi_send(&n->pci, vector);
        break;
    case PCI_IRQ_INTX:
        break; /* when the entry has arrived */
    }
}

/* An entry of `cq` is on its way: interrupt, or wait for more of them (5.21.1.8). */
static void signal_vector(struct nvme *n, const struct nvme_cq *cq, bool admin)
{
    unsigned v = cq->vector;
    uint32_t threshold = n->c.f.coalescing & 0xff, time = n->c.f.coalescing >> 8 & 0xff;

    if (!cq->interrupts)
        return;
    if (admin || !time || n->c.f.coalescing_off[v] || ++n->c.vector_count[v] > threshold)
        fire_vector(n, v);
    else if (!event_armed(&n->vector[v].event))
        clock_arm_after(n->clock, &n->vector[v].event, time * 100 * PS_PER_US);
}

void nvme_vector_timeout(void *owner)
{
    struct nvme_vector *v = owner;

    fire_vector(v->n, (unsigned)(v - v->n->vector));
    nvme_update_intx(v->n);
}

void nvme_post(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    struct nvme_slot_state *s = &slot->s;
    struct nvme_sq *sq = &n->c.sq[s->sqid];
    struct nvme_cq *cq = &n->c.cq[sq->cqid];
    uint64_t cause = n->clock->cause, id;

    if ((cq->tail + 1) % cq->size == cq->head) {
        s->cause = cause;
        s->state = NVME_HELD;
        s->next = NVME_NO_SLOT;
        if (cq->held_first == NVME_NO_SLOT)
            cq->held_first = (uint16_t)nvme_index(slot);
        else
            n->slot[cq->held_last].s.next = (uint16_t)nvme_index(slot);
        cq->held_last = (uint16_t)nvme_index(slot);
        return;
    }
    if (s->state == NVME_HELD)
        n->clock->cause = s->cause;
    s->state = NVME_POSTING;
    s->busy = 1;
    id = trace_nvme_complete(n->trace, n->pci.source, TRACE_NOW(n->trace), s->sqid, s->cid,
                             s->status, sq->head);
    if (id)
        n->clock->cause = id;
    memset(s->cqe, 0, sizeof s->cqe);
    le32_put(s->cqe + NVME_CQE_DW0, s->dw0);
    le16_put(s->cqe + NVME_CQE_SQHD, (uint16_t)sq->head);
    le16_put(s->cqe + NVME_CQE_SQID, s->sqid);
    le16_put(s->cqe + NVME_CQE_CID, s->cid);
    le16_put(s->cqe + NVME_CQE_STATUS, (uint16_t)(s->status << 1 | cq->phase));
    port_write(&slot->op, cq->base + (uint64_t)cq->tail * NVME_CQE_BYTES, s->cqe, NVME_CQE_BYTES);
    /* The link took the entry's record as the cause of the operation; the interrupt follows it. */
    n->clock->cause = slot->op.event.cause;
    if (++cq->tail == cq->size) {
        cq->tail = 0;
        cq->phase ^= 1;
    }
    signal_vector(n, cq, sq->cqid == 0);
    n->clock->cause = cause;
}

void nvme_posted(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    struct nvme_cq *cq = &n->c.cq[n->c.sq[slot->s.sqid].cqid];

    if (slot->op.fault) {
        nvme_fatal(n);
        return;
    }
    cq->visible = (cq->visible + 1) % cq->size;
    slot->s.arrived_cqe = 1;
    nvme_update_intx(n);
    nvme_release(slot);
}

/* ---- the pin, and MSI under INTMS ---- */

static bool vector_wants(const struct nvme *n, const struct nvme_cq *cq)
{
    return cq->created && cq->interrupts && cq->visible != cq->head &&
           n->c.vector_fired[cq->vector] &&
           (cq->vector >= 32 || !(n->c.masked_vectors >> cq->vector & 1));
}

void nvme_update_intx(struct nvme *n)
{
    bool level = false;

    for (unsigned i = 0; i < n->queues && !level; i++)
        level = vector_wants(n, &n->c.cq[i]);
    pci_intx_set(&n->pci, level);
}

void nvme_vectors_unmasked(struct nvme *n)
{
    if (pci_irq_mode(&n->pci) == PCI_IRQ_MSI)
        for (unsigned i = 0; i < n->queues; i++)
            if (vector_wants(n, &n->c.cq[i])) {
                pci_msi_send(&n->pci, n->c.cq[i].vector);
                break; /* one message is all there is */
            }
    nvme_update_intx(n);
}
