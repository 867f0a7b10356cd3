/* SPDX-License-Identifier: Apache-2.0 */
/* Register banks: what the datasheet's table says, as data.
 *
 * A spec header (spec/<device>.h) lists its registers and fields as X-macro rows:
 *
 *   #define UART_REGS(R) \
 *       R(UART_IER, 0x1, 1, 1, 1, 1, 0x00, 0x0f, 0, REG_FX_W, "interrupt enable") ...
 *         name     off  size view repeat step reset rw  w1c flags  what it is
 *   #define UART_FIELDS(F) \
 *       F(UART_IER, UART_IER_ERBFI, 0, 1, "received data available interrupt") ...
 *         register  field        lsb bits what it is
 *
 * From these come offsets and indices, field accessors (FGET, FPUT in base/bits.h), decoding, size
 * checks, masks, reset, names in traces, docs/devices/, and the generic register tests.  Only
 * behaviour is written by hand: reg_ops, called for rows with REG_FX_R or REG_FX_W. */
#ifndef BUS_REG_H
#define BUS_REG_H

#include "bus/space.h"

#include <stddef.h>

enum reg_flag {
    REG_FX_R = 1 << 0,   /* reading has an effect or a computed value: ops->read is called */
    REG_FX_W = 1 << 1,   /* writing has an effect: ops->write is called after the masks */
    REG_NO_R = 1 << 2,   /* not decoded for reads */
    REG_NO_W = 1 << 3,   /* not decoded for writes (use rw = 0 for plain read-only) */
    REG_HALVES = 1 << 4, /* an 8-byte register also reached as two 4-byte halves */
    REG_NARROW = 1 << 5, /* any smaller aligned access is allowed too */
    REG_NO_STORE = 1 << 6, /* the value lives in the device: the bank keeps none; ops give it */
};

struct reg {
    const char *name;
    uint32_t offset;
    uint8_t size;   /* bytes: 1, 2, 4 or 8 */
    uint8_t view;   /* bit mask of the bank views in which it is visible; 1 is the usual view */
    uint16_t repeat; /* instances, `step` bytes apart; at least 1 */
    uint32_t step;
    uint64_t reset;
    uint64_t rw;  /* bits that software sets and clears */
    uint64_t w1c; /* bits that software clears by writing one */
    uint16_t flags;
    const char *doc;
};

struct reg_field {
    const char *reg, *name;
    uint8_t lsb, bits;
    const char *doc;
};

struct reg_ops {
    /* `stored` is the bank's value (0 with REG_NO_STORE); returns what the reader gets. */
    uint64_t (*read)(void *owner, unsigned reg, unsigned index, uint64_t stored);
    /* The bank already holds the new value; `old` is the one before, `written` what software
     * wrote, unmasked (sub-register writes are widened with the old bits). */
    void (*write)(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written);
};

/* What an access to nothing does. */
enum bank_hole { BANK_HOLE_FAULT, BANK_HOLE_ZERO /* reads 0, ignores writes */ };

struct bank {
    const struct reg *regs;
    unsigned count;
    const struct reg_ops *ops;
    void *owner;
    uint64_t *value;  /* all stored registers; the first instance of row i is value[first[i]] */
    uint32_t *first;
    unsigned values;  /* length of value[] */
    uint16_t *row;    /* derived: 1 + the first row at each four bytes, 0: none; NULL: too wide */
    uint32_t row_bytes; /* that row[] covers */
    uint8_t view;     /* current view bits */
    enum bank_hole hole;
    bool hole_size;   /* a wrong-sized access of a register is treated as a hole, else FAULT_SIZE */
};

/* Allocates value[] and sets reset values; the bank's owner frees it with bank_fini. */
void bank_init(struct bank *bank, const struct reg *regs, unsigned count,
               const struct reg_ops *ops, void *owner);
void bank_fini(struct bank *bank);
/* All stored registers to their reset values, view to 1; no ops are called. */
void bank_reset(struct bank *bank);

/* A region's access function for a region whose owner is a bank. */
enum fault bank_access(void *bank, struct txn *txn);

/* The stored value of register `reg` (enum from the spec), instance `index` (must be in range). */
static inline uint64_t *bank_at(const struct bank *bank, unsigned reg, unsigned index)
{
    return &bank->value[bank->first[reg] + index];
}
#define bank_value(bank, reg) (*bank_at((bank), (reg), 0))

/* X-macro expansions. */
#define REG_INDEX(name, ...) name,
#define REG_OFFSET(name, offset, ...) name##_OFFSET = offset,
#define REG_ROW(name, offset, size, view, repeat, step, reset, rw, w1c, flags, doc) \
    {#name, offset, size, view, repeat, step, reset, rw, w1c, flags, doc},
#define REG_FIELD_ENUM(reg, name, lsb, bits, doc) name##_LSB = lsb, name##_BITS = bits,
#define REG_FIELD_ROW(reg, name, lsb, bits, doc) {#reg, #name, lsb, bits, doc},

#endif
