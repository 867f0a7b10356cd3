/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V ACLINT 1.0: machine timer, machine and supervisor software interrupts, laid out as on
 * QEMU's `virt` board (MSWI and MTIMER together are what older trees call a CLINT). */
#ifndef SPEC_ACLINT_H
#define SPEC_ACLINT_H

#include "spec/virt.h"

#define ACLINT_HARTS_MAX VIRT_HARTS_MAX
#define ACLINT_BASE VIRT_ACLINT_BASE
#define ACLINT_BYTES VIRT_ACLINT_BYTES
#define ACLINT_SSWI_BASE VIRT_SSWI_BASE
#define ACLINT_SSWI_BYTES VIRT_SSWI_BYTES

/*  name             offset  size view repeat step reset rw w1c flags what it is */
#define ACLINT_REGS(R) \
    R(ACLINT_MSIP, 0x0000, 4, 1, ACLINT_HARTS_MAX, 4, 0, 1, 0, REG_FX_W, \
      "machine software interrupt of a hart") \
    R(ACLINT_MTIMECMP, 0x4000, 8, 1, ACLINT_HARTS_MAX, 8, ~UINT64_C(0), ~UINT64_C(0), 0, \
      REG_FX_W | REG_HALVES, "machine timer interrupt of a hart is on while mtime >= this") \
    R(ACLINT_MTIME, 0xBFF8, 8, 1, 1, 0, 0, ~UINT64_C(0), 0, REG_FX_R | REG_FX_W | REG_HALVES, \
      "ticks of 100 ns since power-on, unless software has moved it")

/* A region of its own: offsets are from ACLINT_SSWI_BASE. */
#define ACLINT_SSWI_REGS(R) \
    R(ACLINT_SETSSIP, 0x0000, 4, 1, ACLINT_HARTS_MAX, 4, 0, 1, 0, REG_FX_W | REG_NO_STORE, \
      "writing 1 sets a hart's supervisor software interrupt; reads 0")

#define ACLINT_FIELDS(F) \
    F(ACLINT_MSIP, ACLINT_MSIP_PENDING, 0, 1, "interrupt is pending") \
    F(ACLINT_SETSSIP, ACLINT_SETSSIP_EDGE, 0, 1, "send the edge")

#endif
