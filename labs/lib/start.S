/* SPDX-License-Identifier: Apache-2.0 */
/* Where a lab begins: in machine mode, at the start of RAM, on every hart at once.  On entry a0 is
 * the hart's number and a1 the address of the device tree: the board's reset code sets them.
 * (Privileged spec 3.4: after reset nothing else may be relied on; interrupts are off.) */

#define STACK_BYTES 0x4000

    .section .text.start, "ax"
    .globl _start
_start:
    /* One hart does the lab, the others sleep: with no interrupt enabled, they do so for good. */
    csrw mie, zero
    csrr t0, mhartid
    beqz t0, 2f
1:  wfi
    j 1b

2:  la t0, trap_entry           /* mtvec: direct mode, as the address is a multiple of 4 */
    csrw mtvec, t0
    .option push
    .option norelax             /* gp itself cannot be made from gp */
    la gp, __global_pointer$
    .option pop
    la sp, stack_top

    la t0, bss_begin            /* C expects zeros there; a loader need not have put them */
    la t1, bss_end
3:  bgeu t0, t1, 4f
    sd zero, (t0)
    addi t0, t0, 8
    j 3b

4:  mv a0, a1
    call main                   /* int main(const void *device_tree) */
    call finish                 /* its result is the machine's exit status */

/* Traps.  The trapped code may be anywhere, so all registers that a C function may change are saved
 * (psABI, "integer register convention"); floating point is not used in labs. */
    .text
    .balign 4
trap_entry:
    addi sp, sp, -128
    sd ra,   0(sp)
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
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    call trap
    ld ra,   0(sp)
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
    addi sp, sp, 128
    mret                        /* to mepc, with interrupts as before (privileged spec 3.3.2) */

    .bss
    .balign 16                  /* psABI: the stack is aligned to 16 bytes */
    .space STACK_BYTES
stack_top:
