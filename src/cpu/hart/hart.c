/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/hart/hart.h"

#include "cpu/hart/csr.h"

const struct field hart_fields[] = {
    FIELD(struct hart, x), FIELD(struct hart, pc), FIELD(struct hart, ticks),
    FIELD(struct hart, instret), FIELD(struct hart, f), FIELD(struct hart, fflags),
    FIELD(struct hart, frm), FIELD(struct hart, priv), FIELD(struct hart, mstatus),
    FIELD(struct hart, medeleg), FIELD(struct hart, mideleg), FIELD(struct hart, mie),
    FIELD(struct hart, mip_soft), FIELD(struct hart, mip_lines), FIELD(struct hart, mtvec),
    FIELD(struct hart, mepc), FIELD(struct hart, mcause), FIELD(struct hart, mtval),
    FIELD(struct hart, mscratch), FIELD(struct hart, stvec), FIELD(struct hart, sepc),
    FIELD(struct hart, scause), FIELD(struct hart, stval), FIELD(struct hart, sscratch),
    FIELD(struct hart, satp), FIELD(struct hart, stimecmp), FIELD(struct hart, menvcfg),
    FIELD(struct hart, senvcfg), FIELD(struct hart, mcounteren), FIELD(struct hart, scounteren),
    FIELD(struct hart, mcountinhibit), FIELD(struct hart, mcycle_offset),
    FIELD(struct hart, minstret_offset), FIELD(struct hart, miselect),
    FIELD(struct hart, siselect), FIELD(struct hart, pmpcfg), FIELD(struct hart, pmpaddr),
    FIELD(struct hart, reservation), FIELD(struct hart, reservation_size),
    FIELD(struct hart, idle), FIELD(struct hart, idle_since), FIELD(struct hart, idle_ps),
    FIELD(struct hart, mmio_arrival), FIELD(struct hart, mmio_began),
    FIELD(struct hart, mmio_address), FIELD(struct hart, wait_until),
    FIELD(struct hart, retry_pc), FIELD(struct hart, retry_instret),
    FIELD(struct hart, wait_stalls),
    FIELD(struct hart, wc), FIELD(struct hart, wc_count), FIELD(struct hart, unfenced),
    FIELD(struct hart, irq_cause), FIELD_AN_EVENT(struct hart, timer),
    FIELD_AN_EVENT(struct hart, wc_age),
    FIELD_END,
};

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

uint64_t hart_time(const struct hart *h)
{
    return hart_now(h) / (PS_PER_S / VIRT_TIMEBASE_HZ) + (h->m->aclint ? h->m->aclint->offset : 0);
}

void hart_configure(struct hart *h)
{
    uint64_t hz = h->p->frequency_hz * TICKS_PER_CYCLE, g = gcd(PS_PER_S, hz);

    h->ps_a_tick = ratio_make(PS_PER_S / g, hz / g);
    h->ticks_a_ps = ratio_make(hz / g, PS_PER_S / g);
}

void hart_init(struct hart *h, unsigned id, struct machine_shared *m, const struct hart_params *p,
               unsigned source)
{
    memset(h, 0, sizeof *h);
    h->id = id;
    h->m = m;
    h->p = p;
    h->source = source;
    hart_configure(h);
    event_init(m->clock, &h->timer, "hart.stimecmp", hart_timer_fired, h);
    event_init(m->clock, &h->wc_age, "hart.wc_age", wc_aged, h);
}

void hart_reset(struct hart *h, uint64_t reset_pc)
{
    clock_disarm(h->m->clock, &h->timer);
    wc_reset(h);
    memset(h, 0, offsetof(struct hart, timer));
    h->pc = reset_pc;
    h->priv = PRIV_M;
    h->mstatus = MSTATUS_UXL | MSTATUS_SXL;
    h->stimecmp = UINT64_MAX;
    h->reservation = NO_RESERVATION;
    h->ticks = hart_ticks(h, h->m->clock->now);
    h->mmu.next_number = CONTEXT_NUMBERS; /* whatever is cached must go */
    pmp_changed(h);
}

/* The controllers record what they drive; the clock's cause is that record (irq/output.h). */
void hart_drive(void *hart, unsigned pin, bool level)
{
    struct hart *h = hart;

    if (level)
        h->mip_lines |= MIP_BIT(pin);
    else
        h->mip_lines &= ~MIP_BIT(pin);
    if (level)
        h->irq_cause[pin & 15] = h->m->clock->cause;
}

void hart_drive_ssip(void *hart, unsigned pin, bool level)
{
    struct hart *h = hart;

    if (!level)
        return;
    h->mip_soft |= MIP_BIT(pin);
    h->irq_cause[pin & 15] = h->m->clock->cause;
}

/* The record that made an interrupt pending: an interrupt file knows better than its wire, which
 * may have been up before. */
uint64_t hart_irq_cause(const struct hart *h, unsigned irq)
{
    uint64_t cause = 0;

    if (irq == IRQ_SEI && h->imsic_s)
        cause = imsic_cause(h->imsic_s);
    else if (irq == IRQ_MEI && h->imsic_m)
        cause = imsic_cause(h->imsic_m);
    return cause ? cause : h->irq_cause[irq];
}

void hart_wake(struct hart *h, ps_t now)
{
    uint64_t cause = 0, pending = hart_mip(h) & h->mie;
    struct trace *t = h->m->trace;

    /* It may have gone to sleep ahead of the clock, and of the hart that wakes it: its own time
     * never goes back. */
    now = u64_max(now, h->idle_since);
    for (unsigned bit = 0; bit < 16; bit++)
        if (pending & MIP_BIT(bit))
            cause = u64_max(cause, hart_irq_cause(h, bit));
    h->idle = false;
    h->idle_ps += now - h->idle_since;
    trace_idle_end(t, h->source, now, cause, now - h->idle_since);
    h->ticks = hart_ticks(h, now + h->p->wfi_exit_ps);
}
