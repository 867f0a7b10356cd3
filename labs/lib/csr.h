/* SPDX-License-Identifier: Apache-2.0 */
/* Control and status registers.  `csr` is a name or a number that the assembler knows. */
#ifndef LABS_LIB_CSR_H
#define LABS_LIB_CSR_H

#ifndef __ASSEMBLER__
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
/* Writes and returns what was there, in one instruction. */
#define csr_swap(csr, v) \
    ({ uint64_t value_; __asm__ volatile("csrrw %0, " CSR_TEXT(csr) ", %1" \
       : "=r"(value_) : "rK"((uint64_t)(v)) : "memory"); value_; })
#define csr_take(csr, bits) /* clears bits and returns what was there */ \
    ({ uint64_t value_; __asm__ volatile("csrrc %0, " CSR_TEXT(csr) ", %1" \
       : "=r"(value_) : "rK"((uint64_t)(bits)) : "memory"); value_; })
#endif

/* Machine mode, for start.S (and tests).  Privileged spec 3.1.6, 3.1.15. */
#define MSTATUS_MIE 0x8
#define MCAUSE_INTERRUPT (UINT64_C(1) << 63)
#define MSTATUS_MPP_S 0x0800
#define MSTATUS_MPP 0x1800
/* 3.1.18: STCE (its timer), PBMTE (page types), CBZE, CBCFE and CBIE (cache blocks are zeroed,
 * cleaned, and on invalidation written back first). */
#define MENVCFG_SUPERVISOR (1 << 63 | 1 << 62 | 1 << 7 | 1 << 6 | 1 << 4)
/* 3.7.1: PMP. */
#define PMP_RX 0x05
#define PMP_RWX 0x07
#define PMP_TOR 0x08
#define PMP_NAPOT 0x18

/* Supervisor mode: 12.1.1, 12.1.3, 12.1.8. */
#define SSTATUS_SIE 0x2
#define SSTATUS_SPIE 0x20
#define SSTATUS_SPP 0x100
#define SIE_SSIE 0x2
#define SIE_STIE 0x20
#define SIE_SEIE 0x200
#define SCAUSE_INTERRUPT_BIT 63
#define SCAUSE_INTERRUPT (UINT64_C(1) << SCAUSE_INTERRUPT_BIT)
#define IRQ_SOFTWARE 1 /* interrupt numbers: of scause, and the bits of sie and sip */
#define IRQ_TIMER 5
#define IRQ_EXTERNAL 9
#define CAUSE_FETCH_FAULT 1 /* exception numbers of scause */
#define CAUSE_ILLEGAL 2
#define CAUSE_BREAKPOINT 3
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_LOAD_FAULT 5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_FAULT 7
#define CAUSE_ECALL_U 8
#define CAUSE_ECALL_S 9
#define CAUSE_FETCH_PAGE 12
#define CAUSE_LOAD_PAGE 13
#define CAUSE_STORE_PAGE 15

/* 12.1.11: the page table's root, and Sv39. */
#define SATP_MODE_SV39 (UINT64_C(8) << 60)

/* By number, for assemblers that do not know the names.  AIA 2.1 (indirect access, top external
 * interrupt); Sstc (the supervisor's own timer); Smstateen. */
#define CSR_SISELECT 0x150
#define CSR_SIREG 0x151
#define CSR_STOPEI 0x15c
#define CSR_STIMECMP 0x14d
#define CSR_MSTATEEN0 0x30c
#define CSR_MENVCFG 0x30a

#endif
