/* SPDX-License-Identifier: Apache-2.0 */
/* The module walker on a guest memory made here, with the structures of fake_kernel.h. */
#include "check.h"

#include "fake_kernel.h"
#include "insight/symbols.h"

#define RAM_BASE  UINT64_C(0xffffffff01000000)
#define RAM_BYTES 0x20000u
#define PAGE      4096u

struct guest {
    struct fake_kernel *kernel;
    struct symbols     *symbols;
    uint64_t            head;         /* address of `modules` */
    uint8_t             head_page[PAGE];
    uint8_t             ram[RAM_BYTES];
    uint32_t            used;
    uint64_t            last;         /* list node to append to */
    uint64_t            calls;
    bool                endless;      /* what is not mapped reads as zero */
};

static uint8_t *at(struct guest *g, uint64_t va)
{
    return va - RAM_BASE < RAM_BYTES ? g->ram + (va - RAM_BASE)
                                     : g->head_page + (va - (g->head & ~(uint64_t)(PAGE - 1)));
}

static int guest_read(void *ctx, uint64_t va, void *buf, size_t len)
{
    struct guest *g = ctx;

    g->calls++;
    CHECK(len <= PAGE - va % PAGE);   /* as modules.h promises */
    if (va - RAM_BASE < RAM_BYTES && len <= RAM_BYTES - (va - RAM_BASE))
        memcpy(buf, g->ram + (va - RAM_BASE), len);
    else if ((va & ~(uint64_t)(PAGE - 1)) == (g->head & ~(uint64_t)(PAGE - 1)))
        memcpy(buf, g->head_page + va % PAGE, len);
    else if (g->endless)
        memset(buf, 0, len);
    else
        return -1;
    return 0;
}

static uint64_t take(struct guest *g, uint32_t bytes)
{
    uint64_t va = RAM_BASE + g->used;

    g->used += (uint32_t)align_up(bytes, 8);
    return va;
}

struct elf_symbol {
    const char *name;
    uint64_t    value;
    uint16_t    section;
    char        type;
};

/* Adds a module at the end of the list; returns the address of its struct. */
static uint64_t add_module(struct guest *g, const char *name, uint64_t base, uint32_t size,
                           const struct elf_symbol *symbols, uint32_t count)
{
    uint64_t module = take(g, 192), ks = take(g, 32), symtab = take(g, 24 * count);
    uint64_t typetab = take(g, count), strtab = take(g, 1);
    uint64_t node = module + FAKE_MODULE_LIST;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t sym = symtab + 24 * i, string = take(g, (uint32_t)strlen(symbols[i].name) + 1);

        strcpy((char *)at(g, string), symbols[i].name);
        le32_put(at(g, sym), (uint32_t)(string - strtab));
        le16_put(at(g, sym) + 6, symbols[i].section);
        le64_put(at(g, sym) + 8, symbols[i].value);
        *at(g, typetab + i) = (uint8_t)symbols[i].type;
    }
    strcpy((char *)at(g, module + FAKE_MODULE_NAME), name);
    le64_put(at(g, module + FAKE_MODULE_MEM + FAKE_MEM_BASE), base);
    le32_put(at(g, module + FAKE_MODULE_MEM + FAKE_MEM_SIZE), size);
    le64_put(at(g, module + FAKE_MODULE_KALLSYMS), ks);
    le64_put(at(g, ks + FAKE_KS_SYMTAB), symtab);
    le64_put(at(g, ks + FAKE_KS_STRTAB), strtab);
    le64_put(at(g, ks + FAKE_KS_TYPETAB), typetab);
    le32_put(at(g, ks + FAKE_KS_NUM), count);
    le64_put(at(g, g->last), node);
    le64_put(at(g, node), g->head);
    g->last = node;
    return module;
}

static const struct elf_symbol disk[] = {
    { "", 0, 0, 'U' },                           /* ELF's first symbol is empty */
    { "$xrv64i", 0xffffffff02000000, 1, 't' },
    { "disk_irq", 0xffffffff02000100, 1, 't' },
    { ".L123", 0xffffffff02000104, 1, 't' },
    { "disk_init", 0xffffffff02000000, 1, 't' },
    { "printk", 0, 0, 'U' },
    { "disk_queue.part.0", 0xffffffff02000200, 1, 't' },
    { "disk_percpu", 0xffffffd800001000, 2, 'd' },
};
static const struct elf_symbol fs[] = {
    { "modules", 0xffffffff03000010, 1, 'D' },   /* the same name as the kernel's list */
    { "fs_read", 0xffffffff03000040, 1, 't' },
};

static struct guest *guest_new(void)
{
    struct guest *g = calloc(1, sizeof *g);
    struct err err = { 0 };

    g->kernel = fake_kernel(20, KALLSYMS_BASE);
    if (symbols_load_image(&g->symbols, g->kernel->bytes, g->kernel->len, &err)) {
        printf("FAIL guest_new: %s\n", err.text);
        exit(1);
    }
    /* Of the two called `modules` the global one is the list. */
    g->head = g->last = FAKE_LINK + FAKE_TEXT + 20 * FAKE_STEP + 0x90;
    le64_put(at(g, g->head), g->head);
    return g;
}

static void guest_free(struct guest *g)
{
    symbols_free(g->symbols);
    free(g->kernel);
    free(g);
}

static int walk(struct guest *g, struct err *err)
{
    err->text[0] = 0;
    return symbols_add_modules(g->symbols, guest_read, g, err);
}

static void check_at(struct guest *g, uint64_t address, const char *name, const char *module)
{
    const struct symbol *s = symbols_at(g->symbols, address, NULL);

    CHECK_EQ_STR(s ? s->name : "", name);        /* "": no symbol lies there */
    CHECK_EQ_STR(s && s->module ? s->module : "", module);
}

static void test_an_empty_list_adds_nothing(void)
{
    struct guest *g = guest_new();
    struct err err;

    CHECK_EQ_U64((uint64_t)walk(g, &err), 0);
    CHECK_EQ_U64(symbols_count(g->symbols), g->kernel->count);
    guest_free(g);
}

static void test_module_symbols_are_found_with_their_module(void)
{
    struct guest *g = guest_new();
    struct err err;
    uint64_t module = add_module(g, "disk", 0xffffffff02000000, 0x1000, disk, ARRAY_LEN(disk));
    uint64_t second = module + FAKE_MODULE_MEM + FAKE_MEM_BYTES;

    le64_put(at(g, second + FAKE_MEM_BASE), 0xffffffff02100000);
    le32_put(at(g, second + FAKE_MEM_SIZE), 0x40);
    add_module(g, "fs", 0xffffffff03000000, 0x100, fs, ARRAY_LEN(fs));
    CHECK_EQ_U64((uint64_t)walk(g, &err), 0);
    CHECK_EQ_U64(symbols_module_count(g->symbols), 2);
    /* Neither the undefined ones, nor the labels, nor the nameless one. */
    CHECK_EQ_U64(symbols_count(g->symbols), g->kernel->count + 4 + 2);
    CHECK_EQ_U64(symbols_find(g->symbols, "disk_irq"), 0xffffffff02000100);
    CHECK_EQ_U64(symbols_find(g->symbols, "disk_queue"), 0xffffffff02000200);
    CHECK_EQ_U64(symbols_find(g->symbols, "disk_percpu"), 0xffffffd800001000);
    CHECK_EQ_U64(symbols_find(g->symbols, "sym007_readv"), FAKE_LINK + FAKE_TEXT + 7 * FAKE_STEP);
    check_at(g, 0xffffffff02000000, "disk_init", "disk");
    check_at(g, 0xffffffff020001ff, "disk_irq", "disk");
    check_at(g, 0xffffffff02000fff, "disk_queue.part.0", "disk");
    check_at(g, 0xffffffff02001000, "", "");        /* after the end of its memory */
    check_at(g, 0xffffffff02100010, "", "");          /* its data, which has no symbols */
    check_at(g, 0xffffffff0300000f, "", "");        /* before the first symbol */
    check_at(g, 0xffffffff03000044, "fs_read", "fs");
    check_at(g, FAKE_LINK + FAKE_TEXT + 3, "sym000_readv", "");
    for (size_t i = 1; i < symbols_count(g->symbols); i++)
        CHECK(symbols_get(g->symbols, i - 1)->address <= symbols_get(g->symbols, i)->address);
    guest_free(g);
}

static void test_a_second_walk_replaces_the_first(void)
{
    struct guest *g = guest_new();
    struct err err;

    add_module(g, "disk", 0xffffffff02000000, 0x1000, disk, ARRAY_LEN(disk));
    CHECK(walk(g, &err) == 0);
    le64_put(at(g, g->head), g->head);           /* rmmod disk */
    g->last = g->head;
    add_module(g, "fs", 0xffffffff03000000, 0x100, fs, ARRAY_LEN(fs));
    CHECK(walk(g, &err) == 0);
    CHECK(walk(g, &err) == 0);                   /* and now a module has a `modules` too */
    CHECK_EQ_U64(symbols_find(g->symbols, "disk_irq"), 0);
    CHECK_EQ_U64(symbols_find(g->symbols, "fs_read"), 0xffffffff03000040);
    check_at(g, 0xffffffff02000100, "", "");
    guest_free(g);
}

static void test_a_module_that_is_only_a_name_yet_is_passed_over(void)
{
    struct guest *g = guest_new();
    struct err err;
    uint64_t module = add_module(g, "disk", 0xffffffff02000000, 0x1000, disk, ARRAY_LEN(disk));

    le32_put(at(g, module + FAKE_MODULE_STATE), FAKE_STATE_UNFORMED);
    module = add_module(g, "early", 0xffffffff02100000, 0x1000, disk, ARRAY_LEN(disk));
    le64_put(at(g, module + FAKE_MODULE_KALLSYMS), 0);
    add_module(g, "fs", 0xffffffff03000000, 0x100, fs, ARRAY_LEN(fs));
    CHECK_EQ_U64((uint64_t)walk(g, &err), 0);
    CHECK_EQ_U64(symbols_module_count(g->symbols), 2);
    CHECK_EQ_U64(symbols_find(g->symbols, "disk_irq"), 0);
    CHECK_EQ_U64(symbols_find(g->symbols, "fs_read"), 0xffffffff03000040);
    guest_free(g);
}

static void test_a_broken_module_does_not_hide_the_others(void)
{
    struct guest *g = guest_new();
    struct err err;
    uint64_t module = add_module(g, "disk", 0xffffffff02000000, 0x1000, disk, ARRAY_LEN(disk));

    le64_put(at(g, module + FAKE_MODULE_KALLSYMS), 0xdead0000);
    add_module(g, "fs", 0xffffffff03000000, 0x100, fs, ARRAY_LEN(fs));
    CHECK(walk(g, &err) == -1);
    CHECK(strstr(err.text, "module disk: its kallsyms at 0xdead0000"));
    CHECK_EQ_U64(symbols_find(g->symbols, "fs_read"), 0xffffffff03000040);
    guest_free(g);
}

static void test_lists_that_do_not_end_are_left(void)
{
    struct guest *g = guest_new();
    struct err err;
    uint64_t module = add_module(g, "disk", 0xffffffff02000000, 0x1000, disk, ARRAY_LEN(disk));

    le64_put(at(g, module + FAKE_MODULE_LIST), module + FAKE_MODULE_LIST);
    CHECK(walk(g, &err) == -1);
    CHECK(strstr(err.text, "does not end"));
    le64_put(at(g, module + FAKE_MODULE_LIST), 8);
    CHECK(walk(g, &err) == -1);
    CHECK(strstr(err.text, "cannot be read"));
    CHECK_EQ_U64(symbols_find(g->symbols, "disk_irq"), 0xffffffff02000100);
    guest_free(g);
}

static void test_counts_that_cannot_be_are_bounded(void)
{
    struct guest *g = guest_new();
    struct err err;
    uint64_t module = add_module(g, "disk", 0xffffffff02000000, 0x1000, disk, ARRAY_LEN(disk));
    uint64_t ks = le64_get(at(g, module + FAKE_MODULE_KALLSYMS));

    le32_put(at(g, ks + FAKE_KS_NUM), 0xffffffff);
    CHECK(walk(g, &err) == -1);
    CHECK(g->calls < 1000);
    g->endless = true;                           /* 2^32 entries of zeros, all mapped */
    CHECK(walk(g, &err) == -1);
    CHECK(strstr(err.text, "too many symbols"));
    CHECK(g->calls < 200000);
    g->endless = false;
    le32_put(at(g, ks + FAKE_KS_NUM), 3);
    memset(at(g, module + FAKE_MODULE_NAME), 'n', FAKE_MODULE_NAME_LEN);     /* no NUL */
    CHECK(walk(g, &err) == -1);
    CHECK(strstr(err.text, "cannot be read"));
    guest_free(g);
}

static void test_names_that_cannot_be_printed_are_masked(void)
{
    static const struct elf_symbol odd[] = { { "a\x1b[31m\"\\\n", 0xffffffff02000000, 1, '\n' } };
    struct guest *g = guest_new();
    struct err err;
    const struct symbol *s;

    add_module(g, "bad\nname", 0xffffffff02000000, 0x1000, odd, 1);
    CHECK_EQ_U64((uint64_t)walk(g, &err), 0);
    s = symbols_at(g->symbols, 0xffffffff02000000, NULL);
    CHECK_EQ_STR(s ? s->name : NULL, "a?[31m???");
    CHECK_EQ_STR(s ? s->module : NULL, "bad?name");
    CHECK(s && s->type == '?');
    guest_free(g);
}

static void test_random_memory_is_survived(void)
{
    struct guest *g = guest_new(), *clean = malloc(sizeof *clean);
    uint64_t state = 4711;
    struct err err;
    unsigned failed = 0;

    add_module(g, "disk", 0xffffffff02000000, 0x1000, disk, ARRAY_LEN(disk));
    add_module(g, "fs", 0xffffffff03000000, 0x100, fs, ARRAY_LEN(fs));
    *clean = *g;
    for (unsigned round = 0; round < 3000; round++) {
        memcpy(g->ram, clean->ram, g->used);
        for (unsigned flips = 1 + round % 10; flips; flips--)
            g->ram[fake_random(&state) % g->used] = (uint8_t)fake_random(&state);
        failed += walk(g, &err) != 0;
        symbols_at(g->symbols, 0xffffffff02000100, NULL);
        symbols_find(g->symbols, "disk_irq");
    }
    CHECK(failed > 100 && failed < 3000);
    free(clean);
    guest_free(g);
}

TEST_MAIN(test_an_empty_list_adds_nothing, test_module_symbols_are_found_with_their_module,
          test_a_second_walk_replaces_the_first,
          test_a_module_that_is_only_a_name_yet_is_passed_over,
          test_a_broken_module_does_not_hide_the_others, test_lists_that_do_not_end_are_left,
          test_counts_that_cannot_be_are_bounded, test_names_that_cannot_be_printed_are_masked,
          test_random_memory_is_survived)
