/* SPDX-License-Identifier: Apache-2.0 */
/* ACLINT (RISC-V ACLINT 1.0): the machine's time, and each hart's timer and software interrupts. */
#ifndef IRQ_ACLINT_H
#define IRQ_ACLINT_H

#include "bus/device.h"
#include "spec/aclint.h"

struct aclint_config {
    unsigned harts; /* 1 to ACLINT_HARTS_MAX */
};

struct aclint;

/* One hart's comparator. */
struct aclint_timer {
    struct aclint *aclint;
    unsigned hart;
    struct event due; /* when its interrupt next changes by itself */
};

struct aclint {
    struct clock *clock;
    struct trace *trace;
    unsigned source;
    unsigned harts;
    struct bank bank, sswi_bank;
    struct region region, sswi_region;
    /* Outputs by hart.  `ssip` is an edge: it goes up and down again, and the hart latches it. */
    struct line msip[ACLINT_HARTS_MAX], mtip[ACLINT_HARTS_MAX], ssip[ACLINT_HARTS_MAX];
    /* Called when mtime has jumped (software wrote it, reset, a snapshot was loaded): whoever
     * compares with it (Sstc's stimecmp) must look again.  NULL: nobody does. */
    void (*time_moved)(void *ctx);
    void *time_ctx;
    /* state */
    uint64_t offset; /* mtime is the clock's ticks plus this, modulo 2^64 */
    struct aclint_timer timer[ACLINT_HARTS_MAX];
};

extern const struct device_class aclint_class;

/* mtime now, in ticks of 1/VIRT_TIMEBASE_HZ s: also what the time CSR reads. */
uint64_t aclint_time(const struct aclint *a);

/* When the truth of `mtime >= compare` will next change if nobody touches anything; PS_NEVER if
 * that lies beyond the clock's end. */
ps_t aclint_next_change(const struct aclint *a, uint64_t compare);

#endif
