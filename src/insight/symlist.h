/* SPDX-License-Identifier: Apache-2.0 */
/* A growing list of symbols and the text that their names live in. */
#ifndef INSIGHT_SYMLIST_H
#define INSIGHT_SYMLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
    uint64_t    address;
    const char *name;
    const char *module;               /* null: the kernel image itself */
    uint32_t    order;                /* place in the kernel's own table: decides among equals */
    char        type;                 /* nm's letter: 't' 'T' code, 'd' 'D' data, ... */
};

struct symlist_text;                  /* a block of names; blocks never move */

struct symlist {
    struct symbol       *items;
    size_t               count, room;
    struct symlist_text *text;
    uint64_t             text_bytes;
};

/* Sizes come from a file or from guest memory, so there is a bound, and running out of memory is
 * an answer and not the end of the program. */
#define SYMLIST_COUNT_MAX (1u << 20)
#define SYMLIST_TEXT_MAX  (UINT64_C(64) << 20)

/* A copy of name[0..len) with a NUL, kept as long as the list; null at the bound. */
const char *symlist_string(struct symlist *list, const char *name, size_t len);

/* Copies the name.  `module` must outlive the list (symlist_string of the same list does).
 * False at the bound: the list stays as it was. */
bool symlist_add(struct symlist *list, uint64_t address, char type, const char *name, size_t len,
                 const char *module);
void symlist_free(struct symlist *list);

static inline bool symbol_is_code(const struct symbol *s)
{
    return s->type == 't' || s->type == 'T' || s->type == 'w' || s->type == 'W';
}

#endif
