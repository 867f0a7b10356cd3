/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/pci.h"

#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/reg.h"
#include "spec/pci.h"
#include "spec/virt.h"

#include <stddef.h>

enum { PCI_CONFIG_REGS(REG_AT) };
enum { PCI_CONFIG_FIELDS(FIELD_MASK) };

/* PCI Express 7.2.2: an address of ECAM is bus << 20 | device << 15 | function << 12 | register. */
#define SLOT_BYTES (1 << 15)
#define SLOTS 32
#define NOBODY 0xffff /* PCI 3.0 6.1: what a read gives where no function is */
#define HEADER_TYPE_BITS 0x7f
#define CAPABILITIES_MAX 48 /* 6.7: all there is room for; a list that is longer is a loop */

/* 6.2.5.1: the low bits of a BAR say what it is. */
#define BAR_IS_IO 1u
#define BAR_IS_64 4u
#define BAR_IO_BITS 3u
#define BAR_MEMORY_BITS 15u

static struct pci_device devices[PCI_DEVICES_MAX];
static unsigned count;

/* What is still free of the windows, as the device sees addresses. */
static struct window {
    uint64_t next, end;
} mem32 = {VIRT_PCI_MEM_BASE, VIRT_PCI_MEM_BASE + (uint64_t)VIRT_PCI_MEM_BYTES},
  mem64 = {VIRT_PCI_HIGH_BASE, VIRT_PCI_HIGH_BASE + (uint64_t)VIRT_PCI_HIGH_BYTES},
  io = {0x1000, VIRT_PCI_IO_BYTES}; /* not from 0, which some take for "not set" */

static bool place(struct window *w, uint64_t bytes, uint64_t *base)
{
    /* A BAR's size is a power of two, and it is at a multiple of it. */
    *base = (w->next + bytes - 1) & ~(bytes - 1);
    if (*base > w->end || bytes > w->end - *base)
        return false;
    w->next = *base + bytes;
    return true;
}

/* 6.2.5.1: ones written stay where the address is, so what comes back is the size's complement. */
static uint32_t size_bits(uintptr_t at)
{
    mmio_write32(at, UINT32_MAX);
    return mmio_read32(at);
}

/* Sizes and places BAR n; returns how many registers it takes. */
static unsigned set_bar(struct pci_device *dev, unsigned n)
{
    uintptr_t at = dev->config + PCI_BAR + n * PCI_BAR_STEP;
    uint32_t low = size_bits(at), high = UINT32_MAX;
    bool is_io = low & BAR_IS_IO, is_64 = !is_io && low & BAR_IS_64 && n + 1 < PCI_BARS;
    uint64_t mask, base, bytes;

    if (is_64)
        high = size_bits(at + PCI_BAR_STEP);
    mask = low & ~(uint64_t)(is_io ? BAR_IO_BITS : BAR_MEMORY_BITS);
    if (mask == 0 && (!is_64 || high == 0))
        return 1;
    bytes = ~((uint64_t)high << 32 | mask) + 1;
    if (is_io)
        bytes &= 0xffff; /* the upper half of an I/O BAR may be zeros */
    if (!place(is_io ? &io : is_64 ? &mem64 : &mem32, bytes, &base))
        return is_64 ? 2 : 1;
    mmio_write32(at, (uint32_t)base);
    if (is_64)
        mmio_write32(at + PCI_BAR_STEP, (uint32_t)(base >> 32));
    /* A load or store of the window's byte n is an access to byte n of PCI's I/O space. */
    dev->bar[n].base = is_io ? VIRT_PCI_IO_BASE + base : base;
    dev->bar[n].bytes = bytes;
    dev->bar[n].io = is_io;
    return is_64 ? 2 : 1;
}

unsigned pci_init(void)
{
    if (count)
        return count;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        uintptr_t config = VIRT_PCI_ECAM_BASE + slot * SLOT_BYTES;
        struct pci_device *dev = &devices[count];

        if (mmio_read16(config + PCI_VENDOR) == NOBODY)
            continue;
        count++;
        *dev = (struct pci_device){
            .config = config, .slot = (uint8_t)slot,
            .vendor = mmio_read16(config + PCI_VENDOR),
            .device = mmio_read16(config + PCI_DEVICE),
            .class = mmio_read32(config + PCI_REVISION) >> 8, /* 6.2.1 */
        };
        /* 6.2.5: a function does not answer while its addresses are being changed. */
        mmio_write16(config + PCI_COMMAND, PCI_COMMAND_INTX_OFF);
        if (mmio_read8(config + PCI_HEADER_TYPE) & HEADER_TYPE_BITS)
            continue; /* a bridge: its header is another */
        for (unsigned n = 0; n < PCI_BARS;)
            n += set_bar(dev, n);
    }
    return count;
}

struct pci_device *pci_get(unsigned nth)
{
    return nth < count ? &devices[nth] : NULL;
}

struct pci_device *pci_find(uint16_t vendor, uint16_t device, unsigned nth)
{
    for (unsigned i = 0; i < count; i++)
        if (devices[i].vendor == vendor && devices[i].device == device && nth-- == 0)
            return &devices[i];
    return NULL;
}

struct pci_device *pci_find_class(uint32_t class, unsigned nth)
{
    for (unsigned i = 0; i < count; i++)
        if (devices[i].class == class && nth-- == 0)
            return &devices[i];
    return NULL;
}

static void change_command(const struct pci_device *dev, unsigned set, unsigned clear)
{
    uint16_t command = mmio_read16(dev->config + PCI_COMMAND);

    mmio_write16(dev->config + PCI_COMMAND, (uint16_t)((command & ~clear) | set));
}

void pci_enable(const struct pci_device *dev)
{
    /* 6.2.2: it answers, and may begin transfers of its own (messages are such). */
    change_command(dev, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
}

uintptr_t pci_bar(const struct pci_device *dev, unsigned bar)
{
    if (bar >= PCI_BARS || dev->bar[bar].base == 0)
        die("pci: the device has no such BAR");
    return dev->bar[bar].base;
}

unsigned pci_capability(const struct pci_device *dev, unsigned id)
{
    unsigned at;

    /* 6.7: a list, each element with its id and the offset of the next, 0 at the end; the low two
     * bits of an offset are reserved. */
    if (!(mmio_read16(dev->config + PCI_STATUS) & PCI_STATUS_CAPABILITIES))
        return 0;
    at = mmio_read8(dev->config + PCI_CAP_POINTER) & 0xfc;
    for (unsigned i = 0; at && i < CAPABILITIES_MAX; i++) {
        if (mmio_read8(dev->config + at) == id)
            return at;
        at = mmio_read8(dev->config + at + 1) & 0xfc;
    }
    return 0;
}

/* A register of a capability that stands elsewhere than spec/pci.h has it. */
static uintptr_t msix_reg(const struct pci_device *dev, unsigned capability, unsigned reg)
{
    return dev->config + capability + (reg - PCI_MSIX_CAP);
}

/* 6.8.2.4, 6.8.2.6: where vector `vector`'s entry of the table is; 0: there is none. */
static uintptr_t msix_entry(const struct pci_device *dev, unsigned vector)
{
    unsigned at = pci_capability(dev, PCI_CAP_ID_MSIX);
    uint32_t table;

    if (!at || vector > (mmio_read16(msix_reg(dev, at, PCI_MSIX_CONTROL)) & PCI_MSIX_SIZE))
        return 0;
    table = mmio_read32(msix_reg(dev, at, PCI_MSIX_TABLE));
    return pci_bar(dev, table & 7) + (table & ~7u) + vector * PCI_MSIX_ENTRY_BYTES;
}

void pci_msix_mask(const struct pci_device *dev, unsigned vector, bool masked)
{
    uintptr_t entry = msix_entry(dev, vector);

    if (entry)
        mmio_write32(entry + PCI_MSIX_ENTRY_CONTROL, masked); /* 6.8.2.9: bit 0 */
}

bool pci_msix(const struct pci_device *dev, unsigned vector, void (*fn)(void *ctx), void *ctx)
{
    uintptr_t entry = msix_entry(dev, vector), control;
    struct irq_message message;

    if (!entry || !irq_msi(fn, ctx, &message))
        return false;
    /* The table is in a BAR: the device has to answer. */
    change_command(dev, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
    /* 6.8.3.5: an entry is changed while masked, as all are after reset. */
    mmio_write32(entry + PCI_MSIX_ENTRY_CONTROL, 1);
    mmio_write32(entry + PCI_MSIX_ENTRY_ADDRESS, (uint32_t)message.address);
    mmio_write32(entry + PCI_MSIX_ENTRY_ADDRESS + 4, (uint32_t)(message.address >> 32));
    mmio_write32(entry + PCI_MSIX_ENTRY_DATA, message.data);
    mmio_write32(entry + PCI_MSIX_ENTRY_CONTROL, 0);
    /* 6.8.2.3: MSI-X on, which also ends the use of the wire. */
    control = msix_reg(dev, pci_capability(dev, PCI_CAP_ID_MSIX), PCI_MSIX_CONTROL);
    mmio_write16(control, (uint16_t)((mmio_read16(control) & ~PCI_MSIX_MASK_ALL) |
                                     PCI_MSIX_ENABLE));
    return true;
}

void pci_intx(const struct pci_device *dev, void (*fn)(void *ctx), void *ctx)
{
    unsigned pin = mmio_read8(dev->config + PCI_INTERRUPT_PIN);

    if (pin == 0) /* 6.2.4 */
        die("pci: the device has no interrupt pin");
    /* The board's wires are rotated by slot, so that not all INTA are one (spec/virt.h). */
    irq_handle(VIRT_IRQ_PCI + (dev->slot + pin - 1) % 4, fn, ctx);
    change_command(dev, 0, PCI_COMMAND_INTX_OFF);
}
