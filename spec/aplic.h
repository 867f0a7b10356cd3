/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V Advanced Interrupt Architecture 1.0, chapter 4: the advanced PLIC, with a machine and a
 * supervisor domain sized and placed as on QEMU's `virt` board. */
#ifndef SPEC_APLIC_H
#define SPEC_APLIC_H

#include "spec/virt.h"

#define APLIC_HARTS_MAX VIRT_HARTS_MAX
#define APLIC_SOURCES VIRT_IRQS /* source 0 does not exist */
#define APLIC_WORDS 4    /* of 32 sources, 0 included */
#define APLIC_M_BASE VIRT_APLIC_M_BASE
#define APLIC_S_BASE VIRT_APLIC_S_BASE
#define APLIC_BYTES VIRT_APLIC_M_BYTES

/* Register views: every domain has bit 0, the root domain also bit 1. */
#define APLIC_VIEW_ROOT 3

/*  name                offset size view repeat step reset rw w1c flags what it is */
#define APLIC_REGS(R) \
    R(APLIC_SETIPNUM_LE, 0x2000, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W | REG_NO_STORE, \
      "make a source pending by number") \
    R(APLIC_CLAIMI, 0x401c, 4, 1, APLIC_HARTS_MAX, 0x20, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "a hart's top interrupt, no longer pending once read") \
    R(APLIC_TOPI, 0x4018, 4, 1, APLIC_HARTS_MAX, 0x20, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "a hart's top interrupt") \
    R(APLIC_ITHRESHOLD, 0x4008, 4, 1, APLIC_HARTS_MAX, 0x20, 0, 0xff, 0, REG_FX_W, \
      "if not 0, priority numbers from this up do not interrupt the hart") \
    R(APLIC_IFORCE, 0x4004, 4, 1, APLIC_HARTS_MAX, 0x20, 0, 1, 0, REG_FX_W, \
      "interrupt the hart for no source") \
    R(APLIC_IDELIVERY, 0x4000, 4, 1, APLIC_HARTS_MAX, 0x20, 0, 1, 0, REG_FX_W, \
      "interrupts are delivered to the hart") \
    R(APLIC_DOMAINCFG, 0x0000, 4, 1, 1, 0, 0x80000000, 0x104, 0, REG_FX_W, \
      "domain configuration") \
    R(APLIC_SOURCECFG, 0x0004, 4, 1, APLIC_SOURCES, 4, 0, 0x7ff, 0, REG_FX_W, \
      "mode or delegation of source 1 and up") \
    R(APLIC_MMSIADDRCFG, 0x1bc0, 4, 2, 1, 0, 0, 0xffffffff, 0, REG_FX_W, \
      "machine MSI addresses: low base page number") \
    R(APLIC_MMSIADDRCFGH, 0x1bc4, 4, 2, 1, 0, 0, 0x9f77ffff, 0, REG_FX_W, \
      "machine MSI addresses: high base page number and the hart index's place") \
    R(APLIC_SMSIADDRCFG, 0x1bc8, 4, 2, 1, 0, 0, 0xffffffff, 0, REG_FX_W, \
      "supervisor MSI addresses: low base page number") \
    R(APLIC_SMSIADDRCFGH, 0x1bcc, 4, 2, 1, 0, 0, 0x00700fff, 0, REG_FX_W, \
      "supervisor MSI addresses: high base page number and the hart index's place") \
    R(APLIC_SETIP, 0x1c00, 4, 1, APLIC_WORDS, 4, 0, 0xffffffff, 0, \
      REG_FX_R | REG_FX_W | REG_NO_STORE, "pending bits; ones written set them") \
    R(APLIC_SETIPNUM, 0x1cdc, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W | REG_NO_STORE, \
      "make a source pending by number") \
    R(APLIC_IN_CLRIP, 0x1d00, 4, 1, APLIC_WORDS, 4, 0, 0xffffffff, 0, \
      REG_FX_R | REG_FX_W | REG_NO_STORE, "rectified inputs; ones written clear pending bits") \
    R(APLIC_CLRIPNUM, 0x1ddc, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W | REG_NO_STORE, \
      "make a source not pending by number") \
    R(APLIC_SETIE, 0x1e00, 4, 1, APLIC_WORDS, 4, 0, 0xffffffff, 0, \
      REG_FX_R | REG_FX_W | REG_NO_STORE, "enable bits; ones written set them") \
    R(APLIC_SETIENUM, 0x1edc, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W | REG_NO_STORE, \
      "enable a source by number") \
    R(APLIC_CLRIE, 0x1f00, 4, 1, APLIC_WORDS, 4, 0, 0xffffffff, 0, REG_FX_W | REG_NO_STORE, \
      "ones written clear enable bits") \
    R(APLIC_CLRIENUM, 0x1fdc, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W | REG_NO_STORE, \
      "disable a source by number") \
    R(APLIC_SETIPNUM_BE, 0x2004, 4, 1, 1, 0, 0, 0xffffffff, 0, REG_FX_W | REG_NO_STORE, \
      "make a source pending by number, in big-endian bytes") \
    R(APLIC_GENMSI, 0x3000, 4, 1, 1, 0, 0, 0xfffc07ff, 0, REG_FX_W, "send an MSI now") \
    R(APLIC_TARGET, 0x3004, 4, 1, APLIC_SOURCES, 4, 0, 0xfffc07ff, 0, REG_FX_W, \
      "hart, and priority or identity, of source 1 and up")

#define APLIC_FIELDS(F) \
    F(APLIC_DOMAINCFG, APLIC_DOMAINCFG_DM, 2, 1, "MSI delivery mode") \
    F(APLIC_DOMAINCFG, APLIC_DOMAINCFG_IE, 8, 1, "interrupts are delivered at all") \
    F(APLIC_SOURCECFG, APLIC_SOURCECFG_SM, 0, 3, "source mode") \
    F(APLIC_SOURCECFG, APLIC_SOURCECFG_D, 10, 1, "delegated to the child domain") \
    F(APLIC_MMSIADDRCFGH, APLIC_MMSIADDRCFGH_PPN, 0, 12, "high base page number") \
    F(APLIC_MMSIADDRCFGH, APLIC_MMSIADDRCFGH_LHXW, 12, 4, "low hart index width") \
    F(APLIC_MMSIADDRCFGH, APLIC_MMSIADDRCFGH_HHXW, 16, 3, "high hart index width") \
    F(APLIC_MMSIADDRCFGH, APLIC_MMSIADDRCFGH_LHXS, 20, 3, "low hart index shift") \
    F(APLIC_MMSIADDRCFGH, APLIC_MMSIADDRCFGH_HHXS, 24, 5, "high hart index shift, less 12") \
    F(APLIC_MMSIADDRCFGH, APLIC_MMSIADDRCFGH_L, 31, 1, "locks the four address registers") \
    F(APLIC_SMSIADDRCFGH, APLIC_SMSIADDRCFGH_PPN, 0, 12, "high base page number") \
    F(APLIC_SMSIADDRCFGH, APLIC_SMSIADDRCFGH_LHXS, 20, 3, "low hart index shift") \
    F(APLIC_TARGET, APLIC_TARGET_IPRIO, 0, 8, "priority number, direct delivery") \
    F(APLIC_TARGET, APLIC_TARGET_EIID, 0, 11, "identity, MSI delivery; the same in genmsi") \
    F(APLIC_TARGET, APLIC_TARGET_HART, 18, 14, "hart index; the same in genmsi") \
    F(APLIC_TOPI, APLIC_TOPI_PRIORITY, 0, 8, "priority number; the same in claimi") \
    F(APLIC_TOPI, APLIC_TOPI_IDENTITY, 16, 10, "source; the same in claimi")

/* Values of sourcecfg.SM.  From EDGE1 on the wire counts, and odd ones are inverted. */
#define APLIC_SM_INACTIVE 0
#define APLIC_SM_DETACHED 1
#define APLIC_SM_EDGE1 4
#define APLIC_SM_EDGE0 5
#define APLIC_SM_LEVEL1 6
#define APLIC_SM_LEVEL0 7

#endif
