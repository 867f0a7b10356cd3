/* SPDX-License-Identifier: Apache-2.0 */
/* Identify, features, log pages, events, abort, format; the NVM commands besides read and write. */
#include "nvme_rig.h"

#include <errno.h>

static struct rig_queue io;

/* Three namespaces: 1 MiB of 512, 2 MiB of 4096, and a size that is no multiple of a block. */
static struct rig *up(const char *profile)
{
    struct nvme_config config = {.namespaces = 3, .profile = profile, .serial = "SERIAL7"};
    static const uint64_t sizes[] = {1 << 20, 2 << 20, 100001};
    struct block *b[3];
    struct rig *r;

    for (unsigned i = 0; i < 3; i++) {
        b[i] = block_memory(sizes[i]);
        config.ns[i] = (struct nvme_namespace_config){b[i], i == 1 ? 4096 : 512};
    }
    r = rig_up(TIMING_IO, &config);
    memcpy(r->block, b, sizeof b);
    rig_enable(r, 32);
    io = rig_pair(r, 1, 64, 1, true);
    return r;
}

static unsigned identify(struct rig *r, unsigned cns, uint32_t nsid, uint64_t page)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_IDENTIFY, nsid);

    memset(rig_at(r, page), 0xaa, 4096);
    rig_prp(&s, page, 0);
    rig_cdw(&s, 10, cns);
    return rig_do(r, &r->admin, s, NULL);
}

static void test_identify_namespaces_lists_and_descriptors(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 4096);
    uint8_t *p = rig_at(r, page), nguid[16];

    CHECK_EQ_U64(identify(r, NVME_CNS_NAMESPACE, 1, page), 0);
    CHECK_EQ_U64(le64_get(p + NVME_IN_NSZE), 2048);
    CHECK_EQ_U64(p[NVME_IN_FLBAS], 0);
    CHECK_EQ_U64(p[NVME_IN_LBAF0 + 2], 9);
    CHECK_EQ_U64(p[NVME_IN_LBAF0 + 6], 12);
    CHECK_EQ_U64(identify(r, NVME_CNS_NAMESPACE, 2, page), 0);
    CHECK_EQ_U64(le64_get(p + NVME_IN_NSZE), 512);
    CHECK_EQ_U64(p[NVME_IN_FLBAS], 1);
    memcpy(nguid, p + NVME_IN_NGUID, 16);
    CHECK_EQ_U64(identify(r, NVME_CNS_NAMESPACE, 3, page), 0);
    CHECK_EQ_U64(le64_get(p + NVME_IN_NSZE), 196); /* 100001 / 512, rounded up */
    CHECK(memcmp(nguid, p + NVME_IN_NGUID, 16) != 0);
    CHECK_EQ_U64(identify(r, NVME_CNS_NAMESPACE, 4, page), NVME_INVALID_NAMESPACE | NVME_DNR);
    CHECK_EQ_U64(identify(r, NVME_CNS_NAMESPACE, NVME_NSID_ALL, page),
                 NVME_INVALID_NAMESPACE | NVME_DNR);
    CHECK_EQ_U64(identify(r, NVME_CNS_LIST, 1, page), 0);
    CHECK_EQ_U64(le32_get(p), 2);
    CHECK_EQ_U64(le32_get(p + 4), 3);
    CHECK_EQ_U64(le32_get(p + 8), 0);
    CHECK_EQ_U64(identify(r, NVME_CNS_LIST, NVME_NSID_ALL, page),
                 NVME_INVALID_NAMESPACE | NVME_DNR);
    CHECK_EQ_U64(identify(r, NVME_CNS_DESCRIPTORS, 2, page), 0);
    CHECK_EQ_U64(p[0], NVME_NIDT_EUI64);
    CHECK_EQ_U64(p[12], NVME_NIDT_NGUID);
    CHECK(!memcmp(nguid, p + 16, 16));
    CHECK_EQ_U64(identify(r, 0x10, 1, page), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(identify(r, 0x11, 1, page), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(identify(r, 6, 1, page), NVME_INVALID_FIELD | NVME_DNR);
    rig_down(r);
}

static void test_identify_controller_fields_that_drivers_use(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 4096);
    uint8_t *p = rig_at(r, page);

    CHECK_EQ_U64(identify(r, NVME_CNS_CONTROLLER, 0, page), 0);
    CHECK_EQ_U64(le16_get(p), pci_config_read(r->pci, PCI_VENDOR_OFFSET, 2));
    CHECK(!memcmp(p + NVME_IC_SN, "SERIAL7             ", 20));
    CHECK_EQ_U64(p[NVME_IC_MDTS], 7);
    CHECK_EQ_U64(p[NVME_IC_SQES], 0x66);
    CHECK_EQ_U64(p[NVME_IC_CQES], 0x44);
    CHECK_EQ_U64(le32_get(p + NVME_IC_NN), 3);
    CHECK_EQ_U64(p[NVME_IC_CNTRLTYPE], 1);
    CHECK_EQ_U64(p[NVME_IC_VWC], 7);
    CHECK_EQ_U64(le32_get(p + NVME_IC_SGLS) & 3, 1);
    CHECK_EQ_U64(le32_get(p + NVME_IC_VER), 0x10400);
    CHECK_EQ_U64(le16_get(p + NVME_IC_OACS), NVME_OACS_FORMAT);
    rig_down(r);
}

/* Page-crossing data of an admin command, and what admin commands may not do. */
static void test_admin_data_may_cross_a_page_and_takes_no_sgl(void)
{
    struct rig *r = up(NULL);
    uint64_t a = rig_alloc(r, 4096), b = rig_alloc(r, 4096);
    struct rig_sqe s = rig_sqe(NVME_ADMIN_IDENTIFY, 0);

    rig_cdw(&s, 10, NVME_CNS_CONTROLLER);
    rig_prp(&s, a + 4096 - 16, b);
    CHECK_EQ_U64(rig_do(r, &r->admin, s, NULL), 0);
    CHECK_EQ_U64(le16_get(rig_at(r, a + 4096 - 16)), 0xd00b);
    CHECK(!memcmp(rig_at(r, b) + NVME_IC_MN - 16, "Doorbell", 8));
    s.b[NVME_SQE_FLAGS] = NVME_PSDT_SGL << 6;
    CHECK_EQ_U64(rig_do(r, &r->admin, s, NULL), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_sqe(0x7f, 0), NULL), NVME_INVALID_OPCODE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_sqe(0x10, 0), NULL), NVME_INVALID_OPCODE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_sqe(0x11, 0), NULL), NVME_INVALID_OPCODE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_sqe(0x18, 0), NULL), NVME_INVALID_OPCODE | NVME_DNR);
    rig_down(r);
}

static unsigned feature(struct rig *r, uint8_t opcode, uint32_t cdw10, uint32_t cdw11,
                        uint32_t nsid, uint32_t *dw0)
{
    struct rig_sqe s = rig_sqe(opcode, nsid);
    struct rig_cqe c = {0};
    unsigned status;

    rig_cdw(&s, 10, cdw10);
    rig_cdw(&s, 11, cdw11);
    status = rig_do(r, &r->admin, s, &c);
    if (dw0)
        *dw0 = c.dw0;
    return status;
}

#define SET NVME_ADMIN_SET_FEATURES
#define GET NVME_ADMIN_GET_FEATURES

static void test_features_keep_what_is_set_until_reset(void)
{
    static const struct {
        uint8_t id;
        uint32_t value, other;
    } rows[] = {
        {NVME_FEATURE_ARBITRATION, 3, 7},       {NVME_FEATURE_TEMPERATURE, 343, 400},
        {NVME_FEATURE_WRITE_CACHE, 1, 0},       {NVME_FEATURE_COALESCING, 0, 0x0105},
        {NVME_FEATURE_ATOMICITY, 0, 1},         {NVME_FEATURE_ASYNC_EVENTS, 0, 0x102},
        {NVME_FEATURE_VECTOR, 0, 0x10000},
    };
    struct rig *r = up(NULL);
    uint32_t v;

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ_U64(feature(r, GET, rows[i].id, 0, 0, &v), 0);
        CHECK_EQ_U64(v, rows[i].value);
        CHECK_EQ_U64(feature(r, SET, rows[i].id, rows[i].other, 0, NULL), 0);
        CHECK_EQ_U64(feature(r, GET, rows[i].id, 0, 0, &v), 0);
        CHECK_EQ_U64(v, rows[i].other);
        CHECK_EQ_U64(feature(r, GET, rows[i].id | NVME_SELECT_DEFAULT << 8, 0, 0, &v), 0);
        CHECK_EQ_U64(v, rows[i].value);
        CHECK_EQ_U64(feature(r, GET, rows[i].id | NVME_SELECT_SAVED << 8, 0, 0, &v), 0);
        CHECK_EQ_U64(v, rows[i].value);
        CHECK_EQ_U64(feature(r, GET, rows[i].id | NVME_SELECT_SUPPORTED << 8, 0, 0, &v), 0);
        CHECK_EQ_U64(v, NVME_SUPPORTED_CHANGEABLE);
        CHECK_EQ_U64(feature(r, GET, rows[i].id | 4 << 8, 0, 0, &v), NVME_INVALID_FIELD | NVME_DNR);
        CHECK_EQ_U64(feature(r, SET, rows[i].id | NVME_FEATURE_SAVE, 0, 0, NULL),
                     NVME_FEATURE_NOT_SAVEABLE | NVME_DNR);
        CHECK_EQ_U64(feature(r, SET, rows[i].id, rows[i].other, 1, NULL),
                     NVME_FEATURE_NOT_NAMESPACE | NVME_DNR);
    }
    rig_put(r, NVME_CC_OFFSET, 4, 0);
    rig_enable(r, 32);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ_U64(feature(r, GET, rows[i].id, 0, 0, &v), 0);
        CHECK_EQ_U64(v, rows[i].value);
    }
    rig_down(r);
}

static void test_features_that_are_wrong_are_refused(void)
{
    struct rig *r = up(NULL);
    uint32_t v;

    CHECK_EQ_U64(feature(r, GET, 0x00, 0, 0, &v), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(feature(r, GET, 0x0e, 0, 0, &v), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(feature(r, SET, 0x0f, 0, 0, &v), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(feature(r, SET, NVME_FEATURE_POWER, 1, 0, &v), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(feature(r, SET, NVME_FEATURE_POWER, 0, 0, &v), 0);
    CHECK_EQ_U64(feature(r, SET, NVME_FEATURE_TEMPERATURE, 3 << 16 | 400, 0, &v),
                 NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(feature(r, SET, NVME_FEATURE_VECTOR, 65, 0, &v), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(feature(r, GET, NVME_FEATURE_VECTOR, 65, 0, &v), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(feature(r, SET, NVME_FEATURE_ERROR_RECOVERY, 5, 2, &v), 0);
    CHECK_EQ_U64(feature(r, GET, NVME_FEATURE_ERROR_RECOVERY, 0, 2, &v), 0);
    CHECK_EQ_U64(v, 5);
    CHECK_EQ_U64(feature(r, GET, NVME_FEATURE_ERROR_RECOVERY, 0, 1, &v), 0);
    CHECK_EQ_U64(v, 0);
    CHECK_EQ_U64(feature(r, SET, NVME_FEATURE_ERROR_RECOVERY, 1 << 16, 1, &v),
                 NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(feature(r, SET, NVME_FEATURE_ERROR_RECOVERY, 5, 9, &v),
                 NVME_INVALID_NAMESPACE | NVME_DNR);
    rig_down(r);
}

static unsigned get_log(struct rig *r, unsigned page, uint32_t bytes, uint64_t offset,
                        uint32_t nsid, uint64_t to)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_GET_LOG, nsid);
    uint32_t dwords = bytes / 4 - 1;

    rig_prp(&s, to, to + 4096);
    rig_cdw(&s, 10, page | dwords << 16);
    rig_cdw(&s, 11, dwords >> 16);
    le64_put(s.b + NVME_SQE_CDW12, offset);
    return rig_do(r, &r->admin, s, NULL);
}

static void test_log_pages(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 8192), data = rig_alloc(r, 4096);
    uint8_t *p = rig_at(r, page);

    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, data, 0), NULL), 0);
        CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 2, data, 0), NULL), 0);
    }
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 1 << 30, 8, data, 0), NULL),
                 NVME_LBA_RANGE | NVME_DNR);
    CHECK_EQ_U64(get_log(r, NVME_LOG_SMART, 512, 0, NVME_NSID_ALL, page), 0);
    CHECK_EQ_U64(le16_get(p + NVME_SMART_TEMPERATURE), 313);
    CHECK_EQ_U64(le64_get(p + NVME_SMART_READS), 3);
    CHECK_EQ_U64(le64_get(p + NVME_SMART_WRITES), 3);
    CHECK_EQ_U64(le64_get(p + NVME_SMART_UNITS_READ), 1);
    CHECK_EQ_U64(le64_get(p + NVME_SMART_ERRORS_LOGGED), 1);
    CHECK_EQ_U64(get_log(r, NVME_LOG_SMART, 512, 0, 1, page), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(get_log(r, NVME_LOG_ERROR, 4096, 0, 0, page), 0);
    CHECK_EQ_U64(le64_get(p + NVME_ERROR_COUNT), 2); /* the refused log page is the newest */
    CHECK_EQ_U64(le64_get(p + 64 + NVME_ERROR_COUNT), 1);
    CHECK_EQ_U64(le16_get(p + 64 + NVME_ERROR_SQID), 1);
    CHECK_EQ_U64(le16_get(p + 64 + NVME_ERROR_STATUS) >> 1, NVME_LBA_RANGE | NVME_DNR);
    CHECK_EQ_U64(le64_get(p + 64 + NVME_ERROR_LBA), 1 << 30);
    CHECK_EQ_U64(le64_get(p + 128), 0);
    CHECK_EQ_U64(get_log(r, NVME_LOG_ERROR, 64, 64, 0, page), 0); /* from an offset */
    CHECK_EQ_U64(le64_get(p + NVME_ERROR_COUNT), 1);
    CHECK_EQ_U64(get_log(r, NVME_LOG_FIRMWARE, 512, 0, 0, page), 0);
    CHECK_EQ_U64(p[0], 1);
    CHECK(!memcmp(p + 8, "1.0     ", 8));
    CHECK_EQ_U64(get_log(r, NVME_LOG_EFFECTS, 4096, 0, 0, page), 0);
    CHECK_EQ_U64(le32_get(p + 4 * NVME_ADMIN_IDENTIFY), 1);
    CHECK_EQ_U64(le32_get(p + 4 * 0x7f), 0);
    CHECK_EQ_U64(le32_get(p + 1024 + 4 * NVME_NVM_WRITE), 3);
    memset(p, 0xaa, 8192);
    CHECK_EQ_U64(get_log(r, NVME_LOG_EFFECTS, 8192, 0, 0, page), 0); /* beyond its end: zeros */
    CHECK_EQ_U64(p[4096], 0);
    CHECK_EQ_U64(p[8191], 0);
    CHECK_EQ_U64(get_log(r, 0, 512, 0, 0, page), NVME_LOG_PAGE_INVALID | NVME_DNR);
    CHECK_EQ_U64(get_log(r, 0x80, 512, 0, 0, page), NVME_LOG_PAGE_INVALID | NVME_DNR);
    CHECK_EQ_U64(get_log(r, NVME_LOG_SMART, 512, 2, 0, page), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(get_log(r, NVME_LOG_SMART, 512, 1024, 0, page), NVME_INVALID_FIELD | NVME_DNR);
    CHECK_EQ_U64(get_log(r, NVME_LOG_SMART, 1 << 20, 0, 0, page), NVME_INVALID_FIELD | NVME_DNR);
    rig_down(r);
}

static void test_events_are_reported_once_until_their_log_is_read(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 8192);
    struct rig_cqe c = {0};
    uint32_t dw0;

    for (unsigned i = 0; i < 4; i++)
        rig_submit(r, &r->admin, rig_sqe(NVME_ADMIN_ASYNC_EVENT, 0));
    rig_ring(r, &r->admin);
    rig_settle(r);
    CHECK(!rig_peek(r, &r->admin, &c));
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_sqe(NVME_ADMIN_ASYNC_EVENT, 0), NULL),
                 NVME_ASYNC_EVENT_LIMIT | NVME_DNR);
    /* A doorbell of no queue, twice; a value out of range: one event, the rest waits. */
    rig_put(r, NVME_SQTDBL_OFFSET + 8 * 9, 4, 1);
    rig_put(r, NVME_CQHDBL_OFFSET + 8 * 9, 4, 1);
    rig_put(r, NVME_SQTDBL_OFFSET + 8, 4, 64);
    CHECK(rig_wait(r, &r->admin, &c, PS_PER_S));
    CHECK_EQ_U64(c.dw0, NVME_LOG_ERROR << 16 | NVME_EVENT_INVALID_DOORBELL << 8 | NVME_EVENT_ERROR);
    rig_ack(r, &r->admin);
    CHECK(!rig_wait(r, &r->admin, &c, PS_PER_S));
    CHECK_EQ_U64(get_log(r, NVME_LOG_ERROR | NVME_LOG_RAE, 64, 0, 0, page), 0);
    CHECK(!rig_wait(r, &r->admin, &c, PS_PER_S));
    {
        struct rig_sqe s = rig_sqe(NVME_ADMIN_GET_LOG, 0);
        rig_prp(&s, page, 0);
        rig_cdw(&s, 10, NVME_LOG_ERROR | 15 << 16);
        rig_submit(r, &r->admin, s);
        rig_ring(r, &r->admin);
    }
    /* Two entries, the log's and the event's (the second doorbell), in either order; the wrong
     * value is of the same type and waits on. */
    CHECK(rig_wait(r, &r->admin, &c, PS_PER_S));
    dw0 = c.dw0;
    CHECK(rig_wait(r, &r->admin, &c, PS_PER_S));
    CHECK_EQ_U64(dw0 | c.dw0, NVME_LOG_ERROR << 16 | NVME_EVENT_INVALID_DOORBELL << 8);
    CHECK(!rig_wait(r, &r->admin, &c, PS_PER_S));
    rig_ack(r, &r->admin);
    /* Temperature: only when asked for, when the threshold is crossed. */
    CHECK_EQ_U64(rig_feature(r, NVME_FEATURE_ASYNC_EVENTS, NVME_ASYNC_TEMPERATURE), 0);
    {
        struct rig_sqe s = rig_sqe(NVME_ADMIN_SET_FEATURES, 0);
        unsigned events = 0, others = 0;
        rig_cdw(&s, 10, NVME_FEATURE_TEMPERATURE);
        rig_cdw(&s, 11, 300);
        rig_submit(r, &r->admin, s);
        rig_ring(r, &r->admin);
        rig_settle(r);
        while (rig_peek(r, &r->admin, &c))
            if (c.dw0 == (NVME_LOG_SMART << 16 | NVME_EVENT_TEMPERATURE << 8 | NVME_EVENT_SMART))
                events++;
            else
                others++;
        rig_ack(r, &r->admin);
        CHECK_EQ_U64(events, 1);
        CHECK_EQ_U64(others, 1);
    }
    CHECK_EQ_U64(get_log(r, NVME_LOG_SMART, 512, 0, 0, page), 0);
    CHECK_EQ_U64(rig_at(r, page)[NVME_SMART_WARNING], NVME_SMART_WARNING_TEMPERATURE);
    rig_down(r);
}

static void test_wrong_doorbell_values_are_ignored_and_reported(void)
{
    static const struct {
        uint32_t offset, value;
    } bad[] = {
        {NVME_SQTDBL_OFFSET + 8, 64}, {NVME_SQTDBL_OFFSET + 8, 0xffff},
        {NVME_SQTDBL_OFFSET + 8, 0},  {NVME_CQHDBL_OFFSET + 8, 64},
        {NVME_CQHDBL_OFFSET + 8, 5},  {NVME_CQHDBL_OFFSET + 8, 0},
        {NVME_CQHDBL_OFFSET + 8, 1},
        {NVME_SQTDBL_OFFSET, 32},     {NVME_CQHDBL_OFFSET, 32},
    };

    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        struct rig *r = up(NULL);
        struct rig_cqe c = {0};
        rig_submit(r, &r->admin, rig_sqe(NVME_ADMIN_ASYNC_EVENT, 0));
        rig_ring(r, &r->admin);
        rig_settle(r);
        rig_put(r, bad[i].offset, 4, bad[i].value);
        CHECK(rig_wait(r, &r->admin, &c, PS_PER_S));
        CHECK_EQ_U64(c.dw0, NVME_LOG_ERROR << 16 | NVME_EVENT_INVALID_DOORBELL_VALUE << 8);
        rig_ack(r, &r->admin);
        CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
        rig_down(r);
    }
}

/* Leaves the entries for the caller: the aborted command's and the abort's. */
static void abort_one(struct rig *r, unsigned sqid, unsigned cid)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_ABORT, 0);

    rig_cdw(&s, 10, cid << 16 | sqid);
    rig_submit(r, &r->admin, s);
    rig_ring(r, &r->admin);
    rig_settle(r);
}

/* 63 commands fill a queue of 64; one more, before any has been fetched, would overrun it. */
static void test_a_submission_queue_cannot_be_overrun(void)
{
    struct rig *r = up(NULL);
    struct rig_cqe c = {0};
    unsigned n = 0;

    rig_submit(r, &r->admin, rig_sqe(NVME_ADMIN_ASYNC_EVENT, 0));
    rig_ring(r, &r->admin);
    rig_settle(r);
    for (unsigned i = 0; i < 63; i++)
        rig_submit(r, &io, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &io);
    rig_put(r, NVME_SQTDBL_OFFSET + 8, 4, 0);
    CHECK(rig_wait(r, &r->admin, &c, PS_PER_S));
    CHECK_EQ_U64(c.dw0, NVME_LOG_ERROR << 16 | NVME_EVENT_INVALID_DOORBELL_VALUE << 8);
    rig_settle(r);
    while (rig_peek(r, &io, &c))
        n += c.status == 0;
    CHECK_EQ_U64(n, 63);
    rig_down(r);
}

static void test_abort_stops_what_has_not_begun_and_says_so(void)
{
    struct rig *r = up("970pro");
    uint64_t page = rig_alloc(r, 4096);
    struct rig_cqe c = {0};
    uint16_t cid = rig_submit(r, &r->admin, rig_sqe(NVME_ADMIN_ASYNC_EVENT, 0));

    rig_ring(r, &r->admin);
    rig_settle(r);
    abort_one(r, 0, cid);
    CHECK(rig_peek(r, &r->admin, &c));
    CHECK_EQ_U64(c.cid, cid);
    CHECK_EQ_U64(c.status, NVME_ABORT_REQUESTED);
    CHECK(rig_peek(r, &r->admin, &c));
    CHECK_EQ_U64(c.dw0, 0);
    rig_ack(r, &r->admin);
    /* A program that takes 20 us of admin time: the read (57 us) is still in its firmware. */
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0), NULL), 0);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
    cid = rig_submit(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0));
    rig_ring(r, &io);
    rig_run(r, 5 * PS_PER_US);
    abort_one(r, 1, cid);
    CHECK(rig_peek(r, &io, &c));
    CHECK_EQ_U64(c.status, NVME_ABORT_REQUESTED);
    rig_ack(r, &io);
    CHECK(rig_peek(r, &r->admin, &c));
    CHECK_EQ_U64(c.dw0, 0);
    rig_ack(r, &r->admin);
    abort_one(r, 1, 0x7777); /* there is none */
    CHECK(rig_peek(r, &r->admin, &c));
    CHECK_EQ_U64(c.status, 0);
    CHECK_EQ_U64(c.dw0, 1);
    rig_ack(r, &r->admin);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0), NULL), 0);
    rig_down(r);
}

static unsigned format(struct rig *r, uint32_t nsid, uint32_t cdw10)
{
    struct rig_sqe s = rig_sqe(NVME_ADMIN_FORMAT, nsid);

    rig_cdw(&s, 10, cdw10);
    return rig_do(r, &r->admin, s, NULL);
}

static void test_format_changes_the_block_size_and_erases(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 4096);
    uint8_t b = 7;

    CHECK(!block_write(r->block[0], 5000, &b, 1));
    CHECK_EQ_U64(format(r, 1, 1), 0);
    CHECK(!block_read(r->block[0], 5000, &b, 1));
    CHECK_EQ_U64(b, 0);
    CHECK_EQ_U64(identify(r, NVME_CNS_NAMESPACE, 1, page), 0);
    CHECK_EQ_U64(le64_get(rig_at(r, page)), 256);
    CHECK_EQ_U64(rig_at(r, page)[NVME_IN_FLBAS], 1);
    CHECK_EQ_U64(get_log(r, NVME_LOG_CHANGED, 4096, 0, 0, page), 0);
    CHECK_EQ_U64(le32_get(rig_at(r, page)), 1);
    CHECK_EQ_U64(get_log(r, NVME_LOG_CHANGED, 4096, 0, 0, page), 0);
    CHECK_EQ_U64(le32_get(rig_at(r, page)), 0); /* read: forgotten */
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 256, 1, page, 0), NULL),
                 NVME_LBA_RANGE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 255, 1, page, 0), NULL), 0);
    CHECK_EQ_U64(format(r, NVME_NSID_ALL, 0), 0);
    CHECK_EQ_U64(identify(r, NVME_CNS_NAMESPACE, 2, page), 0);
    CHECK_EQ_U64(le64_get(rig_at(r, page)), 4096);
    CHECK_EQ_U64(format(r, 9, 0), NVME_INVALID_NAMESPACE | NVME_DNR);
    CHECK_EQ_U64(format(r, 0, 0), NVME_INVALID_NAMESPACE | NVME_DNR);
    CHECK_EQ_U64(format(r, 1, 2), NVME_FORMAT_INVALID | NVME_DNR);
    CHECK_EQ_U64(format(r, 1, 1 << 5), NVME_FORMAT_INVALID | NVME_DNR);
    CHECK_EQ_U64(format(r, 1, 2 << 9), NVME_INVALID_FIELD | NVME_DNR);
    block_inject(r->block[0], BLOCK_ZERO, 1, EIO);
    CHECK_EQ_U64(format(r, 1, 0), NVME_WRITE_FAULT);
    rig_down(r);
}

static void test_compare_finds_one_differing_byte(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 16384);

    memset(rig_at(r, page), 0x3c, 16384);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 10, 16, page, page + 4096), NULL), 0);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_COMPARE, 10, 16, page, page + 4096), NULL), 0);
    rig_at(r, page)[8191] ^= 1;
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_COMPARE, 10, 16, page, page + 4096), NULL),
                 NVME_COMPARE_FAILURE | NVME_DNR);
    rig_down(r);
}

static void test_write_zeroes_and_deallocate_read_as_zeros(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 4096), ranges = rig_alloc(r, 4096);
    struct rig_sqe s;
    uint8_t got[8 * 512];

    memset(rig_at(r, page), 0xff, 4096);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, i * 8, 8, page, 0), NULL), 0);
    s = rig_rw(NVME_NVM_WRITE_ZEROES, 3, 7, 0, 0);
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), 0);
    CHECK(!block_read(r->block[0], 0, got, sizeof got));
    for (unsigned i = 0; i < sizeof got; i++)
        CHECK(got[i] == (i / 512 < 3 ? 0xff : 0));
    CHECK(!block_read(r->block[0], 10 * 512, got, 1));
    CHECK_EQ_U64(got[0], 0xff);
    /* Three ranges; the list crosses a page in the middle of a range. */
    for (unsigned i = 0; i < 3; i++) {
        uint8_t d[16] = {0};
        le32_put(d + NVME_DSM_RANGE_LENGTH, 1);
        le64_put(d + NVME_DSM_RANGE_SLBA, 20 + i * 2);
        memcpy(rig_at(r, page) + 4096 - 24 + i * 16, d, i == 1 ? 8 : i == 0 ? 16 : 0);
        if (i == 1)
            memcpy(rig_at(r, ranges), d + 8, 8);
        if (i == 2)
            memcpy(rig_at(r, ranges) + 8, d, 16);
    }
    s = rig_sqe(NVME_NVM_DSM, 1);
    rig_cdw(&s, 10, 2);
    rig_cdw(&s, 11, NVME_DSM_AD);
    rig_prp(&s, page + 4096 - 24, ranges);
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), 0);
    for (unsigned i = 18; i < 26; i++) {
        CHECK(!block_read(r->block[0], i * 512, got, 1));
        CHECK_EQ_U64(got[0], i == 20 || i == 22 || i == 24 ? 0 : 0xff);
    }
    le64_put(rig_at(r, ranges) + 16, 2048); /* the last range now begins past the end */
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), NVME_LBA_RANGE | NVME_DNR);
    rig_down(r);
}

static void test_namespaces_are_apart_and_ranges_are_checked(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 4096);
    struct rig_sqe s = rig_rw(NVME_NVM_WRITE, 7, 1, page, 0);
    uint8_t got[4096];

    memset(rig_at(r, page), 0x42, 4096);
    le32_put(s.b + NVME_SQE_NSID, 2);
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), 0);
    CHECK(!block_read(r->block[1], 7 * 4096, got, 4096));
    CHECK(got[0] == 0x42 && got[4095] == 0x42);
    CHECK(!block_read(r->block[0], 7 * 512, got, 512));
    CHECK_EQ_U64(got[0], 0);
    for (unsigned i = 0; i < 4; i++) {
        static const uint32_t bad[] = {0, 4, 0x10001, NVME_NSID_ALL};
        le32_put(s.b + NVME_SQE_NSID, bad[i]);
        CHECK_EQ_U64(rig_do(r, &io, s, NULL), NVME_INVALID_NAMESPACE | NVME_DNR);
    }
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, NVME_NSID_ALL), NULL), 0);
    block_inject(r->block[2], BLOCK_FLUSH, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, NVME_NSID_ALL), NULL), NVME_WRITE_FAULT);
    block_inject(r->block[2], BLOCK_FLUSH, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
    block_inject(r->block[2], BLOCK_FLUSH, 0, 0);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 5), NULL),
                 NVME_INVALID_NAMESPACE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 2047, 2, page, 0), NULL),
                 NVME_LBA_RANGE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, UINT64_MAX, 2, page, 0), NULL),
                 NVME_LBA_RANGE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 1025, page, 0), NULL),
                 NVME_INVALID_FIELD | NVME_DNR); /* more than MDTS */
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE_ZEROES, 2000, 49, 0, 0), NULL),
                 NVME_LBA_RANGE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(0x04, 1), NULL), NVME_INVALID_OPCODE | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(0x0c, 1), NULL), NVME_INVALID_OPCODE | NVME_DNR);
    /* The tail of an image that is no whole number of blocks reads zeros and keeps what is
     * written. */
    s = rig_rw(NVME_NVM_WRITE, 195, 1, page, 0);
    le32_put(s.b + NVME_SQE_NSID, 3);
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), 0);
    s.b[0] = NVME_NVM_COMPARE;
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), 0);
    rig_down(r);
}

TEST_MAIN(test_identify_namespaces_lists_and_descriptors,
          test_identify_controller_fields_that_drivers_use,
          test_admin_data_may_cross_a_page_and_takes_no_sgl,
          test_features_keep_what_is_set_until_reset, test_features_that_are_wrong_are_refused,
          test_log_pages, test_events_are_reported_once_until_their_log_is_read,
          test_wrong_doorbell_values_are_ignored_and_reported,
          test_a_submission_queue_cannot_be_overrun,
          test_abort_stops_what_has_not_begun_and_says_so,
          test_format_changes_the_block_size_and_erases, test_compare_finds_one_differing_byte,
          test_write_zeroes_and_deallocate_read_as_zeros,
          test_namespaces_are_apart_and_ranges_are_checked)
