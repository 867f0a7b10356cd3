/* SPDX-License-Identifier: Apache-2.0 */
/* The CSRs, one row each.  A row is a plain field with a write mask, or a pair of functions. */
#include "cpu/hart/csr.h"


#define DELEGABLE_EXCEPTIONS UINT64_C(0xb3ff) /* all but ecall from M (and from VS) */
#define S_INTERRUPTS (MIP_BIT(IRQ_SSI) | MIP_BIT(IRQ_STI) | MIP_BIT(IRQ_SEI))
#define M_INTERRUPTS (MIP_BIT(IRQ_MSI) | MIP_BIT(IRQ_MTI) | MIP_BIT(IRQ_MEI))
#define MSTATUS_WRITABLE \
    (SSTATUS_WRITABLE | MSTATUS_MIE | MSTATUS_MPIE | FMASK(MSTATUS_MPP) | MSTATUS_MPRV | \
     MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR)
#define ENVCFG_USER (ENVCFG_FIOM | ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE)
#define MISA ((UINT64_C(2) << 62) | 1 << ('a' - 'a') | 1 << ('b' - 'a') | 1 << ('c' - 'a') | \
              1 << ('d' - 'a') | 1 << ('f' - 'a') | 1 << ('i' - 'a') | 1 << ('m' - 'a') | \
              1 << ('s' - 'a') | 1 << ('u' - 'a'))

struct csr {
    const char *name;
    uint16_t number, count;
    uint16_t offset; /* of the uint64_t field, when get is NULL */
    uint64_t mask;   /* writable bits of the field */
    bool (*allowed)(const struct hart *h, unsigned index);
    uint64_t (*get)(struct hart *h, unsigned index);
    void (*set)(struct hart *h, unsigned index, uint64_t value);
};

/* ---- mstatus and friends ---- */

static uint64_t with_sd(uint64_t status)
{
    return (status & MSTATUS_FS) == MSTATUS_FS ? status | MSTATUS_SD : status;
}

static uint64_t get_mstatus(struct hart *h, unsigned index)
{
    (void)index;
    return with_sd(h->mstatus);
}

static void set_mstatus(struct hart *h, unsigned index, uint64_t v)
{
    uint64_t old = h->mstatus;

    (void)index;
    if (FGET(v, MSTATUS_MPP) == 2)
        v = FPUT(v, MSTATUS_MPP, FGET(old, MSTATUS_MPP));
    h->mstatus = (old & ~MSTATUS_WRITABLE) | (v & MSTATUS_WRITABLE);
    if ((old ^ h->mstatus) &
        (MSTATUS_MPRV | FMASK(MSTATUS_MPP) | MSTATUS_SUM | MSTATUS_MXR))
        mmu_context_changed(h);
    if (h->mstatus & ~old & MSTATUS_SIE && hart_wakes(h))
        h->leave = true; /* what was pending is enabled now */
}

static uint64_t get_sstatus(struct hart *h, unsigned index)
{
    (void)index;
    return with_sd(h->mstatus) & (SSTATUS_READABLE | MSTATUS_SD);
}

static void set_sstatus(struct hart *h, unsigned index, uint64_t v)
{
    set_mstatus(h, index, (h->mstatus & ~SSTATUS_WRITABLE) | (v & SSTATUS_WRITABLE));
}

static uint64_t get_misa(struct hart *h, unsigned index)
{
    (void)h, (void)index;
    return MISA;
}

static uint64_t get_zero(struct hart *h, unsigned index)
{
    (void)h, (void)index;
    return 0;
}

static void set_nothing(struct hart *h, unsigned index, uint64_t v)
{
    (void)h, (void)index, (void)v;
}

static uint64_t get_mhartid(struct hart *h, unsigned index)
{
    (void)index;
    return h->id;
}

/* ---- interrupts ---- */

static uint64_t get_mip(struct hart *h, unsigned index)
{
    (void)index;
    return hart_mip(h);
}

static void set_mip(struct hart *h, unsigned index, uint64_t v)
{
    uint64_t mask = S_INTERRUPTS;

    (void)index;
    if (h->menvcfg & ENVCFG_STCE)
        mask &= ~MIP_BIT(IRQ_STI); /* read-only: it follows stimecmp (Sstc) */
    h->mip_soft = (h->mip_soft & ~mask) | (v & mask);
}

static uint64_t get_sip(struct hart *h, unsigned index)
{
    (void)index;
    return hart_mip(h) & h->mideleg;
}

static void set_sip(struct hart *h, unsigned index, uint64_t v)
{
    uint64_t mask = MIP_BIT(IRQ_SSI) & h->mideleg;

    (void)index;
    h->mip_soft = (h->mip_soft & ~mask) | (v & mask);
}

static uint64_t get_sie(struct hart *h, unsigned index)
{
    (void)index;
    return h->mie & h->mideleg;
}

static void set_sie(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    h->mie = (h->mie & ~h->mideleg) | (v & h->mideleg);
}

/* ---- Sstc ---- */

/* `time` is the present for the caller: the hart's own for its instructions, else the clock's. */
static void timer_update(struct hart *h, uint64_t time)
{
    struct clock *clock = h->m->clock;
    ps_t unit = PS_PER_S / VIRT_TIMEBASE_HZ;
    uint64_t cause = clock->cause;
    bool on = h->menvcfg & ENVCFG_STCE, due = on && time >= h->stimecmp;
    bool was = h->mip_lines & MIP_BIT(IRQ_STI);
    ps_t at = h->stimecmp <= PS_NEVER / unit ? h->stimecmp * unit : PS_NEVER;

    if (h->m->aclint)
        at = aclint_next_change(h->m->aclint, h->stimecmp);
    clock_disarm(clock, &h->timer);
    if (on && !due && at != PS_NEVER)
        clock_arm(clock, &h->timer, at);
    if (due != was) {
        clock->cause = trace_irq_hart(h->m->trace, h->source, u64_max(clock->now, hart_now(h)),
                                      cause, h->id, IRQ_STI, due);
        hart_drive(h, IRQ_STI, due);
        clock->cause = cause;
    }
    h->stop = STOP_EVENT; /* the next event may have moved before the slice's end */
}

void hart_timer_fired(void *hart)
{
    struct hart *h = hart;
    uint64_t offset = h->m->aclint ? h->m->aclint->offset : 0;

    timer_update(h, h->m->clock->now / (PS_PER_S / VIRT_TIMEBASE_HZ) + offset);
}

static bool stimecmp_allowed(const struct hart *h, unsigned index)
{
    (void)index;
    return h->priv == PRIV_M || (h->mcounteren & 2 && h->menvcfg & ENVCFG_STCE);
}

static void set_stimecmp(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    h->stimecmp = v;
    timer_update(h, hart_time(h));
}

static void set_menvcfg(struct hart *h, unsigned index, uint64_t v)
{
    uint64_t old = h->menvcfg, mask = ENVCFG_USER | ENVCFG_ADUE | ENVCFG_PBMTE | ENVCFG_STCE;

    (void)index;
    if (FGET(v, ENVCFG_CBIE) == 2)
        v = FPUT(v, ENVCFG_CBIE, FGET(old, ENVCFG_CBIE));
    h->menvcfg = v & mask;
    if ((old ^ h->menvcfg) & (ENVCFG_ADUE | ENVCFG_PBMTE))
        mmu_flush(h);
    if ((old ^ h->menvcfg) & ENVCFG_STCE) {
        h->mip_soft &= ~MIP_BIT(IRQ_STI);
        timer_update(h, hart_time(h));
    }
}

static void set_senvcfg(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    if (FGET(v, ENVCFG_CBIE) == 2)
        v = FPUT(v, ENVCFG_CBIE, FGET(h->senvcfg, ENVCFG_CBIE));
    h->senvcfg = v & ENVCFG_USER;
}

/* ---- addresses ---- */

static bool satp_allowed(const struct hart *h, unsigned index)
{
    (void)index;
    return h->priv == PRIV_M || !(h->mstatus & MSTATUS_TVM);
}

static void set_satp(struct hart *h, unsigned index, uint64_t v)
{
    uint64_t mode = bits_get(v, 63, 60);

    (void)index;
    if (mode != 0 && (mode < 8 || mode > 10))
        return; /* unsupported mode: the whole write has no effect (4.1.11) */
    h->satp = bits_set(v, 43, 0, bits_get(v, 43, 0));
    mmu_context_changed(h);
}

static void set_tvec(uint64_t *field, uint64_t v)
{
    *field = v & ~UINT64_C(2);
}

static void set_mtvec(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    set_tvec(&h->mtvec, v);
}

static void set_stvec(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    set_tvec(&h->stvec, v);
}

/* ---- PMP (privileged ISA 3.7) ---- */

enum { PMP_R = 1, PMP_W = 2, PMP_X = 4, PMP_A = 0x18, PMP_TOR = 0x08, PMP_L = 0x80 };

static uint64_t get_pmpcfg(struct hart *h, unsigned index)
{
    return le64_get(&h->pmpcfg[index * 4]);
}

static void set_pmpcfg(struct hart *h, unsigned index, uint64_t v)
{
    for (unsigned k = 0; k < 8; k++, v >>= 8) {
        unsigned entry = index * 4 + k;
        uint8_t cfg = (uint8_t)(v & (PMP_R | PMP_W | PMP_X | PMP_A | PMP_L));

        if (h->pmpcfg[entry] & PMP_L)
            continue;
        if ((cfg & (PMP_R | PMP_W)) == PMP_W)
            cfg &= (uint8_t)~PMP_W; /* reserved combination */
        h->pmpcfg[entry] = cfg;
    }
    pmp_changed(h);
}

static bool pmpcfg_allowed(const struct hart *h, unsigned index)
{
    (void)h;
    return !(index & 1); /* odd ones do not exist on RV64 */
}

static uint64_t get_pmpaddr(struct hart *h, unsigned index)
{
    return h->pmpaddr[index];
}

static void set_pmpaddr(struct hart *h, unsigned index, uint64_t v)
{
    bool next_locked = index + 1 < PMP_ENTRIES &&
                       (h->pmpcfg[index + 1] & (PMP_L | PMP_A)) == (PMP_L | PMP_TOR);

    if (h->pmpcfg[index] & PMP_L || next_locked)
        return;
    h->pmpaddr[index] = v & mask_bits(54);
    pmp_changed(h);
}

/* ---- counters ---- */

enum { COUNTER_CYCLE, COUNTER_TIME, COUNTER_INSTRET };

static uint64_t live(const struct hart *h, unsigned counter)
{
    return counter == COUNTER_CYCLE ? h->ticks / TICKS_PER_CYCLE : h->instret;
}

static uint64_t *offset_of(struct hart *h, unsigned counter)
{
    return counter == COUNTER_CYCLE ? &h->mcycle_offset : &h->minstret_offset;
}

/* While inhibited, the offset holds the frozen value itself. */
static uint64_t get_counter(struct hart *h, unsigned index)
{
    if (index == COUNTER_TIME)
        return hart_time(h);
    if (index > COUNTER_INSTRET)
        return 0; /* Zihpm: no events are implemented */
    return *offset_of(h, index) + (h->mcountinhibit >> index & 1 ? 0 : live(h, index));
}

static void set_counter(struct hart *h, unsigned index, uint64_t v)
{
    if (index == COUNTER_CYCLE || index == COUNTER_INSTRET)
        /* The write takes the place of the instruction's own increment of instret. */
        *offset_of(h, index) = v - (h->mcountinhibit >> index & 1 ? 0 : live(h, index)) -
                               (index == COUNTER_INSTRET && !(h->mcountinhibit >> index & 1));
}

static uint64_t get_mcountinhibit(struct hart *h, unsigned index)
{
    (void)index;
    return h->mcountinhibit;
}

static void set_mcountinhibit(struct hart *h, unsigned index, uint64_t v)
{
    uint64_t cycle = get_counter(h, COUNTER_CYCLE), instret = get_counter(h, COUNTER_INSTRET);

    (void)index;
    h->mcountinhibit = (uint32_t)v & 5;
    h->mcycle_offset = cycle - (v & 1 ? 0 : live(h, COUNTER_CYCLE));
    h->minstret_offset = instret - (v & 4 ? 0 : live(h, COUNTER_INSTRET));
}

static bool counter_allowed(const struct hart *h, unsigned index)
{
    if (h->priv < PRIV_M && !(h->mcounteren >> index & 1))
        return false;
    return h->priv > PRIV_U || h->scounteren >> index & 1;
}

static uint64_t get_mcounteren(struct hart *h, unsigned index)
{
    (void)index;
    return h->mcounteren;
}

static void set_mcounteren(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    h->mcounteren = (uint32_t)v;
}

static uint64_t get_scounteren(struct hart *h, unsigned index)
{
    (void)index;
    return h->scounteren;
}

static void set_scounteren(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    h->scounteren = (uint32_t)v;
}

/* ---- floating point ---- */

static bool fp_allowed(const struct hart *h, unsigned index)
{
    (void)index;
    return hart_fp_on(h);
}

/* index 0 fflags, 1 frm, 2 fcsr */
static uint64_t get_fcsr(struct hart *h, unsigned index)
{
    return index == 0 ? h->fflags : index == 1 ? h->frm : (uint64_t)(h->fflags | h->frm << 5);
}

static void set_fcsr(struct hart *h, unsigned index, uint64_t v)
{
    if (index != 1)
        h->fflags = v & 31;
    if (index != 0)
        h->frm = (index == 1 ? v : v >> 5) & 7;
    h->mstatus |= MSTATUS_FS;
}

/* ---- AIA (Smaia, Ssaia): the interrupt files behind *ireg, *topei; *topi ---- */

static bool aia_allowed(const struct hart *h, unsigned index)
{
    (void)index;
    return h->m->aia;
}

enum { SELECT_IPRIO = 0x30, SELECT_IPRIO_END = 0x3f, SELECT_IMSIC = 0x70, SELECT_END = 0xff };

/* Whether an indirect register exists; iprio bytes are read-only zero (AIA 5.1). */
static bool ireg_exists(const struct imsic_file *file, uint64_t select)
{
    if (select >= SELECT_IPRIO && select <= SELECT_IPRIO_END)
        return !(select & 1);
    return file && select >= SELECT_IMSIC && select <= SELECT_END &&
           (select < 0x80 || !(select & 1));
}

static bool mireg_allowed(const struct hart *h, unsigned index)
{
    (void)index;
    return h->m->aia && ireg_exists(h->imsic_m, h->miselect);
}

static bool sireg_allowed(const struct hart *h, unsigned index)
{
    (void)index;
    return h->m->aia && ireg_exists(h->imsic_s, h->siselect);
}

static bool mtopei_allowed(const struct hart *h, unsigned index)
{
    (void)index;
    return h->m->aia && h->imsic_m;
}

static bool stopei_allowed(const struct hart *h, unsigned index)
{
    (void)index;
    return h->m->aia && h->imsic_s;
}

static uint64_t get_ireg(struct imsic_file *file, uint64_t select)
{
    uint64_t v = 0;

    if (select >= SELECT_IMSIC)
        (void)imsic_ireg_read(file, (unsigned)select, &v);
    return v;
}

static void set_ireg(struct hart *h, struct imsic_file *file, uint64_t select, uint64_t v)
{
    if (select >= SELECT_IMSIC)
        (void)imsic_ireg_write(file, (unsigned)select, v);
    h->leave = true;
}

static uint64_t get_mireg(struct hart *h, unsigned index)
{
    (void)index;
    return get_ireg(h->imsic_m, h->miselect);
}

static void set_mireg(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    set_ireg(h, h->imsic_m, h->miselect, v);
}

static uint64_t get_sireg(struct hart *h, unsigned index)
{
    (void)index;
    return get_ireg(h->imsic_s, h->siselect);
}

static void set_sireg(struct hart *h, unsigned index, uint64_t v)
{
    (void)index;
    set_ireg(h, h->imsic_s, h->siselect, v);
}

static uint64_t get_mtopei(struct hart *h, unsigned index)
{
    (void)index;
    return imsic_topei(h->imsic_m);
}

static void set_mtopei(struct hart *h, unsigned index, uint64_t v)
{
    (void)index, (void)v;
    imsic_claim(h->imsic_m);
}

static uint64_t get_stopei(struct hart *h, unsigned index)
{
    (void)index;
    return imsic_topei(h->imsic_s);
}

static void set_stopei(struct hart *h, unsigned index, uint64_t v)
{
    (void)index, (void)v;
    imsic_claim(h->imsic_s);
}

/* Identity of the highest-priority pending and enabled interrupt; its priority number reads 1, as
 * is allowed when all iprio bytes are read-only zero (AIA 5.2.2, 5.4.2). */
static uint64_t topi(uint64_t pending)
{
    static const uint8_t order[] = {IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI};

    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        if (pending & MIP_BIT(order[i]))
            return (uint64_t)order[i] << 16 | 1;
    return 0;
}

static uint64_t get_mtopi(struct hart *h, unsigned index)
{
    (void)index;
    return topi(hart_mip(h) & h->mie & ~h->mideleg);
}

static uint64_t get_stopi(struct hart *h, unsigned index)
{
    (void)index;
    return topi(hart_mip(h) & h->mie & h->mideleg);
}

/* ---- the table ---- */

#define FIELD_CSR(name, number, mask) {#name, number, 1, offsetof(struct hart, name), mask, 0, 0, 0}
#define CSR(name, number, count, allowed, get, set) {#name, number, count, 0, 0, allowed, get, set}
#define FIELD_SET(name, number, set) \
    {#name, number, 1, offsetof(struct hart, name), 0, 0, 0, set}

static const struct csr csrs[] = {
    CSR(fflags, 0x001, 3, fp_allowed, get_fcsr, set_fcsr), /* fflags, frm, fcsr */
    CSR(cycle, 0xc00, 32, counter_allowed, get_counter, NULL), /* cycle, time, instret, hpm */

    CSR(sstatus, 0x100, 1, NULL, get_sstatus, set_sstatus),
    CSR(sie, 0x104, 1, NULL, get_sie, set_sie),
    FIELD_SET(stvec, 0x105, set_stvec),
    CSR(scounteren, 0x106, 1, NULL, get_scounteren, set_scounteren),
    FIELD_SET(senvcfg, 0x10a, set_senvcfg),
    FIELD_CSR(sscratch, 0x140, UINT64_MAX),
    FIELD_CSR(sepc, 0x141, ~UINT64_C(1)),
    FIELD_CSR(scause, 0x142, UINT64_MAX),
    FIELD_CSR(stval, 0x143, UINT64_MAX),
    CSR(sip, 0x144, 1, NULL, get_sip, set_sip),
    {"stimecmp", 0x14d, 1, offsetof(struct hart, stimecmp), 0, stimecmp_allowed, NULL, set_stimecmp},
    {"siselect", 0x150, 1, offsetof(struct hart, siselect), 0xfff, aia_allowed, NULL, NULL},
    CSR(sireg, 0x151, 1, sireg_allowed, get_sireg, set_sireg),
    CSR(stopei, 0x15c, 1, stopei_allowed, get_stopei, set_stopei),
    {"satp", 0x180, 1, offsetof(struct hart, satp), 0, satp_allowed, NULL, set_satp},
    CSR(stopi, 0xdb0, 1, aia_allowed, get_stopi, NULL),

    CSR(mvendorid, 0xf11, 3, NULL, get_zero, NULL), /* mvendorid, marchid, mimpid */
    CSR(mhartid, 0xf14, 1, NULL, get_mhartid, NULL),
    CSR(mconfigptr, 0xf15, 1, NULL, get_zero, NULL),
    CSR(mstatus, 0x300, 1, NULL, get_mstatus, set_mstatus),
    CSR(misa, 0x301, 1, NULL, get_misa, set_nothing),
    FIELD_CSR(medeleg, 0x302, DELEGABLE_EXCEPTIONS),
    FIELD_CSR(mideleg, 0x303, S_INTERRUPTS),
    FIELD_CSR(mie, 0x304, S_INTERRUPTS | M_INTERRUPTS),
    FIELD_SET(mtvec, 0x305, set_mtvec),
    CSR(mcounteren, 0x306, 1, NULL, get_mcounteren, set_mcounteren),
    CSR(mvien, 0x308, 2, aia_allowed, get_zero, set_nothing), /* mvien, mvip: no bits */
    FIELD_SET(menvcfg, 0x30a, set_menvcfg),
    CSR(mcountinhibit, 0x320, 1, NULL, get_mcountinhibit, set_mcountinhibit),
    CSR(mhpmevent, 0x323, 29, NULL, get_zero, set_nothing),
    FIELD_CSR(mscratch, 0x340, UINT64_MAX),
    FIELD_CSR(mepc, 0x341, ~UINT64_C(1)),
    FIELD_CSR(mcause, 0x342, UINT64_MAX),
    FIELD_CSR(mtval, 0x343, UINT64_MAX),
    CSR(mip, 0x344, 1, NULL, get_mip, set_mip),
    {"miselect", 0x350, 1, offsetof(struct hart, miselect), 0xfff, aia_allowed, NULL, NULL},
    CSR(mireg, 0x351, 1, mireg_allowed, get_mireg, set_mireg),
    CSR(mtopei, 0x35c, 1, mtopei_allowed, get_mtopei, set_mtopei),
    CSR(pmpcfg, 0x3a0, PMP_ENTRIES / 4, pmpcfg_allowed, get_pmpcfg, set_pmpcfg),
    CSR(pmpaddr, 0x3b0, PMP_ENTRIES, NULL, get_pmpaddr, set_pmpaddr),
    CSR(tselect, 0x7a0, 4, NULL, get_zero, set_nothing), /* and tdata1 to 3: no triggers (type 0) */
    CSR(mcycle, 0xb00, 1, NULL, get_counter, set_counter),
    CSR(minstret, 0xb02, 30, NULL, NULL, NULL), /* see find_csr: minstret, mhpmcounter3.. */
    CSR(mtopi, 0xfb0, 1, aia_allowed, get_mtopi, NULL),
};

/* Row of a CSR and the index within it, or NULL. */
static const struct csr *find_csr(unsigned number, unsigned *index)
{
    static uint8_t row_of[4096]; /* 1 + row; filled at the first use, the same for ever */
    const struct csr *row;

    if (!row_of[csrs[0].number])
        for (unsigned i = 0; i < ARRAY_LEN(csrs); i++)
            for (unsigned k = 0; k < csrs[i].count; k++)
                row_of[csrs[i].number + k] = (uint8_t)(i + 1);
    if (!row_of[number & 4095])
        return NULL;
    row = &csrs[row_of[number & 4095] - 1];
    *index = (number & 4095) - row->number;
    return row;
}

static uint64_t read_csr(struct hart *h, const struct csr *c, unsigned index)
{
    if (c->number == 0xb02)
        return get_counter(h, index + COUNTER_INSTRET);
    if (c->get)
        return c->get(h, index);
    return *(uint64_t *)(void *)((char *)h + c->offset);
}

static void write_csr(struct hart *h, const struct csr *c, unsigned index, uint64_t v)
{
    uint64_t *field = (uint64_t *)(void *)((char *)h + c->offset);

    if (c->number == 0xb02)
        set_counter(h, index + COUNTER_INSTRET, v);
    else if (c->set)
        c->set(h, index, v);
    else
        *field = (*field & ~c->mask) | (v & c->mask);
}

enum csr_op { CSR_WRITE, CSR_SET, CSR_CLEAR };

/* One CSR instruction (Zicsr, unprivileged ISA chapter 9). */
static bool access_csr(struct hart *h, const struct insn *i, enum csr_op op, uint64_t operand,
                       bool writes)
{
    unsigned number = (unsigned)i->imm, index;
    const struct csr *c = find_csr(number, &index);
    uint64_t old = 0, base;

    if (!c || (number >> 8 & 3) > h->priv || (writes && number >> 10 == 3) ||
        (c->allowed && !c->allowed(h, index)))
        return hart_illegal(h, i);
    if (op != CSR_WRITE || i->rd != ISA_SINK)
        old = read_csr(h, c, index);
    /* Of mip, only what software wrote takes part: SEIP reads as the OR with its line (3.1.9). */
    base = c->set == set_mip ? h->mip_soft : old;
    if (writes)
        write_csr(h, c, index,
                  op == CSR_WRITE ? operand : op == CSR_SET ? base | operand : base & ~operand);
    h->x[i->rd] = old;
    return false;
}

bool hart_csrrw(struct hart *h, const struct insn *i)
{
    return access_csr(h, i, CSR_WRITE, h->x[i->rs1], true);
}

bool hart_csrrs(struct hart *h, const struct insn *i)
{
    return access_csr(h, i, CSR_SET, h->x[i->rs1], i->rs1 != 0);
}

bool hart_csrrc(struct hart *h, const struct insn *i)
{
    return access_csr(h, i, CSR_CLEAR, h->x[i->rs1], i->rs1 != 0);
}

bool hart_csrrwi(struct hart *h, const struct insn *i)
{
    return access_csr(h, i, CSR_WRITE, i->rs1, true);
}

bool hart_csrrsi(struct hart *h, const struct insn *i)
{
    return access_csr(h, i, CSR_SET, i->rs1, i->rs1 != 0);
}

bool hart_csrrci(struct hart *h, const struct insn *i)
{
    return access_csr(h, i, CSR_CLEAR, i->rs1, i->rs1 != 0);
}
