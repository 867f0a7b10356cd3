/* SPDX-License-Identifier: Apache-2.0 */
/* Names for the guest kernel's addresses, from the kernel image that the distribution ships and
 * from the memory of the running guest: no debug package, nothing installed in the guest. */
#ifndef INSIGHT_SYMBOLS_H
#define INSIGHT_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "insight/btf.h"
#include "insight/modules.h"
#include "insight/symlist.h"

struct symbols;

/* Reads the symbols and types of a kernel image (see kimage.h for the forms it may have), or the
 * symbols of an ELF (elf_symbols.h).  The bytes are not needed afterwards.  0, or -1 with `err`; an
 * image without types is no error. */
int  symbols_load_image(struct symbols **out, const void *bytes, size_t len, struct err *err);
void symbols_free(struct symbols *symbols);

/* Reads the symbols of the modules that the guest has loaded now, in place of those of an earlier
 * call.  `read` gives kernel virtual memory (modules.h).  0, or -1 with `err`; then what could be
 * read is there all the same.  Pointers to `struct symbol` from before are no longer valid. */
int symbols_add_modules(struct symbols *symbols, modules_read_fn read, void *ctx,
                        struct err *err);

/* All symbols, ascending by address; equal addresses in the kernel's own order. */
size_t               symbols_count(const struct symbols *symbols);
const struct symbol *symbols_get(const struct symbols *symbols, size_t i);

/* How many of them are the image's own: the kernel's kallsyms_num_syms. */
size_t symbols_image_count(const struct symbols *symbols);
size_t symbols_module_count(const struct symbols *symbols);

/* The symbols of exactly that name; if there is none, those that the compiler derived from it
 * (".constprop.N", ".isra.N", ".part.N", ".lto_priv.N", and several of them; never ".cold", which
 * is no entry).  In the order of their names; among equal names code before data, the image before
 * modules, the lower address first.  Fills at most `max` pointers; returns how many there are. */
size_t symbols_find_all(const struct symbols *symbols, const char *name,
                        const struct symbol **found, size_t max);

/* Address of the first of them, or 0. */
uint64_t symbols_find(const struct symbols *symbols, const char *name);

/* The symbol that `address` lies in: the nearest one at or below it in the same piece of address
 * space (the image, or one memory of a module), and how far into it.  The kernel's tables have no
 * sizes, so padding after a function counts to it.  Null when nothing of the kernel is there. */
const struct symbol *symbols_at(const struct symbols *symbols, uint64_t address,
                                uint64_t *offset);

/* The kernel's types; null if the image has none. */
const struct btf *symbols_btf(const struct symbols *symbols);

#endif
