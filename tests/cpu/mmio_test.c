/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores that leave the hart: when they arrive, what comes between, how they fail. */
#include "asm.h"

#define DEVICE UINT64_C(0x10000000)
#define NS 1000

/* A device that notes when it was touched. */
struct pad {
    struct hart_rig *r;
    struct link link;
    struct region region;
    struct {
        ps_t when;
        uint64_t addr, data;
        bool write;
    } seen[64];
    unsigned count;
    bool refuse;
};

static enum fault touched(void *owner, struct txn *txn)
{
    struct pad *p = owner;

    if (p->refuse)
        return FAULT_ACCESS;
    if (p->count < ARRAY_LEN(p->seen)) {
        p->seen[p->count].when = p->r->clock.now;
        p->seen[p->count].addr = txn->addr;
        p->seen[p->count].data = txn->data;
        p->seen[p->count++].write = txn->write;
    }
    if (!txn->write)
        txn->data = 0x8000 + txn->addr;
    return FAULT_NONE;
}

/* 20 ns of link each way, 40 ns of issue, as TIMING_IO has it. */
static struct pad *pad_new(void)
{
    struct pad *p = xcalloc(1, sizeof *p);

    p->r = rig_new(TIMING_IO);
    poke32(p->r, HANDLER_M, asm_mark(TRAPPED_M));
    p->r->hart->mtvec = HANDLER_M;
    link_init(&p->link, "soc", &p->r->clock, &p->r->space, &p->r->trace);
    params_add(&p->r->params, "soc", link_soc_params, &p->link.p);
    link_update(&p->link);
    p->region = (struct region){.name = "pad", .base = DEVICE, .size = 0x1000, .access = touched,
                                .owner = p, .link = &p->link};
    CHECK_EQ_U64((uint64_t)space_map(&p->r->space, &p->region, NULL), 0);
    p->r->shared.soc = &p->link;
    p->r->hart->x[10] = DEVICE;
    p->r->hart->x[11] = 0x1234;
    return p;
}

static void pad_free(struct pad *p)
{
    rig_free(p->r);
    free(p);
}

/* As the board's scheduler, for one hart; the mark that ended it. */
static unsigned run_to_mark(struct pad *p)
{
    struct hart *h = p->r->hart;

    for (unsigned n = 0; n < 1000; n++) {
        ps_t next = clock_next(&p->r->clock);
        uint64_t limit = next == PS_NEVER ? h->ticks + 1000000 : hart_ticks(h, next);
        enum stop stop;

        if (h->wait_stalls)
            h->ticks = u64_max(h->ticks, hart_ticks(h, h->wait_until));
        if (h->wait_until)
            clock_run(&p->r->clock, h->wait_until);
        h->wait_until = 0;
        h->wait_stalls = false;
        stop = interp_engine.run(h, u64_max(limit, h->ticks + 1));
        if (stop == STOP_MARK)
            return (unsigned)h->mark;
        if (stop == STOP_LIMIT)
            clock_run(&p->r->clock, hart_now(h));
    }
    return 0;
}

static void test_a_load_reaches_its_device_after_the_way_there(void)
{
    struct pad *p = pad_new();
    struct hart *h = p->r->hart;
    ps_t issued;

    poke32(p->r, CODE, asm_i(OP_addi, 1, 0, 1));
    poke32(p->r, CODE + 4, asm_i(OP_lw, 12, 10, 8));
    poke32(p->r, CODE + 8, asm_mark(WENT_ON));
    h->pc = CODE;
    issued = hart_ps(h, h->ticks + 4 + 4); /* half a cycle each */
    CHECK_EQ_U64(run_to_mark(p), WENT_ON);
    CHECK_EQ_U64(h->x[12], 0x8008);
    CHECK_EQ_U64(p->count, 1);
    CHECK_EQ_U64(p->seen[0].when, issued + (40 + 20) * NS);
    CHECK(hart_now(h) >= issued + 120 * NS);
    CHECK(hart_now(h) < issued + 121 * NS);
    pad_free(p);
}

struct interruption {
    struct event event;
    struct hart *hart;
    ps_t when;
};

static void interrupt(void *owner)
{
    struct interruption *i = owner;

    i->when = i->hart->m->clock->now;
    hart_drive(i->hart, IRQ_MTI, true);
}

static void count_probe(void *ctx, struct hart *h)
{
    (void)h;
    ++*(unsigned *)ctx;
}

/* An event between a load's issue and its arrival fires first; an interrupt that it raises is
 * taken after the load, which is performed once, and whose probe is hit once. */
static void test_an_event_under_way_comes_before_the_load_and_its_interrupt_after(void)
{
    for (ps_t at = 0; at < 150; at += 10) {
        struct pad *p = pad_new();
        struct hart *h = p->r->hart;
        struct interruption i = {.hart = h};
        unsigned hits = 0;

        event_init(&p->r->clock, &i.event, "test", interrupt, &i);
        clock_arm(&p->r->clock, &i.event, at * NS);
        code_probe_fn(p->r->shared.code, count_probe, &hits);
        code_probe_add(p->r->shared.code, CODE + 4);
        h->mie = MIP_BIT(IRQ_MTI);
        h->mstatus |= MSTATUS_MIE;
        poke32(p->r, CODE, asm_i(OP_addi, 1, 0, 1));
        poke32(p->r, CODE + 4, asm_i(OP_lw, 12, 10, 8));
        poke32(p->r, CODE + 8, asm_j(0, 0));
        h->pc = CODE;
        CHECK_EQ_U64(run_to_mark(p), TRAPPED_M);
        CHECK_EQ_U64(i.when, at * NS);
        if (at == 0) {
            CHECK(h->mepc <= CODE + 8);
        } else {
            CHECK_EQ_U64(h->mepc, CODE + 8);
            CHECK_EQ_U64(p->count, 1);
            CHECK_EQ_U64(hits, 1);
            CHECK_EQ_U64(h->x[12], 0x8008);
        }
        CHECK_EQ_U64(h->mmio_arrival, 0);
        pad_free(p);
    }
}

/* Whoever else writes to memory may change the load while it is under way. */
static void rewrite(void *owner)
{
    struct interruption *i = owner;
    uint8_t bytes[4];

    le32_put(bytes, asm_j(0, 0));
    i->when = i->hart->m->clock->now;
    CHECK_EQ_U64(space_write(i->hart->m->space, REQUESTER_PCI, CODE + 4, bytes, 4), FAULT_NONE);
}

static void test_a_load_that_vanishes_under_way_leaves_the_hart_interruptible(void)
{
    struct pad *p = pad_new();
    struct hart *h = p->r->hart;
    struct interruption change = {.hart = h}, i = {.hart = h};

    event_init(&p->r->clock, &change.event, "change", rewrite, &change);
    event_init(&p->r->clock, &i.event, "interrupt", interrupt, &i);
    clock_arm(&p->r->clock, &change.event, 30 * NS);
    clock_arm(&p->r->clock, &i.event, 500 * NS);
    h->mie = MIP_BIT(IRQ_MTI);
    h->mstatus |= MSTATUS_MIE;
    poke32(p->r, CODE, asm_i(OP_addi, 1, 0, 1));
    poke32(p->r, CODE + 4, asm_i(OP_lw, 12, 10, 8));
    poke32(p->r, CODE + 8, asm_mark(WENT_ON));
    h->pc = CODE;
    CHECK_EQ_U64(run_to_mark(p), TRAPPED_M);
    CHECK_EQ_U64(h->mcause, CAUSE_INTERRUPT | IRQ_MTI);
    CHECK_EQ_U64(h->mepc, CODE + 4);
    CHECK_EQ_U64(p->count, 0);
    CHECK_EQ_U64(h->mmio_arrival, 0);
    pad_free(p);
}

static void test_stores_arrive_in_order_and_a_fence_waits_for_them(void)
{
    struct pad *p = pad_new();
    struct hart *h = p->r->hart;
    uint64_t at = CODE;

    for (unsigned n = 0; n < 8; n++)
        poke32(p->r, at += 4, asm_s(OP_sw, 11, 10, 4 * n));
    poke32(p->r, at += 4, asm_i(OP_fence, 0, 0, 0xff));
    poke32(p->r, at += 4, asm_mark(WENT_ON));
    h->pc = CODE + 4;
    CHECK_EQ_U64(run_to_mark(p), WENT_ON);
    clock_run(&p->r->clock, hart_now(h));
    CHECK_EQ_U64(p->count, 8);
    for (unsigned n = 0; n < p->count; n++) {
        CHECK(p->seen[n].write);
        CHECK_EQ_U64(p->seen[n].addr, 4 * n);
        CHECK_EQ_U64(p->seen[n].data, 0x1234);
        CHECK(n == 0 || p->seen[n].when >= p->seen[n - 1].when);
    }
    pad_free(p);
}

/* FIOM: to fence memory is to fence devices too (menvcfg for S and U, senvcfg for U). */
static void test_fiom_makes_fences_of_memory_wait_for_device_stores(void)
{
    for (unsigned n = 0; n < 8; n++) {
        struct pad *p = pad_new();
        struct hart *h = p->r->hart;
        bool waits = n & 4 ? n & 3 : n & 1; /* bit 2: in U, else in S */

        h->pmpcfg[0] = 0x1f;
        h->pmpaddr[0] = mask_bits(54);
        pmp_changed(h);
        h->menvcfg = n & 1 ? ENVCFG_FIOM : 0;
        h->senvcfg = n & 2 ? ENVCFG_FIOM : 0;
        poke32(p->r, CODE, asm_s(OP_sw, 11, 10, 0));
        poke32(p->r, CODE + 4, asm_i(OP_fence, 0, 0, 0x33));
        poke32(p->r, CODE + 8, asm_mark(WENT_ON));
        set_priv(p->r, n & 4 ? PRIV_U : PRIV_S);
        h->pc = CODE;
        CHECK_EQ_U64(run_to_mark(p), WENT_ON);
        CHECK_EQ_U64(hart_now(h) >= 60 * NS, waits);
        pad_free(p);
    }
}

static void test_a_full_queue_of_stores_stalls_the_hart(void)
{
    struct pad *p = pad_new();
    struct hart *h = p->r->hart;
    uint64_t at = CODE;

    for (unsigned n = 0; n < 40; n++)
        poke32(p->r, at += 4, asm_s(OP_sw, 11, 10, 4 * n));
    poke32(p->r, at += 4, asm_mark(WENT_ON));
    h->pc = CODE + 4;
    CHECK_EQ_U64(run_to_mark(p), WENT_ON);
    /* 16 fit: the 17th waits for the first to arrive, and so on. */
    CHECK(hart_now(h) >= 2 * 60 * NS);
    clock_run(&p->r->clock, hart_now(h) + 1000 * NS);
    CHECK_EQ_U64(p->count, 40);
    for (unsigned n = 0; n < 40; n++)
        CHECK_EQ_U64(p->seen[n].addr, 4 * n);
    pad_free(p);
}

static void test_a_load_finds_the_stores_before_it_done(void)
{
    struct pad *p = pad_new();
    struct hart *h = p->r->hart;

    poke32(p->r, CODE, asm_s(OP_sw, 11, 10, 0));
    poke32(p->r, CODE + 4, asm_s(OP_sw, 11, 10, 4));
    poke32(p->r, CODE + 8, asm_i(OP_lw, 12, 10, 8));
    poke32(p->r, CODE + 12, asm_mark(WENT_ON));
    h->pc = CODE;
    CHECK_EQ_U64(run_to_mark(p), WENT_ON);
    CHECK_EQ_U64(p->count, 3);
    CHECK(p->seen[0].write && p->seen[1].write && !p->seen[2].write);
    pad_free(p);
}

static void test_what_devices_do_not_take_is_an_access_fault(void)
{
    static const struct {
        uint32_t word;
        uint64_t base, cause, tval;
    } cases[] = {
        {0x00052603 /* lw a2, 0(a0) */, DEVICE + 2, CAUSE_LOAD_ACCESS, DEVICE + 2},
        {0x00b52023 /* sw a1, 0(a0) */, DEVICE + 1, CAUSE_STORE_ACCESS, DEVICE + 1},
        {0x00053603 /* ld a2, 0(a0) */, DEVICE + 0xffc, CAUSE_LOAD_ACCESS, DEVICE + 0xffc},
        {0x00052603, DEVICE + 0x1000, CAUSE_LOAD_ACCESS, DEVICE + 0x1000},
        {0x00b52023, DEVICE - 4, CAUSE_STORE_ACCESS, DEVICE - 4},
        {0x00b5262f /* amoadd.w */, DEVICE, CAUSE_STORE_ACCESS, DEVICE},
        {0x1005262f /* lr.w */, DEVICE, CAUSE_LOAD_ACCESS, DEVICE},
        {0x00b52023, RIG_RAM + RIG_RAM_BYTES - 2, CAUSE_STORE_ACCESS, RIG_RAM + RIG_RAM_BYTES},
        {0x00052603, RIG_RAM - 2, CAUSE_LOAD_ACCESS, RIG_RAM - 2},
    };

    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct pad *p = pad_new();

        poke32(p->r, CODE, cases[n].word);
        poke32(p->r, CODE + 4, asm_mark(WENT_ON));
        p->r->hart->pc = CODE;
        p->r->hart->x[10] = cases[n].base;
        CHECK_EQ_U64(run_to_mark(p), TRAPPED_M);
        CHECK_EQ_U64(p->r->hart->mcause, cases[n].cause);
        CHECK_EQ_U64(p->r->hart->mtval, cases[n].tval);
        CHECK_EQ_U64(p->r->hart->mepc, CODE);
        CHECK_EQ_U64(p->count, 0);
        pad_free(p);
    }
}

static void test_a_device_that_refuses_a_load_faults_it(void)
{
    struct pad *p = pad_new();

    p->refuse = true;
    poke32(p->r, CODE, asm_i(OP_lw, 12, 10, 0));
    p->r->hart->pc = CODE;
    p->r->hart->x[12] = 5;
    CHECK_EQ_U64(run_to_mark(p), TRAPPED_M);
    CHECK_EQ_U64(p->r->hart->mcause, CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(p->r->hart->mepc, CODE);
    CHECK_EQ_U64(p->r->hart->x[12], 5);
    pad_free(p);
}

/* Execution cannot begin in a device. */
static void test_a_fetch_from_a_device_faults(void)
{
    struct pad *p = pad_new();

    p->r->hart->pc = DEVICE;
    CHECK_EQ_U64(run_to_mark(p), TRAPPED_M);
    CHECK_EQ_U64(p->r->hart->mcause, CAUSE_FETCH_ACCESS);
    CHECK_EQ_U64(p->r->hart->mtval, DEVICE);
    CHECK_EQ_U64(p->count, 0);
    pad_free(p);
}

TEST_MAIN(test_a_load_reaches_its_device_after_the_way_there,
          test_an_event_under_way_comes_before_the_load_and_its_interrupt_after,
          test_a_load_that_vanishes_under_way_leaves_the_hart_interruptible,
          test_stores_arrive_in_order_and_a_fence_waits_for_them,
          test_fiom_makes_fences_of_memory_wait_for_device_stores,
          test_a_full_queue_of_stores_stalls_the_hart,
          test_a_load_finds_the_stores_before_it_done,
          test_what_devices_do_not_take_is_an_access_fault,
          test_a_device_that_refuses_a_load_faults_it, test_a_fetch_from_a_device_faults)
