/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads on one hart: what is needed to change from one to the other, by its own will or in a
 * trap.  A trap keeps its registers on the stack of the thread that it interrupts, so that the handler
 * may change to the other thread; whoever comes back here later goes on where this one was. */

    .equ PC, 128
    .equ STATUS, 136
    .equ FRAME_BYTES, 144

    .text
    .globl thread_trap
    .balign 4
thread_trap:
    addi sp, sp, -FRAME_BYTES
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
    csrr t0, sepc               /* of this trap: the other thread will have traps of its own */
    sd t0, PC(sp)
    csrr t0, sstatus
    sd t0, STATUS(sp)
    call thread_trapped
    ld t0, STATUS(sp)
    csrw sstatus, t0
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
    sret

/* void thread_switch(struct thread *from, const struct thread *to): returns when somebody switches to
 * `from`.  As it is called, the compiler has kept what it needs but for s0-s11 (psABI). */
    .equ SAVED_BYTES, 112

    .globl thread_switch
thread_switch:
    addi sp, sp, -SAVED_BYTES
    sd ra,   0(sp)
    sd s0,   8(sp)
    sd s1,  16(sp)
    sd s2,  24(sp)
    sd s3,  32(sp)
    sd s4,  40(sp)
    sd s5,  48(sp)
    sd s6,  56(sp)
    sd s7,  64(sp)
    sd s8,  72(sp)
    sd s9,  80(sp)
    sd s10, 88(sp)
    sd s11, 96(sp)
    sd sp, 0(a0)
    ld sp, 0(a1)                /* from here on it is the other one */
    ld ra,   0(sp)
    ld s0,   8(sp)
    ld s1,  16(sp)
    ld s2,  24(sp)
    ld s3,  32(sp)
    ld s4,  40(sp)
    ld s5,  48(sp)
    ld s6,  56(sp)
    ld s7,  64(sp)
    ld s8,  72(sp)
    ld s9,  80(sp)
    ld s10, 88(sp)
    ld s11, 96(sp)
    addi sp, sp, SAVED_BYTES
    ret
