/* SPDX-License-Identifier: Apache-2.0 */
#include "irq/imsic.h"

#include "base/bits.h"
#include "irq/output.h"

enum { IMSIC_REGS(REG_INDEX) IMSIC_REG_COUNT };

static const struct reg imsic_regs[] = {IMSIC_REGS(REG_ROW)};

/* Identity 0 does not exist. */
static uint64_t word_mask(unsigned word)
{
    return word ? ~UINT64_C(0) : ~UINT64_C(1);
}

static unsigned top_identity(const struct imsic_file *f)
{
    for (unsigned w = 0; w < IMSIC_WORDS; w++) {
        uint64_t ready = f->eip[w] & f->eie[w];
        if (ready) {
            unsigned id = w * 64 + (unsigned)__builtin_ctzll(ready);
            return f->eithreshold && id >= f->eithreshold ? 0 : id;
        }
    }
    return 0;
}

uint32_t imsic_topei(const struct imsic_file *f)
{
    uint32_t id = top_identity(f);

    return id << IMSIC_TOPEI_IDENTITY_LSB | id;
}

uint64_t imsic_cause(const struct imsic_file *f)
{
    return f->cause[top_identity(f)];
}

static void update(struct imsic_file *f)
{
    struct imsic *m = f->imsic;
    unsigned top = top_identity(f);

    irq_output(f->output, m->trace, m->clock, m->source, f->hart, f->number,
               f->eidelivery == 1 && top != 0, top ? f->cause[top] : m->clock->cause);
}

/* What the records call a file: a hart's two files are neighbours. */
static unsigned file_number(const struct imsic_file *f)
{
    return f->hart * 2 + (f->number == MIP_SEIP);
}

/* Makes identities of one word pending; those that already are stay as they are. */
static void pend(struct imsic_file *f, unsigned word, uint64_t bits)
{
    struct imsic *m = f->imsic;

    for (uint64_t fresh = bits & ~f->eip[word]; fresh; fresh &= fresh - 1) {
        unsigned id = word * 64 + (unsigned)__builtin_ctzll(fresh);
        f->cause[id] = trace_irq_pend(m->trace, m->source, TRACE_NOW(m->trace), file_number(f), id);
    }
    f->eip[word] |= bits;
}

uint32_t imsic_claim(struct imsic_file *f)
{
    unsigned top = top_identity(f);

    f->eip[top / 64] &= ~(UINT64_C(1) << top % 64); /* bit 0 of word 0 is never set */
    update(f);
    return top << IMSIC_TOPEI_IDENTITY_LSB | top;
}

/* The word of an array that `select` names, if the hart may name it. */
static int array_word(unsigned select, unsigned *word)
{
    if (select & 1)
        return -1; /* AIA 3.8.3, 3.8.4: on RV64 the odd registers do not exist */
    *word = (select & 0x3f) / 2;
    return 0;
}

int imsic_ireg_read(const struct imsic_file *f, unsigned select, uint64_t *value)
{
    unsigned word;

    *value = 0;
    if (select < IMSIC_SELECT_FIRST || select > IMSIC_SELECT_LAST)
        return -1;
    if (select < IMSIC_EIP0) {
        if (select == IMSIC_EIDELIVERY)
            *value = f->eidelivery;
        else if (select == IMSIC_EITHRESHOLD)
            *value = f->eithreshold;
        return 0;
    }
    if (array_word(select, &word))
        return -1;
    if (word < IMSIC_WORDS)
        *value = select < IMSIC_EIE0 ? f->eip[word] : f->eie[word];
    return 0;
}

int imsic_ireg_write(struct imsic_file *f, unsigned select, uint64_t value)
{
    unsigned word;

    if (select < IMSIC_SELECT_FIRST || select > IMSIC_SELECT_LAST)
        return -1;
    if (select == IMSIC_EIDELIVERY && value <= 1) {
        f->eidelivery = (uint32_t)value; /* others are not supported: WARL keeps the old one */
    } else if (select == IMSIC_EITHRESHOLD) {
        f->eithreshold = (uint32_t)(value & IMSIC_IDENTITIES);
    } else if (select >= IMSIC_EIP0) {
        if (array_word(select, &word))
            return -1;
        if (word < IMSIC_WORDS && select < IMSIC_EIE0) {
            value &= word_mask(word);
            f->eip[word] &= value;
            pend(f, word, value);
        } else if (word < IMSIC_WORDS) {
            f->eie[word] = value & word_mask(word);
        }
    }
    update(f);
    return 0;
}

/* A message (AIA 3.5): numbers that are no identity are ignored. */
static void message(struct imsic *m, struct imsic_file *files, unsigned hart, uint64_t identity)
{
    if (hart >= m->harts || identity < 1 || identity > IMSIC_IDENTITIES)
        return;
    pend(&files[hart], (unsigned)identity / 64, UINT64_C(1) << identity % 64);
    update(&files[hart]);
}

static void m_write(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written)
{
    struct imsic *m = owner;

    (void)reg, (void)old;
    message(m, m->m, index, written);
}

static void s_write(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written)
{
    struct imsic *m = owner;

    (void)reg, (void)old;
    message(m, m->s, index, written);
}

static void file_init(struct imsic *m, struct imsic_file *f, struct line *output, unsigned hart,
                      unsigned number)
{
    f->imsic = m;
    f->output = output;
    f->hart = hart;
    f->number = number;
}

static int imsic_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops m_ops = {NULL, m_write}, s_ops = {NULL, s_write};
    const struct imsic_config *config = env->config;
    struct imsic *m = dev;
    uint64_t bytes = IMSIC_PAGE_BYTES;

    memset(m, 0, sizeof *m);
    m->clock = env->clock;
    m->trace = env->trace;
    m->harts = config ? config->harts : 2;
    if (m->harts < 1 || m->harts > IMSIC_HARTS_MAX)
        return err_set(err, "%s: 1 to %u harts, not %u", env->name, IMSIC_HARTS_MAX, m->harts);
    m->source = trace_source(env->trace, env->name);
    for (unsigned h = 0; h < IMSIC_HARTS_MAX; h++) {
        file_init(m, &m->m[h], &m->meip[h], h, MIP_MEIP);
        file_init(m, &m->s[h], &m->seip[h], h, MIP_SEIP);
    }
    bank_init(&m->m_bank, imsic_regs, IMSIC_REG_COUNT, &m_ops, m);
    bank_init(&m->s_bank, imsic_regs, IMSIC_REG_COUNT, &s_ops, m);
    m->m_bank.hole = m->s_bank.hole = BANK_HOLE_ZERO;
    while (bytes < (uint64_t)m->harts * IMSIC_PAGE_BYTES)
        bytes *= 2; /* AIA 3.6: pages of absent harts up to the power of two are zeros */
    m->m_region = (struct region){.name = "imsic.m", .base = IMSIC_M_BASE, .size = bytes,
                                  .access = bank_access, .owner = &m->m_bank, .link = env->link,
                                  .source = m->source};
    m->s_region = m->m_region;
    m->s_region.name = "imsic.s";
    m->s_region.base = IMSIC_S_BASE;
    m->s_region.owner = &m->s_bank;
    return 0;
}

static void imsic_restore(void *dev)
{
    struct imsic *m = dev;

    for (unsigned h = 0; h < m->harts; h++) {
        memset(m->m[h].cause, 0, sizeof m->m[h].cause);
        memset(m->s[h].cause, 0, sizeof m->s[h].cause);
        update(&m->m[h]);
        update(&m->s[h]);
    }
}

static void file_reset(struct imsic_file *f)
{
    memset(f->eip, 0, sizeof f->eip);
    memset(f->eie, 0, sizeof f->eie);
    f->eidelivery = f->eithreshold = 0;
}

static void imsic_reset(void *dev)
{
    struct imsic *m = dev;

    bank_reset(&m->m_bank);
    bank_reset(&m->s_bank);
    for (unsigned h = 0; h < m->harts; h++) {
        file_reset(&m->m[h]);
        file_reset(&m->s[h]);
    }
    imsic_restore(m);
}

static void imsic_fini(void *dev)
{
    struct imsic *m = dev;

    bank_fini(&m->m_bank);
    bank_fini(&m->s_bank);
}

static struct region *imsic_region(void *dev, unsigned i)
{
    struct imsic *m = dev;

    return i == 0 ? &m->m_region : i == 1 ? &m->s_region : NULL;
}

static struct bank *imsic_bank(void *dev, unsigned i)
{
    struct imsic *m = dev;

    return i == 0 ? &m->m_bank : i == 1 ? &m->s_bank : NULL;
}

#define FILE_FIELDS(files) \
    FIELD_EACH(struct imsic, files, eip, FIELD_BYTES), \
    FIELD_EACH(struct imsic, files, eie, FIELD_BYTES), \
    FIELD_EACH(struct imsic, files, eidelivery, FIELD_BYTES), \
    FIELD_EACH(struct imsic, files, eithreshold, FIELD_BYTES)

static const struct field imsic_state[] = {FILE_FIELDS(m), FILE_FIELDS(s), FIELD_END};

const struct device_class imsic_class = {
    .name = "imsic",
    .title = "RISC-V AIA 1.0 incoming MSI controllers",
    .size = sizeof(struct imsic),
    .regs = imsic_regs,
    .reg_count = IMSIC_REG_COUNT,
    .state = imsic_state,
    .notes = "Not modelled: seteipnum_be (writes are ignored, as AIA 3.5 allows a little-endian "
             "machine), guest interrupt files, eidelivery value 0x40000000.  All state is 0 after "
             "reset, where the specification leaves it open.",
    .init = imsic_init,
    .reset = imsic_reset,
    .fini = imsic_fini,
    .region = imsic_region,
    .bank = imsic_bank,
    .restore = imsic_restore,
};
