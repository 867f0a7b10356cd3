/* SPDX-License-Identifier: Apache-2.0 */
/* Where a lab begins: in machine mode, at the start of RAM, on every hart at once.  On entry a0 is
 * the hart's number and a1 the address of the device tree: the board's reset code sets them.
 * (Privileged spec 3.4: after reset nothing else may be relied on; interrupts are off.)
 *
 * Machine mode is what firmware is for.  Here it gives away all that can be given, and is not seen
 * again; the lab runs in supervisor mode, as a kernel does. */
#include "labs/lib/csr.h"

    .section .text.start, "ax"
    .globl _start
_start:
    /* One hart does the lab, the others sleep: with no interrupt enabled, they do so for good. */
    csrw mie, zero
    csrr t0, mhartid
    beqz t0, 2f
1:  wfi
    j 1b

2:  .option push
    .option norelax             /* gp itself cannot be made from gp */
    la gp, __global_pointer$    /* first of all: `la` may use it from here on */
    .option pop
    li t0, -1
    csrw medeleg, t0            /* 3.1.8: exceptions and interrupts trap to supervisor mode */
    csrw mideleg, t0
    csrw mcounteren, t0         /* 3.1.11: it may read cycle, time and instret, */
    li t0, MENVCFG_SUPERVISOR
    csrw CSR_MENVCFG, t0        /* 3.1.18: and use stimecmp, page types, cache block instructions */
    la t0, 3f
    csrw mtvec, t0              /* (a hart without Smstateen traps here, and goes on) */
    li t0, -1
    csrw CSR_MSTATEEN0, t0      /* Smstateen: and all else, as the interrupt file of the AIA */
    .balign 4
3:  la t0, 1b
    csrw mtvec, t0

    /* 3.7.1: physical memory protection; what the lowest entry says of an address counts.  Nobody
     * may touch what is below the stacks, nor change code; the rest is open. */
    la t0, stack_guard
    srli t0, t0, 2
    ori t1, t0, 0x7ff           /* NAPOT: zero, then n ones: 2^(n + 3) bytes, here 16 KiB */
    csrw pmpaddr0, t1
    la t0, trap_guard
    srli t0, t0, 2
    ori t1, t0, 0x7ff
    csrw pmpaddr1, t1
    la t0, code_begin
    srli t0, t0, 2
    csrw pmpaddr2, t0           /* off, but it is where the next begins */
    la t0, code_end
    srli t0, t0, 2
    csrw pmpaddr3, t0
    li t0, -1
    csrw pmpaddr4, t0           /* all addresses */
    li t0, (PMP_NAPOT | PMP_RWX) << 32 | (PMP_TOR | PMP_RX) << 24 | PMP_NAPOT << 8 | PMP_NAPOT
    csrw pmpcfg0, t0

    li t0, MSTATUS_MPP          /* 3.1.6.1, 3.3.2: mret goes to mepc, in the mode of MPP */
    csrc mstatus, t0
    li t0, MSTATUS_MPP_S
    csrs mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret

    /* From here on in supervisor mode, with interrupts off. */
supervisor:
    csrw satp, zero             /* 12.1.11: no paging */
    csrw sie, zero              /* 12.1.3: no interrupt is enabled */
    la t0, trap_entry           /* 12.1.2: direct mode, as the address is a multiple of 4 */
    csrw stvec, t0
    la t0, trap_stack_top       /* for trap_entry */
    csrw sscratch, t0
    la sp, stack_top

    la t0, bss_begin            /* C expects zeros there; a loader need not have put them */
    la t1, bss_end
4:  bgeu t0, t1, 5f
    sd zero, (t0)
    addi t0, t0, 8
    j 4b

5:  mv a0, a1
    call main                   /* int main(const void *device_tree) */
    call finish                 /* its result is the machine's exit status */
