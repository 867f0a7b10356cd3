/* SPDX-License-Identifier: Apache-2.0 */
/* Traps: the only ways into the kernel.  See entry.S for how registers are kept. */
#ifndef LABS_KERNEL_TRAP_H
#define LABS_KERNEL_TRAP_H

/* Offsets for entry.S: register xN is at 8 * N, and x0's place holds the pc. */
#define FRAME_PC 0
#define FRAME_STATUS (8 * 32)
#define FRAME_CAUSE (8 * 33)
#define FRAME_VALUE (8 * 34)
#define FRAME_BYTES (8 * 36)

#ifndef __ASSEMBLER__
#include <stdint.h>

/* What was interrupted, on its kernel stack.  `x[0]` is the pc. */
struct frame {
    uint64_t x[32];
    uint64_t status, cause, value; /* sstatus, scause, stval */
    uint64_t pad;
};
_Static_assert(sizeof(struct frame) == FRAME_BYTES, "entry.S counts on it");

enum { X_RA = 1, X_SP = 2, X_A0 = 10, X_A1, X_A2, X_A3, X_A7 = 17 };

void traps_init(void);

/* entry.S: the entry, and the way out of the frame that sp points to. */
void trap_in(void);
void trap_out(void);

/* From entry.S. */
void trap_from(struct frame *frame);

/* syscall.c */
void system_call(struct frame *frame);
const char *system_call_name(uint64_t number);

#endif
#endif
