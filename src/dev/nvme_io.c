/* SPDX-License-Identifier: Apache-2.0 */
/* NVM commands. (NVMe 1.4: 6.) */
#include "dev/nvme_impl.h"

#include <errno.h>

static struct nvme_ns *slot_ns(struct nvme_slot *slot)
{
    return &slot->n->ns[nvme_cdw(slot, NVME_SQE_NSID) - 1];
}

static unsigned slot_shift(const struct nvme_slot *slot)
{
    return slot->n->c.lba_shift[nvme_cdw(slot, NVME_SQE_NSID) - 1];
}

uint64_t nvme_ns_blocks(const struct nvme *n, unsigned index)
{
    uint64_t block = UINT64_C(1) << n->c.lba_shift[index];

    return align_up(n->ns[index].bytes, block) / block;
}

static uint32_t block_count(const struct nvme_slot *slot)
{
    return (nvme_cdw(slot, NVME_SQE_CDW12) & NVME_RW_NLB_MASK) + 1;
}

void nvme_trace_media(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    struct nvme_slot_state *s = &slot->s;
    uint64_t id;

    if (s->sqid == 0 || s->media_done || !s->began)
        return;
    s->media_done = 1;
    id = trace_nvme_media(n->trace, n->pci.source, TRACE_NOW(n->trace), s->sqid, s->cid,
                          s->began - 1, s->length);
    if (id)
        n->clock->cause = id;
}

/* `began` is stored plus one, so that 0 says that the medium was not asked. */
static void media_begins(struct nvme_slot *slot, ps_t at)
{
    slot->s.began = at + 1;
}

void nvme_wait(struct nvme_slot *slot, ps_t until)
{
    slot->s.state = NVME_WAITING;
    clock_arm(slot->n->clock, &slot->event, until);
}

/* A host error becomes the status that a medium's failure has. */
static unsigned media_status(struct nvme *n, int rc, bool write)
{
    if (!rc)
        return 0;
    if (rc == -EROFS)
        return NVME_WRITE_PROTECTED | NVME_DNR;
    n->c.media_errors++;
    return write ? NVME_WRITE_FAULT : NVME_UNRECOVERED_READ;
}

static bool write_through(const struct nvme *n, const struct nvme_slot *slot)
{
    return !n->c.f.write_cache || nvme_cdw(slot, NVME_SQE_CDW12) & NVME_RW_FUA;
}

/* ---- data ----
 * A logical block is read and written whole, however the host has cut its memory (6.4: AWUN): a
 * block that pieces share is assembled in s.data, which is free by now.  Pieces come in order. */

static unsigned read_blocks(struct nvme_slot *slot, uint32_t off, uint8_t *buf, uint32_t len)
{
    struct block *block = slot_ns(slot)->block;
    uint32_t size = 1u << slot_shift(slot);
    int rc = 0;

    while (len && !rc) {
        uint32_t in = off % size, part = (uint32_t)u64_min(len, size - in);
        if (part == size) {
            part = len - len % size;
            rc = block_read(block, slot->s.offset + off, buf, part);
        } else {
            if (in == 0)
                rc = block_read(block, slot->s.offset + off, slot->s.data, size);
            memcpy(buf, slot->s.data + in, part);
        }
        off += part;
        buf += part;
        len -= part;
    }
    return media_status(slot->n, rc, false);
}

static unsigned write_blocks(struct nvme_slot *slot, uint32_t off, const uint8_t *buf,
                             uint32_t len)
{
    struct block *block = slot_ns(slot)->block;
    uint32_t size = 1u << slot_shift(slot);
    int rc = 0;

    while (len && !rc) {
        uint32_t in = off % size, part = (uint32_t)u64_min(len, size - in);
        if (part == size) {
            part = len - len % size;
            rc = block_write(block, slot->s.offset + off, buf, part);
        } else {
            memcpy(slot->s.data + in, buf, part);
            if (in + part == size)
                rc = block_write(block, slot->s.offset + off - in, slot->s.data, size);
        }
        off += part;
        buf += part;
        len -= part;
    }
    return media_status(slot->n, rc, true);
}

unsigned nvme_produce(struct nvme_slot *slot, uint32_t off, uint8_t *buf, uint32_t len)
{
    uint32_t have;

    if (slot->s.sqid)
        return read_blocks(slot, off, buf, len);
    /* Admin data is at most one buffer; a log asked for at greater length reads zeros. */
    have = off < NVME_DATA_BYTES ? (uint32_t)u64_min(len, NVME_DATA_BYTES - off) : 0;
    memcpy(buf, slot->s.data + u64_min(off, NVME_DATA_BYTES), have);
    memset(buf + have, 0, len - have);
    return 0;
}

static unsigned compare(struct nvme_slot *slot, uint32_t off, const uint8_t *buf, uint32_t len)
{
    uint8_t there[NVME_UNIT];
    unsigned status = media_status(slot->n, block_read(slot_ns(slot)->block, slot->s.offset + off,
                                                       there, len), false);

    if (status)
        return status;
    return memcmp(there, buf, len) ? NVME_COMPARE_FAILURE | NVME_DNR : 0;
}

unsigned nvme_consume(struct nvme_slot *slot, uint32_t off, const uint8_t *buf, uint32_t len)
{
    switch (slot->s.sqe[NVME_SQE_OPCODE]) {
    case NVME_NVM_WRITE:
        return write_blocks(slot, off, buf, len);
    case NVME_NVM_COMPARE:
        return compare(slot, off, buf, len);
    default: /* dataset management: ranges, at most the buffer */
        memcpy(slot->s.data + off, buf, len);
        return 0;
    }
}

/* ---- what follows when the host's data is here ---- */

static void written(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    bool through = write_through(n, slot);

    if (through)
        slot->s.status = (uint16_t)media_status(n, block_flush(slot_ns(slot)->block), true);
    media_begins(slot, n->clock->now);
    nvme_wait(slot, nvme_media_write(&n->c.media, &n->mp, n->clock->now, slot->s.length, through));
}

static unsigned deallocate(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    unsigned shift = slot_shift(slot), count = slot->s.length / NVME_DSM_RANGE_BYTES;
    uint64_t blocks = nvme_ns_blocks(n, nvme_cdw(slot, NVME_SQE_NSID) - 1);
    unsigned status = 0;

    for (unsigned i = 0; i < count; i++) {
        const uint8_t *r = slot->s.data + i * NVME_DSM_RANGE_BYTES;
        uint64_t slba = le64_get(r + NVME_DSM_RANGE_SLBA);
        if (slba > blocks || le32_get(r + NVME_DSM_RANGE_LENGTH) > blocks - slba)
            return NVME_LBA_RANGE | NVME_DNR;
    }
    for (unsigned i = 0; i < count && !status; i++) {
        const uint8_t *r = slot->s.data + i * NVME_DSM_RANGE_BYTES;
        status = media_status(n, block_zero(slot_ns(slot)->block,
                                            le64_get(r + NVME_DSM_RANGE_SLBA) << shift,
                                            (uint64_t)le32_get(r + NVME_DSM_RANGE_LENGTH) << shift),
                              true);
    }
    return status;
}

void nvme_received(struct nvme_slot *slot)
{
    struct nvme_slot_state *s = &slot->s;
    ps_t now = slot->n->clock->now;

    if (s->status) {
        nvme_finish(slot, s->status);
        return;
    }
    switch (s->sqe[NVME_SQE_OPCODE]) {
    case NVME_NVM_WRITE:
        written(slot);
        break;
    case NVME_NVM_COMPARE: /* the medium was asked when the command started */
        nvme_wait(slot, u64_max(now, s->ready[(s->offset + s->length - 1) / NVME_UNIT -
                                              s->offset / NVME_UNIT]));
        break;
    default:
        nvme_finish(slot, nvme_cdw(slot, NVME_SQE_CDW11) & NVME_DSM_AD ? deallocate(slot) : 0);
        break;
    }
}

/* ---- commands ---- */

/* Range and size of a command with SLBA and NLB; sets s.offset. */
static unsigned check_range(struct nvme_slot *slot)
{
    const struct nvme *n = slot->n;
    uint64_t slba = le64_get(slot->s.sqe + NVME_SQE_CDW10);
    uint64_t blocks = nvme_ns_blocks(n, nvme_cdw(slot, NVME_SQE_NSID) - 1);

    if (slba >= blocks || block_count(slot) > blocks - slba)
        return NVME_LBA_RANGE | NVME_DNR;
    slot->s.offset = slba << slot_shift(slot);
    return 0;
}

static void count_units(struct nvme *n, bool write, uint64_t bytes)
{
    if (write) {
        n->c.writes++;
        n->c.units_written += bytes / 512;
    } else {
        n->c.reads++;
        n->c.units_read += bytes / 512;
    }
}

static void read_write(struct nvme_slot *slot, uint8_t opcode)
{
    struct nvme *n = slot->n;
    uint64_t bytes = (uint64_t)block_count(slot) << slot_shift(slot);
    bool write = opcode == NVME_NVM_WRITE;
    unsigned status = 0;

    if (bytes > NVME_TRANSFER_MAX ||
        (write && nvme_cdw(slot, NVME_SQE_CDW12) & NVME_RW_DTYPE_MASK))
        status = NVME_INVALID_FIELD | NVME_DNR;
    if (!status)
        status = check_range(slot);
    if (!status && write && block_read_only(slot_ns(slot)->block))
        status = NVME_WRITE_PROTECTED | NVME_DNR;
    if (status) {
        nvme_finish(slot, status);
        return;
    }
    count_units(n, write, bytes);
    if (!write)
        media_begins(slot, nvme_media_read(&n->c.media, &n->mp, n->clock->now,
                                           slot_ns(slot)->at + slot->s.offset, bytes,
                                           slot->s.ready));
    nvme_transfer(slot, opcode == NVME_NVM_READ ? NVME_TO_HOST : NVME_FROM_HOST, (uint32_t)bytes);
}

static void write_zeroes(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    unsigned status = check_range(slot);
    bool through = write_through(n, slot);

    if (!status && block_read_only(slot_ns(slot)->block))
        status = NVME_WRITE_PROTECTED | NVME_DNR;
    if (status) {
        nvme_finish(slot, status);
        return;
    }
    status = media_status(n, block_zero(slot_ns(slot)->block, slot->s.offset,
                                        (uint64_t)block_count(slot) << slot_shift(slot)), true);
    if (!status && through)
        status = media_status(n, block_flush(slot_ns(slot)->block), true);
    /* It changes the map, not the cells: one program unit at most. */
    slot->s.status = (uint16_t)status;
    media_begins(slot, n->clock->now);
    nvme_wait(slot, nvme_media_write(&n->c.media, &n->mp, n->clock->now, 1, through));
}

static void dataset_management(struct nvme_slot *slot)
{
    uint32_t ranges = (nvme_cdw(slot, NVME_SQE_CDW10) & 0xff) + 1;

    if (block_read_only(slot_ns(slot)->block) &&
        nvme_cdw(slot, NVME_SQE_CDW11) & NVME_DSM_AD)
        nvme_finish(slot, NVME_WRITE_PROTECTED | NVME_DNR);
    else
        nvme_transfer(slot, NVME_FROM_HOST, ranges * NVME_DSM_RANGE_BYTES);
}

bool nvme_flush_all(struct nvme *n)
{
    bool good = true;

    for (unsigned i = 0; i < n->namespaces; i++)
        good &= block_flush(n->ns[i].block) == 0;
    return good;
}

static void flush(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    bool good = nvme_cdw(slot, NVME_SQE_NSID) == NVME_NSID_ALL
                    ? nvme_flush_all(n)
                    : block_flush(slot_ns(slot)->block) == 0;

    slot->s.status = good ? 0 : (uint16_t)media_status(n, -EIO, true);
    media_begins(slot, n->clock->now);
    nvme_wait(slot, nvme_media_flush(&n->c.media, &n->mp, n->clock->now));
}

void nvme_io_execute(struct nvme_slot *slot)
{
    uint8_t opcode = slot->s.sqe[NVME_SQE_OPCODE];
    uint32_t nsid = nvme_cdw(slot, NVME_SQE_NSID);

    if (nsid - 1 >= slot->n->namespaces &&
        !(nsid == NVME_NSID_ALL && opcode == NVME_NVM_FLUSH)) {
        nvme_finish(slot, NVME_INVALID_NAMESPACE | NVME_DNR);
        return;
    }
    switch (opcode) {
    case NVME_NVM_FLUSH:
        flush(slot);
        break;
    case NVME_NVM_READ:
    case NVME_NVM_WRITE:
    case NVME_NVM_COMPARE:
        read_write(slot, opcode);
        break;
    case NVME_NVM_WRITE_ZEROES:
        write_zeroes(slot);
        break;
    case NVME_NVM_DSM:
        dataset_management(slot);
        break;
    default:
        nvme_finish(slot, NVME_INVALID_OPCODE | NVME_DNR);
        break;
    }
}
