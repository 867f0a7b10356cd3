/* SPDX-License-Identifier: Apache-2.0 */
/* What an interrupt costs, from the edge to the return, step by step: entry.S and the three handlers
 * here have a mark at each.  Then a timer that interrupts more and more often, until nothing else
 * runs: storm.c. */
#include "labs/interrupt-cost/marks.h"
#include "labs/interrupt-cost/storm.h"
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/pci.h"
#include "labs/lib/print.h"
#include "labs/lib/reg.h"
#include "labs/lib/trap.h"
#include "labs/lib/uart.h"
#include "spec/i82599.h"
#include "spec/uart.h"
#include "spec/virt.h"

#include <stddef.h>

enum { UART_REGS(REG_AT) };
enum { UART_FIELDS(FIELD_MASK) };
enum { I82599_REGS(REG_AT) };

#define SHOTS 8 /* of each kind */
#define INTEL 0x8086 /* 82599 9.3.1 */
#define NIC_82599 0x10fb
#define CAUSE 1u /* a bit of EICR */

static const struct irq_controller *controller;
static uintptr_t nic;
static bool by_message;
static volatile bool arrived; /* the handler tells main(), which nothing else would make look again */

/* ---- the handlers ---- */

/* Called by entry.S. */
void on_timer(void);
void on_wire(void);
void on_message(void);

void trap_must_be(unsigned number)
{
    uint64_t cause = csr_read(scause);

    /* Privileged spec 12.1.8.  An exception comes the same way as an interrupt. */
    if (cause != (SCAUSE_INTERRUPT | number))
        trap_report(cause, csr_read(sepc), csr_read(stval));
}

void on_timer(void)
{
    trap_must_be(IRQ_TIMER);
    mark(TIMER + KNOWN);
    /* Sstc 2.1: pending while time is not less than stimecmp.  The device is a register of the hart:
     * there is nothing to claim and nothing to complete. */
    csr_write(CSR_STIMECMP, UINT64_MAX);
    mark(TIMER + SERVED);
    arrived = true;
}

void on_wire(void)
{
    unsigned source;

    trap_must_be(IRQ_EXTERNAL);
    mark(WIRE + KNOWN);
    source = controller->claim(); /* PLIC: a load of a device.  IMSIC: a CSR (plic.c, aia.c) */
    mark(WIRE + CLAIMED);
    /* PC16550D 8.6: reading IIR takes "transmitter empty" back, so the wire falls. */
    (void)mmio_read8(VIRT_UART_BASE + UART_IIR);
    mark(WIRE + SERVED);
    controller->complete(source);
    mark(WIRE + COMPLETED);
    arrived = true;
}

void on_message(void)
{
    unsigned source;

    trap_must_be(IRQ_EXTERNAL);
    mark(MESSAGE + KNOWN);
    source = controller->claim();
    mark(MESSAGE + CLAIMED);
    /* 82599 7.3.1.4: what EIAC names is cleared by the message itself, so there is nothing to tell the
     * device.  Its wire only falls when the cause is gone: 8.2.3.5.1, reading EICR clears it. */
    if (!by_message)
        (void)mmio_read32(nic + I82599_EICR);
    mark(MESSAGE + SERVED);
    if (!by_message)
        controller->complete(source);
    mark(MESSAGE + COMPLETED);
    arrived = true;
}

/* ---- what makes them come ---- */

static void fire_timer(void)
{
    csr_write(CSR_STIMECMP, time_now() + TICKS_A_MICROSECOND);
}

static void fire_uart(void)
{
    /* 8.7: enabled while the transmitter is empty, its interrupt comes at once. */
    mmio_write8(VIRT_UART_BASE + UART_IER, UART_IER_ETBEI);
}

static void fire_nic(void)
{
    mmio_write32(nic + I82599_EICS, CAUSE); /* 8.2.3.5.2: by software */
}

static void shots(void (*entry)(void), void (*fire)(void))
{
    trap_install(entry);
    for (unsigned i = 0; i < SHOTS; i++) {
        arrived = false;
        irq_on();
        fire();
        if (!WAIT_FOR(arrived, 100))
            die("the interrupt has not come");
        (void)irq_off();
        mmio_write8(VIRT_UART_BASE + UART_IER, 0);
        delay(1);
    }
}

/* A timer again, but the hart sleeps when it comes; by the lib's own way into traps, without marks. */
static void shots_asleep(void)
{
    trap_install(trap_entry);
    for (unsigned i = 0; i < SHOTS; i++)
        (void)WAIT_ASLEEP(false, 5);
    (void)irq_off();
}

static void not_called(void *context)
{
    (void)context; /* the lib's way into traps is not used */
}

int main(const void *device_tree)
{
    struct pci_device *dev;

    uart_init();
    controller = irq_init(device_tree) == irq_aia.name ? &irq_aia : &irq_plic;
    irq_handle(VIRT_IRQ_UART, not_called, NULL);
    pci_init();
    if (!(dev = pci_find(INTEL, NIC_82599, 0)))
        die("no 82599");
    pci_enable(dev);
    nic = pci_bar(dev, 0);
    by_message = pci_msix(dev, 0, not_called, NULL);
    if (!by_message)
        pci_intx(dev, not_called, NULL);
    mmio_write32(nic + I82599_EIAC, CAUSE);
    mmio_write32(nic + I82599_EIMS, CAUSE);
    print("interrupts by %s; the network controller's by %s\n", controller->name,
          by_message ? "message" : "wire");
    uart_flush();
    csr_write(CSR_STIMECMP, UINT64_MAX);
    csr_set(sie, SIE_STIE); /* 12.1.3: SEIE has been set by irq_init() */

    shots(timer_entry, fire_timer);
    shots_asleep();
    shots(message_entry, fire_nic);
    shots(wire_entry, fire_uart);
    storms();
    return 0;
}
