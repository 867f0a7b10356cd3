/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, controller states, queues, interrupts. */
#include "nvme_rig.h"

static void test_registers_say_what_the_driver_expects(void)
{
    struct rig *r = rig_up(TIMING_OFF, NULL);
    uint64_t cap = rig_get(r, NVME_CAP_OFFSET, 8);

    CHECK(FGET(cap, NVME_CAP_MQES) >= 1023);
    CHECK_EQ_U64(FGET(cap, NVME_CAP_CQR), 1);
    CHECK_EQ_U64(FGET(cap, NVME_CAP_DSTRD), 0);
    CHECK_EQ_U64(FGET(cap, NVME_CAP_CSS), 1);
    CHECK_EQ_U64(FGET(cap, NVME_CAP_MPSMIN), 0);
    CHECK_EQ_U64(FGET(cap, NVME_CAP_TO), 40);
    CHECK_EQ_U64(rig_get(r, NVME_CAP_OFFSET, 4), cap & 0xffffffff);
    CHECK_EQ_U64(rig_get(r, NVME_CAP_OFFSET + 4, 4), cap >> 32);
    CHECK_EQ_U64(rig_get(r, NVME_VS_OFFSET, 4), 0x10400);
    CHECK_EQ_U64(rig_get(r, NVME_CMBSZ_OFFSET, 4), 0);
    CHECK_EQ_U64(rig_csts(r), 0);
    CHECK_EQ_U64(pci_config_read(r->pci, 8, 4) >> 8, 0x010802);
    rig_down(r);
}

static void test_ready_follows_enable_after_the_ready_time(void)
{
    struct rig *r = rig_up(TIMING_IO, NULL);
    uint64_t sq = rig_alloc(r, 4096), cq = rig_alloc(r, 4096);

    rig_admin_registers(r, sq, cq, 32);
    rig_put(r, NVME_CC_OFFSET, 4, RIG_CC);
    CHECK_EQ_U64(rig_csts(r), 0);
    rig_run(r, 9 * PS_PER_US);
    CHECK_EQ_U64(rig_csts(r), 0);
    rig_run(r, 2 * PS_PER_US);
    CHECK_EQ_U64(rig_csts(r), 1);
    rig_put(r, NVME_CC_OFFSET, 4, 0);
    CHECK_EQ_U64(rig_csts(r), 0);
    CHECK_EQ_U64(rig_get(r, NVME_ASQ_OFFSET, 8), sq); /* kept (7.3.2) */
    rig_down(r);
}

static void test_an_impossible_configuration_is_fatal_until_disabled(void)
{
    const struct {
        uint64_t cc;
        uint32_t aqa;
    } bad[] = {
        {FPUT(RIG_CC, NVME_CC_MPS, 1), 0x001f001f}, {FPUT(RIG_CC, NVME_CC_CSS, 1), 0x001f001f},
        {FPUT(RIG_CC, NVME_CC_AMS, 1), 0x001f001f}, {RIG_CC, 0x001f0000}, {RIG_CC, 0x0000001f},
    };

    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        struct rig *r = rig_up(TIMING_OFF, NULL);
        rig_put(r, NVME_AQA_OFFSET, 4, bad[i].aqa);
        rig_put(r, NVME_ASQ_OFFSET, 8, RIG_RAM);
        rig_put(r, NVME_ACQ_OFFSET, 8, RIG_RAM + 4096);
        rig_put(r, NVME_CC_OFFSET, 4, bad[i].cc);
        rig_settle(r);
        CHECK_EQ_U64(rig_csts(r), FMASK(NVME_CSTS_CFS));
        rig_put(r, NVME_CC_OFFSET, 4, 0);
        CHECK_EQ_U64(rig_csts(r), 0);
        rig_enable(r, 32);
        rig_down(r);
    }
}

static void test_identify_arrives_with_an_entry_and_a_message(void)
{
    struct rig *r = rig_up(TIMING_IO, NULL);
    struct rig_sqe s = rig_sqe(NVME_ADMIN_IDENTIFY, 0);
    struct rig_cqe c = {0};
    uint64_t page;

    rig_enable(r, 32);
    page = rig_alloc(r, 4096);
    rig_prp(&s, page, 0);
    rig_cdw(&s, 10, NVME_CNS_CONTROLLER);
    CHECK_EQ_U64(rig_do(r, &r->admin, s, &c), 0);
    CHECK_EQ_U64(c.sqhd, 1);
    CHECK(!memcmp(rig_at(r, page) + NVME_IC_SN, "nvme0               ", 20));
    CHECK(!memcmp(rig_at(r, page) + NVME_IC_SUBNQN, "nqn.", 4));
    CHECK_EQ_U64(rig_at(r, page)[NVME_IC_CMIC], 0);
    rig_settle(r);
    CHECK_EQ_U64(r->msis[0], 1);
    rig_down(r);
}

static void test_a_read_moves_the_image_and_a_write_changes_it(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, NULL, 1 << 20);
    struct rig_queue q;
    uint64_t page;
    uint8_t want[4096], got[4096];

    rig_enable(r, 32);
    q = rig_pair(r, 1, 64, 1, true);
    page = rig_alloc(r, 4096);
    for (unsigned i = 0; i < sizeof want; i++)
        want[i] = (uint8_t)(i * 7 + i / 256);
    CHECK(!block_write(r->block[0], 8 * 512, want, sizeof want));
    CHECK_EQ_U64(rig_do(r, &q, rig_rw(NVME_NVM_READ, 8, 8, page, 0), NULL), 0);
    CHECK(!memcmp(rig_at(r, page), want, sizeof want));
    rig_at(r, page)[5] = 0x99;
    CHECK_EQ_U64(rig_do(r, &q, rig_rw(NVME_NVM_WRITE, 100, 8, page, 0), NULL), 0);
    CHECK(!block_read(r->block[0], 100 * 512, got, sizeof got));
    CHECK(!memcmp(rig_at(r, page), got, sizeof got));
    CHECK_EQ_U64(rig_do(r, &q, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
    rig_settle(r);
    CHECK_EQ_U64(r->msis[1], 3);
    rig_down(r);
}

/* Three times around queues of 4, one command at a time: head, tail and phase wrap. */
static void test_phase_and_heads_wrap(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, "ideal", 1 << 20);
    struct rig_queue q;
    struct rig_cqe c = {0};

    rig_enable(r, 3);
    q = rig_pair(r, 5, 4, 5, true);
    for (unsigned i = 0; i < 13; i++) {
        CHECK_EQ_U64(rig_do(r, &q, rig_sqe(NVME_NVM_FLUSH, 1), &c), 0);
        CHECK_EQ_U64(c.sqhd, (i + 1) % 4);
    }
    CHECK(!rig_peek(r, &q, &c));
    rig_down(r);
}

static void test_a_full_batch_across_the_end_of_the_queue(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, "970pro", 1 << 20);
    struct rig_queue q;
    struct rig_cqe c = {0};

    rig_enable(r, 32);
    q = rig_pair(r, 1, 16, 1, true);
    for (unsigned round = 0; round < 5; round++) {
        uint32_t seen = 0;
        uint16_t first = r->next_cid;
        for (unsigned i = 0; i < 15; i++)
            rig_submit(r, &q, rig_sqe(NVME_NVM_FLUSH, 1));
        rig_ring(r, &q);
        for (unsigned i = 0; i < 15 && rig_wait(r, &q, &c, PS_PER_S); i++) {
            CHECK_EQ_U64(c.status, 0);
            seen |= 1u << (c.cid - first);
        }
        CHECK_EQ_U64(seen, 0x7fff);
        rig_ack(r, &q);
    }
    rig_down(r);
}

/* SQ of 64 on a CQ of 4: entries beyond 3 are held back, in order, until the host takes some. */
static void test_a_full_completion_queue_holds_entries_back(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, "ideal", 1 << 20);
    struct rig_queue small, big;
    struct rig_cqe c = {0};
    uint16_t first;

    rig_enable(r, 32);
    small = rig_queue_make(r, 1, 4);
    big = rig_queue_make(r, 1, 64);
    big.cq = small.cq;
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_create_cq_sqe(&small, 1, true), NULL), 0);
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_create_sq_sqe(&big, 1), NULL), 0);
    first = r->next_cid;
    for (unsigned i = 0; i < 20; i++)
        rig_submit(r, &big, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &big);
    rig_settle(r);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(rig_peek(r, &small, &c));
        CHECK_EQ_U64(c.cid, first + i);
    }
    CHECK(!rig_peek(r, &small, &c));
    /* The admin queue lives on. */
    CHECK_EQ_U64(rig_feature(r, NVME_FEATURE_ATOMICITY, 1), 0);
    for (unsigned i = 3; i < 20; i++) {
        rig_ack(r, &small);
        CHECK(rig_wait(r, &small, &c, PS_PER_S));
        CHECK_EQ_U64(c.cid, first + i);
    }
    rig_down(r);
}

static unsigned create_cq(struct rig *r, uint32_t cdw10, uint32_t cdw11, uint64_t prp)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_CREATE_CQ, 0);

    rig_cdw(&s, 10, cdw10);
    rig_cdw(&s, 11, cdw11);
    rig_prp(&s, prp, 0);
    return rig_do(r, &r->admin, s, NULL);
}

static unsigned create_sq(struct rig *r, uint32_t cdw10, uint32_t cdw11, uint64_t prp)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_CREATE_SQ, 0);

    rig_cdw(&s, 10, cdw10);
    rig_cdw(&s, 11, cdw11);
    rig_prp(&s, prp, 0);
    return rig_do(r, &r->admin, s, NULL);
}

static unsigned delete_queue(struct rig *r, uint8_t opcode, unsigned qid)
{
    struct rig_sqe s = rig_sqe(opcode, 0);

    rig_cdw(&s, 10, qid);
    return rig_do(r, &r->admin, s, NULL);
}

static void test_every_error_of_the_queue_commands(void)
{
    struct rig *r = rig_up(TIMING_OFF, NULL);
    uint64_t page;

    rig_enable(r, 32);
    page = rig_alloc(r, 65536);
    CHECK_EQ_U64(create_cq(r, 0x000f0000, 3, page), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x000f0041, 3, page), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x000fffff, 3, page), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x00000001, 3, page), NVME_QUEUE_SIZE_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x08000001, 3, page), NVME_QUEUE_SIZE_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x000f0001, 2, page), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x000f0001, 3, page + 8), NVME_PRP_OFFSET_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x000f0001, 0x00410003, page),
                 NVME_INTERRUPT_VECTOR_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x000f0001, 0x00400003, page), 0);
    CHECK_EQ_U64(create_cq(r, 0x000f0001, 3, page), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_sq(r, 0x000f0001, 0x00000001, page), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_sq(r, 0x000f0001, 0x00020001, page), NVME_CQ_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_sq(r, 0x000f0001, 0xffff0001, page), NVME_CQ_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_sq(r, 0x000f0000, 0x00010001, page), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_sq(r, 0x00000001, 0x00010001, page), NVME_QUEUE_SIZE_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_sq(r, 0x000f0001, 0x00010000, page), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(create_sq(r, 0x000f0001, 0x00010001, page + 4),
                 NVME_PRP_OFFSET_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_sq(r, 0x000f0030, 0x00010001, page), 0); /* any id, any order */
    CHECK_EQ_U64(create_sq(r, 0x000f0030, 0x00010001, page), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_CQ, 1), NVME_QUEUE_DELETION_INVALID | NVME_DNR);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_CQ, 0), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_CQ, 2), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_SQ, 0), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_SQ, 1), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_SQ, 0xffff), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_SQ, 0x30), 0);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_SQ, 0x30), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(delete_queue(r, NVME_ADMIN_DELETE_CQ, 1), 0);
    rig_down(r);
}

static void test_granted_queues_are_enforced_and_cannot_change_while_some_exist(void)
{
    struct rig *r = rig_up(TIMING_OFF, NULL);
    struct rig_sqe s = rig_sqe(NVME_ADMIN_SET_FEATURES, 0);
    struct rig_cqe c = {0};
    uint64_t page;

    rig_enable(r, 32);
    page = rig_alloc(r, 65536);
    rig_cdw(&s, 10, NVME_FEATURE_QUEUES);
    rig_cdw(&s, 11, 0x00ff00ff);
    CHECK_EQ_U64(rig_do(r, &r->admin, s, &c), 0);
    CHECK_EQ_U64(c.dw0, 0x003f003f);
    rig_cdw(&s, 11, 0x0000ffff);
    CHECK_EQ_U64(rig_do(r, &r->admin, s, &c), NVME_INVALID_FIELD | NVME_DNR);
    rig_cdw(&s, 11, 0);
    CHECK_EQ_U64(rig_do(r, &r->admin, s, &c), 0);
    CHECK_EQ_U64(c.dw0, 0);
    CHECK_EQ_U64(create_cq(r, 0x000f0002, 3, page), NVME_QID_INVALID | NVME_DNR);
    CHECK_EQ_U64(create_cq(r, 0x000f0001, 3, page), 0);
    CHECK_EQ_U64(rig_do(r, &r->admin, s, &c), NVME_SEQUENCE_ERROR | NVME_DNR);
    rig_down(r);
}

/* All 64 pairs at once, created from the last to the first, each used. */
static void test_sixty_four_queue_pairs(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, NULL, 1 << 20);
    struct rig_queue q[65];
    struct rig_cqe c = {0};

    rig_enable(r, 32);
    for (unsigned i = 64; i; i--)
        q[i] = rig_pair(r, (uint16_t)i, 2 + i, i, true);
    for (unsigned i = 1; i <= 64; i++)
        rig_submit(r, &q[i], rig_sqe(NVME_NVM_FLUSH, 1));
    for (unsigned i = 1; i <= 64; i++)
        rig_ring(r, &q[i]);
    rig_settle(r);
    for (unsigned i = 1; i <= 64; i++) {
        CHECK(rig_peek(r, &q[i], &c));
        CHECK_EQ_U64(c.sqid, i);
        CHECK_EQ_U64(r->msis[i], 1);
    }
    rig_down(r);
}

/* Round robin: a queue with many commands does not keep another waiting for all of them. */
static void test_arbitration_is_round_robin_by_bursts(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, "970pro", 1 << 20);
    struct rig_queue a, b;
    struct rig_cqe c = {0};
    unsigned done = 0;

    rig_enable(r, 32);
    a = rig_pair(r, 1, 256, 1, true);
    b = rig_pair(r, 2, 256, 2, true);
    for (unsigned i = 0; i < 100; i++)
        rig_submit(r, &a, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_submit(r, &b, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &a);
    rig_ring(r, &b);
    CHECK(rig_wait(r, &b, &c, PS_PER_S));
    while (rig_peek(r, &a, &c))
        done++;
    CHECK(done <= 16); /* two bursts of eight at the most */
    rig_down(r);
}

static void test_deleting_a_queue_waits_for_what_is_in_flight(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, "970pro", 1 << 20);
    struct rig_queue q;
    struct rig_sqe s = rig_sqe(NVME_ADMIN_DELETE_SQ, 0);
    struct rig_cqe c = {0};
    uint64_t page;
    unsigned n = 0;

    rig_enable(r, 32);
    q = rig_pair(r, 1, 64, 1, true);
    page = rig_alloc(r, 4096);
    for (unsigned i = 0; i < 4; i++)
        rig_submit(r, &q, rig_rw(NVME_NVM_READ, i * 8, 8, page, 0));
    rig_ring(r, &q);
    rig_run(r, 2 * PS_PER_US);
    rig_cdw(&s, 10, 1);
    rig_submit(r, &r->admin, s);
    rig_ring(r, &r->admin);
    CHECK(rig_wait(r, &r->admin, &c, PS_PER_S));
    CHECK_EQ_U64(c.status, 0);
    while (rig_peek(r, &q, &c))
        n++;
    CHECK_EQ_U64(n, 4);
    rig_down(r);
}

static void test_polled_queues_send_no_interrupt(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, NULL, 1 << 20);
    struct rig_queue q;

    rig_enable(r, 32);
    q = rig_pair(r, 1, 16, 0, false);
    rig_settle(r);
    r->msis[0] = 0;
    CHECK_EQ_U64(rig_do(r, &q, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
    rig_settle(r);
    for (unsigned i = 0; i < RIG_VECTORS; i++)
        CHECK_EQ_U64(r->msis[i], 0);
    rig_down(r);
}

static void test_the_pin_follows_unread_entries_and_the_mask(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, NULL, 1 << 20);
    struct rig_queue q;
    struct rig_cqe c = {0};

    pci_config_write(r->pci, PCI_MSIX_CONTROL_OFFSET, 2, 0);
    rig_enable(r, 32);
    q = rig_pair(r, 1, 16, 0, true);
    CHECK(!r->pin);
    rig_submit(r, &q, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_submit(r, &q, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &q);
    rig_settle(r);
    CHECK(r->pin);
    rig_put(r, NVME_INTMS_OFFSET, 4, 1);
    CHECK(!r->pin);
    CHECK_EQ_U64(rig_get(r, NVME_INTMC_OFFSET, 4), 1);
    rig_put(r, NVME_INTMC_OFFSET, 4, 1);
    CHECK(r->pin);
    CHECK(rig_peek(r, &q, &c));
    rig_ack(r, &q);
    CHECK(r->pin); /* one entry is left */
    CHECK(rig_peek(r, &q, &c));
    rig_ack(r, &q);
    CHECK(!r->pin);
    CHECK_EQ_U64(create_cq(r, 0x000f0002, 0x00010003, rig_alloc(r, 4096)),
                 NVME_INTERRUPT_VECTOR_INVALID | NVME_DNR); /* one vector in this mode */
    rig_down(r);
}

static void test_msi_sends_its_message(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, NULL, 1 << 20);
    struct rig_queue q;

    pci_config_write(r->pci, PCI_MSIX_CONTROL_OFFSET, 2, 0);
    pci_config_write(r->pci, PCI_MSI_ADDRESS_OFFSET, 4, (uint32_t)RIG_MSI);
    pci_config_write(r->pci, PCI_MSI_DATA_OFFSET, 2, 77);
    pci_config_write(r->pci, PCI_MSI_CONTROL_OFFSET, 2, (uint32_t)FMASK(PCI_MSI_ENABLE));
    rig_enable(r, 32);
    q = rig_pair(r, 1, 16, 0, true);
    rig_settle(r);
    r->msis[77] = 0;
    CHECK_EQ_U64(rig_do(r, &q, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
    rig_settle(r);
    CHECK_EQ_U64(r->msis[77], 1);
    /* Masked by INTMS: sent when unmasked, if the entry is still there. */
    rig_put(r, NVME_INTMS_OFFSET, 4, 1);
    rig_submit(r, &q, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &q);
    rig_settle(r);
    CHECK_EQ_U64(r->msis[77], 1);
    rig_put(r, NVME_INTMC_OFFSET, 4, 1);
    rig_settle(r);
    CHECK_EQ_U64(r->msis[77], 2);
    CHECK(!r->pin);
    rig_down(r);
}

static void test_shutdown_flushes_and_says_when_it_is_done(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, "970pro", 1 << 20);
    struct rig_queue q;
    uint64_t page;

    rig_enable(r, 32);
    q = rig_pair(r, 1, 16, 1, true);
    page = rig_alloc(r, 4096);
    CHECK_EQ_U64(rig_do(r, &q, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0), NULL), 0);
    rig_put(r, NVME_CC_OFFSET, 4, FPUT(RIG_CC, NVME_CC_SHN, 1));
    CHECK_EQ_U64(FGET(rig_csts(r), NVME_CSTS_SHST), 1);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(FGET(rig_csts(r), NVME_CSTS_SHST), 1); /* a program takes 185 us */
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(FGET(rig_csts(r), NVME_CSTS_SHST), 2);
    CHECK_EQ_U64(rig_do(r, &q, rig_sqe(NVME_NVM_FLUSH, 1), NULL), RIG_NO_ENTRY);
    rig_put(r, NVME_CC_OFFSET, 4, 0);
    CHECK_EQ_U64(rig_csts(r), 0);
    /* A shutdown of a disabled controller is over with the next enable. */
    rig_put(r, NVME_CC_OFFSET, 4, FPUT(0, NVME_CC_SHN, 1));
    rig_settle(r);
    CHECK_EQ_U64(FGET(rig_csts(r), NVME_CSTS_SHST), 2);
    rig_enable(r, 32);
    CHECK_EQ_U64(rig_feature(r, NVME_FEATURE_ATOMICITY, 1), 0);
    rig_down(r);
}

static void test_a_queue_of_the_largest_size_works(void)
{
    struct rig *r = rig_up_memory(TIMING_IO, "ideal", 1 << 20);
    struct rig_queue q;
    struct rig_cqe c = {0};

    rig_enable(r, 4096);
    q = rig_pair(r, 1, 2048, 1, true);
    for (unsigned i = 0; i < 2047; i++)
        rig_submit(r, &q, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &q);
    rig_settle(r);
    for (unsigned i = 0; i < 2047; i++)
        CHECK(rig_peek(r, &q, &c) && c.status == 0);
    CHECK(!rig_peek(r, &q, &c));
    rig_down(r);
}

TEST_MAIN(test_registers_say_what_the_driver_expects,
          test_ready_follows_enable_after_the_ready_time,
          test_an_impossible_configuration_is_fatal_until_disabled,
          test_identify_arrives_with_an_entry_and_a_message,
          test_a_read_moves_the_image_and_a_write_changes_it, test_phase_and_heads_wrap,
          test_a_full_batch_across_the_end_of_the_queue,
          test_a_full_completion_queue_holds_entries_back, test_every_error_of_the_queue_commands,
          test_granted_queues_are_enforced_and_cannot_change_while_some_exist,
          test_sixty_four_queue_pairs, test_arbitration_is_round_robin_by_bursts,
          test_deleting_a_queue_waits_for_what_is_in_flight, test_polled_queues_send_no_interrupt,
          test_the_pin_follows_unread_entries_and_the_mask, test_msi_sends_its_message,
          test_shutdown_flushes_and_says_when_it_is_done, test_a_queue_of_the_largest_size_works)
