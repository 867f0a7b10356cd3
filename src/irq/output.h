/* SPDX-License-Identifier: Apache-2.0 */
/* The wire from an interrupt controller to one interrupt-pending bit of one hart. */
#ifndef IRQ_OUTPUT_H
#define IRQ_OUTPUT_H

#include "bus/line.h"
#include "sim/trace.h"

/* Bits of mip (privileged architecture 3.1.9); also the `number` in irq_hart records, and the pin
 * that the board gives to line_connect. */
enum { MIP_SSIP = 1, MIP_MSIP = 3, MIP_STIP = 5, MIP_MTIP = 7, MIP_SEIP = 9, MIP_MEIP = 11 };

/* Drives the wire.  A change is recorded, and while the hart hears of it the clock's cause is that
 * record: the hart keeps it for the trap that follows.  `cause` is the record that led here. */
static inline void irq_output(struct line *line, struct trace *trace, struct clock *clock,
                              unsigned source, unsigned hart, unsigned number, bool level,
                              uint64_t cause)
{
    uint64_t before = clock->cause, id;

    if (line->level == level)
        return;
    id = trace_irq_hart(trace, source, clock->now, cause, hart, number, level);
    clock->cause = id ? id : cause;
    line_set(line, level);
    clock->cause = before;
}

#endif
