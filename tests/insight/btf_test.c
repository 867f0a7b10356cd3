/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "fake_kernel.h"

struct section {
    struct fake_btf parts;
    uint8_t         bytes[8192];
    size_t          len;
    struct btf     *btf;
};

static void setup(struct section *s)
{
    struct err err = { 0 };

    fake_types(&s->parts);
    s->len = fake_btf_bytes(&s->parts, s->bytes);
    s->btf = NULL;
    if (btf_open(&s->btf, s->bytes, s->len, &err))
        check_fail(__FILE__, __LINE__, err.text);
}

static void check_member(const struct section *s, const char *name, const char *path, uint64_t bit,
                         uint64_t bits)
{
    struct btf_member m = { 0 };
    struct err err = { 0 };

    if (btf_member(s->btf, name, path, &m, &err)) {
        check_fail(__FILE__, __LINE__, err.text);
        return;
    }
    CHECK_EQ_U64(m.bit_offset, bit);
    CHECK_EQ_U64(m.bit_size, bits);
}

static void test_members_are_found_by_path(void)
{
    struct section s;

    setup(&s);
    check_member(&s, "module", "kallsyms", 8 * FAKE_MODULE_KALLSYMS, 64);
    check_member(&s, "module", "name", 8 * FAKE_MODULE_NAME, 8 * FAKE_MODULE_NAME_LEN);
    check_member(&s, "module", "name[3]", 8 * FAKE_MODULE_NAME + 24, 8);
    check_member(&s, "module", "core_kallsyms.num_symtab", 8 * (160 + FAKE_KS_NUM), 32);
    check_member(&s, "module", "mem[2].base",
                 8 * (FAKE_MODULE_MEM + 2 * FAKE_MEM_BYTES + FAKE_MEM_BASE), 64);
    btf_free(s.btf);
}

static void test_anonymous_members_belong_to_the_struct_around_them(void)
{
    struct section s;

    setup(&s);
    check_member(&s, "outer", "b", 64, 32);
    check_member(&s, "outer", "d", 64, 8);
    /* c[1].prev: through an anonymous union and struct, an array, const and a typedef. */
    check_member(&s, "outer", "c[1].prev", 64 + 64 + 128 + 64, 64);
    btf_free(s.btf);
}

static void test_bit_fields_have_their_own_size(void)
{
    struct section s;

    setup(&s);
    check_member(&s, "outer", "low", 640, 3);
    check_member(&s, "outer", "high", 643, 29);
    check_member(&s, "outer", "a", 0, 32);
    btf_free(s.btf);
}

static void test_types_answer_for_themselves(void)
{
    struct section s;
    struct btf_member m;
    int64_t value = 0;

    setup(&s);
    CHECK(btf_member(s.btf, "module", "mem", &m, NULL) == 0);
    CHECK_EQ_U64(btf_array_len(s.btf, m.type), FAKE_MODULE_MEMS);
    CHECK_EQ_STR(btf_name(s.btf, btf_target(s.btf, m.type)), "module_memory");
    CHECK_EQ_U64(btf_size_bytes(s.btf, m.type), FAKE_MODULE_MEMS * FAKE_MEM_BYTES);
    CHECK(btf_enumerator(s.btf, "MODULE_STATE_UNFORMED", &value) == 0);
    CHECK_EQ_U64((uint64_t)value, FAKE_STATE_UNFORMED);
    CHECK(btf_enumerator(s.btf, "BIG_ONE", &value) == 0);
    CHECK_EQ_U64((uint64_t)value, 0x12345678fffffffe);
    CHECK(btf_enumerator(s.btf, "NO_SUCH", &value) == -1);
    CHECK_EQ_U64(btf_kind(s.btf, 0), BTF_VOID);
    CHECK_EQ_U64(btf_kind(s.btf, 12345), BTF_VOID);
    CHECK_EQ_STR(btf_name(s.btf, 12345), "");
    btf_free(s.btf);
}

static void test_wrong_paths_are_errors_that_name_the_place(void)
{
    static const struct { const char *name, *path, *says; } wrong[] = {
        { "nowhere", "x", "no struct nowhere" },
        { "module", "nam", "no member \"nam\"" },
        { "module", "names", "no member \"names\"" },
        { "module", "", "no member \"\"" },
        { "module", "mem[3].base", "no element 3" },
        { "module", "mem[].base", "not an index" },
        { "module", "mem[99999999999999999999]", "no element" },
        { "module", "name[1][0]", "no element 0" },
        { "module", "kallsyms.symtab", "not in a struct" },
        { "module", "list.", "no member \"\"" },
        { "module", "name[1]x", "not a path" },
    };
    struct section s;

    setup(&s);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct btf_member m;
        struct err err = { 0 };

        CHECK(btf_member(s.btf, wrong[i].name, wrong[i].path, &m, &err) == -1);
        if (!strstr(err.text, wrong[i].says))
            CHECK_EQ_STR(err.text, wrong[i].says);
    }
    btf_free(s.btf);
}

/* struct a { struct { struct a; }; } and typedefs in a ring: C cannot say it, a file can. */
static void test_types_that_contain_themselves_end(void)
{
    struct section s;
    struct fake_btf *b = &s.parts;
    struct btf_member m;
    uint32_t type;

    fake_types(b);
    type = fake_type(b, "ring", BTF_STRUCT, 9, false, 8);
    for (unsigned i = 0; i < 8; i++)             /* 8 ways down at each of 16 levels */
        fake_member(b, "", type, 0);
    fake_member(b, "t", type + 1, 0);
    fake_type(b, "ring_t", BTF_TYPEDEF, 0, false, type + 1);
    fake_array(b, type + 2, 1, 0xffffffff);
    s.len = fake_btf_bytes(b, s.bytes);
    CHECK(btf_open(&s.btf, s.bytes, s.len, NULL) == 0);
    CHECK(btf_member(s.btf, "ring", "nothing", &m, NULL) == -1);
    CHECK_EQ_U64(btf_bare(s.btf, type + 1), 0);
    CHECK_EQ_U64(btf_size_bytes(s.btf, type + 2), 0);
    btf_free(s.btf);
}

static void test_strings_begin_and_end_with_a_nul(void)
{
    struct section s;

    setup(&s);
    btf_free(s.btf);
    s.bytes[s.len - 1] = 'x';                    /* else the last name would run out of it */
    CHECK(btf_open(&s.btf, s.bytes, s.len, NULL) == -1);
    s.bytes[s.len - 1] = 0;
    s.bytes[24 + s.parts.types_len] = 'x';       /* offset 0 means: no name */
    CHECK(btf_open(&s.btf, s.bytes, s.len, NULL) == -1);
}

static void test_truncated_and_damaged_sections_are_survived(void)
{
    struct section s;
    uint64_t state = 12345;

    setup(&s);
    btf_free(s.btf);
    for (size_t len = 0; len < s.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);

        memcpy(copy, s.bytes, len);
        CHECK(btf_open(&s.btf, copy, len, NULL) == -1);
        free(copy);
    }
    for (unsigned round = 0; round < 5000; round++) {
        uint8_t *copy = malloc(s.len);
        struct btf_member m;
        struct btf *btf;
        int64_t value;

        memcpy(copy, s.bytes, s.len);
        for (unsigned flips = 1 + round % 6; flips; flips--)
            copy[fake_random(&state) % s.len] = (uint8_t)fake_random(&state);
        if (btf_open(&btf, copy, s.len, NULL) == 0) {
            btf_member(btf, "module", "mem[1].base", &m, NULL);
            btf_member(btf, "outer", "c[1].prev", &m, NULL);
            btf_member(btf, "outer", "nothing", &m, NULL);
            btf_enumerator(btf, "NO_SUCH", &value);
            for (uint32_t type = 0; type < 40; type++)
                btf_size_bytes(btf, type);
            btf_free(btf);
        }
        free(copy);
    }
}

TEST_MAIN(test_members_are_found_by_path, test_anonymous_members_belong_to_the_struct_around_them,
          test_bit_fields_have_their_own_size, test_types_answer_for_themselves,
          test_wrong_paths_are_errors_that_name_the_place, test_types_that_contain_themselves_end,
          test_strings_begin_and_end_with_a_nul,
          test_truncated_and_damaged_sections_are_survived)
