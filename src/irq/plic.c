/* SPDX-License-Identifier: Apache-2.0 */
#include "irq/plic.h"

#include "base/bits.h"
#include "irq/output.h"

#include <assert.h>

static const struct reg plic_regs[] = {PLIC_REGS(REG_ROW)};

static uint32_t enabled(const struct plic *p, unsigned context, unsigned word)
{
    return (uint32_t)*bank_at(&p->bank, PLIC_ENABLE0 + word, context);
}

/* The source that a claim by this context would get, 0 if none; its priority in *priority.
 * Equal priorities: the lowest number (PLIC 1.0.0, Interrupt Priorities). */
static unsigned best(const struct plic *p, unsigned context, unsigned *priority)
{
    unsigned id = 0;

    *priority = 0;
    for (unsigned w = 0; w < PLIC_WORDS; w++)
        for (uint32_t m = p->pending[w] & enabled(p, context, w); m; m &= m - 1) {
            unsigned source = w * 32 + (unsigned)__builtin_ctz(m);
            unsigned its = (unsigned)*bank_at(&p->bank, PLIC_PRIORITY, source - 1);
            if (its > *priority) {
                *priority = its;
                id = source;
            }
        }
    return id;
}

static void update_context(struct plic *p, unsigned context)
{
    unsigned priority, id = best(p, context, &priority), hart = context / 2;
    bool machine = context % 2 == 0;
    bool level = priority > *bank_at(&p->bank, PLIC_THRESHOLD, context);

    irq_output(machine ? &p->meip[hart] : &p->seip[hart], p->trace, p->clock, p->source, hart,
               machine ? MIP_MEIP : MIP_SEIP, level, id ? p->pend_cause[id] : p->clock->cause);
}

static void update(struct plic *p)
{
    for (unsigned c = 0; c < 2 * p->harts; c++)
        update_context(p, c);
}

/* A gateway that may have opened, or whose wire may have risen. */
static void gateway(struct plic *p, unsigned source)
{
    unsigned w = source / 32;
    uint32_t bit = UINT32_C(1) << source % 32;

    if (!(p->input[w] & bit) || (p->pending[w] | p->claimed[w]) & bit)
        return;
    p->pending[w] |= bit;
    p->pend_cause[source] = trace_irq_pend(p->trace, p->source, p->clock->now,
                                           p->line_cause[source], 0, source);
}

void plic_drive(void *plic, unsigned source, bool level)
{
    struct plic *p = plic;
    unsigned w = source / 32;
    uint32_t bit = UINT32_C(1) << source % 32;
    uint64_t id;

    assert(source >= 1 && source < PLIC_SOURCES);
    if (!!(p->input[w] & bit) == level)
        return;
    p->input[w] ^= bit;
    id = trace_irq_line(p->trace, p->source, TRACE_NOW(p->trace), source, level);
    if (!level)
        return;
    p->line_cause[source] = id;
    gateway(p, source);
    update(p);
}

/* A claim does not look at the threshold (PLIC 1.0.0, Interrupt Claim Process). */
static uint32_t claim(struct plic *p, unsigned context)
{
    unsigned priority, id = best(p, context, &priority);

    if (id) {
        p->pending[id / 32] &= ~(UINT32_C(1) << id % 32);
        p->claimed[id / 32] |= UINT32_C(1) << id % 32;
        update(p);
    }
    return id;
}

/* Ignored unless the source is enabled for this context; who claimed it is not asked (PLIC 1.0.0,
 * Interrupt Completion). */
static void complete(struct plic *p, unsigned context, uint64_t id)
{
    uint32_t bit;

    if (id >= PLIC_SOURCES)
        return;
    bit = UINT32_C(1) << id % 32;
    if (!(enabled(p, context, (unsigned)id / 32) & bit))
        return;
    p->claimed[id / 32] &= ~bit;
    gateway(p, (unsigned)id);
    update(p);
}

static uint64_t plic_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    struct plic *p = owner;

    (void)stored;
    return reg == PLIC_CLAIM ? claim(p, index) : p->pending[index];
}

static void plic_write(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written)
{
    struct plic *p = owner;

    (void)old;
    if (reg == PLIC_CLAIM)
        complete(p, index, written);
    else if (reg == PLIC_PRIORITY)
        update(p);
    else
        update_context(p, index);
}

static int plic_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops ops = {plic_read, plic_write};
    const struct plic_config *config = env->config;
    struct plic *p = dev;

    memset(p, 0, sizeof *p);
    p->clock = env->clock;
    p->trace = env->trace;
    p->harts = config ? config->harts : 2;
    if (p->harts < 1 || p->harts > PLIC_HARTS_MAX)
        return err_set(err, "%s: 1 to %u harts, not %u", env->name, PLIC_HARTS_MAX, p->harts);
    p->source = trace_source(env->trace, env->name);
    memcpy(p->regs, plic_regs, sizeof plic_regs);
    for (unsigned i = 0; i < PLIC_REG_COUNT; i++)
        if (p->regs[i].repeat == PLIC_CONTEXTS_MAX)
            p->regs[i].repeat = (uint16_t)(2 * p->harts);
    bank_init(&p->bank, p->regs, PLIC_REG_COUNT, &ops, p);
    p->bank.hole = BANK_HOLE_ZERO;
    p->region = (struct region){.name = "plic", .base = PLIC_BASE, .size = PLIC_BYTES,
                                .access = bank_access, .owner = &p->bank, .link = env->link,
                                .source = p->source};
    return 0;
}

static void plic_restore(void *dev)
{
    struct plic *p = dev;

    memset(p->line_cause, 0, sizeof p->line_cause);
    memset(p->pend_cause, 0, sizeof p->pend_cause);
    update(p);
}

/* The wires are not the PLIC's: their levels outlive its reset, and those that are high pend. */
static void plic_reset(void *dev)
{
    struct plic *p = dev;

    bank_reset(&p->bank);
    memset(p->claimed, 0, sizeof p->claimed);
    memcpy(p->pending, p->input, sizeof p->pending);
    plic_restore(p);
}

static void plic_fini(void *dev)
{
    struct plic *p = dev;

    bank_fini(&p->bank);
}

static struct region *plic_region(void *dev, unsigned i)
{
    struct plic *p = dev;

    return i == 0 ? &p->region : NULL;
}

static struct bank *plic_bank(void *dev, unsigned i)
{
    struct plic *p = dev;

    return i == 0 ? &p->bank : NULL;
}

static const struct field plic_state[] = {
    FIELD(struct plic, input),
    FIELD(struct plic, pending),
    FIELD(struct plic, claimed),
    FIELD_END,
};

const struct device_class plic_class = {
    .name = "plic",
    .title = "RISC-V PLIC 1.0.0",
    .size = sizeof(struct plic),
    .regs = plic_regs,
    .reg_count = PLIC_REG_COUNT,
    .state = plic_state,
    .notes = "All sources are level-sensitive.  Unused offsets read 0 and ignore writes.",
    .init = plic_init,
    .reset = plic_reset,
    .fini = plic_fini,
    .region = plic_region,
    .bank = plic_bank,
    .restore = plic_restore,
};
