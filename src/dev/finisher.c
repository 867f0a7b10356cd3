/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/finisher.h"

#include "base/bits.h"
#include "spec/virt.h"

enum { FINISHER_REGS(REG_INDEX) FINISHER_REG_COUNT };
enum { FINISHER_FIELDS(REG_FIELD_ENUM) };

static const struct reg finisher_regs[] = {FINISHER_REGS(REG_ROW)};
static const struct reg_field finisher_fields[] = {FINISHER_FIELDS(REG_FIELD_ROW)};

static void finisher_write(void *owner, unsigned reg, unsigned index, uint64_t old,
                           uint64_t written)
{
    const struct finisher_config *c = &((struct finisher *)owner)->config;

    (void)reg, (void)index, (void)old;
    if (!c->finish)
        return;
    switch (FGET(written, FINISHER_ACTION)) {
    case FINISHER_IS_PASS:
        c->finish(c->ctx, FINISHER_PASS, 0);
        break;
    case FINISHER_IS_FAIL:
        c->finish(c->ctx, FINISHER_FAIL, (uint32_t)FGET(written, FINISHER_CODE));
        break;
    case FINISHER_IS_RESET:
        c->finish(c->ctx, FINISHER_RESET, 0);
        break;
    }
}

static void finisher_reset(void *dev)
{
    bank_reset(&((struct finisher *)dev)->bank);
}

static int finisher_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops ops = {NULL, finisher_write};
    static const struct finisher_config unconnected = {.base = VIRT_FINISHER_BASE};
    struct finisher *f = dev;

    (void)err;
    memset(f, 0, sizeof *f);
    f->config = env->config ? *(const struct finisher_config *)env->config : unconnected;
    bank_init(&f->bank, finisher_regs, FINISHER_REG_COUNT, &ops, f);
    f->bank.hole = BANK_HOLE_ZERO;
    f->mmio = (struct region){.name = env->name, .base = f->config.base,
                              .size = VIRT_FINISHER_BYTES, .access = bank_access,
                              .owner = &f->bank, .link = env->link,
                              .source = trace_source(env->trace, env->name)};
    return 0;
}

static void finisher_fini(void *dev)
{
    bank_fini(&((struct finisher *)dev)->bank);
}

static struct region *finisher_region(void *dev, unsigned i)
{
    return i == 0 ? &((struct finisher *)dev)->mmio : NULL;
}

static struct bank *finisher_bank(void *dev, unsigned i)
{
    return i == 0 ? &((struct finisher *)dev)->bank : NULL;
}

static const struct field finisher_state[] = {FIELD_END};

const struct device_class finisher_class = {
    .name = "finisher",
    .title = "SiFive test finisher",
    .size = sizeof(struct finisher),
    .regs = finisher_regs,
    .reg_count = FINISHER_REG_COUNT,
    .reg_fields = finisher_fields,
    .reg_field_count = ARRAY_LEN(finisher_fields),
    .state = finisher_state,
    .notes = "The program ends with status 0 for pass and the code for fail.  Offsets without a "
             "register read 0.",
    .init = finisher_init,
    .reset = finisher_reset,
    .fini = finisher_fini,
    .region = finisher_region,
    .bank = finisher_bank,
};
