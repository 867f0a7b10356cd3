/* SPDX-License-Identifier: Apache-2.0 */
/* The board: what is at which address and on which interrupt, as on QEMU's `virt`, so that
 * whatever is built for that runs here.  The one place of these numbers: the spec headers of the
 * devices take theirs from it. */
#ifndef SPEC_VIRT_H
#define SPEC_VIRT_H

#define VIRT_HARTS_MAX 16

/*  name        base          bytes        what is there */
#define VIRT_MAP(M) \
    M(ROM,          0x1000,     0xF000,     "reset code: harts begin here") \
    M(FINISHER,     0x100000,   0x1000,     "test finisher: power off, reboot") \
    M(RTC,          0x101000,   0x1000,     "goldfish real-time clock") \
    M(ACLINT,       0x2000000,  0x10000,    "machine timer and software interrupts") \
    M(SSWI,         0x2F00000,  0x4000,     "supervisor software interrupts") \
    M(PCI_IO,       0x3000000,  0x10000,    "PCI I/O space") \
    M(PLIC,         0xC000000,  0x600000,   "platform interrupt controller (irq=plic)") \
    M(APLIC_M,      0xC000000,  0x8000,     "machine-level APLIC (irq=aia)") \
    M(APLIC_S,      0xD000000,  0x8000,     "supervisor-level APLIC (irq=aia)") \
    M(UART,         0x10000000, 0x100,      "16550A") \
    M(DMA,          0x10200000, 0x1000,     "DMA controller, a DW_axi_dmac; in a hole of QEMU's map") \
    M(IMSIC_M,      0x24000000, 0x10000,    "machine-level interrupt files, 4 KiB a hart") \
    M(IMSIC_S,      0x28000000, 0x10000,    "supervisor-level interrupt files, 4 KiB a hart") \
    M(PCI_ECAM,     0x30000000, 0x10000000, "PCI configuration space") \
    M(PCI_MEM,      0x40000000, 0x40000000, "PCI 32-bit memory window") \
    M(RAM,          0x80000000, 0,          "memory, as much as --memory says") \
    M(PCI_HIGH,     0x400000000, 0x400000000, "PCI 64-bit memory window, above RAM if that is larger")

#define VIRT_BASE(name, base, bytes, doc) VIRT_##name##_BASE = base,
#define VIRT_SIZE(name, base, bytes, doc) VIRT_##name##_BYTES = bytes,
enum virt_base { VIRT_MAP(VIRT_BASE) };
enum virt_bytes { VIRT_MAP(VIRT_SIZE) };

/* Wired interrupts, the same numbers at the PLIC and the APLIC; none has number 0. */
#define VIRT_IRQ_UART 10
#define VIRT_IRQ_RTC 11
#define VIRT_IRQ_DMA 20
#define VIRT_IRQ_PCI 32 /* INTA of slot 0; 32 to 35, rotated by slot */
#define VIRT_IRQS 96    /* highest number at the APLIC; the PLIC has one less */

/* Request wires of peripherals at the DMA controller (its handshake interfaces). */
#define VIRT_DMA_REQUEST_UART_TX 0
#define VIRT_DMA_REQUEST_UART_RX 1

#define VIRT_TIMEBASE_HZ 10000000 /* of mtime and of the time CSR */
#define VIRT_UART_CLOCK_HZ 3686400

#endif
