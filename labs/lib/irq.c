/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/irq.h"

#include "labs/lib/device_tree.h"
#include "labs/lib/finisher.h"
#include "spec/imsic.h"
#include "spec/virt.h"

#include <stddef.h>

/* Numbers are sources of wires up to here; messages have those above. */
#define MESSAGE_FIRST (VIRT_IRQS + 1)
#define NUMBERS (IMSIC_IDENTITIES + 1)
#define HANDLERS_MAX 128

struct handler {
    void (*fn)(void *ctx);
    void *ctx;
    struct handler *next; /* of the same wire */
};

static const struct irq_controller *controller;
static struct handler pool[HANDLERS_MAX], *handlers[NUMBERS];
static unsigned used, messages;

const char *irq_init(const void *device_tree)
{
    if (controller)
        return controller->name;
    if (device_tree_has(device_tree, "riscv,aplic"))
        controller = &irq_aia;
    else if (device_tree_has(device_tree, "riscv,plic0"))
        controller = &irq_plic;
    else
        die("the device tree has neither PLIC nor APLIC");
    controller->init();
    /* Privileged spec 12.1.3: SEIE lets external interrupts in, but for the gate of sstatus.SIE. */
    csr_set(sie, SIE_SEIE);
    return controller->name;
}

static void add(unsigned number, void (*fn)(void *ctx), void *ctx)
{
    struct handler *h = &pool[used];

    if (used == HANDLERS_MAX)
        die("irq: too many handlers");
    used++;
    *h = (struct handler){fn, ctx, handlers[number]};
    handlers[number] = h;
}

static void must_be_set_up(void)
{
    if (!controller)
        die("irq: irq_init() comes first");
}

void irq_handle(unsigned source, void (*fn)(void *ctx), void *ctx)
{
    must_be_set_up();
    if (source == 0 || source >= VIRT_IRQS)
        die("irq: there is no such source");
    /* The handler first: from the next line on its interrupt may come. */
    add(source, fn, ctx);
    controller->enable(source);
}

bool irq_msi(void (*fn)(void *ctx), void *ctx, struct irq_message *message)
{
    must_be_set_up();
    if (!controller->message || MESSAGE_FIRST + messages >= NUMBERS || used == HANDLERS_MAX)
        return false;
    add(MESSAGE_FIRST + messages, fn, ctx);
    controller->message(MESSAGE_FIRST + messages, message);
    messages++;
    return true;
}

void irq_interrupt(void)
{
    unsigned number;

    while ((number = controller->claim()) != 0) {
        for (const struct handler *h = handlers[number]; h; h = h->next)
            h->fn(h->ctx);
        /* A message says what has happened and is over; a wire may still be high. */
        if (number < MESSAGE_FIRST)
            controller->complete(number);
    }
}
