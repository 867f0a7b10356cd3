/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V Advanced Interrupt Architecture 1.0, chapter 3: the incoming MSI controller, placed as on
 * QEMU's `virt` board: one page a hart and level, no guest interrupt files. */
#ifndef SPEC_IMSIC_H
#define SPEC_IMSIC_H

#include "spec/virt.h"

#define IMSIC_HARTS_MAX VIRT_HARTS_MAX
#define IMSIC_M_BASE VIRT_IMSIC_M_BASE
#define IMSIC_S_BASE VIRT_IMSIC_S_BASE
#define IMSIC_PAGE_BYTES 0x1000
#define IMSIC_IDENTITIES 255 /* the greatest; one less than a multiple of 64 (AIA 3.1) */

/*  name               offset size view repeat step reset rw w1c flags what it is */
#define IMSIC_REGS(R) \
    R(IMSIC_SETEIPNUM_LE, 0x000, 4, 1, IMSIC_HARTS_MAX, IMSIC_PAGE_BYTES, 0, 0xffffffff, 0, \
      REG_FX_W | REG_NO_STORE, "writing an identity makes it pending at that hart; reads 0")

/* Values of *iselect (AIA 3.7). */
#define IMSIC_SELECT_FIRST 0x70
#define IMSIC_EIDELIVERY 0x70
#define IMSIC_EITHRESHOLD 0x72
#define IMSIC_EIP0 0x80
#define IMSIC_EIE0 0xc0
#define IMSIC_SELECT_LAST 0xff

/* The *topei CSRs (AIA 3.10): the identity, and the same number again as its priority. */
#define IMSIC_TOPEI_IDENTITY_LSB 16
#define IMSIC_TOPEI_IDENTITY_BITS 11

#endif
