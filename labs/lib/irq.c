/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/irq.h"

#include "labs/lib/csr.h"
#include "labs/lib/device_tree.h"
#include "labs/lib/finisher.h"
#include "spec/virt.h"

#include <stddef.h>

static const struct irq_controller *controller;
static void (*handlers[VIRT_IRQS + 1])(void);

const char *irq_init(const void *device_tree)
{
    if (device_tree_has(device_tree, "riscv,aplic"))
        controller = &aia;
    else if (device_tree_has(device_tree, "riscv,plic0"))
        controller = &plic;
    else
        die("the device tree has neither PLIC nor APLIC");
    controller->init();
    /* Privileged spec 3.1.9: MEIE lets external interrupts in, but for the gate of mstatus.MIE. */
    csr_write(mie, MIE_MEIE);
    return controller->name;
}

void irq_handle(unsigned source, void (*handler)(void))
{
    handlers[source] = handler;
    controller->enable(source);
}

void irq_let_in(void)
{
    csr_set(mstatus, MSTATUS_MIE);
    csr_clear(mstatus, MSTATUS_MIE);
}

void irq_wait(bool (*ready)(void))
{
    /* ready() is asked with interrupts off, so none can come between its answer and the wfi.
     * Privileged spec 3.3.3: wfi is ended by an interrupt that mie enables, even with MIE off. */
    while (!ready()) {
        __asm__ volatile("wfi" ::: "memory");
        irq_let_in();
    }
}

/* Called from start.S. */
void trap(uint64_t cause, uint64_t pc, uint64_t value);

void trap(uint64_t cause, uint64_t pc, uint64_t value)
{
    unsigned source;

    (void)pc;
    (void)value;
    if (cause != MCAUSE_MACHINE_EXTERNAL)
        die("unexpected trap");
    while ((source = controller->claim()) != 0) {
        if (source <= VIRT_IRQS && handlers[source])
            handlers[source]();
        controller->complete(source);
    }
}
