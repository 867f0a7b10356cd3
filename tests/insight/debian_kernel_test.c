/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders on the kernel that the guest really runs.  DOORBELL_GUEST_KERNEL names it (default:
 * the image that `make guest` keeps in ~/.cache/doorbell); DOORBELL_GUEST_KALLSYMS, if set, names a
 * copy of that guest's /proc/kallsyms (as root, kptr_restrict 0) to compare with line by line. */
#include "check.h"

#include <stdlib.h>

#include "base/bits.h"
#include "insight/symbols.h"

static uint8_t        *image;
static size_t          image_len;
static struct symbols *symbols;

static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size;

    if (!f)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)size + 1);
        if (bytes && fread(bytes, 1, (size_t)size, f) == (size_t)size) {
            bytes[size] = 0;
            *len = (size_t)size;
        } else {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(f);
    return bytes;
}

/* Loads the kernel once; false, and the test skipped, if there is none. */
static bool have_kernel(void)
{
    const char *path = getenv("DOORBELL_GUEST_KERNEL"), *home = getenv("HOME");
    char standard[512];
    struct err err;

    if (symbols)
        return true;
    snprintf(standard, sizeof standard, "%s/.cache/doorbell/guest/Image", home ? home : "");
    image = read_file(path ? path : standard, &image_len);
    if (!image) {
        check_skip("no guest kernel (make the guest, or set DOORBELL_GUEST_KERNEL)");
        return false;
    }
    if (symbols_load_image(&symbols, image, image_len, &err)) {
        check_fail(__FILE__, __LINE__, err.text);
        return false;
    }
    return true;
}

static void test_the_markers_of_a_read_are_there(void)
{
    static const char *const names[] = {
        "__riscv_sys_read", "ksys_read", "vfs_read", "filemap_read", "filemap_get_pages",
        "io_schedule", "schedule", "handle_exception", "do_irq", "imsic_handle_irq",
        "_copy_to_iter", "folio_end_read", "ret_from_exception", "do_trap_ecall_u",
        "try_to_wake_up", "submit_bio", "blk_mq_submit_bio",
    };

    if (!have_kernel())
        return;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        uint64_t address = symbols_find(symbols, names[i]), offset = 0;
        const struct symbol *s = symbols_at(symbols, address + 2, &offset);

        if (!address || !s || offset != 2 || s->address != address || !symbol_is_code(s))
            check_fail(__FILE__, __LINE__, names[i]);
    }
}

/* Three facts that the tables do not share: the code bytes at _start are the image's first ones,
 * the kernel's own message names its version, and linux_banner is where that message is. */
static void test_addresses_lead_to_what_they_name(void)
{
    static const char banner[] = "Linux version ";
    uint64_t start, at;

    if (!have_kernel())
        return;
    start = symbols_find(symbols, "_start");
    at = symbols_find(symbols, "linux_banner") - start;
    CHECK(symbols_find(symbols, "linux_banner") && at < image_len - sizeof banner);
    if (at < image_len - sizeof banner && memcmp(image, "\x1f\x8b", 2) != 0)
        CHECK(memcmp(image + at, banner, sizeof banner - 1) == 0);
}

static void test_types_of_the_structures_that_we_walk_are_there(void)
{
    static const struct { const char *name, *path; uint64_t bits; } members[] = {
        { "module", "list.next", 64 }, { "module", "kallsyms", 64 },
        { "module", "mem[0].base", 64 }, { "mod_kallsyms", "num_symtab", 32 },
        { "task_struct", "pid", 32 },
        { "task_struct", "comm", 128 }, { "task_struct", "thread.sp", 64 },
        { "bio", "bi_iter.bi_sector", 64 }, { "page", "compound_head", 64 },
    };
    const struct btf *btf;

    if (!have_kernel())
        return;
    btf = symbols_btf(symbols);
    CHECK(btf != NULL);
    for (size_t i = 0; btf && i < ARRAY_LEN(members); i++) {
        struct btf_member m = { 0 };
        struct err err = { 0 };

        if (btf_member(btf, members[i].name, members[i].path, &m, &err))
            check_fail(__FILE__, __LINE__, err.text);
        CHECK_EQ_U64(m.bit_size, members[i].bits);
        CHECK(m.bit_offset % 8 == 0);
    }
}

static void test_the_image_agrees_with_proc_kallsyms_line_by_line(void)
{
    const char *path = getenv("DOORBELL_GUEST_KALLSYMS");
    char *text, *line;
    size_t len, n = 0, index = 0, wrong = 0;

    if (!path) {
        check_skip("DOORBELL_GUEST_KALLSYMS is not set");
        return;
    }
    if (!have_kernel())
        return;
    text = line = (char *)read_file(path, &len);
    CHECK(text != NULL);
    while (line && *line) {
        char *end = strchr(line, '\n'), want[700];

        if (end)
            *end = 0;
        if (!strchr(line, '\t')) {                    /* "\t[module]" ends all others */
            const struct symbol *s;

            do {
                s = symbols_get(symbols, index++);
            } while (s && s->module);
            if (s)
                snprintf(want, sizeof want, "%016" PRIx64 " %c %s", s->address, s->type, s->name);
            if (!s || strcmp(line, want) != 0)
                wrong++;
            n++;
        }
        line = end ? end + 1 : NULL;
    }
    CHECK_EQ_U64(wrong, 0);
    CHECK_EQ_U64(symbols_image_count(symbols), n);
    free(text);
}

/* Damage inside the real tables.  Few rounds, for each reads megabytes. */
static void test_damage_to_the_real_tables_is_survived(void)
{
    uint64_t state = 88172645463325252, start, span;

    if (!have_kernel())
        return;
    /* The tables end .rodata; __start_rodata to the BTF's end holds both them and the types. */
    start = symbols_find(symbols, "__start_rodata") - symbols_find(symbols, "_start");
    span = symbols_find(symbols, "__stop_BTF") - symbols_find(symbols, "__start_rodata");
    CHECK(start < image_len && span < image_len - start);
    for (unsigned round = 0; start < image_len && span < image_len - start && round < 12; round++) {
        uint8_t *copy = malloc(image_len);
        struct symbols *s;

        memcpy(copy, image, image_len);
        for (unsigned i = 0; i < 200; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            copy[start + state % span] ^= (uint8_t)(state >> 56);
        }
        if (symbols_load_image(&s, copy, round % 2 ? image_len : start + state % span, NULL) == 0)
            symbols_free(s);
        free(copy);
    }
}

TEST_MAIN(test_the_markers_of_a_read_are_there, test_addresses_lead_to_what_they_name,
          test_types_of_the_structures_that_we_walk_are_there,
          test_the_image_agrees_with_proc_kallsyms_line_by_line,
          test_damage_to_the_real_tables_is_survived)
