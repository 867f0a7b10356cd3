/* SPDX-License-Identifier: Apache-2.0 */
/* The goldfish real-time clock (spec/goldfish_rtc.h).  It shows virtual time from a fixed date on:
 * the host's calendar never enters a run. */
#ifndef DEV_GOLDFISH_RTC_H
#define DEV_GOLDFISH_RTC_H

#include "bus/device.h"
#include "spec/goldfish_rtc.h"

/* 2026-01-01T00:00:00Z */
#define GOLDFISH_RTC_EPOCH_NS (UINT64_C(1767225600) * 1000000000)

struct goldfish_rtc_config {
    uint64_t base;
    uint64_t epoch_ns; /* time at power-on, since 1970 */
};

extern const struct goldfish_rtc_config goldfish_rtc_config_default;

struct goldfish_rtc {
    struct region mmio;
    struct bank bank;
    struct line irq; /* the board connects it */
    struct clock *clock;
    struct goldfish_rtc_config config;
    /* state */
    uint64_t offset_ns;    /* time less the clock's, modulo 2^64 */
    uint32_t latched_high; /* what TIME_HIGH reads */
    bool pending;          /* the alarm has gone off and is not acknowledged */
    struct event alarm;    /* armed while an alarm is set */
};

extern const struct device_class goldfish_rtc_class;

#endif
