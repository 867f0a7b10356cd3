/* SPDX-License-Identifier: Apache-2.0 */
/* PCI: functions of bus 0, found through ECAM (PCI Express 5.0 section 7.2.2), their BARs sized and
 * placed in the board's windows (PCI 3.0 section 6.2.5), their interrupts by MSI-X or by wire. */
#ifndef LABS_LIB_PCI_H
#define LABS_LIB_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_BARS 6
#define PCI_DEVICES_MAX 32 /* functions 0 only: all of bus 0 */

struct pci_device {
    uintptr_t config;           /* the address of its configuration space */
    uint16_t vendor, device;
    uint32_t class;             /* base class, subclass, interface: 0x010802 is NVMe */
    uint8_t slot;
    struct pci_bar {
        uint64_t base;          /* where a load or store reaches it; 0: there is none */
        uint64_t bytes;
        bool io;                /* through the I/O window */
    } bar[PCI_BARS];
};

/* Finds all functions and places their BARs; returns how many there are.  Nothing answers until
 * pci_enable().  A second call changes nothing. */
unsigned pci_init(void);

/* The nth (from 0) of all, with these ids, or of this class (24 bits); NULL: there is none. */
struct pci_device *pci_get(unsigned nth);
struct pci_device *pci_find(uint16_t vendor, uint16_t device, unsigned nth);
struct pci_device *pci_find_class(uint32_t class, unsigned nth);

/* Lets it answer in memory and I/O space, and send DMA and messages. */
void pci_enable(const struct pci_device *dev);

/* Where BAR `bar` is; dies with a clear line when there is none. */
uintptr_t pci_bar(const struct pci_device *dev, unsigned bar);

/* The offset of a capability in configuration space; 0: it has none. */
unsigned pci_capability(const struct pci_device *dev, unsigned id);

/* MSI-X vector `vector` calls fn(ctx).  False: no such vector, or the controller takes no messages;
 * pci_intx() then is the way.  irq_init() comes first. */
bool pci_msix(const struct pci_device *dev, unsigned vector, void (*fn)(void *ctx), void *ctx);
void pci_msix_mask(const struct pci_device *dev, unsigned vector, bool masked);

/* Its wire (INTA) calls fn(ctx), which has to make the device let go of it. */
void pci_intx(const struct pci_device *dev, void (*fn)(void *ctx), void *ctx);

#endif
