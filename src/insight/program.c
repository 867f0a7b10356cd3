/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/program.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

enum { REG_RA = 1, REG_SP = 2, REGS = 32 };

struct function {
    uint64_t address, size;
    const char *name;
};

struct program {
    char *bytes;
    Elf *elf;
    Dwarf *dwarf; /* NULL: no lines are known */
    struct function *function; /* by address */
    size_t functions, function_capacity;
    Elf_Data *symbols; /* of .symtab; NULL: none */
    size_t symbol_count, names; /* names: the section of strings */
};

static int by_address(const void *a, const void *b)
{
    const struct function *x = a, *y = b;

    if (x->address != y->address)
        return (x->address > y->address) - (x->address < y->address);
    return strcmp(x->name, y->name);
}

static void read_symbols(struct program *p)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    GElf_Sym s;

    while ((section = elf_nextscn(p->elf, section)) && !p->symbols)
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB && header.sh_entsize) {
            p->symbols = elf_getdata(section, NULL);
            p->symbol_count = p->symbols ? p->symbols->d_size / header.sh_entsize : 0;
            p->names = header.sh_link;
        }
    if (p->symbol_count > INT32_MAX)
        p->symbol_count = 0;
    for (size_t i = 0; i < p->symbol_count; i++) {
        const char *name;

        /* What is written in assembly may have no type. */
        if (!gelf_getsym(p->symbols, (int)i, &s) || s.st_shndx == SHN_UNDEF ||
            s.st_shndx == SHN_ABS ||
            (GELF_ST_TYPE(s.st_info) != STT_FUNC && GELF_ST_TYPE(s.st_info) != STT_NOTYPE) ||
            !(name = elf_strptr(p->elf, p->names, s.st_name)) || !*name || *name == '.' || *name == '$')
            continue;
        array_reserve(&p->function, &p->function_capacity, p->functions + 1, sizeof *p->function);
        p->function[p->functions++] = (struct function){s.st_value, s.st_size, name};
    }
    if (p->functions)
        qsort(p->function, p->functions, sizeof *p->function, by_address);
}

struct program *program_new(const void *elf, size_t size, struct err *err)
{
    struct program *p = xcalloc(1, sizeof *p);
    GElf_Ehdr header;

    (void)elf_version(EV_CURRENT);
    p->bytes = xcalloc(size + 1, 1);
    memcpy(p->bytes, elf, size);
    p->elf = size ? elf_memory(p->bytes, size) : NULL;
    if (!p->elf || elf_kind(p->elf) != ELF_K_ELF || !gelf_getehdr(p->elf, &header) ||
        header.e_machine != EM_RISCV) {
        err_set(err, "this is no ELF file of RISC-V");
        program_free(p);
        return NULL;
    }
    read_symbols(p);
    p->dwarf = dwarf_begin_elf(p->elf, DWARF_C_READ, NULL);
    return p;
}

void program_free(struct program *p)
{
    if (!p)
        return;
    if (p->dwarf)
        dwarf_end(p->dwarf);
    if (p->elf)
        elf_end(p->elf);
    free(p->function);
    free(p->bytes);
    free(p);
}

/* ---- symbols ---- */

static const struct function *function_at(const struct program *p, uint64_t pc)
{
    size_t low = 0, high = p->functions;
    const struct function *f;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (p->function[middle].address <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return NULL;
    f = &p->function[low - 1];
    /* Labels in front of data follow each other without sizes: code alone is asked for, nearby. */
    return pc - f->address < (f->size ? f->size : 4096) ? f : NULL;
}

bool program_symbol(const struct program *p, const char *name, uint64_t *address)
{
    GElf_Sym s;

    for (size_t i = 0; i < p->symbol_count; i++) {
        const char *its;

        if (gelf_getsym(p->symbols, (int)i, &s) && s.st_shndx != SHN_UNDEF &&
            (its = elf_strptr(p->elf, p->names, s.st_name)) && !strcmp(its, name)) {
            *address = s.st_value;
            return true;
        }
    }
    return false;
}

/* ---- lines ---- */

static void line_of(Dwarf_Die *unit, uint64_t pc, struct program_place *place)
{
    Dwarf_Line *line = NULL;
    Dwarf_Lines *lines;
    size_t count = 0;
    int number;

    /* Of several at one address the last is that of the instruction: the others have none. */
    if (dwarf_getsrclines(unit, &lines, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *at = dwarf_onesrcline(lines, i);
        Dwarf_Addr address;
        bool end;

        if (dwarf_lineaddr(at, &address) || dwarf_lineendsequence(at, &end))
            return;
        if (address <= pc)
            line = end ? NULL : at;
    }
    if (!line || dwarf_lineno(line, &number))
        return;
    place->file = dwarf_linesrc(line, NULL, NULL);
    place->line = number > 0 ? (unsigned)number : 0;
}

/* Where the inlined function was called from. */
static void call_of(Dwarf_Die *unit, Dwarf_Die *inlined, struct program_place *place)
{
    Dwarf_Attribute attribute;
    Dwarf_Files *files;
    Dwarf_Word file, line;
    size_t count;

    place->file = NULL;
    place->line = 0;
    if (!dwarf_attr(inlined, DW_AT_call_file, &attribute) ||
        dwarf_formudata(&attribute, &file) || dwarf_getsrcfiles(unit, &files, &count) ||
        file >= count || !dwarf_attr(inlined, DW_AT_call_line, &attribute) ||
        dwarf_formudata(&attribute, &line))
        return;
    place->file = dwarf_filesrc(files, file, NULL, NULL);
    place->line = line <= INT32_MAX ? (unsigned)line : 0;
}

static const char *name_of(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));

    return name ? name : "?";
}

size_t program_places(struct program *p, uint64_t pc, struct program_place *places, size_t max)
{
    const struct function *f = function_at(p, pc);
    struct program_place place = {.function = f ? f->name : "?", .offset = f ? pc - f->address : 0};
    Dwarf_Die unit, *inner = NULL, *scopes = NULL;
    size_t n = 0;
    int count;

    if (!f || !max)
        return 0;
    if (!p->dwarf || !dwarf_addrdie(p->dwarf, pc, &unit)) {
        places[0] = place;
        return 1;
    }
    line_of(&unit, pc, &place);
    /* Around an inlined function dwarf_getscopes goes on with where it is written, not with where it is
     * called: only its first is what we want. */
    count = dwarf_getscopes(&unit, pc, &inner);
    if (count > 0)
        count = dwarf_getscopes_die(&inner[0], &scopes);
    for (int i = 0; i < count && n < max; i++) {
        int tag = dwarf_tag(&scopes[i]);

        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        place.function = name_of(&scopes[i]);
        places[n++] = place;
        if (tag == DW_TAG_subprogram)
            break;
        call_of(&unit, &scopes[i], &place);
    }
    free(inner);
    free(scopes);
    if (!n)
        places[n++] = place;
    return n;
}

/* ---- callers ---- */

struct memory {
    int (*read)(void *ctx, uint64_t address, uint64_t *value);
    void *ctx;
};

/* The few forms that gcc writes: register + offset, CFA + offset. */
static bool address_of(const Dwarf_Op *op, size_t count, const struct program_frame *f, uint64_t cfa,
                       uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned atom = op[i].atom;

        if (atom == DW_OP_call_frame_cfa)
            v = cfa;
        else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
            v = f->x[atom - DW_OP_breg0] + op[i].number;
        else if (atom == DW_OP_bregx && op[i].number < REGS)
            v = f->x[op[i].number] + op[i].number2;
        else if (atom == DW_OP_plus_uconst)
            v += op[i].number;
        else
            return false;
    }
    *out = v;
    return count > 0;
}

/* What the register was in the caller. */
static bool restore(Dwarf_Frame *frame, int number, const struct program_frame *f, uint64_t cfa,
                    const struct memory *m, uint64_t *out)
{
    Dwarf_Op memory[3], *op;
    uint64_t address;
    size_t count;

    *out = f->x[number];
    if (dwarf_frame_register(frame, number, memory, &op, &count))
        return false;
    if (!count)
        return true; /* as it is, or of no use to the caller */
    if (op[count - 1].atom == DW_OP_stack_value)
        return address_of(op, count - 1, f, cfa, out);
    return address_of(op, count, f, cfa, &address) && !m->read(m->ctx, address, out);
}

bool program_caller(struct program *p, struct program_frame *frame,
                    int (*read)(void *ctx, uint64_t address, uint64_t *value), void *ctx)
{
    const struct memory memory = {read, ctx};
    struct program_frame caller = *frame;
    Dwarf_CFI *cfi = p->dwarf ? dwarf_getcfi(p->dwarf) : NULL;
    Dwarf_Frame *rules = NULL;
    Dwarf_Op *op;
    uint64_t cfa;
    size_t count;
    bool found = false;

    if (!cfi || dwarf_cfi_addrframe(cfi, frame->pc, &rules))
        return false;
    if (!dwarf_frame_cfa(rules, &op, &count) && address_of(op, count, frame, 0, &cfa)) {
        found = true;
        for (int i = 1; i < REGS && found; i++)
            if (i != REG_SP)
                found = restore(rules, i, frame, cfa, &memory, &caller.x[i]);
        caller.x[REG_SP] = cfa;
        caller.pc = caller.x[REG_RA];
    }
    free(rules);
    found = found && caller.pc && (caller.pc != frame->pc || caller.x[REG_SP] != frame->x[REG_SP]);
    if (found)
        *frame = caller;
    return found;
}
