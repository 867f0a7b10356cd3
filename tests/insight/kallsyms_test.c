/* SPDX-License-Identifier: Apache-2.0 */
/* The symbol decoder on images made by fake_kernel.h. */
#include "check.h"

#include <zlib.h>

#include "fake_kernel.h"
#include "insight/symbols.h"

#define AFTER(n) (FAKE_LINK + FAKE_TEXT + (uint64_t)FAKE_STEP * (n))

static struct symbols *load(const struct fake_kernel *k)
{
    struct symbols *s = NULL;
    struct err err = { 0 };

    if (symbols_load_image(&s, k->bytes, k->len, &err))
        check_fail(__FILE__, __LINE__, err.text);
    return s;
}

/* What the loader says of these bytes: "" if it took them. */
static const char *load_error(const void *bytes, size_t len)
{
    static struct err err;
    struct symbols *s = NULL;

    err.text[0] = 0;
    if (symbols_load_image(&s, bytes, len, &err) == 0)
        symbols_free(s);
    else
        CHECK(s == NULL && err.text[0]);
    return err.text;
}

static void check_every_symbol(uint32_t numbered, enum kallsyms_encoding encoding)
{
    struct fake_kernel *k = fake_kernel(numbered, encoding);
    struct symbols *s = load(k);

    if (s) {
        CHECK_EQ_U64(symbols_count(s), k->count);
        CHECK_EQ_U64(symbols_image_count(s), k->count);
        for (uint32_t i = 0; i < k->count && i < symbols_count(s); i++) {
            const struct symbol *sym = symbols_get(s, i);

            CHECK_EQ_U64(sym->address, k->symbols[i].address);
            CHECK_EQ_STR(sym->name, k->symbols[i].text + 1);
            CHECK_EQ_U64((uint64_t)sym->type, (uint64_t)k->symbols[i].text[0]);
            CHECK(!sym->module);
        }
        CHECK(!symbols_get(s, k->count));
    }
    symbols_free(s);
    free(k);
}

/* The marker boundaries: one marker, exactly full ones, an odd and an even number of them. */
static void test_every_symbol_decodes_at_every_marker_boundary(void)
{
    static const uint32_t numbered[] = { 0, 1, 239, 240, 241, 496, 497, 700, 1000 };

    for (size_t i = 0; i < ARRAY_LEN(numbered); i++)
        check_every_symbol(numbered[i], KALLSYMS_BASE);
}

static void test_place_relative_offsets_decode(void)
{
    check_every_symbol(5, KALLSYMS_PLACE);
    check_every_symbol(600, KALLSYMS_PLACE);
}

static void test_absolute_percpu_offsets_decode(void)
{
    check_every_symbol(5, KALLSYMS_PERCPU);
    check_every_symbol(600, KALLSYMS_PERCPU);
}

static void test_gzip_and_efi_zboot_decode_to_the_same(void)
{
    struct fake_kernel *k = fake_kernel(300, KALLSYMS_BASE);
    uint8_t *packed = calloc(1, FAKE_BYTES_MAX + 64);
    z_stream z = { .next_in = k->bytes, .avail_in = (uInt)k->len, .next_out = packed + 64,
                   .avail_out = FAKE_BYTES_MAX };
    size_t len;

    CHECK(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    len = z.total_out;
    deflateEnd(&z);
    CHECK_EQ_STR(load_error(packed + 64, len), "");
    CHECK(strstr(load_error(packed + 64, len - 20), "cut short"));
    packed[64 + len / 2] ^= 0x55;
    CHECK(load_error(packed + 64, len)[0]);
    packed[64 + len / 2] ^= 0x55;

    memcpy(packed, "MZ\0\0zimg", 8);
    le32_put(packed + 8, 64);
    le32_put(packed + 12, (uint32_t)len);
    strcpy((char *)packed + 24, "gzip");
    CHECK_EQ_STR(load_error(packed, 64 + len), "");
    strcpy((char *)packed + 24, "zstd22");
    CHECK(strstr(load_error(packed, 64 + len), "zstd22 compression"));
    strcpy((char *)packed + 24, "gzip");
    CHECK(strstr(load_error(packed, 64 + len - 1), "outside the file"));
    CHECK(strstr(load_error(packed, 30), "cut short"));
    free(packed);
    free(k);
}

static void test_other_files_are_named_for_what_they_are(void)
{
    CHECK(strstr(load_error("\x7f" "ELF\2\1\1", 7), "ELF"));
    CHECK(strstr(load_error("\x28\xb5\x2f\xfdxxxx", 8), "zstd"));
    CHECK(strstr(load_error("", 0), "not a RISC-V Linux Image"));
    CHECK(strstr(load_error("hello, world", 12), "not a RISC-V Linux Image"));
}

static void test_find_takes_the_exact_name_first_then_what_the_compiler_made_of_it(void)
{
    struct fake_kernel *k = fake_kernel(10, KALLSYMS_BASE);
    struct symbols *s = load(k);
    const struct symbol *found[4];

    CHECK_EQ_U64(symbols_find(s, "sym007_readv"), AFTER(7));
    CHECK_EQ_U64(symbols_find(s, "ksys_read"), AFTER(10) + 0x60);
    CHECK_EQ_U64(symbols_find(s, "nvme_prep_rq"), AFTER(10) + 0x10);
    CHECK_EQ_U64(symbols_find(s, "nvme_prep_rq.part.0"), AFTER(10) + 0x10);
    CHECK_EQ_U64(symbols_find(s, "nvme_prep"), 0);
    CHECK_EQ_U64(symbols_find(s, "gone"), 0);         /* only .cold parts are left of it */
    CHECK_EQ_U64(symbols_find(s, "gone.cold"), AFTER(10) + 0x20);
    CHECK_EQ_U64(symbols_find(s, ""), 0);
    CHECK_EQ_U64(symbols_find(s, "zzz"), 0);
    CHECK_EQ_U64(symbols_find(s, "both"), AFTER(10) + 0x70);     /* code before data */
    CHECK_EQ_U64(symbols_find_all(s, "both", found, 4), 2);
    CHECK_EQ_U64(symbols_find_all(s, "twice", found, 1), 2);
    CHECK_EQ_STR(found[0]->name, "twice.constprop.0.isra.12");
    symbols_free(s);
    free(k);
}

static void test_at_names_the_nearest_symbol_below(void)
{
    struct fake_kernel *k = fake_kernel(10, KALLSYMS_BASE);
    struct symbols *s = load(k);
    uint64_t offset = 99;
    const struct symbol *sym = symbols_at(s, AFTER(3) + 0xf, &offset);

    CHECK(sym && strcmp(sym->name, "sym003_readv") == 0);
    CHECK_EQ_U64(offset, 0xf);
    sym = symbols_at(s, AFTER(10) + 0xa2, NULL);
    CHECK(sym && strcmp(sym->name, "alias_a") == 0);
    sym = symbols_at(s, FAKE_LINK, &offset);
    CHECK(sym && strcmp(sym->name, "_start") == 0 && offset == 0);
    CHECK(!symbols_at(s, FAKE_LINK - 1, NULL));
    CHECK(symbols_at(s, AFTER(10) + 0xff, NULL));
    CHECK(!symbols_at(s, AFTER(10) + 0x100, NULL));   /* _end: the first byte after the image */
    CHECK(!symbols_at(s, 0, NULL));
    CHECK(!symbols_at(s, UINT64_MAX, NULL));
    symbols_free(s);
    free(k);
}

/* Each table contradicts another one when a word of it changes. */
static void test_a_wrong_table_is_refused(void)
{
    static const struct { const char *part; size_t at_field; unsigned skip; } wrong[] = {
        { "num_syms", offsetof(struct fake_kernel, names), 0 },
        { "markers", offsetof(struct fake_kernel, markers), 4 },
        { "token_index", offsetof(struct fake_kernel, token_index), 2 * 'q' },
        { "offsets", offsetof(struct fake_kernel, offsets), 4 * 100 + 3 },
    };
    struct fake_kernel *k = fake_kernel(600, KALLSYMS_BASE);

    CHECK_EQ_STR(load_error(k->bytes, k->len), "");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        size_t at = *(size_t *)(void *)((char *)k + wrong[i].at_field) + wrong[i].skip;

        if (i == 0)
            at -= 8;
        k->bytes[at] ^= 0x81;
        if (!load_error(k->bytes, k->len)[0])
            check_fail(__FILE__, __LINE__, wrong[i].part);
        k->bytes[at] ^= 0x81;
    }
    memset(k->bytes + k->tables_end - 3, 0, 3);       /* seqs_of_names: symbol 0 twice */
    CHECK(strstr(load_error(k->bytes, k->len), "addresses"));
    free(k);
}

static void test_a_truncated_image_is_an_error(void)
{
    struct fake_kernel *k = fake_kernel(300, KALLSYMS_BASE);

    for (size_t len = 0; len < k->tables_end; len += 7) {
        uint8_t *copy = malloc(len ? len : 1);        /* so that a sanitizer sees the end */

        memcpy(copy, k->bytes, len);
        CHECK(load_error(copy, len)[0]);
        free(copy);
    }
    free(k);
}

static void test_random_damage_is_survived(void)
{
    struct fake_kernel *k = fake_kernel(300, KALLSYMS_BASE);
    uint64_t state = 0x9e3779b97f4a7c15;
    unsigned refused = 0;

    for (unsigned round = 0; round < 3000; round++) {
        uint8_t *copy = malloc(k->len);
        unsigned flips = 1 + (unsigned)(fake_random(&state) % 8);

        memcpy(copy, k->bytes, k->len);
        while (flips--) {
            size_t at = 0x40 + (size_t)(fake_random(&state) % (k->tables_end - 0x40));

            copy[at] = (uint8_t)fake_random(&state);
        }
        refused += load_error(copy, k->len)[0] != 0;
        free(copy);
    }
    CHECK(refused > 1000 && refused < 3000);          /* a flip in a name may give a name */
    free(k);
}

/* A start of a token table every 20 bytes.  What this and the next one check is the test's time
 * limit: a search that begins anew at each of them must still end. */
static void test_many_false_token_tables_cost_little(void)
{
    static const char digits[20] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
    size_t len = (size_t)4 << 20;
    uint8_t *bytes = calloc(1, len);

    memcpy(bytes + 0x38, "RSC\x05", 4);
    for (size_t at = 0x40; at + 20 <= len; at += 20)
        memcpy(bytes + at, digits, 20);
    CHECK(load_error(bytes, len)[0]);
    free(bytes);
}

/* Names of 8 bytes each, so that the list can be entered at every 8 bytes and meets all markers
 * from each of 256 places, and only its last name is bad. */
static void test_many_false_starts_of_the_names_cost_little(void)
{
    struct fake_kernel *k = fake_kernel(1, KALLSYMS_BASE);
    uint32_t marks = 600, count = marks * 256 - 0xf9;
    size_t names = 0x1000, markers = names + (size_t)8 * 256 * marks;
    size_t tail = k->tables_end - k->token_table, len = markers + 4 * marks + tail;
    uint8_t *bytes = calloc(1, len);

    CHECK_EQ_U64(count & 0xff, 7);                    /* num_syms and a name's length byte too */
    memcpy(bytes + 0x38, "RSC\x05", 4);
    for (size_t at = names - 8; at < markers; at += 8)
        le32_put(bytes + at, count);
    bytes[markers - 8] = 0;
    for (uint32_t i = 0; i < marks; i++)
        le32_put(bytes + markers + 4 * i, i * 2048);
    memcpy(bytes + markers + 4 * marks, k->bytes + k->token_table, tail);
    CHECK(strstr(load_error(bytes, len), "no list of names"));
    bytes[markers - 8] = 7;           /* with a good last name the one right start is found */
    CHECK(strstr(load_error(bytes, len), "no addresses"));
    free(bytes);
    free(k);
}

TEST_MAIN(test_every_symbol_decodes_at_every_marker_boundary, test_place_relative_offsets_decode,
          test_absolute_percpu_offsets_decode, test_gzip_and_efi_zboot_decode_to_the_same,
          test_other_files_are_named_for_what_they_are,
          test_find_takes_the_exact_name_first_then_what_the_compiler_made_of_it,
          test_at_names_the_nearest_symbol_below, test_a_wrong_table_is_refused,
          test_a_truncated_image_is_an_error, test_random_damage_is_survived,
          test_many_false_token_tables_cost_little,
          test_many_false_starts_of_the_names_cost_little)
