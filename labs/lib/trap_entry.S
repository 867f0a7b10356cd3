/* SPDX-License-Identifier: Apache-2.0 */
/* The way into a trap and back (privileged spec 12.1.2).  The hart has saved no register: it has
 * set sepc, scause and stval, turned interrupts off (SIE, kept in SPIE), and jumped here. */

    /* struct trap_frame (trap.h). */
    .equ RA, 0
    .equ SP, 128
    .equ PC, 136
    .equ CAUSE, 144
    .equ VALUE, 152
    .equ FRAME_BYTES, 160       /* psABI: a multiple of 16 */

    .text
    .globl trap_entry
    .balign 4
trap_entry:
    /* Traps have a stack of their own, since the other may be what is broken.  sscratch is its top,
     * and zero during a trap.  A trap in a trap is an error that will be reported and not returned
     * from, so it may overwrite what the first has on the stack. */
    csrrw sp, sscratch, sp
    bnez sp, 1f
    la sp, trap_stack_top
1:  addi sp, sp, -FRAME_BYTES
    /* The trapped code may be anywhere, so all registers that a C function may change are saved
     * (psABI, "integer register convention"); there is no floating point in labs. */
    sd ra, RA(sp)
    sd t0,   8(sp)
    sd t1,  16(sp)
    sd t2,  24(sp)
    sd a0,  32(sp)
    sd a1,  40(sp)
    sd a2,  48(sp)
    sd a3,  56(sp)
    sd a4,  64(sp)
    sd a5,  72(sp)
    sd a6,  80(sp)
    sd a7,  88(sp)
    sd t3,  96(sp)
    sd t4, 104(sp)
    sd t5, 112(sp)
    sd t6, 120(sp)
    csrrw t0, sscratch, zero
    sd t0, SP(sp)
    csrr t0, sepc
    sd t0, PC(sp)
    csrr t0, scause
    sd t0, CAUSE(sp)
    csrr t0, stval
    sd t0, VALUE(sp)

    mv a0, sp
    call trap

    ld t0, PC(sp)
    csrw sepc, t0
    addi t0, sp, FRAME_BYTES
    csrw sscratch, t0
    ld ra, RA(sp)
    ld t0,   8(sp)
    ld t1,  16(sp)
    ld t2,  24(sp)
    ld a0,  32(sp)
    ld a1,  40(sp)
    ld a2,  48(sp)
    ld a3,  56(sp)
    ld a4,  64(sp)
    ld a5,  72(sp)
    ld a6,  80(sp)
    ld a7,  88(sp)
    ld t3,  96(sp)
    ld t4, 104(sp)
    ld t5, 112(sp)
    ld t6, 120(sp)
    ld sp, SP(sp)
    sret                        /* to sepc, with interrupts as before (privileged spec 3.3.2) */
