/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/reg.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <stdlib.h>

/* Banks up to this wide find their rows by offset; the others (an interrupt controller's) have few. */
#define ROW_BYTES_MAX (UINT32_C(1) << 18)
#define ROW_GRAIN 4

static uint64_t row_end(const struct reg *r)
{
    return r->offset + (uint64_t)(r->repeat - 1) * r->step + r->size;
}

static void index_rows(struct bank *bank)
{
    uint64_t end = 0;

    for (unsigned i = 0; i < bank->count; i++)
        end = u64_max(end, row_end(&bank->regs[i]));
    if (end > ROW_BYTES_MAX)
        return;
    bank->row_bytes = (uint32_t)align_up(end, ROW_GRAIN);
    bank->row = xcalloc(bank->row_bytes / ROW_GRAIN, sizeof bank->row[0]);
    for (unsigned i = bank->count; i-- > 0; ) {
        const struct reg *r = &bank->regs[i];

        for (unsigned n = 0; n < r->repeat; n++)
            for (uint32_t at = r->offset + n * r->step, b = at; b < at + r->size; b++)
                bank->row[b / ROW_GRAIN] = (uint16_t)(i + 1);
    }
}

void bank_init(struct bank *bank, const struct reg *regs, unsigned count,
               const struct reg_ops *ops, void *owner)
{
    *bank = (struct bank){.regs = regs, .count = count, .ops = ops, .owner = owner};
    bank->first = xcalloc(count, sizeof bank->first[0]);
    for (unsigned i = 0; i < count; i++) {
        bank->first[i] = bank->values;
        if (!(regs[i].flags & REG_NO_STORE))
            bank->values += regs[i].repeat;
    }
    bank->value = xcalloc(bank->values, sizeof bank->value[0]);
    index_rows(bank);
    bank_reset(bank);
}

void bank_fini(struct bank *bank)
{
    free(bank->value);
    free(bank->first);
    free(bank->row);
    *bank = (struct bank){0};
}

void bank_reset(struct bank *bank)
{
    bank->view = 1;
    for (unsigned i = 0; i < bank->count; i++)
        if (!(bank->regs[i].flags & REG_NO_STORE))
            for (unsigned n = 0; n < bank->regs[i].repeat; n++)
                *bank_at(bank, i, n) = bank->regs[i].reset;
}

static bool size_allowed(const struct reg *r, unsigned size)
{
    return size == r->size || (r->flags & REG_NARROW && size < r->size) ||
           (r->flags & REG_HALVES && size == 4 && r->size == 8);
}

/* The row that decodes this access, or NULL with why; *index is its instance, *shift the lowest of
 * the accessed bits within it. */
static const struct reg *decode(const struct bank *bank, const struct txn *txn, unsigned *index,
                                unsigned *shift, enum fault *fault)
{
    unsigned from = 0;

    *fault = FAULT_DECODE;
    if (bank->row) {
        from = txn->addr < bank->row_bytes ? bank->row[txn->addr / ROW_GRAIN] : 0;
        if (!from)
            return NULL;
        from--;
    }
    for (unsigned i = from; i < bank->count; i++) {
        const struct reg *r = &bank->regs[i];
        uint64_t into = txn->addr - r->offset;
        uint64_t n = r->repeat > 1 ? into / r->step : 0;

        if (txn->addr < r->offset || n >= r->repeat)
            continue;
        into -= n * (r->repeat > 1 ? r->step : 0);
        if (into >= r->size || !(r->view & bank->view) ||
            r->flags & (txn->write ? REG_NO_W : REG_NO_R))
            continue;
        if (!size_allowed(r, txn->size) || into + txn->size > r->size) {
            *fault = FAULT_SIZE;
            continue;
        }
        *index = (unsigned)n;
        *shift = (unsigned)into * 8;
        return r;
    }
    return NULL;
}

static uint64_t read_reg(struct bank *bank, const struct reg *r, unsigned index)
{
    unsigned i = (unsigned)(r - bank->regs);
    uint64_t stored = r->flags & REG_NO_STORE ? 0 : *bank_at(bank, i, index);

    return r->flags & REG_FX_R ? bank->ops->read(bank->owner, i, index, stored) : stored;
}

static void write_reg(struct bank *bank, const struct reg *r, unsigned index, uint64_t written,
                      uint64_t lanes)
{
    unsigned i = (unsigned)(r - bank->regs);
    uint64_t old = 0;

    if (!(r->flags & REG_NO_STORE)) {
        uint64_t *value = bank_at(bank, i, index), rw = r->rw & lanes;
        old = *value;
        *value = ((old & ~rw) | (written & rw)) & ~(written & lanes & r->w1c);
    }
    if (r->flags & REG_FX_W)
        bank->ops->write(bank->owner, i, index, old, (old & ~lanes) | (written & lanes));
}

enum fault bank_access(void *owner, struct txn *txn)
{
    struct bank *bank = owner;
    unsigned index, shift;
    enum fault fault;
    const struct reg *r = decode(bank, txn, &index, &shift, &fault);

    if (!r) {
        if (bank->hole == BANK_HOLE_FAULT || (fault == FAULT_SIZE && !bank->hole_size))
            return fault;
        txn->data = 0;
        return FAULT_NONE;
    }
    if (txn->write)
        write_reg(bank, r, index, txn->data << shift, mask_bits(txn->size * 8) << shift);
    else
        txn->data = read_reg(bank, r, index) >> shift;
    return FAULT_NONE;
}
