/* SPDX-License-Identifier: Apache-2.0 */
/* Control and status registers: the numbers and what the rest of the hart shares with them. */
#ifndef CPU_HART_CSR_H
#define CPU_HART_CSR_H

#include "cpu/hart/hart.h"

/* Numbers that others than csr.c know. */
enum {
    CSR_FFLAGS = 0x001, CSR_FRM, CSR_FCSR,
    CSR_SSTATUS = 0x100, CSR_STVEC = 0x105,
    CSR_SSCRATCH = 0x140, CSR_SEPC, CSR_SCAUSE, CSR_STVAL,
    CSR_MTVEC = 0x305,
    CSR_MSCRATCH = 0x340, CSR_MEPC, CSR_MCAUSE, CSR_MTVAL,
};

#define SSTATUS_WRITABLE \
    (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)
/* mstatus bits that sstatus shows; SD is derived. */
#define SSTATUS_READABLE (SSTATUS_WRITABLE | MSTATUS_UXL)

/* Floating point is on (mstatus.FS is not Off). */
static inline bool hart_fp_on(const struct hart *h)
{
    return (h->mstatus & MSTATUS_FS) != 0;
}

#endif
