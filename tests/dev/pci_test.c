/* SPDX-License-Identifier: Apache-2.0 */
/* A function with every capability behind the host bridge, driven as a hart drives it: through the
 * address space. */
#include "check.h"
#include "dev/pcie_host.h"
#include "sim/random.h"

#include <stdlib.h>

enum { PCI_CONFIG_REGS(REG_OFFSET) };

#define ECAM UINT64_C(0x30000000)
#define DEV(device) (ECAM + ((uint64_t)(device) << 15))
#define BAR0 UINT64_C(0x40000000)
#define MSIX_BAR UINT64_C(0x40100000)
#define RAM UINT64_C(0x80000000)

struct toy {
    struct pci_function pci;
    uint64_t value;
    unsigned resets;
};

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct params params;
    struct pcie_host host;
    struct toy a, b;
    uint8_t memory[65536];
    struct region ram;
    bool irq[4];
};

static enum fault toy_access(void *owner, struct txn *txn)
{
    struct toy *t = owner;

    if (txn->write)
        t->value = txn->data | txn->addr << 32;
    else
        txn->data = t->value;
    return FAULT_NONE;
}

static void toy_flr(void *owner)
{
    struct toy *t = owner;

    t->resets++;
}

static void on_irq(void *sink, unsigned pin, bool level)
{
    ((struct rig *)sink)->irq[pin] = level;
}

static void toy_up(struct rig *r, struct toy *t, const char *name, unsigned device)
{
    static const struct pci_ids ids = {0x1b36, 0x0010, 0x1af4, 0x1100, 0x010802, 2};
    static const struct pci_ops ops = {toy_flr};
    struct device_env env = {.name = name, .clock = &r->clock, .trace = &r->trace,
                             .space = &r->space, .link = &r->link};

    pci_function_init(&t->pci, &env, &ids, &ops, t);
    pci_add_bar(&t->pci, 0, 0x4000, PCI_BAR_MEM64, toy_access, t);
    pci_add_msix(&t->pci, 4, 130);
    pci_add_bar(&t->pci, 5, 0x20, PCI_BAR_IO, toy_access, t);
    pci_add_msi(&t->pci, 4);
    pci_add_intx(&t->pci, 1);
    CHECK(pcie_host_add(&r->host, &t->pci, device, 0, NULL) == 0);
    pci_function_reset(&t->pci);
}

static struct rig *rig_up(enum timing_level level)
{
    struct rig *r = calloc(1, sizeof *r);
    struct device_env env = {.name = "pcie", .clock = &r->clock, .trace = &r->trace,
                             .space = &r->space, .link = &r->link};

    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    r->params.level = level;
    link_init(&r->link, "pcie0", &r->clock, &r->space, &r->trace);
    params_add(&r->params, "pcie0", link_pcie_params, &r->link.p);
    link_update(&r->link);
    r->ram = (struct region){.name = "ram", .base = RAM, .size = sizeof r->memory,
                             .ram = r->memory};
    CHECK(space_map(&r->space, &r->ram, NULL) == 0);
    CHECK(pcie_host_class.init(&r->host, &env, NULL) == 0);
    pcie_host_class.reset(&r->host);
    CHECK(space_map(&r->space, pcie_host_class.region(&r->host, 0), NULL) == 0);
    for (unsigned i = 0; i < 4; i++)
        line_connect(&r->host.irq[i], on_irq, r, i);
    toy_up(r, &r->a, "a", 1);
    toy_up(r, &r->b, "b", 2);
    return r;
}

static void rig_down(struct rig *r)
{
    pci_function_fini(&r->a.pci);
    pci_function_fini(&r->b.pci);
    pcie_host_class.fini(&r->host);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
    free(r);
}

static uint64_t get(struct rig *r, uint64_t addr, unsigned size)
{
    struct txn t = {.addr = addr, .size = (uint8_t)size};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    return t.data;
}

static void put(struct rig *r, uint64_t addr, unsigned size, uint64_t value)
{
    struct txn t = {.addr = addr, .size = (uint8_t)size, .write = true, .data = value};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
}

/* What firmware and a driver do first. */
static void enable(struct rig *r, unsigned device, uint64_t bar0, uint64_t msix_bar)
{
    put(r, DEV(device) + PCI_BAR_OFFSET, 4, bar0);
    put(r, DEV(device) + PCI_BAR_OFFSET + 4, 4, bar0 >> 32);
    put(r, DEV(device) + PCI_BAR_OFFSET + 16, 4, msix_bar);
    put(r, DEV(device) + PCI_COMMAND_OFFSET, 2, 0x6);
}

static void set_vector(struct rig *r, unsigned vector, uint64_t addr, uint32_t data, bool masked)
{
    put(r, MSIX_BAR + 16 * vector, 8, addr);
    put(r, MSIX_BAR + 16 * vector + 8, 8, data | (uint64_t)masked << 32);
}

static void settle(struct rig *r)
{
    clock_run(&r->clock, r->clock.now + 10 * PS_PER_US);
}

static uint32_t mem(struct rig *r, unsigned at)
{
    return le32_get(r->memory + at);
}

static void test_absent_functions_and_buses_read_all_ones_and_lose_writes(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    CHECK_EQ_U64(get(r, DEV(0), 4), 0x00081b36);
    CHECK_EQ_U64(get(r, DEV(1), 4), 0x00101b36);
    CHECK_EQ_U64(get(r, DEV(3), 4), 0xffffffff);
    CHECK_EQ_U64(get(r, DEV(1) + 0x1000, 2), 0xffff);
    CHECK_EQ_U64(get(r, ECAM + 0x100000, 4), 0xffffffff);
    CHECK_EQ_U64(get(r, ECAM + 0xffffff8, 8), UINT64_MAX);
    put(r, DEV(3) + 8, 8, UINT64_MAX);
    CHECK_EQ_U64(get(r, DEV(3) + 8, 4), 0xffffffff);
    rig_down(r);
}

static void test_extended_configuration_space_is_an_empty_list(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    CHECK_EQ_U64(get(r, DEV(1) + 0x100, 4), 0);
    put(r, DEV(1) + 0x100, 4, 0xffffffff);
    CHECK_EQ_U64(get(r, DEV(1) + 0x100, 4), 0);
    rig_down(r);
}

static void test_the_capability_list_names_pm_msi_msix_and_pcie(void)
{
    static const uint8_t want[] = {PCI_CAP_ID_PM, PCI_CAP_ID_MSI, PCI_CAP_ID_MSIX,
                                   PCI_CAP_ID_PCIE};
    struct rig *r = rig_up(TIMING_OFF);
    uint64_t at = get(r, DEV(1) + PCI_CAP_POINTER_OFFSET, 1);

    CHECK(get(r, DEV(1) + PCI_STATUS_OFFSET, 2) & 0x10);
    for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
        CHECK_EQ_U64(get(r, DEV(1) + at, 1), want[i]);
        at = get(r, DEV(1) + at + 1, 1);
    }
    CHECK_EQ_U64(at, 0);
    CHECK_EQ_U64(get(r, DEV(0) + PCI_CAP_POINTER_OFFSET, 1), 0);
    CHECK_EQ_U64(get(r, DEV(0) + PCI_STATUS_OFFSET, 2), 0);
    rig_down(r);
}

static void test_link_registers_say_what_the_timing_uses(void)
{
    struct rig *r = rig_up(TIMING_IO);

    r->link.p.generation = 4;
    r->link.p.lanes = 8;
    r->link.p.max_payload_bytes = 512;
    pci_function_reset(&r->a.pci);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_EXP_LNKSTA_OFFSET, 2) & 0x3ff, 0x084);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_EXP_LNKCAP_OFFSET, 4) & 0x3ff, 0x084);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_EXP_LNKCAP2_OFFSET, 4), 0x1e);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_EXP_DEVCAP_OFFSET, 4) & 7, 2);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_EXP_DEVCTL_OFFSET, 2) >> 5 & 7, 2);
    rig_down(r);
}

static void test_bars_tell_their_size_and_keep_their_type(void)
{
    struct rig *r = rig_up(TIMING_OFF);
    uint64_t bar = DEV(1) + PCI_BAR_OFFSET;

    put(r, bar, 8, UINT64_MAX);
    CHECK_EQ_U64(get(r, bar, 8), UINT64_C(0xffffffffffffc004));
    put(r, bar + 8, 4, 0xffffffff);
    CHECK_EQ_U64(get(r, bar + 8, 4), 0);
    put(r, bar + 16, 4, 0xffffffff);
    CHECK_EQ_U64(get(r, bar + 16, 4), 0xffffc000);
    put(r, bar + 20, 4, 0xffffffff);
    CHECK_EQ_U64(get(r, bar + 20, 4), 0xffffffe1);
    put(r, DEV(1) + PCI_ROM_OFFSET, 4, 0xffffffff);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_ROM_OFFSET, 4), 0);
    rig_down(r);
}

static void test_a_bar_answers_only_while_memory_decoding_is_on(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, BAR0 + 0x10, 4, 7);
    CHECK_EQ_U64(r->a.value, UINT64_C(0x1000000007));
    CHECK_EQ_U64(get(r, BAR0, 4), 7);
    CHECK(space_find(&r->space, BAR0)->link == &r->link);
    put(r, DEV(1) + PCI_COMMAND_OFFSET, 2, 0x4);
    CHECK_EQ_U64(get(r, BAR0, 4), 0xffffffff);
    put(r, BAR0, 4, 9);
    CHECK_EQ_U64(r->a.value, UINT64_C(0x1000000007));
    rig_down(r);
}

static void test_a_bar_moves_to_the_64_bit_window(void)
{
    struct rig *r = rig_up(TIMING_OFF);
    uint64_t high = UINT64_C(0x7ffffc000);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_BAR_OFFSET, 8, high);
    put(r, high, 8, 0x1122334455667788);
    CHECK_EQ_U64(r->a.value, 0x1122334455667788);
    CHECK_EQ_U64(get(r, BAR0, 8), UINT64_MAX);
    rig_down(r);
}

static void test_a_bar_outside_the_windows_is_not_decoded(void)
{
    static const uint64_t where[] = {0, 0x10000000, ECAM, 0x3fffc000, RAM, RAM + 0x4000,
                                     UINT64_C(0x3ffffc000), UINT64_C(0x800000000),
                                     UINT64_C(0xffffffffffffc000)};
    struct rig *r = rig_up(TIMING_OFF);

    for (unsigned i = 0; i < ARRAY_LEN(where); i++) {
        enable(r, 1, where[i], MSIX_BAR);
        CHECK(!r->a.pci.bar[0].mapped);
        CHECK(r->a.pci.bar[4].mapped);
    }
    CHECK_EQ_U64(get(r, RAM, 4), 0);
    rig_down(r);
}

static void test_of_overlapping_bars_the_lower_function_answers_whatever_came_first(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    r->a.value = 1;
    r->b.value = 2;
    enable(r, 2, BAR0, MSIX_BAR + 0x4000);
    CHECK_EQ_U64(get(r, BAR0, 4), 2);
    enable(r, 1, BAR0, MSIX_BAR);
    CHECK_EQ_U64(get(r, BAR0, 4), 1);
    put(r, DEV(1) + PCI_COMMAND_OFFSET, 2, 0);
    CHECK_EQ_U64(get(r, BAR0, 4), 2);
    rig_down(r);
}

static void test_an_io_bar_answers_in_the_io_window(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    put(r, DEV(1) + PCI_BAR_OFFSET + 20, 4, 0x1000);
    put(r, DEV(1) + PCI_COMMAND_OFFSET, 2, 0x1);
    put(r, 0x3001004, 1, 0x5a);
    CHECK_EQ_U64(r->a.value, UINT64_C(0x40000005a));
    CHECK_EQ_U64(get(r, 0x3001020, 1), 0xff);
    put(r, DEV(1) + PCI_BAR_OFFSET + 20, 4, 0x10000);
    CHECK(!r->a.pci.bar[5].mapped);
    put(r, DEV(1) + PCI_BAR_OFFSET + 20, 4, 0xffe0);
    CHECK(r->a.pci.bar[5].mapped);
    rig_down(r);
}

static void test_devices_cannot_reach_configuration_space_or_empty_windows(void)
{
    struct rig *r = rig_up(TIMING_OFF);
    uint8_t bytes[8] = {0xff, 0xff};

    CHECK_EQ_U64(space_write(&r->space, REQUESTER_PCI | 8, DEV(1) + 4, bytes, 4), FAULT_ACCESS);
    CHECK_EQ_U64(get(r, DEV(1) + 4, 2), 0);
    CHECK_EQ_U64(space_read(&r->space, REQUESTER_PCI | 8, BAR0, bytes, 4), FAULT_DECODE);
    rig_down(r);
}

static void test_bus_mastering_follows_the_command_register_and_d3(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    CHECK(!r->a.pci.port.enabled);
    enable(r, 1, BAR0, MSIX_BAR);
    CHECK(r->a.pci.port.enabled);
    CHECK_EQ_U64(r->a.pci.port.requester, REQUESTER_PCI | 8);
    put(r, DEV(1) + PCI_PM_CSR_OFFSET, 2, 3);
    CHECK(!r->a.pci.port.enabled);
    CHECK_EQ_U64(get(r, BAR0, 4), 0xffffffff);
    put(r, DEV(1) + PCI_PM_CSR_OFFSET, 2, 1); /* D1: not taken */
    CHECK_EQ_U64(get(r, DEV(1) + PCI_PM_CSR_OFFSET, 2) & 3, 3);
    put(r, DEV(1) + PCI_PM_CSR_OFFSET, 2, 0);
    CHECK(r->a.pci.port.enabled);
    CHECK_EQ_U64(get(r, BAR0, 4), 0);
    rig_down(r);
}

static void test_intx_is_swizzled_shared_and_can_be_disabled(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    CHECK_EQ_U64(pcie_host_line(1, 1), 1);
    CHECK_EQ_U64(pcie_host_line(2, 4), 1);
    pci_intx_set(&r->a.pci, true);
    CHECK(r->irq[1] && !r->irq[2]);
    CHECK(get(r, DEV(1) + PCI_STATUS_OFFSET, 2) & 8);
    r->b.pci.intx_pin = 4;
    pci_intx_set(&r->b.pci, true);
    put(r, DEV(1) + PCI_COMMAND_OFFSET, 2, 0x400);
    CHECK(r->irq[1]);
    CHECK(get(r, DEV(1) + PCI_STATUS_OFFSET, 2) & 8);
    pci_intx_set(&r->b.pci, false);
    CHECK(!r->irq[1]);
    put(r, DEV(1) + PCI_COMMAND_OFFSET, 2, 0);
    CHECK(r->irq[1]);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    CHECK(!r->irq[1]);
    rig_down(r);
}

/* PCI Express 5.0, table 2-40: no request passes a posted one before it. */
static void test_a_configuration_access_does_not_pass_posted_stores(void)
{
    for (unsigned way = 0; way < 3; way++) {
        struct rig *r = rig_up(TIMING_IO);
        enum fault fault;

        enable(r, 1, BAR0, MSIX_BAR);
        for (unsigned n = 1; n <= 3; n++)
            link_store(&r->link, &(struct txn){.addr = BAR0 + 4, .size = 4, .write = true, .data = n},
                       r->clock.now, 0, &fault);
        CHECK_EQ_U64(r->a.value, 0);
        if (way == 0)
            put(r, DEV(1) + PCI_COMMAND_OFFSET, 2, 0); /* nothing decodes from now on */
        else if (way == 1)
            put(r, DEV(1) + PCI_BAR_OFFSET, 4, BAR0 + 0x8000);
        else
            get(r, DEV(1) + PCI_COMMAND_OFFSET, 2);
        CHECK_EQ_U64(r->a.value, UINT64_C(4) << 32 | 3);
        settle(r);
        CHECK_EQ_U64(r->a.value, UINT64_C(4) << 32 | 3);
        CHECK_EQ_U64(link_posted_until(&r->link), 0);
        rig_down(r);
    }
}

static void test_an_msix_message_is_a_write_of_the_table_s_data(void)
{
    struct rig *r = rig_up(TIMING_IO);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2), 0x8000 | 129);
    CHECK(pci_irq_mode(&r->a.pci) == PCI_IRQ_MSIX);
    set_vector(r, 129, RAM + 0x100, 77, false);
    pci_msix_send(&r->a.pci, 129);
    CHECK_EQ_U64(mem(r, 0x100), 0);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 77);
    pci_msix_send(&r->a.pci, 130);
    pci_msix_send(&r->a.pci, UINT32_MAX);
    settle(r);
    rig_down(r);
}

static void test_signals_during_a_message_are_one_more_message_with_their_own_cause(void)
{
    struct rig *r = rig_up(TIMING_IO);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    set_vector(r, 0, RAM + 0x100, 1, false);
    pci_msix_send(&r->a.pci, 0);
    r->clock.cause = 42;
    pci_msix_send(&r->a.pci, 0);
    pci_msix_send(&r->a.pci, 0);
    r->clock.cause = 0;
    clock_run(&r->clock, clock_next(&r->clock));
    CHECK_EQ_U64(mem(r, 0x100), 1);
    le32_put(r->memory + 0x100, 0);
    CHECK_EQ_U64(r->a.pci.vector[0].op.event.cause, 42);
    clock_run(&r->clock, clock_next(&r->clock));
    CHECK_EQ_U64(mem(r, 0x100), 1);
    CHECK(clock_next(&r->clock) == PS_NEVER);
    rig_down(r);
}

static void test_masked_vectors_are_pending_and_sent_when_unmasked(void)
{
    struct rig *r = rig_up(TIMING_IO);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    CHECK_EQ_U64(get(r, MSIX_BAR + 12, 4), 1); /* masked by reset */
    set_vector(r, 0, RAM + 0x100, 5, true);
    set_vector(r, 65, RAM + 0x104, 6, false);
    pci_msix_send(&r->a.pci, 0);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0xc000);
    pci_msix_send(&r->a.pci, 65);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100) | mem(r, 0x104), 0);
    CHECK_EQ_U64(get(r, MSIX_BAR + PCI_MSIX_PBA_AT, 8), 1);
    CHECK_EQ_U64(get(r, MSIX_BAR + PCI_MSIX_PBA_AT + 8, 4), 2);
    put(r, MSIX_BAR + PCI_MSIX_PBA_AT, 8, 0); /* read-only */
    CHECK_EQ_U64(get(r, MSIX_BAR + PCI_MSIX_PBA_AT, 8), 1);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0);
    CHECK_EQ_U64(mem(r, 0x104), 6);
    put(r, MSIX_BAR + 12, 4, 0);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 5);
    CHECK_EQ_U64(get(r, MSIX_BAR + PCI_MSIX_PBA_AT, 8), 0);
    rig_down(r);
}

static void test_a_pending_vector_whose_reason_is_gone_is_not_sent(void)
{
    struct rig *r = rig_up(TIMING_IO);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    set_vector(r, 0, RAM + 0x100, 5, true);
    pci_msix_send(&r->a.pci, 0);
    pci_msix_cancel(&r->a.pci, 0);
    put(r, MSIX_BAR + 12, 4, 0);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0);
    rig_down(r);
}

static void test_msix_survives_being_turned_off_and_reprogrammed(void)
{
    struct rig *r = rig_up(TIMING_IO);

    enable(r, 1, BAR0, MSIX_BAR);
    for (uint32_t round = 1; round < 4; round++) {
        put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0xc000);
        set_vector(r, 0, RAM + 0x100 * round, round, false);
        put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
        pci_msix_send(&r->a.pci, 0);
        settle(r);
        CHECK_EQ_U64(mem(r, 0x100 * round), round);
        put(r, MSIX_BAR + 12, 4, 1);
        put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0);
        pci_msix_send(&r->a.pci, 0); /* off: nobody to tell */
        settle(r);
        CHECK(pci_irq_mode(&r->a.pci) == PCI_IRQ_INTX);
    }
    CHECK_EQ_U64(mem(r, 0x400), 0);
    rig_down(r);
}

static void test_the_msix_bar_takes_only_dwords_and_qwords(void)
{
    struct rig *r = rig_up(TIMING_OFF);
    struct txn t = {.addr = MSIX_BAR, .size = 2};

    enable(r, 1, BAR0, MSIX_BAR);
    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_SIZE);
    put(r, MSIX_BAR + 16 * 130, 8, UINT64_MAX); /* past the table */
    CHECK_EQ_U64(get(r, MSIX_BAR + 16 * 130, 8), 0);
    put(r, MSIX_BAR, 8, UINT64_MAX);
    CHECK_EQ_U64(get(r, MSIX_BAR, 8), UINT64_C(0xfffffffffffffffc));
    put(r, MSIX_BAR + 12, 4, 0xffffffff);
    CHECK_EQ_U64(get(r, MSIX_BAR + 12, 4), 1);
    rig_down(r);
}

static void test_without_bus_mastering_no_message_leaves(void)
{
    struct rig *r = rig_up(TIMING_IO);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_COMMAND_OFFSET, 2, 0x2);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    set_vector(r, 0, RAM + 0x100, 5, false);
    pci_msix_send(&r->a.pci, 0);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0);
    rig_down(r);
}

static void test_msi_sends_as_many_messages_as_it_was_given(void)
{
    struct rig *r = rig_up(TIMING_IO);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_MSI_ADDRESS_OFFSET, 4, RAM + 0x103);
    put(r, DEV(1) + PCI_MSI_DATA_OFFSET, 2, 0x4b);
    put(r, DEV(1) + PCI_MSI_CONTROL_OFFSET, 2, 0x01 | 1 << 4);
    CHECK(pci_irq_mode(&r->a.pci) == PCI_IRQ_MSI);
    pci_msi_send(&r->a.pci, 0);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0x4a);
    pci_msi_send(&r->a.pci, 3); /* given two: 3 modulo 2 */
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0x4b);
    put(r, DEV(1) + PCI_MSI_CONTROL_OFFSET, 2, 0x01 | 7 << 4); /* more than it wants */
    pci_msi_send(&r->a.pci, 7);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0x4b);
    put(r, DEV(1) + PCI_MSI_MASK_OFFSET, 4, 0xffffffff);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_MSI_MASK_OFFSET, 4), 0xf);
    pci_msi_send(&r->a.pci, 2);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0x4b);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_MSI_PENDING_OFFSET, 4), 4);
    put(r, DEV(1) + PCI_MSI_MASK_OFFSET, 4, 0);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0x4a);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_MSI_PENDING_OFFSET, 4), 0);
    rig_down(r);
}

static void test_a_message_into_its_own_table_does_not_recur(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    set_vector(r, 1, RAM + 0x100, 1, true);
    pci_msix_send(&r->a.pci, 1);
    set_vector(r, 0, MSIX_BAR + 16 + 12, 0, false); /* unmasks vector 1 */
    pci_msix_send(&r->a.pci, 0);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 1);
    set_vector(r, 0, MSIX_BAR + 12, 0, false); /* its own */
    pci_msix_send(&r->a.pci, 0);
    settle(r);
    CHECK(clock_next(&r->clock) == PS_NEVER);
    rig_down(r);
}

static void test_flr_resets_configuration_vectors_and_the_device(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK(get(r, DEV(1) + PCI_EXP_DEVCAP_OFFSET, 4) & 1 << 28);
    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    set_vector(r, 0, RAM + 0x100, 5, false);
    pci_msix_send(&r->a.pci, 0);
    put(r, DEV(1) + PCI_EXP_DEVCTL_OFFSET, 2, 0x8000);
    CHECK_EQ_U64(r->a.resets, 1);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_COMMAND_OFFSET, 2), 0);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_BAR_OFFSET, 8), 4);
    CHECK_EQ_U64(get(r, DEV(1) + PCI_EXP_DEVCTL_OFFSET, 2) & 0x8000, 0);
    CHECK_EQ_U64(get(r, BAR0, 4), 0xffffffff);
    settle(r);
    CHECK_EQ_U64(mem(r, 0x100), 0);
    enable(r, 1, BAR0, MSIX_BAR);
    CHECK_EQ_U64(get(r, MSIX_BAR, 8), 0);
    CHECK_EQ_U64(get(r, MSIX_BAR + 12, 4), 1);
    rig_down(r);
}

static const struct field toy_state[] = {PCI_STATE(struct toy, pci), FIELD(struct toy, value),
                                         FIELD_END};

static void test_a_saved_function_comes_back_with_its_mappings_and_its_message_under_way(void)
{
    struct rig *r = rig_up(TIMING_IO), *s = rig_up(TIMING_IO);
    struct archive a = {0};

    enable(r, 1, BAR0, MSIX_BAR);
    put(r, DEV(1) + PCI_MSIX_CONTROL_OFFSET, 2, 0x8000);
    set_vector(r, 7, RAM + 0x100, 99, false);
    pci_msix_send(&r->a.pci, 7);
    pci_msix_send(&r->a.pci, 7);
    state_save(&a, toy_state, &r->a);
    CHECK(state_load(&a, toy_state, &s->a, &s->clock, NULL) == 0);
    pci_function_restore(&s->a.pci);
    CHECK_EQ_U64(state_hash(toy_state, &r->a), state_hash(toy_state, &s->a));
    CHECK(s->a.pci.port.enabled);
    put(s, BAR0, 4, 3);
    CHECK_EQ_U64(s->a.value, 3);
    clock_run(&s->clock, clock_next(&s->clock));
    CHECK_EQ_U64(mem(s, 0x100), 99);
    le32_put(s->memory + 0x100, 0);
    settle(s);
    CHECK_EQ_U64(mem(s, 0x100), 99);
    archive_free(&a);
    rig_down(r);
    rig_down(s);
}

/* ---- random scripts ---- */

static uint64_t some_address(struct random *rnd, unsigned size)
{
    static const uint64_t base[] = {BAR0, MSIX_BAR, RAM, UINT64_C(0x3001000), MSIX_BAR + 0x2000};
    uint64_t device = random_below(rnd, 3), at;

    if (random_below(rnd, 2))
        at = DEV(device) + random_below(rnd, 0x100);
    else
        at = base[random_below(rnd, ARRAY_LEN(base))] + random_below(rnd, 0x40);
    return at & ~(uint64_t)(size - 1);
}

static uint64_t some_data(struct random *rnd)
{
    static const uint64_t data[] = {0, UINT64_MAX, BAR0, MSIX_BAR, RAM + 0x20, MSIX_BAR + 12,
                                    0x1001, 0x0407, 0x80008000, 0x6, 1, DEV(1)};

    return random_below(rnd, 2) ? data[random_below(rnd, ARRAY_LEN(data))] : random_u64(rnd);
}

static uint64_t random_step(struct rig *r, struct random *rnd)
{
    struct toy *t = random_below(rnd, 2) ? &r->a : &r->b;
    struct txn txn = {0};
    uint64_t seen = 0;

    switch (random_below(rnd, 8)) {
    case 0:
        pci_msix_send(&t->pci, (unsigned)random_below(rnd, 5));
        break;
    case 1:
        pci_msi_send(&t->pci, (unsigned)random_below(rnd, 5));
        break;
    case 2:
        pci_intx_set(&t->pci, random_below(rnd, 2));
        break;
    case 3:
        clock_run(&r->clock, r->clock.now + random_below(rnd, 300) * PS_PER_NS);
        break;
    case 4: /* what a driver does to get interrupts */
        enable(r, t == &r->a ? 1 : 2, BAR0 + 0x8000 * random_below(rnd, 2), MSIX_BAR);
        put(r, DEV(t == &r->a ? 1 : 2) + PCI_MSIX_CONTROL_OFFSET, 2, random_below(rnd, 4) << 14);
        put(r, DEV(t == &r->a ? 1 : 2) + PCI_MSI_CONTROL_OFFSET, 2, random_below(rnd, 2));
        break;
    default:
        txn.size = (uint8_t)(1u << random_below(rnd, 4));
        txn.addr = some_address(rnd, txn.size);
        txn.write = random_below(rnd, 4);
        txn.data = some_data(rnd);
        seen = space_access(&r->space, &txn);
        seen = txn.write ? seen : seen ^ txn.data;
    }
    for (unsigned i = 0; i < 4; i++)
        seen ^= (uint64_t)r->irq[i] << (60 + i);
    return seen ^ (uint64_t)r->a.pci.port.enabled << 50 ^ (uint64_t)r->b.pci.port.enabled << 51;
}

static void rig_save(struct rig *r, struct archive *a)
{
    state_save(a, pcie_host_class.state, &r->host);
    state_save(a, toy_state, &r->a);
    state_save(a, toy_state, &r->b);
    state_save(a, link_fields, &r->link);
    archive_put(a, r->memory, sizeof r->memory);
    archive_put(a, &r->clock.seq, sizeof r->clock.seq);
}

static void rig_load(struct rig *r, struct archive *a)
{
    CHECK(state_load(a, pcie_host_class.state, &r->host, &r->clock, NULL) == 0);
    CHECK(state_load(a, toy_state, &r->a, &r->clock, NULL) == 0);
    CHECK(state_load(a, toy_state, &r->b, &r->clock, NULL) == 0);
    CHECK(state_load(a, link_fields, &r->link, &r->clock, NULL) == 0);
    CHECK(archive_get(a, r->memory, sizeof r->memory) == 0);
    pcie_host_class.restore(&r->host);
    pci_function_restore(&r->a.pci);
    pci_function_restore(&r->b.pci);
    CHECK(archive_get(a, &r->clock.seq, sizeof r->clock.seq) == 0);
}

static void test_random_scripts_are_survived_and_a_loaded_host_answers_like_the_original(void)
{
    for (unsigned n = 0; n < 300; n++) {
        struct rig *r = rig_up(TIMING_IO), *s = rig_up(TIMING_IO);
        struct archive saved = {0}, end_r = {0}, end_s = {0};
        struct random rnd, twin;
        bool same = true;

        random_init(&rnd, n, "pci");
        for (unsigned i = 0; i < 60; i++)
            random_step(r, &rnd);
        for (unsigned i = 0; n & 1 && i < 20; i++)
            random_step(s, &rnd);
        rig_save(r, &saved);
        s->clock.now = r->clock.now;
        rig_load(s, &saved);
        for (unsigned i = 0; same && i < 60; i++) {
            twin = rnd;
            same = random_step(r, &rnd) == random_step(s, &twin);
        }
        rig_save(r, &end_r);
        rig_save(s, &end_s);
        CHECK(same && end_r.size == end_s.size &&
              memcmp(end_r.bytes, end_s.bytes, end_r.size) == 0);
        archive_free(&saved);
        archive_free(&end_r);
        archive_free(&end_s);
        rig_down(r);
        rig_down(s);
    }
}

static void test_any_access_of_configuration_space_is_survived(void)
{
    static const uint64_t values[] = {0, UINT64_MAX, 0x5a5a5a5a5a5a5a5a, 0x80};
    struct rig *r = rig_up(TIMING_OFF);

    for (unsigned v = 0; v < ARRAY_LEN(values); v++)
        for (unsigned size = 1; size <= 8; size *= 2)
            for (unsigned at = 0; at < 0x1000; at++) {
                struct txn t = {.addr = DEV(1) + at, .size = (uint8_t)size,
                                .write = true, .data = values[v]};
                CHECK((space_access(&r->space, &t) == FAULT_NONE) == (at % size == 0));
                t.write = false;
                CHECK((space_access(&r->space, &t) == FAULT_NONE) == (at % size == 0));
                pci_msix_send(&r->a.pci, 0);
                pci_msi_send(&r->a.pci, 31);
            }
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(get(r, DEV(1), 4), 0x00101b36);
    rig_down(r);
}

TEST_MAIN(test_absent_functions_and_buses_read_all_ones_and_lose_writes,
          test_extended_configuration_space_is_an_empty_list,
          test_the_capability_list_names_pm_msi_msix_and_pcie,
          test_link_registers_say_what_the_timing_uses,
          test_bars_tell_their_size_and_keep_their_type,
          test_a_bar_answers_only_while_memory_decoding_is_on,
          test_a_bar_moves_to_the_64_bit_window,
          test_a_bar_outside_the_windows_is_not_decoded,
          test_of_overlapping_bars_the_lower_function_answers_whatever_came_first,
          test_an_io_bar_answers_in_the_io_window,
          test_devices_cannot_reach_configuration_space_or_empty_windows,
          test_bus_mastering_follows_the_command_register_and_d3,
          test_intx_is_swizzled_shared_and_can_be_disabled,
          test_a_configuration_access_does_not_pass_posted_stores,
          test_an_msix_message_is_a_write_of_the_table_s_data,
          test_signals_during_a_message_are_one_more_message_with_their_own_cause,
          test_masked_vectors_are_pending_and_sent_when_unmasked,
          test_a_pending_vector_whose_reason_is_gone_is_not_sent,
          test_msix_survives_being_turned_off_and_reprogrammed,
          test_the_msix_bar_takes_only_dwords_and_qwords,
          test_without_bus_mastering_no_message_leaves,
          test_msi_sends_as_many_messages_as_it_was_given,
          test_a_message_into_its_own_table_does_not_recur,
          test_flr_resets_configuration_vectors_and_the_device,
          test_a_saved_function_comes_back_with_its_mappings_and_its_message_under_way,
          test_random_scripts_are_survived_and_a_loaded_host_answers_like_the_original,
          test_any_access_of_configuration_space_is_survived)
