/* SPDX-License-Identifier: Apache-2.0 */
/* Causes, masks, moderation, and the three ways to interrupt (7.3, 8.2.3.5).
 *
 *              cause of a queue, through IVAR        enabled in EIMS       EITR's interval is over
 *   (nothing) -------------------------------> EICR -----------------> waiting --------------------+
 *       ^                                        ^                                                 |
 *       |   EIAC clears the cause, EIAM the mask |                                                 |
 *       +----------------------------------------+-------------------- message sent <--------------+
 *
 * With MSI-X, EICR 15:0 are the vectors' queue causes (the same bits of EIMS_EX and so on reach 64),
 * and 30:16 the other causes, which share the vector of IVAR_MISC.  Without it, everything shares
 * one interrupt, moderated by EITR[0]. */
#include "dev/i82599_impl.h"

#define QUEUE_BITS UINT32_C(0xffff)
#define OTHER_BITS UINT32_C(0x7fff0000)
#define IVAR_VALID 0x80
#define IVAR_VECTOR 0x3f

static bool msix(const struct i82599 *n)
{
    return pci_irq_mode(&n->pci) == PCI_IRQ_MSIX;
}

static uint32_t eitr(const struct i82599 *n, unsigned v)
{
    return v < 24 ? bank32_at(n, I82599_EITR, v) : bank32_at(n, I82599_EITR_HI, v - 24);
}

static ps_t interval(const struct i82599 *n, unsigned v)
{
    return FGET(eitr(n, v), I82599_EITR_INTERVAL) * n->p.itr_unit_ps;
}

/* The vector of the other causes, or -1. */
static int other_vector(const struct i82599 *n)
{
    uint32_t ivar = bank32(n, I82599_IVAR_MISC) >> 8;

    return ivar & IVAR_VALID ? (int)(ivar & IVAR_VECTOR) : -1;
}

/* Whether a cause that is enabled stands for this vector. */
static bool wanted(const struct i82599 *n, unsigned v)
{
    if (!msix(n))
        return v == 0 && ((n->irq.vectors & n->irq.mask & QUEUE_BITS) ||
                          (n->irq.other & n->irq.other_mask));
    return (n->irq.vectors & n->irq.mask) >> v & 1 ||
           ((int)v == other_vector(n) && n->irq.other & n->irq.other_mask);
}

/* Descriptors that were held back for company go at the end of the interval (7.2.3.5.2), before the
 * interrupt if one is sent, else they are the cause of one. */
static void flush_queues(struct i82599 *n, unsigned v, bool cause)
{
    for (unsigned w = 0; w < ARRAY_LEN(n->txd.held); w++)
        for (uint64_t bits = n->txd.held[w]; bits; bits &= bits - 1) {
            unsigned q = w * 64 + (unsigned)__builtin_ctzll(bits);
            uint32_t ivar = bank32_at(n, I82599_IVAR, q / 2) >> (q & 1 ? 24 : 8);

            if (ivar & IVAR_VALID && (ivar & IVAR_VECTOR) == v)
                i82599_tx_flush(n, q, cause);
        }
}

static void update_intx(struct i82599 *n)
{
    bool level = pci_irq_mode(&n->pci) == PCI_IRQ_INTX && !n->vector[0].waiting && wanted(n, 0);

    pci_intx_set(&n->pci, level);
}

static void send(struct i82599 *n, unsigned v)
{
    struct irq_vector *vector = &n->vector[v];
    enum pci_irq_mode mode = pci_irq_mode(&n->pci);
    uint64_t saved = n->clock->cause, id;

    flush_queues(n, v, false);
    vector->waiting = 0;
    vector->next = n->clock->now + interval(n, v);
    n->clock->cause = vector->cause;
    id = trace_nic_interrupt(n->trace, n->pci.source, TRACE_NOW(n->trace), v,
                             n->clock->now - vector->since);
    if (id)
        n->clock->cause = id;
    if (mode == PCI_IRQ_MSIX) {
        bool other = (int)v == other_vector(n);

        pci_msix_send(&n->pci, v);
        /* 7.3.1.4, 7.3.1.5: what EIAC and EIAM name is cleared by the message itself. */
        n->irq.vectors &= ~(n->irq.auto_clear & UINT64_C(1) << v);
        if (other)
            n->irq.other &= ~n->irq.other_auto_clear;
        if (bank32(n, I82599_GPIE) & FMASK(I82599_GPIE_EIAME)) {
            n->irq.mask &= ~(n->irq.auto_mask & UINT64_C(1) << v);
            if (other)
                n->irq.other_mask &= ~n->irq.other_auto_mask;
        }
    } else if (mode == PCI_IRQ_MSI) {
        pci_msi_send(&n->pci, 0);
    } else {
        update_intx(n);
    }
    n->clock->cause = saved;
}

/* A cause of this vector has come, or it was enabled: interrupts now or when EITR allows. */
static void raise(struct i82599 *n, unsigned v, bool at_once)
{
    struct irq_vector *vector = &n->vector[v];

    if (!wanted(n, v) || (n->pci.intx_level && pci_irq_mode(&n->pci) == PCI_IRQ_INTX))
        return; /* the pin that is up stands for all */
    if (!vector->waiting) {
        vector->waiting = 1;
        vector->since = n->clock->now;
        vector->cause = n->clock->cause;
        if (!at_once && vector->next > n->clock->now) {
            trace_nic_moderate(n->trace, n->pci.source, TRACE_NOW(n->trace), v, vector->next);
            clock_arm(n->clock, &vector->event, vector->next);
            return;
        }
    }
    if (at_once || vector->next <= n->clock->now) {
        clock_disarm(n->clock, &vector->event);
        send(n, v);
    }
}

static void interval_over(void *owner)
{
    struct irq_vector *vector = owner;
    struct i82599 *n = vector->n;
    unsigned v = (unsigned)(vector - n->vector);

    if (vector->waiting && wanted(n, v)) {
        send(n, v);
    } else {
        vector->waiting = 0;
        flush_queues(n, v, true);
    }
}

/* A queue with held descriptors and no interrupt to come: its interval ends some time all the
 * same. */
void i82599_tx_held(struct i82599 *n, unsigned q)
{
    uint32_t ivar = bank32_at(n, I82599_IVAR, q / 2) >> (q & 1 ? 24 : 8);
    struct irq_vector *vector = &n->vector[ivar & IVAR_VECTOR];

    if (!(ivar & IVAR_VALID) || event_armed(&vector->event))
        return;
    clock_arm(n->clock, &vector->event,
              u64_max(vector->next, n->clock->now + interval(n, ivar & IVAR_VECTOR)));
}

ps_t i82599_rx_interval_end(const struct i82599 *n, unsigned q)
{
    uint32_t ivar = bank32_at(n, I82599_IVAR, q / 2) >> (q & 1) * 16;

    return ivar & IVAR_VALID ? n->vector[msix(n) ? ivar & IVAR_VECTOR : 0].next : 0;
}

/* ---- causes ---- */

static void queue_cause(struct i82599 *n, unsigned q, unsigned transmit, bool at_once)
{
    uint32_t ivar = bank32_at(n, I82599_IVAR, q / 2) >> ((q & 1) * 16 + transmit * 8);
    unsigned v = ivar & IVAR_VECTOR;
    uint64_t saved = n->clock->cause, id;

    if (!(ivar & IVAR_VALID))
        return;
    if (!msix(n))
        v &= 15; /* the causes of one interrupt: EICR 15:0 */
    id = trace_nic_cause(n->trace, n->pci.source, TRACE_NOW(n->trace), v, transmit, q);
    if (id)
        n->clock->cause = id;
    n->irq.vectors |= UINT64_C(1) << v;
    raise(n, msix(n) ? v : 0, at_once);
    n->clock->cause = saved;
}

void i82599_rx_cause(struct i82599 *n, unsigned q, bool lli)
{
    queue_cause(n, q, 0, lli);
}

void i82599_tx_cause(struct i82599 *n, unsigned q)
{
    queue_cause(n, q, 1, false);
}

void i82599_other_cause(struct i82599 *n, uint32_t bits)
{
    uint64_t saved = n->clock->cause, id;
    int v = msix(n) ? other_vector(n) : 0;

    id = trace_nic_cause(n->trace, n->pci.source, TRACE_NOW(n->trace), v < 0 ? 0 : (unsigned)v, 2,
                         bits & OTHER_BITS);
    if (id)
        n->clock->cause = id;
    n->irq.other |= bits & OTHER_BITS;
    if (v >= 0)
        raise(n, (unsigned)v, false);
    n->clock->cause = saved;
}

/* ---- registers ---- */

static uint32_t eicr(const struct i82599 *n)
{
    return (uint32_t)(n->irq.vectors & QUEUE_BITS) | n->irq.other;
}

static uint32_t ex_word(uint64_t vectors, unsigned index)
{
    return (uint32_t)(vectors >> (32 * index));
}

static void clear_causes(struct i82599 *n, uint32_t bits)
{
    n->irq.vectors &= ~(uint64_t)(bits & QUEUE_BITS);
    n->irq.other &= ~bits;
    update_intx(n);
}

static void raise_all(struct i82599 *n, uint64_t vectors, bool other)
{
    if (!msix(n)) {
        raise(n, 0, false);
        update_intx(n);
        return;
    }
    for (vectors &= n->irq.vectors; vectors; vectors &= vectors - 1)
        raise(n, (unsigned)__builtin_ctzll(vectors), false);
    if (other && other_vector(n) >= 0)
        raise(n, (unsigned)other_vector(n), false);
}

static void set_causes(struct i82599 *n, uint64_t vectors, uint32_t other)
{
    n->irq.vectors |= vectors;
    n->irq.other |= other & OTHER_BITS;
    raise_all(n, vectors, other & OTHER_BITS);
}

static void set_mask(struct i82599 *n, uint64_t vectors, uint32_t other)
{
    n->irq.mask |= vectors;
    n->irq.other_mask |= other & OTHER_BITS;
    raise_all(n, vectors, other & OTHER_BITS);
}

static void clear_mask(struct i82599 *n, uint64_t vectors, uint32_t other)
{
    n->irq.mask &= ~vectors;
    n->irq.other_mask &= ~other;
    update_intx(n);
}

/* 7.3.1.5: EICR is read, or causes are written away.  With EIAME it is the message that masks. */
static void auto_mask(struct i82599 *n, uint32_t bits)
{
    if (!(bank32(n, I82599_GPIE) & FMASK(I82599_GPIE_EIAME)))
        clear_mask(n, n->irq.auto_mask & bits & QUEUE_BITS, n->irq.other_auto_mask & bits);
}

uint64_t i82599_irq_read(struct i82599 *n, unsigned reg, unsigned index, uint64_t stored)
{
    uint32_t v;

    switch (reg) {
    case I82599_EICR:
        v = eicr(n);
        /* 8.2.3.5.1: with MSI-X and GPIE.OCD set, only the other causes clear on a read. */
        if (msix(n) && bank32(n, I82599_GPIE) & FMASK(I82599_GPIE_OCD))
            clear_causes(n, v & UINT32_C(0x3fff0000));
        else
            clear_causes(n, v);
        auto_mask(n, ~UINT32_C(0));
        return v;
    case I82599_EICS: /* write only in the datasheet; ixgbe reads the causes from here */
        return eicr(n);
    case I82599_EIMS:
    case I82599_EIMC:
        return (uint32_t)(n->irq.mask & QUEUE_BITS) | n->irq.other_mask;
    case I82599_EIAC:
        return (uint32_t)(n->irq.auto_clear & QUEUE_BITS) | n->irq.other_auto_clear;
    case I82599_EIAM:
        return (uint32_t)(n->irq.auto_mask & QUEUE_BITS) | n->irq.other_auto_mask;
    case I82599_EICS_EX:
        return ex_word(n->irq.vectors, index);
    case I82599_EIMS_EX:
    case I82599_EIMC_EX:
        return ex_word(n->irq.mask, index);
    case I82599_EIAM_EX:
        return ex_word(n->irq.auto_mask, index);
    }
    return stored;
}

static void eitr_written(struct i82599 *n, unsigned v, uint32_t written)
{
    struct irq_vector *vector;

    if (v >= I82599_VECTORS)
        return;
    vector = &n->vector[v];
    /* 8.2.3.5.12: CNT_WDIS leaves the counter as it is, else it starts from what is written (the
     * counter has no low bits, so a new one may be over at once). */
    if (!(written & FMASK(I82599_EITR_CNT_WDIS)))
        vector->next = n->clock->now + FGET(written, I82599_EITR_COUNTER) * 4 * n->p.itr_unit_ps;
    if (vector->waiting)
        clock_arm(n->clock, &vector->event, vector->next);
}

/* A register of bits: the low word keeps its half of `all` and `other`. */
static void put_word(uint64_t *vectors, uint32_t *other, uint32_t written)
{
    *vectors = (*vectors & ~(uint64_t)QUEUE_BITS) | (written & QUEUE_BITS);
    *other = written & OTHER_BITS;
}

void i82599_irq_write(struct i82599 *n, unsigned reg, unsigned index, uint64_t old,
                      uint32_t written)
{
    uint64_t ex = (uint64_t)written << (32 * (index & 1));

    (void)old;
    switch (reg) {
    case I82599_EICR:
        clear_causes(n, written);
        auto_mask(n, written);
        break;
    case I82599_EICS:
        set_causes(n, written & QUEUE_BITS, written);
        break;
    case I82599_EIMS:
        set_mask(n, written & QUEUE_BITS, written);
        break;
    case I82599_EIMC:
        clear_mask(n, written & QUEUE_BITS, written);
        break;
    case I82599_EIAC:
        put_word(&n->irq.auto_clear, &n->irq.other_auto_clear, written);
        /* There is no wider EIAC: with MSI-X, vectors from 16 on always clear (7.3.1.4). */
        break;
    case I82599_EIAM:
        put_word(&n->irq.auto_mask, &n->irq.other_auto_mask, written);
        break;
    case I82599_EICS_EX:
        set_causes(n, ex, 0);
        break;
    case I82599_EIMS_EX:
        set_mask(n, ex, 0);
        break;
    case I82599_EIMC_EX:
        clear_mask(n, ex, 0);
        break;
    case I82599_EIAM_EX:
        n->irq.auto_mask = (n->irq.auto_mask & ~(UINT64_C(0xffffffff) << (32 * (index & 1)))) | ex;
        break;
    case I82599_EITR:
        eitr_written(n, index, written);
        break;
    case I82599_EITR_HI:
        eitr_written(n, 24 + index, written);
        break;
    }
}

/* ---- life ---- */

void i82599_irq_init(struct i82599 *n)
{
    for (unsigned v = 0; v < I82599_VECTORS; v++) {
        n->vector[v].n = n;
        event_init(n->clock, &n->vector[v].event, "i82599.eitr", interval_over, &n->vector[v]);
    }
}

void i82599_irq_reset(struct i82599 *n)
{
    memset(&n->irq, 0, sizeof n->irq);
    n->irq.auto_clear = ~(uint64_t)QUEUE_BITS;
    for (unsigned v = 0; v < I82599_VECTORS; v++) {
        struct irq_vector *vector = &n->vector[v];

        clock_disarm(n->clock, &vector->event);
        vector->next = vector->since = 0;
        vector->cause = 0;
        vector->waiting = 0;
    }
    pci_intx_set(&n->pci, false);
}
