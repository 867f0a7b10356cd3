/* SPDX-License-Identifier: Apache-2.0 */
/* The symbol table that every Linux kernel with CONFIG_KALLSYMS carries in its read-only data.
 *
 * Nothing in the Image says where it is, so it is found by content.  From Linux 6.4 on the parts
 * lie in this order, each aligned to 8 bytes (scripts/kallsyms.c):
 *
 *     num_syms       u32
 *     names          per symbol: length (ULEB128, 1 or 2 bytes), then that many token numbers
 *     markers        u32 per 256 symbols: where in `names` symbol 256*i starts
 *     token_table    256 strings, each ended by a NUL; a character that names use stands for itself
 *     token_index    256 u16: where in token_table each string starts
 *     offsets        u32 per symbol, ascending by address
 *     relative_base  u64 (absent from Linux 7.0 on)
 *     seqs_of_names  3 bytes big-endian per symbol: the order by name
 *
 * token_index repeats what token_table says, which makes the pair unmistakable; everything else is
 * reached from there, and each part is checked against another one. */
#ifndef INSIGHT_KALLSYMS_H
#define INSIGHT_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* KSYM_NAME_LEN is 512 from Linux 6.1 on, with the NUL. */
#define KALLSYMS_NAME_MAX 512

/* How the entry o of `offsets` gives an address. */
enum kallsyms_encoding {
    KALLSYMS_BASE,                    /* relative_base + (u32)o: 6.x on RISC-V */
    KALLSYMS_PERCPU,                  /* o >= 0: o itself; else relative_base - 1 - o: x86 SMP */
    KALLSYMS_PLACE,                   /* the entry's own address + (s32)o: from 7.0 on */
};

struct kallsyms {
    const uint8_t *image;             /* borrowed */
    size_t   len;
    uint64_t link_address;            /* virtual address of image[0] */
    uint64_t relative_base;
    uint32_t count;
    enum kallsyms_encoding encoding;
    size_t   names, markers, token_table, token_index, offsets, seqs;    /* offsets in the image */
};

/* Finds and checks the tables.  0, or -1 with `err`; any bytes at all are safe to give. */
int kallsyms_find(struct kallsyms *table, const uint8_t *image, size_t len, uint64_t link_address,
                  struct err *err);

/* Address of symbol i, i < count; ascending in i. */
uint64_t kallsyms_address(const struct kallsyms *table, uint32_t i);

/* Decodes the name at *cursor (0 for the first symbol, then as left by the call before) and moves
 * on to the next.  *type is nm's letter.  0, or -1 with `err` for a name that is empty, too long,
 * or has a character that no symbol has. */
int kallsyms_name(const struct kallsyms *table, size_t *cursor, char *type,
                  char name[KALLSYMS_NAME_MAX], struct err *err);

#endif
