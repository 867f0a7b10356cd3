/* SPDX-License-Identifier: Apache-2.0 */
/* Into the kernel and out of it, and from one thread to another.
 *
 * In the kernel tp points to the thread that runs, and sscratch is 0.  In user mode tp is the
 * program's and sscratch points to the thread: so one swap tells where a trap came from, and gives
 * a register to work with. */
#include "labs/kernel/thread.h"
#include "labs/kernel/trap.h"
#include "labs/lib/csr.h"

    .text
    .balign 4
    .globl trap_in
trap_in:
    csrrw tp, sscratch, tp
    bnez tp, from_user
    csrr tp, sscratch               /* from the kernel: it was the thread itself */
    sd sp, THREAD_SPARE(tp)         /* goes on where its stack is */
    j save
from_user:
    sd sp, THREAD_SPARE(tp)
    ld sp, THREAD_KERNEL_SP(tp)     /* the top of its own kernel stack */
save:
    addi sp, sp, -FRAME_BYTES
    sd x1, 8*1(sp)
    sd x3, 8*3(sp)
    .irp n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd x\n, 8*\n(sp)
    .endr
    ld t0, THREAD_SPARE(tp)
    sd t0, 8*2(sp)
    csrrw t0, sscratch, zero        /* tp of before; from now on we are in the kernel */
    sd t0, 8*4(sp)
    csrr t0, sepc
    sd t0, FRAME_PC(sp)
    csrr t0, sstatus
    sd t0, FRAME_STATUS(sp)
    csrr t0, scause
    sd t0, FRAME_CAUSE(sp)
    csrr t0, stval
    sd t0, FRAME_VALUE(sp)
    .option push
    .option norelax                 /* the program may use gp as it likes */
    la gp, __global_pointer$
    .option pop
    mv a0, sp
    call trap_from                  /* returns with interrupts off */

/* Out of the frame at sp.  A new thread comes here first (process.c makes it a frame). */
    .globl trap_out
trap_out:
    ld t0, FRAME_PC(sp)
    csrw sepc, t0
    ld t0, FRAME_STATUS(sp)
    csrw sstatus, t0
    andi t0, t0, SSTATUS_SPP
    bnez t0, restore                /* back into the kernel: sscratch stays 0 */
    csrw sscratch, tp
restore:
    ld x1, 8*1(sp)
    .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld x\n, 8*\n(sp)
    .endr
    ld sp, 8*2(sp)
    sret                            /* to sepc; mode and interrupt enable as of sstatus */

/* void context_switch(struct thread *from, struct thread *to): called by one thread, returns in the
 * other, from the call that that one made when it last stopped. */
    .globl context_switch
context_switch:
    sd ra, THREAD_CONTEXT(a0)
    sd sp, THREAD_CONTEXT+8(a0)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    sd s\n, THREAD_CONTEXT+16+8*\n(a0)
    .endr
    mv tp, a1
    ld ra, THREAD_CONTEXT(a1)
    ld sp, THREAD_CONTEXT+8(a1)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    ld s\n, THREAD_CONTEXT+16+8*\n(a1)
    .endr
    ret

/* Where a new thread begins: s0 is its function, s1 the argument (thread.c). */
    .globl thread_begin
thread_begin:
    csrsi sstatus, SSTATUS_SIE
    mv a0, s1
    jalr s0
    call thread_end

/* Where a new user thread begins: its frame is at sp. */
    .globl user_begin
user_begin:
    csrci sstatus, SSTATUS_SIE
    j trap_out
