/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/modules.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define PAGE_BYTES      4096u
#define LIST_MAX        4096u         /* modules; a full Debian desktop loads some 200 */
#define NAME_MAX_BYTES  512u          /* KSYM_NAME_LEN */
/* Entries looked at, over all modules.  RISC-V modules keep hundreds of thousands of assembler
 * labels as symbols (ext4 alone 210 thousand), so the bound is far above what is kept. */
#define ENTRIES_MAX     (UINT64_C(1) << 24)

/* ELF-64 symbol: st_name u32, st_info u8, st_other u8, st_shndx u16, st_value u64, st_size u64. */
#define ELF_SYM_BYTES   24u
#define ELF_SHNDX       6u
#define ELF_VALUE       8u

/* A window on guest memory that is read a page at a time: tables are read in order, so one page
 * for each table makes few calls of many small reads. */
struct peek {
    modules_read_fn read;
    void    *ctx;
    uint64_t page;                    /* address of the page in `bytes` */
    bool     valid;
    uint8_t  bytes[PAGE_BYTES];
};

/* Byte offsets in the kernel's structures. */
struct layout {
    uint64_t list, state, name, name_bytes, kallsyms;
    uint64_t symtab, num_symtab, strtab, typetab;
    uint64_t mem, mem_bytes, mem_count, base, size;
    int64_t  unformed;                /* state of a module that is only a reserved name yet */
};

struct walk {
    struct modules *out;
    struct layout   at;
    uint64_t        entries;
    struct peek     fixed, symtab, strtab, typetab;
};

static bool peek_bytes(struct peek *peek, uint64_t va, void *buf, size_t len)
{
    uint8_t *to = buf;

    while (len) {
        uint64_t page = va - va % PAGE_BYTES;
        size_t part = (size_t)u64_min(len, PAGE_BYTES - va % PAGE_BYTES);

        if (!peek->valid || peek->page != page) {
            peek->valid = peek->read(peek->ctx, page, peek->bytes, PAGE_BYTES) == 0;
            peek->page = page;
            if (!peek->valid)
                return false;
        }
        memcpy(to, peek->bytes + va % PAGE_BYTES, part);
        to += part;
        va += part;
        len -= part;
    }
    return true;
}

static bool peek_number(struct peek *peek, uint64_t va, unsigned size, uint64_t *value)
{
    uint8_t bytes[8];

    if (!peek_bytes(peek, va, bytes, size))
        return false;
    *value = le_get(bytes, size);
    return true;
}

/* A string of at most `max` - 1 characters; what cannot be printed becomes '?', for the text goes
 * to terminals and JSON.  False if it is not mapped or does not end. */
static bool peek_string(struct peek *peek, uint64_t va, char *text, size_t max, size_t *len)
{
    for (*len = 0; *len < max; (*len)++, va++) {
        uint8_t c;

        if (!peek_bytes(peek, va, &c, 1))
            return false;
        if (!c) {
            text[*len] = 0;
            return true;
        }
        text[*len] = c > ' ' && c <= '~' && c != '"' && c != '\\' ? (char)c : '?';
    }
    return false;
}

/* Labels that the assembler made (.L123) and marks of ELF (nameless, $x: instructions from here
 * on) name no function and no datum. */
static bool is_label(const char *name, size_t len)
{
    return !len || name[0] == '$' || (len >= 2 && name[0] == '.' && name[1] == 'L') ||
           (len >= 3 && name[0] == 'L' && name[1] == '0' && name[2] == '?');
}

/* ---- layouts ---- */

static bool member(const struct btf *btf, const char *name, const char *path, uint64_t bytes_max,
                   uint64_t *offset, uint64_t *bytes, struct err *err)
{
    struct btf_member m;

    if (btf_member(btf, name, path, &m, err))
        return false;
    *offset = m.bit_offset / 8;
    *bytes = m.bit_size / 8;
    if (m.bit_offset % 8 || m.bit_size % 8 || !*bytes || *bytes > bytes_max) {
        err_set(err, "BTF: %s.%s has %" PRIu64 " bits at bit %" PRIu64 ": not as expected", name,
                path, m.bit_size, m.bit_offset);
        return false;
    }
    return true;
}

/* A member that is a number or a pointer of just that many bytes. */
static bool scalar(const struct btf *btf, const char *name, const char *path, uint64_t want,
                   uint64_t *offset, struct err *err)
{
    uint64_t bytes;

    if (!member(btf, name, path, want, offset, &bytes, err))
        return false;
    if (bytes == want)
        return true;
    err_set(err, "BTF: %s.%s is not %" PRIu64 " bytes", name, path, want);
    return false;
}

static bool find_layout(struct layout *at, const struct btf *btf, struct err *err)
{
    struct btf_member memories;

    if (!scalar(btf, "module", "list.next", 8, &at->list, err) ||
        !scalar(btf, "module", "state", 4, &at->state, err) ||
        !member(btf, "module", "name", NAME_MAX_BYTES, &at->name, &at->name_bytes, err) ||
        !scalar(btf, "module", "kallsyms", 8, &at->kallsyms, err) ||
        !scalar(btf, "mod_kallsyms", "symtab", 8, &at->symtab, err) ||
        !scalar(btf, "mod_kallsyms", "num_symtab", 4, &at->num_symtab, err) ||
        !scalar(btf, "mod_kallsyms", "strtab", 8, &at->strtab, err) ||
        !scalar(btf, "mod_kallsyms", "typetab", 8, &at->typetab, err) ||
        !scalar(btf, "module_memory", "base", 8, &at->base, err) ||
        !scalar(btf, "module_memory", "size", 4, &at->size, err) ||
        btf_member(btf, "module", "mem", &memories, err))
        return false;
    at->mem = memories.bit_offset / 8;
    at->mem_bytes = btf_size_bytes(btf, btf_target(btf, memories.type));
    at->mem_count = btf_array_len(btf, memories.type);
    if (!at->mem_count || at->mem_count > MODULES_MEMORIES_MAX || at->mem_bytes > PAGE_BYTES) {
        err_set(err, "BTF: module.mem is an array of %" PRIu64 ": not as expected", at->mem_count);
        return false;
    }
    if (btf_enumerator(btf, "MODULE_STATE_UNFORMED", &at->unformed)) {
        err_set(err, "BTF: there is no MODULE_STATE_UNFORMED");
        return false;
    }
    return true;
}

/* ---- one module ---- */

static bool add_memory(struct modules *out, uint64_t base, uint64_t size, const char *module)
{
    if (!base || !size)
        return true;                  /* this module has none of that kind, or no longer */
    if (out->memory_count == out->memory_room) {
        size_t room = out->memory_room ? out->memory_room * 2 : 64;
        struct module_memory *grown = realloc(out->memories, room * sizeof *grown);

        if (!grown)
            return false;
        out->memories = grown;
        out->memory_room = room;
    }
    out->memories[out->memory_count++] = (struct module_memory){
        .base = base, .size_bytes = size, .module = module,
    };
    return true;
}

static int read_memories(struct walk *w, uint64_t module, const char *name, struct err *err)
{
    for (uint64_t i = 0; i < w->at.mem_count; i++) {
        uint64_t at = module + w->at.mem + i * w->at.mem_bytes, base, size;

        if (!peek_number(&w->fixed, at + w->at.base, 8, &base) ||
            !peek_number(&w->fixed, at + w->at.size, 4, &size))
            return err_set(err, "module %s: its struct at 0x%" PRIx64 " cannot be read", name,
                           module);
        if (!add_memory(w->out, base, size, name))
            return err_set(err, "no memory for the module list");
    }
    return 0;
}

static int read_symbols(struct walk *w, uint64_t module, const char *name, struct err *err)
{
    struct peek *fixed = &w->fixed;
    uint64_t table, symtab, count, strtab, typetab;

    if (!peek_number(fixed, module + w->at.kallsyms, 8, &table))
        return err_set(err, "module %s: its struct at 0x%" PRIx64 " cannot be read", name, module);
    if (!table)
        return 0;                     /* still being loaded: its symbols are not set up yet */
    if (!peek_number(fixed, table + w->at.symtab, 8, &symtab) ||
        !peek_number(fixed, table + w->at.num_symtab, 4, &count) ||
        !peek_number(fixed, table + w->at.strtab, 8, &strtab) ||
        !peek_number(fixed, table + w->at.typetab, 8, &typetab))
        return err_set(err, "module %s: its kallsyms at 0x%" PRIx64 " cannot be read", name, table);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t sym[ELF_SYM_BYTES], type;
        char text[NAME_MAX_BYTES];
        size_t len;

        if (++w->entries > ENTRIES_MAX)
            return err_set(err, "module %s: too many symbols (it says %" PRIu64 ")", name, count);
        if (!peek_bytes(&w->symtab, symtab + i * ELF_SYM_BYTES, sym, sizeof sym))
            return err_set(err, "module %s: symbol %" PRIu64 " of %" PRIu64 " at 0x%" PRIx64
                           " cannot be read", name, i, count, symtab + i * ELF_SYM_BYTES);
        if (!le16_get(sym + ELF_SHNDX))
            continue;                 /* SHN_UNDEF: used here, defined elsewhere */
        if (!peek_string(&w->strtab, strtab + le32_get(sym), text, sizeof text, &len) ||
            !peek_bytes(&w->typetab, typetab + i, &type, 1))
            return err_set(err, "module %s: the name or type of symbol %" PRIu64
                           " cannot be read", name, i);
        if (is_label(text, len))
            continue;
        if (type <= ' ' || type > '~')
            type = '?';
        if (!symlist_add(&w->out->symbols, le64_get(sym + ELF_VALUE), (char)type, text, len, name))
            return err_set(err, "module %s: too many symbols to keep", name);
    }
    return 0;
}

static int read_module(struct walk *w, uint64_t module, struct err *err)
{
    char text[NAME_MAX_BYTES];
    uint64_t state;
    const char *name;
    size_t len;

    if (!peek_number(&w->fixed, module + w->at.state, 4, &state) ||
        !peek_string(&w->fixed, module + w->at.name, text, (size_t)w->at.name_bytes, &len))
        return err_set(err, "the module at 0x%" PRIx64 " cannot be read", module);
    if ((int64_t)state == w->at.unformed)
        return 0;
    name = symlist_string(&w->out->symbols, text, len);
    if (!name)
        return err_set(err, "no memory for the module list");
    w->out->module_count++;
    if (read_memories(w, module, name, err))
        return -1;
    return read_symbols(w, module, name, err);
}

static void peek_init(struct peek *peek, modules_read_fn read, void *ctx)
{
    peek->read = read;
    peek->ctx = ctx;
    peek->valid = false;
}

int modules_walk(struct modules *out, const struct btf *btf, uint64_t head, modules_read_fn read,
                 void *ctx, struct err *err)
{
    struct walk w = { .out = out };
    uint64_t node = head;
    bool failed = false;

    *out = (struct modules){ 0 };
    if (!find_layout(&w.at, btf, err))
        return -1;
    peek_init(&w.fixed, read, ctx);
    peek_init(&w.symtab, read, ctx);
    peek_init(&w.strtab, read, ctx);
    peek_init(&w.typetab, read, ctx);
    for (unsigned i = 0; i < LIST_MAX; i++) {
        if (!peek_number(&w.fixed, node, 8, &node))
            return failed ? -1 : err_set(err, "the kernel's module list breaks off at 0x%" PRIx64,
                                         node);
        if (node == head)
            return failed ? -1 : 0;
        if (read_module(&w, node - w.at.list, failed ? NULL : err))
            failed = true;
        if (w.entries > ENTRIES_MAX)
            return -1;
    }
    return failed ? -1 : err_set(err, "the kernel's module list does not end after %u modules",
                                 LIST_MAX);
}

void modules_free(struct modules *modules)
{
    symlist_free(&modules->symbols);
    free(modules->memories);
    *modules = (struct modules){ 0 };
}
