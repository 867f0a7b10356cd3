/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, source modes, delegation, and delivery by wires.  Messages: aplic_msi_test.c. */
#include "aplic_rig.h"

static void test_domaincfg_keeps_its_signature_and_ie_and_dm(void)
{
    up();
    CHECK_EQ_U64(get32(&rig, M + DOMAINCFG), 0x80000000);
    put32(&rig, M + DOMAINCFG, 0xffffffff);
    CHECK_EQ_U64(get32(&rig, M + DOMAINCFG), 0x80000104);
    put32(&rig, M + DOMAINCFG, 0);
    CHECK_EQ_U64(get32(&rig, M + DOMAINCFG), 0x80000000);
    down();
}

static void test_a_source_appears_in_the_child_only_when_delegated(void)
{
    up();
    put32(&rig, S + SOURCECFG(10), 6);
    CHECK_EQ_U64(get32(&rig, S + SOURCECFG(10)), 0);
    put32(&rig, M + SOURCECFG(10), 0x7ff); /* child index 0x3ff: there is but one */
    CHECK_EQ_U64(get32(&rig, M + SOURCECFG(10)), DELEGATE);
    CHECK_EQ_U64(get32(&rig, S + SOURCECFG(10)), 0);
    put32(&rig, S + SOURCECFG(10), 6);
    CHECK_EQ_U64(get32(&rig, S + SOURCECFG(10)), 6);
    down();
}

static void test_taking_a_source_back_clears_it_in_the_child(void)
{
    up_direct();
    give(10, 6);
    put32(&rig, S + TARGET(10), HART(1) | 5);
    put32(&rig, S + SETIENUM, 10);
    aplic_drive(&dev, 10, true);
    CHECK(rig.wire[1][MIP_SEIP].level);
    put32(&rig, M + SOURCECFG(10), 6);
    CHECK(!rig.wire[1][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, S + SOURCECFG(10)), 0);
    CHECK_EQ_U64(get32(&rig, S + TARGET(10)), 0);
    CHECK_EQ_U64(get32(&rig, S + SETIE(0)), 0);
    CHECK(!pending(S, 10) && pending(M, 10));
    down();
}

static void test_a_leaf_domain_cannot_delegate(void)
{
    up();
    give(10, 6);
    put32(&rig, S + SOURCECFG(10), DELEGATE | 6);
    CHECK_EQ_U64(get32(&rig, S + SOURCECFG(10)), 0);
    down();
}

static void test_reserved_source_modes_are_inactive(void)
{
    up();
    for (unsigned mode = 0; mode < 16; mode++) {
        unsigned sm = mode & 7;
        put32(&rig, M + SOURCECFG(96), mode);
        CHECK_EQ_U64(get32(&rig, M + SOURCECFG(96)), sm == 2 || sm == 3 ? 0 : sm);
    }
    down();
}

static void test_pending_enable_and_target_of_an_inactive_source_are_zeros(void)
{
    up();
    for (unsigned w = 0; w < 4; w++) {
        put32(&rig, M + SETIP(w), 0xffffffff);
        put32(&rig, M + SETIE(w), 0xffffffff);
        CHECK_EQ_U64(get32(&rig, M + SETIP(w)), 0);
        CHECK_EQ_U64(get32(&rig, M + SETIE(w)), 0);
    }
    put32(&rig, M + TARGET(7), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, M + TARGET(7)), 0);
    put32(&rig, M + SOURCECFG(7), 1);
    put32(&rig, M + SETIPNUM, 7);
    put32(&rig, M + SETIENUM, 7);
    put32(&rig, M + TARGET(7), HART(1) | 3);
    put32(&rig, M + SOURCECFG(7), 0);
    put32(&rig, M + SOURCECFG(7), 1);
    CHECK(!pending(M, 7));
    CHECK_EQ_U64(get32(&rig, M + SETIE(0)), 0);
    down();
}

static void test_rectified_inputs_follow_the_wire_and_the_inversion(void)
{
    up();
    for (unsigned mode = 0; mode < 8; mode++) {
        bool counts = mode >= 4, inverted = mode & 1;
        put32(&rig, M + SOURCECFG(33), mode);
        aplic_drive(&dev, 33, false);
        CHECK_EQ_U64(get32(&rig, M + IN_CLRIP(1)), counts && inverted ? 2 : 0);
        aplic_drive(&dev, 33, true);
        CHECK_EQ_U64(get32(&rig, M + IN_CLRIP(1)), counts && !inverted ? 2 : 0);
    }
    down();
}

static void test_an_edge_source_pends_on_its_edge_and_stays(void)
{
    up();
    put32(&rig, M + SOURCECFG(3), 4);
    aplic_drive(&dev, 3, true);
    aplic_drive(&dev, 3, false);
    CHECK(pending(M, 3));
    put32(&rig, M + CLRIPNUM, 3);
    CHECK(!pending(M, 3));
    put32(&rig, M + SOURCECFG(4), 5); /* falling; its wire is low already */
    put32(&rig, M + IN_CLRIP(0), 1 << 4);
    aplic_drive(&dev, 4, true);
    CHECK(!pending(M, 4));
    aplic_drive(&dev, 4, false);
    CHECK(pending(M, 4));
    down();
}

static void test_a_detached_source_pends_only_for_software(void)
{
    up();
    put32(&rig, M + SOURCECFG(3), 1);
    aplic_drive(&dev, 3, true);
    CHECK(!pending(M, 3));
    put32(&rig, M + SETIPNUM, 3);
    CHECK(pending(M, 3));
    aplic_drive(&dev, 3, false);
    CHECK(pending(M, 3));
    put32(&rig, M + IN_CLRIP(0), 1 << 3);
    CHECK(!pending(M, 3));
    down();
}

static void test_direct_level_pending_is_the_rectified_input_whatever_software_does(void)
{
    up();
    put32(&rig, M + SOURCECFG(3), 6);
    put32(&rig, M + SETIPNUM, 3);
    CHECK(!pending(M, 3));
    aplic_drive(&dev, 3, true);
    CHECK(pending(M, 3));
    put32(&rig, M + CLRIPNUM, 3);
    put32(&rig, M + IN_CLRIP(0), 0xffffffff);
    CHECK(pending(M, 3));
    aplic_drive(&dev, 3, false);
    CHECK(!pending(M, 3));
    put32(&rig, M + SOURCECFG(3), 7);
    CHECK(pending(M, 3));
    down();
}

static void test_a_source_made_level_pends_if_its_wire_is_high_already(void)
{
    up();
    put32(&rig, M + SOURCECFG(3), 4);
    aplic_drive(&dev, 3, true);
    put32(&rig, M + CLRIPNUM, 3);
    put32(&rig, M + SOURCECFG(3), 6);
    CHECK(pending(M, 3));
    down();
}

static void test_writing_the_same_edge_mode_again_does_not_pend(void)
{
    up();
    put32(&rig, M + SOURCECFG(3), 4);
    aplic_drive(&dev, 3, true);
    put32(&rig, M + CLRIPNUM, 3);
    put32(&rig, M + SOURCECFG(3), 4);
    CHECK(!pending(M, 3));
    down();
}

static void test_the_number_registers_take_numbers_and_read_zero(void)
{
    static const uint32_t bad[] = {0, 97, 1024, 0xffffffff};
    static const uint64_t regs[] = {SETIPNUM, CLRIPNUM, SETIENUM, CLRIENUM, SETIPNUM_LE,
                                    SETIPNUM_BE};

    up();
    put32(&rig, M + SOURCECFG(96), 1);
    for (unsigned r = 0; r < ARRAY_LEN(regs); r++)
        for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
            put32(&rig, M + regs[r], bad[i]);
    for (unsigned w = 0; w < 4; w++)
        CHECK_EQ_U64(get32(&rig, M + SETIP(w)) | get32(&rig, M + SETIE(w)), 0);
    put32(&rig, M + SETIPNUM_LE, 96);
    CHECK_EQ_U64(get32(&rig, M + SETIP(3)), 1);
    put32(&rig, M + CLRIPNUM, 96);
    CHECK_EQ_U64(get32(&rig, M + SETIP(3)), 0);
    put32(&rig, M + SETIPNUM_BE, 96u << 24);
    CHECK_EQ_U64(get32(&rig, M + SETIP(3)), 1);
    put32(&rig, M + SETIENUM, 96);
    CHECK_EQ_U64(get32(&rig, M + SETIE(3)), 1);
    put32(&rig, M + CLRIENUM, 96);
    CHECK_EQ_U64(get32(&rig, M + SETIE(3)), 0);
    for (unsigned r = 0; r < ARRAY_LEN(regs); r++)
        CHECK_EQ_U64(get32(&rig, M + regs[r]), 0);
    down();
}

static void test_clrie_clears_the_ones_written_and_reads_zero(void)
{
    up();
    for (unsigned s = 1; s < 32; s++)
        put32(&rig, M + SOURCECFG(s), 1);
    put32(&rig, M + SETIE(0), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, M + SETIE(0)), 0xfffffffe);
    put32(&rig, M + CLRIE(0), 0xf0);
    CHECK_EQ_U64(get32(&rig, M + SETIE(0)), 0xffffff0e);
    CHECK_EQ_U64(get32(&rig, M + CLRIE(0)), 0);
    down();
}

static void test_a_direct_target_has_a_priority_of_at_least_one(void)
{
    up();
    put32(&rig, M + SOURCECFG(9), 1);
    put32(&rig, M + TARGET(9), HART(2));
    CHECK_EQ_U64(get32(&rig, M + TARGET(9)), HART(2) | 1);
    put32(&rig, M + TARGET(9), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, M + TARGET(9)), 0xfffc00ff);
    down();
}

static void direct_source(unsigned source, unsigned hart, unsigned priority)
{
    give(source, APLIC_SM_EDGE1);
    put32(&rig, S + TARGET(source), HART(hart) | priority);
    put32(&rig, S + SETIENUM, source);
    put32(&rig, S + SETIPNUM, source);
}

static void test_topi_is_the_lowest_priority_number_then_the_lowest_source(void)
{
    up_direct();
    direct_source(50, 1, 9);
    CHECK_EQ_U64(get32(&rig, S + IDC(1, TOPI)), 50 << 16 | 9);
    direct_source(60, 1, 3);
    CHECK_EQ_U64(get32(&rig, S + IDC(1, TOPI)), 60 << 16 | 3);
    direct_source(20, 1, 3);
    CHECK_EQ_U64(get32(&rig, S + IDC(1, TOPI)), 20 << 16 | 3);
    direct_source(1, 2, 1);
    CHECK_EQ_U64(get32(&rig, S + IDC(1, TOPI)), 20 << 16 | 3);
    CHECK_EQ_U64(get32(&rig, S + IDC(2, TOPI)), 1 << 16 | 1);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, TOPI)), 0);
    CHECK(!rig.wire[0][MIP_SEIP].level && rig.wire[1][MIP_SEIP].level &&
          rig.wire[2][MIP_SEIP].level && !rig.wire[1][MIP_MEIP].level);
    down();
}

static void test_claimi_returns_topi_and_clears_its_pending_bit(void)
{
    up_direct();
    direct_source(50, 0, 2);
    direct_source(51, 0, 2);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, CLAIMI)), 50 << 16 | 2);
    CHECK(!pending(S, 50) && pending(S, 51));
    CHECK_EQ_U64(get32(&rig, S + IDC(0, CLAIMI)), 51 << 16 | 2);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, CLAIMI)), 0);
    down();
}

static void test_a_claim_does_not_clear_a_level_source(void)
{
    up_direct();
    give(10, APLIC_SM_LEVEL1);
    put32(&rig, S + SETIENUM, 10);
    aplic_drive(&dev, 10, true);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, CLAIMI)), 10 << 16 | 1);
    CHECK(pending(S, 10) && rig.wire[0][MIP_SEIP].level);
    aplic_drive(&dev, 10, false);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    down();
}

static void test_ithreshold_hides_priorities_from_it_up(void)
{
    up_direct();
    direct_source(50, 0, 5);
    put32(&rig, S + IDC(0, ITHRESHOLD), 5);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, TOPI)), 0);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    put32(&rig, S + IDC(0, ITHRESHOLD), 6);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, TOPI)), 50 << 16 | 5);
    CHECK(rig.wire[0][MIP_SEIP].level);
    put32(&rig, S + IDC(0, ITHRESHOLD), 0x1ff);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, ITHRESHOLD)), 0xff);
    down();
}

static void test_ie_and_idelivery_gate_the_wire_but_not_topi(void)
{
    up_direct();
    direct_source(50, 0, 5);
    put32(&rig, S + IDC(0, IDELIVERY), 0);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, TOPI)), 50 << 16 | 5);
    put32(&rig, S + IDC(0, IDELIVERY), 1);
    CHECK(rig.wire[0][MIP_SEIP].level);
    put32(&rig, S + DOMAINCFG, 0);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, S + IDC(0, TOPI)), 50 << 16 | 5);
    down();
}

static void test_iforce_interrupts_until_a_claim_returns_zero(void)
{
    up_direct();
    put32(&rig, S + IDC(2, IFORCE), 0xffffffff);
    CHECK(rig.wire[2][MIP_SEIP].level);
    direct_source(50, 2, 5);
    CHECK_EQ_U64(get32(&rig, S + IDC(2, CLAIMI)), 50 << 16 | 5);
    CHECK_EQ_U64(get32(&rig, S + IDC(2, IFORCE)), 1);
    CHECK_EQ_U64(get32(&rig, S + IDC(2, CLAIMI)), 0);
    CHECK_EQ_U64(get32(&rig, S + IDC(2, IFORCE)), 0);
    CHECK(!rig.wire[2][MIP_SEIP].level);
    down();
}

static void test_delivery_registers_of_harts_that_do_not_exist_are_zeros(void)
{
    up_direct();
    for (unsigned r = 0; r < 0x20; r += 4) {
        put32(&rig, S + IDC(HARTS, r), 0xffffffff);
        CHECK_EQ_U64(get32(&rig, S + IDC(HARTS, r)), 0);
    }
    direct_source(50, 0x3fff, 5); /* goes nowhere */
    CHECK(pending(S, 50));
    down();
}

static void test_msi_registers_in_direct_mode_or_below_the_root_are_zeros(void)
{
    up();
    put32(&rig, M + GENMSI, 0xffffffff);
    CHECK_EQ_U64(get32(&rig, M + GENMSI), 0);
    for (uint64_t r = MMSIADDRCFG; r <= SMSIADDRCFGH; r += 4) {
        put32(&rig, S + r, 0xffffffff);
        CHECK_EQ_U64(get32(&rig, S + r), 0);
    }
    down();
}

static void test_only_aligned_words_are_taken(void)
{
    struct txn t = {.addr = M + SETIPNUM, .size = 8};

    up();
    t.addr = M + 0x1c00;
    CHECK_EQ_U64(space_access(&rig.space, &t), FAULT_SIZE);
    t.size = 2;
    CHECK_EQ_U64(space_access(&rig.space, &t), FAULT_SIZE);
    CHECK_EQ_U64(get32(&rig, M + 0x7ffc), 0);
    CHECK_EQ_U64(get32(&rig, M + SOURCECFG(97)), 0);
    down();
}

static void test_reset_clears_everything_but_the_wires(void)
{
    up_direct();
    direct_source(50, 0, 5);
    give(10, APLIC_SM_LEVEL1);
    aplic_drive(&dev, 10, true);
    aplic_class.reset(&dev);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, M + SOURCECFG(50)), 0);
    CHECK(!pending(S, 50) && !pending(S, 10));
    give(10, APLIC_SM_LEVEL1);
    CHECK(pending(S, 10));
    down();
}

TEST_MAIN(test_domaincfg_keeps_its_signature_and_ie_and_dm,
          test_a_source_appears_in_the_child_only_when_delegated,
          test_taking_a_source_back_clears_it_in_the_child, test_a_leaf_domain_cannot_delegate,
          test_reserved_source_modes_are_inactive,
          test_pending_enable_and_target_of_an_inactive_source_are_zeros,
          test_rectified_inputs_follow_the_wire_and_the_inversion,
          test_an_edge_source_pends_on_its_edge_and_stays,
          test_a_detached_source_pends_only_for_software,
          test_direct_level_pending_is_the_rectified_input_whatever_software_does,
          test_a_source_made_level_pends_if_its_wire_is_high_already,
          test_writing_the_same_edge_mode_again_does_not_pend,
          test_the_number_registers_take_numbers_and_read_zero,
          test_clrie_clears_the_ones_written_and_reads_zero,
          test_a_direct_target_has_a_priority_of_at_least_one,
          test_topi_is_the_lowest_priority_number_then_the_lowest_source,
          test_claimi_returns_topi_and_clears_its_pending_bit,
          test_a_claim_does_not_clear_a_level_source, test_ithreshold_hides_priorities_from_it_up,
          test_ie_and_idelivery_gate_the_wire_but_not_topi,
          test_iforce_interrupts_until_a_claim_returns_zero,
          test_delivery_registers_of_harts_that_do_not_exist_are_zeros,
          test_msi_registers_in_direct_mode_or_below_the_root_are_zeros,
          test_only_aligned_words_are_taken, test_reset_clears_everything_but_the_wires)
