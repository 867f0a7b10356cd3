/* SPDX-License-Identifier: Apache-2.0 */
/* A driver's view of spec/: the same tables from which the device models are made.
 *
 *   enum { UART_REGS(REG_AT) };        UART_LSR is 5, its offset
 *   enum { UART_FIELDS(FIELD_MASK) };  UART_LSR_DR is 1, the bits of the field, in place;
 *                                      UART_LSR_DR_LSB its lowest bit, to put a value there
 * Of a row that stands for several registers, NAME is the first and NAME_STEP their distance. */
#ifndef LABS_LIB_REG_H
#define LABS_LIB_REG_H

#include <stdint.h>

#define REG_AT(name, offset, size, view, repeat, step, reset, rw, w1c, flags, doc) \
    name = (offset), name##_STEP = (step),
#define FIELD_MASK(reg, name, lsb, bits, doc) \
    name = ((1 << ((bits) - 1) << 1) - 1) << (lsb), name##_LSB = (lsb),
/* For registers of 64 bits. */
#define FIELD_MASK64(reg, name, lsb, bits, doc) \
    name = ((INT64_C(1) << ((bits) - 1) << 1) - 1) << (lsb), name##_LSB = (lsb),

/* Accesses to device memory are done as written, once and in this order: the compiler by volatile,
 * the hart because device memory is strongly ordered I/O on this board (unprivileged spec, "I/O
 * ordering"; privileged spec 3.6.5).  A load waits for the device's answer; a store is posted. */
#define MMIO_ACCESS(bits) \
    static inline uint##bits##_t mmio_read##bits(uintptr_t addr) \
    { \
        return *(volatile uint##bits##_t *)addr; \
    } \
    static inline void mmio_write##bits(uintptr_t addr, uint##bits##_t value) \
    { \
        *(volatile uint##bits##_t *)addr = value; \
    }
MMIO_ACCESS(8)
MMIO_ACCESS(16)
MMIO_ACCESS(32)
MMIO_ACCESS(64)

#endif
