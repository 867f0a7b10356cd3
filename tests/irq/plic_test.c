/* SPDX-License-Identifier: Apache-2.0 */
#include "irq/output.h"
#include "irq/plic.h"
#include "rig.h"

#define HARTS 2
#define M0 0 /* contexts */
#define S0 1
#define S1 3
#define PRIORITY(s) (PLIC_BASE + 4 * (uint64_t)(s))
#define PENDING(w) (PLIC_BASE + 0x1000 + 4 * (uint64_t)(w))
#define ENABLE(c, w) (PLIC_BASE + 0x2000 + 0x80 * (uint64_t)(c) + 4 * (uint64_t)(w))
#define THRESHOLD(c) (PLIC_BASE + 0x200000 + 0x1000 * (uint64_t)(c))
#define CLAIM(c) (THRESHOLD(c) + 4)

static struct rig rig;
static struct plic dev;

static void up(void)
{
    struct plic_config config = {.harts = HARTS};

    rig_init(&rig);
    rig_add(&rig, &plic_class, &dev, &config);
    rig_connect(&rig, dev.meip, HARTS, MIP_MEIP);
    rig_connect(&rig, dev.seip, HARTS, MIP_SEIP);
}

static void down(void)
{
    plic_class.fini(&dev);
    rig_fini(&rig);
}

static void enable(unsigned context, unsigned source)
{
    put32(&rig, ENABLE(context, source / 32),
          get32(&rig, ENABLE(context, source / 32)) | 1u << source % 32);
}

static void source_ready(unsigned context, unsigned source, unsigned priority)
{
    put32(&rig, PRIORITY(source), priority);
    enable(context, source);
}

static void test_a_high_wire_pends_and_interrupts_the_contexts_that_take_it(void)
{
    up();
    source_ready(S1, 33, 1);
    plic_drive(&dev, 33, true);
    CHECK_EQ_U64(get32(&rig, PENDING(1)), 1 << 1);
    CHECK(rig.wire[1][MIP_SEIP].level);
    CHECK(!rig.wire[1][MIP_MEIP].level && !rig.wire[0][MIP_SEIP].level);
    enable(M0, 33);
    CHECK(rig.wire[0][MIP_MEIP].level);
    down();
}

static void test_a_request_is_not_taken_back_when_the_wire_falls(void)
{
    up();
    source_ready(S0, 10, 1);
    plic_drive(&dev, 10, true);
    plic_drive(&dev, 10, false);
    CHECK(rig.wire[0][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 10);
    put32(&rig, CLAIM(S0), 10);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 0);
    down();
}

static void test_a_claim_clears_pending_and_lowers_the_wire(void)
{
    up();
    source_ready(S0, 10, 1);
    plic_drive(&dev, 10, true);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 10);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 0);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 0);
    down();
}

static void test_the_gateway_stays_shut_until_completion(void)
{
    up();
    source_ready(S0, 10, 1);
    plic_drive(&dev, 10, true);
    get32(&rig, CLAIM(S0));
    plic_drive(&dev, 10, false);
    plic_drive(&dev, 10, true);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 0);
    put32(&rig, CLAIM(S0), 10);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 1 << 10);
    CHECK_EQ_U64(rig.wire[0][MIP_SEIP].rises, 2);
    down();
}

static void test_a_completed_source_pends_again_only_while_its_wire_is_high(void)
{
    up();
    source_ready(S0, 10, 1);
    plic_drive(&dev, 10, true);
    get32(&rig, CLAIM(S0));
    plic_drive(&dev, 10, false);
    put32(&rig, CLAIM(S0), 10);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 0);
    plic_drive(&dev, 10, true);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 1 << 10);
    down();
}

static void test_completion_by_a_context_that_does_not_take_the_source_is_ignored(void)
{
    up();
    source_ready(S0, 10, 1);
    plic_drive(&dev, 10, true);
    get32(&rig, CLAIM(S0));
    put32(&rig, CLAIM(S1), 10);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 0);
    put32(&rig, CLAIM(S0), 9);
    put32(&rig, CLAIM(S0), 0);
    put32(&rig, CLAIM(S0), 96);
    put32(&rig, CLAIM(S0), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 0);
    /* Another context that takes it may complete it: the PLIC does not check who claimed. */
    enable(S1, 10);
    put32(&rig, CLAIM(S1), 10);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 1 << 10);
    down();
}

static void test_the_greatest_priority_wins_then_the_lowest_number(void)
{
    up();
    source_ready(S0, 95, 7);
    source_ready(S0, 40, 3);
    source_ready(S0, 41, 3);
    source_ready(S0, 1, 2);
    plic_drive(&dev, 1, true);
    plic_drive(&dev, 41, true);
    plic_drive(&dev, 40, true);
    plic_drive(&dev, 95, true);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 95);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 40);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 41);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 1);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 0);
    down();
}

static void test_priority_zero_never_interrupts_and_is_never_claimed(void)
{
    up();
    source_ready(S0, 10, 0);
    plic_drive(&dev, 10, true);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 0);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 1 << 10);
    put32(&rig, PRIORITY(10), 1);
    CHECK(rig.wire[0][MIP_SEIP].level);
    down();
}

static void test_the_threshold_masks_the_wire_up_to_itself_but_not_the_claim(void)
{
    up();
    source_ready(S0, 10, 3);
    plic_drive(&dev, 10, true);
    put32(&rig, THRESHOLD(S0), 3);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    put32(&rig, THRESHOLD(S0), 2);
    CHECK(rig.wire[0][MIP_SEIP].level);
    put32(&rig, THRESHOLD(S0), 7);
    CHECK_EQ_U64(get32(&rig, CLAIM(S0)), 10);
    down();
}

static void test_priorities_and_thresholds_keep_three_bits(void)
{
    up();
    put32(&rig, PRIORITY(95), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, PRIORITY(95)), 7);
    put32(&rig, THRESHOLD(S1), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, THRESHOLD(S1)), 7);
    put32(&rig, PRIORITY(10), 8);
    CHECK_EQ_U64(get32(&rig, PRIORITY(10)), 0);
    down();
}

static void test_source_zero_does_not_exist(void)
{
    up();
    put32(&rig, PRIORITY(0), 7);
    CHECK_EQ_U64(get32(&rig, PRIORITY(0)), 0);
    put32(&rig, ENABLE(S0, 0), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, ENABLE(S0, 0)), 0xfffffffe);
    put32(&rig, PENDING(0), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 0);
    down();
}

static void test_contexts_and_sources_beyond_the_machine_read_zero(void)
{
    up();
    put32(&rig, THRESHOLD(4), 7);
    put32(&rig, ENABLE(4, 0), 0xffffffff);
    put32(&rig, ENABLE(0, 3), 0xffffffff);
    put32(&rig, PRIORITY(96), 7);
    CHECK_EQ_U64(get32(&rig, THRESHOLD(4)), 0);
    CHECK_EQ_U64(get32(&rig, ENABLE(4, 0)), 0);
    CHECK_EQ_U64(get32(&rig, ENABLE(0, 3)), 0);
    CHECK_EQ_U64(get32(&rig, PRIORITY(96)), 0);
    CHECK_EQ_U64(get32(&rig, CLAIM(4)), 0);
    down();
}

static void test_a_disabled_source_pends_and_interrupts_once_enabled(void)
{
    up();
    put32(&rig, PRIORITY(5), 1);
    plic_drive(&dev, 5, true);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    enable(S0, 5);
    CHECK(rig.wire[0][MIP_SEIP].level);
    put32(&rig, ENABLE(S0, 0), 0);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    down();
}

static void test_reset_forgets_claims_but_sees_wires_that_are_high(void)
{
    up();
    source_ready(S0, 10, 1);
    source_ready(S0, 11, 1);
    plic_drive(&dev, 10, true);
    plic_drive(&dev, 11, true);
    get32(&rig, CLAIM(S0));
    plic_drive(&dev, 11, false);
    plic_class.reset(&dev);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    CHECK_EQ_U64(get32(&rig, PENDING(0)), 1 << 10);
    CHECK_EQ_U64(get32(&rig, PRIORITY(10)), 0);
    down();
}

TEST_MAIN(test_a_high_wire_pends_and_interrupts_the_contexts_that_take_it,
          test_a_request_is_not_taken_back_when_the_wire_falls,
          test_a_claim_clears_pending_and_lowers_the_wire,
          test_the_gateway_stays_shut_until_completion,
          test_a_completed_source_pends_again_only_while_its_wire_is_high,
          test_completion_by_a_context_that_does_not_take_the_source_is_ignored,
          test_the_greatest_priority_wins_then_the_lowest_number,
          test_priority_zero_never_interrupts_and_is_never_claimed,
          test_the_threshold_masks_the_wire_up_to_itself_but_not_the_claim,
          test_priorities_and_thresholds_keep_three_bits, test_source_zero_does_not_exist,
          test_contexts_and_sources_beyond_the_machine_read_zero,
          test_a_disabled_source_pends_and_interrupts_once_enabled,
          test_reset_forgets_claims_but_sees_wires_that_are_high)
