/* SPDX-License-Identifier: Apache-2.0 */
/* Google's "goldfish" real-time clock: nanoseconds since 1970 in two halves, one alarm.  Registers
 * as in the Android emulator's hardware description (goldfish-virtual-hardware, RTC) and as QEMU's
 * virt board has them.  Row format: bus/reg.h. */
#ifndef SPEC_GOLDFISH_RTC_H
#define SPEC_GOLDFISH_RTC_H

/*    name offset size view repeat step reset rw w1c flags what it is */
#define GOLDFISH_RTC_REGS(R) \
    R(RTC_TIME_LOW, 0x00, 4, 1, 1, 1, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "time, low half; reading it keeps the high half for TIME_HIGH") \
    R(RTC_TIME_HIGH, 0x04, 4, 1, 1, 1, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "time, high half at the latest read of TIME_LOW") \
    R(RTC_ALARM_LOW, 0x08, 4, 1, 1, 1, 0, 0xffffffff, 0, REG_FX_W, \
      "alarm, low half; writing it sets the alarm") \
    R(RTC_ALARM_HIGH, 0x0c, 4, 1, 1, 1, 0, 0xffffffff, 0, 0, "alarm, high half; written first") \
    R(RTC_IRQ_ENABLED, 0x10, 4, 1, 1, 1, 0, 1, 0, REG_FX_W, "1: a pending alarm interrupts") \
    R(RTC_CLEAR_ALARM, 0x14, 4, 1, 1, 1, 0, 0, 0, REG_NO_R | REG_FX_W | REG_NO_STORE, \
      "any write takes the alarm back") \
    R(RTC_ALARM_STATUS, 0x18, 4, 1, 1, 1, 0, 0, 0, REG_NO_W | REG_FX_R | REG_NO_STORE, \
      "1 while an alarm is set") \
    R(RTC_CLEAR_INTERRUPT, 0x1c, 4, 1, 1, 1, 0, 0, 0, REG_NO_R | REG_FX_W | REG_NO_STORE, \
      "any write acknowledges the alarm")

#define GOLDFISH_RTC_FIELDS(F) \
    F(RTC_IRQ_ENABLED, RTC_IRQ_ENABLED_ON, 0, 1, "interrupt enable") \
    F(RTC_ALARM_STATUS, RTC_ALARM_STATUS_SET, 0, 1, "an alarm is set")

#endif
