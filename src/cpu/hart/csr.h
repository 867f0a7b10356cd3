/* SPDX-License-Identifier: Apache-2.0 */
/* Control and status registers: the numbers and what the rest of the hart shares with them. */
#ifndef CPU_HART_CSR_H
#define CPU_HART_CSR_H

#include "cpu/hart/hart.h"

/* Floating point is on (mstatus.FS is not Off). */
static inline bool hart_fp_on(const struct hart *h)
{
    return (h->mstatus & MSTATUS_FS) != 0;
}

#endif
