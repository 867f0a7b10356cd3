/* SPDX-License-Identifier: Apache-2.0 */
/* The platform-level interrupt controller (PLIC specification 1.0.0, by its chapters). */
#include "labs/lib/irq.h"
#include "labs/lib/reg.h"
#include "spec/plic.h"

#include <stddef.h>

enum { PLIC_REGS(REG_AT) };

/* "Memory Map": registers of hart 0 in supervisor mode, which is context 1 on this board. */
#define CONTEXT 1

static void init(void)
{
    /* "Interrupt Enables": nothing that firmware may have left on. */
    mmio_write32(PLIC_BASE + PLIC_ENABLE0 + CONTEXT * PLIC_ENABLE0_STEP, 0);
    mmio_write32(PLIC_BASE + PLIC_ENABLE1 + CONTEXT * PLIC_ENABLE1_STEP, 0);
    mmio_write32(PLIC_BASE + PLIC_ENABLE2 + CONTEXT * PLIC_ENABLE2_STEP, 0);
    /* "Priority Thresholds": every priority but 0 gets through. */
    mmio_write32(PLIC_BASE + PLIC_THRESHOLD + CONTEXT * PLIC_THRESHOLD_STEP, 0);
}

static void enable(unsigned source)
{
    uintptr_t word = PLIC_BASE + PLIC_ENABLE0 + CONTEXT * PLIC_ENABLE0_STEP + source / 32 * 4;

    /* "Interrupt Priorities": 0 would be never.  The table's first register is source 1's. */
    mmio_write32(PLIC_BASE + PLIC_PRIORITY + (source - 1) * PLIC_PRIORITY_STEP, 1);
    mmio_write32(word, mmio_read32(word) | 1u << source % 32);
}

static unsigned claim(void)
{
    /* "Interrupt Claim Process": reading takes the interrupt, and is 0 if there is none. */
    return mmio_read32(PLIC_BASE + PLIC_CLAIM + CONTEXT * PLIC_CLAIM_STEP);
}

static void complete(unsigned source)
{
    /* "Interrupt Completion": the gateway may send the next one from this source. */
    mmio_write32(PLIC_BASE + PLIC_CLAIM + CONTEXT * PLIC_CLAIM_STEP, source);
}

const struct irq_controller irq_plic = {"PLIC", init, enable, claim, complete, NULL};
