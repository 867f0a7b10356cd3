/* SPDX-License-Identifier: Apache-2.0 */
/* How long commands take, profile by profile; aggregation; determinism; the trace's causes. */
#include "nvme_rig.h"

static struct rig_queue io;

static struct rig *up(const char *profile, uint64_t bytes)
{
    struct rig *r = rig_up_memory(TIMING_IO, profile, bytes);

    rig_enable(r, 32);
    io = rig_pair(r, 1, 256, 1, true);
    rig_settle(r);
    return r;
}

/* From the doorbell's store leaving the hart to the message's arrival, as software sees it. */
static ps_t timed(struct rig *r, struct rig_sqe s)
{
    struct txn t = {.addr = RIG_BAR0 + NVME_SQTDBL_OFFSET + 8, .size = 4, .write = true};
    ps_t start = r->clock.now;
    enum fault fault;
    struct rig_cqe c = {0};
    unsigned before = r->msis[1];

    rig_submit(r, &io, s);
    t.data = io.tail;
    link_store(&r->link, &t, start, 0, &fault);
    while (r->msis[1] == before && clock_next(&r->clock) < start + PS_PER_S)
        clock_run(&r->clock, clock_next(&r->clock));
    CHECK(rig_peek(r, &io, &c)); /* the entry was there before the message */
    CHECK_EQ_U64(c.status, 0);
    rig_ack(r, &io);
    return r->msi_at - start;
}

static bool within(ps_t got, ps_t want, unsigned per_mille)
{
    ps_t off = got > want ? got - want : want - got;

    if (off * 1000 <= want * per_mille)
        return true;
    printf("got %" PRIu64 " ps, want %" PRIu64 "\n", got, want);
    return false;
}

/* What the link alone takes for a read of `bytes` in one piece, after the model in bus/link.h. */
static ps_t link_share(const struct rig *r, uint32_t bytes)
{
    const struct link *l = &r->link;
    ps_t doorbell = link_wire_ps(l, link_write_bytes(l, 4)) + l->p.latency_ps;
    ps_t fetch = link_wire_ps(l, link_request_bytes(l, 64)) + l->p.latency_ps +
                 l->p.memory_read_ps + link_wire_ps(l, link_completion_bytes(l, 64)) +
                 l->p.latency_ps;
    ps_t up = link_wire_ps(l, link_write_bytes(l, bytes)) +
              link_wire_ps(l, link_write_bytes(l, 16)) + link_wire_ps(l, link_write_bytes(l, 4)) +
              l->p.latency_ps + l->p.memory_write_ps;

    return doorbell + fetch + up;
}

static void test_an_ideal_device_takes_the_link_s_time_and_no_more(void)
{
    struct rig *r = up("ideal", 1 << 20);
    uint64_t page = rig_alloc(r, 4096);

    CHECK_EQ_U64(timed(r, rig_rw(NVME_NVM_READ, 0, 8, page, 0)), link_share(r, 4096));
    CHECK_EQ_U64(timed(r, rig_rw(NVME_NVM_READ, 8, 1, page, 0)), link_share(r, 512));
    rig_down(r);
}

/* Published (HotOS 2021, table 1): 3224 ns of a 512-byte read are the device's. */
static void test_optane_reads_512_bytes_in_the_published_3224_ns(void)
{
    struct rig *r = up("optane-p5800x", 1 << 20);
    uint64_t page = rig_alloc(r, 4096);

    CHECK(within(timed(r, rig_rw(NVME_NVM_READ, 0, 1, page, 0)), 3224 * PS_PER_NS, 10));
    rig_down(r);
}

/* NVMeVirt's numbers, added up: firmware, die, channel; then our link. */
static void test_970pro_reads_take_firmware_die_and_channel(void)
{
    struct rig *r = up("970pro", 8 << 20);
    uint64_t page = rig_alloc(r, 4096);
    ps_t share = link_share(r, 4096), wire = 4096 * PS_PER_S / 800000000;
    const uint64_t stripe = 8 * 2 * 32768 / 512; /* blocks to the next page of a die */

    CHECK_EQ_U64(timed(r, rig_rw(NVME_NVM_READ, 0, 8, page, 0)),
                 share + 21500 * PS_PER_NS + 29760 * PS_PER_NS + wire);
    CHECK_EQ_U64(timed(r, rig_rw(NVME_NVM_READ, stripe, 8, page, 0)),
                 share + 21500 * PS_PER_NS + 41760 * PS_PER_NS + wire);
    CHECK_EQ_U64(timed(r, rig_rw(NVME_NVM_READ, 2 * stripe, 8, page, 0)),
                 share + 21500 * PS_PER_NS + 29760 * PS_PER_NS + wire);
    rig_down(r);
}

/* Page types drawn from the device's own stream: both occur, and the seed decides. */
static void test_random_page_types_come_from_the_seed(void)
{
    struct rig *r = up("970pro", 8 << 20);
    uint64_t page = rig_alloc(r, 4096);
    unsigned slow = 0;

    CHECK(!params_set(&r->params, "nvme0.media.page_types=2", NULL));
    for (unsigned i = 0; i < 64; i++)
        slow += timed(r, rig_rw(NVME_NVM_READ, 0, 8, page, 0)) >
                link_share(r, 4096) + 60 * PS_PER_US;
    CHECK(slow > 16 && slow < 48);
    rig_down(r);
}

static void test_zn540_reads_take_firmware_die_and_channel(void)
{
    struct rig *r = up("zn540", 1 << 20);
    uint64_t page = rig_alloc(r, 4096);

    CHECK_EQ_U64(timed(r, rig_rw(NVME_NVM_READ, 0, 8, page, 0)),
                 link_share(r, 4096) + 70000 * PS_PER_NS + 4096 * PS_PER_S / 450000000);
    rig_down(r);
}

static void test_a_buffered_write_is_quick_and_a_flush_waits_for_the_program(void)
{
    struct rig *r = up("970pro", 1 << 20);
    uint64_t page = rig_alloc(r, 4096);
    struct rig_sqe fua;
    ps_t write = timed(r, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0)), flush;

    CHECK(write > 4460 * PS_PER_NS && write < 7500 * PS_PER_NS);
    flush = timed(r, rig_sqe(NVME_NVM_FLUSH, 1));
    CHECK(flush > 185 * PS_PER_US && flush < 200 * PS_PER_US);
    CHECK(timed(r, rig_sqe(NVME_NVM_FLUSH, 1)) < 10 * PS_PER_US); /* nothing left */
    fua = rig_rw(NVME_NVM_WRITE, 0, 8, page, 0);
    rig_cdw(&fua, 12, 7u | 1u << 30);
    CHECK(timed(r, fua) > 185 * PS_PER_US);
    rig_down(r);
}

/* Bytes a second of `count` commands of 128 KiB kept 16 deep. */
static uint64_t throughput(struct rig *r, uint8_t opcode, unsigned count, uint64_t image)
{
    uint64_t buf = rig_alloc(r, 131072), sgl_blocks = image / 131072;
    unsigned sent = 0, done = 0;
    ps_t start = r->clock.now;
    struct rig_cqe c = {0};

    while (done < count) {
        while (sent < count && sent - done < 16) {
            struct rig_sqe s = rig_rw(opcode, sent % sgl_blocks * 256, 256, 0, 0);
            s.b[NVME_SQE_FLAGS] = NVME_PSDT_SGL << 6;
            le64_put(s.b + NVME_SQE_SGL1, buf);
            le32_put(s.b + NVME_SQE_SGL1 + 8, 131072);
            rig_submit(r, &io, s);
            sent++;
        }
        rig_ring(r, &io);
        if (!rig_wait(r, &io, &c, PS_PER_S)) {
            CHECK(false);
            break;
        }
        done++;
        rig_ack(r, &io);
    }
    return muldiv((uint64_t)count * 131072, PS_PER_S, r->clock.now - start);
}

static void test_sequential_rates_are_limited_by_what_limits_the_device(void)
{
    struct rig *r = up("ideal", 8 << 20);
    uint64_t rate = throughput(r, NVME_NVM_READ, 200, 8 << 20);

    /* Fidelity P1: 3.32 GB/s of 4-KiB DMA writes on Gen3 x4. */
    CHECK(rate > 3250000000 && rate < 3330000000);
    rate = throughput(r, NVME_NVM_WRITE, 200, 8 << 20);
    CHECK(rate > 3250000000 && rate < 3380000000);
    rig_down(r);
    /* Dies write side by side though there is no buffer: the link is the limit again. */
    r = up("optane-p5800x", 8 << 20);
    rate = throughput(r, NVME_NVM_WRITE, 200, 8 << 20);
    CHECK(rate > 3200000000 && rate < 3380000000);
    rig_down(r);
    r = up("970pro", 8 << 20);
    /* 16 dies, each 32 KiB in 41 us of channel and 185 us of program: 2.32 GB/s, which is what the
     * device is sold with; the first MiB is buffered. */
    rate = throughput(r, NVME_NVM_WRITE, 800, 8 << 20);
    CHECK(rate > 2300000000 && rate < 2400000000);
    rig_down(r);
}

static void test_timing_off_takes_no_time_at_all(void)
{
    struct rig *r = rig_up_memory(TIMING_OFF, "970pro", 1 << 20);
    uint64_t page;
    ps_t start;

    rig_enable(r, 32);
    io = rig_pair(r, 1, 256, 1, true);
    page = rig_alloc(r, 4096);
    start = r->clock.now;
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page, 0), NULL), 0);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0), NULL), 0);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
    CHECK_EQ_U64(r->clock.now, start);
    rig_down(r);
}

/* ---- aggregation (5.21.1.8) ---- */

static void coalesce(struct rig *r, unsigned threshold, unsigned time)
{
    CHECK_EQ_U64(rig_feature(r, NVME_FEATURE_COALESCING, time << 8 | threshold), 0);
    rig_settle(r);
    memset(r->msis, 0, sizeof r->msis);
}

static void test_aggregation_by_count_and_by_time(void)
{
    struct rig *r = up("ideal", 1 << 20);
    struct rig_cqe c = {0};
    ps_t start;

    coalesce(r, 3, 2); /* four entries, or 200 us */
    for (unsigned i = 0; i < 4; i++)
        rig_submit(r, &io, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &io);
    rig_run(r, 10 * PS_PER_US);
    CHECK_EQ_U64(r->msis[1], 1);
    rig_settle(r);
    CHECK_EQ_U64(r->msis[1], 1);
    for (unsigned i = 0; i < 4; i++)
        CHECK(rig_peek(r, &io, &c));
    rig_ack(r, &io);
    /* Two entries: the time, counted from the first. */
    start = r->clock.now;
    rig_submit(r, &io, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &io);
    rig_run(r, 50 * PS_PER_US);
    rig_submit(r, &io, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &io);
    rig_run(r, 100 * PS_PER_US);
    CHECK_EQ_U64(r->msis[1], 1);
    rig_settle(r);
    CHECK_EQ_U64(r->msis[1], 2);
    CHECK(r->msi_at - start > 200 * PS_PER_US && r->msi_at - start < 202 * PS_PER_US);
    /* The admin queue is never held up. */
    r->msis[0] = 0;
    CHECK_EQ_U64(rig_feature(r, NVME_FEATURE_ATOMICITY, 0), 0);
    rig_run(r, 5 * PS_PER_US);
    CHECK_EQ_U64(r->msis[0], 1);
    rig_down(r);
}

static void test_aggregation_off_by_vector_or_by_zero(void)
{
    struct rig *r = up("ideal", 1 << 20);

    coalesce(r, 10, 0);
    CHECK(timed(r, rig_sqe(NVME_NVM_FLUSH, 1)) < 5 * PS_PER_US);
    coalesce(r, 0, 10);
    CHECK(timed(r, rig_sqe(NVME_NVM_FLUSH, 1)) < 5 * PS_PER_US);
    coalesce(r, 10, 1);
    CHECK(timed(r, rig_sqe(NVME_NVM_FLUSH, 1)) > 100 * PS_PER_US);
    CHECK_EQ_U64(rig_feature(r, NVME_FEATURE_VECTOR, 1 | 1 << 16), 0);
    CHECK(timed(r, rig_sqe(NVME_NVM_FLUSH, 1)) < 5 * PS_PER_US);
    rig_down(r);
}

/* A host that polls and takes all entries gets no late interrupt for them. */
static void test_entries_taken_before_the_time_need_no_interrupt(void)
{
    struct rig *r = up("ideal", 1 << 20);

    coalesce(r, 10, 1);
    CHECK_EQ_U64(rig_do(r, &io, rig_sqe(NVME_NVM_FLUSH, 1), NULL), 0);
    rig_settle(r);
    CHECK_EQ_U64(r->msis[1], 0);
    rig_down(r);
}

/* ---- determinism ---- */

static uint64_t script(const char *profile)
{
    struct rig *r = up(profile, 4 << 20);
    uint64_t page = rig_alloc(r, 4096), h = UINT64_C(0xcbf29ce484222325);
    struct rig_cqe c = {0};

    for (unsigned i = 0; i < 300; i++) {
        rig_submit(r, &io, i % 7 == 6 ? rig_sqe(NVME_NVM_FLUSH, 1)
                                      : rig_rw(i % 3 ? NVME_NVM_READ : NVME_NVM_WRITE,
                                               i * 8 * 37 % 8000, 8, page, 0));
        if (i % 11 == 0)
            rig_ring(r, &io);
        if (i % 22 == 0)
            while (rig_wait(r, &io, &c, 100 * PS_PER_US)) {
                h = (h ^ r->clock.now ^ c.cid) * UINT64_C(0x100000001b3);
                rig_ack(r, &io);
            }
    }
    rig_settle(r);
    h = (h ^ r->msi_at) * UINT64_C(0x100000001b3);
    h ^= state_hash(nvme_class.state, r->dev);
    rig_down(r);
    return h;
}

static void test_the_same_script_takes_the_same_picoseconds(void)
{
    for (const struct nvme_profile *p = nvme_profiles; p->name; p++)
        CHECK_EQ_U64(script(p->name), script(p->name));
    CHECK(script("970pro") != script("zn540"));
}

/* ---- the trace ---- */

struct record {
    unsigned kind;
    uint64_t cause, arg[8];
};

static struct record records[1000];
static unsigned record_count;
static uint8_t bytes[1 << 20];
static size_t bytes_size;

static int keep(void *sink, const void *p, size_t size)
{
    (void)sink;
    if (bytes_size + size > sizeof bytes)
        return -1;
    memcpy(bytes + bytes_size, p, size);
    bytes_size += size;
    return 0;
}

static uint64_t varint(const uint8_t **p)
{
    uint64_t v = 0;

    for (unsigned shift = 0;; shift += 7) {
        v |= (uint64_t)(**p & 0x7f) << shift;
        if (!(*(*p)++ & 0x80))
            return v;
    }
}

/* Reads the records of the one RECS chunk (the format is in sim/trace.c). */
static void read_records(void)
{
    const uint8_t *p = bytes + 8, *end;
    uint64_t id;

    while (memcmp(p, TRACE_CHUNK_RECS, 4))
        p += 12 + le32_get(p + 4);
    end = p + 12 + le32_get(p + 4);
    p += 12;
    id = varint(&p);
    (void)varint(&p);
    record_count = (unsigned)id;
    for (; p < end && record_count < ARRAY_LEN(records); record_count++) {
        struct record *r = &records[record_count];
        uint64_t back;
        r->kind = (unsigned)varint(&p);
        (void)varint(&p);
        (void)varint(&p);
        back = varint(&p);
        r->cause = back ? record_count - back : 0;
        for (unsigned i = 0; i < trace_schema[r->kind].count; i++)
            r->arg[i] = varint(&p);
    }
}

static void record(struct rig *r)
{
    bytes_size = 0;
    memset(records, 0, sizeof records);
    trace_open(&r->trace, keep, NULL, "{}");
    r->trace.on = true;
}

/* The chain from a message back to the doorbell's arrival, as kinds. */
static unsigned chain(unsigned from, unsigned *kinds, unsigned most)
{
    unsigned n = 0;

    for (; from && n < most; from = (unsigned)records[from].cause)
        kinds[n++] = records[from].kind;
    return n;
}

static void test_a_read_s_causes_lead_from_the_message_to_the_doorbell(void)
{
    static const unsigned want[] = {
        TRACE_KIND_msi, TRACE_KIND_dma_write, TRACE_KIND_nvme_complete, TRACE_KIND_dma_write,
        TRACE_KIND_nvme_media, TRACE_KIND_nvme_command, TRACE_KIND_dma_read_done,
        TRACE_KIND_dma_read, TRACE_KIND_nvme_fetch, TRACE_KIND_nvme_doorbell,
        TRACE_KIND_mmio_arrive,
    };
    struct rig *r = up(NULL, 1 << 20);
    uint64_t page = rig_alloc(r, 4096);
    unsigned kinds[20], n = 0;

    record(r);
    timed(r, rig_rw(NVME_NVM_READ, 0, 8, page, 0));
    r->trace.on = false;
    CHECK(trace_close(&r->trace) == 0);
    read_records();
    for (unsigned i = 1; i < record_count; i++)
        if (records[i].kind == TRACE_KIND_msi)
            n = chain(i, kinds, 20);
    CHECK_EQ_U64(n, ARRAY_LEN(want));
    for (unsigned i = 0; i < n && i < ARRAY_LEN(want); i++)
        CHECK_EQ_STR(trace_schema[kinds[i]].name, trace_schema[want[i]].name);
    rig_down(r);
}

static void test_a_write_s_causes_lead_from_the_message_to_the_doorbell(void)
{
    static const unsigned want[] = {
        TRACE_KIND_msi, TRACE_KIND_dma_write, TRACE_KIND_nvme_complete, TRACE_KIND_nvme_media,
        TRACE_KIND_dma_read_done, TRACE_KIND_dma_read, TRACE_KIND_nvme_command,
        TRACE_KIND_dma_read_done, TRACE_KIND_dma_read, TRACE_KIND_nvme_fetch,
        TRACE_KIND_nvme_doorbell, TRACE_KIND_mmio_arrive,
    };
    struct rig *r = up(NULL, 1 << 20);
    uint64_t page = rig_alloc(r, 4096);
    unsigned kinds[20], n = 0;

    record(r);
    timed(r, rig_rw(NVME_NVM_WRITE, 0, 8, page, 0));
    r->trace.on = false;
    CHECK(trace_close(&r->trace) == 0);
    read_records();
    for (unsigned i = 1; i < record_count; i++)
        if (records[i].kind == TRACE_KIND_msi)
            n = chain(i, kinds, 20);
    CHECK_EQ_U64(n, ARRAY_LEN(want));
    for (unsigned i = 0; i < n && i < ARRAY_LEN(want); i++)
        CHECK_EQ_STR(trace_schema[kinds[i]].name, trace_schema[want[i]].name);
    rig_down(r);
}

/* Eight reads at once: each completion leads back to the command with its own id. */
static void test_causes_of_commands_in_flight_together_do_not_mix(void)
{
    struct rig *r = up("970pro", 4 << 20);
    uint64_t page = rig_alloc(r, 4096), list = rig_alloc(r, 4096);
    unsigned completes = 0;

    for (unsigned i = 0; i < 512; i++)
        le64_put(rig_at(r, list) + 8 * i, page);
    record(r);
    for (unsigned i = 0; i < 8; i++)
        rig_submit(r, &io, rig_rw(i & 1 ? NVME_NVM_WRITE : NVME_NVM_READ, i * 64, 64, page, list));
    rig_ring(r, &io);
    rig_settle(r);
    r->trace.on = false;
    CHECK(trace_close(&r->trace) == 0);
    read_records();
    for (unsigned i = 1; i < record_count; i++) {
        unsigned at = i;
        if (records[i].kind != TRACE_KIND_nvme_complete)
            continue;
        while (at && records[at].kind != TRACE_KIND_nvme_command)
            at = (unsigned)records[at].cause;
        CHECK(at != 0);
        CHECK_EQ_U64(records[at].arg[1], records[i].arg[1]);
        completes++;
    }
    CHECK_EQ_U64(completes, 8);
    rig_down(r);
}

/* Twenty commands of one doorbell take three fetches; all of them are its doing. */
static void test_every_fetch_is_caused_by_the_doorbell(void)
{
    struct rig *r = up("ideal", 1 << 20);
    unsigned fetches = 0;

    record(r);
    for (unsigned i = 0; i < 20; i++)
        rig_submit(r, &io, rig_sqe(NVME_NVM_FLUSH, 1));
    rig_ring(r, &io);
    rig_settle(r);
    r->trace.on = false;
    CHECK(trace_close(&r->trace) == 0);
    read_records();
    for (unsigned i = 1; i < record_count; i++)
        if (records[i].kind == TRACE_KIND_nvme_fetch) {
            CHECK_EQ_U64(records[records[i].cause].kind, TRACE_KIND_nvme_doorbell);
            fetches++;
        }
    CHECK_EQ_U64(fetches, 3);
    rig_down(r);
}

TEST_MAIN(test_an_ideal_device_takes_the_link_s_time_and_no_more,
          test_optane_reads_512_bytes_in_the_published_3224_ns,
          test_970pro_reads_take_firmware_die_and_channel,
          test_random_page_types_come_from_the_seed,
          test_zn540_reads_take_firmware_die_and_channel,
          test_a_buffered_write_is_quick_and_a_flush_waits_for_the_program,
          test_sequential_rates_are_limited_by_what_limits_the_device,
          test_timing_off_takes_no_time_at_all, test_aggregation_by_count_and_by_time,
          test_aggregation_off_by_vector_or_by_zero,
          test_entries_taken_before_the_time_need_no_interrupt,
          test_the_same_script_takes_the_same_picoseconds,
          test_a_read_s_causes_lead_from_the_message_to_the_doorbell,
          test_a_write_s_causes_lead_from_the_message_to_the_doorbell,
          test_causes_of_commands_in_flight_together_do_not_mix,
          test_every_fetch_is_caused_by_the_doorbell)
