/* SPDX-License-Identifier: Apache-2.0 */
/* From a change to its effect: software's writes (aplic_write) and the wires (aplic_drive) change
 * pending and enable bits by the rules of AIA 4.7, then settle() drives the harts' wires or sends
 * the messages that have become due. */
#include "irq/aplic.h"

#include "base/bits.h"
#include "irq/output.h"

#include <assert.h>

/* Messages that a message has caused wait this long.  Only software that points messages at a
 * device whose wire comes back here can see it; it keeps such a loop a matter of time, not of the
 * host's stack.  Assumed. */
#define MORE_PS (100 * PS_PER_NS)

enum { APLIC_REGS(REG_INDEX) APLIC_REG_COUNT };
enum { APLIC_FIELDS(REG_FIELD_ENUM) };

static const struct reg aplic_regs[] = {APLIC_REGS(REG_ROW)};
static const struct reg_field aplic_fields[] = {APLIC_FIELDS(REG_FIELD_ROW)};

/* ---- what the registers say ---- */

static bool bit_get(const uint32_t *words, unsigned n)
{
    return words[n / 32] >> n % 32 & 1;
}

static void bit_put(uint32_t *words, unsigned n, bool value)
{
    words[n / 32] = (words[n / 32] & ~(UINT32_C(1) << n % 32)) | (uint32_t)value << n % 32;
}

static uint64_t *sourcecfg(const struct aplic_domain *d, unsigned source)
{
    return bank_at(&d->bank, APLIC_SOURCECFG, source - 1);
}

static uint64_t *target(const struct aplic_domain *d, unsigned source)
{
    return bank_at(&d->bank, APLIC_TARGET, source - 1);
}

static unsigned mode(const struct aplic_domain *d, unsigned source)
{
    uint64_t cfg = *sourcecfg(d, source);

    return FGET(cfg, APLIC_SOURCECFG_D) ? APLIC_SM_INACTIVE
                                        : (unsigned)FGET(cfg, APLIC_SOURCECFG_SM);
}

static bool is_level(unsigned m)
{
    return m >= APLIC_SM_LEVEL1;
}

static bool rectify(unsigned m, bool wire)
{
    return m >= APLIC_SM_EDGE1 && wire != (m & 1);
}

static bool rectified(const struct aplic_domain *d, unsigned source)
{
    return rectify(mode(d, source), bit_get(d->aplic->input, source));
}

static bool msi_mode(const struct aplic_domain *d)
{
    return FGET(bank_value(&d->bank, APLIC_DOMAINCFG), APLIC_DOMAINCFG_DM);
}

static bool delivers(const struct aplic_domain *d)
{
    return FGET(bank_value(&d->bank, APLIC_DOMAINCFG), APLIC_DOMAINCFG_IE);
}

/* ---- pending bits (AIA 4.7) ---- */

static void pend(struct aplic_domain *d, unsigned source, uint64_t cause)
{
    struct aplic *a = d->aplic;

    if (bit_get(d->ip, source))
        return;
    bit_put(d->ip, source, true);
    d->cause[source] = trace_irq_pend(a->trace, a->source, a->clock->now, cause, d->level, source);
}

/* Software asks. */
static void set_pending(struct aplic_domain *d, unsigned source)
{
    unsigned m = mode(d, source);

    if (m == APLIC_SM_INACTIVE)
        return;
    /* 4.9.2: in MSI mode this is how a handler asks for another message if the wire is still
     * asserted.  If it is not, there must be none. */
    if (is_level(m) && !(msi_mode(d) && rectified(d, source)))
        return;
    pend(d, source, d->aplic->clock->cause);
}

/* Software asks, or a claim. */
static void clear_pending(struct aplic_domain *d, unsigned source)
{
    if (!is_level(mode(d, source)) || msi_mode(d))
        bit_put(d->ip, source, false);
}

/* The rectified input of an active source went from `before` to `now`. */
static void input_changed(struct aplic_domain *d, unsigned source, bool before, bool now,
                          uint64_t cause)
{
    if (now && !before)
        pend(d, source, cause);
    else if (!now && is_level(mode(d, source)))
        bit_put(d->ip, source, false);
}

/* ---- direct delivery ---- */

/* Each hart's topi.  Lower numbers come first, so an equal priority does not displace. */
static void tops(const struct aplic_domain *d, uint32_t top[APLIC_HARTS_MAX])
{
    memset(top, 0, APLIC_HARTS_MAX * sizeof top[0]);
    if (msi_mode(d))
        return;
    for (unsigned w = 0; w < APLIC_WORDS; w++)
        for (uint32_t m = d->ip[w] & d->ie[w]; m; m &= m - 1) {
            unsigned source = w * 32 + (unsigned)__builtin_ctz(m);
            uint64_t hart = FGET(*target(d, source), APLIC_TARGET_HART), threshold;
            uint32_t priority = (uint32_t)FGET(*target(d, source), APLIC_TARGET_IPRIO);
            if (hart >= d->aplic->harts)
                continue;
            threshold = *bank_at(&d->bank, APLIC_ITHRESHOLD, (unsigned)hart);
            if (threshold && priority >= threshold)
                continue;
            if (!top[hart] || priority < FGET(top[hart], APLIC_TOPI_PRIORITY))
                top[hart] = source << APLIC_TOPI_IDENTITY_LSB | priority;
        }
}

static unsigned top_source(uint32_t topi)
{
    return (unsigned)FGET(topi, APLIC_TOPI_IDENTITY);
}

static void drive_harts(struct aplic_domain *d)
{
    struct aplic *a = d->aplic;
    uint32_t top[APLIC_HARTS_MAX];
    bool on = delivers(d) && !msi_mode(d);

    tops(d, top);
    for (unsigned h = 0; h < a->harts; h++) {
        bool level = on && *bank_at(&d->bank, APLIC_IDELIVERY, h) &&
                     (top[h] || *bank_at(&d->bank, APLIC_IFORCE, h));
        irq_output(&d->output[h], a->trace, a->clock, a->source, h,
                   d->level == APLIC_M ? MIP_MEIP : MIP_SEIP, level,
                   top[h] ? d->cause[top_source(top[h])] : a->clock->cause);
    }
}

/* ---- MSI delivery ---- */

/* AIA 4.9.1.  Supervisor hart indices are the machine's. */
static uint64_t msi_address(const struct aplic_domain *d, uint64_t hart)
{
    const struct bank *root = &d->aplic->domain[APLIC_M].bank;
    uint64_t mh = bank_value(root, APLIC_MMSIADDRCFGH), sh = bank_value(root, APLIC_SMSIADDRCFGH);
    uint64_t group = hart >> FGET(mh, APLIC_MMSIADDRCFGH_LHXW) &
                     mask_bits((unsigned)FGET(mh, APLIC_MMSIADDRCFGH_HHXW));
    uint64_t in_group = hart & mask_bits((unsigned)FGET(mh, APLIC_MMSIADDRCFGH_LHXW));
    uint64_t page = group << (FGET(mh, APLIC_MMSIADDRCFGH_HHXS) + 12);

    if (d->level == APLIC_M)
        page |= FGET(mh, APLIC_MMSIADDRCFGH_PPN) << 32 | bank_value(root, APLIC_MMSIADDRCFG) |
                in_group << FGET(mh, APLIC_MMSIADDRCFGH_LHXS);
    else
        page |= FGET(sh, APLIC_SMSIADDRCFGH_PPN) << 32 | bank_value(root, APLIC_SMSIADDRCFG) |
                in_group << FGET(sh, APLIC_SMSIADDRCFGH_LHXS);
    return page << PAGE_SHIFT;
}

/* Sends to the hart and identity that a target or genmsi value holds.  One that nobody takes is
 * lost, like any posted write. */
static void send(struct aplic_domain *d, uint64_t to, uint64_t cause)
{
    struct aplic *a = d->aplic;
    uint64_t addr = msi_address(d, FGET(to, APLIC_TARGET_HART)), before = a->clock->cause, id;
    uint32_t identity = (uint32_t)FGET(to, APLIC_TARGET_EIID);
    uint8_t data[4];

    id = trace_msi(a->trace, a->source, a->clock->now, cause, addr, identity, a->clock->now,
                   space_find(a->space, addr) ? FAULT_NONE : FAULT_DECODE);
    le32_put(data, identity);
    a->clock->cause = id ? id : cause;
    space_write(a->space, REQUESTER_APLIC, addr, data, sizeof data);
    a->clock->cause = before;
}

static bool due(const struct aplic_domain *d, unsigned word)
{
    return delivers(d) && msi_mode(d) && (d->ip[word] & d->ie[word]);
}

/* Sends what is due, each source at most once.  A message may reach a device that moves a wire of
 * this APLIC, so all bits are looked at afresh for every source. */
static void forward(struct aplic_domain *d)
{
    for (unsigned w = 0; w < APLIC_WORDS; w++) {
        uint32_t left = due(d, w) ? d->ip[w] & d->ie[w] : 0;
        for (; left; left &= left - 1) {
            unsigned source = w * 32 + (unsigned)__builtin_ctz(left);
            if (!bit_get(d->ip, source))
                continue;
            bit_put(d->ip, source, false);
            send(d, *target(d, source), d->cause[source]);
        }
    }
}

/* ---- effects ---- */

/* All that must follow a change.  While a message is being written nothing is sent: what became
 * due then is found at the end, and sent by `more`. */
static void settle(struct aplic *a)
{
    for (unsigned i = 0; i < APLIC_DOMAINS; i++)
        drive_harts(&a->domain[i]);
    if (a->sending)
        return;
    a->sending = true;
    for (unsigned i = 0; i < APLIC_DOMAINS; i++)
        forward(&a->domain[i]);
    a->sending = false;
    for (unsigned i = 0; i < APLIC_DOMAINS; i++)
        for (unsigned w = 0; w < APLIC_WORDS; w++)
            if (due(&a->domain[i], w) && !event_armed(&a->more))
                clock_arm_after(a->clock, &a->more, MORE_PS);
}

static void on_more(void *owner)
{
    settle(owner);
}

void aplic_drive(void *aplic, unsigned source, bool level)
{
    struct aplic *a = aplic;
    uint64_t id;

    assert(source >= 1 && source <= APLIC_SOURCES);
    if (bit_get(a->input, source) == level)
        return;
    bit_put(a->input, source, level);
    id = trace_irq_line(a->trace, a->source, TRACE_NOW(a->trace), source, level);
    for (unsigned i = 0; i < APLIC_DOMAINS; i++) {
        unsigned m = mode(&a->domain[i], source);
        input_changed(&a->domain[i], source, rectify(m, !level), rectify(m, level),
                      id ? id : a->clock->cause);
    }
    settle(a);
}

/* ---- software's writes ---- */

/* AIA 4.5.16: a legal target for the delivery mode. */
static uint64_t legal_target(const struct aplic_domain *d, uint64_t value)
{
    if (msi_mode(d))
        return value;
    value &= FMASK(APLIC_TARGET_HART) | FMASK(APLIC_TARGET_IPRIO);
    return FGET(value, APLIC_TARGET_IPRIO) ? value : value | 1;
}

static bool delegated(const struct aplic *a, unsigned source)
{
    return FGET(*sourcecfg(&a->domain[APLIC_M], source), APLIC_SOURCECFG_D);
}

/* The bank holds the new value, masked. */
static void source_configured(struct aplic_domain *d, unsigned source, uint64_t old)
{
    struct aplic *a = d->aplic;
    uint64_t *cfg = sourcecfg(d, source);
    bool wire = bit_get(a->input, source), was_active;
    unsigned m, before;

    before = FGET(old, APLIC_SOURCECFG_D) ? 0 : (unsigned)FGET(old, APLIC_SOURCECFG_SM);
    was_active = before != APLIC_SM_INACTIVE;
    if (d->level == APLIC_S && (FGET(*cfg, APLIC_SOURCECFG_D) || !delegated(a, source)))
        *cfg = 0;
    else if (FGET(*cfg, APLIC_SOURCECFG_D))
        *cfg = FMASK(APLIC_SOURCECFG_D); /* the one child has index 0 */
    else
        *cfg &= FMASK(APLIC_SOURCECFG_SM);
    if (mode(d, source) == 2 || mode(d, source) == 3)
        *cfg = APLIC_SM_INACTIVE; /* reserved */
    m = mode(d, source);
    if (m == APLIC_SM_INACTIVE) {
        bit_put(d->ip, source, false);
        bit_put(d->ie, source, false);
        *target(d, source) = 0;
    } else {
        if (!was_active)
            *target(d, source) = legal_target(d, 0);
        input_changed(d, source, rectify(before, wire) && (msi_mode(d) || !is_level(m)),
                      rectify(m, wire), a->clock->cause);
    }
    if (d->level == APLIC_M && !delegated(a, source) && *sourcecfg(&a->domain[APLIC_S], source)) {
        struct aplic_domain *child = &a->domain[APLIC_S];
        uint64_t was = *sourcecfg(child, source);
        *sourcecfg(child, source) = 0;
        source_configured(child, source, was); /* once: a child has no child */
    }
}

static void domain_configured(struct aplic_domain *d, uint64_t old)
{
    if (FGET(old, APLIC_DOMAINCFG_DM) == msi_mode(d))
        return;
    for (unsigned s = 1; s <= APLIC_SOURCES; s++) {
        unsigned m = mode(d, s);
        if (m == APLIC_SM_INACTIVE)
            continue;
        *target(d, s) = legal_target(d, *target(d, s));
        if (is_level(m) && !msi_mode(d))
            input_changed(d, s, false, rectified(d, s), d->aplic->clock->cause);
    }
    if (!msi_mode(d))
        bank_value(&d->bank, APLIC_GENMSI) = 0;
}

static void generate(struct aplic_domain *d)
{
    struct aplic *a = d->aplic;

    if (!msi_mode(d)) {
        bank_value(&d->bank, APLIC_GENMSI) = 0;
        return;
    }
    a->sending = true;
    send(d, bank_value(&d->bank, APLIC_GENMSI), a->clock->cause);
    a->sending = false;
}

enum bit_action { SET_IP, CLEAR_IP, SET_IE, CLEAR_IE };

static void act(struct aplic_domain *d, enum bit_action action, uint64_t source)
{
    if (source < 1 || source > APLIC_SOURCES)
        return;
    switch (action) {
    case SET_IP: set_pending(d, (unsigned)source); break;
    case CLEAR_IP: clear_pending(d, (unsigned)source); break;
    case SET_IE: bit_put(d->ie, (unsigned)source, mode(d, (unsigned)source)); break;
    case CLEAR_IE: bit_put(d->ie, (unsigned)source, false); break;
    }
}

static void act_on_word(struct aplic_domain *d, enum bit_action action, unsigned word,
                        uint64_t bits)
{
    for (; bits; bits &= bits - 1)
        act(d, action, word * 32 + (unsigned)__builtin_ctzll(bits));
}

static void aplic_write(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written)
{
    struct aplic_domain *d = owner;
    struct bank *bank = &d->bank;

    switch (reg) {
    case APLIC_DOMAINCFG: domain_configured(d, old); break;
    case APLIC_SOURCECFG: source_configured(d, index + 1, old); break;
    case APLIC_SETIP: act_on_word(d, SET_IP, index, written); break;
    case APLIC_IN_CLRIP: act_on_word(d, CLEAR_IP, index, written); break;
    case APLIC_SETIE: act_on_word(d, SET_IE, index, written); break;
    case APLIC_CLRIE: act_on_word(d, CLEAR_IE, index, written); break;
    case APLIC_SETIPNUM:
    case APLIC_SETIPNUM_LE: act(d, SET_IP, written); break;
    case APLIC_SETIPNUM_BE: act(d, SET_IP, __builtin_bswap32((uint32_t)written)); break;
    case APLIC_CLRIPNUM: act(d, CLEAR_IP, written); break;
    case APLIC_SETIENUM: act(d, SET_IE, written); break;
    case APLIC_CLRIENUM: act(d, CLEAR_IE, written); break;
    case APLIC_GENMSI: generate(d); break;
    case APLIC_TARGET:
        *target(d, index + 1) = mode(d, index + 1) ? legal_target(d, *target(d, index + 1)) : 0;
        break;
    case APLIC_MMSIADDRCFGH:
        if (FGET(old, APLIC_MMSIADDRCFGH_L))
            bank_value(bank, reg) = old;
        return;
    case APLIC_MMSIADDRCFG:
    case APLIC_SMSIADDRCFG:
    case APLIC_SMSIADDRCFGH:
        if (FGET(bank_value(bank, APLIC_MMSIADDRCFGH), APLIC_MMSIADDRCFGH_L))
            bank_value(bank, reg) = old;
        return;
    default: /* a hart's delivery registers */
        if (index >= d->aplic->harts)
            *bank_at(bank, reg, index) = 0;
        break;
    }
    settle(d->aplic);
}

static uint64_t read_claimi(struct aplic_domain *d, unsigned hart, uint32_t topi)
{
    if (topi)
        clear_pending(d, top_source(topi));
    else
        *bank_at(&d->bank, APLIC_IFORCE, hart) = 0;
    settle(d->aplic);
    return topi;
}

static uint64_t aplic_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    struct aplic_domain *d = owner;
    uint32_t top[APLIC_HARTS_MAX], inputs = 0;

    (void)stored;
    switch (reg) {
    case APLIC_SETIP: return d->ip[index];
    case APLIC_SETIE: return d->ie[index];
    case APLIC_IN_CLRIP:
        for (unsigned i = 0; i < 32; i++) {
            unsigned source = index * 32 + i;
            if (source >= 1 && source <= APLIC_SOURCES)
                inputs |= (uint32_t)rectified(d, source) << i;
        }
        return inputs;
    default:
        tops(d, top);
        return reg == APLIC_CLAIMI ? read_claimi(d, index, top[index]) : top[index];
    }
}

/* Its own messages must not come back as writes: software may point them here, and two domains
 * would answer each other for ever. */
static enum fault domain_access(void *owner, struct txn *txn)
{
    struct aplic_domain *d = owner;

    if (txn->requester == REQUESTER_APLIC)
        return FAULT_ACCESS;
    return bank_access(&d->bank, txn);
}

/* ---- life ---- */

static void domain_init(struct aplic *a, enum aplic_level level, const struct device_env *env)
{
    static const struct reg_ops ops = {aplic_read, aplic_write};
    struct aplic_domain *d = &a->domain[level];

    d->aplic = a;
    d->level = level;
    d->output = level == APLIC_M ? a->meip : a->seip;
    bank_init(&d->bank, aplic_regs, APLIC_REG_COUNT, &ops, d);
    d->bank.hole = BANK_HOLE_ZERO;
    d->region = (struct region){.name = level == APLIC_M ? "aplic.m" : "aplic.s",
                                .base = level == APLIC_M ? APLIC_M_BASE : APLIC_S_BASE,
                                .size = APLIC_BYTES, .access = domain_access, .owner = d,
                                .link = env->link, .source = a->source};
}

static int aplic_init(void *dev, const struct device_env *env, struct err *err)
{
    const struct aplic_config *config = env->config;
    struct aplic *a = dev;

    memset(a, 0, sizeof *a);
    a->clock = env->clock;
    a->trace = env->trace;
    a->space = env->space;
    a->harts = config ? config->harts : 2;
    if (a->harts < 1 || a->harts > APLIC_HARTS_MAX)
        return err_set(err, "%s: 1 to %u harts, not %u", env->name, APLIC_HARTS_MAX, a->harts);
    a->source = trace_source(env->trace, env->name);
    event_init(a->clock, &a->more, "aplic.more", on_more, a);
    for (unsigned i = 0; i < APLIC_DOMAINS; i++)
        domain_init(a, i, env);
    return 0;
}

static void aplic_restore(void *dev)
{
    struct aplic *a = dev;

    for (unsigned i = 0; i < APLIC_DOMAINS; i++) {
        memset(a->domain[i].cause, 0, sizeof a->domain[i].cause);
        drive_harts(&a->domain[i]); /* nothing is ever left to send but by `more` */
    }
}

/* The wires are not the APLIC's: their levels outlive its reset. */
static void aplic_reset(void *dev)
{
    struct aplic *a = dev;

    clock_disarm(a->clock, &a->more);
    for (unsigned i = 0; i < APLIC_DOMAINS; i++) {
        struct aplic_domain *d = &a->domain[i];
        bank_reset(&d->bank);
        d->bank.view = i == APLIC_M ? APLIC_VIEW_ROOT : 1;
        memset(d->ip, 0, sizeof d->ip);
        memset(d->ie, 0, sizeof d->ie);
    }
    aplic_restore(a);
}

static void aplic_fini(void *dev)
{
    struct aplic *a = dev;

    clock_disarm(a->clock, &a->more);
    for (unsigned i = 0; i < APLIC_DOMAINS; i++)
        bank_fini(&a->domain[i].bank);
}

static struct region *aplic_region(void *dev, unsigned i)
{
    struct aplic *a = dev;

    return i < APLIC_DOMAINS ? &a->domain[i].region : NULL;
}

static struct bank *aplic_bank(void *dev, unsigned i)
{
    struct aplic *a = dev;

    return i < APLIC_DOMAINS ? &a->domain[i].bank : NULL;
}

static const struct field aplic_state[] = {
    FIELD_EACH(struct aplic, domain, ip, FIELD_BYTES),
    FIELD_EACH(struct aplic, domain, ie, FIELD_BYTES),
    FIELD(struct aplic, input),
    FIELD_AN_EVENT(struct aplic, more),
    FIELD_END,
};

const struct device_class aplic_class = {
    .name = "aplic",
    .title = "RISC-V AIA 1.0 advanced PLIC, machine and supervisor domain",
    .size = sizeof(struct aplic),
    .regs = aplic_regs,
    .reg_count = APLIC_REG_COUNT,
    .reg_fields = aplic_fields,
    .reg_field_count = ARRAY_LEN(aplic_fields),
    .state = aplic_state,
    .notes = "Messages leave at once and take no time: genmsi is never busy.  Not modelled: "
             "big-endian domains, guest interrupt files.  In MSI mode topi and claimi read 0.  "
             "Everything is 0 after reset, where the specification leaves it open.  A source that "
             "is configured while its rectified input is already high becomes pending if it was "
             "low under the old mode (the specification allows both).",
    .init = aplic_init,
    .reset = aplic_reset,
    .fini = aplic_fini,
    .region = aplic_region,
    .bank = aplic_bank,
    .restore = aplic_restore,
};
