/* SPDX-License-Identifier: Apache-2.0 */
/* The symbols of an ELF file's own table (System V ABI, "Symbol Table"): for kernels that are no
 * Linux.  The file may be anybody's: every offset in it is checked. */
#ifndef INSIGHT_ELF_SYMBOLS_H
#define INSIGHT_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "insight/symlist.h"

/* An ELF64 for RISC-V with a symbol table? */
bool elf_has_symbols(const void *bytes, size_t len);

/* Adds its functions and objects to the list; *low and *high are the ends of what they lie in.  -1
 * with err when the table is damaged or has none. */
int elf_symbols(struct symlist *list, const void *bytes, size_t len, uint64_t *low, uint64_t *high,
                struct err *err);

#endif
