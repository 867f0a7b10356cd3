/* SPDX-License-Identifier: Apache-2.0 */
/* What each transfer takes: commands and completions.  Setting up is in nvme_setup.c. */
#include "labs/lib/nvme.h"

#include "labs/lib/fence.h"
#include "labs/lib/reg.h"
#include "labs/lib/timer.h"

#include <stddef.h>

enum { NVME_REGS(REG_AT) };

#define COMMAND_US 500000 /* longest wait for a command */
#define STATUS_MASK 0x7ff  /* SCT and SC of the status field */

/* 3.1.24, 3.1.25: a queue pair's doorbells lie one behind the other. */
static void ring(const struct nvme_pair *p, bool completion, uint16_t value)
{
    unsigned number = 2u * p->number + completion;

    mmio_write32(p->nvme->registers + NVME_SQTDBL + number * p->nvme->doorbell_bytes, value);
}

/* Where the nth page of the data begins, the first of which may be a part of one. */
static uint64_t page_of(const struct nvme_command *c, unsigned n)
{
    if (c->page)
        return c->page[n];
    return n ? c->data - c->data % NVME_PAGE_BYTES + (uint64_t)n * NVME_PAGE_BYTES : c->data;
}

static unsigned pages_of(const struct nvme_command *c)
{
    return c->bytes ? (unsigned)((page_of(c, 0) % NVME_PAGE_BYTES + c->bytes - 1) /
                                 NVME_PAGE_BYTES + 1) : 0;
}

/* 4.3: PRP1 says where the data begin, at any dword.  What does not fit in that page is in the page
 * at PRP2, if it is one, or in the pages that the list at PRP2 names. */
static void fill_pointers(struct nvme_pair *p, unsigned id, const struct nvme_command *c)
{
    volatile uint32_t *entry = p->submission[id];
    uint64_t first = page_of(c, 0), second = 0;
    unsigned pages = pages_of(c);

    if (pages == 2)
        second = page_of(c, 1);
    if (pages > 2) {
        second = (uintptr_t)p->list[id];
        for (unsigned i = 1; i < pages; i++)
            p->list[id][i - 1] = page_of(c, i);
    }
    entry[NVME_SQE_PRP1 / 4] = (uint32_t)first;
    entry[NVME_SQE_PRP1 / 4 + 1] = (uint32_t)(first >> 32);
    entry[NVME_SQE_PRP2 / 4] = (uint32_t)second;
    entry[NVME_SQE_PRP2 / 4 + 1] = (uint32_t)(second >> 32);
}

/* 4.2: an entry of the submission queue.  The controller does not look at it before its
 * doorbell. */
int nvme_fill_command(struct nvme_pair *p, const struct nvme_command *c)
{
    unsigned id = p->tail;
    volatile uint32_t *entry = p->submission[id];

    /* 4.1.2: a queue is full with one entry less than it has.  As the entry's number is the
     * command's identifier, it also waits for that command's end, though the entry may be free
     * before. */
    if (p->under_way == p->entries - 1 || p->busy[id])
        return NVME_FULL;
    if (pages_of(c) > 1 + NVME_LIST_MAX)
        return NVME_BAD;
    for (unsigned i = 0; i < NVME_SQE_BYTES / 4; i++)
        entry[i] = 0;
    entry[NVME_SQE_OPCODE / 4] = c->opcode | (uint32_t)id << NVME_SQE_CID * 8;
    entry[NVME_SQE_NSID / 4] = c->nsid;
    entry[NVME_SQE_CDW10 / 4] = c->cdw10;
    entry[NVME_SQE_CDW11 / 4] = c->cdw11;
    entry[NVME_SQE_CDW12 / 4] = c->cdw12;
    if (c->bytes)
        fill_pointers(p, id, c);
    p->busy[id] = true;
    p->under_way++;
    p->tail = (uint16_t)((id + 1) % p->entries);
    return (int)id;
}

/* 6.9, 6.15: the first block, and how many, less one. */
static int transfer(struct nvme_pair *p, struct nvme_command *c, uint64_t block, uint32_t blocks)
{
    const struct nvme *n = p->nvme;

    if (c->opcode != NVME_NVM_READ && c->opcode != NVME_NVM_WRITE)
        return NVME_BAD;
    if (!blocks || blocks > n->transfer_bytes / n->block_bytes || page_of(c, 0) % 4)
        return NVME_BAD;
    if (block >= n->blocks || blocks > n->blocks - block)
        return NVME_BAD;
    c->cdw10 = (uint32_t)block;
    c->cdw11 = (uint32_t)(block >> 32);
    c->cdw12 = blocks - 1;
    c->bytes = blocks * n->block_bytes;
    return nvme_fill_command(p, c);
}

int nvme_fill(struct nvme_pair *p, enum nvme_nvm_opcode opcode, uint64_t block, uint32_t blocks,
              void *buffer)
{
    struct nvme_command c = {.opcode = (uint8_t)opcode, .nsid = NVME_NAMESPACE,
                             .data = (uintptr_t)buffer};

    return opcode == NVME_NVM_FLUSH ? nvme_fill_command(p, &c) : transfer(p, &c, block, blocks);
}

int nvme_fill_pages(struct nvme_pair *p, enum nvme_nvm_opcode opcode, uint64_t block,
                    uint32_t blocks, const uint64_t *page)
{
    struct nvme_command c = {.opcode = (uint8_t)opcode, .nsid = NVME_NAMESPACE, .page = page};

    return transfer(p, &c, block, blocks);
}

void nvme_ring(struct nvme_pair *p)
{
    /* 5.2.1: the same tail again would be an error of ours. */
    if (p->tail == p->rung)
        return;
    fence_doorbell();
    ring(p, false, p->tail);
    p->rung = p->tail;
}

bool nvme_look(struct nvme_pair *p, struct nvme_completion *c)
{
    volatile uint32_t *entry = p->completion[p->head];
    uint32_t last = entry[NVME_CQE_CID / 4]; /* identifier and status at once */
    uint16_t status = (uint16_t)(last >> 16);

    /* 4.6: the controller writes the entry with the phase bit turned around.  No register says that
     * there is one: looking costs a load of memory, and none of MMIO. */
    if ((status & 1) != p->phase)
        return false;
    fence_completion();
    c->id = (uint16_t)last;
    c->status = status >> 1 & STATUS_MASK;
    c->result = entry[NVME_CQE_DW0 / 4];
    p->head++;
    if (p->head == p->entries) {
        p->head = 0;
        p->phase ^= 1;
    }
    if (c->id < p->entries && p->busy[c->id]) {
        p->busy[c->id] = false;
        p->under_way--;
    }
    return true;
}

void nvme_acknowledge(struct nvme_pair *p)
{
    if (p->head == p->acknowledged)
        return;
    fence_release();
    /* 7.5.1: with the wire, it also lets go of that once all of a queue is acknowledged. */
    ring(p, true, p->head);
    p->acknowledged = p->head;
}

int nvme_finish(struct nvme_pair *p, int id, uint32_t *result)
{
    struct nvme_completion c;

    if (id < 0)
        return id;
    nvme_ring(p);
    if (!WAIT_FOR(nvme_look(p, &c), COMMAND_US))
        return NVME_TIMEOUT;
    nvme_acknowledge(p);
    if (result)
        *result = c.result;
    return c.status;
}

int nvme_do(struct nvme_pair *p, enum nvme_nvm_opcode opcode, uint64_t block, uint32_t blocks,
            void *buffer)
{
    if (p->under_way)
        return NVME_FULL;
    return nvme_finish(p, nvme_fill(p, opcode, block, blocks, buffer), NULL);
}

const char *nvme_text(int status)
{
    switch (status) {
#define TEXT(name, code, doc) case code: return doc;
    NVME_STATUSES(TEXT)
    case NVME_FULL: return "the queue is full";
    case NVME_BAD: return "not a transfer that the driver does";
    case NVME_TIMEOUT: return "no completion";
    default: return "unknown status";
    }
}
