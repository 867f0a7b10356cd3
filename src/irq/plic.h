/* SPDX-License-Identifier: Apache-2.0 */
/* PLIC (RISC-V PLIC specification 1.0.0): level wires in, one wire a hart and level out. */
#ifndef IRQ_PLIC_H
#define IRQ_PLIC_H

#include "bus/device.h"
#include "spec/plic.h"

enum { PLIC_REGS(REG_INDEX) PLIC_REG_COUNT };

#define PLIC_WORDS (PLIC_SOURCES / 32)

struct plic_config {
    unsigned harts; /* 1 to PLIC_HARTS_MAX */
};

/* A source's gateway (PLIC 1.0.0, Interrupt Gateways) is open when neither `pending` nor
 * `claimed` has its bit; only an open gateway turns a high wire into a pending interrupt:
 *
 *     open --wire high: plic_drive--> pending --claim--> claimed --complete--> open
 *
 * A pending interrupt stays when the wire falls: a request that was made is not taken back. */
struct plic {
    struct clock *clock;
    struct trace *trace;
    unsigned source;
    unsigned harts;
    struct reg regs[PLIC_REG_COUNT]; /* the table, with as many contexts as there are */
    struct bank bank;
    struct region region;
    struct line meip[PLIC_HARTS_MAX], seip[PLIC_HARTS_MAX]; /* outputs, by hart */
    /* Trace records of each source's last rise and of its becoming pending.  They belong to this
     * recording, so they are neither state nor in snapshots. */
    uint64_t line_cause[PLIC_SOURCES], pend_cause[PLIC_SOURCES];
    /* state */
    uint32_t input[PLIC_WORDS], pending[PLIC_WORDS], claimed[PLIC_WORDS];
};

extern const struct device_class plic_class;

/* The wire of source 1 to PLIC_SOURCES - 1; fits line_connect. */
void plic_drive(void *plic, unsigned source, bool level);

#endif
