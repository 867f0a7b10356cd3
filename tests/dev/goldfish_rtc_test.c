/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bits.h"
#include "check.h"
#include "dev/goldfish_rtc.h"

enum { GOLDFISH_RTC_REGS(REG_OFFSET) };

#define EPOCH GOLDFISH_RTC_EPOCH_NS

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct goldfish_rtc rtc;
    bool irq;
};

static void on_irq(void *sink, unsigned pin, bool level)
{
    (void)pin;
    ((struct rig *)sink)->irq = level;
}

static void rig_up(struct rig *r)
{
    struct device_env env = {.name = "rtc", .clock = &r->clock, .trace = &r->trace,
                             .space = &r->space};

    memset(r, 0, sizeof *r);
    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    CHECK(goldfish_rtc_class.init(&r->rtc, &env, NULL) == 0);
    goldfish_rtc_class.reset(&r->rtc);
    line_connect(&r->rtc.irq, on_irq, r, 0);
}

static void rig_down(struct rig *r)
{
    goldfish_rtc_class.fini(&r->rtc);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
}

static uint32_t get(struct rig *r, unsigned reg)
{
    struct txn t = {.addr = reg, .size = 4};

    CHECK_EQ_U64(region_access(&r->space, &r->rtc.mmio, &t), FAULT_NONE);
    return (uint32_t)t.data;
}

static void put(struct rig *r, unsigned reg, uint32_t value)
{
    struct txn t = {.addr = reg, .size = 4, .write = true, .data = value};

    CHECK_EQ_U64(region_access(&r->space, &r->rtc.mmio, &t), FAULT_NONE);
}

static uint64_t time_now(struct rig *r)
{
    uint64_t low = get(r, RTC_TIME_LOW_OFFSET);

    return low | (uint64_t)get(r, RTC_TIME_HIGH_OFFSET) << 32;
}

static void set_alarm(struct rig *r, uint64_t ns)
{
    put(r, RTC_ALARM_HIGH_OFFSET, (uint32_t)(ns >> 32));
    put(r, RTC_ALARM_LOW_OFFSET, (uint32_t)ns);
}

static void test_time_is_the_epoch_plus_virtual_time(void)
{
    struct rig r;

    rig_up(&r);
    CHECK_EQ_U64(time_now(&r), EPOCH);
    clock_run(&r.clock, 5 * PS_PER_S + 1999);
    CHECK_EQ_U64(time_now(&r), EPOCH + UINT64_C(5000000001));
    rig_down(&r);
}

static void test_reading_the_low_half_keeps_the_high_half(void)
{
    struct rig r;
    uint64_t carry_ps = ((EPOCH | mask_bits(32)) - EPOCH) * PS_PER_NS;
    uint32_t low, high;

    rig_up(&r);
    clock_run(&r.clock, carry_ps);
    low = get(&r, RTC_TIME_LOW_OFFSET);
    clock_run(&r.clock, carry_ps + PS_PER_NS);
    high = get(&r, RTC_TIME_HIGH_OFFSET);
    CHECK_EQ_U64(low, 0xffffffff);
    CHECK_EQ_U64(high, EPOCH >> 32);
    CHECK_EQ_U64(time_now(&r), (EPOCH | mask_bits(32)) + 1);
    rig_down(&r);
}

static void test_software_sets_the_time(void)
{
    struct rig r;

    rig_up(&r);
    clock_run(&r.clock, PS_PER_S);
    put(&r, RTC_TIME_HIGH_OFFSET, 0x12345678);
    put(&r, RTC_TIME_LOW_OFFSET, 0x9abcdef0);
    CHECK_EQ_U64(time_now(&r), 0x123456789abcdef0);
    clock_run(&r.clock, 2 * PS_PER_S);
    CHECK_EQ_U64(time_now(&r), 0x123456789abcdef0 + 1000000000);
    rig_down(&r);
}

static void test_the_alarm_interrupts_at_its_time_until_acknowledged(void)
{
    struct rig r;

    rig_up(&r);
    put(&r, RTC_IRQ_ENABLED_OFFSET, 1);
    set_alarm(&r, EPOCH + 1000);
    CHECK_EQ_U64(get(&r, RTC_ALARM_STATUS_OFFSET), 1);
    clock_run(&r.clock, PS_PER_US - 1);
    CHECK(!r.irq);
    clock_run(&r.clock, PS_PER_US);
    CHECK(r.irq);
    CHECK_EQ_U64(get(&r, RTC_ALARM_STATUS_OFFSET), 0);
    put(&r, RTC_IRQ_ENABLED_OFFSET, 0);
    CHECK(!r.irq);
    put(&r, RTC_IRQ_ENABLED_OFFSET, 1);
    CHECK(r.irq);
    put(&r, RTC_CLEAR_INTERRUPT_OFFSET, 0);
    CHECK(!r.irq);
    rig_down(&r);
}

static void test_an_alarm_in_the_past_goes_off_at_once(void)
{
    struct rig r;

    rig_up(&r);
    put(&r, RTC_IRQ_ENABLED_OFFSET, 1);
    set_alarm(&r, EPOCH);
    CHECK(r.irq);
    CHECK_EQ_U64(get(&r, RTC_ALARM_STATUS_OFFSET), 0);
    rig_down(&r);
}

static void test_a_cleared_alarm_does_not_go_off(void)
{
    struct rig r;

    rig_up(&r);
    put(&r, RTC_IRQ_ENABLED_OFFSET, 1);
    set_alarm(&r, EPOCH + 1000);
    put(&r, RTC_CLEAR_ALARM_OFFSET, 1);
    CHECK_EQ_U64(get(&r, RTC_ALARM_STATUS_OFFSET), 0);
    clock_run(&r.clock, PS_PER_S);
    CHECK(!r.irq);
    rig_down(&r);
}

static void test_setting_the_time_moves_the_alarm(void)
{
    struct rig r;

    rig_up(&r);
    put(&r, RTC_IRQ_ENABLED_OFFSET, 1);
    set_alarm(&r, EPOCH + UINT64_C(10000000000));
    put(&r, RTC_TIME_LOW_OFFSET, (uint32_t)EPOCH + 4000000);
    clock_run(&r.clock, UINT64_C(9995) * PS_PER_S / 1000);
    CHECK(!r.irq);
    clock_run(&r.clock, UINT64_C(9996) * PS_PER_S / 1000);
    CHECK(r.irq);
    rig_down(&r);
}

static void test_an_alarm_beyond_virtual_time_is_set_and_never_goes_off(void)
{
    struct rig r;

    rig_up(&r);
    put(&r, RTC_IRQ_ENABLED_OFFSET, 1);
    set_alarm(&r, UINT64_MAX);
    clock_run(&r.clock, PS_NEVER - 1);
    CHECK(!r.irq);
    CHECK_EQ_U64(get(&r, RTC_ALARM_STATUS_OFFSET), 1);
    rig_down(&r);
}

TEST_MAIN(test_time_is_the_epoch_plus_virtual_time,
          test_reading_the_low_half_keeps_the_high_half,
          test_software_sets_the_time,
          test_the_alarm_interrupts_at_its_time_until_acknowledged,
          test_an_alarm_in_the_past_goes_off_at_once,
          test_a_cleared_alarm_does_not_go_off,
          test_setting_the_time_moves_the_alarm,
          test_an_alarm_beyond_virtual_time_is_set_and_never_goes_off)
