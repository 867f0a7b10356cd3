/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V platform-level interrupt controller 1.0.0, sized as on QEMU's `virt` board. */
#ifndef SPEC_PLIC_H
#define SPEC_PLIC_H

#include "spec/virt.h"

#define PLIC_HARTS_MAX VIRT_HARTS_MAX
#define PLIC_CONTEXTS_MAX (2 * PLIC_HARTS_MAX) /* machine, then supervisor, of each hart */
#define PLIC_SOURCES 96                        /* 1 to 95; source 0 does not exist */
#define PLIC_BASE VIRT_PLIC_BASE
#define PLIC_BYTES VIRT_PLIC_BYTES

/*  name          offset    size view repeat step reset rw w1c flags what it is */
#define PLIC_REGS(R) \
    R(PLIC_CLAIM, 0x200004, 4, 1, PLIC_CONTEXTS_MAX, 0x1000, 0, 0xffffffff, 0, \
      REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "read: claim the best interrupt of a context; write: it has been served") \
    R(PLIC_THRESHOLD, 0x200000, 4, 1, PLIC_CONTEXTS_MAX, 0x1000, 0, 7, 0, REG_FX_W, \
      "a context is interrupted by priorities above this") \
    R(PLIC_PRIORITY, 0x000004, 4, 1, PLIC_SOURCES - 1, 4, 0, 7, 0, REG_FX_W, \
      "priority of source 1 and up; 0: never interrupts") \
    R(PLIC_PENDING, 0x001000, 4, 1, PLIC_SOURCES / 32, 4, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "one bit a source") \
    R(PLIC_ENABLE0, 0x002000, 4, 1, PLIC_CONTEXTS_MAX, 0x80, 0, 0xfffffffe, 0, REG_FX_W, \
      "a context takes sources 1 to 31") \
    R(PLIC_ENABLE1, 0x002004, 4, 1, PLIC_CONTEXTS_MAX, 0x80, 0, 0xffffffff, 0, REG_FX_W, \
      "a context takes sources 32 to 63") \
    R(PLIC_ENABLE2, 0x002008, 4, 1, PLIC_CONTEXTS_MAX, 0x80, 0, 0xffffffff, 0, REG_FX_W, \
      "a context takes sources 64 to 95")

#endif
