/* SPDX-License-Identifier: Apache-2.0 */
/* Where a program begins, in user mode: the kernel has set sp (process.c). */

    .section .text.start, "ax"
    .globl user_start
user_start:
    call main
    call exit
