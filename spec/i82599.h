/* SPDX-License-Identifier: Apache-2.0 */
/* Intel 82599 10 GbE controller: registers, descriptors, interrupt causes, EEPROM.  Section numbers
 * are those of the 82599 datasheet, revision 3.4; register names are those of the datasheet and of
 * the ixgbe drivers.  The fields of the registers are in spec/i82599_fields.h.  Plain constants.
 *
 * A register whose first instance has a reset value of its own has a row NAME for it and a row
 * NAME_REST for the others; a register with two windows has NAME and then NAME_HI.  Both lie one
 * behind the other in the bank: instance n of the whole is bank_at(bank, NAME, n).
 * Rows NAME_LOW are a second address of the first instances of NAME. */
#ifndef SPEC_I82599_H
#define SPEC_I82599_H

#include "spec/i82599_fields.h"

#define I82599_BAR_BYTES 0x20000

/* BAR 2, in I/O space: a register's offset goes to the one, its value through the other, 32 bits each
 * (3.2.1, I/O-mapped access). */
#define I82599_IO_BYTES 32
#define I82599_IO_IOADDR 0
#define I82599_IO_IODATA 4

/* name, offset, size, view, repeat, step, reset, rw, w1c, flags, what it is */

/* general control (8.2.3.1) */
#define I82599_GENERAL_REGS(R) \
    R(I82599_CTRL, 0x00000, 4, 1, 1, 0, 0, 0x400000c, 0, REG_FX_W, "device control") \
    R(I82599_STATUS, 0x00008, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, "device status") \
    R(I82599_CTRL_EXT, 0x00018, 4, 1, 1, 0, 0, 0x14034000, 0, 0, \
      "extended device control") \
    R(I82599_ESDP, 0x00020, 4, 1, 1, 0, 0x2800, 0xffffff, 0, REG_FX_R | REG_FX_W, \
      "software-definable pins") \
    R(I82599_I2CCTL, 0x00028, 4, 1, 1, 0, 0xa, 0xa, 0, REG_FX_R | REG_FX_W, \
      "I2C wires of the SFP+ module, bit-banged") \
    R(I82599_FRTIMER, 0x00048, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "free-running timer: us 9:0, ms 19:10, s 31:20") \
    R(I82599_TCPTIMER, 0x0004c, 4, 1, 1, 0, 0, 0xbff, 0, 0, "TCP timer: stored, does not count") \
    R(I82599_LEDCTL, 0x00200, 4, 1, 1, 0, 0x5040100, 0xcfcfcfef, 0, 0, \
      "LED control: mode of each of the four LEDs") \
    R(I82599_EXVET, 0x05078, 4, 1, 1, 0, 0x81000000, 0xffff0000, 0, 0, "outer VLAN ethertype")

/* EEPROM, flash, semaphores, firmware (8.2.3.2, 8.2.3.4) */
#define I82599_NVM_REGS(R) \
    R(I82599_EEC, 0x10010, 4, 1, 1, 0, 0x12, 0x77, 0, REG_FX_R | REG_FX_W, "EEPROM/flash control") \
    R(I82599_EERD, 0x10014, 4, 1, 1, 0, 0, 0xfffc, 0, REG_FX_R | REG_FX_W, "EEPROM read") \
    R(I82599_EEWR, 0x10018, 4, 1, 1, 0, 0, 0xfffffffc, 0, REG_FX_R | REG_FX_W, "EEPROM write") \
    R(I82599_FLA, 0x1001c, 4, 1, 1, 0, 0, 0x17, 0, REG_FX_R, "flash access: no flash answers") \
    R(I82599_EEMNGCTL, 0x10110, 4, 1, 1, 0, 0xc0000, 0, 0, 0, \
      "manageability EEPROM control: configuration done") \
    R(I82599_FLOP, 0x1013c, 4, 1, 1, 0, 0xd820, 0xffff, 0, 0, "flash opcode") \
    R(I82599_SWSM, 0x10140, 4, 1, 1, 0, 0, 0x2, 0, REG_FX_R | REG_FX_W, \
      "software semaphore: reading takes SMBI") \
    R(I82599_FWSM, 0x10148, 4, 1, 1, 0, 0x8000, 0, 0, 0, \
      "firmware semaphore: valid, no manageability mode") \
    R(I82599_FACTPS, 0x10150, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "function active and power state") \
    R(I82599_GSSR, 0x10160, 4, 1, 1, 0, 0, 0x3ff, 0, 0, \
      "software/firmware synchronization (SW_FW_SYNC)") \
    R(I82599_GRC, 0x10200, 4, 1, 1, 0, 0, 0x2, 0, 0, \
      "general receive control of manageability: APME") \
    R(I82599_BARCTRL, 0x110f4, 4, 1, 1, 0, 0, 0, 0, 0, \
      "BAR control: sizes of registers and flash") \
    R(I82599_FLEX_MNG, 0x15800, 4, 1, 448, 0x4, 0, 0xffffffff, 0, 0, "host interface buffer") \
    R(I82599_HICR, 0x15f00, 4, 1, 1, 0, 0, 0, 0, 0, \
      "host interface control: firmware takes no commands") \
    R(I82599_FWSTS, 0x15f0c, 4, 1, 1, 0, 0, 0, 0, 0, "firmware status")

/* PCIe (8.2.3.4) */
#define I82599_PCIE_REGS(R) \
    R(I82599_GCR, 0x11000, 4, 1, 1, 0, 0x40000, 0x1f1ff, 0, 0, "PCIe control") \
    R(I82599_FUNCTAG, 0x11008, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "function tag") \
    R(I82599_GLT, 0x1100c, 4, 1, 1, 0, 0, 0x3ff, 0, 0, "latency timer") \
    R(I82599_GSCL_1, 0x11010, 4, 1, 1, 0, 0, 0xffffff9f, 0, 0, \
      "PCIe statistics control 1: stored, nothing counts") \
    R(I82599_GSCL_2, 0x11014, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "PCIe statistics control 2") \
    R(I82599_GSCL_3, 0x11018, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "PCIe statistics control 3") \
    R(I82599_GSCL_4, 0x1101c, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "PCIe statistics control 4") \
    R(I82599_GSCN, 0x11020, 4, 1, 4, 0x4, 0, 0, 0, 0, "PCIe statistics counters") \
    R(I82599_GSCL_5, 0x11030, 4, 1, 4, 0x4, 0, 0xffffffff, 0, 0, "leaky-bucket counters control") \
    R(I82599_PHYADR, 0x11040, 4, 1, 1, 0, 0, 0x7fffffff, 0, 0, "PCIe PHY address") \
    R(I82599_PHYDAT, 0x11044, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "PCIe PHY data") \
    R(I82599_PHYCTL, 0x11048, 4, 1, 1, 0, 0, 0xf, 0, 0, "PCIe PHY control") \
    R(I82599_GCR_EXT, 0x11050, 4, 1, 1, 0, 0, 0xc0000003, 0, 0, "PCIe control, extended") \
    R(I82599_MREVID, 0x11064, 4, 1, 1, 0, 0x1, 0, 0, 0, "mirrored revision") \
    R(I82599_PCIEECCCTL, 0x1106c, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, \
      "PCIe error correction control") \
    R(I82599_DCA_ID, 0x11070, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, "DCA requester") \
    R(I82599_DCA_CTRL, 0x11074, 4, 1, 1, 0, 0x1, 0x1f, 0, 0, \
      "DCA control: stored, there is no DCA") \
    R(I82599_CIAA, 0x11088, 4, 1, 1, 0, 0, 0, 0, 0, "configuration access address") \
    R(I82599_CIAD, 0x1108c, 4, 1, 1, 0, 0, 0, 0, 0, "configuration access data") \
    R(I82599_PICAUSE, 0x110b0, 4, 1, 1, 0, 0, 0, 0, 0, "PCIe interrupt cause") \
    R(I82599_PIENA, 0x110b8, 4, 1, 1, 0, 0, 0x1f, 0, 0, "PCIe interrupts enable")

/* interrupts (8.2.3.5) */
#define I82599_IRQ_REGS(R) \
    R(I82599_EICR, 0x00800, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "interrupt causes: read or write 1 to clear") \
    R(I82599_EICS, 0x00808, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "interrupt cause set") \
    R(I82599_EIAC, 0x00810, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "causes cleared by their message") \
    R(I82599_EIMS, 0x00880, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "interrupt mask set, read") \
    R(I82599_EIMC, 0x00888, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "interrupt mask clear") \
    R(I82599_EIAM, 0x00890, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "causes masked by their message") \
    R(I82599_EITRSEL, 0x00894, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, \
      "which EITR register a VF vector follows: stored") \
    R(I82599_GPIE, 0x00898, 4, 1, 1, 0, 0, 0xc000ffff, 0, REG_FX_W, \
      "general-purpose interrupt enable, modes") \
    R(I82599_EICS_EX, 0x00a90, 4, 1, 2, 0x4, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "MSI-X causes set") \
    R(I82599_EIMS_EX, 0x00aa0, 4, 1, 2, 0x4, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "MSI-X mask set, read") \
    R(I82599_EIMC_EX, 0x00ab0, 4, 1, 2, 0x4, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "MSI-X mask clear") \
    R(I82599_EIAM_EX, 0x00ad0, 4, 1, 2, 0x4, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "MSI-X causes masked by their message") \
    R(I82599_EITR, 0x00820, 4, 1, 24, 0x4, 0, 0x1f8ff8, 0, REG_FX_R | REG_FX_W, \
      "interrupt throttling, vectors 0 to 23") \
    R(I82599_EITR_HI, 0x12300, 4, 1, 105, 0x4, 0, 0x1f8ff8, 0, REG_FX_R | REG_FX_W, \
      "interrupt throttling, 24 to 128") \
    R(I82599_IVAR, 0x00900, 4, 1, 64, 0x4, 0, 0xbfbfbfbf, 0, REG_FX_W, \
      "vectors of queues 2n and 2n + 1: rx, tx, rx, tx") \
    R(I82599_IVAR_MISC, 0x00a00, 4, 1, 1, 0, 0, 0xbfbf, 0, REG_FX_W, \
      "vectors of the TCP timer and of other causes") \
    R(I82599_PBACL0, 0x11068, 4, 1, 1, 0, 0, 0, 0, REG_FX_W | REG_NO_STORE, \
      "MSI-X pending bits clear, vectors 0 to 31") \
    R(I82599_PBACL, 0x110c0, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_W | REG_NO_STORE, \
      "MSI-X pending bits clear, 32 a register")

/* flow control (8.2.3.3) */
#define I82599_FLOW_REGS(R) \
    R(I82599_PFCTOP, 0x03008, 4, 1, 1, 0, 0x1018808, 0xffffffff, 0, 0, \
      "opcode and type of priority flow control frames") \
    R(I82599_FCTTV, 0x03200, 4, 1, 4, 0x4, 0, 0xffffffff, 0, 0, \
      "pause times to send, two a register") \
    R(I82599_FCRTL, 0x03220, 4, 1, 8, 0x4, 0, 0x8007fff0, 0, 0, \
      "receive threshold low: XON below") \
    R(I82599_PXON2OFFCNT, 0x03240, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, \
      "priority XON to XOFF transitions") \
    R(I82599_FCRTH, 0x03260, 4, 1, 8, 0x4, 0, 0x8007fff0, 0, 0, \
      "receive threshold high: XOFF above") \
    R(I82599_FCRTV, 0x032a0, 4, 1, 1, 0, 0, 0xffff, 0, 0, "pause refresh threshold") \
    R(I82599_FCCFG, 0x03d00, 4, 1, 1, 0, 0, 0x18, 0, 0, \
      "flow control to send: 802.3x or priority") \
    R(I82599_TFCS, 0x0ce00, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "transmit flow control status: traffic class may send")

/* receive queues and DMA (8.2.3.8); each row _HI follows its low one */
#define I82599_RXQ_REGS(R) \
    R(I82599_RDBAL, 0x01000, 4, 1, 64, 0x40, 0, 0xffffff80, 0, 0, "ring base, low") \
    R(I82599_RDBAL_HI, 0x0d000, 4, 1, 64, 0x40, 0, 0xffffff80, 0, 0, \
      "ring base, low, queues 64 to 127") \
    R(I82599_RDBAH, 0x01004, 4, 1, 64, 0x40, 0, 0xffffffff, 0, 0, "ring base, high") \
    R(I82599_RDBAH_HI, 0x0d004, 4, 1, 64, 0x40, 0, 0xffffffff, 0, 0, \
      "ring base, high, queues 64 to 127") \
    R(I82599_RDLEN, 0x01008, 4, 1, 64, 0x40, 0, 0xfff80, 0, 0, "ring length in bytes") \
    R(I82599_RDLEN_HI, 0x0d008, 4, 1, 64, 0x40, 0, 0xfff80, 0, 0, \
      "ring length in bytes, queues 64 to 127") \
    R(I82599_DCA_RXCTRL, 0x0100c, 4, 1, 64, 0x40, 0xb200, 0xff00bae0, 0, 0, \
      "DCA and ordering: stored") \
    R(I82599_DCA_RXCTRL_HI, 0x0d00c, 4, 1, 64, 0x40, 0xb200, 0xff00bae0, 0, 0, \
      "DCA and ordering: stored, queues 64 to 127") \
    R(I82599_RDH, 0x01010, 4, 1, 64, 0x40, 0, 0xffff, 0, REG_FX_R | REG_FX_W, "ring head") \
    R(I82599_RDH_HI, 0x0d010, 4, 1, 64, 0x40, 0, 0xffff, 0, REG_FX_R | REG_FX_W, \
      "ring head, queues 64 to 127") \
    R(I82599_SRRCTL, 0x01014, 4, 1, 64, 0x40, 0x402, 0x1fc03f1f, 0, REG_FX_W, \
      "split and replication") \
    R(I82599_SRRCTL_HI, 0x0d014, 4, 1, 64, 0x40, 0x402, 0x1fc03f1f, 0, REG_FX_W, \
      "split and replication, queues 64 to 127") \
    R(I82599_RDT, 0x01018, 4, 1, 64, 0x40, 0, 0xffff, 0, REG_FX_W, "ring tail") \
    R(I82599_RDT_HI, 0x0d018, 4, 1, 64, 0x40, 0, 0xffff, 0, REG_FX_W, \
      "ring tail, queues 64 to 127") \
    R(I82599_RXDCTL, 0x01028, 4, 1, 64, 0x40, 0, 0x46000000, 0, REG_FX_W, "queue control") \
    R(I82599_RXDCTL_HI, 0x0d028, 4, 1, 64, 0x40, 0, 0x46000000, 0, REG_FX_W, \
      "queue control, queues 64 to 127") \
    R(I82599_RSCCTL, 0x0102c, 4, 1, 64, 0x40, 0, 0xd, 0, 0, "receive side coalescing") \
    R(I82599_RSCCTL_HI, 0x0d02c, 4, 1, 64, 0x40, 0, 0xd, 0, 0, \
      "receive side coalescing, queues 64 to 127") \
    R(I82599_SRRCTL_LOW, 0x02100, 4, 1, 16, 0x4, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "SRRCTL of queues 0 to 15, at its old place") \
    R(I82599_DCA_RXCTRL_LOW, 0x02200, 4, 1, 16, 0x4, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "DCA_RXCTRL of queues 0 to 15, at its old place") \
    R(I82599_RDRXCTL, 0x02f00, 4, 1, 1, 0, 0x100008, 0x6bf0007, 0, 0, "receive DMA control") \
    R(I82599_QDE, 0x02f04, 4, 1, 1, 0, 0, 0x37f01, 0, 0, \
      "drop on queues without descriptors, for pools: stored") \
    R(I82599_RXCTRL, 0x03000, 4, 1, 1, 0, 0, 0x3, 0, REG_FX_W, "receive control") \
    R(I82599_RTRUP2TC, 0x03020, 4, 1, 1, 0, 0, 0xffffff, 0, 0, \
      "user priority to traffic class, receive") \
    R(I82599_RSCDBU, 0x03028, 4, 1, 1, 0, 0, 0xff, 0, 0, "RSC data buffer control") \
    R(I82599_RXPBSIZE, 0x03c00, 4, 1, 1, 0, 0x80000, 0xffc00, 0, 0, "receive packet buffer 0") \
    R(I82599_RXPBSIZE_REST, 0x03c04, 4, 1, 7, 0x4, 0, 0xffc00, 0, 0, \
      "receive packet buffers 1 to 7")

/* receive filters (8.2.3.7) */
#define I82599_RX_REGS(R) \
    R(I82599_RXCSUM, 0x05000, 4, 1, 1, 0, 0, 0x3000, 0, 0, "receive checksum control") \
    R(I82599_RFCTL, 0x05008, 4, 1, 1, 0, 0, 0x3cfff, 0, 0, "receive filter control") \
    R(I82599_FCTRL, 0x05080, 4, 1, 1, 0, 0, 0x702, 0, 0, \
      "filter control: promiscuous modes, broadcast") \
    R(I82599_VLNCTRL, 0x05088, 4, 1, 1, 0, 0x8100, 0x7000ffff, 0, 0, "VLAN control") \
    R(I82599_MCSTCTRL, 0x05090, 4, 1, 1, 0, 0, 0x7, 0, 0, "multicast hash control") \
    R(I82599_PFFLPL, 0x050b0, 4, 1, 1, 0, 0, 0, 0, 0, "drops for lack of a pool, low: none") \
    R(I82599_PFFLPH, 0x050b4, 4, 1, 1, 0, 0, 0, 0, 0, "drops for lack of a pool, high") \
    R(I82599_ETQF, 0x05128, 4, 1, 8, 0x4, 0, 0xfdffffff, 0, REG_FX_W, "ethertype queue filter") \
    R(I82599_PFVTCTL, 0x051b0, 4, 1, 1, 0, 0, 0x60001f81, 0, 0, "VMDq control") \
    R(I82599_VFRE, 0x051e0, 4, 1, 2, 0x4, 0, 0xffffffff, 0, 0, "VF receive enable") \
    R(I82599_MTA, 0x05200, 4, 1, 128, 0x4, 0, 0xffffffff, 0, REG_FX_W, \
      "multicast table: 4096 bits") \
    R(I82599_RAL_LOW, 0x05400, 4, 1, 16, 0x8, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "RAL 0 to 15, at its old place") \
    R(I82599_RAH_LOW, 0x05404, 4, 1, 16, 0x8, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "RAH 0 to 15, at its old place") \
    R(I82599_PSRTYPE_LOW, 0x05480, 4, 1, 16, 0x4, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "PSRTYPE 0 to 15, at its old place") \
    R(I82599_MRQC, 0x05818, 4, 1, 1, 0, 0, 0xffff000f, 0, REG_FX_W, \
      "multiple receive queues: RSS, VMDq, DCB") \
    R(I82599_IMIRVP, 0x05ac0, 4, 1, 1, 0, 0, 0xf, 0, 0, "low-latency interrupt by VLAN priority") \
    R(I82599_RETA, 0x05c00, 4, 1, 32, 0x4, 0, 0xf0f0f0f, 0, REG_FX_W, \
      "RSS indirection table: four entries a register") \
    R(I82599_RSSRK, 0x05c80, 4, 1, 10, 0x4, 0, 0xffffffff, 0, REG_FX_W, "RSS key") \
    R(I82599_VFTA, 0x0a000, 4, 1, 128, 0x4, 0, 0xffffffff, 0, REG_FX_W, "VLAN table: 4096 bits") \
    R(I82599_RAL, 0x0a200, 4, 1, 128, 0x8, 0, 0xffffffff, 0, REG_FX_R | REG_FX_W, \
      "unicast addresses, low") \
    R(I82599_RAH, 0x0a204, 4, 1, 128, 0x8, 0, 0x8000ffff, 0, REG_FX_R | REG_FX_W, \
      "unicast addresses, high, and valid") \
    R(I82599_MPSAR_LO, 0x0a600, 4, 1, 128, 0x8, 0, 0xffffffff, 0, 0, \
      "pools of an address, 0 to 31") \
    R(I82599_MPSAR_HI, 0x0a604, 4, 1, 128, 0x8, 0, 0xffffffff, 0, 0, \
      "pools of an address, 32 to 63") \
    R(I82599_SAQF, 0x0e000, 4, 1, 128, 0x4, 0, 0xffffffff, 0, REG_FX_W, \
      "five-tuple filter: source address") \
    R(I82599_DAQF, 0x0e200, 4, 1, 128, 0x4, 0, 0xffffffff, 0, REG_FX_W, \
      "five-tuple filter: destination address") \
    R(I82599_SDPQF, 0x0e400, 4, 1, 128, 0x4, 0, 0xffffffff, 0, REG_FX_W, \
      "five-tuple filter: ports") \
    R(I82599_FTQF, 0x0e600, 4, 1, 128, 0x4, 0, 0xfe003f1f, 0, REG_FX_W, \
      "five-tuple filter: protocol, priority, mask, enable") \
    R(I82599_L34TIMIR, 0x0e800, 4, 1, 128, 0x4, 0, 0xff81000, 0, REG_FX_W, \
      "five-tuple filter: queue, low-latency interrupt") \
    R(I82599_PSRTYPE, 0x0ea00, 4, 1, 64, 0x4, 0, 0xe00c7fff, 0, 0, \
      "packet split types, RSS queues, of a pool") \
    R(I82599_ETQS, 0x0ec00, 4, 1, 8, 0x4, 0, 0xa07f0000, 0, REG_FX_W, "ethertype queue select") \
    R(I82599_SYNQF, 0x0ec30, 4, 1, 1, 0, 0, 0x800000ff, 0, 0, "SYN packet filter") \
    R(I82599_RQTC, 0x0ec70, 4, 1, 1, 0, 0, 0x77777777, 0, 0, "receive queues of a traffic class") \
    R(I82599_LLITHRESH, 0x0ec90, 4, 1, 1, 0, 0, 0xfff, 0, 0, "low-latency interrupt packet size") \
    R(I82599_VMOLR, 0x0f000, 4, 1, 64, 0x4, 0, 0x1f000000, 0, 0, "offload of a pool") \
    R(I82599_VLVF, 0x0f100, 4, 1, 64, 0x4, 0, 0x80000fff, 0, 0, "VLAN filter of pools") \
    R(I82599_VLVFB, 0x0f200, 4, 1, 128, 0x4, 0, 0xffffffff, 0, 0, "pools of a VLAN filter") \
    R(I82599_UTA, 0x0f400, 4, 1, 128, 0x4, 0, 0xffffffff, 0, 0, \
      "unicast table: 4096 bits; only for pools") \
    R(I82599_MRCTL, 0x0f600, 4, 1, 4, 0x4, 0, 0x3f0f, 0, 0, "mirror rule control") \
    R(I82599_VMRVLAN, 0x0f610, 4, 1, 8, 0x4, 0, 0xffffffff, 0, 0, "mirrored VLANs") \
    R(I82599_VMRVM, 0x0f630, 4, 1, 8, 0x4, 0, 0xffffffff, 0, 0, "mirrored pools")

/* flow director (8.2.3.21) */
#define I82599_FDIR_REGS(R) \
    R(I82599_FDIRCTRL, 0x0ee00, 4, 1, 1, 0, 0, 0xff9f7fb3, 0, REG_FX_R | REG_FX_W, \
      "control: writing starts initialization") \
    R(I82599_FDIRSIPV6, 0x0ee0c, 4, 1, 3, 0x4, 0, 0xffffffff, 0, 0, \
      "source address, words 0 to 2") \
    R(I82599_FDIRIPSA, 0x0ee18, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, \
      "source address: IPv4, or word 3 of IPv6") \
    R(I82599_FDIRIPDA, 0x0ee1c, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "destination address: IPv4") \
    R(I82599_FDIRPORT, 0x0ee20, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "ports: source, destination") \
    R(I82599_FDIRVLAN, 0x0ee24, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "VLAN tag, flexible bytes") \
    R(I82599_FDIRHASH, 0x0ee28, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_R | REG_FX_W, \
      "bucket, signature or software index") \
    R(I82599_FDIRCMD, 0x0ee2c, 4, 1, 1, 0, 0, 0x3fffefff, 0, REG_FX_R | REG_FX_W, \
      "command: writing starts it") \
    R(I82599_FDIRFREE, 0x0ee38, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "free filters, collisions") \
    R(I82599_FDIRDIP4M, 0x0ee3c, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W, \
      "destination address mask: a 1 is ignored") \
    R(I82599_FDIRSIP4M, 0x0ee40, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W, \
      "source address mask: a 1 is ignored") \
    R(I82599_FDIRTCPM, 0x0ee44, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W, "TCP ports mask") \
    R(I82599_FDIRUDPM, 0x0ee48, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W, "UDP ports mask") \
    R(I82599_FDIRLEN, 0x0ee4c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "longest bucket list so far") \
    R(I82599_FDIRUSTAT, 0x0ee50, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "filters added, removed") \
    R(I82599_FDIRFSTAT, 0x0ee54, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "failed adds, failed removals") \
    R(I82599_FDIRMATCH, 0x0ee58, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "packets that matched a filter") \
    R(I82599_FDIRMISS, 0x0ee5c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "packets that matched none") \
    R(I82599_FDIRHKEY, 0x0ee68, 4, 1, 1, 0, 0x80000001, 0xffffffff, 0, REG_FX_W, \
      "bucket hash key") \
    R(I82599_FDIRSKEY, 0x0ee6c, 4, 1, 1, 0, 0x80800101, 0xffffffff, 0, REG_FX_W, \
      "signature hash key") \
    R(I82599_FDIRM, 0x0ee70, 4, 1, 1, 0, 0, 0x3f, 0, REG_FX_W, \
      "other masks: VLAN id, priority, pool, L4 type, flexible, IPv6") \
    R(I82599_FDIRIP6M, 0x0ee74, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W, \
      "IPv6 address masks, a bit a byte") \
    R(I82599_FDIRSCTPM, 0x0ee78, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W, "SCTP ports mask")

/* transmit (8.2.3.9) */
#define I82599_TX_REGS(R) \
    R(I82599_TDBAL, 0x06000, 4, 1, 128, 0x40, 0, 0xffffff80, 0, 0, "ring base, low") \
    R(I82599_TDBAH, 0x06004, 4, 1, 128, 0x40, 0, 0xffffffff, 0, 0, "ring base, high") \
    R(I82599_TDLEN, 0x06008, 4, 1, 128, 0x40, 0, 0xfff80, 0, 0, "ring length in bytes") \
    R(I82599_DCA_TXCTRL, 0x0600c, 4, 1, 128, 0x40, 0x2a00, 0xff002a20, 0, 0, \
      "DCA and ordering: stored") \
    R(I82599_TDH, 0x06010, 4, 1, 128, 0x40, 0, 0xffff, 0, REG_FX_R | REG_FX_W, "ring head") \
    R(I82599_TDT, 0x06018, 4, 1, 128, 0x40, 0, 0xffff, 0, REG_FX_W, "ring tail") \
    R(I82599_TXDCTL, 0x06028, 4, 1, 128, 0x40, 0, 0xe7f7f7f, 0, REG_FX_W, "queue control") \
    R(I82599_TDWBAL, 0x06038, 4, 1, 128, 0x40, 0, 0xfffffffd, 0, 0, \
      "head write-back address, low, and enable") \
    R(I82599_TDWBAH, 0x0603c, 4, 1, 128, 0x40, 0, 0xffffffff, 0, 0, \
      "head write-back address, high") \
    R(I82599_TXPBTHRESH, 0x04950, 4, 1, 1, 0, 0x96, 0x3ff, 0, 0, \
      "transmit packet buffer 0: threshold in KiB") \
    R(I82599_TXPBTHRESH_REST, 0x04954, 4, 1, 7, 0x4, 0, 0x3ff, 0, 0, \
      "transmit packet buffers 1 to 7: thresholds") \
    R(I82599_DMATXCTL, 0x04a80, 4, 1, 1, 0, 0x81000000, 0xffff000b, 0, REG_FX_W, \
      "transmit DMA control") \
    R(I82599_DTXTCPFLGL, 0x04a88, 4, 1, 1, 0, 0xf760ff6, 0xfff0fff, 0, 0, \
      "TCP flags kept in first and middle segments") \
    R(I82599_DTXTCPFLGH, 0x04a8c, 4, 1, 1, 0, 0xf7f, 0xfff, 0, 0, \
      "TCP flags kept in the last segment") \
    R(I82599_VMVIR, 0x08000, 4, 1, 64, 0x4, 0, 0xc000ffff, 0, 0, "VLAN insertion of a pool") \
    R(I82599_DTXMXSZRQ, 0x08100, 4, 1, 1, 0, 0x10, 0xfff, 0, 0, \
      "most data requests under way, in 256 bytes") \
    R(I82599_VFTE, 0x08110, 4, 1, 2, 0x4, 0, 0xffffffff, 0, 0, "VF transmit enable") \
    R(I82599_MTQC, 0x08120, 4, 1, 1, 0, 0, 0xf, 0, 0, "transmit queues: VMDq, DCB") \
    R(I82599_PFVFSPOOF, 0x08200, 4, 1, 8, 0x4, 0, 0xffff, 0, 0, "anti-spoofing of pools") \
    R(I82599_PFDTXGSWC, 0x08220, 4, 1, 1, 0, 0, 0x1, 0, 0, \
      "switch between pools: loopback enable") \
    R(I82599_TXLLQ, 0x082e0, 4, 1, 4, 0x4, 0, 0xffffffff, 0, 0, "strict low-latency queues") \
    R(I82599_VMECM, 0x08790, 4, 1, 2, 0x4, 0, 0xffffffff, 0, 0, "CRC of packets between pools") \
    R(I82599_TIPG, 0x0cb00, 4, 1, 1, 0, 0, 0xff, 0, 0, "gap between frames: stored") \
    R(I82599_TXPBSIZE, 0x0cc00, 4, 1, 1, 0, 0x28000, 0xffc00, 0, 0, "transmit packet buffer 0") \
    R(I82599_TXPBSIZE_REST, 0x0cc04, 4, 1, 7, 0x4, 0, 0xffc00, 0, 0, \
      "transmit packet buffers 1 to 7") \
    R(I82599_MNGTXMAP, 0x0cd10, 4, 1, 1, 0, 0, 0x7, 0, 0, "traffic class of manageability")

/* data center bridging (8.2.3.10): stored, one traffic class works */
#define I82599_DCB_REGS(R) \
    R(I82599_RTRPCS, 0x02430, 4, 1, 1, 0, 0, 0x6, 0, 0, "receive packet plane control") \
    R(I82599_RTRPT4C, 0x02140, 4, 1, 8, 0x4, 0, 0xffffffff, 0, 0, \
      "receive packet plane T4 config") \
    R(I82599_RTRPT4S, 0x02160, 4, 1, 8, 0x4, 0, 0, 0, 0, "receive packet plane T4 status") \
    R(I82599_RTTDCS, 0x04900, 4, 1, 1, 0, 0, 0xc00053, 0, 0, "transmit descriptor plane control") \
    R(I82599_RTTDQSEL, 0x04904, 4, 1, 1, 0, 0, 0x7f, 0, 0, \
      "transmit queue that RTTDT1C and RTTBCNRC are of") \
    R(I82599_RTTDT1C, 0x04908, 4, 1, 1, 0, 0, 0x3fff, 0, 0, \
      "transmit descriptor plane T1 config") \
    R(I82599_RTTDT1S, 0x0490c, 4, 1, 1, 0, 0, 0, 0, 0, "transmit descriptor plane T1 status") \
    R(I82599_RTTDT2C, 0x04910, 4, 1, 8, 0x4, 0, 0xc3ff1fff, 0, 0, \
      "transmit descriptor plane T2 config") \
    R(I82599_RTTDT2S, 0x04930, 4, 1, 8, 0x4, 0, 0, 0, 0, "transmit descriptor plane T2 status") \
    R(I82599_RTTBCNRM, 0x04980, 4, 1, 1, 0, 0, 0xffff, 0, 0, "rate limiter MMW") \
    R(I82599_RTTBCNRC, 0x04984, 4, 1, 1, 0, 0, 0x8fffffff, 0, 0, \
      "rate limiter config: stored, limits nothing") \
    R(I82599_RTTBCNRD, 0x0498c, 4, 1, 1, 0, 0, 0x1ffff, 0, 0, "rate drift") \
    R(I82599_RTTDTECC, 0x04990, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, \
      "transmit descriptor plane error correction") \
    R(I82599_RTTQCNTG, 0x04a90, 4, 1, 1, 0, 0, 0xffff, 0, 0, "congestion notification tagging") \
    R(I82599_RTTQCNCR, 0x08b00, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, \
      "congestion notification control") \
    R(I82599_RTTUP2TC, 0x0c800, 4, 1, 1, 0, 0, 0xffffff, 0, 0, \
      "user priority to traffic class, transmit") \
    R(I82599_RTTPCS, 0x0cd00, 4, 1, 1, 0, 0, 0xffc00160, 0, 0, "transmit packet plane control") \
    R(I82599_RTTPT2C, 0x0cd20, 4, 1, 8, 0x4, 0, 0xc3ff1fff, 0, 0, \
      "transmit packet plane T2 config") \
    R(I82599_RTTPT2S, 0x0cd40, 4, 1, 8, 0x4, 0, 0, 0, 0, "transmit packet plane T2 status")

/* security blocks (8.2.3.12): bypassed */
#define I82599_SEC_REGS(R) \
    R(I82599_SECTXCTRL, 0x08800, 4, 1, 1, 0, 0x1, 0x7, 0, 0, "transmit: disable, stop") \
    R(I82599_SECTXSTAT, 0x08804, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "transmit: ready; the offload is not there") \
    R(I82599_SECTXBUFFAF, 0x08808, 4, 1, 1, 0, 0x250, 0x3ff, 0, 0, "transmit buffer almost full") \
    R(I82599_SECTXMINIFG, 0x08810, 4, 1, 1, 0, 0x1001, 0x1f0f, 0, 0, "transmit: smallest gap") \
    R(I82599_SECRXCTRL, 0x08d00, 4, 1, 1, 0, 0x1, 0x3, 0, REG_FX_W, "receive: disable, stop") \
    R(I82599_SECRXSTAT, 0x08d04, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "receive: ready; the offload is not there")

/* MAC and link (8.2.3.22) */
#define I82599_MAC_REGS(R) \
    R(I82599_PCS1GCFIG, 0x04200, 4, 1, 1, 0, 0, 0x40000000, 0, 0, "PCS 1G global config 1") \
    R(I82599_PCS1GLCTL, 0x04208, 4, 1, 1, 0, 0, 0x7007f, 0, 0, "PCS 1G link control") \
    R(I82599_PCS1GLSTA, 0x0420c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "PCS 1G link status") \
    R(I82599_PCS1GDBG, 0x04210, 4, 1, 2, 0x4, 0, 0, 0, 0, "PCS 1G debug") \
    R(I82599_PCS1GANA, 0x04218, 4, 1, 1, 0, 0x20, 0xb1e0, 0, 0, \
      "PCS 1G auto-negotiation advertisement") \
    R(I82599_PCS1GANLP, 0x0421c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "PCS 1G link partner ability") \
    R(I82599_PCS1GANNP, 0x04220, 4, 1, 1, 0, 0, 0xffff, 0, 0, "PCS 1G next page transmit") \
    R(I82599_PCS1GANLPNP, 0x04224, 4, 1, 1, 0, 0, 0, 0, 0, "PCS 1G link partner next page") \
    R(I82599_HLREG0, 0x04240, 4, 1, 1, 0, 0x8000c0b, 0x1ff7ffff, 0, REG_FX_W, "MAC control 0") \
    R(I82599_HLREG1, 0x04244, 4, 1, 1, 0, 0, 0, 0, 0, "MAC control 1") \
    R(I82599_PAP, 0x04248, 4, 1, 1, 0, 0xffff, 0xfffff, 0, 0, "pause and pace") \
    R(I82599_MACA, 0x0424c, 4, 1, 1, 0, 0, 0xf3e0ffff, 0, 0, "MDI auto-scan command and address") \
    R(I82599_APAE, 0x04250, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "auto-scan PHY address enable") \
    R(I82599_ARD, 0x04254, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "auto-scan read data") \
    R(I82599_AIS, 0x04258, 4, 1, 1, 0, 0, 0, 0, 0, "auto-scan interrupt status") \
    R(I82599_MSCA, 0x0425c, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_R | REG_FX_W, \
      "MDI single command and address") \
    R(I82599_MSRWD, 0x04260, 4, 1, 1, 0, 0, 0xffff, 0, REG_FX_R, \
      "MDI single read and write data") \
    R(I82599_MLADD, 0x04264, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "MAC address low") \
    R(I82599_MAXFRS, 0x04268, 4, 1, 1, 0, 0x5ee0000, 0xffff0000, 0, 0, \
      "largest frame, 31:16 (MHADD)") \
    R(I82599_TREG, 0x0426c, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "test register") \
    R(I82599_PCSS1, 0x04288, 4, 1, 1, 0, 0, 0, 0, 0, "XGXS status 1") \
    R(I82599_PCSS2, 0x0428c, 4, 1, 1, 0, 0, 0, 0, 0, "XGXS status 2") \
    R(I82599_XPCSS, 0x04290, 4, 1, 1, 0, 0, 0, 0, 0, "10GBASE-X PCS status") \
    R(I82599_MFLCN, 0x04294, 4, 1, 1, 0, 0, 0xfff, 0, 0, \
      "MAC flow control: what to honour, what to pass") \
    R(I82599_SERDESC, 0x04298, 4, 1, 1, 0, 0, 0xffff, 0, 0, "SerDes interface control") \
    R(I82599_MACS, 0x0429c, 4, 1, 1, 0, 0, 0, 0, 0, "MAC status and FIFO control") \
    R(I82599_AUTOC, 0x042a0, 4, 1, 1, 0, 0xc09c6004, 0xffffffff, 0, REG_FX_R | REG_FX_W, \
      "auto-negotiation and link mode control") \
    R(I82599_LINKS, 0x042a4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, "link status") \
    R(I82599_AUTOC2, 0x042a8, 4, 1, 1, 0, 0xa0000, 0x700fffff, 0, REG_FX_W, \
      "auto-negotiation control 2: 10G serial type, link disable") \
    R(I82599_AUTOC3, 0x042ac, 4, 1, 1, 0, 0, 0xffff, 0, 0, "auto-negotiation control 3") \
    R(I82599_ANLP1, 0x042b0, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "auto-negotiation state, link partner word 1") \
    R(I82599_ANLP2, 0x042b4, 4, 1, 1, 0, 0, 0, 0, 0, "link partner word 2") \
    R(I82599_MDFTC1, 0x042b8, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "diagnostics control 1") \
    R(I82599_MDFTC2, 0x042c0, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "diagnostics control 2") \
    R(I82599_MDFTFIFO1, 0x042c4, 4, 1, 1, 0, 0, 0, 0, 0, "diagnostics FIFO 1") \
    R(I82599_MDFTFIFO2, 0x042c8, 4, 1, 1, 0, 0, 0, 0, 0, "diagnostics FIFO 2") \
    R(I82599_MDFTS, 0x042cc, 4, 1, 1, 0, 0, 0, 0, 0, "diagnostics status") \
    R(I82599_MMNGC, 0x042d0, 4, 1, 1, 0, 0, 0, 0, 0, "management control: veto") \
    R(I82599_ANLPNP1, 0x042d4, 4, 1, 1, 0, 0, 0, 0, 0, "link partner next page 1") \
    R(I82599_ANLPNP2, 0x042d8, 4, 1, 1, 0, 0, 0, 0, 0, "link partner next page 2") \
    R(I82599_KRPCSFC, 0x042e0, 4, 1, 1, 0, 0, 0x70000, 0, 0, "KR PCS and FEC control") \
    R(I82599_KRPCSS, 0x042e4, 4, 1, 1, 0, 0, 0, 0, 0, "KR PCS status") \
    R(I82599_FECS1, 0x042e8, 4, 1, 1, 0, 0, 0, 0, 0, "FEC status 1") \
    R(I82599_FECS2, 0x042ec, 4, 1, 1, 0, 0, 0, 0, 0, "FEC status 2") \
    R(I82599_SGMIIC, 0x04314, 4, 1, 1, 0, 0, 0xffff00ff, 0, 0, "SGMII control") \
    R(I82599_MPVC, 0x04318, 4, 1, 1, 0, 0, 0, 0, 0, "minimum packet length violations: none") \
    R(I82599_LINKS2, 0x04324, 4, 1, 1, 0, 0, 0, 0, 0, \
      "link status 2: partner takes part in auto-negotiation") \
    R(I82599_MACC, 0x04330, 4, 1, 1, 0, 0, 0x70003, 0, 0, "MAC control") \
    R(I82599_CORECTL, 0x14f00, 4, 1, 1, 0, 0, 0x1ffff, 0, 0, \
      "analog core control: address, data") \
    R(I82599_SMADARCTL, 0x14f10, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "shared-mode address control")

/* statistics (8.2.3.23): cleared when read */
#define I82599_STAT_REGS(R) \
    R(I82599_CRCERRS, 0x04000, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "frames with a bad check sequence") \
    R(I82599_ILLERRC, 0x04004, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "illegal bytes") \
    R(I82599_ERRBC, 0x04008, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "error bytes") \
    R(I82599_MSPDC, 0x04010, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "MAC short packets discarded") \
    R(I82599_MLFC, 0x04034, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "MAC local faults") \
    R(I82599_MRFC, 0x04038, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "MAC remote faults") \
    R(I82599_RLEC, 0x04040, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "length field is not the length") \
    R(I82599_RXMPC, 0x03fa0, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, \
      "missed: no room in a packet buffer") \
    R(I82599_RNBC, 0x03fc0, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, \
      "received without a descriptor (82598): none") \
    R(I82599_LXONTXC, 0x03f60, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "XON sent") \
    R(I82599_LXOFFTXC, 0x03f68, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "XOFF sent") \
    R(I82599_LXONRXCNT, 0x041a4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "XON received") \
    R(I82599_LXOFFRXCNT, 0x041a8, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "XOFF received") \
    R(I82599_LXONRXC, 0x0cf60, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "XON received (82598): none") \
    R(I82599_LXOFFRXC, 0x0cf68, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "XOFF received (82598): none") \
    R(I82599_PXONTXC, 0x03f00, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, "priority XON sent") \
    R(I82599_PXOFFTXC, 0x03f20, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, "priority XOFF sent") \
    R(I82599_PXONRXCNT, 0x04140, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, "priority XON received") \
    R(I82599_PXOFFRXCNT, 0x04160, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, "priority XOFF received") \
    R(I82599_PXONRXC, 0x0cf00, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, \
      "priority XON received (82598): none") \
    R(I82599_PXOFFRXC, 0x0cf20, 4, 1, 8, 0x4, 0, 0, 0, REG_FX_R, \
      "priority XOFF received (82598): none") \
    R(I82599_PRC64, 0x0405c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "good frames received, 64 bytes") \
    R(I82599_PRC127, 0x04060, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good frames received, 65 to 127 bytes") \
    R(I82599_PRC255, 0x04064, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good frames received, 128 to 255 bytes") \
    R(I82599_PRC511, 0x04068, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good frames received, 256 to 511 bytes") \
    R(I82599_PRC1023, 0x0406c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good frames received, 512 to 1023 bytes") \
    R(I82599_PRC1522, 0x04070, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good frames received, 1024 bytes to the largest") \
    R(I82599_GPRC, 0x04074, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good packets received that pass the filters") \
    R(I82599_BPRC, 0x04078, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "broadcasts received") \
    R(I82599_MPRC, 0x0407c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "multicasts received") \
    R(I82599_GPTC, 0x04080, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "good packets transmitted") \
    R(I82599_GORCL, 0x04088, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good octets received that pass the filters, low") \
    R(I82599_GORCH, 0x0408c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good octets received that pass the filters, high 4 bits") \
    R(I82599_GOTCL, 0x04090, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "good octets transmitted, low") \
    R(I82599_GOTCH, 0x04094, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good octets transmitted, high 4 bits") \
    R(I82599_RXNFGPC, 0x041b0, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "good packets received, filtered or not") \
    R(I82599_RXNFGBCL, 0x041b4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, low") \
    R(I82599_RXNFGBCH, 0x041b8, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, high 4 bits") \
    R(I82599_RUC, 0x040a4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "too short, good check sequence") \
    R(I82599_RFC, 0x040a8, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "too short, bad check sequence") \
    R(I82599_ROC, 0x040ac, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "too long, good check sequence") \
    R(I82599_RJC, 0x040b0, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "too long, bad check sequence") \
    R(I82599_MNGPRC, 0x040b4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "manageability packets received") \
    R(I82599_MNGPDC, 0x040b8, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "manageability packets dropped") \
    R(I82599_MNGPTC, 0x0cf90, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "manageability packets transmitted") \
    R(I82599_TORL, 0x040c0, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "all octets received, low") \
    R(I82599_TORH, 0x040c4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "all octets received, high 4 bits") \
    R(I82599_TPR, 0x040d0, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "all packets received") \
    R(I82599_TPT, 0x040d4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "all packets transmitted") \
    R(I82599_PTC64, 0x040d8, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "packets transmitted, 64 bytes") \
    R(I82599_PTC127, 0x040dc, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "packets transmitted, 65 to 127 bytes") \
    R(I82599_PTC255, 0x040e0, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "packets transmitted, 128 to 255 bytes") \
    R(I82599_PTC511, 0x040e4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "packets transmitted, 256 to 511 bytes") \
    R(I82599_PTC1023, 0x040e8, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "packets transmitted, 512 to 1023 bytes") \
    R(I82599_PTC1522, 0x040ec, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "packets transmitted, 1024 bytes and more") \
    R(I82599_MPTC, 0x040f0, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "multicasts transmitted") \
    R(I82599_BPTC, 0x040f4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "broadcasts transmitted") \
    R(I82599_XEC, 0x04120, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "bad TCP, UDP or IPv4 checksums") \
    R(I82599_FCOERPDC, 0x0241c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "FCoE: packets dropped") \
    R(I82599_FCLAST, 0x02424, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "FCoE: last error") \
    R(I82599_FCOEPRC, 0x02428, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "FCoE: packets received") \
    R(I82599_FCOEDWRC, 0x0242c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "FCoE: words received") \
    R(I82599_FCCRC, 0x05118, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "FCoE: bad CRC") \
    R(I82599_SSVPC, 0x08780, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "spoofed packets") \
    R(I82599_FCOEPTC, 0x08784, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "FCoE: packets transmitted") \
    R(I82599_FCOEDWTC, 0x08788, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "FCoE: words transmitted") \
    R(I82599_RXDSTATCTRL, 0x02f40, 4, 1, 1, 0, 0x1f, 0x1f7f, 0, 0, \
      "DMA good packets: of all queues, or of one") \
    R(I82599_RXDGPC, 0x02f50, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "packets from the wire handed to the host") \
    R(I82599_RXDGBCL, 0x02f54, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, low") \
    R(I82599_RXDGBCH, 0x02f58, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, high 4 bits") \
    R(I82599_RXDDGPC, 0x02f5c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "packets handed to a doubled queue") \
    R(I82599_RXDDGBCL, 0x02f60, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, low") \
    R(I82599_RXDDGBCH, 0x02f64, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, high 4 bits") \
    R(I82599_RXLPBKGPC, 0x02f68, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, \
      "loopback packets handed to the host") \
    R(I82599_RXLPBKGBCL, 0x02f6c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, low") \
    R(I82599_RXLPBKGBCH, 0x02f70, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, high 4 bits") \
    R(I82599_RXDLPBKGPC, 0x02f74, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "doubled loopback packets") \
    R(I82599_RXDLPBKGBCL, 0x02f78, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, low") \
    R(I82599_RXDLPBKGBCH, 0x02f7c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, high 4 bits") \
    R(I82599_TXDGPC, 0x087a0, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "packets from the host") \
    R(I82599_TXDGBCL, 0x087a4, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, low") \
    R(I82599_TXDGBCH, 0x087a8, 4, 1, 1, 0, 0, 0, 0, REG_FX_R, "their octets, high 4 bits") \
    R(I82599_RQSMR, 0x02300, 4, 1, 32, 0x4, 0, 0xf0f0f0f, 0, 0, \
      "receive queue to counter, four queues a register") \
    R(I82599_TQSM, 0x08600, 4, 1, 32, 0x4, 0, 0xf0f0f0f, 0, 0, \
      "transmit queue to counter, four queues a register") \
    R(I82599_QPRC, 0x01030, 4, 1, 16, 0x40, 0, 0, 0, REG_FX_R, \
      "packets received by a counter's queues") \
    R(I82599_QBRC_L, 0x01034, 4, 1, 16, 0x40, 0, 0, 0, REG_FX_R, "bytes received, low") \
    R(I82599_QBRC_H, 0x01038, 4, 1, 16, 0x40, 0, 0, 0, REG_FX_R, "bytes received, high 4 bits") \
    R(I82599_QPRDC, 0x01430, 4, 1, 16, 0x40, 0, 0, 0, REG_FX_R, \
      "received packets dropped for lack of descriptors") \
    R(I82599_QPTC, 0x08680, 4, 1, 16, 0x4, 0, 0, 0, REG_FX_R, \
      "packets transmitted by a counter's queues") \
    R(I82599_QPTC_LOW, 0x06030, 4, 1, 16, 0x40, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "QPTC, at its old place") \
    R(I82599_QBTC_L, 0x08700, 4, 1, 16, 0x8, 0, 0, 0, REG_FX_R, "bytes transmitted, low") \
    R(I82599_QBTC_H, 0x08704, 4, 1, 16, 0x8, 0, 0, 0, REG_FX_R, "bytes transmitted, high 4 bits")

/* wake-up, manageability, time, virtual functions, FCoE: stored */
#define I82599_MISC_REGS(R) \
    R(I82599_WUC, 0x05800, 4, 1, 1, 0, 0, 0x1b, 0, 0, "wake-up control") \
    R(I82599_WUFC, 0x05808, 4, 1, 1, 0, 0, 0x3f81ff, 0, 0, "wake-up filters") \
    R(I82599_WUS, 0x05810, 4, 1, 1, 0, 0, 0, 0x3f01ff, 0, "wake-up status") \
    R(I82599_IPAV, 0x05838, 4, 1, 1, 0, 0, 0x100ff, 0, 0, "IP addresses valid") \
    R(I82599_IP4AT, 0x05840, 4, 1, 4, 0x8, 0, 0xffffffff, 0, 0, "IPv4 addresses") \
    R(I82599_IP6AT, 0x05880, 4, 1, 4, 0x4, 0, 0xffffffff, 0, 0, "IPv6 address") \
    R(I82599_WUPL, 0x05900, 4, 1, 1, 0, 0, 0, 0, 0, "wake-up packet length") \
    R(I82599_WUPM, 0x05a00, 4, 1, 32, 0x4, 0, 0, 0, 0, "wake-up packet") \
    R(I82599_FHFT, 0x09000, 4, 1, 256, 0x4, 0, 0xffffffff, 0, 0, "flexible host filters 0 to 3") \
    R(I82599_FHFT_EXT, 0x09800, 4, 1, 128, 0x4, 0, 0xffffffff, 0, 0, \
      "flexible host filters 4 and 5") \
    R(I82599_MANC, 0x05820, 4, 1, 1, 0, 0, 0, 0, 0, "management control") \
    R(I82599_MFVAL, 0x05824, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "management filters valid") \
    R(I82599_MANC2H, 0x05860, 4, 1, 1, 0, 0, 0xff, 0, 0, "management to host") \
    R(I82599_MAVTV, 0x05010, 4, 1, 8, 0x4, 0, 0xfff, 0, 0, "management VLANs") \
    R(I82599_MFUTP, 0x05030, 4, 1, 8, 0x4, 0, 0xffff, 0, 0, "management UDP and TCP ports") \
    R(I82599_MDEF, 0x05890, 4, 1, 8, 0x4, 0, 0xffffffff, 0, 0, "manageability decision filters") \
    R(I82599_MDEF_EXT, 0x05160, 4, 1, 8, 0x4, 0, 0xffffffff, 0, 0, \
      "manageability decision filters, extended") \
    R(I82599_METF, 0x05190, 4, 1, 4, 0x4, 0, 0xffffffff, 0, 0, "management ethertype filters") \
    R(I82599_VMTXSW, 0x05180, 4, 1, 2, 0x4, 0, 0xffffffff, 0, 0, "switch of pools") \
    R(I82599_RXMTRL, 0x05120, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "message types that are stamped") \
    R(I82599_TSYNCRXCTL, 0x05188, 4, 1, 1, 0, 0, 0x1e, 0, 0, "receive time stamps: never valid") \
    R(I82599_RXSATRL, 0x051a0, 4, 1, 1, 0, 0, 0, 0, 0, "receive stamp attributes, low") \
    R(I82599_RXSTMPH, 0x051a4, 4, 1, 1, 0, 0, 0, 0, 0, "receive stamp, high") \
    R(I82599_RXSATRH, 0x051a8, 4, 1, 1, 0, 0, 0, 0, 0, "receive stamp attributes, high") \
    R(I82599_RXSTMPL, 0x051e8, 4, 1, 1, 0, 0, 0, 0, 0, "receive stamp, low") \
    R(I82599_TSYNCTXCTL, 0x08c00, 4, 1, 1, 0, 0, 0x10, 0, 0, "transmit time stamps: never valid") \
    R(I82599_TXSTMPL, 0x08c04, 4, 1, 1, 0, 0, 0, 0, 0, "transmit stamp, low") \
    R(I82599_TXSTMPH, 0x08c08, 4, 1, 1, 0, 0, 0, 0, 0, "transmit stamp, high") \
    R(I82599_SYSTIML, 0x08c0c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "system time, low") \
    R(I82599_SYSTIMH, 0x08c10, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "system time, high") \
    R(I82599_TIMINCA, 0x08c14, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W, \
      "system time increment and period") \
    R(I82599_TIMADJL, 0x08c18, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "time adjustment, low") \
    R(I82599_TIMADJH, 0x08c1c, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "time adjustment, high") \
    R(I82599_TSAUXC, 0x08c20, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "auxiliary time control") \
    R(I82599_TRGTTIM, 0x08c24, 4, 1, 4, 0x4, 0, 0xffffffff, 0, 0, "target times") \
    R(I82599_FREQOUT, 0x08c34, 4, 1, 2, 0x4, 0, 0xffffffff, 0, 0, "clock out times") \
    R(I82599_AUXSTMP, 0x08c3c, 4, 1, 4, 0x4, 0, 0, 0, 0, "auxiliary stamps") \
    R(I82599_VFLRE, 0x00600, 4, 1, 1, 0, 0, 0, 0, 0, "VF resets seen: there are no VFs") \
    R(I82599_VFLREC, 0x00700, 4, 1, 2, 0x4, 0, 0, 0, 0, "VF resets seen, clear") \
    R(I82599_PFMBICR, 0x00710, 4, 1, 4, 0x4, 0, 0, 0, 0, "mailbox causes") \
    R(I82599_PFMBIMR, 0x00720, 4, 1, 2, 0x4, 0, 0xffffffff, 0, 0, "mailbox mask") \
    R(I82599_PFMAILBOX, 0x04b00, 4, 1, 64, 0x4, 0, 0, 0, 0, "mailbox control") \
    R(I82599_PFMBMEM, 0x13000, 4, 1, 1024, 0x4, 0, 0xffffffff, 0, 0, "mailbox memory") \
    R(I82599_FCPTRL, 0x02410, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "FCoE: list pointer, low") \
    R(I82599_FCPTRH, 0x02414, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "FCoE: list pointer, high") \
    R(I82599_FCBUFF, 0x02418, 4, 1, 1, 0, 0, 0xffffff99, 0, 0, "FCoE: buffers") \
    R(I82599_FCDMARW, 0x02420, 4, 1, 1, 0, 0, 0xffffc1ff, 0, 0, "FCoE: context access") \
    R(I82599_FCRXCTRL, 0x05100, 4, 1, 1, 0, 0, 0xfff, 0, 0, "FCoE: receive control") \
    R(I82599_FCFLT, 0x05108, 4, 1, 1, 0, 0, 0xffff0003, 0, 0, "FCoE: filter context") \
    R(I82599_FCFLTRW, 0x05110, 4, 1, 1, 0, 0, 0xe1ff, 0, 0, "FCoE: filter access") \
    R(I82599_REOFF, 0x05158, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "FCoE: EOF codes") \
    R(I82599_FCPARAM, 0x051d8, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "FCoE: parameter") \
    R(I82599_RSOFF, 0x051f8, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "FCoE: SOF codes") \
    R(I82599_TEOFF, 0x04a94, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "FCoE: EOF codes to send") \
    R(I82599_TSOFF, 0x04a98, 4, 1, 1, 0, 0, 0xffffffff, 0, 0, "FCoE: SOF codes to send") \
    R(I82599_FCRECTL, 0x0ed00, 4, 1, 1, 0, 0, 0x1, 0, 0, "FCoE: redirection") \
    R(I82599_FCRETA, 0x0ed10, 4, 1, 8, 0x4, 0, 0x7f, 0, 0, "FCoE: redirection table")

#define I82599_REGS(R) \
    I82599_GENERAL_REGS(R) I82599_NVM_REGS(R) I82599_PCIE_REGS(R) I82599_IRQ_REGS(R) \
    I82599_FLOW_REGS(R) I82599_RXQ_REGS(R) I82599_RX_REGS(R) I82599_FDIR_REGS(R) \
    I82599_TX_REGS(R) I82599_DCB_REGS(R) I82599_SEC_REGS(R) I82599_MAC_REGS(R) \
    I82599_STAT_REGS(R) I82599_MISC_REGS(R)

/* ---- interrupt causes: EICR, EICS, EIMS, EIMC, EIAC, EIAM ---- */
enum i82599_eicr {
    I82599_EICR_RTX_QUEUE = 0xffff,
    I82599_EICR_FLOW_DIR = 1 << 16, /* flow director exception */
    I82599_EICR_RX_MISS = 1 << 17,  /* packet buffer full: a frame was missed */
    I82599_EICR_PCI = 1 << 18,
    I82599_EICR_MAILBOX = 1 << 19,
    I82599_EICR_LSC = 1 << 20,      /* link status change */
    I82599_EICR_LINKSEC = 1 << 21,
    I82599_EICR_MNG = 1 << 22,
    I82599_EICR_TS = 1 << 23,
    I82599_EICR_GPI_SDP0 = 1 << 24,
    I82599_EICR_GPI_SDP1 = 1 << 25,
    I82599_EICR_GPI_SDP2 = 1 << 26,
    I82599_EICR_GPI_SDP3 = 1 << 27,
    I82599_EICR_ECC = 1 << 28,
    I82599_EICR_TCP_TIMER = 1 << 30,
    I82599_EICR_OTHER = 0x7fff0000, /* all that are not of a queue */
};
enum { I82599_IVAR_VALID = 0x80, I82599_IVAR_VECTOR = 0x3f };

/* ---- receive descriptors (7.1.5, 7.1.6), 16 bytes; byte offsets ---- */
enum i82599_rxd {
    I82599_RXD_PACKET = 0, /* as read: buffer address, 8 bytes */
    I82599_RXD_HEADER = 8, /* advanced: header buffer address, 8 bytes; bit 0 is DD */
    /* advanced write-back */
    I82599_RXD_INFO = 0,   /* RSS type 3:0, packet 16:4, RSC count 20:17, header 30:21, SPH 31 */
    I82599_RXD_HASH = 4,   /* RSS hash; flow director's id; fragment checksum 31:16 */
    I82599_RXD_STATUS = 8, /* status 19:0, errors 31:20 */
    I82599_RXD_LENGTH = 12, /* 2 bytes */
    I82599_RXD_VLAN = 14,   /* 2 bytes */
    /* legacy write-back */
    I82599_RXD_LEGACY_LENGTH = 8,    /* 2 bytes */
    I82599_RXD_LEGACY_CHECKSUM = 10, /* 2 bytes */
    I82599_RXD_LEGACY_STATUS = 12,   /* 1 byte */
    I82599_RXD_LEGACY_ERRORS = 13,   /* 1 byte */
};
enum i82599_desctype { /* SRRCTL.DESCTYPE */
    I82599_DESCTYPE_LEGACY = 0, I82599_DESCTYPE_ADVANCED = 1, I82599_DESCTYPE_SPLIT = 2,
    I82599_DESCTYPE_REPLICATE_LARGE = 4, I82599_DESCTYPE_SPLIT_ALWAYS = 5,
};
#define I82599_RXD_DD 0x00000001u
#define I82599_RXD_EOP 0x00000002u
#define I82599_RXD_FLM 0x00000004u /* flow director match */
#define I82599_RXD_VP 0x00000008u /* VLAN packet */
#define I82599_RXD_UDPCS 0x00000010u /* UDP checksum */
#define I82599_RXD_L4CS 0x00000020u /* L4 checksum checked */
#define I82599_RXD_IPCS 0x00000040u /* IPv4 checksum checked */
#define I82599_RXD_PIF 0x00000080u /* by an inexact filter */
#define I82599_RXD_VEXT 0x00000200u
#define I82599_RXD_UDPV 0x00000400u
#define I82599_RXD_LLINT 0x00000800u /* low-latency interrupt */
#define I82599_RXD_TS 0x00010000u
#define I82599_RXD_LB 0x00040000u /* loopback between pools */
#define I82599_RXD_NEXTP_SHIFT 4 /* RSC, not EOP: next descriptor, 19:4 */
#define I82599_RXD_FDIR_LEN 0x00100000u
#define I82599_RXD_FDIR_DROP 0x00200000u
#define I82599_RXD_FDIR_COLL 0x00400000u
#define I82599_RXD_HBO 0x00800000u /* header does not fit */
#define I82599_RXD_RXE 0x20000000u /* MAC error: check sequence, length (stored by SBP) */
#define I82599_RXD_TCPE 0x40000000u
#define I82599_RXD_IPE 0x80000000u
#define I82599_RXD_LEGACY_RXE 0x01
#define I82599_RXD_LEGACY_TCPE 0x40
#define I82599_RXD_LEGACY_IPE 0x80
#define I82599_RXD_RSCCNT_SHIFT 17
#define I82599_RXD_HDRLEN_SHIFT 21
#define I82599_RXD_SPH 0x80000000u
enum i82599_rss_type { /* I82599_RXD_INFO 3:0 */
    I82599_RSS_NONE, I82599_RSS_TCP4, I82599_RSS_IP4, I82599_RSS_TCP6, I82599_RSS_IP6_EX,
    I82599_RSS_IP6, I82599_RSS_TCP6_EX, I82599_RSS_UDP4, I82599_RSS_UDP6, I82599_RSS_UDP6_EX,
    I82599_RSS_FDIR = 15, /* the hash is flow director's id */
};
enum i82599_packet_type { /* I82599_RXD_INFO, in place */
    I82599_RXD_TYPE_IPV4 = 0x0010, I82599_RXD_TYPE_IPV4_EX = 0x0020,
    I82599_RXD_TYPE_IPV6 = 0x0040, I82599_RXD_TYPE_IPV6_EX = 0x0080,
    I82599_RXD_TYPE_TCP = 0x0100, I82599_RXD_TYPE_UDP = 0x0200, I82599_RXD_TYPE_SCTP = 0x0400,
    I82599_RXD_TYPE_NFS = 0x0800, I82599_RXD_TYPE_ESP = 0x1000, I82599_RXD_TYPE_AH = 0x2000,
    I82599_RXD_TYPE_LINKSEC = 0x4000,
    I82599_RXD_TYPE_L2 = 0x8000, /* ethertype filter's index in 6:4 */
};

/* ---- transmit descriptors (7.2.3), 16 bytes; byte offsets ---- */
enum i82599_txd {
    I82599_TXD_ADDRESS = 0, /* 8 bytes */
    I82599_TXD_COMMAND = 8, /* length 15:0, then the bits below */
    I82599_TXD_OLINFO = 12, /* advanced data: STA 3:0, IDX 6:4, CC 7, POPTS 13:8, PAYLEN 31:14 */
    I82599_TXD_STATUS = 12, /* write-back, 4 bytes: bit 0 is DD; also legacy */
    I82599_TXD_LEGACY_CSO = 10, I82599_TXD_LEGACY_CMD = 11, I82599_TXD_LEGACY_CSS = 13,
    I82599_TXD_LEGACY_VLAN = 14,
    /* context */
    I82599_TXC_LENS = 0,    /* IPLEN 8:0, MACLEN 15:9, VLAN 31:16 */
    I82599_TXC_SEQNUM = 4,  /* FCoE and IPsec */
    I82599_TXC_TYPE = 8,    /* IPsec length 8:0, TUCMD 19:9, DTYP 23:20, DEXT 29 */
    I82599_TXC_MSS = 12,    /* IDX 6:4, L4LEN 15:8, MSS 31:16 */
};
#define I82599_TXD_EOP 0x01000000u
#define I82599_TXD_IFCS 0x02000000u
#define I82599_TXD_IC 0x04000000u /* insert checksum at CSO, from CSS */
#define I82599_TXD_RS 0x08000000u
#define I82599_TXD_DEXT 0x20000000u
#define I82599_TXD_VLE 0x40000000u
#define I82599_TXD_TSE 0x80000000u
#define I82599_TXD_DTYP_SHIFT 20
#define I82599_TXD_DTYP_CONTEXT 2
#define I82599_TXD_DTYP_DATA 3
#define I82599_TXD_DD 0x00000001u
#define I82599_TXD_IDX_SHIFT 4
#define I82599_TXD_CC 0x00000080u /* check context: there is one */
#define I82599_TXD_POPTS_IXSM 0x01 /* these three in POPTS, OLINFO 13:8 */
#define I82599_TXD_POPTS_TXSM 0x02
#define I82599_TXD_POPTS_IPSEC 0x04
#define I82599_TXD_PAYLEN_SHIFT 14
#define I82599_TXD_TUCMD_IPV4 0x00000400u
#define I82599_TXD_TUCMD_L4T_SHIFT 11 /* 0 UDP, 1 TCP, 2 SCTP */
#define I82599_TXD_TUCMD_FCOE 0x00008000u

/* ---- AUTOC.LMS, LINKS.SPEED ---- */
enum i82599_lms {
    I82599_LMS_1G = 0, I82599_LMS_10G_PARALLEL = 1, I82599_LMS_1G_AN = 2, I82599_LMS_10G_SERIAL = 3,
    I82599_LMS_KX = 4, I82599_LMS_SGMII = 5, I82599_LMS_KX_1G_AN = 6, I82599_LMS_KX_SGMII = 7,
};
enum { I82599_SPEED_100M = 1, I82599_SPEED_1G = 2, I82599_SPEED_10G = 3 };

/* ---- EEPROM (6.1), words ---- */
enum i82599_eeprom_word {
    I82599_EEPROM_WORDS = 2048,
    I82599_EE_CONTROL_1 = 0x00, I82599_EE_CONTROL_2 = 0x01,
    I82599_EE_BLOCK_FIRST = 0x03, /* pointers to blocks, each led by its length */
    I82599_EE_PCIE_ANALOG = 0x03, I82599_EE_CORE0 = 0x09, I82599_EE_MAC0 = 0x0b,
    I82599_EE_CSR0 = 0x0d, I82599_EE_BLOCK_LAST = 0x0e,
    I82599_EE_FIRMWARE = 0x0f,
    I82599_EE_PBA0 = 0x15, I82599_EE_PBA1 = 0x16, I82599_EE_ISCSI_FCOE = 0x17,
    I82599_EE_ETS = 0x26, I82599_EE_ALT_SAN_MAC = 0x27, I82599_EE_SAN_MAC = 0x28,
    I82599_EE_NVM_VERSION = 0x29, I82599_EE_SFP_INIT = 0x2b, I82599_EE_DEVICE_CAPS = 0x2c,
    I82599_EE_EETRACK_LO = 0x2d, I82599_EE_EETRACK_HI = 0x2e, I82599_EE_VPD = 0x2f,
    I82599_EE_CHECKSUM = 0x3f,
    I82599_EE_SUM = 0xbaba,
    I82599_EE_PBA_GUARD = 0xfafa,
    I82599_EE_CAPS_ANY_SFP = 1 << 0,
    I82599_EE_CAPS_NO_CROSSTALK_WR = 1 << 7,
    /* SPI commands of the EEPROM */
    I82599_SPI_WRSR = 1, I82599_SPI_WRITE = 2, I82599_SPI_READ = 3, I82599_SPI_WRDI = 4,
    I82599_SPI_RDSR = 5, I82599_SPI_WREN = 6,
};

/* ---- the I2C device in the SFP+ cage (SFF-8472): its two addresses ---- */
enum { I82599_SFP_A0 = 0xa0, I82599_SFP_A2 = 0xa2 };

#endif
