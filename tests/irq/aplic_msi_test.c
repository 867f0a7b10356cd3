/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery by messages, and what software may do to make it go round in circles. */
#include "aplic_rig.h"

static void msi_source(unsigned source, unsigned mode, unsigned hart, unsigned identity)
{
    give(source, mode);
    put32(&rig, S + TARGET(source), HART(hart) | identity);
    put32(&rig, S + SETIENUM, source);
}

static void test_a_pending_enabled_source_is_sent_to_its_target_and_no_longer_pending(void)
{
    up_msi();
    msi_source(8, APLIC_SM_EDGE1, 2, 77);
    aplic_drive(&dev, 8, true);
    CHECK(message_came(2, 77));
    CHECK(!pending(S, 8));
    put32(&rig, M + SOURCECFG(9), APLIC_SM_DETACHED);
    put32(&rig, M + TARGET(9), HART(1) | 5);
    put32(&rig, M + SETIENUM, 9);
    put32(&rig, M + SETIPNUM, 9);
    CHECK_EQ_U64(imsic.m[1].eip[0], 1 << 5);
    CHECK(!pending(M, 9));
    down();
}

static void test_no_message_without_ie_and_enable(void)
{
    up_msi();
    msi_source(8, APLIC_SM_EDGE1, 0, 9);
    put32(&rig, S + CLRIENUM, 8);
    aplic_drive(&dev, 8, true);
    CHECK(!message_came(0, 9));
    put32(&rig, S + DOMAINCFG, DM);
    put32(&rig, S + SETIENUM, 8);
    CHECK(!message_came(0, 9));
    put32(&rig, S + DOMAINCFG, DM | IE);
    CHECK(message_came(0, 9));
    CHECK(!pending(S, 8));
    down();
}

static void test_a_level_source_is_sent_once_and_then_ignored_until_it_falls(void)
{
    up_msi();
    msi_source(10, APLIC_SM_LEVEL1, 0, 40);
    aplic_drive(&dev, 10, true);
    CHECK(message_came(0, 40));
    CHECK(!pending(S, 10));
    CHECK_EQ_U64(get32(&rig, S + IN_CLRIP(0)), 1 << 10);
    put32(&rig, S + SETIENUM, 10);
    CHECK(!message_came(0, 40));
    aplic_drive(&dev, 10, false);
    aplic_drive(&dev, 10, true);
    CHECK(message_came(0, 40));
    down();
}

/* AIA 4.9.2: what QEMU 7.2 had wrong, and what Linux relies on at the end of each interrupt. */
static void test_setipnum_at_eoi_sends_again_only_while_the_wire_is_asserted(void)
{
    static const uint64_t regs[] = {SETIPNUM, SETIPNUM_LE};

    for (unsigned mode = APLIC_SM_LEVEL1; mode <= APLIC_SM_LEVEL0; mode++) {
        bool asserted = mode == APLIC_SM_LEVEL1;
        up_msi();
        aplic_drive(&dev, 10, !asserted);
        msi_source(10, mode, 0, 40);
        aplic_drive(&dev, 10, asserted);
        CHECK(message_came(0, 40));
        for (unsigned i = 0; i < 2; i++) {
            put32(&rig, S + regs[i], 10);
            CHECK(message_came(0, 40));
        }
        put32(&rig, S + SETIP(0), 1 << 10);
        CHECK(message_came(0, 40));
        put32(&rig, S + SETIPNUM_BE, 10u << 24);
        CHECK(message_came(0, 40));
        aplic_drive(&dev, 10, !asserted);
        for (unsigned i = 0; i < 2; i++)
            put32(&rig, S + regs[i], 10);
        put32(&rig, S + SETIP(0), 1 << 10);
        put32(&rig, S + SETIPNUM_BE, 10u << 24);
        CHECK(!message_came(0, 40));
        CHECK(!pending(S, 10));
        down();
    }
}

static void test_a_level_that_falls_before_it_is_sent_is_no_longer_pending(void)
{
    up_msi();
    put32(&rig, S + DOMAINCFG, DM);
    msi_source(10, APLIC_SM_LEVEL1, 0, 40);
    aplic_drive(&dev, 10, true);
    CHECK(pending(S, 10));
    put32(&rig, S + CLRIPNUM, 10);
    CHECK(!pending(S, 10));
    put32(&rig, S + SETIPNUM, 10);
    CHECK(pending(S, 10));
    aplic_drive(&dev, 10, false);
    CHECK(!pending(S, 10));
    put32(&rig, S + DOMAINCFG, DM | IE);
    CHECK(!message_came(0, 40));
    down();
}

static void test_going_back_to_direct_mode_makes_levels_pending_as_their_inputs_are(void)
{
    up_msi();
    msi_source(10, APLIC_SM_LEVEL1, 0, 40);
    aplic_drive(&dev, 10, true);
    CHECK(!pending(S, 10));
    put32(&rig, S + DOMAINCFG, IE);
    CHECK(pending(S, 10));
    CHECK(get32(&rig, S + TARGET(10)) & 0xff);
    put32(&rig, S + IDC(0, IDELIVERY), 1);
    CHECK(rig.wire[0][MIP_SEIP].level);
    put32(&rig, S + DOMAINCFG, IE | DM);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    down();
}

static void test_no_wire_is_driven_in_msi_mode_not_even_by_iforce(void)
{
    up_msi();
    put32(&rig, S + IDC(0, IDELIVERY), 1);
    put32(&rig, S + IDC(0, IFORCE), 1);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    put32(&rig, S + DOMAINCFG, IE);
    CHECK(rig.wire[0][MIP_SEIP].level);
    down();
}

static void test_genmsi_sends_at_once_even_with_ie_off_and_is_never_busy(void)
{
    up_msi();
    put32(&rig, S + DOMAINCFG, DM);
    put32(&rig, S + GENMSI, HART(1) | 0x1000 | 200);
    CHECK(message_came(1, 200));
    CHECK_EQ_U64(get32(&rig, S + GENMSI), HART(1) | 200);
    put32(&rig, M + GENMSI, HART(2) | 3);
    CHECK_EQ_U64(imsic.m[2].eip[0], 1 << 3);
    put32(&rig, S + DOMAINCFG, 0);
    CHECK_EQ_U64(get32(&rig, S + GENMSI), 0);
    down();
}

static void test_an_msi_target_has_eleven_bits_of_identity_and_no_guest(void)
{
    up_msi();
    give(9, 1);
    put32(&rig, S + TARGET(9), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, S + TARGET(9)), 0xfffc07ff);
    down();
}

static uint64_t seen_addr[4];
static unsigned seen;

static enum fault note(void *owner, struct txn *txn)
{
    (void)owner;
    if (txn->write && seen < 4)
        seen_addr[seen++] = txn->addr;
    CHECK_EQ_U64(txn->size, 4);
    CHECK_EQ_U64(txn->requester, REQUESTER_APLIC);
    return FAULT_NONE;
}

/* AIA 4.9.1 with every field in use. */
static void test_message_addresses_follow_the_groups_of_the_root_s_registers(void)
{
    struct region high = {.name = "files", .base = UINT64_C(0x100000000000),
                          .size = UINT64_C(0x100000000000), .access = note};

    up_msi();
    seen = 0;
    CHECK(space_map(&rig.space, &high, NULL) == 0);
    put32(&rig, M + MMSIADDRCFG, 0x00001000);
    /* PPN 0x1_0000_1000; two bits of hart within a group, 2^3 pages apart; three bits of group at
     * address bit 24 + 14. */
    put32(&rig, M + MMSIADDRCFGH, 14u << 24 | 3u << 20 | 3u << 16 | 2u << 12 | 0x001);
    put32(&rig, M + SMSIADDRCFG, 0x00020000);
    put32(&rig, M + SMSIADDRCFGH, 1u << 20 | 0x001);
    put32(&rig, M + GENMSI, HART(0x16) | 5); /* group 5, hart 2 of it */
    put32(&rig, S + GENMSI, HART(0x16) | 5);
    put32(&rig, M + GENMSI, HART(0x23) | 5); /* group 8 has no place in three bits: 0 */
    CHECK_EQ_U64(seen, 3);
    CHECK_EQ_U64(high.base + seen_addr[0], UINT64_C(0x100001000000) | UINT64_C(5) << 38 | 2 << 15);
    CHECK_EQ_U64(high.base + seen_addr[1], UINT64_C(0x100020000000) | UINT64_C(5) << 38 | 2 << 13);
    CHECK_EQ_U64(high.base + seen_addr[2], UINT64_C(0x100001000000) | 3 << 15);
    down();
}

static void test_the_lock_bit_freezes_all_four_address_registers(void)
{
    up_msi();
    put32(&rig, M + MMSIADDRCFGH, 0xffffffff);
    CHECK_EQ_U64(get32(&rig, M + MMSIADDRCFGH), 0x9f77ffff);
    for (uint64_t r = MMSIADDRCFG; r <= SMSIADDRCFGH; r += 4) {
        uint32_t before = get32(&rig, M + r);
        put32(&rig, M + r, ~before);
        CHECK_EQ_U64(get32(&rig, M + r), before);
    }
    aplic_class.reset(&dev);
    CHECK_EQ_U64(get32(&rig, M + MMSIADDRCFGH), 0);
    down();
}

static void test_a_message_to_nowhere_is_lost(void)
{
    up_msi();
    put32(&rig, M + SMSIADDRCFG, 0x7fffffff);
    msi_source(8, APLIC_SM_EDGE1, 0, 9);
    aplic_drive(&dev, 8, true);
    CHECK(!pending(S, 8));
    down();
}

static void test_a_message_pointed_at_the_aplic_itself_changes_nothing(void)
{
    static const uint32_t pages[] = {0xc002, 0xc003, 0xd002, 0xd003, 0xc000, 0xd000};

    for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
        up_msi();
        put32(&rig, M + MMSIADDRCFGH, 0);
        put32(&rig, M + SMSIADDRCFG, pages[i]);
        put32(&rig, M + MMSIADDRCFG, pages[i]);
        msi_source(8, APLIC_SM_EDGE1, 0, 9);
        msi_source(9, APLIC_SM_EDGE1, 0, 8);
        put32(&rig, S + SETIPNUM, 8); /* would make 9 pending, which would make 8, and so on */
        put32(&rig, M + GENMSI, 8);
        put32(&rig, S + GENMSI, 8);
        CHECK(!pending(S, 8) && !pending(S, 9));
        CHECK_EQ_U64(get32(&rig, S + DOMAINCFG), 0x80000104);
        down();
    }
}

static unsigned rings;

/* A device whose wire falls and rises with each write to it. */
static enum fault bell(void *owner, struct txn *txn)
{
    (void)owner;
    if (txn->write) {
        rings++;
        aplic_drive(&dev, 8, false);
        aplic_drive(&dev, 8, true);
    }
    return FAULT_NONE;
}

/* A message rings the bell, which asks for another: that one is on its way. */
static void up_ringing(struct region *device)
{
    up_msi();
    rings = 0;
    CHECK(space_map(&rig.space, device, NULL) == 0);
    put32(&rig, M + SMSIADDRCFG, 0x40000);
    msi_source(8, APLIC_SM_EDGE1, 0, 9);
    aplic_drive(&dev, 8, true);
    CHECK_EQ_U64(rings, 1);
}

static void test_reset_forgets_a_message_that_was_to_be_sent_later(void)
{
    struct region device = {.name = "bell", .base = 0x40000000, .size = 0x1000, .access = bell};

    up_ringing(&device);
    CHECK(clock_next(&rig.clock) != PS_NEVER);
    aplic_class.reset(&dev);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER);
    down();
}

static void test_a_snapshot_holds_a_message_that_is_to_be_sent_later(void)
{
    struct region device = {.name = "bell", .base = 0x40000000, .size = 0x1000, .access = bell};
    struct archive a = {0};
    ps_t when;

    up_ringing(&device);
    when = clock_next(&rig.clock);
    state_save(&a, aplic_class.state, &dev);
    clock_run(&rig.clock, when);
    CHECK_EQ_U64(rings, 2);
    rig.clock.now = when - 1;
    CHECK(state_load(&a, aplic_class.state, &dev, &rig.clock, NULL) == 0);
    CHECK_EQ_U64(clock_next(&rig.clock), when);
    archive_free(&a);
    down();
}

static void test_a_wire_moved_by_a_message_is_served_later_and_not_by_recursion(void)
{
    struct region device = {.name = "bell", .base = 0x40000000, .size = 0x1000, .access = bell};

    up_ringing(&device);
    CHECK(pending(S, 8));
    clock_run(&rig.clock, PS_PER_US);
    CHECK(rings > 2 && rings <= 11);
    put32(&rig, S + DOMAINCFG, DM);
    clock_run(&rig.clock, rig.clock.now + PS_PER_US);
    rings = 0;
    clock_run(&rig.clock, rig.clock.now + PS_PER_US);
    CHECK_EQ_U64(rings, 0);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER);
    down();
}

static int swallow(void *sink, const void *bytes, size_t size)
{
    (void)sink, (void)bytes, (void)size;
    return 0;
}

/* Records in order: wire, pending here, message, pending there; each names the one before. */
static void test_the_chain_from_wire_to_file_is_recorded(void)
{
    uint64_t first;

    up_msi();
    msi_source(10, APLIC_SM_LEVEL1, 0, 40);
    imsic_ireg_write(&imsic.s[0], IMSIC_EIE0, UINT64_MAX);
    trace_open(&rig.trace, swallow, NULL, "{}");
    rig.trace.on = true;
    first = rig.trace.next_id;
    aplic_drive(&dev, 10, true);
    CHECK_EQ_U64(rig.trace.next_id, first + 4);
    CHECK_EQ_U64(dev.domain[APLIC_S].cause[10], first + 1);
    CHECK_EQ_U64(imsic_cause(&imsic.s[0]), first + 3);
    CHECK_EQ_U64(rig.clock.cause, 0);
    trace_close(&rig.trace);
    down();
}

TEST_MAIN(test_a_pending_enabled_source_is_sent_to_its_target_and_no_longer_pending,
          test_no_message_without_ie_and_enable,
          test_a_level_source_is_sent_once_and_then_ignored_until_it_falls,
          test_setipnum_at_eoi_sends_again_only_while_the_wire_is_asserted,
          test_a_level_that_falls_before_it_is_sent_is_no_longer_pending,
          test_going_back_to_direct_mode_makes_levels_pending_as_their_inputs_are,
          test_no_wire_is_driven_in_msi_mode_not_even_by_iforce,
          test_genmsi_sends_at_once_even_with_ie_off_and_is_never_busy,
          test_an_msi_target_has_eleven_bits_of_identity_and_no_guest,
          test_message_addresses_follow_the_groups_of_the_root_s_registers,
          test_the_lock_bit_freezes_all_four_address_registers,
          test_a_message_to_nowhere_is_lost,
          test_a_message_pointed_at_the_aplic_itself_changes_nothing,
          test_reset_forgets_a_message_that_was_to_be_sent_later,
          test_a_snapshot_holds_a_message_that_is_to_be_sent_later,
          test_a_wire_moved_by_a_message_is_served_later_and_not_by_recursion,
          test_the_chain_from_wire_to_file_is_recorded)
