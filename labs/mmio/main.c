/* SPDX-License-Identifier: Apache-2.0 */
/* A load that is not a load.  The same instruction, lw, of
 *
 *   ram     memory, cached           nc, io   memory that the page table calls uncached (Svpbmt)
 *   uart    a device on the chip     nvme, nic   devices behind PCI Express
 *   port    a register of the network controller through I/O space, as x86's `in` would
 *
 * and the other direction: what a store costs, when it arrives, and what follows from the difference. */
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/paging.h"
#include "labs/lib/pci.h"
#include "labs/lib/port.h"
#include "labs/lib/print.h"
#include "labs/lib/reg.h"
#include "labs/lib/uart.h"
#include "spec/i82599.h"
#include "spec/nvme.h"
#include "spec/uart.h"
#include "spec/virt.h"

#include <stddef.h>

enum { UART_REGS(REG_AT) };
enum { NVME_REGS(REG_AT) };
enum { I82599_REGS(REG_AT) };

#define TIMES 64
#define BURST_MAX 128
#define INTEL 0x8086 /* 82599 9.3.1 */
#define NIC_82599 0x10fb
#define NVME_CLASS 0x010802
#define CAUSE 1u /* a bit of EICR */
#define SHOTS 8

/* Between two marks, TIMES times the same; the loop itself is three instructions. */
#define MEASURE(begin, end, access) \
    do { \
        mark(begin); \
        for (unsigned i_ = 0; i_ < TIMES; i_++) \
            (void)(access); \
        mark_value(end, TIMES); \
    } while (0)

static _Alignas(PAGE_BYTES) uint8_t page[2][PAGE_BYTES]; /* whole pages: only they have a type */
static volatile uint32_t variable;
static uintptr_t nic, disk;
static uint32_t port;

static uint32_t ram(const void *at)
{
    return *(const volatile uint32_t *)at;
}

/* ---- loads ---- */

static uint32_t port_register(uint32_t offset)
{
    /* 82599 datasheet 8.1.2: the register's offset to one port, its value at the other.  What needs
     * two accesses can also be interrupted between them, which one of memory cannot. */
    port_write32(port + I82599_IO_IOADDR, offset);
    return port_read32(port + I82599_IO_IODATA);
}

static void loads(void)
{
    MEASURE(1, 2, variable);
    MEASURE(3, 4, ram(page[0]));
    MEASURE(5, 6, ram(page[1]));
    MEASURE(7, 8, mmio_read8(VIRT_UART_BASE + UART_SCR));
    MEASURE(9, 10, mmio_read32(disk + NVME_VS));
    MEASURE(11, 12, mmio_read32(nic + I82599_STATUS));
    MEASURE(13, 14, port_register(I82599_STATUS));
}

/* ---- stores ---- */

static void stores(void)
{
    /* A store is posted: the hart hands it over and goes on.  The device has it when it has crossed
     * the link, and nothing tells the hart when that is ... */
    mark(20);
    mmio_write32(nic + I82599_LEDCTL, 0);
    mark_value(21, 1);
    delay(10);
    /* ... but a load of the same device: it may not overtake the store (PCI Express 5.0, 2.4.1), so
     * when its answer is here the store has arrived. */
    mark(22);
    mmio_write32(nic + I82599_LEDCTL, 0);
    (void)mmio_read32(nic + I82599_STATUS);
    mark_value(23, 1);

    /* The queue of posted stores has an end: who fills it waits. */
    for (unsigned n = 4; n <= BURST_MAX; n += n < 48 ? 4 : 16) {
        mark_value(24, n);
        for (unsigned i = 0; i < n; i++)
            mmio_write32(nic + I82599_LEDCTL, i);
        mark(25);
        (void)mmio_read32(nic + I82599_STATUS);

        mark_value(26, n);
        for (unsigned i = 0; i < n; i++)
            mmio_write8(VIRT_UART_BASE + UART_SCR, (uint8_t)i);
        mark(27);
        (void)mmio_read8(VIRT_UART_BASE + UART_SCR);
    }

    /* I/O space is not posted: each store waits for the device's completion (2.4.1 again). */
    MEASURE(28, 29, (port_write32(port + I82599_IO_IOADDR, I82599_LEDCTL), 0));
    MEASURE(30, 31, (mmio_write32(nic + I82599_LEDCTL, 0), 0));
}

/* ---- why drivers read back ---- */

static bool read_back;
static volatile unsigned calls;

static void on_nic(void *context)
{
    (void)context;
    /* 82599 8.2.3.5.1: ones written to EICR clear causes, and the wire falls: when the store is
     * there.  The handler is faster than that. */
    mmio_write32(nic + I82599_EICR, CAUSE);
    if (read_back)
        (void)mmio_read32(nic + I82599_STATUS);
    calls++;
}

/* Makes the controller interrupt, SHOTS times; counts how often the handler runs. */
static void interrupts(bool with)
{
    calls = 0;
    read_back = with;
    for (unsigned i = 0; i < SHOTS; i++) {
        /* 8.2.3.5.2: software may set causes, too. */
        mmio_write32(nic + I82599_EICS, CAUSE);
        delay(20);
    }
}

int main(const void *device_tree)
{
    struct pci_device *dev;

    uart_init();
    irq_init(device_tree);
    pci_init();
    if (!(dev = pci_find_class(NVME_CLASS, 0)))
        die("no NVMe controller");
    pci_enable(dev);
    disk = pci_bar(dev, 0);
    if (!(dev = pci_find(INTEL, NIC_82599, 0)))
        die("no 82599");
    pci_enable(dev);
    nic = pci_bar(dev, 0);
    port = (uint32_t)(pci_bar(dev, 2) - VIRT_PCI_IO_BASE);
    pci_intx(dev, on_nic, NULL);

    paging_init();
    if (!paging_type((uintptr_t)page[0], PAGE_BYTES, PAGING_NC) ||
        !paging_type((uintptr_t)page[1], PAGE_BYTES, PAGING_IO))
        die("no memory types");

    print("register by memory 0x%x, by port 0x%x\n", mmio_read32(nic + I82599_STATUS),
          port_register(I82599_STATUS));
    uart_flush();
    loads();
    stores();

    mmio_write32(nic + I82599_EIMS, CAUSE);
    irq_on();
    mark(40);
    interrupts(false);
    mark_value(41, SHOTS);
    print("%u causes, acknowledged by a store: the handler ran %u times\n", SHOTS, calls);
    uart_flush();
    mark(42);
    interrupts(true);
    mark_value(43, SHOTS);
    print("%u causes, and the store read back: the handler ran %u times\n", SHOTS, calls);
    (void)irq_off();
    return 0;
}
