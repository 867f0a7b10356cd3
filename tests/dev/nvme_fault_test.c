/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile guest, a failing disk, resets at every moment. */
#include "nvme_rig.h"

#include "sim/random.h"

#include <errno.h>
#include <unistd.h>

static struct rig_queue io;

static struct rig *up(const char *profile)
{
    struct rig *r = rig_up_memory(TIMING_IO, profile, 1 << 20);

    rig_enable(r, 32);
    io = rig_pair(r, 1, 64, 1, true);
    return r;
}

static void check_alive_after_reset(struct rig *r)
{
    rig_put(r, NVME_CC_OFFSET, 4, 0);
    CHECK_EQ_U64(rig_csts(r), 0);
    rig_enable(r, 32);
    io = rig_pair(r, 1, 64, 1, true);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
}

static void test_an_admin_queue_in_nowhere_rom_or_a_device_is_fatal(void)
{
    static const uint64_t bad[] = {RIG_NOWHERE & ~UINT64_C(0xfff), RIG_BAR0, RIG_MSI,
                                   UINT64_C(0xfffffffffffff000)};

    for (unsigned i = 0; i < ARRAY_LEN(bad) + 1; i++) {
        struct rig *r = rig_up(TIMING_IO, NULL);
        uint64_t good = rig_alloc(r, 4096);
        struct rig_sqe s = rig_sqe(NVME_ADMIN_IDENTIFY, 0);
        bool rom = i == ARRAY_LEN(bad);
        memcpy(rig_at(r, good), s.b, sizeof s.b);
        /* Commands can be fetched from ROM; entries cannot be written to it. */
        rig_admin_registers(r, rom ? good : bad[i], rom ? RIG_ROM : good, 32);
        rig_put(r, NVME_CC_OFFSET, 4, RIG_CC);
        rig_run(r, 100 * PS_PER_US);
        CHECK_EQ_U64(rig_csts(r), 1);
        rig_put(r, NVME_SQTDBL_OFFSET, 4, 1);
        rig_settle(r);
        CHECK_EQ_U64(rig_csts(r), FMASK(NVME_CSTS_RDY) | FMASK(NVME_CSTS_CFS));
        /* Dead to doorbells, but not to a reset. */
        rig_put(r, NVME_SQTDBL_OFFSET, 4, 3);
        rig_settle(r);
        check_alive_after_reset(r);
        rig_down(r);
    }
}

static void test_io_queues_in_impossible_places_are_fatal_when_used(void)
{
    static const uint64_t bad[] = {RIG_NOWHERE & ~UINT64_C(0xfff), RIG_BAR0,
                                   UINT64_C(0xfffffffffffff000)};

    for (unsigned i = 0; i < 2 * ARRAY_LEN(bad); i++) {
        struct rig *r = up(NULL);
        struct rig_queue q = rig_queue_make(r, 2, 16), made = q;
        if (i & 1)
            made.sq = bad[i / 2];
        else
            made.cq = bad[i / 2];
        CHECK_EQ_U64(rig_do(r, &r->admin, rig_create_cq_sqe(&made, 2, true), NULL), 0);
        CHECK_EQ_U64(rig_do(r, &r->admin, rig_create_sq_sqe(&made, 2), NULL), 0);
        rig_submit(r, &q, rig_sqe(NVME_NVM_FLUSH, 1));
        rig_ring(r, &q);
        rig_settle(r);
        CHECK_EQ_U64(FGET(rig_csts(r), NVME_CSTS_CFS), 1);
        check_alive_after_reset(r);
        rig_down(r);
    }
}

static void test_bus_mastering_off_in_flight_is_survived(void)
{
    struct rig *r = up("970pro");
    uint64_t page = rig_alloc(r, 4096);

    rig_submit(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0));
    rig_ring(r, &io);
    rig_run(r, 10 * PS_PER_US);
    pci_config_write(r->pci, PCI_COMMAND_OFFSET, 2, (uint32_t)FMASK(PCI_COMMAND_MEMORY));
    rig_settle(r);
    CHECK_EQ_U64(FGET(rig_csts(r), NVME_CSTS_CFS), 1);
    pci_config_write(r->pci, PCI_COMMAND_OFFSET, 2,
                     (uint32_t)(FMASK(PCI_COMMAND_MEMORY) | FMASK(PCI_COMMAND_MASTER)));
    check_alive_after_reset(r);
    rig_down(r);
}

/* Resets after k events, for every k up to the end: none leaves an entry, a message or a write
 * behind, and the controller comes up again. */
static void test_a_reset_at_every_moment_of_mixed_commands(void)
{
    for (unsigned k = 0; k < 60; k++) {
        struct rig *r = up("970pro");
        uint64_t page = rig_alloc(r, 4096), list = rig_alloc(r, 4096);
        unsigned messages;
        for (unsigned i = 0; i < 512; i++)
            le64_put(rig_at(r, list) + 8 * i, page);
        for (unsigned i = 0; i < 6; i++)
            rig_submit(r, &io, rig_rw(i & 1 ? NVME_NVM_WRITE : NVME_NVM_READ, i * 64, 64, page,
                                      list));
        rig_submit(r, &io, rig_sqe(NVME_NVM_FLUSH, 1));
        rig_ring(r, &io);
        for (unsigned i = 0; i < k * 3 && clock_next(&r->clock) != PS_NEVER; i++)
            clock_run(&r->clock, clock_next(&r->clock));
        if (k % 3 == 0)
            rig_put(r, NVME_CC_OFFSET, 4, 0);
        else if (k % 3 == 1)
            nvme_class.reset(r->dev);
        else
            pci_config_write(r->pci, PCI_EXP_DEVCTL_OFFSET, 2, 0x8000); /* function-level reset */
        rig_program_bars(r, true);
        rig_settle(r);
        messages = r->msis[1];
        memset(rig_at(r, page), 0x11, 4096);
        rig_settle(r);
        CHECK_EQ_U64(r->msis[1], messages);
        CHECK_EQ_U64(rig_at(r, page)[17], 0x11);
        r->allocated = 0;
        memset(r->memory, 0, RIG_RAM_BYTES);
        check_alive_after_reset(r);
        rig_down(r);
    }
}

/* The controller's own DMA writes its registers: a read into its doorbells and CC. */
static void test_dma_into_its_own_registers_is_survived(void)
{
    static const uint32_t targets[] = {NVME_CC_OFFSET & ~3u, NVME_SQTDBL_OFFSET,
                                       NVME_CQHDBL_OFFSET, NVME_SQTDBL_OFFSET + 8,
                                       NVME_INTMS_OFFSET, NVME_AQA_OFFSET};

    for (unsigned i = 0; i < ARRAY_LEN(targets); i++)
        for (unsigned len = 4; len <= 8; len += 4) {
            struct rig *r = up("ideal");
            struct rig_sqe s = rig_rw(NVME_NVM_READ, 0, 1, 0, 0);
            uint64_t list = rig_alloc(r, 4096), page = rig_alloc(r, 4096);
            uint8_t *d = rig_at(r, list);
            le64_put(d, RIG_BAR0 + targets[i]);
            le32_put(d + 8, len);
            le64_put(d + 16, page);
            le32_put(d + 24, 512 - len);
            s.b[NVME_SQE_FLAGS] = NVME_PSDT_SGL << 6;
            le64_put(s.b + NVME_SQE_SGL1, list);
            le32_put(s.b + NVME_SQE_SGL1 + 8, 32);
            s.b[NVME_SQE_SGL1 + 15] = NVME_SGL_LAST_SEGMENT << 4;
            for (unsigned n = 0; n < 4; n++)
                rig_submit(r, &io, s);
            rig_ring(r, &io);
            rig_settle(r);
            r->allocated = 0;
            memset(r->memory, 0, RIG_RAM_BYTES);
            check_alive_after_reset(r);
            rig_down(r);
        }
}

static void test_a_command_id_in_use_is_a_conflict(void)
{
    struct rig *r = up("970pro");
    uint64_t page = rig_alloc(r, 4096);
    struct rig_cqe c = {0};
    unsigned conflicts = 0;

    for (unsigned i = 0; i < 3; i++) {
        r->next_cid = 77;
        rig_submit(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0));
    }
    rig_ring(r, &io);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(rig_wait(r, &io, &c, PS_PER_S));
        CHECK_EQ_U64(c.cid, 77);
        conflicts += c.status == NVME_CID_CONFLICT;
        CHECK(c.status == NVME_CID_CONFLICT || c.status == 0);
    }
    CHECK_EQ_U64(conflicts, 2); /* the first is innocent */
    rig_ack(r, &io);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0), NULL), 0);
    rig_down(r);
}

static void test_a_failing_disk_is_a_media_error_and_no_more(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 4096), log = rig_alloc(r, 4096);
    struct rig_sqe s;

    block_inject(r->block[0], BLOCK_READ, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0), NULL), NVME_UNRECOVERED_READ);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0), NULL), 0);
    block_inject(r->block[0], BLOCK_WRITE, 1, ENOSPC);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0), NULL), NVME_WRITE_FAULT);
    block_inject(r->block[0], BLOCK_FLUSH, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), NVME_WRITE_FAULT);
    block_inject(r->block[0], BLOCK_ZERO, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE_ZEROES, 0, 8, 0, 0), NULL), NVME_WRITE_FAULT);
    s = rig_rw(NVME_NVM_WRITE, 0, 8, page, 0); /* forced unit access flushes */
    rig_cdw(&s, 12, 7u | 1u << 30);
    block_inject(r->block[0], BLOCK_FLUSH, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), NVME_WRITE_FAULT);
    block_inject(r->block[0], BLOCK_READ, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_COMPARE, 0, 8, page, 0), NULL),
                 NVME_UNRECOVERED_READ);
    s = rig_sqe(NVME_ADMIN_GET_LOG, 0);
    rig_prp(&s, log, 0);
    rig_cdw(&s, 10, NVME_LOG_SMART | 127 << 16);
    CHECK_EQ_U64(rig_do(r, &r->admin, s, NULL), 0);
    CHECK_EQ_U64(le64_get(rig_at(r, log) + NVME_SMART_MEDIA_ERRORS), 6);
    CHECK_EQ_U64(rig_csts(r), 1);
    rig_down(r);
}

/* A large read whose third piece cannot be read: what came before has arrived, then the status. */
static void test_a_read_error_in_the_middle_stops_there(void)
{
    struct rig *r = up("ideal");
    uint64_t buf = rig_alloc(r, 32768), list = rig_alloc(r, 4096);

    for (unsigned i = 0; i < 7; i++)
        le64_put(rig_at(r, list) + 8 * i, buf + 4096 * (i + 1));
    memset(rig_at(r, buf), 0x77, 32768);
    block_inject(r->block[0], BLOCK_READ, 3, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 64, buf, list), NULL),
                 NVME_UNRECOVERED_READ);
    CHECK_EQ_U64(rig_at(r, buf)[8191], 0);
    CHECK_EQ_U64(rig_at(r, buf)[8192], 0x77);
    rig_down(r);
}

static void test_without_a_write_cache_every_write_is_flushed(void)
{
    struct rig *r = up(NULL);
    uint64_t page = rig_alloc(r, 4096);

    CHECK_EQ_U64(rig_feature(r, NVME_FEATURE_WRITE_CACHE, 0), 0);
    block_inject(r->block[0], BLOCK_FLUSH, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0), NULL), NVME_WRITE_FAULT);
    CHECK_EQ_U64(rig_feature(r, NVME_FEATURE_WRITE_CACHE, 1), 0);
    block_inject(r->block[0], BLOCK_FLUSH, 1, EIO);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0), NULL), 0);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), NVME_WRITE_FAULT);
    rig_down(r);
}

static void test_a_read_only_image_is_write_protected(void)
{
    char path[] = "/tmp/doorbell-nvme-XXXXXX";
    int fd = mkstemp(path);
    struct block_config bc = {.image = path, .read_only = true};
    struct nvme_config config = {.namespaces = 1};
    struct err err = {""};
    struct rig *r;
    uint64_t page;
    struct rig_sqe s;

    CHECK(fd >= 0 && ftruncate(fd, 65536) == 0);
    config.ns[0].block = block_open(&bc, &err);
    CHECK(config.ns[0].block != NULL);
    r = rig_up(TIMING_IO, &config);
    r->block[0] = config.ns[0].block;
    rig_enable(r, 32);
    io = rig_pair(r, 1, 64, 1, true);
    page = rig_alloc(r, 4096);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0), NULL), 0);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0), NULL),
                 NVME_WRITE_PROTECTED | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE_ZEROES, 0, 8, page, 0), NULL),
                 NVME_WRITE_PROTECTED | NVME_DNR);
    s = rig_sqe(NVME_NVM_DSM, 1);
    rig_cdw(&s, 11, NVME_DSM_AD);
    rig_prp(&s, page, 0);
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), NVME_WRITE_PROTECTED | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &r->admin, rig_sqe(NVME_ADMIN_FORMAT, 1), NULL),
                 NVME_WRITE_PROTECTED | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
    rig_down(r);
    close(fd);
    unlink(path);
}

static void test_wrong_configurations_are_refused_by_name(void)
{
    struct block *b = block_memory(4096);
    struct nvme_config bad[] = {
        {.ns = {{b, 512}}, .namespaces = 1, .profile = "floppy"},
        {.ns = {{b, 520}}, .namespaces = 1},
        {.ns = {{b, 512}}, .namespaces = 0},
        {.ns = {{b, 512}}, .namespaces = 17},
        {.ns = {{b, 512}}, .namespaces = 1, .io_queues = 65},
    };

    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        struct clock clock;
        struct trace trace;
        struct space space = {0};
        struct link link;
        struct err err = {""};
        void *dev = malloc(nvme_class.size);
        struct device_env env = {.name = "nvme0", .clock = &clock, .trace = &trace,
                                 .space = &space, .link = &link, .config = &bad[i]};
        clock_init(&clock);
        trace_init(&trace, &clock);
        link_init(&link, "pcie0", &clock, &space, &trace);
        CHECK(nvme_class.init(dev, &env, &err) == -1);
        CHECK(err.text[0] != 0);
        CHECK(i || strstr(err.text, "optane-p5800x"));
        free(dev);
        clock_fini(&clock);
        trace_fini(&trace);
    }
    block_close(b);
}

TEST_MAIN(test_an_admin_queue_in_nowhere_rom_or_a_device_is_fatal,
          test_io_queues_in_impossible_places_are_fatal_when_used,
          test_bus_mastering_off_in_flight_is_survived,
          test_a_reset_at_every_moment_of_mixed_commands,
          test_dma_into_its_own_registers_is_survived, test_a_command_id_in_use_is_a_conflict,
          test_a_failing_disk_is_a_media_error_and_no_more,
          test_a_read_error_in_the_middle_stops_there,
          test_without_a_write_cache_every_write_is_flushed,
          test_a_read_only_image_is_write_protected, test_wrong_configurations_are_refused_by_name)
