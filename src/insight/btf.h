/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own description of its C types (BTF), as far as reading its structures needs it.
 * Format: Linux Documentation/bpf/btf.rst. */
#ifndef INSIGHT_BTF_H
#define INSIGHT_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct btf;

enum btf_kind {
    BTF_VOID, BTF_INT, BTF_PTR, BTF_ARRAY, BTF_STRUCT, BTF_UNION, BTF_ENUM, BTF_FWD, BTF_TYPEDEF,
    BTF_VOLATILE, BTF_CONST, BTF_RESTRICT, BTF_FUNC, BTF_FUNC_PROTO, BTF_VAR, BTF_DATASEC,
    BTF_FLOAT, BTF_DECL_TAG, BTF_TYPE_TAG, BTF_ENUM64,
    BTF_KINDS
};

/* Where a member lies, counted from the start of the outermost structure. */
struct btf_member {
    uint64_t bit_offset;
    uint64_t bit_size;
    uint32_t type;                    /* as declared, typedefs and qualifiers still on */
};

/* Reads a .BTF section and checks all of it, so that the functions below cannot meet a bad type.
 * `bytes` is borrowed and must outlive the result.  0, or -1 with `err`. */
int  btf_open(struct btf **out, const void *bytes, size_t len, struct err *err);
void btf_free(struct btf *btf);

/* The struct or union of that name (the first, when several files declare their own), or 0. */
uint32_t btf_struct(const struct btf *btf, const char *name);

/* Looks up `path` in the struct or union `name`: member names joined by '.', with [N] after the
 * name of an array: "core_kallsyms.num_symtab", "mem[2].base".  Members of anonymous structs and
 * unions belong to the one around them, as in C.  Pointers are not followed.  0, or -1 with
 * `err`. */
int btf_member(const struct btf *btf, const char *name, const char *path, struct btf_member *out,
               struct err *err);

/* As btf_member, for a type number. */
int btf_type_member(const struct btf *btf, uint32_t type, const char *path,
                    struct btf_member *out, struct err *err);

/* The type without typedefs, const, volatile, restrict and type tags. */
uint32_t      btf_bare(const struct btf *btf, uint32_t type);
enum btf_kind btf_kind(const struct btf *btf, uint32_t type);
const char   *btf_name(const struct btf *btf, uint32_t type);       /* "" for none */
uint64_t      btf_size_bytes(const struct btf *btf, uint32_t type); /* 0: it has no size */

/* What a pointer points to, what an array is of; 0 (void) for other types. */
uint32_t btf_target(const struct btf *btf, uint32_t type);
uint32_t btf_array_len(const struct btf *btf, uint32_t type);

/* The value of an enumerator, looked up in all enums.  0, or -1 if there is none. */
int btf_enumerator(const struct btf *btf, const char *name, int64_t *value);

#endif
