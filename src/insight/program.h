/* SPDX-License-Identifier: Apache-2.0 */
/* A bare-metal program's ELF file as people know it: functions, source lines, who called whom.  From
 * .symtab, and from DWARF by libdw (docs/decisions/0020-libdw-for-source-lines.md).  What is damaged
 * or missing is not known; nothing else comes of it. */
#ifndef INSIGHT_PROGRAM_H
#define INSIGHT_PROGRAM_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct program;

/* The bytes are copied.  NULL with err: that is no ELF file of RISC-V. */
struct program *program_new(const void *elf, size_t size, struct err *err);
void program_free(struct program *p);

struct program_place {
    const char *function; /* never NULL; as long as the program is there */
    const char *file;     /* as it was compiled; NULL: not known */
    unsigned line;
    uint64_t offset; /* from the start of the function, of one without lines */
};

/* Where an address is: the innermost inlined function first, each with the place where it was
 * inlined into the next.  Returns how many (at most max); 0: that is not in the program. */
size_t program_places(struct program *p, uint64_t pc, struct program_place *places, size_t max);

/* The address of a global symbol. */
bool program_symbol(const struct program *p, const char *name, uint64_t *address);

/* Registers x0 to x31 of a frame, and pc. */
struct program_frame {
    uint64_t x[32], pc;
};

/* Makes of the frame that of its caller, whose pc is the call's return address; false: there is none
 * that is known.  `read` gives eight bytes of the program's memory, or nonzero. */
bool program_caller(struct program *p, struct program_frame *frame,
                    int (*read)(void *ctx, uint64_t address, uint64_t *value), void *ctx);

#endif
