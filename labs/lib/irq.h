/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of devices, on hart 0 in machine mode, through whichever controller the board has:
 * the PLIC, or the AIA's APLIC and IMSIC.  Sources are numbered alike on both (spec/virt.h). */
#ifndef LABS_LIB_IRQ_H
#define LABS_LIB_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/* One kind of interrupt controller. */
struct irq_controller {
    const char *name;
    void (*init)(void);
    void (*enable)(unsigned source);
    /* Takes the most urgent interrupt, 0 when there is none (any more). */
    unsigned (*claim)(void);
    /* Its handler has run. */
    void (*complete)(unsigned source);
};

extern const struct irq_controller plic, aia;

/* Finds and sets up the controller; returns its name.  Interrupts are still off. */
const char *irq_init(const void *device_tree);

/* From now on, `handler` runs for this source (1 to VIRT_IRQS). */
void irq_handle(unsigned source, void (*handler)(void));

/* Sleeps until ready() holds, with handlers running meanwhile.  Returns with interrupts off. */
void irq_wait(bool (*ready)(void));

/* Runs handlers of what has come up to now. */
void irq_let_in(void);

#endif
