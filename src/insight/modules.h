/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols of the kernel modules that a running guest has loaded, read out of its memory: the list
 * `modules`, each struct module on it, and the ELF symbols that the kernel keeps of it.
 *
 * They are those of the guest's /proc/kallsyms, with two differences: that file raises the letter
 * of exported symbols ('t' to 'T'), here it stays as the linker left it; and the assembler's
 * labels (.L123, $xrv64..., four fifths of a RISC-V module's symbols) are left out. */
#ifndef INSIGHT_MODULES_H
#define INSIGHT_MODULES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "insight/btf.h"
#include "insight/symlist.h"

/* Copies `len` bytes of kernel virtual memory from `va`; 0, or -1 if any of them is not mapped.
 * One call stays within one 4096-byte page. */
typedef int (*modules_read_fn)(void *ctx, uint64_t va, void *buf, size_t len);

#define MODULES_MEMORIES_MAX 16       /* enum mod_mem_type has 7 in Linux 6.12 */

/* One piece of address space that belongs to a module: its code, its data, ... */
struct module_memory {
    uint64_t    base, size_bytes;
    const char *module;
};

struct modules {
    struct symlist        symbols;    /* in the kernel's order: by module, not by address */
    struct module_memory *memories;   /* in no order */
    size_t                memory_count, memory_room, module_count;
};

/* Walks the list whose head is at `head`, with the layouts that `btf` gives.  The guest is not
 * trusted: lists, lengths and strings are bounded, every address may be wrong.  A module that
 * cannot be read is left out and the walk goes on; then the result is -1 with `err` telling the
 * first trouble, and what could be read is in `out` all the same.  modules_free in any case. */
int  modules_walk(struct modules *out, const struct btf *btf, uint64_t head, modules_read_fn read,
                  void *ctx, struct err *err);
void modules_free(struct modules *modules);

#endif
