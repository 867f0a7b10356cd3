/* SPDX-License-Identifier: Apache-2.0 */
/* A PCI Express function: configuration space, BARs, MSI, MSI-X, INTx, and its port to memory.
 * (PCI Express base specification 5.0, chapter 7; PCI local bus 3.0, chapter 6; spec/pci.h.)
 *
 * A device embeds a struct pci_function and, in this order:
 *   init     pci_function_init, then pci_add_bar / _msix / _msi / _intx; the board then gives it to
 *            a host bridge (dev/pcie_host.h).  Without one its BARs map at the address that
 *            software writes (tests do so).
 *   reset    pci_function_reset
 *   state    PCI_STATE(struct nvme, pci) among its fields
 *   restore  pci_function_restore
 *   fini     pci_function_fini
 *
 * The function asks nothing of the device but ops->flr.  What software can do to it without the
 * device noticing: turn its bus mastering, decoding and interrupts off, mask vectors, move BARs.
 *
 * Not modelled: PME, D1 and D2, AER, VPD, expansion ROMs, SR-IOV; Device Control's payload and
 * read-request sizes are kept but the timing follows the link's parameters. */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include "bus/device.h"
#include "bus/port.h"
#include "spec/pci.h"

#define PCI_CONFIG_BYTES 4096
#define PCI_BARS 6
#define PCI_MSIX_VECTORS_MAX 256
#define PCI_MSI_MESSAGES_MAX 32

struct pci_ids {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code; /* 24 bits: class, subclass, programming interface */
    uint8_t revision;
};

enum pci_bar_flags { PCI_BAR_IO = 1, PCI_BAR_MEM32 = 0, PCI_BAR_MEM64 = 4, PCI_BAR_PREFETCH = 8 };

struct pci_function;

/* What a device does when software touches it through configuration space. */
struct pci_ops {
    /* Function-level reset (PCIe base 6.6.2): own state as after power-on; the core has already
     * reset the function's configuration and vectors. NULL: no FLR. */
    void (*flr)(void *owner);
};

struct pci_bar {
    uint64_t size; /* 0: not implemented; a power of two */
    uint8_t flags;
    struct region region; /* access and owner are set; base and mapping follow the BAR */
    bool mapped;
};

/* One message-signalled interrupt.  Only one message of a vector is under way at a time: signals
 * while it is are one further message, sent when it has arrived. */
struct pci_vector {
    struct dma_op op;     /* the message under way */
    bool sending;         /* from port_msi until it is done */
    bool again;           /* signalled once more while the message was under way */
    uint64_t again_cause; /* the cause of that signal */
};

struct pci_function {
    const char *name;
    struct space *space;
    struct clock *clock;
    struct trace *trace;
    struct port port; /* enabled follows Command.Master and the power state */
    const struct pci_ops *ops;
    void *owner;
    uint16_t bdf;
    unsigned source;
    struct pci_bar bar[PCI_BARS];
    struct line intx; /* connected by the host bridge to its swizzled line */
    uint8_t intx_pin; /* 1 to 4: INTA to INTD; 0: none */
    uint16_t vectors;   /* MSI-X table size; 0: no MSI-X */
    uint16_t messages;  /* MSI messages wanted; 0: no MSI */
    uint16_t ops_ready; /* elements of vector[] whose op is initialised */
    uint16_t cap_msix, cap_msi, cap_pcie, cap_pm; /* offsets; 0: absent */
    uint8_t power_on[PCI_CONFIG_BYTES]; /* config after reset, but for the link's values */
    uint8_t writable[PCI_CONFIG_BYTES]; /* bits software may change */
    uint8_t w1c[PCI_CONFIG_BYTES];
    /* Set by the host bridge: a BAR's address or decoding changed, map all functions anew. */
    void (*remap)(void *host);
    void *host;
    /* state */
    uint8_t config[PCI_CONFIG_BYTES];
    uint8_t msix_table[PCI_MSIX_VECTORS_MAX * PCI_MSIX_ENTRY_BYTES];
    uint64_t msix_pending[PCI_MSIX_VECTORS_MAX / 64];
    bool intx_level; /* what the device wants; the wire also follows Command.InterruptDisable */
    struct pci_vector vector[PCI_MSIX_VECTORS_MAX];
};

/* The function's rows in its device's state table. */
#define PCI_STATE(type, fn) \
    FIELD(type, fn.config), FIELD(type, fn.msix_table), FIELD(type, fn.msix_pending), \
    FIELD(type, fn.intx_level), \
    FIELD_EACH(type, fn.vector, op.event, FIELD_EVENT), \
    FIELD_EACH(type, fn.vector, op.addr, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, op.len, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, op.kind, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, op.sampled, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, op.msi_data, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, op.fault, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, op.began, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, op.sampled_at, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, sending, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, again, FIELD_BYTES), \
    FIELD_EACH(type, fn.vector, again_cause, FIELD_BYTES)

/* Sets up ids, header type 0, PCIe and PM capabilities; the device then adds BARs and vectors.
 * env->link, space, clock and trace must be set.  Allocates nothing. */
void pci_function_init(struct pci_function *fn, const struct device_env *env,
                       const struct pci_ids *ids, const struct pci_ops *ops, void *owner);
/* The same without any capability: a host bridge. */
void pci_function_init_plain(struct pci_function *fn, const struct device_env *env,
                             const struct pci_ids *ids, const struct pci_ops *ops, void *owner);
void pci_function_fini(struct pci_function *fn);
/* Configuration space, BARs, vectors to power-on state; messages under way are dropped. */
void pci_function_reset(struct pci_function *fn);
/* After config[] and the rest of the state were loaded: mappings, bus mastering, the INTx wire. */
void pci_function_restore(struct pci_function *fn);

/* BAR `index` (and index + 1 when 64-bit), answered by `access` with `owner`.  `size` is a power
 * of two, at least 16 (4 for I/O). */
void pci_add_bar(struct pci_function *fn, unsigned index, uint64_t size, unsigned flags,
                 enum fault (*access)(void *owner, struct txn *txn), void *owner);
/* The same for a BAR that is memory of the device's: `size` bytes (4 KiB at least) at `memory`,
 * which outlives the function, as does the region's name. */
void pci_add_bar_memory(struct pci_function *fn, unsigned index, const char *name, uint64_t size,
                        unsigned flags, uint8_t *memory);
/* MSI-X with its table and PBA in a BAR of their own (`bar`, 16 KiB, 32-bit), answered by the PCI
 * core; 1 to 256 vectors. */
void pci_add_msix(struct pci_function *fn, unsigned bar, unsigned vectors);
/* 1, 2, 4, 8, 16 or 32 messages. */
void pci_add_msi(struct pci_function *fn, unsigned messages);
void pci_add_intx(struct pci_function *fn, unsigned pin);
/* Function 0 says that its device has others (the host bridge calls it). */
void pci_set_multifunction(struct pci_function *fn);

/* How the function may interrupt now, as software has set it up. */
enum pci_irq_mode { PCI_IRQ_INTX, PCI_IRQ_MSI, PCI_IRQ_MSIX };
enum pci_irq_mode pci_irq_mode(const struct pci_function *fn);

/* Sends the message of a vector (masked: sets its pending bit, and unmasking sends it).  Ignored:
 * a vector out of range, and any while MSI-X (MSI) is off.  With bus mastering off it is lost. */
void pci_msix_send(struct pci_function *fn, unsigned vector);
/* MSI: a message beyond those given to the function is sent as message modulo that number. */
void pci_msi_send(struct pci_function *fn, unsigned message);
/* The reason for a masked, pending vector is gone (PCI 3.0 6.8.3.4): clears its pending bit. */
void pci_msix_cancel(struct pci_function *fn, unsigned vector);
/* Level of the INTx pin that the device wants, whatever the mode: the wire is driven only in mode
 * PCI_IRQ_INTX. */
void pci_intx_set(struct pci_function *fn, bool level);

/* Configuration access by the host bridge: offset < 4096, size 1, 2 or 4, aligned; anything else
 * reads all ones and writes nothing. */
uint32_t pci_config_read(struct pci_function *fn, unsigned offset, unsigned size);
void pci_config_write(struct pci_function *fn, unsigned offset, unsigned size, uint32_t value);

/* Where software wants BAR `index` decoded now: true with its PCI address, false when it is not
 * implemented, decoding is off, the address is 0 or wraps. */
bool pci_bar_wanted(const struct pci_function *fn, unsigned index, uint64_t *addr);
/* Maps a BAR at `addr` of the space (for the host bridge); left unmapped when something is
 * there. */
void pci_bar_map(struct pci_function *fn, unsigned index, uint64_t addr);
void pci_bars_unmap(struct pci_function *fn);

#endif
