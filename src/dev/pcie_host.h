/* SPDX-License-Identifier: Apache-2.0 */
/* A generic PCI Express host: ECAM, a root bus with up to 32 devices of 8 functions, three windows
 * for BARs, four INTx lines, and a host bridge function at 00:00.0.  It is what a device tree calls
 * pci-host-ecam-generic; the defaults are QEMU virt's.
 *
 *   ECAM       0x30000000  256 MiB   bus << 20 | device << 15 | function << 12 | offset
 *   memory     0x40000000    1 GiB   BARs, PCI address = CPU address
 *   memory    0x400000000   16 GiB   64-bit BARs, likewise
 *   I/O         0x3000000   64 KiB   I/O port p at 0x3000000 + p
 *
 * A BAR is mapped while it is decoded and lies whole in one window.  Of two that overlap, the one
 * of the lower device, function and BAR number answers.  Where no BAR answers in a window, and in
 * ECAM where there is no function, harts read all ones and lose their writes, as behind a root
 * complex that gets no completion; devices' DMA there is refused. */
#ifndef DEV_PCIE_HOST_H
#define DEV_PCIE_HOST_H

#include "dev/pci.h"

#define PCIE_HOST_FUNCTIONS 256
#define PCIE_HOST_LINES 4

struct pcie_window {
    uint64_t base, size;
};

struct pcie_host_config {
    struct pcie_window ecam, io, mem32, mem64; /* size 0: absent, but for ecam */
};

extern const struct pcie_host_config pcie_host_config_default;

struct pcie_host {
    struct pci_function bridge; /* 00:00.0 */
    struct pcie_host_config config;
    struct pci_function *function[PCIE_HOST_FUNCTIONS]; /* by device << 3 | function; NULL: none */
    struct region ecam, io, mem32, mem64;
    struct line irq[PCIE_HOST_LINES]; /* the board connects them: QEMU virt's 32 to 35 */
    unsigned source;
};

extern const struct device_class pcie_host_class;

/* Puts an initialised function on the root bus, with its bus/device/function number, before the
 * machine runs.  -1 with err when the place is taken or does not exist. */
int pcie_host_add(struct pcie_host *host, struct pci_function *fn, unsigned device,
                  unsigned function, struct err *err);

/* Which of the four lines INTA..INTD (pin 1 to 4) of a device drives; the device tree's
 * interrupt-map says the same. */
static inline unsigned pcie_host_line(unsigned device, unsigned pin)
{
    return (device + pin - 1) & 3;
}

#endif
