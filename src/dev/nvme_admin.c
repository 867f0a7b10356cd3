/* SPDX-License-Identifier: Apache-2.0 */
/* Admin commands and asynchronous events. (NVMe 1.4: 5.) */
#include "dev/nvme_impl.h"

#include <errno.h>

/* ---- error log and events ---- */

void nvme_log_error(struct nvme *n, unsigned sqid, unsigned cid, unsigned status, uint32_t nsid,
                    uint64_t lba)
{
    struct nvme_error *e = &n->c.error[n->c.errors % NVME_ERRORS];

    e->count = ++n->c.errors;
    e->lba = lba;
    e->sqid = (uint16_t)sqid;
    e->cid = (uint16_t)cid;
    e->status = (uint16_t)(status << 1);
    e->location = 0xffff; /* not specific to a field */
    e->nsid = nsid;
}

struct event_row {
    uint8_t type, info, log;
};

static const struct event_row events[NVME_EV_COUNT] = {
    [NVME_EV_DOORBELL] = {NVME_EVENT_ERROR, NVME_EVENT_INVALID_DOORBELL, NVME_LOG_ERROR},
    [NVME_EV_DOORBELL_VALUE] = {NVME_EVENT_ERROR, NVME_EVENT_INVALID_DOORBELL_VALUE,
                                NVME_LOG_ERROR},
    [NVME_EV_TEMPERATURE] = {NVME_EVENT_SMART, NVME_EVENT_TEMPERATURE, NVME_LOG_SMART},
    [NVME_EV_NAMESPACE] = {NVME_EVENT_NOTICE, NVME_EVENT_NAMESPACE_CHANGED, NVME_LOG_CHANGED},
};

/* Completes requests with the events that are due: of a type that was reported, the next one waits
 * until its log page has been read (5.2). */
void nvme_events_report(struct nvme *n)
{
    for (unsigned i = 0; i < NVME_EV_COUNT; i++) {
        const struct event_row *e = &events[i];
        struct nvme_slot *slot;

        if (n->c.async_first == NVME_NO_SLOT)
            return;
        if (!(n->c.pending >> i & 1) || n->c.masked_types >> e->type & 1)
            continue;
        n->c.pending &= ~(1u << i);
        n->c.masked_types |= 1u << e->type;
        slot = &n->slot[n->c.async_first];
        n->c.async_first = slot->s.next;
        slot->s.next = NVME_NO_SLOT;
        slot->s.dw0 = e->type | (uint32_t)e->info << 8 | (uint32_t)e->log << 16;
        nvme_finish(slot, NVME_OK);
    }
}

void nvme_event(struct nvme *n, enum nvme_event event)
{
    if (event == NVME_EV_TEMPERATURE && !(n->c.f.async_events & NVME_ASYNC_TEMPERATURE))
        return;
    if (event == NVME_EV_NAMESPACE && !(n->c.f.async_events & NVME_ASYNC_NAMESPACE))
        return;
    n->c.pending |= 1u << event;
    nvme_events_report(n);
}

static unsigned async_requests(const struct nvme *n, struct nvme_slot **last)
{
    unsigned count = 0;

    *last = NULL;
    for (uint16_t i = n->c.async_first; i != NVME_NO_SLOT; i = n->slot[i].s.next, count++)
        *last = (struct nvme_slot *)(uintptr_t)&n->slot[i];
    return count;
}

static void async_event_request(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    struct nvme_slot *last;

    if (async_requests(n, &last) > NVME_AERL) {
        nvme_finish(slot, NVME_ASYNC_EVENT_LIMIT | NVME_DNR);
        return;
    }
    slot->s.state = NVME_ASYNC;
    slot->s.next = NVME_NO_SLOT;
    if (last)
        last->s.next = (uint16_t)nvme_index(slot);
    else
        n->c.async_first = (uint16_t)nvme_index(slot);
    nvme_events_report(n);
}

/* ---- queues ---- */

static unsigned granted(const struct nvme *n, bool sq)
{
    uint32_t q = n->c.f.queues;

    if (!n->c.f.queues_set)
        return n->io_queues;
    return (sq ? q & 0xffff : q >> 16) + 1;
}

static unsigned vectors_now(const struct nvme *n)
{
    return pci_irq_mode(&n->pci) == PCI_IRQ_MSIX ? n->vectors : 1;
}

/* What both create commands have in common. */
static unsigned check_new_queue(const struct nvme_slot *slot, unsigned qid, bool exists,
                                unsigned most)
{
    uint32_t size = nvme_cdw(slot, NVME_SQE_CDW10) >> 16;

    if (qid == 0 || qid > most || exists)
        return NVME_QID_INVALID;
    if (size == 0 || size > FGET(NVME_CAP_RESET, NVME_CAP_MQES))
        return NVME_QUEUE_SIZE_INVALID;
    if (!(nvme_cdw(slot, NVME_SQE_CDW11) & 1))
        return NVME_INVALID_FIELD; /* CAP.CQR: only contiguous queues */
    if (le64_get(slot->s.sqe + NVME_SQE_PRP1) % PAGE_BYTES)
        return NVME_PRP_OFFSET_INVALID;
    return 0;
}

static unsigned create_cq(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    unsigned qid = nvme_cdw(slot, NVME_SQE_CDW10) & 0xffff;
    uint32_t cdw11 = nvme_cdw(slot, NVME_SQE_CDW11);
    bool exists = qid < NVME_QUEUES_MAX && n->c.cq[qid].created;
    unsigned status = check_new_queue(slot, qid, exists, granted(n, false));
    struct nvme_cq *cq;

    if (status)
        return status;
    if (FGET(bank_value(&n->bank, NVME_CC), NVME_CC_IOCQES) != NVME_CQE_BYTES_LOG2)
        return NVME_QUEUE_SIZE_INVALID;
    if (cdw11 >> 16 >= vectors_now(n))
        return NVME_INTERRUPT_VECTOR_INVALID;
    cq = &n->c.cq[qid];
    memset(cq, 0, sizeof *cq);
    cq->base = le64_get(slot->s.sqe + NVME_SQE_PRP1);
    cq->size = (nvme_cdw(slot, NVME_SQE_CDW10) >> 16) + 1;
    cq->vector = (uint16_t)(cdw11 >> 16);
    cq->interrupts = cdw11 >> 1 & 1;
    cq->held_first = cq->held_last = NVME_NO_SLOT;
    cq->phase = cq->created = 1;
    nvme_queues_changed(n);
    return 0;
}

static unsigned create_sq(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    unsigned qid = nvme_cdw(slot, NVME_SQE_CDW10) & 0xffff;
    unsigned cqid = nvme_cdw(slot, NVME_SQE_CDW11) >> 16;
    bool exists = qid < NVME_QUEUES_MAX && n->c.sq[qid].created;
    unsigned status;
    struct nvme_sq *sq;

    if (cqid == 0)
        return NVME_QID_INVALID;
    if (cqid > n->io_queues || !n->c.cq[cqid].created)
        return NVME_CQ_INVALID;
    status = check_new_queue(slot, qid, exists, granted(n, true));
    if (status)
        return status;
    if (FGET(bank_value(&n->bank, NVME_CC), NVME_CC_IOSQES) != NVME_SQE_BYTES_LOG2)
        return NVME_QUEUE_SIZE_INVALID;
    sq = &n->c.sq[qid];
    memset(sq, 0, sizeof *sq);
    sq->base = le64_get(slot->s.sqe + NVME_SQE_PRP1);
    sq->size = (nvme_cdw(slot, NVME_SQE_CDW10) >> 16) + 1;
    sq->cqid = (uint16_t)cqid;
    sq->deleter = NVME_NO_SLOT;
    sq->created = 1;
    n->c.cq[cqid].sqs++;
    nvme_queues_changed(n);
    return 0;
}

/* The queue takes nothing more; the delete command waits for what is in flight (5.6). */
static void delete_sq(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    unsigned qid = nvme_cdw(slot, NVME_SQE_CDW10) & 0xffff;

    if (qid == 0 || qid > n->io_queues || !n->c.sq[qid].created ||
        n->c.sq[qid].deleter != NVME_NO_SLOT) {
        nvme_finish(slot, NVME_QID_INVALID | NVME_DNR);
        return;
    }
    slot->s.state = NVME_DELETING;
    slot->s.cause = n->clock->cause;
    n->c.sq[qid].deleter = (uint16_t)nvme_index(slot);
    nvme_sq_deleted_if_idle(n, qid);
}

void nvme_sq_deleted_if_idle(struct nvme *n, unsigned qid)
{
    struct nvme_sq *sq = &n->c.sq[qid];
    struct nvme_slot *slot;
    uint64_t cause = n->clock->cause;

    if (qid == 0 || sq->deleter == NVME_NO_SLOT || sq->in_flight || sq->fetching || !sq->created)
        return;
    slot = &n->slot[sq->deleter];
    n->c.cq[sq->cqid].sqs--;
    memset(sq, 0, sizeof *sq);
    nvme_queues_changed(n);
    n->clock->cause = slot->s.cause;
    nvme_finish(slot, NVME_OK);
    n->clock->cause = cause;
}

static unsigned delete_cq(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    unsigned qid = nvme_cdw(slot, NVME_SQE_CDW10) & 0xffff;

    if (qid == 0 || qid > n->io_queues || !n->c.cq[qid].created)
        return NVME_QID_INVALID;
    if (n->c.cq[qid].sqs)
        return NVME_QUEUE_DELETION_INVALID;
    memset(&n->c.cq[qid], 0, sizeof n->c.cq[qid]);
    nvme_queues_changed(n);
    nvme_update_intx(n);
    return 0;
}

/* ---- abort ---- */

static void leave_async(struct nvme *n, struct nvme_slot *slot)
{
    uint16_t *link = &n->c.async_first;

    while (*link != nvme_index(slot))
        link = &n->slot[*link].s.next;
    *link = slot->s.next;
    slot->s.next = NVME_NO_SLOT;
}

/* Only what has not touched anything yet is aborted; the rest completes by itself soon. */
static bool abort_slot(struct nvme *n, struct nvme_slot *slot)
{
    switch (slot->s.state) {
    case NVME_ASYNC:
        leave_async(n, slot);
        break;
    case NVME_FIRMWARE:
    case NVME_MAPPING:
        break;
    case NVME_MOVING:
        if (slot->s.issued || slot->s.moving || slot->s.queued)
            return false;
        break;
    default:
        return false;
    }
    dma_op_cancel(&slot->op);
    slot->s.busy = 0;
    nvme_finish(slot, NVME_ABORT_REQUESTED);
    return true;
}

static unsigned abort_command(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    uint32_t cdw10 = nvme_cdw(slot, NVME_SQE_CDW10);

    slot->s.dw0 = 1; /* not aborted */
    for (unsigned i = 0; i < NVME_SLOTS; i++) {
        struct nvme_slot *other = &n->slot[i];
        if (other != slot && other->s.state != NVME_FREE && other->s.sqid == (cdw10 & 0xffff) &&
            other->s.cid == cdw10 >> 16) {
            slot->s.dw0 = !abort_slot(n, other);
            break;
        }
    }
    return 0;
}

/* ---- format ---- */

static unsigned format_one(struct nvme *n, unsigned index, unsigned shift)
{
    struct nvme_ns *ns = &n->ns[index];

    if (block_zero(ns->block, 0, ns->bytes) || block_flush(ns->block))
        return NVME_WRITE_FAULT;
    if (n->c.lba_shift[index] != shift) {
        n->c.lba_shift[index] = (uint8_t)shift;
        n->c.changed |= 1u << index;
        nvme_event(n, NVME_EV_NAMESPACE);
    }
    return 0;
}

static void format(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    uint32_t cdw10 = nvme_cdw(slot, NVME_SQE_CDW10), nsid = nvme_cdw(slot, NVME_SQE_NSID);
    unsigned first = nsid == NVME_NSID_ALL ? 0 : nsid - 1;
    unsigned last = nsid == NVME_NSID_ALL ? n->namespaces - 1 : first;
    unsigned erase = cdw10 >> 9 & 7, status = 0;

    if (nsid != NVME_NSID_ALL && nsid - 1 >= n->namespaces)
        status = NVME_INVALID_NAMESPACE;
    else if ((cdw10 & 0xf) > 1 || cdw10 >> 4 & 0x1f)
        status = NVME_FORMAT_INVALID; /* two formats; no metadata, no protection information */
    else if (erase > 1)
        status = NVME_INVALID_FIELD; /* no cryptographic erase */
    for (unsigned i = first; !status && i <= last; i++)
        if (block_read_only(n->ns[i].block))
            status = NVME_WRITE_PROTECTED;
    if (status) {
        nvme_finish(slot, status | NVME_DNR);
        return;
    }
    for (unsigned i = first; !status && i <= last; i++)
        status = format_one(n, i, cdw10 & 0xf ? 12 : 9);
    slot->s.status = (uint16_t)status;
    nvme_wait(slot, ps_add(n->clock->now, n->p.format_ps));
}

/* ---- dispatch ---- */

static void finish(struct nvme_slot *slot, unsigned status)
{
    nvme_finish(slot, status ? status | NVME_DNR : 0);
}

void nvme_admin_fill(struct nvme_slot *slot)
{
    memset(slot->s.data, 0, sizeof slot->s.data);
    if (slot->s.sqe[NVME_SQE_OPCODE] == NVME_ADMIN_IDENTIFY)
        nvme_identify_fill(slot);
    else
        nvme_log_fill(slot);
}

static void to_host(struct nvme_slot *slot, unsigned status, uint32_t length)
{
    if (status)
        finish(slot, status);
    else
        nvme_transfer(slot, NVME_TO_HOST, length);
}

void nvme_admin_execute(struct nvme_slot *slot)
{
    uint32_t length = NVME_IDENTIFY_BYTES;
    unsigned status;

    switch (slot->s.sqe[NVME_SQE_OPCODE]) {
    case NVME_ADMIN_DELETE_SQ: delete_sq(slot); break;
    case NVME_ADMIN_CREATE_SQ: finish(slot, create_sq(slot)); break;
    case NVME_ADMIN_DELETE_CQ: finish(slot, delete_cq(slot)); break;
    case NVME_ADMIN_CREATE_CQ: finish(slot, create_cq(slot)); break;
    case NVME_ADMIN_IDENTIFY: to_host(slot, nvme_identify_check(slot), length); break;
    case NVME_ADMIN_GET_LOG:
        status = nvme_log_check(slot, &length);
        to_host(slot, status, length);
        break;
    case NVME_ADMIN_ABORT: finish(slot, abort_command(slot)); break;
    case NVME_ADMIN_SET_FEATURES: finish(slot, nvme_features_set(slot)); break;
    case NVME_ADMIN_GET_FEATURES: finish(slot, nvme_features_get(slot)); break;
    case NVME_ADMIN_ASYNC_EVENT: async_event_request(slot); break;
    case NVME_ADMIN_FORMAT: format(slot); break;
    default: finish(slot, NVME_INVALID_OPCODE); break;
    }
}
