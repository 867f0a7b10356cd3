/* SPDX-License-Identifier: Apache-2.0 */
/* IMSIC (AIA 1.0 chapter 3): each hart's two interrupt files.  Messages come in through memory;
 * the hart looks in through its *iselect, *ireg and *topei CSRs, by the functions below. */
#ifndef IRQ_IMSIC_H
#define IRQ_IMSIC_H

#include "bus/device.h"
#include "spec/imsic.h"

#define IMSIC_WORDS ((IMSIC_IDENTITIES + 1) / 64)

struct imsic_config {
    unsigned harts; /* 1 to IMSIC_HARTS_MAX */
};

struct imsic;

/* One interrupt file.  Invariant: its output line is up exactly when eidelivery is 1 and
 * imsic_topei() is not 0; every function that changes the state restores that. */
struct imsic_file {
    struct imsic *imsic;
    struct line *output;
    unsigned hart, number; /* the mip bit that the output is */
    /* Trace record that made each identity pending.  Belongs to this recording, so it is neither
     * state nor in snapshots. */
    uint64_t cause[IMSIC_IDENTITIES + 1];
    /* state */
    uint64_t eip[IMSIC_WORDS], eie[IMSIC_WORDS];
    uint32_t eidelivery, eithreshold;
};

struct imsic {
    struct clock *clock;
    struct trace *trace;
    unsigned source;
    unsigned harts;
    struct bank m_bank, s_bank;
    struct region m_region, s_region;
    struct line meip[IMSIC_HARTS_MAX], seip[IMSIC_HARTS_MAX]; /* outputs, by hart */
    struct imsic_file m[IMSIC_HARTS_MAX], s[IMSIC_HARTS_MAX]; /* by hart */
};

extern const struct device_class imsic_class;

/* What mtopei or stopei reads (AIA 3.10): the lowest identity that is pending, enabled and below
 * a nonzero eithreshold, in bits 26:16 and again in 10:0; 0 if there is none. */
uint32_t imsic_topei(const struct imsic_file *file);

/* A write to *topei: the interrupt that imsic_topei() reports is no longer pending.  Returns what
 * was reported. */
uint32_t imsic_claim(struct imsic_file *file);

/* A read or write of *ireg on RV64 while *iselect holds `select`.  -1: illegal instruction
 * (outside 0x70 to 0xff, or an odd number in the arrays); reserved numbers read 0. */
int imsic_ireg_read(const struct imsic_file *file, unsigned select, uint64_t *value);
int imsic_ireg_write(struct imsic_file *file, unsigned select, uint64_t value);

/* The trace record that made the reported interrupt pending; 0 when there is none. */
uint64_t imsic_cause(const struct imsic_file *file);

#endif
