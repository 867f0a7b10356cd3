/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/nvme.h"

#include "labs/lib/fence.h"
#include "labs/lib/pci.h"
#include "labs/lib/reg.h"
#include "labs/lib/timer.h"

#include <stddef.h>

enum { NVME_REGS(REG_AT) };
enum { NVME_REG_FIELDS(FIELD_MASK64) };

#define CLASS 0x010802       /* mass storage, NVM, NVMe (1.6) */
#define NAMESPACE 1
#define READY_UNIT_US 500000 /* of CAP.TO */
#define COMMAND_US 1000000   /* longest wait for a command */
#define STATUS_MASK 0x7ff    /* SCT and SC of the status field */

/* Bits of CDW11 of the create commands (5.3, 5.4). */
#define CONTIGUOUS 1
#define CQ_INTERRUPTS (1 << 1)
#define CQ_VECTOR_LSB 16
#define SQ_CQID_LSB 16

struct command {
    uint8_t opcode;
    uint32_t nsid, cdw10, cdw11, cdw12;
    uint64_t data; /* physical, a multiple of 4; `bytes` of it: in one piece, */
    uint32_t bytes;
    const uint64_t *page; /* or, unless NULL, in these pages */
};

static uint32_t get(const struct nvme *n, unsigned reg)
{
    return mmio_read32(n->registers + reg);
}

static void put(const struct nvme *n, unsigned reg, uint32_t value)
{
    mmio_write32(n->registers + reg, value);
}

/* ---- the steps of a command ---- */

/* Where the nth page of the data begins, the first of which may be a part of one. */
static uint64_t page_of(const struct command *c, unsigned n)
{
    if (c->page)
        return c->page[n];
    return n ? (c->data & ~(uint64_t)(NVME_PAGE_BYTES - 1)) + (uint64_t)n * NVME_PAGE_BYTES : c->data;
}

/* 4.3: PRP1 says where the data begin, at any dword.  What does not fit in that page is in the page
 * at PRP2, if it is one, or in the pages that the list at PRP2 names. */
static void fill_pointers(struct nvme_pair *p, volatile uint32_t *entry, unsigned id,
                          const struct command *c)
{
    uint64_t first = page_of(c, 0), second = 0;
    unsigned pages = (unsigned)((first % NVME_PAGE_BYTES + c->bytes + NVME_PAGE_BYTES - 1) /
                                NVME_PAGE_BYTES);

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

/* 4.2: an entry of the submission queue.  The controller does not look at it before its doorbell. */
static int fill(struct nvme_pair *p, const struct command *c)
{
    unsigned id = p->tail;
    volatile uint32_t *entry = p->submission[id];

    /* 4.1.2: a queue is full with one entry less than it has.  As the entry's number is the command's
     * identifier, it also waits for that command's end, though the entry may be free before. */
    if (p->under_way == p->entries - 1 || p->busy[id])
        return NVME_FULL;
    for (unsigned i = 0; i < NVME_SQE_BYTES / 4; i++)
        entry[i] = 0;
    entry[NVME_SQE_OPCODE / 4] = c->opcode | (uint32_t)id << NVME_SQE_CID * 8;
    entry[NVME_SQE_NSID / 4] = c->nsid;
    entry[NVME_SQE_CDW10 / 4] = c->cdw10;
    entry[NVME_SQE_CDW11 / 4] = c->cdw11;
    entry[NVME_SQE_CDW12 / 4] = c->cdw12;
    if (c->bytes)
        fill_pointers(p, entry, id, c);
    p->busy[id] = true;
    p->under_way++;
    p->tail = (uint16_t)((id + 1) % p->entries);
    return (int)id;
}

/* 6.9, 6.15: the first block, and how many, less one. */
static int transfer(struct nvme_pair *p, struct command *c, uint64_t block, uint32_t blocks)
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
    return fill(p, c);
}

int nvme_fill(struct nvme_pair *p, enum nvme_nvm_opcode opcode, uint64_t block, uint32_t blocks,
              void *buffer)
{
    struct command c = {.opcode = (uint8_t)opcode, .nsid = NAMESPACE, .data = (uintptr_t)buffer};

    return opcode == NVME_NVM_FLUSH ? fill(p, &c) : transfer(p, &c, block, blocks);
}

int nvme_fill_pages(struct nvme_pair *p, enum nvme_nvm_opcode opcode, uint64_t block,
                    uint32_t blocks, const uint64_t *page)
{
    struct command c = {.opcode = (uint8_t)opcode, .nsid = NAMESPACE, .page = page};

    return transfer(p, &c, block, blocks);
}

void nvme_ring(struct nvme_pair *p)
{
    /* 5.2.1: the same tail again would be an error of ours. */
    if (p->tail == p->rung)
        return;
    fence_doorbell();
    /* 3.1.24 */
    put(p->nvme, NVME_SQTDBL + 2 * p->number * p->nvme->doorbell_bytes, p->tail);
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
    /* 3.1.25; 7.5.1: with the wire, it also lets go of that once all of a queue is acknowledged. */
    put(p->nvme, NVME_SQTDBL + (2 * p->number + 1u) * p->nvme->doorbell_bytes, p->head);
    p->acknowledged = p->head;
}

/* Rings for command `id`, which alone is under way, and waits for it. */
static int finish_polled(struct nvme_pair *p, int id, uint32_t *result)
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
    return finish_polled(p, nvme_fill(p, opcode, block, blocks, buffer), NULL);
}

static int admin(struct nvme *n, const struct command *c, uint32_t *result)
{
    return finish_polled(&n->admin, fill(&n->admin, c), result);
}

/* ---- setting up ---- */

static void pair_reset(struct nvme *n, struct nvme_pair *p, unsigned number, uint16_t entries)
{
    p->nvme = n;
    p->number = (uint16_t)number;
    p->entries = entries;
    p->tail = p->rung = p->head = p->acknowledged = p->under_way = 0;
    /* 4.6: the first round of a queue has phase 1, so it has to begin as 0. */
    p->phase = 1;
    for (unsigned i = 0; i < NVME_ENTRIES_MAX; i++) {
        p->busy[i] = false;
        for (unsigned k = 0; k < NVME_CQE_BYTES / 4; k++)
            p->completion[i][k] = 0;
    }
}

/* CSTS.RDY follows CC.EN (3.1.5); all ones is what is read where no device answers. */
static const char *wait_ready(const struct nvme *n, uint32_t want)
{
    uint32_t csts = 0;

    if (!WAIT_FOR((csts = get(n, NVME_CSTS), (csts & NVME_CSTS_RDY) == want ||
                                             (want && csts & NVME_CSTS_CFS)), n->ready_us))
        return want ? "NVMe: the controller does not become ready" :
                      "NVMe: the controller does not stop";
    if (csts == UINT32_MAX)
        return "NVMe: the controller does not answer";
    return want && csts & NVME_CSTS_CFS ? "NVMe: the controller has failed (CSTS.CFS)" : NULL;
}

/* 7.6.1, steps 1 to 6. */
static const char *enable(struct nvme *n)
{
    uint64_t cap;
    const char *why;

    pci_enable(n->device);
    /* 3.1.1 */
    cap = mmio_read64(n->registers + NVME_CAP);
    n->ready_us = (uint32_t)((cap & NVME_CAP_TO) >> NVME_CAP_TO_LSB) * READY_UNIT_US;
    n->doorbell_bytes = 4u << ((cap & NVME_CAP_DSTRD) >> NVME_CAP_DSTRD_LSB);
    if ((cap & NVME_CAP_MQES) + 1 < NVME_ENTRIES_MAX)
        return "NVMe: its queues are too short";
    if (cap & NVME_CAP_MPSMIN)
        return "NVMe: it does not take pages of 4 KiB";

    /* 3.1.5: EN from 1 to 0 resets the controller and deletes its I/O queues. */
    put(n, NVME_CC, 0);
    if ((why = wait_ready(n, 0)))
        return why;
    /* 3.1.8 to 3.1.10: the admin queues, of which registers tell; lengths are less one. */
    pair_reset(n, &n->admin, 0, NVME_ENTRIES_MAX);
    put(n, NVME_AQA, (NVME_ENTRIES_MAX - 1) << NVME_AQA_ASQS_LSB |
                     (NVME_ENTRIES_MAX - 1) << NVME_AQA_ACQS_LSB);
    mmio_write64(n->registers + NVME_ASQ, (uintptr_t)n->admin.submission);
    mmio_write64(n->registers + NVME_ACQ, (uintptr_t)n->admin.completion);
    /* 3.1.5: sizes of entries; the NVM command set, pages of 4 KiB and round robin are all 0. */
    put(n, NVME_CC, NVME_SQE_BYTES_LOG2 << NVME_CC_IOSQES_LSB |
                    NVME_CQE_BYTES_LOG2 << NVME_CC_IOCQES_LSB | NVME_CC_EN);
    return wait_ready(n, NVME_CSTS_RDY);
}

static uint64_t identify_number(const struct nvme *n, unsigned offset, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes--)
        value = value << 8 | n->identify[offset + bytes];
    return value;
}

/* 5.15: text is padded with blanks. */
static void identify_text(const struct nvme *n, unsigned offset, unsigned bytes, char *text)
{
    for (unsigned i = 0; i < bytes; i++)
        text[i] = (char)n->identify[offset + i];
    while (bytes && text[bytes - 1] == ' ')
        bytes--;
    text[bytes] = 0;
}

/* 7.6.1, step 7; 5.15 */
static const char *identify(struct nvme *n)
{
    struct command c = {.opcode = NVME_ADMIN_IDENTIFY, .cdw10 = NVME_CNS_CONTROLLER,
                        .data = (uintptr_t)n->identify, .bytes = NVME_IDENTIFY_BYTES};
    unsigned mdts, format, shift;

    if (admin(n, &c, NULL) != NVME_OK)
        return "NVMe: identify controller fails";
    identify_text(n, NVME_IC_MN, sizeof n->model - 1, n->model);
    identify_text(n, NVME_IC_SN, sizeof n->serial - 1, n->serial);
    /* MDTS: a power of two of pages; 0: no limit. */
    n->transfer_bytes = NVME_TRANSFER_BYTES;
    mdts = n->identify[NVME_IC_MDTS];
    if (mdts && mdts < 5)
        n->transfer_bytes = NVME_PAGE_BYTES << mdts;

    c.cdw10 = NVME_CNS_NAMESPACE;
    c.nsid = NAMESPACE;
    if (admin(n, &c, NULL) != NVME_OK)
        return "NVMe: identify namespace 1 fails";
    n->blocks = identify_number(n, NVME_IN_NSZE, 8);
    /* The format in use, and of that the block's size, a power of two (LBADS). */
    format = n->identify[NVME_IN_FLBAS] & 0xf;
    shift = n->identify[NVME_IN_LBAF0 + 4 * format + 2];
    if (!n->blocks || shift < 9 || shift > 12)
        return "NVMe: namespace 1 is not there, or of an odd format";
    n->block_bytes = 1u << shift;
    return NULL;
}

const char *nvme_init(struct nvme *n)
{
    struct command queues = {.opcode = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FEATURE_QUEUES,
                             .cdw11 = (NVME_PAIRS_MAX - 1) << 16 | (NVME_PAIRS_MAX - 1)};
    uint32_t given;
    const char *why;

    pci_init();
    n->device = pci_find_class(CLASS, 0);
    if (!n->device)
        return "NVMe: there is none on PCI";
    n->registers = pci_bar(n->device, 0);
    n->pairs = 0;
    if ((why = enable(n)) || (why = identify(n)))
        return why;
    /* 7.6.1, step 8; 5.21.1.7: how many queues of each kind we want, and get, less one. */
    if (admin(n, &queues, &given) != NVME_OK)
        return "NVMe: set features, number of queues, fails";
    n->pairs_max = ((given & 0xffff) < given >> 16 ? given & 0xffff : given >> 16) + 1;
    return NULL;
}

const char *nvme_pair_init(struct nvme *n, struct nvme_pair *p, uint16_t entries,
                           void (*handler)(void *context), void *context)
{
    unsigned number = n->pairs + 1;
    uint32_t size = (uint32_t)(entries - 1) << 16 | number;
    struct command cq = {.opcode = NVME_ADMIN_CREATE_CQ, .cdw10 = size, .cdw11 = CONTIGUOUS,
                         .data = (uintptr_t)p->completion, .bytes = 1};
    struct command sq = {.opcode = NVME_ADMIN_CREATE_SQ, .cdw10 = size,
                         .cdw11 = CONTIGUOUS | number << SQ_CQID_LSB,
                         .data = (uintptr_t)p->submission, .bytes = 1};

    if (number > n->pairs_max)
        return "NVMe: it has no more queues";
    if (entries < 2 || entries > NVME_ENTRIES_MAX)
        return "NVMe: a queue has 2 to 64 entries";
    pair_reset(n, p, number, entries);
    if (handler) {
        /* 5.3: a vector of its own; with the wire, which is not told apart, it has to be 0. */
        cq.cdw11 |= CQ_INTERRUPTS;
        if (pci_msix(n->device, number, handler, context))
            cq.cdw11 |= number << CQ_VECTOR_LSB;
        else
            pci_intx(n->device, handler, context);
    }
    /* 7.6.1, steps 9 and 10: first the queue that the other one refers to. */
    if (admin(n, &cq, NULL) != NVME_OK)
        return "NVMe: create completion queue fails";
    if (admin(n, &sq, NULL) != NVME_OK)
        return "NVMe: create submission queue fails";
    n->pairs++;
    return NULL;
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
