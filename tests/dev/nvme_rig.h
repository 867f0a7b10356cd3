/* SPDX-License-Identifier: Apache-2.0 */
/* A driver of an NVMe controller at register level, with no CPU: memory, a link, a place where
 * messages arrive, queues.  Every test file builds its own copy. */
#ifndef TESTS_DEV_NVME_RIG_H
#define TESTS_DEV_NVME_RIG_H

#include "base/alloc.h"
#include "base/bits.h"
#include "check.h"
#include "dev/nvme.h"
#include "spec/nvme.h"

#include <stdlib.h>

enum { NVME_REGS(REG_OFFSET) };
#ifndef DEV_NVME_IMPL_H /* a test that looks inside has them from there */
enum { NVME_REG_FIELDS(REG_FIELD_ENUM) };
#endif
enum { PCI_CONFIG_REGS(REG_OFFSET) };
enum { PCI_CONFIG_FIELDS(REG_FIELD_ENUM) };

#define RIG_RAM UINT64_C(0x80000000)
#define RIG_RAM_BYTES (UINT64_C(8) << 20)
#define RIG_ROM UINT64_C(0x1000)
#define RIG_MSI UINT64_C(0x28000000)
#define RIG_BAR0 UINT64_C(0x40000000)
#define RIG_BAR4 UINT64_C(0x40010000)
#define RIG_NOWHERE UINT64_C(0xdead0000000)
#define RIG_VECTORS 80

struct rig_queue {
    uint16_t qid;
    uint32_t size;
    uint64_t sq, cq;
    uint32_t tail, head; /* of the SQ, of the CQ: the driver's own */
    bool phase;
};

struct rig_cqe {
    uint32_t dw0;
    uint16_t sqhd, sqid, cid, status; /* status without phase */
};

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct params params;
    struct region ram, rom, msi;
    uint8_t *memory;
    uint64_t allocated;
    void *dev;
    struct pci_function *pci;
    struct block *block[NVME_NAMESPACES_MAX];
    struct rig_queue admin;
    uint16_t next_cid;
    /* messages that have arrived, by their data */
    unsigned msis[RIG_VECTORS];
    ps_t msi_at;
    bool pin;
    unsigned pin_edges;
};

static inline enum fault rig_msi_access(void *owner, struct txn *txn)
{
    struct rig *r = owner;

    if (txn->write && txn->data < RIG_VECTORS) {
        r->msis[txn->data]++;
        r->msi_at = r->clock.now;
    }
    return FAULT_NONE;
}

static inline void rig_pin(void *sink, unsigned pin, bool level)
{
    struct rig *r = sink;

    (void)pin;
    r->pin = level;
    r->pin_edges++;
}

/* ---- registers ---- */

static inline uint64_t rig_get(struct rig *r, uint32_t offset, unsigned size)
{
    struct txn t = {.addr = RIG_BAR0 + offset, .size = (uint8_t)size};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    return t.data;
}

static inline void rig_put(struct rig *r, uint32_t offset, unsigned size, uint64_t value)
{
    struct txn t = {.addr = RIG_BAR0 + offset, .size = (uint8_t)size, .write = true,
                    .data = value};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
}

static inline uint32_t rig_csts(struct rig *r)
{
    return (uint32_t)rig_get(r, NVME_CSTS_OFFSET, 4);
}

static inline void rig_run(struct rig *r, ps_t time)
{
    clock_run(&r->clock, r->clock.now + time);
}

/* Runs until nothing is due within a second. */
static inline void rig_settle(struct rig *r)
{
    for (unsigned i = 0; i < 1000000 && clock_next(&r->clock) <= r->clock.now + PS_PER_S; i++)
        clock_run(&r->clock, clock_next(&r->clock));
}

/* ---- memory ---- */

static inline uint64_t rig_alloc(struct rig *r, uint64_t bytes)
{
    uint64_t addr = RIG_RAM + r->allocated;

    r->allocated += align_up(bytes, PAGE_BYTES);
    CHECK(r->allocated <= RIG_RAM_BYTES);
    return addr;
}

static inline uint8_t *rig_at(struct rig *r, uint64_t addr)
{
    return r->memory + (addr - RIG_RAM);
}

/* ---- life ---- */

static inline void rig_program_bars(struct rig *r, bool msix)
{
    pci_config_write(r->pci, PCI_PM_CSR_OFFSET, 2, 0); /* D0 */
    pci_config_write(r->pci, PCI_BAR_OFFSET, 4, (uint32_t)RIG_BAR0);
    pci_config_write(r->pci, PCI_BAR_OFFSET + 4, 4, 0);
    pci_config_write(r->pci, PCI_BAR_OFFSET + 16, 4, (uint32_t)RIG_BAR4);
    pci_config_write(r->pci, PCI_COMMAND_OFFSET, 2,
                     (uint32_t)(FMASK(PCI_COMMAND_MEMORY) | FMASK(PCI_COMMAND_MASTER)));
    if (!msix)
        return;
    pci_config_write(r->pci, PCI_MSIX_CONTROL_OFFSET, 2, (uint32_t)FMASK(PCI_MSIX_ENABLE));
    for (unsigned v = 0; v < r->pci->vectors; v++) {
        struct txn t = {.addr = RIG_BAR4 + v * 16, .size = 8, .write = true, .data = RIG_MSI};
        CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
        t = (struct txn){.addr = RIG_BAR4 + v * 16 + 8, .size = 8, .write = true, .data = v};
        CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    }
}

static inline struct rig *rig_up(enum timing_level level, const struct nvme_config *config)
{
    static uint8_t rom_bytes[65536];
    struct rig *r = xcalloc(1, sizeof *r);
    struct device_env env;
    struct err err = {""};

    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    r->params.level = level;
    link_init(&r->link, "pcie0", &r->clock, &r->space, &r->trace);
    params_add(&r->params, "pcie0", link_pcie_params, &r->link.p);
    link_update(&r->link);
    r->memory = xcalloc(1, RIG_RAM_BYTES);
    r->ram = (struct region){.name = "ram", .base = RIG_RAM, .size = RIG_RAM_BYTES,
                             .ram = r->memory};
    r->rom = (struct region){.name = "rom", .base = RIG_ROM, .size = sizeof rom_bytes,
                             .ram = rom_bytes, .read_only = true};
    r->msi = (struct region){.name = "msi", .base = RIG_MSI, .size = 4096,
                             .access = rig_msi_access, .owner = r};
    CHECK(space_map(&r->space, &r->ram, NULL) == 0);
    CHECK(space_map(&r->space, &r->rom, NULL) == 0);
    CHECK(space_map(&r->space, &r->msi, NULL) == 0);
    env = (struct device_env){.name = "nvme0", .clock = &r->clock, .trace = &r->trace,
                              .space = &r->space, .link = &r->link, .params = &r->params,
                              .seed = 1, .config = config};
    r->dev = malloc(nvme_class.size);
    memset(r->dev, 0xa5, nvme_class.size);
    if (nvme_class.init(r->dev, &env, &err)) {
        check_fail(__FILE__, __LINE__, err.text);
        exit(1);
    }
    r->pci = nvme_pci(r->dev);
    nvme_class.reset(r->dev);
    line_connect(&r->pci->intx, rig_pin, r, 0);
    rig_program_bars(r, true);
    return r;
}

static inline void rig_down(struct rig *r)
{
    nvme_class.fini(r->dev);
    for (unsigned i = 0; i < NVME_NAMESPACES_MAX; i++)
        block_close(r->block[i]);
    free(r->dev);
    free(r->memory);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
    free(r);
}

/* One namespace of memory in front of a profile; the rig owns the block. */
static inline struct rig *rig_up_memory(enum timing_level level, const char *profile,
                                        uint64_t bytes)
{
    struct block *b = block_memory(bytes);
    struct nvme_config config = {.ns = {{b, 512}}, .namespaces = 1, .profile = profile};
    struct rig *r = rig_up(level, &config);

    r->block[0] = b;
    return r;
}

/* ---- queues ---- */

static inline struct rig_queue rig_queue_make(struct rig *r, uint16_t qid, uint32_t size)
{
    struct rig_queue q = {.qid = qid, .size = size, .phase = true};

    q.sq = rig_alloc(r, (uint64_t)size * NVME_SQE_BYTES);
    q.cq = rig_alloc(r, (uint64_t)size * NVME_CQE_BYTES);
    return q;
}

static inline void rig_admin_registers(struct rig *r, uint64_t sq, uint64_t cq, uint32_t size)
{
    rig_put(r, NVME_AQA_OFFSET, 4, (size - 1) << 16 | (size - 1));
    rig_put(r, NVME_ASQ_OFFSET, 8, sq);
    rig_put(r, NVME_ACQ_OFFSET, 4, cq & 0xffffffff);
    rig_put(r, NVME_ACQ_OFFSET + 4, 4, cq >> 32);
}

#define RIG_CC (FPUT(FPUT(FPUT(0, NVME_CC_EN, 1), NVME_CC_IOSQES, 6), NVME_CC_IOCQES, 4))

static inline void rig_enable(struct rig *r, uint32_t size)
{
    r->admin = rig_queue_make(r, 0, size);
    rig_admin_registers(r, r->admin.sq, r->admin.cq, size);
    rig_put(r, NVME_CC_OFFSET, 4, RIG_CC);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(rig_csts(r), FMASK(NVME_CSTS_RDY));
}

struct rig_sqe {
    uint8_t b[NVME_SQE_BYTES];
};

static inline struct rig_sqe rig_sqe(uint8_t opcode, uint32_t nsid)
{
    struct rig_sqe s = {{0}};

    s.b[NVME_SQE_OPCODE] = opcode;
    le32_put(s.b + NVME_SQE_NSID, nsid);
    return s;
}

static inline void rig_cdw(struct rig_sqe *s, unsigned n, uint32_t value)
{
    le32_put(s->b + 4 * n, value);
}

static inline void rig_prp(struct rig_sqe *s, uint64_t prp1, uint64_t prp2)
{
    le64_put(s->b + NVME_SQE_PRP1, prp1);
    le64_put(s->b + NVME_SQE_PRP2, prp2);
}

/* A read or write of `blocks` at `slba`, first page at prp1. */
static inline struct rig_sqe rig_rw(uint8_t opcode, uint64_t slba, uint32_t blocks, uint64_t prp1,
                                    uint64_t prp2)
{
    struct rig_sqe s = rig_sqe(opcode, 1);

    le64_put(s.b + NVME_SQE_CDW10, slba);
    rig_cdw(&s, 12, blocks - 1);
    rig_prp(&s, prp1, prp2);
    return s;
}

/* Puts the entry into memory; the device hears of it at rig_ring. Returns its command id. */
static inline uint16_t rig_submit(struct rig *r, struct rig_queue *q, struct rig_sqe s)
{
    uint16_t cid = r->next_cid++;

    le16_put(s.b + NVME_SQE_CID, cid);
    memcpy(rig_at(r, q->sq + (uint64_t)q->tail * NVME_SQE_BYTES), s.b, NVME_SQE_BYTES);
    q->tail = (q->tail + 1) % q->size;
    return cid;
}

static inline void rig_ring(struct rig *r, struct rig_queue *q)
{
    rig_put(r, NVME_SQTDBL_OFFSET + 8u * q->qid, 4, q->tail);
}

static inline void rig_ack(struct rig *r, struct rig_queue *q)
{
    rig_put(r, NVME_CQHDBL_OFFSET + 8u * q->qid, 4, q->head);
}

/* A new entry, if there is one now. */
static inline bool rig_peek(struct rig *r, struct rig_queue *q, struct rig_cqe *c)
{
    const uint8_t *e = rig_at(r, q->cq + (uint64_t)q->head * NVME_CQE_BYTES);
    uint16_t status = le16_get(e + NVME_CQE_STATUS);

    memset(c, 0, sizeof *c);
    if ((status & 1) != q->phase)
        return false;
    c->dw0 = le32_get(e + NVME_CQE_DW0);
    c->sqhd = le16_get(e + NVME_CQE_SQHD);
    c->sqid = le16_get(e + NVME_CQE_SQID);
    c->cid = le16_get(e + NVME_CQE_CID);
    c->status = status >> 1;
    if (++q->head == q->size) {
        q->head = 0;
        q->phase = !q->phase;
    }
    return true;
}

/* Waits for an entry, up to `within`; does not acknowledge it. */
static inline bool rig_wait(struct rig *r, struct rig_queue *q, struct rig_cqe *c, ps_t within)
{
    ps_t until = r->clock.now + within;

    while (!rig_peek(r, q, c)) {
        if (clock_next(&r->clock) > until)
            return false;
        clock_run(&r->clock, clock_next(&r->clock));
    }
    return true;
}

#define RIG_NO_ENTRY 0x7fff

/* Submits, rings, waits, acknowledges; the status, or RIG_NO_ENTRY. */
static inline unsigned rig_do(struct rig *r, struct rig_queue *q, struct rig_sqe s,
                              struct rig_cqe *c)
{
    uint16_t cid = rig_submit(r, q, s);
    struct rig_cqe own;

    c = c ? c : &own;
    rig_ring(r, q);
    if (!rig_wait(r, q, c, 10 * PS_PER_S))
        return RIG_NO_ENTRY;
    CHECK_EQ_U64(c->cid, cid);
    CHECK_EQ_U64(c->sqid, q->qid);
    rig_ack(r, q);
    return c->status;
}

static inline struct rig_sqe rig_create_cq_sqe(const struct rig_queue *q, unsigned vector,
                                               bool interrupts)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_CREATE_CQ, 0);

    rig_prp(&s, q->cq, 0);
    rig_cdw(&s, 10, (q->size - 1) << 16 | q->qid);
    rig_cdw(&s, 11, vector << 16 | (interrupts ? 2u : 0) | 1u);
    return s;
}

static inline struct rig_sqe rig_create_sq_sqe(const struct rig_queue *q, unsigned cqid)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_CREATE_SQ, 0);

    rig_prp(&s, q->sq, 0);
    rig_cdw(&s, 10, (q->size - 1) << 16 | q->qid);
    rig_cdw(&s, 11, cqid << 16 | 1u);
    return s;
}

static inline struct rig_queue rig_pair(struct rig *r, uint16_t qid, uint32_t size,
                                        unsigned vector, bool interrupts)
{
    struct rig_queue q = rig_queue_make(r, qid, size);

    CHECK_EQ_U64(rig_do(r, &r->admin, rig_create_cq_sqe(&q, vector, interrupts), NULL), 0);
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_create_sq_sqe(&q, qid), NULL), 0);
    return q;
}

static inline unsigned rig_feature(struct rig *r, unsigned id, uint32_t value)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_SET_FEATURES, 0);

    rig_cdw(&s, 10, id);
    rig_cdw(&s, 11, value);
    return rig_do(r, &r->admin, s, NULL);
}

#endif
