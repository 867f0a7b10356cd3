/* SPDX-License-Identifier: Apache-2.0 */
/* APLIC (AIA 1.0 chapter 4): wires in; out go wires (direct delivery) or messages to IMSICs.
 * Both domains of the board are one device, because a wire belongs to whichever of them the root
 * domain's sourcecfg gives it. */
#ifndef IRQ_APLIC_H
#define IRQ_APLIC_H

#include "bus/device.h"
#include "spec/aplic.h"

/* The requester of its messages. */
#define REQUESTER_APLIC UINT32_C(0x20000)

struct aplic_config {
    unsigned harts; /* 1 to APLIC_HARTS_MAX */
};

enum aplic_level { APLIC_M, APLIC_S, APLIC_DOMAINS }; /* the root domain, and its only child */

struct aplic;

/* Invariants, of each source in each domain (AIA 4.5.2, 4.7); every change restores them:
 *  1. Inactive (also: delegated away, or not delegated here): not pending, not enabled, target 0.
 *  2. Level-sensitive, rectified input low: not pending.
 *  3. Level-sensitive, rectified input high, direct delivery: pending. */
struct aplic_domain {
    struct aplic *aplic;
    enum aplic_level level;
    struct bank bank;
    struct region region;
    struct line *output; /* by hart */
    /* Trace record that made each source pending.  Belongs to this recording, so it is neither
     * state nor in snapshots. */
    uint64_t cause[APLIC_SOURCES + 1];
    /* state */
    uint32_t ip[APLIC_WORDS], ie[APLIC_WORDS];
};

struct aplic {
    struct clock *clock;
    struct trace *trace;
    struct space *space;
    unsigned source;
    unsigned harts;
    /* Outputs of direct delivery, by hart.  Of a hart with an IMSIC leave them unconnected: its
     * eidelivery has no value that would let an APLIC's wire through (AIA 4.5.1). */
    struct line meip[APLIC_HARTS_MAX], seip[APLIC_HARTS_MAX];
    bool sending; /* a message is being written; what happens meanwhile waits for `more` */
    /* state */
    struct aplic_domain domain[APLIC_DOMAINS];
    uint32_t input[APLIC_WORDS];
    struct event more;
};

extern const struct device_class aplic_class;

/* The wire of source 1 to APLIC_SOURCES; fits line_connect. */
void aplic_drive(void *aplic, unsigned source, bool level);

#endif
