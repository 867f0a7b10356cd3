/* SPDX-License-Identifier: Apache-2.0 */
/* Memory types: what reaches the bus, in which order, and when.  Each test fails when the rule that
 * its name states is broken (tried by breaking each in hart/mmio.c, hart/combine.c and bus/link.c). */
#include "asm.h"
#include "bus/port.h"

#define DEVICE UINT64_C(0x10000000)
#define FRAME UINT64_C(0x20000000) /* memory of the device */
#define NS UINT64_C(1000)
#define LINE 64

/* Windows of 1 GiB of virtual addresses onto the same physical ones. */
#define V_IO_PMA UINT64_C(0)            /* devices by their PMA: I/O */
#define V_RAM UINT64_C(0x80000000)      /* RAM by its PMA: cached */
#define V_RAM_NC UINT64_C(0xc0000000)
#define V_RAM_IO UINT64_C(0x100000000)
#define V_DEV_NC UINT64_C(0x140000000)
#define DATA_AT UINT64_C(0x100000) /* in RAM */

#define PTE_V UINT64_C(1)
#define PTE_ALL (PTE_V | 2 | 4 | 8 | 64 | 128)
#define PBMT(n) ((uint64_t)(n) << 61)
#define ROOT (RIG_RAM + 0x200000)

struct seen {
    ps_t when;
    uint64_t addr, data;
    unsigned size;
    bool write;
};

struct rig {
    struct hart_rig *r;
    struct link pcie, memory;
    struct region device, frame;
    struct port port;
    struct dma_op op;
    bool writes_when_read; /* the device, to DATA_AT in RAM */
    uint8_t frame_bytes[4096];
    struct seen seen[256];
    unsigned count;
    uint64_t at; /* where the next instruction goes */
};

static enum fault touched(void *owner, struct txn *txn)
{
    struct rig *p = owner;

    CHECK(p->count < ARRAY_LEN(p->seen));
    p->seen[p->count++] = (struct seen){p->r->clock.now, txn->addr, txn->data, txn->size,
                                        txn->write};
    if (!txn->write)
        txn->data = 0x8000 + txn->addr;
    if (!txn->write && p->writes_when_read)
        port_write(&p->op, RIG_RAM + DATA_AT, "12345678", 8);
    return FAULT_NONE;
}

static void leaf(struct rig *p, uint64_t va, uint64_t pa, unsigned pbmt)
{
    uint8_t bytes[8];

    le64_put(bytes, pa >> 12 << 10 | PTE_ALL | PBMT(pbmt));
    CHECK_EQ_U64(space_write(&p->r->space, 0, ROOT + (va >> 30) * 8, bytes, 8), FAULT_NONE);
}

static struct rig *rig(void)
{
    struct rig *p = xcalloc(1, sizeof *p);
    struct hart_rig *r = p->r = rig_new(TIMING_IO);
    struct hart *h = r->hart;

    poke32(r, HANDLER_M, asm_mark(TRAPPED_M));
    h->mtvec = HANDLER_M;
    link_init(&p->pcie, "pcie", &r->clock, &r->space, &r->trace);
    params_add(&r->params, "pcie", link_pcie_params, &p->pcie.p);
    link_update(&p->pcie);
    port_init(&p->port, &p->pcie, 0, REQUESTER_PCI);
    p->port.enabled = true;
    dma_op_init(&p->op, &p->port, "test", NULL, NULL);
    link_init(&p->memory, "memory", &r->clock, &r->space, &r->trace);
    params_add(&r->params, "memory", link_memory_params, &p->memory.p);
    link_update(&p->memory);
    r->ram.link = r->shared.memory = &p->memory;
    p->device = (struct region){.name = "device", .base = DEVICE, .size = 0x1000,
                                .access = touched, .owner = p, .link = &p->pcie};
    p->frame = (struct region){.name = "frame", .base = FRAME, .size = sizeof p->frame_bytes,
                               .ram = p->frame_bytes, .io_memory = true, .link = &p->pcie};
    CHECK_EQ_U64((uint64_t)space_map(&r->space, &p->device, NULL), 0);
    CHECK_EQ_U64((uint64_t)space_map(&r->space, &p->frame, NULL), 0);
    leaf(p, V_IO_PMA, 0, 0);
    leaf(p, V_RAM, RIG_RAM, 0);
    leaf(p, V_RAM_NC, RIG_RAM, 1);
    leaf(p, V_RAM_IO, RIG_RAM, 2);
    leaf(p, V_DEV_NC, 0, 1);
    h->menvcfg = ENVCFG_PBMTE;
    h->satp = UINT64_C(8) << 60 | ROOT >> 12;
    h->pmpcfg[0] = 0x1f; /* NAPOT, everything */
    h->pmpaddr[0] = UINT64_MAX >> 10;
    pmp_changed(h);
    h->priv = PRIV_S;
    mmu_context_changed(h);
    h->pc = p->at = CODE;
    h->x[11] = UINT64_C(0x1122334455667788);
    return p;
}

static void done(struct rig *p)
{
    rig_free(p->r);
    free(p);
}

static void put(struct rig *p, uint32_t word)
{
    poke32(p->r, p->at, word);
    p->at += 4;
}

/* As the board's scheduler, for one hart, until a mark and then until all has arrived. */
static unsigned run(struct rig *p)
{
    struct hart *h = p->r->hart;
    unsigned mark = 0;

    put(p, asm_mark(WENT_ON));
    for (unsigned n = 0; n < 2000 && !mark; n++) {
        ps_t next = clock_next(&p->r->clock);
        uint64_t limit = next == PS_NEVER ? h->ticks + 1000000 : hart_ticks(h, next);
        enum stop stop;

        if (h->wait_stalls)
            h->ticks = u64_max(h->ticks, hart_ticks(h, h->wait_until));
        if (h->wait_until)
            clock_run(&p->r->clock, h->wait_until);
        h->wait_until = 0;
        h->wait_stalls = false;
        if (clock_next(&p->r->clock) <= hart_now(h)) {
            clock_run(&p->r->clock, clock_next(&p->r->clock));
            continue;
        }
        stop = interp_engine.run(h, u64_max(limit, h->ticks + 1));
        if (stop == STOP_MARK)
            mark = (unsigned)h->mark;
        else if (stop == STOP_LIMIT)
            clock_run(&p->r->clock, hart_now(h));
    }
    return mark;
}

static void settle(struct rig *p)
{
    while (clock_next(&p->r->clock) != PS_NEVER)
        clock_run(&p->r->clock, clock_next(&p->r->clock));
}

static void stores(struct rig *p, unsigned base, unsigned from, unsigned count)
{
    for (unsigned n = 0; n < count; n++)
        put(p, asm_s(OP_sd, 11, base, (from + n) * 8));
}

#define FENCE(before, after) (0x0000000fu | (before) << 24 | (after) << 20)
enum { FENCE_W = 1, FENCE_R = 2, FENCE_O = 4, FENCE_I = 8 };

static uint64_t ram_at(struct rig *p, uint64_t offset)
{
    return le64_get(p->r->ram.ram + offset);
}

/* ---- I/O ---- */

static void test_io_stores_are_one_transaction_each_in_order(void)
{
    struct rig *p = rig();

    p->r->hart->x[10] = V_IO_PMA + DEVICE;
    stores(p, 10, 0, 8);
    CHECK_EQ_U64(run(p), WENT_ON);
    settle(p);
    CHECK_EQ_U64(p->count, 8);
    for (unsigned n = 0; n < 8; n++) {
        CHECK_EQ_U64(p->seen[n].addr, n * 8);
        CHECK_EQ_U64(p->seen[n].size, 8);
        CHECK(n == 0 || p->seen[n].when > p->seen[n - 1].when);
    }
    CHECK_EQ_U64(p->device.traffic.stores, 8);
    CHECK_EQ_U64(p->device.traffic.transactions, 8);
    CHECK_EQ_U64(p->device.traffic.bytes_written, 64);
    done(p);
}

static void test_a_load_does_not_pass_posted_stores(void)
{
    struct rig *p = rig();

    p->r->hart->x[10] = V_IO_PMA + DEVICE;
    stores(p, 10, 0, 4);
    put(p, asm_i(OP_ld, 12, 10, 256));
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(p->count, 5);
    CHECK(!p->seen[4].write);
    CHECK(p->seen[4].when > p->seen[3].when);
    CHECK_EQ_U64(p->r->hart->x[12], 0x8000 + 256);
    done(p);
}

static void test_a_load_s_completion_does_not_pass_what_the_device_has_written(void)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;

    p->writes_when_read = true;
    p->pcie.p.memory_write_ps = 500 * NS; /* longer than the way to the hart */
    h->x[10] = V_IO_PMA + DEVICE;
    h->x[13] = V_RAM + DATA_AT;
    put(p, asm_i(OP_ld, 12, 10, 0));
    put(p, asm_i(OP_ld, 14, 13, 0));
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(h->x[14], le64_get((const uint8_t *)"12345678"));
    done(p);
}

/* Also where the two go to different functions of the same device: the link is what orders. */
static void test_a_load_of_device_memory_pushes_the_stores_to_its_registers(void)
{
    struct rig *p = rig();

    p->r->hart->x[10] = V_IO_PMA + DEVICE;
    p->r->hart->x[13] = V_IO_PMA + FRAME;
    stores(p, 10, 0, 2);
    put(p, asm_i(OP_ld, 12, 13, 0));
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(p->count, 2);
    done(p);
}

static void test_a_full_queue_of_posted_stores_stalls_the_hart(void)
{
    ps_t took[2];

    for (unsigned deep = 0; deep < 2; deep++) {
        struct rig *p = rig();

        p->pcie.p.posted_depth = deep ? 16 : 2;
        p->r->hart->x[10] = V_IO_PMA + DEVICE;
        stores(p, 10, 0, 8);
        CHECK_EQ_U64(run(p), WENT_ON);
        took[deep] = hart_now(p->r->hart);
        settle(p);
        CHECK_EQ_U64(p->count, 8);
        done(p);
    }
    CHECK(took[0] > took[1] + 3 * 200 * NS); /* three times the way of a pair */
}

static void test_a_store_that_is_not_posted_waits_for_its_completion(void)
{
    ps_t took[2];

    for (unsigned io = 0; io < 2; io++) {
        struct rig *p = rig();

        p->device.non_posted = io;
        p->r->hart->x[10] = V_IO_PMA + DEVICE;
        stores(p, 10, 0, 3);
        CHECK_EQ_U64(run(p), WENT_ON);
        took[io] = hart_now(p->r->hart);
        settle(p);
        CHECK_EQ_U64(p->count, 3);
        done(p);
    }
    CHECK(took[1] > took[0] + 3 * 2 * 200 * NS); /* there and back, each */
    CHECK(took[1] < took[0] + 3 * 2 * 260 * NS);
}

static void test_uncached_ram_is_a_transaction_each_and_a_load_stalls(void)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;

    h->x[10] = V_RAM_IO + DATA_AT;
    stores(p, 10, 0, 3);
    put(p, asm_i(OP_ld, 12, 10, 16));
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(h->x[12], h->x[11]);
    CHECK(hart_now(h) > 2 * (40 + 25) * NS);
    CHECK_EQ_U64(p->r->ram.traffic.stores, 3);
    CHECK_EQ_U64(p->r->ram.traffic.loads, 1);
    CHECK_EQ_U64(p->r->ram.traffic.transactions, 4);
    done(p);
}

static void test_cached_ram_makes_no_transactions(void)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;

    h->x[10] = V_RAM + DATA_AT;
    stores(p, 10, 0, 8);
    put(p, asm_i(OP_ld, 12, 10, 16));
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(p->r->ram.traffic.transactions, 0);
    CHECK(hart_now(h) < 50 * NS);
    done(p);
}

static void test_a_fence_waits_for_uncached_stores_to_memory(void)
{
    for (unsigned fenced = 0; fenced < 2; fenced++) {
        struct rig *p = rig();
        struct hart *h = p->r->hart;

        h->x[10] = V_RAM_IO + DATA_AT;
        h->x[13] = V_RAM + DATA_AT;
        stores(p, 10, 0, 1);
        put(p, FENCE(fenced ? FENCE_W : FENCE_R, FENCE_R));
        put(p, asm_i(OP_ld, 12, 13, 0)); /* cached: does not push */
        CHECK_EQ_U64(run(p), WENT_ON);
        CHECK_EQ_U64(h->x[12], fenced ? h->x[11] : 0);
        done(p);
    }
}

static void test_device_memory_is_io_unless_svpbmt_says_otherwise(void)
{
    struct rig *p = rig();

    p->r->hart->x[10] = V_IO_PMA + FRAME;
    stores(p, 10, 0, 4);
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(le64_get(p->frame_bytes), 0); /* still on its way */
    settle(p);
    CHECK_EQ_U64(le64_get(p->frame_bytes + 24), p->r->hart->x[11]);
    CHECK_EQ_U64(p->frame.traffic.transactions, 4);
    done(p);
}

static void test_device_memory_holds_no_code_and_no_atomics(void)
{
    for (unsigned way = 0; way < 2; way++) {
        struct rig *p = rig();

        le32_put(p->frame_bytes, asm_mark(WENT_ON));
        p->r->hart->x[10] = V_IO_PMA + FRAME;
        if (way)
            p->r->hart->pc = V_IO_PMA + FRAME;
        put(p, asm_r(OP_amoswap_d, 12, 10, 11));
        CHECK_EQ_U64(run(p), TRAPPED_M);
        CHECK_EQ_U64(p->r->hart->mcause, way ? CAUSE_FETCH_ACCESS : CAUSE_STORE_ACCESS);
        done(p);
    }
}

static void test_what_is_not_aligned_faults_by_its_type(void)
{
    static const struct {
        uint64_t at;
        unsigned op, cause;
    } cases[] = {
        {V_RAM_NC + DATA_AT, OP_ld, CAUSE_LOAD_MISALIGNED},
        {V_RAM_NC + DATA_AT, OP_sd, CAUSE_STORE_MISALIGNED},
        {V_RAM_IO + DATA_AT, OP_ld, CAUSE_LOAD_ACCESS},
        {V_RAM_IO + DATA_AT, OP_sd, CAUSE_STORE_ACCESS},
        {V_DEV_NC + FRAME, OP_sd, CAUSE_STORE_MISALIGNED},
        {V_IO_PMA + FRAME, OP_sd, CAUSE_STORE_ACCESS},
        {V_RAM_NC + DATA_AT + 4096 - 4 - 4, OP_sd, CAUSE_STORE_ACCESS}, /* two pages */
    };

    for (size_t n = 0; n < ARRAY_LEN(cases); n++) {
        struct rig *p = rig();

        p->r->hart->x[10] = cases[n].at;
        put(p, cases[n].op == OP_ld ? asm_i(OP_ld, 12, 10, 4) : asm_s(OP_sd, 11, 10, 4));
        CHECK_EQ_U64(run(p), TRAPPED_M);
        CHECK_EQ_U64(p->r->hart->mcause, cases[n].cause);
        done(p);
    }
}

/* ---- write-combining: when a buffer is sent ---- */

static void test_a_full_line_is_one_transaction_at_once(void)
{
    struct rig *p = rig();

    p->r->hart->x[10] = V_DEV_NC + FRAME;
    stores(p, 10, 0, 8);
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(p->frame.traffic.stores, 8);
    CHECK_EQ_U64(p->frame.traffic.transactions, 1);
    CHECK_EQ_U64(p->r->hart->wc_count, 0);
    settle(p);
    CHECK_EQ_U64(le64_get(p->frame_bytes + 56), p->r->hart->x[11]);
    CHECK(p->r->clock.now < 400 * NS); /* not by age */
    done(p);
}

static void test_a_device_sees_a_line_as_its_aligned_words(void)
{
    struct rig *p = rig();

    p->r->hart->x[10] = V_DEV_NC + DEVICE;
    put(p, asm_s(OP_sw, 11, 10, 4));
    stores(p, 10, 1, 2);
    put(p, asm_s(OP_sb, 11, 10, 24));
    CHECK_EQ_U64(run(p), WENT_ON);
    settle(p);
    CHECK_EQ_U64(p->device.traffic.transactions, 1);
    CHECK_EQ_U64(p->count, 4);
    for (unsigned n = 0; n < 4; n++) {
        static const unsigned at[] = {4, 8, 16, 24}, size[] = {4, 8, 8, 1};
        CHECK_EQ_U64(p->seen[n].addr, at[n]);
        CHECK_EQ_U64(p->seen[n].size, size[n]);
        CHECK_EQ_U64(p->seen[n].when, p->seen[0].when);
    }
    done(p);
}

static void test_a_gap_makes_two_transactions_and_a_second_store_none(void)
{
    struct rig *p = rig();

    p->r->hart->x[10] = V_DEV_NC + FRAME;
    stores(p, 10, 0, 2);
    stores(p, 10, 4, 2);
    put(p, asm_s(OP_sw, 0, 10, 4)); /* over the first */
    put(p, FENCE(FENCE_W, FENCE_W));
    CHECK_EQ_U64(run(p), WENT_ON);
    settle(p);
    CHECK_EQ_U64(p->frame.traffic.transactions, 2);
    CHECK_EQ_U64(p->frame.traffic.stores, 5);
    CHECK_EQ_U64(le64_get(p->frame_bytes), p->r->hart->x[11] & UINT32_MAX);
    CHECK_EQ_U64(le64_get(p->frame_bytes + 16), 0);
    CHECK_EQ_U64(le64_get(p->frame_bytes + 40), p->r->hart->x[11]);
    done(p);
}

static void test_age_sends_a_buffer(void)
{
    struct rig *p = rig();
    ps_t stored;

    p->r->hart->x[10] = V_DEV_NC + FRAME;
    stores(p, 10, 0, 1);
    CHECK_EQ_U64(run(p), WENT_ON);
    stored = hart_now(p->r->hart);
    CHECK_EQ_U64(p->frame.traffic.transactions, 0);
    settle(p);
    CHECK_EQ_U64(p->frame.traffic.transactions, 1);
    CHECK(p->r->clock.now > stored + 1000 * NS + 200 * NS - 10 * NS);
    CHECK(p->r->clock.now < stored + 1000 * NS + 300 * NS);
    done(p);
}

static void test_a_ninth_line_sends_the_oldest(void)
{
    struct rig *p = rig();

    p->r->hart->x[10] = V_DEV_NC + FRAME;
    for (unsigned n = 0; n < 9; n++)
        stores(p, 10, n * LINE / 8, 1);
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(p->frame.traffic.transactions, 1);
    CHECK_EQ_U64(p->r->hart->wc_count, 8);
    CHECK_EQ_U64(p->r->hart->wc[0].line, FRAME + LINE);
    CHECK_EQ_U64(p->r->hart->wc[7].line, FRAME + 8 * LINE);
    done(p);
}

/* Whether what `word` does has sent the buffer by the time the next instruction is there. */
static bool sends(uint32_t word)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;
    bool sent;

    h->x[10] = V_DEV_NC + FRAME;
    h->x[13] = V_IO_PMA + DEVICE;
    h->x[14] = V_RAM + DATA_AT;
    h->x[15] = V_RAM_NC + DATA_AT;
    stores(p, 10, 0, 1);
    put(p, word);
    CHECK_EQ_U64(run(p), WENT_ON);
    sent = p->frame.traffic.transactions;
    CHECK_EQ_U64(sent, h->wc_count == 0 || h->wc[0].line != FRAME);
    if (p->count && sent) { /* and before the access that made it */
        settle(p);
        CHECK_EQ_U64(le64_get(p->frame_bytes), h->x[11]);
    }
    done(p);
    return sent;
}

static void test_what_orders_stores_sends_the_buffers_and_nothing_else_does(void)
{
    CHECK(sends(FENCE(FENCE_W, FENCE_W)));
    CHECK(sends(FENCE(FENCE_W, FENCE_O)));
    CHECK(sends(FENCE(FENCE_O, FENCE_O)));
    CHECK(sends(FENCE(15, 15)));
    CHECK(!sends(FENCE(FENCE_R, FENCE_R | FENCE_W)));
    CHECK(!sends(FENCE(FENCE_I | FENCE_R, 15)));
    CHECK(sends(asm_i(OP_ld, 12, 13, 0)));  /* I/O load */
    CHECK(sends(asm_s(OP_sd, 11, 13, 0)));  /* I/O store */
    CHECK(!sends(asm_i(OP_ld, 12, 14, 0))); /* cached */
    CHECK(!sends(asm_s(OP_sd, 11, 14, 0)));
    CHECK(!sends(asm_i(OP_ld, 12, 15, 0))); /* another line, not cached either */
    CHECK(!sends(asm_s(OP_sd, 11, 15, 0)));
    CHECK(sends(asm_i(OP_ld, 12, 10, 8)));  /* the line itself */
    CHECK(sends(asm_r(OP_amoswap_d, 12, 14, 11) | 1u << 25));  /* .rl */
    CHECK(!sends(asm_r(OP_amoswap_d, 12, 14, 11) | 1u << 26)); /* .aq */
    CHECK(!sends(asm_r(OP_amoswap_d, 12, 14, 11)));
}

static void test_a_load_sees_the_hart_s_own_combined_stores(void)
{
    for (unsigned ram = 0; ram < 2; ram++) {
        struct rig *p = rig();
        struct hart *h = p->r->hart;

        h->x[10] = ram ? V_RAM_NC + DATA_AT : V_DEV_NC + FRAME;
        stores(p, 10, 2, 1);
        put(p, asm_i(OP_ld, 12, 10, 16));
        CHECK_EQ_U64(run(p), WENT_ON);
        CHECK_EQ_U64(h->x[12], h->x[11]);
        done(p);
    }
}

static void test_combined_stores_are_seen_by_nobody_else_before_they_are_sent(void)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;

    h->x[10] = V_RAM_NC + DATA_AT;
    h->x[13] = V_RAM + DATA_AT;
    stores(p, 10, 0, 1);
    put(p, asm_i(OP_ld, 12, 13, 0));
    put(p, FENCE(FENCE_W, FENCE_R));
    put(p, asm_i(OP_ld, 14, 13, 0));
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(h->x[12], 0);
    CHECK_EQ_U64(h->x[14], h->x[11]);
    CHECK_EQ_U64(ram_at(p, DATA_AT), h->x[11]);
    done(p);
}

static void test_a_doorbell_after_a_fence_finds_the_combined_data_in_memory(void)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;

    h->x[10] = V_RAM_NC + DATA_AT;
    h->x[13] = V_IO_PMA + DEVICE;
    stores(p, 10, 0, 8);
    put(p, FENCE(FENCE_W, FENCE_O));
    put(p, asm_s(OP_sw, 11, 13, 0));
    CHECK_EQ_U64(run(p), WENT_ON);
    while (p->count == 0)
        clock_run(&p->r->clock, clock_next(&p->r->clock));
    CHECK_EQ_U64(ram_at(p, DATA_AT + 56), h->x[11]);
    done(p);
}

/* Another hart that stores to uncached memory without end. */
struct neighbour {
    struct rig *p;
    struct event event;
};

static void store_again(void *owner)
{
    struct neighbour *n = owner;
    struct txn t = {.addr = RIG_RAM + DATA_AT + 0x2000, .requester = 1, .size = 8, .write = true};
    struct clock *clock = &n->p->r->clock;
    enum fault fault;
    ps_t retry;

    if (!link_full(&n->p->memory, &retry))
        link_store(&n->p->memory, &t, clock->now, 0, &fault);
    clock_arm(clock, &n->event, clock->now + 10 * NS);
}

static void test_what_orders_stores_does_not_wait_for_those_of_other_harts_for_ever(void)
{
    static const uint32_t words[] = {0x0000100f /* fence.i */, 0x12000073 /* sfence.vma */, 0};

    for (unsigned way = 0; way < ARRAY_LEN(words); way++) {
        struct rig *p = rig();
        struct neighbour n = {.p = p};

        event_init(&p->r->clock, &n.event, "neighbour", store_again, &n);
        clock_arm(&p->r->clock, &n.event, 0);
        p->r->hart->x[10] = V_RAM_NC + DATA_AT;
        p->r->hart->x[14] = V_RAM + DATA_AT + 0x1000;
        stores(p, 10, 0, 1);
        put(p, words[way] ? words[way] : asm_r(OP_amoswap_d, 12, 14, 11) | 1u << 25);
        CHECK_EQ_U64(run(p), WENT_ON);
        CHECK_EQ_U64(ram_at(p, DATA_AT), p->r->hart->x[11]);
        clock_disarm(&p->r->clock, &n.event);
        done(p);
    }
}

static void test_a_full_queue_holds_combined_stores_back_and_loses_none(void)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;

    p->pcie.p.posted_depth = 1;
    h->x[10] = V_DEV_NC + FRAME;
    for (unsigned n = 0; n < 4; n++)
        stores(p, 10, n * 8, 8);
    stores(p, 10, 40, 1); /* two runs, and a fence that needs room for both */
    stores(p, 10, 42, 1);
    put(p, FENCE(FENCE_W, FENCE_W));
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK(hart_now(h) > 5 * 200 * NS);
    settle(p);
    CHECK_EQ_U64(p->frame.traffic.transactions, 6);
    for (unsigned n = 0; n < 32; n++)
        CHECK_EQ_U64(le64_get(p->frame_bytes + n * 8), h->x[11]);
    CHECK_EQ_U64(le64_get(p->frame_bytes + 320), h->x[11]);
    CHECK_EQ_U64(le64_get(p->frame_bytes + 336), h->x[11]);
    CHECK_EQ_U64(h->instret, 4 * 8 + 2 + 1 + 1); /* what waited is counted once */
    done(p);
}

static void test_per_byte_an_io_load_costs_more_than_a_store_and_that_more_than_a_combined_one(void)
{
    ps_t took[3];

    for (unsigned way = 0; way < 3; way++) {
        struct rig *p = rig();
        struct hart *h = p->r->hart;

        h->x[10] = (way == 2 ? V_DEV_NC : V_IO_PMA) + FRAME;
        if (way == 0)
            for (unsigned n = 0; n < 128; n++)
                put(p, asm_i(OP_ld, 12, 10, (int)n * 8));
        else
            stores(p, 10, 0, 128);
        CHECK_EQ_U64(run(p), WENT_ON);
        settle(p);
        took[way] = u64_max(p->r->clock.now, hart_now(h));
        done(p);
    }
    CHECK(took[0] > 20 * took[1]);
    CHECK(took[1] > 2 * took[2]);
}

/* ---- atomics, cache blocks, code: where memory is touched at once, what was stored before is there ---- */

static void test_an_atomic_finds_the_hart_s_own_uncached_stores_and_is_not_overwritten(void)
{
    static const uint64_t windows[] = {V_RAM_NC, V_RAM_IO};

    for (unsigned n = 0; n < ARRAY_LEN(windows); n++) {
        struct rig *p = rig();
        struct hart *h = p->r->hart;

        h->x[10] = windows[n] + DATA_AT;
        h->x[13] = 1;
        stores(p, 10, 0, 1);
        put(p, asm_r(OP_amoadd_d, 12, 10, 13));
        put(p, asm_i(OP_ld, 14, 10, 0));
        CHECK_EQ_U64(run(p), WENT_ON);
        settle(p);
        CHECK_EQ_U64(h->x[12], h->x[11]);
        CHECK_EQ_U64(h->x[14], h->x[11] + 1);
        CHECK_EQ_U64(ram_at(p, DATA_AT), h->x[11] + 1);
        done(p);
    }
}

static void test_a_release_comes_after_the_stores_that_it_releases(void)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;

    h->x[10] = V_RAM_NC + DATA_AT;
    h->x[13] = V_RAM + DATA_AT; /* cached: looks at memory itself */
    stores(p, 10, 0, 1);
    put(p, asm_r(OP_amoadd_d, 12, 13, 0) | 1u << 25);
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(h->x[12], h->x[11]);
    CHECK_EQ_U64(h->instret, 3);
    done(p);
}

static void test_cbo_zero_comes_after_the_line_s_stores(void)
{
    static const uint64_t windows[] = {V_RAM_NC, V_RAM_IO};

    for (unsigned n = 0; n < ARRAY_LEN(windows); n++) {
        struct rig *p = rig();
        struct hart *h = p->r->hart;

        h->menvcfg |= ENVCFG_CBZE;
        h->x[10] = windows[n] + DATA_AT;
        stores(p, 10, 0, 1);
        put(p, asm_r(OP_cbo_zero, 0, 10, 0));
        put(p, asm_i(OP_ld, 12, 10, 0));
        CHECK_EQ_U64(run(p), WENT_ON);
        settle(p);
        CHECK_EQ_U64(h->x[12], 0);
        CHECK_EQ_U64(ram_at(p, DATA_AT), 0);
        CHECK_EQ_U64(h->instret, 4);
        done(p);
    }
}

static void test_code_that_was_stored_uncached_runs_after_fence_i(void)
{
    static const uint64_t windows[] = {V_RAM_NC, V_RAM_IO};

    for (unsigned n = 0; n < ARRAY_LEN(windows); n++) {
        struct rig *p = rig();
        struct hart *h = p->r->hart;

        poke32(p->r, RIG_RAM + DATA_AT, asm_mark(TRAPPED_M)); /* the old code */
        h->x[10] = windows[n] + DATA_AT;
        h->x[11] = asm_mark(WENT_ON);
        put(p, asm_s(OP_sw, 11, 10, 0));
        put(p, asm_i(OP_fence_i, 0, 0, 0));
        put(p, asm_i(OP_jalr, 0, 10, 0));
        CHECK_EQ_U64(run(p), WENT_ON);
        CHECK_EQ_U64(h->instret, 4);
        done(p);
    }
}

static void test_a_table_that_was_stored_uncached_is_walked_after_sfence_vma(void)
{
    struct rig *p = rig();
    struct hart *h = p->r->hart;

    h->x[10] = V_RAM_NC + (ROOT - RIG_RAM) + (V_DEV_NC >> 30) * 8;
    h->x[11] = RIG_RAM >> 12 << 10 | PTE_ALL; /* RAM there, cached, in place of the device */
    h->x[13] = V_DEV_NC + DATA_AT;
    le64_put(p->r->ram.ram + DATA_AT, 77);
    stores(p, 10, 0, 1);
    put(p, asm_r(OP_sfence_vma, 0, 0, 0));
    put(p, asm_i(OP_ld, 12, 13, 0));
    CHECK_EQ_U64(run(p), WENT_ON);
    CHECK_EQ_U64(h->x[12], 77);
    CHECK_EQ_U64(h->instret, 4);
    done(p);
}

static void test_a_line_may_hold_several_small_regions(void)
{
    struct rig *p = rig();
    struct region small[2];

    for (unsigned n = 0; n < 2; n++) {
        small[n] = (struct region){.name = "small", .base = DEVICE + 0x2000 + 32 + 16 * n, .size = 16,
                                   .access = touched, .owner = p, .link = &p->pcie};
        CHECK_EQ_U64((uint64_t)space_map(&p->r->space, &small[n], NULL), 0);
    }
    p->r->hart->x[10] = V_DEV_NC + DEVICE + 0x2000;
    stores(p, 10, 4, 4);
    put(p, FENCE(FENCE_W, FENCE_W));
    CHECK_EQ_U64(run(p), WENT_ON);
    settle(p);
    CHECK_EQ_U64(p->count, 4);
    CHECK_EQ_U64(small[0].traffic.transactions, 1);
    CHECK_EQ_U64(small[1].traffic.transactions, 1);
    done(p);
}

TEST_MAIN(test_io_stores_are_one_transaction_each_in_order,
          test_a_store_that_is_not_posted_waits_for_its_completion,
          test_a_load_does_not_pass_posted_stores,
          test_a_load_s_completion_does_not_pass_what_the_device_has_written,
          test_a_load_of_device_memory_pushes_the_stores_to_its_registers,
          test_a_full_queue_of_posted_stores_stalls_the_hart,
          test_uncached_ram_is_a_transaction_each_and_a_load_stalls,
          test_cached_ram_makes_no_transactions,
          test_a_fence_waits_for_uncached_stores_to_memory,
          test_device_memory_is_io_unless_svpbmt_says_otherwise,
          test_device_memory_holds_no_code_and_no_atomics,
          test_what_is_not_aligned_faults_by_its_type,
          test_a_full_line_is_one_transaction_at_once,
          test_a_device_sees_a_line_as_its_aligned_words,
          test_a_gap_makes_two_transactions_and_a_second_store_none,
          test_age_sends_a_buffer,
          test_a_ninth_line_sends_the_oldest,
          test_what_orders_stores_sends_the_buffers_and_nothing_else_does,
          test_a_load_sees_the_hart_s_own_combined_stores,
          test_combined_stores_are_seen_by_nobody_else_before_they_are_sent,
          test_a_doorbell_after_a_fence_finds_the_combined_data_in_memory,
          test_what_orders_stores_does_not_wait_for_those_of_other_harts_for_ever,
          test_a_full_queue_holds_combined_stores_back_and_loses_none,
          test_per_byte_an_io_load_costs_more_than_a_store_and_that_more_than_a_combined_one,
          test_an_atomic_finds_the_hart_s_own_uncached_stores_and_is_not_overwritten,
          test_a_release_comes_after_the_stores_that_it_releases,
          test_cbo_zero_comes_after_the_line_s_stores,
          test_code_that_was_stored_uncached_runs_after_fence_i,
          test_a_table_that_was_stored_uncached_is_walked_after_sfence_vma,
          test_a_line_may_hold_several_small_regions)
