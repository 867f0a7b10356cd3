/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bits.h"
#include "check.h"
#include "dev/finisher.h"

struct heard {
    unsigned count;
    enum finisher_action action;
    uint32_t code;
};

static void on_finish(void *ctx, enum finisher_action action, uint32_t code)
{
    struct heard *h = ctx;

    *h = (struct heard){h->count + 1, action, code};
}

/* What a write of `size` bytes at `offset` makes the machine hear. */
static struct heard write_hears(uint64_t offset, unsigned size, uint64_t value)
{
    struct heard heard = {0};
    struct finisher_config config = {0x100000, on_finish, &heard};
    struct clock clock;
    struct trace trace;
    struct space space = {0};
    struct device_env env = {.name = "finisher", .clock = &clock, .trace = &trace,
                             .space = &space, .config = &config};
    struct txn t = {.addr = offset, .size = (uint8_t)size, .write = true, .data = value};
    struct finisher f;

    clock_init(&clock);
    trace_init(&trace, &clock);
    CHECK(finisher_class.init(&f, &env, NULL) == 0);
    finisher_class.reset(&f);
    region_access(&space, &f.mmio, &t);
    t.write = false;
    if (size == 4) {
        CHECK_EQ_U64(region_access(&space, &f.mmio, &t), FAULT_NONE);
        CHECK_EQ_U64(t.data, 0);
    }
    finisher_class.fini(&f);
    trace_fini(&trace);
    clock_fini(&clock);
    return heard;
}

static void test_5555_passes_3333_fails_with_a_code_7777_resets(void)
{
    struct heard h = write_hears(0, 4, 0x5555);

    CHECK(h.count == 1 && h.action == FINISHER_PASS && h.code == 0);
    h = write_hears(0, 4, 42 << 16 | 0x3333);
    CHECK(h.count == 1 && h.action == FINISHER_FAIL && h.code == 42);
    h = write_hears(0, 4, 0xffff3333);
    CHECK(h.count == 1 && h.action == FINISHER_FAIL && h.code == 0xffff);
    h = write_hears(0, 4, 0x7777);
    CHECK(h.count == 1 && h.action == FINISHER_RESET);
}

static void test_firmware_s_two_byte_write_is_enough(void)
{
    struct heard h = write_hears(0, 2, 0x5555);

    CHECK(h.count == 1 && h.action == FINISHER_PASS);
}

static void test_anything_else_does_nothing(void)
{
    CHECK_EQ_U64(write_hears(0, 4, 0x1234).count, 0);
    CHECK_EQ_U64(write_hears(0, 4, 0).count, 0);
    CHECK_EQ_U64(write_hears(4, 4, 0x5555).count, 0);
    CHECK_EQ_U64(write_hears(2, 2, 0x5555).count, 0);
    CHECK_EQ_U64(write_hears(0, 8, 0x5555).count, 0);
    CHECK_EQ_U64(write_hears(0, 1, 0x55).count, 0);
}

TEST_MAIN(test_5555_passes_3333_fails_with_a_code_7777_resets,
          test_firmware_s_two_byte_write_is_enough,
          test_anything_else_does_nothing)
