/* SPDX-License-Identifier: Apache-2.0 */
/* I/O ports, without I/O instructions: the host bridge answers in a window of memory and makes I/O
 * transactions on PCI of what it gets.  Unlike memory writes these are not posted: the hart waits
 * for the device's completion of a write, too (PCI Express 5.0, 2.1.1.2, 2.4.1). */
#ifndef LABS_LIB_PORT_H
#define LABS_LIB_PORT_H

#include "labs/lib/reg.h"
#include "spec/virt.h"

static inline uint32_t port_read32(uint32_t port)
{
    return mmio_read32((uintptr_t)VIRT_PCI_IO_BASE + port);
}

static inline void port_write32(uint32_t port, uint32_t value)
{
    mmio_write32((uintptr_t)VIRT_PCI_IO_BASE + port, value);
}

#endif
