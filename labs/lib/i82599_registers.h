/* SPDX-License-Identifier: Apache-2.0 */
/* The 82599's registers, for the files of its driver: offsets as I82599_NAME, bits of fields as
 * I82599_NAME_FIELD, and 32-bit accesses (8.1). */
#ifndef LABS_LIB_I82599_REGISTERS_H
#define LABS_LIB_I82599_REGISTERS_H

#include "labs/lib/i82599.h"
#include "labs/lib/reg.h"

enum { I82599_REGS(REG_AT) };
enum { I82599_REG_FIELDS(FIELD_MASK) };

static inline uint32_t get(const struct i82599 *n, unsigned reg)
{
    return mmio_read32(n->registers + reg);
}

static inline void put(const struct i82599 *n, unsigned reg, uint32_t value)
{
    mmio_write32(n->registers + reg, value);
}

static inline void set(const struct i82599 *n, unsigned reg, uint32_t bits)
{
    put(n, reg, get(n, reg) | bits);
}

static inline void clear(const struct i82599 *n, unsigned reg, uint32_t bits)
{
    put(n, reg, get(n, reg) & ~bits);
}

#endif
