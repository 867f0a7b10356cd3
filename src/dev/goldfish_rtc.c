/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/goldfish_rtc.h"

#include "base/bits.h"
#include "spec/virt.h"

enum { GOLDFISH_RTC_REGS(REG_INDEX) RTC_REG_COUNT };
enum { GOLDFISH_RTC_FIELDS(REG_FIELD_ENUM) };

static const struct reg rtc_regs[] = {GOLDFISH_RTC_REGS(REG_ROW)};
static const struct reg_field rtc_fields[] = {GOLDFISH_RTC_FIELDS(REG_FIELD_ROW)};

const struct goldfish_rtc_config goldfish_rtc_config_default = {
    VIRT_RTC_BASE, GOLDFISH_RTC_EPOCH_NS
};

static uint64_t clock_ns(const struct goldfish_rtc *rtc)
{
    return rtc->clock->now / PS_PER_NS;
}

static uint64_t time_ns(const struct goldfish_rtc *rtc)
{
    return clock_ns(rtc) + rtc->offset_ns;
}

static uint64_t alarm_ns(const struct goldfish_rtc *rtc)
{
    return bank_value(&rtc->bank, RTC_ALARM_HIGH) << 32 | bank_value(&rtc->bank, RTC_ALARM_LOW);
}

static void update(struct goldfish_rtc *rtc)
{
    line_set(&rtc->irq, rtc->pending && bank_value(&rtc->bank, RTC_IRQ_ENABLED));
}

static void on_alarm(void *owner)
{
    struct goldfish_rtc *rtc = owner;

    rtc->pending = true;
    update(rtc);
}

/* A time that has come already goes off at once. */
static void set_alarm(struct goldfish_rtc *rtc)
{
    uint64_t time = time_ns(rtc), alarm = alarm_ns(rtc), at = clock_ns(rtc);

    clock_disarm(rtc->clock, &rtc->alarm);
    if (alarm <= time)
        on_alarm(rtc);
    else if (alarm - time >= PS_NEVER / PS_PER_NS - at) /* after the end of virtual time */
        clock_arm(rtc->clock, &rtc->alarm, PS_NEVER);
    else
        clock_arm(rtc->clock, &rtc->alarm, (at + (alarm - time)) * PS_PER_NS);
}

static void set_time(struct goldfish_rtc *rtc, uint64_t time)
{
    rtc->offset_ns = time - clock_ns(rtc);
    if (event_armed(&rtc->alarm))
        set_alarm(rtc);
}

static uint64_t rtc_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    struct goldfish_rtc *rtc = owner;

    (void)index;
    switch (reg) {
    case RTC_TIME_LOW:
        rtc->latched_high = (uint32_t)(time_ns(rtc) >> 32);
        return time_ns(rtc) & mask_bits(32);
    case RTC_TIME_HIGH:
        return rtc->latched_high;
    case RTC_ALARM_STATUS:
        return FPUT(0, RTC_ALARM_STATUS_SET, event_armed(&rtc->alarm));
    }
    return stored;
}

static void rtc_write(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written)
{
    struct goldfish_rtc *rtc = owner;

    (void)index, (void)old;
    switch (reg) {
    case RTC_TIME_LOW:
        set_time(rtc, bits_set(time_ns(rtc), 31, 0, written));
        break;
    case RTC_TIME_HIGH:
        set_time(rtc, bits_set(time_ns(rtc), 63, 32, written));
        break;
    case RTC_ALARM_LOW:
        set_alarm(rtc);
        break;
    case RTC_CLEAR_ALARM:
        clock_disarm(rtc->clock, &rtc->alarm);
        break;
    case RTC_CLEAR_INTERRUPT:
        rtc->pending = false;
        break;
    }
    update(rtc);
}

static void rtc_reset(void *dev)
{
    struct goldfish_rtc *rtc = dev;

    bank_reset(&rtc->bank);
    clock_disarm(rtc->clock, &rtc->alarm);
    rtc->offset_ns = rtc->config.epoch_ns;
    rtc->latched_high = 0;
    rtc->pending = false;
    update(rtc);
}

static int rtc_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops ops = {rtc_read, rtc_write};
    struct goldfish_rtc *rtc = dev;

    (void)err;
    memset(rtc, 0, sizeof *rtc);
    rtc->clock = env->clock;
    rtc->config = env->config ? *(const struct goldfish_rtc_config *)env->config
                              : goldfish_rtc_config_default;
    bank_init(&rtc->bank, rtc_regs, RTC_REG_COUNT, &ops, rtc);
    rtc->bank.hole = BANK_HOLE_ZERO;
    rtc->mmio = (struct region){.name = env->name, .base = rtc->config.base,
                                .size = VIRT_RTC_BYTES, .access = bank_access,
                                .owner = &rtc->bank, .link = env->link,
                                .source = trace_source(env->trace, env->name)};
    event_init(rtc->clock, &rtc->alarm, "rtc.alarm", on_alarm, rtc);
    return 0;
}

static void rtc_fini(void *dev)
{
    bank_fini(&((struct goldfish_rtc *)dev)->bank);
}

static struct region *rtc_region(void *dev, unsigned i)
{
    return i == 0 ? &((struct goldfish_rtc *)dev)->mmio : NULL;
}

static struct bank *rtc_bank(void *dev, unsigned i)
{
    return i == 0 ? &((struct goldfish_rtc *)dev)->bank : NULL;
}

static void rtc_restore(void *dev)
{
    update(dev);
}

static const struct field rtc_state[] = {
    FIELD(struct goldfish_rtc, offset_ns),
    FIELD(struct goldfish_rtc, latched_high),
    FIELD(struct goldfish_rtc, pending),
    FIELD_AN_EVENT(struct goldfish_rtc, alarm),
    FIELD_END,
};

const struct device_class goldfish_rtc_class = {
    .name = "goldfish_rtc",
    .title = "Goldfish real-time clock",
    .size = sizeof(struct goldfish_rtc),
    .regs = rtc_regs,
    .reg_count = RTC_REG_COUNT,
    .reg_fields = rtc_fields,
    .reg_field_count = ARRAY_LEN(rtc_fields),
    .state = rtc_state,
    .notes = "Time is virtual time from a fixed date on (2026-01-01T00:00:00Z unless the machine "
             "is configured otherwise).  What software sets lasts until the machine is reset: there "
             "is no battery.  Setting the time moves an alarm that is set.  Offsets without a "
             "register read 0.",
    .init = rtc_init,
    .reset = rtc_reset,
    .fini = rtc_fini,
    .region = rtc_region,
    .bank = rtc_bank,
    .restore = rtc_restore,
};
