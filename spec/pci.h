/* SPDX-License-Identifier: Apache-2.0 */
/* PCI configuration space of a type 0 function: PCI local bus 3.0 chapter 6, PCI power management
 * 1.2, PCI Express base specification 5.0 chapter 7.  Row format: bus/reg.h.  The capabilities have
 * fixed places, those of Intel's 82599 (its Linux driver relies on two of them).
 * A row's rw and w1c are what software may change; BARs and reset values marked "set by the device"
 * are filled in by the function. */
#ifndef SPEC_PCI_H
#define SPEC_PCI_H

/* Where each capability stands; ids below. */
enum {
    PCI_CAP_AT_PM = 0x40,
    PCI_CAP_AT_MSI = 0x50,
    PCI_CAP_AT_MSIX = 0x70,
    PCI_CAP_AT_PCIE = 0xa0,
};
enum {
    PCI_CAP_ID_PM = 0x01,
    PCI_CAP_ID_MSI = 0x05,
    PCI_CAP_ID_PCIE = 0x10,
    PCI_CAP_ID_MSIX = 0x11,
};

/*    name                offset size view repeat step reset rw w1c flags what it is */
#define PCI_HEADER_REGS(R) \
    R(PCI_VENDOR, 0x00, 2, 1, 1, 1, 0, 0, 0, 0, "vendor; set by the device") \
    R(PCI_DEVICE, 0x02, 2, 1, 1, 1, 0, 0, 0, 0, "device; set by the device") \
    R(PCI_COMMAND, 0x04, 2, 1, 1, 1, 0, 0x0547, 0, REG_NARROW, "command") \
    R(PCI_STATUS, 0x06, 2, 1, 1, 1, 0, 0, 0xf900, REG_NARROW, "status") \
    R(PCI_REVISION, 0x08, 1, 1, 1, 1, 0, 0, 0, 0, "revision; set by the device") \
    R(PCI_PROG_IF, 0x09, 1, 1, 1, 1, 0, 0, 0, 0, "programming interface; set by the device") \
    R(PCI_SUBCLASS, 0x0a, 1, 1, 1, 1, 0, 0, 0, 0, "subclass; set by the device") \
    R(PCI_CLASS, 0x0b, 1, 1, 1, 1, 0, 0, 0, 0, "base class; set by the device") \
    R(PCI_CACHE_LINE, 0x0c, 1, 1, 1, 1, 0, 0xff, 0, 0, "cache line size; no effect") \
    R(PCI_LATENCY, 0x0d, 1, 1, 1, 1, 0, 0, 0, 0, "latency timer; not in PCI Express") \
    R(PCI_HEADER_TYPE, 0x0e, 1, 1, 1, 1, 0, 0, 0, 0, "header type 0") \
    R(PCI_BIST, 0x0f, 1, 1, 1, 1, 0, 0, 0, 0, "built-in self test: none") \
    R(PCI_BAR, 0x10, 4, 1, 6, 4, 0, 0, 0, REG_NARROW | REG_FX_W, \
      "base addresses; writable above the size") \
    R(PCI_CARDBUS, 0x28, 4, 1, 1, 1, 0, 0, 0, REG_NARROW, "CardBus CIS pointer: none") \
    R(PCI_SUBSYSTEM_VENDOR, 0x2c, 2, 1, 1, 1, 0, 0, 0, 0, "subsystem vendor; set by the device") \
    R(PCI_SUBSYSTEM, 0x2e, 2, 1, 1, 1, 0, 0, 0, 0, "subsystem; set by the device") \
    R(PCI_ROM, 0x30, 4, 1, 1, 1, 0, 0, 0, REG_NARROW, "expansion ROM: none") \
    R(PCI_CAP_POINTER, 0x34, 1, 1, 1, 1, 0, 0, 0, 0, "first capability; set by the device") \
    R(PCI_INTERRUPT_LINE, 0x3c, 1, 1, 1, 1, 0, 0xff, 0, 0, "interrupt line: software's own note") \
    R(PCI_INTERRUPT_PIN, 0x3d, 1, 1, 1, 1, 0, 0, 0, 0, "interrupt pin; set by the device") \
    R(PCI_MIN_GNT, 0x3e, 1, 1, 1, 1, 0, 0, 0, 0, "not in PCI Express") \
    R(PCI_MAX_LAT, 0x3f, 1, 1, 1, 1, 0, 0, 0, 0, "not in PCI Express")

#define PCI_PM_REGS(R) \
    R(PCI_PM_CAP, 0x40, 2, 1, 1, 1, PCI_CAP_ID_PM, 0, 0, REG_NARROW, "id and next capability") \
    R(PCI_PM_PMC, 0x42, 2, 1, 1, 1, 0x0003, 0, 0, REG_NARROW, "version 1.2; no PME, D1 or D2") \
    R(PCI_PM_CSR, 0x44, 4, 1, 1, 1, 0x0008, 0x0003, 0, REG_NARROW, "power management status")

#define PCI_MSI_REGS(R) \
    R(PCI_MSI_CAP, 0x50, 2, 1, 1, 1, PCI_CAP_ID_MSI, 0, 0, REG_NARROW, "id and next capability") \
    R(PCI_MSI_CONTROL, 0x52, 2, 1, 1, 1, 0x0180, 0x0071, 0, REG_NARROW, "MSI message control") \
    R(PCI_MSI_ADDRESS, 0x54, 4, 1, 1, 1, 0, 0xfffffffc, 0, REG_NARROW, "message address") \
    R(PCI_MSI_ADDRESS_HIGH, 0x58, 4, 1, 1, 1, 0, 0xffffffff, 0, REG_NARROW, "its upper half") \
    R(PCI_MSI_DATA, 0x5c, 4, 1, 1, 1, 0, 0xffff, 0, REG_NARROW, "message data") \
    R(PCI_MSI_MASK, 0x60, 4, 1, 1, 1, 0, 0xffffffff, 0, REG_NARROW, "mask, a bit a message") \
    R(PCI_MSI_PENDING, 0x64, 4, 1, 1, 1, 0, 0, 0, REG_NARROW, "masked and signalled")

#define PCI_MSIX_REGS(R) \
    R(PCI_MSIX_CAP, 0x70, 2, 1, 1, 1, PCI_CAP_ID_MSIX, 0, 0, REG_NARROW, "id and next capability") \
    R(PCI_MSIX_CONTROL, 0x72, 2, 1, 1, 1, 0, 0xc000, 0, REG_NARROW, "MSI-X message control") \
    R(PCI_MSIX_TABLE, 0x74, 4, 1, 1, 1, 0, 0, 0, REG_NARROW, "table: BAR in bits 2:0, offset") \
    R(PCI_MSIX_PBA, 0x78, 4, 1, 1, 1, 0, 0, 0, REG_NARROW, "pending bits: BAR in bits 2:0, offset")

/* Link and payload values are those of the link's parameters. */
#define PCI_EXP_REGS(R) \
    R(PCI_EXP_CAP, 0xa0, 2, 1, 1, 1, PCI_CAP_ID_PCIE, 0, 0, REG_NARROW, "id and next capability") \
    R(PCI_EXP_FLAGS, 0xa2, 2, 1, 1, 1, 0x0002, 0, 0, REG_NARROW, "version 2, endpoint") \
    R(PCI_EXP_DEVCAP, 0xa4, 4, 1, 1, 1, 0x00008020, 0, 0, REG_NARROW, "device capabilities") \
    R(PCI_EXP_DEVCTL, 0xa8, 2, 1, 1, 1, 0x2810, 0x79ff, 0, REG_NARROW, "device control") \
    R(PCI_EXP_DEVSTA, 0xaa, 2, 1, 1, 1, 0, 0, 0x000f, REG_NARROW, "device status") \
    R(PCI_EXP_LNKCAP, 0xac, 4, 1, 1, 1, 0, 0, 0, REG_NARROW, "link capabilities") \
    R(PCI_EXP_LNKCTL, 0xb0, 2, 1, 1, 1, 0, 0x00cb, 0, REG_NARROW, "link control; no effect") \
    R(PCI_EXP_LNKSTA, 0xb2, 2, 1, 1, 1, 0x1000, 0, 0, REG_NARROW, "link status") \
    R(PCI_EXP_DEVCAP2, 0xc4, 4, 1, 1, 1, 0x00000010, 0, 0, REG_NARROW, "device capabilities 2") \
    R(PCI_EXP_DEVCTL2, 0xc8, 2, 1, 1, 1, 0, 0x0010, 0, REG_NARROW, "device control 2; no effect") \
    R(PCI_EXP_DEVSTA2, 0xca, 2, 1, 1, 1, 0, 0, 0, REG_NARROW, "device status 2") \
    R(PCI_EXP_LNKCAP2, 0xcc, 4, 1, 1, 1, 0, 0, 0, REG_NARROW, "link capabilities 2") \
    R(PCI_EXP_LNKCTL2, 0xd0, 2, 1, 1, 1, 0, 0x000f, 0, REG_NARROW, "link control 2; no effect") \
    R(PCI_EXP_LNKSTA2, 0xd2, 2, 1, 1, 1, 0, 0, 0, REG_NARROW, "link status 2")

#define PCI_CONFIG_REGS(R) \
    PCI_HEADER_REGS(R) PCI_PM_REGS(R) PCI_MSI_REGS(R) PCI_MSIX_REGS(R) PCI_EXP_REGS(R)

/*    register            field                     lsb bits what it is */
#define PCI_CONFIG_FIELDS(F) \
    F(PCI_COMMAND, PCI_COMMAND_IO, 0, 1, "answers in I/O space (only with an I/O BAR)") \
    F(PCI_COMMAND, PCI_COMMAND_MEMORY, 1, 1, "answers in memory space") \
    F(PCI_COMMAND, PCI_COMMAND_MASTER, 2, 1, "may send DMA and messages") \
    F(PCI_COMMAND, PCI_COMMAND_PARITY, 6, 1, "parity error response; no effect") \
    F(PCI_COMMAND, PCI_COMMAND_SERR, 8, 1, "SERR# enable; no effect") \
    F(PCI_COMMAND, PCI_COMMAND_INTX_OFF, 10, 1, "no INTx") \
    F(PCI_STATUS, PCI_STATUS_INTERRUPT, 3, 1, "the function wants INTx asserted") \
    F(PCI_STATUS, PCI_STATUS_CAPABILITIES, 4, 1, "has a capability list") \
    F(PCI_PM_CSR, PCI_PM_STATE, 0, 2, "0 is D0, 3 is D3hot; others are not taken") \
    F(PCI_PM_CSR, PCI_PM_NO_SOFT_RESET, 3, 1, "D3hot to D0 keeps the state") \
    F(PCI_MSI_CONTROL, PCI_MSI_ENABLE, 0, 1, "MSI on") \
    F(PCI_MSI_CONTROL, PCI_MSI_CAPABLE, 1, 3, "log2 of messages wanted") \
    F(PCI_MSI_CONTROL, PCI_MSI_GIVEN, 4, 3, "log2 of messages given") \
    F(PCI_MSI_CONTROL, PCI_MSI_64, 7, 1, "64-bit address") \
    F(PCI_MSI_CONTROL, PCI_MSI_MASKABLE, 8, 1, "per-message mask") \
    F(PCI_MSIX_CONTROL, PCI_MSIX_SIZE, 0, 11, "vectors, less one") \
    F(PCI_MSIX_CONTROL, PCI_MSIX_MASK_ALL, 14, 1, "function mask") \
    F(PCI_MSIX_CONTROL, PCI_MSIX_ENABLE, 15, 1, "MSI-X on") \
    F(PCI_EXP_DEVCAP, PCI_EXP_PAYLOAD_MAX, 0, 3, "128 bytes shifted by this") \
    F(PCI_EXP_DEVCAP, PCI_EXP_EXT_TAG, 5, 1, "8-bit tags") \
    F(PCI_EXP_DEVCAP, PCI_EXP_ROLE_ERRORS, 15, 1, "role-based error reporting") \
    F(PCI_EXP_DEVCAP, PCI_EXP_FLR, 28, 1, "function-level reset") \
    F(PCI_EXP_DEVCTL, PCI_EXP_PAYLOAD, 5, 3, "payload; timing follows the link's parameter") \
    F(PCI_EXP_DEVCTL, PCI_EXP_READ_REQUEST, 12, 3, "likewise the largest read request") \
    F(PCI_EXP_DEVCTL, PCI_EXP_DO_FLR, 15, 1, "writing 1 resets the function") \
    F(PCI_EXP_LNKCAP, PCI_EXP_SPEED_MAX, 0, 4, "PCIe generation") \
    F(PCI_EXP_LNKCAP, PCI_EXP_WIDTH_MAX, 4, 6, "lanes") \
    F(PCI_EXP_LNKSTA, PCI_EXP_SPEED, 0, 4, "PCIe generation") \
    F(PCI_EXP_LNKSTA, PCI_EXP_WIDTH, 4, 6, "lanes") \
    F(PCI_EXP_LNKSTA, PCI_EXP_SLOT_CLOCK, 12, 1, "uses the slot's reference clock") \
    F(PCI_EXP_LNKCAP2, PCI_EXP_SPEEDS, 1, 7, "one bit a generation") \
    F(PCI_EXP_LNKCTL2, PCI_EXP_SPEED_TARGET, 0, 4, "PCIe generation")

/* The MSI-X BAR: table and pending bits (in a BAR of their own). */
enum {
    PCI_MSIX_TABLE_AT = 0,
    PCI_MSIX_PBA_AT = 0x2000,
    PCI_MSIX_BAR_BYTES = 0x4000,
    PCI_MSIX_ENTRY_BYTES = 16,
    PCI_MSIX_ENTRY_ADDRESS = 0,
    PCI_MSIX_ENTRY_DATA = 8,
    PCI_MSIX_ENTRY_CONTROL = 12, /* bit 0: masked */
};

#endif
