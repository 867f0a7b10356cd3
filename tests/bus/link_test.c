/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/port.h"
#include "check.h"

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct params params;
    struct port port;
    uint8_t memory[65536];
    struct region ram;
    uint64_t device_reg;
    struct region device;
    ps_t device_at;
    unsigned writes;
    ps_t done_at;
    enum fault fault;
};

static enum fault device_access(void *owner, struct txn *txn)
{
    struct rig *r = owner;

    if (txn->write) {
        r->device_reg = txn->data;
        r->writes++;
    }
    txn->data = r->device_reg;
    r->device_at = r->clock.now;
    return FAULT_NONE;
}

static void rig_up(struct rig *r, enum timing_level level)
{
    memset(r, 0, sizeof *r);
    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    r->params.level = level;
    link_init(&r->link, "pcie0", &r->clock, &r->space, &r->trace);
    params_add(&r->params, "pcie0", link_pcie_params, &r->link.p);
    link_update(&r->link);
    r->ram = (struct region){.name = "ram", .base = 0x80000000, .size = sizeof r->memory,
                             .ram = r->memory};
    r->device = (struct region){.name = "dev", .base = 0x40000000, .size = 0x1000,
                                .access = device_access, .owner = r};
    CHECK(space_map(&r->space, &r->ram, NULL) == 0);
    CHECK(space_map(&r->space, &r->device, NULL) == 0);
    port_init(&r->port, &r->link, 0, REQUESTER_PCI);
    r->port.enabled = true;
}

static void rig_down(struct rig *r)
{
    clock_fini(&r->clock);
    trace_fini(&r->trace);
}

static void on_done(void *owner, struct dma_op *op)
{
    struct rig *r = owner;

    r->done_at = r->clock.now;
    r->fault = op->fault;
}

static uint64_t goodput_bits(uint64_t packet_bits, uint64_t payload, uint64_t wire)
{
    return muldiv(packet_bits, payload, wire);
}

/* pcie-bench's model (P1 in docs/timing.md), gen3 x4: 28.44 and 29.07 Gb/s for packets, 4-KiB
 * writes 23.95 and 26.58, reads 24.60 and 26.96; gen4 x4 58.14 and 53.16; gen3 x8 57.88, 52.92. */
static void test_link_rates_are_pcie_bench_s_to_a_tenth_of_a_percent(void)
{
    static const struct {
        uint64_t gen, lanes, mps, packets, write, read; /* Mb/s; 0: not published */
    } rows[] = {
        {3, 4, 128, 28440, 23950, 24600}, {3, 4, 256, 29070, 26580, 26960},
        {4, 4, 256, 58140, 53160, 0},     {3, 8, 256, 57880, 52920, 0},
        {5, 4, 256, 116280, 106300, 0},
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct link l = {.p = {1, rows[i].gen, rows[i].lanes, rows[i].mps, 512, 0, 0, 0, 1}};
        uint64_t bits = link_packet_bits_per_s(&l.p);
        uint64_t want[] = {rows[i].packets, rows[i].write, rows[i].read};
        uint64_t got[] = {bits / 1000000,
                          goodput_bits(bits, 4096, link_write_bytes(&l, 4096)) / 1000000,
                          goodput_bits(bits, 4096, link_completion_bytes(&l, 4096)) / 1000000};
        for (unsigned k = 0; k < 3; k++)
            if (want[k])
                CHECK(got[k] * 1000 >= want[k] * 999 && got[k] * 1000 <= want[k] * 1001);
    }
}

static void test_a_64_byte_dma_read_takes_the_published_547_ns(void)
{
    struct rig r;
    struct dma_op op;
    uint8_t buf[64] = {0};

    rig_up(&r, TIMING_IO);
    dma_op_init(&op, &r.port, "read", on_done, &r);
    memset(r.memory, 0x5a, 64);
    port_read(&op, 0x80000000, buf, 64);
    clock_run(&r.clock, PS_PER_US);
    CHECK_EQ_U64(r.fault, FAULT_NONE);
    CHECK(buf[0] == 0x5a && buf[63] == 0x5a);
    CHECK(r.done_at > 537 * PS_PER_NS && r.done_at < 557 * PS_PER_NS);
    rig_down(&r);
}

static void test_dma_bytes_are_not_visible_before_they_arrive(void)
{
    struct rig r;
    struct dma_op op;
    static const uint8_t data[4096] = {1, 2, 3};

    rig_up(&r, TIMING_IO);
    dma_op_init(&op, &r.port, "write", on_done, &r);
    port_write(&op, 0x80001000, data, sizeof data);
    clock_run(&r.clock, clock_next(&r.clock) - 1);
    CHECK_EQ_U64(r.memory[0x1001], 0);
    clock_run(&r.clock, clock_next(&r.clock));
    CHECK_EQ_U64(r.memory[0x1001], 2);
    /* 4 KiB at 3.32 GB/s is 1.23 us, then the latency. */
    CHECK(r.done_at - r.link.p.latency_ps - r.link.p.memory_write_ps > 1221 * PS_PER_NS);
    CHECK(r.done_at - r.link.p.latency_ps - r.link.p.memory_write_ps < 1245 * PS_PER_NS);
    rig_down(&r);
}

static void test_an_msi_does_not_pass_the_data_before_it(void)
{
    struct rig r;
    struct dma_op data, msi;
    static const uint8_t bytes[4096] = {9};

    rig_up(&r, TIMING_IO);
    dma_op_init(&data, &r.port, "data", NULL, NULL);
    dma_op_init(&msi, &r.port, "msi", on_done, &r);
    port_write(&data, 0x80002000, bytes, sizeof bytes);
    port_msi(&msi, 0x40000000, 33);
    while (r.writes == 0 && clock_next(&r.clock) != PS_NEVER)
        clock_run(&r.clock, clock_next(&r.clock));
    CHECK_EQ_U64(r.device_reg, 33);
    CHECK_EQ_U64(r.memory[0x2000], 9);
    rig_down(&r);
}

/* From one device to the memory of another: over both links, there and back. */
static void test_dma_to_another_device_crosses_its_link_too(void)
{
    for (unsigned far = 0; far < 2; far++)
        for (unsigned write = 0; write < 2; write++) {
            struct rig r;
            struct link other;
            struct dma_op op;
            uint8_t bytes[64] = {5};
            ps_t near = write ? 230 * PS_PER_NS : 517 * PS_PER_NS, way = 200 * PS_PER_NS;

            rig_up(&r, TIMING_IO);
            link_init(&other, "pcie1", &r.clock, &r.space, &r.trace);
            params_add(&r.params, "pcie1", link_pcie_params, &other.p);
            link_update(&other);
            r.ram.link = far ? &other : NULL;
            r.ram.io_memory = far;
            dma_op_init(&op, &r.port, "op", on_done, &r);
            if (write)
                port_write(&op, 0x80002000, bytes, sizeof bytes);
            else
                port_read(&op, 0x80002000, bytes, sizeof bytes);
            while (clock_next(&r.clock) != PS_NEVER)
                clock_run(&r.clock, clock_next(&r.clock));
            near += far ? (write ? way : 2 * way) : 0;
            CHECK(r.done_at >= near);
            CHECK(r.done_at < near + 120 * PS_PER_NS); /* the bytes' time */
            rig_down(&r);
        }
}

static void test_stores_are_posted_and_stay_in_order(void)
{
    struct rig r;
    struct txn t = {.addr = 0x40000000, .size = 4, .write = true};
    enum fault fault;

    rig_up(&r, TIMING_IO);
    for (t.data = 1; t.data <= 3; t.data++)
        link_store(&r.link, &t, 0, 0, &fault);
    CHECK_EQ_U64(r.writes, 0);
    for (unsigned n = 1; n <= 3; n++) {
        clock_run(&r.clock, clock_next(&r.clock));
        CHECK_EQ_U64(r.device_reg, n);
        CHECK(r.clock.now >= r.link.p.latency_ps);
    }
    CHECK(clock_next(&r.clock) == PS_NEVER);
    rig_down(&r);
}

static void test_a_full_posted_queue_says_when_to_retry(void)
{
    struct rig r;
    struct txn t = {.addr = 0x40000000, .size = 4, .write = true};
    enum fault fault;
    ps_t retry = 0;
    unsigned n = 0;

    rig_up(&r, TIMING_IO);
    for (; !link_full(&r.link, &retry) && n < 1000; n++)
        link_store(&r.link, &t, 0, 0, &fault);
    CHECK_EQ_U64(n, r.link.p.posted_depth);
    CHECK_EQ_U64(retry, clock_next(&r.clock));
    clock_run(&r.clock, retry);
    CHECK(!link_full(&r.link, &retry));
    rig_down(&r);
}

static void test_with_timing_off_a_store_is_performed_at_once(void)
{
    struct rig r;
    struct txn t = {.addr = 0x40000000, .size = 4, .write = true, .data = 5};
    enum fault fault;

    rig_up(&r, TIMING_OFF);
    link_store(&r.link, &t, 0, 0, &fault);
    CHECK_EQ_U64(r.device_reg, 5);
    rig_down(&r);
}

static void test_dma_to_nowhere_devices_and_rom_faults_and_moves_nothing(void)
{
    struct rig r;
    struct dma_op op;
    static uint8_t bytes[4096];

    rig_up(&r, TIMING_IO);
    dma_op_init(&op, &r.port, "write", on_done, &r);
    port_write(&op, 0x1000, bytes, 64);
    clock_run(&r.clock, PS_PER_S);
    CHECK_EQ_U64(r.fault, FAULT_DECODE);
    port_write(&op, 0x40000000, bytes, 4096);
    clock_run(&r.clock, 2 * PS_PER_S);
    CHECK_EQ_U64(r.fault, FAULT_ACCESS);
    CHECK_EQ_U64(r.writes, 0);
    port_write(&op, 0x80000000 + sizeof r.memory - 2048, bytes, 4096);
    clock_run(&r.clock, 3 * PS_PER_S);
    CHECK_EQ_U64(r.fault, FAULT_ACCESS);
    r.ram.read_only = true;
    port_write(&op, 0x80000000, bytes, 4096);
    clock_run(&r.clock, 4 * PS_PER_S);
    CHECK_EQ_U64(r.fault, FAULT_ACCESS);
    r.port.enabled = false;
    port_read(&op, 0x80000000, bytes, 4096);
    clock_run(&r.clock, 5 * PS_PER_S);
    CHECK_EQ_U64(r.fault, FAULT_MASTER);
    rig_down(&r);
}

TEST_MAIN(test_link_rates_are_pcie_bench_s_to_a_tenth_of_a_percent,
          test_a_64_byte_dma_read_takes_the_published_547_ns,
          test_dma_bytes_are_not_visible_before_they_arrive,
          test_an_msi_does_not_pass_the_data_before_it,
          test_dma_to_another_device_crosses_its_link_too,
          test_stores_are_posted_and_stay_in_order,
          test_a_full_posted_queue_says_when_to_retry,
          test_with_timing_off_a_store_is_performed_at_once,
          test_dma_to_nowhere_devices_and_rom_faults_and_moves_nothing)
