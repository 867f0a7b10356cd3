/* SPDX-License-Identifier: Apache-2.0 */
/* What every file of the kernel needs. */
#ifndef LABS_KERNEL_KERNEL_H
#define LABS_KERNEL_KERNEL_H

#include "labs/kernel/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A step of the kernel that a timeline names (src/insight/steps/lab_read.def): the compiler leaves
 * it a function of its own, so that it has an address to be seen at. */
#define STEP __attribute__((noinline))

#define PAGE_BYTES 0x1000

extern struct counters counters;

/* The kernel itself is broken: one line, and the machine ends with status 1. */
_Noreturn void panic(const char *what, const char *who);

/* memory.c: pages of 4 KiB, after the kernel's image.  NULL: there is none left. */
void memory_init(void);
void *page_new(void);         /* zeroed */
void page_free(void *page);
/* `count` pages in one piece, zeroed; they stay taken. */
void *pages_new(size_t count);

#endif
