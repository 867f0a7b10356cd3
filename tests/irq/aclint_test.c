/* SPDX-License-Identifier: Apache-2.0 */
#include "irq/aclint.h"
#include "irq/output.h"
#include "rig.h"

#define TICK UINT64_C(100000) /* ps */
#define MSIP(h) (ACLINT_BASE + 4 * (uint64_t)(h))
#define MTIMECMP(h) (ACLINT_BASE + 0x4000 + 8 * (uint64_t)(h))
#define MTIME (ACLINT_BASE + UINT64_C(0xbff8))
#define SETSSIP(h) (ACLINT_SSWI_BASE + 4 * (uint64_t)(h))

static struct rig rig;
static struct aclint dev;
static unsigned moved;

static void on_moved(void *ctx)
{
    (void)ctx;
    moved++;
}

static void up(void)
{
    struct aclint_config config = {.harts = 3};

    rig_init(&rig);
    rig_add(&rig, &aclint_class, &dev, &config);
    rig_connect(&rig, dev.msip, WIRES_MAX, MIP_MSIP);
    rig_connect(&rig, dev.mtip, WIRES_MAX, MIP_MTIP);
    rig_connect(&rig, dev.ssip, WIRES_MAX, MIP_SSIP);
    moved = 0;
    dev.time_moved = on_moved;
}

static void down(void)
{
    aclint_class.fini(&dev);
    rig_fini(&rig);
}

static void test_msip_is_a_level_of_its_own_hart(void)
{
    up();
    put32(&rig, MSIP(1), 0xffffffff);
    CHECK_EQ_U64(get32(&rig, MSIP(1)), 1);
    CHECK(rig.wire[1][MIP_MSIP].level);
    CHECK(!rig.wire[0][MIP_MSIP].level && !rig.wire[2][MIP_MSIP].level);
    put32(&rig, MSIP(1), 0xfffffffe);
    CHECK(!rig.wire[1][MIP_MSIP].level);
    down();
}

static void test_mtime_counts_ten_million_ticks_a_second(void)
{
    up();
    CHECK_EQ_U64(get(&rig, 8, MTIME), 0);
    clock_run(&rig.clock, TICK - 1);
    CHECK_EQ_U64(get(&rig, 8, MTIME), 0);
    clock_run(&rig.clock, TICK);
    CHECK_EQ_U64(get(&rig, 8, MTIME), 1);
    clock_run(&rig.clock, PS_PER_S);
    CHECK_EQ_U64(get(&rig, 8, MTIME), 10000000);
    CHECK_EQ_U64(aclint_time(&dev), 10000000);
    down();
}

static void test_mtip_rises_on_the_tick_that_reaches_mtimecmp(void)
{
    up();
    clock_run(&rig.clock, 7 * TICK + 5);
    put(&rig, 8, MTIMECMP(2), 10);
    CHECK_EQ_U64(clock_next(&rig.clock), 10 * TICK);
    clock_run(&rig.clock, 10 * TICK - 1);
    CHECK(!rig.wire[2][MIP_MTIP].level);
    clock_run(&rig.clock, 10 * TICK);
    CHECK(rig.wire[2][MIP_MTIP].level && !rig.wire[0][MIP_MTIP].level);
    put(&rig, 8, MTIMECMP(2), 11);
    CHECK(!rig.wire[2][MIP_MTIP].level);
    put(&rig, 8, MTIMECMP(2), 10);
    CHECK(rig.wire[2][MIP_MTIP].level);
    down();
}

static void test_mtimecmp_is_written_in_halves_as_the_manual_tells_rv32_to(void)
{
    up();
    put32(&rig, MTIMECMP(0), 0xffffffff);
    put32(&rig, MTIMECMP(0) + 4, 1);
    put32(&rig, MTIMECMP(0), 5);
    CHECK_EQ_U64(get(&rig, 8, MTIMECMP(0)), UINT64_C(0x100000005));
    CHECK_EQ_U64(get32(&rig, MTIMECMP(0) + 4), 1);
    CHECK_EQ_U64(clock_next(&rig.clock), UINT64_C(0x100000005) * TICK);
    down();
}

static void test_writing_mtime_moves_time_and_the_timers_with_it(void)
{
    up();
    clock_run(&rig.clock, 1000 * TICK);
    put(&rig, 8, MTIMECMP(0), 5000);
    put(&rig, 8, MTIME, 4990);
    CHECK_EQ_U64(moved, 1);
    CHECK_EQ_U64(clock_next(&rig.clock), 1010 * TICK);
    clock_run(&rig.clock, 1010 * TICK);
    CHECK(rig.wire[0][MIP_MTIP].level);
    put(&rig, 8, MTIME, 0);
    CHECK(!rig.wire[0][MIP_MTIP].level);
    down();
}

static void test_writing_half_of_mtime_keeps_the_other_half(void)
{
    up();
    clock_run(&rig.clock, 77 * TICK);
    put32(&rig, MTIME + 4, 3);
    CHECK_EQ_U64(get(&rig, 8, MTIME), UINT64_C(0x30000004d));
    put32(&rig, MTIME, 9);
    CHECK_EQ_U64(get(&rig, 8, MTIME), UINT64_C(0x300000009));
    CHECK_EQ_U64(get32(&rig, MTIME + 4), 3);
    down();
}

static void test_mtip_falls_when_mtime_wraps(void)
{
    up();
    put(&rig, 8, MTIMECMP(0), 100);
    put(&rig, 8, MTIME, UINT64_MAX - 1);
    CHECK(rig.wire[0][MIP_MTIP].level);
    clock_run(&rig.clock, 2 * TICK);
    CHECK_EQ_U64(get(&rig, 8, MTIME), 0);
    CHECK(!rig.wire[0][MIP_MTIP].level);
    clock_run(&rig.clock, 102 * TICK);
    CHECK(rig.wire[0][MIP_MTIP].level);
    down();
}

static void test_a_compare_beyond_the_end_of_the_clock_arms_nothing(void)
{
    up();
    put(&rig, 8, MTIMECMP(0), UINT64_MAX);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER);
    put(&rig, 8, MTIMECMP(0), PS_NEVER / TICK);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER / TICK * TICK);
    put(&rig, 8, MTIMECMP(0), PS_NEVER / TICK + 1);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER);
    /* Compare 0 is true for ever: neither now nor the wrap changes it. */
    for (unsigned h = 0; h < 3; h++)
        put(&rig, 8, MTIMECMP(h), 0);
    put(&rig, 8, MTIME, UINT64_MAX - 1);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER);
    CHECK(rig.wire[0][MIP_MTIP].level);
    down();
}

static void test_setssip_sends_an_edge_for_each_write_of_one_and_reads_zero(void)
{
    up();
    put32(&rig, SETSSIP(1), 1);
    CHECK_EQ_U64(rig.wire[1][MIP_SSIP].rises, 1);
    CHECK(!rig.wire[1][MIP_SSIP].level);
    put32(&rig, SETSSIP(1), 0xfffffffe);
    CHECK_EQ_U64(rig.wire[1][MIP_SSIP].rises, 1);
    put32(&rig, SETSSIP(1), 0xffffffff);
    CHECK_EQ_U64(rig.wire[1][MIP_SSIP].rises, 2);
    CHECK_EQ_U64(get32(&rig, SETSSIP(1)), 0);
    CHECK_EQ_U64(rig.wire[0][MIP_SSIP].rises, 0);
    down();
}

static void test_registers_of_harts_that_do_not_exist_stay_as_reset(void)
{
    up();
    put32(&rig, MSIP(3), 1);
    put(&rig, 8, MTIMECMP(3), 5);
    put32(&rig, SETSSIP(3), 1);
    CHECK_EQ_U64(rig.wire[3][MIP_SSIP].rises, 0);
    CHECK_EQ_U64(get32(&rig, MSIP(3)), 0);
    CHECK_EQ_U64(get(&rig, 8, MTIMECMP(3)), UINT64_MAX);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER);
    CHECK_EQ_U64(get32(&rig, ACLINT_BASE + 0x3ff0), 0);
    down();
}

static void test_reset_takes_time_to_zero_and_lowers_every_line(void)
{
    up();
    clock_run(&rig.clock, 50 * TICK);
    put32(&rig, MSIP(0), 1);
    put(&rig, 8, MTIMECMP(0), 1);
    put(&rig, 8, MTIMECMP(1), 100);
    aclint_class.reset(&dev);
    CHECK(!rig.wire[0][MIP_MSIP].level && !rig.wire[0][MIP_MTIP].level);
    CHECK_EQ_U64(aclint_time(&dev), 0);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER);
    down();
}

static void test_more_harts_than_the_registers_name_is_refused(void)
{
    struct aclint_config config = {.harts = ACLINT_HARTS_MAX + 1};
    struct device_env env = {.name = "aclint", .clock = &rig.clock, .trace = &rig.trace,
                             .config = &config};
    struct err err = {""};

    rig_init(&rig);
    CHECK(aclint_class.init(&dev, &env, &err) == -1);
    CHECK(strstr(err.text, "1 to 16 harts") != NULL);
    rig_fini(&rig);
}

TEST_MAIN(test_msip_is_a_level_of_its_own_hart, test_mtime_counts_ten_million_ticks_a_second,
          test_mtip_rises_on_the_tick_that_reaches_mtimecmp,
          test_mtimecmp_is_written_in_halves_as_the_manual_tells_rv32_to,
          test_writing_mtime_moves_time_and_the_timers_with_it,
          test_writing_half_of_mtime_keeps_the_other_half, test_mtip_falls_when_mtime_wraps,
          test_a_compare_beyond_the_end_of_the_clock_arms_nothing,
          test_setssip_sends_an_edge_for_each_write_of_one_and_reads_zero,
          test_registers_of_harts_that_do_not_exist_stay_as_reset,
          test_reset_takes_time_to_zero_and_lowers_every_line,
          test_more_harts_than_the_registers_name_is_refused)
