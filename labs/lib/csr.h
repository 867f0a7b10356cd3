/* SPDX-License-Identifier: Apache-2.0 */
/* Control and status registers.  `csr` is a name or a number that the assembler knows. */
#ifndef LABS_LIB_CSR_H
#define LABS_LIB_CSR_H

#include <stdint.h>

#define CSR_TEXT_(x) #x
#define CSR_TEXT(x) CSR_TEXT_(x)

#define csr_read(csr) \
    ({ uint64_t value_; __asm__ volatile("csrr %0, " CSR_TEXT(csr) : "=r"(value_) :: "memory"); \
       value_; })
#define csr_write(csr, v) \
    __asm__ volatile("csrw " CSR_TEXT(csr) ", %0" :: "rK"((uint64_t)(v)) : "memory")
#define csr_set(csr, bits) \
    __asm__ volatile("csrs " CSR_TEXT(csr) ", %0" :: "rK"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits) \
    __asm__ volatile("csrc " CSR_TEXT(csr) ", %0" :: "rK"((uint64_t)(bits)) : "memory")

/* Privileged spec 3.1.6, 3.1.9, 3.1.15. */
#define MSTATUS_MIE (UINT64_C(1) << 3)
#define MIE_MEIE (UINT64_C(1) << 11)
#define MCAUSE_INTERRUPT (UINT64_C(1) << 63)
#define MCAUSE_MACHINE_EXTERNAL (MCAUSE_INTERRUPT | 11)

/* Indirect access and top external interrupt of the AIA (2.1): no names in older assemblers. */
#define CSR_MISELECT 0x350
#define CSR_MIREG 0x351
#define CSR_MTOPEI 0x35c

#endif
