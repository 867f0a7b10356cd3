/* SPDX-License-Identifier: Apache-2.0 */
/* Random drivers, half competent: registers, doorbells, entries and lists that are right more often
 * than not, so that the deep states are reached.  DOORBELL_FUZZ=N runs N scripts instead of 200.
 * What is held: the sanitizers, the invariants of dev/nvme_impl.h, and that a reset mends all. */
#include "dev/nvme_impl.h"

#include "nvme_rig.h"
#include "sim/random.h"

#include <errno.h>

#define STEPS 400

struct fuzz {
    struct rig *r;
    struct random rnd;
    uint64_t lists, buf;
    uint16_t cid;
    uint32_t tail[4];
    uint32_t head[4];
};

static uint64_t pick(struct fuzz *f, uint64_t bound)
{
    return random_below(&f->rnd, bound);
}

static uint64_t some_address(struct fuzz *f)
{
    switch (pick(f, 16)) {
    case 0: return RIG_NOWHERE + pick(f, 4096);
    case 1: return RIG_ROM + pick(f, 16) * 512;
    case 2: return RIG_BAR0 + pick(f, 0x1210);
    case 3: return RIG_BAR4 + pick(f, 0x900);
    case 4: return UINT64_MAX - pick(f, 8192);
    case 5: return random_u64(&f->rnd);
    case 6: return RIG_RAM + RIG_RAM_BYTES - pick(f, 8192);
    case 7:
    case 8: return f->lists + pick(f, 512) * 8;
    case 9: return f->buf + pick(f, 4096) * 4;
    default: return f->buf + pick(f, 64) * 4096;
    }
}

static void some_list(struct fuzz *f)
{
    uint8_t *p = rig_at(f->r, f->lists);

    for (unsigned i = 0; i < 64; i++) {
        unsigned at = (unsigned)pick(f, 510) * 8;
        if (pick(f, 2)) {
            le64_put(p + at, pick(f, 4) ? some_address(f) & ~UINT64_C(4095) : some_address(f));
        } else {
            at &= ~15u;
            le64_put(p + at, some_address(f));
            le32_put(p + at + 8, (uint32_t)(pick(f, 4) * 512 + (pick(f, 8) ? 0 : pick(f, 64))));
            le32_put(p + at + 12, (uint32_t)((pick(f, 8) ? pick(f, 4) : pick(f, 16)) << 28));
        }
    }
}

static struct rig_sqe some_command(struct fuzz *f, bool admin)
{
    static const uint8_t admin_ops[] = {2, 2, 6, 6, 8, 8, 9, 10, 12, 12, 0x80, 0, 1, 4, 5};
    static const uint8_t io_ops[] = {0, 1, 2, 1, 2, 1, 2, 5, 8, 9};
    struct rig_sqe s = rig_sqe(0, (uint32_t)(pick(f, 8) ? 1 + pick(f, 2) : random_u64(&f->rnd)));

    if (pick(f, 30) == 0)
        for (unsigned i = 0; i < sizeof s.b; i += 8)
            le64_put(s.b + i, random_u64(&f->rnd));
    s.b[0] = admin ? admin_ops[pick(f, ARRAY_LEN(admin_ops))] : io_ops[pick(f, ARRAY_LEN(io_ops))];
    if (pick(f, 40) == 0)
        s.b[0] = (uint8_t)pick(f, 256);
    if (!admin && pick(f, 3) == 0)
        s.b[1] = NVME_PSDT_SGL << 6;
    if (pick(f, 60) == 0)
        s.b[1] = (uint8_t)pick(f, 256);
    rig_prp(&s, some_address(f), some_address(f));
    if (s.b[1] >> 6) {
        le32_put(s.b + NVME_SQE_SGL1 + 8, (uint32_t)(1 + pick(f, 64)) * (pick(f, 2) ? 16 : 512));
        le32_put(s.b + NVME_SQE_SGL1 + 12, (uint32_t)pick(f, 5) << 28);
    }
    le16_put(s.b + NVME_SQE_CID, pick(f, 20) ? f->cid++ : (uint16_t)pick(f, 8));
    if (admin) {
        rig_cdw(&s, 10, (uint32_t)(pick(f, 4) ? pick(f, 16) | (1 + pick(f, 40)) << 16
                                              : random_u64(&f->rnd)));
        rig_cdw(&s, 11, (uint32_t)(pick(f, 4) ? pick(f, 4) | pick(f, 4) << 16
                                              : random_u64(&f->rnd)));
        if (s.b[0] == NVME_ADMIN_SET_FEATURES || s.b[0] == NVME_ADMIN_GET_LOG)
            le32_put(s.b + NVME_SQE_NSID, 0);
        if (s.b[0] == NVME_ADMIN_FORMAT)
            rig_cdw(&s, 10, (uint32_t)pick(f, 3));
    } else {
        le64_put(s.b + 40, pick(f, 10) ? pick(f, 2048) : random_u64(&f->rnd));
        rig_cdw(&s, 12, (uint32_t)(pick(f, 4) ? pick(f, 32) : pick(f, 1100)) |
                            (pick(f, 8) ? 0 : 1u << 30));
        if (s.b[0] == NVME_NVM_DSM)
            rig_cdw(&s, 10, (uint32_t)pick(f, 256)), rig_cdw(&s, 11, NVME_DSM_AD);
    }
    return s;
}

/* Queue q of the fuzz driver: SQ at lists - (q + 1) * 8 KiB would do; kept simple by tables. */
static uint64_t sq_base(const struct fuzz *f, unsigned q)
{
    return f->buf + UINT64_C(0x100000) + q * UINT64_C(0x4000);
}

#define Q_SIZE 32

static void submit(struct fuzz *f)
{
    unsigned q = (unsigned)(pick(f, 3) ? 1 + pick(f, 3) : 0), n = 1 + (unsigned)pick(f, 10);

    while (n--) {
        struct rig_sqe s = some_command(f, q == 0);
        memcpy(rig_at(f->r, sq_base(f, q) + (uint64_t)f->tail[q] * 64), s.b, 64);
        f->tail[q] = (f->tail[q] + 1) % Q_SIZE;
    }
    rig_put(f->r, NVME_SQTDBL_OFFSET + 8 * q, 4, f->tail[q]);
}

static void bring_up(struct fuzz *f)
{
    struct rig *r = f->r;

    rig_put(r, NVME_CC_OFFSET, 4, 0);
    rig_admin_registers(r, sq_base(f, 0), sq_base(f, 0) + 0x2000, Q_SIZE);
    memset(f->tail, 0, sizeof f->tail);
    memset(f->head, 0, sizeof f->head);
    rig_put(r, NVME_CC_OFFSET, 4, RIG_CC);
    rig_run(r, 20 * PS_PER_US);
    for (unsigned q = 1; q < 4; q++) {
        struct rig_queue made = {.qid = (uint16_t)q, .size = Q_SIZE, .sq = sq_base(f, q),
                                 .cq = sq_base(f, q) + 0x2000};
        struct rig_sqe s = rig_create_cq_sqe(&made, q, q != 3);
        le16_put(s.b + NVME_SQE_CID, f->cid++);
        memcpy(rig_at(r, sq_base(f, 0) + f->tail[0]++ * 64), s.b, 64);
        s = rig_create_sq_sqe(&made, q);
        le16_put(s.b + NVME_SQE_CID, f->cid++);
        memcpy(rig_at(r, sq_base(f, 0) + f->tail[0]++ * 64), s.b, 64);
    }
    rig_put(r, NVME_SQTDBL_OFFSET, 4, f->tail[0]);
    rig_run(r, 100 * PS_PER_US);
}

/* The host takes what is there: reads the device's own idea of it, as no driver could. */
static void consume(struct fuzz *f)
{
    struct nvme *n = f->r->dev;
    unsigned q = (unsigned)pick(f, 4);

    if (n->c.cq[q].created)
        rig_put(f->r, NVME_CQHDBL_OFFSET + 8 * q, 4,
                pick(f, 10) ? n->c.cq[q].visible : pick(f, 64));
}

static void some_register(struct fuzz *f)
{
    static const uint32_t offsets[] = {NVME_CC_OFFSET, NVME_AQA_OFFSET, NVME_ASQ_OFFSET,
                                       NVME_INTMS_OFFSET, NVME_INTMC_OFFSET, NVME_CSTS_OFFSET};
    struct txn t = {.addr = RIG_BAR0, .size = (uint8_t)(1u << pick(f, 4)), .write = pick(f, 2) != 0,
                    .data = random_u64(&f->rnd)};

    t.addr += pick(f, 3) ? offsets[pick(f, ARRAY_LEN(offsets))] : pick(f, 16384);
    t.addr &= ~(uint64_t)(t.size - 1);
    (void)space_access(&f->r->space, &t);
}

static void some_config(struct fuzz *f)
{
    struct pci_function *pci = f->r->pci;

    switch (pick(f, 6)) {
    case 0: pci_config_write(pci, PCI_EXP_DEVCTL_OFFSET, 2, 0x8000); break;
    case 1: pci_config_write(pci, PCI_COMMAND_OFFSET, 2, (uint32_t)pick(f, 8)); break;
    case 2: pci_config_write(pci, PCI_MSIX_CONTROL_OFFSET, 2, (uint32_t)pick(f, 4) << 14); break;
    case 3: pci_config_write(pci, PCI_MSI_CONTROL_OFFSET, 2, (uint32_t)pick(f, 2)); break;
    case 4: nvme_class.reset(f->r->dev); break;
    default: pci_config_write(pci, (unsigned)pick(f, 256) & ~3u, 4, (uint32_t)random_u64(&f->rnd));
    }
    rig_program_bars(f->r, pick(f, 4) != 0);
}

static void check_invariants(const struct nvme *n)
{
    unsigned count[2] = {0, 0}, busy = 0, moving = 0;

    for (unsigned k = 0; k < 2; k++)
        for (unsigned i = n->c.free_first[k]; i != NVME_NO_SLOT && count[k] <= NVME_SLOTS;
             i = n->slot[i].s.next, count[k]++)
            CHECK(n->slot[i].s.state == NVME_FREE && (i >= NVME_SLOTS_ADMIN) == k);
    CHECK_EQ_U64(count[0], n->c.free_count[0]);
    CHECK_EQ_U64(count[1], n->c.free_count[1]);
    CHECK(n->c.reserved[0] <= n->c.free_count[0] && n->c.reserved[1] <= n->c.free_count[1]);
    for (unsigned i = 0; i < NVME_SLOTS; i++) {
        busy += n->slot[i].s.state != NVME_FREE;
        moving += n->slot[i].s.moving;
    }
    CHECK_EQ_U64(busy, NVME_SLOTS - count[0] - count[1]);
    for (unsigned i = 0; i < NVME_MOVERS; i++)
        moving -= n->mover[i].busy;
    CHECK_EQ_U64(moving, 0);
    for (unsigned q = 0; q < NVME_QUEUES_MAX; q++)
        busy -= n->c.sq[q].in_flight;
    CHECK_EQ_U64(busy, 0);
}

static void one_script(uint64_t seed)
{
    struct block *a = block_memory(1 << 20), *b = block_memory(300000);
    struct nvme_config config = {.ns = {{a, 512}, {b, 4096}}, .namespaces = 2, .io_queues = 8,
                                 .profile = nvme_profiles[seed % 4].name};
    struct fuzz f = {.r = rig_up(seed & 8 ? TIMING_OFF : TIMING_IO, &config)};
    struct rig *r = f.r;

    r->block[0] = a;
    r->block[1] = b;
    random_init(&f.rnd, seed, "fuzz");
    f.lists = rig_alloc(r, 4096);
    f.buf = rig_alloc(r, 4 << 20);
    bring_up(&f);
    for (unsigned i = 0; i < STEPS; i++) {
        const struct nvme *n = r->dev;
        if ((!n->c.ready || n->c.fatal || n->c.shutdown || !n->c.sq[1].created) &&
            pick(&f, 12) == 0)
            bring_up(&f);
        switch (pick(&f, 16)) {
        case 0: if (pick(&f, 20) == 0) bring_up(&f); break;
        case 1: if (pick(&f, 4) == 0) some_register(&f); break;
        case 2: if (pick(&f, 30) == 0) some_config(&f); break;
        case 3: some_list(&f); break;
        case 4: block_inject(r->block[pick(&f, 2)], (enum block_op)pick(&f, BLOCK_OPS),
                             (unsigned)pick(&f, 20), EIO); break;
        case 5:
        case 6:
        case 7: consume(&f); break;
        case 8:
        case 9:
        case 10: submit(&f); break;
        default: rig_run(r, pick(&f, 40) * PS_PER_US / 4); break;
        }
        check_invariants(r->dev);
    }
    rig_settle(r);
    check_invariants(r->dev);
    for (unsigned k = 0; k < 2; k++)
        for (unsigned op = 0; op < BLOCK_OPS; op++)
            block_inject(r->block[k], (enum block_op)op, 0, 0);
    r->allocated = 0;
    memset(r->memory, 0, RIG_RAM_BYTES);
    rig_program_bars(r, true);
    rig_put(r, NVME_CC_OFFSET, 4, 0);
    rig_enable(r, 32);
    {
        struct rig_queue io = rig_pair(r, 1, 16, 1, true);
        CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
        CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 1, rig_alloc(r, 4096), 0), NULL), 0);
    }
    rig_down(r);
}

static void test_random_drivers_break_nothing_that_a_reset_does_not_mend(void)
{
    const char *more = getenv("DOORBELL_FUZZ");
    uint64_t count = more ? strtoull(more, NULL, 10) : 200;

    for (uint64_t seed = 0; seed < count; seed++) {
        unsigned before = check_now.failures;
        one_script(seed);
        if (check_now.failures != before) {
            printf("seed %" PRIu64 "\n", seed);
            break;
        }
    }
}

TEST_MAIN(test_random_drivers_break_nothing_that_a_reset_does_not_mend)
