/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts: causes to vectors, vectors to handlers, how often, and when not. */
#include "labs/lib/i82599.h"

#include "labs/lib/i82599_registers.h"
#include "labs/lib/pci.h"

#include <stddef.h>

/* The wire stands for all vectors.  Reading EICR tells which, clears them and lets go of the wire
 * (7.3.1.3); a cause that is masked must not get lost by that. */
static void on_wire(void *context)
{
    struct i82599 *n = context;
    uint32_t causes = get(n, I82599_EICR);

    n->kept |= causes & ~n->unmasked;
    for (unsigned v = 0; v < I82599_VECTORS_MAX; v++)
        if (causes & n->unmasked & 1u << v && n->vector[v].handler)
            n->vector[v].handler(n->vector[v].context);
}

const char *i82599_vector(struct i82599 *n, unsigned number, void (*handler)(void *context),
                          void *context)
{
    bool first = true;

    if (number >= I82599_VECTORS_MAX)
        return "82599: the driver has no such vector";
    for (unsigned v = 0; v < I82599_VECTORS_MAX; v++)
        first = first && !n->vector[v].handler;
    n->vector[number].handler = handler;
    n->vector[number].context = context;
    if (pci_msix(n->device, number, handler, context)) {
        /* 7.3.1.1, 8.2.3.5.18: a vector a cause, pending bits as PCI has them. */
        put(n, I82599_GPIE, I82599_GPIE_MULTIPLE_MSIX | I82599_GPIE_PBA_SUPPORT | I82599_GPIE_OCD);
        /* 7.3.1.4: its message clears a cause, so that the handler need not read EICR. */
        put(n, I82599_EIAC, I82599_EICR_RTX_QUEUE);
    } else if (first) {
        pci_intx(n->device, on_wire, n);
    }
    return NULL;
}

/* 8.2.3.5.16: a byte a queue: those of receive and transmit queue 2n, then of 2n + 1. */
static void ivar(struct i82599 *n, unsigned queue, bool transmit, unsigned vector)
{
    unsigned reg = I82599_IVAR + queue / 2 * I82599_IVAR_STEP;
    unsigned lsb = queue % 2 * 16 + transmit * 8;

    put(n, reg, (get(n, reg) & ~(0xffu << lsb)) | (I82599_IVAR_VALID | vector) << lsb);
}

void i82599_rx_vector(struct i82599_rx *rx, unsigned number)
{
    ivar(rx->nic, rx->number, false, number);
}

void i82599_tx_vector(struct i82599_tx *tx, unsigned number)
{
    ivar(tx->nic, tx->number, true, number);
}

void i82599_throttle(struct i82599 *n, unsigned number, unsigned interval_us)
{
    unsigned steps = (interval_us + 1) / 2;

    /* 8.2.3.5.12 */
    if (steps > I82599_EITR_INTERVAL >> I82599_EITR_INTERVAL_LSB)
        steps = I82599_EITR_INTERVAL >> I82599_EITR_INTERVAL_LSB;
    put(n, I82599_EITR + number * I82599_EITR_STEP, steps << I82599_EITR_INTERVAL_LSB);
}

void i82599_mask(struct i82599 *n, uint32_t vectors)
{
    put(n, I82599_EIMC, vectors);
    n->unmasked &= ~vectors;
}

void i82599_unmask(struct i82599 *n, uint32_t vectors)
{
    uint32_t again = n->kept & vectors;

    n->unmasked |= vectors;
    n->kept &= ~vectors;
    /* 8.2.3.5.3: a cause that came up while it was masked comes up now. */
    if (again)
        put(n, I82599_EICS, again);
    put(n, I82599_EIMS, vectors);
}
