/* SPDX-License-Identifier: Apache-2.0 */
/* Marks: how a program tells the machine where a measured section begins and ends.
 * `slti x0, x0, N` writes no register, so the ISA makes it a hint: other machines do nothing, ours
 * records the time, the number and a0 (docs/trace.md).  It is one instruction, so it measures
 * itself least. */
#ifndef LABS_LIB_MARK_H
#define LABS_LIB_MARK_H

#include <stdint.h>

/* N is a constant from 1 to 2047.  The compiler moves no access to memory over it. */
#define mark(N) __asm__ volatile("slti x0, x0, %0" :: "i"(N) : "memory")

/* The same with a value (a size, a count: the x of a series). */
#define mark_value(N, value) \
    do { \
        register uint64_t a0_ __asm__("a0") = (uint64_t)(value); \
        __asm__ volatile("slti x0, x0, %0" :: "i"(N), "r"(a0_) : "memory"); \
    } while (0)

#endif
