/* SPDX-License-Identifier: Apache-2.0 */
/* A PCI Express function: configuration space, BARs, MSI, MSI-X, INTx, and its port to memory.
 * (PCI Express base specification 5.0, chapter 7; PCI local bus 3.0, chapter 6.) */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include "bus/device.h"
#include "bus/port.h"

#define PCI_CONFIG_BYTES 4096
#define PCI_BARS 6
#define PCI_MSIX_VECTORS_MAX 256

struct pci_ids {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code; /* 24 bits: class, subclass, programming interface */
    uint8_t revision;
};

enum pci_bar_flags { PCI_BAR_IO = 1, PCI_BAR_MEM32 = 0, PCI_BAR_MEM64 = 4, PCI_BAR_PREFETCH = 8 };

struct pci_function;

/* What a device does when software touches it through configuration space. */
struct pci_ops {
    /* Function-level reset (PCIe base 6.6.2): own state as after power-on. NULL: no FLR. */
    void (*flr)(void *owner);
};

struct pci_bar {
    uint64_t size; /* 0: not implemented; a power of two */
    uint8_t flags;
    struct region region; /* access and owner are set; base and mapping follow the BAR */
    bool mapped;
};

struct pci_vector {
    struct dma_op op; /* the message under way */
    bool again;       /* signalled once more while the message was under way */
};

struct pci_function {
    const char *name;
    struct space *space;
    struct clock *clock;
    struct trace *trace;
    struct port port;
    const struct pci_ops *ops;
    void *owner;
    uint16_t bdf;
    unsigned source;
    struct pci_bar bar[PCI_BARS];
    struct line intx; /* connected by the host bridge to its swizzled line */
    uint8_t intx_pin; /* 1 to 4: INTA to INTD; 0: none */
    struct pci_vector *vector;
    uint16_t vectors; /* MSI-X table size, or MSI messages if it has no MSI-X */
    uint16_t cap_next, cap_msix, cap_msi, cap_pcie, cap_pm; /* offsets; 0: absent */
    /* state */
    uint8_t config[PCI_CONFIG_BYTES];
    uint8_t writable[PCI_CONFIG_BYTES]; /* bits software may change */
    uint8_t w1c[PCI_CONFIG_BYTES];
    uint8_t *msix_table; /* 16 bytes a vector */
    uint64_t msix_pending[PCI_MSIX_VECTORS_MAX / 64];
    bool intx_level; /* what the device wants; the wire also follows Command.InterruptDisable */
};

/* Sets up ids, header type 0, PCIe and PM capabilities; the device then adds BARs and vectors. */
void pci_function_init(struct pci_function *fn, const struct device_env *env,
                       const struct pci_ids *ids, const struct pci_ops *ops, void *owner);
void pci_function_fini(struct pci_function *fn);
/* Configuration space, BARs, vectors to power-on state. */
void pci_function_reset(struct pci_function *fn);

/* BAR `index` (and index + 1 when 64-bit), answered by `access` with `owner`. */
void pci_add_bar(struct pci_function *fn, unsigned index, uint64_t size, unsigned flags,
                 enum fault (*access)(void *owner, struct txn *txn), void *owner);
/* MSI-X with its table and PBA in a BAR of their own (`bar`), answered by the PCI core. */
void pci_add_msix(struct pci_function *fn, unsigned bar, unsigned vectors);
void pci_add_msi(struct pci_function *fn, unsigned messages);
void pci_add_intx(struct pci_function *fn, unsigned pin);

/* How the function may interrupt now, as software has set it up. */
enum pci_irq_mode { PCI_IRQ_INTX, PCI_IRQ_MSI, PCI_IRQ_MSIX };
enum pci_irq_mode pci_irq_mode(const struct pci_function *fn);

/* Sends the message of a vector (masked: sets its pending bit). A vector out of range is ignored. */
void pci_msix_send(struct pci_function *fn, unsigned vector);
void pci_msi_send(struct pci_function *fn, unsigned message);
/* Called when a masked vector is unmasked etc. is internal.  Level of the INTx pin: */
void pci_intx_set(struct pci_function *fn, bool level);

/* Configuration access by the host bridge: offset < 4096, size 1, 2 or 4, aligned. */
uint32_t pci_config_read(struct pci_function *fn, unsigned offset, unsigned size);
void pci_config_write(struct pci_function *fn, unsigned offset, unsigned size, uint32_t value);

#endif
