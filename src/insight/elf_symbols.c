/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/elf_symbols.h"

#include "base/bits.h"

#include <string.h>

/* Offsets in the file header, a section header and a symbol; values. */
enum {
    IDENT_BYTES = 16, IDENT_CLASS = 4, CLASS_64 = 2, IDENT_DATA = 5, DATA_LITTLE = 1,
    FILE_MACHINE = 18, MACHINE_RISCV = 243, FILE_SECTIONS = 40, FILE_SECTION_BYTES = 58,
    FILE_SECTION_COUNT = 60, FILE_BYTES = 64,
    SECTION_TYPE = 4, SECTION_FLAGS = 8, SECTION_OFFSET = 24, SECTION_SIZE = 32, SECTION_LINK = 40,
    SECTION_BYTES = 64, TYPE_SYMTAB = 2, FLAG_EXECUTED = 4,
    SYMBOL_INFO = 4, SYMBOL_SECTION = 6, SYMBOL_VALUE = 8, SYMBOL_SIZE = 16, SYMBOL_BYTES = 24,
    TYPE_NONE = 0, TYPE_OBJECT = 1, TYPE_FUNCTION = 2, BIND_GLOBAL = 1,
    SECTION_NONE = 0, SECTION_RESERVED = 0xff00,
};

struct elf {
    const uint8_t *bytes;
    size_t len;
    uint64_t sections; /* offset of their headers */
    unsigned count;
};

static bool within(const struct elf *e, uint64_t offset, uint64_t size)
{
    return offset <= e->len && size <= e->len - offset;
}

static bool open_elf(struct elf *e, const void *bytes, size_t len)
{
    static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
    const uint8_t *p = bytes;

    *e = (struct elf){.bytes = bytes, .len = len};
    if (len < FILE_BYTES || memcmp(p, magic, sizeof magic) || p[IDENT_CLASS] != CLASS_64 ||
        p[IDENT_DATA] != DATA_LITTLE || le16_get(p + FILE_MACHINE) != MACHINE_RISCV ||
        le16_get(p + FILE_SECTION_BYTES) != SECTION_BYTES)
        return false;
    e->sections = le64_get(p + FILE_SECTIONS);
    e->count = le16_get(p + FILE_SECTION_COUNT);
    return within(e, e->sections, (uint64_t)e->count * SECTION_BYTES);
}

static const uint8_t *section(const struct elf *e, unsigned n)
{
    return n < e->count ? e->bytes + e->sections + (uint64_t)n * SECTION_BYTES : NULL;
}

static const uint8_t *find_table(const struct elf *e)
{
    for (unsigned n = 0; n < e->count; n++)
        if (le32_get(section(e, n) + SECTION_TYPE) == TYPE_SYMTAB)
            return section(e, n);
    return NULL;
}

bool elf_has_symbols(const void *bytes, size_t len)
{
    struct elf e;

    return open_elf(&e, bytes, len) && find_table(&e);
}

/* nm's letter, or 0 for what is of no use here: sections, files, undefined and absolute ones. */
static char letter(const struct elf *e, const uint8_t *symbol)
{
    unsigned in = le16_get(symbol + SYMBOL_SECTION), type = symbol[SYMBOL_INFO] & 15;
    bool global = symbol[SYMBOL_INFO] >> 4 == BIND_GLOBAL, code;
    const uint8_t *s = section(e, in);

    if (in == SECTION_NONE || in >= SECTION_RESERVED || !s ||
        (type != TYPE_NONE && type != TYPE_OBJECT && type != TYPE_FUNCTION))
        return 0;
    /* Labels of assembly have no type. */
    code = type == TYPE_FUNCTION ||
           (type == TYPE_NONE && le64_get(s + SECTION_FLAGS) & FLAG_EXECUTED);
    return code ? (global ? 'T' : 't') : (global ? 'D' : 'd');
}

/* "$x" and ".L..." are the assembler's own. */
static bool is_name(const char *name)
{
    return *name && *name != '$' && *name != '.';
}

static int add(struct symlist *list, const uint8_t *symbol, char type, const char *name,
               size_t room, uint64_t *low, uint64_t *high, struct err *err)
{
    uint64_t address = le64_get(symbol + SYMBOL_VALUE), size = le64_get(symbol + SYMBOL_SIZE);
    uint64_t end = address + (size ? size : 1);

    if (!memchr(name, 0, room))
        return err_set(err, "a symbol's name lies outside of its table");
    if (!is_name(name))
        return 0;
    if (!symlist_add(list, address, type, name, strlen(name), NULL))
        return err_set(err, "the symbols do not fit in memory");
    if (address < *low)
        *low = address;
    if (end > *high && end > address)
        *high = end;
    return 0;
}

int elf_symbols(struct symlist *list, const void *bytes, size_t len, uint64_t *low, uint64_t *high,
                struct err *err)
{
    const uint8_t *table, *names;
    struct elf e;
    uint64_t at, size, text, text_size;

    if (!open_elf(&e, bytes, len) || !(table = find_table(&e)))
        return err_set(err, "no ELF for RISC-V with a symbol table (was it stripped?)");
    names = section(&e, le32_get(table + SECTION_LINK));
    at = le64_get(table + SECTION_OFFSET);
    size = le64_get(table + SECTION_SIZE);
    text = names ? le64_get(names + SECTION_OFFSET) : 0;
    text_size = names ? le64_get(names + SECTION_SIZE) : 0;
    if (!within(&e, at, size) || !names || !within(&e, text, text_size))
        return err_set(err, "the symbol table lies outside of the file");
    *low = UINT64_MAX;
    *high = 0;
    for (; size >= SYMBOL_BYTES; at += SYMBOL_BYTES, size -= SYMBOL_BYTES) {
        const uint8_t *symbol = e.bytes + at;
        uint32_t name = le32_get(symbol);
        char type = letter(&e, symbol);

        if (!type)
            continue;
        if (name >= text_size)
            return err_set(err, "a symbol's name lies outside of its table");
        if (add(list, symbol, type, (const char *)e.bytes + text + name, text_size - name, low,
                high, err))
            return -1;
    }
    return list->count ? 0 : err_set(err, "its symbol table is empty");
}
