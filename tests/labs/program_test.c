/* SPDX-License-Identifier: Apache-2.0 */
/* Functions, lines and callers of a lab's ELF file, and of the same with damage.
 *     program_test ELF */
#include "insight/program.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "host/file.h"
#include "tests/check.h"

#include <stdlib.h>

#define ROUNDS 1000

/* For LeakSanitizer: in damaged DWARF dwarf_getscopes gives up without freeing what it has. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libdw";
}

static uint8_t *bytes;
static size_t size;
static struct err err;

/* A stack on which every word is somewhere in the program. */
static int read_code(void *ctx, uint64_t address, uint64_t *value)
{
    const uint64_t *base = ctx;

    *value = *base + hash_u64(HASH_START, address) % 0x2000;
    return address % 7 == 6;
}

/* All that can be asked, of places all over the program. */
static unsigned ask(struct program *p, uint64_t base)
{
    unsigned known = 0;

    for (uint64_t pc = base - 64; pc < base + 0x2000; pc += 62) {
        struct program_place place[8];
        struct program_frame frame = {.pc = pc};
        size_t n = program_places(p, pc, place, 8);

        CHECK(n <= 8);
        for (size_t i = 0; i < n; i++) {
            CHECK(strlen(place[i].function) < 100000);
            known += place[i].file && place[i].line && strlen(place[i].file) > 0;
        }
        for (unsigned i = 0; i < 32; i++)
            frame.x[i] = base + 16 * i;
        for (unsigned i = 0; i < 12; i++)
            if (!program_caller(p, &frame, read_code, &base))
                break;
    }
    return known;
}

static void test_functions_and_lines(void)
{
    struct program *p = program_new(bytes, size, &err);
    struct program_place place[8];
    uint64_t at, none;
    size_t n;

    CHECK(p != NULL);
    if (!p)
        return;
    CHECK(program_symbol(p, "main", &at));
    CHECK(!program_symbol(p, "no_such_function", &none));
    n = program_places(p, at, place, 8);
    CHECK(n > 0);
    if (n) {
        CHECK_EQ_STR(place[n - 1].function, "main");
        CHECK(place[n - 1].file && strstr(place[n - 1].file, "main.c"));
        CHECK(place[n - 1].line > 1);
    }
    CHECK_EQ_U64(program_places(p, 0x1234, place, 8), 0);
    CHECK_EQ_U64(program_places(p, UINT64_MAX, place, 8), 0);
    CHECK(ask(p, at) > 100);
    program_free(p);
}

static void test_no_elf_is_told(void)
{
    uint8_t *copy = xcalloc(size, 1);

    memcpy(copy, bytes, size);
    copy[18] = 62; /* e_machine: another one's */
    CHECK(!program_new(copy, size, &err));
    CHECK(strstr(err.text, "RISC-V") != NULL);
    CHECK(!program_new("hello", 5, &err));
    CHECK(!program_new("", 0, &err));
    for (size_t cut = 1; cut < size; cut = cut * 3 / 2 + 1) {
        struct program *p = program_new(bytes, cut, &err);

        if (p)
            ask(p, 0x80000000);
        program_free(p);
    }
    free(copy);
}

/* Bytes anywhere, and some in the headers, where they matter. */
static void test_damage_does_no_harm(void)
{
    uint8_t *copy = xcalloc(size, 1);
    unsigned known = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct program *p;

        memcpy(copy, bytes, size);
        for (unsigned i = 0; i <= round % 16; i++) {
            uint64_t h = hash_u64(hash_u64(HASH_START, round), i);

            copy[h % (round % 3 ? size : 64)] = (uint8_t)(h >> 40);
        }
        p = program_new(copy, size, &err);
        if (p)
            known += ask(p, 0x80000000) > 0;
        program_free(p);
    }
    CHECK(known > ROUNDS / 20);
    free(copy);
}

#define main run_all
int run_all(int argc, char **argv);
TEST_MAIN(test_functions_and_lines, test_no_elf_is_told, test_damage_does_no_harm)
#undef main

int main(int argc, char **argv)
{
    int status;

    if (argc < 2 || file_read("program", argv[1], UINT64_C(1) << 24, &bytes, &size, &err)) {
        fprintf(stderr, "program_test: %s\n", argc < 2 ? "which ELF file?" : err.text);
        return 1;
    }
    argv[1] = argv[0];
    status = run_all(argc - 1, argv + 1);
    free(bytes);
    return status;
}
