/* SPDX-License-Identifier: Apache-2.0 */
/* The way into an interrupt and back (privileged spec 12.1.2), with a mark at each step.  What the
 * hart has done by itself when the first instruction runs: it has put the interrupted pc into sepc
 * and the reason into scause, turned interrupts off, and emptied its pipeline.  It has saved no
 * register.
 *
 * The handler is C, so it may change any register that the calling convention does not let it keep
 * (psABI: ra, t0-t6, a0-a7): sixteen, whichever of them it really needs.  s0-s11 it saves itself. */
#include "labs/interrupt-cost/marks.h"

    .equ PC, 128
    .equ FRAME_BYTES, 144 /* psABI: a multiple of 16 */

/* A mark is a hint and takes half a cycle; `marks` 0: none. */
.macro MARK marks, step
    .if \marks
    slti x0, x0, \marks + \step
    .endif
.endm

.macro ENTRY name, handler, marks
    .globl \name
    .balign 4
\name:
    MARK \marks, FIRST
    addi sp, sp, -FRAME_BYTES   /* on the stack of whom it interrupts */
    sd ra,   0(sp)
    sd t0,   8(sp)
    sd t1,  16(sp)
    sd t2,  24(sp)
    sd t3,  32(sp)
    sd t4,  40(sp)
    sd t5,  48(sp)
    sd t6,  56(sp)
    sd a0,  64(sp)
    sd a1,  72(sp)
    sd a2,  80(sp)
    sd a3,  88(sp)
    sd a4,  96(sp)
    sd a5, 104(sp)
    sd a6, 112(sp)
    sd a7, 120(sp)
    csrr t0, sepc               /* an interrupt in the handler would overwrite it */
    sd t0, PC(sp)
    MARK \marks, SAVED
    call \handler
    MARK \marks, HANDLED
    ld t0, PC(sp)
    csrw sepc, t0
    ld ra,   0(sp)
    ld t0,   8(sp)
    ld t1,  16(sp)
    ld t2,  24(sp)
    ld t3,  32(sp)
    ld t4,  40(sp)
    ld t5,  48(sp)
    ld t6,  56(sp)
    ld a0,  64(sp)
    ld a1,  72(sp)
    ld a2,  80(sp)
    ld a3,  88(sp)
    ld a4,  96(sp)
    ld a5, 104(sp)
    ld a6, 112(sp)
    ld a7, 120(sp)
    addi sp, sp, FRAME_BYTES
    MARK \marks, RESTORED
    sret                        /* 3.3.2: to sepc, with interrupts as before */
.endm

    .text
    ENTRY timer_entry, on_timer, TIMER
    ENTRY wire_entry, on_wire, WIRE
    ENTRY message_entry, on_message, MESSAGE
    ENTRY storm_entry, on_storm, 0
