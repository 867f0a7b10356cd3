/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols of an ELF file, on one made here: what is taken, with which letter, and what becomes of
 * damaged ones. */
#include "check.h"

#include <stdlib.h>

#include "base/bits.h"
#include "insight/elf_symbols.h"
#include "insight/symbols.h"

enum { HEADER = 64, SYMBOLS_AT = 64, SYMBOL = 24, NAMES_AT = 512, SECTIONS_AT = 1024, SECTION = 64,
       BYTES = 2048, NAMES_BYTES = 256 };
enum { NOTYPE, OBJECT, FUNCTION, SECTION_SYMBOL, FILE_SYMBOL, LOCAL = 0, GLOBAL = 16 };

/* Sections: 0 none, 1 code, 2 data, 3 symbols, 4 names. */
struct elf {
    uint8_t bytes[BYTES];
    unsigned symbols, names;
};

static uint8_t *header_of(struct elf *e, unsigned section)
{
    return e->bytes + SECTIONS_AT + section * SECTION;
}

static void place(struct elf *e, unsigned section, uint32_t type, uint64_t flags, uint64_t at,
                  uint64_t size)
{
    uint8_t *h = header_of(e, section);

    le32_put(h + 4, type);
    le64_put(h + 8, flags);
    le64_put(h + 24, at);
    le64_put(h + 32, size);
}

static void add(struct elf *e, const char *name, uint8_t info, uint16_t section, uint64_t value,
                uint64_t size)
{
    uint8_t *s = e->bytes + SYMBOLS_AT + e->symbols++ * SYMBOL;

    le32_put(s, e->names);
    s[4] = info;
    le16_put(s + 6, section);
    le64_put(s + 8, value);
    le64_put(s + 16, size);
    memcpy(e->bytes + NAMES_AT + e->names, name, strlen(name) + 1);
    e->names += (unsigned)strlen(name) + 1;
    le64_put(header_of(e, 3) + 32, (uint64_t)e->symbols * SYMBOL);
}

static struct elf *make(void)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    struct elf *e = calloc(1, sizeof *e);

    memcpy(e->bytes, ident, sizeof ident);
    le16_put(e->bytes + 18, 243);
    le64_put(e->bytes + 40, SECTIONS_AT);
    le16_put(e->bytes + 58, SECTION);
    le16_put(e->bytes + 60, 5);
    place(e, 1, 1, 6, 0, 0);
    place(e, 2, 1, 3, 0, 0);
    place(e, 3, 2, 0, SYMBOLS_AT, 0);
    place(e, 4, 3, 0, NAMES_AT, NAMES_BYTES);
    le32_put(header_of(e, 3) + 40, 4);
    e->names = 1;
    add(e, "", 0, 0, 0, 0);
    add(e, "main", GLOBAL | FUNCTION, 1, 0x80000100, 0x40);
    add(e, "helper.constprop.0", LOCAL | FUNCTION, 1, 0x80000140, 0x10);
    add(e, "trap_in", GLOBAL | NOTYPE, 1, 0x80000000, 0);
    add(e, "table", LOCAL | OBJECT, 2, 0x80001000, 0x100);
    add(e, "$x", LOCAL | NOTYPE, 1, 0x80000000, 0);
    add(e, "main.c", LOCAL | FILE_SYMBOL, 0xfff1, 0, 0);
    add(e, "absolute", GLOBAL | NOTYPE, 0xfff1, 0x1234, 0);
    add(e, "elsewhere", GLOBAL | NOTYPE, 0, 0, 0);
    return e;
}

static void test_symbols_are_found_with_their_letters(void)
{
    static const struct {
        const char *name;
        uint64_t address;
        char type;
    } want[] = {{"trap_in", 0x80000000, 'T'}, {"main", 0x80000100, 'T'},
                {"helper.constprop.0", 0x80000140, 't'}, {"table", 0x80001000, 'd'}};
    struct elf *e = make();
    struct symbols *s = NULL;
    uint64_t offset = 0;

    CHECK(elf_has_symbols(e->bytes, BYTES));
    CHECK(symbols_load_image(&s, e->bytes, BYTES, NULL) == 0);
    if (s) {
        CHECK_EQ_U64(symbols_count(s), 4);
        for (size_t i = 0; i < 4 && i < symbols_count(s); i++) {
            CHECK_EQ_STR(symbols_get(s, i)->name, want[i].name);
            CHECK_EQ_U64(symbols_get(s, i)->address, want[i].address);
            CHECK_EQ_U64((uint64_t)symbols_get(s, i)->type, (uint64_t)want[i].type);
        }
        CHECK_EQ_U64(symbols_find(s, "helper"), 0x80000140);
        CHECK_EQ_U64(symbols_find(s, "absolute"), 0);
        CHECK_EQ_STR(symbols_at(s, 0x80000120, &offset)->name, "main");
        CHECK_EQ_U64(offset, 0x20);
        CHECK(!symbols_at(s, 0x80001100, &offset)); /* behind the last */
        CHECK(!symbols_at(s, 0x7fffffff, &offset));
        CHECK(!symbols_btf(s));
    }
    symbols_free(s);
    free(e);
}

static bool refused(struct elf *e, size_t len)
{
    struct symbols *s = NULL;
    struct err err = {0};
    int rc = symbols_load_image(&s, e->bytes, len, &err);

    if (!rc)
        symbols_free(s);
    return rc && err.text[0];
}

static void test_what_points_outside_is_refused(void)
{
    static const struct {
        unsigned section, at;
        uint64_t value;
    } bad[] = {{3, 24, BYTES}, {3, 24, UINT64_MAX - 10}, {3, 32, UINT64_MAX - 1}, {4, 24, BYTES},
               {4, 32, UINT64_MAX}, {4, 32, 2}};
    struct elf *e;

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        e = make();
        le64_put(header_of(e, bad[i].section) + bad[i].at, bad[i].value);
        CHECK(refused(e, BYTES));
        free(e);
    }
    e = make();
    le32_put(header_of(e, 3) + 40, 99); /* names in a section that is not there */
    CHECK(refused(e, BYTES));
    free(e);
    e = make();
    memset(e->bytes + NAMES_AT + 1, 'x', NAMES_BYTES); /* no end of any name */
    CHECK(refused(e, BYTES));
    free(e);
}

static void test_any_length_and_any_byte_is_survived(void)
{
    struct elf *e = make(), *damaged = make();
    uint64_t random = 1;

    for (size_t len = 0; len < BYTES; len++)
        CHECK(refused(e, len) || len >= SECTIONS_AT + 5 * SECTION);
    for (unsigned i = 0; i < 20000; i++) {
        *damaged = *e;
        for (unsigned k = 0; k < 3; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            damaged->bytes[(random >> 33) % BYTES] = (uint8_t)(random >> 56);
        }
        (void)refused(damaged, BYTES);
    }
    free(e);
    free(damaged);
}

TEST_MAIN(test_symbols_are_found_with_their_letters, test_what_points_outside_is_refused,
          test_any_length_and_any_byte_is_survived)
