/* SPDX-License-Identifier: Apache-2.0 */
#include "irq/aclint.h"

#include "base/bits.h"
#include "irq/output.h"

#define TICK_PS (PS_PER_S / VIRT_TIMEBASE_HZ)

enum { ACLINT_REGS(REG_INDEX) ACLINT_REG_COUNT };
enum { ACLINT_SSWI_REGS(REG_INDEX) ACLINT_SSWI_REG_COUNT };
enum { ACLINT_FIELDS(REG_FIELD_ENUM) };

/* One table for the documents; each region's bank takes its part. */
static const struct reg aclint_regs[] = {ACLINT_REGS(REG_ROW) ACLINT_SSWI_REGS(REG_ROW)};
static const struct reg_field aclint_fields[] = {ACLINT_FIELDS(REG_FIELD_ROW)};

uint64_t aclint_time(const struct aclint *a)
{
    return a->clock->now / TICK_PS + a->offset;
}

ps_t aclint_next_change(const struct aclint *a, uint64_t compare)
{
    uint64_t time = aclint_time(a);
    /* Up when time reaches compare; down when time wraps to 0.  A compare of 0 is
     * always reached. */
    uint64_t ticks = time < compare ? compare - time : -time;
    uint64_t now = a->clock->now / TICK_PS;

    if (compare == 0)
        return PS_NEVER;
    return ticks > PS_NEVER / TICK_PS - now ? PS_NEVER : (now + ticks) * TICK_PS;
}

static void update_timer(struct aclint *a, unsigned hart)
{
    struct aclint_timer *t = &a->timer[hart];
    uint64_t compare = *bank_at(&a->bank, ACLINT_MTIMECMP, hart);
    ps_t when = aclint_next_change(a, compare);

    if (when == PS_NEVER)
        clock_disarm(a->clock, &t->due);
    else if (!event_armed(&t->due) || t->due.when != when) /* a restored event keeps its turn */
        clock_arm(a->clock, &t->due, when);
    irq_output(&a->mtip[hart], a->trace, a->clock, a->source, hart, MIP_MTIP,
               aclint_time(a) >= compare, a->clock->cause);
}

static void on_due(void *owner)
{
    struct aclint_timer *t = owner;

    update_timer(t->aclint, t->hart);
}

static void time_moved(struct aclint *a)
{
    for (unsigned h = 0; h < a->harts; h++)
        update_timer(a, h);
    if (a->time_moved)
        a->time_moved(a->time_ctx);
}

static void update_msip(struct aclint *a, unsigned hart)
{
    irq_output(&a->msip[hart], a->trace, a->clock, a->source, hart, MIP_MSIP,
               FGET(*bank_at(&a->bank, ACLINT_MSIP, hart), ACLINT_MSIP_PENDING), a->clock->cause);
}

static uint64_t aclint_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    (void)reg, (void)index, (void)stored;
    return aclint_time(owner); /* MTIME is the only computed register */
}

static void aclint_write(void *owner, unsigned reg, unsigned index, uint64_t old,
                         uint64_t written)
{
    struct aclint *a = owner;

    (void)old;
    if (reg != ACLINT_MTIME && index >= a->harts)
        *bank_at(&a->bank, reg, index) = a->bank.regs[reg].reset; /* no such hart */
    else if (reg == ACLINT_MSIP)
        update_msip(a, index);
    else if (reg == ACLINT_MTIMECMP)
        update_timer(a, index);
    else {
        a->offset = written - a->clock->now / TICK_PS;
        time_moved(a);
    }
}

static void sswi_write(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written)
{
    struct aclint *a = owner;

    (void)reg, (void)old;
    if (index >= a->harts || !FGET(written, ACLINT_SETSSIP_EDGE))
        return;
    irq_output(&a->ssip[index], a->trace, a->clock, a->source, index, MIP_SSIP, true,
               a->clock->cause);
    /* The falling half is no event of its own: no record. */
    line_set(&a->ssip[index], false);
}

/* MTIME is stored nowhere.  Software may write one half of it, so the bank gets the whole of it
 * just before, and forgets it after: a snapshot must not hold a stale time. */
static enum fault aclint_access(void *owner, struct txn *txn)
{
    struct aclint *a = owner;
    enum fault fault;

    bank_value(&a->bank, ACLINT_MTIME) = aclint_time(a);
    fault = bank_access(&a->bank, txn);
    bank_value(&a->bank, ACLINT_MTIME) = 0;
    return fault;
}

static int aclint_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops ops = {aclint_read, aclint_write}, sswi_ops = {NULL, sswi_write};
    const struct aclint_config *config = env->config;
    struct aclint *a = dev;

    *a = (struct aclint){.clock = env->clock, .trace = env->trace};
    a->harts = config ? config->harts : 2;
    if (a->harts < 1 || a->harts > ACLINT_HARTS_MAX)
        return err_set(err, "%s: 1 to %u harts, not %u", env->name, ACLINT_HARTS_MAX, a->harts);
    a->source = trace_source(env->trace, env->name);
    bank_init(&a->bank, aclint_regs, ACLINT_REG_COUNT, &ops, a);
    bank_init(&a->sswi_bank, aclint_regs + ACLINT_REG_COUNT, ACLINT_SSWI_REG_COUNT, &sswi_ops, a);
    a->bank.hole = a->sswi_bank.hole = BANK_HOLE_ZERO;
    a->region = (struct region){.name = "aclint", .base = ACLINT_BASE, .size = ACLINT_BYTES,
                                .access = aclint_access, .owner = a, .link = env->link,
                                .source = a->source};
    a->sswi_region = (struct region){.name = "aclint.sswi", .base = ACLINT_SSWI_BASE,
                                     .size = ACLINT_SSWI_BYTES, .access = bank_access,
                                     .owner = &a->sswi_bank, .link = env->link,
                                     .source = a->source};
    for (unsigned h = 0; h < ACLINT_HARTS_MAX; h++) {
        a->timer[h].aclint = a;
        a->timer[h].hart = h;
        event_init(a->clock, &a->timer[h].due, "aclint.timer", on_due, &a->timer[h]);
    }
    return 0;
}

static void aclint_restore(void *dev)
{
    struct aclint *a = dev;

    for (unsigned h = 0; h < a->harts; h++)
        update_msip(a, h);
    time_moved(a);
}

static void aclint_reset(void *dev)
{
    struct aclint *a = dev;

    bank_reset(&a->bank);
    bank_reset(&a->sswi_bank);
    a->offset = -(a->clock->now / TICK_PS); /* ACLINT 2.1: mtime is 0 after reset */
    aclint_restore(a);
}

static void aclint_fini(void *dev)
{
    struct aclint *a = dev;

    for (unsigned h = 0; h < ACLINT_HARTS_MAX; h++)
        clock_disarm(a->clock, &a->timer[h].due);
    bank_fini(&a->bank);
    bank_fini(&a->sswi_bank);
}

static struct region *aclint_region(void *dev, unsigned i)
{
    struct aclint *a = dev;

    return i == 0 ? &a->region : i == 1 ? &a->sswi_region : NULL;
}

static struct bank *aclint_bank(void *dev, unsigned i)
{
    struct aclint *a = dev;

    return i == 0 ? &a->bank : i == 1 ? &a->sswi_bank : NULL;
}

static const struct field aclint_state[] = {
    FIELD(struct aclint, offset),
    FIELD_EACH(struct aclint, timer, due, FIELD_EVENT),
    FIELD_END,
};

const struct device_class aclint_class = {
    .name = "aclint",
    .title = "RISC-V ACLINT 1.0: MSWI, MTIMER, SSWI",
    .size = sizeof(struct aclint),
    .regs = aclint_regs,
    .reg_count = ARRAY_LEN(aclint_regs),
    .reg_fields = aclint_fields,
    .reg_field_count = ARRAY_LEN(aclint_fields),
    .state = aclint_state,
    .notes = "Unused offsets read 0 and ignore writes.  mtimecmp is all ones after reset, where "
             "the specification leaves it open: no interrupt before software asks for one.",
    .init = aclint_init,
    .reset = aclint_reset,
    .fini = aclint_fini,
    .region = aclint_region,
    .bank = aclint_bank,
    .restore = aclint_restore,
};
