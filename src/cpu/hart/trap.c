/* SPDX-License-Identifier: Apache-2.0 */
/* Traps: entry, return, interrupt selection (privileged ISA 3.1.6, 3.1.8, 3.1.9, 4.1). */
#include "cpu/hart/hart.h"

uint64_t hart_mip(const struct hart *h)
{
    return h->mip_lines | h->mip_soft;
}

static void set_priv(struct hart *h, enum priv priv)
{
    h->priv = (uint8_t)priv;
    mmu_context_changed(h);
}

static void enter(struct hart *h, uint64_t cause, uint64_t tval, uint64_t record)
{
    bool interrupt = cause & CAUSE_INTERRUPT;
    unsigned code = (unsigned)(cause & 63), from = h->priv;
    uint64_t deleg = interrupt ? h->mideleg : h->medeleg;
    uint64_t vec;

    h->reservation = NO_RESERVATION;
    h->mmio_arrival = 0; /* of a load whose translation was lost while it was under way */
    if (h->priv != PRIV_M && deleg >> code & 1) {
        if (trace_on(h->m->trace))
            trace_trap(h->m->trace, h->source, hart_now(h), record, cause, h->pc, tval, from,
                       PRIV_S, h->x[4]);
        h->scause = cause;
        h->sepc = h->pc;
        h->stval = tval;
        h->mstatus &= ~(MSTATUS_SPIE | MSTATUS_SPP);
        if (h->mstatus & MSTATUS_SIE)
            h->mstatus |= MSTATUS_SPIE;
        if (from == PRIV_S)
            h->mstatus |= MSTATUS_SPP;
        h->mstatus &= ~MSTATUS_SIE;
        vec = h->stvec;
        set_priv(h, PRIV_S);
    } else {
        if (trace_on(h->m->trace))
            trace_trap(h->m->trace, h->source, hart_now(h), record, cause, h->pc, tval, from,
                       PRIV_M, h->x[4]);
        h->mcause = cause;
        h->mepc = h->pc;
        h->mtval = tval;
        h->mstatus &= ~MSTATUS_MPIE;
        if (h->mstatus & MSTATUS_MIE)
            h->mstatus |= MSTATUS_MPIE;
        h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, from) & ~MSTATUS_MIE;
        vec = h->mtvec;
        set_priv(h, PRIV_M);
    }
    h->pc = vec & ~UINT64_C(3);
    if (vec & 1 && interrupt)
        h->pc += 4 * code;
    h->ticks += h->p->trap_ticks;
    h->trapped = true;
    h->leave = true;
}

void hart_trap(struct hart *h, uint64_t cause, uint64_t tval)
{
    enter(h, cause, tval, 0);
}

bool hart_interrupt(struct hart *h)
{
    static const uint8_t order[] = {IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI};
    uint64_t pending = hart_mip(h) & h->mie, m, s, take;

    if (!pending)
        return false;
    m = h->priv < PRIV_M || h->mstatus & MSTATUS_MIE ? pending & ~h->mideleg : 0;
    s = h->priv < PRIV_S || (h->priv == PRIV_S && h->mstatus & MSTATUS_SIE)
            ? pending & h->mideleg
            : 0;
    take = m ? m : s;
    if (!take)
        return false;
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        if (take & MIP_BIT(order[i])) {
            enter(h, CAUSE_INTERRUPT | order[i], 0, hart_irq_cause(h, order[i]));
            return true;
        }
    return false;
}

/* The bits of the instruction at pc, for tval. */
static uint32_t fetch_bits(struct hart *h)
{
    uint8_t bytes[4] = {0};

    for (unsigned n = 0; n < 4; n += 2) {
        uint64_t pa;
        bool whole;
        const uint8_t *host;

        if (mmu_translate(h, h->pc + n, ACCESS_FETCH, &pa, &whole) ||
            !(host = space_host(h->m->space, pa, 2)))
            break;
        memcpy(bytes + n, host, 2);
        if ((bytes[0] & 3) != 3)
            break;
    }
    return le32_get(bytes);
}

bool hart_illegal(struct hart *h, const struct insn *i)
{
    hart_trap(h, CAUSE_ILLEGAL, i->op == OP_illegal ? (uint32_t)i->imm : fetch_bits(h));
    return true;
}

bool hart_ecall(struct hart *h, const struct insn *i)
{
    (void)i;
    hart_trap(h, CAUSE_ECALL_U + h->priv, 0);
    return true;
}

bool hart_ebreak(struct hart *h, const struct insn *i)
{
    (void)i;
    hart_trap(h, CAUSE_BREAKPOINT, h->pc);
    return true;
}

static bool returned(struct hart *h, uint64_t pc, enum priv to)
{
    h->ticks += h->p->return_ticks;
    if (trace_on(h->m->trace))
        trace_trap_return(h->m->trace, h->source, hart_now(h), 0, pc, h->priv, to, h->x[4]);
    if (to != PRIV_M)
        h->mstatus &= ~MSTATUS_MPRV;
    h->pc = pc;
    h->reservation = NO_RESERVATION;
    set_priv(h, to);
    return true;
}

bool hart_sret(struct hart *h, const struct insn *i)
{
    enum priv to = h->mstatus & MSTATUS_SPP ? PRIV_S : PRIV_U;

    if (h->priv < PRIV_S || (h->priv == PRIV_S && h->mstatus & MSTATUS_TSR))
        return hart_illegal(h, i);
    h->mstatus &= ~(MSTATUS_SIE | MSTATUS_SPP);
    if (h->mstatus & MSTATUS_SPIE)
        h->mstatus |= MSTATUS_SIE;
    h->mstatus |= MSTATUS_SPIE;
    return returned(h, h->sepc, to);
}

bool hart_mret(struct hart *h, const struct insn *i)
{
    enum priv to = (enum priv)FGET(h->mstatus, MSTATUS_MPP);

    if (h->priv != PRIV_M)
        return hart_illegal(h, i);
    h->mstatus = FPUT(h->mstatus, MSTATUS_MPP, PRIV_U) & ~MSTATUS_MIE;
    if (h->mstatus & MSTATUS_MPIE)
        h->mstatus |= MSTATUS_MIE;
    h->mstatus |= MSTATUS_MPIE;
    return returned(h, h->mepc, to);
}

bool hart_wfi(struct hart *h, const struct insn *i)
{
    if (h->priv == PRIV_U || (h->priv == PRIV_S && h->mstatus & MSTATUS_TW))
        return hart_illegal(h, i);
    if (hart_wakes(h))
        return false;
    h->idle = true;
    h->idle_since = hart_now(h);
    trace_idle_begin(h->m->trace, h->source, h->idle_since, 0, h->pc);
    h->stop = STOP_WFI;
    return false;
}

bool hart_mark(struct hart *h, const struct insn *i)
{
    if (i->imm == 0)
        return false;
    trace_mark(h->m->trace, h->source, hart_now(h), 0, (uint64_t)(int64_t)i->imm, h->instret,
               h->x[10]);
    h->mark = (uint64_t)(int64_t)i->imm;
    h->stop = STOP_MARK;
    return false;
}
