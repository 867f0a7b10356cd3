/* SPDX-License-Identifier: Apache-2.0 */
/* Data pointers and data: PRP entries and lists, SGLs, pieces on the link.
 * (NVMe 1.4: 4.3 PRP, 4.4 SGL.)
 *
 * Every walk is bounded: a PRP list by the bytes that it has to cover (each fetch covers at least
 * one page, since a chained list starts at a page), an SGL by NVME_SEGMENTS_MAX descriptors and
 * NVME_SGL_HOPS_MAX segments.  Nothing is moved before the whole list is known to be good. */
#include "dev/nvme_impl.h"

#define ENTRY_BYTES 8

static void mapped(struct nvme_slot *slot)
{
    if (slot->s.sqid == 0)
        nvme_admin_fill(slot);
    slot->s.state = NVME_MOVING;
    nvme_advance(slot);
}

static void fetch_list(struct nvme_slot *slot, uint64_t addr, uint32_t len)
{
    slot->s.state = NVME_MAPPING;
    slot->s.list_len = len;
    slot->s.busy = 1;
    port_read(&slot->op, addr, slot->s.data, len);
}

/* Adds a destination; false when there are too many. */
static bool add_segment(struct nvme_slot *slot, uint64_t addr, uint32_t len, bool bucket)
{
    struct nvme_segment *seg = &slot->s.seg[slot->s.seg_count];

    if (len == 0)
        return true;
    if (slot->s.seg_count == NVME_SEGMENTS_MAX)
        return false;
    seg->addr = addr;
    seg->len = len;
    seg->bucket = bucket;
    slot->s.seg_count++;
    slot->s.mapped += len;
    return true;
}

/* ---- PRP ---- */

static void add_page(struct nvme_slot *slot, uint64_t addr)
{
    uint32_t left = slot->s.length - slot->s.mapped;

    /* At most one page more than the transfer has: NVME_TRANSFER_MAX / 4096 + 1 segments. */
    (void)add_segment(slot, addr, (uint32_t)u64_min(left, PAGE_BYTES - addr % PAGE_BYTES), false);
}

static void fetch_prp_list(struct nvme_slot *slot)
{
    uint64_t left = slot->s.length - slot->s.mapped;
    uint64_t entries = (left + PAGE_BYTES - 1) / PAGE_BYTES;
    uint64_t room = PAGE_BYTES - slot->s.list % PAGE_BYTES;

    fetch_list(slot, slot->s.list, (uint32_t)u64_min(entries * ENTRY_BYTES, room));
}

static void map_prp(struct nvme_slot *slot)
{
    uint64_t prp1 = le64_get(slot->s.sqe + NVME_SQE_PRP1);
    uint64_t prp2 = le64_get(slot->s.sqe + NVME_SQE_PRP2);
    uint32_t left;

    if (prp1 % 4) {
        nvme_finish(slot, NVME_PRP_OFFSET_INVALID | NVME_DNR);
        return;
    }
    add_page(slot, prp1);
    left = slot->s.length - slot->s.mapped;
    if (left > PAGE_BYTES ? prp2 % ENTRY_BYTES : left && prp2 % PAGE_BYTES) {
        nvme_finish(slot, NVME_PRP_OFFSET_INVALID | NVME_DNR);
        return;
    }
    if (left > PAGE_BYTES) {
        slot->s.list = prp2;
        fetch_prp_list(slot);
        return;
    }
    if (left)
        add_page(slot, prp2);
    mapped(slot);
}

static void prp_list_fetched(struct nvme_slot *slot)
{
    struct nvme_slot_state *s = &slot->s;
    uint32_t entries = s->list_len / ENTRY_BYTES;
    bool to_page_end = (s->list + s->list_len) % PAGE_BYTES == 0;

    for (uint32_t i = 0; i < entries; i++) {
        uint64_t entry = le64_get(s->data + i * ENTRY_BYTES);
        uint32_t left = s->length - s->mapped;
        if (entry % PAGE_BYTES) {
            nvme_finish(slot, NVME_PRP_OFFSET_INVALID | NVME_DNR);
            return;
        }
        if (i + 1 == entries && to_page_end && left > PAGE_BYTES) {
            s->list = entry; /* the last entry of a full page names the next one */
            fetch_prp_list(slot);
            return;
        }
        add_page(slot, entry);
    }
    mapped(slot);
}

/* ---- SGL ---- */

static void fetch_sgl_part(struct nvme_slot *slot)
{
    fetch_list(slot, slot->s.list, (uint32_t)u64_min(slot->s.list_left, NVME_DATA_BYTES));
}

/* A segment or last segment descriptor: go on there. */
static unsigned enter_segment(struct nvme_slot *slot, const uint8_t *d, bool last)
{
    struct nvme_slot_state *s = &slot->s;
    uint32_t len = le32_get(d + NVME_SGL_LENGTH);

    if (len == 0 || len % NVME_SGL_BYTES)
        return NVME_INVALID_SGL_SEGMENT;
    s->list = le64_get(d);
    s->list_left = len;
    s->last_segment = last;
    return 0;
}

/* A data block or bit bucket. */
static unsigned take_block(struct nvme_slot *slot, const uint8_t *d, bool bucket)
{
    struct nvme_slot_state *s = &slot->s;
    uint32_t len = le32_get(d + NVME_SGL_LENGTH);

    if (bucket && s->direction == NVME_FROM_HOST)
        return 0; /* ignored: there is nothing to throw away (4.4.1) */
    if (len > s->length - s->mapped)
        return NVME_SGL_LENGTH_INVALID;
    return add_segment(slot, le64_get(d), len, bucket) ? 0 : NVME_INVALID_SGL_COUNT;
}

static unsigned take_descriptor(struct nvme_slot *slot, const uint8_t *d, bool final)
{
    struct nvme_slot_state *s = &slot->s;
    uint8_t id = d[NVME_SGL_ID], type = id >> 4;
    bool link = type == NVME_SGL_SEGMENT || type == NVME_SGL_LAST_SEGMENT;

    if (type > NVME_SGL_LAST_SEGMENT || id & 0xf)
        return NVME_SGL_TYPE_INVALID;
    if (!link)
        return final && !s->last_segment ? NVME_INVALID_SGL_SEGMENT
                                         : take_block(slot, d, type == NVME_SGL_BIT_BUCKET);
    if (s->last_segment)
        return NVME_INVALID_SGL_SEGMENT;
    if (!final)
        return NVME_INVALID_SGL_COUNT;
    return enter_segment(slot, d, type == NVME_SGL_LAST_SEGMENT);
}

static void sgl_complete(struct nvme_slot *slot)
{
    if (slot->s.mapped != slot->s.length)
        nvme_finish(slot, NVME_SGL_LENGTH_INVALID | NVME_DNR);
    else
        mapped(slot);
}

static void map_sgl(struct nvme_slot *slot)
{
    struct nvme_slot_state *s = &slot->s;
    const uint8_t *d = s->sqe + NVME_SQE_SGL1;
    uint8_t type = d[NVME_SGL_ID] >> 4;
    bool block = type == NVME_SGL_DATA || type == NVME_SGL_BIT_BUCKET;
    unsigned status;

    /* The descriptor in the command is a segment of its own, with this one entry. */
    s->sgl = 1;
    s->last_segment = block;
    status = take_descriptor(slot, d, true);
    if (status)
        nvme_finish(slot, status | NVME_DNR);
    else if (block)
        sgl_complete(slot);
    else
        fetch_sgl_part(slot);
}

static void sgl_part_fetched(struct nvme_slot *slot)
{
    struct nvme_slot_state *s = &slot->s;
    uint32_t len = s->list_len;

    s->list += len;
    s->list_left -= len;
    for (uint32_t at = 0; at < len; at += NVME_SGL_BYTES) {
        bool final = at + NVME_SGL_BYTES == len && s->list_left == 0;
        unsigned status = take_descriptor(slot, s->data + at, final);
        if (status) {
            nvme_finish(slot, status | NVME_DNR);
            return;
        }
    }
    /* Segments in a circle, and descriptors that map nothing: each part counts as a hop. */
    if (s->list_left && ++s->hops > NVME_SGL_HOPS_MAX)
        nvme_finish(slot, NVME_INVALID_SGL_COUNT | NVME_DNR);
    else if (s->list_left)
        fetch_sgl_part(slot);
    else
        sgl_complete(slot);
}

/* ---- both ---- */

void nvme_list_fetched(struct nvme_slot *slot)
{
    if (slot->op.fault)
        nvme_finish(slot, NVME_DATA_TRANSFER_ERROR);
    else if (slot->s.sgl)
        sgl_part_fetched(slot);
    else
        prp_list_fetched(slot);
}

void nvme_list_op_done(void *owner, struct dma_op *op)
{
    struct nvme_slot *slot = owner;

    (void)op;
    if (!slot->s.busy)
        return;
    slot->s.busy = 0;
    if (slot->s.state == NVME_MAPPING)
        nvme_list_fetched(slot);
    else
        nvme_posted(slot);
}

void nvme_transfer(struct nvme_slot *slot, enum nvme_direction direction, uint32_t length)
{
    slot->s.direction = (uint8_t)direction;
    slot->s.length = length;
    if (slot->s.sqe[NVME_SQE_FLAGS] >> 6)
        map_sgl(slot);
    else
        map_prp(slot);
}

/* ---- pieces ---- */

static struct nvme_mover *idle_mover(struct nvme *n)
{
    for (unsigned i = 0; i < NVME_MOVERS; i++)
        if (!n->mover[i].busy)
            return &n->mover[i];
    return NULL;
}

static void queue_for_mover(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;

    if (slot->s.queued)
        return;
    slot->s.queued = 1;
    slot->s.cause = n->clock->cause;
    slot->s.next = NVME_NO_SLOT;
    if (n->c.wait_first == NVME_NO_SLOT)
        n->c.wait_first = (uint16_t)nvme_index(slot);
    else
        n->slot[n->c.wait_last].s.next = (uint16_t)nvme_index(slot);
    n->c.wait_last = (uint16_t)nvme_index(slot);
}

/* The next piece: to the end of the page or of the segment. */
static uint32_t piece(const struct nvme_slot *slot, uint64_t *addr, bool *bucket)
{
    const struct nvme_segment *seg = &slot->s.seg[slot->s.seg_at];

    *addr = seg->addr + slot->s.seg_off;
    *bucket = seg->bucket;
    return (uint32_t)u64_min(seg->len - slot->s.seg_off, PAGE_BYTES - *addr % PAGE_BYTES);
}

static void step_over(struct nvme_slot *slot, uint32_t len)
{
    struct nvme_slot_state *s = &slot->s;

    s->issued += len;
    s->seg_off += len;
    if (s->seg_off == s->seg[s->seg_at].len) {
        s->seg_at++;
        s->seg_off = 0;
    }
}

/* When the medium has the bytes up to the end of the next piece; 0: it has no part in them. */
static uint64_t piece_ready(const struct nvme_slot *slot, uint32_t len)
{
    const struct nvme_slot_state *s = &slot->s;

    if (s->sqid == 0 || s->sqe[NVME_SQE_OPCODE] != NVME_NVM_READ)
        return 0;
    return s->ready[(s->offset + s->issued + len - 1) / NVME_UNIT - s->offset / NVME_UNIT];
}

/* Gives one piece to the link. */
static unsigned send_piece(struct nvme_slot *slot, struct nvme_mover *m, uint64_t addr,
                           uint32_t len, bool bucket)
{
    unsigned status = 0;

    m->slot = (uint16_t)nvme_index(slot);
    m->off = slot->s.issued;
    if (slot->s.direction == NVME_TO_HOST) {
        if (slot->s.issued + len == slot->s.length)
            nvme_trace_media(slot);
        status = nvme_produce(slot, m->off, m->buf, len);
        if (status || bucket)
            return status;
        port_write(&m->op, addr, m->buf, len);
    } else {
        port_read(&m->op, addr, m->buf, len);
    }
    m->busy = 1;
    slot->s.moving++;
    slot->s.cause = m->op.event.cause; /* the record of this piece */
    return 0;
}

/* Sends pieces in order until the data, the medium or the movers run out. */
void nvme_advance(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    struct nvme_slot_state *s = &slot->s;
    uint64_t cause = n->clock->cause;

    s->cause = cause;
    while (s->issued < s->length && !s->status) {
        uint64_t addr, ready;
        bool bucket;
        uint32_t len = piece(slot, &addr, &bucket);
        struct nvme_mover *m;

        ready = piece_ready(slot, len);
        if (ready > n->clock->now) {
            clock_arm(n->clock, &slot->event, ready);
            return;
        }
        m = idle_mover(n);
        if (!m) {
            queue_for_mover(slot);
            return;
        }
        s->status = (uint16_t)send_piece(slot, m, addr, len, bucket);
        if (!s->status)
            step_over(slot, len);
    }
    if (s->direction == NVME_TO_HOST) {
        n->clock->cause = s->cause;
        nvme_finish(slot, s->status);
        n->clock->cause = cause;
    } else if (!s->moving) {
        nvme_received(slot);
    }
}

static void serve_waiters(struct nvme *n)
{
    uint64_t cause = n->clock->cause;

    while (n->c.wait_first != NVME_NO_SLOT && idle_mover(n)) {
        struct nvme_slot *slot = &n->slot[n->c.wait_first];
        n->c.wait_first = slot->s.next;
        slot->s.next = NVME_NO_SLOT;
        slot->s.queued = 0;
        n->clock->cause = slot->s.cause;
        nvme_advance(slot);
    }
    n->clock->cause = cause;
}

/* A piece for the host failed after its command was finished: the entry behind it says so. */
static void mend_entry(struct nvme_slot *slot)
{
    struct nvme_slot_state *s = &slot->s;
    uint16_t phase = le16_get(s->cqe + NVME_CQE_STATUS) & 1;

    if (s->status)
        return;
    s->status = NVME_DATA_TRANSFER_ERROR;
    if (s->state == NVME_MOVING)
        return; /* it will finish with that */
    nvme_log_error(slot->n, s->sqid, s->cid, s->status, nvme_cdw(slot, NVME_SQE_NSID), 0);
    if (s->state == NVME_POSTING)
        le16_put(s->cqe + NVME_CQE_STATUS, (uint16_t)(s->status << 1 | phase));
}

void nvme_moved(void *owner, struct dma_op *op)
{
    struct nvme_mover *m = owner;
    struct nvme *n = m->n;
    struct nvme_slot *slot = &n->slot[m->slot];
    struct nvme_slot_state *s = &slot->s;

    if (!m->busy)
        return;
    m->busy = 0;
    s->moving--;
    s->arrived += op->len;
    if (s->direction == NVME_TO_HOST) {
        if (op->fault)
            mend_entry(slot);
        nvme_release(slot);
    } else {
        if (!s->status)
            s->status = op->fault ? NVME_DATA_TRANSFER_ERROR
                                  : (uint16_t)nvme_consume(slot, m->off, m->buf, op->len);
        if (!s->moving && (s->issued == s->length || s->status) && !s->queued)
            nvme_received(slot);
    }
    serve_waiters(n);
}
