/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to queues: once.  What each transfer takes is in nvme.c. */
#include "labs/lib/nvme.h"

#include "labs/lib/pci.h"
#include "labs/lib/reg.h"
#include "labs/lib/timer.h"

#include <stddef.h>

enum { NVME_REGS(REG_AT) };
enum { NVME_REG_FIELDS(FIELD_MASK64) };

#define CLASS 0x010802       /* mass storage, NVM, NVMe (2.1.5) */
#define READY_UNIT_US 500000 /* of CAP.TO */

/* Bits of CDW11 of the create commands (5.3, 5.4). */
#define CONTIGUOUS 1
#define CQ_INTERRUPTS (1 << 1)
#define CQ_VECTOR_LSB 16
#define SQ_CQID_LSB 16

static uint32_t get(const struct nvme *n, unsigned reg)
{
    return mmio_read32(n->registers + reg);
}

static void put(const struct nvme *n, unsigned reg, uint32_t value)
{
    mmio_write32(n->registers + reg, value);
}

static int admin(struct nvme *n, const struct nvme_command *c, uint32_t *result)
{
    return nvme_finish(&n->admin, nvme_fill_command(&n->admin, c), result);
}

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
    struct nvme_command c = {.opcode = NVME_ADMIN_IDENTIFY, .cdw10 = NVME_CNS_CONTROLLER,
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
    c.nsid = NVME_NAMESPACE;
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
    struct nvme_command queues = {.opcode = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FEATURE_QUEUES,
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
    struct nvme_command cq = {.opcode = NVME_ADMIN_CREATE_CQ, .cdw10 = size, .cdw11 = CONTIGUOUS,
                         .data = (uintptr_t)p->completion, .bytes = 1};
    struct nvme_command sq = {.opcode = NVME_ADMIN_CREATE_SQ, .cdw10 = size,
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
